//! What a running module may hold.
//!
//! Linear memories count on the account of the sandbox, page by page; tables, instances and stacks are bounded by fixed numbers.

use wasmtime::ResourceLimiter;

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
    /// Of a component's own frames, up to 4 MiB; rounded up to a power of two. 1 MiB where there is none.
    pub stack_bytes: Option<usize>,
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
    /// What could not be had, for the message.
    refused: Option<String>,
}

impl Limiter {
    pub(crate) fn new(account: Box<dyn MemoryAccount>, limits: &Limits) -> Self {
        Self { account, elements_left: limits.table_elements, refused: None }
    }

    /// Has the account pay for more bytes that the host holds for a run.
    pub(crate) fn reserve(&mut self, bytes: usize) -> bool {
        self.account.reserve(bytes)
    }

    /// What was refused since the last look.
    pub(crate) fn refused(&mut self) -> Option<String> {
        self.refused.take()
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let granted = self.account.reserve(desired.saturating_sub(current));
        if !granted {
            self.refused = Some(format!(
                "memoryBytes: a linear memory of {desired} bytes does not fit into this sandbox's memory"
            ));
        }
        Ok(granted)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let granted = more <= self.elements_left && self.account.reserve(more.saturating_mul(size_of::<usize>()));
        if granted {
            self.elements_left -= more;
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
