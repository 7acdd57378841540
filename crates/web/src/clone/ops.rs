//! `host:clone`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{Array, Value};

pub(crate) const MODULE: NativeModule =
    NativeModule { name: "host:clone", functions: &[Native { name: c"clone", length: 4, run: clone }] };

fn clone<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let mut transfer = Vec::new();
    if let Some(list) = call.arg(1).into_array() {
        transfer = items(&list)?;
    }
    call.structured_clone(&call.arg(0), &transfer, &call.arg(2), &call.arg(3))
}

fn items<'js>(list: &Array<'js>) -> rquickjs::Result<Vec<Value<'js>>> {
    list.iter::<Value<'js>>().collect()
}
