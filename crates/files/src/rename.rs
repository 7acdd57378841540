//! Renaming, within one grant.

use cap_std::fs::Metadata;
use hostbox_buffers::Cancel;
use hostbox_permissions::Access;

use crate::error::{Cause, Code, During, Error};
use crate::files::Files;

impl Files {
    /// Gives a file or a directory another name; a file that has the name is gone.
    ///
    /// # Errors
    /// `EACCES`, `EXDEV` between grants, `EBUSY` for the directory of a grant, and what the system says.
    pub fn rename(&self, from: &str, to: &str, cancel: &Cancel) -> Result<(), Error> {
        let rename = || {
            let source = self.target(from, Access::Write)?;
            let target = self.target(to, Access::Write)?;
            source.not_granted_itself()?;
            target.not_granted_itself()?;
            if source.path.grant() != target.path.grant() {
                return Err(Code::EXDEV.into());
            }
            let mut change = target.change(cancel)?;
            let before = if change.is_counted() {
                let replaced = target.dir.symlink_metadata(target.name()).ok();
                replaced.filter(|replaced| !is_same(replaced, source.dir.symlink_metadata(source.name()).ok().as_ref()))
            } else {
                None
            };
            source.dir.rename(source.rest(), target.dir, target.rest())?;
            if let Some(replaced) = before {
                change.unnamed(&replaced);
            }
            Ok::<_, Cause>(())
        };
        rename().between("rename", from, to)
    }
}

/// Two names of one file: renaming one to the other does nothing.
fn is_same(one: &Metadata, other: Option<&Metadata>) -> bool {
    other.is_some_and(|other| crate::usage::identity(one) == crate::usage::identity(other))
}
