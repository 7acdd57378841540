//! `createHash` and `createHmac` of Node: running digests.
//!
//! Data in: an algorithm by any of its names, bytes piece by piece. Data out: a digest. The state lies in memory of ours, on the sandbox's
//! account. Specification: Node's `crypto.Hash` and `crypto.Hmac`.

pub(crate) mod hashes;
pub(crate) mod ops;
