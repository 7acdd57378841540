//! `host:headers`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{IntoJs, Value};

use super::rules;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:headers",
    functions: &[
        Native { name: c"lowerName", length: 1, run: lower_name },
        Native { name: c"normalValue", length: 1, run: normal_value },
        Native { name: c"isByteString", length: 1, run: is_byte_string },
        Native { name: c"isSafelisted", length: 2, run: is_safelisted },
    ],
};

fn lower_name<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let text = call.string(0)?;
    match rules::lower_name(&text) {
        Some(name) if name == text => Ok(call.arg(0)),
        Some(name) => name.into_js(call.ctx()),
        None => Ok(call.undefined()),
    }
}

fn normal_value<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let text = call.string(0)?;
    match rules::normal_value(&text) {
        Some(value) if value.len() == text.len() => Ok(call.arg(0)),
        Some(value) => value.into_js(call.ctx()),
        None => Ok(call.undefined()),
    }
}

fn is_byte_string<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    rules::is_byte_string(&call.string(0)?).into_js(call.ctx())
}

fn is_safelisted<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    rules::is_safelisted(&call.string(0)?, &call.string(1)?).into_js(call.ctx())
}
