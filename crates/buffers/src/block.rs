//! Owned bytes outside every heap of a virtual machine.
//!
//! A block may travel to Node as external memory, into an engine as a detached buffer, and back: [`Block::into_raw`] is
//! the form that a C finalizer holds. Dropping takes no lock of a sandbox. From 64 KiB up its memory comes from the pool
//! and returns there; a former tenant's bytes are never seen, since each constructor below writes or zeroes every byte.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::mapping;
use crate::pool::{self, Mapped};

/// What typed arrays of any element type ask for.
const SMALL_ALIGNMENT: usize = 16;

/// The system has no such amount of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out of memory: {requested} bytes were not to be had")]
pub struct OutOfMemory {
    /// Bytes asked for.
    pub requested: usize,
}

/// Where a block's memory came from, and so where it returns to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Origin {
    /// The plain allocator.
    Allocator,
    /// The pool of mapped memory.
    Pool,
    /// A vector that was taken over.
    Vec,
}

/// A block as plain fields, for finalizers written in C: [`Block::into_raw`] makes one, [`Block::from_raw`] ends it.
///
/// Losing one leaks its memory.
#[derive(Debug)]
#[repr(C)]
pub struct RawBlock {
    /// The first byte. Never null, and for an empty block still an address of its own.
    pub ptr: *mut u8,
    /// Bytes in use.
    pub len: usize,
    /// Bytes owned.
    pub capacity: usize,
    /// Where the memory returns to.
    pub origin: Origin,
}

// SAFETY: a raw block is the sole owner of its bytes, as the block was that it came from.
unsafe impl Send for RawBlock {}

/// Owned bytes; see the module's sign.
pub struct Block {
    ptr: NonNull<u8>,
    len: usize,
    capacity: usize,
    origin: Origin,
}

// SAFETY: a block owns its bytes alone, and they are plain data.
unsafe impl Send for Block {}
// SAFETY: a shared block gives out shared slices only.
unsafe impl Sync for Block {}

impl Block {
    /// `len` bytes of zero.
    pub fn zeroed(len: usize) -> Result<Block, OutOfMemory> {
        if len < pool::MIN_POOLED {
            return small(len, true);
        }
        match mapped(len)? {
            (block, false) => Ok(block),
            (mut block, true) => {
                block.fill(0);
                Ok(block)
            }
        }
    }

    /// A copy of `bytes`.
    pub fn copy_of(bytes: &[u8]) -> Result<Block, OutOfMemory> {
        if bytes.len() < pool::MIN_POOLED {
            let block = small(bytes.len(), false)?;
            // SAFETY: the fresh allocation is at least as long as `bytes` and does not overlap it; every byte that the
            // block's slice will cover is written before the block can be read.
            unsafe { block.ptr.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
            return Ok(block);
        }
        let (mut block, _) = mapped(bytes.len())?;
        block.copy_from_slice(bytes);
        Ok(block)
    }

    /// Takes a vector over without a copy.
    pub fn from_vec(mut bytes: Vec<u8>) -> Block {
        if bytes.capacity() == 0 {
            // An address of its own even for an empty block: V8 keeps external memory in a table by address.
            bytes.reserve_exact(1);
        }
        let mut bytes = ManuallyDrop::new(bytes);
        let (len, capacity) = (bytes.len(), bytes.capacity());
        // SAFETY: a vector's pointer is never null.
        let ptr = unsafe { NonNull::new_unchecked(bytes.as_mut_ptr()) };
        Block { ptr, len, capacity, origin: Origin::Vec }
    }

    /// `len` bytes of any value, for an operation that writes every one of them.
    ///
    /// Not public, because a pooled block shows what a former tenant left there. Nothing stale leaks as long as the caller
    /// hands the block on only after it was written in full or truncated to the part that was; on an error it drops it.
    pub(crate) fn for_overwrite(len: usize) -> Result<Block, OutOfMemory> {
        // Small ones are zeroed all the same: the plain allocator's memory is uninitialised, which no slice may show.
        if len < pool::MIN_POOLED { small(len, true) } else { mapped(len).map(|(block, _)| block) }
    }

    /// Bytes in use.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first byte's address, which is never null and unique among living blocks.
    pub fn as_ptr(&self) -> *const u8 {
        self.ptr.as_ptr()
    }

    /// The first byte's address, for writing.
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.ptr.as_ptr()
    }

    /// Bytes owned, which is more than those in use where the memory came from the pool.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Drops all bytes behind the first `len`. A no-op where there are fewer.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Longer, with the old bytes in front and any value behind: the rule of [`Block::for_overwrite`] holds for the rest.
    ///
    /// On an error the old bytes are gone with it.
    pub(crate) fn grown_for_overwrite(mut self, new_len: usize) -> Result<Block, OutOfMemory> {
        if let Some(capacity) = self.remappable_to(new_len) {
            // SAFETY: the block is pooled, so `ptr` and `capacity` are those of a whole mapping that it owns.
            if let Some(ptr) = unsafe { mapping::remap(self.ptr, self.capacity, capacity) } {
                (self.ptr, self.capacity, self.len) = (ptr, capacity, new_len);
                return Ok(self);
            }
        }
        let mut grown = Block::for_overwrite(new_len)?;
        let kept = self.len.min(new_len);
        grown[..kept].copy_from_slice(&self[..kept]);
        Ok(grown)
    }

    /// The capacity to remap to: for pooled memory where no mapped block of the new size waits (copying there is cheaper
    /// than touching fresh pages).
    fn remappable_to(&self, new_len: usize) -> Option<usize> {
        let capacity = pool::round_up(new_len)?;
        (self.origin == Origin::Pool && capacity > self.capacity && !pool::has(capacity)).then_some(capacity)
    }

    /// Copies `target.len()` bytes from `at` on, while somebody outside of Rust may be writing to them: JavaScript, which was lent this
    /// memory. What comes out is then any mixture of old and new, and changes no more.
    pub(crate) fn copy_shared(&self, at: usize, target: &mut [u8]) {
        assert!(at <= self.len && target.len() <= self.len - at, "a copy beyond the block");
        // SAFETY: within the block, as was just seen, which lives as long as it is borrowed; the target is somebody else's memory.
        // No reference to the block's bytes is made, and no decision rests on them before they are copied.
        unsafe { std::ptr::copy_nonoverlapping(self.ptr.as_ptr().add(at), target.as_mut_ptr(), target.len()) };
    }

    /// Gives the block up as plain fields. [`Block::from_raw`] must end what comes out, or its memory leaks.
    pub fn into_raw(self) -> RawBlock {
        let block = ManuallyDrop::new(self);
        RawBlock { ptr: block.ptr.as_ptr(), len: block.len, capacity: block.capacity, origin: block.origin }
    }

    /// The block that `raw` was made from.
    ///
    /// # Safety
    /// `raw` came from [`Block::into_raw`] with unchanged fields and is used once; nobody else reads or writes its bytes
    /// from now on.
    pub unsafe fn from_raw(raw: RawBlock) -> Block {
        // SAFETY: `into_raw` stored a pointer that is not null, and the caller promises that it is unchanged.
        let ptr = unsafe { NonNull::new_unchecked(raw.ptr) };
        Block { ptr, len: raw.len, capacity: raw.capacity, origin: raw.origin }
    }
}

/// From the plain allocator. Not zeroed, the caller must write all `len` bytes before it lets anyone read the block.
fn small(len: usize, zeroed: bool) -> Result<Block, OutOfMemory> {
    let out_of_memory = OutOfMemory { requested: len };
    // At least one unit, so that an empty block has an address of its own.
    let capacity = len.max(SMALL_ALIGNMENT);
    let layout = Layout::from_size_align(capacity, SMALL_ALIGNMENT).map_err(|_| out_of_memory)?;
    // SAFETY: the layout's size is not zero.
    let start = unsafe { if zeroed { alloc_zeroed(layout) } else { alloc(layout) } };
    let ptr = NonNull::new(start).ok_or(out_of_memory)?;
    Ok(Block { ptr, len, capacity, origin: Origin::Allocator })
}

/// From the pool, and whether a former tenant's bytes lie in it.
fn mapped(len: usize) -> Result<(Block, bool), OutOfMemory> {
    let out_of_memory = OutOfMemory { requested: len };
    let capacity = pool::round_up(len).ok_or(out_of_memory)?;
    let (ptr, used) = match pool::acquire(capacity).ok_or(out_of_memory)? {
        Mapped::Fresh(ptr) => (ptr, false),
        Mapped::Used(ptr) => (ptr, true),
    };
    Ok((Block { ptr, len, capacity, origin: Origin::Pool }, used))
}

impl Drop for Block {
    fn drop(&mut self) {
        match self.origin {
            Origin::Allocator => {
                if let Ok(layout) = Layout::from_size_align(self.capacity, SMALL_ALIGNMENT) {
                    // SAFETY: `small` allocated it with this very layout, and nobody owns it but this block.
                    unsafe { dealloc(self.ptr.as_ptr(), layout) };
                }
            }
            // SAFETY: `mapped` or a remap made this whole mapping, and nobody owns it but this block.
            Origin::Pool => unsafe { pool::release(self.ptr, self.capacity) },
            // SAFETY: these are the parts of the vector that `from_vec` took apart.
            Origin::Vec => drop(unsafe { Vec::from_raw_parts(self.ptr.as_ptr(), self.len, self.capacity) }),
        }
    }
}

impl Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `len` bytes from `ptr` are owned by this block and initialised (each constructor's duty).
        unsafe { std::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`, and `&mut self` means that nobody else looks.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.as_ptr(), self.len) }
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Block").field("len", &self.len).field("origin", &self.origin).finish_non_exhaustive()
    }
}
