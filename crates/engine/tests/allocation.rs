//! Memory refused at every point of an engine's life: no assertion of the engine is reached, and nothing stays charged.
//!
//! A binary of its own, since an assertion would end the process.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod actor;

use std::time::Duration;

use actor::{Actor, roomy};
use hostbox_permissions::Limits;

const SCRIPTS: [&str; 8] = [
    "var a = [1, 'two', { three: 3 }, [4n]]; a.map((x) => JSON.stringify({ x: String(x) }))",
    "class A { #x = 1; static { this.y = new Map([[{}, new Set('text')]]) } get x() { return this.#x } } new A().x",
    "(async () => { const log = []; for await (const x of (async function* () { yield 1; yield* [2, 3] })()) log.push(x); return log })()",
    "Promise.allSettled([1, Promise.reject(new Error('x', { cause: { deep: [1] } })), host('f', [{ a: new Date(0) }])]); op(); 'text'.replace(/t(e)/g, '$1')",
    "setTimeout(() => { throw new Error('t') }, 0); setImmediate(() => bytes(5000)); new Proxy({}, { get: (t, k) => k }).name",
    "try { for (;;) a.push(new Array(100).fill('x' + a.length)) } catch (e) { throw e }",
    "a = null; function f(n) { return n && f(n - 1) + 1 } eval('f(100)') + new Function('return 1')()",
    "({ d: new Date(1), r: /x/g, m: new Map([[1, 2]]), e: new TypeError('x'), b: new Uint8Array(2000), big: 2n ** 80n })",
];

fn live(limit: u64) {
    let limits = Limits { memory_bytes: limit, timeout: Duration::from_millis(500), ..roomy() };
    let actor = Actor::new(limits);
    for source in SCRIPTS {
        let ticket = hostbox_engine::next_ticket();
        // A sandbox whose engine could not be made is dead: then it says so.
        if actor.sandbox.submit(ticket, actor::script(source), Some(Duration::from_millis(500))).is_ok()
            && source.find("host").is_none()
        {
            let _answered = actor.wait_payload(ticket);
        }
    }
    let _refused = actor.load("p", "import.meta; export const f = () => 1; await 0");
    actor.close();
    assert_eq!(actor.stats().heap_bytes, 0, "limit {limit}");
}

#[test]
fn a_sandbox_of_any_size_ends_well_while_scripts_run() {
    for limit in (300_000..1_600_000).step_by(4_093) {
        live(limit);
    }
}

#[test]
fn a_sandbox_of_any_size_ends_well_while_its_engine_is_made_and_the_first_scripts_are_parsed() {
    for limit in (0..195_000).step_by(20_011).chain((195_000..300_000).step_by(701)) {
        live(limit);
    }
}

#[test]
fn a_guest_that_parses_with_a_full_heap_gets_an_error() {
    for freed in (0..1_200).step_by(13) {
        let actor = Actor::new(Limits { memory_bytes: 1 << 20, ..roomy() });
        let source = format!(
            "var a = []; try {{ for (;;) a.push({{}}) }} catch {{}} a.length -= {freed}; \
             try {{ for (let i = 0; i < 40; i++) \
               eval('class A {{ m(){{ L: for(;;) {{ try {{ break L }} finally {{ continue }} }} }} }}'.repeat(5).replace(/A/g, () => 'A' + a.length--)) \
             }} catch {{}} 1"
        );
        let _answered = actor.eval(&source);
        actor.close();
        assert_eq!(actor.stats().heap_bytes, 0);
    }
}
