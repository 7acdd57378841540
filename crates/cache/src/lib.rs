//! The cache that the sandboxes of one scope share: text by key, with a time to live, within a bound.
//!
//! A [`Cache`] is one sandbox's handle on its scope. What a scope is kept in is a [`Store`]: memory, a file, or one of the app's own. Data in:
//! keys and texts. Data out: texts, errors. Knows nothing of JSON and of engines. Scopes never see each other's entries: the scope is part of
//! each entry's name, and no guest has a say in it.

mod file;
mod memory;
mod scope;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use scope::Cache;

/// Bytes that a scope may hold where nothing is said.
pub const MAX_BYTES: u64 = 64 << 20;
/// The least and the most that `max_bytes` may be.
pub const MAX_BYTES_RANGE: std::ops::RangeInclusive<u64> = 1_024..=64 << 30;
/// The longest time to live: ten years. What is longer is shortened to it.
pub const LONGEST_TTL: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
/// The longest key and the longest name of a scope, in characters.
pub const LONGEST_NAME: usize = 240;

/// What a scope's cache is to be. What is left out is what the scope has already, or the default.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where entries are kept. Default: memory.
    pub store: Option<StoreKind>,
    /// Bytes that the scope may hold, keys and an overhead for each entry included. Default: [`MAX_BYTES`].
    pub max_bytes: Option<u64>,
    /// How long entries live that say nothing themselves. Default: until room is needed.
    pub ttl: Option<Duration>,
}

/// Where entries are kept.
#[derive(Clone)]
pub enum StoreKind {
    /// In this process's memory, for as long as a sandbox of the scope is open. What was used longest ago makes room.
    Memory,
    /// In a file, which this process has for itself while it uses it. What was written longest ago makes room.
    File(PathBuf),
    /// Where the app says.
    Custom(Arc<dyn Store>),
}

impl std::fmt::Debug for StoreKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Custom(_) => f.write_str("a store of the app's"),
        }
    }
}

impl PartialEq for StoreKind {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Memory, Self::Memory) => true,
            (Self::File(one), Self::File(two)) => one == two,
            (Self::Custom(one), Self::Custom(two)) => Arc::ptr_eq(one, two),
            _ => false,
        }
    }
}

/// The name of an entry. Neither part has control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// Whose it is.
    pub scope: &'a str,
    /// What its guests call it.
    pub key: &'a str,
}

/// What is to be kept.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The value.
    pub text: String,
    /// How long it lives; until room is needed where nothing is said.
    pub ttl: Option<Duration>,
}

/// What has to be true for an entry to be put.
#[derive(Clone, Copy, Debug)]
pub enum When<'a> {
    /// Nothing.
    Always,
    /// There is no entry of the name.
    Absent,
    /// The entry of the name has exactly this text.
    Equals(&'a str),
}

impl When<'_> {
    /// Whether it is true of what is there.
    pub fn holds(&self, text: Option<&str>) -> bool {
        match self {
            Self::Always => true,
            Self::Absent => text.is_none(),
            Self::Equals(expected) => text == Some(*expected),
        }
    }
}

/// Where the entries of scopes are kept. Each method is atomic: no other one comes between its look and its change. They are called on
/// guest threads, which wait for them.
pub trait Store: Send + Sync {
    /// The text of a living entry.
    ///
    /// # Errors
    /// `Error::Store`.
    fn get(&self, name: Name<'_>) -> Result<Option<Arc<str>>, Error>;

    /// Puts an entry where `when` holds; whether it did.
    ///
    /// # Errors
    /// `Error::Store`, and `Error::TooLarge` for what could never fit.
    fn put(&self, name: Name<'_>, entry: Entry, when: When<'_>) -> Result<bool, Error>;

    /// Forgets an entry; whether there was one.
    ///
    /// # Errors
    /// `Error::Store`.
    fn delete(&self, name: Name<'_>) -> Result<bool, Error>;
}

/// Why the cache has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A key that is none.
    #[error("Expected a key of 1 to 240 characters without control characters")]
    Key,
    /// An entry that could never fit.
    #[error("cache.maxBytes: an entry of {bytes} bytes does not fit into {most}")]
    TooLarge {
        /// What it would take.
        bytes: u64,
        /// What there is.
        most: u64,
    },
    /// The sandbox is closing.
    #[error("the cache is closed")]
    Closed,
    /// The store's own trouble: a full disk, a broken file.
    #[error("the cache's store failed: {0}")]
    Store(String),
}

/// Why a scope has no cache as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A scope's name that is none.
    #[error("Expected a name of 1 to 240 characters without control characters for scope")]
    Scope,
    /// A bound out of range.
    #[error("Expected an integer from 1024 to 68719476736 for cache.maxBytes but received {0}")]
    MaxBytes(u64),
    /// A time to live that is none.
    #[error("Expected more than 0 ms for cache.ttlMs")]
    Ttl,
    /// Another sandbox of the scope chose otherwise.
    #[error("Expected the cache of scope {scope} to be what its other sandboxes chose: {option} is {has}, not {asked}")]
    Differs {
        /// The scope.
        scope: String,
        /// Which option.
        option: &'static str,
        /// What it is.
        has: String,
        /// What was asked for.
        asked: String,
    },
    /// Another process has the file.
    #[error("the cache file {} is in use: another process has it open, and a cache file belongs to one process at a time", .0.display())]
    InUse(PathBuf),
    /// The file cannot be had.
    #[error("the cache file {} cannot be opened: {reason}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Whether a key or a scope may be called so.
fn is_name(text: &str) -> bool {
    // In bytes first: a hostile name may be long.
    !text.is_empty()
        && text.len() <= 4 * LONGEST_NAME
        && text.chars().count() <= LONGEST_NAME
        && !text.chars().any(char::is_control)
}
