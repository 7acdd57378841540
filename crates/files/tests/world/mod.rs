//! A directory with a secret beside the granted ones: what no guest may read, change or make.

#![allow(dead_code, reason = "each test binary uses a part")]
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use std::fs;
use std::path::{Path, PathBuf};

use hostbox_buffers::{Cancel, Store};
use hostbox_files::{Content, CopyMode, Error, Files, Flags, Mode, Removal};
use hostbox_permissions::{FsGrant, FsPermissions};
use tempfile::TempDir;

pub const SECRET: &str = "the host's secret";

/// ```text
/// secret.txt, secrets/inner.txt     nobody's
/// data/file.txt, data/sub/deep.txt  granted for writing as /data
/// read/file.txt                     granted for reading as /read
/// ```
pub struct World {
    dir: TempDir,
    pub files: Files,
    pub store: Store,
}

pub fn world() -> World {
    limited(None)
}

pub fn limited(max_bytes: Option<u64>) -> World {
    let dir = tempfile::tempdir().unwrap();
    let at = |path: &str| dir.path().join(path);
    for (path, text) in [
        ("secret.txt", SECRET),
        ("secrets/inner.txt", SECRET),
        ("data/file.txt", "file"),
        ("data/sub/deep.txt", "deep"),
        ("read/file.txt", "read"),
    ] {
        fs::create_dir_all(at(path).parent().unwrap()).unwrap();
        fs::write(at(path), text).unwrap();
    }
    let data = FsGrant { path: at("data"), write: true, max_bytes };
    let permissions = FsPermissions::new([("/data", data), ("/read", FsGrant::from(at("read")))]).unwrap();
    World { files: Files::new(&permissions).unwrap(), dir, store: Store::new(64 << 20) }
}

pub fn write_flags() -> Flags {
    Flags::from_bits(0o1101)
}

impl World {
    pub fn host(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    pub fn read(&self, path: &str) -> Result<String, Error> {
        let written = self.files.read(path, Flags::READ, &self.store, &Cancel::new())?;
        Ok(String::from_utf8_lossy(written.written()).into_owned())
    }

    pub fn write(&self, path: &str, text: &str) -> Result<(), Error> {
        self.files.write(path, write_flags(), Mode::FILE, &Content::Bytes(text.as_bytes()), &Cancel::new())
    }

    pub fn list(&self, path: &str) -> Result<Vec<String>, Error> {
        let entries = self.files.list(path, false, &self.store, &Cancel::new())?;
        let mut names: Vec<_> = entries.entries.iter().map(|entry| entry.name.clone()).collect();
        names.sort();
        Ok(names)
    }

    pub fn symlink(&self, to: &str, path: &str) -> Result<(), Error> {
        self.files.symlink(to, path, &Cancel::new())
    }

    pub fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        self.files.rename(from, to, &Cancel::new())
    }

    pub fn remove(&self, path: &str) -> Result<(), Error> {
        self.files.remove(path, Removal { recursive: true, force: false }, &Cancel::new())
    }

    /// Tries everything that takes one path, and asserts that nothing of it worked: `EACCES`, or one of `codes`.
    pub fn assert_out_of_reach(&self, path: &str, codes: &[&str]) {
        let cancel = Cancel::new();
        let files = &self.files;
        let outcomes: Vec<(&str, Option<Error>)> = vec![
            ("read", self.read(path).err()),
            ("write", self.write(path, "overwritten").err()),
            ("append", files.open(path, Flags::from_bits(0o2101), Mode::FILE, &cancel).err()),
            ("stat", files.stat(path, true).err()),
            ("list", self.list(path).err()),
            ("list all", files.list(path, true, &self.store, &cancel).err()),
            ("access", files.access(path, 0).err()),
            ("make", files.make_dir(&format!("{path}/new"), false, Mode::DIRECTORY, &cancel).err()),
            ("make all", files.make_dir(&format!("{path}/new/dir"), true, Mode::DIRECTORY, &cancel).err()),
            ("make temporary", files.make_temp_dir(&format!("{path}/tmp"), &cancel).err()),
            ("chmod", files.chmod(path, Mode::from_bits(0o777)).err()),
            ("utimes", files.utimes(path, 1.0, 1.0, true).err()),
            ("real path", files.real_path(path).err()),
            ("copy out", files.copy_file(path, "/data/copied", CopyMode::default(), &cancel).err()),
            ("copy in", files.copy_file("/data/file.txt", path, CopyMode::default(), &cancel).err()),
            ("rename into", self.rename("/data/file.txt", &format!("{path}/moved")).err()),
            ("link into", files.link("/data/file.txt", &format!("{path}/linked"), &cancel).err()),
            ("symlink into", self.symlink("file.txt", &format!("{path}/link")).err()),
            ("remove inside", self.remove(&format!("{path}/inner.txt")).err()),
        ];
        for (what, error) in outcomes {
            match error {
                Some(Error::System(failed)) => {
                    let code = failed.code.name;
                    assert!(code == "EACCES" || codes.contains(&code), "{what} of {path}: {code}");
                    let shown = failed.to_string();
                    let host = self.root().to_string_lossy();
                    assert!(!shown.contains(&*host), "{shown} tells where the host keeps its files");
                }
                other => panic!("{what} of {path}: {other:?}"),
            }
        }
        self.assert_untouched();
    }

    /// Everything that is nobody's is as it was, and so is what the guest began with.
    pub fn assert_untouched(&self) {
        assert_eq!(fs::read_to_string(self.host("secret.txt")).unwrap(), SECRET);
        assert_eq!(fs::read_to_string(self.host("secrets/inner.txt")).unwrap(), SECRET);
        assert_eq!(fs::read_to_string(self.host("data/file.txt")).unwrap(), "file");
        assert_eq!(fs::read_to_string(self.host("read/file.txt")).unwrap(), "read");
        let names = |path: &str| fs::read_dir(self.host(path)).unwrap().count();
        assert_eq!((names(""), names("secrets"), names("read")), (4, 1, 1));
    }
}

pub fn code<T>(outcome: Result<T, Error>) -> &'static str {
    match outcome.err() {
        None => "ok",
        Some(Error::System(failed)) => failed.code.name,
        Some(Error::Buffer(error)) => error.code(),
        Some(Error::Cancelled) => "cancelled",
    }
}
