//! Redirects: the fetch standard's "HTTP-redirect fetch", each hop checked anew by the client.

use http::{HeaderMap, Method, StatusCode, header};
use url::Url;

use crate::error::{Error, Result};
use crate::request::{BODY_HEADERS, Body, ORIGIN_HEADERS, Request};

/// Where a response points to, if it is a redirect.
pub(crate) fn location(from: &Url, status: StatusCode, headers: &HeaderMap) -> Result<Option<Url>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(value) = headers.get(header::LOCATION) else { return Ok(None) };
    // Bytes beyond ASCII are read as they are by browsers: as UTF-8, and else letter by letter.
    let text = match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
    };
    let mut to = from.join(&text).map_err(|_| Error::Redirect { reason: "its location is no URL" })?;
    if to.fragment().is_none() {
        to.set_fragment(from.fragment());
    }
    Ok(Some(to))
}

/// Turns a request into the one that a redirect asks for. `streamed`: its body was a stream, and is gone.
pub(crate) fn follow(request: &mut Request, to: Url, status: StatusCode, streamed: bool) -> Result<()> {
    if !matches!(to.scheme(), "http" | "https") {
        return Err(Error::Redirect { reason: "its location is neither http nor https" });
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err(Error::Redirect { reason: "its location has a user name or a password" });
    }
    if status != StatusCode::SEE_OTHER && streamed {
        return Err(Error::Redirect { reason: "the request's body is a stream, which cannot be sent twice" });
    }
    let becomes_get = match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method == Method::POST,
        StatusCode::SEE_OTHER => request.method != Method::GET && request.method != Method::HEAD,
        _ => false,
    };
    if becomes_get {
        request.method = Method::GET;
        request.body = Body::Empty;
        for name in BODY_HEADERS {
            request.headers.remove(name);
        }
    }
    if to.origin() != request.url.origin() {
        for name in ORIGIN_HEADERS {
            request.headers.remove(name);
        }
    }
    request.url = to;
    Ok(())
}
