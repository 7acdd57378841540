//! `host:url`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{Array, IntoJs, Value};
use url::{Url, form_urlencoded};

use super::parts;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:url",
    functions: &[
        Native { name: c"parse", length: 2, run: parse },
        Native { name: c"canParse", length: 2, run: can_parse },
        Native { name: c"replace", length: 3, run: replace },
        Native { name: c"origin", length: 1, run: origin },
        Native { name: c"decodeForm", length: 1, run: decode_form },
        Native { name: c"encodeForm", length: 1, run: encode_form },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

fn parsed<'js>(call: &Call<'_, 'js>, url: &Url) -> Answer<'js> {
    let answer = Array::new(call.ctx().clone())?;
    answer.set(0, url.as_str())?;
    for (index, place) in parts::places(url).into_iter().enumerate() {
        // A serialized URL is ASCII: bytes are code units.
        answer.set(index + 1, u32::try_from(place).unwrap_or(u32::MAX))?;
    }
    Ok(answer.into_value())
}

fn parse<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let text = call.string(0)?;
    let base = if call.is_undefined(1) { None } else { Some(call.string(1)?) };
    match parts::parse(&text, base.as_deref()) {
        Some(url) => parsed(call, &url),
        None => Ok(call.undefined()),
    }
}

fn can_parse<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let text = call.string(0)?;
    let base = if call.is_undefined(1) { None } else { Some(call.string(1)?) };
    parts::parse(&text, base.as_deref()).is_some().into_js(call.ctx())
}

fn replace<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    match parts::replace(&call.string(0)?, &call.string(1)?, &call.string(2)?) {
        Some(url) => parsed(call, &url),
        None => Ok(call.undefined()),
    }
}

fn origin<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    parts::origin(&call.string(0)?).into_js(call.ctx())
}

fn decode_form<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let text = call.string(0)?;
    let answer = Array::new(call.ctx().clone())?;
    for (index, (name, value)) in form_urlencoded::parse(text.as_bytes()).enumerate() {
        answer.set(2 * index, &*name)?;
        answer.set(2 * index + 1, &*value)?;
    }
    Ok(answer.into_value())
}

fn encode_form<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let pairs = Array::from_value(call.arg(0))?;
    let mut text = form_urlencoded::Serializer::new(String::new());
    for index in 0..pairs.len() / 2 {
        let (name, value): (String, String) = (pairs.get(2 * index)?, pairs.get(2 * index + 1)?);
        text.append_pair(&name, &value);
    }
    text.finish().into_js(call.ctx())
}
