//! Guest modules from TypeScript to bytecode of the engine that is linked; for build scripts alone.
//!
//! Each module becomes one function: its imports are calls of the parameter `$import`, its exports the object that it returns; the
//! globals that it needs are parameters too, so that no guest can put others in their place. A
//! function, unlike a module record, can be run again where a deadline ended it half-way. Types are stripped, nothing else is changed.

use std::ffi::CString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use oxc::allocator::Allocator;
use oxc::ast::ast::{Declaration, ImportDeclarationSpecifier, ModuleExportName, Statement};
use oxc::parser::Parser;
use oxc::span::{GetSpan, SourceType};
use rquickjs::{Context, Runtime, qjs};

/// Globals that guest modules get as parameters beside `$import`, as they were before any guest code ran.
const INTRINSICS: &[&str] = &[
    "AggregateError",
    "Array",
    "ArrayBuffer",
    "BigInt",
    "BigInt64Array",
    "BigUint64Array",
    "Boolean",
    "DOMException",
    "DataView",
    "Date",
    "Error",
    "Float32Array",
    "Float64Array",
    "Function",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Iterator",
    "JSON",
    "Map",
    "Math",
    "Number",
    "Object",
    "Promise",
    "Proxy",
    "RangeError",
    "Reflect",
    "RegExp",
    "Set",
    "String",
    "Symbol",
    "TypeError",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "WeakMap",
    "WeakRef",
    "WeakSet",
    "performance",
];

/// Compiles `(name, path)` modules into `out` and writes `guest_modules.rs` beside them, which defines `GUEST_MODULES`
/// and finds them by where it lies itself.
///
/// # Panics
/// On any error: this is a build script's work, and a broken guest module is a broken build.
pub fn compile(modules: &[(String, PathBuf)], out: &Path) {
    let mut table = String::from("const GUEST_MODULES: &[GuestModule] = &[\n");
    let intrinsics: Vec<String> = INTRINSICS.iter().map(|name| format!("c{name:?}")).collect();
    let intrinsics = format!("&[{}]", intrinsics.join(", "));
    for (name, path) in modules {
        let source = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let function = to_function(&source, path);
        let file = name.replace(':', "-");
        fs::write(out.join(format!("{file}.js")), &function).expect("the output folder can be written");
        fs::write(out.join(format!("{file}.bin")), to_bytecode(&function, name))
            .expect("the output folder can be written");
        let _ = writeln!(
            table,
            "    GuestModule {{ name: {name:?}, intrinsics: {intrinsics}, bytecode: include_bytes!(\"{file}.bin\"), \
             source: include_str!(\"{file}.js\") }},"
        );
    }
    table.push_str("];\n");
    fs::write(out.join("guest_modules.rs"), table).expect("the output folder can be written");
}

/// Strips the types of a module and turns its imports and exports into those of a function.
fn to_function(source: &str, path: &Path) -> String {
    let filename = path.display().to_string();
    let stripped =
        hostbox_source::typescript::strip(source, &filename, hostbox_source::typescript::StripOptions::default())
            .unwrap_or_else(|error| panic!("{filename}: {error}"));
    let code = stripped.code;
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &code, SourceType::mjs()).parse();
    assert!(parsed.diagnostics.is_empty(), "{filename}: {:?}", parsed.diagnostics);
    // In a block, so that a module may declare a name that is also a parameter.
    let mut function = format!("(function ($import, {}) {{ 'use strict'; {{\n", INTRINSICS.join(", "));
    let mut exports = Vec::new();
    let mut position = 0;
    for statement in &parsed.program.body {
        let span = statement.span();
        function.push_str(&code[position..span.start as usize]);
        position = span.end as usize;
        match statement {
            Statement::ImportDeclaration(import) => {
                let from = import.source.value.as_str();
                let specifiers = import.specifiers.iter().flatten();
                let names: Vec<String> = specifiers.map(|name| import_name(name, &filename)).collect();
                let pattern = match names.as_slice() {
                    [name] if name.starts_with("* ") => name[2..].to_string(),
                    names => format!("{{ {} }}", names.join(", ")),
                };
                let _ = write!(function, "const {pattern} = $import('{from}');");
            }
            Statement::ExportDeclaration(export) => {
                let names = declared_names(&export.declaration, &filename);
                exports.extend(names.into_iter().map(|name| (name.clone(), name)));
                let inner = export.declaration.span();
                function.push_str(&code[inner.start as usize..inner.end as usize]);
            }
            Statement::ExportNamedDeclaration(export) => {
                for name in &export.specifiers {
                    exports.push((export_name(&name.exported), export_name(&name.local)));
                }
            }
            Statement::ExportDefaultDeclaration(_) | Statement::ExportAllDeclaration(_) => {
                panic!("{filename}: guest modules export by name")
            }
            _ => function.push_str(&code[span.start as usize..span.end as usize]),
        }
    }
    function.push_str(&code[position..]);
    let listed: Vec<String> = exports
        .iter()
        .map(|(exported, local)| if exported == local { local.clone() } else { format!("{exported}: {local}") })
        .collect();
    let _ = write!(function, "\nreturn {{ __proto__: null, {} }};\n}} }})", listed.join(", "));
    function
}

fn import_name(name: &ImportDeclarationSpecifier<'_>, filename: &str) -> String {
    match name {
        ImportDeclarationSpecifier::ImportSpecifier(name) => {
            let imported = export_name(&name.imported);
            let local = name.local.name.as_str();
            if imported == local { imported } else { format!("{imported}: {local}") }
        }
        ImportDeclarationSpecifier::ImportNamespaceSpecifier(name) => format!("* {}", name.local.name),
        ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => panic!("{filename}: guest modules import by name"),
    }
}

fn export_name(name: &ModuleExportName<'_>) -> String {
    name.name().to_string()
}

fn declared_names(declaration: &Declaration<'_>, filename: &str) -> Vec<String> {
    match declaration {
        Declaration::FunctionDeclaration(function) => function.id.iter().map(|id| id.name.to_string()).collect(),
        Declaration::ClassDeclaration(class) => class.id.iter().map(|id| id.name.to_string()).collect(),
        Declaration::VariableDeclaration(variables) => variables
            .declarations
            .iter()
            .map(|variable| match variable.id.get_identifier_name() {
                Some(name) => name.to_string(),
                None => panic!("{filename}: exported variables have plain names"),
            })
            .collect(),
        _ => panic!("{filename}: this declaration cannot be exported"),
    }
}

/// Compiles a script to bytecode with the engine of this very build.
fn to_bytecode(source: &str, name: &str) -> Vec<u8> {
    let runtime = Runtime::new().expect("an engine can be made");
    let context = Context::full(&runtime).expect("an engine can be made");
    let text = CString::new(source).expect("guest modules have no zero bytes");
    let filename = CString::new(name).expect("module names have no zero bytes");
    context.with(|ctx| {
        let cx = ctx.as_raw().as_ptr();
        let flags = qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY | qjs::JS_EVAL_FLAG_STRICT;
        let length = source.len() as qjs::size_t;
        // SAFETY: the context is alive and locked; the text ends with a zero byte beyond its length.
        let function = unsafe { qjs::JS_Eval(cx, text.as_ptr(), length, filename.as_ptr(), flags as i32) };
        // SAFETY: any value may be asked.
        assert!(!unsafe { qjs::JS_IsException(function) }, "{name}: {:?}", ctx.catch());
        let flags = qjs::JS_WRITE_OBJ_BYTECODE | qjs::JS_WRITE_OBJ_STRIP_SOURCE;
        let mut size: qjs::size_t = 0;
        // SAFETY: the function was just compiled; the bytes are copied before they are freed.
        unsafe {
            let bytes = qjs::JS_WriteObject(cx, &raw mut size, function, flags as i32);
            assert!(!bytes.is_null(), "{name}: bytecode cannot be written");
            let bytecode = std::slice::from_raw_parts(bytes, size as usize).to_vec();
            qjs::js_free(cx, bytes.cast());
            qjs::JS_FreeValue(cx, function);
            bytecode
        }
    })
}
