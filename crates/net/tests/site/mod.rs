//! What the tests of this crate share: a client with grants for a loopback server, and a log.

#![allow(clippy::unwrap_used, dead_code, reason = "helpers of several tests, none of which needs them all")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hostbox_buffers::Store;
use hostbox_net::{CertificateDer, Client, Config, Error, FetchEvent, Method, NetLimits, Request, Response, Url};
use hostbox_permissions::{NetGrant, NetPermissions};

pub struct Sandbox {
    pub client: Client,
    pub store: Arc<Store>,
    pub log: Arc<Mutex<Vec<FetchEvent>>>,
}

pub struct Options {
    pub grants: Vec<NetGrant>,
    pub limits: NetLimits,
    pub roots: Vec<CertificateDer<'static>>,
    pub buffer_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { grants: Vec::new(), limits: NetLimits::default(), roots: Vec::new(), buffer_bytes: 256 << 20 }
    }
}

impl Options {
    pub fn build(self) -> Sandbox {
        let log = Arc::new(Mutex::new(Vec::new()));
        let store = Arc::new(Store::new(self.buffer_bytes));
        let hook = log.clone();
        let client = Client::new(Config {
            permissions: NetPermissions::new(&self.grants).unwrap(),
            limits: self.limits,
            log: Some(Arc::new(move |event| hook.lock().unwrap().push(event))),
            extra_roots: self.roots,
            ..Config::new(store.clone())
        });
        Sandbox { client, store, log }
    }
}

/// A client that may ask these origins.
pub fn sandbox<'a>(origins: impl IntoIterator<Item = &'a str>) -> Sandbox {
    limited(origins, NetLimits::default())
}

pub fn limited<'a>(origins: impl IntoIterator<Item = &'a str>, limits: NetLimits) -> Sandbox {
    let grants = origins.into_iter().map(NetGrant::from).collect();
    Options { grants, limits, ..Options::default() }.build()
}

pub fn impatient() -> NetLimits {
    NetLimits { idle: Duration::from_millis(50), ..NetLimits::default() }
}

pub fn get(url: &str) -> Request {
    Request::new(Method::GET, Url::parse(url).unwrap())
}

impl Sandbox {
    pub async fn get(&self, url: impl AsRef<str>) -> Result<Response, Error> {
        self.client.fetch(get(url.as_ref())).await
    }

    /// Head and whole body.
    pub async fn text(&self, request: Request) -> Result<(u16, String), Error> {
        let mut response = self.client.fetch(request).await?;
        let body = read(&mut response).await?;
        Ok((response.status.as_u16(), String::from_utf8_lossy(&body).into_owned()))
    }

    pub fn events(&self) -> Vec<FetchEvent> {
        self.log.lock().unwrap().clone()
    }
}

pub async fn read(response: &mut Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(bytes) = response.body.chunk().await? {
        body.extend_from_slice(&bytes);
    }
    Ok(body)
}
