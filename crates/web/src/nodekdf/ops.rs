//! `host:nodekdf`: see `ops.d.ts`.

use hostbox_buffers::{Block, Error as StoreError};
use hostbox_engine::{Call, ErrorClass, Native, NativeModule, OpError, OpOutcome, array_buffer};
use rquickjs::{IntoJs, Value};

use super::derive::{Hkdf, IsOver, MOST_ROUNDS, Pbkdf2, Secret};
use super::scrypt::{Costs, Wrong};
use crate::Data;
use crate::nodebytes::ops::to_js;
use crate::nodehash::hashes::Algorithm;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:nodekdf",
    functions: &[
        Native { name: c"digestLength", length: 1, run: digest_length },
        Native { name: c"isKeyed", length: 1, run: is_keyed },
        Native { name: c"pbkdf2", length: 6, run: pbkdf2 },
        Native { name: c"checkCosts", length: 4, run: check_costs },
        Native { name: c"scrypt", length: 8, run: scrypt },
        Native { name: c"hkdf", length: 5, run: hkdf },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

fn digest_length<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    Algorithm::from_name(&call.string(0)?).map(Algorithm::length).into_js(call.ctx())
}

fn is_keyed<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let algorithm = Algorithm::from_name(&call.string(0)?);
    Ok(Value::new_bool(call.ctx().clone(), algorithm.is_some_and(|algorithm| !algorithm.is_extendable())))
}

fn algorithm(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Algorithm> {
    let algorithm = Algorithm::from_name(&call.string(index)?);
    algorithm.filter(|algorithm| !algorithm.is_extendable()).ok_or(rquickjs::Error::Unknown)
}

/// A copy that is wiped. Its length is on the account as long as the call lasts: who passes it holds as much already.
fn secret(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Secret> {
    let length = call.with_bytes(index, <[u8]>::len).unwrap_or(0);
    let _room = call.charge(length)?;
    Ok(call.with_bytes(index, |bytes| Secret::new(bytes.to_vec())).unwrap_or_default())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "guest code checked it; else clamped")]
fn whole(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<u64> {
    Ok(call.number(index)? as u64)
}

fn size(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<usize> {
    Ok(usize::try_from(whole(call, index)?).unwrap_or(usize::MAX))
}

fn error(code: &str, message: String) -> OpError {
    OpError { class: ErrorClass::Range, message, code: Some(code.into()), name: None }
}

fn no_room(failed: &StoreError) -> OpError {
    error(failed.code(), failed.to_string())
}

/// Does the work here or on another thread. `room` is what it holds until it is done.
fn run<'js, T: Send + 'static>(
    call: &Call<'_, 'js>,
    is_later: bool,
    room: T,
    work: impl FnOnce(IsOver<'_>) -> Option<Secret> + Send + 'static,
) -> Answer<'js> {
    if !is_later {
        let mut derived = work(&|| call.is_over()).unwrap_or_default();
        drop(room);
        return to_js(call, std::mem::take(&mut *derived));
    }
    call.offload(None, move |completer| {
        let mut derived = work(&|| completer.is_cancelled()).unwrap_or_default();
        OpOutcome::Finish(Box::new(move |ctx, _| {
            drop(room);
            array_buffer(ctx, Block::from_vec(std::mem::take(&mut *derived)))
        }))
    })
}

fn pbkdf2<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (password, salt, algorithm) = (secret(call, 0)?, secret(call, 1)?, algorithm(call, 4)?);
    let iterations = u32::try_from(whole(call, 2)?).unwrap_or(u32::MAX);
    let length = size(call, 3)?;
    if Pbkdf2::rounds(algorithm, iterations, length) > MOST_ROUNDS {
        let message = format!("iterations and keylen together ask for more than {MOST_ROUNDS} rounds");
        return Err(call.throw(&error("ERR_LIMIT", message)));
    }
    let room = call.charge(length.saturating_add(password.len()).saturating_add(salt.len()))?;
    run(call, call.boolean(5), room, move |is_over| {
        let (password, salt) = (&password[..], &salt[..]);
        Pbkdf2 { algorithm, password, salt, iterations, length, is_over }.run()
    })
}

fn costs(call: &Call<'_, '_>, from: usize) -> rquickjs::Result<Result<Costs, Wrong>> {
    let number = |index| whole(call, from + index);
    Ok(Costs::new(number(0)?, number(1)?, number(2)?, number(3)?))
}

fn check_costs<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    match costs(call, 0)? {
        Err(Wrong::Params) => "params".into_js(call.ctx()),
        Err(Wrong::Memory) => "memory".into_js(call.ctx()),
        Ok(_) | Err(Wrong::Work) => Ok(call.undefined()),
    }
}

fn scrypt<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (password, salt, length) = (secret(call, 0)?, secret(call, 1)?, size(call, 2)?);
    let Ok(costs) = costs(call, 3)? else {
        return Err(call.throw(&error("ERR_LIMIT", "the costs ask for more work than one derivation may take".into())));
    };
    let is_later = call.boolean(7);
    let store = call.data::<Data>().map(|data| data.store.clone()).ok_or(rquickjs::Error::Unknown)?;
    let bytes = costs.memory().saturating_add((length + password.len() + salt.len()) as u64);
    let reserve = || {
        let mut charge = store.charge()?;
        charge.set(bytes).map(|()| charge)
    };
    let room = reserve().map_err(|failed| call.throw(&no_room(&failed)))?;
    run(call, is_later, room, move |is_over| costs.run(&password, &salt, length, is_over))
}

fn hkdf<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (algorithm, length) = (algorithm(call, 0)?, size(call, 4)?);
    let (key, salt, info) = (secret(call, 1)?, secret(call, 2)?, secret(call, 3)?);
    if length > 255 * algorithm.length() {
        return Err(rquickjs::Error::Unknown);
    }
    let mut derived = Hkdf { algorithm, key: &key, salt: &salt, info: &info, length }.run();
    to_js(call, std::mem::take(&mut *derived))
}
