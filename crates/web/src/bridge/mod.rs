//! `bridge`: functions of the app, called by name. Arguments and results cross by structured clone.

pub(crate) mod ops;
