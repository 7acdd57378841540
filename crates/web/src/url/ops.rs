//! `host:url`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{Array, IntoJs, Value};
use url::{Position, Url, form_urlencoded, quirks};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:url",
    functions: &[
        Native { name: c"parse", length: 2, run: parse },
        Native { name: c"replace", length: 3, run: replace },
        Native { name: c"origin", length: 1, run: origin },
        Native { name: c"decodeForm", length: 1, run: decode_form },
        Native { name: c"encodeForm", length: 1, run: encode_form },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// Where the parts lie, in the order of `ops.d.ts`.
const PLACES: [Position; 12] = [
    Position::AfterScheme,
    Position::BeforeUsername,
    Position::AfterUsername,
    Position::BeforePassword,
    Position::AfterPassword,
    Position::BeforeHost,
    Position::AfterHost,
    Position::BeforePort,
    Position::AfterPort,
    Position::BeforePath,
    Position::AfterPath,
    Position::AfterQuery,
];

fn parsed<'js>(call: &Call<'_, 'js>, url: &Url) -> Answer<'js> {
    let answer = Array::new(call.ctx().clone())?;
    answer.set(0, url.as_str())?;
    for (index, place) in PLACES.into_iter().enumerate() {
        // A serialized URL is ASCII: bytes are code units.
        answer.set(index + 1, u32::try_from(url[..place].len()).unwrap_or(u32::MAX))?;
    }
    Ok(answer.into_value())
}

fn parse<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let text = call.string(0)?;
    let url = if call.is_undefined(1) {
        Url::parse(&text)
    } else {
        Url::parse(&call.string(1)?).and_then(|base| base.join(&text))
    };
    match url {
        Ok(url) => parsed(call, &url),
        Err(_) => Ok(call.undefined()),
    }
}

fn replace<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (href, part, value) = (call.string(0)?, call.string(1)?, call.string(2)?);
    let Ok(mut url) = Url::parse(&href) else { return Ok(call.undefined()) };
    // What the standard ignores is ignored.
    match part.as_str() {
        "hash" => quirks::set_hash(&mut url, &value),
        "host" => drop(quirks::set_host(&mut url, &value)),
        "hostname" => drop(quirks::set_hostname(&mut url, &value)),
        "password" => drop(quirks::set_password(&mut url, &value)),
        "pathname" => quirks::set_pathname(&mut url, &value),
        "port" => drop(quirks::set_port(&mut url, &value)),
        "protocol" => drop(quirks::set_protocol(&mut url, &value)),
        "search" => quirks::set_search(&mut url, &value),
        "username" => drop(quirks::set_username(&mut url, &value)),
        _ => match Url::parse(&value) {
            Ok(other) => url = other,
            Err(_) => return Ok(call.undefined()),
        },
    }
    parsed(call, &url)
}

fn origin<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let origin = Url::parse(&call.string(0)?).map_or_else(|_| "null".into(), |url| quirks::origin(&url));
    origin.into_js(call.ctx())
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
