//! What is in a directory.

use cap_std::fs::FileType;
#[cfg(unix)]
use cap_std::fs::FileTypeExt as _;
use hostbox_buffers::{Cancel, Store};
use hostbox_permissions::Access;

use crate::error::{Cause, Code, During, Error};
use crate::files::{Files, Spot};
use crate::root::refuse_kernel_files;
use crate::walk::{Step, walk};

/// What a name in a directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A FIFO.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    Character,
    /// A block device.
    Block,
    /// Something else.
    Unknown,
}

impl Kind {
    #[cfg(unix)]
    pub(crate) fn of(kind: FileType) -> Kind {
        match kind {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Directory,
            kind if kind.is_symlink() => Kind::Link,
            kind if kind.is_fifo() => Kind::Fifo,
            kind if kind.is_socket() => Kind::Socket,
            kind if kind.is_char_device() => Kind::Character,
            kind if kind.is_block_device() => Kind::Block,
            _ => Kind::Unknown,
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn of(kind: FileType) -> Kind {
        match kind {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Directory,
            kind if kind.is_symlink() => Kind::Link,
            _ => Kind::Unknown,
        }
    }

    /// As `libuv` numbers them.
    pub fn number(self) -> u8 {
        match self {
            Kind::Unknown => 0,
            Kind::File => 1,
            Kind::Directory => 2,
            Kind::Link => 3,
            Kind::Fifo => 4,
            Kind::Socket => 5,
            Kind::Character => 6,
            Kind::Block => 7,
        }
    }

    /// As they stand in a mode.
    pub(crate) fn bits(self) -> u32 {
        match self {
            Kind::Unknown => 0,
            Kind::File => 0o100_000,
            Kind::Directory => 0o040_000,
            Kind::Link => 0o120_000,
            Kind::Fifo => 0o010_000,
            Kind::Socket => 0o140_000,
            Kind::Character => 0o020_000,
            Kind::Block => 0o060_000,
        }
    }
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The way from the directory that was asked for, with slashes.
    pub name: String,
    /// What it stands for.
    pub kind: Kind,
}

/// What is in a directory, and what pays for it.
pub struct Entries {
    /// In the order of the system.
    pub entries: Vec<Entry>,
    _paid: hostbox_buffers::Charge,
}

/// What a name costs beside its bytes.
const COST: u64 = 64;

struct Listing {
    entries: Vec<Entry>,
    paid: hostbox_buffers::Charge,
    bytes: u64,
    charged: u64,
}

impl Listing {
    fn push(&mut self, name: String, kind: Kind) -> Result<(), Cause> {
        self.bytes += COST + name.len() as u64;
        if self.bytes > self.charged {
            self.charged = self.bytes * 2;
            self.paid.set(self.charged)?;
        }
        self.entries.push(Entry { name, kind });
        Ok(())
    }
}

impl Files {
    /// The names in a directory, or in all directories below it.
    ///
    /// # Errors
    /// `EACCES` for what is not granted, `ENOTDIR`, `ENAMETOOLONG` for more than 4,096 levels, and what the system or the store says.
    pub fn list(&self, path: &str, recursive: bool, store: &Store, cancel: &Cancel) -> Result<Entries, Error> {
        self.list_at(path, recursive, store, cancel).at("scandir", path)
    }

    fn list_at(&self, path: &str, recursive: bool, store: &Store, cancel: &Cancel) -> Result<Entries, Cause> {
        let mut listing = Listing { entries: Vec::new(), paid: store.charge()?, bytes: 0, charged: 0 };
        let target = match self.spot(path, Access::Read)? {
            Spot::Below(target) => target,
            Spot::Above { names, .. } => {
                names.into_iter().try_for_each(|name| listing.push(name, Kind::Directory))?;
                return Ok(Entries { entries: listing.entries, _paid: listing.paid });
            }
        };
        let dir = target.dir.open_dir(target.rest())?;
        if recursive {
            walk(&dir, &target.seats, cancel, &mut |step| match step {
                Step::Entry { path, name, kind, .. } => {
                    let mut way = path.join("/");
                    if !way.is_empty() {
                        way.push('/');
                    }
                    listing.push(way + name, Kind::of(kind))
                }
                Step::Shut(cause) => Err(cause),
                Step::Left { .. } => Ok(()),
            })?;
        } else {
            refuse_kernel_files(&dir)?;
            for entry in dir.entries()? {
                cancel.check()?;
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                listing.push(name, entry.file_type().map_or(Kind::Unknown, Kind::of))?;
            }
        }
        for name in target.path.granted_names() {
            match listing.entries.iter_mut().find(|entry| entry.name == *name) {
                Some(entry) => entry.kind = Kind::Directory,
                None => listing.push(name.clone(), Kind::Directory)?,
            }
        }
        Ok(Entries { entries: listing.entries, _paid: listing.paid })
    }

    /// Whether a path is a directory that can be listed.
    ///
    /// # Errors
    /// As `list`.
    pub fn look(&self, path: &str) -> Result<(), Error> {
        let look = || match self.spot(path, Access::Read)? {
            Spot::Above { .. } => Ok(()),
            Spot::Below(target) if target.dir.metadata(target.rest())?.is_dir() => Ok(()),
            Spot::Below(_) => Err(Cause::from(Code::ENOTDIR)),
        };
        look().at("opendir", path)
    }
}
