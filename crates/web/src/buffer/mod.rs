//! `Buffer`, as Node has it: a subclass of `Uint8Array` whose encodings, searches and fills are done here.

mod codec;
pub(crate) mod ops;
mod search;
