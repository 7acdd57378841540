//! Engines in stock: made ahead of the sandboxes that will have them, while a guest thread has nothing else to do.
//!
//! Making an engine with its gates and lazy globals is most of what a sandbox's first answer takes. An engine from the stock has never run
//! code of a guest, and it is used by one sandbox and then freed, like any other (`docs/decisions/warm-start.md`).

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::account::Account;
use crate::extension::Extension;
use crate::realm::Realm;

/// Engines that wait at most: 200 KiB each.
const MOST: usize = 2;

/// An engine that no sandbox has had.
pub(crate) struct Engine {
    pub(crate) account: Arc<Account>,
    realm: *mut Realm,
}

// SAFETY: an engine belongs to no thread; whoever has this value has it alone.
unsafe impl Send for Engine {}

impl Engine {
    fn new(extension: &'static Extension) -> Option<Self> {
        let account = Account::new(u64::MAX);
        let realm = Realm::prepare(extension, &account)?;
        Some(Self { account, realm })
    }

    /// The account, and the engine that was made on it, which is the caller's to free.
    pub(crate) fn into_parts(mut self) -> (Arc<Account>, *mut Realm) {
        (self.account.clone(), std::mem::replace(&mut self.realm, std::ptr::null_mut()))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if !self.realm.is_null() {
            // SAFETY: the pointer comes from `prepare`, and nobody else has it.
            unsafe { Realm::dispose(self.realm) };
        }
    }
}

struct Stock {
    /// What the engines have: that of the last sandbox.
    extension: Option<&'static Extension>,
    engines: Vec<Engine>,
}

static STOCK: Mutex<Stock> = Mutex::new(Stock { extension: None, engines: Vec::new() });
/// Whether a sandbox was made since there was enough.
static IS_LOW: AtomicBool = AtomicBool::new(false);

fn stock() -> MutexGuard<'static, Stock> {
    STOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An engine for a new sandbox, if there is one.
pub(crate) fn take(extension: &'static Extension) -> Option<Engine> {
    let mut stock = stock();
    IS_LOW.store(true, Relaxed);
    if stock.extension.is_some_and(|known| std::ptr::eq(known, extension)) {
        return stock.engines.pop();
    }
    stock.extension = Some(extension);
    let others = std::mem::take(&mut stock.engines);
    drop(stock);
    drop(others);
    None
}

/// Whether to make one more.
pub(crate) fn is_low() -> bool {
    IS_LOW.load(Relaxed)
}

/// Makes one engine, if there is room for it.
pub(crate) fn fill() {
    let extension = {
        let stock = stock();
        match stock.extension {
            Some(extension) if stock.engines.len() < MOST => extension,
            _ => return IS_LOW.store(false, Relaxed),
        }
    };
    // After a panic, or without memory, sandboxes make their own, and tell.
    let Ok(Some(engine)) = std::panic::catch_unwind(|| Engine::new(extension)) else {
        return IS_LOW.store(false, Relaxed);
    };
    let mut stock = stock();
    if stock.engines.len() < MOST && stock.extension.is_some_and(|known| std::ptr::eq(known, extension)) {
        stock.engines.push(engine);
    }
}

/// Frees what is there: there has been no work for a while.
pub(crate) fn give_up() {
    let engines = std::mem::take(&mut stock().engines);
    drop(engines);
}

#[cfg(test)]
mod tests {
    use super::*;

    static ONE: Extension = Extension { modules: &[], natives: &[], globals: &[], accessors: &[], builtins: &[] };
    static OTHER: Extension = Extension { modules: &[], natives: &[], globals: &[], accessors: &[], builtins: &[] };

    // One test: the stock is the process's.
    #[test]
    fn engines_are_made_ahead_up_to_a_bound_for_the_kind_of_sandbox_that_was_asked_for_last() {
        assert!(take(&ONE).is_none());
        while is_low() {
            fill();
        }
        assert_eq!(stock().engines.len(), MOST);
        let engine = take(&ONE).unwrap();
        assert!(is_low());
        assert!(engine.account.heap() > 0);
        engine.account.set_limit(1);
        assert_eq!(engine.account.limit(), 1);
        drop(engine);

        assert!(take(&OTHER).is_none());
        assert!(stock().engines.is_empty());
        fill();
        assert!(take(&OTHER).is_some());
        fill();
        give_up();
        assert!(take(&OTHER).is_none());
    }
}
