//! `host:websocket`: see `ops.d.ts`.

use std::sync::Arc;

use hostbox_engine::{Call, ErrorClass, Native, NativeModule, OpError, OpOutcome, Payload, held, hold};
use hostbox_net::{
    CloseFrame, HeaderMap, HeaderValue, Message, Url, WebSocketReceiver, WebSocketRequest, WebSocketSender,
};
use rquickjs::{Array, Ctx, TypedArray, Value};
use tokio::sync::Mutex;

use crate::Data;
use crate::blob::ops::bytes_at;
use crate::body::ops::paid;
use crate::fetch::{Exchange, op_error};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:websocket",
    functions: &[
        Native { name: c"newSocket", length: 0, run: new_socket },
        Native { name: c"connect", length: 3, run: connect },
        Native { name: c"receive", length: 1, run: receive },
        Native { name: c"send", length: 3, run: send },
        Native { name: c"close", length: 3, run: close },
        Native { name: c"drop", length: 1, run: drop_socket },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// One connection: both halves wait for one thing at a time.
#[derive(Default)]
struct Socket {
    exchange: Exchange,
    sender: Mutex<Option<WebSocketSender>>,
    receiver: Mutex<Option<WebSocketReceiver>>,
}

struct SocketHandle(Arc<Socket>);

impl Drop for SocketHandle {
    fn drop(&mut self) {
        self.0.exchange.cancel();
    }
}

fn socket(call: &Call<'_, '_>) -> rquickjs::Result<Arc<Socket>> {
    Ok(held::<SocketHandle>(&call.arg(0))?.borrow().0.clone())
}

fn new_socket<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    hold(call.ctx(), SocketHandle(Arc::default()))
}

fn gone() -> OpError {
    OpError { class: ErrorClass::Type, message: "the WebSocket is closed".into(), ..OpError::default() }
}

fn connect<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let socket = socket(call)?;
    let client = call.data::<Data>().ok_or(rquickjs::Error::Unknown)?.net.clone();
    let url = Url::parse(&call.string(1)?).map_err(|_| call.throw(&gone()))?;
    let protocols: Vec<String> = call.arg(2).get()?;
    let mut headers = HeaderMap::new();
    if let Ok(version) = HeaderValue::from_str(concat!("hostbox/", env!("CARGO_PKG_VERSION"))) {
        headers.insert("user-agent", version);
    }
    call.spawn(None, async move {
        let connecting = client.connect_websocket(WebSocketRequest { url, protocols, headers });
        let open = match socket.exchange.unless_cancelled(connecting).await {
            None => return OpOutcome::Error(gone()),
            Some(Err(error)) => return OpOutcome::Error(op_error(&error)),
            Some(Ok(open)) => open,
        };
        *socket.sender.lock().await = Some(open.sender);
        *socket.receiver.lock().await = Some(open.receiver);
        let (protocol, extensions) = (open.protocol.unwrap_or_default(), open.extensions);
        OpOutcome::Finish(Box::new(move |ctx, _| {
            let answer = Array::new(ctx.clone())?;
            answer.set(0, protocol)?;
            answer.set(1, extensions)?;
            Ok(answer.into_value())
        }))
    })
}

fn receive<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let socket = socket(call)?;
    call.spawn(None, async move {
        let mut half = socket.receiver.lock().await;
        let Some(receiver) = half.as_mut() else { return OpOutcome::Error(gone()) };
        match socket.exchange.unless_cancelled(receiver.next()).await {
            None | Some(Ok(None)) => {
                *half = None;
                OpOutcome::Value(Payload::undefined())
            }
            Some(Err(error)) => {
                *half = None;
                OpOutcome::Error(op_error(&error))
            }
            Some(Ok(Some(message))) => OpOutcome::Finish(Box::new(move |ctx, _| received(ctx, message))),
        }
    })
}

fn received<'js>(ctx: &Ctx<'js>, message: Message) -> Answer<'js> {
    let answer = Array::new(ctx.clone())?;
    match message {
        Message::Text(text) => answer.set(0, text)?,
        Message::Binary(bytes) => answer.set(0, TypedArray::<u8>::new_copy(ctx.clone(), &bytes)?)?,
        Message::Close(frame) => {
            answer.set(1, frame.as_ref().map_or(1005, |frame| frame.code))?;
            answer.set(2, frame.map(|frame| frame.reason).unwrap_or_default())?;
        }
    }
    Ok(answer.into_value())
}

fn send<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let socket = socket(call)?;
    let store = &call.data::<Data>().ok_or(rquickjs::Error::Unknown)?.store;
    let message = match call.string(1)?.as_str() {
        "text" => Ok(Message::Text(call.string(2)?)),
        "blob" => {
            let blob = bytes_at(call, 2)?;
            let mut all = vec![0; blob.len()];
            blob.copy_to(0, &mut all);
            Ok(Message::Binary(all.into()))
        }
        _ => call.with_bytes(2, |bytes| paid(store, bytes)).unwrap_or_else(|| Err(gone())).map(Message::Binary),
    };
    match message {
        Err(error) => call.settled(Err(&error)),
        Ok(message) => deliver(call, socket, message),
    }
}

fn deliver<'js>(call: &Call<'_, 'js>, socket: Arc<Socket>, message: Message) -> Answer<'js> {
    call.spawn(None, async move {
        let mut half = socket.sender.lock().await;
        let Some(sender) = half.as_mut() else { return OpOutcome::Error(gone()) };
        match socket.exchange.unless_cancelled(sender.send(message)).await {
            Some(Ok(())) => OpOutcome::Value(Payload::undefined()),
            Some(Err(error)) => OpOutcome::Error(op_error(&error)),
            None => OpOutcome::Error(gone()),
        }
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "1000, or 3000 to 4999, as its guest code has checked"
)]
fn close<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let socket = socket(call)?;
    let frame = if call.is_undefined(1) {
        None
    } else {
        Some(CloseFrame { code: call.number(1)? as u16, reason: call.string(2)? })
    };
    deliver(call, socket, Message::Close(frame))
}

fn drop_socket<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    socket(call)?.exchange.cancel();
    Ok(call.undefined())
}
