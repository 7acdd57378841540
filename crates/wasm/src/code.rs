//! Compiled commands, kept by their content.

use std::fs::File;
use std::sync::Arc;

use hostbox_buffers::Lent;
use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::{InstancePre, Linker, Module};
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::artifact::{self, Artifact};
use crate::cache::CodeCache;
use crate::error::{Error, Result};
use crate::kept::{Kept, Key, Weighed, key};
use crate::machine::Machine;
use crate::network;
use crate::wasi::{ComponentState, ModuleState};

/// A longer module is refused: its compilation could not be stopped.
pub(crate) const MODULE_BYTES: usize = 128 << 20;

/// A compiled command: a module that speaks WASI preview 1, or a component that is a `wasi:cli` command of preview 2.
#[derive(Clone)]
pub(crate) struct Code(Arc<Compiled>);

pub(crate) struct Compiled {
    key: Key,
    kind: Kind,
    bytes: usize,
}

pub(crate) enum Kind {
    Module(InstancePre<ModuleState>),
    Component(CommandPre<ComponentState>),
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").field("bytes", &self.0.bytes).finish_non_exhaustive()
    }
}

static KEPT: Kept<Code> = Kept::new();

impl Weighed for Code {
    fn bytes(&self) -> usize {
        self.0.bytes
    }
}

impl Code {
    /// What was compiled of this very buffer before, if it is kept still.
    pub(crate) fn known(module: &Lent) -> Option<Code> {
        let compiled = module.made::<Compiled>()?;
        KEPT.touch(&compiled.key);
        Some(Code(compiled))
    }

    /// Compiles a module or a component, or takes what was compiled of the same bytes, by this process or by whatever wrote to the directory.
    /// Blocks: to be called off every event loop.
    ///
    /// # Errors
    /// [`Error::Compile`] where the bytes are not valid WebAssembly; [`Error::Link`] where an import has no name that is known here.
    pub(crate) fn compile(module: &Lent, cache: Option<&CodeCache>) -> Result<Code> {
        let bytes = module.as_ref();
        if bytes.len() > MODULE_BYTES {
            return Err(Error::Compile(format!("it has {} bytes, and {MODULE_BYTES} are the most", bytes.len())));
        }
        let key = key(&[bytes]);
        let code = KEPT.get(key, || match cache {
            Some(cache) => compile_cached(bytes, key, cache),
            None => Loaded::compile(bytes)?.link(key),
        })?;
        module.set_made(&code.0);
        Ok(code)
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0.kind
    }
}

/// The layer field of the preamble tells components from core modules.
pub(crate) fn is_component(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm") && bytes.get(6) == Some(&1)
}

/// Machine code that is not linked yet.
enum Loaded {
    Module(Module),
    Component(Component),
}

fn compile_cached(bytes: &[u8], key: Key, cache: &CodeCache) -> Result<Code> {
    let engine = &Machine::get()?.engine;
    let fitting = artifact::fitting(&crate::kept::key(&[b"command", &key]), engine);
    if let Some(code) = cache.find(&fitting).and_then(|file| Loaded::open(file, &fitting, is_component(bytes))) {
        return code.link(key);
    }
    let code = Loaded::compile(bytes)?;
    let linked = code.link(key)?;
    if let Ok(sealed) = code.serialize() {
        cache.write(&fitting, &artifact::seal(&fitting, &sealed, &[]));
    }
    Ok(linked)
}

impl Loaded {
    fn compile(bytes: &[u8]) -> Result<Loaded> {
        let engine = &Machine::get()?.engine;
        let failed = |error: wasmtime::Error| Error::Compile(format!("{error:#}"));
        if is_component(bytes) {
            Component::from_binary(engine, bytes).map(Loaded::Component).map_err(failed)
        } else {
            Module::from_binary(engine, bytes).map(Loaded::Module).map_err(failed)
        }
    }

    fn serialize(&self) -> wasmtime::Result<Vec<u8>> {
        match self {
            Loaded::Module(module) => module.serialize(),
            Loaded::Component(component) => component.serialize(),
        }
    }

    /// What was compiled before, from a file of a directory that nobody else can write.
    fn open(file: File, fitting: &Key, is_component: bool) -> Option<Loaded> {
        let engine = &Machine::get().ok()?.engine;
        let artifact = Artifact::open(file, fitting)?;
        if is_component {
            // SAFETY: `CodeCache::find` gave this file, of this user or of root and in such a directory, that nobody else can write: it is
            // what `compile_cached` wrote, with an engine of the same key.
            unsafe { artifact.component(engine) }.map(Loaded::Component)
        } else {
            // SAFETY: as above.
            unsafe { artifact.module(engine) }.map(Loaded::Module)
        }
    }

    /// Offers what it imports, and makes ready to instantiate.
    fn link(&self, key: Key) -> Result<Code> {
        let engine = &Machine::get()?.engine;
        let unlinked = |error: wasmtime::Error| Error::Link(format!("{error:#}"));
        let (kind, image) = match self {
            Loaded::Component(component) => {
                let mut linker = ComponentLinker::new(engine);
                network::link(&mut linker).map_err(unlinked)?;
                let linked = linker.instantiate_pre(component).and_then(CommandPre::new).map_err(unlinked)?;
                (Kind::Component(linked), component.image_range())
            }
            Loaded::Module(module) => {
                let mut linker = Linker::new(engine);
                wasmtime_wasi::p1::add_to_linker_async(&mut linker, |state: &mut ModuleState| &mut state.wasi)
                    .map_err(unlinked)?;
                if module.get_export("_start").is_none() {
                    return Err(Error::Link("it exports no _start: a library, not a command".into()));
                }
                (Kind::Module(linker.instantiate_pre(module).map_err(unlinked)?), module.image_range())
            }
        };
        let bytes = image.end as usize - image.start as usize;
        Ok(Code(Arc::new(Compiled { key, kind, bytes })))
    }
}

#[cfg(test)]
mod tests {
    use hostbox_buffers::Store;

    use super::*;

    #[test]
    fn a_buffer_that_was_compiled_knows_its_code_and_shares_it_with_others_of_the_same_bytes() {
        let store = Store::new(1 << 20);
        let bytes = wat::parse_str("(module (func (export \"_start\")))").unwrap();
        let [first, second] = [(); 2].map(|()| store.lend(store.put_copy(&bytes).unwrap()).unwrap());
        assert!(Code::known(&first).is_none());
        let code = Code::compile(&first, None).unwrap();
        assert!(Code::known(&first).is_some_and(|known| Arc::ptr_eq(&known.0, &code.0)));
        assert!(Code::known(&second).is_none());
        assert!(Arc::ptr_eq(&Code::compile(&second, None).unwrap().0, &code.0));
    }

    #[cfg(unix)]
    #[test]
    fn commands_are_taken_from_the_directory_and_a_damaged_file_is_compiled_anew() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path().join("code")).unwrap();
        let bytes = wat::parse_str("(module (func (export \"_start\")))").unwrap();
        let key = key(&[&bytes]);
        assert!(compile_cached(&bytes, key, &cache).is_ok());
        let fitting = artifact::fitting(&crate::kept::key(&[b"command", &key]), &Machine::get().unwrap().engine);
        let is_whole = || Loaded::open(cache.find(&fitting).unwrap(), &fitting, false).is_some();
        assert!(is_whole());
        let path = cache.path().join(crate::cache::file_name(&fitting));
        let mut file = std::fs::read(&path).unwrap();
        file[100] ^= 1;
        cache.write(&fitting, &file);
        assert!(!is_whole());
        assert!(compile_cached(&bytes, key, &cache).is_ok());
        assert!(is_whole());
        // What does not link is not kept.
        let library = wat::parse_str("(module)").unwrap();
        assert_eq!(compile_cached(&library, [1; 32], &cache).err().map(|error| error.code()), Some("ERR_WASM_LINK"));
        assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1);
    }
}
