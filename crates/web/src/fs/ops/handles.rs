//! What guests hold of the host's, as objects without anything to see.

use std::sync::{Arc, Mutex, PoisonError};

use hostbox_buffers::Cancel;
use hostbox_engine::Call;
use hostbox_files::{OpenFile, Watcher};
use rquickjs::class::{JsClass, Readable, Trace, Tracer};
use rquickjs::function::Constructor;
use rquickjs::{Class, Ctx, JsLifetime, Object};
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

macro_rules! handles {
    ($($handle:ident)*) => {
        $(
            // SAFETY: holds nothing of the engine's.
            unsafe impl JsLifetime<'_> for $handle {
                type Changed<'to> = $handle;
            }

            impl<'js> Trace<'js> for $handle {
                fn trace<'a>(&self, _tracer: Tracer<'a, 'js>) {}
            }

            impl<'js> JsClass<'js> for $handle {
                const NAME: &'static str = stringify!($handle);
                type Mutable = Readable;

                fn prototype(_ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
                    Ok(None)
                }

                fn constructor(_ctx: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
                    Ok(None)
                }
            }
        )*
    };
}

handles! { FileHandle SignalHandle PlaceHandle WatchHandle }

/// The open file of the argument at `index`; nothing where it was closed.
pub(super) fn file_at(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<Arc<OpenFile>>> {
    let handle = Class::<FileHandle>::from_value(&call.arg(index))?;
    let file = handle.borrow().0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(file)
}
