//! Ways for guest code to outlive its deadline: natives that swallow the interrupt, poll too seldom, or never.
//!
//! Each case is answered on time, and the sandbox works on soon after.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod actor;

use std::time::{Duration, Instant};

use actor::{Actor, roomy};
use hostbox_engine::{Code, Failure};
use hostbox_permissions::Limits;

/// The deadline of every case.
const DEADLINE: Duration = Duration::from_millis(60);
/// How late an answer may be here, where many tests share few cores; the benches measure how late it is on a quiet machine.
const LATE: Duration = Duration::from_millis(1_500);

/// Each source ends at its deadline, and the next call is answered.
fn all_end(sources: &[&str]) {
    for source in sources {
        let actor = Actor::new(Limits { timeout: DEADLINE, ..roomy() });
        let since = Instant::now();
        let failure = actor.eval(source).expect_err(source);
        assert_eq!(failure.code, Code::Timeout, "{source}: {failure}");
        let answered = since.elapsed();
        let next = actor.ask(actor::script("6 * 7"), Some(Duration::from_secs(20)));
        let works = actor.wait(next).unwrap_or_else(|failure| panic!("{source}: {failure:?}"));
        let worked_on = since.elapsed();
        assert_eq!(works, 42);
        assert!(answered < DEADLINE + LATE && worked_on < DEADLINE + LATE, "{source}: {answered:?}, {worked_on:?}");
    }
}

macro_rules! escapes {
    ($($name:ident: [$($source:expr),* $(,)?];)*) => {
        $(#[test]
        fn $name() {
            all_end(&[$($source),*]);
        })*
    };
}

escapes! {
    a_promise_executor_ends: [
        "for (;;) new Promise(() => { for (;;); })",
        "for (;;) new Promise((a, b) => { try { for (;;); } finally { for (;;); } })",
        "Promise.withResolvers().promise; for (;;) Promise.try(() => { for (;;); })",
    ];
    jobs_of_thenables_end: [
        "const t = { then() { for (;;); } }; (async () => { for (;;) await t })()",
        "for (let i = 0; i < 1000; i++) Promise.resolve({ then() { for (;;); } }); new Promise(() => {})",
        "function f() { Promise.resolve({ then(r) { f(); for (;;); } }) } f(); new Promise(() => {})",
    ];
    a_getter_named_then_ends: [
        "({ get then() { for (;;); } })",
        "new Proxy({}, { get() { for (;;); } })",
        "(async () => new Proxy({}, { get() { for (;;); } }))()",
        "for (;;) Promise.resolve(new Proxy({}, { get() { for (;;); } }))",
    ];
    combinators_over_hostile_iterables_end: [
        "for (;;) Promise.all({ [Symbol.iterator]: () => ({ next() { for (;;); } }) })",
        "for (;;) Promise.all({ *[Symbol.iterator]() { for (;;) yield 1 } })",
        "for (;;) Promise.race({ [Symbol.iterator]: () => ({ next: () => ({ done: false, value: 1 }), return() { for (;;); } }) })",
        "for (;;) Promise.any([{ get then() { for (;;); } }])",
        "for (;;) Promise.allSettled({ get [Symbol.iterator]() { for (;;); } })",
    ];
    disposal_ends: [
        "for (;;) { using x = { [Symbol.dispose]() { for (;;); } }; }",
        "for (;;) try { using x = { [Symbol.dispose]() { for (;;); } }; throw 1 } catch {}",
        "(async () => { for (;;) { await using x = { async [Symbol.asyncDispose]() { for (;;); } }; } })()",
        "for (;;) try { const s = new DisposableStack(); for (let i = 0; i < 100; i++) s.defer(() => { for (;;); }); s.dispose() } catch {}",
    ];
    the_specifier_of_an_import_ends: [
        "for (;;) import({ toString() { for (;;); } }).catch(() => {})",
        "for (;;) import('x', { get with() { for (;;); } }).catch(() => {})",
    ];
    hooks_of_error_stacks_end: [
        "Error.prepareStackTrace = () => { for (;;); }; for (;;) new Error().stack",
        "Error.prepareStackTrace = () => { for (;;); }; for (;;) try { null.x } catch {}",
        "Object.defineProperty(Error, 'stackTraceLimit', { get() { for (;;); } }); for (;;) try { new Error } catch {}",
        "Error.prepareStackTrace = () => { for (;;); }; throw new Error('x')",
    ];
    finally_blocks_and_generators_end: [
        "for (;;) try { for (;;); } finally { for (;;); }",
        "function* g() { for (;;) try { yield 1 } finally { for (;;) try { for (;;); } finally { continue } } } for (const x of g()) break",
        "for (const x of { [Symbol.iterator]: () => ({ next: () => ({ value: 1 }), return() { for (;;); } }) }) break",
        "(async () => { for await (const x of (async function* () { try { for (;;) yield 1 } finally { for (;;); } })()); })()",
    ];
    floods_of_jobs_end: [
        "function f() { Promise.resolve().then(f) } f(); 1",
        "(async () => { for (;;) await 1 })()",
        "const f = async () => { for (;;) await Promise.reject(1).catch(f) }; f()",
    ];
    values_that_are_read_for_the_answer_end: [
        "({ get x() { for (;;); } })",
        "new Map([[1, { get x() { for (;;); } }]])",
        "throw { get message() { for (;;); }, get stack() { for (;;); } }",
    ];
    heavy_natives_are_made_to_poll: [
        "const a = new Uint8Array(1 << 22); for (;;) a.fill(1)",
        "const a = new Uint8Array(1 << 22); for (;;) a.indexOf(1)",
        "const o = Array.from({ length: 2000 }, (_, i) => ({ i })); for (;;) JSON.stringify(o)",
        "const s = JSON.stringify(Array(2000).fill({ a: [1] })); for (;;) JSON.parse(s)",
        "const s = 'e\u{301}'.repeat(1e4); for (;;) s.normalize()",
        "const b = 3n ** 20000n; for (;;) b * b",
        "const a = Array.from({ length: 5000 }, () => Math.random()); for (;;) a.toSorted()",
        "const s = 'ab'.repeat(1e4); for (;;) s.split('')",
        "const s = 'ab'.repeat(1e4); for (;;) s.toUpperCase()",
        "const a = new Float64Array(1e4); for (;;) a.sort()",
        "for (;;) 'x'.repeat(1 << 20)",
        "const a = new Uint8Array(1 << 20); for (;;) a.slice()",
    ];
    array_likes_of_endless_length_end: [
        "Array.prototype.reverse.call({ length: 2 ** 53 - 1 })",
        "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1)",
        "[].concat({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true })",
        "Array.prototype.splice.call({ length: 2 ** 53 - 2, constructor: undefined }, 0, 1)",
        "Array.prototype.unshift.call({ length: 2 ** 53 - 2 }, 1)",
        "Array.prototype.slice.call({ length: 2 ** 32 - 2 }, 0)",
        "Array.prototype.join.call({ length: 2 ** 53 - 1 })",
        "Array.prototype.toString.call({ length: 2 ** 53 - 1, join: [].join })",
        "Array.prototype.toLocaleString.call({ length: 2 ** 53 - 1 })",
        "Array.prototype.sort.call({ length: 2 ** 53 - 1 })",
        "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)",
        "Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1)",
        "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)",
        "Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 1)",
        "Array.prototype.every.call({ length: 2 ** 53 - 1 }, () => true)",
        "Array.prototype.shift.call({ length: 2 ** 53 - 1 })",
        "Array.prototype.flat.call({ length: 2 ** 53 - 1 })",
        "Array.prototype.toReversed.call({ length: 2 ** 32 - 2 })",
        "Array.prototype.with.call({ length: 2 ** 32 - 2 }, 0, 1)",
        "Array.prototype.toSpliced.call({ length: 2 ** 32 - 2 }, 0, 1)",
        "Array.from({ length: 2 ** 32 - 1 })",
        "Array.fromAsync({ length: 2 ** 32 - 1 })",
        "const a = []; a.length = 2 ** 32 - 1; a.reverse()",
        "const a = []; a.length = 2 ** 32 - 1; a.indexOf(1)",
        "const a = []; a.length = 2 ** 32 - 1; a.sort()",
        "const a = []; a.length = 2 ** 32 - 1; a.lastIndexOf(1)",
        "const a = []; a.length = 2 ** 32 - 1; a.splice(0, 1)",
    ];
    iterator_helpers_end: [
        "new Set([1]).values().constructor; function* g() { for (;;) yield 1 } g().drop(Infinity).next()",
        "Iterator.prototype.drop.call({ next: () => ({ done: false }) }, Infinity).next()",
        "const i = Iterator.from({ next: Date.prototype.getTime.bind(new Date) }); for (;;) try { i.drop(1e15).next() } catch {}",
        "Iterator.prototype.toArray.call({ next: () => ({ done: false }) })",
        "Iterator.prototype.reduce.call({ next: () => ({ done: false }) }, () => 1)",
    ];
    set_methods_with_native_iterators_end: [
        "const s = new Set([1]); const like = { size: 1, has: () => true, keys: () => ({ next: () => ({ done: false, value: 1 }) }) }; s.union(like)",
        "const s = new Set([1, 2]); const like = { size: 0, has: () => true, keys: () => Iterator.from({ next: Object.bind(null, { done: false, value: 1 }) }) }; s.isSupersetOf(like)",
        "const s = new Set([1]); const like = { size: 0, has: () => true, keys: () => ({ next: Object.bind(null, { done: false, value: 9 }) }) }; s.symmetricDifference(like)",
        "const s = new Set([1, 2]); const like = { size: 1, has: () => true, keys: () => ({ next: Object.bind(null, { done: false, value: 9 }) }) }; s.difference(like)",
        "const s = new Set([1, 2]); const like = { size: 1, has: () => true, keys: () => ({ next: Object.bind(null, { done: false, value: 9 }) }) }; s.isDisjointFrom(like)",
    ];
    quadratic_searches_end: [
        "const s = 'a'.repeat(1 << 20), n = 'a'.repeat(1 << 19) + 'b'; for (;;) s.indexOf(n)",
        "const s = 'a'.repeat(1 << 20), n = 'b' + 'a'.repeat(1 << 19); for (;;) s.lastIndexOf(n)",
        "const s = 'a'.repeat(1 << 20), n = 'a'.repeat(1 << 19) + 'b'; for (;;) s.includes(n)",
        "const s = 'a'.repeat(1 << 20), n = 'a'.repeat(1 << 19) + 'b'; for (;;) s.split(n)",
        "const s = 'a'.repeat(1 << 20), n = 'a'.repeat(1 << 19) + 'b'; for (;;) s.replaceAll(n, '')",
        "const s = 'a'.repeat(1 << 20), n = 'a'.repeat(1 << 19) + 'b'; for (;;) s.replace(n, '')",
    ];
    regular_expressions_that_backtrack_end: [
        "/^(a+)+$/.test('a'.repeat(40) + 'b')",
        "'a'.repeat(40).replace(/(a*)*b/g, '')",
        "for (;;) 'aaaaaaaaaaaaaaaaaaaaaaaa'.match(/(a|aa)+$/)",
        "'x'.replace(/x/, () => { for (;;); })",
    ];
    callbacks_of_natives_end: [
        "[3, 1, 2].sort(() => { for (;;); })",
        "JSON.parse('[1]', () => { for (;;); })",
        "JSON.stringify({ toJSON() { for (;;); } })",
        "Object.groupBy([1], () => { for (;;); })",
        "String.raw({ raw: { length: Infinity } })",
        "Array.from({ length: 1 }, () => { for (;;); })",
        "new Proxy({}, { ownKeys() { for (;;); } }, Object.keys(new Proxy({}, { ownKeys() { for (;;); } })))",
        "`${{ [Symbol.toPrimitive]() { for (;;); } }}`",
        "class A { static [Symbol.hasInstance]() { for (;;); } } 1 instanceof A",
        "eval('for (;;);')",
        "new Function('for (;;);')()",
    ];
    recursion_ends: [
        "(function f() { try { f() } finally { f() } })()",
        "const f = () => { try { f() } catch { f() } }; f()",
    ];
}

#[test]
fn waiting_for_shared_memory_is_refused() {
    let actor = Actor::roomy();
    let source = "let seen; try { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) } catch (error) { seen = error.name } seen";
    assert_eq!(actor.value(source), "TypeError");
}

#[test]
fn no_memory_to_throw_with_is_no_way_out() {
    let limits = Limits { timeout: Duration::from_millis(300), memory_bytes: 2 << 20, ..roomy() };
    let actor = Actor::new(limits);
    let source =
        "var a = []; for (;;) try { for (;;) a.push({}) } catch { for (;;) try { a.push(1n << 64n) } catch {} }";
    assert!(matches!(actor.code(source), Code::Timeout | Code::Memory));
    // Such a guest may have filled even what is lent for errors: then the next call says so.
    assert!(matches!(actor.eval("a = null; 1"), Ok(_) | Err(Failure { code: Code::Memory, .. })));
}

#[test]
fn natives_that_are_slow_but_end_are_answered_on_time() {
    let actor = Actor::new(Limits { timeout: DEADLINE, memory_bytes: 256 << 20, ..roomy() });
    let since = Instant::now();
    assert_eq!(actor.code("(1n << 200000n) + ''"), Code::Timeout);
    assert!(since.elapsed() < DEADLINE + LATE);
    let next = actor.ask(actor::script("1"), Some(Duration::from_secs(20)));
    assert_eq!(actor.wait(next).unwrap(), 1);
}
