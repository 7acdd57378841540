//! The sandbox as JavaScript holds it. Its public face is `HostRuntime` in `index.js`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hostbox::parts::component::Error as WasmError;
use hostbox::parts::{
    Cache, Cancel, Client, Config, Data, EXTENSION, Environment, ErrorClass, Event, Failure, Files, Format,
    FsPermissions, Host, Lanes, Log, NetConfig, NetLimits, NetPermissions, OpError, OpId, OpOutcome, Operations,
    Payload, Plugin, Request, Rights, Runner, Sandbox, Sources, Store, SyncProgress, WASI_GLOBALS, WasiStep,
    bind_runner, next_ticket, spawn_blocking, wasm_failure,
};
use hostbox::{CacheOptions, CacheStore, FsGrant, Limits, NetGrant};
use napi::bindgen_prelude::{Object, Uint8Array, Unknown};
use napi::{Env, Error, Result};
use napi_derive::napi;

use crate::caller::Caller;
use crate::component::code_cache;
use crate::frames::number;
use crate::input::message;
use crate::port::{Line, Port};

/// Messages from here on are charged to the sandbox's account.
pub(crate) const LARGE: u32 = 1_024;

/// Limits as `lib/arguments.js` checked them.
#[napi(object)]
pub struct NativeLimits {
    pub timeout_ms: f64,
    pub cpu_ms: f64,
    pub memory_bytes: f64,
    pub buffer_bytes: f64,
    pub stack_bytes: f64,
    pub pending_ops: f64,
    pub fetch_bytes: f64,
    pub concurrent_fetches: f64,
}

/// A grant as `lib/arguments.js` checked its shape; what it means is checked here.
#[napi(object)]
pub struct NativeNetGrant {
    pub origin: String,
    pub methods: Option<Vec<String>>,
    pub private: bool,
}

/// The scope and its cache as `lib/arguments.js` checked them; what is left out is the scope's choice, or the default.
#[napi(object)]
pub struct NativeCache {
    pub scope: String,
    /// A path, or `None` for memory, where `hasStore` is true.
    pub file: Option<String>,
    pub has_store: bool,
    pub max_bytes: Option<f64>,
    pub ttl_ms: Option<f64>,
}

/// One variable of the guests' environment.
#[napi(object)]
pub struct NativeVariable {
    pub name: String,
    pub value: String,
}

/// A grant for files, checked likewise.
#[napi(object)]
pub struct NativeFsGrant {
    pub guest: String,
    pub path: String,
    pub write: bool,
    pub max_bytes: Option<f64>,
}

/// What a sandbox is to be.
#[napi(object)]
pub struct NativeSettings {
    pub limits: NativeLimits,
    pub bridge: Vec<String>,
    pub net: Vec<NativeNetGrant>,
    pub env: Vec<NativeVariable>,
    pub fs: Vec<NativeFsGrant>,
    pub cache: NativeCache,
    pub log_fetches: bool,
    pub wasi: bool,
    /// The directory of compiled WebAssembly; empty for that of the user.
    pub code_cache: Option<String>,
}

/// A plugin as `lib/arguments.js` checked it.
#[napi(object)]
pub struct NativePlugin {
    pub name: String,
    pub source: String,
    pub filename: Option<String>,
    pub format: Option<String>,
    pub typescript: Option<bool>,
    pub source_map: Option<String>,
    pub replace: bool,
}

/// Figures of a sandbox, as `HostRuntime.stats()` shows them.
#[napi(object)]
pub struct NativeStats {
    pub calls: f64,
    pub errors: HashMap<String, f64>,
    pub pending: f64,
    pub running: f64,
    pub done: f64,
    pub dropped: f64,
    pub heap_bytes: f64,
    pub wasm_bytes: f64,
    pub buffer_bytes: f64,
    pub buffers: f64,
    pub timers: f64,
    pub fetches: f64,
    pub cpu_ms: f64,
    pub unhandled_rejections: f64,
    pub state: String,
    pub sandboxes: f64,
    pub guest_threads: f64,
    pub quarantined_threads: f64,
}

/// A sandbox. Dropped by the garbage collector, it closes.
#[napi]
pub struct NativeSandbox {
    pub(crate) id: u64,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) line: Arc<Line>,
    pub(crate) store: Arc<Store>,
    net: Client,
    cache: Arc<Cache>,
    /// Ends the native operations that Node started.
    pub(crate) cancel: Cancel,
    sources: Sources,
    caller: Arc<Caller>,
    /// Runs WASI commands, where the app switched them on.
    pub(crate) runner: Option<Runner>,
    /// What stops each of them, by ticket.
    pub(crate) wasi_runs: Arc<Mutex<HashMap<u64, Cancel>>>,
}

pub(crate) fn whole(value: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked whole numbers below 2⁵³")]
    {
        value as u64
    }
}

pub(crate) fn timeout(ms: f64) -> Option<Duration> {
    (ms > 0.0).then(|| Duration::from_millis(whole(ms)))
}

pub(crate) fn net_permissions(grants: Vec<NativeNetGrant>) -> Result<NetPermissions> {
    let grants =
        grants.into_iter().map(|NativeNetGrant { origin, methods, private }| NetGrant { origin, methods, private });
    let grants: Vec<_> = grants.collect();
    NetPermissions::new(&grants).map_err(|error| Error::from_reason(format!("ERR_ARGUMENT: {error}")))
}

fn files(grants: Vec<NativeFsGrant>) -> Result<(FsPermissions, Files)> {
    let permissions = fs_permissions(grants)?;
    let files = Files::new(&permissions).map_err(|error| Error::from_reason(format!("ERR_ARGUMENT: {error}")))?;
    Ok((permissions, files))
}

pub(crate) fn fs_permissions(grants: Vec<NativeFsGrant>) -> Result<FsPermissions> {
    let grants = grants.iter().map(|NativeFsGrant { guest, path, write, max_bytes }| {
        let grant = FsGrant { write: *write, max_bytes: max_bytes.map(whole), ..FsGrant::from(path) };
        (guest.as_str(), grant)
    });
    FsPermissions::new(grants).map_err(|error| Error::from_reason(format!("ERR_ARGUMENT: {error}")))
}

/// A buffer store, whose chains may have WASI commands as steps.
fn store(limit: u64, step: Option<Arc<WasiStep>>) -> Result<Store> {
    let Some(step) = step else { return Ok(Store::new(limit)) };
    let mut operations = Operations::default();
    operations.register(WasiStep::NAME, step).map_err(|error| Error::from_reason(error.to_string()))?;
    Ok(Store::with_operations(limit, Arc::new(operations)))
}

fn cache(options: NativeCache) -> Result<Cache> {
    let NativeCache { scope, file, has_store, max_bytes, ttl_ms } = options;
    let store = match file {
        Some(path) => Some(CacheStore::File(path.into())),
        None => has_store.then_some(CacheStore::Memory),
    };
    let options = CacheOptions { store, max_bytes: max_bytes.map(whole), ttl: ttl_ms.and_then(timeout) };
    Cache::open(&scope, &options).map_err(|error| reason(&hostbox::parts::cache_failure(&error)))
}

pub(crate) fn environment(variables: Vec<NativeVariable>) -> Result<Environment> {
    Environment::new(variables.into_iter().map(|NativeVariable { name, value }| (name, value)))
        .map_err(|error| Error::from_reason(format!("ERR_ARGUMENT: {error}")))
}

/// Keeps what a runner compiles.
fn kept(runner: Option<Runner>, dir: Option<String>) -> std::result::Result<Option<Runner>, WasmError> {
    match (runner, code_cache(dir)?) {
        (Some(runner), Some(cache)) => runner.with_code_cache(cache).map(Some),
        (runner, _) => Ok(runner),
    }
}

fn reason(failure: &Failure) -> Error {
    Error::from_reason(format!("{}: {}", failure.code.as_str(), failure.message))
}

#[napi]
impl NativeSandbox {
    /// Makes a sandbox whose events go to `port`.
    #[napi(constructor)]
    pub fn new(port: &Port, settings: NativeSettings) -> Result<Self> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let id = LAST.fetch_add(1, Relaxed) + 1;
        let NativeSettings {
            limits,
            bridge,
            net: grants,
            env,
            fs,
            cache: cache_options,
            log_fetches,
            wasi,
            code_cache,
        } = settings;
        let limits = Limits {
            timeout: Duration::from_millis(whole(limits.timeout_ms)),
            cpu: Duration::from_millis(whole(limits.cpu_ms)),
            memory_bytes: whole(limits.memory_bytes),
            buffer_bytes: whole(limits.buffer_bytes),
            stack_bytes: u32::try_from(whole(limits.stack_bytes)).unwrap_or(u32::MAX),
            pending_ops: u32::try_from(whole(limits.pending_ops)).unwrap_or(u32::MAX),
            fetch_bytes: whole(limits.fetch_bytes),
            concurrent_fetches: u32::try_from(whole(limits.concurrent_fetches)).unwrap_or(u32::MAX),
        };
        limits.check().map_err(|error| Error::from_reason(format!("ERR_ARGUMENT: {error}")))?;
        let step = Arc::new(WasiStep::default());
        let store = Arc::new(store(limits.buffer_bytes, wasi.then(|| step.clone()))?);
        let sources = Sources::default();
        let maps = sources.clone();
        let line = Arc::new(Line { port: port.shared.clone(), sandbox: id, missed: AtomicU64::new(0) });
        let log = log_fetches.then(|| {
            let line = line.clone();
            Arc::new(move |event| line.log_fetch(event)) as Log
        });
        let net = Client::new(NetConfig {
            permissions: net_permissions(grants)?,
            limits: NetLimits::from(&limits),
            log,
            ..NetConfig::new(store.clone())
        });
        let (granted, files) = files(fs)?;
        let cache = Arc::new(cache(cache_options)?);
        let env = environment(env)?;
        let runner =
            wasi.then(|| Runner::new(&store, Rights::new(env.clone()).with_files(granted).with_net(net.clone())));
        let runner = kept(runner, code_cache).map_err(|error| reason(&wasm_failure(error, None)))?;
        let sandbox = Sandbox::new(Config {
            limits,
            host: line.clone(),
            extension: &EXTENSION,
            withheld: if wasi { &[] } else { WASI_GLOBALS },
            data: Box::new(Data {
                store: store.clone(),
                net: net.clone(),
                cache: cache.clone(),
                env,
                files,
                file_lanes: Lanes::default(),
                wasi: runner.clone(),
                webassembly: Default::default(),
            }),
            bridge,
            map_stack: Some(Box::new(move |stack| maps.map_stack(stack))),
        });
        let sandbox = Arc::new(sandbox.map_err(|failure| reason(&failure))?);
        if let Some(runner) = &runner {
            bind_runner(&step, runner, &sandbox);
        }
        let caller = Caller { id, sandbox: sandbox.clone(), line: line.clone(), targets: Mutex::default() };
        let caller = Arc::new(caller);
        port.shared.members().insert(id, Arc::downgrade(&caller));
        Ok(Self {
            id,
            sandbox,
            line,
            store,
            net,
            cache,
            cancel: Cancel::new(),
            sources,
            caller,
            runner,
            wasi_runs: Arc::default(),
        })
    }

    /// Names the sandbox in events.
    #[napi(getter)]
    pub fn id(&self) -> f64 {
        number(self.id)
    }

    /// Runs a script; the ticket of the answer.
    #[napi]
    pub fn eval(&self, env: Env, source: String, filename: String, typescript: bool, timeout_ms: f64) -> f64 {
        if !typescript {
            return self.submit(env, Request::Eval { source, filename }, timeout_ms);
        }
        let sources = self.sources.clone();
        self.submit_later(env, timeout_ms, move || {
            sources.strip_script(&source, &filename).map(|source| Request::Eval { source, filename })
        })
    }

    /// Loads a plugin; the ticket of the answer.
    #[napi]
    pub fn load(&self, env: Env, plugin: NativePlugin, timeout_ms: f64) -> f64 {
        let plugin = as_plugin(plugin);
        if Sources::is_ready(&plugin) {
            return match self.sources.prepare(plugin) {
                Ok(source) => self.submit(env, Request::Load(Box::new(source)), timeout_ms),
                Err(failure) => self.refuse(env, failure),
            };
        }
        let sources = self.sources.clone();
        // Types are stripped and maps are parsed off Node's thread.
        self.submit_later(env, timeout_ms, move || {
            sources.prepare(plugin).map(|source| Request::Load(Box::new(source)))
        })
    }

    /// Names a function once; calls refer to it by the number.
    #[napi]
    pub fn target(&self, plugin: String, path: String) -> u32 {
        let mut targets = self.caller.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.push((plugin.into(), path.into()));
        u32::try_from(targets.len() - 1).unwrap_or(u32::MAX)
    }

    /// Forgets all numbers of functions.
    #[napi]
    pub fn forget_targets(&self) {
        self.caller.targets.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Calls a function with the arguments that stand in the input memory, or in `bytes`; the ticket of the answer.
    #[napi]
    pub fn call(
        &self,
        env: Env,
        target: u32,
        timeout_ms: f64,
        length: u32,
        bytes: Option<Uint8Array>,
        blocks: Option<Object<'_>>,
    ) -> Result<f64> {
        // Asked first: a call that is not taken leaves the buffers that it would have moved.
        if blocks.is_some()
            && let Err(failure) = self.sandbox.check_open()
        {
            return Ok(self.refuse(env, failure));
        }
        let args = message(env, self.line.port.input(), length, bytes.as_ref(), blocks)?;
        Ok(self.submit(env, self.caller.request(target, args)?, timeout_ms))
    }

    /// `unload`, `plugins`, `info` or `gc`; the ticket of the answer.
    #[napi]
    pub fn ask(&self, env: Env, what: String, name: String) -> Result<f64> {
        let request = match what.as_str() {
            "unload" => Request::Unload { name },
            "plugins" => Request::Plugins,
            "info" => Request::PluginInfo { name },
            "gc" => Request::Gc,
            _ => return Err(Error::from_reason(format!("no such request: {what}"))),
        };
        Ok(self.submit(env, request, 0.0))
    }

    /// Ends a call at once.
    #[napi]
    pub fn cancel(&self, ticket: f64) {
        self.sandbox.cancel(whole(ticket));
    }

    /// Closes the sandbox; the ticket of the answer that comes when it is gone.
    #[napi]
    pub fn close(&self, env: Env) -> f64 {
        let ticket = next_ticket();
        self.line.port.hold(env, 1);
        self.sandbox.close(Some(ticket));
        self.cancel.cancel();
        self.store.clear();
        self.net.close();
        number(ticket)
    }

    /// Lets go of the scope's cache; the ticket of the answer that comes when that is done, or 0 where it is already. The last sandbox of a
    /// scope may have a file to sync and to close: not on Node's thread.
    #[napi]
    pub fn close_cache(&self, env: Env) -> f64 {
        if self.cache.is_untouched() {
            self.cache.close();
            return 0.0;
        }
        let ticket = next_ticket();
        self.line.port.hold(env, 1);
        let (cache, line) = (self.cache.clone(), self.line.clone());
        spawn_blocking(move || {
            cache.close();
            line.deliver(vec![Event::Settled { ticket, outcome: Ok(Payload::from_json(&false.into())) }]);
        });
        number(ticket)
    }

    /// Answers a host call with the value that stands in the input memory, or in `bytes`.
    #[napi]
    pub fn resolve(
        &self,
        env: Env,
        call: f64,
        length: u32,
        bytes: Option<Uint8Array>,
        blocks: Option<Object<'_>>,
    ) -> Result<()> {
        let value = message(env, self.line.port.input(), length, bytes.as_ref(), blocks)?;
        self.sandbox.answer(OpId(whole(call)), OpOutcome::Value(value));
        Ok(())
    }

    /// Answers a host call with an error.
    #[napi]
    pub fn reject(&self, call: f64, name: String, message: String, code: Option<String>) {
        let class = match name.as_str() {
            "TypeError" => ErrorClass::Type,
            "RangeError" => ErrorClass::Range,
            _ => ErrorClass::Error,
        };
        let own_name = (!matches!(name.as_str(), "Error" | "TypeError" | "RangeError")).then_some(name);
        let error = OpError { class, message, name: own_name, code };
        self.sandbox.answer(OpId(whole(call)), OpOutcome::Error(error));
    }

    /// Runs a script on this thread; frames, and the ticket in the first of them where host functions have to answer.
    #[napi(ts_return_type = "number | [number, ArrayBuffer[] | undefined, ArrayBuffer | undefined]")]
    pub fn eval_sync<'a>(
        &self,
        env: &'a Env,
        source: String,
        filename: String,
        typescript: bool,
        timeout_ms: f64,
    ) -> Result<Unknown<'a>> {
        let source = if typescript { self.sources.strip_script(&source, &filename) } else { Ok(source) };
        match source {
            Ok(source) => self.caller.start(env, Request::Eval { source, filename }, timeout(timeout_ms)),
            Err(failure) => self.caller.frames(env, 0, Ok(SyncProgress::Done(Err(failure)))),
        }
    }

    /// Calls a function on this thread; as `evalSync`.
    #[napi(ts_return_type = "number | [number, ArrayBuffer[] | undefined, ArrayBuffer | undefined]")]
    pub fn call_sync<'a>(
        &self,
        env: &'a Env,
        target: u32,
        timeout_ms: f64,
        length: u32,
        bytes: Option<Uint8Array>,
        blocks: Option<Object<'_>>,
    ) -> Result<Unknown<'a>> {
        // As above. A large message is not copied either, nor weighed, where the sandbox is busy.
        if (blocks.is_some() || length >= LARGE)
            && let Err(failure) = self.sandbox.check_sync()
        {
            return self.caller.frames(env, 0, Err(failure));
        }
        let args = message(*env, self.line.port.input(), length, bytes.as_ref(), blocks)?;
        self.caller.start(env, self.caller.request(target, args)?, timeout(timeout_ms))
    }

    /// `callSync` for messages without buffers in the input memory, as a function of its own that is called faster.
    #[napi(
        ts_return_type = "(target: number, timeoutMs: number, length: number) => number | [number, ArrayBuffer[] | undefined, ArrayBuffer | undefined]"
    )]
    pub fn sync_caller<'a>(&self, env: &'a Env) -> Result<Unknown<'a>> {
        crate::plain::function(env, c"callSync", self.caller.clone(), Caller::call)
    }

    /// Goes on with a synchronous call whose host functions were answered.
    #[napi(ts_return_type = "number | [number, ArrayBuffer[] | undefined, ArrayBuffer | undefined]")]
    pub fn resume_sync<'a>(&self, env: &'a Env, ticket: f64) -> Result<Unknown<'a>> {
        let ticket = whole(ticket);
        self.caller.frames(env, ticket, Ok(self.sandbox.resume_sync(ticket)))
    }

    /// Figures.
    #[napi]
    pub fn stats(&self) -> NativeStats {
        let stats = self.sandbox.stats();
        NativeStats {
            calls: number(stats.calls),
            errors: stats.errors.into_iter().map(|(code, count)| (code.to_owned(), number(count))).collect(),
            pending: number(stats.pending),
            running: number(stats.running),
            done: number(stats.done),
            dropped: number(stats.dropped),
            heap_bytes: number(stats.heap_bytes),
            wasm_bytes: number(stats.wasm_bytes),
            buffer_bytes: number(self.store.bytes()),
            buffers: number(self.store.len() as u64),
            timers: number(stats.timers),
            fetches: number(self.net.active()),
            cpu_ms: stats.cpu_ms,
            unhandled_rejections: number(stats.unhandled_rejections),
            state: stats.state.to_owned(),
            sandboxes: number(stats.sandboxes),
            guest_threads: number(stats.guest_threads),
            quarantined_threads: number(stats.quarantined_threads),
        }
    }
}

impl NativeSandbox {
    fn submit(&self, env: Env, request: Request, timeout_ms: f64) -> f64 {
        let ticket = next_ticket();
        self.line.port.hold(env, 1);
        if let Err(failure) = self.sandbox.submit(ticket, request, timeout(timeout_ms)) {
            self.line.deliver(vec![Event::Settled { ticket, outcome: Err(failure) }]);
        }
        number(ticket)
    }

    /// Answers a call that was not taken.
    fn refuse(&self, env: Env, failure: Failure) -> f64 {
        let ticket = next_ticket();
        self.line.port.hold(env, 1);
        self.line.deliver(vec![Event::Settled { ticket, outcome: Err(failure) }]);
        number(ticket)
    }

    /// Submits what `prepare` makes on a thread of the I/O runtime.
    fn submit_later(
        &self,
        env: Env,
        timeout_ms: f64,
        prepare: impl FnOnce() -> std::result::Result<Request, Failure> + Send + 'static,
    ) -> f64 {
        let ticket = next_ticket();
        self.line.port.hold(env, 1);
        if let Err(failure) = self.sandbox.announce(ticket, timeout(timeout_ms)) {
            self.line.deliver(vec![Event::Settled { ticket, outcome: Err(failure) }]);
            return number(ticket);
        }
        let sandbox = self.sandbox.clone();
        spawn_blocking(move || match prepare() {
            Ok(request) => sandbox.begin(ticket, request),
            Err(failure) => sandbox.fail(ticket, failure),
        });
        number(ticket)
    }
}

fn as_plugin(plugin: NativePlugin) -> Plugin {
    let NativePlugin { name, source, filename, format, typescript, source_map, replace } = plugin;
    let format = format.map(|format| if format == "esm" { Format::Module } else { Format::CommonJs });
    Plugin { name, source, filename, format, typescript, source_map, replace }
}
