//! `host:blob`: see `ops.d.ts`.

use hostbox_buffers::Block;
use hostbox_engine::{Call, ErrorClass, Native, NativeModule, OpError, OpOutcome, array_buffer, bytes_mut, held, hold};
use rquickjs::{Ctx, IntoJs, Value};

use super::bytes::{Builder, Bytes, COST};
use crate::streams::ops::source_handle;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:blob",
    functions: &[
        Native { name: c"create", length: 2, run: create },
        Native { name: c"slice", length: 3, run: slice },
        Native { name: c"size", length: 1, run: size },
        Native { name: c"text", length: 1, run: text },
        Native { name: c"arrayBuffer", length: 1, run: whole },
        Native { name: c"source", length: 1, run: source },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// What is read on the guest's own thread; more is copied elsewhere.
const AT_ONCE: usize = 256 << 10;

/// The opaque object that a Blob keeps.
pub(crate) struct BlobHandle(Bytes);

/// The bytes behind the argument at `index`.
pub(crate) fn bytes_at(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Bytes> {
    Ok(held::<BlobHandle>(&call.arg(index))?.borrow().0.clone())
}

/// An object for `bytes`, which `create` and the other functions take.
pub(crate) fn handle<'js>(ctx: &Ctx<'js>, bytes: Bytes) -> Answer<'js> {
    hold(ctx, BlobHandle(bytes))
}

fn too_long(call: &Call<'_, '_>) -> rquickjs::Error {
    let message = "a blob cannot be longer than 2**53 - 1 bytes".into();
    call.throw(&OpError { class: ErrorClass::Range, message, ..OpError::default() })
}

fn create<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let native_endings = call.boolean(1);
    let mut builder = Builder::new(call.charge(COST)?);
    if let Some(parts) = call.arg(0).into_array() {
        for part in parts.iter::<Value<'js>>() {
            append(call, &mut builder, &part?, native_endings)?;
        }
    }
    let bytes = builder.finish().ok_or_else(|| too_long(call))?;
    handle(call.ctx(), bytes)
}

fn append<'js>(
    call: &Call<'_, 'js>,
    builder: &mut Builder,
    part: &Value<'js>,
    native_endings: bool,
) -> rquickjs::Result<()> {
    if let Some(text) = part.as_string() {
        let text = text.clone().to_cstring()?;
        let text = text.as_str();
        let paid = call.charge(text.len())?;
        if native_endings && text.contains('\r') {
            builder.copy(text.replace("\r\n", "\n").replace('\r', "\n").as_bytes(), paid);
        } else {
            builder.copy(text.as_bytes(), paid);
        }
    } else if let Ok(other) = held::<BlobHandle>(part) {
        let other = other.borrow().0.clone();
        if Builder::is_short(&other) {
            let mut paid = call.charge(other.len())?;
            for piece in other.pieces(0, other.len()) {
                builder.copy(piece, paid.split(piece.len()));
            }
        } else {
            let paid = call.charge(Builder::cost_of_sharing(&other))?;
            builder.share(&other, paid);
        }
    } else {
        let length = bytes_mut(call.ctx(), part, |bytes| bytes.len()).unwrap_or(0);
        let paid = call.charge(length)?;
        // A detached buffer has no bytes.
        bytes_mut(call.ctx(), part, |bytes| builder.copy(bytes, paid));
    }
    Ok(())
}

fn offset(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<usize> {
    let number = call.number(index)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what the type can say")]
    Ok(number.max(0.0) as usize)
}

#[expect(clippy::cast_precision_loss, reason = "no blob is longer than 2⁵³ bytes")]
fn number(length: usize) -> f64 {
    length as f64
}

fn slice<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (bytes, start, end) = (bytes_at(call, 0)?, offset(call, 1)?, offset(call, 2)?);
    let paid = call.charge(bytes.cost_of_slice(start, end))?;
    handle(call.ctx(), bytes.slice(start, end, paid))
}

fn size<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    number(bytes_at(call, 0)?.len()).into_js(call.ctx())
}

fn text<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let bytes = bytes_at(call, 0)?;
    // The bytes in one piece, and their text.
    let paid = match call.try_charge(bytes.len().saturating_mul(2)) {
        Ok(paid) => paid,
        Err(failed) => return call.settled(Err(&failed)),
    };
    if bytes.len() <= AT_ONCE {
        let text = bytes.text().into_js(call.ctx())?;
        return call.settled(Ok(text));
    }
    call.offload(None, move |_| {
        let text = bytes.text();
        OpOutcome::Finish(Box::new(move |ctx, _| {
            let text = text.into_js(ctx);
            drop(paid);
            text
        }))
    })
}

fn whole<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let bytes = bytes_at(call, 0)?;
    let paid = match call.try_charge(bytes.len()) {
        Ok(paid) => paid,
        Err(failed) => return call.settled(Err(&failed)),
    };
    if bytes.len() <= AT_ONCE {
        drop(paid);
        return match copy(&bytes) {
            Ok(block) => {
                let buffer = call.array_buffer(block)?;
                call.settled(Ok(buffer))
            }
            Err(failed) => call.settled(Err(&failed)),
        };
    }
    call.offload(None, move |_| match copy(&bytes) {
        Ok(block) => OpOutcome::Finish(Box::new(move |ctx, _| {
            // From here on the buffer pays for itself.
            drop(paid);
            array_buffer(ctx, block)
        })),
        Err(failed) => OpOutcome::Error(failed),
    })
}

fn copy(bytes: &Bytes) -> Result<Block, OpError> {
    let mut block = Block::zeroed(bytes.len()).map_err(|failed| OpError {
        class: ErrorClass::Range,
        message: failed.to_string(),
        code: Some("ERR_MEMORY".into()),
        name: None,
    })?;
    bytes.copy_to(0, &mut block);
    Ok(block)
}

fn source<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    source_handle(call.ctx(), bytes_at(call, 0)?.source())
}
