//! What guest modules pass: numbers, paths, files, and bytes to write.

use std::sync::Arc;

use bytes::Bytes;
use hostbox_buffers::{Store, text};
use hostbox_engine::{Call, OpError};
use hostbox_files::{Content, OpenFile};

use super::handles::file_at;
use crate::body::ops::paid;
use crate::nodebytes::text::Encoding;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
pub(super) fn bits(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<u32> {
    Ok(call.number(index)? as u32)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
pub(super) fn length(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<u64> {
    Ok(call.number(index)? as u64)
}

/// The longest path, in bytes; one more is too long for any system.
const LONGEST_PATH: usize = 4096;

/// A path. One that is too long is cut to a byte more than the longest: it is refused all the same, and while it waits for that, and stands
/// in an error, it costs no more than others.
pub(super) fn path(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<String> {
    call.with_utf8(index, |bytes| {
        let bytes = bytes.get(..=LONGEST_PATH).unwrap_or(bytes);
        text(bytes).into_owned()
    })
}

/// Nothing for a negative one.
pub(super) fn position(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<u64>> {
    let at = call.number(index)?;
    if at < 0.0 { Ok(None) } else { length(call, index).map(Some) }
}

pub(super) fn encoding(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<Encoding>> {
    if call.is_undefined(index) { Ok(None) } else { Ok(Encoding::from_name(&call.string(index)?)) }
}

pub(super) fn closed() -> OpError {
    let message = "EBADF: bad file descriptor".into();
    OpError { message, code: Some("EBADF".into()), ..OpError::default() }
}

/// A file by its path, or one that is open.
pub(super) enum Source {
    Path(String),
    Open(Arc<OpenFile>),
}

pub(super) fn source(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Result<Source, OpError>> {
    if call.arg(index).is_string() {
        return Ok(Ok(Source::Path(path(call, index)?)));
    }
    Ok(file_at(call, index)?.map(Source::Open).ok_or_else(closed))
}

/// What is to be written, paid for.
pub(super) enum Given {
    Bytes(Bytes),
    Stored(u64),
}

pub(super) fn given(
    call: &Call<'_, '_>,
    index: usize,
    store: &Store,
    encoding: Encoding,
) -> rquickjs::Result<Result<Given, OpError>> {
    let value = call.arg(index);
    if value.is_number() {
        return Ok(Ok(Given::Stored(length(call, index)?)));
    }
    let bytes = if value.is_string() && encoding == Encoding::Utf8 {
        call.with_utf8(index, |bytes| paid(store, text(bytes).as_bytes()))?
    } else if value.is_string() {
        paid(store, &encoding.decode(call.string(index)?))
    } else {
        // A detached buffer has no bytes.
        call.with_bytes(index, |bytes| paid(store, bytes)).unwrap_or_else(|| Ok(Bytes::new()))
    };
    Ok(bytes.map(Given::Bytes))
}

impl Given {
    pub(super) fn len(&self, store: &Store) -> usize {
        match self {
            Given::Bytes(bytes) => bytes.len(),
            Given::Stored(id) => store.info(*id).map_or(0, |info| info.byte_length),
        }
    }

    pub(super) fn content<'a>(&'a self, store: &'a Store) -> Content<'a> {
        match self {
            Given::Bytes(bytes) => Content::Bytes(bytes),
            Given::Stored(id) => Content::Stored(store, *id),
        }
    }
}
