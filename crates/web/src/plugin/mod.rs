//! `plugin`: what plugins say of themselves.

pub(crate) mod ops;
