//! A command as a step of a chain of native operations: `{ op: 'wasi', args: { moduleId, args, reuseModule, fuel, stackBytes } }`.
//!
//! Input and output of the step are the command's standard streams. The input is handed over in chunks while the command reads it, the output
//! grows in the chain's own buffer: a step holds no second copy of either.

use std::sync::OnceLock;

use bytes::Bytes;
use hostbox_buffers::{CustomOperation, Invocation, Writer};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::error::Error;
use crate::input::Source;
use crate::limits::{Limits, MemoryAccount};
use crate::output::Output;
use crate::wasi::{Command, Runner, Streams, threads};

/// What is copied for the command at a time.
const CHUNK: usize = 256 << 10;
/// Chunks that may wait for it.
const CHUNKS: usize = 4;
/// As much of standard error stands in the message of a command that failed.
const SHOWN: usize = 500;

type Accounts = Box<dyn Fn() -> Option<Box<dyn MemoryAccount>> + Send + Sync>;

/// The operation `wasi`. It is registered before the store that it works on is there, and bound to a sandbox afterwards.
#[derive(Default)]
pub struct Step(OnceLock<(Runner, Accounts)>);

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Step").field(&self.0.get().map(|(runner, _)| runner)).finish()
    }
}

/// Arguments of the step, checked.
struct Arguments {
    module: u64,
    command: Command,
    stack_bytes: Option<usize>,
    is_kept: bool,
}

impl Step {
    /// The name of the operation.
    pub const NAME: &str = "wasi";

    /// Says who runs the commands, and who pays for their memory: `None` where the sandbox is gone.
    pub fn bind(&self, runner: Runner, account: impl Fn() -> Option<Box<dyn MemoryAccount>> + Send + Sync + 'static) {
        // Bound once: whoever made the step does it.
        let _ = self.0.set((runner, Box::new(account)));
    }
}

impl CustomOperation for Step {
    fn run(&self, invocation: &Invocation<'_>, output: &mut Writer) -> Result<(), String> {
        let Arguments { module: id, command, stack_bytes, is_kept } = arguments(invocation.args)?;
        if invocation.extra.is_some() {
            return Err("expected no second input".into());
        }
        let gone = || Error::Cancelled.to_string();
        let (runner, accounts) = self.0.get().ok_or_else(gone)?;
        let (buffers, account) = (runner.buffers().ok_or_else(gone)?, accounts().ok_or_else(gone)?);
        let text = |error: hostbox_buffers::Error| error.to_string();
        let module = buffers.lend(id).map_err(text)?;
        if !is_kept {
            buffers.free(id).map_err(text)?;
        }
        let (chunks, fed) = mpsc::channel(CHUNKS);
        // The command writes into the chain's own buffer, which comes back when it has ended.
        let stdout = Output::new(std::mem::replace(output, buffers.writer(invocation.cancel).map_err(text)?));
        let stderr = Output::new(buffers.writer(invocation.cancel).map_err(text)?);
        let streams = Streams { stdin: Source::fed(fed), stdout: stdout.clone(), stderr: stderr.clone() };
        let ended = threads().map_err(|error| error.to_string())?.block_on(async {
            let feed = async move {
                for chunk in invocation.input.chunks(CHUNK) {
                    // A command need not read all of its input.
                    if chunks.send(Bytes::copy_from_slice(chunk)).await.is_err() {
                        break;
                    }
                }
            };
            let limits = Limits { stack_bytes, ..Limits::default() };
            let run = runner.end_of(module, command, streams, account, limits, invocation.cancel);
            tokio::join!(run, feed).0
        });
        if let Some(written) = stdout.finish() {
            *output = written;
        }
        match ended {
            Ok(0) => Ok(()),
            Ok(code) => Err(format!("the module ended with the code {code}{}", shown(&stderr))),
            // What a limit of the store or the end of the call is for a chain, it is for a step.
            Err(Error::Buffer(reason)) => {
                output.refuse(reason);
                Ok(())
            }
            Err(Error::Cancelled) => {
                output.refuse(hostbox_buffers::Error::Cancelled);
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

fn shown(stderr: &Output) -> String {
    let Some(written) = stderr.finish() else { return String::new() };
    let bytes = written.written();
    if bytes.is_empty() {
        String::new()
    } else {
        format!(": {}", String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]))
    }
}

fn arguments(given: Option<&Value>) -> Result<Arguments, String> {
    const NAMES: [&str; 5] = ["moduleId", "args", "reuseModule", "fuel", "stackBytes"];
    let given = given.and_then(Value::as_object).ok_or("expected args with a moduleId")?;
    if let Some(unknown) = given.keys().find(|key| !NAMES.contains(&key.as_str())) {
        return Err(format!("unknown argument {unknown:?}, expected moduleId, args, reuseModule, fuel or stackBytes"));
    }
    let module = given.get("moduleId").and_then(Value::as_u64).ok_or("expected an id for args.moduleId")?;
    let args = match given.get("args") {
        None => Vec::new(),
        Some(list) => list
            .as_array()
            .and_then(|list| {
                list.iter().map(|text| text.as_str().filter(|text| !text.contains('\0')).map(str::to_owned)).collect()
            })
            .ok_or("expected an array of strings without NUL for args.args")?,
    };
    let is_kept = match given.get("reuseModule") {
        None => false,
        Some(kept) => kept.as_bool().ok_or("expected a boolean for args.reuseModule")?,
    };
    let fuel = match given.get("fuel") {
        None => None,
        Some(fuel) => Some(fuel.as_u64().ok_or("expected a whole number of instructions for args.fuel")?),
    };
    // Guests write chains, too.
    let stacks = Limits::GUEST_STACKS;
    let stack_bytes = match given.get("stackBytes") {
        None => None,
        Some(bytes) => {
            let bytes = bytes.as_u64().and_then(|bytes| usize::try_from(bytes).ok());
            let refused =
                || format!("expected an integer from {} to {} for args.stackBytes", stacks.start(), stacks.end());
            Some(bytes.filter(|bytes| stacks.contains(bytes)).ok_or_else(refused)?)
        }
    };
    Ok(Arguments { module, command: Command { args, stdin: None, fuel }, stack_bytes, is_kept })
}
