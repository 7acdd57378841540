//! Entries in memory, over `moka`: reads take no lock, what was used longest ago makes room, entries end on time.
//!
//! `moka` evicts in batches and frees what it evicted when all threads have moved on, which may be much later. The bound is to hold whatever
//! guests do, so the texts are counted and freed here: an entry that leaves the cache is emptied at once, and who writes beyond the bound
//! stays until it is kept again.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync;

use crate::{Entry, Error, Name, Store, When};

/// What `moka` itself takes for an entry, about: nodes of its table, queue and timer wheel.
const OVERHEAD: u64 = 450;
/// Writers of different keys seldom wait for each other.
const STRIPES: usize = 64;

pub(crate) struct Memory {
    entries: sync::Cache<String, Arc<Slot>>,
    /// Bytes of living slots.
    used: Arc<AtomicU64>,
    max_bytes: u64,
    /// A write looks and changes under the lock of its key's stripe.
    stripes: [Mutex<()>; STRIPES],
    hasher: RandomState,
}

/// A text until its entry leaves the cache.
struct Slot {
    text: Mutex<Option<Arc<str>>>,
    cost: u64,
    ttl: Option<Duration>,
    used: Arc<AtomicU64>,
}

impl Slot {
    fn text(&self) -> Option<Arc<str>> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn release(&self) {
        if self.text.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            self.used.fetch_sub(self.cost, Relaxed);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.release();
    }
}

/// Each entry has a time of its own.
struct ByEntry;

impl Expiry<String, Arc<Slot>> for ByEntry {
    fn expire_after_create(&self, _: &String, slot: &Arc<Slot>, _: Instant) -> Option<Duration> {
        slot.ttl
    }

    fn expire_after_update(&self, _: &String, slot: &Arc<Slot>, _: Instant, _: Option<Duration>) -> Option<Duration> {
        slot.ttl
    }
}

impl Memory {
    pub(crate) fn new(max_bytes: u64) -> Self {
        let entries = sync::Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_: &String, slot: &Arc<Slot>| u32::try_from(slot.cost).unwrap_or(u32::MAX))
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(ByEntry)
            .eviction_listener(|_, slot: Arc<Slot>, _| slot.release())
            .build();
        Self {
            entries,
            used: Arc::default(),
            max_bytes,
            stripes: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
        }
    }

    fn stripe(&self, key: &str) -> &Mutex<()> {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash do")]
        let index = self.hasher.hash_one(key) as usize % STRIPES;
        &self.stripes[index]
    }

    fn text(&self, key: &str) -> Option<Arc<str>> {
        loop {
            // A slot that was emptied between the two looks has left the cache: another one may be in its place.
            if let Some(text) = self.entries.get(key)?.text() {
                return Some(text);
            }
            std::thread::yield_now();
        }
    }

    /// Evicts until the bound is kept. `moka` takes some hundred entries a round.
    fn make_room(&self) {
        let mut last = u64::MAX;
        loop {
            let used = self.used.load(Relaxed);
            if used <= self.max_bytes || used >= last {
                return;
            }
            last = used;
            self.entries.run_pending_tasks();
        }
    }
}

impl Store for Memory {
    fn get(&self, name: Name<'_>) -> Result<Option<Arc<str>>, Error> {
        Ok(self.text(name.key))
    }

    fn put(&self, name: Name<'_>, entry: Entry, when: When<'_>) -> Result<bool, Error> {
        let cost = OVERHEAD + (name.key.len() + entry.text.len()) as u64;
        if cost > self.max_bytes.min(u32::MAX.into()) {
            return Err(Error::TooLarge { bytes: cost, most: self.max_bytes });
        }
        {
            let _alone = self.stripe(name.key).lock().unwrap_or_else(PoisonError::into_inner);
            if !matches!(when, When::Always) && !when.holds(self.text(name.key).as_deref()) {
                return Ok(false);
            }
            self.used.fetch_add(cost, Relaxed);
            let text = Mutex::new(Some(Arc::from(entry.text)));
            let slot = Slot { text, cost, ttl: entry.ttl, used: self.used.clone() };
            self.entries.insert(name.key.to_owned(), Arc::new(slot));
        }
        self.make_room();
        Ok(true)
    }

    fn delete(&self, name: Name<'_>) -> Result<bool, Error> {
        let _alone = self.stripe(name.key).lock().unwrap_or_else(PoisonError::into_inner);
        let was_there = self.text(name.key).is_some();
        self.entries.invalidate(name.key);
        Ok(was_there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &Memory, key: &str, length: usize) -> bool {
        let entry = Entry { text: "x".repeat(length), ttl: None };
        store.put(Name { scope: "s", key }, entry, When::Always).unwrap()
    }

    #[test]
    fn the_bound_holds_after_each_write_of_small_and_of_large_entries() {
        let store = Memory::new(1 << 20);
        for round in 0..20_000 {
            put(&store, &format!("small {round}"), 10);
            assert!(store.used.load(Relaxed) <= 1 << 20, "{round}: {}", store.used.load(Relaxed));
        }
        for round in 0..100 {
            put(&store, &format!("large {round}"), 700 << 10);
            assert!(store.used.load(Relaxed) <= 1 << 20, "{round}: {}", store.used.load(Relaxed));
        }
    }

    #[test]
    fn what_was_just_written_is_there() {
        let store = Memory::new(64 << 10);
        for round in 0..5_000 {
            let key = format!("key {round}");
            put(&store, &key, 100);
            assert!(store.text(&key).is_some(), "{round}");
        }
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        // Room for many: `moka` takes looks and writes in by some dozens, each kind in its order.
        let store = Memory::new(1_000 * (OVERHEAD + 1_000));
        put(&store, "loved", 900);
        for round in 0..5_000 {
            assert!(store.text("loved").is_some(), "{round}");
            put(&store, &format!("other {round}"), 900);
        }
    }

    #[test]
    fn writers_on_many_threads_keep_the_bound_but_for_what_they_are_just_writing() {
        let store = Memory::new(1 << 20);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let store = &store;
                scope.spawn(move || {
                    for round in 0..2_000 {
                        put(store, &format!("{thread} {round}"), 20 << 10);
                        assert!(store.used.load(Relaxed) <= (1 << 20) + 8 * (21 << 10));
                    }
                });
            }
        });
        store.make_room();
        assert!(store.used.load(Relaxed) <= 1 << 20);
    }
}
