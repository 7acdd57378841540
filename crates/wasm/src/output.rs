//! An output stream of a module: bytes into a buffer that its sandbox pays for while it grows.

use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use hostbox_buffers::Writer;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError};

/// What is taken in one write; a module asks again for more.
const PERMIT: usize = 1 << 20;

/// All clones write to one buffer.
#[derive(Clone)]
pub(crate) struct Output(Arc<Mutex<State>>);

struct State {
    writer: Option<Writer>,
    failure: Option<hostbox_buffers::Error>,
}

impl Output {
    pub(crate) fn new(writer: Writer) -> Self {
        Self(Arc::new(Mutex::new(State { writer: Some(writer), failure: None })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was written. Writes that come later are refused.
    pub(crate) fn finish(&self) -> Option<Writer> {
        self.lock().writer.take()
    }

    /// Why a write was refused.
    pub(crate) fn failure(&self) -> Option<hostbox_buffers::Error> {
        self.lock().failure.take()
    }

    fn append(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut state = self.lock();
        let Some(writer) = &mut state.writer else { return Err(std::io::ErrorKind::BrokenPipe.into()) };
        let written = writer.write_all(bytes);
        if written.is_err() {
            state.failure = writer.failure();
        }
        written
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        // A trap: a module that goes on after its output was cut would give a wrong result.
        self.append(&bytes).map_err(|error| StreamError::Trap(wasmtime::Error::new(error)))
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(PERMIT)
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(self.append(bytes).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
