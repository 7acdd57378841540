//! Bodies in the buffer store: bytes that have not entered their guest's engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use hostbox_buffers::{Block, Error as BufferError, Store};
use hostbox_engine::{ErrorClass, OpError};

use crate::streams::native::{ByteSource, Pending};

/// A body in the store. It is freed with this, unless its guest was told the id.
pub(crate) struct Stored {
    store: Arc<Store>,
    /// 0 where it was taken.
    id: AtomicU64,
    is_told: AtomicBool,
    length: usize,
}

/// What a guest sees of the store's refusal.
pub(crate) fn refused(error: &BufferError) -> OpError {
    let class = if matches!(error, BufferError::Memory { .. }) { ErrorClass::Range } else { ErrorClass::Type };
    OpError { class, message: error.to_string(), code: Some(error.code().into()), name: None }
}

fn taken() -> OpError {
    let message = "the body was taken out of the buffer store".into();
    OpError { class: ErrorClass::Type, message, code: Some("ERR_ID_NOT_FOUND".into()), name: None }
}

impl Stored {
    pub(crate) fn new(store: Arc<Store>, id: u64, length: usize) -> Self {
        Self { store, id: AtomicU64::new(id), is_told: AtomicBool::new(false), length }
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The id, which belongs to the guest from now on.
    pub(crate) fn tell(&self) -> Option<u64> {
        self.is_told.store(true, SeqCst);
        Some(self.id.load(SeqCst)).filter(|id| *id != 0)
    }

    pub(crate) fn take(&self) -> Result<Block, OpError> {
        match self.id.swap(0, SeqCst) {
            0 => Err(taken()),
            id => self.store.take(id).map_err(|error| refused(&error)),
        }
    }

    pub(crate) fn copy(&self) -> Result<Stored, OpError> {
        let id = self.id.load(SeqCst);
        let copied = self.store.read(id, |bytes| self.store.put_copy(bytes)).and_then(|copied| copied);
        let copy = copied.map_err(|error| refused(&error))?;
        Ok(Stored::new(self.store.clone(), copy, self.length))
    }

    fn forget(&self) {
        if !self.is_told.load(SeqCst) {
            let id = self.id.swap(0, SeqCst);
            // Freed already where the guest guessed the id.
            let _ = self.store.free(id);
        }
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.forget();
    }
}

/// A stored body as a source. Read to its end it leaves the store, unless the guest knows it.
pub(crate) struct StoredSource {
    stored: Arc<Stored>,
    at: AtomicUsize,
}

impl StoredSource {
    pub(crate) fn new(stored: Arc<Stored>) -> Self {
        Self { stored, at: AtomicUsize::new(0) }
    }

    fn next(&self, most: usize) -> Result<Option<Bytes>, OpError> {
        let start = self.at.load(SeqCst);
        if start >= self.stored.length {
            self.stored.forget();
            return Ok(None);
        }
        let id = self.stored.id.load(SeqCst);
        let end = self.stored.length.min(start.saturating_add(most.max(1)));
        let chunk = self.stored.store.read(id, |bytes| bytes.get(start..end).map(Bytes::copy_from_slice));
        let chunk = chunk.ok().flatten().ok_or_else(taken)?;
        self.at.store(end, SeqCst);
        Ok(Some(chunk))
    }
}

impl ByteSource for StoredSource {
    fn read(&self, most: usize) -> Pending<'_, Option<Bytes>> {
        Box::pin(std::future::ready(self.next(most)))
    }

    fn cancel(&self) {
        self.at.store(usize::MAX, SeqCst);
        self.stored.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(store: &Arc<Store>) -> Arc<Stored> {
        let id = store.put_copy(b"bytes").unwrap();
        Arc::new(Stored::new(store.clone(), id, 5))
    }

    #[test]
    fn a_body_that_nobody_was_told_of_leaves_the_store_with_its_response() {
        let store = Arc::new(Store::new(1 << 20));
        drop(stored(&store));
        assert!(store.is_empty());
    }

    #[test]
    fn a_body_whose_id_the_guest_knows_stays() {
        let store = Arc::new(Store::new(1 << 20));
        let body = stored(&store);
        let id = body.tell().unwrap();
        drop(body);
        assert_eq!(&store.take(id).unwrap()[..], b"bytes");
    }

    #[test]
    fn a_body_is_taken_once() {
        let store = Arc::new(Store::new(1 << 20));
        let body = stored(&store);
        let copy = body.copy().unwrap();
        assert_eq!(&body.take().unwrap()[..], b"bytes");
        assert!(body.take().is_err() && body.copy().is_err() && body.tell().is_none());
        assert_eq!(&copy.take().unwrap()[..], b"bytes");
        assert!(store.is_empty());
    }

    #[test]
    fn a_stored_body_is_read_in_pieces_and_then_gone() {
        let store = Arc::new(Store::new(1 << 20));
        let source = StoredSource::new(stored(&store));
        let mut all = Vec::new();
        while let Some(chunk) = source.next(2).unwrap() {
            assert!(chunk.len() <= 2);
            all.extend_from_slice(&chunk);
        }
        assert_eq!(all, b"bytes");
        assert!(store.is_empty());
    }
}
