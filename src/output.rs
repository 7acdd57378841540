//! The output of a component's instance on its way to the app's console.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use hostbox::parts::component::{Sink, lines};

use crate::port::Shared;
use crate::queues::OutputLine;

/// Bytes that a line takes beside its text.
const OVERHEAD: usize = 256;

/// What one instance writes. Of lines that Node has not taken yet so many bytes are kept; what comes beyond is dropped, and counted.
pub(crate) struct Output {
    port: Arc<Shared>,
    instance: u64,
    most: usize,
    waiting: AtomicUsize,
    dropped: AtomicU64,
}

/// Bytes of a line that waits.
pub(crate) struct Waiting {
    output: Arc<Output>,
    bytes: usize,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.output.waiting.fetch_sub(self.bytes, Relaxed);
    }
}

impl Output {
    pub(crate) fn new(port: Arc<Shared>, instance: u64, most: usize) -> Arc<Self> {
        Arc::new(Self { port, instance, most, waiting: AtomicUsize::new(0), dropped: AtomicU64::new(0) })
    }

    /// Where one of its streams goes.
    pub(crate) fn sink(self: &Arc<Self>, level: &'static str) -> Sink {
        let output = self.clone();
        lines(move |text| output.write(level, text))
    }

    pub(crate) fn write(self: &Arc<Self>, level: &'static str, text: String) {
        let bytes = text.len() + OVERHEAD;
        let waiting = Waiting { output: self.clone(), bytes };
        if self.waiting.fetch_add(bytes, Relaxed) + bytes > self.most {
            self.dropped.fetch_add(1, Relaxed);
            return;
        }
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64() * 1e3);
        self.port.push_line(self.instance, OutputLine { level, text, time, _waiting: waiting });
    }

    /// Lines that were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}
