//! `component.handle()`: one request that a component answers, in an instance made for it. Bodies cross piece by piece, as the other side asks for them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use hostbox::parts::component::{BodyWriter, Component, InstanceOptions, Request, ResponseBody, request};
use hostbox::parts::{Cancel, Event, Failure, Payload, next_ticket, spawn};
use napi::bindgen_prelude::Uint8Array;
use napi::{Env, Error, Result};
use napi_derive::napi;
use tokio::sync::Mutex as Turn;

use crate::component::NativeComponent;
use crate::frames::number;
use crate::furnished::NativeInstanceOptions;
use crate::instance::{Ended, Inner, NativeInstance, failure, thrown};

/// The head of a request, as `lib/handler.js` took it from a `Request`.
#[napi(object)]
pub struct NativeRequestHead {
    pub method: String,
    pub url: String,
    /// Names and values in turn, each character a byte.
    pub headers: Vec<String>,
    pub has_body: bool,
}

impl NativeRequestHead {
    fn request(self) -> Result<(Request, Option<BodyWriter>)> {
        let mut fields = self.headers.into_iter();
        let pairs = std::iter::from_fn(|| Some((fields.next()?, bytes_of(&fields.next()?))));
        let (writer, body) = self.has_body.then(BodyWriter::new).unzip();
        let request = request(&self.method, &self.url, pairs, body).map_err(|error| thrown(error.into()))?;
        Ok((request, writer))
    }
}

/// The bytes that a string stands for, and the other way round (Infra, isomorphic encode and decode).
fn bytes_of(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect()
}

fn text_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// What begins an exchange, once.
type Begin = (Component, Request, InstanceOptions);

/// One request and its answer.
#[napi]
pub struct NativeExchange {
    inner: Arc<Inner>,
    deadline: Instant,
    cancel: Cancel,
    begin: Mutex<Option<Begin>>,
    body: Mutex<Option<BodyWriter>>,
    answer: Arc<Turn<Option<ResponseBody>>>,
}

#[napi]
impl NativeExchange {
    /// A request for a component, with what its instance is given. The instance stands for the app's functions alone.
    #[napi(constructor)]
    pub fn new(
        instance: &NativeInstance,
        component: &NativeComponent,
        options: NativeInstanceOptions,
        head: NativeRequestHead,
    ) -> Result<Self> {
        let inner = instance.inner.clone();
        let deadline = inner.deadline();
        let cancel = inner.stop(deadline);
        let (request, writer) = head.request()?;
        let given = inner.furnished(options)?.options(cancel.clone());
        Ok(Self {
            inner,
            deadline,
            cancel,
            begin: Mutex::new(Some((component.component()?.clone(), request, given))),
            body: Mutex::new(writer),
            answer: Arc::default(),
        })
    }

    /// Begins it; the ticket of the head: status, then names and values of its fields in turn.
    #[napi]
    pub fn begin(&self, env: Env) -> Result<f64> {
        let begin = self.begin.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (component, request, given) = begin.ok_or_else(|| Error::from_reason("ERR_INTERNAL: begun before"))?;
        let answer = self.answer.clone();
        Ok(self.work(env, async move {
            let response = component.handle(request, given).await?;
            let mut head = vec![response.status().as_u16().to_string()];
            for (name, value) in response.headers() {
                head.extend([name.as_str().to_owned(), text_of(value.as_bytes())]);
            }
            *answer.lock().await = Some(response.into_body());
            Ok(Payload::from_json(&head.into()))
        }))
    }

    /// Hands on a piece of the request's body, which is copied; the ticket of whether anybody reads on.
    #[napi]
    pub fn write(&self, env: Env, bytes: Uint8Array) -> f64 {
        let (writer, bytes) = (self.writer(), bytes.to_vec());
        self.work(env, async move {
            let is_read = match writer {
                Some(writer) => writer.write(bytes).await,
                None => false,
            };
            Ok(Payload::from_json(&is_read.into()))
        })
    }

    /// Ends the request's body; with an error where there is a reason.
    #[napi]
    pub fn end(&self, reason: Option<String>) {
        let writer = self.body.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(writer), Some(reason)) = (writer, reason) {
            spawn(async move {
                // Nobody reads any more: nobody has to know.
                let _ = writer.fail(reason).await;
            });
        }
    }

    /// The ticket of the next bytes of the answer; undefined at its end.
    #[napi]
    pub fn read(&self, env: Env) -> f64 {
        let answer = self.answer.clone();
        self.work(env, async move {
            let mut answer = answer.lock().await;
            let next = match &mut *answer {
                Some(body) => body.chunk().await?,
                None => None,
            };
            Ok(next.map_or_else(Payload::undefined, |bytes| Payload::bytes(bytes.to_vec())))
        })
    }

    /// Gives up what is left of it.
    #[napi]
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    fn writer(&self) -> Option<BodyWriter> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn work(
        &self,
        env: Env,
        work: impl Future<Output = hostbox::parts::component::Result<Payload>> + Send + 'static,
    ) -> f64 {
        let ticket = next_ticket();
        let (inner, deadline) = (self.inner.clone(), self.deadline);
        inner.desk.port.hold(env, 1);
        spawn(async move {
            let outcome = match tokio::time::timeout_at(deadline.into(), work).await {
                Ok(outcome) => outcome.map_err(|error| failure(inner.why(error, deadline))),
                Err(_) => Err::<_, Failure>(failure(Ended::Late(inner.timeout))),
            };
            inner.desk.port.push([(0, Event::Settled { ticket, outcome })]);
        });
        number(ticket)
    }
}

impl Drop for NativeExchange {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
