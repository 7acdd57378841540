//! Spreads one job over the machine's cores.
//!
//! The calling thread works too, and takes pieces from the same queue as its helpers: a helper that the system starts late costs little,
//! since the work goes on without it. Helpers are threads of this job alone: starting one takes some 20 µs, which is little beside the jobs
//! that ask, an idle process has none, and no state is handed on. How many there are in the whole process is bounded, so that many sandboxes
//! at work at once do not crowd each other out; with none to be had, or no thread from the system, the caller does all of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

use crate::error::Result;

/// Threads for one job, the caller among them: memory is no faster with more.
pub(crate) const MOST_THREADS: usize = 4;
/// A thread for so many bytes. On a quiet machine two threads pay from 2 MiB on; on a busy one the system may let a helper wait for 3 or 4 ms,
/// and a job that one thread does in less must not depend on that.
const BYTES_A_THREAD: usize = 4 << 20;
/// A good length for the pieces of a job: a few dozen of them for a picture, and a look at the flag for each.
pub(crate) const PIECE_BYTES: usize = 256 << 10;

/// Helpers that may still be started: one less than there are cores, since a caller works as well.
static FREE_HELPERS: LazyLock<AtomicUsize> =
    LazyLock::new(|| AtomicUsize::new(thread::available_parallelism().map_or(1, usize::from) - 1));

/// Helpers that a job has taken from [`FREE_HELPERS`], until it ends in any way.
struct Taken(usize);

impl Taken {
    fn up_to(wanted: usize) -> Taken {
        let mut taken = 0;
        let take = |free: usize| {
            taken = free.min(wanted);
            (taken > 0).then(|| free - taken)
        };
        let _ = FREE_HELPERS.try_update(Ordering::Relaxed, Ordering::Relaxed, take);
        Taken(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        FREE_HELPERS.fetch_add(self.0, Ordering::Relaxed);
    }
}

/// Does `work` on every one of `pieces`, on several cores where the job is worth it: `bytes` is what plain copying would
/// write in the same time.
///
/// The first error ends all of it; which pieces were done by then is not known. A panic of a helper goes on in the caller, as one of
/// its own would. `work` must not split again, and looks at the job's flag itself, piece by piece.
pub(crate) fn split<T: Send>(
    bytes: usize,
    pieces: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> Result<()> + Sync,
) -> Result<()> {
    let threads = (bytes / BYTES_A_THREAD).clamp(1, MOST_THREADS);
    let taken = if threads > 1 { Taken::up_to(threads - 1) } else { Taken(0) };
    with_helpers(taken.0, pieces, work)
}

fn with_helpers<T: Send>(
    count: usize,
    mut pieces: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> Result<()> + Sync,
) -> Result<()> {
    if count == 0 {
        return pieces.try_for_each(work);
    }
    let failed = AtomicBool::new(false);
    let queue = Mutex::new(pieces);
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let drain = || {
        while !failed.load(Ordering::Relaxed)
            && let Some(piece) = next()
        {
            work(piece).inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let start = |_| thread::Builder::new().name("hostbox-bytes".to_owned()).spawn_scoped(scope, drain).ok();
        let helpers: Vec<_> = (0..count).filter_map(start).collect();
        let own = drain();
        helpers.into_iter().fold(own, |outcome, helper| {
            outcome.and(helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    })
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;

    use super::*;
    use crate::error::Error;

    #[test]
    fn every_piece_is_done_once_by_any_number_of_helpers() {
        for helpers in 0..5 {
            let mut bytes = vec![0_u8; if cfg!(miri) { 5003 } else { 100_003 }];
            with_helpers(helpers, bytes.chunks_mut(1000).enumerate(), |(at, piece)| {
                piece.iter_mut().for_each(|byte| *byte += at as u8 + 1);
                Ok(())
            })
            .unwrap();
            assert!(bytes.iter().enumerate().all(|(at, byte)| *byte == (at / 1000) as u8 + 1));
        }
    }

    #[test]
    fn helpers_and_the_caller_work_at_the_same_time() {
        // Nobody passes the barrier alone, so both pieces are under way at once.
        let together = Barrier::new(2);
        with_helpers(1, 0..2, |_| {
            together.wait();
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn an_error_ends_the_job_on_every_thread() {
        for helpers in 0..4 {
            let done = AtomicUsize::new(0);
            let outcome = with_helpers(helpers, 0..1_000_000, |piece| {
                done.fetch_add(1, Ordering::Relaxed);
                if piece == 10 { Err(Error::Cancelled) } else { Ok(()) }
            });
            assert_eq!(outcome, Err(Error::Cancelled));
            // The others may be at any piece by then, but never take all.
            assert!(helpers > 0 || done.into_inner() == 11);
        }
    }

    #[test]
    fn a_panic_of_a_helper_reaches_the_caller() {
        let together = Barrier::new(2);
        let caller = thread::current().id();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            with_helpers(1, 0..2, |_| {
                together.wait();
                assert!(thread::current().id() == caller, "a helper's bug");
                Ok(())
            })
        }));
        assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&"a helper's bug"));
    }
}
