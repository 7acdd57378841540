//! New directories.

use std::io;

use cap_std::fs::{Dir, DirBuilder};
use hostbox_buffers::Cancel;
use hostbox_permissions::Access;

use crate::attributes::Mode;
use crate::error::{Cause, Code, During, Error};
use crate::files::{Files, Target};
use crate::usage::{Amount, Change};

impl Files {
    /// Makes a directory. With `recursive` those above it as well, and none where it is there already; then the first one that was made.
    ///
    /// # Errors
    /// `EACCES`, `EEXIST`, `ENOENT`, `ENOSPC`, and what the system says.
    pub fn make_dir(&self, path: &str, recursive: bool, mode: Mode, cancel: &Cancel) -> Result<Option<String>, Error> {
        let make = || {
            let target = self.target(path, Access::Write)?;
            if target.path.is_root() {
                return if recursive { Ok(None) } else { Err(Code::EEXIST.into()) };
            }
            let mut change = target.change(cancel)?;
            if recursive {
                return make_all(&target, mode, &mut change, cancel);
            }
            make_one(target.dir, target.path.rest(), mode, &mut change).map(|()| None)
        };
        make().at("mkdir", path)
    }

    /// Makes a directory with a name that begins with `prefix` and that nobody has: its path.
    ///
    /// # Errors
    /// As `make_dir`.
    pub fn make_temp_dir(&self, prefix: &str, cancel: &Cancel) -> Result<String, Error> {
        let make = || {
            for _ in 0..64 {
                let path = format!("{prefix}{}", suffix()?);
                let target = self.target(&path, Access::Write)?;
                let mut change = target.change(cancel)?;
                match make_one(target.dir, target.path.rest(), Mode::PRIVATE, &mut change) {
                    Ok(()) => return Ok(path),
                    Err(Cause::Code(Code::EEXIST)) => {}
                    Err(cause) => return Err(cause),
                }
            }
            Err(Cause::from(Code::EEXIST))
        };
        make().at("mkdtemp", &format!("{prefix}XXXXXX"))
    }
}

fn make_one(dir: &Dir, path: &str, mode: Mode, change: &mut Change<'_>) -> Result<(), Cause> {
    change.admit(Amount::NAME)?;
    dir.create_dir_with(path.trim_end_matches('/'), &builder(mode))?;
    change.add(Amount::NAME);
    Ok(())
}

fn builder(mode: Mode) -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    cap_std::fs::DirBuilderExt::mode(&mut builder, mode.of_directory().bits());
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

fn make_all(
    target: &Target<'_>,
    mode: Mode,
    change: &mut Change<'_>,
    cancel: &Cancel,
) -> Result<Option<String>, Cause> {
    let rest = target.path.rest().trim_end_matches('/');
    let ends = rest.match_indices('/').map(|(end, _)| end).chain([rest.len()]);
    let mut first = None;
    for end in ends {
        cancel.check()?;
        let part = &rest[..end];
        match make_one(target.dir, part, mode, change) {
            Ok(()) => {
                first.get_or_insert_with(|| format!("{}/{part}", target.path.guest_root()));
            }
            Err(Cause::Code(Code::EEXIST)) => {
                let is_dir = target.dir.metadata(part)?.is_dir();
                if !is_dir {
                    return Err(if end == rest.len() { Code::EEXIST } else { Code::ENOTDIR }.into());
                }
            }
            Err(cause) => return Err(cause),
        }
    }
    Ok(first)
}

/// Six letters and digits, as Node has them.
fn suffix() -> Result<String, Cause> {
    const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::from(io::ErrorKind::Other))?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect())
}
