//! Memory of a room above that a guest sees as an ArrayBuffer, without a copy, until it is taken back; and calls of native functions
//! that are lent to what they call.
//!
//! Such a buffer can be detached by its owner alone: guests can neither transfer nor resize it (the detach key of ECMAScript,
//! 25.1.3.5). Its memory counts on no account here: the owner has paid for it.

use std::any::Any;
use std::cell::Cell;
use std::collections::HashSet;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rquickjs::{Error, Value, qjs};

use crate::native::Call;

/// Names a lent buffer; the buffer itself belongs to the guest's garbage collector.
#[derive(Clone, Debug)]
pub struct LentBuffer(Arc<AtomicUsize>);

/// What a lent buffer keeps alive, and how it is known.
struct Slot {
    /// The address of the engine's object, 0 once it is detached or freed.
    object: Arc<AtomicUsize>,
    objects: Objects,
    _keep: Arc<dyn Any + Send + Sync>,
}

/// The lent buffers of one engine that are alive, by the address of their object.
///
/// The mutex is never contended: it is touched under the lock of the runtime, finalizers included.
#[derive(Clone, Default)]
pub(crate) struct Objects(Arc<Mutex<HashSet<usize>>>);

impl Objects {
    fn lock(&self) -> MutexGuard<'_, HashSet<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a value is a buffer whose memory is lent.
    pub(crate) fn has(&self, value: qjs::JSValue) -> bool {
        // SAFETY: any value may be asked.
        unsafe { qjs::JS_IsObject(value) && self.lock().contains(&address(value)) }
    }
}

/// The address of an object.
unsafe fn address(object: qjs::JSValue) -> usize {
    // SAFETY: the caller's: the value is an object.
    unsafe { qjs::JS_VALUE_GET_PTR(object) as usize }
}

/// The engine asks for size 0 from the finalizer and from `JS_DetachArrayBuffer`, and forgets the opaque then. It asks for no other
/// size: neither `resize` nor `transfer` gets as far.
unsafe extern "C" fn release(
    _runtime: *mut qjs::JSRuntime,
    opaque: *mut c_void,
    _memory: *mut c_void,
    size: qjs::size_t,
) -> *mut c_void {
    if size == 0 {
        // SAFETY: the box that `lend_memory` gave, once.
        let slot = unsafe { Box::from_raw(opaque.cast::<Slot>()) };
        let object = slot.object.swap(0, Relaxed);
        slot.objects.lock().remove(&object);
    }
    null_mut()
}

thread_local! {
    /// The innermost native call that is lent.
    static LENT: Cell<*const c_void> = const { Cell::new(std::ptr::null()) };
}

/// Puts back what was lent before, on unwinding too.
struct Before(*const c_void);

impl Drop for Before {
    fn drop(&mut self) {
        LENT.set(self.0);
    }
}

impl<'js> Call<'_, 'js> {
    /// An ArrayBuffer over memory that stays its owner's, and the name by which the owner takes it back.
    ///
    /// # Safety
    /// So many bytes from `start` on stay readable and writable, and where they are, until the buffer is taken back, or else until
    /// `keep` is dropped.
    ///
    /// # Errors
    /// An exception where memory is short or the length is more than the engine can have; always in a context of somebody else, who would not
    /// keep the guest from moving the memory.
    pub unsafe fn lend_memory(
        &self,
        start: *mut u8,
        length: usize,
        keep: Arc<dyn Any + Send + Sync>,
    ) -> rquickjs::Result<(Value<'js>, LentBuffer)> {
        if self.realm().is_attached() {
            return Err(Error::Unknown);
        }
        let objects = self.realm().intrinsics.lent.clone();
        let object = Arc::new(AtomicUsize::new(0));
        let slot = Box::into_raw(Box::new(Slot { object: object.clone(), objects: objects.clone(), _keep: keep }));
        // SAFETY: a live context; the slot belongs to the buffer once the engine took it, before it is freed here.
        unsafe {
            let size = length as qjs::size_t;
            let buffer = qjs::JS_NewArrayBuffer(self.cx(), start, size, 0, Some(release), slot.cast(), false);
            if qjs::JS_IsException(buffer) {
                drop(Box::from_raw(slot));
                return Err(Error::Exception);
            }
            object.store(address(buffer), Relaxed);
            objects.lock().insert(address(buffer));
            Ok((Value::from_raw(self.ctx().clone(), buffer), LentBuffer(object)))
        }
    }

    /// Detaches a lent buffer, if the guest still has it.
    pub fn take_back(&self, lent: &LentBuffer) {
        let object = lent.0.load(Relaxed);
        if object != 0 && self.realm().intrinsics.lent.lock().contains(&object) {
            // SAFETY: the object is alive: its finalizer would have set the address to 0. Detaching it calls `release`.
            unsafe {
                let value = qjs::JS_MKPTR(qjs::JS_TAG_OBJECT, object as *mut c_void);
                qjs::JS_DetachArrayBuffer(self.cx(), value);
            }
        }
    }

    /// Lends this call to what `work` calls, on this thread, until it returns: [`lent`](Self::lent) finds it there.
    pub fn lend<R>(&self, work: impl FnOnce() -> R) -> R {
        let _before = Before(LENT.replace(std::ptr::from_ref(self).cast()));
        work()
    }

    /// The innermost call that is lent on this thread, which a native function is in the middle of. Nothing where there is none.
    pub fn lent<R>(work: impl for<'a, 'any> FnOnce(&Call<'a, 'any>) -> R) -> Option<R> {
        let call = LENT.get().cast::<Call<'_, '_>>();
        // SAFETY: `lend` borrows the call until it has put back what was there before. Its engine's lock is held by this thread, which is
        // in the native function; and no lifetime leaves `work`.
        unsafe { call.as_ref() }.map(work)
    }

    /// Whether somebody else owns the engine, and its limits of time and stack.
    pub fn is_attached(&self) -> bool {
        self.realm().is_attached()
    }

    /// Whether so many bytes of this thread's stack are left.
    pub fn has_stack(&self, bytes: usize) -> bool {
        let marker = 0_u8;
        (&raw const marker as usize).saturating_sub(self.realm().floor()) >= bytes
    }
}
