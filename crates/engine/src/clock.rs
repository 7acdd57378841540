//! Time: a monotonic count, the CPU time of a thread, and alarms on the shared tokio runtime.
//!
//! A sandbox has one alarm for everything it waits for (deadlines of calls, timers of the guest). It is set only when something
//! earlier than the alarm already set turns up, so that a stream of calls with one timeout sets one alarm, not one each.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::actor::Shared;

/// A point in time: nanoseconds since the first use of the clock.
pub(crate) type Nanos = u64;

/// A time that never comes.
pub(crate) const NEVER: Nanos = Nanos::MAX;

fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(Instant::now)
}

pub(crate) fn now() -> Nanos {
    nanos(origin().elapsed())
}

pub(crate) fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER)
}

/// CPU time of the calling thread in nanoseconds; a system call of about 400 ns, so not for every turn.
#[cfg(unix)]
pub(crate) fn thread_cpu() -> Nanos {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live local.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    (time.tv_sec.unsigned_abs() * 1_000_000_000) + time.tv_nsec.unsigned_abs()
}

/// Where the system has no cheap clock of a thread's CPU time, wall time stands in: it is never less.
#[cfg(not(unix))]
pub(crate) fn thread_cpu() -> Nanos {
    now()
}

/// The clock of the calling thread's CPU time, for other threads to read; 0 where the system has none.
#[cfg(target_os = "linux")]
pub(crate) fn thread_clock() -> libc::clockid_t {
    thread_local!(static CLOCK: libc::clockid_t = {
        let mut clock = 0;
        // SAFETY: the calling thread, and a pointer to a live local.
        if unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock) } == 0 { clock } else { 0 }
    });
    CLOCK.with(|clock| *clock)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn thread_clock() -> i32 {
    0
}

/// CPU time by a `thread_clock`; nothing where there is none, or its thread has ended.
#[cfg(target_os = "linux")]
pub(crate) fn cpu_by(clock: libc::clockid_t) -> Option<Nanos> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live local; an unknown clock is an error.
    let status = if clock == 0 { -1 } else { unsafe { libc::clock_gettime(clock, &raw mut time) } };
    (status == 0).then(|| (time.tv_sec.unsigned_abs() * 1_000_000_000) + time.tv_nsec.unsigned_abs())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn cpu_by(_clock: i32) -> Option<Nanos> {
    None
}

/// The tokio runtime of the process: alarms, the network, and native work off the guest's thread.
///
/// Made on first use and never dropped: threads of a library must not be joined while a process exits.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .max_blocking_threads(blocking_threads())
            .thread_name("hostbox-io")
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => {
                runtime.spawn(ring());
                runtime
            }
            // No thread to be had while the process starts: nothing of hostbox can work then.
            Err(error) => panic!("hostbox cannot start its I/O runtime: {error}"),
        }
    })
}

/// Two, so that a TLS handshake or a body being decoded does not hold up the alarms.
const WORKERS: usize = 2;

/// Work on the I/O runtime is bound by cores; the rest lets short work pass what takes long.
const BLOCKING_PER_CORE: usize = 4;

pub(crate) fn blocking_threads() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(2, usize::from)) * BLOCKING_PER_CORE
}

struct Alarm {
    at: Nanos,
    sandbox: Weak<Shared>,
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Alarm {}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Alarm {
    /// Reversed: `BinaryHeap` gives the greatest first, the next alarm is the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.cmp(&self.at)
    }
}

static ALARMS: Mutex<BinaryHeap<Alarm>> = Mutex::new(BinaryHeap::new());

fn earlier() -> &'static Notify {
    static EARLIER: OnceLock<Notify> = OnceLock::new();
    EARLIER.get_or_init(Notify::new)
}

/// Has `Shared::on_alarm` called at or soon after `at`.
pub(crate) fn set_alarm(at: Nanos, sandbox: Weak<Shared>) {
    let is_first = {
        let mut alarms = ALARMS.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = alarms.peek().is_none_or(|first| at < first.at);
        alarms.push(Alarm { at, sandbox });
        is_first
    };
    if is_first {
        runtime();
        earlier().notify_one();
    }
}

async fn ring() {
    loop {
        let (due, next) = take_due();
        for sandbox in due {
            if let Some(sandbox) = sandbox.upgrade() {
                sandbox.on_alarm();
            }
        }
        match next {
            None => earlier().notified().await,
            Some(at) => {
                let at = tokio::time::Instant::from_std(origin() + Duration::from_nanos(at));
                // Woken by an earlier alarm or by time: both mean to look again.
                let _ = tokio::time::timeout_at(at, earlier().notified()).await;
            }
        }
    }
}

fn take_due() -> (Vec<Weak<Shared>>, Option<Nanos>) {
    let mut alarms = ALARMS.lock().unwrap_or_else(PoisonError::into_inner);
    let now = now();
    let mut due = Vec::new();
    while let Some(first) = alarms.peek() {
        if first.at > now {
            return (due, Some(first.at));
        }
        due.extend(alarms.pop().map(|alarm| alarm.sandbox));
    }
    (due, None)
}
