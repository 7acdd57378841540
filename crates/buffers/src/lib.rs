//! Memory of ours, the buffer store, and the native byte operations.
//!
//! Does: own bytes outside every heap ([`Block`]), number them for a sandbox ([`Store`]), keep them within the sandbox's
//! `bufferBytes`, and run chains of operations over them ([`Step`]). Does not: know an engine, Node, files or the network.
//!
//! In: blocks, ids, steps as `(name, JSON arguments, extra id)`. Out: blocks, ids, [`Info`], [`Error`] with a stable code.
//! Every input may be hostile: a decoder's output is reserved before it is allocated, and a decoder's panic is an error.
//! `unsafe` lives in `block`, `pool`, `mapping` and `ops::{elementwise, simd}`; nowhere else.

mod account;
mod block;
mod buffer;
mod cancel;
mod chain;
mod cores;
mod error;
mod fused;
mod mapping;
mod ops;
mod pipeline;
mod pool;
mod shared;
mod store;
mod text;
mod writer;

pub use account::Charge;
pub use block::{Block, Origin, OutOfMemory, RawBlock};
pub use buffer::{Info, Lent};
pub use cancel::Cancel;
pub use chain::Chain;
pub use error::{Error, Result};
pub use ops::{Coding, CustomOperation, Invocation, OPERATIONS, Operations, Step};
pub use pipeline::{Pipeline, Progress};
pub use pool::{kept_bytes, trim};
pub use shared::SharedBytes;
pub use store::{Store, TakenInto};
pub use text::text;
pub use writer::Writer;
