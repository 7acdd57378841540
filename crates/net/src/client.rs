//! A sandbox's client: checks, waits its turn, sends, follows.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use hostbox_buffers::Store;
use hostbox_permissions::{CheckedUrl, NetPermissions, Reach, Refusal};
use http::{HeaderValue, Method, StatusCode, header};
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::decode::Encodings;
use crate::error::{Error, Result, out_of_reach, translate};
use crate::limits::{
    CONNECT_TIMEOUT, CONNECTION_WINDOW, HEAD_BYTES, HEADERS, NetLimits, OPEN, POOL_IDLE, POOL_PER_HOST, REDIRECTS,
    STREAM_WINDOW,
};
use crate::log::{Log, Record};
use crate::redirect::{follow, location};
use crate::request::{Body, Redirect, Request, form, own_headers};
use crate::resolve::Resolver;
use crate::response::{Response, ResponseBody};
use crate::tls;
use crate::upload::{Source, Upload};

/// What a client is made of.
pub struct Config {
    /// Where it may connect to.
    pub permissions: NetPermissions,
    /// How much of it.
    pub limits: NetLimits,
    /// The sandbox's buffers: bodies are collected there, and decoders take their memory from its account.
    pub store: Arc<Store>,
    /// Hears of every request.
    pub log: Option<Log>,
    /// Certificate authorities to trust beside the usual ones. The app's to say, never a guest's.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

impl Config {
    /// Nothing granted, default limits, no log.
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            permissions: NetPermissions::default(),
            limits: NetLimits::default(),
            store,
            log: None,
            extra_roots: Vec::new(),
        }
    }
}

/// The network of one sandbox. A clone is the same client.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) active: AtomicU64,
    parts: OnceLock<Parts>,
}

/// What exists from the first granted request on.
pub(crate) struct Parts {
    /// Requests until their head has come.
    working: Arc<Semaphore>,
    /// Bodies while their bytes come. Apart from the above: a request may wait for another's body, which is its own, but never the other way round.
    reading: Arc<Semaphore>,
    /// Responses until their end, and WebSockets.
    open: Arc<Semaphore>,
    /// One client a reach: a connection that was made for a grant with private addresses serves no other.
    http: [OnceLock<reqwest::Client>; 2],
    resolvers: [Resolver; 2],
    pub(crate) tls: OnceLock<Arc<rustls::ClientConfig>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("permissions", self.permissions()).finish_non_exhaustive()
    }
}

impl Client {
    /// A client; nothing is set up before its first granted request.
    pub fn new(config: Config) -> Self {
        Self { inner: Arc::new(Inner { config, active: AtomicU64::new(0), parts: OnceLock::new() }) }
    }

    /// What is granted.
    pub fn permissions(&self) -> &NetPermissions {
        &self.inner.config.permissions
    }

    /// Requests, bodies and WebSockets that have not ended.
    pub fn active(&self) -> u64 {
        self.inner.active.load(Relaxed)
    }

    /// Checks a URL without asking anybody. [`Client::fetch`] does it for every request and every redirect itself.
    ///
    /// # Errors
    /// What was asked and what is granted.
    pub fn check(&self, url: &Url, method: &Method) -> std::result::Result<CheckedUrl, Refusal> {
        self.inner.config.permissions.check(url, method.as_str())
    }

    /// Sends a request and waits for the head of the answer. Above `concurrentFetches` it waits its turn. Dropping the future ends the request.
    ///
    /// # Errors
    /// [`Error::Refused`] for a URL, a redirect or an address that is not granted; every other cause apart.
    pub async fn fetch(&self, request: Request) -> Result<Response> {
        let mut record = Record::new(&self.inner, &request.url, request.method.as_str());
        match Box::pin(self.inner.run(request, &mut record)).await {
            Ok(answer) => answer.finish(record),
            Err(error) => {
                record.failed(&error);
                Err(error)
            }
        }
    }

    /// Ends what waits; what is under way fails when it is next read. For the end of the sandbox.
    pub fn close(&self) {
        if let Some(parts) = self.inner.parts.get() {
            parts.working.close();
            parts.reading.close();
            parts.open.close();
        }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

/// A head that ends the redirects.
struct Answer {
    response: reqwest::Response,
    url: Url,
    redirected: bool,
    method: Method,
    is_raw: bool,
    open: OwnedSemaphorePermit,
}

impl Answer {
    fn finish(self, mut record: Record) -> Result<Response> {
        let Self { response, url, redirected, method, is_raw, open } = self;
        let status = response.status();
        record.answered(status);
        if status == StatusCode::SWITCHING_PROTOCOLS {
            let error = Error::protocol("it switches to a protocol that nobody asked for");
            record.failed(&error);
            return Err(error);
        }
        let is_null = method == Method::HEAD
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED);
        let reason = match response.extensions().get::<hyper::ext::ReasonPhrase>() {
            Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
            None if response.version() <= http::Version::HTTP_11 => {
                status.canonical_reason().unwrap_or_default().to_owned()
            }
            None => String::new(),
        };
        let headers = response.headers().clone();
        let encodings = match is_null || is_raw {
            true => Ok(Encodings::default()),
            false => Encodings::of(&headers),
        };
        let encodings = encodings.inspect_err(|error| record.failed(error))?;
        let body = ResponseBody::new(response, encodings, is_null, origin(&url), record, open);
        Ok(Response { status, reason, headers, url, redirected, body })
    }
}

pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

impl Inner {
    pub(crate) fn parts(&self) -> &Parts {
        self.parts.get_or_init(|| Parts {
            working: Arc::new(Semaphore::new(self.config.limits.concurrent_fetches as usize)),
            reading: Arc::new(Semaphore::new(self.config.limits.concurrent_fetches as usize)),
            open: Arc::new(Semaphore::new(OPEN.max(self.config.limits.concurrent_fetches) as usize)),
            http: [OnceLock::new(), OnceLock::new()],
            resolvers: [Resolver::new(Reach::Public), Resolver::new(Reach::Any)],
            tls: OnceLock::new(),
        })
    }

    /// One's turn among `concurrentFetches`.
    pub(crate) async fn work(self: &Arc<Self>) -> Result<OwnedSemaphorePermit> {
        self.parts().working.clone().acquire_owned().await.map_err(|_| Error::Closed)
    }

    /// The same for a body.
    pub(crate) async fn read(self: &Arc<Self>) -> Result<OwnedSemaphorePermit> {
        self.parts().reading.clone().acquire_owned().await.map_err(|_| Error::Closed)
    }

    /// A place among what is open.
    pub(crate) fn open(&self) -> Result<OwnedSemaphorePermit> {
        self.parts().open.clone().try_acquire_owned().map_err(|error| match error {
            tokio::sync::TryAcquireError::Closed => Error::Closed,
            tokio::sync::TryAcquireError::NoPermits => Error::Limit {
                reason: format!(
                    "there are {} responses and WebSockets that have not ended: read bodies to their end, or cancel them",
                    OPEN.max(self.config.limits.concurrent_fetches)
                ),
            },
        })
    }

    pub(crate) fn resolver(&self, reach: Reach) -> &Resolver {
        &self.parts().resolvers[index(reach)]
    }

    async fn run(self: &Arc<Self>, mut request: Request, record: &mut Record) -> Result<Answer> {
        let permissions = &self.config.permissions;
        let mut checked = permissions.check(&request.url, request.method.as_str())?;
        request.headers = own_headers(&request);
        let working = self.work().await?;
        let open = self.open()?;
        let mut redirects = 0;
        loop {
            let streamed = matches!(request.body, Body::Stream(..) | Body::Frames(..));
            let response = self.hop(&checked, &mut request, record).await?;
            let status = response.status();
            record.answered(status);
            let to = match request.redirect {
                Redirect::Manual => None,
                Redirect::Follow | Redirect::Error => location(&request.url, status, response.headers())?,
            };
            let Some(to) = to else {
                drop(working);
                return Ok(Answer {
                    response,
                    url: request.url,
                    redirected: redirects > 0,
                    method: request.method,
                    is_raw: request.is_raw,
                    open,
                });
            };
            if request.redirect == Redirect::Error {
                return Err(Error::Redirect { reason: "the request's redirect mode is 'error'" });
            }
            redirects += 1;
            if redirects > REDIRECTS {
                return Err(Error::TooManyRedirects { limit: REDIRECTS });
            }
            follow(&mut request, to, status, streamed)?;
            record.redirected(&request.url);
            checked = permissions.check(&request.url, request.method.as_str())?;
        }
    }

    /// One request on the wire, until its head has come.
    async fn hop(&self, checked: &CheckedUrl, request: &mut Request, record: &Record) -> Result<reqwest::Response> {
        let client = self.http(checked.reach())?;
        let mut outgoing = reqwest::Request::new(request.method.clone(), checked.url().clone());
        let mut headers = request.headers.clone();
        if !request.is_raw && !headers.contains_key(header::ACCEPT_ENCODING) {
            let ranged = headers.contains_key(header::RANGE);
            let value = if ranged { "identity" } else { "gzip, deflate, br, zstd" };
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        *outgoing.headers_mut() = headers;
        let source = match &mut request.body {
            Body::Empty => None,
            Body::Bytes(bytes) => Some(Source::Bytes(bytes.clone())),
            Body::Stream(..) | Body::Frames(..) => match std::mem::take(&mut request.body) {
                Body::Stream(stream, length) => Some(Source::Stream(Mutex::new(stream), length)),
                Body::Frames(frames, length) => Some(Source::Frames(Mutex::new(frames), length)),
                _ => None,
            },
            Body::Multipart(parts) => {
                let built = client.post(checked.url().clone()).multipart(form(parts)?).build();
                let mut built = built.map_err(|error| Error::Invalid { reason: error.to_string() })?;
                for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
                    if let Some(value) = built.headers_mut().remove(&name) {
                        outgoing.headers_mut().insert(name, value);
                    }
                }
                built.body_mut().take().map(Source::Form)
            }
        };
        if let Some(source) = source {
            *outgoing.body_mut() = Some(reqwest::Body::wrap(Upload::new(source, record.counts.clone())));
        }
        let sent = Box::pin(client.execute(outgoing));
        self.until_idle(sent, record).await?.map_err(|error| match out_of_reach(&error) {
            Some(found) => self.config.permissions.refusal_of_address(checked.url(), found.0).into(),
            None => translate(&error, &origin(checked.url()), "response"),
        })
    }

    /// Waits as long as something moves: an upload counts.
    async fn until_idle<T>(&self, work: impl Future<Output = T> + Unpin, record: &Record) -> Result<T> {
        let mut work = work;
        let idle = self.config.limits.idle;
        loop {
            let before = record.counts.sent.load(Relaxed);
            match tokio::time::timeout(idle, &mut work).await {
                Ok(done) => return Ok(done),
                Err(_) if record.counts.sent.load(Relaxed) != before => {}
                Err(_) => return Err(Error::Timeout { what: "the head of the response", after: idle }),
            }
        }
    }

    fn http(&self, reach: Reach) -> Result<&reqwest::Client> {
        let slot = &self.parts().http[index(reach)];
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let tls = tls::config(&self.config.extra_roots, &[b"h2", b"http/1.1"])?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(self.resolver(reach).clone())
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(Duration::from_secs(30))
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_PER_HOST)
            .http1_max_headers(HEADERS)
            .http2_max_header_list_size(HEAD_BYTES)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .build()
            .map_err(|error| Error::Invalid { reason: error.to_string() })?;
        Ok(slot.get_or_init(|| client))
    }
}

fn index(reach: Reach) -> usize {
    match reach {
        Reach::Public => 0,
        Reach::Any => 1,
    }
}
