//! The files of one sandbox: its grants, and the directories behind them.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use cap_std::fs::Dir;
use hostbox_buffers::Cancel;
use hostbox_permissions::{Access, CheckedPath, FsPermissions, FsRefusal, Place};

use crate::error::{Cause, Code};
use crate::root::Root;
use crate::usage::{Change, Clerk};

/// Files that one sandbox may have open, and levels that its walks may be deep, together.
const MOST_OPEN: usize = 256;

/// Files that all sandboxes may have open together: of the descriptors that the process may have, the half is the app's own.
fn most_open_in_process() -> usize {
    static MOST: OnceLock<usize> = OnceLock::new();
    *MOST.get_or_init(|| {
        #[cfg(unix)]
        let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        // Windows has memory for millions of them.
        #[cfg(not(unix))]
        let most = None::<u64>;
        most.map_or(usize::MAX, |most| usize::try_from(most / 2).unwrap_or(usize::MAX))
    })
}

static OPEN_IN_PROCESS: AtomicUsize = AtomicUsize::new(0);

/// What one sandbox sees of the disk. Clones share it.
#[derive(Clone, Default)]
pub struct Files {
    inner: Option<Arc<Inner>>,
}

struct Inner {
    permissions: FsPermissions,
    /// In the order of the grants.
    roots: Vec<Arc<Root>>,
    open: AtomicUsize,
    watchers: AtomicUsize,
}

/// A grant whose directory is not there.
#[derive(Debug)]
pub struct InvalidGrant {
    guest: String,
    path: String,
    reason: std::io::Error,
}

impl fmt::Display for InvalidGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { guest, path, reason } = self;
        write!(f, "Expected a directory for permissions.fs['{guest}'] but received '{path}': {reason}")
    }
}

impl std::error::Error for InvalidGrant {}

/// A path, and the directory that it is resolved beneath.
pub(crate) struct Target<'a> {
    pub(crate) root: &'a Arc<Root>,
    pub(crate) dir: &'a Dir,
    pub(crate) path: CheckedPath,
    pub(crate) seats: Seats,
}

pub(crate) enum Spot<'a> {
    Below(Target<'a>),
    Above { path: String, names: Vec<String> },
}

impl Target<'_> {
    pub(crate) fn rest(&self) -> &Path {
        Path::new(self.path.rest())
    }

    /// The same without a slash at its end.
    pub(crate) fn name(&self) -> &Path {
        Path::new(self.path.rest().trim_end_matches('/'))
    }

    pub(crate) fn change<'a>(&'a self, cancel: &'a Cancel) -> Result<Change<'a>, Cause> {
        self.root.ledger.change(Clerk { dir: self.dir, limit: self.path.max_bytes(), seats: &self.seats, cancel })
    }

    /// Refuses the directory of a grant, which is not the guest's to remove or to move, and those that hold other grants.
    pub(crate) fn not_granted_itself(&self) -> Result<(), Cause> {
        if level(self.path.rest()) == 0 || !self.path.granted_names().is_empty() {
            Err(Code::EBUSY.into())
        } else {
            Ok(())
        }
    }
}

/// How far below its directory a path leads, as it is written.
fn level(rest: &str) -> usize {
    rest.split('/').fold(0_usize, |level, name| match name {
        "" | "." => level,
        ".." => level.saturating_sub(1),
        _ => level + 1,
    })
}

/// The files that a sandbox may have open.
#[derive(Clone)]
pub(crate) struct Seats(Arc<Inner>);

impl Seats {
    /// # Errors
    /// `EMFILE` where the sandbox has 256 already, `ENFILE` where all sandboxes together have half of the process's.
    pub(crate) fn take(&self) -> Result<Seat, Cause> {
        if self.0.open.fetch_add(1, Relaxed) >= MOST_OPEN {
            self.0.open.fetch_sub(1, Relaxed);
            return Err(Code::EMFILE.into());
        }
        // Gives both back where the second is refused.
        let seat = Seat(self.clone());
        if OPEN_IN_PROCESS.fetch_add(1, Relaxed) >= most_open_in_process() {
            Err(Code::ENFILE.into())
        } else {
            Ok(seat)
        }
    }
}

/// One of them.
pub(crate) struct Seat(pub(crate) Seats);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Relaxed);
        OPEN_IN_PROCESS.fetch_sub(1, Relaxed);
    }
}

/// A watcher among those that the sandbox may have.
pub(crate) struct WatcherSeat(Arc<Inner>);

impl Drop for WatcherSeat {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Relaxed);
    }
}

impl Files {
    /// Looks the granted directories up. Nothing is opened before a guest asks.
    ///
    /// # Errors
    /// The first grant that is no directory.
    pub fn new(permissions: &FsPermissions) -> Result<Files, InvalidGrant> {
        if permissions.is_empty() {
            return Ok(Files::default());
        }
        let root = |(guest, grant): (String, &hostbox_permissions::FsGrant)| {
            let path = grant.path.display().to_string();
            Root::at(&grant.path).map_err(|reason| InvalidGrant { guest, path, reason })
        };
        let roots = permissions.grants().map(root).collect::<Result<_, _>>()?;
        let inner =
            Inner { permissions: permissions.clone(), roots, open: AtomicUsize::new(0), watchers: AtomicUsize::new(0) };
        Ok(Files { inner: Some(Arc::new(inner)) })
    }

    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        self.inner.is_none()
    }

    /// Files that guests have open.
    pub fn open_files(&self) -> usize {
        self.inner.as_ref().map_or(0, |inner| inner.open.load(Relaxed))
    }

    pub(crate) fn spot(&self, path: &str, access: Access) -> Result<Spot<'_>, Cause> {
        let refused = |refusal| match refusal {
            FsRefusal::NotGranted | FsRefusal::ReadOnly => Code::EACCES,
            FsRefusal::Empty => Code::ENOENT,
            FsRefusal::TooLong => Code::ENAMETOOLONG,
            FsRefusal::NoPath => Code::EINVAL,
        };
        let Some(inner) = &self.inner else {
            let nothing = FsPermissions::default().place(path, access).map_err(refused);
            return Err(nothing.err().unwrap_or(Code::EACCES).into());
        };
        match inner.permissions.place(path, access).map_err(refused)? {
            Place::Above { path, names } => Ok(Spot::Above { path, names }),
            Place::Below(path) => {
                let root = inner.roots.get(path.grant()).ok_or(Code::EACCES)?;
                Ok(Spot::Below(Target { root, dir: root.dir()?, path, seats: Seats(inner.clone()) }))
            }
        }
    }

    /// Where only a place below a grant will do.
    pub(crate) fn target(&self, path: &str, access: Access) -> Result<Target<'_>, Cause> {
        match self.spot(path, access)? {
            Spot::Below(target) => Ok(target),
            Spot::Above { .. } => Err(Code::EACCES.into()),
        }
    }

    pub(crate) fn watcher_seat(&self, most: usize) -> Result<WatcherSeat, Cause> {
        let inner = self.inner.as_ref().ok_or(Code::EACCES)?;
        if inner.watchers.fetch_add(1, Relaxed) >= most {
            inner.watchers.fetch_sub(1, Relaxed);
            return Err(Code::EMFILE.into());
        }
        Ok(WatcherSeat(inner.clone()))
    }
}
