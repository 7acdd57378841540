//! `host:wasm`: see `ops.d.ts`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hostbox_buffers::{Block, Cancel};
use hostbox_engine::{Call, Charge, ErrorClass, Native, NativeModule, OpError, OpOutcome, held, hold};
use hostbox_wasm::component::{Component, Instance, InstanceOptions, lines};
use hostbox_wasm::{CodeOptions, Error, MemoryAccount, Runner, on_thread};
use rquickjs::{Array, Value};

use super::beside::Wanted;
use super::running::{Caller, Running, Step};
use crate::Data;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:wasm",
    functions: &[
        Native { name: c"compile", length: 4, run: compile },
        Native { name: c"compose", length: 3, run: compose },
        Native { name: c"describe", length: 1, run: describe },
        Native { name: c"instance", length: 1, run: instance },
        Native { name: c"start", length: 6, run: start },
        Native { name: c"call", length: 4, run: call_function },
        Native { name: c"callSync", length: 5, run: call_sync },
        Native { name: c"resume", length: 3, run: resume },
        Native { name: c"follow", length: 2, run: follow },
        Native { name: c"answer", length: 4, run: answer },
        Native { name: c"stats", length: 1, run: stats },
        Native { name: c"close", length: 1, run: close },
        Native { name: c"answersHttp", length: 0, run: answers_http },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// What a handle takes beside what it stands for.
const OVERHEAD: usize = 512;
/// Messages from here on are charged to the sandbox's account.
const LARGE: usize = 1_024;
/// What the host needs of the guest's stack for a synchronous call; a component that finds too little left has a stack of its own.
const STACK_WANTED: usize = 256 << 10;
/// The longest time that a call of a guest's may take: beyond it sums of times could overflow.
const MOST_MS: f64 = 2_147_483_647.0;

/// A component as guest code holds it.
pub(crate) struct ComponentHandle {
    pub(crate) component: Component,
    charge: Mutex<Charge>,
    /// Sizes of stacks that its code is paid for, beside the usual one.
    stacks: Mutex<Vec<usize>>,
}

impl ComponentHandle {
    fn new(component: Component, charge: Charge) -> Self {
        Self { component, charge: Mutex::new(charge), stacks: Mutex::default() }
    }

    /// Pays for the code that another size of stack takes; false where there is no room.
    fn pay_stack(&self, bytes: usize) -> bool {
        let Some(size) = Component::other_stack(bytes) else { return true };
        let mut stacks = self.stacks.lock().unwrap_or_else(PoisonError::into_inner);
        if stacks.contains(&size) {
            return true;
        }
        let mut charge = self.charge.lock().unwrap_or_else(PoisonError::into_inner);
        let is_paid = charge.grow(self.component.code_size());
        if is_paid {
            stacks.push(size);
        }
        is_paid
    }
}

/// An instance as guest code holds it.
struct InstanceHandle {
    running: Arc<Running>,
    _charge: Charge,
}

impl Drop for InstanceHandle {
    fn drop(&mut self) {
        self.running.close();
    }
}

/// Stops what runs under a flag as soon as nobody waits for it any more.
struct StopOnDrop(Cancel);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Linear memories count where the engine's heap does, and within what the guest allows its instance.
struct Account {
    charge: Charge,
    left: usize,
}

impl MemoryAccount for Account {
    fn reserve(&mut self, bytes: usize) -> bool {
        let Some(left) = self.left.checked_sub(bytes) else { return false };
        let is_granted = self.charge.grow(bytes);
        self.left = if is_granted { left } else { self.left };
        is_granted
    }
}

/// Bounds of an instance, and what stands still for it.
struct Settings {
    memory_bytes: Option<usize>,
    table_elements: Option<usize>,
    fuel: Option<u64>,
    stack_bytes: Option<usize>,
    clock: Option<Duration>,
    seed: Option<u64>,
}

impl Settings {
    fn read(value: &Value<'_>) -> rquickjs::Result<Self> {
        let list: Array<'_> = value.get()?;
        // What is no number from 0 on is refused by `guest:wasm`; here it is the nearest one.
        let number = |index| list.get::<Option<f64>>(index).map(|number| number.map(|number| number.max(0.0)));
        let size = |index| number(index).map(|number| number.map(|number| number as usize));
        let count = |index| number(index).map(|number| number.map(|number| number as u64));
        Ok(Self {
            memory_bytes: size(0)?,
            table_elements: size(1)?,
            fuel: count(2)?,
            stack_bytes: size(3)?,
            clock: number(4)?.map(|ms| Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default()),
            seed: count(5)?,
        })
    }
}

/// A table of more elements is nobody's.
const MOST_TABLE: usize = 10_000_000;

/// What an instance is given: arguments, standard input, whether it has the sandbox's console, and settings stand from `first` on.
pub(crate) fn given(
    call: &Call<'_, '_>,
    component: &ComponentHandle,
    first: usize,
) -> rquickjs::Result<Result<InstanceOptions, OpError>> {
    let settings = Settings::read(&call.arg(first + 3))?;
    let mut account = Account { charge: call.wasm_charge(), left: settings.memory_bytes.unwrap_or(usize::MAX) };
    let mut stdin = Vec::new();
    if !call.is_undefined(first + 1) {
        match bytes(call, first + 1) {
            Ok(bytes) if account.charge.grow(bytes.len()) => stdin = bytes,
            Ok(_) => return Ok(Err(out_of_memory("the standard input does not fit into this sandbox's memory"))),
            Err(error) => return Ok(Err(error)),
        }
    }
    let mut options = InstanceOptions::new(Box::new(account));
    options.stdin = stdin;
    if let Some(elements) = settings.table_elements {
        options.limits.table_elements = elements.min(MOST_TABLE);
    }
    if let Some(bytes) = settings.stack_bytes {
        if !component.pay_stack(bytes) {
            return Ok(Err(out_of_memory("the code for another stack does not fit into this sandbox's memory")));
        }
        options.limits.stack_bytes = Some(bytes);
    }
    (options.fuel, options.clock, options.seed) = (settings.fuel, settings.clock, settings.seed);
    options.args = call.arg(first).get()?;
    options.rights = runner(call)?.rights();
    if call.boolean(first + 2) {
        let stream = |level| {
            let console = call.console_writer();
            Some(lines(move |text| console.write(level, text)))
        };
        (options.stdout, options.stderr) = (stream("log"), stream("error"));
    }
    Ok(Ok(options))
}

/// What an error of an instance is to a guest.
pub(crate) fn error(error: &Error, cancel: Option<&Cancel>) -> OpError {
    let class = match error {
        Error::Memory(_) | Error::Fuel => ErrorClass::Range,
        Error::Argument(_) | Error::Compile(_) | Error::Link(_) | Error::Permission(_) => ErrorClass::Type,
        _ => ErrorClass::Error,
    };
    let is_closed = cancel.is_some_and(Cancel::is_cancelled);
    let (code, message) = match error {
        Error::Cancelled | Error::Gone(_) if is_closed => ("ERR_CLOSED", "the instance is closed".into()),
        // Nothing else ends a call.
        Error::Cancelled => ("ERR_TIMEOUT", "the call took longer than its timeoutMs; the instance is gone".into()),
        Error::Trap { backtrace, .. } if !backtrace.is_empty() => (error.code(), format!("{error}\n{backtrace}")),
        _ => (error.code(), error.to_string()),
    };
    OpError { class, message, code: Some(code.into()), name: None }
}

fn out_of_memory(message: &str) -> OpError {
    let message = format!("memoryBytes: {message}");
    OpError { class: ErrorClass::Range, message, code: Some("ERR_MEMORY".into()), name: None }
}

fn argument(message: &str) -> OpError {
    OpError { class: ErrorClass::Type, message: message.into(), code: Some("ERR_ARGUMENT".into()), name: None }
}

fn bytes(call: &Call<'_, '_>, index: usize) -> Result<Vec<u8>, OpError> {
    let copied = call.with_bytes(index, <[u8]>::to_vec);
    copied.ok_or_else(|| argument("Expected bytes in an ArrayBuffer that is neither shared nor detached"))
}

/// The first bytes of a message.
pub(crate) fn message(call: &Call<'_, '_>, index: usize, length: usize) -> Result<Vec<u8>, OpError> {
    let length = call.number(length).unwrap_or(0.0) as usize;
    let copied = call.with_bytes(index, |bytes| bytes.get(..length).map(<[u8]>::to_vec)).flatten();
    copied.ok_or_else(|| argument("Expected a message that is as long as it says"))
}

fn compile<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let bytes = match bytes(call, 0) {
        Ok(bytes) => bytes,
        Err(error) => return call.settled(Err(&error)),
    };
    let [fuel, baseline, experimental] = [1, 2, 3].map(|index| call.boolean(index));
    let options = CodeOptions { fuel, baseline, experimental, ..CodeOptions::default() };
    let cache = runner(call)?.code_cache().cloned();
    // Quick code stays beside the other.
    let weight = if options.baseline { 2 * bytes.len() } else { bytes.len() };
    compiled(call, weight, move || Component::compile_cached(bytes, options, cache.as_ref()))
}

fn compose<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let component = |value: Value<'js>| -> rquickjs::Result<Component> {
        let handle = held::<ComponentHandle>(&value)?;
        let component = handle.borrow().component.clone();
        Ok(component)
    };
    let root = component(call.arg(0))?;
    let names: Vec<Option<String>> = call.arg(1).get()?;
    let others: Vec<Value<'js>> = call.arg(2).get()?;
    let others = others.into_iter().map(component).collect::<rquickjs::Result<Vec<_>>>()?;
    let weight = others.iter().map(Component::source_size).fold(root.source_size(), usize::saturating_add);
    compiled(call, weight, move || {
        let with: Vec<_> = names.iter().map(Option::as_deref).zip(&others).collect();
        Component::compose(&root, &with)
    })
}

/// Compiles on another thread what weighs so many bytes; the promise of its handle.
fn compiled<'js>(
    call: &Call<'_, 'js>,
    weight: usize,
    compile: impl FnOnce() -> hostbox_wasm::Result<Component> + Send + 'static,
) -> Answer<'js> {
    let charge = match call.try_charge(weight.saturating_add(OVERHEAD)) {
        Ok(charge) => charge,
        Err(error) => return call.settled(Err(&error)),
    };
    let runner = runner(call)?;
    call.spawn(None, async move {
        let _place = runner.place().await;
        match on_thread(compile).await {
            Err(failed) => OpOutcome::Error(error(&failed, None)),
            Ok(component) => {
                OpOutcome::Finish(Box::new(move |ctx, _| hold(ctx, ComponentHandle::new(component, charge))))
            }
        }
    })
}

/// Has the sandbox's rights and places.
pub(crate) fn runner(call: &Call<'_, '_>) -> rquickjs::Result<Runner> {
    call.data::<Data>().and_then(|data| data.wasi.clone()).ok_or(rquickjs::Error::Unknown)
}

fn describe<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let handle = held::<ComponentHandle>(&call.arg(0))?;
    let component = handle.borrow().component.clone();
    let answer = Array::new(call.ctx().clone())?;
    answer.set(0, component.shape())?;
    answer.set(1, component.wit())?;
    answer.set(2, component.imports().to_vec())?;
    answer.set(3, component.exports().to_vec())?;
    Ok(answer.into_value())
}

/// The time of a call in milliseconds: the sandbox's own at most.
pub(crate) fn timeout(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Duration> {
    // NaN is no time.
    let asked = Duration::try_from_secs_f64(call.number(index)?.clamp(1.0, MOST_MS) / 1e3).unwrap_or_default();
    Ok(asked.min(call.timeout()))
}

fn instance<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let running = Arc::new(Running::new(timeout(call, 0)?, runner(call)?));
    let handle = InstanceHandle { running, _charge: call.charge(OVERHEAD)? };
    hold(call.ctx(), handle)
}

fn running(call: &Call<'_, '_>) -> rquickjs::Result<Arc<Running>> {
    let handle = held::<InstanceHandle>(&call.arg(0))?;
    let running = handle.borrow().running.clone();
    Ok(running)
}

fn start<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let running = running(call)?;
    let handle = held::<ComponentHandle>(&call.arg(1))?;
    let component = handle.borrow().component.clone();
    let mut options = match given(call, &handle.borrow(), 2)? {
        Ok(options) => options,
        Err(error) => return call.settled(Err(&error)),
    };
    options.host = running.host(Box::new(Lent));
    options.turn = Some(running.timeout);
    options.runner = Some(runner(call)?);
    let begun = running.clone().begin(move |running, cancel| {
        options.cancel = cancel.clone();
        Box::pin(async move {
            let _stop = StopOnDrop(cancel);
            let started = on_thread(move || component.instantiate(options)).await?;
            running.started(started);
            Ok(Vec::new())
        })
    });
    call.spawn(None, async move { outcome(begun.await, &running.cancel) })
}

fn call_function<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let running = running(call)?;
    let function = call.number(1)? as u32;
    let message = match message(call, 2, 3) {
        Ok(message) => message,
        Err(error) => return call.settled(Err(&error)),
    };
    // It may wait for its turn for long, and so may many.
    let charge = match (message.len() >= LARGE).then(|| call.try_charge(message.len())).transpose() {
        Ok(charge) => charge,
        Err(error) => return call.settled(Err(&error)),
    };
    let cancel = running.cancel.clone();
    if running.beside().is_some() {
        return beside(call, running, Wanted::Call { function, message }, charge);
    }
    let begun = running.begin(move |running, cancel| {
        Box::pin(async move {
            let gone = || Error::Gone("it was not started".into());
            let instance = running.instance.get().ok_or_else(gone)?.clone();
            drop(running);
            instance.call_async(function, message, cancel).await
        })
    });
    call.spawn(None, async move {
        let _charge = charge;
        outcome(begun.await, &cancel)
    })
}

/// The first argument is the function that answers what the component asks.
fn call_sync<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let handle = held::<InstanceHandle>(&call.arg(1))?;
    let running = handle.borrow().running.clone();
    let function = call.number(2)? as u32;
    let message = message(call, 3, 4).map_err(|error| call.throw(&error))?;
    if !call.has_stack(STACK_WANTED) {
        return Err(call.throw(&stack_overflow()));
    }
    match call.lend(|| running.call_now(function, &message)) {
        Ok(answer) => call.array_buffer(Block::from_vec(answer)),
        Err(failed) => Err(call.throw(&error(&failed, Some(&running.cancel)))),
    }
}

/// The innermost native call on this thread that is lent, which is [`call_sync`] while a component runs in it.
struct Lent;

impl Caller for Lent {
    fn is_here(&self) -> bool {
        Call::lent(|_| ()).is_some()
    }

    fn is_over(&self) -> bool {
        Call::lent(|call| call.is_over()).unwrap_or(false)
    }

    fn answer(&self, numbers: [u32; 3], args: Vec<u8>) -> Option<Vec<u8>> {
        Call::lent(|call| answered(call, numbers, args)).flatten()
    }
}

/// What the function gives that is the first argument of the call.
fn answered(call: &Call<'_, '_>, numbers: [u32; 3], args: Vec<u8>) -> Option<Vec<u8>> {
    let [function, at, reply] = numbers;
    let answer = call.array_buffer(Block::from_vec(args)).and_then(|message| {
        let dispatch = call.arg(0);
        let dispatch = dispatch.as_function().ok_or(rquickjs::Error::Unknown)?;
        dispatch.call::<_, Value<'_>>((function, at, reply, message))
    });
    match answer {
        Ok(answer) => call.with_bytes_mut(&answer, |bytes| bytes.to_vec()),
        Err(_) => {
            // Out of memory, or out of time: both are told in another way.
            call.ctx().catch();
            None
        }
    }
}

fn stack_overflow() -> OpError {
    OpError { class: ErrorClass::Range, message: "Maximum call stack size exceeded".into(), code: None, name: None }
}

fn resume<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let running = running(call)?;
    let answer = if call.is_undefined(1) {
        None
    } else {
        match message(call, 1, 2) {
            Ok(answer) => Some(answer),
            Err(error) => return call.settled(Err(&error)),
        }
    };
    let cancel = running.cancel.clone();
    call.spawn(None, async move { outcome(running.resume(answer).await, &cancel) })
}

/// A step of a call beside others.
fn beside<'js>(call: &Call<'_, 'js>, running: Arc<Running>, wanted: Wanted, charge: Option<Charge>) -> Answer<'js> {
    call.spawn(None, async move {
        let _charge = charge;
        outcome(running.step_beside(wanted).await, &running.cancel)
    })
}

fn follow<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (running, number) = (running(call)?, call.number(1)? as u32);
    beside(call, running, Wanted::Rest(number), None)
}

fn answer<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (running, ticket) = (running(call)?, call.number(1)? as u32);
    let answer =
        if call.is_undefined(2) { None } else { Some(message(call, 2, 3).map_err(|error| call.throw(&error))?) };
    if let Some(beside) = running.beside() {
        beside.answer(ticket, answer);
    }
    Ok(call.undefined())
}

fn outcome(step: hostbox_wasm::Result<Step>, cancel: &Cancel) -> OpOutcome {
    let step = match step {
        Ok(step) => step,
        Err(failed) => return OpOutcome::Error(error(&failed, Some(cancel))),
    };
    OpOutcome::Finish(Box::new(move |ctx, _| {
        let answer = Array::new(ctx.clone())?;
        let bytes = match step {
            Step::Done(bytes) => {
                answer.set(0, false)?;
                bytes
            }
            Step::Asking { function, at, reply, args, beside } => {
                answer.set(0, true)?;
                // As a number: the binding takes the upper half of 32 bits for negative ones.
                answer.set(2, f64::from(function))?;
                answer.set(3, at)?;
                answer.set(4, reply)?;
                if let Some((call, ticket)) = beside {
                    answer.set(5, call)?;
                    answer.set(6, ticket)?;
                }
                args
            }
        };
        answer.set(1, hostbox_engine::array_buffer(ctx, Block::from_vec(bytes))?)?;
        Ok(answer.into_value())
    }))
}

fn stats<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let stats = running(call)?.instance.get().map(Instance::stats);
    let answer = Array::new(call.ctx().clone())?;
    answer.set(0, stats.map_or(0.0, |stats| stats.memory_bytes as f64))?;
    answer.set(1, stats.and_then(|stats| stats.fuel).map(|fuel| fuel as f64))?;
    Ok(answer.into_value())
}

fn close<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    running(call)?.close();
    Ok(call.undefined())
}

fn answers_http<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    Ok(Value::new_bool(call.ctx().clone(), cfg!(feature = "fetch")))
}
