//! Bodies of requests and responses (WHATWG Fetch): extraction, cloning and consumption in TypeScript, bytes in Rust.

mod multipart;
pub(crate) mod ops;
pub(crate) mod plan;
