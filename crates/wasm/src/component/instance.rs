//! A running component, and calls of its functions.

use std::borrow::Cow;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hostbox_buffers::Cancel;
use tokio::sync::Mutex;
use wasmtime::component::{Func, ResourceAny, TypedFunc, WasmList};
use wasmtime::{Store, Trap, UpdateDeadline, WasmBacktrace};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;

use super::concurrent::{CANCEL, Driver, Giver, READ, Reference, Turn, too_many};
use super::direct::{Answer, Args, Lifted, wrong};
use super::host::{HostError, HostFunctions, NoHostFunctions};
use super::inward::HEADER;
use super::state::State;
use super::stock;
use super::surroundings::{self, Sink, Stream};
use super::{Compiled, Component};
use crate::drive::drive;
use crate::error::{Error, Result};
use crate::files::Denials;
use crate::limits::{Limiter, Limits, MemoryAccount};
use crate::machine::{Machine, STACK_BYTES, Stack, TICK};
use crate::network::{self, Network};
use crate::rights::Rights;
use crate::wasi::{Runner, StopOnDrop, threads};

/// What an instance is given.
pub struct InstanceOptions {
    /// The code behind its imports.
    pub host: Arc<dyn HostFunctions>,
    /// Who pays for its memories and tables.
    pub account: Box<dyn MemoryAccount>,
    /// Bounds beside the account's.
    pub limits: Limits,
    /// Instructions that it may run in all its life; for components that were compiled with fuel.
    pub fuel: Option<u64>,
    /// Arguments of the command line, `argv[0]` included.
    pub args: Vec<String>,
    /// The directories, the environment and whatever else it reaches.
    pub rights: Arc<Rights>,
    /// Standard input.
    pub stdin: Vec<u8>,
    /// Takes its standard output; what is written to nobody is dropped.
    pub stdout: Option<Sink>,
    /// Takes its standard error.
    pub stderr: Option<Sink>,
    /// The time since 1970 at which its clocks stand still; none where they go.
    pub clock: Option<Duration>,
    /// What its randomness is made from; none where it is the system's.
    pub seed: Option<u64>,
    /// How long its code may run without a break, whoever called it; for components that need component-model async, whose code runs on
    /// after calls.
    pub turn: Option<Duration>,
    /// Whose places its code takes while it runs, and not while it waits; none where nobody counts them. For requests, and for components that need
    /// component-model async: other calls take a place themselves.
    pub runner: Option<Runner>,
    /// Ends the instantiation.
    pub cancel: Cancel,
    /// Whether instances of this component are made ready for those to come, where its start is slow.
    pub warm: bool,
}

impl InstanceOptions {
    /// No imports, no arguments, no rights, no streams.
    pub fn new(account: Box<dyn MemoryAccount>) -> Self {
        Self {
            host: Arc::new(NoHostFunctions),
            account,
            limits: Limits::default(),
            fuel: None,
            args: Vec::new(),
            rights: Arc::default(),
            stdin: Vec::new(),
            stdout: None,
            stderr: None,
            clock: None,
            seed: None,
            turn: None,
            runner: None,
            cancel: Cancel::new(),
            warm: false,
        }
    }
}

impl std::fmt::Debug for InstanceOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstanceOptions")
            .field("limits", &self.limits)
            .field("fuel", &self.fuel)
            .finish_non_exhaustive()
    }
}

/// Figures of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Bytes of its linear memories and tables.
    pub memory_bytes: u64,
    /// What is left of its fuel, after the last call.
    pub fuel: Option<u64>,
}

/// A running component. One call at a time: others wait for their turn, or are told that it is busy.
///
/// After a trap, a stop or [`Instance::close`] it is gone, with its memory; later calls say why.
#[derive(Clone)]
pub struct Instance(Arc<Shared>);

struct Shared {
    component: Component,
    life: Arc<Mutex<Life>>,
    closed: Cancel,
    memory_bytes: Arc<AtomicU64>,
    fuel: Arc<AtomicU64>,
    /// Has the store of an instance with component-model async.
    driver: Option<Driver>,
}

enum Life {
    Alive(Box<Alive>),
    /// Why it is not.
    Gone(Error),
}

pub(super) struct Alive {
    store: Store<State>,
    instance: wasmtime::component::Instance,
    /// The adapter, where there is one.
    call: Option<Func>,
    /// Who has what stands in messages to it as numbers.
    giver: Giver,
    /// The ways in that were looked for, by the functions' numbers.
    entries: Vec<Option<Entry>>,
}

/// The way into a component.
#[derive(Clone, Copy)]
enum Entry {
    Adapter(Func),
    /// The function itself, with a result of one flat value or none.
    Flat(Func),
    /// The function itself, with a result in memory.
    Memory(Func),
    /// The end of one of its resources.
    End,
}

/// Where an answer is.
enum Reply {
    Adapter(WasmList<u8>),
    Host(Vec<u8>),
}

type Call<'a> = TypedFunc<(u32, &'a [u8]), (WasmList<u8>,)>;
type DirectCall<'a, const FLAT: usize> = TypedFunc<Args<'a>, Answer<FLAT>>;

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").field("component", &self.0.component).field("stats", &self.stats()).finish()
    }
}

/// A store with what an instance of a component is given.
pub(super) fn furnish(component: &Component, options: InstanceOptions, is_sync: bool) -> Result<Store<State>> {
    let compiled = &component.0;
    let fuel = options.fuel;
    let mut store = Store::new(&compiled.machine.engine, State::new(component, options, is_sync)?);
    store.limiter(|state| &mut state.limiter);
    store.set_epoch_deadline(1);
    let is_concurrent = compiled.face.is_concurrent;
    store.epoch_deadline_callback(move |mut store| {
        if store.data().is_stopped() {
            return Ok(UpdateDeadline::Interrupt);
        }
        if is_concurrent {
            let entries = store.concurrent_state_table_size();
            if !store.data_mut().pay_entries(entries) {
                return Err(too_many());
            }
            if let Some(why) = store.data().turn.is_too_long() {
                return Err(why.into());
            }
        }
        Ok(UpdateDeadline::Continue(1))
    });
    if compiled.options.fuel {
        store.set_fuel(fuel.unwrap_or(u64::MAX)).map_err(unavailable)?;
    }
    Ok(store)
}

impl Instance {
    pub(super) fn new(component: &Component, options: InstanceOptions, is_sync: bool) -> Result<Instance> {
        let component = component.for_instance(options.limits.stack_bytes)?;
        if component.0.face.is_concurrent {
            return Self::driven(component, options);
        }
        let is_warm = options.warm;
        let ready = if is_warm { stock::take(&component) } else { None };
        let alive = match ready {
            Some(ready) => ready.handed_over(&component, options, is_sync)?,
            None => {
                let begun = Instant::now();
                let alive = Self::start(&component, options, is_sync)?;
                if is_warm && !alive.has_asked() {
                    stock::refill(&component, begun.elapsed());
                }
                alive
            }
        };
        let state = alive.store.data();
        let (closed, memory_bytes) = (state.closed.clone(), state.memory_bytes.clone());
        let fuel = Arc::new(AtomicU64::new(alive.store.get_fuel().unwrap_or_default()));
        let life = Arc::new(Mutex::new(Life::Alive(alive)));
        Ok(Instance(Arc::new(Shared { component, life, closed, memory_bytes, fuel, driver: None })))
    }

    /// An instance that works on several calls at once.
    fn driven(component: Component, options: InstanceOptions) -> Result<Instance> {
        let compiled = &component.0;
        let runner = options.runner.clone();
        let mut store = furnish(&component, options, false)?;
        let _running = compiled.machine.running();
        let stop = store.data().cancel.clone();
        let instance = drive(pin!(compiled.linked.instantiate_async(&mut store)), &|| stop.is_cancelled())?;
        let instance = instance.map_err(|error| failure(&error, &mut store))?;
        let fuel = Arc::new(AtomicU64::new(store.get_fuel().unwrap_or_default()));
        store.data_mut().cancel = Cancel::new();
        let (closed, memory_bytes) = (store.data().closed.clone(), store.data().memory_bytes.clone());
        let driver = Driver::start(component.clone(), store, instance, fuel.clone(), runner)?;
        let life = Arc::new(Mutex::new(Life::Gone(Error::Cancelled)));
        Ok(Instance(Arc::new(Shared { component, life, closed, memory_bytes, fuel, driver: Some(driver) })))
    }

    /// Makes a store, and runs the component's start functions.
    pub(super) fn start(component: &Component, options: InstanceOptions, is_sync: bool) -> Result<Box<Alive>> {
        let compiled = &component.0;
        let mut store = furnish(component, options, is_sync)?;
        let _running = compiled.machine.running();
        let instance = if compiled.has_imports || is_stack_short(compiled.stack) {
            let stop = store.data().cancel.clone();
            drive(pin!(compiled.linked.instantiate_async(&mut store)), &|| stop.is_cancelled())?
        } else {
            compiled.linked.instantiate(&mut store)
        };
        let started = instance.and_then(|instance| {
            if compiled.face.is_bare() {
                return Ok((instance, None));
            }
            let call = instance.get_func(&mut store, "call");
            let call = call.ok_or_else(|| wasmtime::Error::msg("the adapter exports no function"))?;
            call.typed::<(u32, &[u8]), (WasmList<u8>,)>(&store).map(|_| (instance, Some(call)))
        });
        let (instance, call) = started.map_err(|error| failure(&error, &mut store))?;
        let giver = store.data().giver();
        Ok(Box::new(Alive { store, instance, call, giver, entries: Vec::new() }))
    }

    /// The component that it runs.
    pub fn component(&self) -> &Component {
        &self.0.component
    }

    /// Calls a function by its number in the shape, on this thread, and gives the answer to `reply` where it lies, or for its own.
    ///
    /// # Errors
    /// [`Error::Busy`] while another call runs; [`Error::Argument`] for an unknown number or a message that is too short;
    /// [`Error::Trap`], [`Error::Host`], [`Error::Fuel`], [`Error::Cancelled`], after which the instance is gone; [`Error::Gone`] from then on.
    pub fn call<R>(
        &self,
        function: u32,
        args: &[u8],
        cancel: &Cancel,
        reply: impl FnOnce(Cow<'_, [u8]>) -> R,
    ) -> Result<R> {
        self.check(function, args)?;
        if self.0.driver.is_some() {
            return Err(Error::Argument(
                "Expected a call that somebody else waits for: this component has component-model async".into(),
            ));
        }
        let mut life = self.0.life.try_lock().map_err(|_| Error::Busy)?;
        let alive = match &mut *life {
            Life::Alive(alive) => alive,
            Life::Gone(why) => return Err(Error::Gone(why.to_string())),
        };
        let component = &self.0.component.0;
        let _running = component.machine.running();
        alive.begin(cancel, true);
        let entry = alive.entry(&self.0.component, function)?;
        let answer = if component.has_imports || is_stack_short(component.stack) {
            let (cancel, closed) = (cancel.clone(), self.0.closed.clone());
            let host = alive.store.data().host.clone();
            let stopped = move || {
                host.attend();
                cancel.is_cancelled() || closed.is_cancelled() || host.is_over()
            };
            drive(pin!(alive.enter_async(entry, function, args)), &stopped).unwrap_or_else(|error| Err(error.into()))
        } else {
            alive.enter(entry, function, args)
        };
        match answer {
            Ok(answer) => {
                self.note(alive);
                match answer {
                    Reply::Adapter(answer) => Ok(reply(answer.as_le_slice(&alive.store).into())),
                    Reply::Host(answer) => {
                        alive.pay(answer.len())?;
                        Ok(reply(answer.into()))
                    }
                }
            }
            Err(error) => {
                let error = failure(&error, &mut alive.store);
                *life = Life::Gone(error.clone());
                Err(error)
            }
        }
    }

    /// Whether it works on several calls at once: its component needs component-model async.
    pub fn is_concurrent(&self) -> bool {
        self.0.driver.is_some()
    }

    /// Begins a call of an instance that works on several at once, or a read of one of its streams; its answer comes later. A call that is dropped
    /// before it is ready ends the instance; so does any other failure of one call for all of them.
    ///
    /// # Errors
    /// Those of [`Instance::call_async`]; [`Error::Argument`] for an instance that works on one call at a time.
    pub fn call_concurrent(
        &self,
        function: u32,
        args: Vec<u8>,
    ) -> Result<impl Future<Output = Result<Vec<u8>>> + Send + use<>> {
        if !matches!(function, READ | CANCEL) {
            self.check(function, &args)?;
        }
        let one = || Error::Argument("Expected a component with component-model async".into());
        self.0.driver.as_ref().ok_or_else(one)?.call(function, args)
    }

    /// Calls a function by its number on a thread of its own, after the calls that came before, or among them where it is
    /// [concurrent](Instance::is_concurrent). Dropped before it is ready, it ends the instance, where the call had begun.
    ///
    /// # Errors
    /// Those of [`Instance::call`] but [`Error::Busy`].
    pub async fn call_async(&self, function: u32, args: Vec<u8>, cancel: Cancel) -> Result<Vec<u8>> {
        if self.is_concurrent() {
            let call = self.call_concurrent(function, args)?;
            return tokio::select! {
                biased;
                answer = call => answer,
                () = self.stopped(&cancel) => Err(Error::Cancelled),
            };
        }
        self.check(function, &args)?;
        let mut life = self.0.life.clone().lock_owned().await;
        // What it remains where nobody waits for the end.
        let mut alive = match std::mem::replace(&mut *life, Life::Gone(Error::Cancelled)) {
            Life::Alive(alive) => alive,
            Life::Gone(why) => {
                let error = Error::Gone(why.to_string());
                *life = Life::Gone(why);
                return Err(error);
            }
        };
        let stop = StopOnDrop(cancel.child());
        let (instance, cancel) = (self.clone(), stop.0.clone());
        let call = Box::pin(async move {
            alive.begin(&cancel, false);
            let answer = match alive.entry(&instance.0.component, function) {
                Ok(entry) => alive.enter_async(entry, function, &args).await,
                Err(error) => Err(error.into()),
            };
            match answer {
                Ok(answer) => {
                    instance.note(&alive);
                    let answer = match answer {
                        Reply::Adapter(answer) => Ok(answer.as_le_slice(&alive.store).to_vec()),
                        Reply::Host(answer) => alive.pay(answer.len()).map(|()| answer),
                    };
                    *life = Life::Alive(alive);
                    answer
                }
                Err(error) => {
                    let error = failure(&error, &mut alive.store);
                    *life = Life::Gone(error.clone());
                    Err(error)
                }
            }
        });
        on_threads(self.0.component.0.machine, call, pin!(self.stopped(&stop.0))).await?
    }

    async fn stopped(&self, cancel: &Cancel) {
        while !cancel.is_cancelled() && !self.0.closed.is_cancelled() {
            tokio::time::sleep(TICK).await;
        }
    }

    fn check(&self, function: u32, args: &[u8]) -> Result<()> {
        let Some(least) = self.0.component.0.face.exported.get(function as usize) else {
            return Err(Error::Argument(format!("Expected the number of a function but received {function}")));
        };
        if args.len() < *least {
            return Err(Error::Argument(format!(
                "Expected a message of {least} bytes or more but received {}",
                args.len()
            )));
        }
        Ok(())
    }

    fn note(&self, alive: &Alive) {
        if self.0.component.0.options.fuel {
            self.0.fuel.store(alive.store.get_fuel().unwrap_or_default(), Relaxed);
        }
    }

    /// Figures, as of now.
    pub fn stats(&self) -> Stats {
        let has_fuel = self.0.component.0.options.fuel;
        Stats { memory_bytes: self.0.memory_bytes.load(Relaxed), fuel: has_fuel.then(|| self.0.fuel.load(Relaxed)) }
    }

    /// Gives its memory back, now or as soon as the call that runs has been stopped. Calls are refused from then on.
    pub fn close(&self) {
        self.0.closed.cancel();
        if let Some(driver) = &self.0.driver {
            return driver.close();
        }
        if let Ok(mut life) = self.0.life.try_lock()
            && matches!(*life, Life::Alive(_))
        {
            *life = Life::Gone(Error::Cancelled);
        }
    }
}

impl Alive {
    /// Whether it has asked anything of the host.
    pub(super) fn has_asked(&self) -> bool {
        self.store.data().has_asked
    }

    /// Gives one that has asked nothing yet to whoever wants one: its surroundings are theirs, and they pay for its memory and its fuel.
    fn handed_over(
        mut self: Box<Self>,
        component: &Component,
        options: InstanceOptions,
        is_sync: bool,
    ) -> Result<Box<Self>> {
        let fuel = options.fuel.unwrap_or(u64::MAX);
        let mut state = State::new(component, options, is_sync)?;
        state.limiter.take_over(&self.store.data().limiter)?;
        if component.0.options.fuel {
            let used = u64::MAX - self.store.get_fuel().map_err(unavailable)?;
            self.store.set_fuel(fuel.checked_sub(used).ok_or(Error::Fuel)?).map_err(unavailable)?;
        }
        self.giver = state.giver();
        *self.store.data_mut() = state;
        Ok(self)
    }

    fn begin(&mut self, cancel: &Cancel, is_sync: bool) {
        let state = self.store.data_mut();
        state.cancel = cancel.clone();
        state.is_sync = is_sync;
        self.store.set_epoch_deadline(1);
    }

    fn entry(&mut self, component: &Component, function: u32) -> Result<Entry> {
        let index = function as usize;
        if let Some(Some(entry)) = self.entries.get(index) {
            return Ok(*entry);
        }
        let Compiled { direct, face, .. } = &*component.0;
        let exported = direct.get(index).and_then(Option::as_ref);
        let found = exported.and_then(|exported| self.instance.get_func(&mut self.store, exported));
        let is_memory = face.direct.get(index).and_then(Option::as_ref).is_some_and(|direct| direct.is_memory);
        let entry = match (found, self.call) {
            (Some(function), _) if is_memory => Entry::Memory(function),
            (Some(function), _) => Entry::Flat(function),
            _ if index >= face.functions => Entry::End,
            (None, Some(call)) => Entry::Adapter(call),
            (None, None) => return Err(Error::Unavailable("the function is not there".into())),
        };
        if self.entries.len() <= index {
            self.entries.resize(index + 1, None);
        }
        self.entries[index] = Some(entry);
        Ok(entry)
    }

    fn enter(&mut self, entry: Entry, number: u32, args: &[u8]) -> wasmtime::Result<Reply> {
        let Self { store, giver, .. } = self;
        match entry {
            Entry::Adapter(function) => {
                adapter(function).call(store, (number, args)).map(|(list,)| Reply::Adapter(list))
            }
            Entry::Flat(function) => {
                let Answer(answer) = direct::<1>(function)
                    .call(&mut *store, Args { message: args.into(), giver: Cow::Borrowed(giver) })?;
                numbered(store, giver, answer)
            }
            Entry::Memory(function) => {
                let Answer(answer) = direct::<2>(function)
                    .call(&mut *store, Args { message: args.into(), giver: Cow::Borrowed(giver) })?;
                numbered(store, giver, answer)
            }
            Entry::End => ending(giver, args)?.resource_drop(store).map(|()| nothing()),
        }
    }

    async fn enter_async(&mut self, entry: Entry, number: u32, args: &[u8]) -> wasmtime::Result<Reply> {
        let Self { store, giver, .. } = self;
        match entry {
            Entry::Adapter(function) => {
                adapter(function).call_async(store, (number, args)).await.map(|(list,)| Reply::Adapter(list))
            }
            Entry::Flat(function) => {
                let Answer(answer) = direct::<1>(function)
                    .call_async(&mut *store, Args { message: args.into(), giver: Cow::Borrowed(giver) })
                    .await?;
                numbered(store, giver, answer)
            }
            Entry::Memory(function) => {
                let Answer(answer) = direct::<2>(function)
                    .call_async(&mut *store, Args { message: args.into(), giver: Cow::Borrowed(giver) })
                    .await?;
                numbered(store, giver, answer)
            }
            Entry::End => ending(giver, args)?.resource_drop_async(store).await.map(|()| nothing()),
        }
    }

    /// Has the account pay for an answer that the host holds.
    fn pay(&mut self, bytes: usize) -> Result<()> {
        if !self.store.data_mut().pay(bytes) {
            return Err(Error::Memory(format!(
                "memoryBytes: an answer of {bytes} bytes does not fit into this sandbox's memory"
            )));
        }
        Ok(())
    }
}

/// An answer with the numbers of its resources.
fn numbered(
    store: &mut Store<State>,
    Giver { handles, .. }: &Giver,
    Lifted { message: mut answer, references }: Lifted,
) -> wasmtime::Result<Reply> {
    if !references.is_empty() && !store.data_mut().pay_entries(references.len()) {
        return Err(too_many());
    }
    for (place, reference) in references {
        let Reference::Resource(resource) = reference else { return Err(wrong("a stream where there are none")) };
        let number = answer.get_mut(place..place + 4).ok_or_else(|| wrong("a resource outside of its message"))?;
        number.copy_from_slice(&handles.add(resource).to_le_bytes());
    }
    Ok(Reply::Host(answer))
}

/// The resource of a number, at its end.
fn ending(Giver { handles, .. }: &Giver, args: &[u8]) -> wasmtime::Result<ResourceAny> {
    handles.take(first(args)).ok_or_else(|| wrong("a handle that there is not"))
}

/// The number in the first slot of a message.
fn first(args: &[u8]) -> u32 {
    args.first_chunk().map_or(u32::MAX, |bytes| u32::from_le_bytes(*bytes))
}

/// The answer of what has no result.
fn nothing() -> Reply {
    let mut answer = vec![0; HEADER as usize];
    answer[..4].copy_from_slice(&(HEADER as u32).to_le_bytes());
    Reply::Host(answer)
}

fn adapter<'a>(function: Func) -> Call<'a> {
    // SAFETY: `Instance::new` has looked at the type of this very function.
    unsafe { TypedFunc::new_unchecked(function) }
}

fn direct<'a, const FLAT: usize>(function: Func) -> DirectCall<'a, FLAT> {
    // SAFETY: `Args` and `Answer` take the type of the function as it is. Whether its result is in memory is known from the same types, by
    // `World::direct`.
    unsafe { TypedFunc::new_unchecked(function) }
}

/// Whether this thread has too little stack for the machine's frames: the component runs on one of its own then.
fn is_stack_short(stack: Stack) -> bool {
    stacker::remaining_stack().is_none_or(|bytes| bytes < stack.bytes() + STACK_BYTES)
}

fn unavailable(error: wasmtime::Error) -> Error {
    Error::Unavailable(format!("{error:#}"))
}

/// Polls work on threads that may block, and holds none while it waits for the host. Ends when it is stopped.
pub(super) async fn on_threads<T: Send + 'static>(
    machine: &'static Machine,
    mut work: Pin<Box<dyn Future<Output = T> + Send>>,
    mut stopped: Pin<&mut impl Future<Output = ()>>,
) -> Result<T> {
    let woken = Arc::new(Woken::default());
    loop {
        let waker = Waker::from(woken.clone());
        let polled = threads()?.spawn_blocking(move || {
            let _running = machine.running();
            let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
            (work, polled)
        });
        let polled = polled.await.map_err(|panic| Error::Unavailable(panic.to_string()))?;
        match polled {
            (_, Poll::Ready(result)) => return Ok(result),
            (waiting, Poll::Pending) => work = waiting,
        }
        tokio::select! {
            biased;
            () = woken.0.notified() => {}
            () = &mut stopped => return Err(Error::Cancelled),
        }
    }
}

/// What a failed call says to its caller.
pub(super) fn failure(error: &wasmtime::Error, store: &mut Store<State>) -> Error {
    let refused = store.data_mut().limiter.refused();
    if let Some(host) = error.downcast_ref::<HostError>() {
        return Error::Host(host.clone());
    }
    if let Some(own) = error.downcast_ref::<Error>() {
        return own.clone();
    }
    if store.data().is_stopped() {
        return Error::Cancelled;
    }
    let backtrace = error.downcast_ref::<WasmBacktrace>().map(ToString::to_string).unwrap_or_default();
    match (error.downcast_ref::<Trap>(), refused) {
        (Some(Trap::OutOfFuel), _) => Error::Fuel,
        (None, Some(refused)) => Error::Memory(refused),
        (Some(trap), refused) => {
            let reason = refused.map_or_else(|| trap.to_string(), |refused| format!("{trap}, after {refused}"));
            Error::Trap { reason, backtrace }
        }
        (None, None) => Error::Trap { reason: error.root_cause().to_string(), backtrace },
    }
}

#[derive(Default)]
pub(super) struct Woken(pub(super) tokio::sync::Notify);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

impl State {
    /// What one instance finds around it.
    fn new(component: &Component, options: InstanceOptions, is_sync: bool) -> Result<State> {
        let missing = component.0.face.imported.iter().zip(0..).find(|(_, number)| !options.host.has(*number));
        if let Some((imported, _)) = missing {
            return Err(Error::Link(format!("it imports {}, and nothing was given for it", imported.name)));
        }
        let mut wasi = WasiCtxBuilder::new();
        options.rights.give(&mut wasi)?;
        wasi.args(&options.args).stdin(MemoryInputPipe::new(Bytes::from(options.stdin)));
        if let Some(sink) = options.stdout {
            wasi.stdout(Stream(sink));
        }
        if let Some(sink) = options.stderr {
            wasi.stderr(Stream(sink));
        }
        if let Some(now) = options.clock {
            surroundings::freeze_clocks(&mut wasi, now);
        }
        if let Some(seed) = options.seed {
            surroundings::seed(&mut wasi, seed);
        }
        let memory_bytes = Arc::new(AtomicU64::new(0));
        let account = Box::new(Counted { account: options.account, bytes: memory_bytes.clone() });
        let network = Network::new(&options.rights, &mut wasi);
        Ok(State {
            wasi: wasi.build(),
            table: network::table(),
            network,
            denials: Denials::new(&options.rights),
            limiter: Limiter::new(account, &options.limits),
            host: options.host,
            component: component.clone(),
            cancel: options.cancel,
            closed: Cancel::new(),
            memory_bytes,
            is_sync,
            paid: 0,
            asked: Arc::default(),
            has_asked: false,
            ends: Arc::default(),
            handles: Arc::default(),
            turn: Arc::new(Turn::new(options.turn)),
            entries: 0,
        })
    }
}

/// An account that shows what was reserved.
struct Counted {
    account: Box<dyn MemoryAccount>,
    bytes: Arc<AtomicU64>,
}

impl MemoryAccount for Counted {
    fn reserve(&mut self, bytes: usize) -> bool {
        let granted = self.account.reserve(bytes);
        if granted {
            self.bytes.fetch_add(bytes as u64, Relaxed);
        }
        granted
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.bytes.store(0, Relaxed);
    }
}
