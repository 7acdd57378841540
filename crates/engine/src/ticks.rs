//! What runs before promise jobs: `process.nextTick`.
//!
//! As in Node, what is queued while the turn's own code runs is called before the first microtask, what microtasks queue when there are none
//! left. The queue is an array of the engine's, so that it counts as the guest's memory.

use std::cell::Cell;
use std::ffi::c_int;
use std::ptr::null_mut;

use rquickjs::qjs;

use crate::realm::Realm;

pub(crate) struct Ticks {
    /// `undefined` while nothing waits.
    queue: Cell<qjs::JSValue>,
    count: Cell<u32>,
}

impl Default for Ticks {
    fn default() -> Self {
        Self { queue: Cell::new(qjs::JS_UNDEFINED), count: Cell::new(0) }
    }
}

impl Ticks {
    /// Queues a function; `false` with a pending exception where there is no memory for it. Takes over `run`.
    ///
    /// # Safety
    /// A live context under its lock.
    pub(crate) unsafe fn push(&self, cx: *mut qjs::JSContext, run: qjs::JSValue) -> bool {
        // SAFETY: the caller's contract; the queue owns its array, the array owns `run`.
        unsafe {
            if qjs::JS_IsUndefined(self.queue.get()) {
                let queue = qjs::JS_NewArray(cx);
                if qjs::JS_IsException(queue) {
                    qjs::JS_FreeValue(cx, run);
                    return false;
                }
                self.queue.set(queue);
            }
            let index = self.count.get();
            let flags = qjs::JS_PROP_C_W_E as c_int;
            let pushed = qjs::JS_DefinePropertyValueUint32(cx, self.queue.get(), index, run, flags) >= 0;
            if pushed {
                self.count.set(index + 1);
            }
            pushed
        }
    }

    fn is_empty(&self) -> bool {
        self.count.get() == 0
    }

    /// # Safety
    /// A live context under its lock.
    pub(crate) unsafe fn clear(&self, cx: *mut qjs::JSContext) {
        self.count.set(0);
        // SAFETY: the caller's contract; the queue owned one reference.
        unsafe { qjs::JS_FreeValue(cx, self.queue.replace(qjs::JS_UNDEFINED)) };
    }
}

impl Realm {
    /// Calls what waits, and what that queues, until nothing does or the turn is to end; whether there was anything.
    pub(crate) fn run_ticks(&self) -> bool {
        let busy = !self.ticks.is_empty();
        while !self.ticks.is_empty() && !self.is_ending() {
            let count = self.ticks.count.replace(0);
            let queue = self.ticks.queue.replace(qjs::JS_UNDEFINED);
            for index in 0..count {
                if self.is_ending() {
                    break;
                }
                // SAFETY: under the lock; the function is freed after its call.
                unsafe {
                    let run = qjs::JS_GetPropertyUint32(self.cx, queue, index);
                    let result = qjs::JS_Call(self.cx, run, qjs::JS_UNDEFINED, 0, null_mut());
                    if qjs::JS_IsException(result) {
                        self.report_pending();
                    }
                    self.free(result);
                    self.free(run);
                }
            }
            self.free(queue);
        }
        busy
    }
}
