//! Instances that are ready before they are asked for: of components that are slow to start.
//!
//! Only those whose start asks nothing of the host are kept: what it would have been told, such as its arguments, is not known yet. Whoever takes
//! one gives it everything that an instance is given, and pays for its memory from then on. Until then nobody does, so there are few, and
//! they are dropped when nobody has taken one for some seconds.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::instance::Alive;
use super::{Component, HostAnswer, HostCall, HostError, HostFunctions, Instance, InstanceOptions};
use crate::limits::MemoryAccount;
use crate::wasi::threads;

/// A start that takes so long is slow.
const SLOW: Duration = Duration::from_millis(1);
/// Ready instances of one component …
const EACH: usize = 2;
/// … and of all components together, with their memory.
const ALL: usize = 8;
const BYTES: usize = 256 << 20;
/// How long one waits for whoever takes it.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest start of one that nobody has asked for yet: as long as that of one before, so many times.
const PATIENCE_WITH_START: u32 = 10;

struct Ready {
    component: Component,
    alive: Box<Alive>,
    /// How long the start of one took that nobody had made ready.
    took: Duration,
    since: Instant,
}

static STOCK: Mutex<Vec<Ready>> = Mutex::new(Vec::new());
/// Bytes of what is ready or about to be.
static HELD: AtomicUsize = AtomicUsize::new(0);

fn stock() -> MutexGuard<'static, Vec<Ready>> {
    STOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count(component: &Component) -> usize {
    stock().iter().filter(|ready| Arc::ptr_eq(&ready.component.0, &component.0)).count()
}

/// One that is ready, if there is one.
pub(super) fn take(component: &Component) -> Option<Box<Alive>> {
    let ready = {
        let mut stock = stock();
        let index = stock.iter().position(|ready| Arc::ptr_eq(&ready.component.0, &component.0))?;
        stock.swap_remove(index)
    };
    refill(component, ready.took);
    Some(ready.alive)
}

/// Makes others ready in the background, where this start was slow and asked nothing.
pub(super) fn refill(component: &Component, took: Duration) {
    let Ok(threads) = threads() else { return };
    if took < SLOW || component.0.versions.is_refilling.swap(true, SeqCst) {
        return;
    }
    let component = component.clone();
    threads.spawn_blocking(move || {
        while count(&component) < EACH && stock().len() < ALL {
            let made = make(&component, took);
            let Some(ready) = made else { break };
            stock().push(ready);
        }
        component.0.versions.is_refilling.store(false, SeqCst);
        clear_later();
    });
}

fn make(component: &Component, took: Duration) -> Option<Ready> {
    let since = Instant::now();
    let mut options = InstanceOptions::new(Box::new(Shelf(0)));
    options.host = Arc::new(Nobody);
    options.cancel = options.cancel.until(since + took * PATIENCE_WITH_START);
    let alive = Instance::start(component, options, false).ok()?;
    (!alive.has_asked()).then(|| Ready { component: component.clone(), alive, took, since })
}

/// Drops what nobody takes.
fn clear_later() {
    let Ok(threads) = threads() else { return };
    threads.spawn(async {
        tokio::time::sleep(PATIENCE).await;
        // Dropped outside the lock: giving memory back takes a while.
        let late: Vec<_> = stock().extract_if(.., |ready| ready.since.elapsed() >= PATIENCE).collect();
        drop(late);
    });
}

/// The account of what nobody pays for yet.
struct Shelf(usize);

impl MemoryAccount for Shelf {
    fn reserve(&mut self, bytes: usize) -> bool {
        let fits = |held: usize| held.checked_add(bytes).filter(|held| *held <= BYTES);
        let granted = HELD.fetch_update(SeqCst, SeqCst, fits).is_ok();
        self.0 += if granted { bytes } else { 0 };
        granted
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        HELD.fetch_sub(self.0, SeqCst);
    }
}

/// The host of an instance that nobody has asked for.
struct Nobody;

impl HostFunctions for Nobody {
    fn has(&self, _: u32) -> bool {
        true
    }

    fn call(&self, _: HostCall<'_>) -> HostAnswer {
        HostAnswer::Ready(Err(HostError { message: "nobody is there yet".into(), code: None, token: 0 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::CodeOptions;

    /// An account of so many bytes.
    struct Purse(usize);

    impl MemoryAccount for Purse {
        fn reserve(&mut self, bytes: usize) -> bool {
            let left = self.0.checked_sub(bytes);
            self.0 = left.unwrap_or(self.0);
            left.is_some()
        }
    }

    const COUNTER: &str = r#"(component
      (core module $m
        (memory 3) (global $made (mut i32) (i32.const 0))
        (func $begin (global.set $made (i32.const 20)))
        (start $begin)
        (func (export "next") (result i32)
          (global.set $made (i32.add (global.get $made) (i32.const 1))) (global.get $made)))
      (core instance $i (instantiate $m))
      (func (export "next") (result u32) (canon lift (core func $i "next"))))"#;

    fn compiled(text: &str, fuel: bool) -> Component {
        Component::compile(text.as_bytes(), CodeOptions { fuel, ..CodeOptions::default() }).unwrap()
    }

    fn wait_for(component: &Component) {
        refill(component, SLOW);
        while component.0.versions.is_refilling.load(SeqCst) {
            std::thread::yield_now();
        }
    }

    fn options(bytes: usize, fuel: Option<u64>) -> InstanceOptions {
        InstanceOptions { warm: true, fuel, ..InstanceOptions::new(Box::new(Purse(bytes))) }
    }

    fn next(instance: &Instance) -> u8 {
        instance.call(0, &[], &hostbox_buffers::Cancel::new(), |answer| answer[16]).unwrap()
    }

    #[test]
    fn what_is_ready_is_handed_over_fresh_and_paid_for_by_who_takes_it() {
        let component = compiled(COUNTER, true);
        let fresh = component.instantiate(InstanceOptions { warm: false, ..options(1 << 20, Some(1000)) }).unwrap();
        wait_for(&component);
        assert_eq!(count(&component), EACH);
        let ready = component.instantiate(options(1 << 20, Some(1000))).unwrap();
        assert_eq!(ready.stats(), fresh.stats());
        assert_eq!([next(&ready), next(&ready), next(&fresh)], [21, 22, 21]);
        wait_for(&component);
        let refused = |bytes, fuel| component.instantiate(options(bytes, fuel)).unwrap_err().code();
        assert_eq!(refused(1000, None), "ERR_MEMORY");
        wait_for(&component);
        assert_eq!(refused(1 << 20, Some(1)), "ERR_LIMIT");
    }

    #[test]
    fn what_asks_the_host_when_it_starts_is_never_kept() {
        let component = compiled(
            r#"(component
              (import "ask" (func $ask))
              (core func $asked (canon lower (func $ask)))
              (core module $m (import "host" "ask" (func $ask)) (func (export "next") (result i32) (i32.const 1)) (start $ask))
              (core instance $i (instantiate $m (with "host" (instance (export "ask" (func $asked))))))
              (func (export "next") (result u32) (canon lift (core func $i "next"))))"#,
            false,
        );
        wait_for(&component);
        assert_eq!(count(&component), 0);
    }

    #[test]
    fn a_start_that_does_not_end_is_given_up() {
        let component =
            compiled(&COUNTER.replace("(global.set $made (i32.const 20))", "(loop $again (br $again))"), false);
        wait_for(&component);
        assert_eq!(count(&component), 0);
    }
}
