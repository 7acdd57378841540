//! The host of a sandbox that a Rust app owns: answers go to futures, host calls to handlers, the console to a hook.

use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::task::{Poll, Waker};

use hostbox_engine::{Event, Failure, Host, OpError, OpId, OpOutcome, Payload, Sandbox, Ticket};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::routes::{self, Handler};

/// One call of a `console` method.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsoleEntry {
    /// `debug`, `log`, `info`, `warn`, `error` or `trace`.
    pub level: &'static str,
    /// The arguments, formatted.
    pub text: String,
    /// The plugin whose code ran.
    pub plugin: Option<String>,
    /// Milliseconds since 1970.
    pub time: f64,
}

pub(crate) type ConsoleHook = Box<dyn Fn(ConsoleEntry) + Send + Sync>;
pub(crate) type Outcome = Result<Payload, Failure>;
type Waiter = Box<dyn FnOnce(Outcome) + Send>;

/// Routes events of one sandbox.
pub(crate) struct Switchboard {
    scope: String,
    waiting: Mutex<HashMap<Ticket, Waiter>>,
    functions: HashMap<String, Handler>,
    /// Whether the functions of the whole process are this sandbox's as well.
    has_routes: bool,
    console: Option<ConsoleHook>,
    sandbox: OnceLock<Weak<Sandbox>>,
    /// Functions under way that are futures; they end with the sandbox.
    running: Mutex<Running>,
    /// Who drives a context of the app's own, and waits for it.
    drivers: Mutex<Vec<Waker>>,
}

impl Switchboard {
    pub(crate) fn new(
        scope: String,
        functions: HashMap<String, Handler>,
        has_routes: bool,
        console: Option<ConsoleHook>,
    ) -> Arc<Self> {
        Arc::new(Self {
            scope,
            waiting: Mutex::default(),
            functions,
            has_routes,
            console,
            sandbox: OnceLock::new(),
            running: Mutex::default(),
            drivers: Mutex::default(),
        })
    }

    pub(crate) fn connect(&self, sandbox: Weak<Sandbox>) {
        let _ = self.sandbox.set(sandbox);
    }

    pub(crate) fn expect(&self, ticket: Ticket) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        self.call_back(ticket, move |outcome| {
            // The future may be gone: then nobody wants the outcome.
            let _ = sender.send(outcome);
        });
        receiver
    }

    /// Has `settle` called with the outcome, on whatever thread has it. It is dropped where there will be none.
    pub(crate) fn call_back(&self, ticket: Ticket, settle: impl FnOnce(Outcome) + Send + 'static) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket, Box::new(settle));
    }

    /// Wakes once there is work for an installed host.
    pub(crate) fn listen(&self, waker: &Waker) {
        let mut drivers = self.drivers.lock().unwrap_or_else(PoisonError::into_inner);
        if !drivers.iter().any(|known| known.will_wake(waker)) {
            drivers.push(waker.clone());
        }
    }

    pub(crate) fn is_waiting(&self, ticket: Ticket) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&ticket)
    }

    pub(crate) fn forget(&self, ticket: Ticket) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&ticket);
    }

    /// Drops the futures of functions: nobody waits for them any more.
    pub(crate) fn end_functions(&self) {
        let tasks = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.is_over = true;
            std::mem::take(&mut running.tasks)
        };
        for task in tasks {
            task.abort();
        }
    }

    fn call(&self, call: OpId, name: &str, args: &Payload) {
        let Some(sandbox) = self.sandbox.get().cloned() else { return };
        let answer = move |outcome| {
            if let Some(sandbox) = sandbox.upgrade() {
                sandbox.answer(call, outcome);
            }
        };
        let route = || self.has_routes.then(|| routes::find(name)).flatten();
        let Some(handler) = self.functions.get(name).cloned().or_else(route) else {
            return answer(refusal(format!("the app has no function '{name}'"), Some("ERR_FUNCTION_NOT_FOUND")));
        };
        let args = match args.to_json() {
            Ok(Value::Array(args)) => args,
            Ok(_) => return answer(refusal("internal error: arguments are no array".into(), None)),
            Err(error) => return answer(refusal(error.to_string(), Some("ERR_CLONE"))),
        };
        let scope = self.scope.clone();
        match handler {
            Handler::Sync(function) => answer(run(|| function(scope, args))),
            Handler::Blocking(function) => {
                hostbox_engine::spawn_app(move || answer(run(|| function(scope, args))));
            }
            Handler::Async(function) => {
                let started = std::panic::catch_unwind(AssertUnwindSafe(|| function(scope, args)));
                let Ok(mut future) = started else { return answer(panicked()) };
                let outcome = poll_fn(move |cx| {
                    let polled = std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
                    polled.map_or_else(|_| Poll::Ready(panicked()), |polled| polled.map(settled))
                });
                let task = hostbox_engine::spawn(async move { answer(outcome.await) });
                self.running.lock().unwrap_or_else(PoisonError::into_inner).push(task);
            }
        }
    }
}

impl Drop for Switchboard {
    fn drop(&mut self) {
        self.end_functions();
    }
}

/// Futures under way; those that have ended are dropped now and then.
#[derive(Default)]
struct Running {
    tasks: Vec<AbortHandle>,
    /// How many there may be before the next look.
    room: usize,
    /// The sandbox is closed: what begins now, or was about to, ends at once.
    is_over: bool,
}

impl Running {
    fn push(&mut self, task: AbortHandle) {
        if self.is_over {
            return task.abort();
        }
        if self.tasks.len() >= self.room {
            self.tasks.retain(|task| !task.is_finished());
            self.room = 64.max(self.tasks.len() * 2);
        }
        self.tasks.push(task);
    }
}

fn run(function: impl FnOnce() -> Result<Value, String>) -> OpOutcome {
    std::panic::catch_unwind(AssertUnwindSafe(function)).map_or_else(|_| panicked(), settled)
}

fn settled(outcome: Result<Value, String>) -> OpOutcome {
    match outcome {
        Ok(value) => OpOutcome::Value(Payload::from_json(&value)),
        Err(message) => refusal(message, None),
    }
}

fn panicked() -> OpOutcome {
    refusal("the host function panicked".into(), None)
}

fn refusal(message: String, code: Option<&str>) -> OpOutcome {
    OpOutcome::Error(OpError { message, code: code.map(str::to_owned), ..OpError::default() })
}

impl Host for Switchboard {
    fn deliver(&self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::Settled { ticket, outcome } => {
                    let waiter = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&ticket);
                    if let Some(settle) = waiter {
                        settle(outcome);
                    }
                }
                Event::HostCall { call, name, args, .. } => self.call(call, &name, &args),
                Event::Console(message) => {
                    if let Some(hook) = &self.console {
                        let (level, text, plugin, time) = (message.level, message.text, message.plugin, message.time);
                        let entry = ConsoleEntry { level, text, plugin, time };
                        // A panic of the app's hook is no reason to end a sandbox, whose thread this is.
                        let _ = std::panic::catch_unwind(AssertUnwindSafe(|| hook(entry)));
                    }
                }
            }
        }
    }

    fn functions(&self) -> Vec<String> {
        if self.has_routes { routes::names() } else { Vec::new() }
    }

    fn wake(&self) {
        let drivers = std::mem::take(&mut *self.drivers.lock().unwrap_or_else(PoisonError::into_inner));
        for driver in drivers {
            driver.wake();
        }
    }
}
