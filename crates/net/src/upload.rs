//! A request's body on its way to the connection: in pieces, so that its progress is seen and nothing is asked for before it is needed.

use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::error::Error;
use crate::log::Counts;
use crate::request::BodyStream;

/// What is handed to the connection at a time.
const PIECE: usize = 64 << 10;

pub(crate) enum Source {
    Bytes(Bytes),
    /// Never locked: the mutex makes it `Sync`, as the client asks.
    Stream(Mutex<BodyStream>, Option<u64>),
    Form(reqwest::Body),
}

pub(crate) struct Upload {
    source: Source,
    counts: Arc<Counts>,
}

impl Upload {
    pub(crate) fn new(source: Source, counts: Arc<Counts>) -> Self {
        Self { source, counts }
    }
}

type Piece = Option<Result<Frame<Bytes>, Error>>;

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::RequestBody { reason: error.to_string() }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Piece> {
        let this = self.get_mut();
        let piece = match &mut this.source {
            Source::Bytes(bytes) if bytes.is_empty() => None,
            Source::Bytes(bytes) => Some(Ok(bytes.split_to(bytes.len().min(PIECE)))),
            Source::Stream(stream, _) => {
                match stream.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll_next(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(piece) => piece.map(|piece| piece.map_err(|error| failed(&error))),
                }
            }
            Source::Form(body) => match Pin::new(body).poll_frame(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(piece) => piece.map(|piece| {
                    // Forms have no trailers: another frame carries nothing.
                    piece.map(|frame| frame.into_data().unwrap_or_default()).map_err(|error| failed(&error))
                }),
            },
        };
        Poll::Ready(piece.map(|piece| {
            piece.map(|bytes| {
                this.counts.sent.fetch_add(bytes.len() as u64, Relaxed);
                Frame::data(bytes)
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Bytes(bytes) => bytes.is_empty(),
            Source::Stream(..) => false,
            Source::Form(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Stream(_, Some(length)) => SizeHint::with_exact(*length),
            Source::Stream(_, None) => SizeHint::default(),
            Source::Form(body) => body.size_hint(),
        }
    }
}
