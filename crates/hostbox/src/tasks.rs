//! A sandbox as tasks: scripts that are begun, waited for, and ended by dropping their handles.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use hostbox_engine::{Code, Failure, Request, Sandbox, Ticket, next_ticket};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::host::{Outcome, Switchboard};
use crate::runtime::{Builder, HostRuntime, PluginOptions};

/// What a runtime has beyond the Web APIs. Everything else is said by a [`Builder`].
///
/// ```
/// use hostbox::WebRuntimeOptions;
///
/// let options = WebRuntimeOptions { wasi: false };
/// assert_eq!(options, WebRuntimeOptions::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebRuntimeOptions {
    /// Whether guests have `wasi`. It takes the Cargo feature `wasi` too: [`AsyncHostRuntime::new_with_options`] refuses it without.
    pub wasi: bool,
}

/// A sandbox whose scripts are tasks. Dropping it ends them: whoever waits gets `ERR_CLOSED`.
///
/// No async runtime is needed: tasks run on threads of hostbox's own, and handles can be waited for by blocking or as futures of any executor.
///
/// ```
/// use hostbox::AsyncHostRuntime;
///
/// let runtime = AsyncHostRuntime::new("docs")?;
/// let task = runtime.spawn("new Promise((done) => setTimeout(done, 1, { answer: 42 }))")?;
/// assert_eq!(task.wait()?, r#"{"answer":42}"#);
/// # Ok::<(), hostbox::Error>(())
/// ```
pub struct AsyncHostRuntime {
    host: HostRuntime,
}

/// Figures of a runtime's tasks and calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuntimeTaskStats {
    /// Taken, and not answered yet.
    pub pending: u64,
    /// Of these, those that have begun.
    pub running: u64,
    /// Ended well.
    pub done: u64,
    /// Failed, those that were cancelled among them.
    pub failed: u64,
    /// Results and completions that came when nobody wanted them any more.
    pub dropped: u64,
}

impl AsyncHostRuntime {
    /// A runtime without grants. Runtimes of one scope share their cache.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn new(cache_scope_id: impl Into<String>) -> Result<Self, Error> {
        Self::new_with_options(cache_scope_id, WebRuntimeOptions::default())
    }

    /// As `new`, with options.
    ///
    /// # Errors
    /// As [`Builder::build`], and `ERR_ARGUMENT` where `wasi` is asked for in a build without the Cargo feature `wasi`.
    pub fn new_with_options(cache_scope_id: impl Into<String>, options: WebRuntimeOptions) -> Result<Self, Error> {
        let builder = Self::builder(cache_scope_id);
        #[cfg(feature = "wasi")]
        let builder = builder.wasi(options.wasi);
        #[cfg(not(feature = "wasi"))]
        if options.wasi {
            let message =
                "Expected false for wasi but received true: this build of hostbox is without the Cargo feature wasi";
            return Err(Error::argument(message.into()));
        }
        builder.build_async()
    }

    /// Begins a runtime with grants, limits and hooks; [`Builder::build_async`] ends it.
    ///
    /// ```
    /// # use hostbox::{AsyncHostRuntime, Limits};
    /// # use std::time::Duration;
    /// let limits = Limits { timeout: Duration::from_millis(50), ..Limits::default() };
    /// let runtime = AsyncHostRuntime::builder("docs").limits(limits).grant_env("MODE", "test").build_async()?;
    /// assert_eq!(runtime.spawn("for (;;);")?.wait().unwrap_err().code(), "ERR_TIMEOUT");
    /// # Ok::<(), hostbox::Error>(())
    /// ```
    pub fn builder(cache_scope_id: impl Into<String>) -> Builder {
        HostRuntime::builder(cache_scope_id)
    }

    pub(crate) fn over(host: HostRuntime) -> Self {
        Self { host }
    }

    /// The sandbox behind the tasks.
    pub fn host(&self) -> &HostRuntime {
        &self.host
    }

    /// Begins a classic script, whose declarations stay for the next one. A promise is awaited. Its value comes as text: a string as it is,
    /// anything else as JSON.
    ///
    /// # Errors
    /// What can be said at once: `ERR_CLOSED`, `ERR_LIMIT`, `ERR_MEMORY`.
    pub fn spawn(&self, script: impl Into<String>) -> Result<RuntimeTaskHandle, Error> {
        self.begin(script.into()).map(RuntimeTaskHandle)
    }

    /// As `spawn`, for a value that is read as `T`. A string is read as JSON text where it is no `T` itself.
    ///
    /// ```
    /// # use hostbox::AsyncHostRuntime;
    /// let runtime = AsyncHostRuntime::new("docs")?;
    /// let sums: Vec<u32> = runtime.spawn_json("[1, 2, 3].map((n) => n * n)")?.wait()?;
    /// assert_eq!(sums, [1, 4, 9]);
    /// # Ok::<(), hostbox::Error>(())
    /// ```
    ///
    /// # Errors
    /// As `spawn`.
    pub fn spawn_json<T: DeserializeOwned>(
        &self,
        script: impl Into<String>,
    ) -> Result<RuntimeJsonTaskHandle<T>, Error> {
        Ok(RuntimeJsonTaskHandle { task: self.begin(script.into())?, wanted: PhantomData })
    }

    fn begin(&self, source: String) -> Result<Task, Error> {
        let (ticket, slot) = (next_ticket(), Arc::new(Slot::default()));
        let filler = Filler(slot.clone());
        self.host.board.call_back(ticket, move |outcome| filler.fill(outcome));
        let request = Request::Eval { source, filename: "task.js".into() };
        if let Err(failure) = self.host.sandbox.submit(ticket, request, None) {
            self.host.board.forget(ticket);
            return Err(failure.into());
        }
        let (sandbox, board) = (Arc::downgrade(&self.host.sandbox), Arc::downgrade(&self.host.board));
        Ok(Task { ticket, slot, sandbox, board })
    }

    /// Ends a task by its handle's id; whether it was still to be ended. Who waits for it gets `ERR_ABORTED`.
    pub fn cancel(&self, id: u64) -> bool {
        let is_pending = self.host.board.is_waiting(id);
        if is_pending {
            self.host.sandbox.cancel(id);
        }
        is_pending
    }

    /// Figures of the tasks.
    pub fn stats(&self) -> RuntimeTaskStats {
        let stats = self.host.stats();
        RuntimeTaskStats {
            pending: stats.pending,
            running: stats.running,
            done: stats.done,
            failed: stats.errors.iter().map(|(_, count)| count).sum(),
            dropped: stats.dropped,
        }
    }

    /// Collects garbage.
    ///
    /// # Errors
    /// `ERR_CLOSED`.
    pub async fn run_gc(&self) -> Result<(), Error> {
        self.host.gc().await
    }

    /// Loads a CommonJS bundle or a module under a name; one that has the name gives way.
    ///
    /// ```
    /// # use hostbox::AsyncHostRuntime;
    /// # use serde_json::json;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let runtime = AsyncHostRuntime::new("docs")?;
    /// runtime.bundle_load("greeter", "exports.greet = (name) => `hello ${name}`").await?;
    /// assert_eq!(runtime.bundle_call("greeter", "greet", &[json!("world")]).await?, "hello world");
    /// assert_eq!(runtime.bundle_list().await?, ["greeter"]);
    /// # Ok::<(), hostbox::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`HostRuntime::load_plugin`].
    pub async fn bundle_load(&self, name: impl Into<String>, source: impl Into<String>) -> Result<(), Error> {
        self.host.load_plugin(name, source, PluginOptions { replace: true, ..PluginOptions::default() }).await
    }

    /// Calls a function of a bundle, by its name or dotted path.
    ///
    /// # Errors
    /// As [`HostRuntime::call`].
    pub async fn bundle_call(&self, name: &str, function: &str, args: &[Value]) -> Result<Value, Error> {
        self.host.call(name, function, args).await
    }

    /// Loads a bundle, calls one function of it, and forgets it again, whatever came of the call.
    ///
    /// # Errors
    /// As `bundle_load` and `bundle_call`.
    pub async fn bundle_call_once(
        &self,
        source: impl Into<String>,
        function: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        // Two at once have two names.
        let name = format!("once:{}", next_ticket());
        let options = PluginOptions { filename: Some("once.js".into()), ..PluginOptions::default() };
        let mut once = Once { host: &self.host, name };
        self.host.load_plugin(once.name.as_str(), source, options).await?;
        let outcome = self.host.call(&once.name, function, args).await;
        // Waited for, so that whoever asks next does not see it; what the call gave is the answer, whatever comes of this.
        let _ = self.host.unload_plugin(once.name.as_str()).await;
        once.name.clear();
        outcome
    }

    /// Forgets a bundle; whether there was one.
    ///
    /// # Errors
    /// `ERR_CLOSED`.
    pub async fn bundle_unload(&self, name: impl Into<String>) -> Result<bool, Error> {
        self.host.unload_plugin(name).await
    }

    /// Names of the loaded bundles, in the order of their loading.
    ///
    /// # Errors
    /// `ERR_CLOSED`.
    pub async fn bundle_list(&self) -> Result<Vec<String>, Error> {
        self.host.plugins().await
    }

    /// Closes the sandbox; returns when it is gone.
    pub async fn close(&self) {
        self.host.close().await;
    }
}

/// A bundle for one call. It is forgotten as well where the call's future is dropped, or the loading fails.
struct Once<'a> {
    host: &'a HostRuntime,
    name: String,
}

impl Drop for Once<'_> {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            self.host.begin_unload(std::mem::take(&mut self.name));
        }
    }
}

// ── handles ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Where an outcome arrives.
#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    came: Condvar,
}

#[derive(Default)]
struct State {
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

/// Fills a slot once: with an outcome, or with the news that there will be none.
struct Filler(Arc<Slot>);

impl Filler {
    fn fill(self, outcome: Outcome) {
        self.set(outcome);
    }

    fn set(&self, outcome: Outcome) {
        let waker = {
            let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.outcome.is_some() {
                return;
            }
            state.outcome = Some(outcome);
            state.waker.take()
        };
        self.0.came.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        self.set(Err(Failure::new(Code::Closed, "the runtime was closed")));
    }
}

/// A task under way. Dropped, it cancels.
struct Task {
    ticket: Ticket,
    slot: Arc<Slot>,
    sandbox: Weak<Sandbox>,
    board: Weak<Switchboard>,
}

impl Task {
    fn wait(&self) -> Outcome {
        let mut state = self.slot.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(outcome) = state.outcome.take() {
                return outcome;
            }
            state = self.slot.came.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let mut state = self.slot.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outcome) = state.outcome.take() {
            return Poll::Ready(outcome);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let is_waiting = self.board.upgrade().is_some_and(|board| board.is_waiting(self.ticket));
        if let (true, Some(sandbox)) = (is_waiting, self.sandbox.upgrade()) {
            sandbox.cancel(self.ticket);
        }
    }
}

fn value(outcome: Outcome) -> Result<Value, Error> {
    outcome?.to_json().map_err(|error| Failure::new(Code::Clone, error.to_string()).into())
}

fn text(outcome: Outcome) -> Result<String, Error> {
    Ok(match value(outcome)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

fn read<T: DeserializeOwned>(outcome: Outcome) -> Result<T, Error> {
    let value = value(outcome)?;
    let failed = |error: serde_json::Error| Failure::new(Code::Clone, format!("the value cannot be read: {error}"));
    match (T::deserialize(&value), &value) {
        (Ok(read), _) => Ok(read),
        (Err(error), Value::String(text)) => serde_json::from_str(text).map_err(|_| failed(error).into()),
        (Err(error), _) => Err(failed(error).into()),
    }
}

/// A script under way: a future, or something to wait for. Dropping it cancels the script.
#[must_use = "a task ends when its handle is dropped"]
pub struct RuntimeTaskHandle(Task);

impl RuntimeTaskHandle {
    /// Names the task, for [`AsyncHostRuntime::cancel`]. No two of a process are the same.
    pub fn id(&self) -> u64 {
        self.0.ticket
    }

    /// Waits on this thread.
    ///
    /// # Errors
    /// `ERR_GUEST`, `ERR_TIMEOUT`, `ERR_MEMORY`, `ERR_ABORTED`, `ERR_CLONE` for a value without JSON, `ERR_CLOSED`.
    pub fn wait(self) -> Result<String, Error> {
        text(self.0.wait())
    }

    /// The same as a future; the handle is one itself.
    ///
    /// # Errors
    /// As `wait`.
    pub async fn wait_async(self) -> Result<String, Error> {
        self.await
    }
}

impl Future for RuntimeTaskHandle {
    type Output = Result<String, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx).map(text)
    }
}

/// As [`RuntimeTaskHandle`], for a value that is read as `T`.
#[must_use = "a task ends when its handle is dropped"]
pub struct RuntimeJsonTaskHandle<T> {
    task: Task,
    wanted: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> RuntimeJsonTaskHandle<T> {
    /// Names the task, for [`AsyncHostRuntime::cancel`].
    pub fn id(&self) -> u64 {
        self.task.ticket
    }

    /// Waits on this thread.
    ///
    /// # Errors
    /// As [`RuntimeTaskHandle::wait`]; `ERR_CLONE` for a value that is no `T`.
    pub fn wait(self) -> Result<T, Error> {
        read(self.task.wait())
    }

    /// The same as a future; the handle is one itself.
    ///
    /// # Errors
    /// As `wait`.
    pub async fn wait_async(self) -> Result<T, Error> {
        self.await
    }
}

impl<T: DeserializeOwned> Future for RuntimeJsonTaskHandle<T> {
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.task.poll(cx).map(read)
    }
}
