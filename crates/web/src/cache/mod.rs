//! `cache`: what the sandboxes of a scope keep together. The store itself is in `crates/cache`.

pub(crate) mod ops;
