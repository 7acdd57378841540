//! Grants for the network: patterns of origins, checked against parsed URLs and against resolved addresses.

mod address;
mod check;
mod pattern;
mod socket;

pub use address::{AddressClass, classify};
pub use check::{CheckedUrl, NetPermissions, Reach, Refusal};
pub use pattern::{Invalid, NetGrant};
pub use socket::Transport;
