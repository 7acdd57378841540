//! `KeyObject` of Node and what is done with it: keys in PEM and DER, signatures, RSA encryption, new pairs.
//!
//! Data in: encoded keys, messages or digests. Data out: keys as opaque handles, encoded keys, signatures. Key material stays in memory that
//! is wiped when it is freed. Specifications: RFC 5958, RFC 5280, RFC 8017, SEC 1, RFC 8032.

mod encrypted;
mod evp;
pub(crate) mod ops;
mod pem;
mod signature;
