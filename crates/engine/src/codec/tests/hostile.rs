use super::*;

#[test]
fn poisoned_prototypes_do_not_disturb() {
    world(|w| {
        w.eval(
            "globalThis.trapped = 0; const trap = () => { trapped++; throw new Error('trapped') }; \
             for (const key of ['a', 'b', '0', '1', 'maxByteLength', 'stack', 'message', 'cause', 'name', 'length']) \
               Object.defineProperty(Object.prototype, key, { set: trap, configurable: true }); \
             Object.defineProperty(Array.prototype, '0', { set: trap, get: trap, configurable: true }); \
             for (const [owner, ...names] of [[Map.prototype, 'set', 'get', 'forEach', 'entries', 'keys', 'size'], \
               [Set.prototype, 'add', 'forEach', 'values', 'size'], [Date.prototype, 'getTime', 'valueOf', 'toJSON'], \
               [RegExp.prototype, 'source', 'flags', 'global', 'exec', 'toString'], [BigInt.prototype, 'toString', 'valueOf'], \
               [ArrayBuffer.prototype, 'byteLength', 'resizable', 'maxByteLength', 'slice'], [DataView.prototype, 'buffer', 'byteLength', 'byteOffset'], \
               [Object.getPrototypeOf(Uint8Array.prototype), 'buffer', 'byteLength', 'byteOffset', 'length'], \
               [Number.prototype, 'valueOf'], [String.prototype, 'valueOf'], [Boolean.prototype, 'valueOf']]) \
               for (const name of names) Object.defineProperty(owner, name, { get: trap, set: trap, configurable: true }); \
             for (const owner of [Array.prototype, Map.prototype, Set.prototype, Object.getPrototypeOf(Uint8Array.prototype)]) \
               Object.defineProperty(owner, Symbol.iterator, { get: trap, configurable: true }); \
             Object.defineProperty(ArrayBuffer, Symbol.species, { get: trap }); \
             ['Map', 'Set', 'Date', 'RegExp', 'BigInt', 'DataView', 'Uint8Array', 'ArrayBuffer', 'TypeError', 'Object', 'Array'].forEach(name => { \
               globalThis['Real' + name] = globalThis[name], globalThis[name] = trap });",
        );
        let value = w.eval(
            "({ a: 1, b: [1, 2], m: new RealMap, s: new RealSet, d: new RealDate(5), r: /x/gi, n: 2n ** 80n, o: 5n, \
               e: new RealTypeError('boom'), v: (v => (v[2] = 3, v))(new RealUint8Array(3)), w: new RealDataView(new RealArrayBuffer(4)) })",
        );
        let payload = w.encode(&value).unwrap();
        w.set_global("c", w.decode(payload).unwrap());
        w.is_true("trapped === 0 && c.a === 1 && c.b[1] === 2 && c.n === 2n ** 80n && c.v[2] === 3");
        w.is_true("RealObject.getOwnPropertyDescriptor(c.e, 'message').value === 'boom'");
    });
}

#[test]
fn what_getters_throw_reaches_the_caller() {
    world(|w| {
        for source in [
            "({ a: { get b() { throw new RangeError('mine') } } })",
            "[1, Object.defineProperty([], 0, { get() { throw new RangeError('mine') }, enumerable: true })]",
            "Object.defineProperty(new Error('x'), 'cause', { get() { throw new RangeError('mine') } })",
        ] {
            assert!(matches!(w.encode(&w.eval(source)), Err(EncodeError::Exception)), "{source}");
            assert_eq!(w.exception(), "RangeError: mine");
        }
    });
}

#[test]
fn getters_that_change_what_is_walked_do_no_harm() {
    world(|w| {
        w.round_trip(
            "{ get a() { delete this.b; delete this.c; return 1 }, b: 2, c: undefined, d: 4 }",
            "JSON.stringify(c) === '{\"a\":1,\"d\":4}'",
        );
        w.round_trip("(() => { const a = [0, 1, 2, 3, 4]; Object.defineProperty(a, 0, { get() { a.length = 2; return 'x' }, enumerable: true }); return a })()",
            "c[0] === 'x' && c[1] === 1 && !(4 in c)");
        w.round_trip("(() => { const a = [0, 1]; Object.defineProperty(a, 0, { get() { for (let i = 0; i < 1000; i++) a.push(i); return 'x' }, enumerable: true }); return a })()",
            "c.length === 2 && c[0] === 'x'");
        w.round_trip("(() => { const m = new Map; m.set('a', { get x() { m.clear(); for (let i = 0; i < 100; i++) m.set(i, i); return 1 } }); m.set('b', { y: 2 }); return m })()",
            "c.size === 2 && c.get('a').x === 1 && c.get('b').y === 2");
        w.round_trip(
            "(() => { const s = new Set([{ get x() { s.clear(); return 1 } }, { y: 2 }]); return s })()",
            "c.size === 2",
        );
        w.round_trip("(() => { const big = new Uint8Array(5000); return { get a() { return new Uint8Array(4000) }, get b() { big.buffer.transfer(); return 1 }, c: 1 } })()",
            "c.a.length === 4000");
        // Fresh objects of getters must not be taken for one another when their memory is used again.
        w.round_trip(
            "Array.from({ length: 300 }, (_, i) => ({ get o() { return { i } } }))",
            "c.every((e, i) => e.o.i === i) && new Set(c.map(e => e.o)).size === 300",
        );
        w.round_trip("(() => { const o = {}; for (let i = 0; i < 500; i++) Object.defineProperty(o, 'k' + i, { configurable: true, enumerable: true, get() { delete o['k' + (i + 1)]; o['n' + i] = 1; return i } }); return o })()",
            "Object.keys(c).length === 250 && c.k0 === 0 && c.k498 === 498");
    });
}

#[test]
fn an_encoding_inside_a_getter_disturbs_neither() {
    world(|w| unsafe {
        static WORLD: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        unsafe extern "C" fn clone(
            cx: Cx,
            _this: JSValue,
            _count: std::ffi::c_int,
            arguments: *mut JSValue,
        ) -> JSValue {
            unsafe {
                let world = &*(WORLD.load(Relaxed) as *const World);
                structured_clone(cx, &world.intrinsics, *arguments)
            }
        }
        WORLD.store(std::ptr::from_ref(w) as usize, Relaxed);
        let kind = qjs::JSCFunctionEnum_JS_CFUNC_generic;
        let function = qjs::JS_NewCFunction2(w.cx, Some(clone), c"clone".as_ptr(), 1, kind, 0);
        w.set_global("clone", Owned::new(w.cx, function));
        w.round_trip(
            "[{ a: 1 }, { get b() { return clone([{ a: [2] }, { a: [3] }]) } }, { a: 4 }]",
            "c[0].a === 1 && c[1].b[1].a[0] === 3 && c[2].a === 4",
        );
    });
}

#[test]
fn the_engines_interrupt_ends_a_walk() {
    let runtime = Runtime::new().unwrap();
    let context = Context::full(&runtime).unwrap();
    runtime.set_interrupt_handler(Some(Box::new({
        let mut polls = 0;
        move || {
            polls += 1;
            polls > 20
        }
    })));
    context.with(|ctx| unsafe {
        let cx = ctx.as_raw().as_ptr();
        let intrinsics = Intrinsics::capture(cx, None);
        let value: rquickjs::Value<'_> = ctx.eval("({ get a() { for (;;); } })").unwrap();
        let mut payload = Payload::default();
        let error = encode(cx, &intrinsics, value.as_raw(), &EncodeOptions::default(), &mut payload).unwrap_err();
        assert!(matches!(error, EncodeError::Exception));
        let exception = Owned::new(cx, qjs::JS_GetException(cx));
        assert!(qjs::JS_IsUncatchableError(exception.raw()));
        drop(exception);
        // An error that interrupts while it is described leaves the interrupt pending.
        let value: rquickjs::Value<'_> = ctx.eval("({ __proto__: null, get message() { for (;;); } })").unwrap();
        let error: rquickjs::Value<'_> =
            ctx.eval("Object.defineProperty(new Error('x'), 'message', { get() { for (;;); } })").unwrap();
        drop(value);
        assert_eq!(describe_error(cx, &intrinsics, error.as_raw()).message, "");
        let exception = Owned::new(cx, qjs::JS_GetException(cx));
        assert!(qjs::JS_IsUncatchableError(exception.raw()));
        drop(exception);
        drop(error);
        intrinsics.free(cx);
    });
    drop(context);
}
