//! `host:navigator`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{IntoJs, Value};

pub(crate) const MODULE: NativeModule =
    NativeModule { name: "host:navigator", functions: &[Native { name: c"version", length: 0, run: version }] };

fn version<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    env!("CARGO_PKG_VERSION").into_js(call.ctx())
}
