//! `host:plugin`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{IntoJs, Value};

pub(crate) const MODULE: NativeModule =
    NativeModule { name: "host:plugin", functions: &[Native { name: c"current", length: 0, run: current }] };

fn current<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    match call.plugin() {
        Some(name) => (*name).into_js(call.ctx()),
        None => Ok(call.undefined()),
    }
}
