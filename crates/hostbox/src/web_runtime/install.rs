//! The host's operations in a context that the caller owns.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use hostbox_buffers::Store;
use hostbox_cache::Cache;
use hostbox_engine::{Attached, Global, Progress};
use hostbox_web::EXTENSION;
use rquickjs::{Array, CatchResultExt, Context, Ctx, Object, Value};

use super::plugins::thrown;
use super::polyfill::DEFINED_NAME;
use crate::error::Error;
use crate::host::Switchboard;
use crate::runtime::{Builder, Parts};

/// Events of rejections come from a hook of the runtime, which is its owner's.
const LEFT_OUT: &[&str] = &["PromiseRejectionEvent", "onrejectionhandled", "onunhandledrejection"];

/// A host that was installed into a context. Dropping it closes it: its requests and operations end, its timers do not fire any more.
#[must_use = "an installed host ends when its handle is dropped"]
pub struct InstalledHost {
    attached: Attached,
    board: Arc<Switchboard>,
    store: Arc<Store>,
    #[cfg(feature = "fetch")]
    net: hostbox_net::Client,
    cache: Arc<Cache>,
}

/// Gives a context that the caller owns everything that guests of a sandbox see: timers, `fetch`, `fs`, `native`, `cache`, `bridge`, `crypto`,
/// `Buffer`, `require` of Node's modules, and the rest. `host` is a [`HostRuntime::builder`](crate::HostRuntime::builder) with grants, functions of
/// the app, a console, a cache: nothing is granted that it does not say. Routes of the process are there as well.
///
/// **Who runs it.** There is no thread behind it: timers, completions and answers wait until the caller lets the context go on, by
/// [`poll`](InstalledHost::poll), [`run_until_idle`](InstalledHost::run_until_idle) or [`drive`](InstalledHost::drive); [`plugin_call`](super::plugin_call) does so while
/// it waits for a promise. The work itself (requests, files, operations on bytes) goes on meanwhile on threads of hostbox's own.
///
/// **What holds.** Grants, `buffer_bytes`, `pending_ops`, the limits of requests, and `memory_bytes` for what is held outside of the engine. The engine's memory, stack and time are
/// the owner's affair ([`Runtime::set_memory_limit`](rquickjs::Runtime::set_memory_limit), [`set_interrupt_handler`](rquickjs::Runtime::set_interrupt_handler)), and so are its hooks: modules that are
/// imported, and rejections that nobody handles (there is no `onunhandledrejection`).
///
/// **Names.** A global that the context has already stays, unless it comes from [`polyfill_script`](super::polyfill_script). What is added is made when it is first touched, and stays
/// as long as the runtime.
///
/// ```
/// use hostbox::HostRuntime;
/// use hostbox::rquickjs::{Context, Runtime};
/// use hostbox::web_runtime::install;
///
/// let runtime = Runtime::new()?;
/// let context = Context::full(&runtime)?;
/// context.with(|ctx| {
///     let host = install(&ctx, HostRuntime::builder("docs").bridge("rate", |_args| Ok(0.92.into())))?;
///     ctx.eval::<(), _>("var seen = []; setTimeout(async () => seen.push(await bridge.rate()), 1)")?;
///     host.run_until_idle(&ctx)?;
///     assert_eq!(ctx.eval::<f64, _>("seen[0]")?, 0.92);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`Builder::build`]; `ERR_ARGUMENT` for a context that has a host already, or lacks intrinsics that [`Context::full`] has.
pub fn install(ctx: &Ctx<'_>, host: Builder) -> Result<InstalledHost, Error> {
    Attached::complete(ctx);
    check_intrinsics(ctx)?;
    let (config, parts) = host.with_routes().parts()?;
    let known = Known::look(ctx).catch(ctx).map_err(thrown)?;
    // Memories that guests see, the stack and the time of modules are kept by an engine of ours alone.
    let wants = |global: &Global| global.name != c"WebAssembly" && known.lacks(&global.name.to_string_lossy());
    let attached = Attached::new(ctx, config, &wants)?;
    parts.connect(attached.sandbox());
    name_global_object(ctx).catch(ctx).map_err(thrown)?;
    let Parts { board, store, cache, .. } = parts;
    Ok(InstalledHost {
        attached,
        board,
        store,
        #[cfg(feature = "fetch")]
        net: parts.net,
        cache,
    })
}

/// Guest modules take them when they are loaded.
fn check_intrinsics(ctx: &Ctx<'_>) -> Result<(), Error> {
    let globals = ctx.globals();
    let wanted = EXTENSION.modules.first().map_or(&[][..], |module| module.intrinsics);
    for name in wanted.iter().map(|name| name.to_string_lossy()) {
        if !globals.contains_key(&*name).catch(ctx).map_err(thrown)? {
            let message = format!("Expected a context with all intrinsics (Context::full) but it has no {name}");
            return Err(Error::argument(message));
        }
    }
    Ok(())
}

/// What the global object has.
struct Known<'js> {
    globals: Object<'js>,
    of_polyfill: Vec<String>,
}

impl<'js> Known<'js> {
    fn look(ctx: &Ctx<'js>) -> rquickjs::Result<Self> {
        let globals = ctx.globals();
        let names: Option<Array<'js>> = globals.get(DEFINED_NAME)?;
        let of_polyfill = names.map_or(Ok(Vec::new()), |names| names.iter::<String>().collect())?;
        Ok(Self { globals, of_polyfill })
    }

    fn lacks(&self, name: &str) -> bool {
        let is_free = || self.of_polyfill.iter().any(|known| known == name);
        // A key that cannot be asked for is nobody's.
        !LEFT_OUT.contains(&name) && (!self.globals.contains_key(name).unwrap_or(false) || is_free())
    }
}

/// The web's name for the global object, and Node's.
fn name_global_object(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let globals = ctx.globals();
    for name in ["self", "global"] {
        if !globals.contains_key(name)? {
            let value: Value<'_> = globals.clone().into_value();
            globals.prop(name, rquickjs::object::Property::from(value).configurable().writable())?;
        }
    }
    Ok(())
}

impl InstalledHost {
    /// Runs what is ready, for some milliseconds: jobs, timers that are due, completions. Never waits. Says what there is to wait for.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` for another context than the host's, `ERR_CLOSED`, `ERR_INTERNAL`.
    pub fn poll(&self, ctx: &Ctx<'_>) -> Result<Progress, Error> {
        if !self.attached.is_of(ctx) {
            let message = "Expected the context that the host was installed into but received another one";
            return Err(Error::argument(message.into()));
        }
        Ok(Attached::step(ctx)?)
    }

    /// Runs until no timer, no operation and no job is left. This thread waits meanwhile, and nobody else gets at the runtime. An interval, or
    /// a request without an end, keeps it for ever.
    ///
    /// # Errors
    /// As `poll`.
    pub fn run_until_idle(&self, ctx: &Ctx<'_>) -> Result<(), Error> {
        loop {
            match self.poll(ctx)? {
                Progress::Idle => return Ok(()),
                Progress::Waiting => Attached::wait(ctx)?,
                Progress::Busy => {}
            }
        }
    }

    /// As `run_until_idle`, as a future of any executor: the runtime is locked while something runs, and free while there is nothing to do. The future
    /// must not be polled inside of [`Context::with`], which has the lock. Dropping it stops the driving and nothing else.
    ///
    /// ```
    /// # use hostbox::HostRuntime;
    /// # use hostbox::rquickjs::{Context, Runtime};
    /// # use hostbox::web_runtime::install;
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// # let runtime = Runtime::new()?;
    /// let context = Context::full(&runtime)?;
    /// let host = context.with(|ctx| install(&ctx, HostRuntime::builder("docs")))?;
    /// context.with(|ctx| ctx.eval::<(), _>("var n = 0; const id = setInterval(() => ++n === 3 && clearInterval(id), 1)"))?;
    /// host.drive(&context).await?;
    /// assert_eq!(context.with(|ctx| ctx.eval::<u32, _>("n"))?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As `poll`.
    pub async fn drive(&self, context: &Context) -> Result<(), Error> {
        poll_fn(|cx| {
            // Before the look: what comes after it wakes.
            self.board.listen(cx.waker());
            match context.with(|ctx| self.poll(&ctx)) {
                Err(error) => Poll::Ready(Err(error)),
                Ok(Progress::Idle) => Poll::Ready(Ok(())),
                Ok(Progress::Waiting) => Poll::Pending,
                Ok(Progress::Busy) => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// The buffers that guest code sees as `native`.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Requests of guest code that have not ended.
    #[cfg(feature = "fetch")]
    pub fn fetches(&self) -> u64 {
        self.net.active()
    }

    /// Ends requests, timers and operations; guest code that begins new ones gets an error with the code `ERR_CLOSED`. Promises that
    /// were pending stay so.
    pub fn close(&self) {
        self.attached.close();
        self.board.end_functions();
        #[cfg(feature = "fetch")]
        self.net.close();
    }
}

impl Drop for InstalledHost {
    fn drop(&mut self) {
        self.close();
        let cache = self.cache.clone();
        // The last one of a scope may have a file to sync.
        hostbox_engine::spawn_blocking(move || cache.close());
    }
}
