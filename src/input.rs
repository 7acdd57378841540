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
