//! The process-wide pool of mapped memory: a large block that was given back serves the next job of its size.
//!
//! Fresh pages cost ten times a copy, so a repeated 16 MiB or 33 MB job must find mapped memory. Sizes come in quarter
//! steps between powers of two, from 64 KiB to 64 MiB; larger mappings are never kept. At most [`MAX_KEPT`] bytes are kept,
//! and what was used longest ago makes room. The one lock is held for a few instructions, never over a system call.
//! What lies in a kept mapping is a former tenant's: only `Block` may take one out, and it says who overwrites it.

use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::mapping;

/// Blocks shorter than this come from the plain allocator.
pub(crate) const MIN_POOLED: usize = 64 << 10;
/// Mappings longer than this go back to the system at once.
const MAX_POOLED: usize = 64 << 20;
/// Two pictures of 4K RGBA in and two out.
const MAX_KEPT: usize = 128 << 20;

const MIN_SHIFT: u32 = MIN_POOLED.trailing_zeros();
const CLASSES: usize = ((MAX_POOLED.trailing_zeros() - MIN_SHIFT) * 4 + 1) as usize;

static POOL: Mutex<Pool> = Mutex::new(Pool::new());

struct Kept {
    start: NonNull<u8>,
    released: u64,
}

// SAFETY: a kept mapping belongs to the pool alone; moving its address to another thread moves the ownership.
unsafe impl Send for Kept {}

struct Pool {
    lists: [VecDeque<Kept>; CLASSES],
    bytes: usize,
    clock: u64,
}

impl Pool {
    const fn new() -> Pool {
        Pool { lists: [const { VecDeque::new() }; CLASSES], bytes: 0, clock: 0 }
    }

    fn take(&mut self, class: usize) -> Option<NonNull<u8>> {
        let kept = self.lists[class].pop_back()?;
        self.bytes -= class_size(class);
        Some(kept.start)
    }

    fn keep(&mut self, class: usize, start: NonNull<u8>) {
        self.clock += 1;
        self.bytes += class_size(class);
        self.lists[class].push_back(Kept { start, released: self.clock });
    }

    /// Takes out what was released longest ago.
    fn evict(&mut self) -> Option<(NonNull<u8>, usize)> {
        let age = |class: &usize| self.lists[*class].front().map_or(u64::MAX, |kept| kept.released);
        let class = (0..CLASSES).min_by_key(age)?;
        let kept = self.lists[class].pop_front()?;
        self.bytes -= class_size(class);
        Some((kept.start, class_size(class)))
    }
}

/// Where mapped memory came from, which decides whether it must be zeroed.
pub(crate) enum Mapped {
    /// From the system: reads as zero.
    Fresh(NonNull<u8>),
    /// From a former tenant: every byte must be overwritten before anyone reads it.
    Used(NonNull<u8>),
}

fn lock() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The length of `class`: four steps between a power of two and the next.
fn class_size(class: usize) -> usize {
    ((MIN_POOLED / 4) * (4 + class % 4)) << (class / 4)
}

/// The class whose size is exactly `capacity`.
fn class_of(capacity: usize) -> Option<usize> {
    if !(MIN_POOLED..=MAX_POOLED).contains(&capacity) {
        return None;
    }
    let shift = capacity.ilog2() - MIN_SHIFT;
    let quarter = (capacity >> (shift + MIN_SHIFT - 2)) - 4;
    let class = shift as usize * 4 + quarter;
    (class < CLASSES && class_size(class) == capacity).then_some(class)
}

/// The capacity that a mapping for `len` bytes has: the next quarter step. `None` where there is no such number.
pub(crate) fn round_up(len: usize) -> Option<usize> {
    let len = len.max(MIN_POOLED);
    let step = (1_usize << len.ilog2()) / 4;
    let rounded = len.checked_add(step - 1)? / step * step;
    (rounded <= isize::MAX as usize).then_some(rounded)
}

/// Whether a mapping of exactly `capacity` bytes is kept. Another thread may take it in the next moment.
pub(crate) fn has(capacity: usize) -> bool {
    class_of(capacity).is_some_and(|class| !lock().lists[class].is_empty())
}

/// Memory of `capacity` bytes, which is a result of [`round_up`].
pub(crate) fn acquire(capacity: usize) -> Option<Mapped> {
    if let Some(start) = class_of(capacity).and_then(|class| lock().take(class)) {
        return Some(Mapped::Used(start));
    }
    if let Some(start) = mapping::map(capacity) {
        return Some(Mapped::Fresh(start));
    }
    // The system refused: what the pool keeps for later is worth less than the job at hand.
    trim();
    mapping::map(capacity).map(Mapped::Fresh)
}

/// Takes a mapping back.
///
/// # Safety
/// `start` and `capacity` are those of one mapping that came from [`acquire`] or a remap, and nobody uses it any more.
pub(crate) unsafe fn release(start: NonNull<u8>, capacity: usize) {
    let Some(class) = class_of(capacity) else {
        // SAFETY: the caller's promise is the same as the one asked for here.
        return unsafe { mapping::unmap(start, capacity) };
    };
    let mut evicted = Vec::new();
    {
        let mut pool = lock();
        pool.keep(class, start);
        while pool.bytes > MAX_KEPT {
            evicted.extend(pool.evict());
        }
    }
    unmap_all(evicted);
}

fn unmap_all(mappings: Vec<(NonNull<u8>, usize)>) {
    for (start, capacity) in mappings {
        // SAFETY: `evict` took the mapping out of the pool, which owned it, so nobody else knows it.
        unsafe { mapping::unmap(start, capacity) };
    }
}

/// Gives all kept memory back to the system. For a process that has become idle.
pub fn trim() {
    let mut evicted = Vec::new();
    {
        let mut pool = lock();
        while let Some(mapping) = pool.evict() {
            evicted.push(mapping);
        }
    }
    unmap_all(evicted);
}

/// Bytes that the pool keeps mapped for later blocks.
pub fn kept_bytes() -> usize {
    lock().bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_finds_itself_by_its_size() {
        for class in 0..CLASSES {
            assert_eq!(class_of(class_size(class)), Some(class));
            assert_eq!(round_up(class_size(class)), Some(class_size(class)));
        }
        assert_eq!(class_size(CLASSES - 1), MAX_POOLED);
        assert_eq!(class_of(MAX_POOLED + 1), None);
    }

    #[test]
    fn a_capacity_wastes_at_most_a_quarter() {
        for len in [MIN_POOLED + 1, 100_000, 16 << 20, 33_177_600, (64 << 20) + 1, 5 << 30] {
            let capacity = round_up(len).unwrap();
            assert!(capacity >= len && capacity - len <= len / 4, "{len} became {capacity}");
        }
        assert_eq!(round_up(usize::MAX), None);
    }
}
