//! The native operations: one file a family, and the table of their names.
//!
//! Data in: bytes, arguments that came as JSON, perhaps a second input. Data out: bytes that the account has paid for, and
//! what is known about them. There are three kinds: elementwise kernels, which a chain fuses; streams, which take their input piece by
//! piece; and operations that take and give the whole.

mod arguments;
mod brotli;
mod channels;
pub(crate) mod coding;
mod crop;
mod custom;
mod digest;
pub(crate) mod elementwise;
mod encoding;
mod flate;
mod flate_chunks;
mod input;
mod jpeg;
mod metered;
mod pixels;
mod png;
mod resize;
mod rotate;
mod simd;
mod step;
mod vp8l;
mod webp;
mod zstd;

use std::fmt::Debug;
use std::sync::Arc;

use serde_json::Value;

use crate::account::{Account, PaidBlock};
use crate::buffer::Info;
use crate::chain::Job;
use crate::error::{Error, Result};
use crate::pipeline::Stream;
use arguments::Arguments;
pub use coding::Coding;
pub use custom::{CustomOperation, Invocation, Operations};
use elementwise::Elementwise;
pub use step::Step;

/// An operation with checked arguments, ready to run any number of times.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Noop,
    Elementwise(Elementwise),
    Stream(Arc<dyn Streamed>),
    Whole(Arc<dyn Whole>),
}

/// An operation that takes its input piece by piece.
pub(crate) trait Streamed: Debug + Send + Sync {
    /// Begins a stream, whose working memory `account` pays for.
    fn open(&self, account: &Arc<Account>) -> Result<Box<dyn Stream>>;

    /// What is known about the output, where `about` is known about the input.
    fn describe(&self, _about: Info) -> Info {
        Info::default()
    }

    /// How long the output of this whole input will be, as far as that can be said without believing a stranger.
    fn expected_length(&self, _input: &[u8]) -> usize {
        0
    }

    /// A faster way where the whole input is there and the operation stands alone; `None` where the stream is as good.
    fn at_once(&self, _job: &Job<'_>, _input: &[u8]) -> Option<Result<PaidBlock>> {
        None
    }
}

/// An operation that needs its whole input at once.
pub(crate) trait Whole: Debug + Send + Sync {
    /// Runs it. `extra` is the second input.
    fn apply(&self, job: &Job<'_>, input: &[u8], about: &Info, extra: Option<&[u8]>) -> Result<(PaidBlock, Info)>;
}

/// How many bytes a decompressor may still give.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    left: u64,
    most: u64,
}

impl Allowance {
    pub(crate) fn new(max_bytes: Option<u64>) -> Allowance {
        let most = max_bytes.unwrap_or(u64::MAX);
        Allowance { left: most, most }
    }

    pub(crate) fn spend(&mut self, written: u64) -> Result<()> {
        let too_long = || Error::memory(format!("the output is longer than its limit of {} bytes", self.most));
        self.left = self.left.checked_sub(written).ok_or_else(too_long)?;
        Ok(())
    }
}

type Parse = fn(Option<&Value>) -> Result<Operation>;

/// All operations, in the order of the documentation.
const TABLE: [(&str, Parse); 30] = [
    ("noop", |args| Arguments::none("noop", args).map(|()| Operation::Noop)),
    ("invert", |args| Arguments::none("invert", args).map(|()| Operation::Elementwise(Elementwise::Invert))),
    ("grayscale_rgba", |args| {
        Arguments::none("grayscale_rgba", args).map(|()| Operation::Elementwise(Elementwise::Grayscale))
    }),
    ("xor", |args| Arguments::none("xor", args).map(|()| Operation::Elementwise(Elementwise::Xor))),
    ("sha256", digest::sha256),
    ("sha512", digest::sha512),
    ("blake3", digest::blake3),
    ("crc32", digest::crc32),
    ("base64_encode", encoding::base64_encode),
    ("base64_decode", encoding::base64_decode),
    ("hex_encode", encoding::hex_encode),
    ("hex_decode", encoding::hex_decode),
    ("gzip_compress", flate::gzip_compress),
    ("gzip_decompress", flate::gzip_decompress),
    ("deflate_compress", flate::deflate_compress),
    ("deflate_decompress", flate::deflate_decompress),
    ("brotli_compress", brotli::compress),
    ("brotli_decompress", brotli::decompress),
    ("zstd_compress", zstd::compress),
    ("zstd_decompress", zstd::decompress),
    ("png_decode", png::parse_decode),
    ("png_encode", png::parse_encode),
    ("jpeg_decode", jpeg::parse_decode),
    ("jpeg_encode", jpeg::parse_encode),
    ("webp_decode", webp::parse_decode),
    ("resize_rgba", resize::parse),
    ("crop_rgba", crop::parse),
    ("rotate_rgba", rotate::parse),
    ("rgba_to_rgb", channels::parse_drop),
    ("rgb_to_rgba", channels::parse_add),
];

/// The names of all operations, in the order of the documentation.
pub const OPERATIONS: [&str; TABLE.len()] = {
    let mut names = [""; TABLE.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = TABLE[at].0;
        at += 1;
    }
    names
};

/// Runs code that we did not write: a decoder, an encoder, an operation of the app's. A panic in there is a bug that a hostile input
/// found: it becomes an error of the operation and not the end of the process. What the closure touched is dropped, never read again.
pub(crate) fn contained<T>(op: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(Error::op(op, "the input cannot be processed")))
}
