//! The account of a sandbox: what counts, what a full one does to the guest, and what its caller hears.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod actor;

use std::time::Instant;

use actor::{Actor, MIB, roomy};
use hostbox_engine::{Code, OpOutcome, Payload, Request, next_ticket};
use hostbox_permissions::Limits;
use serde_json::json;

fn small(mebibytes: u64) -> Actor {
    Actor::new(Limits { memory_bytes: mebibytes * MIB, ..roomy() })
}

fn heap(actor: &Actor) -> u64 {
    actor.wait_payload(actor.ask(Request::Gc, None)).unwrap();
    actor.stats().heap_bytes
}

#[test]
fn the_account_returns_to_zero_when_the_engine_is_gone() {
    let actor = Actor::roomy();
    actor.value("var kept = [bytes(1e6), new Uint8Array(1e6), { a: 'text'.repeat(1e4) }, new Map([[1, 2]])]; \
        setTimeout(() => {}, 1e6); setImmediate(() => {}); op(); host('never', [1]); var p = Promise.reject(kept); p.catch(() => {}); 0");
    actor.load("plugin", "export const f = () => new Error('x')").unwrap();
    actor.submit("op().then(() => kept)");
    let (op, _other, _call) = (actor.op(), actor.op(), actor.host_call());
    assert!(actor.stats().heap_bytes > 2 * MIB);
    actor.close();
    assert_eq!(actor.stats().heap_bytes, 0);
    drop(op);
}

#[test]
fn the_account_returns_to_zero_after_every_kind_of_failure() {
    let actor = Actor::new(Limits { memory_bytes: 8 * MIB, timeout: std::time::Duration::from_millis(200), ..roomy() });
    for source in [
        "for (;;);",
        "var a = []; for (;;) a.push(a.concat(1))",
        "a = null; throw bytes(100)",
        "new Promise(() => {})",
        "(() => {",
        "null.x",
        "bytes(1e9)",
        "Promise.reject(new AggregateError([new Error('x')], 'y', { cause: {} }))",
        "(async () => { await op(); })()",
        "function* g() { try { yield 1; for (;;); } finally { for (;;); } } for (const x of g()) for (;;);",
    ] {
        let _failed = actor.eval(source);
    }
    actor.close();
    assert_eq!(actor.stats().heap_bytes, 0);
}

#[test]
fn external_buffers_count_until_they_are_collected() {
    let actor = Actor::roomy();
    let before = {
        actor.value("bytes; 0");
        heap(&actor)
    };
    actor.value("var a = bytes(10 << 20), b = new Uint8Array(bytes(5 << 20)); 0");
    let held = heap(&actor) - before;
    assert!((15 * MIB..15 * MIB + 100_000).contains(&held), "{held}");
    actor.value("a = b = null; 0");
    let left = heap(&actor) - before;
    assert!(left < 100_000, "{left}");
}

#[test]
fn a_buffer_that_is_moved_out_of_the_sandbox_leaves_its_account() {
    let actor = Actor::roomy();
    let before = {
        actor.value("bytes; 0");
        heap(&actor)
    };
    let payload = actor.wait_payload(actor.submit("new Uint8Array(bytes(8 << 20))")).unwrap();
    assert_eq!(payload.blocks[0].len(), 8 << 20);
    assert!(heap(&actor) < before + 100_000);
}

#[test]
fn buffers_that_the_guest_made_count_as_well() {
    let actor = Actor::roomy();
    let before = heap(&actor);
    actor.value("var a = new Uint8Array(10 << 20); 0");
    assert!(heap(&actor) - before > 10 * MIB);
}

#[test]
fn an_external_buffer_beyond_the_limit_is_refused_and_can_be_caught() {
    let actor = small(8);
    let source = "let seen; try { bytes(9 << 20) } catch (error) { seen = error.name + ': ' + error.message } seen";
    assert_eq!(actor.value(source), "InternalError: out of memory");
    assert_eq!(actor.code("bytes(9 << 20)"), Code::Memory);
}

#[test]
fn running_out_of_memory_can_be_caught() {
    let actor = small(8);
    let source = "let a = [], seen; try { for (;;) a.push(new Array(1000).fill(0)) } catch (error) { a = null; seen = String(error) } seen";
    assert_eq!(actor.value(source), "InternalError: out of memory");
}

#[test]
fn an_uncaught_one_is_a_memory_error_that_names_the_limit() {
    let actor = small(8);
    let failure = actor.eval("const a = []; for (;;) a.push(new Array(1000).fill(0))").unwrap_err();
    assert_eq!(failure.code, Code::Memory);
    assert_eq!(failure.limit.as_deref(), Some("memoryBytes: 8388608"));
}

#[test]
fn a_null_thrown_for_want_of_memory_is_a_memory_error() {
    let actor = small(8);
    let source = "let a = []; try { for (;;) a.push(new Array(1000).fill(0)) } catch { a = null; throw null }";
    assert_eq!(actor.code(source), Code::Memory);
}

#[test]
fn an_error_of_the_guests_own_after_a_caught_one_is_the_guests() {
    let actor = small(8);
    let source =
        "let a = []; try { for (;;) a.push(new Array(1000).fill(0)) } catch { a = null; throw new RangeError('mine') }";
    let failure = actor.eval(source).unwrap_err();
    assert_eq!((failure.code, failure.message.as_str()), (Code::Guest, "mine"));
}

#[test]
fn a_null_thrown_with_memory_left_is_the_guests() {
    let actor = small(8);
    assert_eq!(actor.code("throw null"), Code::Guest);
    assert_eq!(actor.code("throw new InternalError('out of memory')"), Code::Guest);
}

#[test]
fn refusals_repeated_end_the_turn_though_each_is_caught() {
    let actor = small(8);
    let since = Instant::now();
    let code = actor.code("var a = []; for (;;) try { for (;;) a.push(new Array(1000).fill(0)) } catch {}");
    assert_eq!(code, Code::Memory);
    assert!(since.elapsed().as_secs() < 10);
    assert_eq!(actor.value("a = null; 1"), 1);
}

#[test]
fn cycles_of_garbage_are_collected_before_an_external_buffer_is_refused() {
    let actor = small(8);
    let source = "let made = 0; for (; made < 100; made++) { const o = { data: bytes(1 << 20) }; o.self = o; } made";
    assert_eq!(actor.value(source), 100);
}

#[test]
fn cycles_of_garbage_are_collected_before_the_heap_is_full() {
    let actor = small(8);
    let source = "let made = 0; for (; made < 2000; made++) { const o = { data: new Array(1000).fill(made) }; o.self = o; } made";
    assert_eq!(actor.value(source), 2000);
}

#[test]
fn cycles_of_garbage_with_buffers_of_the_guests_own_are_collected_before_the_heap_is_full() {
    let actor = small(8);
    let source =
        "let made = 0; for (; made < 200; made++) { const o = { data: new Uint8Array(1 << 20) }; o.self = o; } made";
    assert_eq!(actor.value(source), 200);
}

#[test]
fn a_full_heap_leaves_room_for_the_turn_that_empties_it() {
    let actor = small(4);
    assert_eq!(actor.code("var a = []; for (;;) a.push({})"), Code::Memory);
    assert_eq!(actor.value("a = null; 'emptied'"), "emptied");
    assert_eq!(actor.value("var b = []; for (let i = 0; i < 1e4; i++) b.push({}); b.length"), 10_000);
}

#[test]
fn a_string_that_doubles_is_a_memory_error() {
    let actor = small(8);
    let failure = actor.eval("let s = 'x'; for (;;) s += s.concat(s).normalize()").unwrap_err();
    assert_eq!(failure.code, Code::Memory, "{failure:?}");
    assert_eq!(actor.value("1"), 1);
}

#[test]
fn a_message_larger_than_the_account_is_refused_at_once() {
    let actor = small(2);
    let failure = actor.sandbox.submit(next_ticket(), actor::script(&" ".repeat(3 << 20)), None).unwrap_err();
    assert_eq!(failure.code, Code::Memory);
    assert_eq!(actor.value("1"), 1);
}

#[test]
fn a_first_message_that_fills_the_account_leaves_room_for_the_engine_itself() {
    let actor = small(1);
    let padding = " ".repeat((1 << 20) - 10);
    match actor.eval(&format!("{padding}[1]")) {
        Ok(value) => assert_eq!(value, json!([1])),
        Err(failure) => assert_eq!(failure.code, Code::Memory),
    }
    assert_eq!(actor.value("1"), 1);
}

#[test]
fn messages_count_until_they_are_answered() {
    let actor = Actor::roomy();
    actor.value("0");
    let busy = actor.submit("mark(); hold(); 0");
    actor.held();
    let before = actor.stats().heap_bytes;
    let queued = actor.submit(&format!("/*{}*/ 1", " ".repeat(1 << 20)));
    assert!(actor.stats().heap_bytes - before >= MIB);
    actor.release();
    actor.wait(busy).unwrap();
    actor.wait(queued).unwrap();
    assert!(heap(&actor) < before + MIB / 2);
}

#[test]
fn arguments_of_host_calls_count_until_the_host_took_them() {
    let actor = small(4);
    let source = "const big = 'x'.repeat(1 << 20); const errors = []; \
        for (let i = 0; i < 8; i++) try { host('take', [big]) } catch (error) { errors.push(error.name + ' ' + error.code) } errors";
    let errors = actor.value(source);
    let errors = errors.as_array().unwrap();
    assert!(!errors.is_empty() && errors.iter().all(|error| *error == "RangeError ERR_MEMORY"), "{errors:?}");
    assert_eq!(actor.value("1"), 1);
}

#[test]
fn a_flood_of_console_messages_is_cut_and_counted() {
    let actor = small(4);
    let source = "const text = 'x'.repeat(10000); for (let i = 0; i < 2000; i++) print(text); 'done'";
    assert_eq!(actor.value(source), "done");
    assert!(actor.stats().dropped > 1_000);
}

#[test]
fn a_result_larger_than_the_account_does_not_cross_and_says_where() {
    let actor = small(4);
    let failure = actor.eval("const s = 'x'.repeat(1e6); Array(100).fill(s).map((s, i) => [s])").unwrap_err();
    assert_eq!((failure.code, failure.path.as_deref()), (Code::Clone, Some("result[4][0]")), "{failure}");
    assert_eq!(actor.value("1"), 1);
}

#[test]
fn a_result_of_the_host_larger_than_the_account_rejects() {
    let actor = small(4);
    let call = actor.submit("host('big').then((s) => s.length, (error) => 'refused')");
    let (id, ..) = actor.host_call();
    actor.answer(id, &json!("x".repeat(16 << 20)));
    assert!(matches!(actor.wait(call), Ok(value) if value == "refused") || actor.value("1") == 1);
    assert_eq!(actor.value("1"), 1);
}

#[test]
fn memory_refused_in_one_call_is_not_held_against_the_next() {
    let actor = small(8);
    assert_eq!(actor.code("bytes(9 << 20)"), Code::Memory);
    assert_eq!(actor.code("throw new InternalError('mine')"), Code::Guest);
    assert_eq!(actor.code("throw null"), Code::Guest);
}

#[test]
fn figures_tell_what_happened() {
    let actor = Actor::roomy();
    actor.value("1");
    let _guest = actor.code("throw 1");
    let waiting = actor.submit("setTimeout(() => {}, 1e6); op()");
    let op = actor.op();
    // An answer is heard a moment before it is counted.
    actor::eventually("the count", || actor.stats().done == 1);
    let stats = actor.stats();
    assert_eq!((stats.calls, stats.done, stats.pending, stats.running), (3, 1, 1, 1));
    assert_eq!((stats.errors, stats.timers), (vec![("ERR_GUEST", 1)], 1));
    assert!(stats.cpu_ms > 0.0 && stats.heap_bytes > 10_000 && stats.sandboxes > 0 && stats.guest_threads > 0);
    op.complete(OpOutcome::Value(Payload::undefined()));
    actor.wait(waiting).unwrap();
    actor::eventually("idleness", || actor.stats().state == "idle" && actor.stats().done == 2);
    assert_eq!((actor.stats().pending, actor.stats().running, actor.stats().done), (0, 0, 2));
    actor.close();
    assert_eq!(actor.stats().state, "closed");
}
