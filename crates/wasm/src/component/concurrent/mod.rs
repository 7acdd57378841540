//! Components with component-model async: several calls at once in one instance, streams and futures.
//!
//! There is no adapter here: the functions of a component are called, and call, by the walk of `direct.rs`, in the same messages. A stream or a future
//! stands in a message as a number of whoever gives it. What it has crosses by messages, too, when whoever reads it asks for it:
//!
//! - **To read what a component gave**, call [`READ`] with two slots: the number, and how many elements there may be at most. The answer is a
//!   list in its memory layout, or no bytes at the end. [`CANCEL`] with the number says that nobody will read any more.
//! - **To read what the host gave**, the host's code is called with [`PULL`] and the number in a slot; it answers with a list in its memory layout, or with no
//!   bytes at the end. [`GIVE_UP`] with the number says that nobody will read any more.
//!
//! A future is a stream of one element; one without a type gives an empty list.
//!
//! Resources stand as numbers, too: those of the component have one as long as the host has them, those of the host come and go by its own. The number
//! of a drop is called with that of a resource of the component. One that a call under way has borrowed must not be dropped or given away before that
//! call ends, nor before a call that it is sent with has begun: either ends the instance.

mod driver;
mod elements;
mod ends;
mod feed;
mod handles;
mod imports;
mod need;
mod values;

pub(super) use self::driver::{Driver, Turn};
pub(super) use self::ends::{Ends, Incoming};
pub(super) use self::feed::lower_end;
pub(super) use self::handles::{Giver, Handles, HostObject, Reference};
pub(super) use self::imports::link;
pub(super) use self::need::{need, needed_by, unoffered};

use crate::error::Error;

/// Tasks, streams and resources of a component that its account does not pay for.
pub(super) fn too_many() -> wasmtime::Error {
    let what = "memoryBytes: the tasks, streams and resources of this component do not fit into this sandbox's memory";
    wasmtime::Error::new(Error::Memory(what.into()))
}

/// Asks for more of a stream that the component gave.
pub const READ: u32 = 0xffff_ff00;
/// Says that a stream of the component will not be read any more.
pub const CANCEL: u32 = 0xffff_ff01;
/// Asks the host's code for more of a stream that it gave.
pub const PULL: u32 = 0xffff_ff02;
/// Says to the host's code that a stream of it will not be read any more.
pub const GIVE_UP: u32 = 0xffff_ff03;
