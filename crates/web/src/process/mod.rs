//! `process`: the granted environment, ticks, clocks, memory. What would reach beyond the sandbox is not there.

pub(crate) mod ops;
