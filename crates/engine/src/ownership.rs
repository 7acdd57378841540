//! Who holds the engine: a guest thread, the thread of a synchronous call, or nobody.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use crate::actor::{Shared, State};
use crate::clock::{NEVER, Nanos, nanos, now};
use crate::ending::closed;
use crate::mail::{Code, Event, Failure, Ticket};
use crate::payload::Payload;
use crate::realm::Realm;
use crate::sandbox::SyncProgress;
use crate::sync::{SyncStart, SyncStep};
use crate::threads;

impl Shared {
    /// Runs what there is to run. Called by a guest thread that took this sandbox from the queue.
    pub(crate) fn run(self: Arc<Self>) {
        self.state.store(State::Guest as u8, SeqCst);
        let mut came = now();
        self.linger.begin(came);
        while self.is_open() {
            // A turn may use the whole CPU limit without one poll: the alarm looks at it then.
            self.request_alarm(came.saturating_add(nanos(self.config.limits.cpu)));
            if let Err(failure) = self.with_realm(Realm::run) {
                self.die(failure);
            }
            match self.linger.wait(|| self.is_open()) {
                Some(at) => came = at,
                None => break,
            }
        }
        self.leave();
    }

    /// Gives the engine back: to the queue where there is more to do, to nobody where the sandbox is over.
    pub(crate) fn leave(&self) {
        // Under this lock, as `declare_lost`: a thread is either lost or back, and counted once.
        let mut inbox = self.lock();
        let was_guest = self.state.swap(State::Leaving as u8, SeqCst) == State::Guest as u8;
        if self.lost.load(SeqCst) && self.lost.swap(false, SeqCst) {
            threads::release(was_guest);
        }
        loop {
            if !self.is_open() {
                drop(inbox);
                self.tear_down();
                return;
            }
            self.state.store(State::Idle as u8, SeqCst);
            // What is posted from here on finds the sandbox idle, and wakes it.
            let has_mail = !inbox.mail.is_empty();
            drop(inbox);
            if self.is_open() {
                let due = self.timers_due.load(SeqCst);
                if has_mail || (due != NEVER && due <= now()) {
                    self.wake();
                }
                return;
            }
            if !self.take_state(State::Idle, State::Leaving) {
                return;
            }
            inbox = self.lock();
        }
    }

    /// Lends the engine to `work`; makes it first where there is none.
    pub(crate) fn with_realm<R>(&self, work: impl FnOnce(&Realm) -> R) -> Result<R, Failure> {
        let slot = self.realm.get();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            // SAFETY: the caller took the state word, so that no other thread is here.
            if unsafe { *slot }.is_null() {
                // The first message may fill the account already, and the binding does not look whether the engine could be had (rquickjs
                // 0.14.0 writes through the null). What the engine takes counts from its first turn on.
                self.account.lend_slack();
                let realm = Realm::prepare(self.config.extension, &self.account).ok_or_else(|| {
                    self.out_of_memory("the engine itself does not fit into this sandbox's memory".into())
                })?;
                // SAFETY: as above.
                unsafe { *slot = realm };
            }
            // SAFETY: the pointer comes from `Realm::prepare` and is freed by `tear_down` alone.
            let realm = unsafe { &**slot };
            if !realm.is_taken() {
                // SAFETY: this sandbox owns it, and the caller took the state word.
                unsafe { realm.give_to(self) };
            }
            Ok(work(realm))
        }));
        outcome.unwrap_or_else(|_| {
            self.turn.detach();
            // The engine is left behind: after a panic inside, freeing it could meet an assertion.
            // SAFETY: as above.
            unsafe { *slot = std::ptr::null_mut() };
            Err(Failure::new(Code::Internal, "internal error: a panic inside the sandbox; please report it"))
        })
    }

    pub(crate) fn tear_down(&self) {
        self.turn.detach();
        // SAFETY: the caller owns the state word.
        let realm = unsafe { std::ptr::replace(self.realm.get(), std::ptr::null_mut()) };
        if !realm.is_null() {
            // A panic while freeing leaks the rest; there is nobody left to tell.
            // SAFETY: the pointer comes from `Realm::prepare`, and nobody else has it any more.
            let dispose = std::panic::AssertUnwindSafe(|| unsafe { Realm::dispose(realm) });
            let _ = std::panic::catch_unwind(dispose);
        }
        self.settle_closers();
    }

    pub(crate) fn settle_closers(&self) {
        let closers = {
            let mut inbox = self.lock();
            inbox.mail.clear();
            self.state.store(State::Gone as u8, SeqCst);
            std::mem::take(&mut inbox.closers)
        };
        self.answer_closers(closers);
    }

    pub(crate) fn answer_closers(&self, closers: Vec<Ticket>) {
        if !closers.is_empty() {
            let done = |ticket| Event::Settled { ticket, outcome: Ok(Payload::undefined()) };
            self.config.host.deliver(closers.into_iter().map(done).collect());
        }
    }

    /// Runs a synchronous call on, from its first turn where there is a `start`. The engine is given back where the call is over.
    pub(crate) fn run_sync(&self, ticket: Ticket, deadline: Nanos, start: Option<SyncStart>) -> SyncProgress {
        // One loan for the first turn, the turns after it and the end: a panic in any of them ends the sandbox.
        match self.with_realm(|realm| realm.run_sync(ticket, deadline, start)) {
            Ok(SyncStep::HostCalls(calls)) => SyncProgress::HostCalls(calls),
            Ok(SyncStep::Over(outcome)) => {
                self.leave();
                SyncProgress::Done(outcome.unwrap_or_else(|| Err(closed(self.lock().doom.as_ref()))))
            }
            Err(failure) => self.abandon_sync(ticket, failure),
        }
    }

    fn abandon_sync(&self, ticket: Ticket, failure: Failure) -> SyncProgress {
        self.claim(ticket);
        let message = failure.message.clone();
        let code = failure.code;
        self.die(failure);
        self.leave();
        SyncProgress::Done(Err(Failure::new(code, message)))
    }
}
