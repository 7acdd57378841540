//! What can go wrong, in Node's terms: a code, the system call, the guest's paths.

use std::fmt;
use std::io;

use hostbox_buffers::Error as BufferError;

/// An error of the system: Node's name of it, its number on Linux, and its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// `ENOENT` for one.
    pub name: &'static str,
    /// The number that Linux gives it.
    pub errno: i32,
    /// What Node says about it.
    pub message: &'static str,
}

macro_rules! codes {
    ($($name:ident $errno:literal $message:literal)*) => {
        impl Code {
            $(#[cfg_attr(not(unix), allow(dead_code, reason = "only Unix gives all of them"))]
            pub(crate) const $name: Code = Code { name: stringify!($name), errno: $errno, message: $message };)*
        }

        #[cfg(unix)]
        fn of_system(number: i32) -> Option<Code> {
            $(if number == libc::$name {
                return Some(Code::$name);
            })*
            None
        }
    };
}

codes! {
    EPERM 1 "operation not permitted"
    ENOENT 2 "no such file or directory"
    EINTR 4 "interrupted system call"
    EIO 5 "i/o error"
    ENXIO 6 "no such device or address"
    EBADF 9 "bad file descriptor"
    EAGAIN 11 "resource temporarily unavailable"
    ENOMEM 12 "not enough memory"
    EACCES 13 "permission denied"
    EBUSY 16 "resource busy or locked"
    EEXIST 17 "file already exists"
    EXDEV 18 "cross-device link not permitted"
    ENODEV 19 "no such device"
    ENOTDIR 20 "not a directory"
    EISDIR 21 "illegal operation on a directory"
    EINVAL 22 "invalid argument"
    ENFILE 23 "file table overflow"
    EMFILE 24 "too many open files"
    ETXTBSY 26 "text file is busy"
    EFBIG 27 "file too large"
    ENOSPC 28 "no space left on device"
    ESPIPE 29 "invalid seek"
    EROFS 30 "read-only file system"
    EMLINK 31 "too many links"
    ENAMETOOLONG 36 "name too long"
    ENOSYS 38 "function not implemented"
    ENOTEMPTY 39 "directory not empty"
    ELOOP 40 "too many symbolic links encountered"
    EOVERFLOW 75 "value too large for defined data type"
    ENOTSUP 95 "operation not supported on socket"
}

impl Code {
    fn of(error: &io::Error) -> Code {
        #[cfg(unix)]
        if let Some(code) = error.raw_os_error().and_then(of_system) {
            return code;
        }
        match error.kind() {
            io::ErrorKind::NotFound => Code::ENOENT,
            io::ErrorKind::PermissionDenied => Code::EACCES,
            io::ErrorKind::AlreadyExists => Code::EEXIST,
            io::ErrorKind::NotADirectory => Code::ENOTDIR,
            io::ErrorKind::IsADirectory => Code::EISDIR,
            io::ErrorKind::DirectoryNotEmpty => Code::ENOTEMPTY,
            io::ErrorKind::ReadOnlyFilesystem => Code::EROFS,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::ENOSPC,
            io::ErrorKind::FileTooLarge => Code::EFBIG,
            io::ErrorKind::ResourceBusy => Code::EBUSY,
            io::ErrorKind::CrossesDevices => Code::EXDEV,
            io::ErrorKind::TooManyLinks => Code::EMLINK,
            io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => Code::EINVAL,
            io::ErrorKind::Unsupported => Code::ENOTSUP,
            io::ErrorKind::OutOfMemory => Code::ENOMEM,
            _ => Code::EIO,
        }
    }
}

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The system, or the grants, said no.
    System(Failed),
    /// The sandbox's memory has no room for the bytes, or has no such buffer.
    Buffer(BufferError),
    /// Nobody waits for it any more.
    Cancelled,
}

/// What the system, or the grants, refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Which error.
    pub code: Code,
    /// What was asked of the system, in libuv's words.
    pub syscall: &'static str,
    /// The guest's path.
    pub path: Option<String>,
    /// The guest's second path.
    pub dest: Option<String>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, {}", self.code.name, self.code.message, self.syscall)?;
        if let Some(path) = &self.path {
            write!(f, " '{path}'")?;
        }
        self.dest.iter().try_for_each(|dest| write!(f, " -> '{dest}'"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::System(failed) => failed.fmt(f),
            Error::Buffer(error) => error.fmt(f),
            Error::Cancelled => f.write_str("the operation was cancelled"),
        }
    }
}

impl std::error::Error for Error {}

/// Why, before it is said what was being done.
#[derive(Debug)]
pub(crate) enum Cause {
    Code(Code),
    Buffer(BufferError),
    Cancelled,
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Cause::Code(Code::of(&error))
    }
}

impl From<Code> for Cause {
    fn from(code: Code) -> Self {
        Cause::Code(code)
    }
}

impl From<BufferError> for Cause {
    fn from(error: BufferError) -> Self {
        if matches!(error, BufferError::Cancelled) { Cause::Cancelled } else { Cause::Buffer(error) }
    }
}

impl Cause {
    fn error(self, syscall: &'static str, path: Option<&str>, dest: Option<&str>) -> Error {
        match self {
            Cause::Code(code) => {
                let owned = |path: &str| path.to_owned();
                Error::System(Failed { code, syscall, path: path.map(owned), dest: dest.map(owned) })
            }
            Cause::Buffer(error) => Error::Buffer(error),
            Cause::Cancelled => Error::Cancelled,
        }
    }
}

/// Says what was being done, in the guest's terms.
pub(crate) trait During<T> {
    /// Something with an open file.
    fn during(self, syscall: &'static str) -> Result<T, Error>;
    /// Something with a path.
    fn at(self, syscall: &'static str, path: &str) -> Result<T, Error>;
    /// Something with two paths.
    fn between(self, syscall: &'static str, path: &str, dest: &str) -> Result<T, Error>;
}

impl<T, E: Into<Cause>> During<T> for Result<T, E> {
    fn during(self, syscall: &'static str) -> Result<T, Error> {
        self.map_err(|cause| cause.into().error(syscall, None, None))
    }

    fn at(self, syscall: &'static str, path: &str) -> Result<T, Error> {
        self.map_err(|cause| cause.into().error(syscall, Some(path), None))
    }

    fn between(self, syscall: &'static str, path: &str, dest: &str) -> Result<T, Error> {
        self.map_err(|cause| cause.into().error(syscall, Some(path), Some(dest)))
    }
}
