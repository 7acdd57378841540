//! News on their way to JavaScript, as plain data.

use std::collections::VecDeque;

use hostbox::FetchEvent;
use hostbox::parts::Event;

use crate::output::Waiting;

/// So many messages that are only told, more than one delivery takes, let answers go first.
const FLOOD: usize = crate::port::SLICE;

/// Something for JavaScript to hear.
pub(crate) enum News {
    /// Of the engine.
    Event(Event),
    /// A component calls a function of the app.
    ComponentCall(Box<ComponentCall>),
    /// A component wrote a line.
    Line(Box<OutputLine>),
    /// Of the network, and how many before it were left out.
    Fetch(Box<FetchEvent>, u64),
}

/// What a component asks of the app's code.
pub(crate) struct ComponentCall {
    /// Names the call among those of the instance.
    pub(crate) call: u64,
    pub(crate) function: u32,
    /// The address of the parameters, and that of the answer.
    pub(crate) at: u32,
    pub(crate) reply: u32,
    pub(crate) args: Vec<u8>,
}

/// A line of a component's output.
pub(crate) struct OutputLine {
    /// `log` or `error`.
    pub(crate) level: &'static str,
    pub(crate) text: String,
    /// Milliseconds since 1970.
    pub(crate) time: f64,
    /// Counts as waiting until it is dropped.
    pub(crate) _waiting: Waiting,
}

/// Events that wait. What is only told stands apart: a flood of it must not hold up answers.
#[derive(Default)]
pub(crate) struct Queues {
    answers: VecDeque<(u64, u64, News)>,
    console: VecDeque<(u64, u64, News)>,
    /// Of the network, among them.
    pub(crate) fetches: usize,
    /// Numbers events in the order of their coming.
    last: u64,
}

impl Queues {
    pub(crate) fn push(&mut self, sandbox: u64, news: News) {
        self.last += 1;
        let is_answer = !matches!(news, News::Event(Event::Console(_)) | News::Line(_) | News::Fetch(..));
        self.fetches += usize::from(matches!(news, News::Fetch(..)));
        let queue = if is_answer { &mut self.answers } else { &mut self.console };
        queue.push_back((self.last, sandbox, news));
    }

    /// Whether something waits that is only told.
    pub(crate) fn has_told(&self) -> bool {
        !self.console.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.answers.is_empty() && self.console.is_empty()
    }

    /// The next event in the order of their coming; answers go first where there is more than one delivery can take.
    pub(crate) fn pop(&mut self) -> Option<(u64, News)> {
        let is_flood = self.console.len() > FLOOD;
        let console_first = match (self.answers.front(), self.console.front()) {
            (Some(answer), Some(message)) => !is_flood && message.0 < answer.0,
            (None, _) => true,
            (_, None) => false,
        };
        let queue = if console_first { &mut self.console } else { &mut self.answers };
        let (_, sandbox, news) = queue.pop_front()?;
        self.fetches -= usize::from(matches!(news, News::Fetch(..)));
        Some((sandbox, news))
    }
}
