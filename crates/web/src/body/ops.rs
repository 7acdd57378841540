//! `host:body`: see `ops.d.ts`.

use std::io::Write as _;
use std::sync::Arc;

#[cfg(any(feature = "fetch", feature = "fs"))]
use bytes::Bytes;
use encoding_rs::UTF_8;
use hostbox_buffers::{Block, Cancel, Store, Writer};
use hostbox_engine::{Call, ErrorClass, Native, NativeModule, OpError, OpOutcome, array_buffer, held, hold};
use rquickjs::{Array, Ctx, IntoJs, TypedArray, Value};

use super::stored::{Stored, StoredSource, refused};
use super::{multipart, plan};
use crate::Data;
use crate::blob::ops::bytes_at;
use crate::streams::native::{ByteSource, CHUNK_BYTES};
use crate::streams::ops::{source_handle, source_of};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:body",
    functions: &[
        Native { name: c"copy", length: 1, run: copy },
        Native { name: c"encode", length: 1, run: encode },
        Native { name: c"decode", length: 1, run: decode },
        Native { name: c"base64", length: 1, run: base64 },
        Native { name: c"storeBlob", length: 1, run: store_blob },
        Native { name: c"boundary", length: 0, run: boundary },
        Native { name: c"multipart", length: 2, run: write_multipart },
        Native { name: c"parseMultipart", length: 2, run: parse_multipart },
        Native { name: c"collect", length: 1, run: collect },
        Native { name: c"collectText", length: 1, run: collect_text },
        Native { name: c"takeStored", length: 1, run: take_stored },
        Native { name: c"storedId", length: 1, run: stored_id },
        Native { name: c"cloneStored", length: 1, run: clone_stored },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

fn store(call: &Call<'_, '_>) -> rquickjs::Result<Arc<Store>> {
    call.data::<Data>().map(|data| data.store.clone()).ok_or(rquickjs::Error::Unknown)
}

fn detached() -> OpError {
    let message = "the buffer is detached".into();
    OpError { class: ErrorClass::Type, message, ..OpError::default() }
}

/// A copy that the sandbox's store pays for until the last reference is gone.
#[cfg(any(feature = "fetch", feature = "fs"))]
pub(crate) fn paid(store: &Store, bytes: &[u8]) -> Result<Bytes, OpError> {
    struct Written(Writer);
    impl AsRef<[u8]> for Written {
        fn as_ref(&self) -> &[u8] {
            self.0.written()
        }
    }
    if bytes.is_empty() {
        return Ok(Bytes::new());
    }
    let mut writer = store.writer_for(bytes.len(), &Cancel::new()).map_err(|error| refused(&error))?;
    write(&mut writer, bytes)?;
    Ok(Bytes::from_owner(Written(writer)))
}

fn write(writer: &mut Writer, bytes: &[u8]) -> Result<(), OpError> {
    writer.write_all(bytes).map_err(|_| writer.failure().map(|error| refused(&error)).unwrap_or_default())
}

// ── bytes and text ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn copy<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    match call.with_bytes(0, |bytes| TypedArray::<u8>::new_copy(call.ctx().clone(), bytes)) {
        Some(copied) => Ok(copied?.into_value()),
        None => Err(call.throw(&detached())),
    }
}

fn encode<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    Ok(TypedArray::<u8>::new_copy(call.ctx().clone(), call.string(0)?)?.into_value())
}

fn decode<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let text = call.with_bytes(0, |bytes| UTF_8.decode_with_bom_removal(bytes).0.into_js(call.ctx()));
    text.unwrap_or_else(|| "".into_js(call.ctx()))
}

fn base64<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let text = call.with_bytes(0, |bytes| base64_simd::STANDARD.encode_to_string(bytes));
    text.unwrap_or_default().into_js(call.ctx())
}

#[expect(clippy::cast_precision_loss, reason = "ids stay below 2⁵³")]
fn store_blob<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (store, blob) = (store(call)?, bytes_at(call, 0)?);
    let put = || {
        let mut writer = store.writer_for(blob.len(), &Cancel::new()).map_err(|error| refused(&error))?;
        for piece in blob.pieces(0, blob.len()) {
            write(&mut writer, piece)?;
        }
        store.put_written(writer).map_err(|error| refused(&error))
    };
    match put() {
        Ok(id) => Ok(Value::new_number(call.ctx().clone(), id as f64)),
        Err(error) => Err(call.throw(&error)),
    }
}

// ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn boundary<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| rquickjs::Error::Unknown)?;
    format!("----hostbox-{:032x}", u128::from_le_bytes(random)).into_js(call.ctx())
}

fn write_multipart<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (store, json, boundary) = (store(call)?, call.string(0)?, call.string(1)?);
    call.offload(None, move |completer| {
        let write = || {
            let malformed = |error: plan::PlanError| OpError {
                class: ErrorClass::Type,
                message: error.to_string(),
                ..OpError::default()
            };
            let parts = plan::parts(&json, &store).map_err(malformed)?;
            let mut writer =
                store.writer(&Cancel::with_flag(completer.cancelled(), None)).map_err(|error| refused(&error))?;
            if multipart::write(&mut writer, &boundary, &parts).is_err() {
                return Err(writer.failure().map(|error| refused(&error)).unwrap_or_default());
            }
            store.take_written(writer).map_err(|error| refused(&error))
        };
        finish(write())
    })
}

fn finish(block: Result<Block, OpError>) -> OpOutcome {
    match block {
        Ok(block) => OpOutcome::Finish(Box::new(move |ctx, _| array_buffer(ctx, block))),
        Err(error) => OpOutcome::Error(error),
    }
}

/// Five items a part: name, text, file name, content type, content.
fn parse_multipart<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (ctx, boundary) = (call.ctx(), call.string(1)?);
    let parsed = call.with_bytes(0, |bytes| {
        let Some(parts) = multipart::read(bytes, &boundary) else { return Ok(call.undefined()) };
        let answer = Array::new(ctx.clone())?;
        for (index, part) in parts.into_iter().enumerate() {
            let (at, content) = (index * 5, &bytes[part.content]);
            answer.set(at, part.head.name.as_ref())?;
            match part.head.filename {
                None => answer.set(at + 1, String::from_utf8_lossy(content).as_ref())?,
                Some(filename) => {
                    answer.set(at + 2, filename.as_ref())?;
                    answer.set(at + 3, part.head.content_type.as_deref().unwrap_or("text/plain"))?;
                    answer.set(at + 4, TypedArray::<u8>::new_copy(ctx.clone(), content)?)?;
                }
            }
        }
        // The length that five items a part make, whatever the last one lacks.
        Ok(answer.into_value())
    });
    parsed.unwrap_or_else(|| Ok(call.undefined()))
}

// ── bodies outside of the engine ────────────────────────────────────────────────────────────────────────────────────────────────────

/// Everything that a source has, in memory that the store pays for while it grows.
async fn read_all(source: &dyn ByteSource, store: &Store) -> Result<Writer, OpError> {
    let mut writer = store.writer(&Cancel::new()).map_err(|error| refused(&error))?;
    while let Some(bytes) = source.read(CHUNK_BYTES).await? {
        write(&mut writer, &bytes)?;
        tokio::task::consume_budget().await;
    }
    Ok(writer)
}

fn collect<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (store, source) = (store(call)?, source_of(&call.arg(0))?);
    call.spawn(None, async move {
        let written = read_all(&*source, &store).await;
        finish(written.and_then(|written| store.take_written(written).map_err(|error| refused(&error))))
    })
}

fn collect_text<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (store, source) = (store(call)?, source_of(&call.arg(0))?);
    call.spawn(None, async move {
        match read_all(&*source, &store).await {
            Err(error) => OpOutcome::Error(error),
            Ok(written) => OpOutcome::Finish(Box::new(move |ctx, _| {
                UTF_8.decode_with_bom_removal(written.written()).0.into_js(ctx)
            })),
        }
    })
}

struct StoredHandle(Arc<Stored>);

pub(crate) fn stored_handle<'js>(ctx: &Ctx<'js>, stored: Arc<Stored>) -> Answer<'js> {
    hold(ctx, StoredHandle(stored))
}

fn stored(value: &Value<'_>) -> rquickjs::Result<Arc<Stored>> {
    Ok(held::<StoredHandle>(value)?.borrow().0.clone())
}

fn take_stored<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let stored = stored(&call.arg(0))?;
    // Looked at first: a body that does not fit into the guest's memory stays where it is.
    if !call.has_room(stored.len()) {
        let message = format!("memoryBytes: there is no room for {} bytes in this sandbox's memory", stored.len());
        let code = Some("ERR_MEMORY".into());
        return call.settled(Err(&OpError { class: ErrorClass::Range, message, code, name: None }));
    }
    match stored.take() {
        Ok(block) => {
            let buffer = call.array_buffer(block)?;
            call.settled(Ok(buffer))
        }
        Err(error) => call.settled(Err(&error)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "ids stay below 2⁵³")]
fn stored_id<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    Ok(match stored(&call.arg(0))?.tell() {
        Some(id) => Value::new_number(call.ctx().clone(), id as f64),
        None => Value::new_null(call.ctx().clone()),
    })
}

fn clone_stored<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let copy = stored(&call.arg(0))?.copy().map_err(|error| call.throw(&error))?;
    let copy = Arc::new(copy);
    let answer = Array::new(call.ctx().clone())?;
    answer.set(0, source_handle(call.ctx(), Arc::new(StoredSource::new(copy.clone())))?)?;
    answer.set(1, stored_handle(call.ctx(), copy)?)?;
    Ok(answer.into_value())
}
