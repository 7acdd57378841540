//! `host:report`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::Value;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:report",
    functions: &[
        Native { name: c"report", length: 1, run: report },
        Native { name: c"listen", length: 0, run: listen },
    ],
};

fn report<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    call.report(&call.arg(0));
    Ok(call.undefined())
}

fn listen<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    call.listen_for_reports();
    Ok(call.undefined())
}
