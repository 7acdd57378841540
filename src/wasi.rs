//! `host.wasi`: commands that run on threads of their own, with the sandbox's buffers, grants and account.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hostbox::WasiOptions;
use hostbox::parts::{Cancel, Event, Failure, Host, Payload, WasiRun, next_ticket, switched_off};
use napi::bindgen_prelude::Uint8Array;
use napi::{Env, Result};
use napi_derive::napi;

use crate::bytes::thrown;
use crate::frames::number;
use crate::furnished::size;
use crate::sandbox::{NativeSandbox, timeout, whole};

/// How a command is to be run, as `lib/wasi.js` checked it.
#[napi(object)]
pub struct NativeWasiOptions {
    pub args: Vec<String>,
    pub stdin_id: Option<f64>,
    pub reuse_module: bool,
    pub timeout_ms: f64,
    pub fuel: Option<f64>,
    pub stack_bytes: Option<f64>,
}

impl From<NativeWasiOptions> for WasiOptions {
    fn from(given: NativeWasiOptions) -> Self {
        let NativeWasiOptions { args, stdin_id, reuse_module, timeout_ms, fuel, stack_bytes } = given;
        let timeout: Option<Duration> = timeout(timeout_ms);
        let (fuel, stack_bytes) = (fuel.map(whole), stack_bytes.map(size));
        Self { args, stdin_id: stdin_id.map(whole), reuse_module, timeout, fuel, stack_bytes }
    }
}

#[napi]
impl NativeSandbox {
    /// Runs the command in these bytes; the ticket of the answer, `[exitCode, stdoutId, stderrId]`.
    #[napi]
    pub fn run_wasi(&self, env: Env, module: Uint8Array, options: NativeWasiOptions) -> Result<f64> {
        let module = self.store.put_copy(&module).map_err(|error| thrown(&error, &self.store))?;
        let options = WasiOptions { reuse_module: false, ..options.into() };
        Ok(self.begin_wasi(env, module, options))
    }

    /// Runs the command in a buffer; as `runWasi`.
    #[napi]
    pub fn run_wasi_by_id(&self, env: Env, module: f64, options: NativeWasiOptions) -> f64 {
        self.begin_wasi(env, whole(module), options.into())
    }

    /// Stops a run.
    #[napi]
    pub fn stop_wasi(&self, ticket: f64) {
        if let Some(stop) = lock(&self.wasi_runs).get(&whole(ticket)) {
            stop.cancel();
        }
    }
}

impl NativeSandbox {
    fn begin_wasi(&self, env: Env, module: u64, options: WasiOptions) -> f64 {
        let ticket = next_ticket();
        self.line.port.hold(env, 1);
        let line = self.line.clone();
        let settle = move |outcome: std::result::Result<Payload, Failure>| {
            line.deliver(vec![Event::Settled { ticket, outcome }]);
        };
        let run = match &self.runner {
            Some(runner) => WasiRun::of(runner, &self.store, &self.sandbox, module, options),
            None => Err(switched_off()),
        };
        match run {
            Err(failure) => settle(Err(failure)),
            Ok(run) => {
                let runs = self.wasi_runs.clone();
                let stop = self.cancel.child();
                lock(&runs).insert(ticket, stop.clone());
                run.begin(&self.cancel, &stop, move |outcome| {
                    lock(&runs).remove(&ticket);
                    settle(outcome.map(|result| {
                        let answer = [f64::from(result.exit_code), number(result.stdout_id), number(result.stderr_id)];
                        Payload::from_json(&answer.as_slice().into())
                    }));
                });
            }
        }
        number(ticket)
    }
}

fn lock(runs: &Mutex<HashMap<u64, Cancel>>) -> MutexGuard<'_, HashMap<u64, Cancel>> {
    runs.lock().unwrap_or_else(PoisonError::into_inner)
}
