//! So many lost threads that no new work is taken.
//!
//! A binary of its own: the bound is the process's.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod actor;

use actor::{Actor, eventually};
use hostbox_engine::{Code, next_ticket};

/// As many threads as may be lost.
const BOUND: usize = 16;

#[test]
fn at_the_bound_new_work_is_refused_until_a_thread_returns() {
    let healthy = Actor::roomy();
    assert_eq!(healthy.value("1"), 1);
    let stuck: Vec<Actor> = (0..BOUND).map(|_| Actor::hasty(50)).collect();
    for actor in &stuck {
        let ticket = actor.submit("hold(); 1");
        actor.held();
        assert_eq!(actor.wait(ticket).unwrap_err().code, Code::Timeout);
    }
    eventually("the losses", || healthy.stats().quarantined_threads == BOUND as u64);

    let refused = healthy.sandbox.submit(next_ticket(), actor::script("1"), None).unwrap_err();
    assert_eq!((refused.code, refused.limit.as_deref()), (Code::Busy, Some("quarantinedThreads: 16")));
    let refused = healthy.sandbox.start_sync(next_ticket(), actor::script("1"), None, 4 << 20).err().unwrap();
    assert_eq!(refused.code, Code::Busy);
    assert_eq!(Actor::try_new(actor::roomy()).err().unwrap().code, Code::Busy);

    stuck[0].release();
    eventually("the first release", || healthy.stats().quarantined_threads < BOUND as u64);
    assert_eq!(healthy.value("2"), 2);
    stuck[1..].iter().for_each(Actor::release);
    eventually("the others", || healthy.stats().quarantined_threads == 0);
    assert!(Actor::roomy().value("3") == 3);
}
