//! Guest threads: a bounded elastic pool, and the watchdog over what runs on it.
//!
//! A sandbox with mail is queued here and is run by one thread until it has no more. There are as many threads as cores; while work
//! waits longer than a moment (all of them are in long turns) more are added, up to a bound. Idle ones end.
//!
//! The watchdog is one thread that sleeps unless a turn is past its limit or work waits. It makes overdue turns poll, and declares
//! lost what does not come back: the sandbox is dead, its thread counted, and at the bound new work is refused.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::actor::Shared;
use crate::clock::Nanos;
use crate::{stock, tidy};

/// Threads that may hold guests at once, quarantined ones not counted.
const MAX_THREADS: usize = 64;
/// Threads that may be lost in natives that do not return; then new work is refused.
pub(crate) const MAX_QUARANTINED: usize = 16;
/// An idle thread ends after this.
const IDLE: Duration = Duration::from_secs(10);
/// How long work may wait before another thread is added.
const PATIENCE: Duration = Duration::from_millis(2);
/// How often an overdue turn is made to poll.
const POKE_EVERY: Duration = Duration::from_micros(500);
/// How often one that is given up for lost is.
const POKE_LOST_EVERY: Duration = Duration::from_millis(10);
/// A turn that had to end and was made to poll for so long is lost.
const LOST_AFTER: Nanos = 1_000_000_000;
/// The largest `stackBytes`, what an op may use beyond it, and room for the thread itself.
const STACK: usize = (4 << 20) + (512 << 10) + (1 << 20);
/// What is left of it where a sandbox begins to run.
pub(crate) const STACK_LEFT: usize = STACK - (128 << 10);

struct Queue {
    waiting: VecDeque<Arc<Shared>>,
    threads: usize,
    idle: usize,
}

struct Pool {
    queue: Mutex<Queue>,
    work: Condvar,
    /// How many sandboxes wait, to be looked at without the lock.
    waiting: AtomicUsize,
    cores: usize,
    quarantined: AtomicUsize,
}

fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(|| Pool {
        queue: Mutex::new(Queue { waiting: VecDeque::new(), threads: 0, idle: 0 }),
        work: Condvar::new(),
        waiting: AtomicUsize::new(0),
        cores: std::thread::available_parallelism().map_or(2, usize::from),
        quarantined: AtomicUsize::new(0),
    })
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        let mut queue = self.lock();
        loop {
            if let Some(sandbox) = queue.waiting.pop_front() {
                self.waiting.store(queue.waiting.len(), Relaxed);
                drop(queue);
                sandbox.run();
                queue = self.lock();
                continue;
            }
            if stock::is_low() {
                drop(queue);
                stock::fill();
                queue = self.lock();
                continue;
            }
            queue.idle += 1;
            let is_untidy = tidy::is_due();
            let pause = if is_untidy { tidy::PAUSE } else { IDLE };
            let (woken, timeout) = self.work.wait_timeout(queue, pause).unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            queue.idle -= 1;
            if is_untidy && timeout.timed_out() && queue.waiting.is_empty() {
                drop(queue);
                tidy::tidy();
                queue = self.lock();
                continue;
            }
            if timeout.timed_out() && queue.waiting.is_empty() {
                queue.threads = queue.threads.saturating_sub(1);
                drop(queue);
                stock::give_up();
                return;
            }
        }
    }

    /// Adds a thread; the caller has counted it.
    fn spawn(&'static self) {
        let builder = std::thread::Builder::new().name("hostbox-guest".into()).stack_size(STACK);
        if builder.spawn(|| self.serve()).is_err() {
            // No thread to be had now: those that exist go on, and the watchdog tries again.
            self.lock().threads -= 1;
        }
    }
}

/// Queues a sandbox that has something to do. Each is queued at most once: its state word sees to that.
pub(crate) fn submit(sandbox: Arc<Shared>) {
    let pool = pool();
    let mut queue = pool.lock();
    queue.waiting.push_back(sandbox);
    pool.waiting.store(queue.waiting.len(), Relaxed);
    if queue.idle > 0 {
        drop(queue);
        pool.work.notify_one();
    } else if queue.threads < pool.cores {
        queue.threads += 1;
        drop(queue);
        pool.spawn();
    } else {
        drop(queue);
        watchdog().feel_pressure();
    }
}

/// Queues several sandboxes, as `submit` does with one.
pub(crate) fn submit_all(mut sandboxes: Vec<Arc<Shared>>) {
    match sandboxes.len() {
        0 => return,
        1 => return sandboxes.drain(..).for_each(submit),
        _ => {}
    }
    let pool = pool();
    let mut queue = pool.lock();
    let count = sandboxes.len();
    queue.waiting.extend(sandboxes);
    pool.waiting.store(queue.waiting.len(), Relaxed);
    let woken = queue.idle.min(count);
    let added = pool.cores.saturating_sub(queue.threads).min(count - woken);
    queue.threads += added;
    drop(queue);
    (0..woken).for_each(|_| pool.work.notify_one());
    (0..added).for_each(|_| pool.spawn());
    if woken + added < count {
        watchdog().feel_pressure();
    }
}

/// Whether other sandboxes wait for a thread.
pub(crate) fn is_contended() -> bool {
    pool().waiting.load(Relaxed) > 0
}

/// Threads that hold or may hold guests, and threads given up for lost.
pub(crate) fn counts() -> (usize, usize) {
    let pool = pool();
    (pool.lock().threads, pool.quarantined.load(Relaxed))
}

/// Whether so many threads are lost that new work is refused.
pub(crate) fn is_full() -> bool {
    pool().quarantined.load(Relaxed) >= MAX_QUARANTINED
}

/// A thread of the pool, or the app's own where `of_pool` is false, does not come back.
pub(crate) fn quarantine(of_pool: bool) {
    let pool = pool();
    pool.quarantined.fetch_add(1, Relaxed);
    if of_pool {
        let mut queue = pool.lock();
        queue.threads = queue.threads.saturating_sub(1);
    }
}

/// A thread given up for lost came back after all: it was slow.
pub(crate) fn release(of_pool: bool) {
    let pool = pool();
    pool.quarantined.fetch_sub(1, Relaxed);
    if of_pool {
        pool.lock().threads += 1;
    }
}

#[derive(Default)]
struct Duties {
    overdue: Vec<Arc<Shared>>,
    pressure: bool,
}

struct Watchdog {
    duties: Mutex<Duties>,
    call: Condvar,
}

fn watchdog() -> &'static Watchdog {
    static WATCHDOG: OnceLock<&'static Watchdog> = OnceLock::new();
    WATCHDOG.get_or_init(|| {
        let watchdog: &'static Watchdog =
            Box::leak(Box::new(Watchdog { duties: Mutex::default(), call: Condvar::new() }));
        let builder = std::thread::Builder::new().name("hostbox-watchdog".into()).stack_size(256 << 10);
        // Without this thread turns still end at the engine's own polls; there is nothing better to do than go on.
        let _ = builder.spawn(|| watchdog.keep_watch());
        watchdog
    })
}

/// Has the sandbox's running turn, which is past its limit, made to end.
pub(crate) fn watch(sandbox: Arc<Shared>) {
    if sandbox.mark_watched() {
        let watchdog = watchdog();
        watchdog.lock().overdue.push(sandbox);
        watchdog.call.notify_one();
    }
}

impl Watchdog {
    fn lock(&self) -> MutexGuard<'_, Duties> {
        self.duties.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn feel_pressure(&self) {
        let mut duties = self.lock();
        if !duties.pressure {
            duties.pressure = true;
            drop(duties);
            self.call.notify_one();
        }
    }

    fn keep_watch(&self) {
        let mut duties = self.lock();
        loop {
            while duties.overdue.is_empty() && !duties.pressure {
                duties = self.call.wait(duties).unwrap_or_else(PoisonError::into_inner);
            }
            let mut overdue = std::mem::take(&mut duties.overdue);
            let pressure = duties.pressure;
            drop(duties);
            overdue.retain(still_overdue);
            let pause = if overdue.iter().any(|sandbox| !sandbox.is_lost()) {
                POKE_EVERY
            } else if pressure {
                PATIENCE
            } else {
                POKE_LOST_EVERY
            };
            let idle = overdue.is_empty() && !pressure;
            duties = self.lock();
            duties.overdue.append(&mut overdue);
            if !idle {
                duties = self.call.wait_timeout(duties, pause).unwrap_or_else(PoisonError::into_inner).0;
            }
            if pressure {
                duties.pressure = relieve();
            }
        }
    }
}

fn still_overdue(sandbox: &Arc<Shared>) -> bool {
    match sandbox.turn.overdue() {
        Some(turn) => {
            sandbox.turn.poke();
            if sandbox.watched_for(turn.sequence, turn.must_end) > LOST_AFTER && !sandbox.is_lost() {
                sandbox.declare_lost(turn.sequence);
            }
            true
        }
        None => {
            sandbox.unmark_watched();
            // It may have become overdue again between the look and the mark.
            sandbox.turn.overdue().is_some() && sandbox.mark_watched()
        }
    }
}

/// Adds a thread where work has waited; whether it still waits.
fn relieve() -> bool {
    let pool = pool();
    let mut queue = pool.lock();
    if queue.waiting.is_empty() {
        return false;
    }
    if queue.idle > 0 {
        pool.work.notify_one();
    } else if queue.threads < MAX_THREADS {
        queue.threads += 1;
        drop(queue);
        pool.spawn();
    }
    true
}
