//! `host:report`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::Value;

pub(crate) const MODULE: NativeModule =
    NativeModule { name: "host:report", functions: &[Native { name: c"report", length: 1, run: report }] };

fn report<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    call.report(&call.arg(0));
    Ok(call.undefined())
}
