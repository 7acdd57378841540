//! A thread that waits a moment for more mail before it goes to sleep (`docs/decisions/border-speed.md`).
//!
//! Where the app and a guest talk by turns, each message would wake a thread that has just gone to sleep. While they do, the guest's thread
//! stays with the sandbox, and the app's with its events, and looks for mail by itself: for some microseconds, where cores are to spare,
//! and as long as that pays.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

use crate::clock::{Nanos, now};
use crate::threads;

/// A longest wait of a guest thread …
const LONGEST: Nanos = 40_000;
/// … and of the app's, which has other work.
const LONGEST_OF_APP: Nanos = 20_000;
/// Mail that comes so soon after the last was done is part of a talk; a thread that sleeps takes that long to be there.
const SOON: Nanos = 100_000;
/// Of so many messages in a row that is true before a thread waits for the next.
const TALK: u8 = 3;
/// Looks at the mailbox between two looks at the clock.
const LOOKS: u32 = 16;

/// Threads that wait just now.
static WAITING: AtomicUsize = AtomicUsize::new(0);

fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// What is known of the talk that a thread takes part in.
#[derive(Default)]
pub struct Linger {
    mail: AtomicBool,
    /// Somebody else wants the sandbox.
    wanted: AtomicBool,
    /// When the last work was done; 0 before.
    done: AtomicU64,
    /// Messages in a row that came soon.
    soon: AtomicU8,
}

impl Linger {
    /// There is mail in the box.
    pub fn mail_came(&self) {
        self.mail.store(true, SeqCst);
    }

    /// Has a thread that waits give the sandbox back.
    pub(crate) fn ask_to_leave(&self, wanted: bool) {
        self.wanted.store(wanted, SeqCst);
    }

    /// A thread takes the sandbox.
    pub(crate) fn begin(&self, now: Nanos) {
        self.mail.store(false, SeqCst);
        let gap = now.saturating_sub(self.done.load(Relaxed));
        let soon = if gap < SOON { self.soon.load(Relaxed).saturating_add(1) } else { 0 };
        self.soon.store(soon, Relaxed);
    }

    /// The app's thread begins to read its events.
    pub fn begin_reading(&self) {
        self.begin(now());
    }

    /// The app's thread has read them.
    pub fn end_reading(&self) {
        self.done.store(now(), Relaxed);
    }

    /// Waits for events on the app's thread, unless it had other work since it read the last.
    pub fn wait_for_events(&self) {
        let start = now();
        if self.is_talk() && start.saturating_sub(self.done.load(Relaxed)) < SOON {
            self.wait_from(start, LONGEST_OF_APP, || true);
        }
    }

    /// Whether a wait for the next message may pay.
    pub fn is_talk(&self) -> bool {
        self.soon.load(Relaxed) >= TALK
    }

    /// Waits for mail on a guest thread where that may pay; the time at which it came.
    pub(crate) fn wait(&self, is_open: impl Fn() -> bool) -> Option<Nanos> {
        let start = now();
        self.done.store(start, Relaxed);
        if self.is_talk() { self.wait_from(start, LONGEST, is_open) } else { None }
    }

    fn wait_from(&self, start: Nanos, longest: Nanos, is_open: impl Fn() -> bool) -> Option<Nanos> {
        if threads::is_contended() {
            return None;
        }
        // One core stays for whoever is to send the mail.
        let others = WAITING.fetch_add(1, Relaxed);
        let came = if others + 1 < cores() { self.look(start, longest, is_open) } else { None };
        WAITING.fetch_sub(1, Relaxed);
        if came.is_none() {
            self.soon.store(0, Relaxed);
        }
        came
    }

    fn look(&self, start: Nanos, longest: Nanos, is_open: impl Fn() -> bool) -> Option<Nanos> {
        loop {
            for _ in 0..LOOKS {
                if self.mail.load(Relaxed) {
                    self.mail.store(false, SeqCst);
                    return Some(now());
                }
                std::hint::spin_loop();
            }
            let leave = self.wanted.load(Relaxed) || !is_open() || threads::is_contended();
            if leave || now().saturating_sub(start) > longest {
                return None;
            }
        }
    }
}
