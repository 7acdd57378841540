//! Components with component-model async: several calls at once in one instance, streams and futures.
//!
//! There are no adapters here: the functions of a component are called, and call, by the walk of `direct.rs`, in the same messages. A stream or a future
//! stands in a message as a number of whoever gives it. What it has crosses by messages, too, when whoever reads it asks for it:
//!
//! - **To read what a component gave**, call [`READ`] with two slots: the number, and how many elements there may be at most. The answer is a
//!   list in its memory layout, or no bytes at the end. [`CANCEL`] with the number says that nobody will read any more.
//! - **To read what the host gave**, the host's code is called with [`PULL`] and the number in a slot; it answers with a list in its memory layout, or with no
//!   bytes at the end. [`GIVE_UP`] with the number says that nobody will read any more.
//!
//! A future is a stream of one element; one without a type gives an empty list.

mod driver;
mod elements;
mod ends;
mod feed;
mod imports;
mod need;
mod values;

pub(super) use self::driver::{Driver, Turn};
pub(super) use self::ends::{Ends, Incoming};
pub(super) use self::feed::lower_end;
pub(super) use self::imports::link;
pub(super) use self::need::{need, needed_by};

/// Asks for more of a stream that the component gave.
pub const READ: u32 = 0xffff_ff00;
/// Says that a stream of the component will not be read any more.
pub const CANCEL: u32 = 0xffff_ff01;
/// Asks the host's code for more of a stream that it gave.
pub const PULL: u32 = 0xffff_ff02;
/// Says to the host's code that a stream of it will not be read any more.
pub const GIVE_UP: u32 = 0xffff_ff03;
