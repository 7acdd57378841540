//! A crate that was written for the name `rquickjs_playground`: this library under that name, by Cargo's `package` key.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use rquickjs_playground::rquickjs::{Context, Runtime};
use rquickjs_playground::web_runtime::{
    WEB_POLYFILL, plugin_call, plugin_get_info, plugin_list, plugin_load_bundle, polyfill_script,
};
use rquickjs_playground::{AsyncHostRuntime, WebRuntimeOptions};
use serde_json::json;

const BUNDLE: &str = "
    module.exports = {
        getInfo() { return { name: 'demo', version: '0.0.1', apiVersion: 1 } },
        async echo(name, version) { return { name, version } },
        nested: { own: true, get() { return this.own } },
        fail() { null.property },
        wait: () => new Promise(() => {}),
        nothing() {},
    };
";

fn with_bundle(polyfill: Option<String>, check: impl FnOnce(&rquickjs_playground::rquickjs::Ctx<'_>)) {
    let runtime = Runtime::new().unwrap();
    let context = Context::full(&runtime).unwrap();
    context.with(|ctx| {
        if let Some(polyfill) = polyfill {
            ctx.eval::<(), _>(polyfill).unwrap();
        }
        plugin_load_bundle(&ctx, "demo".to_string(), BUNDLE.to_string()).unwrap();
        check(&ctx);
    });
}

#[test]
fn a_bundle_is_loaded_into_a_plain_context_and_called() {
    for polyfill in [Some(polyfill_script(WebRuntimeOptions { wasi: true })), None] {
        with_bundle(polyfill, |ctx| {
            let info = plugin_get_info(ctx, "demo".to_string()).unwrap();
            assert_eq!(info, json!({ "name": "demo", "version": "0.0.1", "apiVersion": 1 }));
            let args = Some(r#"["demo","0.0.1"]"#.to_string());
            let echo = plugin_call(ctx, "demo".to_string(), "echo".to_string(), args).unwrap();
            assert_eq!(echo, json!({ "name": "demo", "version": "0.0.1" }));
            assert_eq!(plugin_list(ctx).unwrap(), ["demo"]);
        });
    }
}

#[test]
fn what_goes_wrong_has_a_code() {
    with_bundle(None, |ctx| {
        let call = |name: &str, function: &str, args: Option<&str>| {
            plugin_call(ctx, name.into(), function.into(), args.map(str::to_owned))
        };
        let code = |name: &str, function: &str, args: Option<&str>| call(name, function, args).unwrap_err().code();
        assert_eq!(call("demo", "nested.get", None).unwrap(), true);
        assert_eq!(call("demo", "nothing", None).unwrap(), json!(null));
        assert_eq!(code("other", "echo", None), "ERR_PLUGIN_NOT_FOUND");
        assert_eq!(code("demo", "other", None), "ERR_FUNCTION_NOT_FOUND");
        assert_eq!(code("demo", "nested", None), "ERR_FUNCTION_NOT_FOUND");
        assert_eq!(code("demo", "nested.own.x", None), "ERR_FUNCTION_NOT_FOUND");
        assert_eq!(code("demo", "echo", Some("{}")), "ERR_ARGUMENT");
        assert_eq!(code("demo", "echo", Some("[")), "ERR_ARGUMENT");
        assert_eq!(code("demo", "wait", None), "ERR_ASYNC");
        let error = call("demo", "fail", None).unwrap_err();
        assert!(error.code() == "ERR_GUEST" && error.to_string().contains("TypeError"), "{error}");
        assert_eq!(error.guest_name(), Some("TypeError"));
        assert_eq!(code("demo", "echo.constructor", Some(r#"["return 1"]"#)), "ERR_FUNCTION_NOT_FOUND");
        assert!(!ctx.has_exception());
        let error = plugin_load_bundle(ctx, "bad".into(), "require('fs')".into()).unwrap_err();
        assert!(error.to_string().contains("require('fs')"), "{error}");
        assert_eq!(plugin_list(ctx).unwrap(), ["demo"]);
    });
}

#[test]
fn the_polyfill_works_without_a_host() {
    let runtime = Runtime::new().unwrap();
    let context = Context::full(&runtime).unwrap();
    context.with(|ctx| {
        ctx.eval::<(), _>(WEB_POLYFILL.as_str()).unwrap();
        let script = "
            const seen = [];
            const target = new EventTarget();
            target.addEventListener('x', (event) => seen.push(event.type, event instanceof Event));
            target.dispatchEvent(new CustomEvent('x'));
            plugin.register({ name: 'a', version: '1', apiVersion: 1 });
            JSON.stringify([seen, path.join('/a', '../b'), plugin.getInfo('a').version, new CountQueuingStrategy({ highWaterMark: 2 }).highWaterMark])
        ";
        assert_eq!(ctx.eval::<String, _>(script).unwrap(), r#"[["x",true],"/b","1",2]"#);
    });
}

#[test]
fn the_sandbox_goes_by_that_name_as_well() {
    let runtime = AsyncHostRuntime::new("renamed").unwrap();
    assert_eq!(runtime.spawn("'answer'").unwrap().wait().unwrap(), "answer");
}
