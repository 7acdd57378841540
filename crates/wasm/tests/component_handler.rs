//! Components that answer HTTP: one request by hand, and behind a server.
#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, reason = "a broken fixture fails the test")]

mod codec;
mod fixtures;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fixtures::{fixture, options};
use hostbox_buffers::Cancel;
use hostbox_net::{Body, Client, Config, HeaderMap, HeaderName, HeaderValue, Method, NetLimits, Url};
use hostbox_permissions::{NetGrant, NetPermissions};
use hostbox_wasm::Error;
use hostbox_wasm::component::{BodyWriter, Frame, InstanceOptions, Request, Server, request};
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn get(path: &str) -> Request {
    request("GET", &format!("http://shop.example{path}"), [], None).unwrap()
}

/// Status and whole body.
async fn answer_to(request: Request, options: InstanceOptions) -> Result<(u16, Vec<u8>), Error> {
    let mut response = fixture("handler").handle(request, options).await?;
    let mut body = Vec::new();
    while let Some(bytes) = response.body_mut().chunk().await? {
        body.extend_from_slice(&bytes);
    }
    Ok((response.status().as_u16(), body))
}

fn until(ms: u64) -> InstanceOptions {
    let cancel = Cancel::with_flag(Arc::default(), Some(Instant::now() + Duration::from_millis(ms)));
    InstanceOptions { cancel, ..options() }
}

#[test]
fn a_component_answers_a_request_with_status_headers_and_body() {
    runtime().block_on(async {
        let mut response = fixture("handler").handle(get("/hello"), options()).await.unwrap();
        assert_eq!(response.status(), 200);
        let values =
            |name| response.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(values("x-path"), ["/hello"]);
        assert_eq!(values("x-authority"), ["shop.example"]);
        assert_eq!(values("set-cookie"), ["a=1", "b=2"]);
        assert_eq!(response.body_mut().chunk().await.unwrap().unwrap(), "hello wasm");
        assert_eq!(response.body_mut().chunk().await.unwrap(), None);
        assert_eq!(answer_to(get("/teapot"), options()).await.unwrap(), (418, Vec::new()));
    });
}

#[test]
fn bodies_stream_in_both_directions() {
    runtime().block_on(async {
        let (writer, body) = BodyWriter::new();
        let request = request("POST", "http://shop.example/", [], Some(body)).unwrap();
        let mut response = fixture("handler").handle(request, options()).await.unwrap();
        // The head came before the body, and each piece comes back before the next one is there.
        for piece in [&b"one"[..], b"two"] {
            assert!(writer.write(piece.to_vec()).await);
            assert_eq!(response.body_mut().chunk().await.unwrap().unwrap(), piece);
        }
        let large = vec![7; 1 << 20];
        let (sent, mut came) = (large.clone(), Vec::new());
        let sending = tokio::spawn(async move { writer.write(sent).await });
        while let Some(bytes) = response.body_mut().chunk().await.unwrap() {
            came.extend_from_slice(&bytes);
        }
        assert!(sending.await.unwrap());
        assert_eq!(came, large);
    });
}

#[test]
fn each_request_has_an_instance_of_its_own() {
    runtime().block_on(async {
        for _ in 0..3 {
            let response = fixture("handler").handle(get("/hello"), options()).await.unwrap();
            assert_eq!(response.headers()["x-served"], "0");
        }
    });
}

#[test]
fn what_a_component_fails_with_reaches_its_caller() {
    runtime().block_on(async {
        let error = answer_to(get("/trap"), options()).await.unwrap_err();
        assert_eq!(error.code(), "ERR_WASM_TRAP", "{error}");
        let error = answer_to(get("/late-trap"), options()).await.unwrap_err();
        assert_eq!(error.code(), "ERR_WASM_TRAP", "{error}");
        let error = answer_to(get("/error"), options()).await.unwrap_err();
        assert_eq!((error.code(), error.to_string().contains("LoopDetected")), ("ERR_GUEST", true), "{error}");
        let error = answer_to(get("/nothing"), options()).await.unwrap_err();
        assert_eq!(error.to_string(), "the component's answer is an error: none, it returned without one");
    });
}

#[test]
fn its_deadline_holds_and_nobody_who_waits_means_no_instance() {
    runtime().block_on(async {
        assert_eq!(answer_to(get("/loop"), until(50)).await.unwrap_err(), Error::Cancelled);
        // Nobody writes the body, and nobody ends it.
        let (_writer, body) = BodyWriter::new();
        let endless = request("POST", "http://shop.example/", [], Some(body)).unwrap();
        assert_eq!(answer_to(endless, until(50)).await.unwrap_err(), Error::Cancelled);
        let (writer, body) = BodyWriter::new();
        let given_up = request("POST", "http://shop.example/", [], Some(body)).unwrap();
        drop(fixture("handler").handle(given_up, options()).await.unwrap());
        while writer.write(b"more".to_vec()).await {}
    });
}

#[test]
fn a_request_that_is_none_and_a_component_that_answers_nobody_are_refused() {
    runtime().block_on(async {
        let error = fixture("calculator").handle(get("/"), options()).await.unwrap_err();
        assert_eq!(
            (error.code(), error.to_string()),
            (
                "ERR_WASM_LINK",
                "the module does not link: it does not answer HTTP: it exports 'demo:calc/calculator@0.1.0', and no \
                 wasi:http/incoming-handler of WASI 0.2"
                    .into()
            )
        );
        let large = [("x-large".to_owned(), vec![b'x'; 70_000])];
        let large = request("GET", "http://shop.example/", large, None).unwrap();
        assert_eq!(answer_to(large, options()).await.unwrap_err().code(), "ERR_ARGUMENT");
        for (method, url) in [("G ET", "http://a.example/"), ("GET", "/"), ("GET", "http://"), ("GET", "")] {
            assert_eq!(request(method, url, [], None).err().map(|error| error.code()), Some("ERR_ARGUMENT"), "{url}");
        }
    });
}

#[test]
fn more_requests_than_the_pool_has_places_are_answered_at_once() {
    runtime().block_on(async {
        let mut open = Vec::new();
        for _ in 0..80 {
            let (writer, body) = BodyWriter::new();
            let request = request("POST", "http://shop.example/", [], Some(body)).unwrap();
            open.push((fixture("handler").handle(request, options()).await.unwrap(), writer));
        }
        for (mut response, writer) in open {
            assert!(writer.write(b"late".to_vec()).await);
            assert_eq!(response.body_mut().chunk().await.unwrap().unwrap(), "late");
        }
    });
}

/// A server, who asks it, and what its app hears.
struct Shop {
    server: Server,
    client: Client,
    failures: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    async fn open(concurrency: usize) -> Self {
        let failures: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = failures.clone();
        let server = Server::start(
            fixture("handler"),
            ([127, 0, 0, 1], 0).into(),
            concurrency,
            Arc::new(|| until(2_000)),
            Arc::new(move |error| told.lock().unwrap().push(error.code().to_owned())),
        )
        .await
        .unwrap();
        let grant = NetGrant::from(format!("http://{}", server.address()));
        let client = Client::new(Config {
            permissions: NetPermissions::new(&[grant]).unwrap(),
            limits: NetLimits::default(),
            ..Config::new(Arc::new(hostbox_buffers::Store::new(1 << 20)))
        });
        Self { server, client, failures }
    }

    async fn ask(&self, path: &str, body: &[u8]) -> Result<(u16, Vec<u8>), hostbox_net::Error> {
        let url = Url::parse(&format!("http://{}{path}", self.server.address())).unwrap();
        let body = Body::Bytes(body.to_vec().into());
        let request = hostbox_net::Request { body, ..hostbox_net::Request::new(Method::POST, url) };
        let mut response = self.client.fetch(request).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = response.body.chunk().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok((response.status.as_u16(), bytes))
    }
}

#[test]
fn a_server_answers_many_at_once_and_outlives_what_fails() {
    runtime().block_on(async {
        let shop = Arc::new(Shop::open(4).await);
        let asks = (0..20u8).map(|n| {
            let shop = shop.clone();
            tokio::spawn(async move {
                let body = vec![n; 50_000];
                assert_eq!(shop.ask("/", &body).await.unwrap(), (200, body));
            })
        });
        for ask in asks.collect::<Vec<_>>() {
            ask.await.unwrap();
        }
        assert_eq!(shop.ask("/trap", b"").await.unwrap().0, 500);
        assert!(shop.ask("/late-trap", b"").await.is_err());
        assert_eq!(shop.ask("/nothing", b"").await.unwrap(), (500, b"the component failed".to_vec()));
        assert_eq!(shop.ask("/hello", b"").await.unwrap(), (200, b"hello wasm".to_vec()));
        let stats = shop.server.stats();
        assert_eq!((stats.requests, stats.failed), (24, 3));
        assert_eq!(*shop.failures.lock().unwrap(), ["ERR_WASM_TRAP", "ERR_WASM_TRAP", "ERR_GUEST"]);
        shop.server.close().await;
        assert!(shop.ask("/hello", b"").await.is_err());
        assert_eq!((shop.server.stats().active, shop.server.stats().connections), (0, 0));
    });
}

#[test]
fn trailers_cross_a_server_in_both_directions() {
    runtime().block_on(async {
        let shop = Shop::open(1).await;
        let sum = || HeaderMap::from_iter([(HeaderName::from_static("x-sum"), HeaderValue::from_static("42"))]);
        let ask = async |headers: &[(&'static str, &'static str)]| {
            let url = Url::parse(&format!("http://{}/", shop.server.address())).unwrap();
            let frames = [Frame::data(Bytes::from_static(b"body")), Frame::trailers(sum())];
            let headers = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            let request = hostbox_net::Request {
                headers,
                body: Body::Frames(Box::pin(futures_util::stream::iter(frames.map(Ok))), None),
                is_raw: true,
                ..hostbox_net::Request::new(Method::POST, url)
            };
            let mut body = shop.client.fetch(request).await.unwrap().body;
            assert_eq!(body.chunk().await.unwrap().unwrap(), "body");
            assert_eq!(body.chunk().await.unwrap(), None);
            body.take_trailers()
        };
        assert_eq!(ask(&[("trailer", "x-sum"), ("te", "trailers")]).await, Some(sum()));
        // Who does not say that it takes trailers gets none, and who does not announce them sends none.
        assert_eq!(ask(&[("trailer", "x-sum")]).await, None);
        assert_eq!(ask(&[("te", "trailers")]).await, None);
    });
}

#[test]
fn a_server_is_given_another_component_between_two_requests() {
    runtime().block_on(async {
        let shop = Shop::open(1).await;
        assert_eq!(shop.ask("/hello", b"").await.unwrap().0, 200);
        assert_eq!(shop.server.replace(fixture("calculator")).unwrap_err().code(), "ERR_WASM_LINK");
        shop.server.replace(fixture("handler")).unwrap();
        assert_eq!(shop.ask("/hello", b"").await.unwrap().0, 200);
    });
}
