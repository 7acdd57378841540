//! The check itself: a guest's path against the grants.
//!
//! `..` is counted here only where it leaves a grant; below one it is left to the system, since what stands before it may be a link.

use std::borrow::Cow;

use super::grant::{FsPermissions, Mount};

/// The longest path, in bytes: that of Linux.
pub(super) const MOST_PATH_BYTES: usize = 4096;

/// What is to be done with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Looking and reading.
    Read,
    /// Changing anything.
    Write,
}

/// A path below a grant that allows what was asked. Only [`FsPermissions::check`] and [`FsPermissions::place`] make one.
///
/// It still may lead out through a link or a `..` behind one: whoever opens it has to resolve it beneath the grant's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedPath {
    grant: usize,
    rest: String,
    is_writable: bool,
    max_bytes: Option<u64>,
    guest: String,
    inner: Vec<String>,
}

impl CheckedPath {
    /// Which grant, counted as [`FsPermissions::grants`] gives them.
    pub fn grant(&self) -> usize {
        self.grant
    }

    /// The path from the grant's directory on: relative, `.` for the directory itself, with a slash at the end where a directory is meant.
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// Whether it is the grant's directory itself, as it is written.
    pub fn is_root(&self) -> bool {
        self.rest == "."
    }

    /// Whether the grant allows writing.
    pub fn is_writable(&self) -> bool {
        self.is_writable
    }

    /// How many bytes the files of the grant may have together.
    pub fn max_bytes(&self) -> Option<u64> {
        self.max_bytes
    }

    /// The path of the grant's directory as guests see it, without a slash at the end: empty for `/`.
    pub fn guest_root(&self) -> &str {
        &self.guest
    }

    /// Names in this directory, as it is written, that lead to other grants.
    pub fn granted_names(&self) -> &[String] {
        &self.inner
    }
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Below a grant.
    Below(CheckedPath),
    /// Above grants: a directory that is nowhere on the host and holds these names alone.
    Above {
        /// The path without `.` and `..`.
        path: String,
        /// The names in it.
        names: Vec<String>,
    },
}

/// Why a path leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsRefusal {
    /// No grant covers it.
    NotGranted,
    /// The grant is for reading.
    ReadOnly,
    /// It is empty.
    Empty,
    /// It is longer than any path.
    TooLong,
    /// It has characters that no path has, or that mean something else on this system.
    NoPath,
}

impl FsPermissions {
    /// Finds out where a path leads. One that is not absolute is taken from `/`.
    ///
    /// # Errors
    /// Why it leads nowhere, or not for this access.
    pub fn place(&self, path: &str, access: Access) -> Result<Place, FsRefusal> {
        if path.is_empty() {
            return Err(FsRefusal::Empty);
        }
        if path.len() > MOST_PATH_BYTES {
            return Err(FsRefusal::TooLong);
        }
        if path.contains('\0') {
            return Err(FsRefusal::NoPath);
        }
        let walk = self.walk(path);
        let Some((grant, rest)) = walk.below else {
            let names = self.names_in(&walk.at);
            return if names.is_empty() || access == Access::Write {
                Err(FsRefusal::NotGranted)
            } else {
                Ok(Place::Above { path: joined_or_root(&walk.at), names })
            };
        };
        let Mount { names, grant: granted } = &self.mounts()[grant];
        if cfg!(windows) && !rest.iter().all(|name| is_windows_name(name)) {
            return Err(FsRefusal::NoPath);
        }
        if access == Access::Write && !granted.write {
            return Err(FsRefusal::ReadOnly);
        }
        let mut text = if rest.is_empty() { ".".to_owned() } else { rest.join("/") };
        if !rest.is_empty() && means_directory(path) {
            text.push('/');
        }
        Ok(Place::Below(CheckedPath {
            grant,
            rest: text,
            is_writable: granted.write,
            max_bytes: granted.max_bytes,
            guest: joined(names),
            inner: self.names_in(&walk.at),
        }))
    }

    /// As [`FsPermissions::place`], where only a place below a grant will do.
    ///
    /// # Errors
    /// As there.
    pub fn check(&self, path: &str, access: Access) -> Result<CheckedPath, FsRefusal> {
        match self.place(path, access)? {
            Place::Below(path) => Ok(path),
            Place::Above { .. } => Err(FsRefusal::NotGranted),
        }
    }

    fn walk<'a>(&self, path: &'a str) -> Walk<'a> {
        let mut walk = Walk { at: Vec::new(), below: self.mount_at(&[]).map(|mount| (mount, Vec::new())) };
        for name in path.split('/') {
            match name {
                "" | "." => continue,
                // What is above the root is the root.
                ".." if walk.at.is_empty() => walk.below = self.around(&[]),
                ".." => {
                    walk.at.pop();
                    let length = |mount: usize| self.mounts()[mount].names.len();
                    match &mut walk.below {
                        Some((mount, rest)) if walk.at.len() >= length(*mount) => rest.push(name),
                        // Out of the grant: perhaps into one around it.
                        _ => walk.below = self.around(&walk.at),
                    }
                    // The directory of a grant cannot be left and entered again by its own parent.
                    if let Some((mount, rest)) = &mut walk.below
                        && walk.at.len() == length(*mount)
                        && rest.iter().all(|name| *name == "..")
                    {
                        rest.clear();
                    }
                }
                name => {
                    walk.at.push(name);
                    if let Some(mount) = self.mount_at(&walk.at) {
                        walk.below = Some((mount, Vec::new()));
                    } else if let Some((_, rest)) = &mut walk.below {
                        rest.push(name);
                    }
                }
            }
        }
        walk
    }

    fn mount_at(&self, at: &[&str]) -> Option<usize> {
        self.mounts().iter().position(|mount| is_same(&mount.names, at))
    }

    /// The innermost grant that holds a position, and the way from there.
    fn around<'a>(&self, at: &[&'a str]) -> Option<(usize, Vec<&'a str>)> {
        (0..=at.len()).rev().find_map(|length| Some((self.mount_at(&at[..length])?, at[length..].to_vec())))
    }

    /// The names in a directory that lead to grants.
    fn names_in(&self, at: &[&str]) -> Vec<String> {
        let below = self.mounts().iter().filter(|mount| mount.names.len() > at.len());
        let below = below.filter(|mount| is_same(&mount.names[..at.len()], at));
        let mut names: Vec<String> = below.map(|mount| mount.names[at.len()].to_string()).collect();
        names.sort();
        names.dedup();
        names
    }
}

struct Walk<'a> {
    /// The names from `/` to where the path leads as it is written.
    at: Vec<&'a str>,
    /// The grant it is in, and the way from its directory.
    below: Option<(usize, Vec<&'a str>)>,
}

fn is_same(names: &[Box<str>], at: &[&str]) -> bool {
    names.len() == at.len() && names.iter().zip(at).all(|(own, other)| **own == **other)
}

pub(super) fn joined(names: &[Box<str>]) -> String {
    names.iter().fold(String::new(), |path, name| path + "/" + name)
}

fn joined_or_root(names: &[&str]) -> String {
    if names.is_empty() { "/".into() } else { names.iter().fold(String::new(), |path, name| path + "/" + name) }
}

/// Whether a path says by its end that it means a directory.
fn means_directory(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("/.")
}

/// Whether a name means one file on Windows: not a stream of one, a device, a drive, or a name that loses its end.
fn is_windows_name(name: &str) -> bool {
    const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    if name == ".." {
        return true;
    }
    if name.ends_with(['.', ' ']) || name.contains(|c: char| c < ' ' || "\\:*?\"<>|".contains(c)) {
        return false;
    }
    let stem: Cow<'_, str> = name.split('.').next().unwrap_or(name).trim_end().to_ascii_uppercase().into();
    let is_port = |prefix: &str| {
        let digit = stem.strip_prefix(prefix);
        digit.is_some_and(|digit| {
            matches!(digit, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
        })
    };
    !DEVICES.contains(&&*stem) && !is_port("COM") && !is_port("LPT")
}

#[cfg(test)]
mod tests {
    use super::super::FsGrant;
    use super::*;

    fn permissions() -> FsPermissions {
        let write = |path: &str| FsGrant { write: true, ..FsGrant::from(path) };
        let grants =
            [("/data", FsGrant::from("/srv/a")), ("/data/cache", write("/srv/b")), ("/work/out", write("/srv/c"))];
        FsPermissions::new(grants).unwrap()
    }

    fn below(path: &str) -> (usize, String) {
        match permissions().place(path, Access::Read) {
            Ok(Place::Below(path)) => (path.grant(), path.rest().to_owned()),
            other => panic!("{path}: {other:?}"),
        }
    }

    fn refused(path: &str) -> FsRefusal {
        permissions().place(path, Access::Read).unwrap_err()
    }

    #[test]
    fn a_path_belongs_to_the_innermost_grant_that_holds_it() {
        assert_eq!(below("/data/x/y"), (0, "x/y".into()));
        assert_eq!(below("/data/cache/x"), (1, "x".into()));
        assert_eq!(below("//data//./cache/.//x"), (1, "x".into()));
        assert_eq!(below("data"), (0, ".".into()));
        assert_eq!(below("/data/"), (0, ".".into()));
        assert_eq!(below("/data/x/"), (0, "x/".into()));
    }

    #[test]
    fn dot_dot_is_left_to_the_system_below_a_grant_and_followed_out_of_it() {
        assert_eq!(below("/data/x/../y"), (0, "x/../y".into()));
        assert_eq!(below("/data/x/../../data/y"), (0, "y".into()));
        assert_eq!(below("/data/../work/out/y"), (2, "y".into()));
        assert_eq!(below("/data/cache/../y"), (0, "y".into()));
        assert_eq!(below("/../../data/y"), (0, "y".into()));
        assert_eq!(refused("/data/../etc/passwd"), FsRefusal::NotGranted);
        assert_eq!(refused("/data/x/../../etc/passwd"), FsRefusal::NotGranted);
        assert_eq!(refused("/data/cache/../../etc"), FsRefusal::NotGranted);
    }

    #[test]
    fn names_that_only_begin_like_a_grant_or_differ_in_case_are_not_granted() {
        for path in ["/database", "/data2/x", "/DATA/x", "/dat", "/Data", "/data\u{301}", "/ｄata"] {
            assert_eq!(refused(path), FsRefusal::NotGranted, "{path}");
        }
    }

    #[test]
    fn above_grants_there_are_directories_to_look_at() {
        let above = |path| permissions().place(path, Access::Read).unwrap();
        assert_eq!(above("/"), Place::Above { path: "/".into(), names: vec!["data".into(), "work".into()] });
        assert_eq!(above("/work/."), Place::Above { path: "/work".into(), names: vec!["out".into()] });
        assert_eq!(permissions().place("/work", Access::Write), Err(FsRefusal::NotGranted));
        assert_eq!(FsPermissions::default().place("/", Access::Read), Err(FsRefusal::NotGranted));
    }

    #[test]
    fn a_directory_names_the_grants_inside_it() {
        let path = permissions().check("/data", Access::Read).unwrap();
        assert_eq!(path.granted_names(), ["cache"]);
        assert_eq!(path.guest_root(), "/data");
    }

    #[test]
    fn a_grant_for_reading_is_not_for_writing() {
        assert_eq!(permissions().check("/data/x", Access::Write), Err(FsRefusal::ReadOnly));
        assert!(permissions().check("/data/cache/x", Access::Write).is_ok());
    }

    #[test]
    fn a_path_has_a_length_and_no_nul() {
        assert_eq!(refused(""), FsRefusal::Empty);
        assert_eq!(refused("/data/x\0y"), FsRefusal::NoPath);
        assert_eq!(refused(&format!("/data/{}", "x".repeat(5_000))), FsRefusal::TooLong);
    }

    #[test]
    fn a_grant_may_be_the_root() {
        let permissions = FsPermissions::new([("/", FsGrant::from("/srv"))]).unwrap();
        let path = permissions.check("/../x/../../y", Access::Read).unwrap();
        assert_eq!((path.rest(), path.guest_root()), ("y", ""));
    }

    #[test]
    fn names_that_windows_reads_otherwise_are_known() {
        for name in ["a:b", "C:", "a\\b", "nul", "NUL.txt", "com1", "Lpt9.log", "a.", "a ", "a?", "con .x", "\u{1}"] {
            assert!(!is_windows_name(name), "{name:?}");
        }
        for name in ["a", "..", ".env", "console", "com", "comet1", "ünï"] {
            assert!(is_windows_name(name), "{name:?}");
        }
    }
}
