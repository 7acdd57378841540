//! `host:cache`: see `ops.d.ts`.

use std::time::Duration;

use hostbox_cache::{Cache, Error, When};
use hostbox_engine::{Call, ErrorClass, Native, NativeModule, OpError};
use rquickjs::{IntoJs, Value};

use crate::Data;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:cache",
    functions: &[
        Native { name: c"get", length: 1, run: get },
        Native { name: c"set", length: 3, run: set },
        Native { name: c"setIfAbsent", length: 3, run: set_if_absent },
        Native { name: c"replace", length: 4, run: replace },
        Native { name: c"has", length: 1, run: has },
        Native { name: c"delete", length: 1, run: delete },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

fn cache<'a>(call: &'a Call<'_, '_>) -> rquickjs::Result<&'a Cache> {
    call.data::<Data>().map(|data| &*data.cache).ok_or(rquickjs::Error::Unknown)
}

fn throw(call: &Call<'_, '_>, error: &Error) -> rquickjs::Error {
    let (class, code) = match error {
        Error::Key => (ErrorClass::Type, "ERR_ARGUMENT"),
        Error::TooLarge { .. } => (ErrorClass::Range, "ERR_LIMIT"),
        Error::Closed => (ErrorClass::Error, "ERR_CLOSED"),
        Error::Store(_) => (ErrorClass::Error, "EIO"),
    };
    call.throw(&OpError { class, message: error.to_string(), code: Some(code.into()), name: None })
}

/// Whole milliseconds, at least one; nothing for 0.
fn ttl(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<Duration>> {
    let ms = call.number(index)?;
    if ms > 0.0 {
        let most = hostbox_cache::LONGEST_TTL.as_secs_f64();
        return Ok(Some(Duration::from_secs_f64((ms.max(1.0) / 1_000.0).min(most))));
    }
    Ok(None)
}

fn put<'js>(call: &Call<'_, 'js>, text: usize, when: When<'_>) -> rquickjs::Result<bool> {
    let (key, text, ttl) = (call.string(0)?, call.string(text)?, ttl(call, text + 1)?);
    cache(call)?.put(&key, text, ttl, when).map_err(|error| throw(call, &error))
}

fn get<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    match cache(call)?.get(&call.string(0)?) {
        Ok(Some(text)) => (*text).into_js(call.ctx()),
        Ok(None) => Ok(call.undefined()),
        Err(error) => Err(throw(call, &error)),
    }
}

fn set<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    put(call, 1, When::Always).map(|_| call.undefined())
}

fn set_if_absent<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    put(call, 1, When::Absent)?.into_js(call.ctx())
}

fn replace<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let expected = call.string(1)?;
    put(call, 2, When::Equals(&expected))?.into_js(call.ctx())
}

fn has<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    match cache(call)?.get(&call.string(0)?) {
        Ok(text) => text.is_some().into_js(call.ctx()),
        Err(error) => Err(throw(call, &error)),
    }
}

fn delete<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    match cache(call)?.delete(&call.string(0)?) {
        Ok(was_there) => was_there.into_js(call.ctx()),
        Err(error) => Err(throw(call, &error)),
    }
}
