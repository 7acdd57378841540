//! `host:bridge`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{Array, Value};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:bridge",
    functions: &[Native { name: c"names", length: 0, run: names }, Native { name: c"call", length: 2, run: call }],
};

fn names<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let names = Array::new(call.ctx().clone())?;
    for (index, name) in call.bridge().into_iter().enumerate() {
        names.set(index, name)?;
    }
    Ok(names.into_value())
}

fn call<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let name = call.string(0)?;
    call.call_host(name, &call.arg(1))
}
