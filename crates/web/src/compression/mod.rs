//! `CompressionStream` and `DecompressionStream` (WHATWG Compression), over the streams of the buffer store.
//!
//! What a codec holds is on the account of the sandbox's store. Short pieces are worked on right away, long ones off the guest's thread.

pub(crate) mod ops;
