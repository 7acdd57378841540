//! Standard input of a module: bytes of a buffer that is lent, or chunks that somebody hands over while the module reads.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hostbox_buffers::Lent;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdinStream};
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError};

/// All clones read from one position.
#[derive(Clone)]
pub(crate) struct Source(Arc<Mutex<State>>);

struct State {
    current: Bytes,
    /// What comes after it; `None` where that is all.
    next: Option<mpsc::Receiver<Bytes>>,
}

impl State {
    /// Ready when there are bytes, or when there will be none.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.current.is_empty()
            && let Some(next) = &mut self.next
        {
            match ready!(next.poll_recv(cx)) {
                Some(chunk) => self.current = chunk,
                None => self.next = None,
            }
        }
        Poll::Ready(())
    }
}

impl Source {
    /// The bytes of a buffer, or nothing.
    pub(crate) fn of(buffer: Option<Lent>) -> Self {
        let current = buffer.map(Bytes::from_owner).unwrap_or_default();
        Self(Arc::new(Mutex::new(State { current, next: None })))
    }

    /// Chunks as they come, until their sender is dropped.
    pub(crate) fn fed(chunks: mpsc::Receiver<Bytes>) -> Self {
        Self(Arc::new(Mutex::new(State { current: Bytes::new(), next: Some(chunks) })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IsTerminal for Source {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Source {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Source {
    async fn ready(&mut self) {
        std::future::poll_fn(|cx| self.lock().poll(cx)).await;
    }
}

#[async_trait]
impl InputStream for Source {
    fn read(&mut self, size: usize) -> Result<Bytes, StreamError> {
        let mut state = self.lock();
        let is_ready = state.poll(&mut Context::from_waker(std::task::Waker::noop())).is_ready();
        if is_ready && state.current.is_empty() {
            return Err(StreamError::Closed);
        }
        let size = size.min(state.current.len());
        Ok(state.current.split_to(size))
    }
}

impl AsyncRead for Source {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        ready!(state.poll(cx));
        let size = buffer.remaining().min(state.current.len());
        buffer.put_slice(&state.current.split_to(size));
        Poll::Ready(Ok(()))
    }
}
