//! `TextEncoder` and `TextDecoder` (WHATWG Encoding), over `encoding_rs`, which knows every encoding of the standard.

pub(crate) mod ops;
