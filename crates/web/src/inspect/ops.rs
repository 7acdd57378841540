//! `host:inspect`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{Array, IntoJs, Value};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:inspect",
    functions: &[
        Native { name: c"isProxy", length: 1, run: is_proxy },
        Native { name: c"promiseResult", length: 1, run: promise_result },
        Native { name: c"promiseState", length: 1, run: promise_state },
        Native { name: c"proxyParts", length: 1, run: proxy_parts },
    ],
};

fn is_proxy<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    Ok(Value::new_bool(call.ctx().clone(), call.is_proxy(&call.arg(0))))
}

fn promise_state<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    match call.promise_state(&call.arg(0)) {
        Some(state) => state.into_js(call.ctx()),
        None => Ok(call.undefined()),
    }
}

fn promise_result<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    Ok(call.promise_result(&call.arg(0)))
}

fn proxy_parts<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let Some((target, handler)) = call.proxy_parts(&call.arg(0)) else { return Ok(call.undefined()) };
    let parts = Array::new(call.ctx().clone())?;
    parts.set(0, target)?;
    parts.set(1, handler)?;
    Ok(parts.into_value())
}
