//! Why a request has no answer, each cause apart.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::time::Duration;

use hostbox_permissions::{AddressClass, Refusal};

/// Why a request failed, in words that say where and what; [`Error::code`] is stable.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not granted: what was asked and what is granted.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The host has no address.
    #[error("the host {host} was not found: {reason}")]
    Dns {
        /// The name that was looked up.
        host: String,
        /// What the resolver says.
        reason: String,
    },
    /// Nobody listens there.
    #[error("{origin} refused the connection")]
    ConnectionRefused {
        /// Scheme, host and port.
        origin: String,
    },
    /// No way there.
    #[error("{origin} cannot be reached: {reason}")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// What the system says.
        reason: String,
    },
    /// A certificate that is not trusted, or no common protocol.
    #[error("TLS with {origin} failed: {reason}")]
    Tls {
        /// Scheme, host and port.
        origin: String,
        /// What the handshake says.
        reason: String,
    },
    /// Too long without progress.
    #[error("{what} took longer than {} ms", .after.as_millis())]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// For how long.
        after: Duration,
    },
    /// The connection ended in the middle.
    #[error("the connection was closed before the {what} was complete")]
    Reset {
        /// `response` or `body`.
        what: &'static str,
    },
    /// More bytes than `fetchBytes`.
    #[error("the body is longer than fetchBytes: {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// More than 20 redirects.
    #[error("there were more than {limit} redirects")]
    TooManyRedirects {
        /// The limit.
        limit: u32,
    },
    /// A redirect that cannot be followed, or must not be.
    #[error("the redirect was not followed: {reason}")]
    Redirect {
        /// Why.
        reason: &'static str,
    },
    /// The other side does not speak the protocol.
    #[error("the other side broke the protocol: {reason}")]
    Protocol {
        /// How.
        reason: String,
    },
    /// A limit of the sandbox other than `fetchBytes`.
    #[error("{reason}")]
    Limit {
        /// Which, and what to do.
        reason: String,
    },
    /// The sender of the request's body gave up.
    #[error("the request's body failed: {reason}")]
    RequestBody {
        /// What it said.
        reason: String,
    },
    /// A request that cannot be sent at all.
    #[error("the request is not valid: {reason}")]
    Invalid {
        /// Why.
        reason: String,
    },
    /// No room in the buffer store.
    #[error(transparent)]
    Buffer(#[from] hostbox_buffers::Error),
    /// The sandbox is gone.
    #[error("the sandbox was closed")]
    Closed,
}

impl Error {
    /// The stable code: the system's own name where it has one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "ERR_NOT_GRANTED",
            Self::Dns { .. } => "ENOTFOUND",
            Self::ConnectionRefused { .. } => "ECONNREFUSED",
            Self::Unreachable { .. } => "EHOSTUNREACH",
            Self::Tls { .. } => "ERR_TLS",
            Self::Timeout { .. } => "ETIMEDOUT",
            Self::Reset { .. } => "ECONNRESET",
            Self::TooLarge { .. } => "ERR_BODY_TOO_LARGE",
            Self::TooManyRedirects { .. } => "ERR_TOO_MANY_REDIRECTS",
            Self::Redirect { .. } => "ERR_REDIRECT",
            Self::Protocol { .. } => "ERR_PROTOCOL",
            Self::Limit { .. } => "ERR_LIMIT",
            Self::RequestBody { .. } => "ERR_REQUEST_BODY",
            Self::Invalid { .. } => "ERR_ARGUMENT",
            Self::Buffer(error) => error.code(),
            Self::Closed => "ERR_CLOSED",
        }
    }

    pub(crate) fn protocol(reason: impl Into<String>) -> Self {
        Self::Protocol { reason: reason.into() }
    }

    pub(crate) fn into_io(self) -> io::Error {
        io::Error::other(self)
    }
}

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// All addresses of a host are of a class that the grant does not reach; becomes [`Error::Refused`] where the URL is known.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the host leads to a {} address", .0.as_str())]
pub(crate) struct OutOfReach(pub(crate) AddressClass);

/// What an error of the layers below means. `what` is what was under way.
pub(crate) fn translate(error: &(dyn StdError + 'static), origin: &str, what: &'static str) -> Error {
    let mut fallback = None;
    let mut current = Some(error);
    let mut last = error;
    while let Some(error) = current {
        if let Some(found) = recognise(error, origin, what, &mut fallback) {
            return found;
        }
        last = error;
        current = error.source();
    }
    fallback.unwrap_or_else(|| Error::protocol(last.to_string()))
}

/// The out-of-reach answer of the resolver, wherever it sits in a chain of errors.
pub(crate) fn out_of_reach(error: &(dyn StdError + 'static)) -> Option<OutOfReach> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref() {
            return Some(*found);
        }
        current = error.source();
    }
    None
}

fn recognise(
    error: &(dyn StdError + 'static),
    origin: &str,
    what: &'static str,
    fallback: &mut Option<Error>,
) -> Option<Error> {
    if let Some(own) = error.downcast_ref::<Error>() {
        return Some(own.clone());
    }
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(Error::Tls { origin: origin.to_owned(), reason: tls.to_string() });
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // The source of such an error is that of what it wraps: the wrapped one has to be looked at here.
        if let Some(found) = error.get_ref().and_then(|inner| recognise(inner, origin, what, fallback)) {
            return Some(found);
        }
        return system(error, origin, what);
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        if error.is_incomplete_message() {
            *fallback = Some(Error::Reset { what });
        } else if error.is_parse() {
            *fallback = Some(Error::protocol(error.to_string()));
        }
    }
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        if error.is_timeout() && error.is_connect() {
            *fallback = Some(Error::Timeout { what: "connecting", after: crate::limits::CONNECT_TIMEOUT });
        } else if error.is_builder() {
            *fallback = Some(Error::Invalid { reason: "it cannot be put on the wire: its URL is too long".into() });
        }
    }
    None
}

fn system(error: &io::Error, origin: &str, what: &'static str) -> Option<Error> {
    let origin = origin.to_owned();
    Some(match error.kind() {
        ErrorKind::ConnectionRefused => Error::ConnectionRefused { origin },
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        | ErrorKind::UnexpectedEof => Error::Reset { what },
        ErrorKind::TimedOut => Error::Timeout { what: "connecting", after: crate::limits::CONNECT_TIMEOUT },
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        | ErrorKind::PermissionDenied => Error::Unreachable { origin, reason: error.kind().to_string() },
        _ => return None,
    })
}
