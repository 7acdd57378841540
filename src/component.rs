//! Components from Node's side: compiled and called on other threads, or called on Node's own.
//!
//! Data in: messages that `lib/component.js` wrote into memory that both sides know. Data out: answers, in such memory or in buffers. Rights
//! and limits are those that the instance was given; what a message means is checked in `hostbox-wasm`.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use hostbox::parts::component::{
    CodeCache, CodeOptions, Component, Error as WasmError, HostAnswer, HostCall, HostError, HostFunctions, HostResult,
    Instance, Level, READ, on_thread,
};
use hostbox::parts::{Block, Cancel, Client, Code, Event, Failure, Payload, next_ticket, spawn, wasm_failure};
use napi::bindgen_prelude::{JsValue, Uint8Array, Unknown};
use napi::{Env, Error, Result, sys};
use napi_derive::napi;
use tokio::sync::oneshot;

use crate::buffers::{check, lend};
use crate::frames::number;
use crate::furnished::NativeInstanceOptions;
use crate::output::Output;
use crate::port::{Port, Shared};
use crate::queues::ComponentCall;
use crate::sandbox::whole;

/// What one environment of Node has for components: memories that both sides know, touched on Node's thread alone, and the function behind
/// synchronous calls of the app's code.
pub(crate) struct Desk {
    pub(crate) port: Arc<Shared>,
    input: Memory,
    output: Memory,
    reply: Memory,
    on_call: sys::napi_ref,
}

#[derive(Clone, Copy)]
struct Memory {
    start: *mut u8,
    length: usize,
}

// SAFETY: memories and reference are touched on Node's own thread alone; the port is `Send + Sync`.
unsafe impl Send for Desk {}
// SAFETY: as above.
unsafe impl Sync for Desk {}

impl Memory {
    fn new(array: Uint8Array) -> Self {
        let memory = Self { start: array.as_ptr().cast_mut(), length: array.len() };
        // The module lives as long as its environment, and so do its memories.
        std::mem::forget(array);
        memory
    }

    /// # Safety
    /// Node's own thread, while no JavaScript runs that writes to the memory.
    unsafe fn read<'a>(self, length: usize) -> Result<&'a [u8]> {
        if length > self.length {
            return Err(Error::from_reason("a message longer than its memory"));
        }
        // SAFETY: the memory is as long as the environment lives; the caller's contract.
        Ok(unsafe { std::slice::from_raw_parts(self.start, length) })
    }

    /// Whether the bytes fit, and stand there now.
    fn write(self, bytes: &[u8]) -> bool {
        if bytes.len() <= self.length {
            // SAFETY: Node's own thread; the memory is long enough, and nothing of ours lies in it.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start, bytes.len()) };
        }
        bytes.len() <= self.length
    }
}

thread_local! {
    /// The environment, while a synchronous call runs on its thread.
    static CALLING: Cell<sys::napi_env> = const { Cell::new(null_mut()) };
}

/// What an environment of Node has for components.
#[napi]
pub struct ComponentPort {
    desk: Arc<Desk>,
}

#[napi]
impl ComponentPort {
    /// `onCall(instance, function, at, reply, length, bytes)` answers a call of the app's code on Node's thread: the number of bytes that stand in
    /// `reply`, or the bytes themselves, or -1 where it failed. Its arguments stand in `output`, or in `bytes`.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        port: &Port,
        on_call: Unknown<'_>,
        input: Uint8Array,
        output: Uint8Array,
        reply: Uint8Array,
    ) -> Result<Self> {
        let mut reference = null_mut();
        // SAFETY: a value of the calling environment.
        check(unsafe { sys::napi_create_reference(env.raw(), on_call.raw(), 1, &raw mut reference) }, "reference")?;
        let [input, output, reply] = [input, output, reply].map(Memory::new);
        Ok(Self { desk: Arc::new(Desk { port: port.shared.clone(), input, output, reply, on_call: reference }) })
    }
}

/// How a component is to be compiled, as `lib/component.js` checked it.
#[napi(object)]
pub struct NativeCompileOptions {
    pub experimental: bool,
    pub fuel: bool,
    pub canonicalize_nans: bool,
    pub opt_level: String,
    pub debug_info: bool,
    pub baseline: bool,
    /// The directory of compiled code; empty for that of the user.
    pub cache_dir: Option<String>,
}

/// The directory of compiled code. That of the user is not used where there is none, or where others may write it.
pub(crate) fn code_cache(dir: Option<String>) -> std::result::Result<Option<CodeCache>, WasmError> {
    match dir {
        None => Ok(None),
        Some(dir) if dir.is_empty() => Ok(CodeCache::of_user().ok()),
        Some(dir) => CodeCache::open(dir).map(Some),
    }
}

/// A component, once its compilation has been answered.
#[napi]
pub struct NativeComponent {
    desk: Arc<Desk>,
    compiled: Arc<OnceLock<Component>>,
    /// The name that its code has in a directory of compiled code.
    file_name: Arc<OnceLock<String>>,
}

#[napi]
impl NativeComponent {
    /// One that is not compiled yet.
    #[napi(constructor)]
    pub fn new(port: &ComponentPort) -> Self {
        Self { desk: port.desk.clone(), compiled: Arc::default(), file_name: Arc::default() }
    }

    /// Compiles bytes, which are copied first, on another thread; the ticket of the answer.
    #[napi]
    pub fn compile(&self, env: Env, bytes: Uint8Array, options: NativeCompileOptions) -> f64 {
        let cache_dir = options.cache_dir;
        let options = CodeOptions {
            fuel: options.fuel,
            canonicalize_nans: options.canonicalize_nans,
            level: match options.opt_level.as_str() {
                "none" => Level::None,
                "speedAndSize" => Level::SpeedAndSize,
                _ => Level::Speed,
            },
            debug_info: options.debug_info,
            baseline: options.baseline,
            experimental: options.experimental,
        };
        let (bytes, compiled) = (bytes.to_vec(), self.compiled.clone());
        self.desk.work(env, move || {
            let cache = code_cache(cache_dir)?;
            let component = Component::compile_cached(bytes, options, cache.as_ref())?;
            let _ = compiled.set(component);
            Ok(Payload::undefined())
        })
    }

    /// Its code for this machine, on another thread; the ticket of the answer, after which `fileName` is there.
    #[napi]
    pub fn precompile(&self, env: Env) -> Result<f64> {
        let (component, file_name) = (self.component()?.clone(), self.file_name.clone());
        Ok(self.desk.work(env, move || {
            let (name, code) = component.precompile()?;
            let _ = file_name.set(name);
            Ok(Payload::bytes(code))
        }))
    }

    /// The name of its code in a directory of compiled code.
    #[napi(getter)]
    pub fn file_name(&self) -> Option<String> {
        self.file_name.get().cloned()
    }

    /// Its functions and types, as JSON.
    #[napi(getter)]
    pub fn shape(&self) -> Result<String> {
        Ok(self.component()?.shape().to_owned())
    }

    /// Names its content: another one for other bytes or options.
    #[napi(getter)]
    pub fn version(&self) -> Result<String> {
        Ok(self.component()?.version())
    }

    /// Its world as WIT text.
    #[napi(getter)]
    pub fn wit(&self) -> Result<String> {
        Ok(self.component()?.wit().to_owned())
    }

    /// Names of what it imports.
    #[napi(getter)]
    pub fn imports(&self) -> Result<Vec<String>> {
        Ok(self.component()?.imports().to_vec())
    }

    /// Names of what it exports.
    #[napi(getter)]
    pub fn exports(&self) -> Result<Vec<String>> {
        Ok(self.component()?.exports().to_vec())
    }

    pub(crate) fn component(&self) -> Result<&Component> {
        self.compiled.get().ok_or_else(|| Error::from_reason("ERR_INTERNAL: a component that is not compiled"))
    }
}

/// Components on their way to be one.
#[napi]
pub struct NativeComposition {
    root: Component,
    with: Vec<(Option<String>, Component)>,
}

#[napi]
impl NativeComposition {
    /// The root alone.
    #[napi(constructor)]
    pub fn new(root: &NativeComponent) -> Result<Self> {
        Ok(Self { root: root.component()?.clone(), with: Vec::new() })
    }

    /// One more, for the import of a name or for whatever it exports.
    #[napi]
    pub fn add(&mut self, name: Option<String>, component: &NativeComponent) -> Result<()> {
        self.with.push((name, component.component()?.clone()));
        Ok(())
    }

    /// Links them, on another thread; the ticket of the answer, after which `target` is compiled.
    #[napi]
    pub fn compose(&self, env: Env, target: &NativeComponent) -> f64 {
        let (root, with, compiled) = (self.root.clone(), self.with.clone(), target.compiled.clone());
        target.desk.work(env, move || {
            let with: Vec<_> = with.iter().map(|(name, component)| (name.as_deref(), component)).collect();
            let _ = compiled.set(Component::compose(&root, &with)?);
            Ok(Payload::undefined())
        })
    }
}

/// Figures of an instance.
#[napi(object)]
pub struct NativeInstanceStats {
    pub memory_bytes: f64,
    pub fuel: Option<f64>,
    pub dropped: f64,
}

/// An instance, once its start has been answered. Dropped by the garbage collector, it closes.
#[napi]
pub struct NativeInstance {
    pub(crate) inner: Arc<Inner>,
}

/// What calls of one instance need.
pub(crate) struct Inner {
    pub(crate) desk: Arc<Desk>,
    instance: OnceLock<Instance>,
    pub(crate) net: OnceLock<Client>,
    pub(crate) asked: Arc<Asked>,
    /// What it writes, where anybody hears it.
    pub(crate) output: OnceLock<Arc<Output>>,
    pub(crate) timeout: Duration,
    /// Ends what runs when the instance is closed.
    cancel: Cancel,
    line: Mutex<Line>,
}

/// A call on its way to another thread.
struct Job {
    target: u32,
    message: Vec<u8>,
    deadline: Instant,
    ticket: u64,
}

/// Calls in the order in which they were made, and whether somebody makes them.
#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    is_worked_on: bool,
}

/// Calls of the app's code that have no answer yet.
pub(crate) struct Asked {
    desk: Arc<Desk>,
    pub(crate) number: u64,
    last: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<HostResult>>>,
    /// The call that this thread, which runs the component, has to make itself.
    here: Mutex<Option<(ComponentCall, oneshot::Sender<HostResult>)>>,
}

#[napi]
impl NativeInstance {
    /// One that is not started yet, whose calls of the app's code go to the receiver of a number.
    #[napi(constructor)]
    pub fn new(component: &NativeComponent, instance_number: f64, timeout_ms: f64) -> Self {
        let desk = component.desk.clone();
        let asked = Arc::new(Asked {
            desk: desk.clone(),
            number: whole(instance_number),
            last: AtomicU64::new(0),
            waiting: Mutex::default(),
            here: Mutex::default(),
        });
        let timeout = Duration::from_millis(whole(timeout_ms));
        Self {
            inner: Arc::new(Inner {
                desk,
                instance: OnceLock::new(),
                net: OnceLock::new(),
                asked,
                output: OnceLock::new(),
                timeout,
                cancel: Cancel::new(),
                line: Mutex::default(),
            }),
        }
    }

    /// Runs what is to run first, on another thread; the ticket of the answer.
    #[napi]
    pub fn start(&self, env: Env, component: &NativeComponent, options: NativeInstanceOptions) -> Result<f64> {
        let component = component.component()?.clone();
        let inner = self.inner.clone();
        let deadline = inner.deadline();
        let mut given = inner.furnished(options)?.options(inner.stop(deadline));
        given.warm = true;
        given.turn = Some(inner.timeout);
        Ok(inner.desk.clone().work(env, move || {
            let instance = component.instantiate(given).map_err(|error| inner.why(error, deadline))?;
            let _ = inner.instance.set(instance);
            Ok(Payload::undefined())
        }))
    }

    /// Calls a function with the message that stands in the input memory, or in `bytes`, on another thread; the ticket of the answer.
    #[napi]
    pub fn call(&self, env: Env, target: u32, length: u32, bytes: Option<Uint8Array>) -> Result<f64> {
        let inner = self.inner.clone();
        let instance = inner.started()?.clone();
        let message = match &bytes {
            Some(bytes) => bytes.get(..length as usize).ok_or_else(|| Error::from_reason("a message that is cut"))?,
            // SAFETY: Node's own thread, in a call from JavaScript.
            None => unsafe { inner.desk.input.read(length as usize)? },
        };
        let job = Job { target, message: message.to_vec(), deadline: inner.deadline(), ticket: next_ticket() };
        let ticket = number(job.ticket);
        if instance.is_concurrent() {
            inner.begin(env, &instance, job)?;
            return Ok(ticket);
        }
        inner.desk.port.hold(env, 1);
        let mut line = inner.line();
        line.jobs.push_back(job);
        if !std::mem::replace(&mut line.is_worked_on, true) {
            drop(line);
            spawn(inner.work_off(instance));
        }
        Ok(ticket)
    }

    /// `(function, length, bytes?) => answer`: calls a function on this thread; the number of bytes that stand in the output memory then, or
    /// the answer itself.
    #[napi(ts_return_type = "(fn: number, length: number, bytes?: Uint8Array) => number | ArrayBuffer")]
    pub fn sync_caller<'a>(&self, env: &'a Env) -> Result<Unknown<'a>> {
        crate::plain::function(env, c"call", self.inner.clone(), Inner::call_sync)
    }

    /// Answers a call of the app's code with bytes from the reply memory, or from `bytes`.
    #[napi]
    pub fn answer(&self, call: f64, length: u32, bytes: Option<Uint8Array>) -> Result<()> {
        let reply = match &bytes {
            Some(bytes) => bytes.get(..length as usize).ok_or_else(|| Error::from_reason("an answer that is cut"))?,
            // SAFETY: Node's own thread, in a call from JavaScript.
            None => unsafe { self.inner.desk.reply.read(length as usize)? },
        };
        self.inner.asked.settle(whole(call), Ok(reply.to_vec()));
        Ok(())
    }

    /// Says that a call of the app's code failed.
    #[napi]
    pub fn fail(&self, call: f64, message: String) {
        self.inner.asked.settle(whole(call), Err(host_error(message)));
    }

    /// Figures.
    #[napi]
    pub fn stats(&self) -> NativeInstanceStats {
        let stats = self.inner.instance.get().map(Instance::stats);
        NativeInstanceStats {
            memory_bytes: stats.map_or(0.0, |stats| number(stats.memory_bytes)),
            fuel: stats.and_then(|stats| stats.fuel).map(number),
            dropped: self.inner.output.get().map_or(0.0, |output| number(output.dropped())),
        }
    }

    /// Gives everything back, and ends what runs.
    #[napi]
    pub fn close(&self, env: Env) {
        self.inner.close();
        self.inner.await_output(env);
    }
}

impl Drop for NativeInstance {
    fn drop(&mut self) {
        self.inner.close();
    }
}

/// Why a call has no answer.
pub(crate) enum Ended {
    Failed(WasmError),
    Late(Duration),
    Closed,
}

impl From<WasmError> for Ended {
    fn from(error: WasmError) -> Self {
        Self::Failed(error)
    }
}

pub(crate) fn failure(ended: Ended) -> Failure {
    match ended {
        Ended::Closed => Failure::new(Code::Closed, "the instance is closed"),
        Ended::Late(limit) => {
            let millis = limit.as_millis();
            Failure::new(Code::Timeout, format!("the call took longer than its {millis} ms; the instance is gone"))
                .with_limit(format!("timeoutMs: {millis}"))
        }
        Ended::Failed(error) => wasm_failure(error, Some("memoryBytes".into())),
    }
}

/// As `lib/port.js` reads it.
pub(crate) fn thrown(ended: Ended) -> Error {
    let failure = failure(ended);
    let limit = failure.limit.map_or(String::new(), |limit| format!(" [{limit}]"));
    Error::from_reason(format!("{}{limit}: {}", failure.code.as_str(), failure.message))
}

fn host_error(message: String) -> HostError {
    HostError { message, code: None, token: 0 }
}

impl Desk {
    /// Begins work on another thread; the ticket of its answer.
    fn work(
        self: &Arc<Self>,
        env: Env,
        work: impl FnOnce() -> std::result::Result<Payload, Ended> + Send + 'static,
    ) -> f64 {
        let ticket = next_ticket();
        self.port.hold(env, 1);
        let port = self.port.clone();
        spawn(async move {
            let done = on_thread(move || Ok(work())).await;
            let outcome = done.unwrap_or_else(|error| Err(error.into())).map_err(failure);
            port.push([(0, Event::Settled { ticket, outcome })]);
        });
        number(ticket)
    }
}

impl Inner {
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    pub(crate) fn stop(&self, deadline: Instant) -> Cancel {
        self.cancel.until(deadline)
    }

    fn started(&self) -> Result<&Instance> {
        if self.cancel.is_cancelled() {
            return Err(thrown(Ended::Closed));
        }
        self.instance.get().ok_or_else(|| Error::from_reason("ERR_INTERNAL: an instance that is not started"))
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the calls that wait, one after the other.
    async fn work_off(self: Arc<Self>, instance: Instance) {
        loop {
            let job = {
                let mut line = self.line();
                line.is_worked_on = !line.jobs.is_empty();
                line.jobs.pop_front()
            };
            let Some(Job { target, message, deadline, ticket }) = job else { return };
            let call = instance.call_async(target, message, self.stop(deadline));
            let outcome = match tokio::time::timeout_at(deadline.into(), call).await {
                Ok(outcome) => outcome.map(Payload::bytes).map_err(|error| failure(self.why(error, deadline))),
                Err(_) => Err(failure(Ended::Late(self.timeout))),
            };
            self.desk.port.push([(0, Event::Settled { ticket, outcome })]);
        }
    }

    /// Makes a call beside those that are under way. Who reads a stream waits as long as it takes.
    fn begin(self: Arc<Self>, env: Env, instance: &Instance, job: Job) -> Result<()> {
        let Job { target, message, deadline, ticket } = job;
        let is_read = target == READ;
        let call = instance.call_concurrent(target, message);
        let call = call.map_err(|error| thrown(self.why(error, deadline)))?;
        self.desk.port.hold(env, 1);
        spawn(async move {
            let answer = if is_read { Ok(call.await) } else { tokio::time::timeout_at(deadline.into(), call).await };
            let outcome = match answer {
                Ok(outcome) => outcome.map(Payload::bytes).map_err(|error| failure(self.why(error, deadline))),
                Err(_) => Err(failure(Ended::Late(self.timeout))),
            };
            self.desk.port.push([(0, Event::Settled { ticket, outcome })]);
        });
        Ok(())
    }

    /// A stop says who stopped it.
    pub(crate) fn why(&self, error: WasmError, deadline: Instant) -> Ended {
        match error {
            WasmError::Cancelled | WasmError::Gone(_) if self.cancel.is_cancelled() => Ended::Closed,
            WasmError::Cancelled if Instant::now() >= deadline => Ended::Late(self.timeout),
            error => Ended::Failed(error),
        }
    }

    fn close(&self) {
        self.cancel.cancel();
        self.asked.waiting().clear();
        if let Some(net) = self.net.get() {
            net.close();
        }
        if let Some(instance) = self.instance.get() {
            instance.close();
        }
    }

    /// Has Node wait until it has taken what was written on its own thread, where no answer follows.
    fn await_output(&self, env: Env) {
        if self.output.get().is_some_and(|output| output.is_waiting()) {
            self.desk.port.hold(env, 1);
            // The answer of nobody's call.
            let event = Event::Settled { ticket: next_ticket(), outcome: Ok(Payload::undefined()) };
            self.desk.port.push([(0, event)]);
        }
    }

    /// # Safety
    /// The arguments are values of `env`, on its own thread.
    unsafe fn call_sync(&self, env: &Env, args: [sys::napi_value; 3]) -> Result<sys::napi_value> {
        let (mut function, mut length) = (0, 0);
        // SAFETY: the caller's: values of the calling environment.
        unsafe {
            check(sys::napi_get_value_uint32(env.raw(), args[0], &raw mut function), "function")?;
            check(sys::napi_get_value_uint32(env.raw(), args[1], &raw mut length), "length")?;
        }
        let instance = self.started()?;
        // SAFETY: the caller's; what JavaScript runs meanwhile writes its messages elsewhere (`lib/component.js`).
        let message = unsafe {
            match bytes_of(env.raw(), args[2])? {
                Some(bytes) => {
                    bytes.get(..length as usize).ok_or_else(|| Error::from_reason("a message that is cut"))?
                }
                None => self.desk.input.read(length as usize)?,
            }
        };
        let deadline = self.deadline();
        let before = CALLING.replace(env.raw());
        let answer = instance.call(function, message, &self.cancel.by(deadline), |answer| {
            if self.desk.output.write(&answer) {
                return Ok(answer.len());
            }
            Err(match answer {
                Cow::Borrowed(answer) => Block::copy_of(answer),
                Cow::Owned(answer) => Ok(Block::from_vec(answer)),
            })
        });
        CALLING.set(before);
        self.await_output(*env);
        let mut value = null_mut();
        match answer.map_err(|error| thrown(self.why(error, deadline)))? {
            // SAFETY: the calling environment.
            Ok(length) => unsafe {
                check(sys::napi_create_uint32(env.raw(), length as u32, &raw mut value), "length")?;
            },
            Err(block) => {
                let block = block.map_err(|error| Error::from_reason(format!("ERR_MEMORY: {error}")))?;
                // SAFETY: the calling environment.
                value = unsafe { lend(env.raw(), block)? };
            }
        }
        Ok(value)
    }
}

/// The bytes of a Uint8Array; `None` where the value is no array.
///
/// # Safety
/// `env` is the live environment of the calling thread and `value` one of its values; no JavaScript runs that changes the bytes.
unsafe fn bytes_of<'a>(env: sys::napi_env, value: sys::napi_value) -> Result<Option<&'a [u8]>> {
    let (mut kind, mut data, mut length) = (0, null_mut(), 0);
    // SAFETY: the caller's contract.
    unsafe {
        check(sys::napi_typeof(env, value, &raw mut kind), "a value")?;
        if kind != sys::ValueType::napi_object {
            return Ok(None);
        }
        let status = sys::napi_get_typedarray_info(
            env,
            value,
            null_mut(),
            &raw mut length,
            &raw mut data,
            null_mut(),
            null_mut(),
        );
        check(status, "not a Uint8Array")?;
        if length == 0 {
            return Ok(Some(&[]));
        }
        Ok(Some(std::slice::from_raw_parts(data.cast::<u8>(), length)))
    }
}

impl Asked {
    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<HostResult>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, call: u64, result: HostResult) {
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
