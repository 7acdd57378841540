//! `host:native`: see `ops.d.ts`.

use std::sync::Arc;

use hostbox_buffers::{Block, Cancel, Error, Store};
use hostbox_engine::{Call, Completer, ErrorClass, Native, NativeModule, OpError, OpOutcome, array_buffer, bytes_mut};
use rquickjs::{Array, Object, Value};

use crate::Data;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:native",
    functions: &[
        Native { name: c"put", length: 1, run: put },
        Native { name: c"exec", length: 4, run: exec },
        Native { name: c"execChain", length: 2, run: exec_chain },
        Native { name: c"take", length: 1, run: take },
        Native { name: c"takeInto", length: 3, run: take_into },
        Native { name: c"free", length: 1, run: free },
        Native { name: c"info", length: 1, run: info },
        Native { name: c"run", length: 4, run },
        Native { name: c"chain", length: 2, run: chain },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

fn store(call: &Call<'_, '_>) -> rquickjs::Result<Arc<Store>> {
    call.data::<Data>().map(|data| data.store.clone()).ok_or(rquickjs::Error::Unknown)
}

fn error(error: &Error) -> OpError {
    let class = if matches!(error, Error::Memory { .. }) { ErrorClass::Range } else { ErrorClass::Type };
    OpError { class, message: error.to_string(), code: Some(error.code().into()), name: None }
}

/// An id as guests write it; nothing that is no positive integer was ever one.
fn id(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<u64> {
    let number = call.number(index)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number in range, as was just seen"
    )]
    Ok(if number.fract() == 0.0 && (1.0..9e15).contains(&number) { number as u64 } else { 0 })
}

fn optional_id(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<u64>> {
    if call.is_undefined(index) { Ok(None) } else { id(call, index).map(Some) }
}

fn optional_string(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<String>> {
    if call.is_undefined(index) { Ok(None) } else { call.string(index).map(Some) }
}

fn cancel(completer: &Completer) -> Cancel {
    Cancel::with_flag(completer.cancelled(), None)
}

#[expect(clippy::cast_precision_loss, reason = "ids stay below 2⁵³")]
fn number(id: u64) -> f64 {
    id as f64
}

fn id_outcome(result: Result<u64, Error>) -> OpOutcome {
    match result {
        Ok(id) => OpOutcome::Finish(Box::new(move |ctx, _| Ok(Value::new_number(ctx.clone(), number(id))))),
        Err(failed) => OpOutcome::Error(error(&failed)),
    }
}

fn block_outcome(result: Result<Block, Error>) -> OpOutcome {
    match result {
        Ok(block) => OpOutcome::Finish(Box::new(move |ctx, _| array_buffer(ctx, block))),
        Err(failed) => OpOutcome::Error(error(&failed)),
    }
}

/// Bytes of an argument, put into the store: on its account before they are copied.
fn stored(call: &Call<'_, '_>, store: &Store, index: usize) -> Result<u64, OpError> {
    match call.with_bytes(index, |bytes| store.put_copy(bytes)) {
        Some(put) => put.map_err(|failed| error(&failed)),
        None => Err(OpError {
            class: ErrorClass::Type,
            message: "Expected bytes in an ArrayBuffer that is neither shared nor detached".into(),
            code: Some("ERR_ARGUMENT".into()),
            name: None,
        }),
    }
}

/// An input that is freed when nobody needs it any more, whether its operation ran or not.
struct Input {
    store: Arc<Store>,
    id: u64,
}

impl Input {
    fn new(call: &Call<'_, '_>, store: &Arc<Store>, index: usize) -> Result<Self, OpError> {
        stored(call, store, index).map(|id| Self { store: store.clone(), id })
    }

    /// Takes the bytes out, without a copy.
    fn take(&self) -> Result<Block, Error> {
        self.store.take(self.id)
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // Taken already where all went well.
        let _ = self.store.free(self.id);
    }
}

fn put<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    match stored(call, &*store(call)?, 0) {
        Ok(id) => call.settled(Ok(Value::new_number(call.ctx().clone(), number(id)))),
        Err(failed) => call.settled(Err(&failed)),
    }
}

fn exec<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (store, op, input) = (store(call)?, call.string(0)?, id(call, 1)?);
    let (args, extra) = (optional_string(call, 2)?, optional_id(call, 3)?);
    match store.operations().step_json(&op, args.as_deref(), extra) {
        Err(failed) => call.settled(Err(&error(&failed))),
        Ok(step) => call.offload(None, move |completer| id_outcome(store.exec(&step, input, &cancel(completer)))),
    }
}

fn exec_chain<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (store, input) = (store(call)?, id(call, 0)?);
    match store.compile(&call.string(1)?) {
        Err(failed) => call.settled(Err(&error(&failed))),
        Ok(chain) => {
            call.offload(None, move |completer| id_outcome(store.exec_chain(input, &chain, &cancel(completer))))
        }
    }
}

fn take<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (store, id) = (store(call)?, id(call, 0)?);
    // Looked at first: a buffer that does not fit into the guest's memory stays where it is.
    let taken = match store.info(id) {
        Ok(info) if !call.has_room(info.byte_length) => {
            let message =
                format!("memoryBytes: there is no room for {} bytes in this sandbox's memory", info.byte_length);
            return call.settled(Err(&error(&Error::Memory { message })));
        }
        Ok(_) => store.take(id),
        Err(failed) => Err(failed),
    };
    match taken {
        Ok(block) => {
            let buffer = call.array_buffer(block)?;
            call.settled(Ok(buffer))
        }
        Err(failed) => call.settled(Err(&error(&failed))),
    }
}

fn take_into<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (store, id, offset) = (store(call)?, id(call, 0)?, call.number(2)?);
    let target = call.arg(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped by the slice below")]
    let offset = offset.max(0.0) as usize;
    let taken = bytes_mut(call.ctx(), &target, |bytes| {
        let start = offset.min(bytes.len());
        store.take_into(id, &mut bytes[start..])
    });
    match taken.unwrap_or_else(|| store.take_into(id, &mut [])) {
        Ok(taken) => {
            let answer = Array::new(call.ctx().clone())?;
            answer.set(0, taken.bytes_written)?;
            answer.set(1, taken.source_length)?;
            call.settled(Ok(answer.into_value()))
        }
        Err(failed) => call.settled(Err(&error(&failed))),
    }
}

fn free<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    match store(call)?.free(id(call, 0)?) {
        Ok(()) => call.settled(Ok(call.undefined())),
        Err(failed) => call.settled(Err(&error(&failed))),
    }
}

fn info<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    match store(call)?.info(id(call, 0)?) {
        Ok(info) => {
            let answer = Object::new(call.ctx().clone())?;
            answer.set("byteLength", info.byte_length)?;
            if let (Some(width), Some(height)) = (info.width, info.height) {
                answer.set("width", width)?;
                answer.set("height", height)?;
            }
            if let Some(format) = info.format {
                answer.set("format", format)?;
            }
            call.settled(Ok(answer.into_value()))
        }
        Err(failed) => call.settled(Err(&error(&failed))),
    }
}

fn run<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (store, op, args) = (store(call)?, call.string(0)?, optional_string(call, 2)?);
    let is_id = call.is_undefined(3) || call.arg(3).is_number();
    let given_id = if is_id { optional_id(call, 3)? } else { None };
    let inputs = || {
        let extra = if is_id { None } else { Some(Input::new(call, &store, 3)?) };
        let extra_id = given_id.or(extra.as_ref().map(|extra| extra.id));
        let step = store.operations().step_json(&op, args.as_deref(), extra_id);
        let step = step.map_err(|failed| error(&failed))?;
        Ok((step, Input::new(call, &store, 1)?, extra))
    };
    match inputs() {
        Err(failed) => call.settled(Err(&failed)),
        Ok((step, input, extra)) => call.offload(None, move |completer| {
            let result = input.take().and_then(|block| store.run_chain(block, &step.into(), &cancel(completer)));
            drop(extra);
            block_outcome(result.map(|(block, _)| block))
        }),
    }
}

fn chain<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let store = store(call)?;
    let chain = match store.compile(&call.string(0)?) {
        Ok(chain) => chain,
        Err(failed) => return call.settled(Err(&error(&failed))),
    };
    if call.arg(1).is_number() {
        let input = id(call, 1)?;
        return call.offload(None, move |completer| {
            block_outcome(store.run_chain_by_id(input, &chain, &cancel(completer)).map(|(block, _)| block))
        });
    }
    match Input::new(call, &store, 1) {
        Err(failed) => call.settled(Err(&failed)),
        Ok(input) => call.offload(None, move |completer| {
            let result = input.take().and_then(|block| store.run_chain(block, &chain, &cancel(completer)));
            block_outcome(result.map(|(block, _)| block))
        }),
    }
}
