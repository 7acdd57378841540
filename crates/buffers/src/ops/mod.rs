//! The native operations: one file a family, and the table of their names.
//!
//! Data in: bytes, arguments that came as JSON, perhaps a second input. Data out: bytes that the account has paid for, and
//! what is known about them. Elementwise operations are kernels that a chain fuses; all others take and give the whole.

mod arguments;
pub(crate) mod elementwise;
mod gzip;
mod jpeg;
mod pixels;
mod png;
mod resize;

use serde_json::Value;

use crate::account::PaidBlock;
use crate::block::Block;
use crate::buffer::Info;
use crate::chain::Job;
use crate::error::{Error, Result};
use arguments::Arguments;
use elementwise::Elementwise;

/// The names of all operations, in the order of the documentation.
pub const OPERATIONS: [&str; 11] = [
    "noop",
    "invert",
    "grayscale_rgba",
    "xor",
    "gzip_compress",
    "gzip_decompress",
    "png_decode",
    "png_encode",
    "jpeg_decode",
    "jpeg_encode",
    "resize_rgba",
];

/// A step's second input.
#[derive(Debug)]
pub(crate) enum Extra {
    /// A buffer of the same store.
    Stored(u64),
    /// Bytes that came with the step.
    Given(Block),
}

/// One operation with checked arguments, ready to run any number of times.
#[derive(Debug)]
pub struct Step {
    operation: Operation,
    extra: Option<Extra>,
}

#[derive(Debug)]
pub(crate) enum Operation {
    Noop,
    Elementwise(Elementwise),
    Whole(Whole),
}

/// An operation that needs its whole input at once.
#[derive(Debug)]
pub(crate) enum Whole {
    GzipCompress(gzip::Compress),
    GzipDecompress(gzip::Decompress),
    PngDecode,
    PngEncode(png::Encode),
    JpegDecode,
    JpegEncode(jpeg::Encode),
    Resize(resize::Resize),
}

impl Whole {
    pub(crate) fn apply(&self, job: &Job<'_>, input: &[u8], about: &Info) -> Result<(PaidBlock, Info)> {
        match self {
            Whole::GzipCompress(compress) => compress.apply(job, input),
            Whole::GzipDecompress(decompress) => decompress.apply(job, input),
            Whole::PngDecode => png::decode(job, input),
            Whole::PngEncode(encode) => encode.apply(job, input, about),
            Whole::JpegDecode => jpeg::decode(job, input),
            Whole::JpegEncode(encode) => encode.apply(job, input, about),
            Whole::Resize(resize) => resize.apply(job, input, about),
        }
    }
}

impl Step {
    /// Checks an operation's name and arguments. `extra` is the id of a second input, which `xor` alone takes.
    ///
    /// [`Error::Op`] for an unknown name, an unknown argument, or a value out of range.
    pub fn parse(op: &str, args: Option<&Value>, extra: Option<u64>) -> Result<Step> {
        Step::new(op, args, extra.map(Extra::Stored))
    }

    /// As [`Step::parse`], with the arguments as JSON text.
    ///
    /// # Errors
    /// As [`Step::parse`], and for text that is no JSON.
    pub fn parse_json(op: &str, args: Option<&str>, extra: Option<u64>) -> Result<Step> {
        Self::parse(op, json_args(op, args)?.as_ref(), extra)
    }

    /// As [`Step::parse_with_bytes`], with the arguments as JSON text.
    ///
    /// # Errors
    /// As [`Step::parse_with_bytes`], and for text that is no JSON.
    pub fn parse_json_with_bytes(op: &str, args: Option<&str>, extra: Block) -> Result<Step> {
        Self::parse_with_bytes(op, json_args(op, args)?.as_ref(), extra)
    }

    /// The steps of a chain from JSON text: an array of `{ op, args?, extraInputId? }`.
    ///
    /// # Errors
    /// As [`Step::parse`], and for text that is no such array.
    pub fn parse_chain(json: &str) -> Result<Vec<Step>> {
        let steps: Vec<Value> = serde_json::from_str(json)
            .map_err(|error| Error::op("chain", format!("its steps are no JSON array: {error}")))?;
        let parse = |step: &Value| {
            let op = step.get("op").and_then(Value::as_str).unwrap_or_default();
            Self::parse(op, step.get("args"), step.get("extraInputId").and_then(Value::as_u64))
        };
        steps.iter().map(parse).collect()
    }

    /// The same with a second input that is not stored.
    pub fn parse_with_bytes(op: &str, args: Option<&Value>, extra: Block) -> Result<Step> {
        Step::new(op, args, Some(Extra::Given(extra)))
    }

    fn new(op: &str, args: Option<&Value>, extra: Option<Extra>) -> Result<Step> {
        let operation = match op {
            "noop" => Arguments::none("noop", args).map(|()| Operation::Noop)?,
            "invert" => Arguments::none("invert", args).map(|()| Operation::Elementwise(Elementwise::Invert))?,
            "grayscale_rgba" => {
                Arguments::none("grayscale_rgba", args).map(|()| Operation::Elementwise(Elementwise::Grayscale))?
            }
            "xor" => Arguments::none("xor", args).map(|()| Operation::Elementwise(Elementwise::Xor))?,
            _ => Operation::Whole(Self::whole(op, args)?),
        };
        match (&operation, &extra) {
            (Operation::Elementwise(Elementwise::Xor), None) => {
                Err(Error::op("xor", "expected a second input of the same length but received none"))
            }
            (Operation::Elementwise(Elementwise::Xor), Some(_)) | (_, None) => Ok(Step { operation, extra }),
            (_, Some(_)) => Err(Error::op(op, "expected no second input but received one")),
        }
    }

    fn whole(op: &str, args: Option<&Value>) -> Result<Whole> {
        Ok(match op {
            "gzip_compress" => Whole::GzipCompress(gzip::Compress::parse(args)?),
            "gzip_decompress" => Whole::GzipDecompress(gzip::Decompress::parse(args)?),
            "png_decode" => Arguments::none("png_decode", args).map(|()| Whole::PngDecode)?,
            "png_encode" => Whole::PngEncode(png::Encode::parse(args)?),
            "jpeg_decode" => Arguments::none("jpeg_decode", args).map(|()| Whole::JpegDecode)?,
            "jpeg_encode" => Whole::JpegEncode(jpeg::Encode::parse(args)?),
            "resize_rgba" => Whole::Resize(resize::Resize::parse(args)?),
            _ => {
                let known = OPERATIONS.join(", ");
                return Err(Error::op(
                    &arguments::shortened(op),
                    format!("unknown operation, expected one of {known}"),
                ));
            }
        })
    }

    pub(crate) fn operation(&self) -> &Operation {
        &self.operation
    }

    pub(crate) fn extra(&self) -> Option<&Extra> {
        self.extra.as_ref()
    }
}

/// Runs a decoder or encoder that we did not write. A panic in there is a bug of that crate which a hostile input found: it
/// becomes an error of the operation and not the end of the process. What the closure touched is dropped, never read again.
fn contained<T>(op: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(Error::op(op, "the input cannot be processed")))
}

fn json_args(op: &str, args: Option<&str>) -> Result<Option<Value>> {
    let Some(args) = args else { return Ok(None) };
    let parsed = serde_json::from_str(args);
    parsed.map(Some).map_err(|error| Error::op(op, format!("its arguments are no JSON object: {error}")))
}
