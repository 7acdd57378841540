//! What components hand to functions of the host, right or wrong: it is read within their own memory.

#![allow(clippy::unwrap_used, reason = "a broken fixture fails the test")]

mod codec;
mod fixtures;

use std::sync::{Arc, Mutex};

use codec::{Codec, Value};
use fixtures::{Host, Purse, call, compile, options, u32};
use hostbox_wasm::Error;
use hostbox_wasm::component::InstanceOptions;

/// A component that hands over a value of a type, with a pair of numbers as its flat form. Its memory of 16 pages begins with a list of a thousand
/// lists, which are the first page each, and then has `text`, a byte that is no text, and the number 7 from 64 KiB on.
fn component(ty: &str) -> String {
    format!(
        r#"(component
  (type $bytes (list u8)) (type $all (list $bytes)) (type $text string) (type $maybe (option char)) (type $flags (list bool))
  (import "take" (func $take (param "it" {ty})))
  (core module $libc
    (memory (export "memory") 16)
    (data (i32.const 65536) "text\ff\07")
    (func $fill (local $at i32)
      (loop $more
        (i32.store (i32.add (local.get $at) (i32.const 4)) (i32.const 65536))
        (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 8000)))))
    (start $fill))
  (core instance $libc (instantiate $libc))
  (core func $take (canon lower (func $take) (memory (core memory $libc "memory"))))
  (core module $m
    (import "host" "take" (func $take (param i32 i32)))
    (func (export "run") (param i32 i32) (call $take (local.get 0) (local.get 1))))
  (core instance $host (export "take" (func $take)))
  (core instance $m (instantiate $m (with "host" (instance $host))))
  (func (export "run") (param "left" u32) (param "right" u32) (canon lift (core func $m "run"))))"#
    )
}

/// What the host gets of a value.
fn handed_over(ty: &str, flat: [u32; 2], account: usize) -> Result<Vec<Value>, Error> {
    let component = compile(component(ty).as_bytes()).unwrap_or_else(|error| panic!("{ty}: {error}"));
    let got: Arc<Mutex<Vec<Value>>> = Arc::default();
    let taken = got.clone();
    let host = Host::new(&component, move |_, args| {
        *taken.lock().unwrap() = args;
        Ok(None)
    });
    let options = InstanceOptions { host, account: Box::new(Purse(account)), ..options() };
    let instance = component.instantiate(options)?;
    call(&instance, &Codec::new(&component), "run", &[u32(flat[0]), u32(flat[1])])?;
    Ok(std::mem::take(&mut got.lock().unwrap()))
}

const PLENTY: usize = 64 << 20;

#[test]
fn bytes_texts_and_cases_arrive_as_they_are() {
    let taken = |ty, flat| handed_over(ty, flat, PLENTY).unwrap_or_else(|error| panic!("{ty}: {error}"));
    let bytes = |bytes: &[u8]| vec![Value::Parts(bytes.iter().map(|byte| Value::Bits((*byte).into())).collect())];
    assert_eq!(taken("$bytes", [65_536, 5]), bytes(b"text\xff"));
    assert_eq!(taken("$bytes", [1 << 20, 0]), bytes(&[]));
    assert_eq!(taken("$text", [65_536, 4]), [fixtures::text("text")]);
    assert_eq!(taken("$flags", [65_541, 2]), bytes(&[1, 0]), "a bool is one or zero");
    let [Value::Parts(lists)] = &taken("$all", [0, 2])[..] else { panic!("no list") };
    assert!(lists.len() == 2 && lists.iter().all(|list| matches!(list, Value::Parts(bytes) if bytes.len() == 65_536)));
}

#[test]
fn what_lies_outside_of_the_memory_or_is_no_value_is_a_trap() {
    for (ty, flat) in [
        ("$bytes", [1 << 20, 1]),
        ("$bytes", [u32::MAX, u32::MAX]),
        ("$text", [65_536, 5]),
        ("$text", [1 << 20, 1]),
        ("$all", [2, 1]),
        ("$all", [65_536, 1]),
        ("$all", [0, u32::MAX]),
        ("$maybe", [2, 0]),
        ("$maybe", [1, 0xd800]),
    ] {
        let error = handed_over(ty, flat, PLENTY).unwrap_err();
        assert_eq!(error.code(), "ERR_WASM_TRAP", "{ty} {flat:?}: {error}");
    }
}

#[test]
fn a_call_of_the_host_is_no_larger_than_the_memory_it_comes_from_and_the_account_pays_for_it() {
    let code = |flat, account| handed_over("$all", flat, account).map_err(|error| error.code());
    assert_eq!(code([0, 1000], PLENTY), Err("ERR_MEMORY"), "the same page a thousand times");
    assert!(code([0, 10], (1 << 20) + (1 << 20)).is_ok());
    assert_eq!(code([0, 10], (1 << 20) + (1 << 19)), Err("ERR_MEMORY"));
}
