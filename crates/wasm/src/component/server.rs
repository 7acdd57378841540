//! An HTTP/1.1 server in front of a component that answers HTTP. Each request has an instance of its own; requests beyond `concurrency` wait.
//!
//! Does: listen, hand requests to [`Component::handle`], stream both bodies, replace the component between two requests. Does not: know TLS, HTTP/2,
//! routes. What a component fails with is told to the app; clients learn no more than a status.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{HeaderValue, StatusCode, header};
use http_body::{Body, Frame};
use http_body_util::BodyStream;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::Component;
use super::handler::{RequestBody, ResponseBody};
use super::instance::InstanceOptions;
use crate::error::{Error, Result};
use crate::network::FIELDS_BYTES;
use crate::wasi::threads;

/// Connections at once; more wait until one of them ends.
const CONNECTIONS: usize = 1_024;
/// How long a head may take to come, and a connection may wait for its next request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes that are read from a connection ahead of the component; a head has to fit.
const BUFFER: usize = 2 * FIELDS_BYTES;

/// What each instance is given: made anew for each request.
pub type Furnish = Arc<dyn Fn() -> InstanceOptions + Send + Sync>;
/// Hears why a request was not answered, or not to its end.
pub type Failed = Arc<dyn Fn(&Error) + Send + Sync>;

/// Figures of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerStats {
    /// Requests that came.
    pub requests: u64,
    /// Requests whose answer has not ended, those that wait for their turn among them.
    pub active: u64,
    /// Requests that the component did not answer, or not to the end.
    pub failed: u64,
    /// Connections that are open.
    pub connections: u64,
}

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    active: AtomicU64,
    failed: AtomicU64,
    connections: AtomicU64,
}

struct Shared {
    component: Mutex<Component>,
    furnish: Furnish,
    failed: Failed,
    turns: Arc<Semaphore>,
    counts: Counts,
}

/// A server that listens. Dropped, it ends at once.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// True when it is to end.
    closing: watch::Sender<bool>,
    /// Held by each connection; nobody sends.
    ended: watch::Receiver<()>,
    task: tokio::task::AbortHandle,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).field("stats", &self.stats()).finish()
    }
}

impl Server {
    /// Listens at an address; port 0 takes any that is free. `concurrency` requests are worked on at once.
    ///
    /// # Errors
    /// [`Error::Link`] for a component that does not answer HTTP, [`Error::Argument`] where it cannot listen there.
    pub async fn start(
        component: Component,
        address: SocketAddr,
        concurrency: usize,
        furnish: Furnish,
        failed: Failed,
    ) -> Result<Server> {
        component.handler()?;
        let shared = Arc::new(Shared {
            component: Mutex::new(component),
            furnish,
            failed,
            turns: Arc::new(Semaphore::new(concurrency)),
            counts: Counts::default(),
        });
        let (closing, close) = watch::channel(false);
        let (alive, ended) = watch::channel(());
        let (bound, own) = (shared.clone(), close);
        let listening = threads()?.spawn(async move { TcpListener::bind(address).await });
        let listener = listening.await.map_err(|error| Error::Unavailable(error.to_string()))?;
        let unbound = |error: std::io::Error| Error::Argument(format!("{address} cannot be listened at: {error}"));
        let listener = listener.map_err(unbound)?;
        let address = listener.local_addr().map_err(unbound)?;
        let task = threads()?.spawn(accept(listener, bound, own, Arc::new(alive))).abort_handle();
        Ok(Server { address, shared, closing, ended, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers what comes from now on by another component; what is under way ends as it began.
    ///
    /// # Errors
    /// [`Error::Link`] for a component that does not answer HTTP.
    pub fn replace(&self, component: Component) -> Result<()> {
        component.handler()?;
        *self.shared.component.lock().unwrap_or_else(PoisonError::into_inner) = component;
        Ok(())
    }

    /// Figures.
    pub fn stats(&self) -> ServerStats {
        let Counts { requests, active, failed, connections } = &self.shared.counts;
        let [requests, active, failed, connections] =
            [requests, active, failed, connections].map(|count| count.load(Relaxed));
        ServerStats { requests, active, failed, connections }
    }

    /// Listens no more, and waits for the requests under way: their deadlines hold.
    pub async fn close(&self) {
        self.closing.send_replace(true);
        // Fails when the last connection has let go of it.
        while self.ended.clone().changed().await.is_ok() {}
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.closing.send_replace(true);
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut close: watch::Receiver<bool>,
    alive: Arc<watch::Sender<()>>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            _ = close.wait_for(|close| *close) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (shared, close, alive) = (shared.clone(), close.clone(), alive.clone());
                tokio::spawn(async move {
                    serve(stream, shared, close).await;
                    drop((place, alive));
                });
            }
            // Mostly too many open files: it gets better when a connection ends.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Serves one connection until its end.
async fn serve(stream: TcpStream, shared: Arc<Shared>, mut close: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let _open = Counted::new(&shared, |counts| &counts.connections);
    let service = service_fn(|request| answer(shared.clone(), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // A client that breaks off, or the protocol, is no news for the app.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = close.wait_for(|close| *close) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Something that is counted as long as it lives.
struct Counted {
    shared: Arc<Shared>,
    which: fn(&Counts) -> &AtomicU64,
}

impl Counted {
    fn new(shared: &Arc<Shared>, which: fn(&Counts) -> &AtomicU64) -> Self {
        which(&shared.counts).fetch_add(1, Relaxed);
        Self { shared: shared.clone(), which }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.which)(&self.shared.counts).fetch_sub(1, Relaxed);
    }
}

type Answer = http::Response<AnswerBody>;

async fn answer(shared: Arc<Shared>, request: http::Request<Incoming>) -> std::result::Result<Answer, Infallible> {
    shared.counts.requests.fetch_add(1, Relaxed);
    let active = Counted::new(&shared, |counts| &counts.active);
    // Never closed.
    let turn = shared.turns.clone().acquire_owned().await.ok();
    let component = shared.component.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(request) = with_host(request) else { return Ok(plain(StatusCode::BAD_REQUEST, "no host")) };
    let request =
        request.map(|body| -> RequestBody { Box::pin(BodyStream::new(body).map_err(|error| error.to_string())) });
    match component.handle(request, (shared.furnish)()).await {
        Ok(response) => Ok(response.map(|body| AnswerBody::Component { body, shared, _under_way: (active, turn) })),
        Err(error) => {
            shared.fail(&error);
            Ok(match error {
                Error::Argument(_) => plain(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too large"),
                Error::Cancelled => plain(StatusCode::GATEWAY_TIMEOUT, "no answer in time"),
                _ => plain(StatusCode::INTERNAL_SERVER_ERROR, "the component failed"),
            })
        }
    }
}

/// The target as a whole URL, as components want it.
fn with_host(mut request: http::Request<Incoming>) -> Option<http::Request<Incoming>> {
    if request.uri().authority().is_none() {
        let host = request.headers().get(header::HOST)?.to_str().ok()?;
        let path = request.uri().path_and_query()?.clone();
        let uri = http::Uri::builder().scheme("http").authority(host).path_and_query(path).build();
        *request.uri_mut() = uri.ok()?;
    }
    Some(request)
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = http::Response::new(AnswerBody::Plain(Some(Bytes::from_static(text.as_bytes()))));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    answer
}

impl Shared {
    fn fail(&self, error: &Error) {
        self.counts.failed.fetch_add(1, Relaxed);
        (self.failed)(error);
    }
}

enum AnswerBody {
    Plain(Option<Bytes>),
    Component { body: ResponseBody, shared: Arc<Shared>, _under_way: (Counted, Option<OwnedSemaphorePermit>) },
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Plain(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Component { body, shared, .. } => {
                let polled = Pin::new(body).poll_frame(context);
                if let Poll::Ready(Some(Err(error))) = &polled {
                    shared.fail(error);
                }
                polled
            }
        }
    }
}
