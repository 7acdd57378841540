//! `host:timers`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{IntoJs, Value};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:timers",
    functions: &[
        Native { name: c"start", length: 3, run: start },
        Native { name: c"stop", length: 1, run: stop },
        Native { name: c"immediate", length: 1, run: immediate },
        Native { name: c"stopImmediate", length: 1, run: stop_immediate },
        Native { name: c"setTimeoutFor", length: 2, run: set_timeout_for },
    ],
};

fn start<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    call.start_timer(call.number(0)?, call.boolean(1), call.arg(2))?.into_js(call.ctx())
}

fn stop<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    if let Some(id) = id(call)? {
        call.stop_timer(id);
    }
    Ok(call.undefined())
}

fn immediate<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    call.start_immediate(call.arg(0))?.into_js(call.ctx())
}

fn stop_immediate<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    if let Some(id) = id(call)? {
        call.stop_immediate(id);
    }
    Ok(call.undefined())
}

fn set_timeout_for<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    call.start_timer(call.number(0)?, false, call.arg(1))?.into_js(call.ctx())
}

/// The id that was given, if it can be one.
fn id(call: &Call<'_, '_>) -> rquickjs::Result<Option<u32>> {
    let number = call.number(0)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number in range, as was just seen"
    )]
    Ok((number.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&number)).then_some(number as u32))
}
