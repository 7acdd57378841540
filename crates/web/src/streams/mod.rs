//! Streams whose bytes are the host's: sources and sinks as other features make them, and the way of their bytes past the guest.
//!
//! The classes of the Streams standard are guest code. What a feature reads from a disk or the network is a [`native::ByteSource`], and
//! where it writes to a [`native::ByteSink`]; the guest holds them as opaque handles. Chunks come to the guest when its code asks for
//! them. Piped from a source to a sink they are moved here, with back-pressure, and no guest code runs for a chunk.

pub(crate) mod native;
pub(crate) mod ops;
pub(crate) mod pipe;
