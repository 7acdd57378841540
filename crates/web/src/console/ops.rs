//! `host:console`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::Value;

pub(crate) const MODULE: NativeModule =
    NativeModule { name: "host:console", functions: &[Native { name: c"write", length: 4, run: write }] };

const LEVELS: [&str; 6] = ["debug", "log", "info", "warn", "error", "trace"];

fn write<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let level = call.string(0)?;
    let level = LEVELS.into_iter().find(|known| *known == level).unwrap_or("log");
    let plugin = if call.is_undefined(3) { None } else { Some(call.string(3)?) };
    call.write_console(level, call.string(1)?, &call.arg(2), plugin);
    Ok(call.undefined())
}
