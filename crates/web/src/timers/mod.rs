//! Timers by the HTML standard, and `setImmediate`.

pub(crate) mod ops;
