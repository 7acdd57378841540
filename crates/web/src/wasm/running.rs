//! Calls under way: each is taken so far as it gets by itself, and waits where the component asks for a function of the guest.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use hostbox_buffers::Cancel;
use hostbox_wasm::component::{HostAnswer, HostCall, HostError, HostFunctions, HostResult, Instance, READ};
use hostbox_wasm::{Error, Result, Runner};
use tokio::sync::{Mutex as Turns, OwnedMutexGuard, mpsc, oneshot};

use super::beside::{Beside, Call, Wanted};

/// What a component asks of the guest.
pub(super) struct Ask {
    pub(super) function: u32,
    pub(super) at: u32,
    pub(super) reply: u32,
    pub(super) args: Vec<u8>,
    pub(super) answer: oneshot::Sender<HostResult>,
}

/// How far a call has come.
pub(super) enum Step {
    Done(Vec<u8>),
    Asking {
        function: u32,
        at: u32,
        reply: u32,
        args: Vec<u8>,
        /// Of an instance that works on several calls: the number by which the call goes on, and that of the answer.
        beside: Option<(u32, u32)>,
    },
}

pub(super) type Work = Pin<Box<dyn Future<Output = Result<Vec<u8>>> + Send>>;

/// A call that has begun. Dropped, it ends, and the instance with it.
struct Session {
    work: Work,
    asks: mpsc::UnboundedReceiver<Ask>,
    /// Where the component waits for the guest.
    answer: Option<oneshot::Sender<HostResult>>,
    deadline: Instant,
    _turn: OwnedMutexGuard<()>,
}

/// What a guest's handle of an instance holds.
pub(super) struct Running {
    pub(super) instance: OnceLock<Instance>,
    pub(super) timeout: Duration,
    runner: Runner,
    pub(super) cancel: Cancel,
    /// Calls come one after the other.
    turns: Arc<Turns<()>>,
    /// Where the running call's questions go.
    asks: Arc<Mutex<Option<mpsc::UnboundedSender<Ask>>>>,
    /// The call that waits for the guest.
    waiting: Mutex<Option<Session>>,
    /// The calls of an instance that works on several at once.
    beside: OnceLock<Beside>,
}

pub(super) fn lock<T>(slot: &Mutex<T>) -> MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Running {
    pub(super) fn new(timeout: Duration, runner: Runner) -> Self {
        let (instance, cancel) = (OnceLock::new(), Cancel::new());
        Self {
            instance,
            timeout,
            runner,
            cancel,
            turns: Arc::default(),
            asks: Arc::default(),
            waiting: Mutex::default(),
            beside: OnceLock::new(),
        }
    }

    /// The instance runs.
    pub(super) fn started(&self, instance: Instance) {
        if instance.is_concurrent() {
            let (sender, asks) = mpsc::unbounded_channel();
            *lock(&self.asks) = Some(sender);
            let _ = self.beside.set(Beside::new(asks));
        }
        let _ = self.instance.set(instance);
        if self.cancel.is_cancelled() {
            self.close();
        }
    }

    /// The calls that are under way beside each other; none where they come one after the other.
    pub(super) fn beside(&self) -> Option<&Beside> {
        self.beside.get()
    }

    /// Begins a call beside others, or a read of a stream, or goes on with one.
    pub(super) async fn step_beside(&self, wanted: Wanted) -> Result<Step> {
        let (Some(beside), Some(instance)) = (self.beside.get(), self.instance.get()) else {
            return Err(Error::Argument("this instance works on one call at a time".into()));
        };
        match wanted {
            Wanted::Rest(number) => beside.resume(number).await,
            Wanted::Call { function, message } => {
                let deadline = (function != READ).then(|| Instant::now() + self.timeout);
                let work = Box::pin(instance.call_concurrent(function, message)?);
                beside.advance(Call { work, deadline }).await
            }
        }
    }

    /// The guest's functions, as the instance knows them.
    pub(super) fn host(&self, caller: Box<dyn Caller>) -> Arc<dyn HostFunctions> {
        Arc::new(Guest { asks: self.asks.clone(), caller, here: Mutex::default() })
    }

    /// Begins a call when those before it are over, and takes it as far as it gets.
    pub(super) async fn begin(self: Arc<Self>, start: impl FnOnce(Arc<Self>, Cancel) -> Work + Send) -> Result<Step> {
        let deadline = Instant::now() + self.timeout;
        let turn = match tokio::time::timeout_at(self.next_turn(deadline).into(), self.turns.clone().lock_owned()).await
        {
            Ok(turn) => turn,
            Err(_) => {
                // Whoever began that call does not come back to it.
                drop(lock(&self.waiting).take());
                self.turns.clone().lock_owned().await
            }
        };
        let (sender, asks) = mpsc::unbounded_channel();
        *lock(&self.asks) = Some(sender);
        let work = start(self.clone(), self.cancel.until(deadline));
        self.advance(Session { work, asks, answer: None, deadline, _turn: turn }).await
    }

    /// Calls a function on this thread, with nothing before it.
    pub(super) fn call_now(&self, function: u32, message: &[u8]) -> Result<Vec<u8>> {
        let _turn = self.turns.try_lock().map_err(|_| Error::Busy)?;
        let instance = self.instance.get().ok_or_else(|| Error::Gone("it was not started".into()))?;
        let cancel = self.cancel.until(Instant::now() + self.timeout);
        instance.call(function, message, &cancel, |answer| answer.into_owned())
    }

    /// When the call that waits for the guest has to be over, or this one.
    fn next_turn(&self, deadline: Instant) -> Instant {
        lock(&self.waiting).as_ref().map_or(deadline, |session| session.deadline.min(deadline))
    }

    /// Goes on with the call that waits for the guest.
    pub(super) async fn resume(self: Arc<Self>, answer: Option<Vec<u8>>) -> Result<Step> {
        let Some(mut session) = lock(&self.waiting).take() else {
            return Err(Error::Argument("no call of this instance waits for an answer".into()));
        };
        let answer = answer.ok_or_else(|| failed("a function of the guest threw"));
        if let Some(waiting) = session.answer.take() {
            // Nobody listens where the call ended meanwhile.
            let _ = waiting.send(answer);
        }
        self.advance(session).await
    }

    async fn advance(&self, mut session: Session) -> Result<Step> {
        let deadline = session.deadline;
        let next = async {
            // Held while it runs, and not while it waits for the guest.
            let _place = self.runner.place().await;
            tokio::select! {
                biased;
                Some(ask) = session.asks.recv() => Ok(Ok(ask)),
                done = &mut session.work => done.map(Err),
            }
        };
        let next = tokio::time::timeout_at(deadline.into(), next).await;
        match next.unwrap_or(Err(Error::Cancelled))? {
            Err(answer) => Ok(Step::Done(answer)),
            Ok(Ask { function, at, reply, args, answer }) => {
                session.answer = Some(answer);
                *lock(&self.waiting) = Some(session);
                Ok(Step::Asking { function, at, reply, args, beside: None })
            }
        }
    }

    pub(super) fn close(&self) {
        self.cancel.cancel();
        drop(lock(&self.waiting).take());
        if let Some(instance) = self.instance.get() {
            instance.close();
        }
        if let Some(beside) = self.beside.get() {
            beside.close();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.close();
    }
}

pub(super) fn failed(message: &str) -> HostError {
    HostError { message: message.into(), code: None, token: 0 }
}

/// The call of the guest's that a synchronous call is made in.
pub(super) trait Caller: Send + Sync {
    /// Whether this thread is in one.
    fn is_here(&self) -> bool;

    /// Whether it has to end.
    fn is_over(&self) -> bool;

    /// Has the guest answer what a component asks: the function, and the addresses of its parameters and of the answer. Nothing where the guest threw,
    /// which it keeps to itself.
    fn answer(&self, numbers: [u32; 3], args: Vec<u8>) -> Option<Vec<u8>>;
}

struct Guest {
    asks: Arc<Mutex<Option<mpsc::UnboundedSender<Ask>>>>,
    caller: Box<dyn Caller>,
    /// What a synchronous call asks, for its own thread to answer.
    here: Mutex<Option<Ask>>,
}

impl HostFunctions for Guest {
    fn has(&self, _: u32) -> bool {
        // `guest:witimports` has looked for each of them.
        true
    }

    fn call(&self, call: HostCall<'_>) -> HostAnswer {
        let HostCall { function, at, reply, args, .. } = call;
        let (sender, receiver) = oneshot::channel();
        let ask = Ask { function, at, reply, args: args.into_owned(), answer: sender };
        if self.caller.is_here() {
            *lock(&self.here) = Some(ask);
        } else {
            let sent = lock(&self.asks).as_ref().map(|asks| asks.send(ask));
            if !matches!(sent, Some(Ok(()))) {
                return HostAnswer::Ready(Err(failed("nobody waits for this call")));
            }
        }
        HostAnswer::Later(Box::pin(async move { receiver.await.unwrap_or_else(|_| Err(failed("the guest is gone"))) }))
    }

    fn attend(&self) {
        let ask = lock(&self.here).take();
        if let Some(Ask { function, at, reply, args, answer }) = ask {
            let answered = self.caller.answer([function, at, reply], args);
            // Nobody waits any more where the call was ended meanwhile.
            let _ = answer.send(answered.ok_or_else(|| failed("a function of the guest threw")));
        }
    }

    fn is_over(&self) -> bool {
        self.caller.is_over()
    }
}
