//! Calls of the app's code, which stands behind the imports of an instance: sent to Node's thread, or made on it.

use std::collections::HashMap;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hostbox::parts::Block;
use hostbox::parts::component::{HostAnswer, HostCall, HostError, HostFunctions, HostResult};
use napi::{Result, sys};
use tokio::sync::oneshot;

use crate::buffers::{check, lend};
use crate::desk::{CALLING, Desk, bytes_of};
use crate::frames::number;
use crate::queues::ComponentCall;

/// Calls of the app's code that have no answer yet.
pub(crate) struct Asked {
    desk: Arc<Desk>,
    pub(crate) number: u64,
    last: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<HostResult>>>,
    /// The call that this thread, which runs the component, has to make itself.
    here: Mutex<Option<(ComponentCall, oneshot::Sender<HostResult>)>>,
}

pub(crate) fn host_error(message: String) -> HostError {
    HostError { message, code: None, token: 0 }
}

impl Asked {
    /// None yet. Calls go to the receiver of a number.
    pub(crate) fn new(desk: Arc<Desk>, number: u64) -> Self {
        Self { desk, number, last: AtomicU64::new(0), waiting: Mutex::default(), here: Mutex::default() }
    }

    /// Whoever waits hears that the instance is closed.
    pub(crate) fn give_up(&self) {
        self.waiting().clear();
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<HostResult>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settle(&self, call: u64, result: HostResult) {
        if let Some(waiting) = self.waiting().remove(&call) {
            // Nobody waits any more where the call has ended.
            let _ = waiting.send(result);
        }
    }

    /// Sends a call to Node's thread, or keeps it where that is this one.
    fn ask(&self, call: HostCall<'_>) -> oneshot::Receiver<HostResult> {
        let (sender, receiver) = oneshot::channel();
        let id = self.last.fetch_add(1, Relaxed) + 1;
        let HostCall { function, at, reply, args, .. } = call;
        let asked = ComponentCall { call: id, function, at, reply, args: args.into_owned() };
        if CALLING.get().is_null() {
            self.waiting().insert(id, sender);
            self.desk.port.push_component_call(self.number, asked);
        } else {
            *self.here.lock().unwrap_or_else(PoisonError::into_inner) = Some((asked, sender));
        }
        receiver
    }

    /// Calls the app's code on Node's own thread, which is this one.
    fn call_here(&self, env: sys::napi_env, call: ComponentCall) -> HostResult {
        // SAFETY: `CALLING` says that this is the thread of the environment, in a call from JavaScript.
        let answer = unsafe { self.answer_here(env, call) };
        answer.unwrap_or_else(|error| Err(host_error(error.to_string())))
    }

    /// # Safety
    /// `env` is the live environment of the calling thread.
    unsafe fn answer_here(&self, env: sys::napi_env, call: ComponentCall) -> Result<HostResult> {
        let ComponentCall { function, at, reply, args, .. } = call;
        let mut scope = null_mut();
        // SAFETY: the caller's.
        unsafe {
            check(sys::napi_open_handle_scope(env, &raw mut scope), "scope")?;
            let result = self.run_here(env, [number(self.number), function.into(), at.into(), reply.into()], args);
            sys::napi_close_handle_scope(env, scope);
            result
        }
    }

    /// # Safety
    /// `env` is the live environment of the calling thread, in a handle scope.
    unsafe fn run_here(&self, env: sys::napi_env, numbers: [f64; 4], args: Vec<u8>) -> Result<HostResult> {
        let Desk { on_call, output, reply, .. } = &*self.desk;
        let (mut callee, mut this, mut result) = (null_mut(), null_mut(), null_mut());
        let mut values = [null_mut(); 6];
        // SAFETY: the caller's; all values are of this environment.
        unsafe {
            check(sys::napi_get_reference_value(env, *on_call, &raw mut callee), "function")?;
            sys::napi_get_undefined(env, &raw mut this);
            for (value, number) in values.iter_mut().zip(numbers) {
                check(sys::napi_create_double(env, number, value), "number")?;
            }
            check(sys::napi_create_double(env, args.len() as f64, &raw mut values[4]), "length")?;
            values[5] = if output.write(&args) { this } else { lend(env, Block::from_vec(args))? };
            let status = sys::napi_call_function(env, this, callee, values.len(), values.as_ptr(), &raw mut result);
            if status != sys::Status::napi_ok {
                let mut exception = null_mut();
                sys::napi_get_and_clear_last_exception(env, &raw mut exception);
                return Ok(Err(host_error("the app's code was ended".into())));
            }
            if let Some(bytes) = bytes_of(env, result)? {
                return Ok(Ok(bytes.to_vec()));
            }
            let mut length = 0;
            check(sys::napi_get_value_int32(env, result, &raw mut length), "length")?;
            match usize::try_from(length) {
                Ok(length) => Ok(Ok(reply.read(length)?.to_vec())),
                Err(_) => Ok(Err(host_error("it threw".into()))),
            }
        }
    }
}

impl HostFunctions for Asked {
    fn has(&self, _: u32) -> bool {
        // `lib/wit/imports.js` has looked for each of them.
        true
    }

    fn call(&self, call: HostCall<'_>) -> HostAnswer {
        let answer = self.ask(call);
        // Who closes the instance drops the sender.
        let closed = |_| Err(host_error("the instance is closed".into()));
        HostAnswer::Later(Box::pin(async move { answer.await.unwrap_or_else(closed) }))
    }

    /// V8 looks at its stack: its code runs here, and not on the stack of the component that calls it.
    fn attend(&self) {
        let env = CALLING.get();
        let asked = self.here.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (false, Some((call, sender))) = (env.is_null(), asked) {
            // Nobody waits any more where the call was ended meanwhile.
            let _ = sender.send(self.call_here(env, call));
        }
    }
}
