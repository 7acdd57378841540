//! What goes out.

use std::error::Error as StdError;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body::Frame;
use url::Url;

use crate::error::{Error, Result};

/// A request as the fetch standard knows it, as far as it concerns the wire.
#[derive(Debug)]
pub struct Request {
    /// Where to; checked against the grants when it is sent.
    pub url: Url,
    /// The method, in the letters that go over the wire.
    pub method: Method,
    /// Header fields. Those that belong to the connection are left out: [`CONNECTION_HEADERS`], but for `trailer` with [`Body::Frames`] and
    /// `te: trailers` where the body is raw.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// What to do at a redirect.
    pub redirect: Redirect,
    /// Whether the response's body is handed on as it comes: no encoding is asked for, and none undone.
    pub is_raw: bool,
}

impl Request {
    /// A request without headers and body that follows redirects.
    pub fn new(method: Method, url: Url) -> Self {
        Self { url, method, headers: HeaderMap::new(), body: Body::Empty, redirect: Redirect::Follow, is_raw: false }
    }
}

/// What to do at a redirect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redirect {
    /// Ask there, at most 20 times.
    #[default]
    Follow,
    /// Give the redirect itself.
    Manual,
    /// Fail.
    Error,
}

/// Why a body's sender gave up.
pub type BodyError = Box<dyn StdError + Send + Sync>;

/// Pieces of a body, asked for one by one as the connection takes them.
pub type BodyStream = Pin<Box<dyn Stream<Item = std::result::Result<Bytes, BodyError>> + Send>>;

/// As [`BodyStream`], with header fields behind the bytes.
pub type BodyFrames = Pin<Box<dyn Stream<Item = std::result::Result<Frame<Bytes>, BodyError>> + Send>>;

/// What a request carries.
#[derive(Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// These bytes, with their length.
    Bytes(Bytes),
    /// Whatever comes, with its length where it is known. It cannot be sent twice, so that a redirect which keeps the body fails.
    Stream(BodyStream, Option<u64>),
    /// The same with trailers. Over HTTP/1.1 those go out that the request's field `trailer` names, where the length is not known.
    Frames(BodyFrames, Option<u64>),
    /// A form; its content type replaces that of the headers.
    Multipart(Vec<Part>),
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::Bytes(_) => "Bytes",
            Self::Stream(..) => "Stream",
            Self::Frames(..) => "Frames",
            Self::Multipart(_) => "Multipart",
        })
    }
}

/// One field of a form.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// What it holds.
    pub data: Bytes,
    /// The file's name, where it is a file.
    pub filename: Option<String>,
    /// Its content type.
    pub content_type: Option<String>,
}

/// Header fields that the client sets itself, whatever a request says: those of the connection, and the host, which the grants are about.
pub const CONNECTION_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The fields that go over the wire: of those of the connection, only what a sender of trailers or a reader of a raw body says about trailers.
pub(crate) fn own_headers(request: &Request) -> HeaderMap {
    let mut own = without_connection(&request.headers);
    if matches!(request.body, Body::Frames(..)) {
        for names in request.headers.get_all(header::TRAILER) {
            own.append(header::TRAILER, names.clone());
        }
    }
    if request.is_raw && request.headers.get(header::TE).is_some_and(|te| te.as_bytes() == TRAILERS.as_bytes()) {
        own.insert(header::TE, HeaderValue::from_static(TRAILERS));
    }
    own
}

/// Trailers of the sender's own.
pub(crate) fn without_connection(headers: &HeaderMap) -> HeaderMap {
    let mut own = headers.clone();
    for name in CONNECTION_HEADERS {
        own.remove(*name);
    }
    own
}

/// Says that the sender takes trailers (RFC 9110, 10.1.4).
const TRAILERS: &str = "trailers";

/// A quotation mark would end the name, and a line end begin a header of the guest's own.
fn escape(name: &str) -> String {
    name.replace('\n', "%0A").replace('\r', "%0D").replace('"', "%22")
}

/// Built anew for each request that is made: a redirect may send it again.
pub(crate) fn form(parts: &[Part]) -> Result<reqwest::multipart::Form> {
    // Names as browsers write them: encoded otherwise, servers would not know them again.
    let form = reqwest::multipart::Form::new().percent_encode_noop();
    parts.iter().try_fold(form, |form, part| {
        let length = part.data.len() as u64;
        let mut built = reqwest::multipart::Part::stream_with_length(part.data.clone(), length);
        if let Some(name) = &part.filename {
            built = built.file_name(escape(name));
        }
        if let Some(kind) = &part.content_type {
            let wrong = |_| Error::Invalid { reason: format!("'{kind}' is no content type") };
            built = built.mime_str(kind).map_err(wrong)?;
        }
        Ok(form.part(escape(&part.name), built))
    })
}

/// Header fields that describe a body, gone with it.
pub(crate) const BODY_HEADERS: [header::HeaderName; 4] =
    [header::CONTENT_ENCODING, header::CONTENT_LANGUAGE, header::CONTENT_LOCATION, header::CONTENT_TYPE];

/// Header fields that are meant for one origin.
pub(crate) const ORIGIN_HEADERS: [header::HeaderName; 3] =
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];
