//! `host:uuid`: see `ops.d.ts`.

use hostbox_engine::{Call, ErrorClass, Native, NativeModule, OpError};
use rquickjs::{IntoJs, Value};

pub(crate) const MODULE: NativeModule =
    NativeModule { name: "host:uuid", functions: &[Native { name: c"v4", length: 0, run: v4 }] };

fn v4<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        let message = format!("the system has no random bytes: {error}");
        return Err(call.throw(&OpError { class: ErrorClass::Error, message, ..OpError::default() }));
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string().into_js(call.ctx())
}
