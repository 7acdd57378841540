//! A buffer that grows while it is written, and pays its account as it grows.
//!
//! For what has no length in advance: inflated and encoded bytes, bodies from the network, a module's output.

use std::io;
use std::sync::Arc;

use crate::account::{Account, PaidBlock};
use crate::block::Block;
use crate::cancel::Cancel;
use crate::error::{Error, Result};

const FIRST_BYTES: usize = 32 << 10;
/// How much is written between two looks at the flag.
const CHECK_BYTES: usize = 256 << 10;
/// How many writes there are between two looks: encoders write a few bytes at a time.
const CHECK_WRITES: u32 = 4096;

/// Bytes under way into a store: made by `Store::writer`, ended by `Store::put_written`.
///
/// After a failed write [`Writer::failure`] has the reason, which [`io::Error`] only carries as text.
#[derive(Debug)]
pub struct Writer {
    paid: PaidBlock,
    filled: usize,
    most: usize,
    cancel: Cancel,
    check_at: usize,
    writes: u32,
    failure: Option<Error>,
}

impl Writer {
    pub(crate) fn new(account: &Arc<Account>, cancel: &Cancel) -> Result<Writer> {
        let paid = PaidBlock { block: Block::for_overwrite(0)?, reservation: account.reserve(0)? };
        let cancel = cancel.clone();
        Ok(Writer { paid, filled: 0, most: usize::MAX, cancel, check_at: CHECK_BYTES, writes: 0, failure: None })
    }

    /// Sets a limit of the writer's own, below that of the account.
    pub fn set_limit(&mut self, most: u64) {
        self.most = usize::try_from(most).unwrap_or(usize::MAX);
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.filled
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Why the last write failed, if one did.
    pub fn failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// Gives up for a reason that lies outside of this writer, as if a write had met it.
    pub fn refuse(&mut self, reason: Error) {
        self.failure = Some(reason);
    }

    /// Makes room for `len` bytes in one step, if the account has them: a hint that spares growing.
    pub(crate) fn expect(&mut self, len: usize) -> Result<()> {
        let free = self.paid.block.len() - self.filled;
        if len > free { self.grow(1, len - free) } else { Ok(()) }
    }

    /// The room that is already paid for; [`Writer::advance`] tells how much of it was used.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        &mut self.paid.block[self.filled..]
    }

    pub(crate) fn advance(&mut self, len: usize) -> Result<()> {
        self.filled = (self.filled + len).min(self.paid.block.len());
        if self.filled >= self.check_at {
            self.check_at = self.filled + CHECK_BYTES;
            self.cancel.check()?;
        }
        Ok(())
    }

    fn grow(&mut self, needed: usize, wanted: usize) -> Result<()> {
        let len = self.paid.block.len();
        let left = self.most.saturating_sub(len);
        if needed > left {
            return Err(Error::memory(format!("the output is longer than its limit of {} bytes", self.most)));
        }
        let got = self.paid.reservation.grow(needed as u64, wanted.clamp(needed, left) as u64)?;
        let old = std::mem::replace(&mut self.paid.block, Block::for_overwrite(0)?);
        // Where the system cannot remap, old and new block exist side by side while the bytes are copied.
        let filled = std::mem::take(&mut self.filled);
        self.paid.block = old.grown_for_overwrite(len + got as usize)?;
        self.filled = filled;
        Ok(())
    }

    /// More room for an output whose length is not known: as much again as there is, but not much beyond `most` more.
    pub(crate) fn grow_for_more(&mut self, most: usize) -> Result<()> {
        let needed = crate::pipeline::LEAST_ROOM;
        let free = self.paid.block.len() - self.filled;
        self.grow(needed.saturating_sub(free).max(1), self.filled.max(FIRST_BYTES).min(most.max(needed)))
    }

    /// What was written so far.
    pub fn written(&self) -> &[u8] {
        &self.paid.block[..self.filled]
    }

    /// Begins anew in the same memory.
    pub fn clear(&mut self) {
        self.filled = 0;
        self.check_at = CHECK_BYTES;
    }

    /// Reads once from `source`, straight into memory that is paid for: how many bytes came, none at its end.
    ///
    /// # Errors
    /// What the source says; where [`Writer::failure`] has a reason, what the account or the flag says.
    pub fn read_from(&mut self, source: &mut impl io::Read) -> io::Result<usize> {
        let mut paid = Ok(());
        if self.filled == self.paid.block.len() {
            paid = self.grow(1, self.filled.max(FIRST_BYTES));
        }
        let read = match paid {
            Ok(()) => source.read(&mut self.paid.block[self.filled..])?,
            Err(_) => 0,
        };
        match paid.and_then(|()| self.advance(read)) {
            Ok(()) => Ok(read),
            Err(error) => {
                let text = error.to_string();
                self.failure = Some(error);
                Err(io::Error::other(text))
            }
        }
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let free = self.paid.block.len() - self.filled;
        if bytes.len() > free {
            self.grow(bytes.len() - free, self.filled.max(FIRST_BYTES).max(bytes.len()))?;
        }
        self.writes += 1;
        if self.writes == CHECK_WRITES {
            self.writes = 0;
            self.cancel.check()?;
        }
        self.paid.block[self.filled..self.filled + bytes.len()].copy_from_slice(bytes);
        self.advance(bytes.len())
    }

    /// The bytes written, and nothing behind them: what the block had room for beyond is cut off here.
    pub(crate) fn finish(mut self) -> Result<PaidBlock> {
        self.paid.block.truncate(self.filled);
        self.paid.reservation.shrink_to(self.filled as u64);
        // A small result must not sit in a large mapping that the account no longer pays for.
        if self.paid.block.capacity() > 2 * self.filled + FIRST_BYTES {
            self.paid.block = Block::copy_of(&self.paid.block)?;
        }
        Ok(self.paid)
    }
}

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.append(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                let text = error.to_string();
                self.failure = Some(error);
                Err(io::Error::other(text))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
