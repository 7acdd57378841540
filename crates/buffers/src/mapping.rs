//! Whole pages from the operating system: what the pool is made of.
//!
//! On Unix anonymous mappings, elsewhere, and under Miri, the global allocator. Fresh memory reads as zero on both ways.

use std::ptr::NonNull;

#[cfg(all(unix, not(miri)))]
mod system {
    use std::ptr::{self, NonNull};

    /// From here on fresh memory comes in huge pages where the system has them, which halves the cost of touching it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const HUGE_FROM: usize = 4 << 20;

    pub(super) fn map(len: usize) -> Option<NonNull<u8>> {
        // SAFETY: an anonymous private mapping at an address of the kernel's choice touches nothing that exists.
        let address = unsafe {
            libc::mmap(
                ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANON,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return None;
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if len >= HUGE_FROM {
            // Advice only: a kernel without huge pages says no, and nothing changes.
            // SAFETY: the range is the mapping of just above, and the advice does not touch its contents.
            let _ = unsafe { libc::madvise(address, len, libc::MADV_HUGEPAGE) };
        }
        NonNull::new(address.cast())
    }

    pub(super) unsafe fn unmap(start: NonNull<u8>, len: usize) {
        // SAFETY: the caller hands over a whole mapping of `map` that nobody uses any more.
        let _ = unsafe { libc::munmap(start.as_ptr().cast(), len) };
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) unsafe fn remap(start: NonNull<u8>, len: usize, new_len: usize) -> Option<NonNull<u8>> {
        // SAFETY: the caller hands over a whole mapping of `map`; on failure it stays as it was.
        let address = unsafe { libc::mremap(start.as_ptr().cast(), len, new_len, libc::MREMAP_MAYMOVE) };
        if address == libc::MAP_FAILED { None } else { NonNull::new(address.cast()) }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) unsafe fn remap(_start: NonNull<u8>, _len: usize, _new_len: usize) -> Option<NonNull<u8>> {
        None
    }
}

#[cfg(any(not(unix), miri))]
mod system {
    use std::alloc::{Layout, alloc_zeroed, dealloc};
    use std::ptr::NonNull;

    const ALIGNMENT: usize = 64;

    pub(super) fn map(len: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(len, ALIGNMENT).ok().filter(|layout| layout.size() > 0)?;
        // SAFETY: the layout's size is not zero.
        NonNull::new(unsafe { alloc_zeroed(layout) })
    }

    pub(super) unsafe fn unmap(start: NonNull<u8>, len: usize) {
        if let Ok(layout) = Layout::from_size_align(len, ALIGNMENT) {
            // SAFETY: the caller hands over memory of `map` with the length that it was made with.
            unsafe { dealloc(start.as_ptr(), layout) };
        }
    }

    pub(super) unsafe fn remap(_start: NonNull<u8>, _len: usize, _new_len: usize) -> Option<NonNull<u8>> {
        None
    }
}

/// Maps `len` bytes (not zero), which read as zero.
pub(crate) fn map(len: usize) -> Option<NonNull<u8>> {
    system::map(len)
}

/// Gives a mapping back to the system.
///
/// # Safety
/// `start` and `len` are those of one mapping of [`map`] or [`remap`], and nobody uses it any more.
pub(crate) unsafe fn unmap(start: NonNull<u8>, len: usize) {
    // SAFETY: the caller's promise is the same as the one asked for here.
    unsafe { system::unmap(start, len) }
}

/// Makes a mapping longer without copying, where the system can; new pages read as zero. `None` leaves it as it was.
///
/// # Safety
/// `start` and `len` are those of one mapping of [`map`] or [`remap`]; after success the old address is gone.
pub(crate) unsafe fn remap(start: NonNull<u8>, len: usize, new_len: usize) -> Option<NonNull<u8>> {
    // SAFETY: the caller's promise is the same as the one asked for here.
    unsafe { system::remap(start, len, new_len) }
}
