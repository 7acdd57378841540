//! Components: compiled, described and called, with messages made by hand.

#![allow(clippy::unwrap_used, reason = "a broken fixture fails the test")]

mod codec;
mod fixtures;

use codec::{Codec, Random, Value};
use fixtures::{bytes, call, compile, f64, fixture, options};

#[test]
fn a_component_is_called_with_numbers_and_variants() {
    let component = fixture("calculator");
    let codec = Codec::new(&component);
    let instance = component.instantiate(options()).unwrap();
    let add = Value::Case(0, None);
    let divide = Value::Case(3, None);
    let calculate =
        |op: &Value, left, right| call(&instance, &codec, "calculate", &[op.clone(), f64(left), f64(right)]);
    assert_eq!(calculate(&add, 1.0, 2.0).unwrap(), Some(Value::Case(0, Some(Box::new(f64(3.0))))));
    let Ok(Some(Value::Case(1, Some(error)))) = calculate(&divide, 1.0, 0.0) else { panic!("no error") };
    assert!(matches!(*error, Value::Text(_)), "{error:?}");
}

#[test]
fn every_type_comes_back_as_it_went() {
    let component = fixture("echo");
    let codec = Codec::new(&component);
    let instance = component.instantiate(options()).unwrap();
    let mut random = Random(1);
    let interfaces = codec.shape["exports"].as_array().unwrap();
    for function in interfaces.iter().flat_map(|interface| interface["functions"].as_array().unwrap()) {
        let name = function["name"].as_str().unwrap();
        for _ in 0..50 {
            let params = function["params"].as_array().unwrap();
            let args: Vec<_> = params.iter().map(|param| codec.generate(&param["type"], &mut random)).collect();
            let back = call(&instance, &codec, name, &args).unwrap_or_else(|error| panic!("{name}: {error}"));
            let is_echo = params.len() == 1 && params[0]["type"] == function["result"];
            if is_echo {
                assert_eq!(back.as_ref(), args.first(), "{name}");
            }
        }
    }
}

#[test]
fn lists_of_numbers_cross_whole_at_every_length() {
    let component = fixture("echo");
    let codec = Codec::new(&component);
    let instance = component.instantiate(options()).unwrap();
    for (name, bits) in [("list-u8", 0xff), ("list-s16", 0xfffe), ("list-u32", 7), ("list-f64", f64::to_bits(0.5))] {
        for length in [0, 1, 15, 16, 4096, 70_000, 1_000_000] {
            let list = Value::Parts(vec![Value::Bits(bits); length]);
            let back = call(&instance, &codec, name, std::slice::from_ref(&list)).unwrap().unwrap();
            assert!(back == list, "{name} of {length}");
        }
    }
}

#[test]
fn what_is_no_component_is_refused_with_a_sentence() {
    let refusal = |bytes: &[u8]| compile(bytes).unwrap_err();
    for (bytes, part) in [
        (&b""[..], "it has no bytes"),
        (b"not wasm at all", "6e 6f 74"),
        (b"\0asm\x01\0\0\0", "core module without component types"),
        (b"(component (import \"a\"", "expected"),
    ] {
        let error = refusal(bytes);
        assert!(error.code() == "ERR_WASM_COMPILE" && error.to_string().contains(part), "{error}");
    }
    let whole = bytes("calculator");
    for length in [9, 100, whole.len() / 2, whole.len() - 1] {
        assert_eq!(refusal(&whole[..length]).code(), "ERR_WASM_COMPILE", "{length}");
    }
    let library = wat::parse_str(r#"(module (import "env" "f" (func)) (func (export "add")))"#).unwrap();
    let error = refusal(&library).to_string();
    assert!(error.contains("imports env") && error.contains("exports add"), "{error}");
}

#[test]
fn a_module_that_gives_no_memory_before_its_start_becomes_a_component() {
    let component = fixture("memory-after-start");
    let codec = Codec::new(&component);
    let instance = component.instantiate(options()).unwrap();
    let text = Value::Text("awake".into());
    assert_eq!(call(&instance, &codec, "say", std::slice::from_ref(&text)).unwrap(), Some(text));
}
