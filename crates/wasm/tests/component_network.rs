//! What components reach over `wasi:http` and `wasi:sockets`: what is granted, by the client of `fetch`; and who hears of the rest.
#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, reason = "a broken fixture fails the test")]

mod codec;
mod fixtures;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use codec::{Codec, Value};
use fixtures::{bytes, call, fixture, options, text, u32};
use hostbox_buffers::{Cancel, Store};
use hostbox_net::{Client, Config, FetchEvent, NetLimits};
use hostbox_permissions::{Environment, NetGrant, NetPermissions};
use hostbox_testkit::{Page, Server};
use hostbox_wasm::component::{Instance, InstanceOptions, Server as Shop};
use hostbox_wasm::{Command, Limits, Rights, Runner};
use tokio::runtime::Runtime;

// Numbers of cases, as the interfaces have them.
const PROHIBITED: u32 = 4;
const REFUSED: u32 = 6;
const READ_TIMEOUT: u32 = 9;
const DENIED: u32 = 15;
const METHOD_INVALID: u32 = 18;
const HEADERS_SIZE: u32 = 26;
const RESPONSE_INCOMPLETE: u32 = 25;
const BODY_SIZE: u32 = 28;
const ACCESS_DENIED: u32 = 1;
const UNRESOLVABLE_ARGUMENT: u32 = 3;

/// A component with these grants, and what its app hears.
struct Probe {
    instance: Instance,
    codec: Codec,
    log: Arc<Mutex<Vec<FetchEvent>>>,
}

fn client(grants: &[NetGrant], limits: NetLimits, log: &Arc<Mutex<Vec<FetchEvent>>>) -> Client {
    let hook = log.clone();
    Client::new(Config {
        permissions: NetPermissions::new(grants).unwrap(),
        limits,
        log: Some(Arc::new(move |event| hook.lock().unwrap().push(event))),
        ..Config::new(Arc::new(Store::new(0)))
    })
}

fn limited(grants: &[NetGrant], limits: NetLimits) -> Probe {
    let log = Arc::default();
    let rights = Rights::new(Environment::default()).with_net(client(grants, limits, &log));
    let component = fixture("network");
    let codec = Codec::new(&component);
    let instance = component.instantiate(InstanceOptions { rights: Arc::new(rights), ..options() }).unwrap();
    Probe { instance, codec, log }
}

fn granted(grants: &[&str]) -> Probe {
    let grants: Vec<_> = grants.iter().map(|grant| NetGrant::from(*grant)).collect();
    limited(&grants, NetLimits::default())
}

fn list(bytes: &[u8]) -> Value {
    Value::Parts(bytes.iter().map(|byte| Value::Bits(u64::from(*byte))).collect())
}

fn none() -> Value {
    Value::Case(0, None)
}

fn some(value: Value) -> Value {
    Value::Case(1, Some(Box::new(value)))
}

fn bytes_of(value: &Value) -> Vec<u8> {
    let Value::Parts(items) = value else { panic!("no list: {value:?}") };
    items.iter().map(|item| if let Value::Bits(byte) = item { *byte as u8 } else { panic!("no byte") }).collect()
}

/// Status, headers, body.
type Answer = Result<(u64, Vec<(String, Vec<u8>)>, Vec<u8>), Value>;

struct Question<'a> {
    method: &'a str,
    authority: String,
    path: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: Option<&'a [u8]>,
    patience: Option<u64>,
}

fn get(server: SocketAddr, path: &str) -> Question<'_> {
    Question { method: "GET", authority: server.to_string(), path, headers: &[], body: None, patience: None }
}

impl Probe {
    fn ask(&self, name: &str, args: &[Value]) -> Result<Option<Value>, Value> {
        match call(&self.instance, &self.codec, name, args).unwrap() {
            Some(Value::Case(0, value)) => Ok(value.map(|value| *value)),
            Some(Value::Case(1, Some(error))) => Err(*error),
            other => panic!("{name}: {other:?}"),
        }
    }

    fn fetch(&self, question: Question<'_>) -> Answer {
        let headers =
            question.headers.iter().map(|(name, value)| Value::Parts(vec![text(name), list(value.as_bytes())]));
        let question = Value::Parts(vec![
            text(question.method),
            Value::Bits(0),
            text(&question.authority),
            text(question.path),
            Value::Parts(headers.collect()),
            question.body.map_or_else(none, |body| some(list(body))),
            question.patience.map_or_else(none, |patience| some(Value::Bits(patience))),
        ]);
        let Some(Value::Parts(answer)) = self.ask("fetch", &[question])? else { panic!("no answer") };
        let [Value::Bits(status), Value::Parts(headers), body] = &answer[..] else { panic!("{answer:?}") };
        let header = |header: &Value| match header {
            Value::Parts(pair) => match &pair[..] {
                [Value::Text(name), value] => (name.clone(), bytes_of(value)),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        Ok((*status, headers.iter().map(header).collect(), bytes_of(body)))
    }

    fn socket(&self, function: &str, to: SocketAddr, data: &[u8]) -> Result<Vec<u8>, Value> {
        let answer = self.ask(function, &[number(to), u32(to.port().into()), list(data)])?;
        Ok(bytes_of(&answer.unwrap()))
    }

    fn look_up(&self, name: &str) -> Result<Vec<Ipv4Addr>, Value> {
        let Some(Value::Parts(found)) = self.ask("look-up", &[text(name)])? else { panic!("no list") };
        let address =
            |value: &Value| if let Value::Bits(bits) = value { Ipv4Addr::from(*bits as u32) } else { panic!() };
        Ok(found.iter().map(address).collect())
    }

    fn refusals(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().filter_map(|event| event.refused.clone()).collect()
    }
}

fn number(address: SocketAddr) -> Value {
    let SocketAddr::V4(address) = address else { panic!("no IPv4") };
    u32((*address.ip()).into())
}

/// A server on loopback, as long as its runtime lives.
fn server(pages: impl IntoIterator<Item = (&'static str, Page)>) -> (Runtime, Server) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(pages)).unwrap();
    (runtime, server)
}

#[test]
fn a_component_asks_a_granted_host_and_reads_its_answer() {
    let (_runtime, server) = server([("/echo", Page::Echo), ("/", Page::with(201, &[("x-own", "1")], "made"))]);
    let probe = granted(&[&server.origin()]);
    let (status, headers, body) = probe.fetch(get(server.address(), "/?q=1")).unwrap();
    assert_eq!((status, &body[..]), (201, &b"made"[..]));
    assert!(headers.contains(&("x-own".into(), b"1".to_vec())), "{headers:?}");
    let large: Vec<u8> = (0..200_000u32).map(|n| (n % 251) as u8).collect();
    let question = Question {
        method: "POST",
        headers: &[("x-mine", "2"), ("host", "elsewhere.example")],
        body: Some(&large),
        ..get(server.address(), "/echo")
    };
    assert!(probe.fetch(question).unwrap().2.ends_with(&large));
    let seen = server.seen();
    assert_eq!(seen[1].header("x-mine"), Some("2"));
    assert_eq!(seen[1].header("host"), Some(&*server.address().to_string()));
    let log = probe.log.lock().unwrap();
    assert_eq!((log[0].url.as_str(), log[0].method.as_str(), log[0].status), (&*server.url("/?q=1"), "GET", Some(201)));
    assert_eq!(log[1].sent_bytes, 200_000);
}

#[test]
fn bodies_come_as_they_were_sent_and_redirects_are_the_components_own() {
    let squeezed = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
    let zipped = Page::with(200, &[("content-encoding", "gzip")], squeezed);
    let (_runtime, server) = server([("/zip", zipped), ("/away", Page::redirect(302, "/zip"))]);
    let probe = granted(&[&server.origin()]);
    assert_eq!(probe.fetch(get(server.address(), "/zip")).unwrap().2, squeezed);
    assert_eq!(probe.fetch(get(server.address(), "/away")).unwrap().0, 302);
    assert_eq!(server.seen()[0].header("accept-encoding"), None);
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn trailers_go_out_and_come_back() {
    let runtime = Runtime::new().unwrap();
    let start = Shop::start(fixture("handler"), ([127, 0, 0, 1], 0).into(), 1, Arc::new(options), Arc::new(|_| ()));
    let shop = runtime.block_on(start).unwrap();
    let probe = granted(&[&format!("http://{}", shop.address())]);
    let ask = |headers| {
        let question = Question { method: "POST", headers, body: Some(b"body"), ..get(shop.address(), "/") };
        let (_, headers, body) = probe.fetch(question).unwrap();
        assert_eq!(body, b"body");
        // The probe puts trailers behind the header fields.
        headers.into_iter().filter(|(name, _)| name == "x-sum").map(|(_, value)| value).collect::<Vec<_>>()
    };
    assert_eq!(ask(&[("trailer", "x-sum"), ("te", "trailers")]), [b"sent"]);
    assert!(ask(&[("te", "trailers")]).is_empty());
}

#[test]
fn what_is_not_granted_is_denied_and_the_app_hears_of_it() {
    let (_runtime, server) = server([("/", Page::text("never"))]);
    let probe = granted(&["https://api.example"]);
    assert_eq!(probe.fetch(get(server.address(), "/")).unwrap_err(), u32(DENIED));
    let asked = server.address();
    assert_eq!(
        probe.refusals(),
        [format!("fetch to http://{asked} refused: not in permissions.net (granted: https://api.example)")]
    );
    let anywhere = granted(&["*"]);
    assert_eq!(anywhere.fetch(get(server.address(), "/")).unwrap_err(), u32(PROHIBITED));
    assert!(anywhere.refusals()[0].contains("leads to a loopback address"), "{:?}", anywhere.refusals());
    let reading = NetGrant { methods: Some(vec!["GET".into()]), ..NetGrant::from(server.origin()) };
    let reading = limited(&[reading], NetLimits::default());
    let post = Question { method: "POST", ..get(server.address(), "/") };
    assert_eq!(reading.fetch(post).unwrap_err(), u32(DENIED));
    for method in ["CONNECT", "TRACE", "TRACK"] {
        let question = Question { method, ..get(server.address(), "/") };
        assert_eq!(granted(&[&server.origin()]).fetch(question).unwrap_err(), u32(METHOD_INVALID), "{method}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn without_a_client_there_is_no_network() {
    let component = fixture("network");
    let codec = Codec::new(&component);
    let instance = component.instantiate(options()).unwrap();
    let nobody = Probe { instance, codec, log: Arc::default() };
    let to = SocketAddr::from(([127, 0, 0, 1], 9));
    assert_eq!(nobody.fetch(get(to, "/")).unwrap_err(), u32(DENIED));
    for function in ["tcp", "udp"] {
        assert_eq!(nobody.socket(function, to, b"x").unwrap_err(), u32(ACCESS_DENIED), "{function}");
    }
    assert_eq!(nobody.look_up("localhost").unwrap_err(), u32(ACCESS_DENIED));
}

#[test]
fn the_limits_of_fetch_are_those_of_components() {
    let (_runtime, server) = server([
        ("/large", Page::text(&"x".repeat(5_000))),
        ("/head", Page::with(200, &[("x-large", &"x".repeat(70_000))], "")),
        ("/never", Page::Silence(Vec::new())),
        ("/reset", Page::Reset),
    ]);
    let limits = NetLimits { fetch_bytes: 4_999, ..NetLimits::default() };
    let probe = limited(&[NetGrant::from(server.origin())], limits);
    assert_eq!(probe.fetch(get(server.address(), "/large")).unwrap_err(), u32(BODY_SIZE));
    let told = probe.log.lock().unwrap()[0].error.clone();
    assert_eq!(told.as_deref(), Some("the body is longer than fetchBytes: 4999 bytes"));
    assert_eq!(probe.fetch(get(server.address(), "/head")).unwrap_err(), u32(HEADERS_SIZE));
    assert_eq!(probe.fetch(get(server.address(), "/reset")).unwrap_err(), u32(RESPONSE_INCOMPLETE));
    let impatient = Question { patience: Some(20_000_000), ..get(server.address(), "/never") };
    assert_eq!(probe.fetch(impatient).unwrap_err(), u32(READ_TIMEOUT));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let probe = granted(&[&format!("http://{free}")]);
    assert_eq!(probe.fetch(get(free, "/")).unwrap_err(), u32(REFUSED));
}

#[test]
fn a_call_that_waits_for_the_network_ends_with_its_deadline() {
    let (_runtime, server) = server([("/never", Page::Silence(Vec::new()))]);
    let probe = granted(&[&server.origin()]);
    let function = probe.codec.function("fetch");
    let question = Value::Parts(vec![
        text("GET"),
        Value::Bits(0),
        text(&server.address().to_string()),
        text("/never"),
        Value::Parts(Vec::new()),
        none(),
        none(),
    ]);
    let message = probe.codec.arguments(function, &[question]);
    let number = function["number"].as_u64().unwrap() as u32;
    let deadline = std::time::Instant::now() + Duration::from_millis(50);
    let cancel = Cancel::with_flag(Arc::default(), Some(deadline));
    let error = probe.instance.call(number, &message, &cancel, |_| ()).unwrap_err();
    assert_eq!(error, hostbox_wasm::Error::Cancelled);
}

#[test]
fn what_the_host_holds_for_a_component_is_bounded() {
    let probe = granted(&[]);
    let hoard = |count| call(&probe.instance, &probe.codec, "hoard", &[u32(count)]);
    hoard(900).unwrap();
    let error = hoard(900).unwrap_err();
    assert_eq!(error.code(), "ERR_WASM_TRAP", "{error}");
    assert!(error.to_string().contains("table has no free keys"), "{error}");
}

/// Sends back what comes over the first connection.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = [0; 5];
        stream.read_exact(&mut bytes).unwrap();
        stream.write_all(&bytes).unwrap();
    });
    address
}

#[test]
fn a_socket_connects_where_it_is_granted() {
    let address = echo();
    let probe = granted(&[&format!("tcp://{address}")]);
    assert_eq!(probe.socket("tcp", address, b"hello").unwrap(), b"hello");
    let log = probe.log.lock().unwrap();
    assert_eq!((log[0].url.as_str(), log[0].method.as_str()), (&*format!("tcp://{address}"), "CONNECT"));
    assert_eq!(log[0].refused, None);
}

#[test]
fn datagrams_go_where_they_are_granted() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let echo = std::thread::spawn(move || {
        let mut bytes = [0; 64];
        let (length, from) = socket.recv_from(&mut bytes).unwrap();
        // Whoever else sends something is not heard.
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"stranger", from).unwrap();
        socket.send_to(&bytes[..length], from).unwrap();
    });
    let probe = granted(&[&format!("udp://{address}")]);
    assert_eq!(probe.socket("udp", address, b"hello").unwrap(), b"hello");
    echo.join().unwrap();
    let other = SocketAddr::from(([127, 0, 0, 1], 9));
    assert_eq!(probe.socket("udp", other, b"hello").unwrap_err(), u32(ACCESS_DENIED));
    assert_eq!(
        probe.refusals(),
        [format!("datagram to udp://127.0.0.1:9 refused: not in permissions.net (granted: udp://{address})")]
    );
}

#[test]
fn sockets_are_off_unless_they_are_granted_and_the_app_hears_who_asked() {
    let address = echo();
    let probe = granted(&["*", &format!("http://{address}")]);
    assert_eq!(probe.socket("tcp", address, b"hello").unwrap_err(), u32(ACCESS_DENIED));
    assert_eq!(probe.socket("udp", address, b"hello").unwrap_err(), u32(ACCESS_DENIED));
    assert_eq!(probe.look_up("localhost").unwrap_err(), u32(ACCESS_DENIED));
    let refusals = probe.refusals();
    let granted = format!("(granted: *, http://{address})");
    assert_eq!(
        refusals,
        [
            format!("a socket of TCP refused: permissions.net has no tcp://host:port {granted}"),
            format!("a socket of UDP refused: permissions.net has no udp://host:port {granted}"),
            format!("look-up of localhost refused: no tcp:// or udp:// of permissions.net has this host {granted}"),
        ]
    );
    let other = another_port(address);
    let probe = self::granted(&[&format!("tcp://{other}")]);
    assert_eq!(probe.socket("tcp", address, b"hello").unwrap_err(), u32(ACCESS_DENIED));
    assert_eq!(
        probe.refusals(),
        [format!("connection to tcp://{address} refused: not in permissions.net (granted: tcp://{other})")]
    );
}

/// Another port of the same host.
fn another_port(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port() ^ 1)
}

#[test]
fn a_name_is_looked_up_where_it_is_granted_and_opens_the_addresses_that_it_leads_to() {
    let address = echo();
    let probe = granted(&[&format!("tcp://localhost:{}", address.port())]);
    // Not before its name was looked up.
    assert_eq!(probe.socket("tcp", address, b"hello").unwrap_err(), u32(ACCESS_DENIED));
    assert_eq!(probe.look_up("LocalHost").unwrap(), [Ipv4Addr::LOCALHOST]);
    assert_eq!(probe.socket("tcp", address, b"hello").unwrap(), b"hello");
    assert_eq!(probe.look_up("secrets.attacker.example").unwrap_err(), u32(ACCESS_DENIED));
    assert_eq!(probe.look_up("127.0.0.2").unwrap(), [Ipv4Addr::new(127, 0, 0, 2)]);
    assert_eq!(probe.look_up("no name").unwrap_err(), u32(UNRESOLVABLE_ARGUMENT));
    let public = granted(&["tcp://*:80"]);
    assert_eq!(public.look_up("localhost").unwrap_err(), u32(ACCESS_DENIED));
    assert!(public.refusals()[0].contains("leads to a loopback address"), "{:?}", public.refusals());
}

#[test]
fn nobody_listens() {
    let probe = granted(&["tcp://127.0.0.1:80", "tcp://*:8080"]);
    for (address, port) in [([127, 0, 0, 1], 0), ([127, 0, 0, 1], 8080), ([0, 0, 0, 0], 0), ([0, 0, 0, 0], 8080)] {
        let at = SocketAddr::from((address, port));
        let error = probe.ask("listen", &[number(at), u32(port.into())]).unwrap_err();
        assert_eq!(error, u32(ACCESS_DENIED), "{at}");
    }
    assert!(
        probe.refusals()[0].starts_with("listening at tcp://127.0.0.1:0 refused: grants are for where to connect to")
    );
    assert_eq!(probe.refusals().len(), 4);
}

#[test]
fn a_command_of_preview_2_has_the_network_of_its_sandbox() {
    let (runtime, server) = server([("/", Page::text("fine"))]);
    let run = |grants: &[NetGrant]| {
        let log = Arc::default();
        let store = Arc::new(Store::new(1 << 20));
        let id = store.put_copy(&bytes("network")).unwrap();
        let rights = Rights::default().with_net(client(grants, NetLimits::default(), &log));
        let command = Command { args: vec![server.address().to_string()], ..Command::default() };
        let runner = Runner::new(&store, rights);
        let module = store.lend(id).unwrap();
        let account = Box::new(fixtures::Purse(64 << 20));
        let exit = runtime.block_on(runner.run(module, command, account, Limits::default(), Cancel::new())).unwrap();
        let refused: Vec<_> =
            log.lock().unwrap().iter().filter_map(|event: &FetchEvent| event.refused.clone()).collect();
        (exit.code, refused.len())
    };
    assert_eq!(run(&[NetGrant::from(server.origin())]), (0, 0));
    assert_eq!(run(&[]), (1, 1));
    assert_eq!(server.seen().len(), 1);
}
