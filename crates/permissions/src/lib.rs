//! Grants and limits of a sandbox, checked once where the app states them.
//!
//! Pure data: no I/O, no engine, no clock. What a grant allows comes out as a type that only the check can make, [`CheckedUrl`] for one; the
//! rooms that do the work take nothing else. Specification: the URL standard for hosts and ports; docs/security.md for the meaning.

mod env;
mod fs;
mod limits;
mod net;

pub use env::{Environment, InvalidVariable};
pub use fs::{Access, CheckedPath, FsGrant, FsPermissions, FsRefusal, InvalidFsGrant, Place};
pub use limits::{InvalidLimit, Limits};
pub use net::{AddressClass, CheckedUrl, Invalid, NetGrant, NetPermissions, Reach, Refusal, Transport, classify};

/// What the app grants a sandbox. The default is nothing.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// Which files it may see.
    pub fs: FsPermissions,
    /// Where it may connect to.
    pub net: NetPermissions,
    /// What it sees as its environment.
    pub env: Environment,
}
