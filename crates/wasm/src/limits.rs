//! What a running module may hold.
//!
//! Linear memories count on the account of the sandbox, page by page; tables, instances and stacks are bounded by fixed numbers.

use std::ops::RangeInclusive;

use wasmtime::ResourceLimiter;

use crate::error::{Error, Result};
use crate::machine::STACK_BYTES;

/// Who pays for linear memories and tables.
pub trait MemoryAccount: Send {
    /// Reserves more bytes; false where the limit is reached. What was reserved is given back when the account is dropped.
    fn reserve(&mut self, bytes: usize) -> bool;
}

/// Bounds of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Elements of all tables together.
    pub table_elements: usize,
    /// Bytes that one stream may put out, below what the buffer store has.
    pub output_bytes: u64,
    /// Of the module's own frames, from 64 KiB to 4 MiB; rounded up to a power of two. 1 MiB where there is none.
    pub stack_bytes: Option<usize>,
}

impl Limits {
    /// Bytes of stack that an app may ask for.
    pub const STACKS: RangeInclusive<usize> = 64 << 10..=4 << 20;
    /// Those that a guest may ask for: no more than it has without asking.
    pub const GUEST_STACKS: RangeInclusive<usize> = 64 << 10..=STACK_BYTES;
}

impl Default for Limits {
    fn default() -> Self {
        Self { table_elements: 1 << 20, output_bytes: u64::MAX, stack_bytes: None }
    }
}

/// Core instances, memories and tables of one run: a component may have many.
const INSTANCES: usize = 64;

pub(crate) struct Limiter {
    account: Box<dyn MemoryAccount>,
    elements_left: usize,
    /// Bytes and elements that were reserved so far.
    reserved: (usize, usize),
    /// What could not be had, for the message.
    refused: Option<String>,
}

impl Limiter {
    pub(crate) fn new(account: Box<dyn MemoryAccount>, limits: &Limits) -> Self {
        Self { account, elements_left: limits.table_elements, reserved: (0, 0), refused: None }
    }

    /// Has the account pay for more bytes that the host holds for a run.
    pub(crate) fn reserve(&mut self, bytes: usize) -> bool {
        let granted = self.account.reserve(bytes);
        self.reserved.0 += if granted { bytes } else { 0 };
        granted
    }

    /// Has this account pay for what another one paid for so far.
    ///
    /// # Errors
    /// [`Error::Memory`] where it does not fit.
    pub(crate) fn take_over(&mut self, other: &Limiter) -> Result<()> {
        let (bytes, elements) = other.reserved;
        if elements > self.elements_left {
            return Err(Error::Memory(format!(
                "tables of {elements} elements do not fit into the limits of this sandbox"
            )));
        }
        if !self.reserve(bytes) {
            return Err(Error::Memory(format!(
                "memoryBytes: linear memories and tables of {bytes} bytes do not fit into this sandbox's memory"
            )));
        }
        self.elements_left -= elements;
        self.reserved.1 += elements;
        Ok(())
    }

    /// What was refused since the last look.
    pub(crate) fn refused(&mut self) -> Option<String> {
        self.refused.take()
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let granted = self.reserve(desired.saturating_sub(current));
        if !granted {
            self.refused = Some(format!(
                "memoryBytes: a linear memory of {desired} bytes does not fit into this sandbox's memory"
            ));
        }
        Ok(granted)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let granted = more <= self.elements_left && self.reserve(more.saturating_mul(size_of::<usize>()));
        if granted {
            self.elements_left -= more;
            self.reserved.1 += more;
        } else {
            self.refused = Some(format!("a table of {desired} elements does not fit into the limits of this sandbox"));
        }
        Ok(granted)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        INSTANCES
    }
}
