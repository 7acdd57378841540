//! One event a request, whatever became of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use http::StatusCode;
use url::Url;

use crate::client::Inner;
use crate::error::Error;

/// What became of a request: handed to the app's hook when its body has ended, or was given up. Of sockets one for each connection, and for each
/// that was refused; their bytes are not counted.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchEvent {
    /// As it was asked for, without user name, password and fragment; `tcp://127.0.0.1:5432` of a socket, `dns:db.example` of a look-up.
    pub url: String,
    /// The method of the first request; `CONNECT`, `SEND`, `LISTEN`, `OPEN`, `LOOKUP` of sockets.
    pub method: String,
    /// The status of the last response.
    pub status: Option<u16>,
    /// Where redirects led, as `url`.
    pub final_url: Option<String>,
    /// Why it was not granted.
    pub refused: Option<String>,
    /// Why it failed otherwise.
    pub error: Option<String>,
    /// Bytes of the request's body that were handed to the connection.
    pub sent_bytes: u64,
    /// Bytes of the response's body, as they came over the connection.
    pub received_bytes: u64,
    /// From the request to the end of the body.
    pub ms: f64,
}

/// The app's hook. Called on whatever thread the request ends on: it has to be quick.
pub type Log = Arc<dyn Fn(FetchEvent) + Send + Sync>;

/// Bytes of a URL that an event has at most.
const LOGGED_BYTES: usize = 2048;

/// Bytes of one request, counted where they pass.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
}

/// One request under way: counted while it lives, told to the app when it ends.
pub(crate) struct Record {
    pub(crate) client: Arc<Inner>,
    pub(crate) counts: Arc<Counts>,
    started: Instant,
    url: Option<(Url, String)>,
    status: Option<StatusCode>,
    final_url: Option<Url>,
    refused: Option<String>,
    error: Option<String>,
}

impl Record {
    pub(crate) fn new(client: &Arc<Inner>, url: &Url, method: &str) -> Self {
        client.active.fetch_add(1, Relaxed);
        Self {
            client: client.clone(),
            counts: Arc::default(),
            started: Instant::now(),
            // Nobody asks without a hook.
            url: client.config.log.is_some().then(|| (url.clone(), method.to_owned())),
            status: None,
            final_url: None,
            refused: None,
            error: None,
        }
    }

    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    pub(crate) fn redirected(&mut self, to: &Url) {
        if self.url.is_some() {
            self.final_url = Some(to.clone());
        }
    }

    pub(crate) fn failed(&mut self, error: &Error) {
        if self.url.is_none() || self.refused.is_some() || self.error.is_some() {
            return;
        }
        match error {
            Error::Refused(refusal) => self.refused = Some(refusal.to_string()),
            error => self.error = Some(error.to_string()),
        }
    }
}

fn logged(mut url: Url) -> String {
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    shortened(url.into())
}

/// A guest chooses how long its URLs are; the app's log need not hold it all.
fn shortened(mut text: String) -> String {
    if text.len() > LOGGED_BYTES {
        text.truncate(text.floor_char_boundary(LOGGED_BYTES));
        text.push('…');
    }
    text
}

impl Drop for Record {
    fn drop(&mut self) {
        self.client.active.fetch_sub(1, Relaxed);
        let (Some(log), Some((url, method))) = (&self.client.config.log, self.url.take()) else { return };
        log(FetchEvent {
            url: logged(url),
            method: shortened(method),
            status: self.status.map(|status| status.as_u16()),
            final_url: self.final_url.take().map(logged),
            refused: self.refused.take(),
            error: self.error.take(),
            sent_bytes: self.counts.sent.load(Relaxed),
            received_bytes: self.counts.received.load(Relaxed),
            ms: self.started.elapsed().as_secs_f64() * 1_000.0,
        });
    }
}
