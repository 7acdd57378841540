//! Components with component-model async: what the host's code sees of them. How streams cross is shown from Node.

#![allow(clippy::unwrap_used, reason = "a broken fixture fails the test")]

mod codec;
mod fixtures;

use std::sync::{Arc, Mutex};

use fixtures::options;
use hostbox_buffers::Cancel;
use hostbox_wasm::component::{Component, GIVE_UP, HostAnswer, HostCall, HostFunctions, Instance, PULL, READ};
use hostbox_wasm::{CodeOptions, Error};
use tokio::sync::oneshot;

const CONCURRENT: &[u8] = include_bytes!("../../testkit/fixtures/components/concurrent/concurrent.wat");

/// A function that is called: its number, and what answers it.
type Asked = (u32, Option<oneshot::Sender<Vec<u8>>>);

/// Keeps what is asked.
#[derive(Default)]
struct App(Mutex<Vec<Asked>>);

impl HostFunctions for App {
    fn has(&self, _: u32) -> bool {
        true
    }

    fn call(&self, call: HostCall<'_>) -> HostAnswer {
        let (sender, receiver) = oneshot::channel();
        self.0.lock().unwrap().push((call.function, Some(sender)));
        HostAnswer::Later(Box::pin(async move { Ok(receiver.await.unwrap_or_default()) }))
    }
}

impl App {
    async fn asked(&self, count: usize) -> Vec<Asked> {
        loop {
            {
                let mut asked = self.0.lock().unwrap();
                if asked.len() >= count {
                    return std::mem::take(&mut *asked);
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

fn compile() -> Component {
    Component::compile(CONCURRENT, CodeOptions { experimental: true, ..CodeOptions::default() }).unwrap()
}

fn start() -> (Instance, Arc<App>) {
    let app = Arc::new(App::default());
    let mut options = options();
    options.host = app.clone();
    (compile().instantiate(options).unwrap(), app)
}

/// The number of an exported function.
fn number(name: &str) -> u32 {
    let shape: serde_json::Value = serde_json::from_str(compile().shape()).unwrap();
    let functions = shape["exports"][0]["functions"].as_array().unwrap().clone();
    let found = functions.iter().find(|function| function["name"] == name).unwrap();
    found["number"].as_u64().unwrap() as u32
}

fn slots(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The first slot of an answer.
fn value(answer: &[u8]) -> u64 {
    u64::from_le_bytes(*answer[16..].first_chunk().unwrap())
}

#[tokio::test]
async fn calls_wait_beside_each_other_for_the_host() {
    let (instance, app) = start();
    let twice = number("twice");
    let first = instance.call_concurrent(twice, slots(&[1])).unwrap();
    let second = instance.call_concurrent(twice, slots(&[2])).unwrap();
    let mut asked = app.asked(2).await;
    for ((_, answer), value) in asked.iter_mut().zip([10, 20]) {
        answer.take().unwrap().send(slots(&[value])).unwrap();
    }
    assert_eq!((value(&second.await.unwrap()), value(&first.await.unwrap())), (40, 20));
}

#[tokio::test]
async fn a_stream_of_the_host_is_asked_for_and_given_up() {
    let (instance, app) = start();
    let first = instance.call_concurrent(number("first"), slots(&[7])).unwrap();
    let mut asked = app.asked(1).await;
    assert_eq!(asked[0].0, PULL);
    // A list of two bytes, behind its address and length.
    let mut list = slots(&[(1024 + 8) | (2 << 32)]);
    list.extend([3, 4]);
    asked[0].1.take().unwrap().send(list).unwrap();
    assert_eq!(value(&first.await.unwrap()), 7);
    assert_eq!(app.asked(1).await[0].0, GIVE_UP);
}

#[tokio::test]
async fn what_the_host_answers_for_a_stream_is_not_believed() {
    let list = |address: u64, length: u64| slots(&[address | (length << 32)]);
    for answer in
        [vec![1], list(0, 1), list(1024 + 8, 1), list(1024, u64::from(u32::MAX)), list(u64::from(u32::MAX), 8)]
    {
        for function in ["sum", "join", "echo-pairs"] {
            let (instance, app) = start();
            let call = instance.call_concurrent(number(function), slots(&[1])).unwrap();
            let call = tokio::spawn(call);
            if function == "echo-pairs" {
                let stream = value(&call.await.unwrap().unwrap());
                let read = tokio::spawn(instance.call_concurrent(READ, slots(&[stream, 9])).unwrap());
                app.asked(1).await[0].1.take().unwrap().send(answer.clone()).unwrap();
                // Nobody has looked into the elements; what crosses is the sender's own.
                let _ = read.await.unwrap();
                continue;
            }
            app.asked(1).await[0].1.take().unwrap().send(answer.clone()).unwrap();
            let error = call.await.unwrap().unwrap_err();
            assert!(matches!(error, Error::Trap { .. }), "{function} of {answer:?}: {error}");
        }
    }
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_the_instance() {
    let (instance, app) = start();
    let twice = number("twice");
    let other = instance.call_concurrent(twice, slots(&[1])).unwrap();
    drop(instance.call_concurrent(twice, slots(&[2])).unwrap());
    assert!(matches!(other.await.unwrap_err(), Error::Gone(_)));
    drop(app);
    let late = instance.call_concurrent(twice, slots(&[1])).err().unwrap();
    assert_eq!(late.code(), "ERR_CLOSED");
}

#[tokio::test]
async fn streams_that_there_are_not_have_ended() {
    let (instance, _) = start();
    assert!(instance.call_concurrent(READ, slots(&[99, 1])).unwrap().await.unwrap().is_empty());
    assert_eq!(instance.call_concurrent(READ, vec![1]).err().unwrap().code(), "ERR_ARGUMENT");
    assert_eq!(
        instance.call(number("plus"), &slots(&[1, 2]), &Cancel::new(), |answer| answer.len()).unwrap_err().code(),
        "ERR_ARGUMENT"
    );
}

#[tokio::test]
async fn a_handle_that_there_is_not_ends_the_instance_but_not_the_host() {
    const RESOURCES: &[u8] = include_bytes!("../../testkit/fixtures/components/concurrent/resources.wat");
    let component =
        Component::compile(RESOURCES, CodeOptions { experimental: true, ..CodeOptions::default() }).unwrap();
    let shape: serde_json::Value = serde_json::from_str(component.shape()).unwrap();
    let number = |value: &serde_json::Value| value.as_u64().unwrap() as u32;
    let exported = |name: &str| {
        let functions = shape["exports"][0]["functions"].as_array().unwrap();
        number(&functions.iter().find(|function| function["name"] == name).unwrap()["number"])
    };
    let drop =
        number(&shape["resources"].as_array().unwrap().iter().find(|it| it["side"] == "export").unwrap()["drop"]);
    let start = || {
        let mut options = options();
        options.host = Arc::new(App::default());
        component.instantiate(options).unwrap()
    };
    let instance = start();
    let call = async |function, values: &[u64]| instance.call_concurrent(function, slots(values)).unwrap().await;
    // What is nobody's is dropped already.
    call(drop, &[99]).await.unwrap();
    let thing = value(&call(exported("thing"), &[5]).await.unwrap());
    assert_eq!(value(&call(exported("value"), &[thing]).await.unwrap()), 5);
    call(drop, &[thing]).await.unwrap();
    assert_eq!(value(&call(exported("alive"), &[]).await.unwrap()), 0);
    assert!(matches!(call(exported("value"), &[thing]).await.unwrap_err(), Error::Trap { .. }));
    for function in ["consume", "value"] {
        let instance = start();
        let call = instance.call_concurrent(exported(function), slots(&[u64::MAX])).unwrap();
        assert!(matches!(call.await.unwrap_err(), Error::Trap { .. }), "{function}");
    }
}

/// Hands its whole memory of 1 MiB to the host, so many times, and waits for nothing.
const FLOOD: &str = r#"(component
  (import "keep" (func $keep async (param "data" (list u8))))
  (core module $memory (memory (export "memory") 16))
  (core instance $memory (instantiate $memory))
  (canon lower (func $keep) async (memory (core memory $memory "memory")) (core func $keep))
  (canon task.return (core func $return))
  (core module $main
    (import "" "keep" (func $keep (param i32 i32) (result i32)))
    (import "" "return" (func $return))
    (func (export "callback") (param i32 i32 i32) (result i32) unreachable)
    (func (export "flood") (param $count i32) (result i32)
      (loop $again
        (drop (call $keep (i32.const 0) (i32.const 1048576)))
        (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
      (call $return)
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "" (instance (export "keep" (func $keep)) (export "return" (func $return))))))
  (func (export "flood") async (param "count" u32) (canon lift (core func $main "flood") async
    (callback (core func $main "callback")))))"#;

/// Answers at once.
struct Now;

impl HostFunctions for Now {
    fn has(&self, _: u32) -> bool {
        true
    }

    fn call(&self, _: HostCall<'_>) -> HostAnswer {
        HostAnswer::Ready(Ok(Vec::new()))
    }
}

#[tokio::test]
async fn what_calls_under_way_hand_to_the_host_is_paid_for_until_they_are_answered() {
    let flood = async |host: Arc<dyn HostFunctions>, count| {
        let component =
            Component::compile(FLOOD.as_bytes(), CodeOptions { experimental: true, ..CodeOptions::default() });
        let mut options = options();
        options.host = host;
        let instance = component.unwrap().instantiate(options).unwrap();
        instance.call_concurrent(0, slots(&[count])).unwrap().await.map(drop)
    };
    // The account has 64 MiB.
    assert_eq!(flood(Arc::new(Now), 200).await, Ok(()));
    let app = Arc::new(App::default());
    assert_eq!(flood(app.clone(), 50).await, Ok(()));
    assert_eq!(flood(app.clone(), 200).await.unwrap_err().code(), "ERR_MEMORY");
    assert!(app.0.lock().unwrap().len() < 50 + 64);
}

#[test]
fn compiled_code_of_it_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let cache = hostbox_wasm::component::CodeCache::open(folder.path().join("code")).unwrap();
    let options = CodeOptions { experimental: true, fuel: true, ..CodeOptions::default() };
    let shape = Component::compile_cached(CONCURRENT, options, Some(&cache)).unwrap().shape().to_owned();
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1);
    let (name, code) = Component::compile_cached(CONCURRENT, options, None).unwrap().precompile().unwrap();
    assert_eq!(std::fs::read(cache.path().join(name)).unwrap(), code);
    assert!(shape.contains("\"concurrent\":true"));
}
