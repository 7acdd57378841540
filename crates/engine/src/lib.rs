//! QuickJS as an actor: turns, deadlines, accounting, and values that cross by structured clone.
//!
//! Data in: requests (`mail`), values in the clone format (`payload`), guest modules and native functions of a room above
//! (`extension`). Data out: events. Knows no Web API, no Node and no plugin's meaning. All `unsafe` over the engine is here.
//!
//! A sandbox is used through [`Sandbox`]; everything else is what its configuration and its messages are made of.

mod account;
mod actor;
mod answers;
mod attached;
mod border;
mod builtins;
mod clock;
mod codec;
mod ending;
mod extension;
mod gates;
mod globals;
mod handle;
mod lent;
mod linger;
mod mail;
mod modules;
mod native;
mod ops;
mod ownership;
mod parser;
mod payload;
mod plugins;
mod realm;
mod rejections;
mod report;
mod run;
mod sandbox;
mod scope;
mod stats;
mod stock;
mod sync;
mod threads;
mod ticks;
mod tidy;
mod timers;
mod turn;

pub use account::{Charge, MessageCharge};
pub use attached::{Attached, Progress};
pub use codec::{Cause as GuestCause, GuestError, JsonError};
pub use extension::{Builtin, Extension, Global, GuestModule, Native, NativeFn, NativeModule};
pub use handle::{Held, held, hold};
pub use lent::LentBuffer;
pub use linger::Linger;
pub use mail::{Code, ConsoleMessage, Event, Failure, Format, Host, PluginSource, Request, Ticket};
pub use native::{Call, Memory, array_buffer, bytes_mut, new_error, throw_dom_exception};
pub use ops::{Completer, ErrorClass, OpError, OpId, OpOutcome};
pub use payload::{Payload, Writer};
pub use report::ConsoleWriter;
pub use sandbox::{Config, Posted, Sandbox, SyncProgress, post_all};
pub use stats::Stats;

/// A ticket that no other call of the process has.
pub fn next_ticket() -> Ticket {
    next_tickets(1)
}

/// The first of so many tickets in a row that no other call of the process has.
pub fn next_tickets(count: u32) -> Ticket {
    static LAST: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    LAST.fetch_add(count.into(), std::sync::atomic::Ordering::Relaxed) + 1
}

/// Runs a future on the process's I/O runtime, which must not block. It ends early where the handle is used.
pub fn spawn(work: impl Future<Output = ()> + Send + 'static) -> tokio::task::AbortHandle {
    clock::runtime().spawn(work).abort_handle()
}

/// Runs work on a thread of the process's I/O runtime: for native operations that the app starts.
pub fn spawn_blocking(work: impl FnOnce() + Send + 'static) {
    clock::runtime().spawn_blocking(work);
}

/// As `spawn_blocking`, for code of the app, which may take as long as it likes: a quarter of the threads is never its own, so that native
/// operations go on whatever it waits for. What finds no place waits for one.
pub fn spawn_app(work: impl FnOnce() + Send + 'static) {
    static PLACES: std::sync::OnceLock<std::sync::Arc<tokio::sync::Semaphore>> = std::sync::OnceLock::new();
    let threads = clock::blocking_threads();
    let places = PLACES.get_or_init(|| std::sync::Arc::new(tokio::sync::Semaphore::new(threads - threads / 4))).clone();
    if let Ok(place) = places.clone().try_acquire_owned() {
        return spawn_blocking(move || {
            let _place = place;
            work();
        });
    }
    clock::runtime().spawn(async move {
        // The semaphore is never closed.
        let place = places.acquire_owned().await;
        spawn_blocking(move || {
            let _place = place;
            work();
        });
    });
}
