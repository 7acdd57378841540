//! `host:modules`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{Array, Value};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:modules",
    functions: &[
        Native { name: c"load", length: 1, run: load },
        Native { name: c"require", length: 1, run: require },
        Native { name: c"builtins", length: 0, run: builtins },
    ],
};

fn builtins<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let names = Array::new(call.ctx().clone())?;
    for (index, name) in call.builtins().enumerate() {
        names.set(index, name)?;
    }
    Ok(names.into_value())
}

fn require<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    call.require(&call.string(0)?)
}

fn load<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    call.import(&call.string(0)?)
}
