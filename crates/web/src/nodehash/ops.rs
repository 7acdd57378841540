//! `host:nodehash`: see `ops.d.ts`.

use std::cell::RefCell;

use hostbox_engine::{Call, Charge, ErrorClass, Native, NativeModule, OpError, held, hold};
use rquickjs::{Array, Value};

use super::hashes::{Algorithm, NAMES, Running};
use crate::nodebytes::ops::to_js;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:nodehash",
    functions: &[
        Native { name: c"names", length: 0, run: names },
        Native { name: c"newHash", length: 2, run: new_hash },
        Native { name: c"newHmac", length: 2, run: new_hmac },
        Native { name: c"copy", length: 2, run: copy },
        Native { name: c"update", length: 2, run: update },
        Native { name: c"finish", length: 1, run: finish },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// Bytes between two looks at the turn's limit: two milliseconds of the slowest function.
const BETWEEN_LOOKS: usize = 1 << 20;
/// What a handle takes beside the state.
const OVERHEAD: usize = 64;

/// A running digest as guest code holds it.
struct Handle(RefCell<Option<Progress>>);

struct Progress {
    algorithm: Algorithm,
    state: Box<dyn Running>,
    length: usize,
    _charge: Charge,
}

fn names<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let names = Array::new(call.ctx().clone())?;
    for (index, name) in NAMES.iter().enumerate() {
        names.set(index, *name)?;
    }
    Ok(names.into_value())
}

fn handle<'js>(call: &Call<'_, 'js>, algorithm: Algorithm, state: Box<dyn Running>, length: usize) -> Answer<'js> {
    let charge = call.charge(state.size() + OVERHEAD)?;
    let progress = Progress { algorithm, state, length, _charge: charge };
    hold(call.ctx(), Handle(RefCell::new(Some(progress))))
}

/// Bytes of the digest that is asked for by the argument at `index`.
fn length(call: &Call<'_, '_>, index: usize, algorithm: Algorithm, usual: usize) -> rquickjs::Result<usize> {
    if call.is_undefined(index) {
        return Ok(usual);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "guest code checked it; else clamped")]
    let asked = call.number(index)? as usize;
    if algorithm.is_extendable() || asked == algorithm.length() {
        return Ok(asked);
    }
    Err(call.throw(&OpError {
        class: ErrorClass::Error,
        message: "error:030000B2:digital envelope routines::not XOF or invalid length".into(),
        code: Some("ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH".into()),
        name: None,
    }))
}

fn new_hash<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let Some(algorithm) = Algorithm::from_name(&call.string(0)?) else { return Ok(call.undefined()) };
    let length = length(call, 1, algorithm, algorithm.length())?;
    handle(call, algorithm, algorithm.start(), length)
}

fn new_hmac<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let Some(algorithm) = Algorithm::from_name(&call.string(0)?) else { return Ok(call.undefined()) };
    let start = |key: &[u8]| algorithm.start_hmac(key);
    let Some(state) = call.with_bytes(1, start).unwrap_or_else(|| start(&[])) else { return Ok(call.undefined()) };
    handle(call, algorithm, state, algorithm.length())
}

fn with_progress<'js, T>(
    call: &Call<'_, 'js>,
    work: impl FnOnce(&mut Progress) -> rquickjs::Result<T>,
) -> rquickjs::Result<T> {
    let handle = held::<Handle>(&call.arg(0))?;
    let handle = handle.borrow();
    let mut progress = handle.0.try_borrow_mut().map_err(|_| rquickjs::Error::Unknown)?;
    work(progress.as_mut().ok_or(rquickjs::Error::Unknown)?)
}

fn copy<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (algorithm, state, length) = with_progress(call, |progress| {
        let length = length(call, 1, progress.algorithm, progress.length)?;
        Ok((progress.algorithm, progress.state.copy(), length))
    })?;
    handle(call, algorithm, state, length)
}

fn update<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    with_progress(call, |progress| {
        call.with_bytes(1, |bytes| {
            for piece in bytes.chunks(BETWEEN_LOOKS) {
                progress.state.update(piece);
                // Half of the data is as good as none: the turn ends.
                if call.is_over() {
                    break;
                }
            }
        });
        Ok(call.undefined())
    })
}

fn finish<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let progress = {
        let handle = held::<Handle>(&call.arg(0))?;
        let handle = handle.borrow();
        handle.0.try_borrow_mut().map_err(|_| rquickjs::Error::Unknown)?.take().ok_or(rquickjs::Error::Unknown)?
    };
    let room = call.charge(progress.length)?;
    let mut digest = vec![0; progress.length];
    progress.state.finish(&mut digest);
    drop(room);
    to_js(call, digest)
}
