//! Plugins on a plain `rquickjs` context that the caller owns: no sandbox, no limits, no grants, and nothing to grant.
//!
//! [`polyfill_script`] is text for such a context: those Web APIs and plugin APIs that need no host. Bundles in CommonJS are loaded by
//! [`plugin_load_bundle`] and called by [`plugin_call`], with the polyfill or without it. Code that is not trusted belongs into a
//! [`HostRuntime`](crate::HostRuntime).
//!
//! ```
//! use hostbox::rquickjs::{Context, Runtime};
//! use hostbox::web_runtime::{plugin_call, plugin_load_bundle, polyfill_script};
//! use hostbox::WebRuntimeOptions;
//!
//! let runtime = Runtime::new()?;
//! let context = Context::full(&runtime)?;
//! context.with(|ctx| {
//!     ctx.eval::<(), _>(polyfill_script(WebRuntimeOptions::default()))?;
//!     plugin_load_bundle(&ctx, "greeter".into(), "exports.greet = async (name) => `hello ${name}`".into())?;
//!     let greeting = plugin_call(&ctx, "greeter".into(), "greet".into(), Some(r#"["world"]"#.into()))?;
//!     assert_eq!(greeting, "hello world");
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use hostbox_engine::{Code, Failure, GuestModule};
use hostbox_web::EXTENSION;
use rquickjs::context::EvalOptions;
use rquickjs::function::{Args, This};
use rquickjs::object::Property;
use rquickjs::{Array, CatchResultExt, CaughtError, Ctx, Function, Object, Value};

use crate::error::Error;
pub use crate::tasks::WebRuntimeOptions;

// ── the polyfill ──────────────────────────────────────────────────────────────────────────────────────────────────────

/// Native modules whose part can be played without a host: nobody hears of errors that nobody caught, no plugin of ours runs.
const STOOD_IN: &[(&str, &str)] = &[
    ("host:modules", "{ __proto__: null, load: $import }"),
    ("host:plugin", "{ __proto__: null, current() {} }"),
    ("host:report", "{ __proto__: null, report() {}, listen() {} }"),
];

/// Interfaces that only come out of others, which are not there.
const LEFT_OUT: &[&str] = &["guest:bytes", "guest:readable"];

/// The polyfill of a runtime without options, as [`polyfill_script`] gives it.
pub static WEB_POLYFILL: LazyLock<String> = LazyLock::new(make_polyfill);

/// Text of the guest modules that need no host, for a bare context: `Event`, `EventTarget`, `CustomEvent`, `MessageEvent`, the queuing strategies,
/// `path`, `plugin`. Evaluated as a script, it defines those of them that the context does not have.
///
/// `options.wasi` adds nothing: `wasi` needs a host.
pub fn polyfill_script(options: WebRuntimeOptions) -> String {
    let WebRuntimeOptions { wasi: _ } = options;
    WEB_POLYFILL.clone()
}

fn module(name: &str) -> Option<&'static GuestModule> {
    EXTENSION.modules.iter().find(|module| module.name == name)
}

/// What a module imports, directly and through others; `None` where that is more than can be had without a host.
fn needs(name: &str, found: &mut BTreeSet<&'static str>) -> Option<()> {
    let module = module(name)?;
    if !found.insert(module.name) {
        return Some(());
    }
    for import in module.source.split("$import('").skip(1).filter_map(|rest| rest.split_once('\'')) {
        let is_stood_in = STOOD_IN.iter().any(|(known, _)| *known == import.0);
        if !is_stood_in {
            needs(import.0, found)?;
        }
    }
    Some(())
}

fn make_polyfill() -> String {
    let (mut modules, mut globals) = (BTreeSet::new(), Vec::new());
    for global in EXTENSION.globals.iter().filter(|global| !LEFT_OUT.contains(&global.module)) {
        let mut found = BTreeSet::new();
        if needs(global.module, &mut found).is_some() {
            modules.extend(found);
            globals.push(global);
        }
    }
    let mut script = String::from(
        "(() => {\n'use strict';\nconst loaded = { __proto__: null };\nconst sources = { __proto__: null,\n",
    );
    let mut intrinsics: &[&std::ffi::CStr] = &[];
    for module in modules.iter().filter_map(|name| module(name)) {
        intrinsics = module.intrinsics;
        let _ = writeln!(script, "{:?}: {},", module.name, module.source.trim_end().trim_end_matches(';'));
    }
    let names = intrinsics.iter().map(|name| format!("globalThis.{}", name.to_string_lossy()));
    let _ = writeln!(script, "}};\nconst intrinsics = [{}];", names.collect::<Vec<_>>().join(", "));
    script.push_str("const $import = (name) => (loaded[name] ??= sources[name]($import, ...intrinsics));\n");
    for (name, source) in STOOD_IN {
        let _ = writeln!(script, "loaded[{name:?}] = {source};");
    }
    script.push_str(
        "const define = (name, from, enumerable) => {\n  if (name in globalThis) return;\n  const settle = (value) => \
         Object.defineProperty(globalThis, name, { value, enumerable, writable: true, configurable: true });\n  \
         const get = () => { const value = $import(from)[name]; settle(value); return value; };\n  \
         Object.defineProperty(globalThis, name, { get, set: settle, enumerable, configurable: true });\n};\n",
    );
    for global in globals {
        let _ = writeln!(
            script,
            "define({:?}, {:?}, {});",
            global.name.to_string_lossy(),
            global.module,
            global.enumerable
        );
    }
    script.push_str("})();\n");
    script
}

// ── plugins ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Where a context keeps what its bundles exported. Guests can find it: nothing hangs on it but themselves.
const PLUGINS: &str = "\u{0}hostbox plugins";

fn failure(code: Code, message: impl Into<String>) -> Error {
    Failure::new(code, message.into()).into()
}

/// What JavaScript threw, as an error that can be sent anywhere.
fn thrown(error: CaughtError<'_>) -> Error {
    let message = match error {
        CaughtError::Exception(exception) => {
            let name = exception.get::<_, String>("name").unwrap_or_else(|_| "Error".into());
            format!("{name}: {}", exception.message().unwrap_or_default())
        }
        other => other.to_string(),
    };
    failure(Code::Guest, message)
}

fn plugins<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>, Error> {
    let globals = ctx.globals();
    let known: Option<Object<'js>> = globals.get(PLUGINS).catch(ctx).map_err(thrown)?;
    if let Some(known) = known {
        return Ok(known);
    }
    let made = Object::new(ctx.clone()).catch(ctx).map_err(thrown)?;
    made.set_prototype(None).catch(ctx).map_err(thrown)?;
    globals.prop(PLUGINS, Property::from(made.clone())).catch(ctx).map_err(thrown)?;
    Ok(made)
}

fn exports<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>, Error> {
    let exports: Value<'js> = plugins(ctx)?.get(name).catch(ctx).map_err(thrown)?;
    if exports.is_undefined() {
        return Err(failure(Code::PluginNotFound, format!("there is no plugin '{name}'")));
    }
    Ok(exports)
}

/// Loads a bundle in CommonJS under a name; one that has the name gives way.
///
/// # Errors
/// `ERR_GUEST` for what the bundle throws.
pub fn plugin_load_bundle(ctx: &Ctx<'_>, name: String, source: String) -> Result<(), Error> {
    let load = || -> rquickjs::Result<Value<'_>> {
        let mut options = EvalOptions::default();
        options.strict = false;
        options.filename = Some(format!("{name}.js"));
        let text = format!("(function (exports, require, module, __filename, __dirname) {{\n{source}\n}})");
        let run: Function<'_> = ctx.eval_with_options(text, options)?;
        let (module, exports) = (Object::new(ctx.clone())?, Object::new(ctx.clone())?);
        module.set("exports", exports.clone())?;
        let require: Function<'_> = ctx.eval(
            "(function require(id) { throw new TypeError(`require('${id}'): bundles on a plain context bring everything along`) })",
        )?;
        run.call::<_, ()>((This(exports.clone()), exports, require, module.clone(), format!("{name}.js"), "."))?;
        module.get("exports")
    };
    let exported = load().catch(ctx).map_err(thrown)?;
    plugins(ctx)?.set(name, exported).catch(ctx).map_err(thrown)
}

/// Calls a function of a bundle, by its name or dotted path, with arguments as a JSON array; none where nothing is given. A promise is
/// awaited as far as the context's own jobs settle it.
///
/// # Errors
/// `ERR_PLUGIN_NOT_FOUND`, `ERR_FUNCTION_NOT_FOUND`, `ERR_ARGUMENT` for arguments that are no array, `ERR_GUEST` for what the function throws,
/// `ERR_ASYNC` where the promise is still pending, `ERR_CLONE` for a value that has no JSON.
pub fn plugin_call(
    ctx: &Ctx<'_>,
    name: String,
    function: String,
    args_json: Option<String>,
) -> Result<serde_json::Value, Error> {
    let mut receiver = exports(ctx, &name)?;
    let mut target = receiver.clone();
    for segment in function.split('.') {
        let not_found = || failure(Code::FunctionNotFound, format!("plugin '{name}' has no function '{function}'"));
        let object = target.as_object().cloned().ok_or_else(not_found)?;
        receiver = target;
        target = object.get(segment).catch(ctx).map_err(thrown)?;
        if target.is_undefined() {
            return Err(not_found());
        }
    }
    let callee = target.into_function();
    let callee = callee.ok_or_else(|| {
        failure(Code::FunctionNotFound, format!("plugin '{name}' has '{function}', which is no function"))
    })?;
    let args = match args_json {
        None => Array::new(ctx.clone()).catch(ctx).map_err(thrown)?,
        Some(json) => ctx.json_parse(json).ok().and_then(Value::into_array).ok_or_else(|| {
            failure(Code::Argument, "Expected a JSON array for args_json but received something else")
        })?,
    };
    let call = || -> rquickjs::Result<Value<'_>> {
        let mut call = Args::new(ctx.clone(), args.len());
        call.this(receiver.clone())?;
        for arg in args.iter::<Value<'_>>() {
            call.push_arg(arg?)?;
        }
        callee.call_arg(call)
    };
    settle(ctx, call().catch(ctx).map_err(thrown)?)
}

/// The JSON of a value, or of what a promise gives.
fn settle<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Result<serde_json::Value, Error> {
    let value = match value.as_promise() {
        None => value,
        Some(promise) => match promise.finish::<Value<'js>>() {
            Err(rquickjs::Error::WouldBlock) => {
                return Err(failure(Code::Async, "the promise waits for something that a plain context does not have"));
            }
            outcome => outcome.catch(ctx).map_err(thrown)?,
        },
    };
    let json = ctx.json_stringify(value).catch(ctx).map_err(thrown)?;
    let Some(json) = json else { return Ok(serde_json::Value::Null) };
    let json = json.to_string().catch(ctx).map_err(thrown)?;
    serde_json::from_str(&json).map_err(|error| failure(Code::Clone, format!("the value cannot be read: {error}")))
}

/// What a bundle says of itself: what its `getInfo` gives.
///
/// # Errors
/// As [`plugin_call`].
pub fn plugin_get_info(ctx: &Ctx<'_>, name: String) -> Result<serde_json::Value, Error> {
    plugin_call(ctx, name, "getInfo".into(), None)
}

/// The names of the loaded bundles, in the order of their loading.
///
/// # Errors
/// `ERR_GUEST` where a guest made the list unreadable.
pub fn plugin_list(ctx: &Ctx<'_>) -> Result<Vec<String>, Error> {
    plugins(ctx)?.keys::<String>().collect::<rquickjs::Result<_>>().catch(ctx).map_err(thrown)
}
