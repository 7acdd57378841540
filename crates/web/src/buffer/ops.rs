//! `host:buffer`: see `ops.d.ts`.

use encoding_rs::mem;
use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{Error, IntoJs, Value};

use super::codec::{self, Encoding, Text};
use super::search;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:buffer",
    functions: &[
        Native { name: c"byteLength", length: 1, run: byte_length },
        Native { name: c"write", length: 5, run: write },
        Native { name: c"decode", length: 4, run: decode },
        Native { name: c"compare", length: 6, run: compare },
        Native { name: c"search", length: 5, run: find },
        Native { name: c"fill", length: 4, run: fill },
        Native { name: c"swap", length: 2, run: swap },
        Native { name: c"isUtf8", length: 1, run: is_utf8 },
        Native { name: c"isAscii", length: 1, run: is_ascii },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// Working memory beyond this is on the sandbox's account.
const UNCHARGED: usize = 64 << 10;

/// A place in memory: what is no such number is its end.
fn place(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<usize> {
    let number = call.number(index)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and the range is checked by whoever uses it"
    )]
    Ok(number as usize)
}

fn range(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    let end = end.min(bytes.len());
    &bytes[start.min(end)..end]
}

fn range_mut(bytes: &mut [u8], start: usize, end: usize) -> &mut [u8] {
    let end = end.min(bytes.len());
    &mut bytes[start.min(end)..end]
}

fn number<'js>(call: &Call<'_, 'js>, value: usize) -> Answer<'js> {
    #[expect(clippy::cast_precision_loss, reason = "sizes in memory stay below 2⁵³")]
    (value as f64).into_js(call.ctx())
}

fn encoding(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Encoding> {
    Encoding::of(call.number(index)?).ok_or(Error::Unknown)
}

fn byte_length<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let length = call.with_utf8(0, <[u8]>::len)?;
    number(call, length)
}

fn write<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let encoding = encoding(call, 0)?;
    let (start, end) = (place(call, 3)?, place(call, 4)?);
    let target = call.arg(2);
    let into = |write: &dyn Fn(&mut [u8]) -> usize| {
        call.with_bytes_mut(&target, |bytes| write(range_mut(bytes, start, end))).unwrap_or(0)
    };
    let written = match encoding {
        Encoding::Utf8 => call.with_utf8(1, |text| into(&|bytes| codec::write_utf8(text, bytes)))?,
        Encoding::Utf16 => call.with_utf16(1, |units| into(&|bytes| codec::write_utf16(units, bytes)))?,
        Encoding::Latin1 | Encoding::Ascii => {
            call.with_utf16(1, |units| into(&|bytes| codec::write_latin1(units, bytes)))?
        }
        Encoding::Base64 | Encoding::Base64Url => {
            call.with_utf8(1, |text| into(&|bytes| codec::write_base64(text, bytes)))?
        }
        Encoding::Hex => call.with_utf8(1, |text| into(&|bytes| codec::write_hex(text, bytes)))?,
    };
    number(call, written)
}

fn decode<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let encoding = encoding(call, 0)?;
    let (start, end) = (place(call, 2)?, place(call, 3)?);
    let length = call.with_bytes(1, |bytes| range(bytes, start, end).len()).unwrap_or(0);
    let size = codec::text_size(encoding, length);
    let _charge = (size > UNCHARGED).then(|| call.charge(size)).transpose()?;
    let text = call.with_bytes(1, |bytes| codec::decode(encoding, range(bytes, start, end)));
    match text {
        Some(Text::Plain(text)) => text.into_js(call.ctx()),
        Some(Text::Units(units)) => call.utf16_string(&units),
        None => "".into_js(call.ctx()),
    }
}

fn compare<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (start, end) = (place(call, 1)?, place(call, 2)?);
    let (other_start, other_end) = (place(call, 4)?, place(call, 5)?);
    let order = call.with_bytes(0, |bytes| {
        let bytes = range(bytes, start, end);
        call.with_bytes(3, |others| bytes.cmp(range(others, other_start, other_end)))
    });
    (order.flatten().unwrap_or(std::cmp::Ordering::Equal) as i32).into_js(call.ctx())
}

fn find<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let from = place(call, 2)?;
    let (is_forward, in_units) = (call.boolean(3), call.boolean(4));
    let _charge = if in_units {
        let size = |index| call.with_bytes(index, <[u8]>::len).unwrap_or(0);
        // The needle's borders are words; both texts are copied as units.
        let size = size(0) + size(1) * 5;
        (size > UNCHARGED).then(|| call.charge(size)).transpose()?
    } else {
        None
    };
    let search = match (is_forward, in_units) {
        (true, false) => search::forward,
        (false, false) => search::backward,
        (true, true) => search::forward_units,
        (false, true) => search::backward_units,
    };
    let found = call.with_bytes(0, |haystack| call.with_bytes(1, |needle| search(haystack, needle, from)));
    match found.flatten().flatten() {
        Some(place) => number(call, place),
        None => (-1).into_js(call.ctx()),
    }
}

fn fill<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (start, end) = (place(call, 1)?, place(call, 2)?);
    let target = call.arg(0);
    let room = call.with_bytes(0, |bytes| range(bytes, start, end).len()).unwrap_or(0);
    let size = call.with_bytes(3, <[u8]>::len).unwrap_or(0).min(room);
    let _charge = (size > UNCHARGED).then(|| call.charge(size)).transpose()?;
    // The pattern may lie in the very memory that is filled.
    let pattern = call.with_bytes(3, |bytes| bytes[..size].to_vec()).unwrap_or_default();
    if pattern.is_empty() {
        return Ok(call.undefined());
    }
    call.with_bytes_mut(&target, |bytes| {
        let bytes = range_mut(bytes, start, end);
        if let [byte] = pattern.as_slice() {
            bytes.fill(*byte);
            return;
        }
        let mut filled = pattern.len().min(bytes.len());
        bytes[..filled].copy_from_slice(&pattern[..filled]);
        while filled < bytes.len() {
            let count = filled.min(bytes.len() - filled);
            bytes.copy_within(..count, filled);
            filled += count;
        }
    });
    Ok(call.undefined())
}

fn swap<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let width = place(call, 1)?;
    call.with_bytes_mut(&call.arg(0), |bytes| match width {
        2 => swap_each::<2>(bytes),
        4 => swap_each::<4>(bytes),
        8 => swap_each::<8>(bytes),
        _ => {}
    });
    Ok(call.undefined())
}

fn swap_each<const WIDTH: usize>(bytes: &mut [u8]) {
    for group in bytes.as_chunks_mut::<WIDTH>().0 {
        group.reverse();
    }
}

fn is_utf8<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let valid = call.with_bytes(0, |bytes| std::str::from_utf8(bytes).is_ok()).unwrap_or(true);
    valid.into_js(call.ctx())
}

fn is_ascii<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    call.with_bytes(0, mem::is_ascii).unwrap_or(true).into_js(call.ctx())
}
