//! Text and bytes as Node's functions take and give them: an encoding beside each string.
//!
//! Data in: a string and the name of its encoding, or bytes. Data out: bytes, or a string. Specification: Node's `Buffer` encodings.

pub(crate) mod ops;
pub(crate) mod text;
