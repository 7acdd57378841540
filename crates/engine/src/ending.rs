//! The end of a sandbox: closed by the app, dead by what its guest did, or lost with its thread.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, PoisonError};

use crate::actor::{ALIVE, CLOSED, DEAD, Shared, State};
use crate::clock::{Nanos, now};
use crate::mail::{Code, Event, Failure, Ticket};
use crate::threads;
use crate::turn::Verdict;

/// Since when the watchdog wants a turn ended: by the clock, and in CPU time of its thread.
#[derive(Default)]
pub(crate) struct Watch {
    sequence: u64,
    wall: Nanos,
    cpu: Option<Nanos>,
}

impl Shared {
    pub(crate) fn close(&self, closer: Option<Ticket>) {
        let was_alive = self.life.compare_exchange(ALIVE, CLOSED, SeqCst, SeqCst).is_ok();
        if was_alive {
            crate::stats::count_sandbox(-1);
            self.fail_calls();
            if self.turn.kill(None, Verdict::Closed)
                && let Some(this) = self.this.upgrade()
            {
                threads::watch(this);
            }
        }
        // After every call has its answer: whoever hears that the sandbox is closed has heard everything else.
        let gone = {
            let mut inbox = self.lock();
            let gone = self.state.load(SeqCst) == State::Gone as u8 || self.is_lost();
            if !gone {
                inbox.closers.extend(closer);
            }
            gone
        };
        if gone {
            self.answer_closers(closer.into_iter().collect());
        } else if was_alive {
            self.wake();
        }
    }

    pub(crate) fn fail_calls(&self) {
        let (calls, doom) = {
            let mut inbox = self.lock();
            inbox.mail.clear();
            (std::mem::take(&mut inbox.calls), inbox.doom.clone())
        };
        let mut events = Vec::with_capacity(calls.len());
        for (ticket, _) in calls.into_iter().filter(|(_, call)| !call.sync) {
            self.counters.settled(Some(Code::Closed));
            events.push(Event::Settled { ticket, outcome: Err(closed(doom.as_ref())) });
        }
        if !events.is_empty() {
            self.config.host.deliver(events);
        }
    }

    /// Marks the sandbox dead: every unanswered call is told so, and why.
    pub(crate) fn die(&self, why: Failure) {
        {
            let mut inbox = self.lock();
            if self.life.compare_exchange(ALIVE, DEAD, SeqCst, SeqCst).is_err() {
                return;
            }
            inbox.doom = Some(Arc::new(why));
        }
        crate::stats::count_sandbox(-1);
        self.fail_calls();
    }

    /// The thread that runs this sandbox does not come back.
    pub(crate) fn declare_lost(&self, sequence: u64) {
        {
            let _inbox = self.lock();
            let state = self.state.load(SeqCst);
            let has_thread = state == State::Guest as u8 || state == State::Sync as u8;
            let is_same = self.turn.overdue().is_some_and(|turn| turn.must_end && turn.sequence == sequence);
            if !has_thread || !is_same || self.lost.swap(true, SeqCst) {
                return;
            }
            threads::quarantine(state == State::Guest as u8);
        }
        let why = "the guest is in native code that did not return after its deadline; its thread is quarantined";
        self.die(Failure::new(Code::Timeout, why));
        let closers = std::mem::take(&mut self.lock().closers);
        self.answer_closers(closers);
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(SeqCst)
    }

    /// How long a turn that has to end had the chance to, since the watchdog saw it first: CPU time of its thread, so that a machine with too
    /// much to do condemns nobody, and a quarter of the wall time at least, for natives that wait.
    pub(crate) fn watched_for(&self, sequence: u64, must_end: bool) -> Nanos {
        let (wall, cpu) = (now(), self.turn.thread_time());
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        if watch.sequence != sequence || !must_end {
            *watch = Watch { sequence, wall, cpu };
        }
        let waited = wall.saturating_sub(watch.wall);
        match (cpu, watch.cpu) {
            (Some(cpu), Some(since)) => cpu.saturating_sub(since).clamp(waited / 4, waited),
            _ => waited,
        }
    }

    /// Whether the watchdog has to take it on: it does not watch it yet.
    pub(crate) fn mark_watched(&self) -> bool {
        !self.watched.swap(true, SeqCst)
    }

    pub(crate) fn unmark_watched(&self) {
        self.watched.store(false, SeqCst);
    }
}

pub(crate) fn closed(doom: Option<&Arc<Failure>>) -> Failure {
    match doom {
        None => Failure::new(Code::Closed, "the sandbox is closed"),
        Some(why) => {
            let mut failure = Failure::new(Code::Closed, format!("the sandbox is dead: {}", why.message));
            failure.cause = Some(why.clone());
            failure
        }
    }
}
