//! The host's operations in a context that the test owns.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use std::sync::{Arc, Mutex};

use hostbox::rquickjs::{CatchResultExt, Context, Ctx, FromJs, Function, Persistent, Runtime};
use hostbox::web_runtime::{
    InstalledHost, Progress, install, plugin_call, plugin_get_info, plugin_load_bundle, polyfill_script,
};
use hostbox::{Builder, Error, HostRuntime, Limits, WebRuntimeOptions};
use serde_json::{Value, json};

fn builder() -> Builder {
    HostRuntime::builder("install")
}

/// A context of its own with a host.
fn with_host<R>(builder: Builder, test: impl FnOnce(&Ctx<'_>, &InstalledHost) -> R) -> R {
    let runtime = Runtime::new().unwrap();
    let context = Context::full(&runtime).unwrap();
    context.with(|ctx| {
        let host = install(&ctx, builder).unwrap();
        test(&ctx, &host)
    })
}

fn eval<'js, V: FromJs<'js>>(ctx: &Ctx<'js>, script: &str) -> V {
    ctx.eval(script).catch(ctx).map_err(|error| error.to_string()).unwrap()
}

/// What an asynchronous function gives; the host runs meanwhile.
fn run(ctx: &Ctx<'_>, body: &str) -> Result<Value, Error> {
    plugin_load_bundle(ctx, "script".into(), format!("exports.main = async () => {{ {body} }}")).unwrap();
    plugin_call(ctx, "script".into(), "main".into(), None)
}

#[test]
fn timers_and_immediates_run_in_their_order() {
    with_host(builder(), |ctx, host| {
        let script = "var seen = [];
            setTimeout(() => seen.push('later'), 5);
            setTimeout(() => { seen.push('timer'); queueMicrotask(() => seen.push('job')); process.nextTick(() => seen.push('tick')) });
            setImmediate(() => seen.push('immediate'));
            const id = setInterval(() => { seen.push('interval'); clearInterval(id) }, 1);
            clearTimeout(setTimeout(() => seen.push('never')));";
        eval::<()>(ctx, script);
        assert_eq!(eval::<u32>(ctx, "seen.length"), 0);
        host.run_until_idle(ctx).unwrap();
        assert_eq!(host.poll(ctx).unwrap(), Progress::Idle);
        let seen = eval::<String>(ctx, "seen.join()");
        assert!(seen.starts_with("immediate,") && seen.ends_with(",later"), "{seen}");
        assert!(seen.contains("timer,tick,job"), "{seen}");
        assert!(!seen.contains("never") && seen.contains("interval"), "{seen}");
    });
}

#[test]
fn what_there_is_to_wait_for_is_told() {
    with_host(builder(), |ctx, host| {
        assert_eq!(host.poll(ctx).unwrap(), Progress::Idle);
        eval::<()>(ctx, "var timer = setTimeout(() => {}, 1e6)");
        assert_eq!(host.poll(ctx).unwrap(), Progress::Waiting);
        eval::<()>(ctx, "clearTimeout(timer); var again = () => { timer = setImmediate(again) }; again()");
        assert_eq!(host.poll(ctx).unwrap(), Progress::Busy);
        eval::<()>(ctx, "clearImmediate(timer); again = () => {}");
        assert_eq!(host.poll(ctx).unwrap(), Progress::Idle);
    });
}

#[cfg(feature = "fetch")]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn requests_go_where_the_grant_says_and_nowhere_else() {
    use hostbox_testkit::{Page, Server};
    let server = Server::start([("/a", Page::text("answer"))]).await.unwrap();
    let (url, other) = (server.url("/a"), server.origin_of("localhost"));
    with_host(builder().grant_net(server.origin().as_str()), |ctx, host| {
        let body = format!(
            "const texts = await Promise.all([1, 2].map(async () => (await fetch('{url}')).text()));
            const refused = await fetch('{other}/a').catch((error) => error.cause.name);
            return [...texts, refused];"
        );
        assert_eq!(run(ctx, &body).unwrap(), json!(["answer", "answer", "NotAllowedError"]));
        host.run_until_idle(ctx).unwrap();
        assert_eq!(host.fetches(), 0);
    });
}

#[cfg(feature = "fs")]
#[test]
fn files_are_those_of_the_grant() {
    let folder = tempfile::tempdir().unwrap();
    let grant = hostbox::FsGrant { write: true, ..hostbox::FsGrant::from(folder.path()) };
    with_host(builder().grant_fs("/data", grant), |ctx, _| {
        let body = "await fs.promises.writeFile('/data/a.txt', 'text');
            const read = await require('node:fs/promises').readFile('/data/a.txt', 'utf8');
            const refused = await fs.promises.readFile('/etc/hostname').catch((error) => error.code);
            return [read, refused];";
        assert_eq!(run(ctx, body).unwrap(), json!(["text", "EACCES"]));
    });
    assert_eq!(std::fs::read_to_string(folder.path().join("a.txt")).unwrap(), "text");
}

#[test]
fn bytes_go_through_the_store_and_native_operations() {
    with_host(builder(), |ctx, host| {
        let body = "const packed = await native.gzipCompress(new Uint8Array(100_000));
            const [first] = await native.chain(['gzip_decompress', 'invert'], packed);
            const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('abc'));
            globalThis.kept = await native.put(new Uint8Array([7]));
            return [packed.length < 1_000, first, Buffer.from(digest).toString('hex').slice(0, 8)];";
        assert_eq!(run(ctx, body).unwrap(), json!([true, 255, "ba7816bf"]));
        let id = eval::<f64>(ctx, "kept") as u64;
        assert_eq!(host.store().take(id).unwrap()[..], [7]);
    });
}

#[test]
fn functions_of_the_app_answer_and_the_console_has_a_hook() {
    let entries = Arc::new(Mutex::new(Vec::new()));
    let heard = entries.clone();
    let builder = builder()
        .bridge("add", |args| Ok(json!(args[0].as_f64().unwrap() + args[1].as_f64().unwrap())))
        .bridge_async("fail", |_| async { Err("not today".into()) })
        .console(move |entry| heard.lock().unwrap().push((entry.level, entry.text, entry.plugin)));
    with_host(builder, |ctx, host| {
        let body = "console.log('sum', await bridge.add(1, 2)); return bridge.fail().catch((error) => error.message);";
        assert_eq!(run(ctx, body).unwrap(), "not today");
        eval::<()>(ctx, "console.warn('at once'); setTimeout(() => null.property)");
        host.run_until_idle(ctx).unwrap();
    });
    let entries = entries.lock().unwrap();
    assert_eq!(entries[0], ("log", "sum 3".into(), Some("script".into())));
    assert_eq!(entries[1], ("warn", "at once".into(), None));
    assert!(entries[2].1.starts_with("Uncaught TypeError: cannot read property"), "{entries:?}");
}

#[test]
fn bundles_have_the_modules_of_node_and_their_promises_are_waited_for() {
    with_host(builder(), |ctx, _| {
        let source = "const { join } = require('path');
            plugin.register({ name: 'other', version: '2', apiVersion: 1 });
            exports.later = (ms, value) => new Promise((done) => setTimeout(done, ms, join('/a', value)));
            exports.never = () => new Promise(() => {});
            exports.required = () => require('left-pad');";
        plugin_load_bundle(ctx, "bundle".into(), source.into()).unwrap();
        let call = |function: &str, args: &str| plugin_call(ctx, "bundle".into(), function.into(), Some(args.into()));
        assert_eq!(call("later", r#"[2, "b"]"#).unwrap(), "/a/b");
        assert_eq!(call("never", "[]").unwrap_err().code(), "ERR_ASYNC");
        assert!(call("required", "[]").unwrap_err().to_string().contains("left-pad"));
        assert_eq!(plugin_get_info(ctx, "bundle".into()).unwrap()["version"], "2");
    });
}

#[test]
fn what_the_context_has_stays_and_what_the_polyfill_made_gives_way() {
    let runtime = Runtime::new().unwrap();
    let context = Context::full(&runtime).unwrap();
    context.with(|ctx| {
        ctx.eval::<(), _>(polyfill_script(WebRuntimeOptions::default())).unwrap();
        ctx.eval::<(), _>("globalThis.console = 'mine'; globalThis.OfPolyfill = EventTarget").unwrap();
        let _host = install(&ctx, builder()).unwrap();
        let script =
            "[console === 'mine', EventTarget !== OfPolyfill, new AbortController().signal instanceof EventTarget,
            self === globalThis && global === globalThis, 'onunhandledrejection' in globalThis].join()";
        assert_eq!(eval::<String>(&ctx, script), "true,true,true,true,false");
    });
}

#[test]
fn every_global_and_every_module_can_be_touched() {
    with_host(builder(), |ctx, host| {
        let script = "[...Object.getOwnPropertyNames(globalThis), ...require('module').builtinModules].filter((name) =>
            !['undefined', 'onerror'].includes(name) && (globalThis[name] ?? require(name)) === undefined).join()";
        assert_eq!(eval::<String>(ctx, script), "");
        host.run_until_idle(ctx).unwrap();
    });
}

#[tokio::test]
async fn driving_leaves_the_runtime_free_while_it_waits() {
    let runtime = Runtime::new().unwrap();
    let context = Context::full(&runtime).unwrap();
    let (asked, is_asked) = tokio::sync::oneshot::channel::<()>();
    let asked = Mutex::new(Some(asked));
    let (answer, to_come) = tokio::sync::oneshot::channel::<i64>();
    let to_come = Mutex::new(Some(to_come));
    let builder = builder().bridge_async("ask", move |_| {
        asked.lock().unwrap().take().unwrap().send(()).unwrap();
        let to_come = to_come.lock().unwrap().take().unwrap();
        async move { Ok(to_come.await.unwrap().into()) }
    });
    let host = context.with(|ctx| install(&ctx, builder)).unwrap();
    context.with(|ctx| eval::<()>(&ctx, "var value; bridge.ask().then((given) => { value = given })"));
    let meanwhile = async {
        is_asked.await.unwrap();
        // The lock can be had, though the drive is not over.
        assert_eq!(context.with(|ctx| eval::<i32>(&ctx, "1 + 1")), 2);
        answer.send(42).unwrap();
    };
    let (driven, ()) = tokio::join!(host.drive(&context), meanwhile);
    driven.unwrap();
    assert_eq!(context.with(|ctx| eval::<i64>(&ctx, "value")), 42);
}

#[test]
fn a_closed_host_ends_what_is_pending_and_refuses_more() {
    with_host(builder().bridge("wait", |_| Ok(Value::Null)), |ctx, host| {
        eval::<()>(
            ctx,
            "var seen = []; setTimeout(() => seen.push('timer')); bridge.wait().then(() => seen.push('bridge'))",
        );
        host.close();
        assert_eq!(host.poll(ctx).unwrap_err().code(), "ERR_CLOSED");
        assert_eq!(eval::<u32>(ctx, "seen.length"), 0);
        let code = "let code; try { setTimeout(() => {}) } catch (error) { code = error.code }; code";
        assert_eq!(eval::<String>(ctx, code), "ERR_CLOSED");
        assert_eq!(eval::<String>(ctx, "Buffer.from('abc').toString('hex')"), "616263");
        assert_eq!(run(ctx, "return new Promise(() => {})").unwrap_err().code(), "ERR_CLOSED");
    });
}

#[test]
fn handles_and_runtimes_may_go_in_any_order_with_work_under_way() {
    for keeps_handle in [true, false] {
        let runtime = Runtime::new().unwrap();
        let context = Context::full(&runtime).unwrap();
        let host = context.with(|ctx| {
            let host = install(&ctx, builder().bridge_async("wait", |_| std::future::pending())).unwrap();
            eval::<()>(
                &ctx,
                "setTimeout(() => {}, 1e6); bridge.wait(); new Response('x').text(); process.nextTick(() => {})",
            );
            host
        });
        let kept = keeps_handle.then_some(host);
        drop(context);
        drop(runtime);
        drop(kept);
    }
}

#[test]
fn contexts_of_one_runtime_have_a_host_each_and_one_at_most() {
    let runtime = Runtime::new().unwrap();
    let contexts = [Context::full(&runtime).unwrap(), Context::full(&runtime).unwrap()];
    let hosts = contexts.each_ref().map(|context| {
        context.with(|ctx| {
            let host = install(&ctx, builder()).unwrap();
            assert_eq!(install(&ctx, builder()).err().unwrap().code(), "ERR_ARGUMENT");
            eval::<()>(&ctx, "var n = 0; setTimeout(() => { n = 1 })");
            host
        })
    });
    let n = |index: usize| contexts[index].with(|ctx| eval::<u32>(&ctx, "n"));
    contexts[0].with(|ctx| {
        assert_eq!(hosts[1].poll(&ctx).unwrap_err().code(), "ERR_ARGUMENT");
        hosts[0].run_until_idle(&ctx).unwrap();
    });
    assert_eq!((n(0), n(1)), (1, 0));
    contexts[1].with(|ctx| hosts[1].run_until_idle(&ctx).unwrap());
    assert_eq!(n(1), 1);
}

#[test]
fn functions_of_one_context_work_in_another_that_has_no_host() {
    let runtime = Runtime::new().unwrap();
    let (one, other) = (Context::full(&runtime).unwrap(), Context::full(&runtime).unwrap());
    one.with(|ctx| {
        let host = install(&ctx, builder()).unwrap();
        eval::<()>(&ctx, "var seen = []");
        let timeout = Persistent::save(&ctx, eval::<Function<'_>>(&ctx, "(run) => setTimeout(run)"));
        // SAFETY: the raw context is that of `other`, which is alive; the lock is the runtime's and held.
        let inside = unsafe { Ctx::from_raw(other.as_raw()) };
        inside.globals().set("later", timeout.restore(&inside).unwrap()).unwrap();
        eval::<()>(&inside, "var n = 0; later(() => { n = 1 })");
        host.run_until_idle(&ctx).unwrap();
        assert_eq!(eval::<u32>(&inside, "n"), 1);
        drop(inside);
    });
}

#[test]
fn a_context_without_all_intrinsics_is_refused_with_the_name_of_what_is_missing() {
    let runtime = Runtime::new().unwrap();
    let context = Context::base(&runtime).unwrap();
    let error = context.with(|ctx| install(&ctx, builder())).err().unwrap();
    assert!(error.code() == "ERR_ARGUMENT" && error.to_string().contains("Context::full"), "{error}");
}

#[test]
fn limits_of_what_is_held_outside_of_the_engine_hold() {
    let limits = Limits { pending_ops: 3, buffer_bytes: 1 << 20, ..Limits::default() };
    with_host(builder().limits(limits.clone()), |ctx, _| {
        let script = "let code; try { for (;;) setTimeout(() => {}, 1e6) } catch (error) { code = error.code }; code";
        assert_eq!(eval::<String>(ctx, script), "ERR_LIMIT");
    });
    with_host(builder().limits(limits), |ctx, _| {
        let body = "return native.put(new Uint8Array(2 << 20)).catch((error) => error.code)";
        assert_eq!(run(ctx, body).unwrap(), "ERR_MEMORY");
    });
}

#[test]
fn no_path_leads_out_of_what_a_bundle_exports() {
    with_host(builder(), |ctx, _| {
        plugin_load_bundle(ctx, "bundle".into(), "exports.f = () => 1; exports.o = {}".into()).unwrap();
        for path in ["constructor", "f.constructor", "o.constructor.constructor", "o.__proto__.toString", "f.prototype"]
        {
            let refused = plugin_call(ctx, "bundle".into(), path.into(), Some(r#"["return 1"]"#.into()));
            assert_eq!(refused.unwrap_err().code(), "ERR_FUNCTION_NOT_FOUND", "{path}");
        }
    });
}
