//! A request's body on its way to the connection: in pieces, so that its progress is seen and nothing is asked for before it is needed.

use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::error::Error;
use crate::log::Counts;
use crate::request::{BodyFrames, BodyStream, without_connection};

/// What is handed to the connection at a time.
const PIECE: usize = 64 << 10;

pub(crate) enum Source {
    Bytes(Bytes),
    /// Never locked: the mutex makes it `Sync`, as the client asks.
    Stream(Mutex<BodyStream>, Option<u64>),
    /// As above.
    Frames(Mutex<BodyFrames>, Option<u64>),
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
            Source::Bytes(bytes) => Some(Ok(Frame::data(bytes.split_to(bytes.len().min(PIECE))))),
            Source::Stream(stream, _) => {
                let polled = stream.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll_next(context);
                ready!(polled).map(|piece| piece.map(Frame::data).map_err(|error| failed(&error)))
            }
            Source::Frames(frames, _) => {
                let polled = frames.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll_next(context);
                ready!(polled).map(|frame| frame.map_err(|error| failed(&error)))
            }
            // Forms have no trailers.
            Source::Form(body) => {
                ready!(Pin::new(body).poll_frame(context)).map(|frame| frame.map_err(|error| failed(&error)))
            }
        };
        Poll::Ready(piece.map(|frame| {
            let frame = frame?;
            let sent = frame.data_ref().map_or(0, Bytes::len);
            this.counts.sent.fetch_add(sent as u64, Relaxed);
            Ok(match frame.into_trailers() {
                Ok(trailers) => Frame::trailers(without_connection(&trailers)),
                Err(data) => data,
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Bytes(bytes) => bytes.is_empty(),
            Source::Stream(..) | Source::Frames(..) => false,
            Source::Form(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Stream(_, Some(length)) | Source::Frames(_, Some(length)) => SizeHint::with_exact(*length),
            Source::Stream(_, None) | Source::Frames(_, None) => SizeHint::default(),
            Source::Form(body) => body.size_hint(),
        }
    }
}
