//! `host:noderandom`: see `ops.d.ts`.

use hostbox_buffers::Block;
use hostbox_engine::{Call, ErrorClass, Native, NativeModule, OpError, OpOutcome, array_buffer};
use rquickjs::Value;

use crate::nodebytes::ops::to_js;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:noderandom",
    functions: &[
        Native { name: c"bytes", length: 1, run: bytes },
        Native { name: c"bytesLater", length: 1, run: bytes_later },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// Bytes between two looks at whether anybody still waits.
const BETWEEN_LOOKS: usize = 1 << 20;

/// Random bytes; fewer where nobody waits for them any more.
fn random(size: usize, is_over: &dyn Fn() -> bool) -> Result<Vec<u8>, OpError> {
    let mut bytes = vec![0; size];
    for piece in bytes.chunks_mut(BETWEEN_LOOKS) {
        getrandom::fill(piece).map_err(|error| {
            let message = format!("the system has no random bytes: {error}");
            OpError { class: ErrorClass::Error, message, ..OpError::default() }
        })?;
        if is_over() {
            break;
        }
    }
    Ok(bytes)
}

fn size(call: &Call<'_, '_>) -> rquickjs::Result<usize> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "guest code checked it; else clamped")]
    let size = call.number(0)? as usize;
    Ok(size)
}

fn bytes<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let size = size(call)?;
    let room = call.charge(size)?;
    let bytes = random(size, &|| call.is_over()).map_err(|error| call.throw(&error))?;
    drop(room);
    to_js(call, bytes)
}

fn bytes_later<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let size = size(call)?;
    let room = match call.try_charge(size) {
        Ok(room) => room,
        Err(error) => return call.settled(Err(&error)),
    };
    call.offload(None, move |completer| match random(size, &|| completer.is_cancelled()) {
        Ok(bytes) => OpOutcome::Finish(Box::new(move |ctx, _| {
            drop(room);
            array_buffer(ctx, Block::from_vec(bytes))
        })),
        Err(error) => OpOutcome::Error(error),
    })
}
