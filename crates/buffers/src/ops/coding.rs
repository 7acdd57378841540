//! The codings of the Compression standard, each as one stream: a gzip stream has one member, and nothing follows the end of any.
//!
//! Specification: <https://compression.spec.whatwg.org/#supported-formats>

use std::sync::Arc;

use super::flate::Format;
use super::{Streamed, brotli, flate};

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 7932
    Brotli,
    /// Deflate as zlib wraps it, RFC 1950
    Deflate,
    /// Deflate alone, RFC 1951
    DeflateRaw,
    /// RFC 1952
    Gzip,
}

impl Coding {
    /// The coding that the Compression standard names so.
    pub fn from_name(name: &str) -> Option<Coding> {
        match name {
            "brotli" => Some(Coding::Brotli),
            "deflate" => Some(Coding::Deflate),
            "deflate-raw" => Some(Coding::DeflateRaw),
            "gzip" => Some(Coding::Gzip),
            _ => None,
        }
    }

    fn format(self) -> Option<Format> {
        match self {
            Coding::Brotli => None,
            Coding::Deflate => Some(Format::Zlib),
            Coding::DeflateRaw => Some(Format::Raw),
            Coding::Gzip => Some(Format::Gzip),
        }
    }

    pub(crate) fn compressor(self) -> Arc<dyn Streamed> {
        self.format().map_or_else(brotli::compressor, flate::at_usual_level)
    }

    pub(crate) fn decompressor(self) -> Arc<dyn Streamed> {
        self.format().map_or_else(brotli::decompressor, flate::single_member)
    }
}
