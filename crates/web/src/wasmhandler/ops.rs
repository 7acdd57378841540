//! `host:wasmhandler`: see `ops.d.ts`.

use std::sync::Arc;
use std::time::Instant;

use futures_util::{StreamExt, stream};
use hostbox_buffers::Block;
use hostbox_engine::{Call, Charge, Native, NativeModule, OpError, OpOutcome, held, hold};
use hostbox_wasm::Error;
use hostbox_wasm::component::{Frame, Request, RequestBody, request};
use rquickjs::{Array, Value};

use super::exchange::{AnswerBody, Exchange};
use crate::Data;
use crate::fetch::ops::given as given_body;
use crate::fetch::outgoing::{Given, pieces};
use crate::streams::ops::source_handle;
use crate::wasm::ops::{ComponentHandle, error, given, message, runner, timeout};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:wasmhandler",
    functions: &[
        Native { name: c"open", length: 0, run: open },
        Native { name: c"handle", length: 10, run: handle },
        Native { name: c"attend", length: 1, run: attend },
        Native { name: c"reply", length: 3, run: reply },
        Native { name: c"cancel", length: 1, run: cancel },
    ],
};

/// What an exchange takes beside its instance.
const OVERHEAD: usize = 1_024;

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// An exchange as guest code holds it.
struct ExchangeHandle(Arc<Exchange>, #[expect(dead_code, reason = "paid for as long as it is there")] Charge);

fn exchange(call: &Call<'_, '_>) -> rquickjs::Result<Arc<Exchange>> {
    Ok(held::<ExchangeHandle>(&call.arg(0))?.borrow().0.clone())
}

fn open<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let handle = ExchangeHandle(Arc::new(Exchange::new()), call.charge(OVERHEAD)?);
    hold(call.ctx(), handle)
}

fn cancel<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    exchange(call)?.give_up();
    Ok(call.undefined())
}

/// One code unit a byte.
fn bytes_of(text: &str) -> Vec<u8> {
    text.chars().map(|unit| u8::try_from(u32::from(unit)).unwrap_or(b'?')).collect()
}

fn text_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn body_of(given: Given) -> Option<RequestBody> {
    match given {
        Given::Nothing => None,
        Given::Whole(bytes) => Some(Box::pin(stream::iter([Ok(Frame::data(bytes))]))),
        Given::Source(source, _) => {
            Some(Box::pin(pieces(source).map(|piece| piece.map(Frame::data).map_err(|error| error.to_string()))))
        }
    }
}

/// Method, URL, then names and values of fields in turn.
fn request_of(head: Vec<String>, body: Given) -> Result<Request, OpError> {
    let mut head = head.into_iter();
    let (method, url) = (head.next().unwrap_or_default(), head.next().unwrap_or_default());
    let fields = std::iter::from_fn(|| Some((head.next()?, bytes_of(&head.next()?))));
    request(&method, &url, fields, body_of(body)).map_err(|failed| error(&failed, None))
}

fn handle<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let exchange = exchange(call)?;
    let component = held::<ComponentHandle>(&call.arg(1))?;
    let deadline = Instant::now() + timeout(call, 2)?;
    let head: Vec<String> = call.arg(3).get()?;
    let store = call.data::<Data>().ok_or(rquickjs::Error::Unknown)?.store.clone();
    let made = given_body(call, &store, 4, 5)?.and_then(|body| request_of(head, body));
    let component_handle = component.borrow();
    let (request, mut options) = match (made, given(call, &component_handle, 6)?) {
        (Ok(request), Ok(options)) => (request, options),
        (Err(error), _) | (_, Err(error)) => return call.settled(Err(&error)),
    };
    options.cancel = exchange.cancel.until(deadline);
    options.host = exchange.host().ok_or(rquickjs::Error::Unknown)?;
    options.runner = Some(runner(call)?);
    let component = component_handle.component.clone();
    call.spawn(None, async move {
        let response = tokio::time::timeout_at(deadline.into(), component.handle(request, options)).await;
        match response.unwrap_or(Err(Error::Cancelled)) {
            Err(failed) => OpOutcome::Error(error(&failed, Some(&exchange.cancel))),
            Ok(response) => {
                let (head, body) = response.into_parts();
                let body = AnswerBody::new(body, exchange.cancel.clone(), deadline);
                OpOutcome::Finish(Box::new(move |ctx, _| {
                    let fields = Array::new(ctx.clone())?;
                    for (index, (name, value)) in head.headers.iter().enumerate() {
                        fields.set(index * 2, name.as_str())?;
                        fields.set(index * 2 + 1, text_of(value.as_bytes()))?;
                    }
                    let answer = Array::new(ctx.clone())?;
                    answer.set(0, head.status.as_u16())?;
                    answer.set(1, fields)?;
                    answer.set(2, source_handle(ctx, body)?)?;
                    Ok(answer.into_value())
                }))
            }
        }
    })
}

fn attend<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let exchange = exchange(call)?;
    call.spawn(None, async move {
        let asked = exchange.next().await.map(|ask| {
            let (numbers, args, answer) = ask.take_answer();
            exchange.wait_for(answer);
            (numbers, args)
        });
        OpOutcome::Finish(Box::new(move |ctx, _| {
            let Some((numbers, args)) = asked else { return Ok(Value::new_undefined(ctx.clone())) };
            let asked = Array::new(ctx.clone())?;
            for (index, number) in numbers.into_iter().enumerate() {
                asked.set(index, number)?;
            }
            asked.set(3, hostbox_engine::array_buffer(ctx, Block::from_vec(args))?)?;
            Ok(asked.into_value())
        }))
    })
}

fn reply<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let answer =
        if call.is_undefined(1) { None } else { Some(message(call, 1, 2).map_err(|error| call.throw(&error))?) };
    exchange(call)?.reply(answer);
    Ok(call.undefined())
}
