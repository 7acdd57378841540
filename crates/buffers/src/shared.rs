//! Memory that JavaScript was lent, read while JavaScript may be writing to it.

use std::ops::Range;
use std::sync::Arc;

use crate::block::Block;

/// A part of a block that somebody outside of Rust may be writing to. It stays alive as long as this does, and is only ever copied.
#[derive(Clone, Debug)]
pub struct SharedBytes {
    block: Arc<Block>,
    range: Range<usize>,
}

impl SharedBytes {
    /// A part of `block`; `None` where it reaches beyond it.
    pub fn new(block: Arc<Block>, range: Range<usize>) -> Option<SharedBytes> {
        (range.start <= range.end && range.end <= block.len()).then_some(SharedBytes { block, range })
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// Copies `target.len()` bytes from `at` on: any mixture of what was there before and what is written meanwhile.
    pub(crate) fn copy_to(&self, at: usize, target: &mut [u8]) {
        assert!(at <= self.len() && target.len() <= self.len() - at, "a copy beyond the part");
        self.block.copy_shared(self.range.start + at, target);
    }
}
