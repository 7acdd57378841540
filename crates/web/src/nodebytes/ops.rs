//! `host:nodebytes`: see `ops.d.ts`.

use hostbox_buffers::Block;
use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{Array, ArrayBuffer, IntoJs, Value};
use subtle::ConstantTimeEq;

use super::text::Encoding;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:nodebytes",
    functions: &[
        Native { name: c"isEncoding", length: 1, run: is_encoding },
        Native { name: c"decode", length: 2, run: decode },
        Native { name: c"encode", length: 2, run: encode },
        Native { name: c"encodePart", length: 4, run: encode_part },
        Native { name: c"byteLength", length: 1, run: byte_length },
        Native { name: c"copy", length: 1, run: copy },
        Native { name: c"isEqual", length: 2, run: is_equal },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// Bytes up to this length go to the engine's own heap.
const COPIED_BYTES: usize = 1024;

/// A new ArrayBuffer of these bytes.
pub(crate) fn to_js<'js>(call: &Call<'_, 'js>, bytes: Vec<u8>) -> Answer<'js> {
    if bytes.len() <= COPIED_BYTES {
        return Ok(ArrayBuffer::new_copy(call.ctx().clone(), &bytes[..])?.into_value());
    }
    call.array_buffer(Block::from_vec(bytes))
}

fn is_encoding<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    Ok(Value::new_bool(call.ctx().clone(), Encoding::from_name(&call.string(0)?).is_some()))
}

fn encoding(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Encoding> {
    Ok(Encoding::from_name(&call.string(index)?).unwrap_or(Encoding::Utf8))
}

fn decode<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (encoding, text) = (encoding(call, 1)?, call.string(0)?);
    // Both the text and the bytes, which are at most twice as many, are ours for a moment.
    let room = call.charge(text.len().saturating_mul(3))?;
    let bytes = encoding.decode(text);
    drop(room);
    to_js(call, bytes)
}

fn encode<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let encoding = encoding(call, 1)?;
    let length = call.with_bytes(0, <[u8]>::len).unwrap_or(0);
    let _room = call.charge(length.saturating_mul(3))?;
    call.with_bytes(0, |bytes| encoding.encode(bytes)).unwrap_or_default().into_js(call.ctx())
}

fn encode_part<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (encoding, is_last) = (encoding(call, 2)?, call.boolean(3));
    let length = |index| call.with_bytes(index, <[u8]>::len).unwrap_or(0);
    let room = call.charge((length(0) + length(1)).saturating_mul(4))?;
    let mut bytes = call.with_bytes(0, <[u8]>::to_vec).unwrap_or_default();
    call.with_bytes(1, |piece| bytes.extend_from_slice(piece));
    let complete = if is_last { bytes.len() } else { encoding.complete(&bytes) };
    let text = encoding.encode(&bytes[..complete]);
    let answer = Array::new(call.ctx().clone())?;
    answer.set(0, text)?;
    answer.set(1, to_js(call, bytes.split_off(complete))?)?;
    drop(room);
    Ok(answer.into_value())
}

fn byte_length<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    call.with_bytes(0, <[u8]>::len).unwrap_or(0).into_js(call.ctx())
}

fn copy<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let length = call.with_bytes(0, <[u8]>::len).unwrap_or(0);
    let room = call.charge(length)?;
    let bytes = call.with_bytes(0, <[u8]>::to_vec).unwrap_or_default();
    drop(room);
    to_js(call, bytes)
}

fn is_equal<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let is_equal = call.with_bytes(0, |a| call.with_bytes(1, |b| bool::from(a.ct_eq(b))));
    Ok(Value::new_bool(call.ctx().clone(), is_equal.flatten().unwrap_or(false)))
}
