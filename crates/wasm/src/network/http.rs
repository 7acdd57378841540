//! `wasi:http/outgoing-handler`: a request of a component becomes one of the sandbox's client, and what comes back is read as it is asked for.
//!
//! Redirects are the component's to follow, and encodings its own to undo: both sides of the interface say so.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use hostbox_net::{Body, Client, Error as NetError, HeaderMap, Method, Redirect, Request, Response, ResponseBody, Url};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, BodyStream, StreamBody};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, IoError};
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

use super::Connected;

/// The interface of `http-error-code`, in the version that wasmtime links.
const TYPES: &str = "wasi:http/types@0.2.12";

/// What a component may write into a body at a time; as much again may wait for the connection.
const CHUNK: usize = 64 << 10;

/// Sends what a component sends.
pub(super) struct Hooks {
    client: Option<Client>,
    fields_bytes: usize,
}

impl Hooks {
    pub(super) fn new(client: Option<Client>, fields_bytes: usize) -> Self {
        Self { client, fields_bytes }
    }
}

type Worker = Box<dyn Future<Output = Result<()>> + Send>;
type Sent = Result<(http::Response<WasiBody>, Worker)>;

impl WasiHttpHooks for Hooks {
    /// The client says itself whom it talks to.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _response: Worker,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let (client, fields_bytes) = (self.client.clone(), self.fields_bytes);
        Box::new(async move {
            let client = client.ok_or(Error::HttpRequestDenied)?;
            let response = send(&client, request, options.unwrap_or_default(), fields_bytes).await?;
            Ok((response, Box::new(std::future::ready(Ok(()))) as Worker))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }
}

async fn send(
    client: &Client,
    request: http::Request<WasiBody>,
    options: RequestOptions,
    fields_bytes: usize,
) -> Result<http::Response<WasiBody>> {
    let (head, body) = request.into_parts();
    if head.method == Method::CONNECT || head.method == Method::TRACE || head.method.as_str() == "TRACK" {
        return Err(Error::HttpRequestMethodInvalid);
    }
    let url = Url::parse(&head.uri.to_string()).map_err(|_| Error::HttpRequestUriInvalid)?;
    let length = head.headers.get(http::header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let body = if body.is_end_stream() {
        Body::Empty
    } else {
        Body::Frames(Box::pin(BodyStream::new(body.map_err(Into::into))), length)
    };
    let request = Request {
        headers: head.headers,
        body,
        redirect: Redirect::Manual,
        is_raw: true,
        ..Request::new(head.method, url)
    };
    let answer = client.fetch(request);
    // The client's own limits hold in any case.
    let answer = match options.first_byte_timeout {
        Some(first) => {
            let whole = options.connect_timeout.unwrap_or_default().saturating_add(first);
            tokio::time::timeout(whole, answer).await.map_err(|_| Error::ConnectionReadTimeout)?
        }
        None => answer.await,
    };
    let Response { status, headers, body, .. } = answer.map_err(translate)?;
    let size = fields_size(&headers);
    if size > fields_bytes {
        return Err(Error::HttpResponseHeaderSectionSize(u32::try_from(size).ok()));
    }
    let mut response = http::Response::new(received(body, options.between_bytes_timeout, fields_bytes));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

pub(crate) fn fields_size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// The pieces of a body as the component asks for them, and its trailers.
fn received(body: ResponseBody, patience: Option<Duration>, fields_bytes: usize) -> WasiBody {
    let pieces = stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        let next = match patience {
            Some(patience) => match tokio::time::timeout(patience, body.chunk()).await {
                Ok(next) => next,
                Err(_) => return Some((Err(Error::HttpResponseTimeout), None)),
            },
            None => body.chunk().await,
        };
        match next {
            Ok(Some(bytes)) => Some((Ok(Frame::data(bytes)), Some(body))),
            Ok(None) => {
                let trailers = body.take_trailers()?;
                let size = fields_size(&trailers);
                if size > fields_bytes {
                    return Some((Err(Error::HttpResponseTrailerSectionSize(u32::try_from(size).ok())), None));
                }
                Some((Ok(Frame::trailers(trailers)), None))
            }
            Err(error) => Some((Err(translate(error)), None)),
        }
    });
    StreamBody::new(Box::pin(pieces.fuse()) as Pin<Box<_>>).boxed_unsync()
}

/// What an error of the client is for the interface.
fn translate(error: NetError) -> Error {
    match error {
        NetError::Refused(refusal) if refusal.is_of_address() => Error::DestinationIpProhibited,
        NetError::Refused(_) => Error::HttpRequestDenied,
        NetError::Dns { reason, .. } => Error::DnsError { rcode: Some(reason), info_code: None },
        NetError::ConnectionRefused { .. } => Error::ConnectionRefused,
        NetError::Unreachable { .. } => Error::DestinationUnavailable,
        NetError::Tls { reason, .. } if reason.contains("certificate") => Error::TlsCertificateError,
        NetError::Tls { .. } => Error::TlsProtocolError,
        NetError::Timeout { what: "connecting", .. } => Error::ConnectionTimeout,
        NetError::Timeout { .. } => Error::HttpResponseTimeout,
        NetError::Reset { .. } => Error::HttpResponseIncomplete,
        NetError::TooLarge { limit } => Error::HttpResponseBodySize(Some(limit)),
        NetError::Limit { .. } => Error::ConnectionLimitReached,
        NetError::Invalid { .. } => Error::HttpRequestUriInvalid,
        NetError::Closed => Error::ConnectionTerminated,
        NetError::RequestBody { reason } => Error::InternalError(Some(reason)),
        NetError::Buffer(error) => Error::InternalError(Some(error.to_string())),
        _ => Error::HttpProtocolError,
    }
}

/// Offers `http-error-code`, which says why a stream of a body ended: wasmtime 48 knows none of its own errors there.
pub(super) fn link<T: Connected>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.instance(TYPES)?.func_wrap(
        "http-error-code",
        |mut store: StoreContextMut<'_, T>, (error,): (Resource<IoError>,)| {
            let error = store.data_mut().network().wasi.table.get(&error)?;
            Ok((error.downcast_ref::<Error>().and_then(code_of),))
        },
    )
}

/// The codes with which bodies end here.
fn code_of(error: &Error) -> Option<ErrorCode> {
    Some(match error {
        Error::HttpResponseBodySize(size) => ErrorCode::HttpResponseBodySize(*size),
        Error::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        Error::HttpResponseTimeout => ErrorCode::HttpResponseTimeout,
        Error::HttpResponseTrailerSectionSize(size) => ErrorCode::HttpResponseTrailerSectionSize(*size),
        Error::HttpProtocolError => ErrorCode::HttpProtocolError,
        Error::ConnectionTerminated => ErrorCode::ConnectionTerminated,
        Error::InternalError(reason) => ErrorCode::InternalError(reason.clone()),
        _ => return None,
    })
}
