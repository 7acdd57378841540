//! `host:fetch`: see `ops.d.ts`.

use std::sync::Arc;

use bytes::Bytes;
use hostbox_buffers::Store;
use hostbox_engine::{Call, ErrorClass, Native, NativeModule, OpError, OpOutcome, held, hold};
use hostbox_net::{Client, Error, Response};
use rquickjs::{Array, Ctx, IntoJs, TypedArray, Value};

use super::offload::goes_by_itself;
use super::outgoing::{Given, Outgoing, outgoing};
use super::source::{BlobSource, NetworkBody, given_up, op_error};
use super::{Exchange, data_url, integrity};
use crate::Data;
use crate::blob::ops::bytes_at;
use crate::body::ops::{paid, stored_handle};
use crate::body::stored::{Stored, StoredSource};
use crate::streams::native::ByteSource;
use crate::streams::ops::{source_handle, source_of};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:fetch",
    functions: &[
        Native { name: c"open", length: 0, run: open },
        Native { name: c"cancel", length: 1, run: cancel },
        Native { name: c"send", length: 8, run: send },
        Native { name: c"parseDataUrl", length: 1, run: parse_data_url },
        Native { name: c"parseRange", length: 2, run: parse_range },
        Native { name: c"matches", length: 2, run: matches },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

// ── handles ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

struct ExchangeHandle(Arc<Exchange>);

fn exchange(value: &Value<'_>) -> rquickjs::Result<Arc<Exchange>> {
    Ok(held::<ExchangeHandle>(value)?.borrow().0.clone())
}

fn open<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    hold(call.ctx(), ExchangeHandle(Arc::default()))
}

fn cancel<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    exchange(&call.arg(0))?.cancel();
    Ok(call.undefined())
}

// ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn send<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let exchange = exchange(&call.arg(0))?;
    let data = call.data::<Data>().ok_or(rquickjs::Error::Unknown)?;
    let (client, store) = (data.net.clone(), data.store.clone());
    let integrity = call.string(5)?;
    let made = given(call, &store, 6, 7)?.and_then(|given| {
        let fields = fields(&call.arg(3)).map_err(|error| argument(error.to_string()))?;
        let text = |index| call.string(index).map_err(|error| argument(error.to_string()));
        outgoing(&text(1)?, &text(2)?, &fields, &text(4)?, given, &store)
    });
    match made {
        Err(error) => call.settled(Err(&error)),
        Ok(made) => call.spawn(None, async move {
            let work = fetch(&client, &store, made, &exchange, &integrity);
            match exchange.unless_cancelled(work).await {
                None => OpOutcome::Error(given_up()),
                Some(Err(error)) => OpOutcome::Error(error),
                Some(Ok(head)) => OpOutcome::Finish(Box::new(move |ctx, _| head.into_value(ctx))),
            }
        }),
    }
}

fn argument(message: String) -> OpError {
    OpError { class: ErrorClass::Type, message, ..OpError::default() }
}

fn fields(value: &Value<'_>) -> rquickjs::Result<Vec<(String, String)>> {
    let list: Vec<String> = value.get()?;
    let mut list = list.into_iter();
    let mut fields = Vec::new();
    while let (Some(name), Some(value)) = (list.next(), list.next()) {
        fields.push((name, value));
    }
    Ok(fields)
}

/// A blob of this size is sent whole, so that a redirect can have it too; a longer one is read as it goes.
const RESENT: usize = 1 << 20;

/// The body of a request; its copy is paid for.
pub(crate) fn given(
    call: &Call<'_, '_>,
    store: &Store,
    kind: usize,
    body: usize,
) -> rquickjs::Result<Result<Given, OpError>> {
    Ok(match call.string(kind)?.as_str() {
        "text" => paid(store, call.string(body)?.as_bytes()).map(Given::Whole),
        "bytes" => {
            call.with_bytes(body, |bytes| paid(store, bytes)).unwrap_or_else(|| Ok(Bytes::new())).map(Given::Whole)
        }
        "blob" => {
            let bytes = bytes_at(call, body)?;
            if bytes.len() <= RESENT {
                let mut whole = vec![0; bytes.len()];
                bytes.copy_to(0, &mut whole);
                return Ok(paid(store, &whole).map(Given::Whole));
            }
            let length = bytes.len() as u64;
            Ok(Given::Source(Arc::new(BlobSource::new(bytes)), Some(length)))
        }
        "source" => Ok(Given::Source(source_of(&call.arg(body))?, None)),
        _ => Ok(Given::Nothing),
    })
}

async fn fetch(
    client: &Client,
    store: &Arc<Store>,
    made: Outgoing,
    exchange: &Arc<Exchange>,
    demanded: &str,
) -> Result<Head, OpError> {
    let response = client.fetch(made.request).await.map_err(|error| op_error(&error))?;
    let Response { status, reason, headers, url, redirected, body } = response;
    let fields = headers.iter().map(|(name, value)| (name.as_str().to_owned(), latin1(value.as_bytes()))).collect();
    let by_itself = goes_by_itself(&headers, &body, store);
    let mut head = Head {
        status: status.as_u16(),
        reason,
        url: without_fragment(url),
        redirected,
        fields,
        body: None,
        stored: None,
    };
    if body.is_null() {
        return Ok(head);
    }
    if !made.offload && !by_itself && demanded.is_empty() {
        head.body = Some(NetworkBody::new(body, exchange.clone()));
        return Ok(head);
    }
    let id = body.into_store().await.map_err(|error| op_error(&error))?;
    let failed = |error: hostbox_buffers::Error| op_error(&Error::Buffer(error));
    let length = store.info(id).map_err(failed)?.byte_length;
    let stored = Arc::new(Stored::new(store.clone(), id, length));
    if !store.read(id, |bytes| integrity::matches(bytes, demanded)).map_err(failed)? {
        let message = "the body does not match the integrity of the request".into();
        let code = Some("ERR_INTEGRITY".into());
        return Err(OpError { class: ErrorClass::TypeWithCause, message, name: None, code });
    }
    head.body = Some(Arc::new(StoredSource::new(stored.clone())));
    head.stored = Some((stored, made.offload || by_itself));
    Ok(head)
}

fn without_fragment(mut url: hostbox_net::Url) -> String {
    url.set_fragment(None);
    url.into()
}

/// One code unit a byte.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// What a guest makes its Response of.
struct Head {
    status: u16,
    reason: String,
    url: String,
    redirected: bool,
    fields: Vec<(String, String)>,
    body: Option<Arc<dyn ByteSource>>,
    /// And whether its guest hears of it.
    stored: Option<(Arc<Stored>, bool)>,
}

impl Head {
    fn into_value<'js>(self, ctx: &Ctx<'js>) -> Answer<'js> {
        let fields = Array::new(ctx.clone())?;
        for (index, (name, value)) in self.fields.into_iter().enumerate() {
            fields.set(index * 2, name)?;
            fields.set(index * 2 + 1, value)?;
        }
        let answer = Array::new(ctx.clone())?;
        answer.set(0, self.status)?;
        answer.set(1, self.reason)?;
        answer.set(2, self.url)?;
        answer.set(3, self.redirected)?;
        answer.set(4, fields)?;
        answer.set(5, self.body.map(|body| source_handle(ctx, body)).transpose()?)?;
        let length = self.stored.as_ref().filter(|(_, told)| *told).map(|(stored, _)| stored.len());
        answer.set(6, self.stored.map(|(stored, _)| stored_handle(ctx, stored)).transpose()?)?;
        answer.set(7, length)?;
        Ok(answer.into_value())
    }
}

// ── data and blob ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn parse_data_url<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let url = call.string(0)?;
    // Decoded bytes are never more than the text.
    let _paid = call.charge(url.len())?;
    let Some((kind, bytes)) = data_url::read(&url) else { return Ok(call.undefined()) };
    let answer = Array::new(call.ctx().clone())?;
    answer.set(0, kind)?;
    answer.set(1, TypedArray::<u8>::new_copy(call.ctx().clone(), &bytes)?)?;
    Ok(answer.into_value())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a size, which is a whole number below 2⁵³"
)]
#[expect(clippy::cast_precision_loss, reason = "below the size")]
fn parse_range<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let Some((start, end)) = data_url::range(&call.string(0)?, call.number(1)? as u64) else {
        return Ok(call.undefined());
    };
    let answer = Array::new(call.ctx().clone())?;
    answer.set(0, start as f64)?;
    answer.set(1, end as f64)?;
    Ok(answer.into_value())
}

fn matches<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let demanded = call.string(1)?;
    let is_match = call.with_bytes(0, |bytes| integrity::matches(bytes, &demanded));
    is_match.unwrap_or(false).into_js(call.ctx())
}
