//! Opening, and what can be done with a file that is open.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsMaybeDirExt};
use cap_std::fs::{Metadata, OpenOptions};
use hostbox_buffers::{Cancel, Store, Writer};
use hostbox_permissions::Access;

use crate::attributes::Mode;
use crate::error::{Cause, Code, During, Error, Failed};
use crate::files::{Files, Seat, Spot, Target};
use crate::root::{Root, refuse_kernel_files};
use crate::stat::Stat;
use crate::usage::{Amount, Change, Clerk, Identity, identity};

/// What is written between two looks at the cancel flag, and between two turns of others in a counted directory.
pub(crate) const CHUNK: usize = 1 << 20;

/// How a file is opened, in the bits that Node has on Linux, whatever the system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) append: bool,
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
    pub(crate) truncate: bool,
    pub(crate) directory: bool,
    pub(crate) no_follow: bool,
    pub(crate) sync: bool,
}

impl Flags {
    /// Reads the bits; those of no use here are passed over.
    pub fn from_bits(bits: u32) -> Flags {
        let has = |bit: u32| bits & bit == bit;
        let mode = bits & 3;
        Flags {
            read: mode != 1,
            write: mode == 1 || mode == 2,
            append: has(0o2000),
            create: has(0o100),
            exclusive: has(0o200),
            truncate: has(0o1000),
            directory: has(0o200_000),
            no_follow: has(0o400_000),
            sync: has(0o10_000),
        }
    }

    /// Reading alone.
    pub const READ: Flags = Flags {
        read: true,
        write: false,
        append: false,
        create: false,
        exclusive: false,
        truncate: false,
        directory: false,
        no_follow: false,
        sync: false,
    };

    pub(crate) fn access(self) -> Access {
        if self.write || self.create || self.truncate { Access::Write } else { Access::Read }
    }

    fn options(self, mode: Mode) -> OpenOptions {
        let mut options = OpenOptions::new();
        options.read(self.read).write(self.write).append(self.write && self.append);
        options.create(self.create && !self.exclusive).create_new(self.create && self.exclusive).maybe_dir(true);
        options.follow(if self.no_follow { FollowSymlinks::No } else { FollowSymlinks::Yes });
        #[cfg(unix)]
        {
            use cap_std::fs::OpenOptionsExt;
            // Not to wait for the other end of a FIFO, and not to get a terminal.
            options.mode(mode.bits()).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        }
        #[cfg(not(unix))]
        let _ = mode;
        options
    }
}

/// An open file. Dropped, it is closed.
pub struct OpenFile {
    file: File,
    root: Arc<Root>,
    grant: usize,
    max_bytes: Option<u64>,
    is_writable_grant: bool,
    flags: Flags,
    identity: Identity,
    seat: Seat,
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.root.ledger.closed(self.identity);
    }
}

impl Files {
    /// Opens a file, or a directory for looking at it.
    ///
    /// # Errors
    /// `EACCES` for what is not granted and for what is neither a file nor a directory, `EMFILE`, and what the system says.
    pub fn open(&self, path: &str, flags: Flags, mode: Mode, cancel: &Cancel) -> Result<OpenFile, Error> {
        self.open_at(path, flags, mode, cancel).at("open", path)
    }

    pub(crate) fn open_at(&self, path: &str, flags: Flags, mode: Mode, cancel: &Cancel) -> Result<OpenFile, Cause> {
        self.open_known(path, flags, mode, cancel).map(|(open, _)| open)
    }

    /// A file, and what the system knows about it now.
    pub(crate) fn open_known(
        &self,
        path: &str,
        flags: Flags,
        mode: Mode,
        cancel: &Cancel,
    ) -> Result<(OpenFile, Metadata), Cause> {
        let target = match self.spot(path, flags.access())? {
            Spot::Below(target) => target,
            Spot::Above { .. } => return Err(Code::EISDIR.into()),
        };
        let seat = target.seats.take()?;
        let (file, metadata) = open_below(&target, flags, mode, cancel)?;
        let open = OpenFile {
            file,
            root: target.root.clone(),
            grant: target.path.grant(),
            max_bytes: target.path.max_bytes(),
            is_writable_grant: target.path.is_writable(),
            flags,
            identity: identity(&metadata),
            seat,
        };
        open.root.ledger.opened(open.identity, || open.metadata().ok());
        if flags.truncate && metadata.is_file() && metadata.len() > 0 {
            open.set_len(0, cancel)?;
            let metadata = open.metadata()?;
            return Ok((open, metadata));
        }
        Ok((open, metadata))
    }
}

fn open_below(target: &Target<'_>, flags: Flags, mode: Mode, cancel: &Cancel) -> Result<(File, Metadata), Cause> {
    let options = flags.options(mode);
    let open = || target.dir.open_with(target.rest(), &options).map(cap_std::fs::File::into_std);
    let file = if flags.create {
        let mut change = target.change(cancel)?;
        // Whether it is there is only of interest where names are counted.
        let is_new = change.is_counted() && target.dir.symlink_metadata(target.name()).is_err();
        let amount = if is_new { Amount::NAME } else { Amount::default() };
        change.admit(amount)?;
        let file = open()?;
        change.add(amount);
        file
    } else {
        open()?
    };
    refuse_kernel_files(&file)?;
    let metadata = Metadata::from_file(&file)?;
    let kind = metadata.file_type();
    if kind.is_dir() && flags.write {
        return Err(Code::EISDIR.into());
    }
    if flags.directory && !kind.is_dir() {
        return Err(Code::ENOTDIR.into());
    }
    // FIFOs, sockets and devices are no files to read: they block, they talk to others, they do things.
    if kind.is_file() || kind.is_dir() { Ok((file, metadata)) } else { Err(Code::EACCES.into()) }
}

impl OpenFile {
    pub(crate) fn metadata(&self) -> Result<Metadata, Cause> {
        Ok(Metadata::from_file(&self.file)?)
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// What is said of a file that was closed.
    pub fn closed(syscall: &'static str) -> Error {
        Error::System(Failed { code: Code::EBADF, syscall, path: None, dest: None })
    }

    /// Where the next read or write without a position begins.
    ///
    /// # Errors
    /// What the system says.
    pub fn position(&self) -> Result<u64, Error> {
        (&self.file).stream_position().during("lseek")
    }

    /// What the system knows about it.
    ///
    /// # Errors
    /// What the system says.
    pub fn stat(&self) -> Result<Stat, Error> {
        self.metadata().map(|metadata| Stat::of(&metadata, self.grant)).during("fstat")
    }

    /// Reads up to `most` bytes, from where the last read ended or from a position. Fewer come at the end of the file alone.
    ///
    /// # Errors
    /// `EBADF` where it is not open for reading, `EISDIR`, and what the system or the store says.
    pub fn read(&self, store: &Store, most: usize, position: Option<u64>, cancel: &Cancel) -> Result<Writer, Error> {
        self.read_some(store, most, position, cancel).during("read")
    }

    fn read_some(&self, store: &Store, most: usize, position: Option<u64>, cancel: &Cancel) -> Result<Writer, Cause> {
        if !self.flags.read {
            return Err(Code::EBADF.into());
        }
        let metadata = self.metadata()?;
        if metadata.is_dir() {
            return Err(Code::EISDIR.into());
        }
        // No more room than the file has bytes for, whatever the guest asks for.
        let left = metadata.len().saturating_sub(position.unwrap_or(0)).max(4096);
        let most = most.min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut written = store.writer_for(most, cancel)?;
        let mut source = Reader { file: &self.file, position, left: most };
        while source.left > 0 {
            cancel.check()?;
            if fill(&mut written, &mut source)? == 0 {
                break;
            }
        }
        Ok(written)
    }

    /// Reads what follows to the end of the file.
    ///
    /// # Errors
    /// As `read`.
    pub fn read_to_end(&self, store: &Store, cancel: &Cancel) -> Result<Writer, Error> {
        let rest = || {
            let at = (&self.file).stream_position()?;
            self.rest(at, &self.metadata()?, store, cancel)
        };
        rest().during("read")
    }

    /// What follows from where the next read begins, which is `at`.
    pub(crate) fn rest(&self, at: u64, metadata: &Metadata, store: &Store, cancel: &Cancel) -> Result<Writer, Cause> {
        if !self.flags.read {
            return Err(Code::EBADF.into());
        }
        if metadata.is_dir() {
            return Err(Code::EISDIR.into());
        }
        let expected = usize::try_from(metadata.len().saturating_sub(at)).unwrap_or(usize::MAX);
        let mut written = store.writer_for(expected, cancel)?;
        let mut source = Reader { file: &self.file, position: None, left: expected };
        loop {
            cancel.check()?;
            if source.left == 0 {
                // Most files end here; one that grew, or does not tell its length, goes on.
                let mut probe = [0; 4096];
                let more = (&self.file).read(&mut probe)?;
                if more == 0 {
                    return Ok(written);
                }
                append(&mut written, &probe[..more])?;
                source.left = CHUNK;
            }
            if fill(&mut written, &mut source)? == 0 {
                return Ok(written);
            }
        }
    }

    /// Writes all of the bytes, where the last write ended or at a position.
    ///
    /// # Errors
    /// `EBADF` where it is not open for writing, `ENOSPC` where the grant's bytes are used up, and what the system says.
    pub fn write(&self, bytes: &[u8], position: Option<u64>, cancel: &Cancel) -> Result<(), Error> {
        self.write_all(bytes, position, cancel).during("write")
    }

    pub(crate) fn write_all(&self, mut bytes: &[u8], mut position: Option<u64>, cancel: &Cancel) -> Result<(), Cause> {
        if !self.flags.write || !self.is_writable_grant {
            return Err(Code::EBADF.into());
        }
        while !bytes.is_empty() {
            cancel.check()?;
            let (chunk, rest) = bytes.split_at(bytes.len().min(CHUNK));
            self.write_chunk(chunk, position, cancel)?;
            bytes = rest;
            position = position.map(|position| position.saturating_add(chunk.len() as u64));
        }
        if self.flags.sync {
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn change<'a>(&'a self, cancel: &'a Cancel) -> Result<Change<'a>, Cause> {
        let (dir, limit) = (self.root.dir()?, self.max_bytes);
        self.root.ledger.change(Clerk { dir, limit, seats: &self.seat.0, cancel })
    }

    fn write_chunk(&self, chunk: &[u8], position: Option<u64>, cancel: &Cancel) -> Result<(), Cause> {
        let mut change = self.change(cancel)?;
        if !change.is_counted() {
            return Ok(self.put(chunk, position)?);
        }
        let before = self.metadata()?.len();
        let start = match position {
            _ if self.flags.append => before,
            Some(position) => position,
            None => (&self.file).stream_position()?,
        };
        let end = start.saturating_add(chunk.len() as u64);
        change.admit(Amount::bytes(end.saturating_sub(before)))?;
        // Where it was paid for: a read beside it may have moved the file's own position meanwhile.
        let outcome = self.put(chunk, Some(start));
        self.note(&mut change)?;
        if outcome.is_ok() && position.is_none() && !self.flags.append {
            (&self.file).seek(SeekFrom::Start(end))?;
        }
        Ok(outcome?)
    }

    fn put(&self, bytes: &[u8], position: Option<u64>) -> io::Result<()> {
        match position {
            Some(position) if !self.flags.append => write_all_at(&self.file, bytes, position),
            _ => (&self.file).write_all(bytes),
        }
    }

    /// Does what lets it grow by at most `most`.
    pub(crate) fn growing<T>(
        &self,
        most: u64,
        cancel: &Cancel,
        act: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, Cause> {
        let mut change = self.change(cancel)?;
        change.admit(Amount::bytes(most))?;
        let outcome = act();
        self.note(&mut change)?;
        Ok(outcome?)
    }

    /// Notes the size that it has now, where anybody counts.
    fn note(&self, change: &mut Change<'_>) -> Result<(), Cause> {
        if change.is_counted() {
            change.resized(&self.metadata()?);
        }
        Ok(())
    }

    /// Makes it so long: cut, or filled with zeros.
    ///
    /// # Errors
    /// `EINVAL` where it is not open for writing, `ENOSPC`, and what the system says.
    pub fn truncate(&self, len: u64, cancel: &Cancel) -> Result<(), Error> {
        let allowed = if self.flags.write && self.is_writable_grant { Ok(()) } else { Err(Code::EINVAL) };
        allowed.map_err(Cause::from).and_then(|()| self.set_len(len, cancel)).during("ftruncate")
    }

    pub(crate) fn set_len(&self, len: u64, cancel: &Cancel) -> Result<(), Cause> {
        let mut change = self.change(cancel)?;
        if change.is_counted() {
            let before = self.metadata()?.len();
            change.admit(Amount::bytes(len.saturating_sub(before)))?;
        }
        self.file.set_len(len)?;
        self.note(&mut change)
    }

    /// Waits until the disk has what was written: its bytes alone, or what is known about it as well.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync(&self, data_alone: bool) -> Result<(), Error> {
        if data_alone { self.file.sync_data().during("fdatasync") } else { self.file.sync_all().during("fsync") }
    }

    /// Whether it may be changed by the grant that it was opened through.
    pub(crate) fn is_writable_grant(&self) -> bool {
        self.is_writable_grant
    }
}

/// Reads at the file's own position, or at one that moves along.
struct Reader<'a> {
    file: &'a File,
    position: Option<u64>,
    left: usize,
}

impl io::Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.left).min(CHUNK);
        let into = &mut into[..most];
        let read = match &mut self.position {
            None => self.file.read(into)?,
            Some(position) => {
                let read = read_at(self.file, into, *position)?;
                *position += read as u64;
                read
            }
        };
        self.left -= read;
        Ok(read)
    }
}

fn fill(written: &mut Writer, source: &mut impl io::Read) -> Result<usize, Cause> {
    loop {
        match written.read_from(source) {
            Ok(read) => return Ok(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(written.failure().map_or_else(|| error.into(), Cause::from)),
        }
    }
}

fn append(written: &mut Writer, bytes: &[u8]) -> Result<(), Cause> {
    written.write_all(bytes).map_err(|error| written.failure().map_or_else(|| error.into(), Cause::from))
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, position)
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, position)
}

/// The position moves along and is put back: the file's own stays where it was, as elsewhere.
#[cfg(windows)]
fn read_at(mut file: &File, into: &mut [u8], position: u64) -> io::Result<usize> {
    let before = file.stream_position()?;
    let read = std::os::windows::fs::FileExt::seek_read(file, into, position);
    file.seek(SeekFrom::Start(before))?;
    read
}

#[cfg(windows)]
fn write_all_at(mut file: &File, mut bytes: &[u8], mut position: u64) -> io::Result<()> {
    let before = file.stream_position()?;
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, position)?;
        bytes = &bytes[written..];
        position += written as u64;
    }
    file.seek(SeekFrom::Start(before)).map(drop)
}
