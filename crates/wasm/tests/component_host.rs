//! Components and the host's code: imports, resources of both sides, calls that wait.

#![allow(clippy::unwrap_used, reason = "a broken fixture fails the test")]

mod codec;
mod fixtures;

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

use codec::{Codec, Random, Value};
use fixtures::{Host, call, call_under, err, f64, fixture, host_error, ok, options, start, text, u32};
use hostbox_buffers::Cancel;
use hostbox_wasm::Error;
use hostbox_wasm::component::{HostError, Instance, InstanceOptions};
use tokio::runtime::Builder;

fn row(id: u32) -> Value {
    let data = (id % 2 == 1).then(|| Box::new(Value::Parts(vec![Value::Bits(1), Value::Bits(2)])));
    Value::Parts(vec![u32(id), text(&format!("row {id}")), Value::Case(usize::from(data.is_some()), data)])
}

fn answers(name: &str, args: Vec<Value>) -> Result<Option<Value>, HostError> {
    let number = |index: usize| match &args[index] {
        Value::Bits(bits) => *bits as u32,
        other => panic!("{other:?}"),
    };
    Ok(match name {
        "add" => Some(u32(number(0) + number(1))),
        "greet" => match &args[0] {
            Value::Text(name) => Some(text(&format!("hello {name}"))),
            other => panic!("{other:?}"),
        },
        "bytes" | "numbers" => Some(args[0].clone()),
        "rows" => Some(Value::Parts((0..number(0)).map(row).collect())),
        "find" if args[0] == text("denied") => Some(err(Value::Case(1, None))),
        "find" if args[0] == text("broken") => return Err(host_error("the table is broken")),
        "find" => Some(ok(row(3))),
        "check" if number(0) == 0 => Some(Value::Case(0, None)),
        "check" => Some(err(Value::Case(2, Some(Box::new(u32(number(0))))))),
        "nothing" => None,
        "log" => Some(Value::Bits(1 << 40)),
        other => panic!("{other}"),
    })
}

fn imports(host: impl FnOnce(&hostbox_wasm::component::Component) -> Arc<Host>) -> (Instance, Codec) {
    let component = fixture("imports");
    let options = InstanceOptions { host: host(&component), ..options() };
    (component.instantiate(options).expect("an instance"), Codec::new(&component))
}

#[test]
fn functions_of_the_host_get_and_give_every_kind_of_value() {
    let (instance, codec) = imports(|component| Host::new(component, answers));
    let call =
        |name, args: &[Value]| call(&instance, &codec, name, args).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(call("add", &[u32(2), u32(3)]), Some(u32(5)));
    assert_eq!(call("greet", &[text("wörld")]), Some(text("hello wörld")));
    let bytes = Value::Parts((0..1000).map(|n| Value::Bits(n % 256)).collect());
    assert_eq!(call("bytes", std::slice::from_ref(&bytes)), Some(bytes));
    let numbers = Value::Parts((0..10).map(|n| f64(f64::from(n) / 3.0)).collect());
    assert_eq!(call("numbers", std::slice::from_ref(&numbers)), Some(numbers));
    assert_eq!(call("rows", &[u32(5)]), Some(Value::Parts((0..5).map(row).collect())));
    assert_eq!(call("find", &[text("x")]), Some(ok(row(3))));
    assert_eq!(call("find", &[text("denied")]), Some(err(Value::Case(1, None))));
    assert_eq!(call("check", &[u32(0)]), Some(Value::Case(0, None)));
    assert_eq!(call("check", &[u32(9)]), Some(err(Value::Case(2, Some(Box::new(u32(9)))))));
    assert_eq!(call("nothing", &[]), None);
    call("add-times", &[u32(1000)]);
    assert_eq!(call("log", &[text("a line")]), Some(Value::Bits(1 << 40)));
}

#[test]
fn a_function_of_the_host_that_fails_ends_the_instance_with_its_error() {
    let (instance, codec) = imports(|component| Host::new(component, answers));
    let error = call(&instance, &codec, "find", &[text("broken")]).unwrap_err();
    assert_eq!(error, Error::Host(host_error("the table is broken")));
    let later = call(&instance, &codec, "add", &[u32(1), u32(1)]).unwrap_err();
    assert!(later.code() == "ERR_CLOSED" && later.to_string().contains("the table is broken"), "{later}");
    assert_eq!(instance.stats().memory_bytes, 0);
}

#[test]
fn an_answer_that_is_too_short_is_refused() {
    let (instance, codec) = imports(|component| Host::new(component, |_, _| Ok(None)));
    let error = call(&instance, &codec, "find", &[text("x")]).unwrap_err();
    assert!(
        matches!(&error, Error::Host(error) if error.message.contains("test:imports/host@1.0.0#find")),
        "{error:?}"
    );
}

#[test]
fn an_import_that_nobody_offers_is_named() {
    let error = fixture("imports").instantiate(options()).unwrap_err();
    assert_eq!(error.code(), "ERR_WASM_LINK");
    assert!(error.to_string().contains("log") || error.to_string().contains("test:imports/host@1.0.0#add"), "{error}");
}

#[test]
fn an_answer_may_come_later() {
    let (instance, codec) = imports(|component| Host::late(component, answers));
    let function = codec.function("rows");
    let number = function["number"].as_u64().unwrap() as u32;
    let message = codec.arguments(function, &[u32(3)]);
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let host = Host::late(instance.component(), answers);
    let options = InstanceOptions { host, ..options() };
    let instance = runtime.block_on(instance.component().instantiate_async(options)).unwrap();
    // More than there are threads, all at once, on one instance: in their order.
    let rows = runtime.block_on(async {
        let calls = (0..100).map(|_| {
            tokio::spawn({
                let (instance, message) = (instance.clone(), message.clone());
                async move { instance.call_async(number, message, Cancel::new()).await.expect("rows") }
            })
        });
        let calls: Vec<_> = calls.collect();
        let mut rows = Vec::new();
        for call in calls {
            rows.push(call.await.expect("no panic"));
        }
        rows
    });
    for answer in rows {
        assert_eq!(codec.result(function, &answer), Some(Value::Parts((0..3).map(row).collect())));
    }
    let error = call(&instance, &codec, "add", &[u32(1), u32(1)]).unwrap_err();
    assert!(matches!(&error, Error::Host(HostError { code: Some(code), .. }) if code == "ERR_ASYNC"), "{error:?}");
}

#[test]
fn a_call_that_nobody_waits_for_any_more_ends_the_instance() {
    let (instance, codec) = imports(|component| Host::late(component, answers));
    let message = codec.arguments(codec.function("nothing"), &[]);
    let number = codec.function("nothing")["number"].as_u64().unwrap() as u32;
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let call = instance.call_async(number, message, Cancel::new());
        tokio::select! { biased; _ = call => panic!("it was ready at once"), () = tokio::task::yield_now() => {} }
    });
    let error = loop {
        match call(&instance, &codec, "add", &[u32(1), u32(1)]) {
            Err(Error::Busy) => std::thread::yield_now(),
            other => break other.unwrap_err(),
        }
    };
    assert!(matches!(error.code(), "ERR_CLOSED" | "ERR_ABORTED"), "{error}");
}

#[test]
fn resources_of_a_component_are_made_lent_handed_over_and_dropped() {
    let component = fixture("resources");
    let codec = Codec::new(&component);
    let host = Host::new(&component, |name, _| panic!("{name}"));
    let instance = component.instantiate(InstanceOptions { host, ..options() }).unwrap();
    let call = |name, args: &[Value]| {
        call(&instance, &codec, name, args).unwrap_or_else(|error| panic!("{name}: {error}")).unwrap()
    };
    let first = call("counter", &[u32(5)]);
    let second = call("counter", &[u32(7)]);
    assert_eq!(call("increment", &[first.clone(), u32(2)]), u32(7));
    assert_eq!(call("difference", &[first.clone(), second.clone()]), Value::Bits(0));
    assert_eq!(call("alive", &[]), u32(2));
    let both = call("merge", &[first.clone(), second]);
    assert_eq!(call("value", std::slice::from_ref(&both)), u32(14));
    assert_eq!(call("alive", &[]), u32(1));
    let Value::Bits(handle) = both else { panic!("no handle") };
    instance.call(codec.drop_of("counter"), &handle.to_le_bytes(), &Cancel::new(), |_| ()).unwrap();
    assert_eq!(call("alive", &[]), u32(0));
    assert_eq!(call("try-open", &[u32(2000)]), err(text("too big")));
    assert!(matches!(call("try-open", &[u32(1)]), Value::Case(0, Some(_))));
    assert_eq!(call("open-some", &[Value::Case(0, None)]), Value::Case(0, None));
    // A handle that was handed over is not one any more.
    let message = codec.arguments(codec.function("value"), &[first]);
    let number = codec.function("value")["number"].as_u64().unwrap() as u32;
    assert_eq!(instance.call(number, &message, &Cancel::new(), |_| ()).unwrap_err().code(), "ERR_WASM_TRAP");
}

/// The host's loggers by number: what each has written, none where it is dropped.
#[derive(Clone, Default)]
struct Loggers(Arc<Mutex<Vec<Option<Vec<String>>>>>);

impl Loggers {
    fn open(&self, prefix: &Value) -> Value {
        let Value::Text(prefix) = prefix else { panic!("{prefix:?}") };
        let mut loggers = self.0.lock().unwrap();
        loggers.push(Some(vec![prefix.clone()]));
        u32(loggers.len() as u32 - 1)
    }

    fn answer(&self, name: &str, args: &[Value]) -> Result<Option<Value>, HostError> {
        let number = |value: &Value| match value {
            Value::Bits(bits) => *bits as usize,
            other => panic!("{other:?}"),
        };
        Ok(match name {
            "logger" => Some(self.open(&args[0])),
            "open" if args[0] == text("") => Some(err(text("no name"))),
            "open" => Some(ok(self.open(&args[0]))),
            "log" => {
                let Value::Text(line) = &args[1] else { panic!("{args:?}") };
                let mut loggers = self.0.lock().unwrap();
                let logger = loggers[number(&args[0])].as_mut().expect("a logger that lives");
                logger.push(line.clone());
                Some(u32(logger.len() as u32 - 1))
            }
            "adopt" => Some(u32(number(&args[0]) as u32 + 100)),
            "describe" => Some(text(&self.0.lock().unwrap()[number(&args[0])].as_ref().expect("it lives")[0])),
            "drop logger" => {
                self.0.lock().unwrap()[number(&args[0])].take().expect("dropped once");
                None
            }
            other => panic!("{other}"),
        })
    }

    fn alive(&self) -> usize {
        self.0.lock().unwrap().iter().flatten().count()
    }
}

fn loggers() -> (Instance, Codec, Loggers) {
    let component = fixture("resources");
    let loggers = Loggers::default();
    let host = loggers.clone();
    let host = Host::new(&component, move |name, args| host.answer(name, &args));
    let instance = component.instantiate(InstanceOptions { host, ..options() }).unwrap();
    (instance, Codec::new(&component), loggers)
}

#[test]
fn resources_of_the_host_are_made_used_and_dropped_by_a_component() {
    let (instance, codec, loggers) = loggers();
    let call = |name, args: &[Value]| {
        call(&instance, &codec, name, args).unwrap_or_else(|error| panic!("{name}: {error}")).unwrap()
    };
    assert_eq!(call("log-times", &[text("p"), u32(3)]), u32(3));
    assert_eq!(loggers.alive(), 0);
    assert_eq!(call("describe-new", &[text("the prefix")]), text("the prefix"));
    assert_eq!(loggers.alive(), 0);
    // Handed over to the host it lives on.
    assert_eq!(call("open-and-adopt", &[text("n")]), ok(u32(102)));
    assert_eq!(loggers.alive(), 1);
    assert_eq!(call("open-and-adopt", &[text("")]), err(text("no name")));
}

#[test]
fn resources_of_the_host_are_given_to_a_component_and_come_back() {
    let (instance, codec, loggers) = loggers();
    let call =
        |name, args: &[Value]| call(&instance, &codec, name, args).unwrap_or_else(|error| panic!("{name}: {error}"));
    let logger = loggers.open(&text("mine"));
    let log_with = |message| call("log-with", &[logger.clone(), text(message)]);
    assert_eq!(log_with("one"), Some(u32(1)));
    assert_eq!(log_with("two"), Some(u32(2)));
    assert_eq!(loggers.alive(), 1);
    call("keep", std::slice::from_ref(&logger));
    assert_eq!(call("release", &[]), Some(logger.clone()));
    assert_eq!(loggers.alive(), 1);
    call("finish", &[logger]);
    assert_eq!(loggers.alive(), 0);
}

#[test]
fn handles_within_lists_come_from_components() {
    let (instance, codec) = start("resources-in-lists");
    let Ok(Some(Value::Parts(items))) = call(&instance, &codec, "make", &[u32(3)]) else { panic!("no items") };
    for (index, item) in items.iter().enumerate() {
        assert_eq!(call(&instance, &codec, "value", std::slice::from_ref(item)).unwrap(), Some(u32(index as u32)));
    }
}

#[test]
fn a_call_within_a_call_finds_the_instance_busy() {
    let component = fixture("imports");
    let slot: Arc<Mutex<Option<Instance>>> = Arc::default();
    let inner = slot.clone();
    let host = Host::new(&component, move |_, _| {
        let instance = inner.lock().unwrap().clone().expect("an instance");
        let error = instance.call(0, &[0; 64], &Cancel::new(), |_| ()).unwrap_err();
        Err(host_error(error.code()))
    });
    let instance = component.instantiate(InstanceOptions { host, ..options() }).unwrap();
    *slot.lock().unwrap() = Some(instance.clone());
    let error = call_under(&instance, &Codec::new(&component), "nothing", &[], &Cancel::new()).unwrap_err();
    assert_eq!(error, Error::Host(host_error("ERR_BUSY")));
    slot.lock().unwrap().take();
}

/// A host whose blobs give back what they get, and how many of them have ended.
fn blobs(options: InstanceOptions) -> (Instance, Codec, Arc<AtomicU32>) {
    let component = fixtures::blobs();
    let ended = Arc::new(AtomicU32::new(0));
    let count = ended.clone();
    let host = Host::new(&component, move |name, mut args| {
        Ok(match (name, args.pop()) {
            ("blob", _) => Some(u32(7)),
            ("echo", Some(data)) => Some(data),
            ("split", Some(Value::Bits(count))) => Some(Value::Parts((0..count as u32).map(u32).collect())),
            ("drop blob", _) => {
                count.fetch_add(1, SeqCst);
                None
            }
            other => panic!("{other:?}"),
        })
    });
    let instance = component.instantiate(InstanceOptions { host, ..options }).unwrap();
    (instance, Codec::new(&component), ended)
}

fn list(numbers: std::ops::Range<u32>) -> Value {
    Value::Parts(numbers.map(u32).collect())
}

#[test]
fn bytes_cross_whole_to_functions_with_resources_of_either_side() {
    let (instance, codec, ended) = blobs(options());
    let call = |name, args: &[Value]| {
        call(&instance, &codec, name, args).unwrap_or_else(|error| panic!("{name}: {error}")).unwrap()
    };
    let data = Value::Parts((0..=255).map(Value::Bits).collect());
    assert_eq!(call("relay", std::slice::from_ref(&data)), data);
    assert_eq!(ended.load(SeqCst), 1);
    let Value::Parts(boxes) = call("make", &[u32(1)]) else { panic!("no boxes") };
    assert_eq!(call("echo", &[boxes[0].clone(), data.clone()]), data);
    // More than 16 parameters stand in memory.
    let numbers: Vec<_> = (0..16).map(u32).chain([data.clone()]).collect();
    assert_eq!(call("tail", &numbers), data);
}

#[test]
fn resources_cross_within_lists() {
    let (instance, codec, ended) = blobs(options());
    let call = |name, args: &[Value]| {
        call(&instance, &codec, name, args).unwrap_or_else(|error| panic!("{name}: {error}")).unwrap()
    };
    assert_eq!(call("drop-all", &[u32(5)]), u32(5));
    assert_eq!(ended.load(SeqCst), 5);
    assert_eq!(call("pass", &[list(40..50)]), list(40..50));
    let Value::Parts(boxes) = call("make", &[u32(3)]) else { panic!("no boxes") };
    // Those that were handed over are other ones when they come back.
    let Value::Parts(swapped) = call("swap", &[Value::Parts(boxes[..2].to_vec())]) else { panic!("no boxes") };
    assert!(swapped.len() == 2 && swapped.iter().all(|swapped| !boxes.contains(swapped)), "{swapped:?}");
}

#[test]
fn handles_of_a_component_are_no_more_than_its_memory_and_its_account_pays_for_them() {
    let (instance, codec, _) = blobs(options());
    let error = call(&instance, &codec, "make", &[u32(100_000)]).unwrap_err();
    assert!(error.code() == "ERR_MEMORY" && error.to_string().contains("larger than the memory"), "{error}");
    let (instance, codec, _) = blobs(InstanceOptions::new(Box::new(fixtures::Purse(4 << 20))));
    let error = call(&instance, &codec, "make", &[u32(10_000)]).unwrap_err();
    assert!(error.code() == "ERR_MEMORY" && error.to_string().contains("resources of this component"), "{error}");
    // Given back they cost nothing more.
    let (instance, codec, _) = blobs(InstanceOptions::new(Box::new(fixtures::Purse(4 << 20))));
    for _ in 0..100 {
        let Ok(Some(Value::Parts(boxes))) = call(&instance, &codec, "make", &[u32(1000)]) else { panic!("no boxes") };
        for item in boxes {
            let Value::Bits(handle) = item else { panic!("no handle") };
            instance.call(codec.drop_of("box"), &handle.to_le_bytes(), &Cancel::new(), |_| ()).unwrap();
        }
    }
}

#[test]
fn every_type_crosses_to_the_host_and_back() {
    let component = fixture("relay");
    let host = Host::new(&component, |name, mut args| match (name, args.pop()) {
        ("nothing", _) | (_, None) => Ok(None),
        (_, value) => Ok(value),
    });
    let codec = Codec::new(&component);
    let instance = component.instantiate(InstanceOptions { host, ..options() }).unwrap();
    let mut random = Random(2);
    let interfaces = codec.shape["exports"].as_array().unwrap();
    for function in interfaces.iter().flat_map(|interface| interface["functions"].as_array().unwrap()) {
        let (name, params) = (function["name"].as_str().unwrap(), function["params"].as_array().unwrap());
        if params.len() != 1 || params[0]["type"] != function["result"] {
            continue;
        }
        for _ in 0..20 {
            let value = codec.generate(&params[0]["type"], &mut random);
            let back = call(&instance, &codec, name, std::slice::from_ref(&value));
            assert_eq!(back.unwrap_or_else(|error| panic!("{name}: {error}")), Some(value), "{name}");
        }
    }
}
