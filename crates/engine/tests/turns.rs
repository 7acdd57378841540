//! Turns and scopes: which call is ended by what, and what goes on.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod actor;

use std::time::{Duration, Instant};

use actor::{Actor, roomy};
use hostbox_engine::{Code, OpOutcome, Payload};
use hostbox_permissions::Limits;
use serde_json::{Value, json};

/// Guest code that is busy for so many milliseconds.
fn busy(milliseconds: u32) -> String {
    format!("{{ const end = Date.now() + {milliseconds}; while (Date.now() < end); }}")
}

fn finish(value: &Value) -> OpOutcome {
    OpOutcome::Value(Payload::from_json(value))
}

#[test]
fn a_call_that_waits_for_the_host_lets_others_pass() {
    let actor = Actor::roomy();
    let first = actor.submit("host('slow', [1]).then((x) => x + 1)");
    let (call, name, args) = actor.host_call();
    assert_eq!((name.as_str(), args), ("slow", json!([1])));
    assert_eq!(actor.value("'second'"), "second");
    assert!(!actor.is_answered(first));
    actor.answer(call, &json!(41));
    assert_eq!(actor.wait(first).unwrap(), 42);
}

#[test]
fn calls_take_turns_at_every_await() {
    let actor = Actor::roomy();
    actor.value(
        "var log = []; async function go(name) { for (let i = 0; i < 2; i++) { log.push(name + i); await op(); } } 0",
    );
    let (a, b) = (actor.submit("go('a')"), actor.submit("go('b')"));
    for _ in 0..4 {
        actor.op().complete(finish(&Value::Null));
    }
    actor.wait(a).unwrap();
    actor.wait(b).unwrap();
    assert_eq!(actor.value("log"), json!(["a0", "b0", "a1", "b1"]));
}

#[test]
fn a_call_is_answered_by_the_turn_of_another() {
    let actor = Actor::roomy();
    let waiting = actor.submit("var settle; new Promise((resolve) => settle = resolve)");
    assert_eq!(actor.value("settle('from the other'); 'mine'"), "mine");
    assert_eq!(actor.wait(waiting).unwrap(), "from the other");
}

#[test]
fn a_call_that_waits_is_answered_at_its_deadline_and_nothing_else_ends() {
    let actor = Actor::roomy();
    let other = actor.submit("var kept = 1; op()");
    let completer = actor.op();
    let waiting = actor.submit_within("op()", 30);
    let failure = actor.wait(waiting).unwrap_err();
    assert_eq!(failure.code, Code::Timeout);
    assert!(failure.limit.unwrap().starts_with("timeoutMs"));
    completer.complete(finish(&json!(2)));
    assert_eq!(actor.wait(other).unwrap(), 2);
    assert_eq!(actor.value("kept"), 1);
}

#[test]
fn operations_of_a_call_that_ran_out_of_time_are_cancelled_and_others_are_not() {
    let actor = Actor::roomy();
    let other = actor.submit("op()");
    let others = actor.op();
    let hasty = actor.submit_within("op()", 30);
    let mine = actor.op();
    assert_eq!(actor.wait(hasty).unwrap_err().code, Code::Timeout);
    actor.value("0");
    actor::eventually("the cancel", || mine.is_cancelled());
    assert!(!others.is_cancelled());
    others.complete(finish(&json!(1)));
    assert_eq!(actor.wait(other).unwrap(), 1);
}

#[test]
fn a_result_that_comes_too_late_is_dropped_and_counted() {
    let actor = Actor::roomy();
    let hasty = actor.submit_within("host('late').then(() => globalThis.came = true)", 30);
    let (call, ..) = actor.host_call();
    assert_eq!(actor.wait(hasty).unwrap_err().code, Code::Timeout);
    actor.value("0");
    let before = actor.stats().dropped;
    actor.answer(call, &json!(1));
    assert_eq!(actor.value("typeof came"), "undefined");
    assert_eq!(actor.stats().dropped, before + 1);
}

#[test]
fn a_late_result_does_not_reach_the_operation_that_took_its_place() {
    let actor = Actor::roomy();
    let hasty = actor.submit_within("host('old')", 30);
    let (old, ..) = actor.host_call();
    assert_eq!(actor.wait(hasty).unwrap_err().code, Code::Timeout);
    let next = actor.submit("host('new')");
    let (new, ..) = actor.host_call();
    actor.answer(old, &json!("old"));
    actor.answer(new, &json!("new"));
    assert_eq!(actor.wait(next).unwrap(), "new");
}

#[test]
fn timers_of_a_call_that_ran_out_of_time_never_run() {
    let actor = Actor::roomy();
    let hasty = actor.submit_within("var ran = false; setTimeout(() => ran = true, 60); new Promise(() => {})", 30);
    assert_eq!(actor.wait(hasty).unwrap_err().code, Code::Timeout);
    assert_eq!(actor.value("new Promise((resolve) => setTimeout(() => resolve(ran), 90))"), false);
    assert_eq!(actor.stats().timers, 0);
}

#[test]
fn a_turn_past_its_deadline_is_interrupted_and_state_and_other_calls_stay() {
    let actor = Actor::roomy();
    let other = actor.submit("var kept = [1]; op()");
    let completer = actor.op();
    let endless = actor.submit_within("kept.push(2); for (;;);", 30);
    assert_eq!(actor.wait(endless).unwrap_err().code, Code::Timeout);
    assert_eq!(actor.value("kept"), json!([1, 2]));
    completer.complete(finish(&json!("still here")));
    assert_eq!(actor.wait(other).unwrap(), "still here");
}

#[test]
fn jobs_of_an_interrupted_turn_are_drained_without_running() {
    let actor = Actor::hasty(30);
    assert_eq!(
        actor.code("var ran = 0; for (let i = 0; i < 100; i++) Promise.resolve().then(() => { ran++ }); for (;;);"),
        Code::Timeout
    );
    assert_eq!(actor.value("ran"), 0);
}

#[test]
fn jobs_that_cannot_be_drained_in_time_end_the_sandbox_and_all_hear_why() {
    // Three million jobs take 1.7 GB: a fast machine makes them all before the deadline.
    let actor = Actor::new(Limits { memory_bytes: 3 << 30, ..roomy() });
    let waiting = actor.submit("op()");
    let flood = actor.submit_within(
        "const p = Promise.resolve(), f = () => {}; for (let i = 0; i < 3e6; i++) p.then(f); mark(); for (;;);",
        4_000,
    );
    assert_eq!(actor.wait(flood).unwrap_err().code, Code::Timeout);
    let failure = actor.wait(waiting).unwrap_err();
    assert_eq!(failure.code, Code::Closed);
    assert_eq!(failure.cause.unwrap().code, Code::Timeout);
    assert_eq!(actor.stats().state, "dead");
}

#[test]
fn one_calls_deadline_does_not_interrupt_another_calls_turn() {
    let actor = Actor::roomy();
    let waiting = actor.submit_within("op()", 50);
    let _op = actor.op();
    let working = actor.submit(&format!("mark(); {} 'done'", busy(250)));
    actor.marks(1);
    assert_eq!(actor.wait(waiting).unwrap_err().code, Code::Timeout);
    assert!(!actor.is_answered(working));
    assert_eq!(actor.wait(working).unwrap(), "done");
}

#[test]
fn one_calls_abort_does_not_interrupt_another_calls_turn() {
    let actor = Actor::roomy();
    let waiting = actor.submit("op()");
    let op = actor.op();
    let working = actor.submit(&format!("mark(); {} 'done'", busy(100)));
    actor.marks(1);
    actor.sandbox.cancel(waiting);
    assert_eq!(actor.wait(waiting).unwrap_err().code, Code::Aborted);
    assert_eq!(actor.wait(working).unwrap(), "done");
    actor::eventually("the cancel", || op.is_cancelled());
}

#[test]
fn time_in_the_queue_counts_and_a_call_that_waited_too_long_never_runs() {
    let actor = Actor::roomy();
    let working = actor.submit(&format!("mark(); {} 0", busy(200)));
    actor.marks(1);
    let queued = actor.submit_within("globalThis.ran = true", 30);
    assert_eq!(actor.wait(queued).unwrap_err().code, Code::Timeout);
    assert!(!actor.is_answered(working));
    assert_eq!(actor.value("typeof ran"), "undefined");
}

#[test]
fn an_aborted_call_in_the_queue_never_runs() {
    let actor = Actor::roomy();
    let working = actor.submit(&format!("mark(); {} 0", busy(50)));
    actor.marks(1);
    let queued = actor.submit("globalThis.ran = true");
    actor.sandbox.cancel(queued);
    assert_eq!(actor.wait(queued).unwrap_err().code, Code::Aborted);
    actor.wait(working).unwrap();
    assert_eq!(actor.value("typeof ran"), "undefined");
}

#[test]
fn an_abort_of_an_answered_call_means_nothing() {
    let actor = Actor::roomy();
    let ticket = actor.submit("setTimeout(() => globalThis.ran = true, 5); 1");
    assert_eq!(actor.wait(ticket).unwrap(), 1);
    actor.sandbox.cancel(ticket);
    assert_eq!(actor.value("new Promise((resolve) => setTimeout(() => resolve(ran), 20))"), true);
}

#[test]
fn microtasks_belong_to_the_turn_that_drains_them() {
    let actor = Actor::roomy();
    let first = actor.submit("var go; new Promise((resolve) => go = resolve).then(() => { for (;;); })");
    let second = actor.submit_within("go(); 'never said'", 50);
    assert_eq!(actor.wait(second).unwrap_err().code, Code::Timeout);
    assert!(!actor.is_answered(first));
    actor.sandbox.cancel(first);
    assert_eq!(actor.wait(first).unwrap_err().code, Code::Aborted);
    assert_eq!(actor.value("1"), 1);
}

#[test]
fn a_timer_runs_under_the_deadline_of_the_call_that_set_it() {
    let actor = Actor::roomy();
    let call = actor.submit_within("new Promise(() => setTimeout(() => { mark(); for (;;); }, 0))", 50);
    assert_eq!(actor.wait(call).unwrap_err().code, Code::Timeout);
    assert_eq!(actor.value("1"), 1);
}

#[test]
fn a_timer_that_a_timer_sets_belongs_to_the_same_call() {
    let actor = Actor::roomy();
    let nested = "new Promise(() => setTimeout(() => setTimeout(() => { globalThis.ran = true }, 50), 0))";
    let call = actor.submit_within(nested, 30);
    assert_eq!(actor.wait(call).unwrap_err().code, Code::Timeout);
    assert_eq!(actor.value("new Promise((resolve) => setTimeout(() => resolve(typeof ran), 80))"), "undefined");
}

#[test]
fn what_an_answered_call_leaves_behind_goes_on_in_the_background() {
    let actor = Actor::hasty(1_000);
    assert_eq!(
        actor.value("setTimeout(() => { timer = 1; mark() }, 1); op().then((x) => { answer = x; mark() }); 'answered'"),
        "answered"
    );
    actor.op().complete(finish(&json!(7)));
    actor.marks(2);
    assert_eq!(actor.value("[timer, answer]"), json!([1, 7]));
}

#[test]
fn an_endless_turn_of_the_background_is_ended_and_told_on_the_console() {
    let actor = Actor::roomy();
    actor.value("setTimeout(() => { mark(); for (;;); }, 0); 0");
    actor.marks(1);
    actor.console("left behind was ended");
    assert_eq!(actor.value("1"), 1);
}

#[test]
fn the_background_gets_a_tenth_of_a_core() {
    let actor = Actor::roomy();
    actor.value(&format!("var runs = 0; setInterval(() => {{ runs++; {} }}, 0); 0", busy(50)));
    let before = actor.stats().cpu_ms;
    let runs = actor.value("new Promise((resolve) => setTimeout(() => resolve(runs), 1000))");
    // A second's tenth to begin with, another one gained meanwhile, and the turns that began with something left.
    let used = actor.stats().cpu_ms - before;
    assert!(runs.as_f64().unwrap() >= 1.0 && used < 350.0, "{runs} runs, {used} ms");
}

#[test]
fn a_busy_background_does_not_hold_up_calls() {
    let actor = Actor::roomy();
    actor.value("const burn = () => { setImmediate(burn); for (let i = 0; i < 1e5; i++); }; burn(); 0");
    let since = Instant::now();
    for _ in 0..50 {
        actor.value("1");
    }
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
}

#[test]
fn a_turn_that_uses_more_cpu_than_allowed_is_ended_and_the_limit_is_named() {
    let actor = Actor::new(Limits { cpu: Duration::from_millis(40), ..roomy() });
    let failure = actor.eval("for (;;);").unwrap_err();
    assert_eq!((failure.code, failure.limit.as_deref()), (Code::Timeout, Some("cpuMs: 40")));
    assert_eq!(actor.value("1"), 1);
}

#[test]
fn heavy_natives_are_made_to_poll_at_the_cpu_limit() {
    let actor = Actor::new(Limits { cpu: Duration::from_millis(40), ..roomy() });
    let failure = actor.eval("const a = new Uint8Array(1 << 22); for (;;) a.fill(1)").unwrap_err();
    assert_eq!((failure.code, failure.limit.as_deref()), (Code::Timeout, Some("cpuMs: 40")));
}

#[test]
fn the_cpu_limit_is_one_turns_own() {
    let actor = Actor::new(Limits { cpu: Duration::from_millis(150), ..roomy() });
    let work = format!(
        "(async () => {{ for (let i = 0; i < 5; i++) {{ {} await new Promise((go) => setTimeout(go, 0)); }} return 'done' }})()",
        busy(50)
    );
    assert_eq!(actor.value(&work), "done");
}

#[test]
fn pending_operations_and_timers_are_bounded_together() {
    let actor = Actor::new(Limits { pending_ops: 3, ..roomy() });
    let source = "op(); setTimeout(() => {}, 1e6); setImmediate(() => {}); \
        let errors = []; for (const f of [op, () => setTimeout(() => {}, 1), () => host('x')]) try { f() } catch (e) { errors.push(e.name + ' ' + e.code) } errors";
    assert_eq!(actor.value(source), json!(["RangeError ERR_LIMIT", "RangeError ERR_LIMIT", "RangeError ERR_LIMIT"]));
}

#[test]
fn timers_run_by_due_time_and_immediates_before_them() {
    let actor = Actor::roomy();
    let source = "var log = []; setTimeout(() => log.push(3), 3); setTimeout(() => log.push(2), 1); setImmediate(() => log.push(1)); \
        log.push(0); new Promise((resolve) => setTimeout(() => resolve(log), 10))";
    assert_eq!(actor.value(source), json!([0, 1, 2, 3]));
}

#[test]
fn what_a_timer_throws_is_told_on_the_console_and_ends_nothing() {
    let actor = Actor::roomy();
    let call = actor.submit("new Promise((resolve) => { setTimeout(() => { throw new Error('thrown by a timer') }, 0); setTimeout(resolve, 5, 1) })");
    actor.console("Uncaught Error: thrown by a timer");
    actor.wait(call).unwrap();
}

#[test]
fn a_rejection_that_nobody_handles_is_told_and_counted() {
    let actor = Actor::roomy();
    actor.value(
        "Promise.reject(new TypeError('nobody cares')); const handled = Promise.reject(1); handled.catch(() => {}); 0",
    );
    actor.console("nobody cares");
    assert_eq!(actor.stats().unhandled_rejections, 1);
}

#[test]
fn an_operation_that_nobody_completes_fails() {
    let actor = Actor::roomy();
    let call = actor.submit("op()");
    drop(actor.op());
    let failure = actor.wait(call).unwrap_err();
    assert!(failure.message.contains("without an outcome"), "{failure}");
}

#[test]
fn a_thousand_calls_in_flight_are_all_answered() {
    let actor = Actor::roomy();
    let tickets: Vec<_> = (0..1_000).map(|number| actor.submit(&format!("op().then(() => {number})"))).collect();
    let ops: Vec<_> = tickets.iter().map(|_| actor.op()).collect();
    for op in ops.into_iter().rev() {
        op.complete(finish(&Value::Null));
    }
    for (number, ticket) in tickets.into_iter().enumerate() {
        assert_eq!(actor.wait(ticket).unwrap(), number);
    }
}

#[test]
fn an_error_of_an_operation_may_have_a_cause() {
    let actor = Actor::roomy();
    let ask = |code: &str| {
        let source = format!(
            "fail('{code}').catch((error) => [error.name, error.message, error.cause.name, error.cause.message, error.cause.code,
                Object.keys(error).length, error.cause instanceof DOMException])"
        );
        let ticket = actor.submit(&source);
        actor.wait(ticket).unwrap()
    };
    assert_eq!(ask("E_X"), json!(["TypeError", "a reason", "Error", "a reason", "E_X", 0, false]));
    assert_eq!(ask("NotAllowedError"), json!(["TypeError", "a reason", "NotAllowedError", "a reason", 0, 0, true]));
}
