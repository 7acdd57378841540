//! The bytes of a blob: a list of parts that lie in shared memory and never change. A slice, and a blob that is made of blobs, share them.

use std::sync::{Arc, Mutex, PoisonError};

use hostbox_buffers::Block;
use hostbox_engine::Charge;

use crate::streams::native::{ByteSource, Pending};

/// Shorter pieces of other blobs are copied: naming them costs as much.
const SHORT: usize = 1024;

/// What the list of a blob's parts costs, and each part in it.
pub(super) const COST: usize = 128;
const COST_OF_PART: usize = size_of::<Part>();

/// Memory of one blob or several, together with what pays for it.
struct Memory {
    bytes: Block,
    _paid: Charge,
}

#[derive(Clone)]
struct Part {
    memory: Arc<Memory>,
    start: usize,
    len: usize,
    /// Where it lies in the blob.
    at: usize,
}

impl Part {
    fn bytes(&self) -> &[u8] {
        &self.memory.bytes[self.start..self.start + self.len]
    }
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

/// Bytes that never change.
#[derive(Clone)]
pub(crate) struct Bytes(Arc<List>);

struct List {
    parts: Vec<Part>,
    len: usize,
    _paid: Charge,
}

impl Bytes {
    pub(crate) fn len(&self) -> usize {
        self.0.len
    }

    /// The parts that have bytes between two offsets, and the offsets as far as they lie within.
    fn range(&self, start: usize, end: usize) -> (&[Part], usize, usize) {
        let end = end.min(self.len());
        let start = start.min(end);
        let parts = self.0.parts.as_slice();
        let first = parts.partition_point(|part| part.at + part.len <= start);
        let last = parts.partition_point(|part| part.at < end).max(first);
        (&parts[first..last], start, end)
    }

    /// What it costs to name a range once more.
    pub(crate) fn cost_of_slice(&self, start: usize, end: usize) -> usize {
        COST + cost_of(self.range(start, end).0.len())
    }

    /// The bytes between two offsets, as far as they lie within; `paid` covers `cost_of_slice`.
    pub(crate) fn slice(&self, start: usize, end: usize, paid: Charge) -> Bytes {
        let (parts, start, end) = self.range(start, end);
        let parts = parts.iter().map(|part| {
            let skipped = start.saturating_sub(part.at);
            let len = (end - part.at).min(part.len) - skipped;
            let at = (part.at + skipped) - start;
            Part { memory: part.memory.clone(), start: part.start + skipped, len, at }
        });
        Bytes(Arc::new(List { parts: parts.collect(), len: end - start, _paid: paid }))
    }

    /// The pieces between two offsets, in their order.
    pub(crate) fn pieces(&self, start: usize, end: usize) -> impl Iterator<Item = &[u8]> {
        let (parts, start, end) = self.range(start, end);
        parts.iter().map(move |part| {
            let from = start.saturating_sub(part.at);
            &part.bytes()[from..(end - part.at).min(part.len)]
        })
    }

    /// Copies what lies from `start` on; how much that was.
    pub(crate) fn copy_to(&self, start: usize, target: &mut [u8]) -> usize {
        let mut at = 0;
        for piece in self.pieces(start, start.saturating_add(target.len())) {
            target[at..at + piece.len()].copy_from_slice(piece);
            at += piece.len();
        }
        at
    }

    /// What lies from `start` on in one piece, at most `most` bytes of it and without a copy; nothing at the end.
    fn next(&self, start: usize, most: usize) -> Option<bytes::Bytes> {
        let (parts, start, end) = self.range(start, start.saturating_add(most));
        let part = parts.first()?;
        let from = start - part.at;
        let to = (end - part.at).min(part.len);
        Some(bytes::Bytes::from_owner(part.clone()).slice(from..to))
    }

    /// The bytes as a stream's source.
    pub(crate) fn source(&self) -> Arc<dyn ByteSource> {
        Arc::new(Source { bytes: Mutex::new((self.clone(), 0)) })
    }

    /// The bytes as text: UTF-8, without a byte order mark, malformed sequences replaced.
    pub(crate) fn text(&self) -> String {
        let decode =
            |bytes: &[u8]| hostbox_buffers::text(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned();
        if let [only] = self.0.parts.as_slice() {
            return decode(only.bytes());
        }
        let mut whole = Vec::with_capacity(self.len());
        self.pieces(0, self.len()).for_each(|piece| whole.extend_from_slice(piece));
        decode(&whole)
    }
}

/// What is left of a blob that is read as a stream.
struct Source {
    bytes: Mutex<(Bytes, usize)>,
}

impl ByteSource for Source {
    fn read(&self, most: usize) -> Pending<'_, Option<bytes::Bytes>> {
        Box::pin(async move {
            let mut left = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            let (bytes, at) = &mut *left;
            let next = bytes.next(*at, most);
            *at += next.as_ref().map_or(0, bytes::Bytes::len);
            Ok(next)
        })
    }

    fn cancel(&self) {
        let mut left = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        left.1 = left.0.len();
    }
}

fn cost_of(parts: usize) -> usize {
    parts.saturating_mul(COST_OF_PART)
}

/// Puts a blob together.
pub(super) struct Builder {
    parts: Vec<Part>,
    len: usize,
    paid: Charge,
    /// Bytes that are no part yet, and what pays for them.
    fresh: Vec<u8>,
    paid_fresh: Option<Charge>,
}

impl Builder {
    /// `paid` covers `COST`.
    pub(super) fn new(paid: Charge) -> Builder {
        Builder { parts: Vec::new(), len: 0, paid, fresh: Vec::new(), paid_fresh: None }
    }

    /// Appends bytes, which `paid` covers.
    pub(super) fn copy(&mut self, bytes: &[u8], paid: Charge) {
        self.fresh.extend_from_slice(bytes);
        match &mut self.paid_fresh {
            None => self.paid_fresh = Some(paid),
            Some(before) => before.merge(paid),
        }
    }

    /// Whether `bytes` should be copied rather than shared.
    pub(super) fn is_short(bytes: &Bytes) -> bool {
        bytes.len() < SHORT
    }

    /// What it costs to share `bytes`, and a fresh part before them.
    pub(super) fn cost_of_sharing(bytes: &Bytes) -> usize {
        cost_of(bytes.0.parts.len() + 1)
    }

    /// Appends another blob's bytes without a copy; `paid` covers `cost_of_sharing`.
    pub(super) fn share(&mut self, bytes: &Bytes, paid: Charge) {
        self.flush();
        self.paid.merge(paid);
        // No memory, and no sum of what is shared, comes near the end of the type: `finish` looks at the bound of the standard.
        let at = self.len;
        self.parts.extend(bytes.0.parts.iter().map(|part| Part { at: at.saturating_add(part.at), ..part.clone() }));
        self.len = at.saturating_add(bytes.len());
    }

    fn flush(&mut self) {
        let Some(paid) = self.paid_fresh.take() else { return };
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.shrink_to_fit();
        let len = fresh.len();
        if len > 0 {
            let memory = Arc::new(Memory { bytes: Block::from_vec(fresh), _paid: paid });
            self.parts.push(Part { memory, start: 0, len, at: self.len });
            self.len = self.len.saturating_add(len);
        }
    }

    /// The blob; nothing where it is longer than a number in JavaScript can say.
    pub(super) fn finish(mut self) -> Option<Bytes> {
        self.flush();
        let Self { parts, len, paid, .. } = self;
        (len < 1 << 53).then(|| Bytes(Arc::new(List { parts, len, _paid: paid })))
    }
}
