//! Gives the memory of sandboxes that are gone back to the system.
//!
//! glibc keeps what was freed in the middle of its heaps for its own later use: after 10,000 sandboxes that is 2 GiB. A guest thread with nothing
//! else to do has it returned, some time after the last of many sandboxes has ended. Other allocators do that by themselves.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// So many have to end before it is worth a walk over the heaps.
const MANY: usize = 64;
/// How long no sandbox has any work before.
pub(crate) const PAUSE: Duration = Duration::from_millis(200);

static ENDED: AtomicUsize = AtomicUsize::new(0);

/// An engine was freed.
pub(crate) fn note_end() {
    ENDED.fetch_add(1, Relaxed);
}

/// Whether there is something to give back.
pub(crate) fn is_due() -> bool {
    cfg!(all(target_os = "linux", target_env = "gnu")) && ENDED.load(Relaxed) >= MANY
}

/// Gives it back. Takes some milliseconds for a heap of GiB, in which other threads may wait for memory.
pub(crate) fn tidy() {
    if ENDED.swap(0, Relaxed) < MANY {
        return;
    }
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it may be called at any time, by any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
