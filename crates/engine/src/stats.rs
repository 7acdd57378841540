//! Figures of a sandbox and of the process, from atomics alone: they can be read while guest code runs.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::account::Account;
use crate::mail::Code;
use crate::threads;

const CODES: [Code; 20] = [
    Code::Argument,
    Code::Guest,
    Code::Clone,
    Code::Timeout,
    Code::Memory,
    Code::Limit,
    Code::Aborted,
    Code::Closed,
    Code::Busy,
    Code::Async,
    Code::PluginNotFound,
    Code::PluginExists,
    Code::FunctionNotFound,
    Code::IdNotFound,
    Code::Op,
    Code::Permission,
    Code::WasmCompile,
    Code::WasmLink,
    Code::WasmTrap,
    Code::Internal,
];

static SANDBOXES: AtomicI64 = AtomicI64::new(0);

pub(crate) fn count_sandbox(change: i64) {
    SANDBOXES.fetch_add(change, Relaxed);
}

#[derive(Default)]
pub(crate) struct Counters {
    calls: AtomicU64,
    done: AtomicU64,
    errors: [AtomicU64; CODES.len()],
    pub(crate) running: AtomicU32,
    pub(crate) timers: AtomicU32,
    pub(crate) dropped: AtomicU64,
    pub(crate) cpu: AtomicU64,
    pub(crate) rejections: AtomicU64,
}

/// Figures of a sandbox.
#[derive(Clone, Debug)]
pub struct Stats {
    /// Calls taken.
    pub calls: u64,
    /// Failed calls by code.
    pub errors: Vec<(&'static str, u64)>,
    /// Calls without an answer yet.
    pub pending: u64,
    /// Of these, calls that have begun.
    pub running: u64,
    /// Calls that ended well.
    pub done: u64,
    /// Results, completions and console messages that came when nobody wanted them any more or there was no room.
    pub dropped: u64,
    /// Bytes on the sandbox's account.
    pub heap_bytes: u64,
    /// Bytes of linear memories and tables of WebAssembly, which count against the same limit.
    pub wasm_bytes: u64,
    /// Timers of the guest.
    pub timers: u64,
    /// CPU time of the guest in milliseconds.
    pub cpu_ms: f64,
    /// Promises that were rejected without a handler.
    pub unhandled_rejections: u64,
    /// `idle`, `running`, `closed` or `dead`.
    pub state: &'static str,
    /// Sandboxes of the process.
    pub sandboxes: u64,
    /// Threads of the process that may hold guests.
    pub guest_threads: u64,
    /// Threads of the process that did not come back.
    pub quarantined_threads: u64,
}

impl Counters {
    pub(crate) fn submitted(&self, calls: u64) {
        self.calls.fetch_add(calls, Relaxed);
    }

    pub(crate) fn settled(&self, error: Option<Code>) {
        let counter = match error {
            None => Some(&self.done),
            Some(code) => CODES.iter().position(|known| *known == code).map(|index| &self.errors[index]),
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Relaxed);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds to show: 53 bits of nanoseconds are 104 days of CPU")]
    pub(crate) fn snapshot(&self, pending: usize, account: &Account, state: &'static str) -> Stats {
        let (guest_threads, quarantined) = threads::counts();
        let counted = CODES.iter().zip(&self.errors).map(|(code, count)| (code.as_str(), count.load(Relaxed)));
        Stats {
            calls: self.calls.load(Relaxed),
            errors: counted.filter(|(_, count)| *count > 0).collect(),
            pending: pending as u64,
            running: self.running.load(Relaxed).into(),
            done: self.done.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            heap_bytes: account.used().saturating_sub(account.wasm()) as u64,
            wasm_bytes: account.wasm() as u64,
            timers: self.timers.load(Relaxed).into(),
            cpu_ms: self.cpu.load(Relaxed) as f64 / 1e6,
            unhandled_rejections: self.rejections.load(Relaxed),
            state,
            sandboxes: u64::try_from(SANDBOXES.load(Relaxed)).unwrap_or(0),
            guest_threads: guest_threads as u64,
            quarantined_threads: quarantined as u64,
        }
    }
}
