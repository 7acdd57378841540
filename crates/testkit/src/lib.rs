//! Loopback servers that misbehave, for tests alone.
//!
//! A [`Server`] listens on 127.0.0.1 and answers by path: each [`Page`] of the site is one way to be well or ill behaved. It speaks HTTP/1.1 by hand,
//! byte by byte, since a library would not send what these have to send. Data in: a [`Site`]. Data out: an address, and what was asked ([`Seen`]).
//! Dropping the server ends it.

mod pages;
mod server;
mod tls;

pub use pages::Page;
pub use server::{Seen, Server, Site};
pub use tls::Authority;
