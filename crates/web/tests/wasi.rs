//! `wasi` in a guest: arguments, ids, streams and errors.

#![cfg(feature = "wasi")]
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod app;

use app::App;
use hostbox_web::EXTENSION;
use serde_json::{Value, json};

/// Writes its input to its output, and ends with the number of its arguments plus ten times that of its variables.
const CAT: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (func (export "_start")
    (loop $more
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const 65536))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
      (if (i32.load (i32.const 16)) (then
        (i32.store (i32.const 4) (i32.load (i32.const 16)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))
        (br $more))))
    (drop (call $args (i32.const 24) (i32.const 28)))
    (drop (call $environ (i32.const 32) (i32.const 36)))
    (call $exit (i32.add (i32.load (i32.const 24)) (i32.mul (i32.const 10) (i32.load (i32.const 32)))))))"#;

/// Runs a script in which `module` is the compiled text.
fn ask(text: &str, script: &str) -> Value {
    let app = App::new(&EXTENSION);
    let bytes = wat::parse_str(text).expect("text of a module");
    let source = format!("(async () => {{ const module = new Uint8Array({bytes:?}); {script} }})()");
    app.eval(&source).unwrap_or_else(|failure| panic!("{failure:?}"))
}

#[test]
fn a_command_reads_and_writes_buffers_of_the_store() {
    let script = r"
        const stdinId = await native.put(new TextEncoder().encode('hello'));
        const ended = await wasi.run(module, { args: ['a', 'b'], stdinId });
        const out = new TextDecoder().decode(await wasi.takeStdout(ended));
        const err = await wasi.takeStderr(ended);
        return [ended.exitCode % 10, out, err.length, (await native.info(stdinId)).byteLength];";
    assert_eq!(ask(CAT, script), json!([3, "hello", 0, 5]));
}

#[test]
fn the_environment_is_the_granted_one() {
    let variables = app::environment().iter().count();
    let script = "return Math.floor((await wasi.run(module)).exitCode / 10);";
    assert_eq!(ask(CAT, script), json!(variables));
}

#[test]
fn a_module_by_id_is_consumed_unless_it_is_to_be_used_again() {
    let script = r"
        const id = await native.put(module);
        const codes = [];
        for (const reuseModule of [true, true, false]) codes.push((await wasi.runById(id, { reuseModule })).exitCode % 10);
        const gone = await wasi.runById(id).catch((error) => [error.name, error.code]);
        return [codes, gone];";
    assert_eq!(ask(CAT, script), json!([[1, 1, 1], ["TypeError", "ERR_ID_NOT_FOUND"]]));
}

#[test]
fn output_and_input_are_chained_without_the_guest() {
    let script = r"
        const id = await native.put(module);
        let stdinId = await native.put(new Uint8Array([1, 2, 3]));
        for (let i = 0; i < 3; i++) stdinId = (await wasi.runById(id, { stdinId, reuseModule: true })).stdoutId;
        return [...(await native.take(stdinId))];";
    assert_eq!(ask(CAT, script), json!([1, 2, 3]));
}

#[test]
fn errors_have_names_and_codes() {
    let failure = "const failure = (promise) => promise.then(() => 'nothing', (error) => [error.name, error.code]);";
    let traps = r#"(module (func (export "_start") unreachable))"#;
    let script = format!(
        "{failure} return [
            await failure(wasi.run(module)),
            await failure(wasi.run(new Uint8Array([1, 2, 3]))),
            await failure(wasi.runById(99)),
            await failure(wasi.run(module, {{ stdinId: 99 }})),
            await failure(wasi.run('text')),
            await failure(wasi.run(module, {{ args: ['a\\0b'] }})),
            await failure(wasi.run(module, {{ reuseModule: 1 }})),
            await failure(wasi.run(module, {{ fuel: -1 }})),
            await failure(wasi.run(module, {{ stackBytes: 2 << 20 }})),
        ];"
    );
    assert_eq!(
        ask(traps, &script),
        json!([
            ["Error", "ERR_WASM_TRAP"],
            ["TypeError", "ERR_WASM_COMPILE"],
            ["TypeError", "ERR_ID_NOT_FOUND"],
            ["TypeError", "ERR_ID_NOT_FOUND"],
            ["TypeError", "ERR_ARGUMENT"],
            ["TypeError", "ERR_ARGUMENT"],
            ["TypeError", "ERR_ARGUMENT"],
            ["TypeError", "ERR_ARGUMENT"],
            ["TypeError", "ERR_ARGUMENT"],
        ])
    );
}

#[test]
fn a_linear_memory_counts_towards_memory_bytes() {
    let large = r#"(module (memory (export "memory") 65536) (func (export "_start")))"#;
    let script = "return wasi.run(module).then(() => 'nothing', (error) => [error.name, error.code]);";
    assert_eq!(ask(large, script), json!(["RangeError", "ERR_MEMORY"]));
}

#[test]
fn fuel_and_a_stack_of_its_own_bound_a_run() {
    let counts = r#"(module
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func $deep (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
          (else (i32.const 0))))
      (func (export "_start")
        (drop (call $args (i32.const 0) (i32.const 4)))
        (if (i32.eq (i32.load (i32.const 0)) (i32.const 2)) (then (loop $l (br $l))))
        (drop (call $deep (i32.const 15000)))))"#;
    let script = r"
        const failure = (promise) => promise.then(() => 'nothing', (error) => [error.name, error.code]);
        const id = await native.put(module);
        const run = (options) => failure(wasi.runById(id, { ...options, reuseModule: true }));
        return [
            await run({}),
            await run({ fuel: 10_000_000, stackBytes: 1 << 20 }),
            await run({ fuel: 10_000 }),
            await run({ args: ['endless'], fuel: 10_000_000 }),
            await run({ stackBytes: 64 << 10 }),
            await failure(wasi.run(module, { fuel: 0 })),
        ];";
    let limit = json!(["RangeError", "ERR_LIMIT"]);
    assert_eq!(ask(counts, script), json!(["nothing", "nothing", limit, limit, ["Error", "ERR_WASM_TRAP"], limit]));
}
