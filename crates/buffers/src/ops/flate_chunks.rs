//! Deflate over several cores, as pigz does it: chunks of a fixed length, each of which knows the end of the one before.
//!
//! What comes out depends on the input and the level alone, never on how many cores there were: an account that cannot pay for a whole
//! batch gets the same chunks one after the other.

use flate2::{Compress, Compression, FlushCompress, Status};

use super::flate::{COMPRESS_BYTES, Format};
use crate::account::PaidBlock;
use crate::chain::Job;
use crate::cores;
use crate::error::{Error, Result};
use crate::writer::Writer;

/// Long enough that the start of a chunk, which matches little, costs less than half a percent.
const CHUNK: usize = 512 << 10;
/// Chunks under way at a time, on a few threads.
const BATCH: usize = 8;
/// How much longer than copying it takes, at the fastest level: what tells when helpers pay.
const AS_COPYING: usize = 32;
/// How far back deflate looks.
const WINDOW: usize = 32 << 10;
/// What a chunk may become: level 1 writes at most nine bits for eight.
const CHUNK_MOST: usize = CHUNK + CHUNK / 7 + 4096;

/// A chunk's output.
struct Chunk {
    bytes: Vec<u8>,
    written: usize,
    crc: crc32fast::Hasher,
}

/// Whether chunks are worth it: level 0 copies, and that is as fast on one core.
pub(crate) fn pays(level: Compression, input: &[u8]) -> bool {
    level.level() > 0 && input.len() >= 4 * CHUNK
}

/// Compresses the whole of `input`, which [`pays`].
pub(crate) fn compress(job: &Job<'_>, op: &str, format: Format, level: Compression, input: &[u8]) -> Result<PaidBlock> {
    let chunk_bytes = CHUNK_MOST as u64 + COMPRESS_BYTES;
    let reserve = |count: usize| job.account.reserve(count as u64 * chunk_bytes).map(|working| (count, working));
    let (count, _working) = reserve(BATCH).or_else(|_| reserve(1))?;
    let chunk = || Chunk { bytes: vec![0; CHUNK_MOST], written: 0, crc: crc32fast::Hasher::new() };
    let mut batch: Vec<Chunk> = (0..count).map(|_| chunk()).collect();
    let mut output = Writer::new(job.account, job.cancel)?;
    output.expect((input.len() / 2).min(usize::try_from(job.account.left() / 2).unwrap_or(usize::MAX)))?;
    output.append(&format.header(level))?;
    let mut crc = crc32fast::Hasher::new();
    for at in (0..input.len()).step_by(CHUNK * count) {
        let starts = (at..input.len()).step_by(CHUNK);
        let pieces = starts.zip(batch.iter_mut());
        let bytes = CHUNK * count.min((input.len() - at).div_ceil(CHUNK));
        cores::split(bytes * AS_COPYING, pieces, |(start, chunk)| {
            job.cancel.check()?;
            let end = (start + CHUNK).min(input.len());
            chunk.crc.reset();
            if format == Format::Gzip {
                chunk.crc.update(&input[start..end]);
            }
            let before = &input[start.saturating_sub(WINDOW)..start];
            chunk.written = deflate(level, before, &input[start..end], end == input.len(), &mut chunk.bytes)
                .ok_or_else(|| Error::op(op, "internal error: a chunk cannot be compressed"))?;
            Ok(())
        })?;
        for chunk in batch.iter().take((input.len() - at).div_ceil(CHUNK)) {
            output.append(&chunk.bytes[..chunk.written])?;
            crc.combine(&chunk.crc);
        }
    }
    match format {
        Format::Gzip => {
            output.append(&crc.finalize().to_le_bytes())?;
            output.append(&(input.len() as u32).to_le_bytes())?;
        }
        Format::Zlib => output.append(&simd_adler32::adler32(&input).to_be_bytes())?,
        Format::Raw => {}
    }
    output.finish()
}

/// One chunk, which ends at a whole byte, after the bytes `before` it. `None` where the encoder says something unheard of.
fn deflate(level: Compression, before: &[u8], input: &[u8], is_last: bool, output: &mut [u8]) -> Option<usize> {
    let mut deflate = Compress::new(level, false);
    if !before.is_empty() {
        deflate.set_dictionary(before).ok()?;
    }
    let flush = if is_last { FlushCompress::Finish } else { FlushCompress::Sync };
    let status = deflate.compress(input, output, flush).ok()?;
    let written = deflate.total_out() as usize;
    let is_whole = deflate.total_in() as usize == input.len()
        && if is_last { status == Status::StreamEnd } else { written < output.len() };
    is_whole.then_some(written)
}
