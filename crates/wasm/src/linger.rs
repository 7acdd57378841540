//! A thread that waits a moment for the next run before it goes to sleep.
//!
//! Where short runs come one after the other, waking a thread takes longer than the run. So one thread of the process stays awake for some
//! microseconds after such a run, where cores are to spare, and as long as that pays (`docs/decisions/border-speed.md` has the rule).

use std::sync::atomic::{AtomicU8, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::wasi::threads;

/// The longest wait.
const LONGEST: Duration = Duration::from_micros(40);
/// A run that comes so soon after the last is one of a series.
const SOON: Duration = Duration::from_micros(200);
/// Of so many runs in a row that is true before a thread waits for the next.
const SERIES: u8 = 3;
/// Cores of a machine where a thread may wait.
const LEAST_CORES: usize = 3;
/// Looks at the slot between two looks at the clock.
const LOOKS: u32 = 16;

type Job = Box<dyn FnOnce() + Send>;

/// Nobody waits.
const NOBODY: u8 = 0;
/// A thread waits for a job.
const WAITING: u8 = 1;
/// Somebody has one for it.
const TAKEN: u8 = 2;
/// It is there.
const FILLED: u8 = 3;

static STATE: AtomicU8 = AtomicU8::new(NOBODY);
static NEXT: Mutex<Option<Job>> = Mutex::new(None);
/// When the last run was done, and how many came soon after the one before.
static SERIES_OF_RUNS: Mutex<(Option<Instant>, u8)> = Mutex::new((None, 0));

/// Does a job on a thread that may block.
///
/// # Errors
/// [`crate::Error::Unavailable`] where there are no threads.
pub(crate) fn run(job: impl FnOnce() + Send + 'static) -> Result<()> {
    note_begin();
    let job: Job = Box::new(job);
    if STATE.compare_exchange(WAITING, TAKEN, SeqCst, SeqCst).is_ok() {
        *NEXT.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
        STATE.store(FILLED, SeqCst);
        return Ok(());
    }
    threads()?.spawn_blocking(move || {
        let mut next = Some(job);
        while let Some(job) = next {
            job();
            next = if note_end() { wait() } else { None };
        }
    });
    Ok(())
}

fn note_begin() {
    let mut series = SERIES_OF_RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    let is_soon = series.0.is_some_and(|done| done.elapsed() < SOON);
    series.1 = if is_soon { series.1.saturating_add(1) } else { 0 };
}

/// Whether a wait may pay.
fn note_end() -> bool {
    let mut series = SERIES_OF_RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    series.0 = Some(Instant::now());
    series.1 >= SERIES && has_cores()
}

fn has_cores() -> bool {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from)) >= LEAST_CORES
}

/// The next job, if one comes soon and no other thread waits for it.
fn wait() -> Option<Job> {
    if STATE.compare_exchange(NOBODY, WAITING, SeqCst, SeqCst).is_err() {
        return None;
    }
    let start = Instant::now();
    loop {
        for _ in 0..LOOKS {
            if STATE.load(Relaxed) == FILLED {
                return take();
            }
            std::hint::spin_loop();
        }
        if start.elapsed() > LONGEST {
            break;
        }
    }
    if STATE.compare_exchange(WAITING, NOBODY, SeqCst, SeqCst).is_ok() {
        // In vain: the series is over.
        SERIES_OF_RUNS.lock().unwrap_or_else(PoisonError::into_inner).1 = 0;
        return None;
    }
    // Somebody is about to hand one over.
    while STATE.load(SeqCst) != FILLED {
        std::thread::yield_now();
    }
    take()
}

fn take() -> Option<Job> {
    let job = NEXT.lock().unwrap_or_else(PoisonError::into_inner).take();
    STATE.store(NOBODY, SeqCst);
    job
}
