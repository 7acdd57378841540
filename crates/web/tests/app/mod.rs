//! An app with one sandbox: it asks, waits for the answer, and has the functions that `bridge/guest.test.ts` wants.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, OnceLock, Weak};
use std::time::Duration;

use hostbox_buffers::Store;
use hostbox_cache::{Cache, Options as CacheOptions};
use hostbox_engine::{
    Config, ErrorClass, Event, Extension, Failure, Host, OpError, OpOutcome, Payload, Request, Sandbox, Stats, Ticket,
    next_ticket,
};
use hostbox_files::{Files, Lanes};
use hostbox_net::{Client, Config as NetConfig};
use hostbox_permissions::{Environment, FsGrant, FsPermissions, Limits};
use hostbox_web::Data;
use serde_json::{Value, json};
use tempfile::TempDir;

const BRIDGE: [&str; 6] = ["echo", "math", "math.add", "call", "constructor", "fail"];

#[derive(Default)]
struct Desk {
    settled: Mutex<HashMap<Ticket, Result<Payload, Failure>>>,
    came: Condvar,
    sandbox: OnceLock<Weak<Sandbox>>,
}

impl Host for Desk {
    fn deliver(&self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::Settled { ticket, outcome } => {
                    self.settled.lock().unwrap().insert(ticket, outcome);
                    self.came.notify_all();
                }
                Event::HostCall { call, name, args, .. } => {
                    if let Some(sandbox) = self.sandbox.get().and_then(Weak::upgrade) {
                        sandbox.answer(call, function(&name, &args.to_json().unwrap()));
                    }
                }
                Event::Console(_) => {}
            }
        }
    }
}

fn function(name: &str, args: &Value) -> OpOutcome {
    let value = match name {
        "echo" => args.clone(),
        "math" => args[0].clone(),
        "math.add" => json!(args[0].as_f64().unwrap() + args[1].as_f64().unwrap()),
        "fail" => {
            let message = args[0].as_str().unwrap().to_owned();
            let code = Some("E_APP".into());
            return OpOutcome::Error(OpError { class: ErrorClass::Range, message, code, name: None });
        }
        name => json!(name),
    };
    OpOutcome::Value(Payload::from_json(&value))
}

/// What `process/guest.test.ts` expects.
pub fn environment() -> Environment {
    Environment::new([("HOME", "/home/guest"), ("MODE", "test")].map(|(name, value)| (name.into(), value.into())))
        .unwrap()
}

pub struct App {
    sandbox: Arc<Sandbox>,
    desk: Arc<Desk>,
    /// What guests see as /tmp.
    _tmp: TempDir,
}

impl App {
    pub fn new(extension: &'static Extension) -> Self {
        Self::with_timeout(extension, Duration::from_secs(60))
    }

    pub fn with_timeout(extension: &'static Extension, timeout: Duration) -> Self {
        let limits = Limits { timeout, cpu: Duration::from_secs(30), ..Limits::default() };
        let desk = Arc::new(Desk::default());
        let store = Arc::new(Store::new(limits.buffer_bytes));
        let net = Client::new(NetConfig::new(store.clone()));
        // Apps of one test binary share no scope.
        static APPS: AtomicU64 = AtomicU64::new(0);
        let wasi = Some(hostbox_wasm::Runner::new(&store, hostbox_wasm::Rights::new(environment())));
        let scope = format!("app {}", APPS.fetch_add(1, Relaxed));
        let cache = Arc::new(Cache::open(&scope, &CacheOptions::default()).unwrap());
        let tmp = tempfile::tempdir().unwrap();
        let grant = FsGrant { write: true, ..FsGrant::from(tmp.path()) };
        let files = Files::new(&FsPermissions::new([("/tmp", grant)]).unwrap()).unwrap();
        let sandbox = Arc::new(
            Sandbox::new(Config {
                limits,
                host: desk.clone(),
                extension,
                withheld: &[],
                data: Box::new(Data {
                    store,
                    net,
                    cache,
                    env: environment(),
                    files,
                    file_lanes: Lanes::default(),
                    wasi,
                    webassembly: hostbox_web::WebAssembly::default(),
                }),
                bridge: BRIDGE.map(str::to_owned).to_vec(),
                map_stack: None,
            })
            .unwrap(),
        );
        let _ = desk.sandbox.set(Arc::downgrade(&sandbox));
        Self { sandbox, desk, _tmp: tmp }
    }

    /// Runs a script; its answer as JSON.
    pub fn eval(&self, source: &str) -> Result<Value, Failure> {
        self.ask(source, None)
    }

    /// The same with a deadline of its own.
    pub fn eval_within(&self, source: &str, deadline: Duration) -> Result<Value, Failure> {
        self.ask(source, Some(deadline))
    }

    fn ask(&self, source: &str, deadline: Option<Duration>) -> Result<Value, Failure> {
        let ticket = next_ticket();
        let request = Request::Eval { source: source.into(), filename: "test.js".into() };
        self.sandbox.submit(ticket, request, deadline).unwrap();
        let mut settled = self.desk.settled.lock().unwrap();
        loop {
            if let Some(outcome) = settled.remove(&ticket) {
                return outcome.map(|payload| payload.to_json().unwrap());
            }
            let (next, waited) = self.desk.came.wait_timeout(settled, Duration::from_secs(90)).unwrap();
            assert!(!waited.timed_out(), "no answer to {source}");
            settled = next;
        }
    }

    pub fn stats(&self) -> Stats {
        self.sandbox.stats()
    }
}
