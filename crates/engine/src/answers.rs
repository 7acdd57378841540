//! Answers: when a call's value is there, and that it is given once.

use std::sync::atomic::Ordering::Relaxed;

use rquickjs::qjs;

use crate::mail::{Event, Failure, Ticket};
use crate::payload::Payload;
use crate::realm::{Current, Realm};

impl Realm {
    pub(crate) fn settle_in_own_turn(&self, ticket: Ticket) {
        let Some((deadline, plugin)) =
            self.scopes.borrow().get(&ticket).map(|scope| (scope.deadline, scope.plugin.clone()))
        else {
            return;
        };
        self.turn(Current { scope: ticket, plugin, level: 0 }, deadline, |_| ());
    }

    /// Answers the call if its value is there. Whether guest code may have run.
    pub(crate) fn try_settle(&self, ticket: Ticket) -> bool {
        if self.is_ending() {
            return false;
        }
        let cx = self.cx;
        let value = {
            let mut scopes = self.scopes.borrow_mut();
            let Some(scope) = scopes.get_mut(&ticket) else { return false };
            // SAFETY: under the lock, on the value that the scope owns.
            let state = unsafe { qjs::JS_PromiseState(cx, scope.value) };
            match state {
                qjs::JSPromiseStateEnum_JS_PROMISE_PENDING => {
                    if !std::mem::replace(&mut scope.attached, true) {
                        let promise = scope.value;
                        drop(scopes);
                        self.attach(promise, ticket);
                    }
                    return false;
                }
                qjs::JSPromiseStateEnum_JS_PROMISE_NOT_A_PROMISE => {
                    Ok(std::mem::replace(&mut scope.value, qjs::JS_UNDEFINED))
                }
                state => {
                    // SAFETY: as above; the promise is given up so that its value may have no other owner.
                    let result = unsafe {
                        let result = qjs::JS_PromiseResult(cx, scope.value);
                        qjs::JS_FreeValue(cx, std::mem::replace(&mut scope.value, qjs::JS_UNDEFINED));
                        result
                    };
                    if state == qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED { Ok(result) } else { Err(result) }
                }
            }
        };
        let outcome = match value {
            Ok(value) => self.conclude(ticket, value),
            Err(error) => Err(self.failure_of(ticket, error)),
        };
        if !self.is_ending() {
            self.answer(ticket, outcome);
            self.drop_scope(ticket);
        }
        true
    }

    /// Has `ready` told when the promise settles.
    fn attach(&self, promise: qjs::JSValue, ticket: Ticket) {
        let cx = self.cx;
        // SAFETY: under the lock; the functions' and the derived promise's references are given back here.
        unsafe {
            let mut data = [qjs::JS_NewFloat64(ticket_number(ticket))];
            let settled = qjs::JS_NewCFunctionData(cx, Some(on_settled), 0, 0, 1, data.as_mut_ptr());
            let derived = qjs::JS_PromiseThen(cx, promise, settled, settled);
            if qjs::JS_IsException(derived) {
                // Nothing would ever tell of the promise's end.
                let failure = self.pending_failure(ticket);
                self.answer(ticket, Err(failure));
                self.drop_scope(ticket);
            } else {
                qjs::JS_PromiseMarkAsHandled(cx, derived);
            }
            self.free(derived);
            self.free(settled);
        }
    }

    /// Gives a call its answer, once.
    pub(crate) fn answer(&self, ticket: Ticket, outcome: Result<Payload, Failure>) {
        let shared = self.shared();
        if !shared.claim(ticket) {
            shared.counters.dropped.fetch_add(1, Relaxed);
            return;
        }
        shared.counters.settled(outcome.as_ref().err().map(|failure| failure.code));
        let mut sync = self.sync.borrow_mut();
        match &mut *sync {
            Some(call) if call.ticket == ticket => call.outcome = Some(outcome),
            _ => {
                drop(sync);
                self.emit(Event::Settled { ticket, outcome });
            }
        }
    }
}

/// Tickets are counted from one by the process: a float holds them exactly for longer than any process lives.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn ticket_number(ticket: Ticket) -> f64 {
    ticket as f64
}

unsafe extern "C" fn on_settled(
    cx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    _argc: i32,
    _argv: *mut qjs::JSValue,
    _magic: i32,
    data: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: called by the engine with the data that `attach` gave.
    unsafe {
        let mut ticket = 0.0;
        qjs::JS_ToFloat64(cx, &raw mut ticket, *data);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "made by ticket_number")]
        Realm::of(cx).ready.borrow_mut().push(ticket as Ticket);
    }
    qjs::JS_UNDEFINED
}
