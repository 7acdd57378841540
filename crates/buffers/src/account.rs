//! What one sandbox may hold: every buffer and every intermediate is reserved here before it is allocated.
//!
//! A reservation lives as long as the bytes that it pays for, and gives them back when it is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::block::Block;
use crate::error::{Error, Result};

#[derive(Debug)]
pub(crate) struct Account {
    limit: u64,
    used: AtomicU64,
}

impl Account {
    pub(crate) fn new(limit: u64) -> Arc<Account> {
        Arc::new(Account { limit, used: AtomicU64::new(0) })
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Reserves `wanted` bytes, or what is left if that is at least `needed`; `None` where even that is too much.
    fn add(&self, needed: u64, wanted: u64) -> Option<u64> {
        let mut got = 0;
        let update = |used: u64| {
            let left = self.limit.saturating_sub(used);
            got = wanted.min(left);
            if got < needed { None } else { used.checked_add(got) }
        };
        self.used.try_update(Ordering::Relaxed, Ordering::Relaxed, update).ok().map(|_| got)
    }

    /// What could still be reserved.
    pub(crate) fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used())
    }

    pub(crate) fn refusal(&self, needed: u64) -> Error {
        let (limit, used) = (self.limit, self.used());
        Error::memory(format!(
            "the buffer store is full: {needed} bytes more do not fit into bufferBytes (limit {limit}, in use {used})"
        ))
    }

    pub(crate) fn reserve(self: &Arc<Self>, bytes: u64) -> Result<Reservation> {
        self.add(bytes, bytes).ok_or_else(|| self.refusal(bytes))?;
        Ok(Reservation { account: Arc::clone(self), bytes })
    }
}

/// Bytes of an account that are spoken for until this is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    account: Arc<Account>,
    bytes: u64,
}

impl Reservation {
    /// Longer by `wanted`, or by what is left if that is at least `needed`. Returns by how much.
    pub(crate) fn grow(&mut self, needed: u64, wanted: u64) -> Result<u64> {
        let got = self.account.add(needed, wanted.max(needed)).ok_or_else(|| self.account.refusal(needed))?;
        self.bytes += got;
        Ok(got)
    }

    /// Exactly `bytes`, for memory whose size is only known once it is there.
    pub(crate) fn set(&mut self, bytes: u64) -> Result<()> {
        match bytes.checked_sub(self.bytes) {
            Some(more) if more > 0 => self.grow(more, more).map(drop),
            _ => {
                self.shrink_to(bytes);
                Ok(())
            }
        }
    }

    pub(crate) fn shrink_to(&mut self, bytes: u64) {
        if let Some(surplus) = self.bytes.checked_sub(bytes) {
            self.account.used.fetch_sub(surplus, Ordering::Relaxed);
            self.bytes = bytes;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.account.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Memory that somebody else holds on a store's account, until this is dropped: what the network has read and not yet given.
#[derive(Debug)]
pub struct Charge(pub(crate) Reservation);

impl Charge {
    /// It holds so many bytes now.
    ///
    /// # Errors
    /// [`Error::Memory`] where the account has no room: then it stays what it was.
    pub fn set(&mut self, bytes: u64) -> Result<()> {
        self.0.set(bytes)
    }
}

/// A block together with the reservation that pays for it. The block goes first.
#[derive(Debug)]
pub(crate) struct PaidBlock {
    pub(crate) block: Block,
    pub(crate) reservation: Reservation,
}

impl PaidBlock {
    /// Pays for a block that exists already.
    pub(crate) fn admit(account: &Arc<Account>, block: Block) -> Result<PaidBlock> {
        let reservation = account.reserve(block.len() as u64)?;
        Ok(PaidBlock { block, reservation })
    }

    pub(crate) fn zeroed(account: &Arc<Account>, len: usize) -> Result<PaidBlock> {
        let reservation = account.reserve(len as u64)?;
        Ok(PaidBlock { block: Block::zeroed(len)?, reservation })
    }

    pub(crate) fn copy_of(account: &Arc<Account>, bytes: &[u8]) -> Result<PaidBlock> {
        let reservation = account.reserve(bytes.len() as u64)?;
        Ok(PaidBlock { block: Block::copy_of(bytes)?, reservation })
    }

    /// The rule of [`Block::for_overwrite`] holds.
    pub(crate) fn for_overwrite(account: &Arc<Account>, len: usize) -> Result<PaidBlock> {
        let reservation = account.reserve(len as u64)?;
        Ok(PaidBlock { block: Block::for_overwrite(len)?, reservation })
    }
}
