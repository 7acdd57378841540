//! `URL` and `URLSearchParams` (WHATWG URL), over the crate `url`, which is that standard's own implementation in Rust.

pub(crate) mod ops;
mod parts;
