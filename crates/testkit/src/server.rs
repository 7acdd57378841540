//! The server itself: one task a connection, answers by path, everything that was asked kept.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::pages::Page;
use crate::tls::Authority;

/// Pages by their path.
pub type Site = HashMap<&'static str, Page>;

/// One request that came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// `GET`, `POST`…
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, chunks put together.
    pub body: Vec<u8>,
}

impl Seen {
    /// The first header of a name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// A server on 127.0.0.1.
pub struct Server {
    address: SocketAddr,
    secure: bool,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    site: Mutex<Site>,
    seen: Mutex<Vec<Seen>>,
    connections: Mutex<usize>,
    tasks: Mutex<Vec<tokio::task::AbortHandle>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    /// A server over plain TCP.
    ///
    /// # Errors
    /// Where loopback cannot be listened on.
    pub async fn start(pages: impl IntoIterator<Item = (&'static str, Page)>) -> io::Result<Self> {
        Self::listen(pages, None).await
    }

    /// A server over TLS, with a certificate for these names.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_secure(
        pages: impl IntoIterator<Item = (&'static str, Page)>,
        authority: &Authority,
        names: &[&str],
    ) -> io::Result<Self> {
        Self::listen(pages, Some(TlsAcceptor::from(authority.server(names)))).await
    }

    async fn listen(
        pages: impl IntoIterator<Item = (&'static str, Page)>,
        tls: Option<TlsAcceptor>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { site: Mutex::new(pages.into_iter().collect()), ..Shared::default() });
        let (secure, own) = (tls.is_some(), shared.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *lock(&own.connections) += 1;
                let (shared, tls) = (own.clone(), tls.clone());
                let connection = tokio::spawn(async move {
                    // A client that goes away is no failure of the server.
                    let _ = match tls {
                        None => serve(stream, &shared, reset).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &shared, drop).await,
                            Err(error) => Err(error),
                        },
                    };
                });
                lock(&own.tasks).push(connection.abort_handle());
            }
        });
        Ok(Self { address, secure, shared, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:…`
    pub fn origin(&self) -> String {
        self.origin_of("127.0.0.1")
    }

    /// The same under another name for this machine.
    pub fn origin_of(&self, host: &str) -> String {
        format!("{}://{host}:{}", if self.secure { "https" } else { "http" }, self.address.port())
    }

    /// A URL on it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// Adds a page, or replaces it.
    pub fn put(&self, path: &'static str, page: Page) {
        lock(&self.shared.site).insert(path, page);
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        *lock(&self.shared.connections)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
        for task in lock(&self.shared.tasks).drain(..) {
            task.abort();
        }
    }
}

/// Ends a connection with a reset instead of an orderly end.
fn reset(stream: TcpStream) {
    let _ = stream.set_zero_linger();
    drop(stream);
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, shared: &Shared, abort: fn(S)) -> io::Result<()> {
    let mut rest = Vec::new();
    while let Some(seen) = read(&mut stream, &mut rest).await? {
        let path = seen.path.split('?').next().unwrap_or_default().to_owned();
        lock(&shared.seen).push(seen.clone());
        let page = lock(&shared.site).get(path.as_str()).cloned();
        match page.unwrap_or_else(|| Page::with(404, &[], "not found")) {
            Page::Answer(status, headers, body) => {
                let body = if seen.method == "HEAD" { (Vec::new(), body.len()) } else { (body.clone(), body.len()) };
                stream.write_all(&answer(status, &headers, &body.0, body.1)).await?;
            }
            Page::Echo => {
                let mut text = format!("{} {}\n", seen.method, seen.path);
                for (name, value) in &seen.headers {
                    text.push_str(&format!("{name}: {value}\n"));
                }
                let mut text = format!("{text}\n").into_bytes();
                text.extend_from_slice(&seen.body);
                stream.write_all(&answer(200, &[], &text, text.len())).await?;
            }
            Page::EarlyHints(body) => {
                stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n").await?;
                stream.write_all(&answer(200, &[], &body, body.len())).await?;
            }
            Page::Raw(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Page::Silence(bytes) => {
                stream.write_all(&bytes).await?;
                // The client's end, or whatever it says meanwhile.
                while stream.read(&mut [0; 64]).await? > 0 {}
                return Ok(());
            }
            Page::EndlessBody => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                loop {
                    stream.write_all(&[b'x'; 16 << 10]).await?;
                }
            }
            Page::EndlessHeaders => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
                loop {
                    stream
                        .write_all(b"x-padding: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n")
                        .await?;
                }
            }
            Page::Reset => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n0123456789").await?;
                stream.flush().await?;
                // The client has the first bytes before the reset overtakes them: it asked for the next ones only then.
                abort(stream);
                return Ok(());
            }
        }
        stream.flush().await?;
    }
    Ok(())
}

fn answer(status: u16, headers: &[(String, String)], body: &[u8], length: usize) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Whatever\r\n");
    let has_length = |name: &str| headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    if !has_length("content-length") && !has_length("transfer-encoding") && status != 204 && status != 304 {
        head.push_str(&format!("content-length: {length}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut bytes = format!("{head}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The next request of a connection. `rest` is what was read beyond the last.
async fn read<S: AsyncRead + Unpin>(stream: &mut S, rest: &mut Vec<u8>) -> io::Result<Option<Seen>> {
    let end = loop {
        if let Some(at) = find(rest, b"\r\n\r\n") {
            break at;
        }
        if !more(stream, rest).await? {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&rest[..end]).into_owned();
    rest.drain(..end + 4);
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    let mut seen =
        Seen { method: method.to_owned(), path: path.to_owned(), headers: headers.collect(), body: Vec::new() };
    if let Some(length) = seen.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        while rest.len() < length {
            if !more(stream, rest).await? {
                return Ok(None);
            }
        }
        seen.body = rest.drain(..length).collect();
    } else if seen.header("transfer-encoding").is_some() {
        loop {
            let end = loop {
                if let Some(at) = find(rest, b"\r\n") {
                    break at;
                }
                if !more(stream, rest).await? {
                    return Ok(None);
                }
            };
            let size = usize::from_str_radix(String::from_utf8_lossy(&rest[..end]).trim(), 16).unwrap_or(0);
            while rest.len() < end + 2 + size + 2 {
                if !more(stream, rest).await? {
                    return Ok(None);
                }
            }
            seen.body.extend_from_slice(&rest[end + 2..end + 2 + size]);
            rest.drain(..end + 2 + size + 2);
            if size == 0 {
                break;
            }
        }
    }
    Ok(Some(seen))
}

async fn more<S: AsyncRead + Unpin>(stream: &mut S, rest: &mut Vec<u8>) -> io::Result<bool> {
    let mut bytes = [0; 4096];
    let read = stream.read(&mut bytes).await?;
    rest.extend_from_slice(&bytes[..read]);
    Ok(read > 0)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
