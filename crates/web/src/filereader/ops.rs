//! `host:filereader`: see `ops.d.ts`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::mem::decode_latin1;
use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{IntoJs, Value};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:filereader",
    functions: &[
        Native { name: c"base64", length: 1, run: base64 },
        Native { name: c"binary", length: 1, run: binary },
    ],
};

fn base64<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    call.with_bytes(0, |bytes| STANDARD.encode(bytes)).unwrap_or_default().into_js(call.ctx())
}

fn binary<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    call.with_bytes(0, |bytes| decode_latin1(bytes).into_owned()).unwrap_or_default().into_js(call.ctx())
}
