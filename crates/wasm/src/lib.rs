//! WebAssembly over wasmtime: WASI commands, components, and modules that a script instantiates and calls ([`script`]).
//!
//! Does: compile modules and components once by their content, run commands of WASI preview 1 and 2 with streams that are buffers
//! ([`Runner`]), instantiate components and call their functions ([`component`]), under a deadline, a memory account and fixed bounds
//! ([`Limits`]). Does not: know an engine for JavaScript, or Node; open a connection itself: requests and sockets ask `hostbox_net`.
//!
//! In: bytes, arguments, ids of a buffer store. Out: an exit code and ids, or an [`Error`] with a stable code. Everything that comes
//! from a module is hostile: what it makes us hold is paid for first, what it makes us wait for ends with the [`Cancel`] of the call.
//! A module reaches its arguments, its streams, clocks and random numbers, and what its sandbox was granted of files, environment and network ([`Rights`]);
//! the app hears what it was denied of them.
//!
//! [`Cancel`]: hostbox_buffers::Cancel

mod artifact;
mod cache;
mod code;
pub mod component;
mod drive;
mod error;
mod files;
mod input;
mod kept;
mod limits;
mod linger;
mod machine;
#[cfg(feature = "net")]
mod network;
#[cfg(not(feature = "net"))]
#[path = "no_network.rs"]
mod network;
mod output;
mod rights;
pub mod script;
mod step;
mod wasi;

pub use cache::CodeCache;
pub use error::{Error, Result};
pub use limits::{Limits, MemoryAccount};
pub use machine::{CodeOptions, Level};
pub use rights::Rights;
pub use step::Step;
pub use wasi::{Command, Exit, Place, Runner, on_thread};
