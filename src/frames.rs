//! Events as frames for JavaScript: a kind, numbers, and values in the clone format (`lib/frames.js` reads them).

use hostbox::FetchEvent;
use hostbox::parts::{Block, Event, Failure, GuestCause, GuestError, Payload, Writer};

use crate::queues::{ComponentCall, News, OutputLine};

const SETTLED: u8 = 1;
const FAILED: u8 = 2;
const HOST_CALL: u8 = 3;
const CONSOLE: u8 = 4;
const FETCH: u8 = 5;
const COMPONENT_CALL: u8 = 6;

const NO_CAUSE: u8 = 0;
const ERROR_CAUSE: u8 = 1;
const VALUE_CAUSE: u8 = 2;

/// Frames of one delivery and the memory that they refer to.
#[derive(Default)]
pub(crate) struct Frames {
    pub(crate) bytes: Vec<u8>,
    pub(crate) blocks: Vec<Block>,
}

impl Frames {
    /// Begins a delivery: before its events stands whether JavaScript is to ask for more.
    pub(crate) fn delivery() -> Self {
        Self { bytes: vec![0], blocks: Vec::new() }
    }

    /// Whether a delivery has events.
    pub(crate) fn has_events(&self) -> bool {
        self.bytes.len() > 1
    }

    /// Has JavaScript ask for more.
    pub(crate) fn announce_more(&mut self) {
        self.bytes[0] = 1;
    }

    /// One event, with its length before it: JavaScript can pass over what it cannot read.
    pub(crate) fn event(&mut self, sandbox: f64, news: News) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        match news {
            News::Event(event) => self.body(sandbox, event),
            News::ComponentCall(call) => self.component_call(sandbox, *call),
            News::Line(line) => self.line(sandbox, *line),
            News::Fetch(event, missed) => self.fetch(sandbox, &event, missed),
        }
        let length = u32::try_from(self.bytes.len() - start - 4).unwrap_or(u32::MAX);
        self.bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }

    fn body(&mut self, sandbox: f64, event: Event) {
        match event {
            Event::Settled { ticket, outcome } => {
                self.bytes.push(if outcome.is_ok() { SETTLED } else { FAILED });
                self.number(number(ticket));
                self.outcome(outcome);
            }
            Event::HostCall { call, name, args, charge } => {
                self.bytes.push(HOST_CALL);
                self.number(sandbox);
                self.number(number(call.0));
                self.text(&name);
                self.payload(args);
                drop(charge);
            }
            Event::Console(message) => {
                self.bytes.push(CONSOLE);
                self.number(sandbox);
                self.number(message.time);
                self.text(message.level);
                self.text(&message.text);
                self.optional_text(message.plugin.as_deref());
                self.payload(message.args);
            }
        }
    }

    fn fetch(&mut self, sandbox: f64, event: &FetchEvent, missed: u64) {
        self.bytes.push(FETCH);
        self.number(sandbox);
        // No status is 0.
        self.number(event.status.unwrap_or(0).into());
        self.number(number(event.sent_bytes));
        self.number(number(event.received_bytes));
        self.number(event.ms);
        self.number(number(missed));
        self.text(&event.url);
        self.text(&event.method);
        self.optional_text(event.final_url.as_deref());
        self.optional_text(event.refused.as_deref());
        self.optional_text(event.error.as_deref());
    }

    fn component_call(&mut self, instance: f64, asked: ComponentCall) {
        let ComponentCall { call, function, at, reply, args } = asked;
        self.bytes.push(COMPONENT_CALL);
        self.number(instance);
        self.number(number(call));
        self.number(function.into());
        self.number(at.into());
        self.number(reply.into());
        self.payload(Payload::bytes(args));
    }

    /// As an entry of the console with the text as its argument.
    fn line(&mut self, instance: f64, line: OutputLine) {
        let mut args = Payload::default();
        let mut writer = Writer::new(&mut args.bytes);
        writer.begin_array(1);
        writer.push_str(&line.text);
        self.bytes.push(CONSOLE);
        self.number(instance);
        self.number(line.time);
        self.text(line.level);
        self.text(&line.text);
        self.optional_text(None);
        self.payload(args);
    }

    /// A call's value, or its failure.
    pub(crate) fn outcome(&mut self, outcome: Result<Payload, Failure>) {
        match outcome {
            Ok(payload) => self.payload(payload),
            Err(failure) => self.failure(failure),
        }
    }

    fn number(&mut self, value: f64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        Writer::new(&mut self.bytes).push_str(text);
    }

    fn optional_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => Writer::new(&mut self.bytes).push_undefined(),
        }
    }

    /// The index of its first block, then the value.
    fn payload(&mut self, payload: Payload) {
        let base = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&base.to_le_bytes());
        self.bytes.extend_from_slice(&payload.bytes);
        self.blocks.extend(payload.blocks);
    }

    fn failure(&mut self, failure: Failure) {
        let guest = failure.guest.map(|guest| *guest);
        self.text(failure.code.as_str());
        self.text(&failure.message);
        self.optional_text(failure.path.as_deref());
        self.optional_text(failure.limit.as_deref());
        match (guest, failure.cause) {
            (Some(guest), _) => {
                self.bytes.push(ERROR_CAUSE);
                self.guest_error(guest);
            }
            (None, Some(cause)) => {
                self.bytes.push(VALUE_CAUSE);
                self.text(cause.code.as_str());
                self.text(&cause.message);
                self.optional_text(cause.limit.as_deref());
            }
            (None, None) => self.bytes.push(NO_CAUSE),
        }
    }

    fn guest_error(&mut self, error: GuestError) {
        self.bytes.push(u8::from(error.is_error));
        self.text(&error.name);
        self.text(&error.message);
        self.optional_text(error.stack.as_deref());
        self.optional_text(error.code.as_deref());
        self.payload(error.details);
        match (error.value, error.cause.map(|cause| *cause)) {
            (Some(value), _) | (None, Some(GuestCause::Value(value))) => {
                self.bytes.push(VALUE_CAUSE);
                self.payload(value);
            }
            (None, Some(GuestCause::Error(cause))) => {
                self.bytes.push(ERROR_CAUSE);
                self.guest_error(cause);
            }
            (None, None) => self.bytes.push(NO_CAUSE),
        }
    }
}

/// Tickets and ids stay below 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "see above")]
pub(crate) fn number(id: u64) -> f64 {
    id as f64
}
