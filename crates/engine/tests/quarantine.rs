//! A guest thread that does not come back: its sandbox is dead, the thread counted, and released when it returns after all.
//!
//! A binary of its own: the count is the process's.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod actor;

use actor::{Actor, eventually};
use hostbox_engine::{Code, next_ticket};

#[test]
fn a_thread_that_does_not_return_is_declared_lost_and_later_released() {
    let actor = Actor::hasty(50);
    let (stuck, waiting) = (actor.submit("hold(); 1"), actor.submit("2"));
    actor.held();
    assert_eq!(actor.wait(stuck).unwrap_err().code, Code::Timeout);
    assert_eq!(actor.wait(waiting).unwrap_err().code, Code::Timeout);
    eventually("the loss", || actor.stats().quarantined_threads == 1);
    eventually("its death", || actor.stats().state == "dead");
    let refused = actor.sandbox.submit(next_ticket(), actor::script("1"), None).unwrap_err();
    assert_eq!((refused.code, refused.cause.unwrap().code), (Code::Closed, Code::Timeout));
    // A closer does not wait for a thread that may never return.
    actor.close();

    let other = Actor::roomy();
    assert_eq!(other.value("'others work on'"), "others work on");

    actor.release();
    eventually("the release", || actor.stats().quarantined_threads == 0);
    eventually("the end of its engine", || actor.stats().heap_bytes == 0);
}
