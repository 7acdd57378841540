//! Messages from JavaScript: the bytes, and the buffers that go with them, copied or moved.

use hostbox::parts::{Block, Payload};
use napi::bindgen_prelude::{JsObjectValue, JsValue, Object, Uint8Array};
use napi::{Env, Error, Result, sys};

use crate::buffers;

/// A block as the encoder lists it: `{ buffer, offset, length, transfer }`.
struct Listed {
    buffer: sys::napi_value,
    start: *mut u8,
    total: usize,
    offset: usize,
    length: usize,
    transfer: bool,
}

/// Reads a message: its bytes stand in the scratch memory, or in `bytes` where they did not fit.
pub(crate) fn message(
    env: Env,
    scratch: &[u8],
    length: u32,
    bytes: Option<&Uint8Array>,
    blocks: Option<Object<'_>>,
) -> Result<Payload> {
    let source = bytes.map_or(scratch, |bytes| bytes);
    let bytes =
        source.get(..length as usize).ok_or_else(|| Error::from_reason("a message longer than its memory"))?.to_vec();
    let blocks = blocks.map_or(Ok(Vec::new()), |blocks| take_blocks(env, &blocks))?;
    Ok(Payload { bytes, blocks })
}

/// Bytes before each message of a batch: its length and its kind in 32 bits each, then what it is for and the number of its sandbox, floats.
const HEAD: usize = 24;
const CALL: u32 = 1;

/// A message of a batch: a call of a function with that number, or the answer to a host call with that number.
pub(crate) enum Batched {
    Call(u32, Payload),
    Answer(u64, Payload),
}

/// Reads the messages of a batch one by one, each with the number of its sandbox. None of them has blocks.
pub(crate) fn batch(mut bytes: &[u8]) -> impl Iterator<Item = Result<(u64, Batched)>> {
    std::iter::from_fn(move || {
        (!bytes.is_empty()).then(|| {
            let cut = || Error::from_reason("a message longer than its batch");
            let (head, rest) = bytes.split_at_checked(HEAD).ok_or_else(cut)?;
            let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
            let float = |at: usize| f64::from_bits(u64::from(word(at + 4)) << 32 | u64::from(word(at)));
            let (length, kind, id, sandbox) = (word(0), word(4), float(8), float(16));
            let (message, rest) = rest.split_at_checked(length as usize).ok_or_else(cut)?;
            bytes = rest;
            let payload = Payload { bytes: message.to_vec(), blocks: Vec::new() };
            let id = whole(id);
            let message = if kind == CALL {
                Batched::Call(u32::try_from(id).unwrap_or(u32::MAX), payload)
            } else {
                Batched::Answer(id as u64, payload)
            };
            Ok((whole(sandbox) as u64, message))
        })
    })
}

/// All is copied before anything is detached: a message that fails leaves its buffers as they were.
fn take_blocks(env: Env, list: &Object<'_>) -> Result<Vec<Block>> {
    let count = list.get_array_length()?;
    let mut listed = Vec::with_capacity(count as usize);
    for index in 0..count {
        listed.push(read(env, &list.get_element::<Object<'_>>(index)?)?);
    }
    let mut blocks: Vec<Option<Block>> = Vec::with_capacity(listed.len());
    for entry in &listed {
        let is_whole = entry.offset == 0 && entry.length == entry.total;
        let moves = entry.transfer && is_whole && buffers::is_lent(entry.start);
        blocks.push(if moves { None } else { Some(copy(entry)?) });
    }
    listed.iter().zip(blocks).map(|(entry, copied)| finish(env, entry, copied)).collect()
}

fn read(env: Env, entry: &Object<'_>) -> Result<Listed> {
    let buffer = entry.get_named_property::<napi::bindgen_prelude::Unknown<'_>>("buffer")?.raw();
    // SAFETY: a value of the calling environment.
    let (start, total) = unsafe { buffers::memory(env.raw(), buffer)? };
    let offset = whole(entry.get_named_property("offset")?);
    let length = whole(entry.get_named_property("length")?);
    let transfer = entry.get_named_property::<bool>("transfer")?;
    if offset.checked_add(length).is_none_or(|end| end > total) {
        return Err(Error::from_reason("a block beyond its buffer"));
    }
    Ok(Listed { buffer, start, total, offset, length, transfer })
}

/// A length or position, which JavaScript keeps as a float.
fn whole(value: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lengths are whole, not negative and below 2⁵³"
    )]
    {
        value as usize
    }
}

fn copy(entry: &Listed) -> Result<Block> {
    let bytes: &[u8] = if entry.length == 0 {
        &[]
    } else {
        // SAFETY: within the buffer, as was checked; this is V8's own thread, so that nobody writes meanwhile.
        unsafe { std::slice::from_raw_parts(entry.start.add(entry.offset), entry.length) }
    };
    Block::copy_of(bytes).map_err(|error| Error::from_reason(error.to_string()))
}

fn finish(env: Env, entry: &Listed, copied: Option<Block>) -> Result<Block> {
    if !entry.transfer {
        return copied.ok_or_else(|| Error::from_reason("block lost"));
    }
    let block = copied.or_else(|| buffers::reclaim(entry.start, entry.total));
    let block = match block {
        Some(block) => block,
        None => copy(entry)?,
    };
    // SAFETY: a value of the calling environment; what it lay over is ours now, or copied.
    let status = unsafe { sys::napi_detach_arraybuffer(env.raw(), entry.buffer) };
    buffers::check(status, "a buffer that cannot be detached")?;
    Ok(block)
}
