//! One request that a component answers for a guest: what it asks of the guest meanwhile, and the body of its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use hostbox_buffers::Cancel;
use hostbox_engine::OpError;
use hostbox_wasm::Error;
use hostbox_wasm::component::{HostAnswer, HostCall, HostError, HostFunctions, HostResult, ResponseBody};
use tokio::sync::{Mutex as Turn, mpsc, oneshot};

use crate::streams::native::{ByteSource, Pending};
use crate::wasm::ops::error;

/// Calls of the guest that wait for it at once; a component that has no async functions makes one.
const WAITING: usize = 64;

/// A call of the guest.
pub(super) struct Ask {
    pub(super) function: u32,
    pub(super) at: u32,
    pub(super) reply: u32,
    pub(super) args: Vec<u8>,
    answer: oneshot::Sender<HostResult>,
}

/// One request and its answer.
pub(super) struct Exchange {
    /// Ends the instance.
    pub(super) cancel: Cancel,
    asks: Turn<mpsc::Receiver<Ask>>,
    /// Where the instance's questions go, until there is one.
    sender: Mutex<Option<mpsc::Sender<Ask>>>,
    /// Where the component waits for the guest.
    waiting: Mutex<Option<oneshot::Sender<HostResult>>>,
}

fn failed(message: &str) -> HostError {
    HostError { message: message.into(), code: None, token: 0 }
}

impl Exchange {
    pub(super) fn new() -> Self {
        let (sender, asks) = mpsc::channel(WAITING);
        Self {
            cancel: Cancel::new(),
            asks: Turn::new(asks),
            sender: Mutex::new(Some(sender)),
            waiting: Mutex::default(),
        }
    }

    /// The guest's functions, for the one instance.
    pub(super) fn host(&self) -> Option<Arc<dyn HostFunctions>> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Arc::new(Guest(sender)))
    }

    /// Ends the instance, or what would be one.
    pub(super) fn give_up(&self) {
        self.cancel.cancel();
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// What the component asks next; none when the instance is gone. Dropped before, it ends the instance.
    pub(super) async fn next(&self) -> Option<Ask> {
        let mut stop = StopOnDrop(Some(&self.cancel));
        let ask = self.asks.lock().await.recv().await;
        stop.0 = None;
        ask
    }

    /// Has an answer be for this call.
    pub(super) fn wait_for(&self, answer: oneshot::Sender<HostResult>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    /// Answers the call; without an answer it fails, and the component with it.
    pub(super) fn reply(&self, answer: Option<Vec<u8>>) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
            // Nobody listens where the component ended meanwhile.
            let _ = waiting.send(answer.ok_or_else(|| failed("a function of the guest threw")));
        }
    }
}

impl Ask {
    pub(super) fn take_answer(self) -> ([u32; 3], Vec<u8>, oneshot::Sender<HostResult>) {
        ([self.function, self.at, self.reply], self.args, self.answer)
    }
}

struct StopOnDrop<'a>(Option<&'a Cancel>);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(cancel) = self.0 {
            cancel.cancel();
        }
    }
}

struct Guest(mpsc::Sender<Ask>);

impl HostFunctions for Guest {
    fn has(&self, _: u32) -> bool {
        // `guest:witimports` has looked for each of them.
        true
    }

    fn call(&self, call: HostCall<'_>) -> HostAnswer {
        let HostCall { function, at, reply, args, .. } = call;
        let (sender, receiver) = oneshot::channel();
        let ask = Ask { function, at, reply, args: args.into_owned(), answer: sender };
        if self.0.try_send(ask).is_err() {
            return HostAnswer::Ready(Err(failed("too many calls of the guest wait, or it is gone")));
        }
        HostAnswer::Later(Box::pin(async move { receiver.await.unwrap_or_else(|_| Err(failed("the guest is gone"))) }))
    }
}

/// The body of an answer.
pub(super) struct AnswerBody {
    state: Turn<State>,
    cancel: Cancel,
    deadline: Instant,
}

enum State {
    /// What more came than was asked for, and what comes.
    Open(Bytes, Box<ResponseBody>),
    Ended,
    Failed(OpError),
}

impl AnswerBody {
    pub(super) fn new(body: ResponseBody, cancel: Cancel, deadline: Instant) -> Arc<Self> {
        Arc::new(Self { state: Turn::new(State::Open(Bytes::new(), Box::new(body))), cancel, deadline })
    }

    async fn next(&self, most: usize) -> Result<Option<Bytes>, OpError> {
        let mut state = self.state.lock().await;
        let (rest, body) = match &mut *state {
            State::Open(rest, body) => (rest, body),
            State::Ended => return Ok(None),
            State::Failed(error) => return Err(error.clone()),
        };
        if rest.is_empty() {
            // Dropped while it waits, it has taken nothing.
            let chunk = tokio::time::timeout_at(self.deadline.into(), body.chunk()).await;
            match chunk.unwrap_or(Err(Error::Cancelled)) {
                Ok(Some(bytes)) => *rest = bytes,
                Ok(None) => {
                    *state = State::Ended;
                    return Ok(None);
                }
                Err(failed) => {
                    let failed = error(&failed, Some(&self.cancel));
                    *state = State::Failed(failed.clone());
                    return Err(failed);
                }
            }
        }
        Ok(Some(rest.split_to(rest.len().min(most.max(1)))))
    }
}

impl ByteSource for AnswerBody {
    fn read(&self, most: usize) -> Pending<'_, Option<Bytes>> {
        Box::pin(self.next(most))
    }

    fn cancel(&self) {
        self.cancel.cancel();
        // Where a read is under way the end of the instance ends it.
        if let Ok(mut state) = self.state.try_lock() {
            *state = State::Ended;
        }
    }
}
