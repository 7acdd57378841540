//! A sandbox with a host that waits for its events, and with native functions to steer and watch it from a test.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use hostbox_buffers::Block;
use hostbox_engine::{
    Call, Code, Completer, Config, ErrorClass, Event, Extension, Failure, Format, Global, Host, Native, NativeModule,
    OpError, OpId, OpOutcome, Payload, PluginSource, Request, Sandbox, Stats, SyncProgress, Ticket, next_ticket,
};
use hostbox_permissions::Limits;
use rquickjs::{IntoJs, Value};
use serde_json::Value as Json;

/// Whatever is waited for comes sooner, or the test fails.
const PATIENCE: Duration = Duration::from_secs(30);
pub const MIB: u64 = 1 << 20;

#[derive(Default)]
struct Heard {
    settled: HashMap<Ticket, Result<Payload, Failure>>,
    calls: VecDeque<(OpId, String, Json)>,
    console: Vec<String>,
    /// Operations that guests began with `op()`.
    ops: VecDeque<Completer>,
    marks: u64,
    held: u64,
    released: u64,
}

/// Where the events of a sandbox and the signals of its guests arrive.
#[derive(Default)]
pub struct Desk {
    heard: Mutex<Heard>,
    came: Condvar,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut Heard)) {
        change(&mut self.lock());
        self.came.notify_all();
    }

    fn wait<T>(&self, what: &str, mut found: impl FnMut(&mut Heard) -> Option<T>) -> T {
        let mut heard = self.lock();
        loop {
            if let Some(found) = found(&mut heard) {
                return found;
            }
            let (next, waited) = self.came.wait_timeout(heard, PATIENCE).unwrap();
            assert!(!waited.timed_out(), "waited for {what} in vain");
            heard = next;
        }
    }
}

/// A console message at which the host panics.
pub const FATAL: &str = "the host panics at this";

impl Host for Desk {
    fn deliver(&self, events: Vec<Event>) {
        let is_fatal = |event: &Event| matches!(event, Event::Console(message) if message.text == FATAL);
        assert!(!events.iter().any(is_fatal), "a host panics");
        self.change(|heard| {
            for event in events {
                match event {
                    Event::Settled { ticket, outcome } => {
                        assert!(heard.settled.insert(ticket, outcome).is_none(), "answered twice");
                    }
                    Event::HostCall { call, name, args, .. } => {
                        heard.calls.push_back((call, name, args.to_json().unwrap()));
                    }
                    Event::Console(message) => heard.console.push(message.text),
                }
            }
        });
    }
}

static TOOLS: NativeModule = NativeModule {
    name: "host:tools",
    functions: &[
        Native { name: c"bytes", length: 1, run: bytes },
        Native { name: c"fail", length: 1, run: fail },
        Native { name: c"host", length: 1, run: host },
        Native { name: c"hold", length: 0, run: hold },
        Native { name: c"mark", length: 0, run: mark },
        Native { name: c"op", length: 0, run: op },
        Native { name: c"panic", length: 0, run: panic },
        Native { name: c"print", length: 1, run: print },
        Native { name: c"setImmediate", length: 1, run: set_immediate },
        Native { name: c"setInterval", length: 2, run: set_interval },
        Native { name: c"setTimeout", length: 2, run: set_timeout },
        Native { name: c"thread", length: 0, run: thread },
    ],
};

const fn tool(name: &'static std::ffi::CStr) -> Global {
    Global { name, module: "host:tools", enumerable: false }
}

static EXTENSION: Extension = Extension {
    modules: &[],
    natives: &[NativeModule { name: TOOLS.name, functions: TOOLS.functions }],
    globals: &[
        tool(c"bytes"),
        tool(c"fail"),
        tool(c"host"),
        tool(c"hold"),
        tool(c"mark"),
        tool(c"op"),
        tool(c"panic"),
        tool(c"print"),
        tool(c"setImmediate"),
        tool(c"setInterval"),
        tool(c"setTimeout"),
        tool(c"thread"),
    ],
    accessors: &[],
    builtins: &[],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;

fn desk<'a>(call: &'a Call<'_, '_>) -> &'a Desk {
    call.data::<Arc<Desk>>().unwrap()
}

/// `bytes(n)`: an ArrayBuffer over memory of ours.
fn bytes<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    call.array_buffer(Block::zeroed(call.number(0)? as usize).unwrap())
}

/// `host(name, args)`: calls a function of the host.
fn host<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let args = if call.is_undefined(1) { rquickjs::Array::new(call.ctx().clone())?.into_value() } else { call.arg(1) };
    call.call_host(call.string(0)?, &args)
}

/// `hold()`: does not return before the test releases it.
fn hold<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let desk = desk(call);
    desk.change(|heard| heard.held += 1);
    desk.wait("the release", |heard| (heard.released > 0).then_some(()));
    Ok(call.undefined())
}

/// `mark()`: tells the test that the guest got here.
fn mark<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    desk(call).change(|heard| heard.marks += 1);
    Ok(call.undefined())
}

/// `op()`: an operation that the test completes.
fn op<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (promise, completer) = call.start(None)?;
    desk(call).change(|heard| heard.ops.push_back(completer));
    Ok(promise)
}

/// `fail(code)`: fails with a cause.
fn fail<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let code = call.string(0)?;
    let name = (code == "NotAllowedError").then(|| code.clone());
    let class = ErrorClass::TypeWithCause;
    call.settled(Err(&OpError { class, message: "a reason".into(), name, code: Some(code) }))
}

fn panic<'js>(_call: &Call<'_, 'js>) -> Answer<'js> {
    panic!("a native function of a test panics")
}

/// `print(text)`: writes to the console.
fn print<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let args = rquickjs::Array::new(call.ctx().clone())?;
    call.write_console("log", call.string(0)?, &args.into_value(), None);
    Ok(call.undefined())
}

fn set_timeout<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    call.start_timer(call.number(1)?, false, call.arg(0))?.into_js(call.ctx())
}

fn set_interval<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    call.start_timer(call.number(1)?, true, call.arg(0))?.into_js(call.ctx())
}

fn set_immediate<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    call.start_immediate(call.arg(0))?.into_js(call.ctx())
}

/// `thread()`: names the thread that the guest is on.
fn thread<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    format!("{:?}", std::thread::current().id()).into_js(call.ctx())
}

/// A sandbox under test.
pub struct Actor {
    pub sandbox: Sandbox,
    pub desk: Arc<Desk>,
}

/// Limits for what is not about limits.
pub fn roomy() -> Limits {
    Limits {
        timeout: Duration::from_secs(20),
        cpu: Duration::from_secs(10),
        memory_bytes: 64 * MIB,
        ..Limits::default()
    }
}

pub fn script(source: &str) -> Request {
    Request::Eval { source: source.into(), filename: "test.js".into() }
}

impl Actor {
    pub fn new(limits: Limits) -> Self {
        Self::try_new(limits).unwrap()
    }

    pub fn try_new(limits: Limits) -> Result<Self, Failure> {
        let desk = Arc::new(Desk::default());
        let config = Config {
            limits,
            host: desk.clone(),
            extension: &EXTENSION,
            withheld: &[],
            data: Box::new(desk.clone()),
            bridge: Vec::new(),
            map_stack: None,
        };
        Ok(Self { sandbox: Sandbox::new(config)?, desk })
    }

    pub fn roomy() -> Self {
        Self::new(roomy())
    }

    /// With a deadline of so many milliseconds.
    pub fn hasty(milliseconds: u64) -> Self {
        Self::new(Limits { timeout: Duration::from_millis(milliseconds), ..roomy() })
    }

    pub fn submit(&self, source: &str) -> Ticket {
        self.ask(script(source), None)
    }

    pub fn submit_within(&self, source: &str, milliseconds: u64) -> Ticket {
        self.ask(script(source), Some(Duration::from_millis(milliseconds)))
    }

    pub fn ask(&self, request: Request, timeout: Option<Duration>) -> Ticket {
        let ticket = next_ticket();
        self.sandbox.submit(ticket, request, timeout).unwrap();
        ticket
    }

    pub fn wait(&self, ticket: Ticket) -> Result<Json, Failure> {
        self.wait_payload(ticket).map(|payload| payload.to_json().unwrap())
    }

    pub fn wait_payload(&self, ticket: Ticket) -> Result<Payload, Failure> {
        self.desk.wait("an answer", |heard| heard.settled.remove(&ticket))
    }

    /// Whether the call has its answer already, which stays to be fetched.
    pub fn is_answered(&self, ticket: Ticket) -> bool {
        self.desk.lock().settled.contains_key(&ticket)
    }

    /// Runs a script and waits for its answer.
    pub fn eval(&self, source: &str) -> Result<Json, Failure> {
        self.wait(self.submit(source))
    }

    /// The value of a script that has to succeed.
    pub fn value(&self, source: &str) -> Json {
        self.eval(source).unwrap_or_else(|failure| panic!("{source}: {failure:?}"))
    }

    /// The code of a script that has to fail.
    pub fn code(&self, source: &str) -> Code {
        self.wait(self.submit(source)).map_or_else(|failure| failure.code, |value| panic!("{source}: {value}"))
    }

    /// Waits for the guest's next call to the host.
    pub fn host_call(&self) -> (OpId, String, Json) {
        self.desk.wait("a host call", |heard| heard.calls.pop_front())
    }

    pub fn answer(&self, call: OpId, value: &Json) {
        self.sandbox.answer(call, OpOutcome::Value(Payload::from_json(value)));
    }

    /// Waits for the next operation that a guest began.
    pub fn op(&self) -> Completer {
        self.desk.wait("an operation", |heard| heard.ops.pop_front())
    }

    /// Waits until guests called `mark()` so often in all.
    pub fn marks(&self, count: u64) {
        self.desk.wait("a mark", |heard| (heard.marks >= count).then_some(()));
    }

    /// Waits until a guest is inside `hold()`.
    pub fn held(&self) {
        self.desk.wait("a guest in hold()", |heard| (heard.held > 0).then_some(()));
    }

    pub fn release(&self) {
        self.desk.change(|heard| heard.released += 1);
    }

    /// Waits for a console text that contains `part`.
    pub fn console(&self, part: &str) -> String {
        self.desk.wait(part, |heard| heard.console.iter().find(|text| text.contains(part)).cloned())
    }

    pub fn stats(&self) -> Stats {
        self.sandbox.stats()
    }

    /// Closes and waits until the engine is gone.
    pub fn close(&self) {
        let closer = next_ticket();
        self.sandbox.close(Some(closer));
        self.wait(closer).unwrap();
    }

    pub fn load(&self, name: &str, source: &str) -> Result<Json, Failure> {
        let plugin = PluginSource {
            name: name.into(),
            source: source.into(),
            filename: format!("{name}.js"),
            format: None::<Format>,
            replace: false,
        };
        self.wait(self.ask(Request::Load(Box::new(plugin)), None))
    }
}

/// The outcome of a synchronous call that calls no host function.
pub fn done(progress: SyncProgress) -> Result<Json, Failure> {
    match progress {
        SyncProgress::Done(outcome) => outcome.map(|payload| payload.to_json().unwrap()),
        SyncProgress::HostCalls(_) => panic!("the guest waits for the host"),
    }
}

/// The one host call that a synchronous call waits for.
pub fn host_call(progress: SyncProgress) -> (OpId, String, Json) {
    match progress {
        SyncProgress::HostCalls(events) => match events.into_iter().next() {
            Some(Event::HostCall { call, name, args, .. }) => (call, name, args.to_json().unwrap()),
            _ => panic!("no host call"),
        },
        SyncProgress::Done(outcome) => panic!("done already: {outcome:?}"),
    }
}

/// Waits, without an event to wait on, until `is_so`.
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let since = std::time::Instant::now();
    while !is_so() {
        assert!(since.elapsed() < PATIENCE, "waited for {what} in vain");
        std::thread::yield_now();
    }
}
