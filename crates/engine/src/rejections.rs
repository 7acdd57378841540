//! Promises that are rejected without a handler: held until the turn is over, reported if still unhandled then.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::atomic::Ordering::Relaxed;

use rquickjs::qjs;

use crate::realm::Realm;

/// More of them in one turn are counted, not reported one by one.
const REPORTED_PER_TURN: usize = 50;

#[derive(Default)]
pub(crate) struct Rejections {
    held: RefCell<Vec<(qjs::JSValue, qjs::JSValue)>>,
    beyond: Cell<u64>,
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
        if let Some((promise, reason)) = found {
            // SAFETY: the list owned one reference of each.
            unsafe {
                qjs::JS_FreeValue(cx, promise);
                qjs::JS_FreeValue(cx, reason);
            }
        }
    }

    /// Drops what is held without a report.
    pub(crate) fn forget(&self, cx: *mut qjs::JSContext) {
        self.beyond.set(0);
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
