//! A request for a component, made of parts: for rooms that know no type of HTTP's.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, Method, Uri};
use http_body::Frame;
use tokio::sync::mpsc;

use super::handler::{Request, RequestBody};
use crate::error::{Error, Result};

/// Writes the body of a request while the component reads it. Dropped, it ends the body.
#[derive(Clone, Debug)]
pub struct BodyWriter(mpsc::Sender<std::result::Result<Bytes, String>>);

impl BodyWriter {
    /// A writer, and what it writes. One piece waits for the component, the next one for room.
    pub fn new() -> (BodyWriter, RequestBody) {
        let (sender, receiver) = mpsc::channel(1);
        let body = stream::unfold(receiver, |mut receiver| async move {
            let piece: std::result::Result<Bytes, String> = receiver.recv().await?;
            Some((piece.map(Frame::data), receiver))
        });
        (BodyWriter(sender), Box::pin(body))
    }

    /// Waits for room; false where nobody reads any more.
    pub async fn write(&self, bytes: Vec<u8>) -> bool {
        self.0.send(Ok(bytes.into())).await.is_ok()
    }

    /// Ends the body with an error; false where nobody reads any more.
    pub async fn fail(&self, reason: String) -> bool {
        self.0.send(Err(reason)).await.is_ok()
    }
}

/// A request; without a body it has an empty one.
///
/// # Errors
/// [`Error::Argument`] for what is no method, no URL with a host, or no header.
pub fn request(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = (String, Vec<u8>)>,
    body: Option<RequestBody>,
) -> Result<Request> {
    let wrong = |what: &str, received: &str| Error::Argument(format!("Expected {what} but received '{received}'"));
    let body = body.unwrap_or_else(|| Box::pin(stream::empty()));
    let mut request = Request::new(body);
    *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|_| wrong("a method", method))?;
    let uri: Uri = url.parse().map_err(|_| wrong("a URL", url))?;
    if uri.authority().is_none() {
        return Err(wrong("a URL with a host", url));
    }
    *request.uri_mut() = uri;
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(&value).map_err(|_| wrong("a value of a header", &name))?;
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("a name of a header", &name))?;
        let added = request.headers_mut().try_append(name, value);
        added.map_err(|_| Error::Argument("the request has more headers than a request may have".into()))?;
    }
    Ok(request)
}
