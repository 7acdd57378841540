//! `host:nodecipher`: see `ops.d.ts`.

use std::cell::RefCell;

use hostbox_engine::{Call, Charge, Native, NativeModule, held, hold};
use rquickjs::{Array, IntoJs, Value};
use zeroize::Zeroizing;

use super::cipher::{Cipher, Failed, Start};
use super::kinds::{Kind, NAMES};
use crate::nodebytes::ops::to_js;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:nodecipher",
    functions: &[
        Native { name: c"names", length: 0, run: names },
        Native { name: c"info", length: 2, run: info },
        Native { name: c"allowsTag", length: 2, run: allows_tag },
        Native { name: c"open", length: 5, run: open },
        Native { name: c"setPadding", length: 2, run: set_padding },
        Native { name: c"addData", length: 2, run: add_data },
        Native { name: c"takesTag", length: 1, run: takes_tag },
        Native { name: c"setTag", length: 2, run: set_tag },
        Native { name: c"tag", length: 1, run: tag },
        Native { name: c"update", length: 2, run: update },
        Native { name: c"finish", length: 1, run: finish },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// Bytes between two looks at the turn's limit.
const BETWEEN_LOOKS: usize = 1 << 20;
/// What a handle takes: the largest key schedules, and what lies around them.
const HANDLE_BYTES: usize = 1536;

/// A running cipher as guest code holds it.
struct Handle {
    cipher: RefCell<Cipher>,
    _charge: Charge,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "guest code checked it; else it is clamped"
)]
fn whole(number: f64) -> u32 {
    number as u32
}

fn truth<'js>(call: &Call<'_, 'js>, truth: bool) -> Answer<'js> {
    Ok(Value::new_bool(call.ctx().clone(), truth))
}

fn names<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let names = Array::new(call.ctx().clone())?;
    for (index, name) in NAMES.iter().enumerate() {
        names.set(index, *name)?;
    }
    Ok(names.into_value())
}

fn info<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let found = if call.arg(0).is_number() {
        Kind::from_nid(whole(call.number(0)?))
    } else {
        Kind::from_name(&call.string(0)?)
    };
    let Some(kind) = found else { return Ok(call.undefined()) };
    let info = Array::new(call.ctx().clone())?;
    info.set(0, kind.name)?;
    info.set(1, kind.nid)?;
    info.set(2, kind.mode.name())?;
    info.set(3, kind.key)?;
    info.set(4, kind.mode.iv())?;
    info.set(5, kind.mode.block())?;
    info.set(6, kind.mode.allows_iv(whole(call.number(1)?) as usize))?;
    info.set(7, kind.mode.is_aead())?;
    Ok(info.into_value())
}

fn allows_tag<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let kind = Kind::from_name(&call.string(0)?);
    let length = whole(call.number(1)?) as usize;
    truth(call, kind.is_some_and(|kind| kind.mode.allows_tag(length)))
}

fn open<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let Some(kind) = Kind::from_name(&call.string(0)?) else { return Ok(call.undefined()) };
    let bytes = |index| call.with_bytes(index, |bytes| Zeroizing::new(bytes.to_vec())).unwrap_or_default();
    // Longer ones are refused, and need not be copied for it.
    let is_short = |index| call.with_bytes(index, |bytes| bytes.len() <= 128).unwrap_or(true);
    if !(is_short(1) && is_short(2)) {
        return Ok(call.undefined());
    }
    let (key, iv) = (bytes(1), bytes(2));
    let tag_length = if call.is_undefined(4) { None } else { Some(whole(call.number(4)?) as usize) };
    let is_right = key.len() == kind.key
        && kind.mode.allows_iv(iv.len())
        && tag_length.is_none_or(|length| !kind.mode.is_aead() || kind.mode.allows_tag(length));
    let start = Start { kind, key: &key, iv: &iv, tag_length, is_encrypting: call.boolean(3) };
    let Some(cipher) = is_right.then(|| Cipher::new(&start)).flatten() else { return Ok(call.undefined()) };
    let handle = Handle { cipher: RefCell::new(cipher), _charge: call.charge(HANDLE_BYTES)? };
    hold(call.ctx(), handle)
}

fn with_cipher<'js, T>(
    call: &Call<'_, 'js>,
    work: impl FnOnce(&mut Cipher) -> rquickjs::Result<T>,
) -> rquickjs::Result<T> {
    let handle = held::<Handle>(&call.arg(0))?;
    let handle = handle.borrow();
    let mut cipher = handle.cipher.try_borrow_mut().map_err(|_| rquickjs::Error::Unknown)?;
    work(&mut cipher)
}

fn set_padding<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let is_padding = call.boolean(1);
    with_cipher(call, |cipher| truth(call, cipher.set_padding(is_padding)))
}

fn add_data<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    with_cipher(call, |cipher| {
        let add = |data: &[u8]| {
            data.chunks(BETWEEN_LOOKS).all(|piece| cipher.add(piece) && !call.is_over()) && cipher.add(&[])
        };
        truth(call, call.with_bytes(1, add).unwrap_or(false))
    })
}

fn takes_tag<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    with_cipher(call, |cipher| truth(call, cipher.takes_tag()))
}

fn set_tag<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    with_cipher(call, |cipher| truth(call, call.with_bytes(1, |tag| cipher.set_tag(tag)).unwrap_or(false)))
}

fn tag<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    with_cipher(call, |cipher| match cipher.tag() {
        Some(tag) => to_js(call, tag.to_vec()),
        None => Ok(call.undefined()),
    })
}

fn answer<'js>(call: &Call<'_, 'js>, outcome: Result<Vec<u8>, Failed>) -> Answer<'js> {
    let failed = match outcome {
        Ok(bytes) => return to_js(call, bytes),
        Err(failed) => failed,
    };
    match failed {
        Failed::WrongLength => "wrong length",
        Failed::BadDecrypt => "bad decrypt",
        Failed::Unauthentic => "unauthentic",
        Failed::TooLong => "too long",
        Failed::Finished => "finished",
    }
    .into_js(call.ctx())
}

fn update<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let length = call.with_bytes(1, <[u8]>::len).unwrap_or(0);
    let room = call.charge(length + 16)?;
    let outcome = with_cipher(call, |cipher| {
        let mut output = Vec::with_capacity(length + 16);
        let mut run = |data: &[u8]| {
            // Once even for no data: a finished cipher takes none either.
            cipher.update(&[], &mut output)?;
            for piece in data.chunks(BETWEEN_LOOKS) {
                cipher.update(piece, &mut output)?;
                if call.is_over() {
                    break;
                }
            }
            Ok(())
        };
        let ran = call.with_bytes(1, &mut run).unwrap_or(Ok(()));
        Ok(ran.map(|()| output))
    })?;
    drop(room);
    answer(call, outcome)
}

fn finish<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let outcome = with_cipher(call, |cipher| {
        let mut output = Vec::new();
        Ok(cipher.finish(&mut output).map(|()| output))
    })?;
    answer(call, outcome)
}
