//! `gzip_compress` and `gzip_decompress`, after RFC 1952. Several members one after the other are one stream.
//!
//! The output pays as it grows, so a bomb ends where the account or `maxBytes` does.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::arguments::Arguments;
use super::contained;
use crate::account::PaidBlock;
use crate::buffer::Info;
use crate::chain::Job;
use crate::error::{Error, Result};
use crate::writer::Writer;

const COMPRESS: &str = "gzip_compress";
const DECOMPRESS: &str = "gzip_decompress";
/// Input that goes to the encoder between two looks at the flag.
const PIECE: usize = 256 << 10;
/// A claimed length beyond this many times the input's is not believed in advance; deflate's best is 1032.
const BELIEVED_RATIO: usize = 32;

#[derive(Debug)]
pub(crate) struct Compress {
    level: Compression,
}

impl Compress {
    pub(crate) fn parse(args: Option<&Value>) -> Result<Compress> {
        let arguments = Arguments::new(COMPRESS, args, &["level"])?;
        let level = arguments.integer_u32("level", 0..=9)?.unwrap_or(6);
        Ok(Compress { level: Compression::new(level) })
    }

    pub(crate) fn apply(&self, job: &Job<'_>, input: &[u8]) -> Result<(PaidBlock, Info)> {
        let mut output = Writer::new(job.account, job.cancel)?;
        contained(COMPRESS, || {
            let mut encoder = GzEncoder::new(&mut output, self.level);
            let written = input.chunks(PIECE).try_for_each(|piece| {
                job.cancel.check()?;
                encoder.write_all(piece).map_err(|error| Error::op(COMPRESS, error))
            });
            let finished = written.and_then(|()| encoder.try_finish().map_err(|error| Error::op(COMPRESS, error)));
            drop(encoder);
            finished.map_err(|error| output.failure().unwrap_or(error))
        })?;
        let paid = output.finish()?;
        let info = Info { format: Some("gzip"), ..Info::bytes(paid.block.len()) };
        Ok((paid, info))
    }
}

#[derive(Debug)]
pub(crate) struct Decompress {
    max_bytes: Option<u64>,
}

impl Decompress {
    pub(crate) fn parse(args: Option<&Value>) -> Result<Decompress> {
        let arguments = Arguments::new(DECOMPRESS, args, &["maxBytes"])?;
        Ok(Decompress { max_bytes: arguments.integer("maxBytes", 0..=(1 << 53) - 1)? })
    }

    pub(crate) fn apply(&self, job: &Job<'_>, input: &[u8]) -> Result<(PaidBlock, Info)> {
        let mut output = Writer::new(job.account, job.cancel)?;
        if let Some(most) = self.max_bytes {
            output.set_limit(most);
        }
        contained(DECOMPRESS, || {
            output.expect(expected_length(input, self.max_bytes))?;
            inflate(job, input, &mut output)
        })?;
        let paid = output.finish()?;
        let info = Info::bytes(paid.block.len());
        Ok((paid, info))
    }
}

fn inflate(job: &Job<'_>, input: &[u8], output: &mut Writer) -> Result<()> {
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::op(DECOMPRESS, "the input ends too early"),
        _ => Error::op(DECOMPRESS, format!("the input is not valid gzip ({error})")),
    };
    if input.is_empty() {
        // The decoder takes it for a stream without members.
        return Err(Error::op(DECOMPRESS, "the input is empty"));
    }
    let mut decoder = MultiGzDecoder::new(input);
    loop {
        job.cancel.check()?;
        // A full buffer does not yet mean that more will come: only one byte that does is worth growing for.
        let mut one = [0_u8; 1];
        let room = output.free();
        let read =
            if room.is_empty() { decoder.read(&mut one) } else { decoder.read(clipped(room)) }.map_err(refused)?;
        match read {
            0 => return Ok(()),
            _ if output.free().is_empty() => output.append(&one)?,
            read => output.advance(read)?,
        }
    }
}

/// At most as much as is inflated between two looks at the flag.
fn clipped(room: &mut [u8]) -> &mut [u8] {
    let most = room.len().min(PIECE);
    &mut room[..most]
}

/// The length that the last member's trailer claims: a hint from a stranger, so it may not tie up the account.
fn expected_length(input: &[u8], max_bytes: Option<u64>) -> usize {
    let claimed = input.last_chunk::<4>().map_or(0, |trailer| u32::from_le_bytes(*trailer)) as usize;
    let most = usize::try_from(max_bytes.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    claimed.min(input.len().saturating_mul(BELIEVED_RATIO)).min(most)
}
