//! Compiled modules, and what the engine does not tell of them: indices of exports, and custom sections.

use std::sync::Arc;

use wasmparser::{ExternalKind, Parser, Payload};
use wasmtime::ExternType;

use super::machine::machine;
use super::{Failure, Result};
use crate::error::Error;
use crate::kept::{Kept, Weighed, key};

/// A longer module is refused: its compilation could not be stopped.
const MODULE_BYTES: usize = 32 << 20;

/// What an import or an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A function.
    Function,
    /// A table.
    Table,
    /// A linear memory.
    Memory,
    /// A global.
    Global,
}

impl Kind {
    /// As the JavaScript API calls it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Function => "function",
            Kind::Table => "table",
            Kind::Memory => "memory",
            Kind::Global => "global",
        }
    }

    fn of(ty: &ExternType) -> Option<Self> {
        match ty {
            ExternType::Func(_) => Some(Kind::Function),
            ExternType::Table(_) => Some(Kind::Table),
            ExternType::Memory(_) => Some(Kind::Memory),
            ExternType::Global(_) => Some(Kind::Global),
            ExternType::Tag(_) => None,
        }
    }
}

pub(super) struct Export {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// In the module's index space of that kind, imports first.
    pub(super) index: usize,
}

pub(super) struct Import {
    pub(super) module: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) ty: ExternType,
}

/// A compiled module. Clones are the same one.
#[derive(Clone)]
pub struct Module(pub(super) Arc<Compiled>);

pub(super) struct Compiled {
    pub(super) code: wasmtime::Module,
    pub(super) imports: Vec<Import>,
    pub(super) exports: Vec<Export>,
    /// Functions, tables, memories and globals, imports counted: what an instance is made of.
    pub(super) parts: usize,
    pub(super) memories: usize,
    custom: Vec<(String, Box<[u8]>)>,
    bytes: usize,
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module").field("bytes", &self.0.bytes).finish_non_exhaustive()
    }
}

impl PartialEq for Module {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

static KEPT: Kept<Module> = Kept::new();

impl Weighed for Module {
    fn bytes(&self) -> usize {
        self.0.bytes
    }
}

impl Module {
    /// Whether the bytes are a valid module. Takes as long as its length demands.
    pub(super) fn validate(bytes: &[u8]) -> Result<()> {
        let failed = |error: wasmtime::Error| Failure::Compile(format!("{error:#}"));
        if bytes.len() > MODULE_BYTES {
            return Err(too_long(bytes.len()));
        }
        wasmtime::Module::validate(&machine()?.engine, bytes).map_err(failed)
    }

    /// Compiles a module, or takes what was compiled of the same bytes.
    pub(super) fn compile(bytes: &[u8]) -> Result<Module> {
        if bytes.len() > MODULE_BYTES {
            return Err(too_long(bytes.len()));
        }
        let made =
            KEPT.get(key(&[b"script", bytes]), || compile(bytes).map_err(|failure| Error::Compile(failure.text())));
        made.map_err(|error| match error {
            Error::Compile(text) => Failure::Compile(text),
            error => Failure::Range(error.to_string()),
        })
    }

    /// Bytes that it takes: code and custom sections.
    pub fn bytes(&self) -> usize {
        self.0.bytes
    }

    /// Names and kinds of what it exports, in its own order.
    pub fn exports(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.0.exports.iter().map(|export| (export.name.as_str(), export.kind))
    }

    /// What it imports, in its own order: module, name and kind.
    pub fn imports(&self) -> impl Iterator<Item = (&str, &str, Kind)> {
        self.0.imports.iter().map(|import| (import.module.as_str(), import.name.as_str(), import.kind))
    }

    /// The content of its custom sections of a name.
    pub fn custom_sections(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.0.custom.iter().filter(move |section| section.0 == name).map(|section| &*section.1)
    }
}

fn too_long(bytes: usize) -> Failure {
    Failure::Compile(format!("the module has {bytes} bytes, and {MODULE_BYTES} are the most"))
}

fn compile(bytes: &[u8]) -> Result<Module> {
    let failed = |error: wasmtime::Error| Failure::Compile(format!("{error:#}"));
    let code = wasmtime::Module::from_binary(&machine()?.engine, bytes).map_err(failed)?;
    let mut imports = Vec::new();
    for import in code.imports() {
        let (ty, module, name) = (import.ty(), import.module().to_owned(), import.name().to_owned());
        let kind = Kind::of(&ty).ok_or_else(|| Failure::Compile(format!("{module}.{name}: tags are not there")))?;
        imports.push(Import { module, name, kind, ty });
    }
    let image = code.image_range();
    let mut compiled = Compiled {
        bytes: image.end as usize - image.start as usize,
        parts: imports.len(),
        code,
        imports,
        exports: Vec::new(),
        memories: 0,
        custom: Vec::new(),
    };
    let unread = |error: wasmparser::BinaryReaderError| Failure::Compile(error.to_string());
    for payload in Parser::new(0).parse_all(bytes) {
        compiled.read(&payload.map_err(unread)?).map_err(unread)?;
    }
    if compiled.exports.len() != compiled.code.exports().len() {
        return Err(Failure::Compile("it exports something that is neither function, table, memory nor global".into()));
    }
    Ok(Module(Arc::new(compiled)))
}

impl Compiled {
    fn read(&mut self, payload: &Payload<'_>) -> std::result::Result<(), wasmparser::BinaryReaderError> {
        match payload {
            Payload::CustomSection(section) => {
                self.bytes += section.data().len() + section.name().len();
                self.custom.push((section.name().to_owned(), section.data().into()));
            }
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    let kind = match export.kind {
                        ExternalKind::Func | ExternalKind::FuncExact => Kind::Function,
                        ExternalKind::Table => Kind::Table,
                        ExternalKind::Memory => Kind::Memory,
                        ExternalKind::Global => Kind::Global,
                        ExternalKind::Tag => continue,
                    };
                    self.parts += 1;
                    self.exports.push(Export { name: export.name.to_owned(), kind, index: export.index as usize });
                }
            }
            Payload::FunctionSection(functions) => self.parts += functions.count() as usize,
            Payload::TableSection(tables) => self.parts += tables.count() as usize,
            Payload::GlobalSection(globals) => self.parts += globals.count() as usize,
            Payload::ElementSection(elements) => self.parts += elements.count() as usize,
            Payload::DataSection(data) => self.parts += data.count() as usize,
            Payload::MemorySection(memories) => self.memories = memories.count() as usize,
            _ => {}
        }
        Ok(())
    }
}
