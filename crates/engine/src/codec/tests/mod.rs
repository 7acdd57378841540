//! Behaviour of the codec against a real engine. Dropping the runtime is the leak check: it asserts on objects left over.

#![expect(clippy::undocumented_unsafe_blocks, reason = "each test holds the lock of its own runtime throughout")]

mod buffers;
mod errors;
mod hostile;
mod json;
mod malformed;
mod refusals;
mod round_trips;

use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rquickjs::{Context, Runtime};

use rquickjs::qjs;
use rquickjs::qjs::JSValue;

use super::blocks::take_block;
use super::raw::*;
use super::*;
use crate::payload::Payload;

/// An account with a limit.
struct Purse {
    used: AtomicUsize,
    limit: usize,
}

impl Charge for Purse {
    fn try_charge(&self, bytes: usize) -> bool {
        self.used.fetch_update(Relaxed, Relaxed, |used| (used + bytes <= self.limit).then_some(used + bytes)).is_ok()
    }

    fn release(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Relaxed);
    }
}

/// A clone of `value` by way of a payload, as the guest's `structuredClone` makes it.
unsafe fn structured_clone(cx: Cx, intrinsics: &Intrinsics, value: JSValue) -> JSValue {
    let mut payload = Payload::default();
    unsafe {
        encode(cx, intrinsics, value, &EncodeOptions::default(), &mut payload).unwrap();
        decode(cx, intrinsics, payload).unwrap()
    }
}

/// An engine with captured intrinsics.
struct World {
    cx: Cx,
    intrinsics: Intrinsics,
    purse: Arc<Purse>,
}

/// Runs `test` in an engine of its own, and sees that nothing is left over.
fn world(test: impl FnOnce(&World)) {
    let runtime = Runtime::new().unwrap();
    let context = Context::full(&runtime).unwrap();
    let purse = Arc::new(Purse { used: AtomicUsize::new(0), limit: 64 << 20 });
    let result = context.with(|ctx| unsafe {
        let cx = ctx.as_raw().as_ptr();
        let intrinsics = Intrinsics::capture(cx, Some(purse.clone()));
        let world = World { cx, intrinsics, purse: purse.clone() };
        // What failed is told before the engine can abort over what that left behind.
        let result = catch_unwind(AssertUnwindSafe(|| test(&world)));
        world.intrinsics.free(cx);
        result
    });
    if let Err(panic) = result {
        resume_unwind(panic);
    }
    drop(context);
    drop(runtime);
    assert_eq!(purse.used.load(Relaxed), 0, "bytes still charged");
}

impl World {
    fn eval(&self, source: &str) -> Owned {
        let text = CString::new(source).unwrap();
        unsafe {
            let flags = qjs::JS_EVAL_TYPE_GLOBAL as i32;
            let value = qjs::JS_Eval(self.cx, text.as_ptr(), source.len() as _, c"test.js".as_ptr(), flags);
            if is_exception(value) {
                let error = Owned::new(self.cx, qjs::JS_GetException(self.cx));
                panic!("{:?}: {source}", describe_error(self.cx, &self.intrinsics, error.raw()));
            }
            Owned::new(self.cx, value)
        }
    }

    fn is_true(&self, source: &str) {
        let value = self.eval(source);
        assert!(tag_of(value.raw()) == qjs::JS_TAG_BOOL && unsafe { qjs::JS_VALUE_GET_BOOL(value.raw()) }, "{source}");
    }

    fn used(&self) -> usize {
        self.purse.used.load(Relaxed)
    }

    fn set_global(&self, name: &str, value: Owned) {
        let name = CString::new(name).unwrap();
        unsafe {
            let global = Owned::new(self.cx, qjs::JS_GetGlobalObject(self.cx));
            let status = qjs::JS_DefinePropertyValueStr(
                self.cx,
                global.raw(),
                name.as_ptr(),
                value.into_raw(),
                qjs::JS_PROP_C_W_E as i32,
            );
            assert_eq!(status, 1);
        }
    }

    fn encode(&self, value: &Owned) -> Result<Payload, EncodeError> {
        self.encode_with(value, &EncodeOptions { root: "result", ..EncodeOptions::default() })
    }

    fn encode_with(&self, value: &Owned, options: &EncodeOptions<'_>) -> Result<Payload, EncodeError> {
        let mut payload = Payload::default();
        unsafe { encode(self.cx, &self.intrinsics, value.raw(), options, &mut payload) }.map(|()| payload)
    }

    fn decode(&self, payload: Payload) -> Result<Owned, DecodeError> {
        unsafe { decode(self.cx, &self.intrinsics, payload).map(|value| Owned::new(self.cx, value)) }
    }

    /// Clones what `source` gives and runs `check` with the original as `v` and the clone as `c`.
    fn round_trip(&self, source: &str, check: &str) {
        let value = self.eval(&format!("globalThis.v = ({source})"));
        let payload = self.encode(&value).unwrap_or_else(|error| panic!("{source}: {error}"));
        drop(value);
        let clone = self.decode(payload).unwrap_or_else(|error| panic!("{source}: {error}"));
        self.set_global("c", clone);
        self.is_true(check);
    }

    /// The refusal that encoding `source` meets.
    fn refusal(&self, source: &str) -> String {
        match self.encode(&self.eval(source)) {
            Err(EncodeError::Refused { path, what }) => format!("{path}: {what}"),
            other => panic!("{source}: {other:?}"),
        }
    }

    /// Takes the pending exception's text.
    fn exception(&self) -> String {
        unsafe {
            let error = Owned::new(self.cx, qjs::JS_GetException(self.cx));
            let error = describe_error(self.cx, &self.intrinsics, error.raw());
            format!("{}: {}", error.name, error.message)
        }
    }
}
