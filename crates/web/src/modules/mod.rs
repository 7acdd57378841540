//! Guest modules that others load when they need them: not every Blob is read as a stream.

pub(crate) mod ops;
