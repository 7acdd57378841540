//! What guests hold of the host's, as objects without anything to see.

use std::sync::{Arc, Mutex, PoisonError};

use hostbox_buffers::Cancel;
use hostbox_engine::{Call, held};
use hostbox_files::{OpenFile, Watcher};
use tokio::sync::Notify;

use super::super::ends::Shared;

/// An open file, until somebody closes it. What works on it keeps it open a little longer.
pub(super) struct FileHandle(pub(super) Mutex<Option<Arc<OpenFile>>>);

/// Ends one operation or several.
#[derive(Default)]
pub(super) struct SignalHandle(pub(super) Mutex<(bool, Vec<Cancel>)>);

/// A file that a stream opens when it needs it.
pub(super) struct PlaceHandle(pub(super) Shared);

/// A watcher, until somebody stops it.
pub(super) struct WatchHandle {
    pub(super) watcher: Arc<Mutex<Option<Watcher>>>,
    pub(super) stopped: Arc<Notify>,
}

impl Drop for WatchHandle {
    fn drop(&mut self) {
        self.stopped.notify_one();
    }
}

/// The open file of the argument at `index`; nothing where it was closed.
pub(super) fn file_at(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<Arc<OpenFile>>> {
    let handle = held::<FileHandle>(&call.arg(index))?;
    let file = handle.borrow().0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(file)
}
