//! Synchronous calls: on the calling thread, with host functions answered inline.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod actor;

use std::time::{Duration, Instant};

use actor::{Actor, done, host_call, script};
use hostbox_engine::{Code, Failure, OpOutcome, Payload, SyncProgress, next_ticket};
use serde_json::{Value, json};

const STACK: usize = 4 << 20;

fn start(actor: &Actor, source: &str) -> (u64, Result<SyncProgress, Failure>) {
    let ticket = next_ticket();
    (ticket, actor.sandbox.start_sync(ticket, script(source), None, STACK))
}

fn call(actor: &Actor, source: &str) -> Result<Value, Failure> {
    done(start(actor, source).1?)
}

#[test]
fn it_runs_on_the_calling_thread() {
    let actor = Actor::roomy();
    let here = format!("{:?}", std::thread::current().id());
    assert_eq!(call(&actor, "thread()").unwrap(), here);
    assert_ne!(actor.value("thread()"), here);
}

#[test]
fn state_is_shared_with_asynchronous_calls() {
    let actor = Actor::roomy();
    assert_eq!(call(&actor, "var n = 1; n").unwrap(), 1);
    assert_eq!(actor.value("++n"), 2);
    assert_eq!(call(&actor, "Promise.resolve(++n)").unwrap(), 3);
}

#[test]
fn a_sandbox_that_works_is_busy() {
    let actor = Actor::roomy();
    let running = actor.submit("hold(); 1");
    actor.held();
    assert_eq!(call(&actor, "1").unwrap_err().code, Code::Busy);
    actor.release();
    assert_eq!(actor.wait(running).unwrap(), 1);
}

#[test]
fn a_sandbox_that_only_waits_is_not_busy() {
    let actor = Actor::roomy();
    let waiting = actor.submit("op()");
    let op = actor.op();
    actor::eventually("idleness", || actor.stats().state == "idle");
    assert_eq!(call(&actor, "2").unwrap(), 2);
    op.complete(OpOutcome::Value(Payload::from_json(&json!(1))));
    assert_eq!(actor.wait(waiting).unwrap(), 1);
}

#[test]
fn host_functions_are_answered_inline() {
    let actor = Actor::roomy();
    let (ticket, progress) = start(&actor, "host('a', [1]).then((x) => host('b', [x + 1])).then((x) => x * 10)");
    let (first, name, args) = host_call(progress.unwrap());
    assert_eq!((name.as_str(), args), ("a", json!([1])));
    actor.answer(first, &json!(5));
    let (second, name, args) = host_call(actor.sandbox.resume_sync(ticket));
    assert_eq!((name.as_str(), args), ("b", json!([6])));
    actor.answer(second, &json!(7));
    assert_eq!(done(actor.sandbox.resume_sync(ticket)).unwrap(), 70);
}

#[test]
fn a_host_function_that_throws_rejects_in_the_guest() {
    let actor = Actor::roomy();
    let (ticket, progress) = start(&actor, "host('f').catch((error) => error.message)");
    let (call, ..) = host_call(progress.unwrap());
    let error = hostbox_engine::OpError { message: "no".into(), ..hostbox_engine::OpError::default() };
    actor.sandbox.answer(call, OpOutcome::Error(error));
    assert_eq!(done(actor.sandbox.resume_sync(ticket)).unwrap(), "no");
}

#[test]
fn a_result_that_waits_for_the_event_loop_fails_at_once_and_names_the_function() {
    let actor = Actor::roomy();
    let (ticket, progress) = start(&actor, "host('tables.read')");
    let (call, ..) = host_call(progress.unwrap());
    let since = Instant::now();
    let failure = done(actor.sandbox.resume_sync(ticket)).unwrap_err();
    assert_eq!(failure.code, Code::Async);
    assert!(failure.message.contains("'tables.read'"), "{failure}");
    assert!(since.elapsed() < Duration::from_secs(5));
    actor.answer(call, &json!(1));
    actor::eventually("idleness", || actor.stats().state == "idle");
    assert_eq!(call_after(&actor), 2);
}

fn call_after(actor: &Actor) -> Value {
    call(actor, "1 + 1").unwrap()
}

#[test]
fn a_promise_that_nothing_can_settle_fails_at_once() {
    let actor = Actor::roomy();
    assert_eq!(call(&actor, "new Promise(() => {})").unwrap_err().code, Code::Async);
    assert_eq!(call_after(&actor), 2);
}

#[test]
fn timers_and_immediates_run_while_it_waits() {
    let actor = Actor::roomy();
    assert_eq!(
        call(&actor, "new Promise((resolve) => setTimeout(resolve, 5, 0)).then(() => 'timer')").unwrap(),
        "timer"
    );
    assert_eq!(
        call(&actor, "new Promise((resolve) => setImmediate(() => resolve('immediate')))").unwrap(),
        "immediate"
    );
}

#[test]
fn operations_of_other_threads_complete_while_it_waits() {
    let actor = Actor::roomy();
    std::thread::scope(|scope| {
        scope.spawn(|| actor.op().complete(OpOutcome::Value(Payload::from_json(&json!("from a thread")))));
        assert_eq!(call(&actor, "op()").unwrap(), "from a thread");
    });
}

#[test]
fn the_deadline_holds_in_guest_code_and_while_it_waits() {
    let actor = Actor::hasty(60);
    assert_eq!(call(&actor, "for (;;);").unwrap_err().code, Code::Timeout);
    assert_eq!(call(&actor, "op()").unwrap_err().code, Code::Timeout);
    assert_eq!(call(&actor, "new Promise((resolve) => setTimeout(resolve, 1e6))").unwrap_err().code, Code::Timeout);
    assert_eq!(call(&actor, "for (;;) new Promise(() => { for (;;); })").unwrap_err().code, Code::Timeout);
    assert_eq!(call_after(&actor), 2);
}

#[test]
fn a_guest_error_and_a_syntax_error_are_the_guests() {
    let actor = Actor::roomy();
    assert_eq!(call(&actor, "throw new RangeError('x')").unwrap_err().guest.unwrap().name, "RangeError");
    assert_eq!(call(&actor, "(").unwrap_err().guest.unwrap().name, "SyntaxError");
    assert_eq!(call(&actor, "Promise.reject(1)").unwrap_err().code, Code::Guest);
}

#[test]
fn entering_the_sandbox_from_its_own_host_function_is_refused() {
    let actor = Actor::roomy();
    let (ticket, progress) = start(&actor, "host('f')");
    let (inner, ..) = host_call(progress.unwrap());
    assert_eq!(call(&actor, "1").unwrap_err().code, Code::Busy);
    actor.answer(inner, &json!(1));
    assert_eq!(done(actor.sandbox.resume_sync(ticket)).unwrap(), 1);
}

#[test]
fn an_asynchronous_call_made_meanwhile_is_answered() {
    let actor = Actor::roomy();
    let (ticket, progress) = start(&actor, "host('f')");
    let (inner, ..) = host_call(progress.unwrap());
    let other = actor.submit("'other'");
    actor.answer(inner, &json!(1));
    assert_eq!(done(actor.sandbox.resume_sync(ticket)).unwrap(), 1);
    assert_eq!(actor.wait(other).unwrap(), "other");
}

#[test]
fn closing_from_a_host_function_ends_the_call() {
    let actor = Actor::roomy();
    let (ticket, progress) = start(&actor, "host('f')");
    let (inner, ..) = host_call(progress.unwrap());
    let closer = next_ticket();
    actor.sandbox.close(Some(closer));
    actor.answer(inner, &json!(1));
    assert_eq!(done(actor.sandbox.resume_sync(ticket)).unwrap_err().code, Code::Closed);
    actor.wait(closer).unwrap();
    assert_eq!(actor.stats().heap_bytes, 0);
}

#[test]
fn closing_from_another_thread_ends_the_call() {
    let actor = Actor::roomy();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            actor.marks(1);
            actor.sandbox.close(None);
        });
        assert_eq!(call(&actor, "mark(); for (;;);").unwrap_err().code, Code::Closed);
    });
}

#[test]
fn console_messages_are_delivered() {
    let actor = Actor::roomy();
    call(&actor, "print('from a synchronous call')").unwrap();
    actor.console("from a synchronous call");
}

#[test]
fn too_small_a_stack_is_refused_and_says_so() {
    let actor = Actor::roomy();
    let progress = actor.sandbox.start_sync(next_ticket(), script("1"), None, 256 << 10);
    let failure = done(progress.unwrap()).unwrap_err();
    assert_eq!((failure.code, failure.limit.as_deref()), (Code::Limit, Some("stackBytes")));
    assert_eq!(call_after(&actor), 2);
}

#[test]
fn deep_recursion_meets_the_stack_that_the_thread_has() {
    let actor = Actor::roomy();
    let work = || {
        let source =
            "let depth = 0; const f = () => { depth++; f() }; try { f() } catch (error) { depth > 100 && error.name }";
        let progress = actor.sandbox.start_sync(next_ticket(), script(source), None, 384 << 10);
        assert_eq!(done(progress.unwrap()).unwrap(), "RangeError");
    };
    std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(512 << 10).spawn_scoped(scope, work).unwrap();
    });
    assert_eq!(actor.value("1"), 1);
}

#[test]
fn a_panic_of_a_native_function_is_an_internal_error_and_ends_the_sandbox() {
    let actor = Actor::roomy();
    assert_eq!(call(&actor, "panic()").unwrap_err().code, Code::Internal);
    assert_eq!(actor.stats().state, "dead");
    assert_eq!(call(&actor, "1").unwrap_err().code, Code::Closed);
}

#[test]
fn what_it_leaves_behind_goes_on_in_the_background() {
    let actor = Actor::roomy();
    assert_eq!(call(&actor, "setTimeout(() => mark(), 1); 'answered'").unwrap(), "answered");
    actor.marks(1);
}

#[test]
fn a_full_heap_is_a_memory_error() {
    let actor = Actor::new(hostbox_permissions::Limits { memory_bytes: 4 << 20, ..actor::roomy() });
    assert_eq!(call(&actor, "var a = []; for (;;) a.push([])").unwrap_err().code, Code::Memory);
    assert_eq!(call(&actor, "a = null; 1").unwrap(), 1);
}

#[test]
fn a_panic_at_the_end_of_a_call_is_the_end_of_the_sandbox() {
    let actor = Actor::roomy();
    call(&actor, "var state = 1").unwrap();
    assert_eq!(call(&actor, &format!("print('{}')", actor::FATAL)).unwrap_err().code, Code::Internal);
    let failure = call(&actor, "typeof state").unwrap_err();
    assert_eq!((failure.code, failure.cause.unwrap().code), (Code::Closed, Code::Internal));
}

#[test]
fn a_sandbox_in_a_talk_with_the_app_is_not_busy_in_between() {
    let actor = Actor::roomy();
    for n in 0..200 {
        assert_eq!(actor.value(&format!("{n}")), n);
        assert_eq!(call(&actor, &format!("-{n}")).unwrap(), -n);
        assert_eq!(actor.value("1"), 1);
    }
}
