//! At most so many file operations of a sandbox work at once, and of all sandboxes together; the others wait in order. A slow disk then holds
//! up its own sandbox alone, and files leave threads to the network and to native work.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// As many as Node's own pool has threads.
const LANES: usize = 4;

/// Threads for files, a core: of the four that may block, one is left to others.
const THREADS_PER_CORE: usize = 3;

fn most_threads() -> usize {
    static MOST: OnceLock<usize> = OnceLock::new();
    *MOST.get_or_init(|| LANES.max(THREADS_PER_CORE * std::thread::available_parallelism().map_or(2, usize::from)))
}

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

/// The threads that work on files, and lanes that wait for one. A lane is one of a sandbox's four, and stands here once at most.
struct Hall {
    threads: usize,
    waiting: VecDeque<Lanes>,
}

static HALL: Mutex<Hall> = Mutex::new(Hall { threads: 0, waiting: VecDeque::new() });

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lanes {
    /// Does a job as soon as there is a lane for it, and a thread for the lane. `spawn` gets what has to run on a thread that may block: it
    /// does one job after another, those of all sandboxes in turn, until none waits.
    pub fn run(&self, job: Job, spawn: impl FnOnce(Job)) {
        {
            let mut state = lock(&self.0);
            state.waiting.push_back(job);
            if state.busy >= LANES {
                return;
            }
            state.busy += 1;
        }
        {
            let mut hall = lock(&HALL);
            if hall.threads >= most_threads() {
                hall.waiting.push_back(self.clone());
                return;
            }
            hall.threads += 1;
        }
        let mut lane = Some(self.clone());
        spawn(Box::new(move || {
            while let Some(lanes) = lane.take() {
                if let Some(job) = lanes.next() {
                    // A panic is told to who waits for the job, by what the job drops; the lane goes on.
                    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
                    lane = Some(lanes);
                }
                lane = hand_on(lane);
            }
        }));
    }

    /// The next job of a lane; without one the lane is given up.
    fn next(&self) -> Option<Job> {
        let mut state = lock(&self.0);
        let next = state.waiting.pop_front();
        if next.is_none() {
            state.busy -= 1;
        }
        next
    }
}

/// The lane that a thread works for next: that which waits longest, else the one that it had. Without any the thread is given up.
fn hand_on(lane: Option<Lanes>) -> Option<Lanes> {
    let mut hall = lock(&HALL);
    let next = match hall.waiting.pop_front() {
        Some(next) => {
            hall.waiting.extend(lane);
            Some(next)
        }
        None => lane,
    };
    if next.is_none() {
        hall.threads -= 1;
    }
    next
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
    fn jobs_of_all_sandboxes_have_threads_in_turn_and_leave_some_to_others() {
        let (working, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (done, all) = channel();
        let sandboxes: Vec<_> = (0..4 * most_threads()).map(|_| Lanes::default()).collect();
        for number in 0..20 * sandboxes.len() {
            let (working, most, done) = (working.clone(), most.clone(), done.clone());
            let job = move || {
                most.fetch_max(working.fetch_add(1, SeqCst) + 1, SeqCst);
                std::thread::yield_now();
                working.fetch_sub(1, SeqCst);
                done.send(number).unwrap();
            };
            sandboxes[number % sandboxes.len()].run(Box::new(job), spawn);
        }
        drop(done);
        assert_eq!(all.iter().count(), 20 * sandboxes.len());
        assert!(most.load(SeqCst) <= most_threads());
        assert!(sandboxes.iter().all(|lanes| lock(&lanes.0).waiting.is_empty()));
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
