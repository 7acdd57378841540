//! Components that answer HTTP: `wasi:http/incoming-handler` of WASI 0.2. Each request has an instance of its own, and both bodies stream.
//!
//! The component runs on threads that may block, until it returns, its deadline is over, or nobody wants the rest of its answer.

use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use hostbox_buffers::Cancel;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, StreamBody};
use tokio::sync::{Notify, Semaphore, SemaphorePermit, oneshot};
use wasmtime::component::InstancePre;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};

use super::instance::{InstanceOptions, failure, furnish};
use super::state::State;
use super::{Compiled, Component, link};
use crate::error::{Error, Result};
use crate::machine::{Machine, REQUESTS, Stack};
use crate::network::{FIELDS_BYTES, fields_size, http_of};
use crate::wasi::{Runner, on_thread, stopped, threads};

/// Pieces of a request's body, asked for one by one as the component reads them, and its trailers. An error says why there is no more.
pub type RequestBody = Pin<Box<dyn Stream<Item = std::result::Result<Frame<Bytes>, String>> + Send>>;

/// A request for a component.
pub type Request = http::Request<RequestBody>;

type Head = std::result::Result<http::Response<WasiBody>, ErrorCode>;

/// What a component answers, piece by piece: it waits where nobody asks for the next one. Dropped before its end, it ends the instance.
pub struct ResponseBody {
    body: WasiBody,
    exchange: Arc<Exchange>,
    is_over: bool,
}

/// One request, between the one who waits and the thread that runs the component.
struct Exchange {
    stop: Cancel,
    failure: Mutex<Option<Error>>,
}

impl std::fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseBody").field("is_over", &self.is_over).finish_non_exhaustive()
    }
}

impl Exchange {
    fn fail(&self, error: Error) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// Why it ended before its time, where it did.
    fn failed(&self) -> Option<Error> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        failure.or_else(|| self.stop.is_cancelled().then_some(Error::Cancelled))
    }
}

/// What is linked to answer HTTP.
pub(super) struct Handler {
    linked: ProxyPre<State>,
    /// The same component on a machine with a pool, made with the first request.
    pooled: OnceLock<Option<Component>>,
}

impl Handler {
    /// None where the component does not answer HTTP.
    pub(super) fn new(linked: &InstancePre<State>) -> Option<Self> {
        Some(Self { linked: ProxyPre::new(linked.clone()).ok()?, pooled: OnceLock::new() })
    }
}

/// Places in the pools.
static PLACES: Semaphore = Semaphore::const_new(REQUESTS);

/// How long a thread waits for who reads or writes a body before it goes back to its own.
const PATIENCE: Duration = Duration::from_micros(200);

/// Ends the instance where nobody waits for its answer any more.
struct Waiting(Option<Arc<Exchange>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(exchange) = &self.0 {
            exchange.stop.cancel();
        }
    }
}

impl Component {
    /// Where it answers HTTP.
    pub(super) fn handler(&self) -> Result<&Handler> {
        self.0.handler.as_ref().ok_or_else(|| {
            let exports = self.exports().join(", ");
            Error::Link(format!(
                "it does not answer HTTP: it exports '{exports}', and no wasi:http/incoming-handler of WASI 0.2"
            ))
        })
    }

    /// The component for one more request. Where it has to be made first, that is done on a thread that may block.
    async fn for_requests(&self, stack: Option<usize>) -> Result<(Component, Option<SemaphorePermit<'static>>)> {
        if let Some(component) = self.known_for(stack)
            && (component.0.stack != Stack::default() || component.handler()?.pooled.get().is_some())
        {
            return component.for_request();
        }
        let component = self.clone();
        on_thread(move || component.for_instance(stack)?.for_request()).await
    }

    /// The component for one more request: from a pool while there are places.
    fn for_request(&self) -> Result<(Component, Option<SemaphorePermit<'static>>)> {
        let handler = self.handler()?;
        // A pool for each size of stack would take more address space than there is.
        if self.0.stack != Stack::default() {
            return Ok((self.clone(), None));
        }
        let Ok(place) = PLACES.try_acquire() else { return Ok((self.clone(), None)) };
        match handler.pooled.get_or_init(|| self.pooled()) {
            Some(pooled) => Ok((pooled.clone(), Some(place))),
            None => Ok((self.clone(), None)),
        }
    }

    /// None where there is no pool, or the component is too large for it.
    fn pooled(&self) -> Option<Component> {
        let Compiled { content, linked, machine, stack, options, face, source, .. } = &*self.0;
        let machine = machine.pooled()?;
        let code = linked.component().serialize().ok()?;
        // SAFETY: written just now by a machine that differs in nothing but where instances have their memory, on which code does not depend.
        let code = unsafe { wasmtime::component::Component::deserialize(&machine.engine, code) }.ok()?;
        link(*content, &code, (machine, *stack), *options, face.clone(), source.clone()).ok()
    }

    /// Has it answer a request, in an instance made for it. Ready with the head of the answer; dropped before, it ends the instance.
    ///
    /// # Errors
    /// [`Error::Link`] where it does not export `wasi:http/incoming-handler` of WASI 0.2, [`Error::Argument`] for a request without a host or with
    /// too large a head, [`Error::Answer`] where it answers with an error; those of [`Component::instantiate`].
    pub async fn handle(&self, request: Request, options: InstanceOptions) -> Result<http::Response<ResponseBody>> {
        let (component, place) = self.for_requests(options.limits.stack_bytes).await?;
        let size = fields_size(request.headers());
        if size > FIELDS_BYTES {
            return Err(Error::Argument(format!(
                "the request's head has {size} bytes, and {FIELDS_BYTES} are the most that a component gets"
            )));
        }
        let exchange = Arc::new(Exchange { stop: options.cancel.child(), failure: Mutex::default() });
        let mut waiting = Waiting(Some(exchange.clone()));
        let options = InstanceOptions { cancel: exchange.stop.clone(), ..options };
        let (sender, head) = oneshot::channel();
        let (machine, places) = (component.0.machine, options.runner.clone());
        let work = Box::pin(run(component, place, request, options, sender, exchange.clone()));
        let noted = exchange.clone();
        let driver = threads()?.spawn(async move {
            if let Err(error) = on_threads(machine, places, work, pin!(stopped(&noted.stop))).await {
                noted.fail(error);
            }
        });
        let response = match head.await {
            Ok(Ok(response)) => response,
            Ok(Err(code)) => return Err(Error::Answer(format!("{code:?}"))),
            Err(_) => {
                // It is over, or will be: nobody can answer any more.
                let _ = driver.await;
                return Err(exchange.failed().unwrap_or_else(|| Error::Answer("none, it returned without one".into())));
            }
        };
        waiting.0 = None;
        Ok(response.map(|body| ResponseBody { body, exchange, is_over: false }))
    }
}

/// The life of one instance.
async fn run(
    component: Component,
    _place: Option<SemaphorePermit<'static>>,
    request: Request,
    options: InstanceOptions,
    sender: oneshot::Sender<Head>,
    exchange: Arc<Exchange>,
) {
    let mut store = match furnish(&component, options, false) {
        Ok(furnished) => furnished,
        Err(error) => return exchange.fail(error),
    };
    let answered = async {
        let proxy = component.handler()?.linked.instantiate_async(&mut store).await?;
        let mut http = http_of(store.data_mut());
        let is_secure = request.uri().scheme() == Some(&http::uri::Scheme::HTTPS);
        let body = |body: RequestBody| {
            let failed = |reason| wasmtime_wasi_http::Error::InternalError(Some(reason));
            StreamBody::new(body.map_err(failed)).boxed_unsync()
        };
        let scheme = if is_secure { Scheme::Https } else { Scheme::Http };
        let request: WasiRequest = request.map(body);
        let request = http.new_incoming_request(scheme, request).map_err(|error| Error::Argument(error.to_string()))?;
        let answer = http.new_response_outparam(sender)?;
        proxy.wasi_http_incoming_handler().call_handle(&mut store, request, answer).await
    };
    if let Err(error) = answered.await {
        let error = failure(&error, &mut store);
        // Before the store is dropped, and with it what the answer's body waits for.
        exchange.fail(error);
    }
}

type WasiRequest = http::Request<WasiBody>;

impl ResponseBody {
    /// The next bytes, or none at the end. Trailers are left out: they come as frames of this [`Body`].
    ///
    /// # Errors
    /// Why the component did not come to the end: [`Error::Trap`], [`Error::Cancelled`] and its like, [`Error::Answer`] where it gave up its body.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        while let Some(frame) = self.frame().await.transpose()? {
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        match ready!(Pin::new(&mut this.body).poll_frame(context)) {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(frame))),
            Some(Err(error)) => {
                this.is_over = true;
                let why = this.exchange.failed();
                Poll::Ready(Some(Err(why.unwrap_or_else(|| Error::Answer(format!("in its body: {error}"))))))
            }
            None => {
                this.is_over = true;
                Poll::Ready(this.exchange.failed().map(Err))
            }
        }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        // What it does behind its answer's end it may do until its deadline.
        if !self.is_over {
            self.exchange.stop.cancel();
        }
    }
}

/// Polls work on threads that may block. One that waits keeps its thread for a moment, since bodies come and go in many small steps.
async fn on_threads(
    machine: &'static Machine,
    places: Option<Runner>,
    mut work: Pin<Box<dyn Future<Output = ()> + Send>>,
    mut stopped: Pin<&mut impl Future<Output = ()>>,
) -> Result<()> {
    let alarm = Arc::new(Alarm::default());
    loop {
        let own = alarm.clone();
        let place = match &places {
            Some(places) => tokio::select! {
                biased;
                place = places.place() => Some(place),
                () = &mut stopped => return Err(Error::Cancelled),
            },
            None => None,
        };
        let polled = threads()?.spawn_blocking(move || {
            let _place = place;
            let waker = Waker::from(own.clone());
            let _running = machine.running();
            loop {
                own.arm();
                if work.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                    return None;
                }
                if !own.wait() {
                    return Some(work);
                }
            }
        });
        match polled.await.map_err(|panic| Error::Unavailable(panic.to_string()))? {
            None => return Ok(()),
            Some(waiting) => work = waiting,
        }
        tokio::select! {
            biased;
            () = alarm.later.notified() => {}
            () = &mut stopped => return Err(Error::Cancelled),
        }
    }
}

/// Wakes the thread that waits, or who waits for it to be needed again.
#[derive(Default)]
struct Alarm {
    state: Mutex<Waits>,
    now: Condvar,
    later: Notify,
}

#[derive(Default)]
struct Waits {
    has_thread: bool,
    is_woken: bool,
}

impl Alarm {
    fn state(&self) -> std::sync::MutexGuard<'_, Waits> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arm(&self) {
        *self.state() = Waits { has_thread: true, is_woken: false };
    }

    /// Whether it was woken; otherwise the thread is gone.
    fn wait(&self) -> bool {
        let waited = self.now.wait_timeout_while(self.state(), PATIENCE, |state| !state.is_woken);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.has_thread = state.is_woken;
        state.is_woken
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        let mut state = self.state();
        state.is_woken = true;
        if state.has_thread {
            self.now.notify_one();
        } else {
            self.later.notify_one();
        }
    }
}
