//! Compiled code, kept by its content: what was compiled once is not compiled again as long as it is used now and then.
//!
//! Shared by all sandboxes of the process. Nothing of a run is in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::Result;

/// Bytes of each kind that are kept for those to come.
const KEPT_BYTES: usize = 256 << 20;

/// The digest of what something was made from.
pub(crate) type Key = [u8; 32];

/// The key of these parts, one after the other. Where one ends is part of the key.
pub(crate) fn key(parts: &[&[u8]]) -> Key {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// What knows its size.
pub(crate) trait Weighed {
    fn bytes(&self) -> usize;
}

/// Things that are made once each. What was not used for the longest time is forgotten first.
pub(crate) struct Kept<T>(OnceLock<Mutex<Slots<T>>>);

struct Slots<T> {
    /// Grows with each use.
    clock: u64,
    slots: HashMap<Key, Slot<T>>,
}

struct Slot<T> {
    used: u64,
    value: Arc<OnceLock<Result<T>>>,
}

impl<T: Clone + Weighed> Kept<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    fn lock(&self) -> MutexGuard<'_, Slots<T>> {
        let slots = self.0.get_or_init(|| Mutex::new(Slots { clock: 0, slots: HashMap::new() }));
        slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that what is kept under a key was used by somebody who had it already.
    pub(crate) fn touch(&self, key: &Key) {
        let mut slots = self.lock();
        slots.clock += 1;
        let clock = slots.clock;
        if let Some(slot) = slots.slots.get_mut(key) {
            slot.used = clock;
        }
    }

    /// What is kept under a key, or what is made now. A failure is not kept.
    pub(crate) fn get(&self, key: Key, make: impl FnOnce() -> Result<T>) -> Result<T> {
        let value = self.lock().slot(key);
        // Others who want the same wait for it here.
        let made = value.get_or_init(make).clone();
        let mut slots = self.lock();
        match &made {
            Ok(_) => slots.forget_oldest(&key),
            Err(_) => drop(slots.slots.remove(&key)),
        }
        made
    }
}

impl<T: Weighed> Slots<T> {
    fn slot(&mut self, key: Key) -> Arc<OnceLock<Result<T>>> {
        self.clock += 1;
        let slot = self.slots.entry(key).or_insert_with(|| Slot { used: 0, value: Arc::default() });
        slot.used = self.clock;
        slot.value.clone()
    }

    fn forget_oldest(&mut self, latest: &Key) {
        let size = |slot: &Slot<T>| slot.value.get().and_then(|value| value.as_ref().ok()).map_or(0, Weighed::bytes);
        let mut kept: usize = self.slots.values().map(size).sum();
        while kept > KEPT_BYTES {
            let others = self.slots.iter().filter(|(key, slot)| *key != latest && size(slot) > 0);
            let Some(oldest) = others.min_by_key(|(_, slot)| slot.used).map(|(key, _)| *key) else { return };
            kept -= self.slots.remove(&oldest).as_ref().map_or(0, size);
        }
    }
}
