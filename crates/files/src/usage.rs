//! `maxBytes`: how many bytes, and how many names, stand below a granted directory.
//!
//! Counted by walking the directory before the first change through a grant with a limit, and kept up to date by every change through any
//! grant on the same directory in this process. What others change is seen when the limit is met: then it is counted again.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cap_fs_ext::{DirEntryExt, MetadataExt};
use cap_std::fs::{Dir, Metadata};
use hostbox_buffers::Cancel;

use crate::error::{Cause, Code};
use crate::walk::{Step, walk};

/// Names that any grant with a limit may hold, and one more for each `BYTES_PER_NAME` of it: empty files take room, too.
const FREE_NAMES: u64 = 4096;
const BYTES_PER_NAME: u64 = 1024;

/// A directory is not counted again and again by a guest that keeps meeting the limit: not within this time, and counting takes a twentieth of
/// the time at most.
const COUNT_EVERY: Duration = Duration::from_secs(1);
const COUNT_SHARE: u32 = 20;

/// A file on the disk, whatever its names.
pub(crate) type Identity = (u64, u64);

pub(crate) fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

#[derive(Default)]
pub(crate) struct Ledger {
    usage: Mutex<Option<Usage>>,
    /// Files that are open, and how often.
    open: Mutex<HashMap<Identity, usize>>,
}

struct Usage {
    bytes: u64,
    names: u64,
    /// Bytes of files that have no name any more and are still open.
    nameless: u64,
    counted: Instant,
    /// How long that took.
    took: Duration,
}

/// What a change needs, or gives back.
#[derive(Clone, Copy, Default)]
pub(crate) struct Amount {
    pub(crate) bytes: u64,
    pub(crate) names: u64,
}

impl Amount {
    pub(crate) const NAME: Amount = Amount { bytes: 0, names: 1 };

    pub(crate) fn bytes(bytes: u64) -> Amount {
        Amount { bytes, names: 0 }
    }
}

impl Ledger {
    /// Begins a change. While it lasts nobody else changes a directory that is counted.
    pub(crate) fn change<'a>(
        &'a self,
        dir: &'a Dir,
        limit: Option<u64>,
        cancel: &'a Cancel,
    ) -> Result<Change<'a>, Cause> {
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        if usage.is_none() {
            if limit.is_none() {
                return Ok(Change { ledger: self, dir, usage: None, limit, cancel });
            }
            *usage = Some(count(dir, cancel)?);
        }
        Ok(Change { ledger: self, dir, usage: Some(usage), limit, cancel })
    }

    pub(crate) fn opened(&self, file: Identity) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner).entry(file).or_default() += 1;
    }

    /// The last one who had it open says what became of it.
    pub(crate) fn closed(&self, file: Identity, metadata: Option<&Metadata>) {
        let is_last = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let left = open.get_mut(&file).map(|count| {
                *count -= 1;
                *count
            });
            if left == Some(0) {
                open.remove(&file);
            }
            left == Some(0)
        };
        let nameless = metadata.filter(|metadata| metadata.nlink() == 0).map_or(0, Metadata::len);
        if is_last
            && nameless > 0
            && let Some(usage) = &mut *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
        {
            usage.nameless = usage.nameless.saturating_sub(nameless);
        }
    }

    fn is_open(&self, file: Identity) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&file)
    }
}

/// A change of a granted directory.
pub(crate) struct Change<'a> {
    ledger: &'a Ledger,
    dir: &'a Dir,
    usage: Option<MutexGuard<'a, Option<Usage>>>,
    limit: Option<u64>,
    cancel: &'a Cancel,
}

impl Change<'_> {
    fn usage(&mut self) -> Option<&mut Usage> {
        self.usage.as_mut().and_then(|usage| usage.as_mut())
    }

    /// Whether anybody counts.
    pub(crate) fn is_counted(&self) -> bool {
        self.usage.is_some()
    }

    /// Sees whether there is room, before anything is done.
    pub(crate) fn admit(&mut self, more: Amount) -> Result<(), Cause> {
        let (dir, cancel) = (self.dir, self.cancel);
        let Some(limit) = self.limit else { return Ok(()) };
        let Some(usage) = self.usage() else { return Ok(()) };
        if usage.has_room(limit, more) {
            return Ok(());
        }
        if usage.counted.elapsed() >= COUNT_EVERY.max(usage.took * COUNT_SHARE) {
            let nameless = usage.nameless;
            *usage = Usage { nameless, ..count(dir, cancel)? };
        }
        if usage.has_room(limit, more) { Ok(()) } else { Err(Code::ENOSPC.into()) }
    }

    /// Notes what was done.
    pub(crate) fn add(&mut self, more: Amount) {
        if let Some(usage) = self.usage() {
            usage.bytes = usage.bytes.saturating_add(more.bytes);
            usage.names = usage.names.saturating_add(more.names);
        }
    }

    /// Notes that a file has another size than before.
    pub(crate) fn resized(&mut self, before: u64, after: &Metadata) {
        let (len, has_name) = (after.len(), after.nlink() > 0);
        if let Some(usage) = self.usage() {
            let part = if has_name { &mut usage.bytes } else { &mut usage.nameless };
            *part = part.saturating_add(len).saturating_sub(before);
        }
    }

    /// Notes that a name is gone, and perhaps its file with it; `metadata` is from before.
    pub(crate) fn unnamed(&mut self, metadata: &Metadata) {
        let is_last = metadata.nlink() <= 1 && metadata.is_file();
        let is_open = is_last && self.is_counted() && self.ledger.is_open(identity(metadata));
        if let Some(usage) = self.usage() {
            usage.names = usage.names.saturating_sub(1);
            if is_last {
                usage.bytes = usage.bytes.saturating_sub(metadata.len());
            }
            if is_open {
                usage.nameless = usage.nameless.saturating_add(metadata.len());
            }
        }
    }
}

impl Usage {
    fn has_room(&self, limit: u64, more: Amount) -> bool {
        let bytes = self.bytes.saturating_add(self.nameless).saturating_add(more.bytes);
        let most_names = FREE_NAMES.saturating_add(limit / BYTES_PER_NAME);
        // Giving back is always allowed, also where others filled the directory beyond the limit.
        (more.bytes == 0 || bytes <= limit) && (more.names == 0 || self.names.saturating_add(more.names) <= most_names)
    }
}

fn count(dir: &Dir, cancel: &Cancel) -> Result<Usage, Cause> {
    let begun = Instant::now();
    let mut usage = Usage { bytes: 0, names: 0, nameless: 0, counted: begun, took: Duration::ZERO };
    let mut seen = HashSet::new();
    walk(dir, cancel, &mut |step| {
        if let Step::Entry { entry, .. } = step {
            usage.names += 1;
            // What vanished meanwhile has no bytes.
            if let Ok(metadata) = entry.full_metadata()
                && metadata.is_file()
                && (metadata.nlink() <= 1 || seen.insert(identity(&metadata)))
            {
                usage.bytes = usage.bytes.saturating_add(metadata.len());
            }
        }
        Ok(())
    })?;
    usage.counted = Instant::now();
    usage.took = begun.elapsed();
    Ok(usage)
}
