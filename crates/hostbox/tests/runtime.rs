//! The Rust face: a sandbox as futures and JSON.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hostbox::{CallOptions, Error, HostRuntime, Limits, PluginOptions};
use serde_json::{Value, json};

fn host() -> HostRuntime {
    HostRuntime::builder("tests").build().unwrap()
}

async fn load(host: &HostRuntime, filename: &str, source: &str) -> Result<(), Error> {
    let options = PluginOptions { filename: Some(filename.into()), ..PluginOptions::default() };
    host.load_plugin("plugin", source, options).await
}

#[tokio::test]
async fn a_script_answers_with_its_value_and_declarations_stay() {
    let host = host();
    assert_eq!(host.eval("var n = 20; Promise.resolve({ twice: n * 2 })").await.unwrap(), json!({ "twice": 40 }));
    assert_eq!(host.eval("n + 1").await.unwrap(), 21);
}

#[tokio::test]
async fn a_guests_error_keeps_name_message_and_stack() {
    let error = host().eval("\nnull.property").await.unwrap_err();
    assert_eq!((error.code(), error.guest_name()), ("ERR_GUEST", Some("TypeError")));
    assert!(error.guest_stack().unwrap().contains("eval.js:2:"), "{error:?}");
    assert!(error.to_string().starts_with("ERR_GUEST: "), "{error}");
}

#[tokio::test]
async fn plugins_of_both_formats_are_called_with_json() {
    let host = host();
    host.load_plugin("bundle", "exports.add = (a, b) => a + b", PluginOptions::default()).await.unwrap();
    host.load_plugin("module", "export const deep = { er: async (x) => [x] }", PluginOptions::default()).await.unwrap();
    assert_eq!(host.call("bundle", "add", &[json!(1), json!(2)]).await.unwrap(), 3);
    assert_eq!(host.call("module", "deep.er", &[json!({ "a": null })]).await.unwrap(), json!([{ "a": null }]));
}

#[tokio::test]
async fn what_is_not_there_has_its_own_code() {
    let host = host();
    load(&host, "plugin.js", "exports.f = () => 1").await.unwrap();
    assert_eq!(host.call("nobody", "f", &[]).await.unwrap_err().code(), "ERR_PLUGIN_NOT_FOUND");
    assert_eq!(host.call("plugin", "nothing", &[]).await.unwrap_err().code(), "ERR_FUNCTION_NOT_FOUND");
    assert_eq!(load(&host, "plugin.js", "exports.g = 1").await.unwrap_err().code(), "ERR_PLUGIN_EXISTS");
}

#[tokio::test]
async fn a_plugin_gives_way_where_asked_and_can_be_unloaded() {
    let host = host();
    load(&host, "plugin.js", "exports.f = () => 1").await.unwrap();
    let replacing = PluginOptions { replace: true, ..PluginOptions::default() };
    host.load_plugin("plugin", "exports.f = () => 2", replacing).await.unwrap();
    assert_eq!(host.call("plugin", "f", &[]).await.unwrap(), 2);
    assert!(host.unload_plugin("plugin").await.unwrap());
    assert!(!host.unload_plugin("plugin").await.unwrap());
}

#[tokio::test]
async fn types_are_stripped_and_stacks_show_the_source() {
    let host = host();
    let source =
        "interface X {\n  a: number;\n}\nexport function f(x: X): number {\n  throw new Error(`no ${x.a}`);\n}\n";
    load(&host, "plugin.ts", source).await.unwrap();
    let error = host.call("plugin", "f", &[json!({ "a": 5 })]).await.unwrap_err();
    assert!(error.to_string().contains("no 5"), "{error}");
    assert!(error.guest_stack().unwrap().contains("plugin.ts:5:"), "{:?}", error.guest_stack());
}

#[tokio::test]
async fn a_syntax_error_in_typescript_tells_its_place() {
    let error = load(&host(), "plugin.ts", "let a: = 1;").await.unwrap_err();
    assert_eq!((error.code(), error.guest_name()), ("ERR_GUEST", Some("SyntaxError")));
    assert!(error.guest_stack().unwrap().contains("plugin.ts:1:"));
}

#[tokio::test]
async fn guests_call_functions_of_the_app() {
    let host = HostRuntime::builder("tests")
        .bridge("math.add", |args| Ok(json!(args[0].as_i64().unwrap() + args[1].as_i64().unwrap())))
        .bridge("fail", |_| Err("not today".into()))
        .bridge("panic", |_| panic!("a function of the app panics"))
        .build()
        .unwrap();
    assert_eq!(host.eval("bridge.math.add(1, 2)").await.unwrap(), 3);
    assert_eq!(host.eval("bridge.call('math.add', 3, 4)").await.unwrap(), 7);
    assert_eq!(host.eval("bridge.fail().catch((error) => error.message)").await.unwrap(), "not today");
    assert_eq!(
        host.eval("bridge.panic().catch((error) => error.message)").await.unwrap(),
        "the host function panicked"
    );
    let refused = host.eval("bridge.call('nothing')").await.unwrap_err();
    assert_eq!((refused.code(), refused.guest_name()), ("ERR_GUEST", Some("TypeError")));
}

#[tokio::test]
async fn a_function_of_the_app_may_call_the_sandbox_again() {
    let slot: Arc<Mutex<Option<Arc<HostRuntime>>>> = Arc::default();
    let inner = slot.clone();
    let again = move |_: Vec<Value>| {
        let host = inner.lock().unwrap().clone().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(host.eval("'from inside'")).map_err(|error| error.to_string())
    };
    let host = Arc::new(HostRuntime::builder("tests").bridge("again", again).build().unwrap());
    *slot.lock().unwrap() = Some(host.clone());
    assert_eq!(host.eval("bridge.again()").await.unwrap(), "from inside");
    *slot.lock().unwrap() = None;
}

#[tokio::test]
async fn console_entries_reach_the_hook_in_their_order() {
    let entries = Arc::new(Mutex::new(Vec::new()));
    let heard = entries.clone();
    let host = HostRuntime::builder("tests").console(move |entry| heard.lock().unwrap().push(entry)).build().unwrap();
    load(&host, "plugin.js", "console.warn('loaded %d', 1, { a: [1] }); exports.f = () => console.log('called')")
        .await
        .unwrap();
    host.call("plugin", "f", &[]).await.unwrap();
    host.close().await;
    let entries = entries.lock().unwrap();
    let seen: Vec<_> =
        entries.iter().map(|entry| (entry.level, entry.text.as_str(), entry.plugin.as_deref())).collect();
    assert_eq!(seen, [("warn", "loaded 1 { a: [ 1 ] }", Some("plugin")), ("log", "called", Some("plugin"))]);
}

#[tokio::test]
async fn a_deadline_ends_one_call_and_the_sandbox_works_on() {
    let host = host();
    load(&host, "plugin.js", "exports.spin = () => { for (;;); }; exports.f = () => 1").await.unwrap();
    let short = CallOptions { timeout: Some(Duration::from_millis(50)) };
    let error = host.call_with("plugin", "spin", &[], short).await.unwrap_err();
    assert_eq!(error.code(), "ERR_TIMEOUT");
    assert!(error.limit().unwrap().starts_with("timeoutMs"));
    assert_eq!(host.call("plugin", "f", &[]).await.unwrap(), 1);
}

#[tokio::test]
async fn dropping_the_future_of_a_call_cancels_it() {
    let host = host();
    load(&host, "plugin.js", "exports.spin = () => { for (;;); }; exports.f = () => 1").await.unwrap();
    tokio::select! {
        biased;
        _ = host.call("plugin", "spin", &[]) => panic!("it never ends"),
        () = begun(&host) => {}
    }
    // Were it not cancelled, this would wait for its thirty seconds.
    assert_eq!(host.call("plugin", "f", &[]).await.unwrap(), 1);
    assert_eq!(host.stats().errors, [("ERR_ABORTED", 1)]);
}

/// Waits until a call is under way.
async fn begun(host: &HostRuntime) {
    while host.stats().running == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn calls_interleave() {
    let host = HostRuntime::builder("tests").bridge("echo", |args| Ok(args[0].clone())).build().unwrap();
    load(&host, "plugin.js", "exports.f = async (x) => await bridge.echo(x) * 2").await.unwrap();
    let [one, two] = [[json!(1)], [json!(2)]];
    let (first, second) = tokio::join!(host.call("plugin", "f", &one), host.call("plugin", "f", &two));
    assert_eq!((first.unwrap(), second.unwrap()), (json!(2), json!(4)));
}

#[tokio::test]
async fn memory_that_runs_out_has_its_own_code() {
    let limits = Limits { memory_bytes: 4 << 20, ..Limits::default() };
    let host = HostRuntime::builder("tests").limits(limits).build().unwrap();
    let error = host.eval("var a = []; for (;;) a.push({})").await.unwrap_err();
    assert_eq!((error.code(), error.limit()), ("ERR_MEMORY", Some("memoryBytes: 4194304")));
    assert_eq!(host.eval("a = null; 1").await.unwrap(), 1);
}

#[tokio::test]
async fn a_limit_out_of_range_and_an_empty_scope_are_refused() {
    let limits = Limits { stack_bytes: 1, ..Limits::default() };
    let refused = HostRuntime::builder("tests").limits(limits).build().err().unwrap();
    assert_eq!(refused.code(), "ERR_ARGUMENT");
    assert!(refused.to_string().contains("stackBytes"), "{refused}");
    assert_eq!(HostRuntime::builder("").build().err().unwrap().code(), "ERR_ARGUMENT");
}

#[tokio::test]
async fn a_value_that_cannot_cross_is_named_by_its_path() {
    let error = host().eval("({ a: [() => 1] })").await.unwrap_err();
    assert_eq!((error.code(), error.path()), ("ERR_CLONE", Some("result.a[0]")));
}

#[tokio::test]
async fn closing_answers_calls_under_way_and_refuses_later_ones() {
    let host = host();
    let (call, ()) = tokio::join!(host.eval("new Promise(() => {})"), host.close());
    assert_eq!(call.unwrap_err().code(), "ERR_CLOSED");
    assert_eq!(host.eval("1").await.unwrap_err().code(), "ERR_CLOSED");
    host.close().await;
    assert_eq!((host.stats().state, host.stats().heap_bytes), ("closed", 0));
}

#[tokio::test]
async fn buffers_of_the_store_are_the_guests_too() {
    let host = host();
    let id = host.eval("native.put(new Uint8Array([1, 2, 3]))").await.unwrap().as_u64().unwrap();
    assert_eq!(host.store().take(id).unwrap()[..], [1, 2, 3]);
    assert_eq!(host.eval(format!("native.take({id}).catch((error) => error.code)")).await.unwrap(), "ERR_ID_NOT_FOUND");
}

#[tokio::test]
async fn garbage_can_be_collected_by_hand() {
    let host = host();
    host.eval("for (let i = 0; i < 1000; i++) { const o = { data: new Array(100).fill(i) }; o.self = o; } 0")
        .await
        .unwrap();
    let before = host.stats().heap_bytes;
    host.gc().await.unwrap();
    assert!(host.stats().heap_bytes < before);
}

#[tokio::test]
async fn a_future_of_the_app_that_panics_is_an_error_for_the_guest() {
    let host = HostRuntime::builder("tests")
        .bridge_async("panic", |_| async {
            tokio::task::yield_now().await;
            panic!("a future of the app panics")
        })
        .build()
        .unwrap();
    let caught = host.eval("bridge.panic().catch((error) => error.message)").await.unwrap();
    assert_eq!(caught, "the host function panicked");
}

#[tokio::test]
async fn a_console_hook_that_panics_ends_no_sandbox() {
    let host = HostRuntime::builder("tests").console(|_| panic!("a hook of the app panics")).build().unwrap();
    assert_eq!(host.eval("console.log('a'); 1").await.unwrap(), 1);
    assert_eq!(host.eval("console.log('b'); 2").await.unwrap(), 2);
}

#[tokio::test]
async fn functions_that_block_leave_threads_for_native_operations() {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = Arc::new(Mutex::new(receiver));
    // Each waits until all are told to go on, which comes after the native operation.
    let block =
        move |_: Vec<Value>| receiver.lock().unwrap().recv().map(|()| Value::Null).map_err(|error| error.to_string());
    let host = HostRuntime::builder("tests").bridge("block", block).build().unwrap();
    host.eval("globalThis.blocked = Array.from({ length: 500 }, () => bridge.block()); 0").await.unwrap();
    let packed = host.eval("native.gzipCompress(new Uint8Array(100_000)).then((bytes) => bytes.length < 1_000)");
    assert_eq!(packed.await.unwrap(), true);
    (0..500).for_each(|_| sender.send(()).unwrap());
    assert_eq!(host.eval("Promise.all(blocked).then((all) => all.length)").await.unwrap(), 500);
}

#[tokio::test]
async fn closing_drops_the_futures_of_the_app() {
    struct Tell(Option<tokio::sync::oneshot::Sender<()>>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.0.take().unwrap().send(()).unwrap();
        }
    }
    let (sender, dropped) = tokio::sync::oneshot::channel();
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let parts = Mutex::new(Some((Tell(Some(sender)), began)));
    let wait = move |_| {
        let (tell, began) = parts.lock().unwrap().take().unwrap();
        async move {
            let _tell = tell;
            began.send(()).unwrap();
            std::future::pending().await
        }
    };
    let host = HostRuntime::builder("tests").bridge_async("wait", wait).build().unwrap();
    let call = host.eval("bridge.wait()");
    let close = async {
        has_begun.await.unwrap();
        host.close().await;
    };
    assert_eq!(tokio::join!(call, close).0.unwrap_err().code(), "ERR_CLOSED");
    dropped.await.unwrap();
}

#[tokio::test]
async fn typed_calls_say_what_does_not_fit() {
    let host = host();
    load(&host, "plugin.js", "exports.add = (a, b = 0) => a + b; exports.none = () => {}").await.unwrap();
    assert_eq!(host.call_as::<i32>("plugin", "add", &(1, 2)).await.unwrap(), 3);
    assert_eq!(host.call_as::<Option<String>>("plugin", "none", &()).await.unwrap(), None);
    let wrong = host.call_as::<i32>("plugin", "add", "text").await.unwrap_err();
    assert!(wrong.code() == "ERR_ARGUMENT" && wrong.message().ends_with("received \"text\""), "{wrong}");
    let unread = host.call_as::<i32>("plugin", "add", &["a", "b"]).await.unwrap_err();
    assert!(unread.code() == "ERR_CLONE" && unread.message().contains("plugin.add"), "{unread}");
}

#[test]
fn the_types_for_editors_are_all_files_of_their_folder() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".d.ts"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().into(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    let listed: Vec<_> = hostbox::GUEST_TYPES.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    assert_eq!(files, listed);
}
