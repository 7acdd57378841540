//! A request as a guest gave it becomes one for the wire.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use hostbox_buffers::Store;
use hostbox_engine::{ErrorClass, OpError};
use hostbox_net::{Body, BodyError, BodyStream, HeaderMap, HeaderName, HeaderValue, Method, Redirect, Request, Url};

use crate::body::{Part, plan};
use crate::streams::native::{ByteSource, CHUNK_BYTES};

/// Headers that steer the host. None of them ever reaches the network, whoever set it.
const INTERNAL: &str = "x-rquickjs-host-";
const FORM: &str = "x-rquickjs-host-body-formdata-v1";
const OFFLOAD: &str = "x-rquickjs-host-offload-binary-v1";

const USER_AGENT: HeaderName = HeaderName::from_static("user-agent");
/// As `navigator.userAgent`.
const OURS: &str = concat!("hostbox/", env!("CARGO_PKG_VERSION"));

/// What a guest wants to send.
pub(crate) enum Given {
    Nothing,
    /// Text or bytes, paid for.
    Whole(Bytes),
    /// Bytes that come, and how many, where that is known.
    Source(Arc<dyn ByteSource>, Option<u64>),
}

/// A request and what its internal headers said.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) request: Request,
    pub(super) offload: bool,
}

fn invalid(message: String) -> OpError {
    OpError { class: ErrorClass::TypeWithCause, message, name: None, code: Some("ERR_ARGUMENT".into()) }
}

pub(super) fn outgoing(
    method: &str,
    url: &str,
    fields: &[(String, String)],
    redirect: &str,
    given: Given,
    store: &Arc<Store>,
) -> Result<Outgoing, OpError> {
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| invalid(format!("{method:?} is not a method")))?;
    let url = Url::parse(url).map_err(|error| invalid(format!("the URL is not valid: {error}")))?;
    let mut headers = read_headers(fields)?;
    let is_form = headers.contains_key(FORM);
    let offload = headers.get(OFFLOAD).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    let internal: Vec<_> = headers.keys().filter(|name| name.as_str().starts_with(INTERNAL)).cloned().collect();
    for name in internal {
        headers.remove(name);
    }
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(OURS));
    let body = if is_form { form(given, store)? } else { plain(given) };
    let redirect = match redirect {
        "manual" => Redirect::Manual,
        "error" => Redirect::Error,
        _ => Redirect::Follow,
    };
    Ok(Outgoing { request: Request { url, method, headers, body, redirect, is_raw: false }, offload })
}

fn read_headers(fields: &[(String, String)]) -> Result<HeaderMap, OpError> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        // One code unit a byte.
        let bytes: Vec<u8> = value.chars().map(|unit| u8::try_from(u32::from(unit)).unwrap_or(b'?')).collect();
        let pair = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(&bytes).ok());
        let (name, value) =
            pair.ok_or_else(|| invalid(format!("the header {name:?} cannot be sent with this value")))?;
        headers.try_append(name, value).map_err(|_| invalid("there are too many headers".into()))?;
    }
    Ok(headers)
}

/// A plan of the protocol `rquickjs-formdata-v1`, whoever says that it is one.
fn form(given: Given, store: &Store) -> Result<Body, OpError> {
    let text = match &given {
        Given::Whole(bytes) => {
            std::str::from_utf8(bytes).map_err(|_| invalid("the FormData plan is no UTF-8".into()))?
        }
        Given::Nothing => "",
        Given::Source(..) => return Err(invalid("the FormData plan has to be text, not a stream".into())),
    };
    let parts = plan::parts(text, store).map_err(|error| invalid(error.to_string()))?;
    Ok(Body::Multipart(parts.into_iter().map(wire_part).collect()))
}

fn wire_part(Part { name, data, filename, content_type }: Part) -> hostbox_net::Part {
    hostbox_net::Part { name, data, filename, content_type }
}

fn plain(given: Given) -> Body {
    match given {
        Given::Nothing => Body::Empty,
        Given::Whole(bytes) => Body::Bytes(bytes),
        Given::Source(source, length) => Body::Stream(pieces(source), length),
    }
}

/// The source is cancelled when the connection wants no more of it.
struct Reading(Arc<dyn ByteSource>);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// The pieces of a source, one by one.
pub(crate) fn pieces(source: Arc<dyn ByteSource>) -> BodyStream {
    Box::pin(stream::unfold(Some(Reading(source)), |reading| async move {
        let reading = reading?;
        match reading.0.read(CHUNK_BYTES).await {
            Ok(Some(bytes)) => Some((Ok(bytes), Some(reading))),
            Ok(None) => None,
            Err(error) => Some((Err(BodyError::from(error.message)), None)),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(fields: &[(&str, &str)], given: Given) -> Result<Outgoing, OpError> {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        outgoing("POST", "https://a.example/", &fields, "follow", given, &Arc::new(Store::new(1 << 20)))
    }

    fn text(text: &'static str) -> Given {
        Given::Whole(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn internal_headers_never_reach_the_network() {
        let fields = [("X-RQuickJS-Host-Offload-Binary-V1", "true"), ("x-rquickjs-host-future", "1"), ("x-mine", "2")];
        let made = made(&fields, text("body")).unwrap();
        assert!(made.offload);
        let names = made.request.headers.keys().map(HeaderName::as_str);
        assert_eq!(names.collect::<Vec<_>>(), ["x-mine", "user-agent"]);
    }

    #[test]
    fn a_body_under_the_forms_header_is_a_plan_or_an_error() {
        let plan = r#"{"kind":"rquickjs-formdata-v1","entries":[{"name":"a","kind":"text","value":"1"}]}"#;
        let sent = made(&[(FORM, "1"), ("content-type", "text/evil")], text(plan)).unwrap().request;
        assert!(matches!(sent.body, Body::Multipart(parts) if parts.len() == 1 && &parts[0].data[..] == b"1"));
        assert!(!sent.headers.contains_key(FORM));
        for given in [text("by hand"), Given::Nothing, text(r#"{"kind":"other","entries":[]}"#)] {
            assert_eq!(made(&[(FORM, "1")], given).unwrap_err().code.as_deref(), Some("ERR_ARGUMENT"));
        }
    }

    #[test]
    fn header_values_are_bytes() {
        let sent = made(&[("x-a", "\u{e9}")], Given::Nothing).unwrap().request;
        assert_eq!(sent.headers["x-a"].as_bytes(), b"\xe9");
        assert!(made(&[("x-a", "a\u{1}b")], Given::Nothing).is_err());
    }
}
