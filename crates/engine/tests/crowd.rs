//! Many sandboxes: they share threads, and nothing of them stays.
//!
//! A binary of its own: the counts are the process's.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod actor;

use actor::{Actor, eventually};

const MANY: u64 = 1_000;

/// Threads of this process.
fn threads() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/task").ok()?.count())
}

#[test]
fn a_thousand_sandboxes_need_no_thread_each_and_leave_none_behind() {
    let observer = Actor::roomy();
    observer.value("0");
    let crowd: Vec<Actor> = (0..MANY).map(|_| Actor::roomy()).collect();
    let tickets: Vec<_> = crowd.iter().map(|actor| actor.submit("1 + 1")).collect();
    for (actor, ticket) in crowd.iter().zip(tickets) {
        assert_eq!(actor.wait(ticket).unwrap(), 2);
    }
    assert_eq!(observer.stats().sandboxes, MANY + 1);
    assert!(observer.stats().guest_threads <= 64);
    drop(crowd);
    eventually("their end", || observer.stats().sandboxes == 1);
    assert!(threads().is_none_or(|count| count < 80), "{:?}", threads());

    let before = threads();
    for _ in 0..MANY {
        let actor = Actor::roomy();
        actor.submit("op()");
    }
    eventually("the end of those dropped with a call pending", || observer.stats().sandboxes == 1);
    assert!(threads() <= before.map(|count| count + 64), "{before:?}, {:?}", threads());
    assert_eq!(observer.stats().quarantined_threads, 0);
    assert_eq!(observer.value("'still here'"), "still here");
}
