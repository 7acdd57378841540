//! Ends of a sandbox: closed, dropped, dead.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod actor;

use actor::{Actor, eventually, roomy};
use hostbox_engine::{Code, OpOutcome, Payload, Posted, Request, next_ticket, post_all};
use hostbox_permissions::Limits;
use serde_json::json;

#[test]
fn a_sandbox_dropped_with_calls_pending_answers_them() {
    let Actor { sandbox, desk } = Actor::roomy();
    let actor = Actor { sandbox, desk: desk.clone() };
    let (waiting, running) = (actor.submit("op()"), actor.submit("mark(); for (;;);"));
    let op = actor.op();
    actor.marks(1);
    drop(actor.sandbox);
    let rest = Actor { sandbox: Actor::roomy().sandbox, desk };
    assert_eq!(rest.wait(waiting).unwrap_err().code, Code::Closed);
    assert_eq!(rest.wait(running).unwrap_err().code, Code::Closed);
    op.complete(hostbox_engine::OpOutcome::Value(hostbox_engine::Payload::undefined()));
}

#[test]
fn a_sandbox_that_never_ran_closes() {
    let actor = Actor::roomy();
    actor.close();
    assert_eq!((actor.stats().state, actor.stats().heap_bytes), ("closed", 0));
}

#[test]
fn closing_twice_answers_both_closers() {
    let actor = Actor::roomy();
    actor.value("1");
    let (first, second) = (next_ticket(), next_ticket());
    actor.sandbox.close(Some(first));
    actor.sandbox.close(Some(second));
    actor.wait(first).unwrap();
    actor.wait(second).unwrap();
    actor.close();
}

#[test]
fn closing_while_guest_code_runs_ends_it() {
    let actor = Actor::roomy();
    let running = actor.submit("mark(); for (;;);");
    actor.marks(1);
    actor.close();
    assert_eq!(actor.wait(running).unwrap_err().code, Code::Closed);
    assert_eq!(actor.stats().heap_bytes, 0);
}

#[test]
fn a_closed_sandbox_refuses_everything() {
    let actor = Actor::roomy();
    actor.close();
    let refused = actor.sandbox.submit(next_ticket(), actor::script("1"), None).unwrap_err();
    assert_eq!((refused.code, refused.cause.is_none()), (Code::Closed, true));
    let refused = actor.sandbox.start_sync(next_ticket(), actor::script("1"), None, 4 << 20).err().unwrap();
    assert_eq!(refused.code, Code::Closed);
}

#[test]
fn a_call_of_the_host_may_be_answered_after_the_end() {
    let actor = Actor::roomy();
    let waiting = actor.submit("host('late')");
    let (call, ..) = actor.host_call();
    actor.close();
    assert_eq!(actor.wait(waiting).unwrap_err().code, Code::Closed);
    actor.answer(call, &json!(1));
}

#[test]
fn operations_are_cancelled_when_the_sandbox_closes() {
    let actor = Actor::roomy();
    actor.submit("op()");
    let op = actor.op();
    assert!(!op.is_cancelled());
    actor.close();
    assert!(op.is_cancelled());
}

#[test]
fn many_threads_may_close_drop_and_ask_at_once() {
    let actor = Actor::roomy();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let actor = &actor;
            scope.spawn(move || {
                for _ in 0..50 {
                    let ticket = next_ticket();
                    if actor.sandbox.submit(ticket, actor::script("[1, 2, 3].map(String)"), None).is_ok() {
                        if number % 2 == 0 {
                            actor.sandbox.cancel(ticket);
                        }
                        let _answered = actor.wait(ticket);
                    }
                }
                if number == 7 {
                    actor.sandbox.close(None);
                }
            });
        }
    });
    actor.close();
    assert_eq!((actor.stats().pending, actor.stats().heap_bytes), (0, 0));
}

#[test]
fn a_panic_in_a_native_function_ends_the_sandbox_and_not_the_process() {
    let actor = Actor::roomy();
    let waiting = actor.submit("op()");
    let _op = actor.op();
    let code = actor.code("try { panic() } catch { globalThis.caught = true } for (;;);");
    assert!(matches!(code, Code::Internal | Code::Closed), "{code:?}");
    let failure = actor.wait(waiting).unwrap_err();
    assert_eq!((failure.code, failure.cause.unwrap().code), (Code::Closed, Code::Internal));
    assert_eq!(actor.stats().state, "dead");
    actor.close();
}

#[test]
fn the_call_whose_native_function_panicked_is_an_internal_error() {
    let actor = Actor::roomy();
    assert_eq!(actor.code("panic()"), Code::Internal);
}

#[test]
fn a_dead_sandbox_says_why_to_every_later_call() {
    let actor = Actor::roomy();
    let _internal = actor.code("panic()");
    eventually("the end", || actor.stats().state == "dead");
    let failure = actor.sandbox.submit(next_ticket(), actor::script("1"), None).unwrap_err();
    assert_eq!((failure.code, failure.cause.unwrap().code), (Code::Closed, Code::Internal));
    actor.close();
}

#[test]
fn plugins_are_loaded_called_listed_and_unloaded() {
    let actor = Actor::roomy();
    actor.load("m", "export const add = (a, b) => a + b; export const deep = { er: () => 'deeper' }").unwrap();
    actor.load("c", "exports.name = __filename").unwrap();
    let call = |function: &str, args: serde_json::Value| {
        let args = hostbox_engine::Payload::from_json(&args);
        actor.wait(actor.ask(Request::Call { plugin: "m".into(), function: function.into(), args }, None))
    };
    assert_eq!(call("add", json!([1, 2])).unwrap(), 3);
    assert_eq!(call("deep.er", json!([])).unwrap(), "deeper");
    assert_eq!(call("nothing", json!([])).unwrap_err().code, Code::FunctionNotFound);
    assert_eq!(actor.load("m", "export const x = 1").unwrap_err().code, Code::PluginExists);
    assert_eq!(actor.wait(actor.ask(Request::Plugins, None)).unwrap(), json!(["m", "c"]));
    assert_eq!(actor.wait(actor.ask(Request::Unload { name: "m".into() }, None)).unwrap(), true);
    assert_eq!(call("add", json!([1, 2])).unwrap_err().code, Code::PluginNotFound);
}

#[test]
fn a_plugin_whose_body_ends_at_the_deadline_can_be_loaded_again() {
    let actor = Actor::new(Limits { timeout: std::time::Duration::from_millis(60), ..roomy() });
    for source in
        ["for (;;);", "export const x = await new Promise(() => {})", "throw new Error('x')", "export const x = "]
    {
        actor.load("p", source).unwrap_err();
    }
    actor.load("p", "export const f = () => 1").unwrap();
}

#[test]
fn what_is_posted_together_is_done_in_its_order() {
    let actor = Actor::roomy();
    let waiting = actor.submit("var seen = []; host('f').then((x) => seen.push(x) && seen)");
    let (op, ..) = actor.host_call();
    let tickets = [next_ticket(), next_ticket()];
    let call = |ticket, source| Posted::Call(ticket, actor::script(source));
    let posted = vec![
        call(tickets[0], "seen.push('first'); seen.length"),
        Posted::Answer(op, OpOutcome::Value(Payload::from_json(&json!("answer")))),
        call(tickets[1], "seen.push('last'); seen.length"),
    ];
    post_all([(&actor.sandbox, posted)]);
    assert_eq!(actor.wait(tickets[0]).unwrap(), 1);
    assert_eq!(actor.wait(waiting).unwrap(), json!(["first", "answer"]));
    assert_eq!(actor.wait(tickets[1]).unwrap(), 3);
    assert_eq!((actor.stats().calls, actor.stats().pending), (3, 0));
}

#[test]
fn what_is_posted_together_after_the_end_is_answered_too() {
    let actor = Actor::roomy();
    actor.close();
    let tickets = [next_ticket(), next_ticket()];
    let calls = tickets.map(|ticket| Posted::Call(ticket, actor::script("1")));
    post_all([(&actor.sandbox, calls.into())]);
    for ticket in tickets {
        assert_eq!(actor.wait(ticket).unwrap_err().code, Code::Closed);
    }
}
