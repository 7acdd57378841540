//! A sink and a source that are two ends of one pipe: what a guest writes, something native reads, or the other way round.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hostbox_engine::OpError;
use tokio::sync::Notify;

use super::native::{ByteSink, ByteSource, Pending};

/// The two ends. A pipe holds one chunk: a write is ready as soon as its bytes lie in the pipe, where those before it lay.
pub fn pipe() -> (Arc<dyn ByteSink>, Arc<dyn ByteSource>) {
    let shared = Arc::new(Shared::default());
    (Arc::new(PipeSink(shared.clone())), Arc::new(PipeSource(shared)))
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    bytes: Bytes,
    end: Option<End>,
}

#[derive(Clone)]
enum End {
    /// Nothing follows.
    Closed,
    /// The writer gave up.
    Aborted(String),
    /// The reader gave up.
    Cancelled,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first end counts: a sink that was closed is dropped some time.
    fn end(&self, end: End) {
        let mut state = self.lock();
        if state.end.is_none() || matches!(end, End::Cancelled) {
            if !matches!(end, End::Closed) {
                state.bytes = Bytes::new();
            }
            state.end = Some(end);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Waits until `look` has an answer.
    async fn until<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            if let Some(answer) = look(&mut self.lock()) {
                self.changed.notify_waiters();
                return answer;
            }
            changed.await;
        }
    }
}

fn broken(message: String) -> OpError {
    OpError { message, ..OpError::default() }
}

struct PipeSink(Arc<Shared>);

impl ByteSink for PipeSink {
    fn write(&self, bytes: Bytes) -> Pending<'_, ()> {
        Box::pin(async move {
            let mut left = bytes;
            self.0
                .until(|state| match &state.end {
                    Some(End::Cancelled) => Some(Err(broken("the reading end was cancelled".into()))),
                    Some(_) => Some(Err(broken("the stream is closed".into()))),
                    None if !state.bytes.is_empty() => None,
                    None => {
                        state.bytes = std::mem::take(&mut left);
                        Some(Ok(()))
                    }
                })
                .await
        })
    }

    fn close(&self) -> Pending<'_, ()> {
        self.0.end(End::Closed);
        Box::pin(std::future::ready(Ok(())))
    }

    fn abort(&self, reason: &str) {
        self.0.end(End::Aborted(reason.into()));
    }
}

impl Drop for PipeSink {
    fn drop(&mut self) {
        self.0.end(End::Aborted("the writing end is gone".into()));
    }
}

struct PipeSource(Arc<Shared>);

impl ByteSource for PipeSource {
    fn read(&self, most: usize) -> Pending<'_, Option<Bytes>> {
        Box::pin(self.0.until(move |state| {
            if !state.bytes.is_empty() {
                let length = state.bytes.len().min(most.max(1));
                return Some(Ok(Some(state.bytes.split_to(length))));
            }
            match state.end.as_ref()? {
                End::Aborted(reason) => Some(Err(broken(reason.clone()))),
                End::Closed | End::Cancelled => Some(Ok(None)),
            }
        }))
    }

    fn cancel(&self) {
        self.0.end(End::Cancelled);
    }
}

impl Drop for PipeSource {
    fn drop(&mut self) {
        self.cancel();
    }
}
