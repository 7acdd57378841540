//! Figures of components, for docs: `cargo test -p hostbox-wasm --test component_speed -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, reason = "a broken fixture fails the test")]

mod codec;
mod fixtures;

use std::sync::Arc;
use std::time::Instant;

use codec::{Codec, Value};
use fixtures::{Host, bytes, f64, fixture, options, start, u32};
use hostbox_buffers::Cancel;
use hostbox_wasm::component::{BASE, Component, HostAnswer, HostCall, HostFunctions, Instance, InstanceOptions};
use hostbox_wasm::{CodeOptions, Level};

/// The median of some runs, in nanoseconds for one of `count`.
fn median(runs: usize, count: u32, mut run: impl FnMut()) -> f64 {
    let mut times: Vec<_> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e9 / f64::from(count)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[runs / 2]
}

fn message(codec: &Codec, name: &str, args: &[Value]) -> (u32, Vec<u8>) {
    let function = codec.function(name);
    (function["number"].as_u64().unwrap() as u32, codec.arguments(function, args))
}

fn repeat(instance: &Instance, (number, message): &(u32, Vec<u8>), count: u32) {
    let cancel = Cancel::new();
    for _ in 0..count {
        instance.call(*number, message, &cancel, |answer| answer.len()).expect("an answer");
    }
}

/// Gives back the one list of bytes that it gets, as it stands in the message.
struct Echo;

impl HostFunctions for Echo {
    fn has(&self, _: u32) -> bool {
        true
    }

    fn call(&self, call: HostCall<'_>) -> HostAnswer {
        let number = |at: usize| u32::from_le_bytes(call.args[at..at + 4].try_into().unwrap());
        let slots = (call.at - BASE) as usize;
        let (start, length) = ((number(slots) - BASE) as usize, number(slots + 8));
        let mut answer = [(call.reply + 8).to_le_bytes(), length.to_le_bytes()].concat();
        answer.extend_from_slice(&call.args[start..start + length as usize]);
        HostAnswer::Ready(Ok(answer))
    }
}

/// The same behind a method: its first slot is the resource.
struct Resources;

impl HostFunctions for Resources {
    fn has(&self, _: u32) -> bool {
        true
    }

    fn call(&self, call: HostCall<'_>) -> HostAnswer {
        match call.function {
            0 => HostAnswer::Ready(Ok(vec![0; 8])),
            1 => Echo.call(HostCall { at: call.at + 8, ..call }),
            _ => HostAnswer::Ready(Ok(Vec::new())),
        }
    }
}

#[test]
#[ignore = "it measures"]
fn figures() {
    let (calculator, codec) = start("calculator");
    let one = message(&codec, "calculate", &[Value::Case(0, None), f64(1.0), f64(2.0)]);
    let ns = median(9, 100_000, || repeat(&calculator, &one, 100_000));
    println!("one call, imports {:?}: {ns:.0} ns", calculator.component().imports());

    let (traps, codec) = start("traps");
    let fine = message(&codec, "fine", &[]);
    println!("one call without arguments: {:.0} ns", median(9, 100_000, || repeat(&traps, &fine, 100_000)));

    let record = Value::Parts(vec![Value::Case(0, None), f64(1.0), f64(2.0)]);
    let (_, codec) = start("calculator");
    let batch = message(&codec, "batch", &[Value::Parts(vec![record; 100_000])]);
    let component = fixture("calculator");
    let large = || InstanceOptions::new(Box::new(fixtures::Purse(1 << 30)));
    let instance = component.instantiate(large()).unwrap();
    println!("100,000 records: {:.2} ms", median(9, 1, || repeat(&instance, &batch, 1)) / 1e6);

    let echo = fixture("echo");
    let codec = Codec::new(&echo);
    let instance = echo.instantiate(large()).unwrap();
    for (name, element, count) in
        [("list-u8", Value::Bits(1), 1 << 20), ("list-f64", f64(1.5), 1 << 17), ("list-u32", u32(7), 1 << 18)]
    {
        let list = message(&codec, name, &[Value::Parts(vec![element; count])]);
        println!("{name} of 1 MiB there and back: {:.2} ms", median(9, 1, || repeat(&instance, &list, 1)) / 1e6);
    }
    let pairs = message(&codec, "list-bytes", &[Value::Parts(vec![Value::Parts(vec![Value::Bits(7); 1 << 17]); 8])]);
    println!(
        "list<list<u8>> of 8 times 128 KiB there and back: {:.2} ms",
        median(9, 1, || repeat(&instance, &pairs, 1)) / 1e6
    );
    let texts = message(&codec, "list-string", &[Value::Parts(vec![Value::Text("some text".into()); 100_000])]);
    println!("list<string> of 100,000 there and back: {:.2} ms", median(9, 1, || repeat(&instance, &texts, 1)) / 1e6);
    let text = message(&codec, "a-string", &[Value::Text("x".repeat(1 << 20))]);
    println!("a string of 1 MiB there and back: {:.2} ms", median(9, 1, || repeat(&instance, &text, 1)) / 1e6);

    let component = fixture("imports");
    let host = Host::new(&component, |_, _| Ok(Some(u32(1))));
    let codec = Codec::new(&component);
    let instance = component.instantiate(InstanceOptions { host, ..options() }).unwrap();
    let times = message(&codec, "add-times", &[u32(100_000)]);
    println!("one call of the host, with this codec: {:.0} ns", median(5, 100_000, || repeat(&instance, &times, 1)));

    let host = Arc::new(Echo);
    let account = Box::new(fixtures::Purse(1 << 30));
    let instance = component.instantiate(InstanceOptions { host, account, ..options() }).unwrap();
    let list = message(&codec, "bytes", &[Value::Parts(vec![Value::Bits(7); 1 << 20])]);
    let ms = median(9, 1, || repeat(&instance, &list, 1)) / 1e6;
    println!("list<u8> of 1 MiB to the component, from it to the host, and back: {ms:.2} ms");

    let component = fixtures::blobs();
    let codec = Codec::new(&component);
    let account = Box::new(fixtures::Purse(1 << 30));
    let instance = component.instantiate(InstanceOptions { host: Arc::new(Resources), account, ..options() }).unwrap();
    let data = Value::Parts(vec![Value::Bits(7); 1 << 20]);
    let list = message(&codec, "relay", std::slice::from_ref(&data));
    let ms = median(9, 1, || repeat(&instance, &list, 1)) / 1e6;
    println!("the same by a method of a resource of the host: {ms:.2} ms");
    // The first that it gives has the first number.
    repeat(&instance, &message(&codec, "make", &[u32(1)]), 1);
    let list = message(&codec, "echo", &[u32(1), data]);
    let ms = median(9, 1, || repeat(&instance, &list, 1)) / 1e6;
    println!("list<u8> of 1 MiB to a method of a resource of the component and back: {ms:.2} ms");

    println!(
        "instantiate and drop: {:.1} us",
        median(5, 1000, || (0..1000).for_each(|_| drop(echo.instantiate(options()).unwrap()))) / 1e3
    );
    for name in ["calculator", "echo"] {
        for level in [Level::None, Level::Speed] {
            let options = CodeOptions { level, debug_info: false, canonicalize_nans: true, ..CodeOptions::default() };
            let bytes = bytes(name);
            let compiled = Instant::now();
            let component = Component::compile(&bytes, options).unwrap();
            let ms = compiled.elapsed().as_secs_f64() * 1e3;
            println!(
                "compile {name} ({} bytes), {level:?}: {ms:.1} ms, code {} bytes",
                bytes.len(),
                component.precompile().unwrap().1.len()
            );
        }
    }
}
