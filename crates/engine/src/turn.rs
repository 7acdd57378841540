//! The running turn: what the interrupt handler knows, and how a turn is ended from outside.
//!
//! A turn is one macrotask and all microtasks after it. The handler knows the limit of the running turn and nothing else. Once a
//! turn is to end, the engine's interrupt counter is set so that its *next* poll fires too: some natives swallow the exception, and
//! unwinding then meets it again at once, not after 10,000 more back edges (`docs/decisions/interrupt-counter.md`).

use std::ptr::null_mut;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Mutex, OnceLock, PoisonError};

use rquickjs::{Context, Runtime, qjs};

use crate::clock::{NEVER, Nanos, cpu_by, now, thread_clock, thread_cpu};

/// Turns shorter than this are charged by the wall clock alone.
const CPU_CLOCK_FROM: Nanos = 1_000_000;

/// Why a turn is ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Verdict {
    Deadline = 1,
    Cpu = 2,
    Aborted = 3,
    Closed = 4,
    Memory = 5,
}

impl Verdict {
    fn from_bits(bits: u64) -> Option<Self> {
        Some(match bits & 0xff {
            1 => Self::Deadline,
            2 => Self::Cpu,
            3 => Self::Aborted,
            4 => Self::Closed,
            5 => Self::Memory,
            _ => return None,
        })
    }
}

/// A turn that needs to be made to poll.
pub(crate) struct Overdue {
    /// The turn's number.
    pub(crate) sequence: u64,
    /// It is past a limit for certain, and lost if it does not end.
    pub(crate) must_end: bool,
}

/// What the threads of the process share about one sandbox's running turn.
pub(crate) struct Turn {
    /// Counts turns; a verdict names the turn that it is meant for, so that it can never hit the next one.
    sequence: AtomicU64,
    /// The scope of the running turn, 0 between turns.
    scope: AtomicU64,
    started: AtomicU64,
    limit: AtomicU64,
    cpu_limit: Nanos,
    /// Thread CPU time at which the turn began; 0 until the turn is long enough to ask.
    cpu_base: AtomicU64,
    /// The CPU clock of the thread that the turn runs on.
    clock: AtomicI32,
    /// `sequence << 8 | verdict`.
    verdict: AtomicU64,
    /// The engine's interrupt counter while there is an engine. The lock keeps it from being freed under a poke.
    counter: Mutex<AtomicPtr<AtomicI32>>,
}

impl Turn {
    pub(crate) fn new(cpu_limit: Nanos) -> Self {
        Self {
            sequence: AtomicU64::new(1),
            scope: AtomicU64::new(0),
            started: AtomicU64::new(0),
            limit: AtomicU64::new(NEVER),
            cpu_limit,
            cpu_base: AtomicU64::new(0),
            clock: AtomicI32::new(0),
            verdict: AtomicU64::new(0),
            counter: Mutex::new(AtomicPtr::new(null_mut())),
        }
    }

    pub(crate) fn begin(&self, scope: u64, limit: Nanos, now: Nanos) {
        self.started.store(now, Relaxed);
        self.limit.store(limit, Relaxed);
        self.cpu_base.store(0, Relaxed);
        self.clock.store(thread_clock(), Relaxed);
        self.sequence.store(self.sequence.load(Relaxed) + 1, SeqCst);
        self.scope.store(scope, SeqCst);
    }

    /// Ends the turn; the CPU time that it took, in nanoseconds.
    pub(crate) fn end(&self, now: Nanos) -> Nanos {
        self.scope.store(0, Relaxed);
        let wall = now.saturating_sub(self.started.load(Relaxed));
        if wall < CPU_CLOCK_FROM { wall } else { self.cpu_used(wall) }
    }

    /// Scope of the running turn.
    pub(crate) fn scope(&self) -> Option<u64> {
        Some(self.scope.load(Relaxed)).filter(|scope| *scope != 0)
    }

    /// The running turn, if it is time to look after it.
    pub(crate) fn overdue(&self) -> Option<Overdue> {
        self.scope()?;
        let (sequence, now) = (self.sequence.load(Relaxed), now());
        if self.verdict().is_some() || self.limit.load(Relaxed) <= now {
            return Some(Overdue { sequence, must_end: true });
        }
        // Wall time tells that the CPU limit may be reached; only the turn's own poll can tell that it is.
        (self.cpu_deadline() <= now).then_some(Overdue { sequence, must_end: false })
    }

    /// CPU time of the turn's thread, read from another one; nothing where the system does not tell.
    pub(crate) fn thread_time(&self) -> Option<Nanos> {
        cpu_by(self.clock.load(Relaxed))
    }

    fn cpu_deadline(&self) -> Nanos {
        self.started.load(Relaxed).saturating_add(self.cpu_limit)
    }

    /// When the running turn will be overdue, if it still runs then.
    pub(crate) fn next_look(&self) -> Option<Nanos> {
        self.scope().map(|_| self.cpu_deadline().min(self.limit.load(Relaxed)))
    }

    pub(crate) fn verdict(&self) -> Option<Verdict> {
        let bits = self.verdict.load(Relaxed);
        if bits >> 8 == self.sequence.load(Relaxed) { Verdict::from_bits(bits) } else { None }
    }

    fn judge(&self, sequence: u64, verdict: Verdict) {
        let old = self.verdict.load(Relaxed);
        if old >> 8 != sequence {
            let _ = self.verdict.compare_exchange(old, sequence << 8 | verdict as u64, Relaxed, Relaxed);
        }
    }

    /// Ends the running turn if it belongs to `scope` (any scope where `None`).
    pub(crate) fn kill(&self, scope: Option<u64>, verdict: Verdict) -> bool {
        loop {
            let sequence = self.sequence.load(SeqCst);
            let running = self.scope.load(SeqCst);
            if running == 0 || scope.is_some_and(|scope| scope != running) {
                return false;
            }
            self.judge(sequence, verdict);
            // Another turn may have begun meanwhile, for which the verdict does not hold.
            if self.sequence.load(SeqCst) == sequence {
                self.poke();
                return true;
            }
        }
    }

    /// Makes the engine's next poll fire.
    pub(crate) fn poke(&self) {
        let counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = counter.load(Relaxed);
        if !counter.is_null() {
            // SAFETY: the pointer is into a live context: `detach` takes this lock before the context is freed.
            unsafe { &*counter }.store(0, Relaxed);
        }
    }

    /// Tells where the interrupt counter of `context` lies.
    ///
    /// # Safety
    /// The context stays alive until `detach`.
    pub(crate) unsafe fn attach(&self, context: *mut qjs::JSContext) {
        if let Some(offset) = interrupt_counter_offset() {
            let counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
            // SAFETY: the offset was found inside a context of this very engine build.
            counter.store(unsafe { context.byte_add(offset) }.cast(), Relaxed);
        }
    }

    pub(crate) fn detach(&self) {
        self.counter.lock().unwrap_or_else(PoisonError::into_inner).store(null_mut(), Relaxed);
    }

    fn cpu_used(&self, wall: Nanos) -> Nanos {
        let cpu = thread_cpu();
        let base = self.cpu_base.load(Relaxed);
        if base == 0 {
            // The first look, late in the turn: what went before is charged as wall time, which is never less.
            self.cpu_base.store(cpu.saturating_sub(wall).max(1), Relaxed);
            return wall;
        }
        cpu.saturating_sub(base)
    }

    /// Looks at the clock from inside the turn. Called at every poll of the engine.
    pub(crate) fn check(&self) -> Option<Verdict> {
        self.verdict().or_else(|| self.check_at(now()))
    }

    /// As `check`, where the time is known already.
    pub(crate) fn check_at(&self, now: Nanos) -> Option<Verdict> {
        if let Some(verdict) = self.verdict() {
            return Some(verdict);
        }
        let sequence = self.sequence.load(Relaxed);
        if now >= self.limit.load(Relaxed) {
            self.judge(sequence, Verdict::Deadline);
        } else {
            let wall = now.saturating_sub(self.started.load(Relaxed));
            if wall >= CPU_CLOCK_FROM
                && (self.cpu_base.load(Relaxed) == 0 || wall >= self.cpu_limit)
                && self.cpu_used(wall) >= self.cpu_limit
            {
                self.judge(sequence, Verdict::Cpu);
            }
        }
        self.verdict()
    }

    /// Ends the running turn from inside.
    pub(crate) fn condemn(&self, verdict: Verdict) {
        self.judge(self.sequence.load(Relaxed), verdict);
    }
}

/// Offset of `interrupt_counter` in the engine's private context, found by watching it count.
///
/// `None` where the layout does not show it beyond doubt; then a turn past its limit ends at the engine's own polls, and what polls
/// too seldom is left to the quarantine.
pub(crate) fn interrupt_counter_offset() -> Option<usize> {
    static OFFSET: OnceLock<Option<usize>> = OnceLock::new();
    *OFFSET.get_or_init(find_interrupt_counter)
}

unsafe extern "C" fn no_op(_: *mut qjs::JSContext, _: qjs::JSValue, _: i32, _: *mut qjs::JSValue) -> qjs::JSValue {
    qjs::JS_UNDEFINED
}

fn find_interrupt_counter() -> Option<usize> {
    let runtime = Runtime::new().ok()?;
    let context = Context::full(&runtime).ok()?;
    context.with(|ctx| {
        let raw = ctx.as_raw().as_ptr();
        // SAFETY: the context is an allocation of the engine's.
        let bytes = unsafe { qjs::js_malloc_usable_size(raw, raw.cast()) } as usize;
        let words = bytes.min(4_096) / size_of::<i32>();
        // SAFETY: the allocation has so many words; they are read as plain integers while nothing runs.
        let snapshot = || unsafe { std::slice::from_raw_parts(raw.cast::<i32>(), words) }.to_vec();
        // SAFETY: a function without arguments, called and freed on its own context.
        unsafe {
            let kind = qjs::JSCFunctionEnum_JS_CFUNC_generic;
            let function = qjs::JS_NewCFunction2(raw, Some(no_op), c"".as_ptr(), 0, kind, 0);
            let call = |times: i32| {
                for _ in 0..times {
                    qjs::JS_Call(raw, function, qjs::JS_UNDEFINED, 0, null_mut());
                }
                snapshot()
            };
            let snapshots = [call(1), call(7), call(100)];
            qjs::JS_FreeValue(raw, function);
            let [first, second, third] = &snapshots;
            let counts = |word: &usize| {
                first[*word].wrapping_sub(second[*word]) == 7 && second[*word].wrapping_sub(third[*word]) == 100
            };
            let mut candidates = (0..words).filter(counts);
            let found = candidates.next()?;
            (candidates.next().is_none() && (1..=10_000).contains(&third[found])).then_some(found * size_of::<i32>())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interrupt_counter_is_found_in_this_engine_build() {
        assert!(interrupt_counter_offset().is_some());
    }

    #[test]
    fn a_verdict_for_one_turn_does_not_reach_the_next() {
        let turn = Turn::new(NEVER);
        turn.begin(1, NEVER, now());
        assert!(turn.kill(Some(1), Verdict::Aborted));
        assert_eq!(turn.check(), Some(Verdict::Aborted));
        turn.end(now());
        turn.begin(2, NEVER, now());
        assert_eq!(turn.check(), None);
        assert!(!turn.kill(Some(1), Verdict::Aborted));
    }

    #[test]
    fn a_turn_past_its_limit_is_judged_at_the_next_poll() {
        let turn = Turn::new(NEVER);
        turn.begin(1, now(), now());
        assert_eq!(turn.check(), Some(Verdict::Deadline));
    }
}
