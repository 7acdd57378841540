//! WASI commands that the app runs in a sandbox: with its buffers, its grants and on its account, as its guests would.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hostbox_buffers::{Block, Cancel, Store};
use hostbox_engine::{Charge, Code, Failure, Sandbox};
use hostbox_wasm::{Command, Error as Cause, Exit, Limits, MemoryAccount, Runner, Step};
use tokio::sync::oneshot;

use crate::error::Error;
use crate::runtime::HostRuntime;

/// How a command is to be run.
#[derive(Clone, Debug, Default)]
pub struct WasiOptions {
    /// Arguments behind `argv[0]`, which is `module.wasm`.
    pub args: Vec<String>,
    /// The buffer that is its standard input; it is lent, not consumed.
    pub stdin_id: Option<u64>,
    /// Whether [`Wasi::run_by_id`] leaves the module's buffer in the store.
    pub reuse_module: bool,
    /// Wall time until the run is ended; the sandbox's `timeout` where there is none.
    pub timeout: Option<Duration>,
    /// Instructions that it may run, in code that counts them and is up to a third slower; any number where there is none.
    pub fuel: Option<u64>,
    /// Stack of its own functions, from 64 KiB to 4 MiB, rounded up to a power of two; 1 MiB where there is none.
    pub stack_bytes: Option<usize>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WasiResult {
    /// As given to `proc_exit`; 0 where the module returned.
    pub exit_code: i32,
    /// The buffer with its standard output.
    pub stdout_id: u64,
    /// The buffer with its standard error.
    pub stderr_id: u64,
}

/// Runs commands of WASI preview 1 and 2 in a sandbox: what [`HostRuntime::wasi`] gives.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use hostbox::{HostRuntime, WasiOptions};
///
/// let host = HostRuntime::builder("docs").wasi(true).build()?;
/// // (module (func (export "_start")))
/// let module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x0a\x01\x06_start\0\0\x0a\x04\x01\x02\0\x0b";
/// let result = host.wasi()?.run(module, WasiOptions::default()).await?;
/// assert_eq!(result.exit_code, 0);
/// assert!(host.wasi()?.take_stdout(&result)?.is_empty());
/// # Ok::<(), hostbox::Error>(())
/// # }).unwrap();
/// ```
pub struct Wasi<'h> {
    host: &'h HostRuntime,
    runner: &'h Runner,
}

impl HostRuntime {
    /// WASI commands in this sandbox.
    ///
    /// # Errors
    /// `ERR_PERMISSION` where [`crate::Builder::wasi`] did not switch them on.
    pub fn wasi(&self) -> Result<Wasi<'_>, Error> {
        match &self.runner {
            Some(runner) => Ok(Wasi { host: self, runner }),
            None => Err(switched_off().into()),
        }
    }
}

/// Why a sandbox without the option runs nothing.
pub fn switched_off() -> Failure {
    Failure::new(Code::Permission, "WASI is not granted to this sandbox: make it with the option wasi: true")
}

impl Wasi<'_> {
    /// Runs the command in `module` to its end. Dropped before, the run is stopped.
    ///
    /// # Errors
    /// `ERR_WASM_COMPILE`, `ERR_WASM_LINK`, `ERR_WASM_TRAP`, `ERR_TIMEOUT`, `ERR_MEMORY`, `ERR_LIMIT` where its fuel is used up, `ERR_ARGUMENT`,
    /// `ERR_ID_NOT_FOUND` for the input, `ERR_PERMISSION` for a grant that a module cannot keep, `ERR_CLOSED`.
    pub async fn run(&self, module: impl AsRef<[u8]>, options: WasiOptions) -> Result<WasiResult, Error> {
        let module = self.host.store().put_copy(module.as_ref()).map_err(|error| failure(error.into(), None))?;
        self.run_by_id(module, WasiOptions { reuse_module: false, ..options }).await
    }

    /// Runs the command in a buffer, and consumes it where the options do not keep it.
    ///
    /// # Errors
    /// As `run`, and `ERR_ID_NOT_FOUND` for the module.
    pub async fn run_by_id(&self, module_id: u64, options: WasiOptions) -> Result<WasiResult, Error> {
        let (done, ended) = oneshot::channel();
        let run = WasiRun::of(self.runner, self.host.store(), &self.host.sandbox, module_id, options)?;
        let stop = StopOnDrop(self.host.cancel.child());
        run.begin(&self.host.cancel, &stop.0, move |outcome| drop(done.send(outcome)));
        match ended.await {
            Ok(outcome) => Ok(outcome?),
            Err(_) => Err(Failure::new(Code::Closed, "the sandbox is closed").into()),
        }
    }

    /// Takes what the command wrote to standard output out of the store.
    ///
    /// # Errors
    /// `ERR_ID_NOT_FOUND` where it was taken before.
    pub fn take_stdout(&self, result: &WasiResult) -> Result<Block, Error> {
        self.take(result.stdout_id)
    }

    /// As `take_stdout`, for standard error.
    ///
    /// # Errors
    /// As there.
    pub fn take_stderr(&self, result: &WasiResult) -> Result<Block, Error> {
        self.take(result.stderr_id)
    }

    fn take(&self, id: u64) -> Result<Block, Error> {
        Ok(self.host.store().take(id).map_err(|error| failure(error.into(), None))?)
    }
}

/// Linear memories count where the engine's heap does.
struct Account(Charge);

impl MemoryAccount for Account {
    fn reserve(&mut self, bytes: usize) -> bool {
        self.0.grow(bytes)
    }
}

/// Lets chains of a sandbox have commands as steps, and its console hear what commands and components of guests were denied of their files.
pub fn bind_runner(step: &Step, runner: &Runner, sandbox: &Arc<Sandbox>) {
    let console = sandbox.console_writer();
    runner.rights().hear_denials(move |line| console.write("warn", line));
    let sandbox = Arc::downgrade(sandbox);
    step.bind(runner.clone(), move || {
        let sandbox: Arc<Sandbox> = sandbox.upgrade()?;
        Some(Box::new(Account(sandbox.wasm_charge())))
    });
}

/// A run that was checked and can begin.
pub struct WasiRun {
    runner: Runner,
    module: hostbox_buffers::Lent,
    command: Command,
    account: Account,
    timeout: Duration,
    stack_bytes: Option<usize>,
    limits: String,
}

impl WasiRun {
    /// Finds the buffers of a run. The module's id is consumed where the options do not keep it, whatever becomes of the run.
    ///
    /// # Errors
    /// `ERR_ARGUMENT`, `ERR_ID_NOT_FOUND`, `ERR_CLOSED`.
    pub fn of(
        runner: &Runner,
        store: &Store,
        sandbox: &Sandbox,
        module_id: u64,
        options: WasiOptions,
    ) -> Result<Self, Failure> {
        let lend = |id| store.lend(id).map_err(|error| failure(error.into(), None));
        let module = lend(module_id)?;
        if !options.reuse_module {
            store.free(module_id).map_err(|error| failure(error.into(), None))?;
        }
        sandbox.check_open()?;
        let stacks = Limits::STACKS;
        if let Some(bytes) = options.stack_bytes.filter(|bytes| !stacks.contains(bytes)) {
            let (least, most) = stacks.into_inner();
            let message = format!("Expected an integer from {least} to {most} for stack_bytes but received {bytes}");
            return Err(Failure::new(Code::Argument, message));
        }
        let stdin = options.stdin_id.map(lend).transpose()?;
        let limits = sandbox.limits();
        Ok(Self {
            runner: runner.clone(),
            module,
            command: Command { args: options.args, stdin, fuel: options.fuel },
            account: Account(sandbox.wasm_charge()),
            timeout: options.timeout.unwrap_or(limits.timeout),
            stack_bytes: options.stack_bytes,
            limits: format!("memoryBytes: {}", limits.memory_bytes),
        })
    }

    /// Begins the run; `then` is called with its end, once, on another thread. The flag `stop`, which is below that of the sandbox, stops it.
    pub fn begin(
        self,
        sandbox: &Cancel,
        stop: &Cancel,
        then: impl FnOnce(Result<WasiResult, Failure>) + Send + 'static,
    ) {
        let Self { runner, module, command, account, timeout, stack_bytes, limits } = self;
        let bounds = Limits { stack_bytes, ..Limits::default() };
        let (sandbox, stopped) = (sandbox.clone(), stop.clone());
        let stop = Instant::now().checked_add(timeout).map_or_else(|| stop.child(), |deadline| stop.until(deadline));
        runner.begin(module, command, Box::new(account), bounds, stop, move |end| {
            then(end.map(WasiResult::from).map_err(|error| match error {
                Cause::Cancelled if sandbox.is_cancelled() => Failure::new(Code::Closed, "the sandbox is closed"),
                Cause::Cancelled if !stopped.is_cancelled() => {
                    let limit = timeout.as_millis();
                    Failure::new(Code::Timeout, format!("the module was not done after {limit} ms"))
                        .with_limit(format!("timeoutMs: {limit}"))
                }
                error => failure(error, Some(limits)),
            }));
        });
    }
}

impl From<Exit> for WasiResult {
    fn from(Exit { code, stdout, stderr }: Exit) -> Self {
        Self { exit_code: code, stdout_id: stdout, stderr_id: stderr }
    }
}

struct StopOnDrop(Cancel);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A module's or a component's error as users see it; `memory` is the limit that it was held to.
pub fn failure(error: Cause, memory: Option<String>) -> Failure {
    let code = match &error {
        Cause::Compile(_) => Code::WasmCompile,
        Cause::Link(_) => Code::WasmLink,
        Cause::Trap { .. } | Cause::Host(_) => Code::WasmTrap,
        Cause::Fuel => Code::Limit,
        Cause::Answer(_) => Code::Guest,
        Cause::Argument(_) => Code::Argument,
        Cause::Busy => Code::Busy,
        Cause::Gone(_) => Code::Closed,
        Cause::Memory(_) | Cause::Buffer(hostbox_buffers::Error::Memory { .. }) => Code::Memory,
        Cause::Permission(_) => Code::Permission,
        Cause::Cancelled | Cause::Buffer(hostbox_buffers::Error::Cancelled) => Code::Aborted,
        Cause::Buffer(hostbox_buffers::Error::IdNotFound(_)) => Code::IdNotFound,
        Cause::Buffer(hostbox_buffers::Error::Op { .. }) => Code::Op,
        Cause::Unavailable(_) => Code::Internal,
    };
    let message = match &error {
        Cause::Trap { backtrace, .. } if !backtrace.is_empty() => format!("{error}\n{backtrace}"),
        _ => error.to_string(),
    };
    let is_memory = matches!(error, Cause::Memory(_));
    match memory {
        Some(limit) if is_memory => Failure::new(code, message).with_limit(limit),
        _ if matches!(error, Cause::Fuel) => Failure::new(code, message).with_limit("fuel"),
        _ => Failure::new(code, message),
    }
}
