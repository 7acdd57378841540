//! What ends a component: its limits, its traps, its deadline. And components linked to each other.

#![allow(clippy::unwrap_used, reason = "a broken fixture fails the test")]

mod codec;
mod fixtures;

use std::sync::Arc;
use std::time::{Duration, Instant};

use codec::{Codec, Value};
use fixtures::{Purse, call, call_under, compile, fixture, options, start, text, u32};
use hostbox_buffers::Cancel;
use hostbox_wasm::component::{Component, Instance, InstanceOptions};
use hostbox_wasm::{CodeOptions, Error, Limits};
use tokio::runtime::Builder;

fn soon() -> Cancel {
    Cancel::with_flag(Arc::default(), Some(Instant::now() + Duration::from_millis(50)))
}

fn trap(name: &str, args: &[Value]) -> (String, String) {
    let (instance, codec) = start("traps");
    assert_eq!(call(&instance, &codec, "fine", &[]).unwrap(), Some(u32(42)));
    let error = call(&instance, &codec, name, args).unwrap_err();
    let later = call(&instance, &codec, "fine", &[]).unwrap_err();
    assert_eq!((later.code(), later.to_string()), ("ERR_CLOSED", format!("the instance is gone: {error}")));
    assert_eq!(error.code(), "ERR_WASM_TRAP", "{error}");
    let Error::Trap { reason, backtrace } = error else { panic!("no trap: {error}") };
    (reason, backtrace)
}

#[test]
fn each_trap_tells_its_reason_and_its_stack_and_ends_the_instance() {
    for (name, args, part) in [
        ("unreachable", &[][..], "unreachable"),
        ("divide", &[u32(1), u32(0)], "divide by zero"),
        ("divide", &[u32(0x8000_0000), u32(u32::MAX)], "integer overflow"),
        ("read-at", &[u32(0xf000_0000)], "out of bounds"),
        ("overflow-stack", &[u32(100_000_000)], "stack"),
        ("call-indirect", &[u32(100_000)], "table"),
    ] {
        let (reason, backtrace) = trap(name, args);
        assert!(reason.contains(part), "{name}: {reason}");
        let function = name.replace('-', "_");
        assert!(backtrace.contains(&function), "{name}: {backtrace}");
    }
}

#[test]
fn answers_that_break_the_canonical_abi_are_traps() {
    for (name, part) in [("invalid-string", "utf"), ("invalid-char", "char"), ("list-outside", ""), ("huge-list", "")] {
        let (reason, _) = trap(name, &[]);
        assert!(reason.to_lowercase().contains(part), "{name}: {reason}");
    }
}

#[test]
fn an_endless_loop_ends_with_its_deadline_on_this_thread_and_on_another() {
    let (instance, codec) = start("traps");
    assert_eq!(call_under(&instance, &codec, "endless-loop", &[], &soon()).unwrap_err(), Error::Cancelled);
    assert_eq!(call(&instance, &codec, "fine", &[]).unwrap_err().code(), "ERR_CLOSED");
    let (instance, codec) = start("traps");
    let number = codec.function("endless-loop")["number"].as_u64().unwrap() as u32;
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let ended = runtime.block_on(instance.call_async(number, Vec::new(), soon()));
    assert_eq!(ended.unwrap_err(), Error::Cancelled);
}

#[test]
fn an_endless_start_function_ends_with_its_deadline() {
    let error = fixture("endless-start").instantiate(InstanceOptions { cancel: soon(), ..options() }).unwrap_err();
    assert_eq!(error, Error::Cancelled);
    let text =
        r#"(component (core module $m (func $f (loop $l (br $l))) (start $f)) (core instance (instantiate $m)))"#;
    let component = compile(text.as_bytes()).unwrap();
    let error = component.instantiate(InstanceOptions { cancel: soon(), ..options() }).unwrap_err();
    assert_eq!(error, Error::Cancelled);
}

#[test]
fn closing_an_instance_ends_the_call_that_runs_and_gives_its_memory_back() {
    let (instance, codec) = start("traps");
    assert!(instance.stats().memory_bytes > 0);
    std::thread::scope(|scope| {
        // It may come while the other thread looks.
        let endless = || std::iter::repeat_with(|| call(&instance, &codec, "endless-loop", &[]));
        let run = scope.spawn(move || endless().find(|ended| !matches!(ended, Err(Error::Busy))).unwrap());
        while !matches!(call(&instance, &codec, "fine", &[]), Err(Error::Busy)) {
            std::thread::yield_now();
        }
        instance.close();
        assert_eq!(run.join().unwrap().unwrap_err(), Error::Cancelled);
    });
    assert_eq!(instance.stats().memory_bytes, 0);
    assert_eq!(call(&instance, &codec, "fine", &[]).unwrap_err().code(), "ERR_CLOSED");
}

#[test]
fn memory_beyond_the_account_is_refused_to_the_component() {
    let (instance, codec) = start("traps");
    assert_eq!(call(&instance, &codec, "grow-memory", &[u32(16)]).unwrap(), Some(u32(1)));
    assert_eq!(call(&instance, &codec, "grow-memory", &[u32(2000)]).unwrap(), Some(u32(0)));
    assert_eq!(call(&instance, &codec, "allocate", &[u32(1 << 30)]).unwrap(), Some(u32(0)));
    assert_eq!(call(&instance, &codec, "fine", &[]).unwrap(), Some(u32(42)));
}

fn refused(text: &str, limits: Limits) -> Error {
    let component = compile(text.as_bytes()).unwrap();
    component.instantiate(InstanceOptions { limits, ..options() }).unwrap_err()
}

#[test]
fn a_memory_of_two_gibibytes_or_a_large_table_is_refused_before_anything_runs() {
    let memory = "(component (core module $m (memory 32768)) (core instance (instantiate $m)))";
    let error = refused(memory, Limits::default());
    assert!(matches!(&error, Error::Memory(message) if message.contains("memoryBytes")), "{error:?}");
    let table = "(component (core module $m (table 2000 funcref)) (core instance (instantiate $m)))";
    let error = refused(table, Limits { table_elements: 1000, ..Limits::default() });
    assert!(matches!(&error, Error::Memory(message) if message.contains("table")), "{error:?}");
}

#[test]
fn a_message_that_does_not_fit_into_the_account_ends_the_instance_and_says_why() {
    let component = fixture("echo");
    let codec = Codec::new(&component);
    let instance = component.instantiate(InstanceOptions::new(Box::new(Purse(1 << 20)))).unwrap();
    let list = Value::Parts(vec![Value::Bits(1); 4 << 20]);
    let error = call(&instance, &codec, "list-u8", &[list]).unwrap_err();
    assert!(error.to_string().contains("memoryBytes"), "{error}");
}

#[test]
fn fuel_is_counted_and_ends_what_uses_too_much() {
    let options = CodeOptions { fuel: true, ..CodeOptions::default() };
    let component = Component::compile(&fixtures::bytes("traps"), options).unwrap();
    let codec = Codec::new(&component);
    let given = InstanceOptions { fuel: Some(1_000_000), ..fixtures::options() };
    let instance = component.instantiate(given).unwrap();
    let before = instance.stats().fuel.unwrap();
    call(&instance, &codec, "fine", &[]).unwrap();
    let after = instance.stats().fuel.unwrap();
    assert!(after < before && before <= 1_000_000, "{before} {after}");
    let error = call(&instance, &codec, "endless-loop", &[]).unwrap_err();
    assert_eq!((error.code(), &error), ("ERR_LIMIT", &Error::Fuel));
}

#[test]
fn a_number_that_is_no_function_and_a_message_that_is_too_short_are_refused() {
    let (instance, _) = start("calculator");
    for (number, message) in [(1000, &[][..]), (0, &[0; 8])] {
        let error = instance.call(number, message, &Cancel::new(), |_| ()).unwrap_err();
        assert_eq!(error.code(), "ERR_ARGUMENT");
    }
}

#[test]
fn a_hostile_message_reaches_nothing_but_its_own_instance() {
    let (instance, codec) = start("echo");
    let function = codec.function("list-string");
    let number = function["number"].as_u64().unwrap() as u32;
    // A list of four thousand million strings somewhere.
    let mut message = [0u8; 16];
    message[..4].copy_from_slice(&0xffff_fff0u32.to_le_bytes());
    message[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = instance.call(number, &message, &Cancel::new(), |_| ()).unwrap_err();
    assert_eq!(error.code(), "ERR_WASM_TRAP", "{error}");
}

fn composed(root: &str, with: &[(Option<&str>, &str)]) -> Result<(Instance, Codec), Error> {
    let with: Vec<_> = with.iter().map(|(name, with)| (*name, fixture(with))).collect();
    let with: Vec<_> = with.iter().map(|(name, with)| (*name, with)).collect();
    let component = Component::compose(&fixture(root), &with)?;
    Ok((component.instantiate(options())?, Codec::new(&component)))
}

#[test]
fn components_are_linked_by_their_interfaces() {
    let parts = [
        (Some("demo:pipeline/data-source"), "pipeline-source"),
        (None, "pipeline-transform"),
        (Some("data-sink"), "pipeline-sink"),
    ];
    let (instance, codec) = composed("pipeline-driver", &parts).unwrap();
    let answer = call(&instance, &codec, "run", &[text("test query")]).unwrap();
    assert_eq!(answer, Some(fixtures::ok(text("Stored 26 bytes successfully"))));
}

#[test]
fn a_higher_version_on_the_same_track_satisfies_an_import() {
    for (visitor, greeter) in [("1.1.0", "1.1.0"), ("1.1.0", "1.2.0"), ("1.2.0", "1.2.0")] {
        let made = composed(&format!("visitor-{visitor}"), &[(None, &format!("greeter-{greeter}"))]);
        let (instance, codec) = made.unwrap_or_else(|error| panic!("{visitor} {greeter}: {error}"));
        let Ok(Some(Value::Text(greeting))) = call(&instance, &codec, "visit", &[text("Ada")]) else {
            panic!("no text")
        };
        assert!(greeting.contains("Ada"), "{greeting}");
    }
}

#[test]
fn another_track_a_lower_version_or_a_changed_type_does_not_and_is_named() {
    for (visitor, greeter, parts) in [
        ("1.1.0", "2.0.0", ["demo:greeter/greet@1.1.0", "demo:greeter/greet@2.0.0"]),
        ("1.2.0", "1.1.0", ["demo:greeter/greet@1.2.0", "older"]),
        ("1.1.0", "1.3.0", ["demo:greeter/greet@1.1.0", "`greet`"]),
    ] {
        let error = composed(&format!("visitor-{visitor}"), &[(None, &format!("greeter-{greeter}"))]).unwrap_err();
        assert_eq!(error.code(), "ERR_WASM_LINK");
        assert!(parts.iter().all(|part| error.to_string().contains(part)), "{error}");
    }
}

#[test]
fn a_component_that_nothing_asks_for_is_named() {
    for with in [(Some("other"), "greeter-1.1.0"), (None, "calculator"), (Some("greet"), "calculator")] {
        let error = composed("visitor-1.1.0", &[with]).unwrap_err();
        assert_eq!(error.code(), "ERR_WASM_LINK");
        assert!(error.to_string().contains("greet") || error.to_string().contains("calculator"), "{error}");
    }
}

#[test]
fn an_answer_that_points_to_the_same_bytes_again_and_again_is_refused() {
    // A list of a thousand lists, all of them the whole page.
    let text = r#"(component
      (core module $m
        (memory (export "memory") 1)
        (func (export "f") (result i32) (local $at i32)
          (i32.store (i32.const 0) (i32.const 8))
          (i32.store (i32.const 4) (i32.const 1000))
          (loop $more
            (i32.store (i32.add (i32.const 8) (local.get $at)) (i32.const 0))
            (i32.store (i32.add (i32.const 12) (local.get $at)) (i32.const 65536))
            (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 8000))))
          (i32.const 0)))
      (core instance $i (instantiate $m))
      (type $bytes (list u8))
      (type $all (list $bytes))
      (func (export "f") (result $all) (canon lift (core func $i "f") (memory (core memory $i "memory")))))"#;
    let component = compile(text.as_bytes()).unwrap();
    let instance = component.instantiate(options()).unwrap();
    let error = call(&instance, &Codec::new(&component), "f", &[]).unwrap_err();
    assert_eq!(error.code(), "ERR_MEMORY", "{error}");
}
