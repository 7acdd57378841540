//! At most so many file operations of a sandbox work at once; the others wait in order. A slow disk then holds up its own sandbox alone.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// As many as Node's own pool has threads.
const LANES: usize = 4;

/// Work that blocks.
pub type Job = Box<dyn FnOnce() + Send>;

/// The lanes of one sandbox.
#[derive(Clone, Default)]
pub struct Lanes(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    busy: usize,
    waiting: VecDeque<Job>,
}

impl Lanes {
    /// Does a job as soon as there is a lane for it. `spawn` gets what has to run on a thread that may block: it does one job after
    /// another, until none waits.
    pub fn run(&self, job: Job, spawn: impl FnOnce(Job)) {
        {
            let mut state = self.lock();
            if state.busy >= LANES {
                state.waiting.push_back(job);
                return;
            }
            state.busy += 1;
        }
        let lanes = self.clone();
        spawn(Box::new(move || {
            let mut next = Some(job);
            while let Some(job) = next {
                // A panic is told to who waits for the job, by what the job drops; the lane goes on.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                let mut state = lanes.lock();
                next = state.waiting.pop_front();
                if next.is_none() {
                    state.busy -= 1;
                }
            }
        }));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::mpsc::channel;

    use super::*;

    fn spawn(job: Job) {
        std::thread::spawn(job);
    }

    #[test]
    fn no_more_than_four_jobs_work_at_once_and_all_are_done() {
        let (lanes, working, most) = (Lanes::default(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (done, all) = channel();
        for number in 0..200 {
            let (working, most, done) = (working.clone(), most.clone(), done.clone());
            let job = move || {
                most.fetch_max(working.fetch_add(1, SeqCst) + 1, SeqCst);
                std::thread::yield_now();
                working.fetch_sub(1, SeqCst);
                done.send(number).unwrap();
            };
            lanes.run(Box::new(job), spawn);
        }
        drop(done);
        assert_eq!(all.iter().count(), 200);
        assert!(most.load(SeqCst) <= LANES);
    }

    #[test]
    fn a_job_that_panics_gives_its_lane_back() {
        let lanes = Lanes::default();
        for _ in 0..LANES * 2 {
            lanes.run(Box::new(|| std::panic::resume_unwind(Box::new("broken"))), |job| job());
        }
        let barrier = Arc::new(Barrier::new(LANES + 1));
        for _ in 0..LANES {
            let barrier = barrier.clone();
            lanes.run(Box::new(move || _ = barrier.wait()), spawn);
        }
        barrier.wait();
    }
}
