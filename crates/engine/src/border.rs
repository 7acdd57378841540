//! The border of the engine: requests in, values and errors out, in the clone format.

use std::ffi::c_int;

use rquickjs::{Ctx, Value, qjs};

use crate::codec::{self, DecodeError, EncodeError, EncodeOptions};
use crate::mail::{Code, Event, Failure, Request, Ticket};
use crate::ops::{ErrorClass, OpError, OpKind, OpOutcome};
use crate::payload::Payload;
use crate::realm::Realm;
use crate::scope::Then;

impl Realm {
    /// The body of a call's first turn.
    pub(crate) fn start(&self, ticket: Ticket, request: Request) {
        let outcome = self.try_start(ticket, request);
        if let Err(failure) = outcome
            && !self.is_ending()
        {
            self.answer(ticket, Err(failure));
            self.drop_scope(ticket);
        }
    }

    fn try_start(&self, ticket: Ticket, request: Request) -> Result<(), Failure> {
        match request {
            Request::Eval { source, filename } => {
                // SAFETY: under the lock; the result moves to the scope.
                unsafe {
                    let value = self.evaluate(&[&source], &filename, 1, qjs::JS_EVAL_TYPE_GLOBAL);
                    self.keep(ticket, value)
                }
            }
            Request::Call { plugin, function, args } => self.call(ticket, &plugin, &function, args),
            Request::Load(source) => {
                self.load(ticket, source)?;
                Ok(())
            }
            Request::PluginInfo { name } => self.inform(ticket, &name),
            Request::Unload { name } => {
                let found = self.unload(&name);
                self.keep_raw(ticket, if found { qjs::JS_TRUE } else { qjs::JS_FALSE });
                Ok(())
            }
            Request::Plugins => {
                let names = self.decode(self.plugin_names()).map_err(|error| self.decode_failure(ticket, &error))?;
                self.keep_raw(ticket, names);
                Ok(())
            }
            Request::Gc => {
                // SAFETY: under the lock.
                unsafe { qjs::JS_RunGC(self.rt) };
                Ok(())
            }
        }
    }

    fn call(&self, ticket: Ticket, plugin: &str, path: &str, args: Payload) -> Result<(), Failure> {
        let (owner, function) = self.function(ticket, plugin, path)?;
        // SAFETY: under the lock; the function, its object and the arguments are freed here, the result moves to the scope.
        unsafe {
            let decoded = codec::decode_args(self.cx, &self.intrinsics, args);
            let outcome = match decoded {
                Ok(mut args) => {
                    let count = args.len() as c_int;
                    let value = qjs::JS_Call(self.cx, function, owner, count, args.as_mut_ptr());
                    for arg in args {
                        self.free(arg);
                    }
                    self.keep(ticket, value)
                }
                Err(error) => Err(self.decode_failure(ticket, &error)),
            };
            self.free(function);
            self.free(owner);
            outcome
        }
    }

    /// A plugin's word about itself: what it registered, else what its `getInfo()` says.
    fn inform(&self, ticket: Ticket, name: &str) -> Result<(), Failure> {
        let exports = self.exports(name)?;
        self.free(exports);
        // SAFETY: under the lock; the result moves to the scope.
        unsafe {
            let registered = self.registered_info(name);
            if qjs::JS_IsObject(registered) {
                return self.keep(ticket, registered);
            }
            self.free(registered);
            let (owner, function) = self.function(ticket, name, "getInfo").map_err(|failure| match failure.code {
                Code::FunctionNotFound => Failure::new(
                    Code::FunctionNotFound,
                    format!("plugin '{name}' says nothing of itself: export getInfo() or call plugin.register(info)"),
                ),
                _ => failure,
            })?;
            let value = qjs::JS_Call(self.cx, function, owner, 0, std::ptr::null_mut());
            self.free(function);
            self.free(owner);
            if let Some(scope) = self.scopes.borrow_mut().get_mut(&ticket) {
                scope.then = Then::Inform;
            }
            self.keep(ticket, value)
        }
    }

    /// What the guest's `plugin` registry says; undefined where it was never touched.
    unsafe fn registered_info(&self, name: &str) -> qjs::JSValue {
        let Some(exports) = self.modules.loaded(self.cx, "guest:plugin") else { return qjs::JS_UNDEFINED };
        // SAFETY: the caller's: under the lock.
        unsafe {
            let get = qjs::JS_GetPropertyStr(self.cx, exports, c"getRegistered".as_ptr());
            self.free(exports);
            let mut argument = self.new_string(name);
            let info = qjs::JS_Call(self.cx, get, qjs::JS_UNDEFINED, 1, &raw mut argument);
            self.free(argument);
            self.free(get);
            if qjs::JS_IsException(info) {
                self.drop_exception();
                return qjs::JS_UNDEFINED;
            }
            info
        }
    }

    /// Forgets what a plugin registered, where that is still `info`: it spoke for another version.
    pub(crate) fn forget_registered(&self, name: &str, info: usize) {
        let Some(exports) = self.modules.loaded(self.cx, "guest:plugin") else { return };
        // SAFETY: under the lock.
        unsafe {
            let current = self.registered_info(name);
            let is_same = qjs::JS_IsObject(current) && qjs::JS_VALUE_GET_PTR(current) as usize == info;
            self.free(current);
            if is_same {
                let forget = qjs::JS_GetPropertyStr(self.cx, exports, c"forgetRegistered".as_ptr());
                let mut argument = self.new_string(name);
                let done = qjs::JS_Call(self.cx, forget, qjs::JS_UNDEFINED, 1, &raw mut argument);
                if qjs::JS_IsException(done) {
                    self.drop_exception();
                }
                self.free(done);
                self.free(argument);
                self.free(forget);
            }
            self.free(exports);
        }
    }

    /// The address of what a plugin registered; 0 where it did not.
    pub(crate) fn registered_address(&self, name: &str) -> usize {
        // SAFETY: under the lock.
        unsafe {
            let info = self.registered_info(name);
            let address = if qjs::JS_IsObject(info) { qjs::JS_VALUE_GET_PTR(info) as usize } else { 0 };
            self.free(info);
            address
        }
    }

    fn keep_raw(&self, ticket: Ticket, value: qjs::JSValue) {
        match self.scopes.borrow_mut().get_mut(&ticket) {
            Some(scope) => scope.value = value,
            None => self.free(value),
        }
    }

    /// Makes a call's value its scope's; a thenable becomes the promise of its value, as `await` would have it.
    unsafe fn keep(&self, ticket: Ticket, value: qjs::JSValue) -> Result<(), Failure> {
        // SAFETY: the caller's: under the lock; the value moves to the scope.
        unsafe {
            if qjs::JS_IsException(value) {
                return Err(self.pending_failure(ticket));
            }
            let value = self.promise_of(value);
            if qjs::JS_IsException(value) {
                return Err(self.pending_failure(ticket));
            }
            if qjs::JS_IsPromise(value) {
                qjs::JS_PromiseMarkAsHandled(self.cx, value);
            }
            self.keep_raw(ticket, value);
            Ok(())
        }
    }

    /// Takes over a value; a thenable becomes a promise.
    unsafe fn promise_of(&self, value: qjs::JSValue) -> qjs::JSValue {
        // SAFETY: the caller's: under the lock; every value but the result is freed.
        unsafe {
            if !qjs::JS_IsObject(value) || qjs::JS_IsPromise(value) {
                return value;
            }
            let then = qjs::JS_GetPropertyStr(self.cx, value, c"then".as_ptr());
            if qjs::JS_IsException(then) {
                self.free(value);
                return then;
            }
            let is_thenable = qjs::JS_IsFunction(self.cx, then);
            self.free(then);
            if !is_thenable {
                return value;
            }
            let mut resolving = [qjs::JS_UNDEFINED; 2];
            let promise = qjs::JS_NewPromiseCapability(self.cx, resolving.as_mut_ptr());
            if !qjs::JS_IsException(promise) {
                let mut argument = value;
                let done = qjs::JS_Call(self.cx, resolving[0], qjs::JS_UNDEFINED, 1, &raw mut argument);
                if qjs::JS_IsException(done) {
                    self.drop_exception();
                }
                self.free(done);
                self.free(resolving[0]);
                self.free(resolving[1]);
            }
            self.free(value);
            promise
        }
    }

    /// A call's value as its answer; takes the value over.
    pub(crate) fn conclude(&self, ticket: Ticket, value: qjs::JSValue) -> Result<Payload, Failure> {
        let then =
            self.scopes.borrow_mut().get_mut(&ticket).map(|scope| std::mem::replace(&mut scope.then, Then::Answer));
        match then {
            Some(Then::Register { source, namespace }) => {
                self.free(value);
                let outcome = self.register(ticket, &source.name, namespace);
                self.plugins.borrow_mut().end_loading(&source.name);
                outcome.map(|()| Payload::undefined())
            }
            // SAFETY: any value may be asked.
            Some(Then::Inform) if !unsafe { qjs::JS_IsObject(value) } => {
                self.free(value);
                Err(Self::argument("Expected getInfo() to return an object with name, version and apiVersion".into()))
            }
            _ => {
                let encoded = self.encode(value, "result", &[], true);
                self.free(value);
                encoded.map_err(|error| self.encode_failure(ticket, error))
            }
        }
    }

    // ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    fn encode(
        &self,
        value: qjs::JSValue,
        root: &str,
        transfer: &[qjs::JSValue],
        may_move: bool,
    ) -> Result<Payload, EncodeError> {
        let mut payload = Payload::default();
        let turn = &self.shared().turn;
        let poll = || turn.check().is_some();
        let options = EncodeOptions {
            root,
            transfer,
            may_move,
            poll: Some(&poll),
            max_bytes: self.shared().account.limit(),
            platform: None,
        };
        // SAFETY: under the lock, on a live value.
        unsafe { codec::encode(self.cx, &self.intrinsics, value, &options, &mut payload) }?;
        Ok(payload)
    }

    fn decode(&self, payload: Payload) -> Result<qjs::JSValue, DecodeError> {
        // SAFETY: under the lock.
        unsafe { codec::decode(self.cx, &self.intrinsics, payload) }
    }

    fn encode_failure(&self, ticket: Ticket, error: EncodeError) -> Failure {
        match error {
            EncodeError::Refused { path, what } => {
                let message = format!("{path} cannot cross: {what}");
                Failure { path: Some(path), ..Failure::new(Code::Clone, message) }
            }
            EncodeError::Exception => self.pending_failure(ticket),
            EncodeError::Interrupted => {
                self.shared().out_of_memory("the result is larger than the sandbox's memory".into())
            }
        }
    }

    fn decode_failure(&self, ticket: Ticket, error: &DecodeError) -> Failure {
        match error {
            DecodeError::Exception => self.pending_failure(ticket),
            DecodeError::Malformed(_) => Failure::new(Code::Internal, "internal error: a malformed message"),
        }
    }

    /// A structured clone within the sandbox, or an exception.
    ///
    /// `platform` is asked about objects that may be the platform's: a function that answers their place in a list, or a negative
    /// number. `finish` gives that list once all else has succeeded. Without a function nobody is asked.
    pub(crate) unsafe fn structured_clone(
        &self,
        value: qjs::JSValue,
        transfer: &[qjs::JSValue],
        platform: qjs::JSValue,
        finish: qjs::JSValue,
    ) -> qjs::JSValue {
        let mut payload = Payload::default();
        let turn = &self.shared().turn;
        let poll = || turn.check().is_some();
        // SAFETY: under the lock, on live values; every value made here is freed.
        unsafe {
            let ask = |object| self.place_of(platform, object);
            let asks = qjs::JS_IsFunction(self.cx, platform);
            let options = EncodeOptions {
                root: "value",
                transfer,
                may_move: false,
                poll: Some(&poll),
                max_bytes: self.shared().account.limit(),
                platform: if asks { Some(&ask) } else { None },
            };
            if let Err(error) = codec::encode(self.cx, &self.intrinsics, value, &options, &mut payload) {
                return self.raise_encode_error(error);
            }
            let mut objects = Vec::new();
            if asks {
                let list = qjs::JS_Call(self.cx, finish, qjs::JS_UNDEFINED, 0, std::ptr::null_mut());
                if qjs::JS_IsException(list) {
                    return list;
                }
                let mut length = 0;
                qjs::JS_GetLength(self.cx, list, &raw mut length);
                for index in 0..u32::try_from(length).unwrap_or(0) {
                    objects.push(qjs::JS_GetPropertyUint32(self.cx, list, index));
                }
                self.free(list);
            }
            let clone = codec::decode_with(self.cx, &self.intrinsics, payload, &objects);
            for object in objects {
                self.free(object);
            }
            match clone {
                Ok(clone) => clone,
                Err(DecodeError::Malformed(_)) => qjs::JS_ThrowInternalError(self.cx, c"internal error".as_ptr()),
                Err(DecodeError::Exception) => qjs::JS_EXCEPTION,
            }
        }
    }

    /// What `platform` says of an object; it is not asked about plain ones.
    unsafe fn place_of(&self, platform: qjs::JSValue, object: qjs::JSValue) -> Result<Option<u32>, codec::Thrown> {
        // SAFETY: the caller's: under the lock, on live values; an ordinary object's prototype is had without its help.
        unsafe {
            let plain = qjs::JS_GetClassProto(self.cx, qjs::JS_GetClassID(object));
            let prototype = qjs::JS_GetPrototype(self.cx, object);
            let is_plain =
                !qjs::JS_IsObject(prototype) || qjs::JS_VALUE_GET_PTR(prototype) == qjs::JS_VALUE_GET_PTR(plain);
            self.free(plain);
            self.free(prototype);
            if is_plain {
                return Ok(None);
            }
            let mut argument = object;
            let answer = qjs::JS_Call(self.cx, platform, qjs::JS_UNDEFINED, 1, &raw mut argument);
            let mut place = -1;
            if qjs::JS_IsException(answer) || qjs::JS_ToInt32(self.cx, &raw mut place, answer) < 0 {
                self.free(answer);
                return Err(codec::Thrown);
            }
            self.free(answer);
            Ok(u32::try_from(place).ok())
        }
    }

    fn raise_encode_error(&self, error: EncodeError) -> qjs::JSValue {
        // SAFETY: under the lock.
        unsafe {
            match error {
                EncodeError::Refused { path, what } => {
                    crate::native::throw_dom(self.cx, "DataCloneError", &format!("{path} cannot be cloned: {what}"))
                }
                EncodeError::Exception => qjs::JS_EXCEPTION,
                EncodeError::Interrupted => qjs::JS_ThrowInternalError(self.cx, c"interrupted".as_ptr()),
            }
        }
    }

    // ── operations ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Calls a function of the host; its promise, or an exception.
    pub(crate) unsafe fn call_host(&self, name: String, args: qjs::JSValue) -> qjs::JSValue {
        let args = match self.encode(args, "args", &[], false) {
            Ok(args) => args,
            Err(error) => return self.raise_encode_error(error),
        };
        let Some(charge) = self.shared().account.charge_message(args.byte_size() + 64) else {
            return self.throw(&OpError {
                class: ErrorClass::Range,
                message: "memoryBytes: the arguments do not fit into this sandbox's memory".into(),
                code: Some("ERR_MEMORY".into()),
                name: None,
            });
        };
        match self.start_op(OpKind::Host(name.clone()), qjs::JS_UNDEFINED) {
            Ok((promise, completer)) => {
                let event = Event::HostCall { call: completer.into_host_call(), name, args, charge };
                match &mut *self.sync.borrow_mut() {
                    Some(sync) => sync.calls.push(event),
                    None => self.emit(event),
                }
                promise
            }
            Err(error) => self.throw(&error),
        }
    }

    fn throw(&self, error: &OpError) -> qjs::JSValue {
        // SAFETY: under the lock; the error's reference moves to the pending exception.
        unsafe { qjs::JS_Throw(self.cx, self.new_error(error)) }
    }

    /// The value that settles an operation, or the error that rejects it.
    pub(crate) unsafe fn op_value(&self, outcome: OpOutcome, held: qjs::JSValue) -> Result<qjs::JSValue, qjs::JSValue> {
        // SAFETY: the caller's: under the lock; the handles get references of their own.
        unsafe {
            match outcome {
                OpOutcome::Value(payload) => match self.decode(payload) {
                    Ok(value) => Ok(value),
                    Err(DecodeError::Exception) => Err(qjs::JS_GetException(self.cx)),
                    Err(DecodeError::Malformed(_)) => Err(self.new_error(&OpError {
                        message: "internal error: a malformed message".into(),
                        ..OpError::default()
                    })),
                },
                OpOutcome::Error(error) => Err(self.new_error(&error)),
                OpOutcome::Finish(finish) => {
                    let ctx = Ctx::from_raw(std::ptr::NonNull::new_unchecked(self.cx));
                    let held = (!qjs::JS_IsUndefined(held))
                        .then(|| Value::from_raw(ctx.clone(), qjs::JS_DupValue(self.cx, held)));
                    match finish(&ctx, held) {
                        Ok(value) => Ok(crate::native::into_raw(value)),
                        Err(rquickjs::Error::Exception) => Err(qjs::JS_GetException(self.cx)),
                        Err(error) => {
                            Err(self.new_error(&OpError { message: error.to_string(), ..OpError::default() }))
                        }
                    }
                }
            }
        }
    }
}
