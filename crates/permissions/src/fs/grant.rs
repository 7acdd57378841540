//! Grants as the app writes them: `/data` onto `/srv/app/data`.

use std::path::PathBuf;
use std::sync::Arc;

use super::check::MOST_PATH_BYTES;

/// What a guest path leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FsGrant {
    /// A directory of the host.
    pub path: PathBuf,
    /// Whether guests may write, and not only read.
    pub write: bool,
    /// How many bytes the files below it may have together, where guests write.
    pub max_bytes: Option<u64>,
}

impl<P: Into<PathBuf>> From<P> for FsGrant {
    fn from(path: P) -> Self {
        Self { path: path.into(), ..Self::default() }
    }
}

/// A grant that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Expected {expected} for {field} but received '{received}'")]
pub struct InvalidFsGrant {
    /// The grant as the app names it.
    pub field: String,
    expected: &'static str,
    received: String,
}

/// One guest path and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// Its names, from the root.
    pub(super) names: Box<[Box<str>]>,
    pub(super) grant: FsGrant,
}

/// Which files a sandbox may see. The default is none; a clone shares the grants.
#[derive(Clone, Debug, Default)]
pub struct FsPermissions {
    mounts: Option<Arc<[Mount]>>,
}

impl FsPermissions {
    /// Reads the app's grants: guest path and grant.
    ///
    /// # Errors
    /// The first whose guest path is none, or stands there twice.
    pub fn new<'a>(grants: impl IntoIterator<Item = (&'a str, FsGrant)>) -> Result<Self, InvalidFsGrant> {
        let mut mounts: Vec<Mount> = Vec::new();
        for (guest, grant) in grants {
            let invalid = |expected, received: &str| InvalidFsGrant {
                field: "a key of permissions.fs".into(),
                expected,
                received: received.into(),
            };
            let names = names(guest).ok_or_else(|| invalid("an absolute path such as '/data'", guest))?;
            if grant.path.as_os_str().is_empty() {
                let field = format!("permissions.fs['{guest}'].path");
                return Err(InvalidFsGrant { field, ..invalid("a directory", "") });
            }
            if mounts.iter().any(|mount| mount.names == names) {
                return Err(invalid("a path that is not there twice", guest));
            }
            mounts.push(Mount { names, grant });
        }
        Ok(Self { mounts: (!mounts.is_empty()).then(|| mounts.into()) })
    }

    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        self.mounts.is_none()
    }

    pub(super) fn mounts(&self) -> &[Mount] {
        self.mounts.as_deref().unwrap_or(&[])
    }

    /// The guest paths and their grants, in the order of `CheckedPath::grant`.
    pub fn grants(&self) -> impl Iterator<Item = (String, &FsGrant)> {
        self.mounts().iter().map(|mount| (super::check::joined(&mount.names), &mount.grant))
    }
}

/// The names of an absolute path without `.`, `..`, doubled slashes or characters that no name has.
fn names(guest: &str) -> Option<Box<[Box<str>]>> {
    let below = guest.strip_prefix('/').filter(|_| guest.len() <= MOST_PATH_BYTES / 4)?;
    if below.is_empty() {
        return Some(Box::default());
    }
    let below = below.strip_suffix('/').unwrap_or(below);
    let is_name = |name: &str| !matches!(name, "" | "." | "..") && !name.contains(['\0', '\\']);
    below.split('/').map(|name| is_name(name).then(|| name.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(guests: &[&str]) -> String {
        let grants = guests.iter().map(|guest| (*guest, FsGrant::from("/srv")));
        FsPermissions::new(grants).unwrap_err().to_string()
    }

    #[test]
    fn a_guest_path_is_absolute_and_plain() {
        for guest in ["", "data", "./data", "/a//b", "/a/../b", "/.", "//", "/a\0b", "C:\\data", "/a\\b"] {
            assert!(refusal(&[guest]).starts_with("Expected an absolute path such as '/data'"), "{guest:?}");
        }
    }

    #[test]
    fn a_guest_path_stands_there_once() {
        let expected = "Expected a path that is not there twice for a key of permissions.fs but received '/data/'";
        assert_eq!(refusal(&["/data", "/data/"]), expected);
    }

    #[test]
    fn a_grant_names_a_directory() {
        let error = FsPermissions::new([("/data", FsGrant::from(""))]).unwrap_err();
        assert_eq!(error.to_string(), "Expected a directory for permissions.fs['/data'].path but received ''");
    }
}
