//! What a component asks of the host's code.

use std::borrow::Cow;
use std::pin::Pin;

/// A call of a function that a component imports.
#[derive(Debug)]
pub struct HostCall<'a> {
    /// The function's number, as in the shape; behind the functions come the ends of the host's resources.
    pub function: u32,
    /// The absolute address of the flat parameters, or of the tuple of all parameters where they are more than 16.
    pub at: u32,
    /// The absolute address that the answer will have.
    pub reply: u32,
    /// The memory from [`BASE`] on. The caller's own, where it has it to give away.
    ///
    /// [`BASE`]: super::BASE
    pub args: Cow<'a, [u8]>,
    /// Whether the caller waits on its own thread: an answer that comes later cannot be had then.
    pub is_sync: bool,
}

/// The answer of the host's code.
pub enum HostAnswer {
    /// It is there.
    Ready(HostResult),
    /// It comes. Given up where the call ends before.
    Later(Pin<Box<dyn Future<Output = HostResult> + Send>>),
}

impl std::fmt::Debug for HostAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            HostAnswer::Ready(result) => f.debug_tuple("Ready").field(result).finish(),
            HostAnswer::Later(_) => f.write_str("Later"),
        }
    }
}

/// The bytes of an answer, a slot or the result's memory and what it points to; nothing of a function without a result. Or why there
/// is none: the component traps then.
pub type HostResult = std::result::Result<Vec<u8>, HostError>;

/// Why a function of the host gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HostError {
    /// For people.
    pub message: String,
    /// A stable code, where it has one, such as `ERR_ASYNC`.
    pub code: Option<String>,
    /// Whatever the host's code finds its own error by; it comes back with the error of the call.
    pub token: u64,
}

/// The host's code behind the imports of one instance.
pub trait HostFunctions: Send + Sync + 'static {
    /// Whether there is something behind this number. Asked once for each, before anything runs.
    fn has(&self, function: u32) -> bool;

    /// Calls one. On the thread that runs the component.
    fn call(&self, call: HostCall<'_>) -> HostAnswer;

    /// Called now and then by the thread that waits for a synchronous call, on that thread's own stack; components have another one.
    /// Code that cares about its stack answers from here what [`HostFunctions::call`] promised for later.
    fn attend(&self) {}

    /// Whether a synchronous call has to end. Asked now and then on the thread that makes it.
    fn is_over(&self) -> bool {
        false
    }
}

/// The host's code of a component that asks nothing of it.
#[derive(Clone, Copy, Debug)]
pub struct NoHostFunctions;

impl HostFunctions for NoHostFunctions {
    fn has(&self, _: u32) -> bool {
        false
    }

    fn call(&self, _: HostCall<'_>) -> HostAnswer {
        HostAnswer::Ready(Err(HostError { message: "there is no such function".into(), code: None, token: 0 }))
    }
}
