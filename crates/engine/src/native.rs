//! Native functions as guest modules call them.
//!
//! A panic in one ends the sandbox, not the process: it is caught at the border to C, and the guest sees an `InternalError` that it
//! cannot catch.

use std::any::Any;
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use hostbox_buffers::{Block, text};
use rquickjs::{Ctx, Error, Value, qjs};

use crate::account::Charge;
use crate::codec;
use crate::extension::Native;
use crate::ops::{Completer, ErrorClass, OpError, OpKind, OpOutcome};
use crate::realm::Realm;
use crate::report::ConsoleWriter;

/// One call of a native function.
pub struct Call<'a, 'js> {
    ctx: Ctx<'js>,
    args: &'a [qjs::JSValue],
    realm: &'a Realm,
}

/// Memory of a sandbox, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// The engine's heap.
    pub heap: usize,
    /// Everything that counts towards the limit.
    pub used: usize,
    /// The limit.
    pub limit: usize,
}

pub(crate) unsafe fn new_native(cx: *mut qjs::JSContext, native: &'static Native) -> qjs::JSValue {
    let opaque = std::ptr::from_ref(native).cast_mut().cast::<c_void>();
    // SAFETY: the caller's: a live context under its lock. The native function is static, so nothing has to be finalized.
    unsafe { qjs::JS_NewCClosure(cx, Some(enter), native.name.as_ptr(), None, native.length, 0, opaque) }
}

unsafe extern "C" fn enter(
    cx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    _magic: c_int,
    opaque: *mut c_void,
) -> qjs::JSValue {
    // SAFETY: `new_native` put a static function here.
    let native = unsafe { &*opaque.cast::<Native>() };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let args = match usize::try_from(argc) {
            // SAFETY: the engine passes `argc` values that live as long as the call.
            Ok(count) if count > 0 => unsafe { std::slice::from_raw_parts(argv, count) },
            _ => &[],
        };
        // SAFETY: the engine passes the running context, which is never null.
        let ctx = unsafe { Ctx::from_raw(NonNull::new_unchecked(cx)) };
        // SAFETY: the realm outlives its context.
        let Some(realm) = (unsafe { Realm::find(cx) }) else { return Err(Error::Unknown) };
        let call = Call { ctx, args, realm };
        // SAFETY: the reference of the result moves to the engine.
        (native.run)(&call).map(|value| unsafe { into_raw(value) })
    }));
    match outcome {
        Ok(Ok(value)) => value,
        // SAFETY: the live context of this call.
        Ok(Err(error)) => unsafe { raise(cx, &error) },
        // SAFETY: as above.
        Err(_) => unsafe {
            if let Some(realm) = Realm::find(cx) {
                realm.shared().turn.condemn(crate::turn::Verdict::Closed);
                realm.panicked();
            }
            qjs::JS_ThrowInternalError(cx, c"internal error".as_ptr())
        },
    }
}

unsafe fn raise(cx: *mut qjs::JSContext, error: &Error) -> qjs::JSValue {
    if matches!(error, Error::Exception) {
        return qjs::JS_EXCEPTION;
    }
    let message = std::ffi::CString::new(error.to_string()).unwrap_or_default();
    // SAFETY: the live context of the call; the format takes one string.
    unsafe { qjs::JS_ThrowTypeError(cx, c"%s".as_ptr(), message.as_ptr()) }
}

/// Gives up the handle and keeps its reference.
pub(crate) unsafe fn into_raw(value: Value<'_>) -> qjs::JSValue {
    let raw = value.as_raw();
    // SAFETY: one reference for the caller; dropping the handle gives back its own.
    unsafe { qjs::JS_DupValue(value.ctx().as_raw().as_ptr(), raw) }
}

impl<'js> Call<'_, 'js> {
    /// The context.
    pub fn ctx(&self) -> &Ctx<'js> {
        &self.ctx
    }

    pub(crate) fn realm(&self) -> &Realm {
        self.realm
    }

    pub(crate) fn cx(&self) -> *mut qjs::JSContext {
        self.ctx.as_raw().as_ptr()
    }

    /// The argument at `index`; `undefined` where there is none.
    pub fn arg(&self, index: usize) -> Value<'js> {
        let raw = self.raw_arg(index);
        // SAFETY: the handle gets a reference of its own.
        unsafe { Value::from_raw(self.ctx.clone(), qjs::JS_DupValue(self.cx(), raw)) }
    }

    fn raw_arg(&self, index: usize) -> qjs::JSValue {
        self.args.get(index).copied().unwrap_or(qjs::JS_UNDEFINED)
    }

    /// Whether the argument is missing or `undefined`.
    pub fn is_undefined(&self, index: usize) -> bool {
        self.arg(index).is_undefined()
    }

    /// The argument as a string, lone surrogates replaced.
    ///
    /// # Errors
    /// What its conversion throws.
    pub fn string(&self, index: usize) -> rquickjs::Result<String> {
        let mut length: qjs::size_t = 0;
        // SAFETY: a live value of this context; the bytes are copied before they are freed.
        unsafe {
            let bytes = qjs::JS_ToCStringLen2(self.cx(), &raw mut length, self.raw_arg(index), false);
            if bytes.is_null() {
                return Err(Error::Exception);
            }
            let slice = std::slice::from_raw_parts(bytes.cast::<u8>(), length as usize);
            let text = text(slice).into_owned();
            qjs::JS_FreeCString(self.cx(), bytes);
            Ok(text)
        }
    }

    /// Lends the argument as UTF-8. Where the string has lone surrogates these bytes are not well formed.
    ///
    /// # Errors
    /// What its conversion throws.
    pub fn with_utf8<R>(&self, index: usize, read: impl FnOnce(&[u8]) -> R) -> rquickjs::Result<R> {
        let mut length: qjs::size_t = 0;
        // SAFETY: a live value of this context; the bytes are lent until `read` is over and freed then.
        unsafe {
            let bytes = qjs::JS_ToCStringLen2(self.cx(), &raw mut length, self.raw_arg(index), false);
            if bytes.is_null() {
                return Err(Error::Exception);
            }
            let result = read(std::slice::from_raw_parts(bytes.cast::<u8>(), length as usize));
            qjs::JS_FreeCString(self.cx(), bytes);
            Ok(result)
        }
    }

    /// Lends the code units of the argument as a string, lone surrogates and all.
    ///
    /// # Errors
    /// What its conversion throws.
    pub fn with_utf16<R>(&self, index: usize, read: impl FnOnce(&[u16]) -> R) -> rquickjs::Result<R> {
        let mut length: qjs::size_t = 0;
        // SAFETY: a live value of this context; the units are lent until `read` is over and freed then.
        unsafe {
            let units = qjs::JS_ToCStringLenUTF16(self.cx(), &raw mut length, self.raw_arg(index));
            if units.is_null() {
                return Err(Error::Exception);
            }
            let result = read(std::slice::from_raw_parts(units, length as usize));
            qjs::JS_FreeCStringUTF16(self.cx(), units);
            Ok(result)
        }
    }

    /// A string of these code units, lone surrogates and all.
    ///
    /// # Errors
    /// An exception where memory is short or the string too long.
    pub fn utf16_string(&self, units: &[u16]) -> rquickjs::Result<Value<'js>> {
        // SAFETY: a live context; the units are copied, the string's reference moves to the handle.
        unsafe {
            let string = qjs::JS_NewStringUTF16(self.cx(), units.as_ptr(), units.len() as qjs::size_t);
            if qjs::JS_IsException(string) {
                Err(Error::Exception)
            } else {
                Ok(Value::from_raw(self.ctx.clone(), string))
            }
        }
    }

    /// The argument as a number.
    ///
    /// # Errors
    /// What its conversion throws.
    pub fn number(&self, index: usize) -> rquickjs::Result<f64> {
        let mut number = 0.0;
        // SAFETY: a live value of this context.
        let status = unsafe { qjs::JS_ToFloat64(self.cx(), &raw mut number, self.raw_arg(index)) };
        if status < 0 { Err(Error::Exception) } else { Ok(number) }
    }

    /// The argument as a boolean.
    pub fn boolean(&self, index: usize) -> bool {
        // SAFETY: a live value of this context.
        unsafe { qjs::JS_ToBool(self.cx(), self.raw_arg(index)) > 0 }
    }

    /// Lends the bytes of an ArrayBuffer or a view to `read`. `None` for anything else and where the buffer is detached.
    pub fn with_bytes<R>(&self, index: usize, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        // SAFETY: no guest code runs inside `read`, so that nothing detaches or resizes the buffer.
        unsafe {
            let (start, length) = codec::bytes_of(self.cx(), &self.realm.intrinsics, self.raw_arg(index))?;
            Some(read(std::slice::from_raw_parts(start, length)))
        }
    }

    /// Lends the bytes of an ArrayBuffer or a view for writing, as `with_bytes` does for reading.
    pub fn with_bytes_mut<R>(&self, value: &Value<'js>, write: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
        bytes_mut(&self.ctx, value, write)
    }

    /// The state of the extension for this sandbox.
    pub fn data<T: Any>(&self) -> Option<&T> {
        self.realm.shared().config.data.downcast_ref()
    }

    /// The plugin whose code runs.
    pub fn plugin(&self) -> Option<Rc<str>> {
        self.realm.current_plugin()
    }

    /// Names of the host functions: those that were there from the start, and those that came later.
    pub fn bridge(&self) -> Vec<String> {
        let config = &self.realm.shared().config;
        let later = config.host.functions().into_iter().filter(|name| !config.bridge.contains(name));
        config.bridge.iter().cloned().chain(later).collect()
    }

    /// `undefined`
    pub fn undefined(&self) -> Value<'js> {
        Value::new_undefined(self.ctx.clone())
    }

    /// Throws an error of the guest's own kind.
    pub fn throw(&self, error: &OpError) -> Error {
        // SAFETY: a live context; the new error's reference moves to the pending exception.
        unsafe { qjs::JS_Throw(self.cx(), self.realm.new_error(error)) };
        Error::Exception
    }

    /// Throws a `DOMException` of the given name.
    pub fn throw_dom(&self, name: &str, message: &str) -> Error {
        // SAFETY: a live context; both strings end with a zero byte.
        unsafe { throw_dom(self.cx(), name, message) };
        Error::Exception
    }

    /// The longest that a call of the sandbox takes where its caller says nothing else.
    pub fn timeout(&self) -> std::time::Duration {
        self.realm.shared().config.limits.timeout
    }

    /// Whether the sandbox's memory has room for an ArrayBuffer of so many bytes; garbage is collected before it says no.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.realm.has_room(bytes)
    }

    /// Whether the running turn is past its limit. A native function that works long looks now and then, and gives up: the turn ends
    /// as soon as it returns.
    pub fn is_over(&self) -> bool {
        let turn = &self.realm.shared().turn;
        let is_over = turn.check().is_some();
        if is_over {
            turn.poke();
        }
        is_over
    }

    /// Reserves memory that natives will hold for the guest outside the engine's heap. Garbage is collected before it says no.
    ///
    /// # Errors
    /// A `RangeError` with `code: 'ERR_MEMORY'` where there is no room.
    pub fn charge(&self, bytes: usize) -> rquickjs::Result<Charge> {
        self.try_charge(bytes).map_err(|error| self.throw(&error))
    }

    /// As `charge`, for what answers with promises.
    ///
    /// # Errors
    /// That `RangeError`, not thrown yet.
    pub fn try_charge(&self, bytes: usize) -> Result<Charge, OpError> {
        let charge = if self.has_room(bytes) { self.realm.shared().account.charge_held(bytes) } else { None };
        charge.ok_or_else(|| {
            let message = format!("memoryBytes: there is no room for {bytes} bytes in this sandbox's memory");
            OpError { class: ErrorClass::Range, message, code: Some("ERR_MEMORY".into()), name: None }
        })
    }

    /// An empty reservation for the linear memories and tables of a WebAssembly module that runs for this guest.
    pub fn wasm_charge(&self) -> Charge {
        self.realm.shared().account.wasm_charge()
    }

    /// The sandbox's console, for what goes on for this guest on other threads.
    pub fn console_writer(&self) -> ConsoleWriter {
        self.realm.shared().console_writer()
    }

    /// An ArrayBuffer over memory of ours, which it takes over without a copy.
    ///
    /// # Errors
    /// An exception where the sandbox's memory does not allow it.
    pub fn array_buffer(&self, block: Block) -> rquickjs::Result<Value<'js>> {
        // SAFETY: a live context; the reference of the new buffer moves to the handle.
        unsafe {
            let buffer = self.realm.new_array_buffer(block);
            if qjs::JS_IsException(buffer) {
                Err(Error::Exception)
            } else {
                Ok(Value::from_raw(self.ctx.clone(), buffer))
            }
        }
    }

    /// Begins an operation that another thread completes: its promise, and what completes it. `held` is kept for `OpOutcome::Finish`.
    ///
    /// # Errors
    /// A `RangeError` with `code: 'ERR_LIMIT'` where `pendingOps` is reached.
    pub fn start(&self, held: Option<Value<'js>>) -> rquickjs::Result<(Value<'js>, Completer)> {
        // SAFETY: the held value's reference moves to the table, the promise's to the handle.
        let held = held.map_or(qjs::JS_UNDEFINED, |value| unsafe { into_raw(value) });
        let (promise, completer) = self.realm.start_op(OpKind::Native, held).map_err(|error| self.throw(&error))?;
        // SAFETY: as above.
        Ok((unsafe { Value::from_raw(self.ctx.clone(), promise) }, completer))
    }

    /// Begins an operation and does its work on a thread of the I/O runtime.
    ///
    /// # Errors
    /// As `start`.
    pub fn offload(
        &self,
        held: Option<Value<'js>>,
        work: impl FnOnce(&Completer) -> OpOutcome + Send + 'static,
    ) -> rquickjs::Result<Value<'js>> {
        let (promise, completer) = self.start(held)?;
        crate::clock::runtime().spawn_blocking(move || {
            if !completer.is_cancelled() {
                let outcome = work(&completer);
                completer.complete(outcome);
            } else {
                completer.complete(OpOutcome::Error(OpError::default()));
            }
        });
        Ok(promise)
    }

    /// Begins an operation that a future on the I/O runtime does, which must not block. The future is dropped as soon as nobody waits
    /// for it any more. It is polled once right here: what is ready crosses no thread.
    ///
    /// # Errors
    /// As `start`.
    pub fn spawn(
        &self,
        held: Option<Value<'js>>,
        work: impl Future<Output = OpOutcome> + Send + 'static,
    ) -> rquickjs::Result<Value<'js>> {
        let mut work = Box::pin(work);
        let runtime = crate::clock::runtime();
        {
            let _inside = runtime.enter();
            let mut cx = Context::from_waker(Waker::noop());
            if let Poll::Ready(outcome) = work.as_mut().poll(&mut cx) {
                return self.settle_now(held.as_ref(), outcome);
            }
        }
        let (promise, completer) = self.start(held)?;
        let op = completer.op();
        let task = runtime.spawn(async move { completer.complete(work.await) });
        self.realm.ops.borrow_mut().set_task(op, task.abort_handle());
        Ok(promise)
    }

    /// The promise of an operation that is over already.
    fn settle_now(&self, held: Option<&Value<'js>>, outcome: OpOutcome) -> rquickjs::Result<Value<'js>> {
        let raw = held.map_or(qjs::JS_UNDEFINED, Value::as_raw);
        // SAFETY: a live context; `held` lives until the end, and the references of the value and of its promise move to handles.
        unsafe {
            let (is_reject, value) = match self.realm.op_value(outcome, raw) {
                Ok(value) => (false, value),
                Err(error) => (true, error),
            };
            let value = Value::from_raw(self.ctx.clone(), value);
            let promise = qjs::JS_NewSettledPromise(self.cx(), is_reject, value.as_raw());
            if qjs::JS_IsException(promise) {
                Err(Error::Exception)
            } else {
                Ok(Value::from_raw(self.ctx.clone(), promise))
            }
        }
    }

    /// Calls a function of the host with an array of arguments; the promise of its answer.
    ///
    /// # Errors
    /// A `DOMException` for arguments that cannot cross, a `RangeError` where a limit is reached.
    pub fn call_host(&self, name: String, args: &Value<'js>) -> rquickjs::Result<Value<'js>> {
        // SAFETY: a live context; the promise's reference moves to the handle.
        unsafe {
            let promise = self.realm.call_host(name, args.as_raw());
            if qjs::JS_IsException(promise) {
                Err(Error::Exception)
            } else {
                Ok(Value::from_raw(self.ctx.clone(), promise))
            }
        }
    }

    /// Writes to the console. `args` is an array; what cannot cross is replaced by text.
    pub fn write_console(&self, level: &'static str, text: String, args: &Value<'js>, plugin: Option<String>) {
        self.realm.write_console(level, text, args.as_raw(), plugin);
    }

    /// Reports an error that nobody handled.
    pub fn report(&self, error: &Value<'js>) {
        self.realm.report_uncaught(error.as_raw());
    }

    /// From now on listeners of the guest's are told of errors and rejections that nobody handled, by `guest:uncaught`.
    pub fn listen_for_reports(&self) {
        self.realm.rejections.want();
    }

    /// A structured clone of a value. Buffers in `transfer` move.
    ///
    /// `platform`, where it is a function, is asked about each object that may be the platform's: its answer is the object's place
    /// in the array that `finish` gives when all else has succeeded, or a negative number.
    ///
    /// # Errors
    /// A `DataCloneError`, or what a getter or one of the functions throws.
    pub fn structured_clone(
        &self,
        value: &Value<'js>,
        transfer: &[Value<'js>],
        platform: &Value<'js>,
        finish: &Value<'js>,
    ) -> rquickjs::Result<Value<'js>> {
        let transfer: Vec<_> = transfer.iter().map(Value::as_raw).collect();
        // SAFETY: a live context; the clone's reference moves to the handle.
        unsafe {
            let clone = self.realm.structured_clone(value.as_raw(), &transfer, platform.as_raw(), finish.as_raw());
            if qjs::JS_IsException(clone) {
                Err(Error::Exception)
            } else {
                Ok(Value::from_raw(self.ctx.clone(), clone))
            }
        }
    }

    /// Runs `run` after `delay_ms`, again and again where `repeat`; the timer's id.
    ///
    /// # Errors
    /// A `RangeError` with `code: 'ERR_LIMIT'` where `pendingOps` is reached.
    pub fn start_timer(&self, delay_ms: f64, repeat: bool, run: Value<'js>) -> rquickjs::Result<u32> {
        // SAFETY: the callback's reference moves to the table.
        let run = unsafe { into_raw(run) };
        self.realm.start_timer(delay_ms, repeat, run).map_err(|error| self.throw(&error))
    }

    /// Forgets a timer.
    pub fn stop_timer(&self, id: u32) {
        self.realm.stop_timer(id);
    }

    /// Runs `run` after this turn; an id to forget it by.
    ///
    /// # Errors
    /// As `start_timer`.
    pub fn start_immediate(&self, run: Value<'js>) -> rquickjs::Result<u32> {
        // SAFETY: the callback's reference moves to the queue.
        let run = unsafe { into_raw(run) };
        self.realm.start_immediate(run).map_err(|error| self.throw(&error))
    }

    /// Forgets what `start_immediate` took.
    pub fn stop_immediate(&self, id: u32) {
        self.realm.stop_immediate(id);
    }

    /// A promise that is fulfilled already, or rejected where `outcome` is an error.
    ///
    /// # Errors
    /// An exception where memory is short.
    pub fn settled(&self, outcome: Result<Value<'js>, &OpError>) -> rquickjs::Result<Value<'js>> {
        // SAFETY: a live context; the value's own handle keeps it alive, the promise's reference moves to the new one.
        unsafe {
            let (is_reject, value) = match outcome {
                Ok(value) => (false, value),
                Err(error) => (true, Value::from_raw(self.ctx.clone(), self.realm.new_error(error))),
            };
            let promise = qjs::JS_NewSettledPromise(self.cx(), is_reject, value.as_raw());
            if qjs::JS_IsException(promise) {
                Err(Error::Exception)
            } else {
                Ok(Value::from_raw(self.ctx.clone(), promise))
            }
        }
    }

    /// `pending`, `fulfilled` or `rejected` for a promise, which is not touched; nothing for any other value.
    pub fn promise_state(&self, value: &Value<'js>) -> Option<&'static str> {
        // SAFETY: a live value of this context.
        match unsafe { qjs::JS_PromiseState(self.cx(), value.as_raw()) } {
            qjs::JSPromiseStateEnum_JS_PROMISE_PENDING => Some("pending"),
            qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => Some("fulfilled"),
            qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => Some("rejected"),
            _ => None,
        }
    }

    /// What a settled promise was settled with; `undefined` for any other value.
    pub fn promise_result(&self, value: &Value<'js>) -> Value<'js> {
        match self.promise_state(value) {
            // SAFETY: a live promise of this context; the reference of its result moves to the handle.
            Some("fulfilled" | "rejected") => unsafe {
                Value::from_raw(self.ctx.clone(), qjs::JS_PromiseResult(self.cx(), value.as_raw()))
            },
            _ => self.undefined(),
        }
    }

    /// The target and the handler of a Proxy, both `null` where it is revoked; nothing for any other value. No trap runs.
    pub fn proxy_parts(&self, value: &Value<'js>) -> Option<(Value<'js>, Value<'js>)> {
        if !self.is_proxy(value) {
            return None;
        }
        // SAFETY: a live proxy of this context; the references move to the handles. What asking a revoked one throws is dropped.
        unsafe {
            let target = qjs::JS_GetProxyTarget(self.cx(), value.as_raw());
            let handler = qjs::JS_GetProxyHandler(self.cx(), value.as_raw());
            if qjs::JS_IsException(target) || qjs::JS_IsException(handler) {
                qjs::JS_FreeValue(self.cx(), qjs::JS_GetException(self.cx()));
                qjs::JS_FreeValue(self.cx(), target);
                qjs::JS_FreeValue(self.cx(), handler);
                let null = Value::new_null(self.ctx.clone());
                return Some((null.clone(), null));
            }
            Some((Value::from_raw(self.ctx.clone(), target), Value::from_raw(self.ctx.clone(), handler)))
        }
    }

    /// The exports of a guest module, which is loaded now if it was not before.
    ///
    /// # Errors
    /// What its body throws, and an `InternalError` where there is no such module.
    pub fn import(&self, name: &str) -> rquickjs::Result<Value<'js>> {
        // SAFETY: a live context under its lock; the reference of the exports moves to the handle.
        unsafe {
            let exports = self.realm.modules.import(self.cx(), self.realm, name);
            if qjs::JS_IsException(exports) {
                Err(Error::Exception)
            } else {
                Ok(Value::from_raw(self.ctx.clone(), exports))
            }
        }
    }

    /// A built-in module as guests `require` it.
    ///
    /// # Errors
    /// What its body throws, and an `Error` with `code: 'MODULE_NOT_FOUND'` where there is no such module.
    pub fn require(&self, name: &str) -> rquickjs::Result<Value<'js>> {
        let exports = self.realm.require(name);
        // SAFETY: a live context under its lock; the reference of the exports moves to the handle.
        unsafe {
            if qjs::JS_IsException(exports) {
                Err(Error::Exception)
            } else {
                Ok(Value::from_raw(self.ctx.clone(), exports))
            }
        }
    }

    /// Names of the built-in modules, without a prefix.
    pub fn builtins(&self) -> impl Iterator<Item = &'static str> {
        self.realm.extension.builtins.iter().map(|builtin| builtin.name)
    }

    /// Calls `run` before the next microtask of this turn, or when there are none left where microtasks run already.
    ///
    /// # Errors
    /// An exception where memory is short.
    pub fn next_tick(&self, run: Value<'js>) -> rquickjs::Result<()> {
        // SAFETY: a live context under its lock; the function's reference moves to the queue.
        if unsafe { self.realm.ticks.push(self.cx(), into_raw(run)) } { Ok(()) } else { Err(Error::Exception) }
    }

    /// What the sandbox's memory is used for, and its limit.
    pub fn memory(&self) -> Memory {
        let account = &self.realm.shared().account;
        Memory { heap: account.heap(), used: account.used(), limit: account.limit() }
    }

    /// CPU time that the sandbox's finished turns have taken, in nanoseconds.
    pub fn cpu_time(&self) -> u64 {
        self.realm.shared().counters.cpu.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// An array of these items, whatever stands on `Array.prototype`.
    ///
    /// # Errors
    /// An exception where memory is short.
    pub fn array(&self, items: &[Value<'js>]) -> rquickjs::Result<Value<'js>> {
        let Ok(count) = c_int::try_from(items.len()) else { return Err(Error::Unknown) };
        // SAFETY: a live context; the engine takes over one reference of each value, which is made for it, and the array's moves to the handle.
        unsafe {
            let items: Vec<_> = items.iter().map(|item| qjs::JS_DupValue(self.cx(), item.as_raw())).collect();
            let array = qjs::JS_NewArrayFrom(self.cx(), count, items.as_ptr());
            if qjs::JS_IsException(array) {
                Err(Error::Exception)
            } else {
                Ok(Value::from_raw(self.ctx.clone(), array))
            }
        }
    }

    /// Whether a value is a Proxy.
    pub fn is_proxy(&self, value: &Value<'js>) -> bool {
        // SAFETY: a live value.
        unsafe { qjs::JS_IsProxy(value.as_raw()) }
    }
}

/// Lends the bytes of a buffer or view that an operation held, for writing.
pub fn bytes_mut<'js, R>(ctx: &Ctx<'js>, value: &Value<'js>, write: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
    let cx = ctx.as_raw().as_ptr();
    // SAFETY: no guest code runs inside `write`; the realm outlives its context.
    unsafe {
        let realm = Realm::of(cx);
        let (start, length) = codec::bytes_of(cx, &realm.intrinsics, value.as_raw())?;
        Some(write(std::slice::from_raw_parts_mut(start, length)))
    }
}

/// An ArrayBuffer over memory of ours, for `OpOutcome::Finish`.
///
/// # Errors
/// An exception where the sandbox's memory does not allow it.
pub fn array_buffer<'js>(ctx: &Ctx<'js>, block: Block) -> rquickjs::Result<Value<'js>> {
    let cx = ctx.as_raw().as_ptr();
    // SAFETY: the realm outlives its context; the reference of the new buffer moves to the handle.
    unsafe {
        let buffer = Realm::of(cx).new_array_buffer(block);
        if qjs::JS_IsException(buffer) { Err(Error::Exception) } else { Ok(Value::from_raw(ctx.clone(), buffer)) }
    }
}

/// A new error of the guest's own kind, for `OpOutcome::Finish`.
pub fn new_error<'js>(ctx: &Ctx<'js>, error: &OpError) -> Value<'js> {
    let cx = ctx.as_raw().as_ptr();
    // SAFETY: the realm outlives its context; the reference of the new error moves to the handle.
    unsafe { Value::from_raw(ctx.clone(), Realm::of(cx).new_error(error)) }
}

/// Throws a `DOMException` of the given name, for `OpOutcome::Finish`.
pub fn throw_dom_exception(ctx: &Ctx<'_>, name: &str, message: &str) -> Error {
    // SAFETY: a live context.
    unsafe { throw_dom(ctx.as_raw().as_ptr(), name, message) };
    Error::Exception
}

pub(crate) unsafe fn throw_dom(cx: *mut qjs::JSContext, name: &str, message: &str) -> qjs::JSValue {
    let name = std::ffi::CString::new(name).unwrap_or_default();
    let message = std::ffi::CString::new(message.replace('\0', "\u{fffd}")).unwrap_or_default();
    // SAFETY: the caller's: a live context under its lock; the format takes one string.
    unsafe { qjs::JS_ThrowDOMException(cx, name.as_ptr(), c"%s".as_ptr(), message.as_ptr()) }
}

impl ErrorClass {
    pub(crate) fn constructor(self) -> usize {
        match self {
            Self::Error => 0,
            Self::Range => 2,
            Self::Type | Self::TypeWithCause => 5,
        }
    }
}
