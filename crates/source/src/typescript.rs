//! TypeScript to JavaScript: types are removed, enums, namespaces and parameter properties become code, all else stays.
//!
//! It neither checks types nor lowers JavaScript: what the engine cannot run (decorators, `using`) stays as it is.
//! In: TypeScript from anyone. Out: JavaScript and its source map, or an error with a place in the TypeScript.
//! The compiler (oxc) is recursive and a stack overflow would end the process, so `scan` refuses deep nesting first
//! and the work runs on a thread with a stack of its own.

mod cost;
#[cfg(test)]
mod hostile_tests;
mod reading;
mod scan;
#[cfg(test)]
mod tests;
mod tsx;

use std::path::Path;
use std::thread;

use oxc::allocator::Allocator;
use oxc::codegen::{Codegen, CodegenOptions};
use oxc::diagnostics::OxcDiagnostic;
use oxc::parser::{ParseOptions, Parser};
use oxc::semantic::SemanticBuilder;
use oxc::span::SourceType;
use oxc::transformer::{TransformOptions, Transformer};

/// The longest TypeScript that [`strip`] takes, in bytes.
pub const SOURCE_BYTES_MAX: usize = 1 << 20;

/// The longest `.tsx`, in bytes: what stands between tags can hide brackets, so the length keeps the stack safe.
pub const TSX_BYTES_MAX: usize = 32 << 10;

/// Up to here the stack suffices for any source: one byte costs at most 1,730 bytes of it.
const ALWAYS_SAFE_BYTES: usize = 16 << 10;

/// How a source is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// An ECMAScript module: strict, with `import` and `export`, which stay.
    #[default]
    Module,
    /// A CommonJS module: the body of a function. `import x = require('y')` and `export =` become its `require` and
    /// `module.exports`.
    CommonJs,
    /// A classic script.
    Script,
}

/// What [`strip`] makes of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StripOptions {
    /// How the source will be loaded.
    pub kind: SourceKind,
    /// Whether to make a source map.
    pub source_map: bool,
}

impl Default for StripOptions {
    fn default() -> Self {
        Self { kind: SourceKind::Module, source_map: true }
    }
}

impl StripOptions {
    /// The defaults, with CommonJS for a file name that ends in `.cts`.
    ///
    /// ```
    /// use hostbox_source::typescript::{SourceKind, StripOptions};
    /// assert_eq!(StripOptions::for_file("plugin.cts").kind, SourceKind::CommonJs);
    /// assert_eq!(StripOptions::for_file("plugin.ts").kind, SourceKind::Module);
    /// ```
    pub fn for_file(filename: &str) -> Self {
        let kind = if filename.ends_with(".cts") { SourceKind::CommonJs } else { SourceKind::Module };
        Self { kind, ..Self::default() }
    }
}

/// The result of [`strip`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JavaScript {
    /// The code.
    pub code: String,
    /// A source map (version 3, JSON) from the code to the TypeScript, whose only source is the file name.
    pub map: Option<String>,
}

/// Why a source has no JavaScript, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{filename}:{line}:{column}: {message}")]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// 1-based line in the TypeScript.
    pub line: u32,
    /// 1-based column in the TypeScript, in UTF-16 units.
    pub column: u32,
    /// The file name that [`strip`] was given.
    pub filename: String,
}

/// Removes the types of `source`. A `filename` that ends in `.tsx` switches JSX on.
///
/// # Errors
///
/// A [`SyntaxError`] at the first mistake; also where the source is too long, nested too deeply or too ambiguous, where
/// the compiler panics, and where the system gives no thread.
///
/// ```
/// use hostbox_source::typescript::{StripOptions, strip};
/// let javascript = strip("let port: number = 1;", "a.ts", StripOptions::default())?;
/// assert_eq!(javascript.code, "let port = 1;\n");
/// # Ok::<(), hostbox_source::typescript::SyntaxError>(())
/// ```
pub fn strip(source: &str, filename: &str, options: StripOptions) -> Result<JavaScript, SyntaxError> {
    let place = Place { source, filename };
    let jsx = filename.ends_with(".tsx");
    let longest = if jsx { TSX_BYTES_MAX } else { SOURCE_BYTES_MAX };
    if source.len() > longest {
        return Err(place.error(0, format!("source too long: {} bytes, the limit is {longest}", source.len())));
    }
    match if jsx { tsx::check(source) } else { scan::check(source) } {
        // The compiler words mistakes better, and this little cannot exhaust its stack.
        Err(refusal) if !(refusal.is_syntax && source.len() <= ALWAYS_SAFE_BYTES) => {
            return Err(place.error(refusal.offset, refusal.message));
        }
        _ => {}
    }
    on_large_stack(|| compile(&place, jsx, options)).unwrap_or_else(|problem| Err(place.error(0, problem.to_owned())))
}

/// Runs `work` on a thread whose stack is large enough for whatever passed the scan. Its pages are committed as they are used.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, &'static str> {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("hostbox-typescript".to_owned()).stack_size(cost::STACK_BYTES);
        match builder.spawn_scoped(scope, work) {
            Ok(thread) => thread.join().map_err(|_| "internal error of the TypeScript compiler"),
            Err(_) => Err("no thread for the TypeScript compiler"),
        }
    })
}

fn compile(place: &Place<'_>, jsx: bool, options: StripOptions) -> Result<JavaScript, SyntaxError> {
    let source_type = SourceType::ts().with_jsx(jsx);
    let source_type = match options.kind {
        SourceKind::Module => source_type.with_module(true),
        SourceKind::CommonJs => source_type.with_commonjs(true),
        SourceKind::Script => source_type.with_script(true),
    };
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, place.source, source_type).with_options(ParseOptions::default()).parse();
    place.check(parsed.diagnostics.errors())?;
    let mut program = parsed.program;

    let semantic = SemanticBuilder::new_compiler().with_enum_eval(true).build(&program);
    place.check(semantic.diagnostics.errors())?;
    let scoping = semantic.semantic.into_scoping();

    let mut transform = TransformOptions::default();
    transform.jsx.jsx_plugin = jsx;
    let path = Path::new(place.filename);
    let transformed = Transformer::new(&allocator, path, &transform).build_with_scoping(scoping, &mut program);
    place.check(transformed.diagnostics.errors())?;

    let codegen = CodegenOptions {
        source_map_path: options.source_map.then(|| path.to_path_buf()),
        // Indentation would make kilobytes of each brace in a deep nest.
        indent_width: 0,
        ..CodegenOptions::default()
    };
    let printed = Codegen::new().with_options(codegen).with_scoping(Some(transformed.scoping)).build(&program);
    Ok(JavaScript { code: printed.code, map: printed.map.map(|map| map.to_json_string()) })
}

/// A source and its name: turns byte offsets into errors.
struct Place<'s> {
    source: &'s str,
    filename: &'s str,
}

impl Place<'_> {
    fn check<'d>(&self, mut errors: impl Iterator<Item = &'d OxcDiagnostic>) -> Result<(), SyntaxError> {
        let Some(first) = errors.next() else { return Ok(()) };
        let offset = first.labels.first().map_or(0, |label| label.offset() as usize);
        Err(self.error(offset, first.message.to_string()))
    }

    fn error(&self, offset: usize, message: String) -> SyntaxError {
        let before = &self.source[..self.source.floor_char_boundary(offset)];
        let is_break = |character| matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}');
        let breaks = before.chars().filter(|&character| is_break(character)).count() - before.matches("\r\n").count();
        let line_start =
            before.rfind(is_break).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let column = before[line_start..].encode_utf16().count();
        let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        SyntaxError { message, line: number(breaks), column: number(column), filename: self.filename.to_owned() }
    }
}
