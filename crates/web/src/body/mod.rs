//! Bodies of requests and responses (WHATWG Fetch): extraction, cloning and consumption in TypeScript, bytes in Rust.

mod multipart;
pub(crate) mod ops;
pub(crate) mod plan;
pub(crate) mod stored;

#[cfg(feature = "fetch")]
pub(crate) use multipart::Part;
