//! Compiled modules, kept by their content: what was compiled once is not compiled again as long as it is used now and then.
//!
//! Shared by all sandboxes of the process. Nothing of a run is in it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use ring::digest::{SHA256, digest};
use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::{InstancePre, Linker, Module};
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::wasi::{ComponentState, ModuleState};

/// Bytes of compiled code that are kept for those to come.
const KEPT_BYTES: usize = 256 << 20;
/// A longer module is refused: its compilation could not be stopped.
const MODULE_BYTES: usize = 128 << 20;

/// A compiled command: a module that speaks WASI preview 1, or a component that is a `wasi:cli` command of preview 2.
#[derive(Clone)]
pub(crate) struct Code(Arc<Compiled>);

struct Compiled {
    kind: Kind,
    bytes: usize,
    used: AtomicU64,
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

type Key = [u8; 32];
type Slot = Arc<OnceLock<Result<Code>>>;

fn slots() -> MutexGuard<'static, HashMap<Key, Slot>> {
    static SLOTS: OnceLock<Mutex<HashMap<Key, Slot>>> = OnceLock::new();
    SLOTS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Grows with each use: the smallest number was not used for the longest time.
static CLOCK: AtomicU64 = AtomicU64::new(0);

impl Code {
    /// Compiles a module or a component, or takes what was compiled of the same bytes. Blocks: to be called off every event loop.
    ///
    /// # Errors
    /// [`Error::Compile`] where the bytes are not valid WebAssembly; [`Error::Link`] where an import has no name that is known here.
    pub(crate) fn compile(bytes: &[u8]) -> Result<Code> {
        if bytes.len() > MODULE_BYTES {
            return Err(Error::Compile(format!("it has {} bytes, and {MODULE_BYTES} are the most", bytes.len())));
        }
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, bytes).as_ref());
        let slot = slots().entry(key).or_default().clone();
        // Others who want the same code wait for it here.
        let code = slot.get_or_init(|| compile(bytes)).clone();
        match &code {
            Ok(code) => {
                code.0.used.store(CLOCK.fetch_add(1, Relaxed), Relaxed);
                forget_oldest(&key);
            }
            Err(_) => drop(slots().remove(&key)),
        }
        code
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0.kind
    }
}

fn forget_oldest(latest: &Key) {
    let mut slots = slots();
    let size = |slot: &Slot| slot.get().and_then(|code| code.as_ref().ok()).map_or(0, |code| code.0.bytes);
    let mut kept: usize = slots.values().map(size).sum();
    while kept > KEPT_BYTES {
        let used = |slot: &Slot| slot.get()?.as_ref().ok().map(|code| code.0.used.load(Relaxed));
        let others = slots.iter().filter(|(key, _)| *key != latest);
        let oldest = others.filter_map(|(key, slot)| used(slot).map(|used| (used, *key))).min();
        let Some((_, key)) = oldest else { return };
        kept -= slots.remove(&key).as_ref().map_or(0, size);
    }
}

/// The layer field of the preamble tells components from core modules.
fn is_component(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm") && bytes.get(6) == Some(&1)
}

fn compile(bytes: &[u8]) -> Result<Code> {
    let engine = &Machine::get()?.engine;
    let failed = |error: wasmtime::Error| Error::Compile(format!("{error:#}"));
    let unlinked = |error: wasmtime::Error| Error::Link(format!("{error:#}"));
    let (kind, image) = if is_component(bytes) {
        let component = Component::from_binary(engine, bytes).map_err(failed)?;
        let mut linker = ComponentLinker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(unlinked)?;
        let linked = linker.instantiate_pre(&component).and_then(CommandPre::new).map_err(unlinked)?;
        (Kind::Component(linked), component.image_range())
    } else {
        let module = Module::from_binary(engine, bytes).map_err(failed)?;
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p1::add_to_linker_async(&mut linker, |state: &mut ModuleState| &mut state.wasi)
            .map_err(unlinked)?;
        if module.get_export("_start").is_none() {
            return Err(Error::Link("it exports no _start: a library, not a command".into()));
        }
        (Kind::Module(linker.instantiate_pre(&module).map_err(unlinked)?), module.image_range())
    };
    let bytes = image.end as usize - image.start as usize;
    Ok(Code(Arc::new(Compiled { kind, bytes, used: AtomicU64::new(0) })))
}
