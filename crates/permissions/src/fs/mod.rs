//! Grants for files: guest paths, each onto a host directory; a guest's path becomes a place below one of them, or is refused.

mod check;
mod grant;

pub use check::{Access, CheckedPath, FsRefusal, Place};
pub use grant::{FsGrant, FsPermissions, InvalidFsGrant};
