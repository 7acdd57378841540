//! `Blob` and `File` (W3C File API). Their bytes lie outside the engine's heap, on the sandbox's account, and are shared by slices.

mod bytes;
pub(crate) mod ops;
#[cfg(feature = "fetch")]
pub(crate) use bytes::Bytes;
