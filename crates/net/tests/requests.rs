//! Requests that go well, and the limits of the sandbox.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod site;

use bytes::Bytes;
use hostbox_net::{Body, Error, HeaderValue, Method, NetLimits, Part, Redirect};
use hostbox_testkit::{Authority, Page, Server};
use site::{Options, get, limited, read, sandbox};

#[tokio::test]
async fn a_granted_request_is_answered_and_logged() {
    let server = Server::start([("/hello", Page::text("hi there"))]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let mut response = sandbox.get(&server.url("/hello?a=b#fragment")).await.unwrap();
    assert_eq!((response.status.as_u16(), response.reason.as_str()), (200, "Whatever"));
    assert_eq!(response.headers.get("content-type").unwrap(), "text/plain");
    assert_eq!(response.body.length(), Some(8));
    assert_eq!(sandbox.client.active(), 1);
    assert_eq!(read(&mut response).await.unwrap(), b"hi there");
    assert_eq!(sandbox.client.active(), 0);
    let events = sandbox.events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].url, server.url("/hello?a=b"));
    assert_eq!((events[0].status, events[0].received_bytes), (Some(200), 8));
    assert_eq!((&events[0].refused, &events[0].error), (&None, &None));
}

#[tokio::test]
async fn without_a_grant_nobody_is_asked() {
    let server = Server::start([("/", Page::text(""))]).await.unwrap();
    let sandbox = sandbox(["https://api.example.com"]);
    let error = sandbox.get(&server.url("/")).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
    assert_eq!(server.connections(), 0);
    let events = sandbox.events();
    assert!(events[0].refused.as_ref().unwrap().contains("(granted: https://api.example.com)"), "{events:?}");
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_refused_and_not_connected_to() {
    let server = Server::start([("/", Page::text(""))]).await.unwrap();
    let port = server.address().port();
    let sandbox = sandbox(["*", &*format!("http://*:{port}")]);
    let error = sandbox.get(&server.origin_of("localhost")).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
    assert!(error.to_string().contains("loopback"), "{error}");
    assert_eq!(server.connections(), 0);
    assert!(sandbox.events()[0].refused.is_some());
}

#[tokio::test]
async fn a_private_grant_reaches_a_name_whose_address_is_private() {
    let server = Server::start([("/", Page::text("in"))]).await.unwrap();
    let origin = format!("http://*:{}", server.address().port());
    let grant = hostbox_permissions::NetGrant { origin, private: true, methods: None };
    let sandbox = Options { grants: vec![grant], ..Options::default() }.build();
    assert_eq!(sandbox.text(get(&server.origin_of("localhost"))).await.unwrap(), (200, "in".into()));
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::start([("/", Page::text("x"))]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    for _ in 0..5 {
        sandbox.text(get(&server.url("/"))).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn headers_of_the_connection_are_the_clients_own() {
    let server = Server::start([("/", Page::Echo)]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let mut request = get(&server.url("/"));
    for (name, value) in
        [("host", "evil.example"), ("content-length", "5"), ("transfer-encoding", "chunked"), ("te", "x")]
    {
        request.headers.insert(name, HeaderValue::from_static(value));
    }
    request.headers.insert("x-own", HeaderValue::from_static("kept"));
    sandbox.text(request).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("host"), Some(&*server.address().to_string()));
    assert_eq!(seen[0].header("x-own"), Some("kept"));
    assert_eq!(
        (seen[0].header("content-length"), seen[0].header("transfer-encoding"), seen[0].header("te")),
        (None, None, None)
    );
    assert_eq!(seen[0].header("accept-encoding"), Some("gzip, deflate, br, zstd"));
}

#[tokio::test]
async fn bodies_go_up_as_bytes_as_streams_and_as_forms() {
    let server = Server::start([("/", Page::Echo)]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let post = |body| {
        let mut request = get(&server.url("/"));
        (request.method, request.body) = (Method::POST, body);
        request
    };
    let large = Bytes::from(vec![b'x'; 200_000]);
    sandbox.text(post(Body::Bytes(large.clone()))).await.unwrap();
    let pieces = ["one ", "two ", "three"].map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
    sandbox.text(post(Body::Stream(Box::pin(futures_util::stream::iter(pieces)), None))).await.unwrap();
    let part = |name: &str, data: &'static str, filename: Option<&str>, kind: Option<&str>| Part {
        name: name.into(),
        data: data.into(),
        filename: filename.map(Into::into),
        content_type: kind.map(Into::into),
    };
    let parts = vec![part("a", "text", None, None), part("b", "bytes", Some("b.bin"), Some("image/png"))];
    sandbox.text(post(Body::Multipart(parts))).await.unwrap();

    let seen = server.seen();
    assert_eq!(seen[0].header("content-length"), Some("200000"));
    assert_eq!(seen[0].body, large);
    assert_eq!(seen[1].header("transfer-encoding"), Some("chunked"));
    assert_eq!(seen[1].body, b"one two three");
    let boundary = seen[2].header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    let form = String::from_utf8(seen[2].body.clone()).unwrap();
    assert_eq!(form.matches(boundary).count(), 3);
    assert!(form.contains("name=\"b\"; filename=\"b.bin\"\r\nContent-Type: image/png\r\n\r\nbytes"), "{form}");
    assert_eq!(seen[2].header("content-length").unwrap(), form.len().to_string());
    let sent: Vec<_> = sandbox.events().iter().map(|event| event.sent_bytes).collect();
    assert_eq!(sent, [200_000, 13, form.len() as u64]);
}

#[tokio::test]
async fn a_stream_that_fails_fails_the_request() {
    let server = Server::start([("/", Page::Echo)]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let mut request = get(&server.url("/"));
    request.method = Method::POST;
    let pieces = [Ok(Bytes::from_static(b"x")), Err("the guest threw".into())];
    request.body = Body::Stream(Box::pin(futures_util::stream::iter(pieces)), None);
    let error = sandbox.text(request).await.unwrap_err();
    assert!(matches!(&error, Error::RequestBody { reason } if reason == "the guest threw"), "{error:?}");
}

#[tokio::test]
async fn requests_above_the_limit_wait_and_unread_bodies_do_not_count() {
    let silence = Page::Silence(Vec::new());
    let server = Server::start([("/", Page::text("x")), ("/silent", silence)]).await.unwrap();
    let sandbox = limited([&*server.origin()], NetLimits { concurrent_fetches: 1, ..NetLimits::default() });
    let mut unread = sandbox.get(&server.url("/")).await.unwrap();
    let second = sandbox.text(get(&server.url("/"))).await.unwrap();
    assert_eq!(second.1, "x");

    let mut silent = Box::pin(sandbox.get(server.url("/silent")));
    assert!(futures_util::poll!(&mut silent).is_pending());
    let mut waiting = Box::pin(sandbox.text(get(&server.url("/"))));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert_eq!(sandbox.client.active(), 3);
    drop(silent);
    assert_eq!(waiting.await.unwrap().1, "x");
    assert_eq!(read(&mut unread).await.unwrap(), b"x");
    assert_eq!(sandbox.client.active(), 0);
}

#[tokio::test]
async fn so_many_responses_may_be_open_and_no_more() {
    let server = Server::start([("/", Page::text("x"))]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let mut open = Vec::new();
    let error = loop {
        match sandbox.get(&server.url("/")).await {
            Ok(response) => open.push(response),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Limit { .. }), "{error:?}");
    assert_eq!(open.len(), 256);
    open.pop();
    assert!(sandbox.get(&server.url("/")).await.is_ok());
}

#[tokio::test]
async fn a_dropped_request_ends_at_once() {
    let server = Server::start([("/", Page::Silence(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()))]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let response = sandbox.get(&server.url("/")).await.unwrap();
    drop(response);
    assert_eq!(sandbox.client.active(), 0);
    assert_eq!(sandbox.events().len(), 1);
}

#[tokio::test]
async fn a_closed_client_ends_what_waits() {
    let server = Server::start([("/", Page::Silence(Vec::new()))]).await.unwrap();
    let sandbox = limited([&*server.origin()], NetLimits { concurrent_fetches: 1, ..NetLimits::default() });
    let mut silent = Box::pin(sandbox.get(server.url("/")));
    assert!(futures_util::poll!(&mut silent).is_pending());
    let mut waiting = Box::pin(sandbox.get(server.url("/")));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    sandbox.client.close();
    assert!(matches!(waiting.await, Err(Error::Closed)));
}

#[tokio::test]
async fn a_body_goes_straight_into_the_store() {
    let body = vec![7; 300_000];
    let server = Server::start([("/", Page::with(200, &[], body.clone()))]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let id = sandbox.get(&server.url("/")).await.unwrap().body.into_store().await.unwrap();
    assert_eq!(sandbox.store.bytes(), 300_000);
    assert_eq!(&sandbox.store.take(id).unwrap()[..], body);

    let small = Options { grants: vec![server.origin().into()], buffer_bytes: 1000, ..Options::default() }.build();
    let error = small.get(&server.url("/")).await.unwrap().body.into_store().await.unwrap_err();
    assert!(matches!(error, Error::Buffer(_)), "{error:?}");
    assert_eq!(small.store.bytes(), 0);
}

#[tokio::test]
async fn tls_needs_an_authority_that_is_known() {
    let authority = Authority::new();
    let server = Server::start_secure([("/", Page::text("safe"))], &authority, &["localhost"]).await.unwrap();
    let origin = server.origin_of("localhost");
    let grants = || vec![origin.as_str().into(), server.origin().into()];
    let stranger = Options { grants: grants(), ..Options::default() }.build();
    let error = stranger.get(&origin).await.unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
    let roots = vec![authority.certificate()];
    let friend = Options { grants: grants(), roots, ..Options::default() }.build();
    assert_eq!(friend.text(get(&origin)).await.unwrap(), (200, "safe".into()));
    let other_name = friend.get(&server.origin()).await.unwrap_err();
    assert!(matches!(other_name, Error::Tls { .. }), "{other_name:?}");
}

#[tokio::test]
async fn answers_without_a_body_say_so() {
    let pages = [("/", Page::text("hidden")), ("/none", Page::with(204, &[], "")), ("/same", Page::with(304, &[], ""))];
    let server = Server::start(pages).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let mut head = get(&server.url("/"));
    head.method = Method::HEAD;
    head.redirect = Redirect::Manual;
    let mut response = sandbox.client.fetch(head).await.unwrap();
    assert!(response.body.is_null());
    assert_eq!(read(&mut response).await.unwrap(), b"");
    for path in ["/none", "/same"] {
        assert!(sandbox.get(&server.url(path)).await.unwrap().body.is_null(), "{path}");
    }
}

/// A server that speaks HTTP/2 and nothing else; its port.
async fn http2_server(authority: &Authority) -> u16 {
    let mut config = rustls::ServerConfig::clone(&authority.server(&["localhost"]));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let tls = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut connection = h2::server::handshake(tls.accept(stream).await.unwrap()).await.unwrap();
            tokio::spawn(async move {
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    let text = format!("{:?} {}", request.version(), request.uri().path());
                    let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                    body.send_data(text.into(), true).unwrap();
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_offers_http2_is_spoken_to_in_http2() {
    let authority = Authority::new();
    let origin = format!("https://localhost:{}", http2_server(&authority).await);
    let roots = vec![authority.certificate()];
    let sandbox = Options { grants: vec![origin.as_str().into()], roots, ..Options::default() }.build();
    let (one, two) = (format!("{origin}/one"), format!("{origin}/two"));
    let (one, two) = tokio::join!(sandbox.text(get(&one)), sandbox.text(get(&two)));
    assert_eq!(one.unwrap(), (200, "HTTP/2.0 /one".into()));
    assert_eq!(two.unwrap(), (200, "HTTP/2.0 /two".into()));
}

#[tokio::test]
async fn a_body_may_be_the_body_of_another_request_even_where_one_works_at_a_time() {
    let server = Server::start([("/from", Page::text("passed on")), ("/to", Page::Echo)]).await.unwrap();
    let sandbox = limited([&*server.origin()], NetLimits { concurrent_fetches: 1, ..NetLimits::default() });
    let from = sandbox.get(server.url("/from")).await.unwrap();
    let pieces = futures_util::stream::unfold(from.body, |mut body| async move {
        let piece = body.chunk().await.map_err(hostbox_net::BodyError::from).transpose()?;
        Some((piece, body))
    });
    let mut request = get(&server.url("/to"));
    (request.method, request.body) = (Method::POST, Body::Stream(Box::pin(pieces), None));
    assert!(sandbox.text(request).await.unwrap().1.ends_with("\n\npassed on"));
}

#[tokio::test]
async fn a_body_that_waits_for_rare_events_holds_up_no_other() {
    let events = Page::Silence(b"HTTP/1.1 200 OK\r\n\r\nfirst".to_vec());
    let server = Server::start([("/events", events), ("/", Page::text("x"))]).await.unwrap();
    let sandbox = limited([&*server.origin()], NetLimits { concurrent_fetches: 1, ..NetLimits::default() });
    let mut events = sandbox.get(server.url("/events")).await.unwrap();
    assert_eq!(events.body.chunk().await.unwrap().unwrap(), "first");
    let mut waiting = Box::pin(events.body.chunk());
    assert!(futures_util::poll!(&mut waiting).is_pending());
    let request = get(&server.url("/"));
    tokio::select! {
        other = sandbox.text(request) => assert_eq!(other.unwrap().1, "x"),
        event = waiting => panic!("{event:?}"),
    }
}

#[tokio::test]
async fn a_url_that_is_too_long_for_the_wire_is_not_valid() {
    let server = Server::start([("/", Page::text("x"))]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let error = sandbox.get(server.url(&format!("/?{}", "x".repeat(70_000)))).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    assert!(sandbox.events()[0].url.len() < 3000);
}
