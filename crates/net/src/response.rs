//! What comes back: the head at once, the body as it is asked for.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use hostbox_buffers::Cancel;
use http::{HeaderMap, StatusCode};
use http_body::Body as _;
use tokio::sync::OwnedSemaphorePermit;
use url::Url;

use crate::client::Inner;
use crate::decode::{Decoder, Encodings};
use crate::error::{Error, Result, translate};
use crate::limits::TURN;
use crate::log::Record;

/// The head of a response, and its body under way.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The words behind the status, where the protocol has them.
    pub reason: String,
    /// Header fields as they came.
    pub headers: HeaderMap,
    /// Where it came from, after all redirects.
    pub url: Url,
    /// Whether there were redirects.
    pub redirected: bool,
    /// The body.
    pub body: ResponseBody,
}

/// A body that comes piece by piece, decoded, within `fetchBytes`. Nothing is read from the connection before it is asked for; dropping it
/// ends the request.
pub struct ResponseBody {
    under_way: Option<UnderWay>,
    trailers: Option<HeaderMap>,
    length: Option<u64>,
    is_null: bool,
}

struct UnderWay {
    frames: reqwest::Body,
    trailers: Option<HeaderMap>,
    encodings: Encodings,
    decoder: Option<Decoder>,
    origin: String,
    limit: u64,
    idle: Duration,
    /// Bytes that came, and bytes that were given.
    raw: u64,
    given: u64,
    record: Record,
    _open: OwnedSemaphorePermit,
}

impl std::fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseBody").field("length", &self.length).finish_non_exhaustive()
    }
}

impl ResponseBody {
    pub(crate) fn new(
        response: reqwest::Response,
        encodings: Encodings,
        is_null: bool,
        origin: String,
        record: Record,
        open: OwnedSemaphorePermit,
    ) -> Self {
        let announced = response.content_length();
        let length = if encodings.is_empty() { announced } else { None };
        let config = &record.client.config;
        let (limit, idle) = (config.limits.fetch_bytes, config.limits.idle);
        let under_way = UnderWay {
            frames: response.into(),
            trailers: None,
            encodings,
            decoder: None,
            origin,
            limit,
            idle,
            raw: 0,
            given: 0,
            record,
            _open: open,
        };
        Self { under_way: Some(under_way), trailers: None, length, is_null }
    }

    /// Bytes that will come in all, where that is known: the body is not encoded and says so.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether there can be no body: an answer to `HEAD`, or a status without one.
    pub fn is_null(&self) -> bool {
        self.is_null
    }

    /// The next bytes, or none at the end. After an error there is nothing more.
    ///
    /// A future that is dropped takes nothing with it: the next one goes on.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Timeout`], [`Error::Reset`], [`Error::Protocol`], and limits of the buffer store for encoded bodies.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let Some(body) = &mut self.under_way else { return Ok(None) };
        let outcome = match self.length {
            // Told in advance: nothing of it has to be read.
            Some(length) if length > body.limit => Err(Error::TooLarge { limit: body.limit }),
            _ => body.next().await,
        };
        if let Err(error) = &outcome {
            body.record.failed(error);
        }
        if !matches!(outcome, Ok(Some(_))) {
            self.trailers = body.trailers.take();
            self.under_way = None;
        }
        outcome
    }

    /// The header fields behind a body that came to its end as it was sent, once.
    pub fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take()
    }

    /// Reads to the end into a buffer of the sandbox's store; its id.
    ///
    /// # Errors
    /// As [`ResponseBody::chunk`], and [`Error::Buffer`] where the store is full.
    pub async fn into_store(mut self) -> Result<u64> {
        let Some(body) = &self.under_way else {
            return Err(Error::Invalid { reason: "the body was read already".into() });
        };
        let store = body.record.client.config.store.clone();
        let expected = self.length.unwrap_or(0).min(body.limit);
        let mut writer = store.writer_for(usize::try_from(expected).unwrap_or(0), &Cancel::new())?;
        while let Some(bytes) = self.chunk().await? {
            if let Err(error) = std::io::Write::write_all(&mut writer, &bytes) {
                return Err(writer.failure().map_or_else(|| Error::protocol(error.to_string()), Error::from));
            }
            // A body that is all there already must not keep the runtime's thread from others.
            tokio::task::consume_budget().await;
        }
        Ok(store.put_written(writer)?)
    }
}

impl UnderWay {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let turn = Inner::read(&self.record.client).await?;
        let soon = tokio::time::timeout(TURN, self.decoded()).await;
        drop(turn);
        let next = match soon {
            Ok(next) => next?,
            Err(_) => self.decoded().await?,
        };
        let Some(bytes) = next else { return Ok(None) };
        self.given += bytes.len() as u64;
        if self.given > self.limit { Err(Error::TooLarge { limit: self.limit }) } else { Ok(Some(bytes)) }
    }

    /// Dropped between two pieces it goes on where it was: nothing that came is held by the future.
    async fn decoded(&mut self) -> Result<Option<Bytes>> {
        if self.encodings.is_empty() {
            return self.received().await;
        }
        loop {
            if let Some(decoder) = &mut self.decoder {
                if let Some(bytes) = decoder.next()? {
                    return Ok(Some(bytes));
                }
                if decoder.is_done() {
                    return Ok(None);
                }
            }
            let received = self.received().await?;
            match (&mut self.decoder, received) {
                (None, None) => return Ok(None),
                (None, Some(first)) => {
                    self.decoder = Some(Decoder::new(&self.record.client.config.store, &self.encodings, first)?);
                }
                (Some(decoder), Some(bytes)) => decoder.feed(bytes),
                (Some(decoder), None) => decoder.end(),
            }
            tokio::task::consume_budget().await;
        }
    }

    async fn received(&mut self) -> Result<Option<Bytes>> {
        loop {
            let next = poll_fn(|context| Pin::new(&mut self.frames).poll_frame(context));
            let next = tokio::time::timeout(self.idle, next).await;
            let next = next.map_err(|_| Error::Timeout { what: "the next bytes of the body", after: self.idle })?;
            let Some(frame) = next else { return Ok(None) };
            let frame = frame.map_err(|error| translate(&error, &self.origin, "body"))?;
            let bytes = match frame.into_data() {
                Ok(bytes) => bytes,
                Err(frame) => {
                    self.trailers = frame.into_trailers().ok();
                    continue;
                }
            };
            self.raw += bytes.len() as u64;
            self.record.counts.received.store(self.raw, Relaxed);
            // An encoding that never gives anything must not run for good either.
            if self.raw > self.limit {
                return Err(Error::TooLarge { limit: self.limit });
            }
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }
}
