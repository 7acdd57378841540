//! `uuidv4`: random UUIDs (RFC 9562, version 4).

pub(crate) mod ops;
