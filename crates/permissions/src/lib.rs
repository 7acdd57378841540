//! Limits of a sandbox, checked once where the app states them.
//!
//! Pure data: no I/O, no engine, no clock. What holds the limits lives in the rooms that do the work.

mod limits;

pub use limits::{InvalidLimit, Limits};
