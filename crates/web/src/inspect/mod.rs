//! Text for any value, for the console. No global of its own.

pub(crate) mod ops;
