//! `structuredClone`, over the codec that values cross the border with.

pub(crate) mod ops;
