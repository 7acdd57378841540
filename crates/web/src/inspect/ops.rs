//! `host:inspect`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{IntoJs, Value};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:inspect",
    functions: &[
        Native { name: c"isProxy", length: 1, run: is_proxy },
        Native { name: c"promiseState", length: 1, run: promise_state },
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
