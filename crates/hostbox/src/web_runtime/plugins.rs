//! Bundles on a context that the caller owns.

use hostbox_engine::{Attached, Code, Failure, GuestError, Progress};
use rquickjs::context::EvalOptions;
use rquickjs::function::{Args, This};
use rquickjs::object::Property;
use rquickjs::promise::PromiseState;
use rquickjs::{Array, CatchResultExt, CaughtError, Ctx, Function, Object, Promise, Value};

use crate::error::Error;

/// Where a context keeps what its bundles exported. Guests can find it: nothing hangs on it but themselves.
const PLUGINS: &str = "\u{0}hostbox plugins";

fn failure(code: Code, message: impl Into<String>) -> Error {
    Failure::new(code, message.into()).into()
}

/// What JavaScript threw, as an error that can be sent anywhere.
pub(super) fn thrown(error: CaughtError<'_>) -> Error {
    let message = match error {
        CaughtError::Exception(exception) => {
            let name = exception.get::<_, String>("name").unwrap_or_else(|_| {
                // What its getter threw is not what is told.
                exception.ctx().catch();
                "Error".into()
            });
            let message = exception.message().unwrap_or_default();
            let text = format!("{name}: {message}");
            let guest = GuestError { name, message, stack: exception.stack(), is_error: true, ..GuestError::default() };
            return Failure { guest: Some(Box::new(guest)), ..Failure::new(Code::Guest, text) }.into();
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

/// What no path of a function may name: it leads out of what the bundle exports.
const FORBIDDEN: [&str; 3] = ["__proto__", "prototype", "constructor"];

/// Loads a bundle in CommonJS under a name; one that has the name gives way. With an installed host `require` gives Node's modules that are
/// built in, else nothing.
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
        let require = require(ctx)?;
        run.call::<_, ()>((This(exports.clone()), exports, require, module.clone(), format!("{name}.js"), "."))?;
        module.get("exports")
    };
    let exported = Attached::in_name_of(ctx, &name, load).catch(ctx).map_err(thrown)?;
    plugins(ctx)?.set(name, exported).catch(ctx).map_err(thrown)
}

fn require<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Function<'js>> {
    if Attached::is_in(ctx) {
        return ctx.globals().get("require");
    }
    ctx.eval(
        "(function require(id) { throw new TypeError(`require('${id}'): bundles on a plain context bring everything along`) })",
    )
}

/// Calls a function of a bundle, by its name or dotted path, with arguments as a JSON array; none where nothing is given. A promise is
/// awaited as far as the context's own jobs settle it. Where a host is [installed](super::install), its timers and operations run as well, and this thread
/// waits for them as long as that takes.
///
/// # Errors
/// `ERR_PLUGIN_NOT_FOUND`, `ERR_FUNCTION_NOT_FOUND`, `ERR_ARGUMENT` for arguments that are no array, `ERR_GUEST` for what the function throws,
/// `ERR_ASYNC` where nothing is left that could settle the promise, `ERR_CLONE` for a value that has no JSON, `ERR_CLOSED` where the installed host was closed.
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
        if FORBIDDEN.contains(&segment) {
            return Err(not_found());
        }
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
        Some(json) => ctx.json_parse(json).catch(ctx).ok().and_then(Value::into_array).ok_or_else(|| {
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
    Attached::in_name_of(ctx, &name, || settle(ctx, call().catch(ctx).map_err(thrown)?))
}

/// The JSON of a value, or of what a promise gives.
fn settle<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Result<serde_json::Value, Error> {
    let value = match value.as_promise() {
        None => value,
        Some(promise) => loop {
            match promise.finish::<Value<'js>>() {
                Err(rquickjs::Error::WouldBlock) => wait_for(ctx, promise)?,
                outcome => break outcome.catch(ctx).map_err(thrown)?,
            }
        },
    };
    json(ctx, value)
}

fn json<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Result<serde_json::Value, Error> {
    let json = ctx.json_stringify(value).catch(ctx).map_err(thrown)?;
    let Some(json) = json else { return Ok(serde_json::Value::Null) };
    let json = json.to_string().catch(ctx).map_err(thrown)?;
    serde_json::from_str(&json).map_err(|error| failure(Code::Clone, format!("the value cannot be read: {error}")))
}

/// Lets an installed host go on once, for a promise that is pending.
fn wait_for<'js>(ctx: &Ctx<'js>, promise: &Promise<'js>) -> Result<(), Error> {
    if !Attached::is_in(ctx) {
        return Err(failure(Code::Async, "the promise waits for something that a plain context does not have"));
    }
    match (Attached::step(ctx)?, promise.state()) {
        (Progress::Idle, PromiseState::Pending) => {
            Err(failure(Code::Async, "the promise waits, and no timer and no operation is left that could settle it"))
        }
        (Progress::Waiting, PromiseState::Pending) => Ok(Attached::wait(ctx)?),
        _ => Ok(()),
    }
}

/// What a bundle says of itself: what its `getInfo` gives, else what it registered with `plugin.register`.
///
/// # Errors
/// As [`plugin_call`].
pub fn plugin_get_info(ctx: &Ctx<'_>, name: String) -> Result<serde_json::Value, Error> {
    let failed = match plugin_call(ctx, name.clone(), "getInfo".into(), None) {
        Err(error) if error.code() == Code::FunctionNotFound.as_str() => error,
        outcome => return outcome,
    };
    let registered = || -> rquickjs::Result<Value<'_>> {
        let Some(plugin) = ctx.globals().get::<_, Value<'_>>("plugin")?.into_object() else {
            return Ok(Value::new_undefined(ctx.clone()));
        };
        plugin.get::<_, Function<'_>>("getInfo")?.call((This(plugin), name))
    };
    match registered() {
        Ok(info) if info.is_object() => json(ctx, info),
        Ok(_) => Err(failed),
        Err(_) => {
            ctx.catch();
            Err(failed)
        }
    }
}

/// The names of the loaded bundles, in the order of their loading.
///
/// # Errors
/// `ERR_GUEST` where a guest made the list unreadable.
pub fn plugin_list(ctx: &Ctx<'_>) -> Result<Vec<String>, Error> {
    plugins(ctx)?.keys::<String>().collect::<rquickjs::Result<_>>().catch(ctx).map_err(thrown)
}
