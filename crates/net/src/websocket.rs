//! WebSockets (RFC 6455): the same grants, the same resolver, the same roots.
//!
//! The handshake follows no redirects, as the standard has it. What has been read of a message that is not complete is on the buffer store's account.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hostbox_buffers::Charge;
use hostbox_permissions::CheckedUrl;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame as WireClose, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WireError, Message as WireMessage};
use url::Url;

use crate::client::{Client, Inner, origin};
use crate::error::{Error, Result, translate};
use crate::limits::CONNECT_TIMEOUT;
use crate::log::Record;
use crate::request::without_connection;
use crate::resolve::NoAddress;
use crate::tls;

/// What is read from and written to the connection at a time.
const BUFFER: usize = 16 << 10;

/// What a handshake says.
#[derive(Debug)]
pub struct WebSocketRequest {
    /// Where to: `ws` or `wss`.
    pub url: Url,
    /// Subprotocols, the best first.
    pub protocols: Vec<String>,
    /// More header fields; those of the connection and of the handshake are left out.
    pub headers: HeaderMap,
}

/// A message, or the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// The other side closes, with its reason; the answer is sent by itself.
    Close(Option<CloseFrame>),
}

/// Why a WebSocket closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// 1000 to 4999.
    pub code: u16,
    /// At most 123 bytes.
    pub reason: String,
}

/// An open WebSocket. Dropping both halves ends it.
pub struct WebSocket {
    /// The subprotocol that the server chose.
    pub protocol: Option<String>,
    /// The extensions that the server chose: none are asked for.
    pub extensions: String,
    /// The half that sends.
    pub sender: WebSocketSender,
    /// The half that receives; pings are answered while somebody reads it.
    pub receiver: WebSocketReceiver,
}

/// What both halves belong to.
struct Connection {
    record: Mutex<Record>,
    url: CheckedUrl,
    limit: u64,
    /// Bytes read since the last message was given.
    unfinished: Arc<AtomicU64>,
    _open: OwnedSemaphorePermit,
}

impl Connection {
    fn failed(&self, error: &WireError) -> Error {
        let error = translate_wire(error, &origin(self.url.url()), self.limit);
        self.record.lock().unwrap_or_else(PoisonError::into_inner).failed(&error);
        error
    }
}

/// The half that sends.
pub struct WebSocketSender {
    sink: SplitSink<WebSocketStream<Metered>, WireMessage>,
    connection: Arc<Connection>,
}

/// The half that receives.
pub struct WebSocketReceiver {
    stream: SplitStream<WebSocketStream<Metered>>,
    connection: Arc<Connection>,
}

impl Client {
    /// Opens a WebSocket. Dropping the future gives it up.
    ///
    /// # Errors
    /// As [`Client::fetch`]; [`Error::Protocol`] where the server does not agree to the handshake.
    pub async fn connect_websocket(&self, request: WebSocketRequest) -> Result<WebSocket> {
        let mut record = Record::new(self.inner(), &request.url, "GET");
        match Box::pin(open(self.inner(), request)).await {
            Ok((url, socket, response, meter, permit)) => {
                record.answered(StatusCode::SWITCHING_PROTOCOLS);
                let limit = self.inner().config.limits.fetch_bytes;
                let record = Mutex::new(record);
                let connection = Arc::new(Connection { record, url, limit, unfinished: meter, _open: permit });
                let text = |name| {
                    let value = response.headers().get(name).and_then(|value| value.to_str().ok());
                    value.map(str::to_owned)
                };
                let (sink, stream) = socket.split();
                Ok(WebSocket {
                    protocol: text(header::SEC_WEBSOCKET_PROTOCOL),
                    extensions: text(header::SEC_WEBSOCKET_EXTENSIONS).unwrap_or_default(),
                    sender: WebSocketSender { sink, connection: connection.clone() },
                    receiver: WebSocketReceiver { stream, connection },
                })
            }
            Err(error) => {
                record.failed(&error);
                Err(error)
            }
        }
    }
}

type Opened = (
    CheckedUrl,
    WebSocketStream<Metered>,
    tokio_tungstenite::tungstenite::handshake::client::Response,
    Arc<AtomicU64>,
    OwnedSemaphorePermit,
);

async fn open(inner: &Arc<Inner>, request: WebSocketRequest) -> Result<Opened> {
    if !matches!(request.url.scheme(), "ws" | "wss") {
        return Err(Error::Invalid { reason: "the URL of a WebSocket is ws: or wss:".into() });
    }
    let checked = inner.config.permissions.check(&request.url, "GET")?;
    let handshake = handshake(&checked, &request)?;
    let working = inner.work().await?;
    let permit = inner.open()?;
    let timeout = |_| Error::Timeout { what: "connecting", after: CONNECT_TIMEOUT };
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, connect(inner, &checked)).await.map_err(timeout)??;
    let unfinished = Arc::new(AtomicU64::new(0));
    let charge = inner.config.store.charge()?;
    let stream = Metered { stream, charge, charged: 0, unfinished: unfinished.clone() };
    let limit = inner.config.limits.fetch_bytes;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(most))
        .max_frame_size(Some(most));
    let answered = tokio_tungstenite::client_async_with_config(handshake, stream, Some(config));
    let answered = tokio::time::timeout(inner.config.limits.idle, answered).await;
    let what = "the head of the response";
    let answered = answered.map_err(|_| Error::Timeout { what, after: inner.config.limits.idle })?;
    let (socket, response) = answered.map_err(|error| translate_wire(&error, &origin(checked.url()), limit))?;
    drop(working);
    Ok((checked, socket, response, unfinished, permit))
}

fn handshake(
    checked: &CheckedUrl,
    request: &WebSocketRequest,
) -> Result<tokio_tungstenite::tungstenite::handshake::client::Request> {
    let invalid = |error: &dyn std::fmt::Display| Error::Invalid { reason: error.to_string() };
    let mut url = checked.url().clone();
    url.set_fragment(None);
    let mut handshake = url.as_str().into_client_request().map_err(|error| invalid(&error))?;
    for (name, value) in &without_connection(&request.headers) {
        if !name.as_str().starts_with("sec-websocket-") {
            handshake.headers_mut().append(name, value.clone());
        }
    }
    if !request.protocols.is_empty() {
        let value = HeaderValue::try_from(request.protocols.join(", ")).map_err(|error| invalid(&error))?;
        handshake.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, value);
    }
    Ok(handshake)
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection to one of the checked addresses.
async fn connect(inner: &Arc<Inner>, checked: &CheckedUrl) -> Result<Box<dyn Duplex>> {
    let url = checked.url();
    let origin = origin(url);
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(Error::Invalid { reason: "the URL has no host".into() });
    };
    let addresses = inner.resolver(checked.reach()).addresses(host).await.map_err(|error| match error {
        NoAddress::Failed(error) => error,
        NoAddress::OutOfReach(found) => inner.config.permissions.refusal_of_address(url, found.0).into(),
    })?;
    let mut failed = Error::Unreachable { origin: origin.clone(), reason: "it has no address".into() };
    for mut address in addresses {
        address.set_port(port);
        match TcpStream::connect(address).await {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                return if url.scheme() == "wss" {
                    secure(inner, stream, host, &origin).await
                } else {
                    Ok(Box::new(stream))
                };
            }
            Err(error) => failed = translate(&error, &origin, "response"),
        }
    }
    Err(failed)
}

async fn secure(inner: &Arc<Inner>, stream: TcpStream, host: &str, origin: &str) -> Result<Box<dyn Duplex>> {
    let parts = inner.parts();
    let config = match parts.tls.get() {
        Some(config) => config.clone(),
        None => {
            let config = Arc::new(tls::config(&inner.config.extra_roots, &[b"http/1.1"])?);
            parts.tls.get_or_init(|| config).clone()
        }
    };
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
    let name = name.map_err(|error| Error::Tls { origin: origin.to_owned(), reason: error.to_string() })?;
    let secured = TlsConnector::from(config).connect(name, stream).await;
    Ok(Box::new(secured.map_err(|error| translate(&error, origin, "response"))?))
}

/// The connection, with what has been read of an unfinished message on the store's account.
struct Metered {
    stream: Box<dyn Duplex>,
    charge: Charge,
    charged: u64,
    unfinished: Arc<AtomicU64>,
}

impl AsyncRead for Metered {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(context, buffer);
        if let Poll::Ready(Ok(())) = &polled {
            let read = (buffer.filled().len() - before) as u64;
            let held = this.unfinished.fetch_add(read, Relaxed) + read;
            // Small messages are not worth the account's attention.
            let worth = if held <= BUFFER as u64 { 0 } else { held };
            if worth != this.charged {
                if let Err(error) = this.charge.set(worth) {
                    return Poll::Ready(Err(Error::from(error).into_io()));
                }
                this.charged = worth;
            }
        }
        polled
    }
}

impl AsyncWrite for Metered {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

fn translate_wire(error: &WireError, origin: &str, limit: u64) -> Error {
    match error {
        WireError::ConnectionClosed | WireError::AlreadyClosed => Error::Reset { what: "WebSocket" },
        WireError::Io(error) => translate(error, origin, "WebSocket"),
        WireError::Capacity(tokio_tungstenite::tungstenite::error::CapacityError::MessageTooLong { .. }) => {
            Error::TooLarge { limit }
        }
        WireError::Http(response) => {
            Error::protocol(format!("it answered the handshake with status {}", response.status().as_u16()))
        }
        WireError::Protocol(tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
            Error::Reset { what: "WebSocket" }
        }
        other => Error::protocol(other.to_string()),
    }
}

impl WebSocketSender {
    /// Sends a message, and returns when it was handed to the system: who waits for that has back-pressure.
    ///
    /// # Errors
    /// [`Error::Reset`] after the end.
    pub async fn send(&mut self, message: Message) -> Result<()> {
        let (message, bytes) = match message {
            Message::Text(text) => {
                let bytes = text.len();
                (WireMessage::text(text), bytes)
            }
            Message::Binary(bytes) => {
                let length = bytes.len();
                (WireMessage::Binary(bytes), length)
            }
            Message::Close(frame) => {
                let frame = frame.map(|CloseFrame { code, reason }| WireClose {
                    code: CloseCode::from(code),
                    reason: reason.into(),
                });
                (WireMessage::Close(frame), 0)
            }
        };
        let sent = self.sink.send(message).await;
        let connection = &self.connection;
        sent.map_err(|error| connection.failed(&error))?;
        let record = connection.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.counts.sent.fetch_add(bytes as u64, Relaxed);
        Ok(())
    }
}

impl WebSocketReceiver {
    /// The next message; none when the connection was closed as it should be.
    ///
    /// # Errors
    /// [`Error::Reset`] where it was not, [`Error::TooLarge`] and [`Error::Buffer`] for a message that is too long, [`Error::Protocol`].
    pub async fn next(&mut self) -> Result<Option<Message>> {
        loop {
            let connection = &self.connection;
            let message = match self.stream.next().await {
                None | Some(Err(WireError::ConnectionClosed)) => return Ok(None),
                Some(Err(error)) => return Err(connection.failed(&error)),
                Some(Ok(message)) => message,
            };
            connection.unfinished.store(0, Relaxed);
            let (message, bytes) = match message {
                WireMessage::Text(text) => {
                    let bytes = text.len();
                    (Message::Text(text.as_str().to_owned()), bytes)
                }
                WireMessage::Binary(bytes) => {
                    let length = bytes.len();
                    (Message::Binary(bytes), length)
                }
                WireMessage::Close(frame) => {
                    let frame =
                        frame.map(|frame| CloseFrame { code: frame.code.into(), reason: frame.reason.to_string() });
                    (Message::Close(frame), 0)
                }
                WireMessage::Ping(_) | WireMessage::Pong(_) | WireMessage::Frame(_) => continue,
            };
            let record = connection.record.lock().unwrap_or_else(PoisonError::into_inner);
            record.counts.received.fetch_add(bytes as u64, Relaxed);
            return Ok(Some(message));
        }
    }
}
