//! `reportError`: errors that nobody handled, for the app's console and figures.

pub(crate) mod ops;
