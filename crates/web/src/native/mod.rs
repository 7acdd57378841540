//! `native`: bytes worked on outside the engine, off the guest's thread, in the sandbox's own buffer store.

pub(crate) mod ops;
