//! Grants and limits of a sandbox: pure checks, no I/O.
