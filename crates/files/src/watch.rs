//! Watching: a directory, or a file, is looked at again and again, and what differs is told. The same on every system and every file system,
//! and bounded: who watches holds no descriptor.

use std::collections::HashMap;

use cap_fs_ext::{DirEntryExt, MetadataExt};
use cap_std::fs::Metadata;
use hostbox_buffers::{Cancel, Charge, Store};
use hostbox_permissions::Access;

use crate::error::{Cause, Code, During, Error};
use crate::files::{Files, WatcherSeat};
use crate::walk::{Step, walk};

/// Watchers of one sandbox.
const MOST_WATCHERS: usize = 32;
/// Names that one watcher looks at.
const MOST_NAMES: usize = 10_000;
/// What a name costs beside its bytes.
const COST: u64 = 96;

/// What is compared: another number, another time or another size is another file.
#[derive(PartialEq, Eq)]
struct Mark {
    ino: u64,
    size: u64,
    written: Option<cap_std::time::SystemTime>,
}

impl Mark {
    fn of(metadata: &Metadata) -> Mark {
        // The size of a directory says nothing that its names do not.
        let size = if metadata.is_dir() { 0 } else { metadata.len() };
        let written = if metadata.is_dir() { None } else { metadata.modified().ok() };
        Mark { ino: metadata.ino(), size, written }
    }
}

/// What happened to a name, as Node says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// It came, went, or stands for another file; else its file was written.
    pub is_rename: bool,
    /// The way from the directory, or the name of the file that is watched.
    pub name: String,
}

/// Looks at a directory or a file.
pub struct Watcher {
    files: Files,
    path: String,
    recursive: bool,
    names: HashMap<String, Mark>,
    paid: Charge,
    _seat: WatcherSeat,
}

impl Files {
    /// Begins to watch.
    ///
    /// # Errors
    /// `EACCES` for what is not granted, `ENOENT`, `EMFILE` for more than 32 watchers, `ENOSPC` for more than 10,000 names.
    pub fn watch(&self, path: &str, recursive: bool, store: &Store, cancel: &Cancel) -> Result<Watcher, Error> {
        let begin = || {
            let seat = self.watcher_seat(MOST_WATCHERS)?;
            let mut watcher = Watcher {
                files: self.clone(),
                path: path.to_owned(),
                recursive,
                names: HashMap::new(),
                paid: store.charge()?,
                _seat: seat,
            };
            watcher.names = watcher.marks(cancel)?;
            Ok::<_, Cause>(watcher)
        };
        begin().at("watch", path)
    }
}

impl Watcher {
    /// What has changed since the last look. What is no longer there at all is told once.
    ///
    /// # Errors
    /// As `watch`.
    pub fn look(&mut self, cancel: &Cancel) -> Result<Vec<Change>, Error> {
        let now = match self.marks(cancel) {
            Err(Cause::Code(Code::ENOENT)) => HashMap::new(),
            marks => marks.at("watch", &self.path)?,
        };
        let mut changes: Vec<Change> = Vec::new();
        for (name, mark) in &now {
            match self.names.get(name) {
                Some(before) if before == mark => {}
                before => {
                    let is_rename = before.is_none_or(|before| before.ino != mark.ino);
                    changes.push(Change { is_rename, name: name.clone() });
                }
            }
        }
        let gone = self.names.keys().filter(|name| !now.contains_key(*name));
        changes.extend(gone.map(|name| Change { is_rename: true, name: name.clone() }));
        changes.sort_by(|one, other| one.name.cmp(&other.name));
        self.names = now;
        Ok(changes)
    }

    fn marks(&mut self, cancel: &Cancel) -> Result<HashMap<String, Mark>, Cause> {
        let target = self.files.target(&self.path, Access::Read)?;
        let metadata = target.dir.metadata(target.rest())?;
        let mut marks = HashMap::new();
        let mut bytes = 0;
        let paid = &mut self.paid;
        let mut put = |name: String, metadata: &Metadata| {
            if marks.len() >= MOST_NAMES {
                return Err(Cause::from(Code::ENOSPC));
            }
            bytes += COST + name.len() as u64;
            paid.set(bytes)?;
            marks.insert(name, Mark::of(metadata));
            Ok(())
        };
        if !metadata.is_dir() {
            let name = self.path.rsplit('/').find(|name| !name.is_empty()).unwrap_or_default();
            put(name.to_owned(), &metadata)?;
            return Ok(marks);
        }
        let dir = target.dir.open_dir(target.rest())?;
        if self.recursive {
            walk(&dir, &target.seats, cancel, &mut |step| match step {
                Step::Entry { path, name, entry, .. } => {
                    let way = path.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/");
                    // What vanished meanwhile is gone at the next look.
                    entry.full_metadata().map_or(Ok(()), |metadata| put(way, &metadata))
                }
                Step::Shut(_) | Step::Left { .. } => Ok(()),
            })?;
            return Ok(marks);
        }
        crate::root::refuse_kernel_files(&dir)?;
        for entry in dir.entries()? {
            cancel.check()?;
            let entry = entry?;
            if let Ok(metadata) = entry.full_metadata() {
                put(entry.file_name().to_string_lossy().into_owned(), &metadata)?;
            }
        }
        Ok(marks)
    }
}
