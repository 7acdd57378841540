//! The buffers of one sandbox, by id.
//!
//! Ids come from one counter of the process and are never used again; each store knows its own alone, so that another
//! sandbox's id is simply not found. A stored buffer never changes: an operation reads it through a shared reference and
//! survives a concurrent take or free. All of it is thread-safe, and the lock is held for a look-up only.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::account::{Account, Charge, PaidBlock};
use crate::block::Block;
use crate::buffer::{Buffer, Info, Lent};
use crate::cancel::Cancel;
use crate::chain::{Chain, Data, Job, Work};
use crate::error::{Error, Result};
use crate::ops::{Coding, Operations, Step, Streamed};
use crate::pipeline::Pipeline;
use crate::shared::SharedBytes;
use crate::writer::Writer;

/// Counted up once a buffer, it would take centuries to leave the integers that JavaScript has (2^53).
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Ids that any store may hold, and one more for each [`BYTES_PER_ID`] of its limit: empty buffers cost memory too.
const FREE_IDS: u64 = 1024;
const BYTES_PER_ID: u64 = 1024;

/// Compiled chains that a store keeps, and how long their text may be.
const KEPT_CHAINS: usize = 16;
const KEPT_CHAIN_BYTES: usize = 1024;

/// What `take_into` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenInto {
    /// Bytes copied to the target.
    pub bytes_written: usize,
    /// Bytes that the buffer had.
    pub source_length: usize,
    /// Whether the target was too short for all of them.
    pub truncated: bool,
}

/// One sandbox's buffers and their account. Dropping it frees them all.
///
/// ```
/// # fn main() -> hostbox_buffers::Result<()> {
/// use hostbox_buffers::{Cancel, Step, Store};
/// let store = Store::new(1 << 20);
/// let id = store.put_copy(&[0, 1, 2, 255])?;
/// let inverted = store.exec(&Step::parse("invert", None, None)?, id, &Cancel::new())?;
/// assert_eq!(&store.take(inverted)?[..], [255, 254, 253, 0]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Store {
    account: Arc<Account>,
    operations: Arc<Operations>,
    chains: Mutex<HashMap<Box<str>, Arc<Chain>>>,
    buffers: Mutex<HashMap<u64, Arc<Buffer>>>,
}

impl Store {
    /// An empty store that holds at most `limit_bytes`, intermediates and working memory of operations included.
    pub fn new(limit_bytes: u64) -> Store {
        Store::with_operations(limit_bytes, Arc::default())
    }

    /// The same with operations of the app's own.
    pub fn with_operations(limit_bytes: u64, operations: Arc<Operations>) -> Store {
        Store { account: Account::new(limit_bytes), operations, chains: Mutex::default(), buffers: Mutex::default() }
    }

    /// Compiles a chain from JSON text, as [`Operations::chain_json`]; the last few are kept, so that a chain that runs again and again is
    /// compiled once.
    ///
    /// # Errors
    /// As [`Operations::chain_json`].
    pub fn compile(&self, json: &str) -> Result<Arc<Chain>> {
        let lock = || self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chain) = lock().get(json) {
            return Ok(chain.clone());
        }
        let chain = Arc::new(self.operations.chain_json(json)?);
        if json.len() <= KEPT_CHAIN_BYTES {
            let mut chains = lock();
            if chains.len() >= KEPT_CHAINS {
                chains.clear();
            }
            chains.insert(json.into(), chain.clone());
        }
        Ok(chain)
    }

    /// The operations that this store knows.
    pub fn operations(&self) -> &Operations {
        &self.operations
    }

    /// Bytes in use: buffers, and what running operations have reserved.
    pub fn bytes(&self) -> u64 {
        self.account.used()
    }

    /// The limit that the store was made with.
    pub fn limit(&self) -> u64 {
        self.account.limit()
    }

    /// Buffers in the store.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there are no buffers.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Stores a block and gives it an id. [`Error::Memory`] drops it.
    pub fn put(&self, block: Block) -> Result<u64> {
        let info = Info::bytes(block.len());
        self.insert(Buffer::new(PaidBlock::admit(&self.account, block)?, info))
    }

    /// Stores a copy, which is paid for before it is made.
    pub fn put_copy(&self, bytes: &[u8]) -> Result<u64> {
        let info = Info::bytes(bytes.len());
        self.insert(Buffer::new(PaidBlock::copy_of(&self.account, bytes)?, info))
    }

    /// Counts memory that is held elsewhere for this sandbox; nothing at first.
    ///
    /// # Errors
    /// None today: room is asked for when it grows.
    pub fn charge(&self) -> Result<Charge> {
        self.account.reserve(0).map(Charge)
    }

    /// A buffer to write piece by piece, for bytes whose number is not known in advance.
    pub fn writer(&self, cancel: &Cancel) -> Result<Writer> {
        Writer::new(&self.account, cancel)
    }

    /// The same with room for about `len` bytes from the start, as far as the account has them: a guess that spares growing.
    pub fn writer_for(&self, len: usize, cancel: &Cancel) -> Result<Writer> {
        let mut writer = Writer::new(&self.account, cancel)?;
        writer.expect(len.min(usize::try_from(self.account.left() / 2).unwrap_or(usize::MAX)))?;
        Ok(writer)
    }

    /// Stores what was written to a [`Store::writer`] of this store.
    pub fn put_written(&self, writer: Writer) -> Result<u64> {
        let paid = writer.finish()?;
        let info = Info::bytes(paid.block.len());
        self.insert(Buffer::new(paid, info))
    }

    /// What was written to a [`Store::writer`], as a block that the store does not keep.
    pub fn take_written(&self, writer: Writer) -> Result<Block> {
        writer.finish().map(|paid| paid.block)
    }

    /// Takes a buffer out. Copies only if an operation under way still reads it.
    pub fn take(&self, id: u64) -> Result<Block> {
        let buffer = self.remove(id)?;
        match Arc::try_unwrap(buffer) {
            Ok(buffer) => Ok(buffer.paid.block),
            Err(shared) => Block::copy_of(&shared.paid.block).map_err(|error| {
                self.lock().insert(id, shared);
                error.into()
            }),
        }
    }

    /// Copies a buffer to the start of `target` and frees it, even where the target is too short.
    pub fn take_into(&self, id: u64, target: &mut [u8]) -> Result<TakenInto> {
        let buffer = self.remove(id)?;
        let source = &buffer.paid.block[..];
        let bytes_written = source.len().min(target.len());
        target[..bytes_written].copy_from_slice(&source[..bytes_written]);
        Ok(TakenInto { bytes_written, source_length: source.len(), truncated: bytes_written < source.len() })
    }

    /// Forgets a buffer. Its bytes go when the last operation that reads them ends.
    pub fn free(&self, id: u64) -> Result<()> {
        self.remove(id).map(drop)
    }

    /// Forgets all buffers.
    pub fn clear(&self) {
        // Dropped outside the lock, since giving memory back may take a while.
        let buffers = std::mem::take(&mut *self.lock());
        drop(buffers);
    }

    /// What is known about a buffer.
    pub fn info(&self, id: u64) -> Result<Info> {
        self.get(id).map(|buffer| buffer.info)
    }

    /// Lends a buffer, without a copy.
    pub fn lend(&self, id: u64) -> Result<Lent> {
        self.get(id).map(Lent)
    }

    /// Reads a buffer in place: `read` sees bytes that stay valid and unchanged whatever happens to the id meanwhile.
    pub fn read<T>(&self, id: u64, read: impl FnOnce(&[u8]) -> T) -> Result<T> {
        self.get(id).map(|buffer| read(&buffer.paid.block))
    }

    /// Runs one step on a stored buffer, which stays valid, and stores the result.
    pub fn exec(&self, step: &Step, input: u64, cancel: &Cancel) -> Result<u64> {
        self.exec_chain(input, &Chain::from(step.clone()), cancel)
    }

    /// Runs a chain on a stored buffer, which stays valid, and stores the last result alone.
    pub fn exec_chain(&self, input: u64, chain: &Chain, cancel: &Cancel) -> Result<u64> {
        let work = self.run(Work::stored(self.get(input)?), chain, cancel)?;
        let info = work.info();
        self.insert(match work.data {
            // Nothing was written: the same bytes under a second id, which is fine since they never change.
            Data::Stored(buffer) => buffer,
            Data::Owned(paid) => Buffer::new(paid, info),
            lent => Buffer::new(PaidBlock::copy_of(&self.account, lent.bytes())?, info),
        })
    }

    /// Runs a chain on a block of the caller's, in place where it can, without storing anything.
    pub fn run_chain(&self, input: Block, chain: &Chain, cancel: &Cancel) -> Result<(Block, Info)> {
        self.result(Work::owned(PaidBlock::admit(&self.account, input)?), chain, cancel)
    }

    /// The same on bytes that are only lent, and that nobody writes meanwhile.
    pub fn run_chain_on(&self, input: &[u8], chain: &Chain, cancel: &Cancel) -> Result<(Block, Info)> {
        self.result(Work::lent(input), chain, cancel)
    }

    /// The same on memory that JavaScript was lent and may be writing to: what it writes meanwhile may or may not be in the result.
    ///
    /// An elementwise beginning reads it block by block; anything else gets a copy.
    pub fn run_chain_shared(&self, input: SharedBytes, chain: &Chain, cancel: &Cancel) -> Result<(Block, Info)> {
        self.result(Work::shared(input), chain, cancel)
    }

    /// The same on a stored buffer, which stays valid.
    pub fn run_chain_by_id(&self, input: u64, chain: &Chain, cancel: &Cancel) -> Result<(Block, Info)> {
        self.result(Work::stored(self.get(input)?), chain, cancel)
    }

    /// A chain as a stream: for bytes that come piece by piece, in constant memory.
    ///
    /// # Errors
    /// [`Error::Op`] for a chain with an operation that needs its whole input, [`Error::IdNotFound`] for a second input that is not there.
    pub fn stream_chain(&self, chain: &Chain, cancel: &Cancel) -> Result<Pipeline> {
        Job { account: &self.account, cancel }.stream(chain, &self.extras(chain)?)
    }

    /// A stream that compresses.
    pub fn compressor(&self, coding: Coding, cancel: &Cancel) -> Result<Pipeline> {
        self.stream("compress", &*coding.compressor(), cancel)
    }

    /// A stream that decompresses, and refuses what follows the end of the first member.
    pub fn decompressor(&self, coding: Coding, cancel: &Cancel) -> Result<Pipeline> {
        self.stream("decompress", &*coding.decompressor(), cancel)
    }

    fn stream(&self, name: &str, operation: &dyn Streamed, cancel: &Cancel) -> Result<Pipeline> {
        Pipeline::new(&self.account, cancel, name.into(), vec![operation.open(&self.account)?])
    }

    fn result(&self, input: Work<'_>, chain: &Chain, cancel: &Cancel) -> Result<(Block, Info)> {
        let work = self.run(input, chain, cancel)?;
        let info = work.info();
        match work.data {
            Data::Owned(paid) => Ok((paid.block, info)),
            kept => Ok((PaidBlock::copy_of(&self.account, kept.bytes())?.block, info)),
        }
    }

    fn run<'a>(&self, input: Work<'a>, chain: &Chain, cancel: &Cancel) -> Result<Work<'a>> {
        Job { account: &self.account, cancel }.run(input, chain, &self.extras(chain)?)
    }

    /// All second inputs, looked up before anything runs, so that a wrong id costs no work, and a free in between does no harm.
    fn extras(&self, chain: &Chain) -> Result<Vec<Option<Arc<Buffer>>>> {
        chain.steps().iter().map(|step| step.extra().map(|id| self.get(id)).transpose()).collect()
    }

    fn insert(&self, buffer: Arc<Buffer>) -> Result<u64> {
        let most = FREE_IDS.saturating_add(self.limit() / BYTES_PER_ID);
        let mut buffers = self.lock();
        if buffers.len() as u64 >= most {
            return Err(Error::memory(format!("the buffer store is full: it holds {most} buffers, free or take some")));
        }
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        buffers.insert(id, buffer);
        Ok(id)
    }

    fn get(&self, id: u64) -> Result<Arc<Buffer>> {
        self.lock().get(&id).cloned().ok_or(Error::IdNotFound(id))
    }

    fn remove(&self, id: u64) -> Result<Arc<Buffer>> {
        self.lock().remove(&id).ok_or(Error::IdNotFound(id))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Buffer>>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
