//! Synchronous calls: turns on the thread of the caller, with host functions between them.

use crate::account::MessageCharge;
use crate::clock::{NEVER, Nanos, now};
use crate::mail::{Code, Event, Failure, Request, Ticket};
use crate::ops::OpKind;
use crate::payload::Payload;
use crate::realm::{Realm, SyncCall};

/// A synchronous call sees a guest stack of at least this.
const LEAST_STACK: usize = 64 << 10;
/// What native code below the guest needs of the calling thread's stack.
const STACK_RESERVE: usize = 256 << 10;

/// What a synchronous call begins with.
pub(crate) struct SyncStart {
    pub(crate) request: Request,
    pub(crate) charge: Option<MessageCharge>,
    /// Bytes of stack that the calling thread has left.
    pub(crate) stack: usize,
    pub(crate) now: Nanos,
}

/// Where a synchronous call stands.
pub(crate) enum SyncStep {
    /// It waits for host functions.
    HostCalls(Vec<Event>),
    /// It is over; without an outcome where the sandbox is.
    Over(Option<Result<Payload, Failure>>),
}

impl Realm {
    /// Runs until the call is over or waits for host functions.
    pub(crate) fn run_sync(&self, ticket: Ticket, deadline: Nanos, start: Option<SyncStart>) -> SyncStep {
        self.locked(|| {
            if let Some(start) = start {
                self.begin_sync(ticket, deadline, start);
            }
            match self.go_on_sync(ticket, deadline) {
                Some(calls) => SyncStep::HostCalls(calls),
                None => SyncStep::Over(self.end_sync(ticket)),
            }
        })
    }

    /// The first turn of a synchronous call, on the caller's own thread.
    fn begin_sync(&self, ticket: Ticket, deadline: Nanos, start: SyncStart) {
        let SyncStart { request, charge, stack, now } = start;
        *self.sync.borrow_mut() = Some(SyncCall { ticket, calls: Vec::new(), outcome: None });
        let usable = stack.saturating_sub(STACK_RESERVE).min(self.shared().config.limits.stack_bytes as usize);
        if usable < LEAST_STACK {
            let message =
                format!("a synchronous call needs {LEAST_STACK} bytes of stack; {usable} are left on this thread");
            self.answer(ticket, Err(Failure::new(Code::Limit, message).with_limit("stackBytes")));
            return;
        }
        self.set_stack(usable, stack);
        // From here on what the message holds counts as the guest's own, once.
        drop(charge);
        // The time that it takes to make the engine is not the first turn's.
        if self.ended.get() != 0 {
            self.time.set(now);
        }
        self.begin_call(ticket, deadline, request);
    }

    /// Runs until the call is answered (`None`) or waits for host functions.
    fn go_on_sync(&self, ticket: Ticket, deadline: Nanos) -> Option<Vec<Event>> {
        loop {
            self.settle_ready();
            if self.sync_is_over(ticket) {
                return None;
            }
            let calls = self.sync.borrow_mut().as_mut().map(|call| std::mem::take(&mut call.calls));
            if let Some(calls) = calls.filter(|calls| !calls.is_empty()) {
                return Some(calls);
            }
            if self.round() {
                continue;
            }
            let until = {
                let due = self.timers.borrow_mut().due();
                due.unwrap_or(NEVER).min(deadline)
            };
            if let Some(failure) = self.cannot_go_on(ticket) {
                self.answer(ticket, Err(failure));
                self.cancel_scope(ticket);
                self.drop_scope(ticket);
                return None;
            }
            self.shared().wait_for_mail(until);
            if now() >= deadline {
                self.answer(ticket, Err(self.shared().deadline_failure(ticket)));
                self.cancel_scope(ticket);
                self.drop_scope(ticket);
                return None;
            }
        }
    }

    fn sync_is_over(&self, ticket: Ticket) -> bool {
        let answered = self.sync.borrow().as_ref().is_none_or(|call| call.outcome.is_some());
        answered || !self.shared().is_open() || !self.shared().is_waiting(ticket)
    }

    /// Why nothing but Node's event loop could settle the call, which waits for this very thread.
    fn cannot_go_on(&self, ticket: Ticket) -> Option<Failure> {
        // Timers that other calls left behind may settle it too, but are no reason to hold Node's thread.
        if self.timers.borrow().has(ticket) {
            return None;
        }
        let ops = self.ops.borrow();
        let mut host = None;
        for kind in ops.kinds() {
            match kind {
                OpKind::Native => return None,
                OpKind::Host(name) => host = Some(name.clone()),
            }
        }
        let message = match host {
            Some(name) => format!(
                "the result waits for the host function '{name}', whose promise only the event loop can settle; use the asynchronous call"
            ),
            None => "the result is a promise that nothing can settle any more".into(),
        };
        Some(Failure::new(Code::Async, message))
    }

    /// The outcome of a synchronous call, and back to the asynchronous ways.
    fn end_sync(&self, ticket: Ticket) -> Option<Result<Payload, Failure>> {
        let call = self.sync.borrow_mut().take()?;
        for event in call.calls {
            self.emit(event);
        }
        self.cancel_unanswered(ticket);
        self.flush();
        self.set_alarm();
        call.outcome
    }

    fn cancel_unanswered(&self, ticket: Ticket) {
        if self.scopes.borrow().contains_key(&ticket) {
            self.cancel_scope(ticket);
            self.drop_scope(ticket);
        }
    }
}
