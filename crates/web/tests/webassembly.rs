//! `WebAssembly` in a guest: its classes, what crosses, and what hostile modules run into.

#![cfg(feature = "wasi")]
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod app;

use std::time::Duration;

use app::App;
use hostbox_engine::{Code, Failure};
use hostbox_web::EXTENSION;
use serde_json::{Value, json};

/// A script in which each text of a module is a constant with its bytes.
fn source(modules: &[(&str, &str)], script: &str) -> String {
    let mut source = String::from(
        "(async () => { const failure = (f) => { try { f(); return 'nothing' } catch (e) { return [e.constructor.name, e.message] } };",
    );
    for (name, text) in modules {
        let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
        source += &format!("const {name} = new Uint8Array({bytes:?});");
    }
    source + script + "})()"
}

fn ask(modules: &[(&str, &str)], script: &str) -> Value {
    let app = App::new(&EXTENSION);
    app.eval(&source(modules, script)).unwrap_or_else(|failure| panic!("{failure:?}"))
}

fn fails(modules: &[(&str, &str)], script: &str) -> Failure {
    let app = App::new(&EXTENSION);
    let failure = app.eval_within(&source(modules, script), Duration::from_millis(300)).expect_err("an end");
    assert_eq!(app.eval("6 * 7").unwrap_or_else(|failure| panic!("{failure:?}")), 42, "the sandbox goes on");
    failure
}

const MATHS: &str = r#"(module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "wide") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 3)))
  (func (export "half") (param f32 f64) (result f64) (f64.add (f64.promote_f32 (local.get 0)) (local.get 1)))
  (func (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0)))"#;

#[test]
fn numbers_cross_as_their_types_say() {
    let script = r"
        const { instance, module } = await WebAssembly.instantiate(maths);
        const { add, wide, half, swap } = instance.exports;
        return [add(2, 3), add(2 ** 31, 0), add('4', { valueOf: () => 5 }), add(1), String(wide(-7n)), String(wide(2n ** 63n)), half(0.1, 1),
            swap(1, 2n).map(String), failure(() => wide(1)), failure(() => add(1n, 1)), [add.name, add.length, wide.name],
            failure(() => new add()), instance.exports.add === add, Object.isFrozen(instance.exports),
            Object.getPrototypeOf(instance.exports), module instanceof WebAssembly.Module, instance instanceof WebAssembly.Instance];";
    let answer = ask(&[("maths", MATHS)], script);
    assert_eq!(answer[0], 5);
    assert_eq!(answer[1], i64::from(i32::MIN));
    assert_eq!(answer[2], 9);
    assert_eq!(answer[3], 1);
    assert_eq!(answer[4], "-21");
    assert_eq!(answer[5], "-9223372036854775808");
    assert_eq!(answer[6], 1.0 + f64::from(0.1_f32));
    assert_eq!(answer[7], json!(["2", "1"]));
    assert_eq!(answer[8][0], "TypeError");
    assert_eq!(answer[9][0], "TypeError");
    assert_eq!(answer[10], json!(["0", 2, "1"]));
    assert_eq!(answer[11][0], "TypeError");
    assert_eq!(
        answer.as_array().map(|all| all[12..].to_vec()),
        Some(vec![json!(true), json!(true), json!(null), json!(true), json!(true)])
    );
}

const IMPORTS: &str = r#"(module
  (import "env" "log" (func $log (param i32 f64) (result i32)))
  (import "env" "pair" (func $pair (result i32 i64)))
  (import "env" "base" (global $base i32))
  (func (export "run") (param i32) (result i32) (i32.add (global.get $base) (call $log (local.get 0) (f64.const 0.5))))
  (func (export "pair") (result i32 i64) (call $pair))
  (export "again" (func $log))
  (@custom "note" "one") (@custom "note" "two"))"#;

#[test]
fn imports_are_called_and_what_they_throw_comes_out_unchanged() {
    let script = r"
        const module = new WebAssembly.Module(imports);
        const thrown = { mine: true };
        let pair = () => new Set([7, 8n]);
        const env = { base: 100, log(a, b) { if (a < 0) throw thrown; return [this, a, b].length + a + b * 2 }, pair: () => pair() };
        const { exports } = new WebAssembly.Instance(module, { env });
        let caught; try { exports.run(-1) } catch (error) { caught = error }
        const texts = WebAssembly.Module.customSections(module, 'note').map((one) => new TextDecoder().decode(one));
        const two = exports.pair().map(String);
        pair = () => [1];
        return [exports.run(1), caught === thrown, two, failure(() => exports.pair())[0], texts, exports.again.name,
            WebAssembly.Module.imports(module).map(({ module, name, kind }) => [module, name, kind].join()),
            WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind].join())];";
    assert_eq!(
        ask(&[("imports", IMPORTS)], script),
        json!([
            105,
            true,
            ["7", "8"],
            "TypeError",
            ["one", "two"],
            "0",
            ["env,log,function", "env,pair,function", "env,base,global"],
            ["run,function", "pair,function", "again,function"]
        ])
    );
}

#[test]
fn imports_that_do_not_fit_are_link_errors_or_type_errors() {
    let script = r"
        const module = new WebAssembly.Module(imports);
        const make = (env) => () => new WebAssembly.Instance(module, env === undefined ? undefined : { env });
        const other = new WebAssembly.Instance(new WebAssembly.Module(maths)).exports;
        const all = { log() {}, pair() {}, base: 1 };
        return [make(undefined), make(1), make({}), make({ ...all, base: 1n }), make({ ...all, log: other.wide }),
            make({ ...all, base: new WebAssembly.Global({ value: 'i64' }) }),
            () => new WebAssembly.Instance({}), () => new WebAssembly.Module('text'), () => new WebAssembly.Module(new Uint8Array([1, 2])),
            () => WebAssembly.Module(maths)].map((one) => failure(one)[0]);";
    assert_eq!(
        ask(&[("imports", IMPORTS), ("maths", MATHS)], script),
        json!([
            "TypeError",
            "TypeError",
            "LinkError",
            "LinkError",
            "LinkError",
            "LinkError",
            "TypeError",
            "TypeError",
            "CompileError",
            "TypeError"
        ])
    );
}

const MEMORY: &str = r#"(module
  (import "env" "look" (func $look))
  (memory (export "memory") 1 4)
  (data (i32.const 8) "hello")
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "growAndLook") (drop (memory.grow (i32.const 1))) (i32.store8 (i32.const 0) (i32.const 9)) (call $look))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))"#;

#[test]
fn a_buffer_aliases_its_memory_until_it_grows() {
    let script = r"
        let seen;
        const { instance: { exports } } = await WebAssembly.instantiate(memory, { env: { look() {
            seen = [first.byteLength, exports.memory.buffer.byteLength, new Uint8Array(exports.memory.buffer)[0]];
        } } });
        const first = exports.memory.buffer;
        const bytes = new Uint8Array(first);
        const text = new TextDecoder().decode(bytes.subarray(8, 13));
        bytes[100] = 77;
        const loaded = exports.load(100);
        const same = exports.memory.buffer === first;
        exports.growAndLook();
        const second = exports.memory.buffer;
        const third = (exports.memory.grow(1), exports.memory.buffer);
        exports.memory.grow(0);
        return [text, loaded, same, seen, first.detached, bytes.length, second.detached, third.detached, exports.memory.buffer.byteLength,
            exports.grow(9), failure(() => exports.memory.grow(9))[0], failure(() => exports.load(1 << 20)), first.byteLength];";
    let answer = ask(&[("memory", MEMORY)], script);
    assert_eq!(
        answer,
        json!([
            "hello",
            77,
            true,
            [0, 131_072, 9],
            true,
            0,
            true,
            true,
            196_608,
            -1,
            "RangeError",
            ["RuntimeError", "out of bounds memory access"],
            0
        ])
    );
}

#[test]
fn the_buffer_of_a_memory_cannot_be_taken_from_it() {
    let script = r"
        const memory = new WebAssembly.Memory({ initial: 1 });
        const { buffer } = memory;
        const channel = new MessageChannel();
        const names = [() => buffer.transfer(), () => buffer.transfer(0), () => buffer.transferToFixedLength(5),
            () => structuredClone(buffer, { transfer: [buffer] }), () => channel.port1.postMessage(buffer, [buffer]),
            () => structuredClone(memory)].map((one) => failure(one)[0]);
        const copy = structuredClone(buffer);
        const id = await native.put(buffer);
        const put = (await native.info(id)).byteLength;
        channel.port1.close();
        new Uint8Array(buffer)[1] = 5;
        return [names, copy.byteLength, put, buffer.detached, memory.buffer === buffer, new Uint8Array(memory.buffer)[1]];";
    assert_eq!(
        ask(&[], script),
        json!([
            ["TypeError", "TypeError", "TypeError", "DOMException", "DOMException", "DOMException"],
            65_536,
            65_536,
            false,
            true,
            5
        ])
    );
}

const TABLES: &str = r#"(module
  (type $unary (func (param i32) (result i32)))
  (table (export "table") 4 10 funcref)
  (func $double (export "double") (type $unary) (i32.mul (local.get 0) (i32.const 2)))
  (func $hidden (type $unary) (i32.add (local.get 0) (i32.const 100)))
  (elem (i32.const 0) $double $hidden)
  (func (export "call") (param i32 i32) (result i32) (call_indirect (type $unary) (local.get 1) (local.get 0))))"#;

#[test]
fn tables_hold_functions_by_their_identity() {
    let script = r"
        const { instance: { exports } } = await WebAssembly.instantiate(tables);
        const { table } = exports;
        const own = new WebAssembly.Table({ element: 'anyfunc', initial: 2, maximum: 3 }, exports.double);
        table.set(2, table.get(1));
        return [table.length, table.get(0) === exports.double, table.get(1) === table.get(2), table.get(3), table.get(1)(5), exports.call(2, 7),
            failure(() => exports.call(3, 0))[0], failure(() => exports.call(99, 0))[0], failure(() => table.get(4))[0],
            failure(() => table.set(0, () => 1))[0], table.grow(2), table.length, failure(() => table.grow(100))[0],
            own.get(1)(4), own.grow(1, null), failure(() => own.grow(1))[0], exports.table === table,
            failure(() => new WebAssembly.Table({ element: 'anyfunc', initial: 2 ** 31 }))[0],
            failure(() => new WebAssembly.Table({ element: 'anyfunc', initial: 3, maximum: 2 }))[0],
            failure(() => new WebAssembly.Table({ element: 'externref', initial: 1 }))[0]];";
    assert_eq!(
        ask(&[("tables", TABLES)], script),
        json!([
            4,
            true,
            true,
            null,
            105,
            107,
            "RuntimeError",
            "RuntimeError",
            "RangeError",
            "TypeError",
            4,
            6,
            "RangeError",
            8,
            2,
            "RangeError",
            true,
            "RangeError",
            "RangeError",
            "TypeError"
        ])
    );
}

const GLOBALS: &str = r#"(module
  (import "env" "count" (global $count (mut i64)))
  (global (export "fixed") f64 (f64.const 2.5))
  (export "count" (global $count))
  (func (export "next") (global.set $count (i64.add (global.get $count) (i64.const 1)))))"#;

#[test]
fn globals_are_shared_between_scripts_and_instances() {
    let script = r"
        const count = new WebAssembly.Global({ value: 'i64', mutable: true }, 41n);
        const { instance: { exports } } = await WebAssembly.instantiate(globals, { env: { count } });
        exports.next();
        const after = String(count.value);
        count.value = 1n; exports.next();
        return [after, String(count.valueOf()), exports.count === count, exports.fixed.value, failure(() => { exports.fixed.value = 1 })[0],
            failure(() => { count.value = 1 })[0], new WebAssembly.Global({ value: 'i32' }).value,
            new WebAssembly.Global({ value: 'anyfunc' }, exports.next).value === exports.next, failure(() => new WebAssembly.Global({ value: 'x' }))[0]];";
    assert_eq!(
        ask(&[("globals", GLOBALS)], script),
        json!(["42", "2", true, 2.5, "TypeError", "TypeError", 0, true, "TypeError"])
    );
}

#[test]
fn errors_are_of_their_own_classes() {
    let traps = r#"(module (func (export "go") unreachable) (func (export "zero") (result i32) (i32.div_s (i32.const 1) (i32.const 0))))"#;
    let script = r"
        const { instance: { exports } } = await WebAssembly.instantiate(traps);
        const { CompileError, RuntimeError } = WebAssembly;
        const rejected = await WebAssembly.compile(new Uint8Array(3)).catch((error) => [error instanceof CompileError, error instanceof Error, error.name]);
        return [failure(exports.go), failure(exports.zero), rejected, RuntimeError('x', { cause: 1 }).cause, String(new RuntimeError('y')),
            Object.prototype.toString.call(WebAssembly), WebAssembly.validate(traps), WebAssembly.validate(new Uint8Array(9)),
            Object.keys(WebAssembly).sort(), Object.prototype.toString.call(new WebAssembly.Memory({ initial: 0 }))];";
    assert_eq!(
        ask(&[("traps", traps)], script),
        json!([
            ["RuntimeError", "wasm `unreachable` instruction executed"],
            ["RuntimeError", "integer divide by zero"],
            [true, true, "CompileError"],
            1,
            "RuntimeError: y",
            "[object WebAssembly]",
            true,
            false,
            ["compile", "compileStreaming", "instantiate", "instantiateStreaming", "validate"],
            "[object WebAssembly.Memory]"
        ])
    );
}

#[test]
fn responses_are_compiled_where_their_type_says_so() {
    let script = r"
        const response = (type, status = 200) => new Response(maths, { status, headers: { 'content-type': type } });
        const { instance } = await WebAssembly.instantiateStreaming(Promise.resolve(response('Application/WASM')));
        const module = await WebAssembly.compileStreaming(response('application/wasm'));
        const used = response('application/wasm'); await used.text();
        const refused = [response('text/plain'), response('application/wasm', 404), used, {}, undefined];
        const errors = await Promise.all(refused.map((one) => WebAssembly.compileStreaming(one).catch((error) => error.name)));
        return [instance.exports.add(1, 2), WebAssembly.Module.exports(module).length, errors];";
    assert_eq!(
        ask(&[("maths", MATHS)], script),
        json!([3, 4, ["TypeError", "TypeError", "TypeError", "TypeError", "TypeError"]])
    );
}

const NESTED: &str = r#"(module
  (import "env" "back" (func $back (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "down") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $back (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func $deep (export "deep") (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0)))))"#;

#[test]
fn calls_alternate_between_script_and_module_until_the_stack_is_used_up() {
    let script = r"
        let depth = 0;
        const { instance: { exports } } = await WebAssembly.instantiate(nested, { env: { back(n) { depth++; return exports.down(n) } } });
        const fine = exports.down(20);
        depth = 0;
        const end = failure(() => exports.down(1e9));
        return [fine, depth > 20, end[0] === 'RangeError' || end[0] === 'InternalError' || end, failure(() => exports.deep(1)), exports.down(5)];";
    assert_eq!(
        ask(&[("nested", NESTED)], script),
        json!([20, true, true, ["RangeError", "Maximum call stack size exceeded"], 5])
    );
}

#[test]
fn endless_modules_end_at_the_deadline() {
    let endless = r#"(module (func (export "go") (loop $more (br $more))))"#;
    let started = "(module (func $go (loop $more (br $more))) (start $go))";
    let swallow = "try { new WebAssembly.Instance(new WebAssembly.Module(endless)).exports.go() } catch {} for (;;);";
    assert_eq!(fails(&[("endless", endless)], swallow).code, Code::Timeout);
    assert_eq!(fails(&[("endless", started)], "await WebAssembly.instantiate(endless)").code, Code::Timeout);
    let calling = r#"(module (import "env" "f" (func $f)) (func (export "go") (loop $more (call $f) (br $more))))"#;
    let script =
        "const { instance } = await WebAssembly.instantiate(endless, { env: { f() {} } }); instance.exports.go()";
    assert_eq!(fails(&[("endless", calling)], script).code, Code::Timeout);
    let script = "const { instance } = await WebAssembly.instantiate(endless, { env: { f() { for (;;); } } }); instance.exports.go()";
    assert_eq!(fails(&[("endless", calling)], script).code, Code::Timeout);
}

#[test]
fn memories_and_tables_count_towards_memory_bytes() {
    let script = r"
        const large = failure(() => new WebAssembly.Memory({ initial: 65536 }))[0];
        const grown = new WebAssembly.Memory({ initial: 1 });
        const refused = failure(() => grown.grow(65000))[0];
        const many = failure(() => { for (;;) new WebAssembly.Memory({ initial: 1 }) });
        const small = /^(Range|Internal)Error$/.test(failure(() => { for (;;) new WebAssembly.Global({ value: 'i32' }) })[0]);
        return [large, refused, many[0], small, grown.buffer.byteLength];";
    assert_eq!(ask(&[], script), json!(["RangeError", "RangeError", "RangeError", true, 65_536]));
}

#[test]
fn getters_of_imports_may_do_anything() {
    let script = r"
        const module = new WebAssembly.Module(imports);
        let made = 0;
        const env = { get log() { if (made++ < 3) new WebAssembly.Instance(module, { env }); return () => 0 }, pair() {}, get base() { throw made } };
        const seen = failure(() => new WebAssembly.Instance(module, { env }));
        const memory = new WebAssembly.Memory({ initial: 1 });
        const view = new Uint8Array(memory.buffer);
        view.set({ length: 3, get 0() { memory.grow(1); return 7 }, 1: 8, 2: 9 });
        view[0] = { valueOf() { memory.grow(1); return 1 } };
        const more = new Uint8Array(memory.buffer);
        const filled = failure(() => more.fill({ valueOf() { memory.grow(1); return 1 } }))[0];
        return [made, seen[0], view.length, filled, more.length, memory.buffer.byteLength];";
    let answer = ask(&[("imports", IMPORTS)], script);
    assert_eq!(answer, json!([4, "Number", 0, "TypeError", 0, 4 * 65_536]));
}

#[test]
fn spoiled_built_ins_do_not_reach_it() {
    let spoil = r"
        WebAssembly.Module;
        const { defineProperty, getPrototypeOf } = Object;
        const { ownKeys } = Reflect;
        const how = () => { throw 'spoiled' };
        const targets = [Map.prototype, WeakMap.prototype, String.prototype, Function.prototype, getPrototypeOf(Uint8Array.prototype),
            ArrayBuffer.prototype, Reflect, Math, Array.prototype];
        for (let i = 0; i < targets.length; i++) {
            const keys = ownKeys(targets[i]);
            for (let j = 0; j < keys.length; j++) {
                // The engine's own template literals call it.
                if (keys[j] === 'concat') continue;
                try { defineProperty(targets[i], keys[j], { __proto__: null, value: how }) } catch {}
            }
        }
        for (let i = 0; i < 4; i++) defineProperty(Array.prototype, i, { __proto__: null, get: how, set: how });
        defineProperty(Object.prototype, 'get', { __proto__: null, get: how, set: how });
        defineProperty(Object.prototype, 'set', { __proto__: null, get: how, set: how });";
    let script = format!(
        r"{spoil}
        const module = new WebAssembly.Module(imports);
        const {{ exports }} = new WebAssembly.Instance(module, {{ env: {{ base: 1, log: () => 2, pair: () => 0 }} }});
        const memory = new WebAssembly.Memory({{ initial: 1 }});
        const table = new WebAssembly.Table({{ element: 'anyfunc', initial: 1 }}, exports.run);
        globalThis.seen = exports.run(3) + memory.grow(1) + table.get(0)(4);"
    );
    let app = App::new(&EXTENSION);
    let spoiled = app.eval(&source(&[("imports", IMPORTS)], &script));
    assert_eq!(app.eval("seen").unwrap_or_else(|failure| panic!("{failure:?}, after {spoiled:?}")), 7);
}

#[test]
fn what_a_module_of_one_sandbox_holds_is_given_back_with_it() {
    for _ in 0..40 {
        let app = App::new(&EXTENSION);
        let made = "for (let i = 0; i < 60; i++) new WebAssembly.Memory({ initial: 1 }).buffer; 1";
        assert_eq!(app.eval(made).unwrap_or_else(|failure| panic!("{failure:?}")), 1);
    }
}
