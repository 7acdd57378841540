//! Functions of the app that every [`AsyncHostRuntime`](crate::AsyncHostRuntime) of the process has.

use std::collections::HashMap;
use std::fmt::Display;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use serde_json::Value;

use crate::error::Error;

type Answer = Result<Value, String>;
type Function = Arc<dyn Fn(String, Vec<Value>) -> Answer + Send + Sync>;
type AsyncFunction = Arc<dyn Fn(String, Vec<Value>) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

/// A function of the app: it gets the scope and the arguments.
#[derive(Clone)]
pub(crate) enum Handler {
    /// Runs where the call is noticed.
    Sync(Function),
    /// Runs on a thread of its own.
    Blocking(Function),
    /// A future.
    Async(AsyncFunction),
}

fn routes() -> &'static RwLock<HashMap<String, Handler>> {
    static ROUTES: OnceLock<RwLock<HashMap<String, Handler>>> = OnceLock::new();
    ROUTES.get_or_init(RwLock::default)
}

pub(crate) fn find(name: &str) -> Option<Handler> {
    routes().read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
}

pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<String> = routes().read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
    names.sort();
    names
}

fn register(name: impl Into<String>, handler: Handler) -> Result<(), Error> {
    let name = name.into();
    if name.trim().is_empty() {
        return Err(Error::argument("Expected a name for a bridge route but received an empty string".into()));
    }
    routes().write().unwrap_or_else(PoisonError::into_inner).insert(name, handler);
    Ok(())
}

fn text<E: Display>(outcome: Result<Value, E>) -> Answer {
    outcome.map_err(|error| error.to_string())
}

/// Gives guests of every [`AsyncHostRuntime`](crate::AsyncHostRuntime), those that exist already as well, a function that they call as
/// `bridge.call(name, …)`. It gets the runtime's scope and the arguments, and an `Err` becomes an exception in the guest. It runs at once,
/// on a thread that has other work to do: it must be quick. A function of the builder with this name goes before.
///
/// A function for one sandbox alone is the business of [`Builder::bridge`](crate::Builder::bridge).
///
/// ```
/// use hostbox::{AsyncHostRuntime, register_bridge_route_sync_handler};
/// use serde_json::json;
///
/// register_bridge_route_sync_handler("whoami", |scope, _args| Ok::<_, String>(json!(scope)))?;
/// let runtime = AsyncHostRuntime::new("docs")?;
/// assert_eq!(runtime.spawn("bridge.call('whoami')")?.wait()?, "docs");
/// # Ok::<(), hostbox::Error>(())
/// ```
///
/// # Errors
/// `ERR_ARGUMENT` for an empty name.
pub fn register_bridge_route_sync_handler<E: Display>(
    name: impl Into<String>,
    handler: impl Fn(String, Vec<Value>) -> Result<Value, E> + Send + Sync + 'static,
) -> Result<(), Error> {
    register(name, Handler::Sync(Arc::new(move |scope, args| text(handler(scope, args)))))
}

/// As [`register_bridge_route_sync_handler`], for what may take long or block: it runs on a thread of the I/O runtime, of which such functions
/// have at most three quarters in the whole process.
///
/// # Errors
/// `ERR_ARGUMENT` for an empty name.
pub fn register_bridge_route_blocking_handler<E: Display>(
    name: impl Into<String>,
    handler: impl Fn(String, Vec<Value>) -> Result<Value, E> + Send + Sync + 'static,
) -> Result<(), Error> {
    register(name, Handler::Blocking(Arc::new(move |scope, args| text(handler(scope, args)))))
}

/// As [`register_bridge_route_sync_handler`], for a future. It must not block, and is dropped with its sandbox.
///
/// # Errors
/// `ERR_ARGUMENT` for an empty name.
pub fn register_bridge_route_async_handler<F, E: Display>(
    name: impl Into<String>,
    handler: impl Fn(String, Vec<Value>) -> F + Send + Sync + 'static,
) -> Result<(), Error>
where
    F: Future<Output = Result<Value, E>> + Send + 'static,
{
    register(
        name,
        Handler::Async(Arc::new(move |scope, args| {
            let answer = handler(scope, args);
            Box::pin(async move { text(answer.await) })
        })),
    )
}

/// Forgets a function that was registered for all; whether there was one.
pub fn unregister_bridge_route_handler(name: &str) -> bool {
    routes().write().unwrap_or_else(PoisonError::into_inner).remove(name).is_some()
}
