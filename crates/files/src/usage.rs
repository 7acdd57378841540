//! `maxBytes`: how many bytes, and how many names, stand below a granted directory.
//!
//! Counted by walking the directory before the first change through a grant with a limit, and kept up to date by every change through any
//! grant on the same directory in this process. It is known of every file what it was counted with: one that others made or wrote gives back
//! no more than that. What others change is seen when the limit is met: then it is counted again.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cap_fs_ext::{DirEntryExt, MetadataExt};
use cap_std::fs::{Dir, Metadata};
use hostbox_buffers::Cancel;

use crate::error::{Cause, Code};
use crate::files::Seats;
use crate::walk::{Step, walk};

/// Names that any grant with a limit may hold, and one more for each `BYTES_PER_NAME` of it: empty files take room, too.
const FREE_NAMES: u64 = 4096;
const BYTES_PER_NAME: u64 = 1024;

/// A directory is not counted again and again by a guest that keeps meeting the limit: not within this time, and counting takes a twentieth of
/// the time at most.
const COUNT_EVERY: Duration = Duration::from_secs(1);
const COUNT_SHARE: u32 = 20;

/// Who waits for another's change looks this often whether anybody waits for it.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A file on the disk, whatever its names.
pub(crate) type Identity = (u64, u64);

pub(crate) fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

#[derive(Default)]
pub(crate) struct Ledger {
    turn: Mutex<Turn>,
    /// Told when a change has ended.
    free: Condvar,
    openings: Mutex<Openings>,
}

/// Changes of a counted directory come one after the other.
#[derive(Default)]
struct Turn {
    is_taken: bool,
    is_counted: bool,
    /// There while nobody has the turn.
    usage: Option<Usage>,
}

struct Usage {
    /// What every file was counted with.
    files: HashMap<Identity, u64>,
    /// All of them together.
    bytes: u64,
    names: u64,
    counted: Instant,
    /// How long that took.
    took: Duration,
}

/// Files that are open.
#[derive(Default)]
struct Openings {
    files: HashMap<Identity, Opening>,
    /// Bytes of those that have no name any more.
    nameless: u64,
}

#[derive(Default)]
struct Opening {
    handles: usize,
    nameless: u64,
}

impl Openings {
    /// Notes how many bytes an open file without a name has.
    fn set_nameless(&mut self, file: Identity, bytes: u64) {
        if let Some(opening) = self.files.get_mut(&file) {
            self.nameless = self.nameless.saturating_sub(opening.nameless).saturating_add(bytes);
            opening.nameless = bytes;
        }
    }
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

/// What a change is made with.
#[derive(Clone, Copy)]
pub(crate) struct Clerk<'a> {
    pub(crate) dir: &'a Dir,
    /// What the grant may have; nothing where that is not bounded.
    pub(crate) limit: Option<u64>,
    /// For the descriptors that counting takes.
    pub(crate) seats: &'a Seats,
    pub(crate) cancel: &'a Cancel,
}

impl Ledger {
    /// Begins a change. While it lasts nobody else changes a directory that is counted.
    ///
    /// # Errors
    /// Cancelled while it waits for another's change, and what counting says.
    pub(crate) fn change<'a>(&'a self, clerk: Clerk<'a>) -> Result<Change<'a>, Cause> {
        let mut turn = lock(&self.turn);
        loop {
            if !turn.is_counted && clerk.limit.is_none() {
                return Ok(Change { ledger: self, clerk, held: None });
            }
            if !turn.is_taken {
                break;
            }
            clerk.cancel.check()?;
            turn = self.free.wait_timeout(turn, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
        }
        turn.is_taken = true;
        turn.is_counted = true;
        let mut held = Held { ledger: self, usage: turn.usage.take() };
        drop(turn);
        if held.usage.is_none() {
            held.usage = Some(count(clerk)?.0);
        }
        Ok(Change { ledger: self, clerk, held: Some(held) })
    }

    /// Notes that a file was opened: what `metadata` says afterwards tells whether it lost its name meanwhile.
    pub(crate) fn opened(&self, file: Identity, metadata: impl FnOnce() -> Option<Metadata>) {
        lock(&self.openings).files.entry(file).or_default().handles += 1;
        if !lock(&self.turn).is_counted {
            return;
        }
        if let Some(metadata) = metadata().filter(|metadata| metadata.nlink() == 0) {
            lock(&self.openings).set_nameless(file, metadata.len());
        }
    }

    /// The last one who had it open takes its bytes along, where it has no name.
    pub(crate) fn closed(&self, file: Identity) {
        let mut openings = lock(&self.openings);
        let Some(opening) = openings.files.get_mut(&file) else { return };
        opening.handles -= 1;
        if opening.handles == 0 {
            openings.set_nameless(file, 0);
            openings.files.remove(&file);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The turn to change a counted directory. Dropped, it is the next one's.
struct Held<'a> {
    ledger: &'a Ledger,
    /// Nothing before it was counted.
    usage: Option<Usage>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut turn = lock(&self.ledger.turn);
        *turn = Turn { is_taken: false, is_counted: self.usage.is_some(), usage: self.usage.take() };
        drop(turn);
        self.ledger.free.notify_one();
    }
}

/// A change of a granted directory.
pub(crate) struct Change<'a> {
    ledger: &'a Ledger,
    clerk: Clerk<'a>,
    held: Option<Held<'a>>,
}

impl Change<'_> {
    fn usage(&mut self) -> Option<&mut Usage> {
        self.held.as_mut().and_then(|held| held.usage.as_mut())
    }

    /// Whether anybody counts.
    pub(crate) fn is_counted(&self) -> bool {
        self.held.is_some()
    }

    /// Sees whether there is room, before anything is done.
    ///
    /// # Errors
    /// `ENOSPC`, and what counting says.
    pub(crate) fn admit(&mut self, more: Amount) -> Result<(), Cause> {
        let (clerk, ledger) = (self.clerk, self.ledger);
        let Some(limit) = clerk.limit else { return Ok(()) };
        let Some(usage) = self.usage() else { return Ok(()) };
        let has_room = |usage: &Usage| usage.has_room(limit, lock(&ledger.openings).nameless, more);
        if !has_room(usage) && usage.counted.elapsed() >= COUNT_EVERY.max(usage.took * COUNT_SHARE) {
            let (mut counted, is_whole) = count(clerk)?;
            if !is_whole {
                counted.keep_unseen(usage);
            }
            *usage = counted;
        }
        if has_room(usage) { Ok(()) } else { Err(Code::ENOSPC.into()) }
    }

    /// Notes what was done.
    pub(crate) fn add(&mut self, more: Amount) {
        if let Some(usage) = self.usage() {
            usage.bytes = usage.bytes.saturating_add(more.bytes);
            usage.names = usage.names.saturating_add(more.names);
        }
    }

    /// Notes what size a file has now.
    pub(crate) fn resized(&mut self, after: &Metadata) {
        let len = after.len();
        if after.nlink() == 0 {
            lock(&self.ledger.openings).set_nameless(identity(after), len);
        } else if let Some(usage) = self.usage() {
            usage.set(identity(after), len);
        }
    }

    /// Notes that a name is gone, and perhaps its file with it; `metadata` is from before.
    pub(crate) fn unnamed(&mut self, metadata: &Metadata) {
        let is_last = metadata.nlink() <= 1 && metadata.is_file();
        let Some(usage) = self.usage() else { return };
        usage.names = usage.names.saturating_sub(1);
        if is_last {
            usage.forget(identity(metadata));
            lock(&self.ledger.openings).set_nameless(identity(metadata), metadata.len());
        }
    }
}

impl Usage {
    fn set(&mut self, file: Identity, bytes: u64) {
        let before = self.files.insert(file, bytes).unwrap_or(0);
        self.bytes = self.bytes.saturating_sub(before).saturating_add(bytes);
    }

    fn forget(&mut self, file: Identity) {
        let before = self.files.remove(&file).unwrap_or(0);
        self.bytes = self.bytes.saturating_sub(before);
    }

    /// What lies where it cannot be seen now is still there.
    fn keep_unseen(&mut self, before: &Usage) {
        for (file, bytes) in &before.files {
            if !self.files.contains_key(file) {
                self.set(*file, *bytes);
            }
        }
        self.names = self.names.max(before.names);
    }

    fn has_room(&self, limit: u64, nameless: u64, more: Amount) -> bool {
        let bytes = self.bytes.saturating_add(nameless).saturating_add(more.bytes);
        let most_names = FREE_NAMES.saturating_add(limit / BYTES_PER_NAME);
        // Giving back is always allowed, also where others filled the directory beyond the limit.
        (more.bytes == 0 || bytes <= limit) && (more.names == 0 || self.names.saturating_add(more.names) <= most_names)
    }
}

/// What is there, and whether all of it could be seen.
fn count(Clerk { dir, seats, cancel, .. }: Clerk<'_>) -> Result<(Usage, bool), Cause> {
    let begun = Instant::now();
    let mut usage = Usage { files: HashMap::new(), bytes: 0, names: 0, counted: begun, took: Duration::ZERO };
    let mut is_whole = true;
    walk(dir, seats, cancel, &mut |step| {
        match step {
            Step::Entry { entry, .. } => {
                usage.names += 1;
                // What vanished meanwhile has no bytes. A file of several names is one.
                if let Ok(metadata) = entry.full_metadata()
                    && metadata.is_file()
                {
                    usage.set(identity(&metadata), metadata.len());
                }
            }
            Step::Shut(_) => is_whole = false,
            Step::Left { .. } => {}
        }
        Ok(())
    })?;
    usage.counted = Instant::now();
    usage.took = begun.elapsed();
    Ok((usage, is_whole))
}

#[cfg(test)]
mod tests {
    use hostbox_permissions::{Access, FsGrant, FsPermissions};

    use super::*;
    use crate::files::Files;

    #[test]
    fn who_waits_for_a_change_of_another_one_can_be_cancelled() {
        let dir = tempfile::tempdir().unwrap();
        let grant = FsGrant { write: true, max_bytes: Some(1), ..FsGrant::from(dir.path()) };
        let files = Files::new(&FsPermissions::new([("/data", grant)]).unwrap()).unwrap();
        let target = files.target("/data", Access::Write).unwrap();
        let (one, other) = (Cancel::new(), Cancel::new());
        let change = target.change(&one).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| target.change(&other).map(|_| ()));
            other.cancel();
            assert!(matches!(waiting.join().unwrap(), Err(Cause::Cancelled)));
        });
        drop(change);
        assert!(target.change(&one).is_ok());
    }
}
