//! The actor as a room above uses it.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use hostbox_engine::{Code, Config, Event, Extension, Failure, Host, Payload, Request, Sandbox, SyncProgress, Ticket};
use hostbox_permissions::Limits;

#[derive(Default)]
struct Answers {
    settled: Mutex<HashMap<Ticket, Result<Payload, Failure>>>,
    came: Condvar,
}

impl Host for Answers {
    fn deliver(&self, events: Vec<Event>) {
        let mut settled = self.settled.lock().unwrap();
        for event in events {
            if let Event::Settled { ticket, outcome } = event {
                assert!(settled.insert(ticket, outcome).is_none(), "answered twice");
            }
        }
        self.came.notify_all();
    }
}

impl Answers {
    fn wait(&self, ticket: Ticket) -> Result<Payload, Failure> {
        let mut settled = self.settled.lock().unwrap();
        loop {
            if let Some(outcome) = settled.remove(&ticket) {
                return outcome;
            }
            let (next, timeout) = self.came.wait_timeout(settled, Duration::from_secs(20)).unwrap();
            assert!(!timeout.timed_out(), "no answer");
            settled = next;
        }
    }
}

static BARE: Extension = Extension { modules: &[], natives: &[], globals: &[], accessors: &[], builtins: &[] };

fn sandbox(limits: Limits) -> (Sandbox, Arc<Answers>) {
    let answers = Arc::new(Answers::default());
    let config = Config {
        limits,
        host: answers.clone(),
        extension: &BARE,
        withheld: &[],
        data: Box::new(()),
        bridge: Vec::new(),
        map_stack: None,
    };
    (Sandbox::new(config).unwrap(), answers)
}

fn eval(source: &str) -> Request {
    Request::Eval { source: source.into(), filename: "test.js".into() }
}

fn json(outcome: Result<Payload, Failure>) -> serde_json::Value {
    outcome.unwrap().to_json().unwrap()
}

fn run(sandbox: &Sandbox, answers: &Answers, ticket: Ticket, source: &str) -> Result<Payload, Failure> {
    sandbox.submit(ticket, eval(source), None).unwrap();
    answers.wait(ticket)
}

fn quick() -> Limits {
    Limits { timeout: Duration::from_millis(100), memory_bytes: 64 << 20, ..Limits::default() }
}

#[test]
fn a_script_answers_with_its_value() {
    let (sandbox, answers) = sandbox(Limits::default());
    assert_eq!(json(run(&sandbox, &answers, 1, "1 + 1")), 2);
    assert_eq!(
        json(run(&sandbox, &answers, 2, "var kept = 5; Promise.resolve({ a: [kept] })")),
        serde_json::json!({ "a": [5] })
    );
    assert_eq!(json(run(&sandbox, &answers, 3, "kept")), 5);
}

#[test]
fn a_thrown_error_keeps_name_message_and_place() {
    let (sandbox, answers) = sandbox(Limits::default());
    let failure = run(&sandbox, &answers, 1, "\n  null.x").unwrap_err();
    assert_eq!(failure.code, Code::Guest);
    let guest = failure.guest.unwrap();
    assert_eq!(guest.name, "TypeError");
    assert!(guest.stack.as_deref().unwrap_or("").contains("test.js:2:"), "{:?}", guest.stack);
}

#[test]
fn an_endless_loop_is_answered_and_the_sandbox_works_on() {
    let (sandbox, answers) = sandbox(quick());
    assert_eq!(run(&sandbox, &answers, 1, "var kept = 1; for (;;);").unwrap_err().code, Code::Timeout);
    assert_eq!(json(run(&sandbox, &answers, 2, "kept")), 1);
}

#[test]
fn a_promise_executor_cannot_swallow_the_deadline() {
    let (sandbox, answers) = sandbox(quick());
    let source = "for (;;) new Promise(() => { for (;;); })";
    assert_eq!(run(&sandbox, &answers, 1, source).unwrap_err().code, Code::Timeout);
    assert_eq!(json(run(&sandbox, &answers, 2, "1")), 1);
}

#[test]
fn a_flood_of_microtasks_ends_at_the_deadline() {
    let (sandbox, answers) = sandbox(quick());
    let source = "function f() { Promise.resolve().then(f) } f(); 1";
    assert_eq!(run(&sandbox, &answers, 1, source).unwrap_err().code, Code::Timeout);
    assert_eq!(json(run(&sandbox, &answers, 2, "1")), 1);
}

#[test]
fn heavy_natives_are_made_to_poll() {
    let (sandbox, answers) = sandbox(quick());
    let source = "const a = new Uint8Array(1 << 22); for (;;) a.fill(1)";
    assert_eq!(run(&sandbox, &answers, 1, source).unwrap_err().code, Code::Timeout);
    assert_eq!(json(run(&sandbox, &answers, 2, "2")), 2);
}

#[test]
fn a_full_heap_is_a_memory_error_and_the_sandbox_works_on() {
    let (sandbox, answers) = sandbox(Limits { timeout: Duration::from_secs(20), ..quick() });
    let failure = run(&sandbox, &answers, 1, "var a = []; for (;;) a.push(new Array(1000).fill(0))").unwrap_err();
    assert_eq!(failure.code, Code::Memory, "{failure}");
    assert_eq!(json(run(&sandbox, &answers, 2, "a = null; 3")), 3);
}

#[test]
fn a_never_settling_promise_times_out() {
    let (sandbox, answers) = sandbox(quick());
    assert_eq!(run(&sandbox, &answers, 1, "new Promise(() => {})").unwrap_err().code, Code::Timeout);
}

#[test]
fn an_abort_ends_a_running_call_at_once() {
    let (sandbox, answers) = sandbox(Limits::default());
    sandbox.submit(1, eval("for (;;);"), None).unwrap();
    sandbox.cancel(1);
    assert_eq!(answers.wait(1).unwrap_err().code, Code::Aborted);
    assert_eq!(json(run(&sandbox, &answers, 2, "1")), 1);
}

#[test]
fn closing_answers_every_call_and_its_own() {
    let (sandbox, answers) = sandbox(Limits::default());
    sandbox.submit(1, eval("new Promise(() => {})"), None).unwrap();
    sandbox.submit(2, eval("for (;;);"), None).unwrap();
    sandbox.close(Some(3));
    assert_eq!(answers.wait(1).unwrap_err().code, Code::Closed);
    assert_eq!(answers.wait(2).unwrap_err().code, Code::Closed);
    assert!(answers.wait(3).is_ok());
    assert_eq!(sandbox.submit(4, eval("1"), None).unwrap_err().code, Code::Closed);
}

#[test]
fn a_synchronous_call_runs_on_the_calling_thread() {
    let (sandbox, _answers) = sandbox(Limits::default());
    let progress = sandbox.start_sync(1, eval("Promise.resolve(7)"), None, 4 << 20).unwrap();
    let SyncProgress::Done(outcome) = progress else { panic!("no host function was called") };
    assert_eq!(json(outcome), 7);
}

#[test]
fn a_synchronous_call_of_a_promise_that_nothing_settles_fails_at_once() {
    let (sandbox, answers) = sandbox(Limits::default());
    let progress = sandbox.start_sync(1, eval("new Promise(() => {})"), None, 4 << 20).unwrap();
    let SyncProgress::Done(outcome) = progress else { panic!("no host function was called") };
    assert_eq!(outcome.unwrap_err().code, Code::Async);
    assert_eq!(json(run(&sandbox, &answers, 2, "1")), 1);
}

#[test]
fn array_likes_of_endless_length_end_at_the_deadline() {
    let (sandbox, answers) = sandbox(quick());
    for name in ["reverse", "indexOf", "join", "sort", "shift", "flat", "concat"] {
        let source =
            format!("Array.prototype.{name}.call({{ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true }})");
        assert_eq!(run(&sandbox, &answers, 1, &source).unwrap_err().code, Code::Timeout, "{name}");
    }
    assert_eq!(json(run(&sandbox, &answers, 2, "[3, 1, 2].sort().join()")), "1,2,3");
}

#[test]
fn long_searches_are_linear() {
    let (sandbox, answers) = sandbox(Limits { timeout: Duration::from_secs(20), ..Limits::default() });
    let source = "var s = 'a'.repeat(1e6), n = 'a'.repeat(5e5) + 'b'; \
        [s.indexOf(n), s.lastIndexOf(n), s.includes(n), s.split(n).length, s.replaceAll(n, '') === s, \
         (s + n).indexOf(n), ('b' + s + 'b' + n).split('b' + 'a'.repeat(1e6)).length]";
    assert_eq!(json(run(&sandbox, &answers, 1, source)), serde_json::json!([-1, -1, false, 1, true, 1000000, 2]));
}

#[test]
fn gates_look_like_the_natives() {
    let (sandbox, answers) = sandbox(Limits::default());
    let source = "[Array.prototype.reverse.name, Array.prototype.splice.length, 'a-b'.replace('-', '$&$&'), 'x'.split('').length, \
        String.raw`a${1}b`, 'abc'.includes('b'), [1, [2, [3]]].flat(Infinity).length, new Set([1]).union(new Set([2])).size]";
    let expected = serde_json::json!(["reverse", 2, "a--b", 1, "a1b", true, 3, 2]);
    assert_eq!(json(run(&sandbox, &answers, 1, source)), expected);
}
