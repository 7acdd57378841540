//! The exceptions of Web Cryptography.

use std::borrow::Cow;

/// A `DOMException`: its name and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) name: &'static str,
    pub(crate) message: Cow<'static, str>,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

fn failure(name: &'static str, message: impl Into<Cow<'static, str>>) -> Failure {
    Failure { name, message: message.into() }
}

/// The algorithm, or what was asked of it, is not known here.
pub(crate) fn unsupported(message: impl Into<Cow<'static, str>>) -> Failure {
    failure("NotSupportedError", message)
}

/// Usages that the algorithm has no use for, or none at all.
pub(crate) fn syntax(message: impl Into<Cow<'static, str>>) -> Failure {
    failure("SyntaxError", message)
}

/// A key that may not be used like this.
pub(crate) fn access(message: impl Into<Cow<'static, str>>) -> Failure {
    failure("InvalidAccessError", message)
}

/// A key that cannot be read.
pub(crate) fn data(message: impl Into<Cow<'static, str>>) -> Failure {
    failure("DataError", message)
}

/// Everything that goes wrong while it is done. Says no more about the reason than the standard does where that could help an attacker.
pub(crate) fn operation(message: impl Into<Cow<'static, str>>) -> Failure {
    failure("OperationError", message)
}
