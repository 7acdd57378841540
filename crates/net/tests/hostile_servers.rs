//! Servers that misbehave: each ends in the error that is its own.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod site;

use hostbox_buffers::{Cancel, Store};
use hostbox_net::{Error, NetLimits};
use hostbox_testkit::{Page, Server};
use site::{get, impatient, limited, read, sandbox};

fn small() -> NetLimits {
    NetLimits { fetch_bytes: 100_000, ..NetLimits::default() }
}

#[tokio::test]
async fn an_endless_body_ends_at_the_limit() {
    let server = Server::start([("/", Page::EndlessBody)]).await.unwrap();
    let sandbox = limited([&*server.origin()], small());
    let error = sandbox.text(get(&server.url("/"))).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 100_000 }), "{error:?}");
    assert_eq!(sandbox.events()[0].status, Some(200));
}

#[tokio::test]
async fn a_body_that_says_it_is_too_long_is_not_read() {
    let server = Server::start([("/", Page::with(200, &[], vec![0; 100_001]))]).await.unwrap();
    let sandbox = limited([&*server.origin()], small());
    let error = sandbox.text(get(&server.url("/"))).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
    assert_eq!(sandbox.events()[0].received_bytes, 0);
}

#[tokio::test]
async fn a_body_that_stands_still_times_out() {
    let page = Page::Silence(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123".to_vec());
    let server = Server::start([("/", page)]).await.unwrap();
    let sandbox = limited([&*server.origin()], impatient());
    let mut response = sandbox.get(&server.url("/")).await.unwrap();
    assert_eq!(response.body.chunk().await.unwrap().unwrap(), "123");
    let error = response.body.chunk().await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert!(response.body.chunk().await.unwrap().is_none());
}

#[tokio::test]
async fn a_head_that_never_comes_times_out() {
    for begun in ["", "HTTP/1.1 200 OK\r\nx: y\r\n"] {
        let server = Server::start([("/", Page::Silence(begun.into()))]).await.unwrap();
        let sandbox = limited([&*server.origin()], impatient());
        let error = sandbox.get(&server.url("/")).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn endless_headers_are_a_breach_of_the_protocol() {
    let server = Server::start([("/", Page::EndlessHeaders)]).await.unwrap();
    let error = sandbox([&*server.origin()]).get(&server.url("/")).await.unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_not_http_is_a_breach_of_the_protocol() {
    let wrong = [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello",
    ];
    for answer in wrong {
        let server = Server::start([("/", Page::Raw(answer.into()))]).await.unwrap();
        let error = sandbox([&*server.origin()]).text(get(&server.url("/"))).await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{answer}: {error:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_too_early_is_a_reset() {
    let short = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let pages = [
        ("/reset", Page::Reset),
        ("/short", Page::Raw(short.into())),
        ("/chunked", Page::Raw(chunked.into())),
        ("/nothing", Page::Raw(Vec::new())),
    ];
    let server = Server::start(pages).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    for path in ["/reset", "/short", "/chunked", "/nothing"] {
        let error = sandbox.text(get(&server.url(path))).await.unwrap_err();
        assert!(matches!(error, Error::Reset { .. }), "{path}: {error:?}");
    }
}

#[tokio::test]
async fn bytes_behind_the_announced_length_belong_to_nobody() {
    let long = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello, and more";
    let server = Server::start([("/", Page::Raw(long.into()))]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    assert_eq!(sandbox.text(get(&server.url("/"))).await.unwrap().1, "hello");
    assert_eq!(sandbox.text(get(&server.url("/"))).await.unwrap().1, "hello");
}

#[tokio::test]
async fn nobody_listening_is_a_refused_connection_and_an_impossible_name_is_not_found() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let long = format!("http://{}.example", "a".repeat(64));
    let sandbox = sandbox([&*origin, &*long]);
    let error = sandbox.get(&origin).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionRefused { .. }), "{error:?}");
    let error = sandbox.get(&long).await.unwrap_err();
    assert!(matches!(error, Error::Dns { .. }), "{error:?}");
}

#[tokio::test]
async fn early_hints_are_not_the_answer() {
    let server = Server::start([("/", Page::EarlyHints(b"real".to_vec()))]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    assert_eq!(sandbox.text(get(&server.url("/"))).await.unwrap(), (200, "real".into()));
}

fn encoded(op: &str, bytes: &[u8]) -> Vec<u8> {
    let store = Store::new(1 << 30);
    let chain = store.compile(&format!("[{op}]")).unwrap();
    store.run_chain_on(bytes, &chain, &Cancel::new()).unwrap().0.to_vec()
}

const GZIP: (&str, &str) = ("gzip", r#"{"op":"gzip_compress"}"#);
const BROTLI: (&str, &str) = ("br", r#"{"op":"brotli_compress"}"#);
const ZSTD: (&str, &str) = ("zstd", r#"{"op":"zstd_compress"}"#);
const DEFLATE: (&str, &str) = ("deflate", r#"{"op":"deflate_compress"}"#);
const BARE_DEFLATE: (&str, &str) = ("deflate", r#"{"op":"deflate_compress","args":{"format":"raw"}}"#);

#[tokio::test]
async fn every_content_encoding_is_undone_and_its_header_stays() {
    let text = "all work and no play ".repeat(20_000);
    for (name, op) in [GZIP, BROTLI, ZSTD, DEFLATE, BARE_DEFLATE] {
        let page = Page::with(200, &[("content-encoding", name)], encoded(op, text.as_bytes()));
        let server = Server::start([("/", page)]).await.unwrap();
        let sandbox = sandbox([&*server.origin()]);
        let mut response = sandbox.get(&server.url("/")).await.unwrap();
        assert_eq!(response.headers.get("content-encoding").unwrap(), name);
        assert_eq!(response.body.length(), None);
        assert!(read(&mut response).await.unwrap() == text.as_bytes(), "{op}");
        assert_eq!(sandbox.store.bytes(), 0, "{op}");
    }
}

#[tokio::test]
async fn encodings_may_lie_over_each_other_and_unknown_ones_stay() {
    let twice = encoded(r#"{"op":"gzip_compress"},{"op":"brotli_compress"}"#, b"hello");
    let pages = [
        ("/twice", Page::with(200, &[("content-encoding", "gzip, br")], twice)),
        ("/unknown", Page::with(200, &[("content-encoding", "dcb")], "as it is")),
        ("/empty", Page::with(200, &[("content-encoding", "gzip")], "")),
    ];
    let server = Server::start(pages).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    for (path, text) in [("/twice", "hello"), ("/unknown", "as it is"), ("/empty", "")] {
        assert_eq!(sandbox.text(get(&server.url(path))).await.unwrap().1, text, "{path}");
    }
}

#[tokio::test]
async fn a_compressed_bomb_ends_at_the_limit_and_leaves_nothing_behind() {
    let zeros = vec![0; 50 << 20];
    for (name, op) in [GZIP, BROTLI, ZSTD, DEFLATE] {
        let page = Page::with(200, &[("content-encoding", name)], encoded(op, &zeros));
        let server = Server::start([("/", page)]).await.unwrap();
        let sandbox = limited([&*server.origin()], NetLimits { fetch_bytes: 1 << 20, ..NetLimits::default() });
        let error = sandbox.text(get(&server.url("/"))).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{name}: {error:?}");
        assert_eq!(sandbox.store.bytes(), 0, "{name}");
    }
}

#[tokio::test]
async fn a_broken_encoding_is_a_breach_of_the_protocol() {
    let mut cut = encoded(GZIP.1, &b"hello, world".repeat(1000));
    cut.truncate(cut.len() - 10);
    let pages = [
        ("/cut", Page::with(200, &[("content-encoding", "gzip")], cut)),
        ("/wrong", Page::with(200, &[("content-encoding", "gzip")], "this is not gzip at all")),
        ("/many", Page::with(200, &[("content-encoding", "gzip,gzip,gzip,gzip,gzip")], "x")),
    ];
    let server = Server::start(pages).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    for path in ["/cut", "/wrong", "/many"] {
        let error = sandbox.text(get(&server.url(path))).await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{path}: {error:?}");
        assert!(sandbox.events().pop().unwrap().error.is_some(), "{path}");
    }
}
