use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use hostbox_buffers::{CustomOperation, Operations, Store};
use hostbox_cache::{Cache, Options as CacheOptions};
use hostbox_engine::{Code, Config, Failure, Format, Payload, Request, Sandbox, Stats, Ticket, next_ticket};
#[cfg(feature = "fs")]
use hostbox_files::{Files, Lanes};
#[cfg(feature = "fetch")]
use hostbox_net::{CertificateDer, Client, FetchEvent, NetLimits};
use hostbox_permissions::{Environment, Limits};
#[cfg(feature = "fs")]
use hostbox_permissions::{FsGrant, FsPermissions};
#[cfg(feature = "fetch")]
use hostbox_permissions::{NetGrant, NetPermissions};
use hostbox_web::{Data, EXTENSION, WASI_GLOBALS};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::host::{ConsoleEntry, ConsoleHook, Outcome, Switchboard};
use crate::routes::Handler;
use crate::source::{Plugin, Sources};

/// A sandbox: an engine of its own, with its own heap, buffers, limits and plugins. Dropping it closes it.
pub struct HostRuntime {
    scope: String,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) board: Arc<Switchboard>,
    sources: Sources,
    store: Arc<Store>,
    #[cfg(feature = "fetch")]
    net: Client,
    cache: Arc<Cache>,
    #[cfg(feature = "wasi")]
    pub(crate) runner: Option<hostbox_wasm::Runner>,
    /// Set when the sandbox goes: what runs outside its engine ends then.
    #[cfg(feature = "wasi")]
    pub(crate) cancel: hostbox_buffers::Cancel,
}

/// Makes a `HostRuntime`.
#[must_use]
pub struct Builder {
    scope: String,
    limits: Limits,
    functions: HashMap<String, Handler>,
    has_routes: bool,
    console: Option<ConsoleHook>,
    operations: Vec<(String, Arc<dyn CustomOperation>)>,
    env: Vec<(String, String)>,
    #[cfg(feature = "fs")]
    files: Vec<(String, FsGrant)>,
    #[cfg(feature = "fetch")]
    grants: Vec<NetGrant>,
    #[cfg(feature = "fetch")]
    on_fetch: Option<hostbox_net::Log>,
    #[cfg(feature = "fetch")]
    extra_roots: Vec<CertificateDer<'static>>,
    cache: CacheOptions,
    wasi: bool,
    #[cfg(feature = "wasi")]
    code_cache: Option<std::path::PathBuf>,
}

/// What a sandbox and an installed host are both made of.
pub(crate) struct Parts {
    pub(crate) board: Arc<Switchboard>,
    pub(crate) sources: Sources,
    pub(crate) store: Arc<Store>,
    #[cfg(feature = "fetch")]
    pub(crate) net: Client,
    pub(crate) cache: Arc<Cache>,
    #[cfg(feature = "wasi")]
    pub(crate) runner: Option<hostbox_wasm::Runner>,
    #[cfg(feature = "wasi")]
    step: Arc<hostbox_wasm::Step>,
}

impl Parts {
    /// Tells the parts whose they are.
    pub(crate) fn connect(&self, sandbox: &Arc<Sandbox>) {
        self.board.connect(Arc::downgrade(sandbox));
        #[cfg(feature = "wasi")]
        if let Some(runner) = &self.runner {
            crate::wasi::bind_runner(&self.step, runner, sandbox);
        }
    }
}

/// How a call is to be made.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallOptions {
    /// Wall time until it is answered; the sandbox's own limit where nothing is said.
    pub timeout: Option<Duration>,
}

/// How a plugin is to be loaded.
#[derive(Clone, Debug, Default)]
pub struct PluginOptions {
    /// The name that stack traces show; it also tells the format and whether there are types (`.mjs .cjs .ts .mts .cts`).
    pub filename: Option<String>,
    /// Whether it is a CommonJS bundle (`true`) or a module (`false`); by the file name or the source where nothing is said.
    pub common_js: Option<bool>,
    /// Whether it has types to strip; by the file name where nothing is said.
    pub typescript: Option<bool>,
    /// A source map as JSON.
    pub source_map: Option<String>,
    /// Whether a loaded plugin of this name gives way.
    pub replace: bool,
}

impl Builder {
    /// What the sandbox may use.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// A function that guests call as `bridge.call(name, …)` or `bridge.<name>(…)`. It runs on a thread of the I/O runtime and may
    /// block: such functions have at most three quarters of those threads in the whole process, and more of them wait for a place. An `Err`
    /// becomes an exception in the guest.
    pub fn bridge(
        mut self,
        name: impl Into<String>,
        function: impl Fn(Vec<Value>) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        self.functions.insert(name.into(), Handler::Blocking(Arc::new(move |_scope, args| function(args))));
        self
    }

    /// As `bridge`, for a function whose answer is a future. It is polled on the I/O runtime and must not block; it is dropped with the sandbox.
    ///
    /// ```
    /// # use hostbox::HostRuntime;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let host = HostRuntime::builder("docs").bridge_async("one", |_args| async { Ok(1.into()) }).build()?;
    /// assert_eq!(host.eval("bridge.one()").await?, 1);
    /// # Ok::<(), hostbox::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn bridge_async<F>(
        mut self,
        name: impl Into<String>,
        function: impl Fn(Vec<Value>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Value, String>> + Send + 'static,
    {
        self.functions.insert(name.into(), Handler::Async(Arc::new(move |_scope, args| Box::pin(function(args)))));
        self
    }

    /// Makes a runtime of tasks of it: see [`AsyncHostRuntime`](crate::AsyncHostRuntime).
    ///
    /// # Errors
    /// As `build`.
    pub fn build_async(self) -> Result<crate::AsyncHostRuntime, Error> {
        Ok(crate::AsyncHostRuntime::over(self.with_routes().build()?))
    }

    /// What becomes of the console, and of lines at the level `warn` about files that WASI commands were not granted; nothing where this is not set.
    pub fn console(mut self, hook: impl Fn(ConsoleEntry) + Send + Sync + 'static) -> Self {
        self.console = Some(Box::new(hook));
        self
    }

    /// Where guests may connect to: an origin such as `https://api.example.com`, `https://*.example.com` for subdomains, `*` for any public address,
    /// or a [`NetGrant`] with methods or private addresses. Nothing is granted until it is said here.
    ///
    /// ```
    /// # use hostbox::HostRuntime;
    /// let host = HostRuntime::builder("docs").grant_net("https://api.example.com").build()?;
    /// let error = HostRuntime::builder("docs").grant_net("api.example.com").build().err().unwrap();
    /// assert_eq!(error.code(), "ERR_ARGUMENT");
    /// # Ok::<(), hostbox::Error>(())
    /// ```
    #[cfg(feature = "fetch")]
    pub fn grant_net(mut self, grant: impl Into<NetGrant>) -> Self {
        self.grants.push(grant.into());
        self
    }

    /// A variable that guests see in `process.env`, which has nothing else.
    pub fn grant_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Lets guests see a directory of the host under a path of theirs, for reading; an [`FsGrant`] says more. Nothing is granted until it is said
    /// here.
    ///
    /// ```
    /// # use hostbox::{FsGrant, HostRuntime};
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let out = FsGrant { write: true, max_bytes: Some(1 << 20), ..FsGrant::from(std::env::temp_dir()) };
    /// let host = HostRuntime::builder("docs").grant_fs("/src", env!("CARGO_MANIFEST_DIR")).grant_fs("/out", out).build()?;
    /// let manifest = host.eval("fs.promises.readFile('/src/Cargo.toml', 'utf8')").await?;
    /// assert!(manifest.as_str().unwrap().contains("[package]"));
    /// # Ok::<(), hostbox::Error>(())
    /// # }).unwrap();
    /// ```
    #[cfg(feature = "fs")]
    pub fn grant_fs(mut self, guest_path: impl Into<String>, grant: impl Into<FsGrant>) -> Self {
        self.files.push((guest_path.into(), grant.into()));
        self
    }

    /// Hears of every request of the guests, also of those that were refused. Called on a thread of the I/O runtime or of the guests: it has to
    /// be quick.
    #[cfg(feature = "fetch")]
    pub fn on_fetch(mut self, hook: impl Fn(FetchEvent) + Send + Sync + 'static) -> Self {
        self.on_fetch = Some(Arc::new(hook));
        self
    }

    /// A certificate authority (DER) to trust beside the usual ones.
    #[cfg(feature = "fetch")]
    pub fn root_certificate(mut self, der: Vec<u8>) -> Self {
        self.extra_roots.push(der.into());
        self
    }

    /// The cache that guests see as `cache`, shared with every sandbox of the scope: in memory, or in a file that survives restarts, or in a
    /// [`CacheBackend`](crate::CacheBackend) of the app's own. The first sandbox's choice holds for the scope; what is left out is that choice.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use hostbox::{CacheOptions, HostRuntime};
    ///
    /// let small = CacheOptions { max_bytes: Some(1 << 20), ..CacheOptions::default() };
    /// let one = HostRuntime::builder("shop").cache(small).build()?;
    /// let two = HostRuntime::builder("shop").build()?;
    /// one.eval("cache.set('rate', { eur: 1.08 }, { ttlMs: 60_000 })").await?;
    /// assert_eq!(two.eval("cache.get('rate').eur").await?, 1.08);
    /// # Ok::<(), hostbox::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn cache(mut self, options: CacheOptions) -> Self {
        self.cache = options;
        self
    }

    /// A native operation of the app's own, beside the built-in ones: guests run it as `native.run(name, …)`, alone or in chains. It works
    /// on a thread of the I/O runtime; its output is on the sandbox's account, an `Err` and a panic are `ERR_OP`.
    ///
    /// ```
    /// # use hostbox::{HostRuntime, OperationCall, OperationOutput};
    /// # use std::io::Write;
    /// let host = HostRuntime::builder("docs")
    ///     .register_op("double", |call: &OperationCall<'_>, output: &mut OperationOutput| {
    ///         call.input.iter().try_for_each(|byte| output.write_all(&[*byte; 2])).map_err(|error| error.to_string())
    ///     })
    ///     .build()?;
    /// # Ok::<(), hostbox::Error>(())
    /// ```
    pub fn register_op(mut self, name: impl Into<String>, operation: impl CustomOperation + 'static) -> Self {
        self.operations.push((name.into(), Arc::new(operation)));
        self
    }

    /// Whether WASI commands may run, by the guests' global `wasi` and by [`HostRuntime::wasi`]: not by default. Grants of files become
    /// directories that they find open, granted variables their environment, granted hosts the network of components.
    #[cfg(feature = "wasi")]
    pub fn wasi(mut self, is_on: bool) -> Self {
        self.wasi = is_on;
        self
    }

    /// Keeps what WebAssembly is compiled to in this directory, and takes it from there: it is made where there is none, belongs to this user, and
    /// nobody else may write it, guests included. By default compiled code is kept in memory alone.
    #[cfg(feature = "wasi")]
    pub fn code_cache(mut self, directory: impl Into<std::path::PathBuf>) -> Self {
        self.code_cache = Some(directory.into());
        self
    }

    /// Makes the sandbox.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` for a scope without a name of 1 to 240 characters, a cache that is not what its scope has, a limit out of range, a grant that is no origin or no directory, or an operation's name that is taken or no name,
    /// `ERR_BUSY` where too many guest threads are lost, or another process has the cache's file.
    pub fn build(self) -> Result<HostRuntime, Error> {
        let scope = self.scope.clone();
        let (config, parts) = self.parts()?;
        let sandbox = Arc::new(Sandbox::new(config)?);
        parts.connect(&sandbox);
        let Parts { board, sources, store, cache, .. } = parts;
        Ok(HostRuntime {
            scope,
            sandbox,
            board,
            sources,
            store,
            #[cfg(feature = "fetch")]
            net: parts.net,
            cache,
            #[cfg(feature = "wasi")]
            runner: parts.runner,
            #[cfg(feature = "wasi")]
            cancel: hostbox_buffers::Cancel::new(),
        })
    }

    /// Functions of the whole process are this one's as well.
    pub(crate) fn with_routes(mut self) -> Self {
        self.has_routes = true;
        self
    }

    pub(crate) fn parts(self) -> Result<(Config, Parts), Error> {
        self.limits.check()?;
        let cache = Arc::new(Cache::open(&self.scope, &self.cache)?);
        let mut operations = Operations::default();
        for (name, operation) in self.operations {
            operations.register(&name, operation).map_err(|error| Error::argument(error.to_string()))?;
        }
        #[cfg(feature = "wasi")]
        let step = Arc::new(hostbox_wasm::Step::default());
        #[cfg(feature = "wasi")]
        if self.wasi {
            let registered = operations.register(hostbox_wasm::Step::NAME, step.clone());
            registered.map_err(|error| Error::argument(error.to_string()))?;
        }
        let store = Arc::new(Store::with_operations(self.limits.buffer_bytes, Arc::new(operations)));
        #[cfg(feature = "fetch")]
        let net = Client::new(hostbox_net::Config {
            permissions: NetPermissions::new(&self.grants).map_err(|error| Error::argument(error.to_string()))?,
            limits: NetLimits::from(&self.limits),
            store: store.clone(),
            log: self.on_fetch,
            extra_roots: self.extra_roots,
        });
        let env = Environment::new(self.env).map_err(|error| Error::argument(error.to_string()))?;
        #[cfg(feature = "fs")]
        let (granted, files) = open_files(&self.files)?;
        #[cfg(feature = "wasi")]
        let runner = self.wasi.then(|| {
            let rights = hostbox_wasm::Rights::new(env.clone());
            #[cfg(feature = "fs")]
            let rights = rights.with_files(granted);
            #[cfg(feature = "fetch")]
            let rights = rights.with_net(net.clone());
            hostbox_wasm::Runner::new(&store, rights)
        });
        #[cfg(feature = "wasi")]
        let runner = match (runner, self.code_cache) {
            (Some(runner), Some(directory)) => {
                let cache = hostbox_wasm::CodeCache::open(directory);
                let kept = cache.and_then(|cache| runner.with_code_cache(cache));
                Some(kept.map_err(|error| crate::wasi::failure(error, None))?)
            }
            (runner, _) => runner,
        };
        #[cfg(all(feature = "fs", not(feature = "wasi")))]
        drop(granted);
        let sources = Sources::default();
        let mut bridge: Vec<String> = self.functions.keys().cloned().collect();
        bridge.sort();
        let board = Switchboard::new(self.scope.clone(), self.functions, self.has_routes, self.console);
        let maps = sources.clone();
        let config = Config {
            limits: self.limits,
            host: board.clone(),
            extension: &EXTENSION,
            withheld: if self.wasi { &[] } else { WASI_GLOBALS },
            data: Box::new(Data {
                store: store.clone(),
                #[cfg(feature = "fetch")]
                net: net.clone(),
                cache: cache.clone(),
                env,
                #[cfg(feature = "fs")]
                files,
                #[cfg(feature = "fs")]
                file_lanes: Lanes::default(),
                #[cfg(feature = "wasi")]
                wasi: runner.clone(),
                #[cfg(feature = "wasi")]
                webassembly: Default::default(),
            }),
            bridge,
            map_stack: Some(Box::new(move |stack| maps.map_stack(stack))),
        };
        let parts = Parts {
            board,
            sources,
            store,
            #[cfg(feature = "fetch")]
            net,
            cache,
            #[cfg(feature = "wasi")]
            runner,
            #[cfg(feature = "wasi")]
            step,
        };
        Ok((config, parts))
    }
}

#[cfg(feature = "fs")]
fn open_files(grants: &[(String, FsGrant)]) -> Result<(FsPermissions, Files), Error> {
    let grants = grants.iter().map(|(guest, grant)| (guest.as_str(), grant.clone()));
    let granted = FsPermissions::new(grants).map_err(|error| Error::argument(error.to_string()))?;
    let files = Files::new(&granted).map_err(|error| Error::argument(error.to_string()))?;
    Ok((granted, files))
}

impl HostRuntime {
    /// Begins a sandbox of a scope: a name for what its guests share across sandboxes.
    pub fn builder(scope: impl Into<String>) -> Builder {
        Builder {
            scope: scope.into(),
            limits: Limits::default(),
            functions: HashMap::new(),
            has_routes: false,
            console: None,
            operations: Vec::new(),
            env: Vec::new(),
            #[cfg(feature = "fs")]
            files: Vec::new(),
            #[cfg(feature = "fetch")]
            grants: Vec::new(),
            #[cfg(feature = "fetch")]
            on_fetch: None,
            #[cfg(feature = "fetch")]
            extra_roots: Vec::new(),
            cache: CacheOptions::default(),
            wasi: false,
            #[cfg(feature = "wasi")]
            code_cache: None,
        }
    }

    /// The scope's name.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Runs a classic script; its declarations stay for the next one, a promise is awaited.
    ///
    /// # Errors
    /// `ERR_GUEST`, `ERR_TIMEOUT`, `ERR_MEMORY`, `ERR_CLONE` for a value without JSON, `ERR_CLOSED`.
    pub async fn eval(&self, source: impl Into<String>) -> Result<Value, Error> {
        let request = Request::Eval { source: source.into(), filename: "eval.js".into() };
        json(&self.ask(request, CallOptions::default()).await?)
    }

    /// Loads a plugin.
    ///
    /// # Errors
    /// `ERR_PLUGIN_EXISTS`, `ERR_ARGUMENT` where it exports nothing, and what `eval` may say.
    pub async fn load_plugin(
        &self,
        name: impl Into<String>,
        source: impl Into<String>,
        options: PluginOptions,
    ) -> Result<(), Error> {
        let format = options.common_js.map(|common_js| if common_js { Format::CommonJs } else { Format::Module });
        let plugin = Plugin {
            name: name.into(),
            source: source.into(),
            filename: options.filename,
            format,
            typescript: options.typescript,
            source_map: options.source_map,
            replace: options.replace,
        };
        if Sources::is_ready(&plugin) {
            let source = self.sources.prepare(plugin)?;
            return self.ask(Request::Load(Box::new(source)), CallOptions::default()).await.map(|_| ());
        }
        let sources = self.sources.clone();
        let prepare = move || sources.prepare(plugin).map(|source| Request::Load(Box::new(source)));
        self.ask_later(prepare).await.map(|_| ())
    }

    /// Forgets a plugin; whether there was one.
    ///
    /// # Errors
    /// `ERR_CLOSED`.
    pub async fn unload_plugin(&self, name: impl Into<String>) -> Result<bool, Error> {
        let answer = self.ask(Request::Unload { name: name.into() }, CallOptions::default()).await?;
        Ok(json(&answer)? == Value::Bool(true))
    }

    /// Names of the loaded plugins, in the order of their loading.
    ///
    /// # Errors
    /// `ERR_CLOSED`.
    pub async fn plugins(&self) -> Result<Vec<String>, Error> {
        let answer = json(&self.ask(Request::Plugins, CallOptions::default()).await?)?;
        let names = answer.as_array().into_iter().flatten();
        Ok(names.filter_map(|name| name.as_str().map(str::to_owned)).collect())
    }

    /// What a plugin says of itself: what it registered, or what its `getInfo` gives.
    ///
    /// # Errors
    /// `ERR_PLUGIN_NOT_FOUND`, and what `eval` may say.
    pub async fn plugin_info(&self, name: impl Into<String>) -> Result<Value, Error> {
        json(&self.ask(Request::PluginInfo { name: name.into() }, CallOptions::default()).await?)
    }

    /// Calls a function that a plugin exports, by its name or dotted path.
    ///
    /// # Errors
    /// `ERR_PLUGIN_NOT_FOUND`, `ERR_FUNCTION_NOT_FOUND`, and what `eval` may say.
    pub async fn call(&self, plugin: &str, function: &str, args: &[Value]) -> Result<Value, Error> {
        self.call_with(plugin, function, args, CallOptions::default()).await
    }

    /// As `call`, with options.
    ///
    /// # Errors
    /// As `call`.
    pub async fn call_with(
        &self,
        plugin: &str,
        function: &str,
        args: &[Value],
        options: CallOptions,
    ) -> Result<Value, Error> {
        let args = Payload::from_json(&Value::Array(args.to_vec()));
        let request = Request::Call { plugin: plugin.into(), function: function.into(), args };
        json(&self.ask(request, options).await?)
    }

    /// As `call`, with types: `args` is what serializes to an array (a tuple, a slice), and the result is read as `T`.
    ///
    /// ```
    /// # use hostbox::{HostRuntime, PluginOptions};
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let host = HostRuntime::builder("docs").build()?;
    /// host.load_plugin("text", "exports.repeat = (text, times) => Array(times).fill(text)", PluginOptions::default()).await?;
    /// let repeated: Vec<String> = host.call_as("text", "repeat", &("a", 2)).await?;
    /// assert_eq!(repeated, ["a", "a"]);
    /// # Ok::<(), hostbox::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As `call`; `ERR_ARGUMENT` for arguments that are no array, `ERR_CLONE` for a result that is no `T`.
    pub async fn call_as<T: DeserializeOwned>(
        &self,
        plugin: &str,
        function: &str,
        args: &(impl Serialize + ?Sized),
    ) -> Result<T, Error> {
        let expected =
            |what: String| Error::argument(format!("Expected a tuple or a list for args but received {what}"));
        let args = match serde_json::to_value(args).map_err(|error| expected(error.to_string()))? {
            Value::Array(args) => args,
            // The unit, for a function without arguments.
            Value::Null => Vec::new(),
            other => return Err(expected(other.to_string().chars().take(60).collect())),
        };
        let value = self.call(plugin, function, &args).await?;
        T::deserialize(value).map_err(|error| {
            let message = format!("the value of {plugin}.{function} cannot be read: {error}");
            Failure::new(Code::Clone, message).into()
        })
    }

    /// The sandbox's buffers: what guests see as `native`.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Requests of guests that have not ended: those whose body is not read to its end, and open WebSockets, among them.
    #[cfg(feature = "fetch")]
    pub fn fetches(&self) -> u64 {
        self.net.active()
    }

    /// Figures of the sandbox.
    pub fn stats(&self) -> Stats {
        self.sandbox.stats()
    }

    /// Collects garbage.
    ///
    /// # Errors
    /// `ERR_CLOSED`.
    pub async fn gc(&self) -> Result<(), Error> {
        self.ask(Request::Gc, CallOptions::default()).await.map(|_| ())
    }

    /// Closes the sandbox: calls under way get `ERR_CLOSED`. Returns when the engine is gone and the cache's file, if it was the last of its scope, is closed.
    pub async fn close(&self) {
        let ticket = next_ticket();
        let done = self.board.expect(ticket);
        self.sandbox.close(Some(ticket));
        self.board.end_functions();
        #[cfg(feature = "fetch")]
        self.net.close();
        #[cfg(feature = "wasi")]
        self.cancel.cancel();
        let _ = done.await;
        let (cache, (closed, is_closed)) = (self.cache.clone(), oneshot::channel());
        // The last one of a scope may have a file to sync.
        hostbox_engine::spawn_blocking(move || {
            cache.close();
            let _ = closed.send(());
        });
        let _ = is_closed.await;
    }

    async fn ask(&self, request: Request, options: CallOptions) -> Result<Payload, Error> {
        let ticket = next_ticket();
        let answer = self.board.expect(ticket);
        let mut waiter = Waiter { runtime: self, ticket, done: false };
        self.sandbox.submit(ticket, request, options.timeout)?;
        waiter.outcome(answer).await
    }

    /// Asks for what is made on a thread of the I/O runtime: a compiler's work is not for the app's executor.
    async fn ask_later(
        &self,
        prepare: impl FnOnce() -> Result<Request, Failure> + Send + 'static,
    ) -> Result<Payload, Error> {
        let ticket = next_ticket();
        let answer = self.board.expect(ticket);
        let mut waiter = Waiter { runtime: self, ticket, done: false };
        self.sandbox.announce(ticket, None)?;
        let sandbox = self.sandbox.clone();
        hostbox_engine::spawn_blocking(move || match std::panic::catch_unwind(AssertUnwindSafe(prepare)) {
            Ok(Ok(request)) => sandbox.begin(ticket, request),
            Ok(Err(failure)) => sandbox.fail(ticket, failure),
            Err(_) => {
                let failure = Failure::new(Code::Internal, "internal error: a panic in the compiler; please report it");
                sandbox.fail(ticket, failure);
            }
        });
        waiter.outcome(answer).await
    }

    /// Has a plugin forgotten without waiting for it.
    pub(crate) fn begin_unload(&self, name: String) {
        // A sandbox that takes no calls any more has no plugins to forget; nobody waits for the answer.
        let _ = self.sandbox.submit(next_ticket(), Request::Unload { name }, None);
    }
}

/// A call whose future is dropped is cancelled.
struct Waiter<'a> {
    runtime: &'a HostRuntime,
    ticket: Ticket,
    done: bool,
}

impl Waiter<'_> {
    async fn outcome(&mut self, answer: oneshot::Receiver<Outcome>) -> Result<Payload, Error> {
        let outcome = answer.await;
        self.done = true;
        Ok(outcome.map_err(|_| Failure::new(Code::Closed, "the sandbox is closed"))??)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.runtime.board.forget(self.ticket);
            self.runtime.sandbox.cancel(self.ticket);
        }
    }
}

fn json(payload: &Payload) -> Result<Value, Error> {
    payload.to_json().map_err(|error| Failure::new(Code::Clone, error.to_string()).into())
}
