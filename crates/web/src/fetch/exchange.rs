//! One request and its answer, which may be given up at any time.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError, Weak};
use std::task::Poll;

use tokio::sync::Notify;

use super::source::NetworkBody;

/// Tells all who work on a request that nobody wants it any more.
#[derive(Default)]
pub(crate) struct Exchange {
    cancelled: AtomicBool,
    wake: Notify,
    /// The answer's body, once there is one: its connection closes with the exchange, whether somebody reads or not.
    body: Mutex<Weak<NetworkBody>>,
}

impl Exchange {
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, SeqCst);
        self.wake.notify_waiters();
        let body = self.body.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        if let Some(body) = body {
            body.give_up();
        }
    }

    /// The body that ends with the exchange.
    pub(super) fn attach(&self, body: Weak<NetworkBody>) {
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = body;
    }

    /// Ready when it was cancelled.
    pub(crate) async fn cancelled(&self) {
        loop {
            // Made before the flag is read: a wake-up in between is not missed.
            let woken = self.wake.notified();
            if self.cancelled.load(SeqCst) {
                return;
            }
            woken.await;
        }
    }

    /// The outcome of `work`, or nothing where it was cancelled first.
    pub(crate) async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let (mut cancelled, mut work) = (pin!(self.cancelled()), pin!(work));
        poll_fn(|cx| {
            if cancelled.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            work.as_mut().poll(cx).map(Some)
        })
        .await
    }
}
