//! The engine for modules of scripts: synchronous, on the sandbox's own thread, memories from the system.

use std::sync::OnceLock;

use wasmtime::Config;

use super::{Failure, Result};
use crate::machine::Machine;

/// Of a module's own frames, from the outermost call of a script on. It is taken from the guest thread's stack.
pub(super) const STACK_BYTES: usize = 512 << 10;

pub(super) fn machine() -> Result<&'static Machine> {
    static MACHINE: OnceLock<std::result::Result<Machine, String>> = OnceLock::new();
    let made = MACHINE.get_or_init(|| Machine::new(&[&config(), config().memory_reservation(0)]));
    made.as_ref().map_err(|error| Failure::Range(format!("WebAssembly cannot run here: {error}")))
}

/// What the script's side has no words for is not there: addresses of 64 bits, shared memories, exceptions, references that are
/// not functions.
fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES)
        .wasm_backtrace_max_frames(None)
        .wasm_component_model(false)
        .wasm_memory64(false);
    config
}
