//! `navigator`: what WinterTC asks for, the user agent.

pub(crate) mod ops;
