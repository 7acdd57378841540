//! What a component finds around it: streams, clocks, randomness; and core modules that become components.

#![allow(clippy::unwrap_used, reason = "a broken fixture fails the test")]

mod codec;
mod fixtures;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use codec::Codec;
use fixtures::{bytes, call, compile, f64, ok, options};
use hostbox_wasm::component::InstanceOptions;

/// A preview 1 command that writes ten bytes, the clock's and four random ones, to its output.
const COMMAND: &str = r#"(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 64)))
    (drop (call $random (i32.const 72) (i32.const 4)))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 12))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))"#;

fn output(options: InstanceOptions) -> Vec<u8> {
    let component = compile(COMMAND.as_bytes()).unwrap();
    assert!(component.exports()[0].starts_with("wasi:cli/run@"), "{component:?}");
    let written: Arc<Mutex<Vec<u8>>> = Arc::default();
    let sink = written.clone();
    let stdout: hostbox_wasm::component::Sink = Arc::new(move |bytes| sink.lock().unwrap().extend_from_slice(bytes));
    let instance = component.instantiate(InstanceOptions { stdout: Some(stdout), ..options }).unwrap();
    assert_eq!(call(&instance, &Codec::new(&component), "run", &[]).unwrap(), Some(codec::Value::Case(0, None)));
    written.lock().unwrap().clone()
}

#[test]
fn clocks_and_randomness_can_be_frozen() {
    let frozen = |seed| {
        let clock = Some(Duration::from_secs(1_000_000_000));
        output(InstanceOptions { clock, seed: Some(seed), ..options() })
    };
    assert_eq!(frozen(1)[..8], 1_000_000_000_000_000_000u64.to_le_bytes());
    assert_eq!(frozen(1), frozen(1));
    assert_ne!(frozen(1), frozen(2));
    assert_ne!(output(options())[8..], output(options())[8..]);
}

#[test]
fn a_core_module_with_component_types_is_a_component() {
    let component = compile(&bytes("calculator.core")).unwrap();
    assert_eq!(component.exports(), ["demo:calc/calculator@0.1.0"]);
    let codec = Codec::new(&component);
    let instance = component.instantiate(options()).unwrap();
    let args = [codec::Value::Case(0, None), f64(1.0), f64(2.0)];
    assert_eq!(call(&instance, &codec, "calculate", &args).unwrap(), Some(ok(f64(3.0))));
}

#[test]
fn a_component_tells_its_world_as_text() {
    let wit = compile(&bytes("calculator")).unwrap().wit().to_owned();
    for part in [
        "package root:component;",
        "export demo:calc/calculator@0.1.0;",
        "package demo:calc@0.1.0 {",
        "variant operation",
    ] {
        assert!(wit.contains(part), "{wit}");
    }
}
