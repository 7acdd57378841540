//! Scopes of the process, and the handle that a sandbox has on its own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;

use crate::file::File;
use crate::memory::Memory;
use crate::{
    Entry, Error, LONGEST_TTL, MAX_BYTES, MAX_BYTES_RANGE, Name, OpenError, Options, Store, StoreKind, When, is_name,
};

static SCOPES: LazyLock<Mutex<HashMap<String, Weak<Scope>>>> = LazyLock::new(Mutex::default);

/// One sandbox's handle on the cache of its scope. The cache lives as long as one of its handles is open.
pub struct Cache {
    scope: RwLock<Option<Arc<Scope>>>,
}

struct Scope {
    name: String,
    kind: StoreKind,
    max_bytes: u64,
    ttl: Option<Duration>,
    /// Memory is set up by the first entry: most sandboxes never have one.
    store: OnceLock<Arc<dyn Store>>,
}

impl Cache {
    /// The cache of a scope: that of its other sandboxes, or a new one.
    ///
    /// # Errors
    /// Where the options are none, differ from what the scope has, or its file cannot be had.
    pub fn open(scope: &str, options: &Options) -> Result<Self, OpenError> {
        if !is_name(scope) {
            return Err(OpenError::Scope);
        }
        let options = checked(options)?;
        let mut scopes = SCOPES.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match scopes.get(scope).and_then(Weak::upgrade) {
            Some(known) => {
                known.compare(&options)?;
                known
            }
            None => {
                let new = Arc::new(Scope::new(scope, options)?);
                scopes.insert(scope.to_owned(), Arc::downgrade(&new));
                new
            }
        };
        Ok(Self { scope: RwLock::new(Some(opened)) })
    }

    /// The text of a living entry.
    ///
    /// # Errors
    /// `Error::Key`, `Error::Closed`, `Error::Store`.
    pub fn get(&self, key: &str) -> Result<Option<Arc<str>>, Error> {
        self.within(key, |scope, name| scope.store().get(name))
    }

    /// Puts an entry where `when` holds; whether it did. Without a `ttl` it lives as long as the scope says.
    ///
    /// # Errors
    /// As `get`, and `Error::TooLarge`.
    pub fn put(&self, key: &str, text: String, ttl: Option<Duration>, when: When<'_>) -> Result<bool, Error> {
        self.within(key, |scope, name| {
            let ttl = ttl.or(scope.ttl).map(|ttl| ttl.min(LONGEST_TTL));
            scope.store().put(name, Entry { text, ttl }, when)
        })
    }

    /// Forgets an entry; whether there was one.
    ///
    /// # Errors
    /// As `get`.
    pub fn delete(&self, key: &str) -> Result<bool, Error> {
        self.within(key, |scope, name| scope.store().delete(name))
    }

    /// Lets go of the scope; waits for what is under way. The last one of a scope forgets memory, and closes a file.
    pub fn close(&self) {
        let scope = self.scope.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(scope);
    }

    /// Whether closing it is done in no time: nothing was ever kept.
    pub fn is_untouched(&self) -> bool {
        let scope = self.scope.read().unwrap_or_else(PoisonError::into_inner);
        scope.as_ref().is_none_or(|scope| scope.store.get().is_none())
    }

    fn within<T>(&self, key: &str, work: impl FnOnce(&Scope, Name<'_>) -> Result<T, Error>) -> Result<T, Error> {
        if !is_name(key) {
            return Err(Error::Key);
        }
        let scope = self.scope.read().unwrap_or_else(PoisonError::into_inner);
        let scope = scope.as_deref().ok_or(Error::Closed)?;
        work(scope, Name { scope: &scope.name, key })
    }
}

fn checked(options: &Options) -> Result<Options, OpenError> {
    if let Some(max_bytes) = options.max_bytes
        && !MAX_BYTES_RANGE.contains(&max_bytes)
    {
        return Err(OpenError::MaxBytes(max_bytes));
    }
    if options.ttl.is_some_and(|ttl| ttl.is_zero()) {
        return Err(OpenError::Ttl);
    }
    let store = match &options.store {
        Some(StoreKind::File(path)) => Some(StoreKind::File(absolute(path)?)),
        other => other.clone(),
    };
    Ok(Options { store, ..options.clone() })
}

/// One file, one path: by the real folder that it is in. It need not be there yet.
fn absolute(path: &Path) -> Result<PathBuf, OpenError> {
    let fail = |reason: String| OpenError::File { path: path.to_owned(), reason };
    if let Ok(real) = path.canonicalize() {
        return Ok(real);
    }
    let name = path.file_name().ok_or_else(|| fail("it has no name".into()))?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    folder.canonicalize().map(|folder| folder.join(name)).map_err(|error| fail(error.to_string()))
}

impl Scope {
    fn new(name: &str, options: Options) -> Result<Self, OpenError> {
        let kind = options.store.unwrap_or(StoreKind::Memory);
        let max_bytes = options.max_bytes.unwrap_or(MAX_BYTES);
        let store = OnceLock::new();
        let set = match &kind {
            StoreKind::Memory => None,
            // At once: the app hears now that another process has it, not a guest later.
            StoreKind::File(path) => Some(Arc::new(File::open(path, max_bytes)?) as Arc<dyn Store>),
            StoreKind::Custom(store) => Some(store.clone()),
        };
        if let Some(made) = set {
            let _ = store.set(made);
        }
        Ok(Self { name: name.to_owned(), kind, max_bytes, ttl: options.ttl, store })
    }

    fn store(&self) -> &dyn Store {
        &**self.store.get_or_init(|| Arc::new(Memory::new(self.max_bytes)))
    }

    fn compare(&self, options: &Options) -> Result<(), OpenError> {
        let differs = |option, has: String, asked: String| {
            Err(OpenError::Differs { scope: self.name.clone(), option, has, asked })
        };
        match options {
            Options { store: Some(kind), .. } if *kind != self.kind => {
                differs("store", format!("{:?}", self.kind), format!("{kind:?}"))
            }
            Options { max_bytes: Some(asked), .. } if *asked != self.max_bytes => {
                differs("maxBytes", self.max_bytes.to_string(), asked.to_string())
            }
            Options { ttl: Some(asked), .. } if self.ttl != Some(*asked) => {
                let has = self.ttl.map_or_else(|| "not set".into(), |ttl| ttl.as_millis().to_string());
                differs("ttlMs", has, asked.as_millis().to_string())
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let mut scopes = SCOPES.lock().unwrap_or_else(PoisonError::into_inner);
        // Another one of the name may have been opened meanwhile.
        if scopes.get(&self.name).is_some_and(|known| known.strong_count() == 0) {
            scopes.remove(&self.name);
        }
    }
}
