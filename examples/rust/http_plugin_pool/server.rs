//! `POST /invoke  { "requests": [{ "plugin", "fn", "args", "key"?, "timeoutMs"? }] }`: one line of JSON an outcome, as they come.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use crate::pool::{Pool, Request};

const MOST_BYTES: usize = 1 << 20;

#[derive(Deserialize)]
struct Batch {
    requests: Vec<Request>,
}

/// Listens on this machine alone; aborting the task ends every connection.
pub async fn start(pool: Arc<Pool>) -> io::Result<(String, JoinHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let pool = pool.clone();
            connections.spawn(async move {
                let service = service_fn(move |request| answer(pool.clone(), request));
                // A client that hangs up is no failure of the server.
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
            while connections.try_join_next().is_some() {}
        }
    });
    Ok((origin, task))
}

type Answer = Response<Either<Full<Bytes>, Lines>>;

async fn answer(pool: Arc<Pool>, request: hyper::Request<Incoming>) -> Result<Answer, Infallible> {
    if (request.method(), request.uri().path()) != (&Method::POST, "/invoke") {
        return Ok(failure(StatusCode::NOT_FOUND, "POST /invoke is all there is"));
    }
    let Ok(body) = Limited::new(request.into_body(), MOST_BYTES).collect().await else {
        return Ok(failure(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("the body is broken, or longer than {MOST_BYTES} bytes"),
        ));
    };
    Ok(match serde_json::from_slice::<Batch>(&body.to_bytes()) {
        Ok(batch) => {
            let mut response = Response::new(Either::Right(Lines(pool.invoke(batch.requests))));
            response
                .headers_mut()
                .insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/x-ndjson"));
            response
        }
        Err(error) => failure(StatusCode::BAD_REQUEST, &error.to_string()),
    })
}

fn failure(status: StatusCode, message: &str) -> Answer {
    let mut response = Response::new(Either::Left(Full::from(json!({ "message": message }).to_string())));
    *response.status_mut() = status;
    response
}

/// A body of lines, each sent when it comes. Dropped with its connection, it cancels the calls that are left.
struct Lines(mpsc::Receiver<Value>);

impl Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|outcome| outcome.map(|outcome| Ok(Frame::data(format!("{outcome}\n").into()))))
    }
}
