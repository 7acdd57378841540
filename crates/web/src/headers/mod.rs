//! `Headers` (WHATWG Fetch): the class in TypeScript, what a name and a value may be in Rust.

pub(crate) mod ops;
mod rules;
