//! Memory for codecs that take an allocator: the account pays for every cell before it exists.
//!
//! How much such a codec needs depends on its input, so that no number known in advance would hold. Its allocator cannot fail, so a
//! refusal unwinds out of the codec, without a word on the error stream, to [`metered`], and is an ordinary error there.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use alloc_no_stdlib::{Allocator, SliceWrapper, SliceWrapperMut};

use crate::account::{Account, Reservation};
use crate::error::{Error, Result};

/// Pays from one account.
#[derive(Clone)]
pub(crate) struct Metered(Arc<Account>);

impl Metered {
    pub(crate) fn new(account: &Arc<Account>) -> Metered {
        Metered(account.clone())
    }
}

/// Items, and what they cost. The items go first.
pub(crate) struct Cell<T> {
    items: Vec<T>,
    _reservation: Option<Reservation>,
}

impl<T> Default for Cell<T> {
    fn default() -> Cell<T> {
        Cell { items: Vec::new(), _reservation: None }
    }
}

impl<T> SliceWrapper<T> for Cell<T> {
    fn slice(&self) -> &[T] {
        &self.items
    }
}

impl<T> SliceWrapperMut<T> for Cell<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

impl<T: Clone + Default> Allocator<T> for Metered {
    type AllocatedMemory = Cell<T>;

    fn alloc_cell(&mut self, len: usize) -> Cell<T> {
        if len == 0 {
            return Cell::default();
        }
        match self.0.reserve((len as u64).saturating_mul(size_of::<T>() as u64)) {
            Ok(reservation) => Cell { items: vec![T::default(); len], _reservation: Some(reservation) },
            Err(refusal) => resume_unwind(Box::new(refusal)),
        }
    }

    fn free_cell(&mut self, _cell: Cell<T>) {}
}

/// Runs a codec whose memory is metered. It is of no use after an error.
pub(crate) fn metered<T>(op: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|reason| match reason.downcast::<Error>() {
        Ok(refusal) => Err(*refusal),
        Err(_) => Err(Error::op(op, "the input cannot be processed")),
    })
}
