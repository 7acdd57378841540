//! `createCipheriv` and `createDecipheriv` of Node: ciphers over what comes piece by piece.
//!
//! Data in: a cipher's name, key and initialization vector, bytes. Data out: bytes, an authentication tag. States lie in memory of ours, on
//! the sandbox's account. Specification: Node's `crypto.Cipheriv`; NIST SP 800-38A and 38D, RFC 8439.

mod aead;
mod blocks;
mod cipher;
mod kinds;
pub(crate) mod ops;
