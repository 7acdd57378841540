//! Memory of ours in the hands of JavaScript: external ArrayBuffers, known by their address so that they can be taken back.
//!
//! A buffer that is transferred to a sandbox is detached and its block moves. Whatever happens to the ArrayBuffer, its finalizer frees
//! what is left; it takes no lock but the one of this table.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use hostbox::parts::{Block, SharedBytes};
use napi::{Error, Result, sys};

struct Lent {
    /// Shared with the operations that read it just now.
    block: Option<Arc<Block>>,
}

/// Blocks that JavaScript holds, by the address of their memory. Process-wide: a buffer may travel to another thread of Node.
static LENT: LazyLock<Mutex<BTreeMap<usize, usize>>> = LazyLock::new(Mutex::default);

fn table() -> std::sync::MutexGuard<'static, BTreeMap<usize, usize>> {
    LENT.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn check(status: sys::napi_status, what: &str) -> Result<()> {
    if status == sys::Status::napi_ok { Ok(()) } else { Err(Error::from_reason(format!("{what}: status {status}"))) }
}

/// Hands a block to JavaScript as an ArrayBuffer, without a copy where the host allows external memory.
///
/// # Safety
/// `env` is the live environment of the calling thread.
pub(crate) unsafe fn lend(env: sys::napi_env, mut block: Block) -> Result<sys::napi_value> {
    let (start, length) = (block.as_mut_ptr(), block.len());
    let mut value = null_mut();
    if length > 0 {
        let lent = Box::into_raw(Box::new(Lent { block: Some(Arc::new(block)) }));
        table().insert(start as usize, lent as usize);
        // SAFETY: the memory stays where it is until the finalizer, or until it is taken back by a detaching call.
        let status = unsafe {
            sys::napi_create_external_arraybuffer(
                env,
                start.cast(),
                length,
                Some(finalize),
                lent.cast(),
                &raw mut value,
            )
        };
        if status == sys::Status::napi_ok {
            return Ok(value);
        }
        table().remove(&(start as usize));
        // SAFETY: the host took nothing (it forbids external memory): the box is ours again.
        let refused = unsafe { Box::from_raw(lent) }.block.take();
        block = refused.and_then(Arc::into_inner).ok_or_else(|| Error::from_reason("block lost"))?;
    }
    let mut data = null_mut();
    // SAFETY: the live environment.
    check(unsafe { sys::napi_create_arraybuffer(env, length, &raw mut data, &raw mut value) }, "ArrayBuffer")?;
    if length > 0 {
        // SAFETY: the new buffer has `length` bytes, which nobody else knows yet.
        unsafe { std::ptr::copy_nonoverlapping(block.as_ptr(), data.cast::<u8>(), length) };
    }
    Ok(value)
}

unsafe extern "C" fn finalize(_env: sys::napi_env, data: *mut c_void, hint: *mut c_void) {
    let mut table = table();
    // After a transfer the same memory may have been lent anew: only this loan's own entry goes.
    if table.get(&(data as usize)) == Some(&(hint as usize)) {
        table.remove(&(data as usize));
    }
    drop(table);
    // SAFETY: made by `lend`, finalized once.
    drop(unsafe { Box::from_raw(hint.cast::<Lent>()) });
}

/// Whether the memory at this address was lent by us.
pub(crate) fn is_lent(start: *const u8) -> bool {
    table().contains_key(&(start as usize))
}

/// Takes a lent block back, whose ArrayBuffer is about to be detached. `None` where the memory is not ours, not all of it, or still read by
/// an operation.
pub(crate) fn reclaim(start: *const u8, length: usize) -> Option<Block> {
    with_lent(start, |at, slot| {
        if at > 0 || slot.as_ref()?.len() != length {
            return None;
        }
        match Arc::try_unwrap(slot.take()?) {
            Ok(block) => Some(block),
            Err(shared) => {
                *slot = Some(shared);
                None
            }
        }
    })
}

/// Shares lent memory, or a part of it, with an operation: it stays alive whatever becomes of its ArrayBuffer. `None` where it is not ours.
pub(crate) fn share(start: *const u8, length: usize) -> Option<SharedBytes> {
    with_lent(start, |at, slot| SharedBytes::new(slot.clone()?, at..at.checked_add(length)?))
}

/// Runs `run` with the last block that begins at `start` or before, and the distance between the two. Blocks that are there do not overlap,
/// and what lies in one is ours; after a transfer an entry has none, until its finalizer runs.
fn with_lent<T>(start: *const u8, run: impl FnOnce(usize, &mut Option<Arc<Block>>) -> Option<T>) -> Option<T> {
    let table = table();
    let (first, lent) = table.range(..=start as usize).next_back()?;
    // SAFETY: an entry stays in the table until its finalizer took it out, under the lock that is held here.
    let slot = unsafe { &mut (*(*lent as *mut Lent)).block };
    run(start as usize - first, slot)
}

/// An ArrayBuffer's memory.
///
/// # Safety
/// `env` is the live environment of the calling thread and `buffer` a value of it.
pub(crate) unsafe fn memory(env: sys::napi_env, buffer: sys::napi_value) -> Result<(*mut u8, usize)> {
    let (mut data, mut length) = (null_mut(), 0);
    // SAFETY: the caller's contract.
    let status = unsafe { sys::napi_get_arraybuffer_info(env, buffer, &raw mut data, &raw mut length) };
    check(status, "not an ArrayBuffer")?;
    Ok((data.cast(), length))
}
