//! TypeScript to JavaScript, and stack traces mapped back to their sources.
//!
//! A leaf: it knows neither engine nor sandbox. What it reads may be written by an attacker, so every input has a bound
//! and a refusal.

pub mod source_map;
#[cfg(feature = "typescript")]
pub mod typescript;
