//! Content encodings, undone by the buffer store's own decoders: what they hold is on the store's account.

use bytes::Bytes;
use hostbox_buffers::{Cancel, Pipeline, Store};
use http::{HeaderMap, header};

use crate::error::{Error, Result};

/// What comes out at a time.
const PIECE: usize = 64 << 10;
/// Encodings one over the other; nobody needs more than two.
const MOST: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// What was done to a body, the outermost last; nothing where an encoding is unknown, as the body is given as it came then.
#[derive(Clone, Debug, Default)]
pub(crate) struct Encodings(Vec<Encoding>);

impl Encodings {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self> {
        let mut found = Vec::new();
        for value in headers.get_all(header::CONTENT_ENCODING) {
            let Ok(text) = value.to_str() else { return Ok(Self::default()) };
            for name in text.split(',') {
                found.push(match name.trim().to_ascii_lowercase().as_str() {
                    "" | "identity" => continue,
                    "gzip" | "x-gzip" => Encoding::Gzip,
                    "deflate" => Encoding::Deflate,
                    "br" => Encoding::Brotli,
                    "zstd" => Encoding::Zstd,
                    _ => return Ok(Self::default()),
                });
                if found.len() > MOST {
                    return Err(Error::protocol(format!("the body has more than {MOST} content encodings")));
                }
            }
        }
        Ok(Self(found))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The chain that undoes them. `start` is where the body begins.
    fn chain(&self, start: &[u8]) -> String {
        let mut steps = Vec::new();
        for (index, encoding) in self.0.iter().rev().enumerate() {
            steps.push(match encoding {
                Encoding::Gzip => r#"{"op":"gzip_decompress"}"#,
                Encoding::Brotli => r#"{"op":"brotli_decompress"}"#,
                Encoding::Zstd => r#"{"op":"zstd_decompress"}"#,
                // "deflate" means zlib's format, and some servers send the bare one.
                Encoding::Deflate if index == 0 && !is_zlib(start) => {
                    r#"{"op":"deflate_decompress","args":{"format":"raw"}}"#
                }
                Encoding::Deflate => r#"{"op":"deflate_decompress"}"#,
            });
        }
        format!("[{}]", steps.join(","))
    }
}

/// Whether a zlib header stands there: method 8, and a check sum where both bytes are known.
fn is_zlib(start: &[u8]) -> bool {
    match start {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31),
        [method] => method & 0x0f == 8,
        [] => true,
    }
}

/// A body's decoder under way.
pub(crate) struct Decoder {
    pipeline: Pipeline,
    input: Bytes,
    ended: bool,
    done: bool,
}

impl Decoder {
    /// Begins with a body's first bytes.
    pub(crate) fn new(store: &Store, encodings: &Encodings, first: Bytes) -> Result<Self> {
        let chain = store.compile(&encodings.chain(&first))?;
        let pipeline = store.stream_chain(&chain, &Cancel::new())?;
        Ok(Self { pipeline, input: first, ended: false, done: false })
    }

    /// Gives it what follows; only after [`Decoder::next`] had nothing more.
    pub(crate) fn feed(&mut self, bytes: Bytes) {
        self.input = bytes;
    }

    /// Nothing follows.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Some decoded bytes, or none where it needs more.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>> {
        if self.done {
            return Ok(None);
        }
        let mut output = vec![0; PIECE];
        let mut written = 0;
        loop {
            let progress = self.pipeline.step(&self.input, self.ended, &mut output[written..]).map_err(broken)?;
            let _ = self.input.split_to(progress.read);
            written += progress.written;
            self.done = progress.done;
            let stuck = progress.read == 0 && progress.written == 0;
            // What is left of the output may be too little for a stage's next step.
            if self.done || stuck || written >= PIECE / 2 {
                break;
            }
        }
        if written == 0 {
            if self.ended && !self.done {
                return Err(Error::protocol("the body's content encoding does not come to an end"));
            }
            return Ok(None);
        }
        output.truncate(written);
        output.shrink_to_fit();
        Ok(Some(output.into()))
    }
}

/// The store's limits stay what they are; anything else is the sender's fault.
fn broken(error: hostbox_buffers::Error) -> Error {
    match error {
        hostbox_buffers::Error::Op { message, .. } => {
            Error::protocol(format!("the body's content encoding is broken: {message}"))
        }
        limit => limit.into(),
    }
}
