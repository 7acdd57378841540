//! Redirects: followed by the standard's rules, each hop checked.

mod site;

use bytes::Bytes;
use hostbox_net::{Body, Error, HeaderValue, Method, Redirect, Request};
use hostbox_permissions::NetGrant;
use hostbox_testkit::{Page, Server};
use site::{Options, get, sandbox};

fn post(url: &str) -> Request {
    let mut request = get(url);
    request.method = Method::POST;
    request.body = Body::Bytes(Bytes::from_static(b"body"));
    request.headers.insert("content-type", HeaderValue::from_static("text/plain"));
    request
}

#[tokio::test]
async fn a_loop_ends_after_twenty_redirects() {
    let server = Server::start([("/", Page::redirect(302, "/"))]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let error = sandbox.get(&server.url("/")).await.unwrap_err();
    assert!(matches!(error, Error::TooManyRedirects { limit: 20 }), "{error:?}");
    assert_eq!(server.seen().len(), 21);
    assert_eq!(sandbox.events().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_a_denied_host_is_refused() {
    let denied = Server::start([("/", Page::text("secret"))]).await.unwrap();
    let server = Server::start([("/", Page::redirect(307, &denied.url("/")))]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let error = sandbox.get(&server.url("/")).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(refusal) if refusal.to_string().contains(&denied.origin())), "{error:?}");
    assert_eq!(denied.connections(), 0);
    let events = sandbox.events();
    assert_eq!((events[0].status, events[0].refused.is_some()), (Some(307), true));
    assert_eq!(events[0].final_url, Some(denied.url("/")));
}

#[tokio::test]
async fn a_public_name_cannot_redirect_to_this_machine() {
    let server = Server::start([("/", Page::redirect(302, "http://169.254.169.254/latest/meta-data"))]).await.unwrap();
    let grants = vec![NetGrant::from("*"), NetGrant::from(server.origin())];
    let sandbox = Options { grants, ..Options::default() }.build();
    let error = sandbox.get(&server.url("/")).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(refusal) if refusal.to_string().contains("link-local")), "{error:?}");
}

#[tokio::test]
async fn a_grant_with_methods_is_asked_again_after_the_method_changed() {
    let server = Server::start([("/", Page::redirect(303, "/next")), ("/next", Page::Echo)]).await.unwrap();
    let grant = NetGrant { methods: Some(vec!["POST".into()]), ..NetGrant::from(server.origin()) };
    let sandbox = Options { grants: vec![grant], ..Options::default() }.build();
    let error = sandbox.text(post(&server.url("/"))).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn methods_and_bodies_change_as_the_standard_has_it() {
    let server = Server::start([("/next", Page::Echo)]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    for (status, method, then) in [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "PUT", "PUT"),
        (302, "PUT", "PUT"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
    ] {
        server.put("/", Page::redirect(status, "/next"));
        let mut request = post(&server.url("/"));
        request.method = method.parse().unwrap();
        if method == "HEAD" {
            request.body = Body::Empty;
        }
        let response = sandbox.client.fetch(request).await.unwrap();
        assert!(response.redirected);
        assert_eq!(response.url.path(), "/next");
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.method, then, "{status} {method}");
        assert_eq!(
            seen.body,
            if then == method && then != "HEAD" { "body" } else { "" }.as_bytes(),
            "{status} {method}"
        );
        let keeps_type = then == method;
        assert_eq!(seen.header("content-type").is_some(), keeps_type, "{status} {method}");
    }
}

#[tokio::test]
async fn a_stream_is_not_sent_twice() {
    let server = Server::start([
        ("/", Page::redirect(307, "/next")),
        ("/303", Page::redirect(303, "/next")),
        ("/next", Page::Echo),
    ])
    .await
    .unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let stream = || Body::Stream(Box::pin(futures_util::stream::iter([Ok(Bytes::from_static(b"x"))])), Some(1));
    let error = sandbox.text(Request { body: stream(), ..post(&server.url("/")) }).await.unwrap_err();
    assert!(matches!(error, Error::Redirect { .. }), "{error:?}");
    assert_eq!(sandbox.text(Request { body: stream(), ..post(&server.url("/303")) }).await.unwrap().0, 200);
}

#[tokio::test]
async fn credentials_stay_with_their_origin() {
    let server = Server::start([("/next", Page::Echo), ("/same", Page::redirect(302, "/next"))]).await.unwrap();
    let elsewhere = server.origin_of("localhost");
    server.put("/cross", Page::redirect(302, &format!("{elsewhere}/next")));
    let sandbox = sandbox([&*server.origin(), &*elsewhere]);
    for (path, kept) in [("/same", true), ("/cross", false)] {
        let mut request = get(&server.url(path));
        for name in ["authorization", "cookie"] {
            request.headers.insert(name, HeaderValue::from_static("secret"));
        }
        request.headers.insert("x-own", HeaderValue::from_static("kept"));
        sandbox.text(request).await.unwrap();
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.path, "/next");
        assert_eq!(seen.header("x-own"), Some("kept"));
        assert_eq!((seen.header("authorization").is_some(), seen.header("cookie").is_some()), (kept, kept), "{path}");
    }
}

#[tokio::test]
async fn manual_gives_the_redirect_and_error_fails() {
    let server = Server::start([("/", Page::redirect(302, "/next")), ("/next", Page::Echo)]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    let manual = Request { redirect: Redirect::Manual, ..get(&server.url("/")) };
    let response = sandbox.client.fetch(manual).await.unwrap();
    assert_eq!((response.status.as_u16(), response.redirected), (302, false));
    assert_eq!(response.headers.get("location").unwrap(), "/next");
    let failing = Request { redirect: Redirect::Error, ..get(&server.url("/")) };
    assert!(matches!(sandbox.client.fetch(failing).await, Err(Error::Redirect { .. })));
    let fine = Request { redirect: Redirect::Error, ..get(&server.url("/next")) };
    assert!(sandbox.client.fetch(fine).await.is_ok());
}

#[tokio::test]
async fn a_location_that_leads_nowhere_is_not_followed() {
    let server = Server::start([("/none", Page::with(302, &[], "no location"))]).await.unwrap();
    let sandbox = sandbox([&*server.origin()]);
    for to in ["http://[", "ftp://example.com/", "data:,x", "file:///etc/passwd", "http://user:pass@127.0.0.1/"] {
        server.put("/", Page::redirect(302, to));
        let error = sandbox.get(&server.url("/")).await.unwrap_err();
        assert!(matches!(error, Error::Redirect { .. }), "{to}: {error:?}");
    }
    assert_eq!(sandbox.text(get(&server.url("/none"))).await.unwrap(), (302, "no location".into()));
}

#[tokio::test]
async fn a_fragment_is_taken_along() {
    let server = Server::start([
        ("/next", Page::Echo),
        ("/a", Page::redirect(302, "/next")),
        ("/b", Page::redirect(302, "/next#own")),
    ])
    .await
    .unwrap();
    let sandbox = sandbox([&*server.origin()]);
    for (path, fragment) in [("/a#mine", "mine"), ("/b#mine", "own")] {
        assert_eq!(sandbox.get(&server.url(path)).await.unwrap().url.fragment(), Some(fragment));
    }
}
