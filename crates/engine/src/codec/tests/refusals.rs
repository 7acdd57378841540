use super::*;

#[test]
fn what_structured_clone_refuses_is_named_with_its_path() {
    world(|w| {
        for (source, refusal) in [
            ("(function () {})", "result: a function"),
            ("Symbol()", "result: a symbol"),
            ("({ a: { b: () => {} } })", "result.a.b: a function"),
            ("[1, 2, 3, Symbol.iterator]", "result[3]: a symbol"),
            ("[, , { x: class {} }]", "result[2].x: a function"),
            ("({ 'odd key': Math.max })", "result[\"odd key\"]: a function"),
            ("({ 7: parseInt })", "result[7]: a function"),
            ("Object.assign(Array(5e6), { 4e6: parseInt })", "result[4000000]: a function"),
            ("new Map([['k', () => 1]])", "result.get(\"k\"): a function"),
            ("new Map([[5, () => 1]])", "result.get(5): a function"),
            ("new Map([[{}, () => 1]])", "result.values()[0]: a function"),
            ("new Map([[1, 1], [() => 1, 1]])", "result.keys()[1]: a function"),
            ("new Set([1, { f() {} }])", "result.values()[1].f: a function"),
            ("new Error('x', { cause: { f() {} } })", "result.cause.f: a function"),
            ("new AggregateError([() => 1])", "result.errors[0]: a function"),
            ("new Proxy({}, {})", "result: a Proxy"),
            ("({ p: Promise.resolve() })", "result.p: a Promise"),
            ("new WeakMap", "result: a WeakMap"),
            ("new WeakSet", "result: a WeakSet"),
            ("new WeakRef({})", "result: a WeakRef"),
            ("new SharedArrayBuffer(8)", "result: a SharedArrayBuffer"),
            ("({ v: new Uint8Array(new SharedArrayBuffer(8)) })", "result.v: a SharedArrayBuffer"),
            ("(function* () {})()", "result: a Generator"),
            ("[][Symbol.iterator]()", "result: an Array Iterator"),
            ("new Map().keys()", "result: a Map Iterator"),
            ("Object(Symbol())", "result: a Symbol"),
            ("new FinalizationRegistry(() => {})", "result: a FinalizationRegistry"),
            ("(() => { const b = new ArrayBuffer(8); b.transfer(); return b })()", "result: a detached ArrayBuffer"),
            (
                "(() => { const a = new Uint8Array(8); a.buffer.transfer(); return { a } })()",
                "result.a: a view beyond the end of its buffer",
            ),
            (
                "(() => { const a = new DataView(new ArrayBuffer(8)); a.buffer.transfer(); return [a] })()",
                "result[0]: a view beyond the end of its buffer",
            ),
            (
                "(() => { const b = new ArrayBuffer(8, { maxByteLength: 16 }); const a = new Uint8Array(b, 4, 4); b.resize(6); return [a] })()",
                "result[0]: a view beyond the end of its buffer",
            ),
            ("({ $ok_1: { ünï: [[() => 1]] } })", "result.$ok_1.ünï[0][0]: a function"),
        ] {
            assert_eq!(w.refusal(source), refusal, "{source}");
        }
    });
}

#[test]
fn a_class_with_a_native_payload_is_refused() {
    world(|w| unsafe {
        let runtime = qjs::JS_GetRuntime(w.cx);
        let mut class = 0;
        qjs::JS_NewClassID(runtime, &mut class);
        let definition = qjs::JSClassDef { class_name: c"Native".as_ptr(), ..std::mem::zeroed() };
        assert_eq!(qjs::JS_NewClass(runtime, class, &definition), 0);
        w.set_global("native", Owned::new(w.cx, qjs::JS_NewObjectClass(w.cx, class)));
        assert_eq!(w.refusal("({ a: native })"), "result.a: a Native");
    });
}

#[test]
fn nesting_is_bounded_on_both_sides() {
    world(|w| {
        w.eval(
            "globalThis.nest = (n, wrap) => { let v = wrap(null); for (let i = 1; i < n; i++) v = wrap(v); return v }",
        );
        for wrap in
            ["v => [v]", "v => ({ v })", "v => new Map([['k', v]])", "v => new Set([v])", "v => new Map([[v, 1]])"]
        {
            w.round_trip(&format!("nest(4999, {wrap})"), "c.constructor === v.constructor");
            let refusal = w.refusal(&format!("nest(5001, {wrap})"));
            assert!(refusal.ends_with("…: nesting of more than 5,000 levels"), "{refusal}");
            assert!(refusal.len() < 400);
        }
        let mut bytes = [0x0D, 1].repeat(5_001);
        bytes.push(1);
        assert!(matches!(w.decode(Payload { bytes, blocks: Vec::new() }), Err(DecodeError::Malformed(_))));
    });
}

#[test]
fn deep_nesting_needs_no_native_stack() {
    let thread = std::thread::Builder::new().stack_size(256 << 10);
    let run = thread.spawn(|| {
        let runtime = Runtime::new().unwrap();
        runtime.set_max_stack_size(64 << 10);
        let context = Context::full(&runtime).unwrap();
        context.with(|ctx| unsafe {
            let cx = ctx.as_raw().as_ptr();
            let intrinsics = Intrinsics::capture(cx, None);
            let source = "let v = 0; for (let i = 0; i < 4990; i++) v = [{ v }][0]; v";
            let value: rquickjs::Value<'_> = ctx.eval(source).unwrap();
            let clone = structured_clone(cx, &intrinsics, value.as_raw());
            qjs::JS_FreeValue(cx, clone);
            intrinsics.free(cx);
        });
    });
    run.unwrap().join().unwrap();
}

#[test]
fn a_walk_can_be_stopped() {
    world(|w| {
        let value = w.eval("Array.from({ length: 100000 }, (_, i) => ({ i }))");
        let asked = std::cell::Cell::new(0);
        let poll = || {
            asked.set(asked.get() + 1);
            asked.get() == 3
        };
        let options = EncodeOptions { poll: Some(&poll), ..EncodeOptions::default() };
        assert!(matches!(w.encode_with(&value, &options), Err(EncodeError::Interrupted)));
        assert_eq!(asked.get(), 3);
    });
}

#[test]
fn a_payload_may_not_outgrow_its_limit() {
    world(|w| {
        for source in [
            "Array(1000).fill('x'.repeat(1e6))",
            "Array(1000).fill(0).map(() => ({ ['k'.repeat(1e6)]: 1 }))",
            "Array(1e6).fill(1.5)",
            "Array(100).fill(0).map(() => new ArrayBuffer(100000))",
        ] {
            let options = EncodeOptions { max_bytes: 4 << 20, ..EncodeOptions::default() };
            let error = w.encode_with(&w.eval(source), &options).unwrap_err();
            assert!(error.to_string().contains("a value of more than 4194304 bytes"), "{error}");
        }
    });
}
