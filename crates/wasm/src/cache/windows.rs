//! Who owns a directory or a file and who may write it, by its security descriptor.
//!
//! What is new inherits the entries of the directory that it is made in: `%LOCALAPPDATA%` lets in its user, the system and its administrators.
//! Whatever is not understood counts as somebody else who may write.
//! Specification: <https://learn.microsoft.com/windows/win32/secauthz/access-control-lists>

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use windows_sys::Win32::Foundation::{ERROR_SUCCESS, GENERIC_ALL, GENERIC_WRITE, HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{GetSecurityInfo, SE_FILE_OBJECT};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, DACL_SECURITY_INFORMATION, EqualSid, GetAce, GetTokenInformation,
    IsWellKnownSid, OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, TOKEN_QUERY, TOKEN_USER, TokenUser,
    WinBuiltinAdministratorsSid, WinCreatorOwnerRightsSid, WinCreatorOwnerSid, WinLocalSystemSid,
};
use windows_sys::Win32::Storage::FileSystem::{
    DELETE, FILE_APPEND_DATA, FILE_ATTRIBUTE_REPARSE_POINT, FILE_DELETE_CHILD, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_GENERIC_EXECUTE, FILE_GENERIC_READ, FILE_SHARE_DELETE, FILE_SHARE_READ,
    FILE_SHARE_WRITE, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA, FILE_WRITE_EA, WRITE_DAC, WRITE_OWNER,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

type Result<T> = std::result::Result<T, String>;

/// Rights by which something can be changed, or put in its place.
const WRITES: u32 = FILE_WRITE_DATA
    | FILE_APPEND_DATA
    | FILE_WRITE_EA
    | FILE_WRITE_ATTRIBUTES
    | FILE_DELETE_CHILD
    | DELETE
    | WRITE_DAC
    | WRITE_OWNER
    | GENERIC_WRITE
    | GENERIC_ALL
    | MAXIMUM_ALLOWED;
const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
/// Kinds of entries (MS-DTYP 2.4.4.1).
const ALLOWED: u8 = 0;
const DENIED: u8 = 1;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A directory and those that it lies in.
pub(super) fn make_all(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(text)
}

/// The directory itself, not what a link of its name leads to.
pub(super) fn open(path: &Path, make: bool) -> Result<File> {
    if make {
        match std::fs::create_dir(path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(text(error)),
            _ => {}
        }
    }
    let mut options = OpenOptions::new();
    options.access_mode(FILE_GENERIC_READ).share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
    options.custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
    let folder = options.open(path).map_err(text)?;
    let about = folder.metadata().map_err(text)?;
    if !about.is_dir() || about.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        return Err("it is no directory".into());
    }
    check(&folder)?;
    Ok(folder)
}

pub(super) fn find(path: &Path, name: &str) -> Result<File> {
    let _folder = open(path, false)?;
    let mut options = OpenOptions::new();
    // Code is mapped to be run.
    options.access_mode(FILE_GENERIC_READ | FILE_GENERIC_EXECUTE).share_mode(FILE_SHARE_READ | FILE_SHARE_DELETE);
    options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    let file = options.open(path.join(name)).map_err(text)?;
    let about = file.metadata().map_err(text)?;
    if !about.is_file() || about.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        return Err("it is no file".into());
    }
    check(&file)?;
    Ok(file)
}

/// Under another name first: nobody finds half of it.
pub(super) fn write(path: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let _folder = open(path, false)?;
    let own = path.join(format!("{name}.{}.{}", std::process::id(), COUNT.fetch_add(1, Relaxed)));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&own).map_err(text)?;
    let written = file.write_all(bytes).map_err(text);
    drop(file);
    let written = written.and_then(|()| std::fs::rename(&own, path.join(name)).map_err(text));
    if written.is_err() {
        let _ = std::fs::remove_file(&own);
    }
    written
}

/// Removes the oldest files of ours until the rest fits. Those that somebody runs cannot be removed, and stay.
pub(super) fn prune(path: &Path, most: u64) {
    let Ok(_folder) = open(path, false) else { return };
    let Ok(entries) = std::fs::read_dir(path) else { return };
    let mut files: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains(".code"))
        .filter_map(|entry| Some((entry.metadata().ok()?, entry.path())))
        .filter(|(about, _)| about.is_file())
        .map(|(about, path)| (about.last_write_time(), about.len(), path))
        .collect();
    files.sort();
    let mut kept: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, bytes, path) in files {
        if kept <= most {
            return;
        }
        if std::fs::remove_file(path).is_ok() {
            kept -= bytes;
        }
    }
}

/// Memory of the system's, until it is given back.
struct Descriptor(PSECURITY_DESCRIPTOR);

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: `GetSecurityInfo` allocated it, and nobody reads it any more.
        unsafe { LocalFree(self.0) };
    }
}

/// Ours, the system's or its administrators', and written by nobody else.
fn check(file: &File) -> Result<()> {
    let (mut owner, mut list, mut descriptor): (PSID, *mut ACL, PSECURITY_DESCRIPTOR) =
        (null_mut(), null_mut(), null_mut());
    // SAFETY: an open handle, and places for what is asked; the rest is not.
    let status = unsafe {
        GetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
            &raw mut owner,
            null_mut(),
            &raw mut list,
            null_mut(),
            &raw mut descriptor,
        )
    };
    if status != ERROR_SUCCESS {
        return Err(text(std::io::Error::from_raw_os_error(status.cast_signed())));
    }
    // Owner and list lie in it.
    let _descriptor = Descriptor(descriptor);
    let user = User::of_process()?;
    if owner.is_null() || !user.is_trusted(owner) {
        return Err("another user owns it".into());
    }
    if list.is_null() {
        return Err("everybody may write it".into());
    }
    // SAFETY: a list of the system's own, in the descriptor.
    let count = unsafe { (*list).AceCount };
    for index in 0..u32::from(count) {
        let mut entry: *mut c_void = null_mut();
        // SAFETY: as above, and an entry that it has.
        if unsafe { GetAce(list, index, &raw mut entry) } == 0 || entry.is_null() {
            return Err(last_error());
        }
        // SAFETY: every entry begins with a header.
        let kind = unsafe { (*entry.cast::<ACE_HEADER>()).AceType };
        match kind {
            DENIED => {}
            ALLOWED => {
                let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
                // SAFETY: an entry of this kind has a mask …
                let mask = unsafe { (*entry).Mask };
                // SAFETY: … and a SID that begins behind it.
                let sid = unsafe { &raw mut (*entry).SidStart };
                if mask & WRITES != 0 && !user.is_trusted(sid.cast()) {
                    return Err("others may write it".into());
                }
            }
            _ => return Err(format!("an entry of kind {kind} says who may write it")),
        }
    }
    Ok(())
}

fn last_error() -> String {
    text(std::io::Error::last_os_error())
}

/// The user of this process, as the system describes it.
struct User(Vec<u64>);

impl User {
    fn of_process() -> Result<User> {
        let mut token: HANDLE = null_mut();
        // SAFETY: a pseudo handle, which is never closed.
        let process = unsafe { GetCurrentProcess() };
        // SAFETY: the process itself, and a place for the token.
        if unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) } == 0 {
            return Err(last_error());
        }
        // SAFETY: just opened, and nobody else's.
        let token = unsafe { OwnedHandle::from_raw_handle(token) };
        let mut length = 0;
        // SAFETY: asks how much there is; nothing is written.
        unsafe { GetTokenInformation(token.as_raw_handle(), TokenUser, null_mut(), 0, &raw mut length) };
        // Whole words: the structure at its beginning wants to be aligned.
        let mut words = vec![0u64; (length as usize).div_ceil(8)];
        if words.len() * 8 < size_of::<TOKEN_USER>() {
            return Err(last_error());
        }
        // SAFETY: room for so many bytes.
        let is_read = unsafe {
            GetTokenInformation(token.as_raw_handle(), TokenUser, words.as_mut_ptr().cast(), length, &raw mut length)
        };
        if is_read == 0 { Err(last_error()) } else { Ok(User(words)) }
    }

    fn sid(&self) -> PSID {
        // SAFETY: the structure at the beginning was written whole; its SID lies behind it.
        unsafe { (*self.0.as_ptr().cast::<TOKEN_USER>()).User.Sid }
    }

    /// Whether it is this user, who made or owns the file (both are checked), the system or its administrators.
    fn is_trusted(&self, sid: PSID) -> bool {
        // SAFETY: both are valid SIDs.
        if unsafe { EqualSid(sid, self.sid()) } != 0 {
            return true;
        }
        let known = [WinLocalSystemSid, WinBuiltinAdministratorsSid, WinCreatorOwnerSid, WinCreatorOwnerRightsSid];
        // SAFETY: as above.
        known.iter().any(|kind| unsafe { IsWellKnownSid(sid, *kind) } != 0)
    }
}
