//! `crypto` and `crypto.subtle` (Web Cryptography): keys, and everything that is done with them.
//!
//! Guest code normalises algorithms (`guest:algorithms`) and has the classes (`guest:crypto`, `guest:subtle`). Everything else is here:
//! key material stays in memory of ours, wiped when it is freed, and each use is checked against the key's algorithm, usages and
//! extractability where the key is. Data in: normalised parameters, bytes. Data out: bytes, keys, or the `DOMException` of the standard.
//! Specification: <https://w3c.github.io/webcrypto/>

mod aes;
mod algorithm;
mod aws_lc;
mod context;
mod derive;
mod ec;
mod error;
mod hash;
mod jwk;
mod key;
mod okp;
pub(crate) mod ops;
mod rsa;
mod symmetric;
mod uses;

pub(crate) use aes::{GcmState, decrypt_cbc};
pub(crate) use aws_lc::RsaKey;
pub(crate) use context::{Context, succeeded};
