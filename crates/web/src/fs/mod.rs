//! `fs`: files below the granted directories, asynchronous only. Rights are checked and paths are resolved in `hostbox-files`.

mod ends;
pub(crate) mod ops;
