//! What a module may reach beyond its arguments and streams: a part of the sandbox's grants.

use std::sync::{Arc, OnceLock};

#[cfg(feature = "net")]
use hostbox_net::Client;
use hostbox_permissions::{Environment, FsPermissions};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use crate::cache::CodeCache;
use crate::error::{Error, Result};
use crate::files::Hear;

/// Grants of one sandbox, as far as modules have a use for them. Empty by default.
#[derive(Clone, Default)]
pub struct Rights {
    env: Environment,
    files: FsPermissions,
    /// Shared by clones: who hears may come later.
    hear: Arc<OnceLock<Hear>>,
    #[cfg(feature = "net")]
    net: Option<Client>,
}

impl std::fmt::Debug for Rights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rights").field("env", &self.env).field("files", &self.files).finish_non_exhaustive()
    }
}

impl Rights {
    /// Modules find these variables as their whole environment, and no directory.
    pub fn new(env: Environment) -> Self {
        Self { env, ..Self::default() }
    }

    /// They find these directories open, each under the path that guests know.
    #[must_use]
    pub fn with_files(self, files: FsPermissions) -> Self {
        Self { files, ..self }
    }

    /// Has this function hear of what modules with these rights were denied of their files, one line each: what was asked and what is granted.
    /// Of the first that is said, on the thread that runs the module. A run causes 64 lines at most.
    pub fn hear_denials(&self, hear: impl Fn(String) + Send + Sync + 'static) {
        // The first one stays: a sandbox has one console.
        let _ = self.hear.set(Box::new(hear));
    }

    /// Who hears of denials, and of what.
    pub(crate) fn denials(&self) -> (Arc<OnceLock<Hear>>, FsPermissions) {
        (self.hear.clone(), self.files.clone())
    }

    /// Their requests and sockets go through this client, which has grants, limits and a log of its own. Without one there is no network.
    #[cfg(feature = "net")]
    #[must_use]
    pub fn with_net(self, client: Client) -> Self {
        Self { net: Some(client), ..self }
    }

    #[cfg(feature = "net")]
    pub(crate) fn client(&self) -> Option<&Client> {
        self.net.as_ref()
    }

    /// The name of a grant that lets modules write compiled code.
    pub(crate) fn writes_to(&self, cache: &CodeCache) -> Option<String> {
        let mut grants = self.files.grants();
        let found = grants.find(|(_, grant)| grant.write && cache.is_within_reach(&grant.path))?;
        Some(found.0.clone())
    }

    /// Hands the rights to a module that is about to run.
    pub(crate) fn give(&self, wasi: &mut WasiCtxBuilder) -> Result<()> {
        for (name, value) in self.env.iter() {
            wasi.env(name, value);
        }
        for (guest, grant) in self.files.grants() {
            // That of the root has no names.
            let guest = if guest.is_empty() { "/".to_owned() } else { guest };
            if grant.write && grant.max_bytes.is_some() {
                return Err(Error::Permission(format!(
                    "permissions.fs['{guest}'] has maxBytes, which cannot be kept while a module writes: grant it without, or for reading alone"
                )));
            }
            let rights = if grant.write { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
            wasi.preopened_dir(&grant.path, &guest, rights)
                .map_err(|error| Error::Permission(format!("permissions.fs['{guest}'] cannot be opened: {error}")))?;
        }
        Ok(())
    }
}
