//! The one way to the disk: files below granted directories, and nothing else.
//!
//! Does: resolve a guest's path beneath the directory of its grant (`cap-std`: `openat2` where there is one), refuse what is neither a regular
//! file nor a directory, hold `maxBytes`, look at a cancel flag while it works. Does not: know an engine, or run anything on another thread.
//! Everything here blocks.
//!
//! In: guest paths, flags, bytes. Out: bytes, entries, [`Error`] with Node's codes and the guest's path, never the host's.
//! Every input may be hostile, the tree on the disk included: it may change between any two steps.

mod attributes;
mod copy;
mod error;
mod files;
mod lanes;
mod links;
mod list;
mod make;
mod open;
mod remove;
mod rename;
mod root;
mod stat;
mod usage;
mod walk;
mod watch;
mod whole;

pub use attributes::Mode;
pub use copy::CopyMode;
pub use error::{Code, Error, Failed};
pub use files::{Files, InvalidGrant};
pub use lanes::{Job, Lanes};
pub use list::{Entries, Entry, Kind};
pub use open::{Flags, OpenFile};
pub use remove::Removal;
pub use stat::Stat;
pub use watch::{Change, Watcher};
pub use whole::Content;
