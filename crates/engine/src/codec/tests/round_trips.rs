use super::*;

#[test]
fn primitives_keep_their_value() {
    world(|w| {
        for source in [
            "undefined",
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1",
            "-1",
            "2147483647",
            "-2147483648",
            "2147483648",
            "1.5",
            "NaN",
            "Infinity",
            "-Infinity",
            "5e-324",
            "4/2",
            "''",
            "'abc'",
            "'grün'",
            "'日本語'",
            "'😀'",
            "'\\ud800'",
            "'a\\udc00b'",
            "'\\0'",
            "'ÿ'.repeat(300)",
            "'x'.repeat(100000)",
            "'x'.repeat(9000) + 'ü'.repeat(9000)",
        ] {
            w.round_trip(source, "Object.is(v, c)");
        }
    });
}

#[test]
fn ropes_and_slices_are_strings() {
    world(|w| {
        w.round_trip(
            "(() => { let s = ''; for (let i = 0; i < 5000; i++) s += 'abcdefgh' + i; return s })()",
            "v === c",
        );
        w.round_trip("('x'.repeat(5000) + 'é').slice(10, 4000)", "v === c");
        w.round_trip("('x'.repeat(5000) + '…').slice(10)", "v === c");
    });
}

#[test]
fn big_integers_of_any_size_keep_their_value() {
    world(|w| {
        for source in [
            "0n",
            "1n",
            "-1n",
            "255n",
            "256n",
            "2n**31n",
            "-(2n**31n)",
            "2n**63n-1n",
            "2n**63n",
            "-(2n**63n)",
            "-(2n**63n)-1n",
            "2n**64n-1n",
            "2n**64n",
            "-(2n**64n)",
            "10n**100n",
            "-(10n**100n)",
            "2n**4096n",
            "1n-2n**4096n",
            "-(2n**72n)",
            "-(2n**71n)",
            "123456789012345678901234567890n",
        ] {
            w.round_trip(source, "v === c");
        }
    });
}

#[test]
fn objects_keep_keys_order_and_values() {
    world(|w| {
        let same = "JSON.stringify(v) === JSON.stringify(c) && Object.getPrototypeOf(c) === Object.prototype";
        w.round_trip("{}", same);
        w.round_trip("{ a: 1, b: 'x', c: { d: [1, 'y', null, { e: true }] } }", same);
        w.round_trip("{ z: 1, 5: 'five', '-1': 'm', '01': 'lead', 4294967294: 'max', 4294967295: 'over' }", same);
        w.round_trip(
            "{ 'ключ': 1, 'größe': 2, '': 3, '\\ud800': 4 }",
            "Object.keys(v).join() === Object.keys(c).join()",
        );
        w.round_trip("{ undef: undefined }", "'undef' in c && c.undef === undefined");
        w.round_trip(
            "(() => { class A { x = 1; #y = 2; get z() { return 3 } } return new A })()",
            "JSON.stringify(c) === '{\"x\":1}' && Object.getPrototypeOf(c) === Object.prototype",
        );
        w.round_trip(
            "Object.assign(Object.create({ inherited: 1 }), { own: 2, [Symbol()]: 3 })",
            "JSON.stringify(c) === '{\"own\":2}' && Reflect.ownKeys(c).length === 1",
        );
        w.round_trip("{ get a() { return { n: 1 } } }", "Object.getOwnPropertyDescriptor(c, 'a').value.n === 1");
        w.round_trip("Object.defineProperty({}, 'hidden', { value: 1 })", "Object.keys(c).length === 0");
        w.round_trip("JSON.parse('{\"__proto__\": {\"x\": 1}}')", "Object.hasOwn(c, '__proto__') && c.x === undefined");
        w.round_trip("(function () { return arguments })(1, 2)", "c[0] === 1 && c[1] === 2 && !Array.isArray(c)");
    });
}

#[test]
fn arrays_keep_holes_length_and_properties() {
    world(|w| {
        w.round_trip("[]", "Array.isArray(c) && c.length === 0");
        w.round_trip("[1, 'a', [2, [3]], {}]", "JSON.stringify(v) === JSON.stringify(c)");
        w.round_trip("[, 1, , 2, undefined]", "c.length === 5 && !(0 in c) && c[1] === 1 && !(2 in c) && 4 in c");
        w.round_trip("[1, , ]", "c.length === 2 && !(1 in c)");
        w.round_trip("[,]", "c.length === 1 && !(0 in c)");
        w.round_trip("Object.assign([1, 2], { extra: 'x' })", "c.length === 2 && c[1] === 2 && c.extra === 'x'");
        w.round_trip("Array(2 ** 32 - 1)", "c.length === 2 ** 32 - 1 && Object.keys(c).length === 0");
        w.round_trip(
            "Object.assign(Array(4e9), { 3e9: 'far', 7: 'near' })",
            "c.length === 4e9 && c[3e9] === 'far' && c[7] === 'near' && Object.keys(c).length === 2",
        );
        w.round_trip("Array.from({ length: 1000 }, (_, i) => ({ i }))", "c.length === 1000 && c[999].i === 999");
        w.round_trip("[undefined, undefined]", "c.length === 2 && 0 in c && 1 in c");
    });
}

#[test]
fn shared_references_and_cycles_stay_what_they_are() {
    world(|w| {
        w.round_trip(
            "(() => { const o = { x: 1 }; return [o, o, { o }] })()",
            "c[0] === c[1] && c[2].o === c[0] && c[0] !== v[0]",
        );
        w.round_trip("(() => { const o = {}; o.self = o; return o })()", "c.self === c");
        w.round_trip("(() => { const a = []; a.push(a, [a]); return a })()", "c[0] === c && c[1][0] === c");
        w.round_trip(
            "(() => { const m = new Map; m.set(m, m); m.set('s', new Set([m])); return m })()",
            "c.get(c) === c && c.get('s').has(c)",
        );
        w.round_trip(
            "(() => { const d = new Date(5), r = /x/, e = new Error('e'); e.cause = e; return [d, d, r, r, e, e] })()",
            "c[0] === c[1] && c[2] === c[3] && c[4] === c[5] && c[4].cause === c[4]",
        );
        w.round_trip("(() => { const all = Array.from({ length: 500 }, (_, i) => ({ i })); return [all, [...all].reverse()] })()",
            "c[0].every((o, i) => o.i === i && c[1][499 - i] === o)");
    });
}

#[test]
fn dates_and_regular_expressions_keep_their_state() {
    world(|w| {
        w.round_trip("new Date(1234567890123)", "c instanceof Date && +c === 1234567890123");
        w.round_trip("new Date(-1.5)", "+c === +v");
        w.round_trip("new Date(NaN)", "c instanceof Date && Number.isNaN(+c)");
        w.round_trip(
            "/a\\/b[/]\\n(?<n>ü)/dgimsuy",
            "c instanceof RegExp && c.source === v.source && c.flags === v.flags",
        );
        w.round_trip("/[\\p{L}--q]/v", "c.flags === 'v' && c.source === v.source");
        w.round_trip("new RegExp('')", "c.source === '(?:)' && c.flags === ''");
        w.round_trip("Object.assign(/x/g, { lastIndex: 7, extra: 1 })", "c.lastIndex === 0 && c.extra === undefined");
    });
}

#[test]
fn maps_and_sets_keep_order_and_nest() {
    world(|w| {
        w.round_trip("new Map", "c instanceof Map && c.size === 0");
        w.round_trip("new Map([[1, 'a'], ['1', 'b'], [NaN, 'c'], [-0, 'd'], [{ k: 1 }, [2]]])",
            "c.get(1) === 'a' && c.get('1') === 'b' && c.get(NaN) === 'c' && c.get(0) === 'd' && [...c.keys()][4].k === 1 && [...c.values()][4][0] === 2");
        w.round_trip("new Set([3, 1, 2, 'x', undefined, null])", "c instanceof Set && [...c].join() === '3,1,2,x,,'");
        w.round_trip(
            "new Map([[new Set([new Map([['deep', 1]])]), new Map([[new Map, new Set]])]])",
            "[...[...c.keys()][0]][0].get('deep') === 1 && [...[...c.values()][0].keys()][0] instanceof Map",
        );
        w.round_trip("new Set(Array.from({ length: 2000 }, (_, i) => ({ i })))", "c.size === 2000");
    });
}

#[test]
fn errors_keep_kind_name_message_stack_and_cause() {
    world(|w| {
        for kind in ["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"] {
            w.round_trip(&format!("new {kind}('boom')"), &format!(
                "Object.getPrototypeOf(c) === {kind}.prototype && c.message === 'boom' && c.stack === v.stack && !Object.hasOwn(c, 'name') && Object.keys(c).length === 0"
            ));
        }
        w.round_trip(
            "new Error('outer', { cause: new TypeError('inner', { cause: { deep: [1] } }) })",
            "c.cause instanceof TypeError && c.cause.message === 'inner' && c.cause.cause.deep[0] === 1",
        );
        w.round_trip(
            "new AggregateError([new Error('a'), 2], 'many')",
            "c instanceof AggregateError && c.errors[0].message === 'a' && c.errors[1] === 2 && c.message === 'many'",
        );
        w.round_trip(
            "(() => { class Odd extends RangeError { get name() { return 'Odd' } } return new Odd('x') })()",
            "Object.getPrototypeOf(c) === RangeError.prototype && c.name === 'Odd' && c.message === 'x'",
        );
        w.round_trip(
            "Object.assign(new Error('x'), { name: 'Mine', extra: 1 })",
            "c.name === 'Mine' && c.extra === undefined",
        );
        w.round_trip("new Error", "!Object.hasOwn(c, 'message') && c.message === ''");
        w.round_trip(
            "Object.assign(new Error('x'), { message: { toString() { return 'odd' } } })",
            "c.message === 'odd'",
        );
        w.round_trip("(() => { const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw 1 } }); return e })()",
            "!Object.hasOwn(c, 'message')");
        w.round_trip(
            "(() => { const e = new Error('x'); Object.defineProperty(e, 'name', { get() { throw 1 } }); return e })()",
            "c.message === 'x'",
        );
        w.round_trip(
            "(() => { const e = new Error('x'); e.stack = 'own stack'; return e })()",
            "c.stack === 'own stack'",
        );
        w.round_trip("new InternalError('i')", "c instanceof Error && c.name === 'InternalError'");
        w.round_trip(
            "typeof DOMException === 'undefined' ? 0 : new DOMException('m', 'AbortError')",
            "c === 0 || (c instanceof Error && c.name === 'AbortError' && c.message === 'm')",
        );
    });
}

#[test]
fn boxed_primitives_stay_boxed() {
    world(|w| {
        for source in ["Object(1.5)", "Object('tëxt')", "Object(true)", "Object(false)", "Object(-(2n**70n))"] {
            w.round_trip(source, "typeof c === 'object' && Object.getPrototypeOf(c) === Object.getPrototypeOf(v) && c.valueOf() === v.valueOf()");
        }
        w.round_trip("(() => { const b = new Number(1); return [b, b] })()", "c[0] === c[1]");
    });
}

#[test]
fn arguments_share_their_objects() {
    world(|w| unsafe {
        w.eval("globalThis.s = { list: [] }");
        let arguments = w.eval("[1, s, s.list, s]");
        let payload = w.encode(&arguments).unwrap();
        let values = decode_args(w.cx, &w.intrinsics, payload).unwrap();
        assert_eq!(values.len(), 4);
        let values: Vec<Owned> = values.into_iter().map(|value| Owned::new(w.cx, value)).collect();
        assert_eq!(address(values[1].raw()), address(values[3].raw()));
        let inner = get(w.cx, values[1].raw(), c"list").unwrap();
        assert_eq!(address(inner.raw()), address(values[2].raw()));

        let payload = w.encode(&w.eval("[]")).unwrap();
        assert!(decode_args(w.cx, &w.intrinsics, payload).unwrap().is_empty());
    });
}

#[test]
fn nothing_is_left_behind_after_many_clones() {
    world(|w| unsafe {
        let value = w.eval(
            "[{ a: 'text' + Math.random(), 'ключ': 2n ** 90n, d: new Date, r: /x/gi, m: new Map([['k' + Math.random(), new Set(['s'])]]), \
             e: new TypeError('x', { cause: new Error('c') }), b: new Uint8Array(5000), n: Object('boxed'), l: [, 1] }, new DataView(new ArrayBuffer(8))]",
        );
        let usage = || {
            qjs::JS_RunGC(qjs::JS_GetRuntime(w.cx));
            let mut usage = std::mem::zeroed::<qjs::JSMemoryUsage>();
            qjs::JS_ComputeMemoryUsage(qjs::JS_GetRuntime(w.cx), &mut usage);
            (usage.malloc_count, usage.atom_count, usage.obj_count)
        };
        let clone = || drop(Owned::new(w.cx, structured_clone(w.cx, &w.intrinsics, value.raw())));
        let refuse = || drop(w.refusal("({ ['k' + Math.random()]: [new Map([['key', { f() {} }]])] })"));
        for _ in 0..20 {
            clone();
            refuse();
        }
        let before = usage();
        for _ in 0..50 {
            clone();
            refuse();
        }
        assert_eq!(usage(), before);
        assert_eq!(w.used(), 0);
    });
}
