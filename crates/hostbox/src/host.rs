//! The host of a sandbox that a Rust app owns: answers go to futures, host calls to handlers, the console to a hook.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use hostbox_engine::{Event, Failure, Host, OpError, OpId, OpOutcome, Payload, Sandbox, Ticket};
use serde_json::Value;
use tokio::sync::oneshot;

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

pub(crate) type HostFunction = Box<dyn Fn(Vec<Value>) -> Result<Value, String> + Send + Sync>;
pub(crate) type ConsoleHook = Box<dyn Fn(ConsoleEntry) + Send + Sync>;
type Outcome = Result<Payload, Failure>;

/// Routes events of one sandbox.
#[derive(Default)]
pub(crate) struct Switchboard {
    waiting: Mutex<HashMap<Ticket, oneshot::Sender<Outcome>>>,
    functions: HashMap<String, Arc<HostFunction>>,
    console: Option<ConsoleHook>,
    sandbox: OnceLock<Weak<Sandbox>>,
    this: OnceLock<Weak<Switchboard>>,
}

impl Switchboard {
    pub(crate) fn new(functions: HashMap<String, HostFunction>, console: Option<ConsoleHook>) -> Arc<Self> {
        let functions = functions.into_iter().map(|(name, function)| (name, Arc::new(function))).collect();
        let board = Arc::new(Self { functions, console, ..Self::default() });
        let _ = board.this.set(Arc::downgrade(&board));
        board
    }

    pub(crate) fn connect(&self, sandbox: Weak<Sandbox>) {
        let _ = self.sandbox.set(sandbox);
    }

    pub(crate) fn expect(&self, ticket: Ticket) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket, sender);
        receiver
    }

    pub(crate) fn forget(&self, ticket: Ticket) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&ticket);
    }

    fn call(&self, call: OpId, name: &str, args: &Payload) {
        let Some(sandbox) = self.sandbox.get().cloned() else { return };
        let answer = move |outcome| {
            if let Some(sandbox) = sandbox.upgrade() {
                sandbox.answer(call, outcome);
            }
        };
        let Some(function) = self.functions.get(name).cloned() else {
            return answer(refusal(format!("the app has no function '{name}'"), Some("ERR_FUNCTION_NOT_FOUND")));
        };
        match args.to_json() {
            Ok(Value::Array(args)) => hostbox_engine::spawn_blocking(move || answer(run(&function, args))),
            Ok(_) => answer(refusal("internal error: arguments are no array".into(), None)),
            Err(error) => answer(refusal(error.to_string(), Some("ERR_CLONE"))),
        }
    }
}

fn run(function: &HostFunction, args: Vec<Value>) -> OpOutcome {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| function(args)));
    match outcome {
        Ok(Ok(value)) => OpOutcome::Value(Payload::from_json(&value)),
        Ok(Err(message)) => refusal(message, None),
        Err(_) => refusal("the host function panicked".into(), None),
    }
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
                    if let Some(waiter) = waiter {
                        // The future may be gone: then nobody wants the outcome.
                        let _ = waiter.send(outcome);
                    }
                }
                Event::HostCall { call, name, args, .. } => self.call(call, &name, &args),
                Event::Console(message) => {
                    if let Some(hook) = &self.console {
                        let (level, text, plugin, time) = (message.level, message.text, message.plugin, message.time);
                        hook(ConsoleEntry { level, text, plugin, time });
                    }
                }
            }
        }
    }
}
