//! ArrayBuffers of the guest over blocks of ours, and the way back without a copy.
//!
//! The engine calls one function of ours about such a buffer's memory ([`reallocate`]): with size 0 from the finalizer,
//! from `JS_DetachArrayBuffer` and from a `transfer(0)`, with another size from `transfer(n)`; a plain `transfer()` hands
//! pointer and opaque to a new object and calls nobody. So one [`Slot`] is freed exactly once, whichever object ends up
//! with it. Which buffers are ours is known from a table of live memory, not from the engine's private structs.

use std::collections::HashMap;
use std::ffi::c_void;
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hostbox_buffers::Block;
use rquickjs::qjs;
use rquickjs::qjs::JSValue;

use super::intrinsics::Intrinsics;
use super::private::tracks;
use super::raw::*;

/// The account that a sandbox's external bytes are charged to.
pub trait Charge: Send + Sync {
    /// Reserves `bytes`, or refuses.
    fn try_charge(&self, bytes: usize) -> bool;
    /// Gives `bytes` back that were reserved.
    fn release(&self, bytes: usize);
}

/// The buffers of ours that are alive in one sandbox, by the address of their memory.
///
/// The mutex is never contended: it is touched under the lock of the runtime, finalizers included.
#[derive(Default)]
pub(super) struct Live {
    slots: Mutex<HashMap<usize, SlotAddress, BuildHasherDefault<AddressHasher>>>,
}

struct SlotAddress(*mut Slot);

// SAFETY: the slot is touched under the lock of the runtime alone.
unsafe impl Send for SlotAddress {}

impl Live {
    fn slots(&self) -> MutexGuard<'_, HashMap<usize, SlotAddress, BuildHasherDefault<AddressHasher>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The memory of one external buffer. Its box is what the engine holds as opaque.
struct Slot {
    /// Absent once it was taken.
    block: Option<Block>,
    charged: usize,
    account: Option<Arc<dyn Charge>>,
    live: Arc<Live>,
}

impl Slot {
    fn charge(&mut self, bytes: usize) -> bool {
        if self.account.as_ref().is_some_and(|account| !account.try_charge(bytes)) {
            return false;
        }
        self.charged += bytes;
        true
    }

    fn release(&mut self, bytes: usize) {
        self.charged -= bytes;
        if let Some(account) = &self.account {
            account.release(bytes);
        }
    }

    /// Takes the block out; the bytes no longer count as the sandbox's.
    fn take(&mut self) -> Option<Block> {
        let block = self.block.take()?;
        self.live.slots().remove(&(block.as_ptr() as usize));
        self.release(self.charged);
        Some(block)
    }

    /// A block of another length with the same beginning, as `transfer(length)` asks for.
    fn resize(&mut self, length: usize) -> Option<*mut u8> {
        let old = self.block.as_ref()?.len();
        if length > old && !self.charge(length - old) {
            return None;
        }
        let Ok(mut block) = Block::zeroed(length) else {
            self.release(length.saturating_sub(old));
            return None;
        };
        let kept = old.min(length);
        let previous = self.block.as_ref()?;
        block[..kept].copy_from_slice(&previous[..kept]);
        let (start, previous) = (block.as_mut_ptr(), previous.as_ptr());
        let address = std::ptr::from_mut(self);
        let mut slots = self.live.slots();
        slots.remove(&(previous as usize));
        slots.insert(start as usize, SlotAddress(address));
        drop(slots);
        self.block = Some(block);
        self.release(old.saturating_sub(length));
        Some(start)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.take();
    }
}

/// What the engine calls about the memory of a buffer of ours.
unsafe extern "C" fn reallocate(
    _runtime: *mut qjs::JSRuntime,
    opaque: *mut c_void,
    _memory: *mut c_void,
    size: qjs::size_t,
) -> *mut c_void {
    let slot = opaque.cast::<Slot>();
    if size == 0 {
        // SAFETY: the engine forgets a buffer's opaque when it asks for size 0, so the box is freed once.
        drop(unsafe { Box::from_raw(slot) });
        return null_mut();
    }
    // SAFETY: the opaque of a live buffer of ours is its slot, and the lock of the runtime is held.
    unsafe { &mut *slot }.resize(size as usize).map_or(null_mut(), |start| start.cast())
}

/// A fixed-length ArrayBuffer over `block`, without a copy. On failure the block is dropped and an exception pending.
///
/// Refused by the account at first, it collects garbage and asks again: cycles may hold bytes that are free for the taking.
///
/// # Safety
/// The contract of the module.
pub unsafe fn new_array_buffer(cx: *mut qjs::JSContext, intrinsics: &Intrinsics, mut block: Block) -> JSValue {
    // SAFETY: the module's contract. The slot belongs to the buffer once the engine took it; before, it is freed here.
    unsafe {
        if block.is_empty() {
            // An empty block's address tells nothing; and there is nothing to keep.
            return qjs::JS_NewArrayBufferCopy(cx, block.as_ptr(), 0);
        }
        let (start, length) = (block.as_mut_ptr(), block.len());
        let mut slot = Box::new(Slot {
            block: Some(block),
            charged: 0,
            account: intrinsics.account.clone(),
            live: intrinsics.live.clone(),
        });
        if !slot.charge(length) {
            qjs::JS_RunGC(qjs::JS_GetRuntime(cx));
            if !slot.charge(length) {
                out_of_memory(cx);
                return qjs::JS_EXCEPTION;
            }
        }
        let slot = Box::into_raw(slot);
        intrinsics.live.slots().insert(start as usize, SlotAddress(slot));
        let size = length as qjs::size_t;
        let buffer = qjs::JS_NewArrayBuffer(cx, start, size, 0, Some(reallocate), slot.cast(), false);
        if is_exception(buffer) {
            drop(Box::from_raw(slot));
        }
        buffer
    }
}

/// The memory of an ArrayBuffer as it is now, and whether it can be taken.
pub(super) struct Memory {
    pub(super) start: *const u8,
    pub(super) length: usize,
}

impl Memory {
    /// `None` where the buffer is detached, or no ArrayBuffer.
    pub(super) unsafe fn of(cx: Cx, buffer: JSValue) -> Option<Memory> {
        let mut length: qjs::size_t = 0;
        // SAFETY: the module's contract.
        unsafe {
            let start = qjs::JS_GetArrayBuffer(cx, &mut length, buffer);
            if start.is_null() {
                // A TypeError that the engine just made, never the guest's.
                let _ = swallow(cx);
                return None;
            }
            Some(Memory { start, length: length as usize })
        }
    }

    /// The bytes; no engine call may happen while they are borrowed.
    pub(super) unsafe fn bytes(&self) -> &[u8] {
        // SAFETY: the engine's word on a live buffer, read under the lock.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }

    /// The slot behind it, if the memory is ours and whole.
    unsafe fn slot(&self, intrinsics: &Intrinsics) -> Option<*mut Slot> {
        let slot = intrinsics.live.slots().get(&(self.start as usize))?.0;
        // SAFETY: slots in the table are alive.
        let block_length = unsafe { (*slot).block.as_ref()?.len() };
        (block_length == self.length).then_some(slot)
    }
}

/// Whether [`take_block`] would give the block of this buffer.
pub(super) unsafe fn is_ours(cx: Cx, intrinsics: &Intrinsics, buffer: JSValue) -> bool {
    // SAFETY: the module's contract.
    unsafe {
        qjs::JS_IsImmutableArrayBuffer(buffer) == 0
            && Memory::of(cx, buffer).is_some_and(|memory| memory.slot(intrinsics).is_some())
    }
}

/// Detaches an ArrayBuffer and gives its block, without a copy; `None`, and nothing changed, where the memory is not ours.
///
/// # Safety
/// The contract of the module.
pub unsafe fn take_block(cx: *mut qjs::JSContext, intrinsics: &Intrinsics, buffer: JSValue) -> Option<Block> {
    // SAFETY: the module's contract. The slot stays alive until the detaching below asks for size 0.
    unsafe {
        if qjs::JS_IsImmutableArrayBuffer(buffer) != 0 {
            return None;
        }
        let slot = Memory::of(cx, buffer)?.slot(intrinsics)?;
        let block = (*slot).take()?;
        qjs::JS_DetachArrayBuffer(cx, buffer);
        Some(block)
    }
}

/// The bytes of an ArrayBuffer, typed array or DataView as they are now; `None` for anything else, and where the buffer is
/// detached or ends before the view.
///
/// They stay where they are until guest code runs or the buffer is detached or resized. An empty buffer's address is valid.
///
/// # Safety
/// The contract of the module.
pub unsafe fn bytes_of(cx: *mut qjs::JSContext, intrinsics: &Intrinsics, value: JSValue) -> Option<(*mut u8, usize)> {
    let (mut offset, mut length, mut size) = (0, 0, 0);
    // SAFETY: the module's contract. The getters are the engine's and run no guest code; what they throw is forgotten.
    unsafe {
        if !is_object(value) {
            return None;
        }
        if qjs::JS_IsArrayBuffer(value) {
            let memory = Memory::of(cx, value)?;
            return Some((memory.start.cast_mut(), memory.length));
        }
        let (buffer, offset, length) = if qjs::JS_GetTypedArrayType(value) >= 0 {
            let buffer = qjs::JS_GetTypedArrayBuffer(cx, value, &mut offset, &mut length, &mut size);
            if is_exception(buffer) {
                let _ = swallow(cx);
                return None;
            }
            let buffer = Owned::new(cx, buffer);
            let (offset, size) = (offset as usize, (size as usize).max(1));
            // What the engine says of a tracking view's length is from when it was made.
            let length = if tracks(cx, intrinsics, value) {
                Memory::of(cx, buffer.raw())?.length.checked_sub(offset)? / size * size
            } else {
                length as usize
            };
            (buffer, offset, length)
        } else if qjs::JS_IsDataView(value) {
            data_view(cx, intrinsics, value).or_else(|Thrown| swallow(cx).and(Err(Thrown))).ok()?
        } else {
            return None;
        };
        let memory = Memory::of(cx, buffer.raw())?;
        let end = offset.checked_add(length)?;
        (end <= memory.length).then(|| (memory.start.cast_mut().add(offset), length))
    }
}

/// Buffer, offset and length of a DataView; thrown where the view is out of bounds.
pub(super) unsafe fn data_view(
    cx: Cx,
    intrinsics: &Intrinsics,
    view: JSValue,
) -> Result<(Owned, usize, usize), Thrown> {
    let functions = &intrinsics.functions;
    // SAFETY: the module's contract. The captured getters are the engine's, and give numbers.
    unsafe {
        let buffer = call(cx, functions.data_view_buffer, view, [])?;
        let (mut offset, mut length) = (0, 0);
        qjs::JS_ToInt64(cx, &mut offset, call(cx, functions.data_view_offset, view, [])?.raw());
        qjs::JS_ToInt64(cx, &mut length, call(cx, functions.data_view_length, view, [])?.raw());
        Ok((buffer, offset as usize, length as usize))
    }
}

/// Addresses are spread by one multiplication; no guest chooses them.
#[derive(Default)]
pub(super) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(usize::from(byte));
        }
    }

    fn write_usize(&mut self, value: usize) {
        self.0 = (self.0 ^ value as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(20);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
