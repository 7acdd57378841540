//! The messages between the library and a sandbox: plain data that could cross a process border.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::account::MessageCharge;
use crate::clock::Nanos;
use crate::codec::GuestError;
use crate::ops::{OpId, OpOutcome};
use crate::payload::Payload;

/// Names one call of the app; unique in the process.
pub type Ticket = u64;

/// A map by tickets, which the process counts itself: nobody can choose them so that they collide.
pub(crate) type TicketMap<V> = HashMap<Ticket, V, BuildHasherDefault<TicketHasher>>;

/// Multiplicative hashing (Knuth, The Art of Computer Programming 3, 6.4) for numbers that are counted up.
#[derive(Default)]
pub(crate) struct TicketHasher(u64);

impl Hasher for TicketHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 << 8 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, ticket: u64) {
        self.0 = ticket.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// How a plugin's source is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A CommonJS bundle: `module.exports`.
    CommonJs,
    /// An ECMAScript module: `export`.
    Module,
}

/// What the app asks of a sandbox.
#[derive(Debug)]
pub enum Request {
    /// Runs a classic script; its declarations stay.
    Eval {
        /// JavaScript.
        source: String,
        /// The name that stack traces show.
        filename: String,
    },
    /// Loads a plugin under a name.
    Load(Box<PluginSource>),
    /// Forgets a plugin; whether there was one is the result.
    Unload {
        /// The plugin's name.
        name: String,
    },
    /// Names of the loaded plugins, in order of loading.
    Plugins,
    /// What a plugin says of itself.
    PluginInfo {
        /// The plugin's name.
        name: String,
    },
    /// Calls an exported function.
    Call {
        /// The plugin's name.
        plugin: Arc<str>,
        /// The function's name or dotted path.
        function: Arc<str>,
        /// An array: the arguments.
        args: Payload,
    },
    /// Collects garbage now.
    Gc,
}

/// A plugin as the app gives it, types already stripped.
#[derive(Debug)]
pub struct PluginSource {
    /// Its name in the sandbox.
    pub name: String,
    /// JavaScript.
    pub source: String,
    /// The name that stack traces show.
    pub filename: String,
    /// `None`: decided by what the source says.
    pub format: Option<Format>,
    /// Whether a plugin of this name gives way.
    pub replace: bool,
}

/// What a sandbox tells its host.
pub enum Event {
    /// A call is over.
    Settled {
        /// Which one.
        ticket: Ticket,
        /// Its value, or why there is none.
        outcome: Result<Payload, Failure>,
    },
    /// The guest calls a function of the host; `Sandbox::answer` answers.
    HostCall {
        /// Names the call.
        call: OpId,
        /// The function's name.
        name: String,
        /// An array: the arguments.
        args: Payload,
        /// Keeps the message on the sandbox's account until it is dropped.
        charge: MessageCharge,
    },
    /// The guest wrote to its console.
    Console(ConsoleMessage),
}

/// One call of a `console` method.
pub struct ConsoleMessage {
    /// `debug`, `log`, `info`, `warn`, `error` or `trace`.
    pub level: &'static str,
    /// The arguments, formatted.
    pub text: String,
    /// An array: the arguments; text stands in for what cannot cross.
    pub args: Payload,
    /// The plugin whose code ran.
    pub plugin: Option<String>,
    /// Milliseconds since 1970.
    pub time: f64,
    /// Keeps the message on the sandbox's account until it is dropped.
    pub charge: MessageCharge,
}

/// Where a sandbox's events go. Called from guest threads and from the I/O runtime: it must not block.
pub trait Host: Send + Sync + 'static {
    /// Takes events in their order.
    fn deliver(&self, events: Vec<Event>);

    /// Names of functions beyond those of the configuration, at this moment.
    fn functions(&self) -> Vec<String> {
        Vec::new()
    }

    /// There is work for an [`Attached`](crate::Attached) context, whose owner says when it is done.
    fn wake(&self) {}
}

/// The stable codes of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is explained where `Code::as_str` is documented for users: index.d.ts")]
pub enum Code {
    Argument,
    Guest,
    Clone,
    Timeout,
    Memory,
    Limit,
    Aborted,
    Closed,
    Busy,
    Async,
    PluginNotFound,
    PluginExists,
    FunctionNotFound,
    IdNotFound,
    Op,
    Permission,
    WasmCompile,
    WasmLink,
    WasmTrap,
    Internal,
}

impl Code {
    /// The code as every face of hostbox shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Argument => "ERR_ARGUMENT",
            Self::Guest => "ERR_GUEST",
            Self::Clone => "ERR_CLONE",
            Self::Timeout => "ERR_TIMEOUT",
            Self::Memory => "ERR_MEMORY",
            Self::Limit => "ERR_LIMIT",
            Self::Aborted => "ERR_ABORTED",
            Self::Closed => "ERR_CLOSED",
            Self::Busy => "ERR_BUSY",
            Self::Async => "ERR_ASYNC",
            Self::PluginNotFound => "ERR_PLUGIN_NOT_FOUND",
            Self::PluginExists => "ERR_PLUGIN_EXISTS",
            Self::FunctionNotFound => "ERR_FUNCTION_NOT_FOUND",
            Self::IdNotFound => "ERR_ID_NOT_FOUND",
            Self::Op => "ERR_OP",
            Self::Permission => "ERR_PERMISSION",
            Self::WasmCompile => "ERR_WASM_COMPILE",
            Self::WasmLink => "ERR_WASM_LINK",
            Self::WasmTrap => "ERR_WASM_TRAP",
            Self::Internal => "ERR_INTERNAL",
        }
    }
}

/// Why a call has no value.
#[derive(Debug)]
pub struct Failure {
    /// The stable code.
    pub code: Code,
    /// What was wrong and what to do; for `Code::Guest` the guest's own message.
    pub message: String,
    /// For `Code::Clone`: where the culprit is.
    pub path: Option<String>,
    /// For limits: which and how much.
    pub limit: Option<String>,
    /// For `Code::Guest` and `Code::Memory`: what the guest threw.
    pub guest: Option<Box<GuestError>>,
    /// What led here.
    pub cause: Option<Arc<Failure>>,
}

impl Failure {
    /// A failure with a code and a message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: None, limit: None, guest: None, cause: None }
    }

    /// A syntax error that was found before the engine saw the source.
    pub fn syntax_error(message: String, filename: &str, line: u32, column: u32) -> Self {
        let guest = GuestError {
            name: "SyntaxError".into(),
            message: message.clone(),
            stack: Some(format!("    at {filename}:{line}:{column}\n")),
            is_error: true,
            details: Payload::empty_object(),
            ..GuestError::default()
        };
        Self { guest: Some(Box::new(guest)), ..Self::new(Code::Guest, message) }
    }

    /// Names the limit that was reached.
    #[must_use]
    pub fn with_limit(mut self, limit: impl Into<String>) -> Self {
        self.limit = Some(limit.into());
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Failure {}

/// What lies in a sandbox's mailbox.
pub(crate) enum Mail {
    Call {
        ticket: Ticket,
        deadline: Nanos,
        request: Request,
        charge: Option<MessageCharge>,
    },
    OpDone {
        op: OpId,
        outcome: OpOutcome,
    },
    /// A call was answered from outside: its timers and operations go.
    Cancel {
        ticket: Ticket,
    },
}
