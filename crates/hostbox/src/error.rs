use hostbox_cache::OpenError;
use hostbox_engine::{Code, Failure};

/// Why a call has no value: a stable code, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub struct Error {
    failure: Failure,
}

impl Error {
    /// The stable code, `ERR_TIMEOUT` for one.
    pub fn code(&self) -> &'static str {
        self.failure.code.as_str()
    }

    /// What happened, without the code that the error's text begins with.
    pub fn message(&self) -> &str {
        &self.failure.message
    }

    /// For `ERR_GUEST`: the name of the error that the guest threw.
    pub fn guest_name(&self) -> Option<&str> {
        self.failure.guest.as_ref().map(|guest| guest.name.as_str())
    }

    /// For `ERR_GUEST`: where it was thrown, mapped through source maps.
    pub fn guest_stack(&self) -> Option<&str> {
        self.failure.guest.as_ref().and_then(|guest| guest.stack.as_deref())
    }

    /// For `ERR_CLONE`: where the culprit is.
    pub fn path(&self) -> Option<&str> {
        self.failure.path.as_deref()
    }

    /// For limits: which, and how much.
    pub fn limit(&self) -> Option<&str> {
        self.failure.limit.as_deref()
    }

    pub(crate) fn argument(message: String) -> Self {
        Failure::new(Code::Argument, message).into()
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self { failure }
    }
}

impl From<hostbox_permissions::InvalidLimit> for Error {
    fn from(error: hostbox_permissions::InvalidLimit) -> Self {
        Self::argument(error.to_string())
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        cache_failure(&error).into()
    }
}

/// Why a scope's cache cannot be had: `ERR_BUSY` where another process has its file, which may be over later, else `ERR_ARGUMENT`.
pub fn cache_failure(error: &OpenError) -> Failure {
    let code = if matches!(error, OpenError::InUse(_)) { Code::Busy } else { Code::Argument };
    Failure::new(code, error.to_string())
}
