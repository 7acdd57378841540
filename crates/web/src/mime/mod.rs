//! MIME types (WHATWG MIME Sniffing, 4) and how they are found in a `Content-Type` (WHATWG Fetch). Parsing is here, `types.rs` knows no engine.

pub(crate) mod ops;
mod types;
