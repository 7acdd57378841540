//! Entries in a file, over `redb`: a tree that is never half-written. What was written longest ago makes room.
//!
//! A write is seen by all sandboxes at once, and reaches the disk with the next of a thread that syncs each 50 ms while there is something to
//! sync, when much has been written, or when the file is closed. A process or a machine that stops in the middle loses what came
//! after the last sync; what came before is whole.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redb::{
    Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, StorageError, Table, TableDefinition,
    TableError, WriteTransaction,
};

use crate::{Entry, Error, Name, OpenError, Store, When};

/// By scope and key: the number of its write, its end in ms since 1970 (0: none), its text.
const ENTRIES: TableDefinition<'_, (&str, &str), (u64, u64, &str)> = TableDefinition::new("entries");
/// By scope and number of the write: the key.
const ORDER: TableDefinition<'_, (&str, u64), &str> = TableDefinition::new("order");
/// By scope: bytes that it holds, and the number of its next write.
const SCOPES: TableDefinition<'_, &str, (u64, u64)> = TableDefinition::new("scopes");

/// What the tables take for an entry, about: its key twice, numbers, its part of pages that are not full.
const OVERHEAD: u64 = 200;
/// Pages of the file that are kept in memory.
const PAGES_IN_MEMORY: usize = 8 << 20;
/// Bytes that may be written before they are synced. Until then the pages that they replace cannot be used again.
const UNSYNCED: u64 = 2 << 20;
const SYNC_EVERY: Duration = Duration::from_millis(50);

/// The files of this process, by their real paths: several scopes may be in one.
static OPEN: LazyLock<Mutex<HashMap<PathBuf, Arc<Shared>>>> = LazyLock::new(Mutex::default);

/// One scope's use of a file.
pub(crate) struct File {
    /// There until it is dropped.
    shared: Option<Arc<Shared>>,
    max_bytes: u64,
}

struct Shared {
    path: PathBuf,
    database: Arc<Synced>,
    syncer: Mutex<Option<JoinHandle<()>>>,
}

/// A database, and what of it is not on the disk yet.
struct Synced {
    database: Database,
    state: Mutex<SyncState>,
    wake: Condvar,
}

#[derive(Default)]
struct SyncState {
    unsynced: u64,
    closing: bool,
}

impl File {
    pub(crate) fn open(path: &Path, max_bytes: u64) -> Result<Self, OpenError> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = match open.get(path) {
            Some(shared) => shared.clone(),
            None => {
                let shared = Arc::new(Shared::open(path)?);
                open.insert(path.to_owned(), shared.clone());
                shared
            }
        };
        Ok(Self { shared: Some(shared), max_bytes })
    }

    fn database(&self) -> Result<&Synced, Error> {
        self.shared.as_ref().map(|shared| &*shared.database).ok_or(Error::Closed)
    }

    fn read(&self, name: Name<'_>) -> Result<Option<Arc<str>>, Error> {
        let database = self.database()?;
        guarded(|| database.read(name))
    }

    fn write(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<Option<u64>, Error>) -> Result<bool, Error> {
        let database = self.database()?;
        guarded(|| database.write(work))
    }
}

/// A file that was damaged makes `redb` panic in places. That is the file's trouble, not the sandbox's.
fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Error::Store("its file is damaged".into())))
}

impl Synced {
    fn read(&self, name: Name<'_>) -> Result<Option<Arc<str>>, Error> {
        let transaction = self.database.begin_read().map_err(|error| failed(&error))?;
        let entries = transaction.open_table(ENTRIES).map_err(|error| failed(&error))?;
        let found = entries.get((name.scope, name.key)).map_err(|error| failed(&error))?;
        Ok(found.and_then(|found| {
            let (_, end, text) = found.value();
            is_alive(end).then(|| Arc::from(text))
        }))
    }

    fn write(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<Option<u64>, Error>) -> Result<bool, Error> {
        let mut transaction = self.database.begin_write().map_err(|error| failed(&error))?;
        transaction.set_durability(Durability::None).map_err(|error| failed(&error))?;
        let written = work(&mut Tables::open(&transaction)?)?;
        let Some(bytes) = written else {
            transaction.abort().map_err(|error| failed(&error))?;
            return Ok(false);
        };
        transaction.commit().map_err(|error| failed(&error))?;
        self.wrote(bytes)?;
        Ok(true)
    }
}

impl Store for File {
    fn get(&self, name: Name<'_>) -> Result<Option<Arc<str>>, Error> {
        self.read(name)
    }

    fn put(&self, name: Name<'_>, entry: Entry, when: When<'_>) -> Result<bool, Error> {
        let cost = cost(name.key, &entry.text);
        if cost > self.max_bytes {
            return Err(Error::TooLarge { bytes: cost, most: self.max_bytes });
        }
        self.write(|tables| {
            if !matches!(when, When::Always) && !tables.holds(name, when)? {
                return Ok(None);
            }
            tables.remove(name)?;
            tables.make_room(name.scope, self.max_bytes - cost)?;
            tables.insert(name, &entry, cost)?;
            Ok(Some(cost))
        })
    }

    fn delete(&self, name: Name<'_>) -> Result<bool, Error> {
        let mut was_alive = false;
        self.write(|tables| {
            was_alive = tables.holds(name, When::Absent).map(|absent| !absent)?;
            tables.remove(name).map(|removed| removed.then_some(OVERHEAD))
        })?;
        Ok(was_alive)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // Under the lock until it is closed: who opens it next finds it free.
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        // The table's, and this one.
        if let Some(shared) = self.shared.take()
            && Arc::strong_count(&shared) == 2
        {
            open.remove(&shared.path);
            shared.close();
            // Closing a damaged database may panic like all else that is done with it.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(shared)));
        }
    }
}

impl Shared {
    fn open(path: &Path) -> Result<Self, OpenError> {
        let fail = |reason: String| OpenError::File { path: path.to_owned(), reason };
        let opened = catch_unwind(AssertUnwindSafe(|| Self::database(path)));
        let database = opened.unwrap_or_else(|_| Err(fail("it is damaged".into())))?;
        let synced = Arc::new(Synced { database, state: Mutex::default(), wake: Condvar::new() });
        let for_thread = synced.clone();
        let syncer = std::thread::Builder::new()
            .name("hostbox-cache".into())
            .spawn(move || for_thread.sync_while_open())
            .map_err(|error| fail(error.to_string()))?;
        Ok(Self { path: path.to_owned(), database: synced, syncer: Mutex::new(Some(syncer)) })
    }

    fn database(path: &Path) -> Result<Database, OpenError> {
        let fail = |reason: String| OpenError::File { path: path.to_owned(), reason };
        let database =
            Database::builder().set_cache_size(PAGES_IN_MEMORY).create(path).map_err(|error| match error {
                DatabaseError::DatabaseAlreadyOpen => OpenError::InUse(path.to_owned()),
                DatabaseError::Storage(StorageError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
                    fail("it is no cache file".into())
                }
                error => fail(error.to_string()),
            })?;
        let transaction = database.begin_write().map_err(|error| fail(error.to_string()))?;
        // The tables are made here, so that readers find them.
        Tables::open(&transaction).map_err(|error| fail(error.to_string()))?;
        transaction.commit().map_err(|error| fail(error.to_string()))?;
        Ok(database)
    }

    fn close(&self) {
        self.database.state.lock().unwrap_or_else(PoisonError::into_inner).closing = true;
        self.database.wake.notify_all();
        let syncer = self.syncer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(syncer) = syncer {
            // It has synced what was left, and its part of the database is gone.
            let _ = syncer.join();
        }
    }
}

impl Synced {
    /// Counts what was written, and syncs where it is much.
    fn wrote(&self, bytes: u64) -> Result<(), Error> {
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let was_clean = state.unsynced == 0;
            state.unsynced += bytes;
            if state.unsynced < UNSYNCED {
                if was_clean {
                    self.wake.notify_all();
                }
                return Ok(());
            }
            state.unsynced = 0;
        }
        self.sync()
    }

    fn sync(&self) -> Result<(), Error> {
        let mut transaction = self.database.begin_write().map_err(|error| failed(&error))?;
        transaction.set_durability(Durability::Immediate).map_err(|error| failed(&error))?;
        transaction.commit().map_err(|error| failed(&error))
    }

    fn sync_while_open(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let dirty = state.unsynced > 0;
            state.unsynced = 0;
            let closing = state.closing;
            if dirty {
                drop(state);
                // What fails here fails for the next writer too, who tells its guest.
                let _ = guarded(|| self.sync());
                state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            }
            if closing {
                return;
            }
            while state.unsynced == 0 && !state.closing {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            // Writes come in bursts: one sync for all of the next moment.
            if !state.closing {
                state = self.wake.wait_timeout(state, SYNC_EVERY).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}

struct Tables<'t> {
    entries: Table<'t, (&'static str, &'static str), (u64, u64, &'static str)>,
    order: Table<'t, (&'static str, u64), &'static str>,
    scopes: Table<'t, &'static str, (u64, u64)>,
}

impl<'t> Tables<'t> {
    fn open(transaction: &'t WriteTransaction) -> Result<Self, Error> {
        let open = |error: TableError| failed(&error);
        Ok(Self {
            entries: transaction.open_table(ENTRIES).map_err(open)?,
            order: transaction.open_table(ORDER).map_err(open)?,
            scopes: transaction.open_table(SCOPES).map_err(open)?,
        })
    }

    fn holds(&self, name: Name<'_>, when: When<'_>) -> Result<bool, Error> {
        let found = self.entries.get((name.scope, name.key)).map_err(|error| failed(&error))?;
        let text = found.as_ref().map(|found| found.value()).filter(|(_, end, _)| is_alive(*end));
        Ok(when.holds(text.map(|(_, _, text)| text)))
    }

    /// Forgets an entry, alive or not; whether there was one.
    fn remove(&mut self, name: Name<'_>) -> Result<bool, Error> {
        let removed = {
            let removed = self.entries.remove((name.scope, name.key)).map_err(|error| failed(&error))?;
            removed.map(|removed| {
                let (number, _, text) = removed.value();
                (number, cost(name.key, text))
            })
        };
        let Some((number, freed)) = removed else { return Ok(false) };
        self.order.remove((name.scope, number)).map_err(|error| failed(&error))?;
        let (used, next) = self.counts(name.scope)?;
        self.count(name.scope, used.saturating_sub(freed), next)?;
        Ok(true)
    }

    /// Forgets what was written longest ago until the scope holds no more than `most`.
    fn make_room(&mut self, scope: &str, most: u64) -> Result<(), Error> {
        while self.counts(scope)?.0 > most {
            let oldest = {
                let mut range = self.order.range((scope, 0)..=(scope, u64::MAX)).map_err(|error| failed(&error))?;
                match range.next() {
                    Some(first) => first.map_err(|error| failed(&error))?.1.value().to_owned(),
                    None => return Ok(()),
                }
            };
            if !self.remove(Name { scope, key: &oldest })? {
                return Err(Error::Store("the order of its entries is broken".into()));
            }
        }
        Ok(())
    }

    fn insert(&mut self, name: Name<'_>, entry: &Entry, cost: u64) -> Result<(), Error> {
        let (used, number) = self.counts(name.scope)?;
        let row = (number, end_of(entry.ttl), entry.text.as_str());
        self.entries.insert((name.scope, name.key), row).map_err(|error| failed(&error))?;
        self.order.insert((name.scope, number), name.key).map_err(|error| failed(&error))?;
        self.count(name.scope, used + cost, number + 1)
    }

    fn counts(&self, scope: &str) -> Result<(u64, u64), Error> {
        let found = self.scopes.get(scope).map_err(|error| failed(&error))?;
        Ok(found.map_or((0, 0), |found| found.value()))
    }

    fn count(&mut self, scope: &str, used: u64, next: u64) -> Result<(), Error> {
        self.scopes.insert(scope, (used, next)).map(|_| ()).map_err(|error| failed(&error))
    }
}

fn cost(key: &str, text: &str) -> u64 {
    OVERHEAD + (2 * key.len() + text.len()) as u64
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn end_of(ttl: Option<Duration>) -> u64 {
    ttl.map_or(0, |ttl| now_ms().saturating_add(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)).max(1))
}

fn is_alive(end: u64) -> bool {
    end == 0 || now_ms() < end
}

fn failed(error: &dyn std::error::Error) -> Error {
    Error::Store(error.to_string())
}
