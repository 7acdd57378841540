//! What can go wrong with a buffer or an operation, each with the code that users see.

use crate::block::OutOfMemory;

/// Why an operation or a store refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Taken, freed, of another sandbox, or never given.
    #[error("no buffer has the id {0}: it was taken or freed, belongs to another sandbox, or was never given")]
    IdNotFound(u64),
    /// Unknown operation, wrong arguments, or an input that the operation refuses.
    #[error("{op}: {message}")]
    Op {
        /// The operation, as it was asked for.
        op: String,
        /// Expected and received.
        message: String,
    },
    /// A limit of the store, of a decoder, or of the system.
    #[error("{message}")]
    Memory {
        /// The limit and what was needed.
        message: String,
    },
    /// The signal or the deadline came first.
    #[error("the operation was cancelled")]
    Cancelled,
}

/// The result of everything in this crate that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The stable code: `ERR_ID_NOT_FOUND`, `ERR_OP`, `ERR_MEMORY` or `ERR_ABORTED`.
    ///
    /// Whoever set the deadline of a `Cancel` knows whether a cancelled operation is `ERR_TIMEOUT` instead.
    pub fn code(&self) -> &'static str {
        match self {
            Error::IdNotFound(_) => "ERR_ID_NOT_FOUND",
            Error::Op { .. } => "ERR_OP",
            Error::Memory { .. } => "ERR_MEMORY",
            Error::Cancelled => "ERR_ABORTED",
        }
    }

    pub(crate) fn op(op: &str, message: impl std::fmt::Display) -> Error {
        Error::Op { op: op.to_owned(), message: message.to_string() }
    }

    pub(crate) fn memory(message: impl Into<String>) -> Error {
        Error::Memory { message: message.into() }
    }
}

impl From<OutOfMemory> for Error {
    fn from(error: OutOfMemory) -> Error {
        Error::memory(error.to_string())
    }
}
