//! Runs of WASI commands.
//!
//! Streams are buffers: standard input is lent to the module, output goes into the store while it is written.
//! Specification: WASI 0.1 (preview 1) and WASI 0.2, <https://wasi.dev>

use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use hostbox_buffers::{Cancel, Lent, Store as Buffers};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, oneshot};
use wasmtime::component::ResourceTable;
use wasmtime::{Store, Trap, UpdateDeadline, WasmBacktrace};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::cache::CodeCache;
use crate::code::{Code, Kind};
use crate::drive::drive;
use crate::error::{Error, Result};
use crate::files::Denials;
use crate::files::preview2::{self as files, Denied};
use crate::input::Source;
use crate::limits::{Limiter, Limits, MemoryAccount};
use crate::linger;
use crate::machine::{Form, Machine, SLOTS, Stack, TICK, Watch};
use crate::network::{self, Connected, Network, View};
use crate::output::Output;
use crate::rights::Rights;

/// What a command is given.
#[derive(Debug, Default)]
pub struct Command {
    /// Behind `argv[0]`, which is `module.wasm`.
    pub args: Vec<String>,
    /// Standard input; empty where there is none.
    pub stdin: Option<Lent>,
    /// Instructions that it may run, in code that counts them; any number where there is none.
    pub fuel: Option<u64>,
}

/// What a command is given beside its streams.
struct Given<'a> {
    args: &'a [String],
    fuel: Option<u64>,
    rights: &'a Rights,
    limiter: Limiter,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// As given to `proc_exit`; 0 where the module returned.
    pub code: i32,
    /// The id of what it wrote to standard output.
    pub stdout: u64,
    /// The id of what it wrote to standard error.
    pub stderr: u64,
}

/// The host's side of a running module.
pub(crate) struct ModuleState {
    pub(crate) wasi: WasiP1Ctx,
    pub(crate) denials: Denials,
    limiter: Limiter,
}

/// The host's side of a running component.
pub(crate) struct ComponentState {
    wasi: WasiCtx,
    table: ResourceTable,
    network: Network,
    denials: Denials,
    limiter: Limiter,
}

impl WasiView for ComponentState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Connected for ComponentState {
    fn network(&mut self) -> View<'_> {
        View { network: &mut self.network, wasi: WasiCtxView { ctx: &mut self.wasi, table: &mut self.table } }
    }
}

impl Denied for ComponentState {
    fn files(&mut self) -> files::View<'_> {
        let wasi = WasiCtxView { ctx: &mut self.wasi, table: &mut self.table };
        files::View { denials: &mut self.denials, wasi }
    }
}

trait Limited: Send + 'static {
    fn limiter(&mut self) -> &mut Limiter;
}

impl Limited for ModuleState {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}

impl Limited for ComponentState {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}

/// What a command reads and writes.
pub(crate) struct Streams {
    pub(crate) stdin: Source,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
}

/// What of a run's end the machine does not say.
struct Ended {
    result: wasmtime::Result<i32>,
    refused: Option<String>,
}

/// Runs commands for one sandbox, over its buffer store and with its rights. Clones share the sandbox's places.
#[derive(Clone, Debug)]
pub struct Runner {
    /// The store may hold who holds this.
    buffers: Weak<Buffers>,
    rights: Arc<Rights>,
    places: Arc<Semaphore>,
    cache: Option<CodeCache>,
}

/// One of the places of a sandbox and of the process, as long as it is held.
#[derive(Debug)]
pub struct Place {
    _own: Option<OwnedSemaphorePermit>,
    _slot: Option<SemaphorePermit<'static>>,
}

static EVERYBODYS: Semaphore = Semaphore::const_new(SLOTS as usize);

/// Runs of one sandbox at once; more wait for their turn, so that no sandbox has all the places of the process.
const PLACES: usize = 8;

impl Runner {
    /// A runner whose commands read and write buffers of this store, and reach what these rights say.
    pub fn new(buffers: &Arc<Buffers>, rights: Rights) -> Self {
        let buffers = Arc::downgrade(buffers);
        Self { buffers, rights: Arc::new(rights), places: Arc::new(Semaphore::new(PLACES)), cache: None }
    }

    /// Keeps compiled code in this directory, and takes it from there.
    ///
    /// # Errors
    /// [`Error::Permission`] where a grant lets modules write there: what they wrote would run as code of this process.
    pub fn with_code_cache(self, cache: CodeCache) -> Result<Self> {
        if let Some(guest) = self.rights.writes_to(&cache) {
            return Err(Error::Permission(format!(
                "permissions.fs['{guest}'] with write holds {}, where compiled code is kept: grant another directory, or keep code elsewhere",
                cache.path().display()
            )));
        }
        Ok(Self { cache: Some(cache), ..self })
    }

    /// Where compiled code is kept.
    pub fn code_cache(&self) -> Option<&CodeCache> {
        self.cache.as_ref()
    }

    /// What its commands reach.
    pub fn rights(&self) -> Arc<Rights> {
        self.rights.clone()
    }

    /// Waits for a place among what runs for this sandbox, and for the process. Whoever has one lets go of it soon.
    pub async fn place(&self) -> Place {
        // Never closed: both are there.
        Place { _own: self.places.clone().acquire_owned().await.ok(), _slot: EVERYBODYS.acquire().await.ok() }
    }

    fn free_place(&self) -> Option<Place> {
        let (own, slot) = (self.places.clone().try_acquire_owned().ok()?, EVERYBODYS.try_acquire().ok()?);
        Some(Place { _own: Some(own), _slot: Some(slot) })
    }

    /// Compiles a module, or takes what was compiled of it before, and runs it to its end on a thread of its own. What it put out is in the
    /// store then. Dropped before it is ready, it stops the run.
    ///
    /// # Errors
    /// [`Error::Compile`], [`Error::Link`]; [`Error::Permission`] where a grant cannot be kept by a module; [`Error::Trap`], [`Error::Cancelled`],
    /// [`Error::Memory`], or [`Error::Buffer`] where its output does not fit into the store. What it put out before is gone then.
    pub async fn run(
        &self,
        module: Lent,
        command: Command,
        account: Box<dyn MemoryAccount>,
        limits: Limits,
        cancel: Cancel,
    ) -> Result<Exit> {
        let stop = StopOnDrop(cancel.child());
        let (done, ended) = oneshot::channel();
        self.begin(module, command, account, limits, stop.0.clone(), move |end| drop(done.send(end)));
        ended.await.unwrap_or(Err(Error::Cancelled))
    }

    /// As [`Runner::run`], with a function that is given the end: once, on another thread, and soon after the flag was set or its deadline passed,
    /// whatever the module does. What is compiled and finds a place begins at once, and crosses no other thread. On this thread where there is no
    /// machine to run it.
    pub fn begin(
        &self,
        module: Lent,
        command: Command,
        account: Box<dyn MemoryAccount>,
        limits: Limits,
        cancel: Cancel,
        then: impl FnOnce(Result<Exit>) + Send + 'static,
    ) {
        let then = Then(Arc::new(Mutex::new(Some(Box::new(then)))));
        let (machine, threads) = match (Machine::get(), threads()) {
            (Ok(machine), Ok(threads)) => (machine, threads),
            (Err(error), _) | (_, Err(error)) => return then.call(Err(error)),
        };
        let late = then.clone();
        let watch = machine.watch(cancel.clone(), move || late.call(Err(Error::Cancelled)));
        let run = Run { runner: self.clone(), module, command, account, limits, cancel, then, watch };
        match (Code::known(&run.module, run.form()), self.free_place()) {
            (Some(code), Some(place)) => drop(linger::run(move || run.finish(Ok(code), place))),
            (_, place) => drop(threads.spawn(run.when_possible(place))),
        }
    }

    /// Runs a command on this thread; what it put out is in the store then.
    fn exit_of(
        &self,
        code: &Code,
        command: Command,
        account: Box<dyn MemoryAccount>,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Exit> {
        let buffers = self.buffers().ok_or(Error::Cancelled)?;
        let output = || -> Result<Output> {
            let mut writer = buffers.writer(cancel)?;
            writer.set_limit(limits.output_bytes);
            Ok(Output::new(writer))
        };
        let (stdout, stderr) = (output()?, output()?);
        let streams = Streams { stdin: Source::of(command.stdin), stdout: stdout.clone(), stderr: stderr.clone() };
        let Command { args, fuel, .. } = command;
        let limiter = Limiter::new(account, limits);
        let code = code.run(Given { args: &args, fuel, rights: &self.rights, limiter }, streams, cancel)?;
        let keep = |output: &Output| match output.finish() {
            Some(writer) => buffers.put_written(writer),
            None => buffers.put_copy(&[]),
        };
        let stdout = keep(&stdout)?;
        let stderr = keep(&stderr).inspect_err(|_| drop(buffers.free(stdout)))?;
        Ok(Exit { code, stdout, stderr })
    }

    /// Runs a command over other streams than its own, on a thread of its own; its exit code.
    pub(crate) async fn end_of(
        &self,
        module: Lent,
        command: Command,
        streams: Streams,
        account: Box<dyn MemoryAccount>,
        limits: Limits,
        cancel: &Cancel,
    ) -> Result<i32> {
        let cancel = StopOnDrop(cancel.child());
        let _place = self.place().await;
        let (runner, stop) = (self.clone(), cancel.0.clone());
        let work = threads()?.spawn_blocking(move || {
            let form = form(&command, &limits);
            let code =
                Code::known(&module, form).map_or_else(|| Code::compile(&module, form, runner.code_cache()), Ok)?;
            drop(module);
            let limiter = Limiter::new(account, &limits);
            let given = Given { args: &command.args, fuel: command.fuel, rights: &runner.rights, limiter };
            code.run(given, streams, &stop)
        });
        work.await.unwrap_or_else(|panic| Err(Error::Unavailable(panic.to_string())))
    }

    pub(crate) fn buffers(&self) -> Option<Arc<Buffers>> {
        self.buffers.upgrade()
    }
}

/// Who waits for the end of a run, until it is told.
#[derive(Clone)]
struct Then(Arc<Mutex<Option<Told>>>);

type Told = Box<dyn FnOnce(Result<Exit>) + Send>;

impl Then {
    fn take(&self) -> Option<Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn call(&self, end: Result<Exit>) {
        if let Some(then) = self.take() {
            then(end);
        }
    }
}

/// A run on its way.
struct Run {
    runner: Runner,
    module: Lent,
    command: Command,
    account: Box<dyn MemoryAccount>,
    limits: Limits,
    cancel: Cancel,
    then: Then,
    watch: Watch,
}

/// Ends the wait for a run that panicked.
struct Promised(Then);

impl Drop for Promised {
    fn drop(&mut self) {
        self.0.call(Err(Error::Unavailable("a run ended without an outcome".into())));
    }
}

/// The code that a command is run by.
fn form(command: &Command, limits: &Limits) -> Form {
    Form { has_fuel: command.fuel.is_some(), stack: limits.stack_bytes.map_or_else(Stack::default, Stack::of) }
}

impl Run {
    fn form(&self) -> Form {
        form(&self.command, &self.limits)
    }

    /// On a thread that may block.
    fn finish(self, code: Result<Code>, place: Place) {
        let Run { runner, module, command, account, limits, cancel, then, watch } = self;
        let promised = Promised(then);
        let end = code.and_then(|code| {
            drop(module);
            runner.exit_of(&code, command, account, &limits, &cancel)
        });
        drop((place, watch));
        match (promised.0.take(), end) {
            (Some(then), end) => then(end),
            // Nobody will ever know the ids.
            (None, Ok(exit)) => {
                drop(runner.buffers().map(|buffers| [exit.stdout, exit.stderr].map(|id| buffers.free(id))))
            }
            (None, Err(_)) => {}
        }
    }

    /// Waits for a place, and has the module compiled.
    async fn when_possible(self, place: Option<Place>) {
        let stop = self.cancel.clone();
        let place = match place {
            Some(place) => place,
            None => tokio::select! {
                place = self.runner.place() => place,
                () = stopped(&stop) => return self.then.call(Err(Error::Cancelled)),
            },
        };
        tokio::task::spawn_blocking(move || {
            let code = Code::compile(&self.module, self.form(), self.runner.code_cache());
            self.finish(code, place);
        });
    }
}

/// Waits until a flag is set, or its deadline has passed.
pub(crate) async fn stopped(cancel: &Cancel) {
    while !cancel.is_cancelled() {
        tokio::time::sleep(TICK).await;
    }
}

/// Stops what runs under a flag as soon as nobody waits for it any more.
pub(crate) struct StopOnDrop(pub(crate) Cancel);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Does work that may take long, such as compiling, on a thread that is there for modules.
///
/// # Errors
/// The work's own; [`Error::Unavailable`] where it panicked or there are no threads.
pub async fn on_thread<R: Send + 'static>(work: impl FnOnce() -> Result<R> + Send + 'static) -> Result<R> {
    threads()?.spawn_blocking(work).await.unwrap_or_else(|panic| Err(Error::Unavailable(panic.to_string())))
}

/// Threads for runs, the timers of modules that sleep, and their connections. Apart from all others: a module may hold its thread until its deadline.
pub(crate) fn threads() -> Result<&'static Runtime> {
    static THREADS: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let made = THREADS.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        // Each run has one, and one more while it waits for a disk: no run ever waits for another's.
        builder
            .worker_threads(1)
            .max_blocking_threads(2 * SLOTS as usize)
            .enable_all()
            .thread_name("hostbox-wasi")
            .build()
    });
    made.as_ref().map_err(|error| Error::Unavailable(error.to_string()))
}

impl Code {
    fn run(&self, given: Given<'_>, streams: Streams, cancel: &Cancel) -> Result<i32> {
        let Given { args, fuel, rights, limiter } = given;
        let Streams { stdin, stdout, stderr } = streams;
        let mut wasi = WasiCtxBuilder::new();
        rights.give(&mut wasi)?;
        wasi.arg("module.wasm").args(args).stdin(stdin).stdout(stdout.clone()).stderr(stderr.clone());
        let machine = self.machine();
        let denials = Denials::new(rights);
        let run = pin!(async {
            let _running = machine.running();
            match self.kind() {
                Kind::Module(linked) => {
                    let state = ModuleState { wasi: wasi.build_p1(), denials, limiter };
                    let mut store = prepared(machine, state, fuel, cancel);
                    let result = match linked.instantiate_async(&mut store).await {
                        Ok(instance) => match instance.get_typed_func::<(), ()>(&mut store, "_start") {
                            Ok(start) => start.call_async(&mut store, ()).await.map(|()| 0),
                            Err(error) => Err(error),
                        },
                        Err(error) => Err(error),
                    };
                    ended(store, result)
                }
                Kind::Component(linked) => {
                    let network = Network::new(rights, &mut wasi);
                    let state =
                        ComponentState { wasi: wasi.build(), table: network::table(), network, denials, limiter };
                    let mut store = prepared(machine, state, fuel, cancel);
                    let result = match linked.instantiate_async(&mut store).await {
                        Ok(instance) => instance.wasi_cli_run().call_run(&mut store).await,
                        Err(error) => Err(error),
                    };
                    ended(store, result.map(|run| i32::from(run.is_err())))
                }
            }
        });
        // A module that sleeps is not asked by the machine's clock.
        let ended = drive(run, &|| cancel.is_cancelled())?;
        exit_code(ended, &[&stdout, &stderr], cancel)
    }
}

fn prepared<T: Limited>(machine: &Machine, state: T, fuel: Option<u64>, cancel: &Cancel) -> Store<T> {
    let mut store = Store::new(&machine.engine, state);
    if let Some(fuel) = fuel {
        // Fails where code does not count, and the code of a command with fuel does.
        let _ = store.set_fuel(fuel);
    }
    store.limiter(|state| state.limiter());
    store.set_epoch_deadline(1);
    let cancel = cancel.clone();
    store.epoch_deadline_callback(move |_| {
        Ok(if cancel.is_cancelled() { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
    });
    store
}

fn ended<T: Limited>(mut store: Store<T>, result: wasmtime::Result<i32>) -> Ended {
    Ended { result, refused: store.data_mut().limiter().refused() }
}

fn exit_code(ended: Ended, outputs: &[&Output], cancel: &Cancel) -> Result<i32> {
    let error = match ended.result {
        Ok(code) => return Ok(code),
        Err(error) => error,
    };
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return Ok(*code);
    }
    if cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    if let Some(failure) = outputs.iter().find_map(|output| output.failure()) {
        return Err(failure.into());
    }
    let backtrace = error.downcast_ref::<WasmBacktrace>().map(ToString::to_string).unwrap_or_default();
    match (error.downcast_ref::<Trap>(), ended.refused) {
        (Some(Trap::OutOfFuel), _) => Err(Error::Fuel),
        (None, Some(refused)) => Err(Error::Memory(refused)),
        (Some(trap), refused) => {
            // A module that was refused memory mostly gives up by a trap: the refusal is what its user wants to know.
            let reason = refused.map_or_else(|| trap.to_string(), |refused| format!("{trap}, after {refused}"));
            Err(Error::Trap { reason, backtrace })
        }
        (None, None) if backtrace.is_empty() => Err(Error::Link(format!("{error:#}"))),
        (None, None) => Err(Error::Trap { reason: error.root_cause().to_string(), backtrace }),
    }
}
