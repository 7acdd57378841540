//! What the host hears beside answers: why a call failed, and what the guest writes to its console.

use std::ffi::c_int;
use std::sync::Weak;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{SystemTime, UNIX_EPOCH};

use rquickjs::qjs;

use crate::actor::Shared;
use crate::codec::{self, Cause, EncodeError, EncodeOptions, GuestError};
use crate::mail::{Code, ConsoleMessage, Event, Failure, Ticket};
use crate::payload::{Payload, Writer};
use crate::realm::Realm;

/// Longer console arguments cross as text alone.
const CONSOLE_ARGS: usize = 256 << 10;

/// Writes to a sandbox's console from any thread, as long as there is the sandbox: for natives that work for its guest.
#[derive(Clone)]
pub struct ConsoleWriter(Weak<Shared>);

impl ConsoleWriter {
    /// Takes a line. It is dropped, and counted, where the console is full.
    pub fn write(&self, level: &'static str, text: String) {
        let Some(sandbox) = self.0.upgrade() else { return };
        let args = argument(&text);
        if let Some(message) = sandbox.console_message(level, text, args, None) {
            sandbox.config.host.deliver(vec![message]);
        }
    }
}

/// Text as the only argument.
fn argument(text: &str) -> Payload {
    let mut args = Payload::default();
    let mut writer = Writer::new(&mut args.bytes);
    writer.begin_array(1);
    writer.push_str(text);
    args
}

impl Shared {
    pub(crate) fn console_writer(&self) -> ConsoleWriter {
        ConsoleWriter(self.this.clone())
    }

    /// An entry of the console, unless that is full.
    fn console_message(
        &self,
        level: &'static str,
        text: String,
        args: Payload,
        plugin: Option<String>,
    ) -> Option<Event> {
        let bytes = text.len() + args.byte_size() + 256;
        let account = &self.account;
        // A flood must not take the guest's own memory: a quarter of the account is the console's at most.
        let charge =
            if account.messages() + bytes > account.limit() / 4 { None } else { account.charge_message(bytes) };
        let Some(charge) = charge else {
            self.counters.dropped.fetch_add(1, Relaxed);
            return None;
        };
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
        Some(Event::Console(ConsoleMessage { level, text, args, plugin, time, charge }))
    }
}

impl Realm {
    /// The pending exception as a failure of the call.
    pub(crate) fn pending_failure(&self, ticket: Ticket) -> Failure {
        // SAFETY: under the lock.
        let error = unsafe { qjs::JS_GetException(self.cx) };
        self.failure_of(ticket, error)
    }

    /// A thrown value as a failure of the call; takes the value over.
    pub(crate) fn failure_of(&self, ticket: Ticket, error: qjs::JSValue) -> Failure {
        let refused_now = self.shared().account.refused();
        let refused_before = self.scopes.borrow().get(&ticket).is_some_and(|scope| scope.refused);
        // SAFETY: under the lock, on a live value.
        let mut guest = unsafe { codec::describe_error(self.cx, &self.intrinsics, error) };
        // SAFETY: any value may be asked.
        let is_null = unsafe { qjs::JS_IsNull(error) || qjs::JS_IsUninitialized(error) };
        self.free(error);
        self.map_stacks(&mut guest);
        // Which error the engine throws when memory is short is the engine's affair, but a guest that caught it and then throws one
        // of its own means that one.
        let is_memory = (refused_now || refused_before) && (is_null || guest.name == "InternalError");
        let (code, message) = if is_memory {
            let limit = self.shared().account.limit();
            (Code::Memory, format!("the guest ran out of its {limit} bytes of memory"))
        } else {
            (Code::Guest, guest.message.clone())
        };
        let limit = is_memory.then(|| format!("memoryBytes: {}", self.shared().account.limit()));
        Failure { limit, guest: Some(Box::new(guest)), ..Failure::new(code, message) }
    }

    fn map_stacks(&self, error: &mut GuestError) {
        let Some(map) = &self.shared().config.map_stack else { return };
        let mut current = Some(error);
        while let Some(error) = current {
            if let Some(stack) = &mut error.stack {
                *stack = map(stack);
            }
            current = match error.cause.as_deref_mut() {
                Some(Cause::Error(cause)) => Some(cause),
                _ => None,
            };
        }
    }

    /// The line that a syntax error complains about, from its stack.
    pub(crate) fn line_of(&self, error: qjs::JSValue) -> u32 {
        // SAFETY: under the lock, on a live value.
        let guest = unsafe { codec::describe_error(self.cx, &self.intrinsics, error) };
        let stack = guest.stack.unwrap_or_default();
        let position = stack.lines().next().and_then(|line| line.rsplit(':').nth(1));
        position.and_then(|line| line.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn write_console(&self, level: &'static str, text: String, args: qjs::JSValue, plugin: Option<String>) {
        let args = self.encode_tolerantly(args);
        self.send_console(level, text, args, plugin);
    }

    /// Writes text of ours to the console.
    pub(crate) fn write_text(&self, level: &'static str, text: String) {
        self.send_console(level, text.clone(), argument(&text), None);
    }

    fn send_console(&self, level: &'static str, text: String, args: Payload, plugin: Option<String>) {
        let plugin = plugin.or_else(|| self.current_plugin().map(|name| name.to_string()));
        if let Some(message) = self.shared().console_message(level, text, args, plugin) {
            self.emit(message);
        }
    }

    /// Encodes console arguments; what cannot cross is replaced by text.
    fn encode_tolerantly(&self, args: qjs::JSValue) -> Payload {
        if let Ok(payload) = self.encode_console(args) {
            return payload;
        }
        let mut length = 0;
        // SAFETY: under the lock; the array is ours, made by the console module, and so is the copy.
        unsafe {
            self.forget_unless_ending();
            if qjs::JS_GetLength(self.cx, args, &raw mut length) < 0 {
                self.drop_exception();
            }
            let copy = qjs::JS_NewArray(self.cx);
            for index in 0..u32::try_from(length).unwrap_or(0) {
                let item = qjs::JS_GetPropertyUint32(self.cx, args, index);
                let kept = match self.encode_console(item) {
                    Ok(_) => item,
                    Err(error) => {
                        self.free(item);
                        self.forget_unless_ending();
                        self.new_string(&match error {
                            EncodeError::Refused { what, .. } => format!("[{what}]"),
                            _ => "[a value that could not be read]".into(),
                        })
                    }
                };
                qjs::JS_DefinePropertyValueUint32(self.cx, copy, index, kept, qjs::JS_PROP_C_W_E as c_int);
            }
            let payload = self.encode_console(copy);
            self.free(copy);
            payload.unwrap_or_else(|_| {
                self.forget_unless_ending();
                Payload::undefined()
            })
        }
    }

    fn encode_console(&self, value: qjs::JSValue) -> Result<Payload, EncodeError> {
        let mut payload = Payload::default();
        let poll = || self.is_ending();
        let options =
            EncodeOptions { root: "args", poll: Some(&poll), max_bytes: CONSOLE_ARGS, ..EncodeOptions::default() };
        // SAFETY: under the lock, on a live value.
        unsafe { codec::encode(self.cx, &self.intrinsics, value, &options, &mut payload) }?;
        Ok(payload)
    }

    /// Forgets an exception that reading a value left, but not the one that ends the turn.
    pub(crate) fn forget_unless_ending(&self) {
        if !self.is_ending() {
            self.drop_exception();
        }
    }

    /// Reports an error that nobody caught, unless a listener of the guest's takes it.
    pub(crate) fn report_uncaught(&self, error: qjs::JSValue) {
        if !self.is_taken_by_listener(error) {
            self.report("Uncaught", error);
        }
    }

    /// Reports an error that nobody handled, on the console.
    pub(crate) fn report(&self, prefix: &str, error: qjs::JSValue) {
        // SAFETY: under the lock, on a live value.
        let mut guest = unsafe { codec::describe_for_report(self.cx, &self.intrinsics, error) };
        self.map_stacks(&mut guest);
        self.write_text("error", format!("{prefix} {}", text_of(&guest)));
    }
}

/// An error as the console shows it.
fn text_of(error: &GuestError) -> String {
    let mut text = String::new();
    let mut current = Some(error);
    while let Some(error) = current {
        if !text.is_empty() {
            text.push_str("\n  [cause]: ");
        }
        if error.is_error {
            text.push_str(&error.name);
            if !error.message.is_empty() {
                text.push_str(": ");
            }
        }
        text.push_str(&error.message);
        if let Some(stack) = error.stack.as_deref().filter(|stack| !stack.is_empty()) {
            text.push('\n');
            text.push_str(stack.trim_end());
        }
        current = match error.cause.as_deref() {
            Some(Cause::Error(cause)) => Some(cause),
            _ => None,
        };
    }
    text
}
