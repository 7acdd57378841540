//! `randomBytes` and its kin of Node: random bytes and numbers from the system's source.

pub(crate) mod ops;
