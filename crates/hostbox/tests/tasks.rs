//! The runtime of tasks: handles, routes, bundles.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use hostbox::{
    AsyncHostRuntime, Error, Limits, RuntimeTaskHandle, WebRuntimeOptions, register_bridge_route_async_handler,
    register_bridge_route_blocking_handler, register_bridge_route_sync_handler, unregister_bridge_route_handler,
};
use serde_json::json;

fn runtime() -> AsyncHostRuntime {
    AsyncHostRuntime::new("tests").unwrap()
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> &'static str {
    outcome.unwrap_err().code()
}

#[test]
fn a_task_gives_text_a_string_as_it_is_and_anything_else_as_json() {
    let runtime = runtime();
    let text = |script: &str| runtime.spawn(script).unwrap().wait().unwrap();
    assert_eq!(text("'plain'"), "plain");
    assert_eq!(text("({ a: [1, null] })"), r#"{"a":[1,null]}"#);
    assert_eq!(text("Promise.resolve(7)"), "7");
    assert_eq!(text("undefined"), "null");
}

#[tokio::test]
async fn a_handle_is_a_future_and_has_one() {
    let runtime = runtime();
    assert_eq!(runtime.spawn("1 + 1").unwrap().await.unwrap(), "2");
    assert_eq!(runtime.spawn("1 + 2").unwrap().wait_async().await.unwrap(), "3");
    let many: Vec<RuntimeTaskHandle> = (0..100).map(|n| runtime.spawn(format!("{n} * 2")).unwrap()).collect();
    for (index, task) in many.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), (index * 2).to_string());
    }
}

#[test]
fn values_are_read_as_what_is_wanted() {
    let runtime = runtime();
    assert_eq!(runtime.spawn_json::<Vec<u8>>("[1, 2]").unwrap().wait().unwrap(), [1, 2]);
    assert_eq!(runtime.spawn_json::<Vec<u8>>("JSON.stringify([1, 2])").unwrap().wait().unwrap(), [1, 2]);
    assert_eq!(runtime.spawn_json::<String>("'[1, 2]'").unwrap().wait().unwrap(), "[1, 2]");
    assert_eq!(code(runtime.spawn_json::<Vec<u8>>("'no'").unwrap().wait()), "ERR_CLONE");
}

#[test]
fn errors_are_those_of_the_guest_and_can_be_sent() {
    fn sendable<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    let error = sendable(runtime().spawn("null.x").unwrap().wait().unwrap_err());
    assert_eq!((error.code(), error.guest_name()), ("ERR_GUEST", Some("TypeError")));
}

#[test]
fn a_dropped_handle_cancels_its_task_and_the_runtime_goes_on() {
    let runtime = runtime();
    drop(runtime.spawn("globalThis.ran = true; new Promise(() => {})").unwrap());
    drop(runtime.spawn("for (;;);").unwrap());
    assert_eq!(runtime.spawn("1 + 1").unwrap().wait().unwrap(), "2");
    assert_eq!(runtime.stats().pending, 0);
}

#[test]
fn a_task_is_cancelled_by_its_id_once() {
    let runtime = runtime();
    let task = runtime.spawn("new Promise(() => {})").unwrap();
    assert!(runtime.cancel(task.id()));
    assert!(!runtime.cancel(task.id()) && !runtime.cancel(0));
    assert_eq!(code(task.wait()), "ERR_ABORTED");
    let stats = runtime.stats();
    assert_eq!((stats.done, stats.failed), (0, 1));
}

#[test]
fn dropping_the_runtime_settles_every_waiter() {
    let runtime = runtime();
    let tasks: Vec<_> = ["new Promise(() => {})", "for (;;);", "1"].map(|script| runtime.spawn(script).unwrap()).into();
    let waiters: Vec<_> = tasks.into_iter().map(|task| std::thread::spawn(move || task.wait())).collect();
    drop(runtime);
    for waiter in waiters {
        let outcome = waiter.join().unwrap();
        assert!(outcome.is_ok() || code(outcome) == "ERR_CLOSED");
    }
}

#[tokio::test]
async fn bundles_are_loaded_called_and_forgotten() {
    let runtime = runtime();
    runtime.bundle_load("a", "exports.add = (x, y) => x + y").await.unwrap();
    runtime.bundle_load("b", "export const list = async () => [1]").await.unwrap();
    runtime.bundle_load("a", "exports.add = (x, y) => x - y").await.unwrap();
    assert_eq!(runtime.bundle_call("a", "add", &[json!(5), json!(3)]).await.unwrap(), 2);
    assert_eq!(runtime.bundle_call("b", "list", &[]).await.unwrap(), json!([1]));
    let twice = "exports.twice = (x) => 2 * x; exports.fail = () => null.x";
    assert_eq!(runtime.bundle_call_once(twice, "twice", &[json!(4)]).await.unwrap(), 8);
    assert_eq!(code(runtime.bundle_call_once(twice, "fail", &[]).await), "ERR_GUEST");
    assert_eq!(runtime.bundle_list().await.unwrap(), ["a", "b"]);
    assert!(runtime.bundle_unload("a").await.unwrap() && !runtime.bundle_unload("a").await.unwrap());
    runtime.run_gc().await.unwrap();
}

#[test]
fn routes_of_all_three_kinds_are_there_for_runtimes_that_exist_already() {
    let runtime = AsyncHostRuntime::new("scope of routes").unwrap();
    register_bridge_route_sync_handler("tests.sync", |scope, args| Ok::<_, String>(json!([scope, args]))).unwrap();
    register_bridge_route_blocking_handler("tests.blocking", |_, _| Err::<_, String>("refused".into())).unwrap();
    register_bridge_route_async_handler("tests.async", |_, args| async move {
        tokio::task::yield_now().await;
        Ok::<_, String>(args[0].clone())
    })
    .unwrap();
    let text = |script: &str| runtime.spawn(script).unwrap().wait();
    assert_eq!(text("bridge.call('tests.sync', 1)").unwrap(), r#"["scope of routes",[1]]"#);
    assert_eq!(text("bridge.call('tests.async', 'x')").unwrap(), "x");
    assert!(text("bridge.call('tests.blocking')").unwrap_err().to_string().contains("refused"));
    assert!(unregister_bridge_route_handler("tests.sync") && !unregister_bridge_route_handler("tests.sync"));
    assert_eq!(code(text("bridge.call('tests.sync', 1)")), "ERR_GUEST");
    assert_eq!(code(register_bridge_route_sync_handler(" ", |_, _| Ok::<_, String>(json!(1)))), "ERR_ARGUMENT");
}

#[test]
fn a_function_of_the_builder_goes_before_a_route_and_stays_with_its_sandbox() {
    register_bridge_route_sync_handler("tests.same", |_, _| Ok::<_, String>(json!("route"))).unwrap();
    let own = AsyncHostRuntime::builder("tests").bridge("tests.same", |_| Ok(json!("own"))).build_async().unwrap();
    let text = |runtime: &AsyncHostRuntime| runtime.spawn("bridge.call('tests.same')").unwrap().wait().unwrap();
    assert_eq!((text(&own).as_str(), text(&runtime()).as_str()), ("own", "route"));
}

#[test]
fn a_future_of_a_route_ends_with_its_sandbox() {
    struct Flag(Arc<AtomicBool>, mpsc::Sender<()>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
            let _ = self.1.send(());
        }
    }
    let (is_dropped, (sender, receiver)) = (Arc::new(AtomicBool::new(false)), mpsc::channel());
    let (begun, has_begun) = mpsc::channel();
    let flag = std::sync::Mutex::new(Some(Flag(is_dropped.clone(), sender)));
    let runtime = AsyncHostRuntime::builder("tests")
        .bridge_async("wait", move |_| {
            let flag = flag.lock().unwrap().take();
            begun.send(()).unwrap();
            async move {
                std::future::pending::<()>().await;
                drop(flag);
                Ok(json!(null))
            }
        })
        .build_async()
        .unwrap();
    let task = runtime.spawn("bridge.wait()").unwrap();
    has_begun.recv_timeout(Duration::from_secs(10)).unwrap();
    drop(runtime);
    assert_eq!(code(task.wait()), "ERR_CLOSED");
    receiver.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(is_dropped.load(SeqCst));
}

#[test]
fn limits_hold_and_a_wrong_scope_is_refused() {
    let limits = Limits { timeout: Duration::from_millis(50), ..Limits::default() };
    let runtime = AsyncHostRuntime::builder("tests").limits(limits).build_async().unwrap();
    assert_eq!(code(runtime.spawn("for (;;);").unwrap().wait()), "ERR_TIMEOUT");
    assert_eq!(code(AsyncHostRuntime::new("").map(|_| ())), "ERR_ARGUMENT");
}

#[cfg(feature = "wasi")]
#[test]
fn wasi_is_there_where_feature_and_option_ask_for_it() {
    for (wasi, seen) in [(true, "object"), (false, "undefined")] {
        let runtime = AsyncHostRuntime::new_with_options("tests", WebRuntimeOptions { wasi }).unwrap();
        assert_eq!(runtime.spawn("typeof wasi").unwrap().wait().unwrap(), seen);
    }
}

#[cfg(not(feature = "wasi"))]
#[test]
fn wasi_is_refused_clearly_without_its_feature() {
    let refused = AsyncHostRuntime::new_with_options("tests", WebRuntimeOptions { wasi: true }).err().unwrap();
    assert!(refused.code() == "ERR_ARGUMENT" && refused.to_string().contains("feature wasi"), "{refused}");
}

#[tokio::test]
async fn a_bundle_for_one_call_is_forgotten_whatever_comes_of_it() {
    let runtime = runtime();
    let source = "exports.spin = () => new Promise(() => {}); exports.fail = () => null.property";
    assert_eq!(code(runtime.bundle_call_once(source, "fail", &[]).await), "ERR_GUEST");
    assert_eq!(code(runtime.bundle_call_once(source, "other", &[]).await), "ERR_FUNCTION_NOT_FOUND");
    assert_eq!(code(runtime.bundle_call_once("throw 1", "spin", &[]).await), "ERR_GUEST");
    tokio::select! {
        biased;
        _ = runtime.bundle_call_once(source, "spin", &[]) => panic!("it never ends"),
        () = async {
            while runtime.bundle_list().await.unwrap().is_empty() {}
        } => {}
    }
    assert!(runtime.bundle_list().await.unwrap().is_empty());
}
