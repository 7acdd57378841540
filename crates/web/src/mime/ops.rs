//! `host:mime`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{Array, IntoJs, Value};

use super::types::MimeType;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:mime",
    functions: &[
        Native { name: c"parse", length: 1, run: parse },
        Native { name: c"extract", length: 1, run: extract },
        Native { name: c"serialize", length: 1, run: serialize },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

fn parse<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    answer(call, MimeType::parse(&call.string(0)?))
}

fn extract<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    answer(call, MimeType::extract(&call.string(0)?))
}

fn answer<'js>(call: &Call<'_, 'js>, found: Option<MimeType>) -> Answer<'js> {
    let Some(MimeType { essence, parameters }) = found else { return Ok(call.undefined()) };
    let list = Array::new(call.ctx().clone())?;
    list.set(0, essence)?;
    let texts = parameters.into_iter().flat_map(|(name, value)| [name, value]);
    for (index, text) in texts.enumerate() {
        list.set(index + 1, text)?;
    }
    Ok(list.into_value())
}

fn serialize<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let Some(list) = call.arg(0).into_array() else { return Ok(call.undefined()) };
    let mut parameters = Vec::new();
    for index in (1..list.len()).step_by(2) {
        parameters.push((list.get(index)?, list.get(index + 1)?));
    }
    MimeType { essence: list.get(0)?, parameters }.serialize().into_js(call.ctx())
}
