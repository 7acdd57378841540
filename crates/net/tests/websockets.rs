//! WebSockets: the same grants, the same limits.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod site;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hostbox_net::{CloseFrame, Error, HeaderMap, Message, NetLimits, Url, WebSocketRequest};
use site::{Options, limited, sandbox};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

/// An echo server that speaks the subprotocol `b`; its address.
async fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                #[expect(clippy::result_large_err, reason = "the library's own signature")]
                let choose = |request: &Request, mut response: Response| {
                    if request.headers().contains_key("sec-websocket-protocol") {
                        response.headers_mut().insert("sec-websocket-protocol", "b".parse().unwrap());
                    }
                    Ok(response)
                };
                let Ok(mut socket) = accept_hdr_async(stream, choose).await else { return };
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() || message.is_binary() {
                        let _ = socket.send(message).await;
                    }
                }
            });
        }
    });
    format!("ws://{address}")
}

fn request(url: &str) -> WebSocketRequest {
    WebSocketRequest { url: Url::parse(url).unwrap(), protocols: Vec::new(), headers: HeaderMap::new() }
}

#[tokio::test]
async fn messages_go_both_ways_and_the_end_is_logged() {
    let url = echo().await;
    let sandbox = sandbox([&*url]);
    let asked = WebSocketRequest { protocols: vec!["a".into(), "b".into()], ..request(&url) };
    let mut socket = sandbox.client.connect_websocket(asked).await.unwrap();
    assert_eq!(socket.protocol.as_deref(), Some("b"));
    for message in [Message::Text("häl".into()), Message::Binary(Bytes::from(vec![1; 100_000]))] {
        socket.sender.send(message.clone()).await.unwrap();
        assert_eq!(socket.receiver.next().await.unwrap(), Some(message));
    }
    let close = CloseFrame { code: 3000, reason: "done".into() };
    socket.sender.send(Message::Close(Some(close.clone()))).await.unwrap();
    assert_eq!(socket.receiver.next().await.unwrap(), Some(Message::Close(Some(close))));
    assert_eq!(socket.receiver.next().await.unwrap(), None);
    assert_eq!(sandbox.client.active(), 1);
    drop(socket);
    assert_eq!(sandbox.client.active(), 0);
    let event = sandbox.events().pop().unwrap();
    assert_eq!((event.status, event.sent_bytes, event.received_bytes), (Some(101), 100_004, 100_004));
    assert_eq!(sandbox.store.bytes(), 0);
}

#[tokio::test]
async fn a_grant_for_http_covers_it_and_one_with_methods_does_not() {
    let url = echo().await;
    let http = url.replace("ws:", "http:");
    assert!(sandbox([&*http]).client.connect_websocket(request(&url)).await.is_ok());
    let grant = hostbox_permissions::NetGrant { methods: Some(vec!["GET".into()]), ..http.into() };
    let narrow = Options { grants: vec![grant], ..Options::default() }.build();
    for sandbox in [narrow, sandbox(["*"])] {
        let error = sandbox.client.connect_websocket(request(&url)).await.err().unwrap();
        assert!(matches!(error, Error::Refused(_)), "{error:?}");
        assert!(sandbox.events()[0].refused.is_some());
    }
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_it() {
    let url = echo().await;
    let sandbox = limited([&*url], NetLimits { fetch_bytes: 1000, ..NetLimits::default() });
    let mut socket = sandbox.client.connect_websocket(request(&url)).await.unwrap();
    socket.sender.send(Message::Text("x".repeat(1001))).await.unwrap();
    let error = socket.receiver.next().await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 1000 }), "{error:?}");
}

#[tokio::test]
async fn an_unfinished_message_is_on_the_stores_account() {
    let url = echo().await;
    let sandbox = Options { grants: vec![url.as_str().into()], buffer_bytes: 100_000, ..Options::default() }.build();
    let mut socket = sandbox.client.connect_websocket(request(&url)).await.unwrap();
    socket.sender.send(Message::Binary(Bytes::from(vec![0; 1 << 20]))).await.unwrap();
    let error = socket.receiver.next().await.unwrap_err();
    assert!(matches!(error, Error::Buffer(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_does_not_agree_is_a_breach_of_the_protocol() {
    let server = hostbox_testkit::Server::start([("/", hostbox_testkit::Page::text("no"))]).await.unwrap();
    let url = server.origin().replace("http:", "ws:");
    let error = sandbox([&*url]).client.connect_websocket(request(&url)).await.err().unwrap();
    assert!(matches!(&error, Error::Protocol { reason } if reason.contains("200")), "{error:?}");
}
