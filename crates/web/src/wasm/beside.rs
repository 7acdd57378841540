//! Calls of an instance with component-model async: they are under way beside each other, and so is what the component asks of the guest.
//!
//! Nothing waits on its own for what a component asks: whoever waits for a call, or for a stream, takes along what is asked next, whichever call it
//! belongs to. So a component has the guest's functions as long as the guest wants something of it, and a sandbox that is done is done.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

use hostbox_wasm::component::HostResult;
use hostbox_wasm::{Error, Result};
use tokio::sync::{Mutex as Turns, mpsc, oneshot};

use super::running::{Ask, Step, Work, failed, lock};

/// The calls of one instance.
pub(super) struct Beside {
    asks: Turns<mpsc::UnboundedReceiver<Ask>>,
    /// Those that nobody waits for while the guest looks at what is asked.
    calls: Mutex<HashMap<u32, Call>>,
    /// What the guest is asked and has not answered.
    answers: Mutex<HashMap<u32, oneshot::Sender<HostResult>>>,
    last: AtomicU32,
}

/// What the guest waits for.
pub(super) enum Wanted {
    /// A call of a function, or a read of a stream.
    Call { function: u32, message: Vec<u8> },
    /// The rest of a call, by its number.
    Rest(u32),
}

/// A call, or a read of a stream. Dropped, a call ends the instance.
pub(super) struct Call {
    pub(super) work: Work,
    /// None for a read, which takes as long as it takes.
    pub(super) deadline: Option<Instant>,
}

impl Beside {
    pub(super) fn new(asks: mpsc::UnboundedReceiver<Ask>) -> Self {
        Self { asks: Turns::new(asks), calls: Mutex::default(), answers: Mutex::default(), last: AtomicU32::new(0) }
    }

    fn number(&self) -> u32 {
        self.last.fetch_add(1, Relaxed)
    }

    /// Goes on with a call that was left for what was asked.
    pub(super) async fn resume(&self, number: u32) -> Result<Step> {
        let call = lock(&self.calls).remove(&number);
        self.advance(call.ok_or_else(|| Error::Argument("no such call is under way".into()))?).await
    }

    /// Waits until a call is over, or until something is asked.
    pub(super) async fn advance(&self, mut call: Call) -> Result<Step> {
        if call.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Error::Cancelled);
        }
        let next = async {
            // What was asked before a call ended is asked before its end is told.
            tokio::select! {
                biased;
                Some(ask) = async { self.asks.lock().await.recv().await } => Ok(Ok(ask)),
                done = &mut call.work => done.map(Err),
            }
        };
        let next = match call.deadline {
            Some(deadline) => tokio::time::timeout_at(deadline.into(), next).await.unwrap_or(Err(Error::Cancelled)),
            None => next.await,
        };
        match next? {
            Err(answer) => Ok(Step::Done(answer)),
            Ok(Ask { function, at, reply, args, answer }) => {
                let (ticket, number) = (self.number(), self.number());
                lock(&self.answers).insert(ticket, answer);
                lock(&self.calls).insert(number, call);
                Ok(Step::Asking { function, at, reply, args, beside: Some((number, ticket)) })
            }
        }
    }

    /// Answers what was asked; nothing where the guest threw.
    pub(super) fn answer(&self, ticket: u32, answer: Option<Vec<u8>>) {
        if let Some(asked) = lock(&self.answers).remove(&ticket) {
            // Nobody listens where the instance ended meanwhile.
            let _ = asked.send(answer.ok_or_else(|| failed("a function of the guest threw")));
        }
    }

    /// The instance is gone.
    pub(super) fn close(&self) {
        let calls = std::mem::take(&mut *lock(&self.calls));
        drop(calls);
        let answers = std::mem::take(&mut *lock(&self.answers));
        drop(answers);
    }
}
