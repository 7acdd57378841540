//! Compiled commands, kept by their content.

use std::fs::File;
use std::sync::Arc;

use hostbox_buffers::Lent;
use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::{Engine, InstancePre, Linker, Module};
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::artifact::{self, Artifact};
use crate::cache::CodeCache;
use crate::error::{Error, Result};
use crate::files;
use crate::kept::{Kept, Key, Weighed, key};
use crate::machine::{Form, Machine};
use crate::network;
use crate::wasi::{ComponentState, ModuleState};

/// A longer module is refused: its compilation could not be stopped.
pub(crate) const MODULE_BYTES: usize = 128 << 20;

/// A compiled command: a module that speaks WASI preview 1, or a component that is a `wasi:cli` command of preview 2.
#[derive(Clone)]
pub(crate) struct Code(Arc<Compiled>);

pub(crate) struct Compiled {
    key: Key,
    form: Form,
    machine: &'static Machine,
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
    /// What was compiled of this very buffer for its last run, if that is kept still and has the form that is asked for.
    pub(crate) fn known(module: &Lent, form: Form) -> Option<Code> {
        let compiled = module.made::<Compiled>().filter(|compiled| compiled.form == form)?;
        KEPT.touch(&compiled.key);
        Some(Code(compiled))
    }

    /// Compiles a module or a component, or takes what was compiled of the same bytes, by this process or by whatever wrote to the directory.
    /// Blocks: to be called off every event loop.
    ///
    /// # Errors
    /// [`Error::Compile`] where the bytes are not valid WebAssembly; [`Error::Link`] where an import has no name that is known here.
    pub(crate) fn compile(module: &Lent, form: Form, cache: Option<&CodeCache>) -> Result<Code> {
        let bytes = module.as_ref();
        if bytes.len() > MODULE_BYTES {
            return Err(Error::Compile(format!("it has {} bytes, and {MODULE_BYTES} are the most", bytes.len())));
        }
        let content = key(&[bytes]);
        let made = Made { key: key(&[&content, format!("{form:?}").as_bytes()]), form };
        let code = KEPT.get(made.key, || match cache {
            Some(cache) => compile_cached(bytes, &content, made, cache),
            None => Loaded::compile(bytes, form)?.link(made),
        })?;
        module.set_made(&code.0);
        Ok(code)
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0.kind
    }

    pub(crate) fn machine(&self) -> &'static Machine {
        self.0.machine
    }
}

/// What code is made for.
#[derive(Clone, Copy)]
struct Made {
    key: Key,
    form: Form,
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

/// The key of its file. Code does not depend on the size of stacks.
fn fitting(content: &Key, form: Form, engine: &Engine) -> Key {
    let counts: &[u8] = if form.has_fuel { b"fuel" } else { b"" };
    artifact::fitting(&key(&[b"command", content, counts]), engine)
}

fn compile_cached(bytes: &[u8], content: &Key, made: Made, cache: &CodeCache) -> Result<Code> {
    let engine = &Machine::for_commands(made.form)?.engine;
    let fitting = fitting(content, made.form, engine);
    if let Some(code) = cache.find(&fitting).and_then(|file| Loaded::open(file, &fitting, is_component(bytes), engine))
    {
        return code.link(made);
    }
    let code = Loaded::compile(bytes, made.form)?;
    let linked = code.link(made)?;
    if let Ok(sealed) = code.serialize() {
        cache.write(&fitting, &artifact::seal(&fitting, &sealed, &[]));
    }
    Ok(linked)
}

impl Loaded {
    fn compile(bytes: &[u8], form: Form) -> Result<Loaded> {
        let engine = &Machine::for_commands(form)?.engine;
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
    fn open(file: File, fitting: &Key, is_component: bool, engine: &Engine) -> Option<Loaded> {
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
    fn link(&self, made: Made) -> Result<Code> {
        let Made { key, form } = made;
        let machine = Machine::for_commands(form)?;
        let engine = &machine.engine;
        let unlinked = |error: wasmtime::Error| Error::Link(format!("{error:#}"));
        let (kind, image) = match self {
            Loaded::Component(component) => {
                let mut linker = ComponentLinker::new(engine);
                network::link(&mut linker).and_then(|()| files::preview2::link(&mut linker)).map_err(unlinked)?;
                let linked = linker.instantiate_pre(component).and_then(CommandPre::new).map_err(unlinked)?;
                (Kind::Component(linked), component.image_range())
            }
            Loaded::Module(module) => {
                let mut linker = Linker::new(engine);
                wasmtime_wasi::p1::add_to_linker_async(&mut linker, |state: &mut ModuleState| &mut state.wasi)
                    .and_then(|()| files::preview1::link(&mut linker))
                    .map_err(unlinked)?;
                if module.get_export("_start").is_none() {
                    return Err(Error::Link("it exports no _start: a library, not a command".into()));
                }
                (Kind::Module(linker.instantiate_pre(module).map_err(unlinked)?), module.image_range())
            }
        };
        let bytes = image.end as usize - image.start as usize;
        Ok(Code(Arc::new(Compiled { key, form, machine, kind, bytes })))
    }
}

#[cfg(test)]
mod tests {
    use hostbox_buffers::Store;

    use super::*;
    use crate::machine::Stack;

    #[test]
    fn a_buffer_that_was_compiled_knows_its_code_and_shares_it_with_others_of_the_same_bytes() {
        let store = Store::new(1 << 20);
        let bytes = wat::parse_str("(module (func (export \"_start\")))").unwrap();
        let [first, second] = [(); 2].map(|()| store.lend(store.put_copy(&bytes).unwrap()).unwrap());
        let form = Form::default();
        assert!(Code::known(&first, form).is_none());
        let code = Code::compile(&first, form, None).unwrap();
        assert!(Code::known(&first, form).is_some_and(|known| Arc::ptr_eq(&known.0, &code.0)));
        assert!(Code::known(&second, form).is_none());
        assert!(Arc::ptr_eq(&Code::compile(&second, form, None).unwrap().0, &code.0));
    }

    #[test]
    fn code_that_counts_and_code_for_another_stack_are_others() {
        let store = Store::new(1 << 20);
        let bytes = wat::parse_str("(module (func (export \"_start\") nop))").unwrap();
        let module = store.lend(store.put_copy(&bytes).unwrap()).unwrap();
        let forms = [(false, 1 << 20), (true, 1 << 20), (false, 64 << 10), (true, 64 << 10)];
        let forms = forms.map(|(has_fuel, stack)| Form { has_fuel, stack: Stack::of(stack) });
        for (n, form) in forms.into_iter().enumerate() {
            let code = Code::compile(&module, form, None).unwrap();
            for (m, other) in forms.into_iter().enumerate() {
                assert_eq!(Code::known(&module, other).is_some(), n == m);
            }
            assert!(Arc::ptr_eq(&Code::compile(&module, form, None).unwrap().0, &code.0));
        }
        let file = |form: Form| fitting(&[0; 32], form, &Machine::for_commands(form).unwrap().engine);
        let [_, counting, small, small_counting] = forms.map(file);
        assert!(counting != small && counting == small_counting);
    }

    #[cfg(unix)]
    #[test]
    fn commands_are_taken_from_the_directory_and_a_damaged_file_is_compiled_anew() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path().join("code")).unwrap();
        let bytes = wat::parse_str("(module (func (export \"_start\")))").unwrap();
        let made = Made { key: [0; 32], form: Form::default() };
        let compile = |bytes: &[u8]| compile_cached(bytes, &key(&[bytes]), made, &cache);
        assert!(compile(&bytes).is_ok());
        let engine = &Machine::get().unwrap().engine;
        let fitting = fitting(&key(&[&bytes]), made.form, engine);
        let is_whole = || Loaded::open(cache.find(&fitting).unwrap(), &fitting, false, engine).is_some();
        assert!(is_whole());
        let path = cache.path().join(crate::cache::file_name(&fitting));
        let mut file = std::fs::read(&path).unwrap();
        file[100] ^= 1;
        cache.write(&fitting, &file);
        assert!(!is_whole());
        assert!(compile(&bytes).is_ok());
        assert!(is_whole());
        // What does not link is not kept.
        let library = wat::parse_str("(module)").unwrap();
        assert_eq!(compile(&library).err().map(|error| error.code()), Some("ERR_WASM_LINK"));
        assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1);
    }
}
