//! What can go wrong with a module, each with the code that users see.

use crate::component::HostError;

/// Why a module was refused or ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not WebAssembly, or WebAssembly that does not validate.
    #[error("the module does not compile: {0}")]
    Compile(String),
    /// An import that nobody offers, or no entry point.
    #[error("the module does not link: {0}")]
    Link(String),
    /// A trap, with the stack of the module.
    #[error("the module trapped: {reason}")]
    Trap {
        /// What the machine says, e.g. `wasm trap: integer divide by zero`.
        reason: String,
        /// One frame a line, the innermost first. Empty where there is none.
        backtrace: String,
    },
    /// A memory, a table or the output is larger than its limit.
    #[error("{0}")]
    Memory(String),
    /// A grant of the sandbox that a module could not keep.
    #[error("{0}")]
    Permission(String),
    /// The budget of instructions is used up.
    #[error("fuel: the instructions that this instance may run are used up")]
    Fuel,
    /// The code of the host behind an import of a component failed.
    #[error("the host's function failed: {0}")]
    Host(HostError),
    /// A component that answers HTTP answered with an error, or not at all.
    #[error("the component's answer is an error: {0}")]
    Answer(String),
    /// What the caller gave makes no sense.
    #[error("{0}")]
    Argument(String),
    /// Another call of the same instance runs.
    #[error("the instance works on another call")]
    Busy,
    /// The instance is gone, and why.
    #[error("the instance is gone: {0}")]
    Gone(String),
    /// The signal or the deadline came first.
    #[error("the module was stopped")]
    Cancelled,
    /// The buffer store refused.
    #[error(transparent)]
    Buffer(#[from] hostbox_buffers::Error),
    /// This machine cannot run WebAssembly.
    #[error("WebAssembly cannot run here: {0}")]
    Unavailable(String),
}

/// The result of everything in this crate that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The stable code: `ERR_WASM_COMPILE`, `ERR_WASM_LINK`, `ERR_WASM_TRAP`, `ERR_MEMORY`, `ERR_PERMISSION`,
    /// `ERR_LIMIT`, `ERR_GUEST`, `ERR_ARGUMENT`, `ERR_BUSY`, `ERR_CLOSED`, `ERR_ABORTED`, `ERR_INTERNAL`, or that of the buffer store.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Compile(_) => "ERR_WASM_COMPILE",
            Error::Link(_) => "ERR_WASM_LINK",
            Error::Trap { .. } => "ERR_WASM_TRAP",
            Error::Memory(_) => "ERR_MEMORY",
            Error::Permission(_) => "ERR_PERMISSION",
            Error::Fuel => "ERR_LIMIT",
            Error::Host(_) => "ERR_WASM_TRAP",
            Error::Answer(_) => "ERR_GUEST",
            Error::Argument(_) => "ERR_ARGUMENT",
            Error::Busy => "ERR_BUSY",
            Error::Gone(_) => "ERR_CLOSED",
            Error::Cancelled => "ERR_ABORTED",
            Error::Buffer(error) => error.code(),
            Error::Unavailable(_) => "ERR_INTERNAL",
        }
    }
}
