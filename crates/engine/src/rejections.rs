//! Promises that are rejected without a handler: held until the turn is over, reported if still unhandled then.
//!
//! Where guest code listens for reports, it hears of them first: `guest:uncaught` fires the events of the HTML standard, and what a
//! listener prevents is not reported. The listeners run inside the turn, under its limits.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::Ordering::Relaxed;

use rquickjs::qjs;

use crate::realm::Realm;

/// More of them in one turn are counted, not reported one by one.
const REPORTED_PER_TURN: usize = 50;
/// Listeners that reject promises of their own are asked again so often in one turn.
const ROUNDS: usize = 16;
/// The guest module with the events.
const MODULE: &str = "guest:uncaught";

#[derive(Default)]
pub(crate) struct Rejections {
    held: RefCell<Vec<(qjs::JSValue, qjs::JSValue)>>,
    beyond: Cell<u64>,
    /// Promises that got a handler after their turn, while guest code listens.
    late: RefCell<Vec<qjs::JSValue>>,
    /// Whether guest code listens for reports.
    wanted: Cell<bool>,
    /// The promise that listeners are being told of; null once it has a handler.
    told: Cell<*mut c_void>,
}

pub(crate) unsafe extern "C" fn on_rejection(
    cx: *mut qjs::JSContext,
    promise: qjs::JSValue,
    reason: qjs::JSValue,
    is_handled: bool,
    opaque: *mut c_void,
) {
    // SAFETY: `Realm::install` put the realm here; the engine calls under the lock with live values.
    unsafe {
        let realm = &*opaque.cast::<Realm>();
        if is_handled {
            realm.rejections.handled(cx, promise);
        } else if !realm.is_ending() {
            realm.rejections.hold(cx, promise, reason);
        }
    }
}

unsafe fn same(a: qjs::JSValue, b: qjs::JSValue) -> bool {
    // SAFETY: promises are objects.
    unsafe { qjs::JS_VALUE_GET_PTR(a) == qjs::JS_VALUE_GET_PTR(b) }
}

impl Rejections {
    unsafe fn hold(&self, cx: *mut qjs::JSContext, promise: qjs::JSValue, reason: qjs::JSValue) {
        let mut held = self.held.borrow_mut();
        if held.len() >= REPORTED_PER_TURN {
            self.beyond.set(self.beyond.get() + 1);
            return;
        }
        // SAFETY: the caller's: live values, under the lock.
        held.push(unsafe { (qjs::JS_DupValue(cx, promise), qjs::JS_DupValue(cx, reason)) });
    }

    unsafe fn handled(&self, cx: *mut qjs::JSContext, promise: qjs::JSValue) {
        let found = {
            let mut held = self.held.borrow_mut();
            // SAFETY: both are promises.
            let position = held.iter().position(|(other, _)| unsafe { same(*other, promise) });
            position.map(|position| held.swap_remove(position))
        };
        // SAFETY: promises are objects; the list owned one reference of each, the other one gets one.
        unsafe {
            if let Some((promise, reason)) = found {
                qjs::JS_FreeValue(cx, promise);
                qjs::JS_FreeValue(cx, reason);
            } else if self.told.get() == qjs::JS_VALUE_GET_PTR(promise) {
                self.told.set(null_mut());
            } else if self.wanted.get() && self.late.borrow().len() < REPORTED_PER_TURN {
                self.late.borrow_mut().push(qjs::JS_DupValue(cx, promise));
            }
        }
    }

    /// From now on guest code listens.
    pub(crate) fn want(&self) {
        self.wanted.set(true);
    }

    /// Drops what is held without a report.
    pub(crate) fn forget(&self, cx: *mut qjs::JSContext) {
        self.beyond.set(0);
        for promise in self.late.take() {
            // SAFETY: under the lock; the list owned one reference.
            unsafe { qjs::JS_FreeValue(cx, promise) };
        }
        for (promise, reason) in self.held.take() {
            // SAFETY: under the lock; the list owned one reference of each.
            unsafe {
                qjs::JS_FreeValue(cx, promise);
                qjs::JS_FreeValue(cx, reason);
            }
        }
    }

    /// # Safety
    /// Under the lock of the engine that the values belong to.
    pub(crate) unsafe fn clear(&self, cx: *mut qjs::JSContext) {
        self.forget(cx);
    }
}

impl Realm {
    /// Calls a function of the module with the events; whether it answered `true`.
    fn tell(&self, function: &CStr, args: &mut [qjs::JSValue]) -> bool {
        // SAFETY: under the lock; every value made here is freed, the arguments stay the caller's.
        unsafe {
            let exports = self.modules.import(self.cx, self, MODULE);
            if qjs::JS_IsException(exports) {
                self.forget_unless_ending();
                return false;
            }
            let function = qjs::JS_GetPropertyStr(self.cx, exports, function.as_ptr());
            let count = args.len() as c_int;
            let answer = qjs::JS_Call(self.cx, function, qjs::JS_UNDEFINED, count, args.as_mut_ptr());
            if qjs::JS_IsException(answer) {
                self.forget_unless_ending();
            }
            let is_true = qjs::JS_IsBool(answer) && qjs::JS_VALUE_GET_BOOL(answer);
            for value in [answer, function, exports] {
                self.free(value);
            }
            is_true
        }
    }

    /// Tells listeners of an error that nobody caught; whether one of them took it.
    pub(crate) fn is_taken_by_listener(&self, error: qjs::JSValue) -> bool {
        self.rejections.wanted.get() && !self.is_ending() && self.tell(c"dispatchError", &mut [error])
    }

    /// Tells listeners of the promises that are unhandled, or were handled late, at the end of a turn's jobs.
    pub(crate) fn tell_of_rejections(&self) {
        if !self.rejections.wanted.get() {
            return;
        }
        for _ in 0..ROUNDS {
            let held = self.rejections.held.take();
            let late = self.rejections.late.take();
            if held.is_empty() && late.is_empty() {
                return;
            }
            for promise in late {
                if !self.is_ending() {
                    // SAFETY: under the lock, on a live promise.
                    let reason = unsafe { qjs::JS_PromiseResult(self.cx, promise) };
                    self.tell(c"dispatchHandled", &mut [promise, reason]);
                    self.free(reason);
                }
                self.free(promise);
            }
            for (promise, reason) in held {
                if !self.is_ending() {
                    self.tell_of_rejection(promise, reason);
                }
                self.free(promise);
                self.free(reason);
            }
            self.run_jobs();
        }
    }

    fn tell_of_rejection(&self, promise: qjs::JSValue, reason: qjs::JSValue) {
        // SAFETY: a promise is an object; its address is compared only.
        let address = unsafe { qjs::JS_VALUE_GET_PTR(promise) };
        self.rejections.told.set(address);
        let is_taken = self.tell(c"dispatchUnhandled", &mut [promise, reason]);
        let is_handled = self.rejections.told.replace(null_mut()).is_null();
        if is_handled {
            return;
        }
        self.tell(c"remember", &mut [promise]);
        if !is_taken {
            self.shared().counters.rejections.fetch_add(1, Relaxed);
            self.report("Uncaught (in promise)", reason);
        }
    }

    /// Reports the promises that are still unhandled at the end of a turn.
    pub(crate) fn report_rejections(&self) {
        let held = self.rejections.held.take();
        let beyond = self.rejections.beyond.replace(0);
        if held.is_empty() && beyond == 0 {
            return;
        }
        self.shared().counters.rejections.fetch_add(held.len() as u64 + beyond, Relaxed);
        for (promise, reason) in held {
            self.report("Uncaught (in promise)", reason);
            self.free(promise);
            self.free(reason);
        }
        if beyond > 0 {
            self.write_text("error", format!("{beyond} more promises were rejected without a handler in this turn."));
        }
    }
}
