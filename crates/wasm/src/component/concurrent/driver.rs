//! Keeps an instance going: calls, and what runs on after them.
//!
//! One task an instance has its store. It is polled on threads that may block, and holds none while everybody in it waits.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use hostbox_buffers::Cancel;
use tokio::sync::{mpsc, oneshot};
use wasmtime::component::{Accessor, AccessorTask, Instance, TypedFunc, TypedFuncCallConcurrent};
use wasmtime::{AsContextMut, Store};

use super::elements::answer_head;
use super::values::Answer;
use super::{CANCEL, Ends, READ};
use crate::component::direct::{Args, Lifted};
use crate::component::instance::{Woken, failure};
use crate::component::state::State;
use crate::component::{Compiled, Component};
use crate::error::{Error, Result};
use crate::wasi::{Runner, threads};

/// An instance that works on several calls. Dropped, it ends the instance.
pub(in crate::component) struct Driver {
    jobs: mpsc::UnboundedSender<Job>,
    inner: Arc<Inner>,
}

struct Inner {
    ends: Arc<Ends>,
    /// Why there is no instance any more.
    gone: OnceLock<Error>,
    closed: Cancel,
    woken: Arc<Woken>,
}

/// A call of a function by its number.
struct Job {
    function: u32,
    message: Vec<u8>,
    answer: oneshot::Sender<Vec<u8>>,
}

/// How long code runs without a break, whoever called it.
#[derive(Debug)]
pub(in crate::component) struct Turn {
    began: Instant,
    limit: Option<Duration>,
    /// Milliseconds after the beginning at which the turn that runs is to end; 0 where none runs.
    end: AtomicU64,
}

impl Turn {
    pub(in crate::component) fn new(limit: Option<Duration>) -> Turn {
        Turn { began: Instant::now(), limit, end: AtomicU64::new(0) }
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    fn begin(&self) {
        let limit = self.limit.map_or(0, |limit| self.now().saturating_add(limit.as_millis() as u64).max(1));
        self.end.store(limit, Relaxed);
    }

    /// Why a turn is to end now.
    pub(in crate::component) fn is_too_long(&self) -> Option<Error> {
        let end = self.end.load(Relaxed);
        let limit = self.limit.filter(|_| end != 0 && self.now() >= end)?;
        Some(Error::Gone(format!("it ran for more than {} ms without a break", limit.as_millis())))
    }
}

impl Driver {
    pub(in crate::component) fn start(
        component: Component,
        store: Store<State>,
        instance: Instance,
        fuel: Arc<AtomicU64>,
        runner: Option<Runner>,
    ) -> Result<Driver> {
        let (jobs, received) = mpsc::unbounded_channel();
        let state = store.data();
        let (ends, closed, turn) = (state.ends.clone(), state.closed.clone(), state.turn.clone());
        let inner = Arc::new(Inner { ends, gone: OnceLock::new(), closed, woken: Arc::default() });
        let machine = component.0.machine;
        let work = Box::pin(work(component, store, instance, fuel, received, inner.clone()));
        let driven = inner.clone();
        threads()?.spawn(async move {
            if let Err(error) = driven.clone().drive(work, machine, (turn, runner)).await {
                driven.over(error);
            }
        });
        Ok(Driver { jobs, inner })
    }

    /// Begins a call, or a read of a stream; what comes of it. A call that is dropped before it is ready ends the instance, whose code cannot be stopped
    /// in part.
    pub(in crate::component) fn call(
        &self,
        function: u32,
        message: Vec<u8>,
    ) -> Result<impl Future<Output = Result<Vec<u8>>> + Send + use<>> {
        if let Some(why) = self.inner.gone.get() {
            return Err(Error::Gone(why.to_string()));
        }
        let (answer, receiver) = match function {
            READ => {
                let most = slot(&message, 1)?;
                (None, self.inner.ends.read(slot(&message, 0)? as u32, usize::try_from(most).unwrap_or(usize::MAX)))
            }
            CANCEL => {
                self.inner.ends.cancel(slot(&message, 0)? as u32);
                let (sender, receiver) = oneshot::channel();
                drop(sender.send(Vec::new()));
                (None, receiver)
            }
            _ => {
                let (sender, receiver) = oneshot::channel();
                (Some(sender), receiver)
            }
        };
        let guard = EndOnDrop(answer.is_some().then(|| self.inner.clone()));
        if let Some(answer) = answer {
            // Where nobody receives it, the instance is gone, and the answer's sender with it.
            drop(self.jobs.send(Job { function, message, answer }));
        }
        let inner = self.inner.clone();
        Ok(async move {
            let answer = receiver.await;
            guard.disarm();
            answer.map_err(|_| inner.gone.get().cloned().unwrap_or(Error::Cancelled))
        })
    }

    /// Ends the instance.
    pub(in crate::component) fn close(&self) {
        self.inner.end(Error::Cancelled);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.close();
    }
}

/// A number in a slot of a message.
fn slot(message: &[u8], index: usize) -> Result<u64> {
    let bytes = message.get(8 * index..).and_then(|rest| rest.first_chunk::<8>());
    bytes
        .map(|bytes| u64::from_le_bytes(*bytes))
        .ok_or_else(|| Error::Argument("Expected the number of a stream".into()))
}

/// Ends an instance whose call is given up, unless that has been answered.
struct EndOnDrop(Option<Arc<Inner>>);

impl EndOnDrop {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        if let Some(inner) = &self.0 {
            inner.end(Error::Gone("one of its calls was given up".into()));
        }
    }
}

impl Inner {
    /// Has the task end the instance, and what runs in it.
    fn end(&self, why: Error) {
        let _ = self.gone.set(why);
        self.closed.cancel();
        self.woken.0.notify_one();
    }

    /// The instance is gone: whoever waits for it hears of that when its store is.
    fn over(&self, why: Error) {
        let _ = self.gone.set(why);
        self.ends.clear();
    }

    async fn drive(
        self: Arc<Self>,
        mut work: Pin<Box<dyn Future<Output = ()> + Send>>,
        machine: &'static crate::machine::Machine,
        (turn, runner): (Arc<Turn>, Option<Runner>),
    ) -> Result<()> {
        loop {
            let place = match &runner {
                Some(runner) => Some(runner.place().await),
                None => None,
            };
            let (waker, turn) = (Waker::from(self.woken.clone()), turn.clone());
            let polled = threads()?.spawn_blocking(move || {
                let _running = machine.running();
                turn.begin();
                let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
                (work, polled.is_ready())
            });
            let (waiting, is_over) = polled.await.map_err(|panic| Error::Unavailable(panic.to_string()))?;
            if is_over {
                return Ok(());
            }
            work = waiting;
            drop(place);
            self.woken.0.notified().await;
            if self.closed.is_cancelled() {
                self.over(Error::Cancelled);
                // Stacks of the component are unwound by the way.
                drop(threads()?.spawn_blocking(move || drop(work)));
                return Ok(());
            }
        }
    }
}

/// All that happens in one instance.
async fn work(
    component: Component,
    mut store: Store<State>,
    instance: Instance,
    fuel: Arc<AtomicU64>,
    mut received: mpsc::UnboundedReceiver<Job>,
    inner: Arc<Inner>,
) {
    let functions = component.0.face.direct.iter().take_while(|function| function.is_some()).count();
    let why = loop {
        let ended = store
            .run_concurrent(async |accessor| {
                while let Some(job) = received.recv().await {
                    if job.function as usize >= functions {
                        return Ok(Some(job));
                    }
                    begin(accessor, &component.0, instance, &fuel, job)?;
                }
                Ok(None)
            })
            .await;
        let ended = match ended.and_then(|ended: wasmtime::Result<Option<Job>>| ended) {
            Ok(None) => break Error::Cancelled,
            // A destructor has the whole instance, as other functions that are not async.
            Ok(Some(job)) => give_up(&mut store, job).await,
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            break failure(&error, &mut store);
        }
    };
    inner.over(why);
    drop(store);
}

/// Ends a resource of the component; nothing where its number is nobody's.
async fn give_up(store: &mut Store<State>, job: Job) -> wasmtime::Result<()> {
    let number = slot(&job.message, 0)? as u32;
    let resource = store.data().handles.take(number);
    if let Some(resource) = resource {
        resource.resource_drop_async(store).await?;
    }
    // Who has given the call up has ended the instance.
    drop(job.answer.send(answer_head()));
    Ok(())
}

macro_rules! by_count {
    ($count:expr, $call:tt, $($known:literal)*) => {
        match $count {
            $($known => start::<$known> $call,)*
            _ => Err(wasmtime::Error::msg("more flat values than there are")),
        }
    };
}

/// Starts a call, after those that came before.
fn begin(
    accessor: &Accessor<State>,
    compiled: &Compiled,
    instance: Instance,
    fuel: &Arc<AtomicU64>,
    job: Job,
) -> wasmtime::Result<()> {
    let index = job.function as usize;
    let known = compiled.direct.get(index).zip(compiled.face.direct.get(index));
    let Some((Some(export), Some(direct))) = known else {
        return Err(wasmtime::Error::msg("a function that there is not"));
    };
    let fuel = compiled.options.fuel.then(|| fuel.clone());
    by_count!(direct.results, (accessor, instance, export, fuel, job), 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17)
}

fn start<const RESULTS: usize>(
    accessor: &Accessor<State>,
    instance: Instance,
    export: &wasmtime::component::ComponentExportIndex,
    fuel: Option<Arc<AtomicU64>>,
    job: Job,
) -> wasmtime::Result<()> {
    let (call, function) = accessor.with(|mut access| -> wasmtime::Result<_> {
        let function = instance.get_func(&mut access, export).ok_or_else(|| wasmtime::Error::msg("no function"))?;
        // SAFETY: `Args` and `Answer` take the type of the function as it is. It reads as many flat values as it has parameters of those that `Args`
        // has, which are all that there may be; how many flat results it has is known from the same types, by `World::direct`.
        let function: TypedFunc<Args<'static>, Answer<RESULTS>> = unsafe { TypedFunc::new_unchecked(function) };
        let args = Args { message: job.message.into(), giver: Cow::Owned(access.data_mut().giver()) };
        Ok((function.start_call_concurrent(&mut access, args)?, function))
    })?;
    accessor.spawn(Called { call, function, fuel, answer: job.answer })?;
    Ok(())
}

/// A call that has begun.
struct Called<const RESULTS: usize> {
    call: TypedFuncCallConcurrent<State, Args<'static>, Answer<RESULTS>>,
    function: TypedFunc<Args<'static>, Answer<RESULTS>>,
    fuel: Option<Arc<AtomicU64>>,
    answer: oneshot::Sender<Vec<u8>>,
}

impl<const RESULTS: usize> AccessorTask<State> for Called<RESULTS> {
    async fn run(self, accessor: &Accessor<State>) -> wasmtime::Result<()> {
        let Answer(lifted) = self.function.finish_call_concurrent(accessor, self.call).await?;
        let message = accessor.with(|mut access| finish(access.as_context_mut(), lifted, self.fuel))?;
        // Who has given the call up has ended the instance.
        drop(self.answer.send(message));
        Ok(())
    }
}

fn finish(
    mut store: wasmtime::StoreContextMut<'_, State>,
    Lifted { mut message, references }: Lifted,
    fuel: Option<Arc<AtomicU64>>,
) -> wasmtime::Result<Vec<u8>> {
    let numbered = store.data().ends.clone();
    numbered.number(&mut store, &mut message, references)?;
    if let Some(fuel) = fuel {
        fuel.store(store.get_fuel().unwrap_or_default(), Relaxed);
    }
    if !store.data_mut().pay(message.len()) {
        let bytes = message.len();
        let message = format!("memoryBytes: an answer of {bytes} bytes does not fit into this sandbox's memory");
        return Err(Error::Memory(message).into());
    }
    Ok(message)
}
