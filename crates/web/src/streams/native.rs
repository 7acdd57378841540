//! Sources and sinks of bytes, and what moves bytes between them. Knows no engine but its errors.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::Poll;

use bytes::Bytes;
use hostbox_engine::OpError;
use tokio::sync::Notify;

/// What a source or a sink is doing. Its futures run on the I/O runtime and must not block; dropping one cancels what it does.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, OpError>> + Send + 'a>>;

/// Where bytes come from. Dropped, it gives up what it holds, as after `cancel`.
///
/// One read is under way at a time. A source pays for what it keeps; a chunk that was read is bounded by `most`.
pub trait ByteSource: Send + Sync {
    /// The next bytes, at most `most` of them and never none; nothing at the end, then and ever after. Dropped before it is ready,
    /// the future has lost no bytes: the next read gives them.
    fn read(&self, most: usize) -> Pending<'_, Option<Bytes>>;

    /// Nobody wants the rest. A read under way ends soon, with whatever outcome; reads after it give the end.
    fn cancel(&self);
}

/// Where bytes go. Dropped before it was closed, it is aborted.
pub trait ByteSink: Send + Sync {
    /// Takes bytes; ready when it wants more. One write is under way at a time.
    fn write(&self, bytes: Bytes) -> Pending<'_, ()>;

    /// After the last byte; ready when all of them are where they belong. Not called again.
    fn close(&self) -> Pending<'_, ()>;

    /// There will be no more bytes, and what was written is not whole. A write under way ends soon, with whatever outcome.
    fn abort(&self, reason: &str);
}

/// What is read at a time: a compromise between memory and the price of a step.
pub const CHUNK_BYTES: usize = 64 << 10;

/// How a pump came to its end.
pub enum PumpEnd {
    /// The source had no more.
    Ended,
    /// The source failed.
    Source(OpError),
    /// The sink failed.
    Sink(OpError),
    /// Somebody stopped it. Every byte read was written.
    Stopped,
}

/// Asks a pump to stop.
#[derive(Default)]
pub struct Stop {
    asked: AtomicBool,
    wake: Notify,
}

impl Stop {
    /// Stops the pump after the write under way.
    pub fn stop(&self) {
        self.asked.store(true, SeqCst);
        self.wake.notify_waiters();
    }

    /// The outcome of `work`, or nothing where the stop came first.
    async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let mut asked = pin!(self.wake.notified());
        poll_fn(|cx| {
            // Polled first, so that it waits for a wake-up before the flag is looked at.
            let woken = asked.as_mut().poll(cx).is_ready();
            if woken || self.asked.load(SeqCst) {
                return Poll::Ready(None);
            }
            work.as_mut().poll(cx).map(Some)
        })
        .await
    }
}

/// Moves bytes until the source ends, one side fails, or it is stopped. Reads on when the sink took what was read before: that is the
/// back-pressure. Neither side is closed, cancelled or aborted here.
pub async fn pump(source: &dyn ByteSource, sink: &dyn ByteSink, stop: &Stop) -> PumpEnd {
    loop {
        let bytes = match stop.unless_stopped(source.read(CHUNK_BYTES)).await {
            None => return PumpEnd::Stopped,
            Some(Err(error)) => return PumpEnd::Source(error),
            Some(Ok(None)) => return PumpEnd::Ended,
            Some(Ok(Some(bytes))) => bytes,
        };
        if let Err(error) = sink.write(bytes).await {
            return PumpEnd::Sink(error);
        }
        // Sources and sinks in memory are always ready: others want the thread too.
        tokio::task::coop::consume_budget().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::streams::pipe::pipe;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
    }

    async fn collect(source: &dyn ByteSource, most: usize) -> Result<Vec<u8>, OpError> {
        let mut all = Vec::new();
        while let Some(bytes) = source.read(most).await? {
            assert!(!bytes.is_empty() && bytes.len() <= most);
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }

    /// Feeds a pipe, pumps it into a second one and reads that; how the pump ended, and what came.
    async fn through(chunks: usize, last: fn(&dyn ByteSink)) -> (PumpEnd, Result<Vec<u8>, OpError>) {
        let ((first, source), (sink, second)) = (pipe(), pipe());
        let feeding = tokio::task::LocalSet::new();
        feeding.spawn_local(async move {
            for number in 0..chunks {
                first.write(Bytes::from(vec![number as u8; 1000])).await.expect("a reader");
            }
            last(&*first);
        });
        let reading = feeding.spawn_local(async move { collect(&*second, 300).await });
        feeding
            .run_until(async move {
                let end = pump(&*source, &*sink, &Stop::default()).await;
                if matches!(end, PumpEnd::Ended) {
                    sink.close().await.expect("an open sink");
                }
                drop(sink);
                (end, reading.await.expect("a reader that does not panic"))
            })
            .await
    }

    #[test]
    fn a_pump_moves_every_byte_in_order() {
        let (end, bytes) = run(through(50, |sink| drop(sink.close())));
        assert!(matches!(end, PumpEnd::Ended));
        let expected: Vec<u8> = (0..50).flat_map(|number| vec![number; 1000]).collect();
        assert!(bytes.expect("all bytes") == expected, "other bytes came");
    }

    #[test]
    fn a_pump_tells_a_source_that_failed() {
        let (end, bytes) = run(through(3, |sink| sink.abort("unplugged")));
        assert!(matches!(end, PumpEnd::Source(error) if error.message == "unplugged"));
        assert_eq!(bytes.expect_err("a sink that was dropped").message, "the writing end is gone");
    }

    #[test]
    fn a_pump_tells_a_sink_that_failed() {
        run(async {
            let ((first, source), (sink, second)) = (pipe(), pipe());
            first.write(Bytes::from_static(b"bytes")).await.expect("room");
            second.cancel();
            let end = pump(&*source, &*sink, &Stop::default()).await;
            assert!(matches!(end, PumpEnd::Sink(error) if error.message == "the reading end was cancelled"));
        });
    }

    #[test]
    fn a_stopped_pump_loses_no_bytes() {
        run(async {
            let ((first, source), (sink, _second)) = (pipe(), pipe());
            let stop = Arc::new(Stop::default());
            stop.stop();
            first.write(Bytes::from_static(b"bytes")).await.expect("room");
            assert!(matches!(pump(&*source, &*sink, &stop).await, PumpEnd::Stopped));
            let _ = first.close().await;
            assert_eq!(collect(&*source, 10).await.expect("what was not pumped"), b"bytes");
        });
    }

    #[test]
    fn a_full_pipe_holds_its_writer_back() {
        run(async {
            let (sink, source) = pipe();
            sink.write(Bytes::from_static(b"one")).await.expect("room");
            let mut second = sink.write(Bytes::from_static(b"two"));
            let is_ready = |pending: &mut Pending<'_, ()>| {
                let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                pending.as_mut().poll(&mut cx).is_ready()
            };
            assert!(!is_ready(&mut second));
            assert_eq!(source.read(100).await.expect("bytes").as_deref(), Some(&b"one"[..]));
            assert!(is_ready(&mut second));
        });
    }
}
