//! `host:process`: see `ops.d.ts`.

use hostbox_engine::{Call, Native, NativeModule};
use rquickjs::{Array, IntoJs, Value};

use crate::Data;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:process",
    functions: &[
        Native { name: c"nextTick", length: 1, run: next_tick },
        Native { name: c"environment", length: 0, run: environment },
        Native { name: c"memory", length: 0, run: memory },
        Native { name: c"cpuTime", length: 0, run: cpu_time },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

fn next_tick<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    call.next_tick(call.arg(0))?;
    Ok(call.undefined())
}

fn environment<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let list = Array::new(call.ctx().clone())?;
    let variables = call.data::<Data>().into_iter().flat_map(|data| data.env.iter());
    for (index, text) in variables.flat_map(|(name, value)| [name, value]).enumerate() {
        list.set(index, text)?;
    }
    Ok(list.into_value())
}

#[expect(clippy::cast_precision_loss, reason = "sizes in memory stay below 2⁵³")]
fn memory<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let memory = call.memory();
    let list = Array::new(call.ctx().clone())?;
    for (index, bytes) in [memory.heap, memory.used, memory.limit].into_iter().enumerate() {
        list.set(index, bytes as f64)?;
    }
    Ok(list.into_value())
}

fn cpu_time<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    #[expect(clippy::cast_precision_loss, reason = "microseconds below 2⁵³ are 285 years")]
    ((call.cpu_time() / 1_000) as f64).into_js(call.ctx())
}
