//! The one way out: HTTP and WebSocket clients whose every address is checked against the sandbox's grants, with limits and a log.
//!
//! Data in: [`Request`], [`WebSocketRequest`]. Data out: [`Response`] with a body that is read piece by piece or collected into the buffer store,
//! [`WebSocket`], [`Error`] with each cause apart, one [`FetchEvent`] a request. Does not know: engines, guests, JavaScript.
//!
//! A [`Client`] belongs to a sandbox and costs nothing until its first granted request; then it has connection pools of its own. TLS roots are shared by
//! the process. Futures of this crate run in a tokio runtime with I/O and time; dropping one ends its request.
//! Specification: the fetch standard's network parts, RFC 9110, RFC 6455.

mod client;
mod decode;
mod error;
mod limits;
mod log;
mod redirect;
mod request;
mod resolve;
mod response;
mod sockets;
mod tls;
mod upload;
mod websocket;

pub use client::{Client, Config};
pub use error::{Error, Result};
pub use hostbox_permissions::{CheckedUrl, NetPermissions, Refusal, Transport};
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
pub use limits::NetLimits;
pub use log::{FetchEvent, Log};
pub use request::{Body, BodyError, BodyFrames, BodyStream, CONNECTION_HEADERS, Part, Redirect, Request};
pub use response::{Response, ResponseBody};
pub use rustls::pki_types::CertificateDer;
pub use url::Url;
pub use websocket::{CloseFrame, Message, WebSocket, WebSocketReceiver, WebSocketRequest, WebSocketSender};
