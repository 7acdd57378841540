//! A future on a thread of its own, which waits for it without an event loop.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::error::{Error, Result};
use crate::machine::TICK;
use crate::wasi::threads;

/// Runs a future on this thread, outside of every event loop, until it ends or is not wanted any more.
pub(crate) fn drive<T>(mut future: Pin<&mut impl Future<Output = T>>, is_stopped: &dyn Fn() -> bool) -> Result<T> {
    let _timers = threads()?.enter();
    let parked = Arc::new(Parked::default());
    let waker = Waker::from(parked.clone());
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Ok(value);
        }
        loop {
            if is_stopped() {
                return Err(Error::Cancelled);
            }
            if parked.wait() {
                break;
            }
        }
    }
}

/// A thread that waits to be woken.
#[derive(Default)]
struct Parked {
    is_woken: Mutex<bool>,
    wake: Condvar,
}

impl Parked {
    /// Waits for a tick at most; says whether it was woken.
    fn wait(&self) -> bool {
        let woken = self.is_woken.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.wake.wait_timeout_while(woken, TICK, |woken| !*woken);
        let (mut woken, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *woken)
    }
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        *self.is_woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_one();
    }
}
