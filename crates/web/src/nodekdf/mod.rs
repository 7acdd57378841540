//! `pbkdf2`, `scrypt` and `hkdf` of Node, at once or on another thread.
//!
//! Data in: passwords, salts, costs. Data out: derived bytes. Memory that scrypt needs is on the account of the sandbox's buffers.
//! Specifications: RFC 8018, RFC 7914, RFC 5869.

pub(crate) mod derive;
pub(crate) mod ops;
mod scrypt;
