//! A sandbox as the room above holds it: requests in, events out. How it works is in `actor`.

use std::borrow::Borrow;
use std::ffi::CStr;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use hostbox_permissions::Limits;

use crate::account::Charge;
use crate::actor::{Pending, Shared, State, busy, no_thread_left};
use crate::clock::now;
use crate::extension::Extension;
use crate::mail::{Code, Event, Failure, Host, Mail, Request, Ticket};
use crate::ops::{OpId, OpOutcome};
use crate::payload::Payload;
use crate::report::ConsoleWriter;
use crate::stats::Stats;
use crate::sync::SyncStart;
use crate::threads;
use crate::turn::Verdict;

/// Rewrites a stack trace.
pub type MapStack = Box<dyn Fn(&str) -> String + Send + Sync>;

/// What a sandbox is made of.
pub struct Config {
    /// What it may use.
    pub limits: Limits,
    /// Where its events go.
    pub host: Arc<dyn Host>,
    /// What its guests see beside ECMAScript.
    pub extension: &'static Extension,
    /// Names of globals of the extension that this sandbox does not have.
    pub withheld: &'static [&'static CStr],
    /// State of the extension for this sandbox, for its native functions to find.
    pub data: Box<dyn std::any::Any + Send + Sync>,
    /// Names of the host functions that guests may call.
    pub bridge: Vec<String>,
    /// Rewrites stack traces of the guest, for source maps.
    pub map_stack: Option<MapStack>,
}

/// A sandbox. Dropping it closes it without waiting.
pub struct Sandbox {
    pub(crate) shared: Arc<Shared>,
}

/// One of several messages that are posted together.
pub enum Posted {
    /// As `Sandbox::submit`, with the sandbox's own time limit.
    Call(Ticket, Request),
    /// As `Sandbox::answer`.
    Answer(OpId, OpOutcome),
}

/// How a synchronous call stands.
pub enum SyncProgress {
    /// It is over.
    Done(Result<Payload, Failure>),
    /// The guest waits for host functions; answer them and resume.
    HostCalls(Vec<Event>),
}

impl Sandbox {
    /// Makes a sandbox. The engine itself is made by the first turn.
    ///
    /// # Errors
    /// `ERR_BUSY` where so many guest threads are lost that no new work is taken.
    pub fn new(config: Config) -> Result<Self, Failure> {
        if threads::is_full() {
            return Err(no_thread_left());
        }
        Ok(Self { shared: Shared::new(config) })
    }

    /// Asks for something; the answer comes as `Event::Settled` with the ticket.
    ///
    /// # Errors
    /// What can be said at once: closed, too many calls, too large a message.
    pub fn submit(&self, ticket: Ticket, request: Request, timeout: Option<Duration>) -> Result<(), Failure> {
        let shared = &self.shared;
        if !shared.is_open() {
            shared.check_open(&shared.lock())?;
        }
        let charge = shared.admit(&request)?;
        let pending = shared.pending(timeout, false);
        let deadline = pending.deadline;
        {
            let mut inbox = shared.lock();
            shared.check_room(&inbox)?;
            inbox.calls.insert(ticket, pending);
            inbox.mail.push_back(Mail::Call { ticket, deadline, request, charge });
        }
        shared.counters.submitted(1);
        shared.request_alarm(deadline);
        shared.wake();
        Ok(())
    }

    /// Takes messages in their order, at the price of one. Calls that are not taken are answered at once, like all others by events. The
    /// sandbox, if it has to be given a thread.
    fn take_all(&self, posted: Vec<Posted>) -> Option<Arc<Shared>> {
        let shared = &self.shared;
        let deadline = shared.pending(None, false).deadline;
        let timeout = shared.config.limits.timeout;
        let mut refused = Vec::new();
        let (mut taken, mut answers) = (0, false);
        {
            let mut inbox = shared.lock();
            for message in posted {
                match message {
                    Posted::Call(ticket, request) => {
                        let admitted = shared.check_room(&inbox).and_then(|()| shared.admit(&request));
                        match admitted {
                            Ok(charge) => {
                                inbox.calls.insert(ticket, Pending { deadline, timeout, sync: false });
                                inbox.mail.push_back(Mail::Call { ticket, deadline, request, charge });
                                taken += 1;
                            }
                            Err(failure) => refused.push(Event::Settled { ticket, outcome: Err(failure) }),
                        }
                    }
                    Posted::Answer(op, outcome) if shared.is_open() => {
                        inbox.mail.push_back(Mail::OpDone { op, outcome });
                        answers = true;
                    }
                    Posted::Answer(..) => {}
                }
            }
        }
        if taken > 0 {
            shared.counters.submitted(taken);
            shared.request_alarm(deadline);
        }
        let woken = if taken > 0 || answers { shared.call_up() } else { None };
        if !refused.is_empty() {
            shared.config.host.deliver(refused);
        }
        woken
    }

    /// Takes a call whose request is still being made: from here on its time runs. `begin` or `fail` follows.
    ///
    /// # Errors
    /// As `submit`.
    pub fn announce(&self, ticket: Ticket, timeout: Option<Duration>) -> Result<(), Failure> {
        let shared = &self.shared;
        let pending = shared.pending(timeout, false);
        let deadline = pending.deadline;
        {
            let mut inbox = shared.lock();
            shared.check_room(&inbox)?;
            inbox.calls.insert(ticket, pending);
        }
        shared.counters.submitted(1);
        shared.request_alarm(deadline);
        Ok(())
    }

    /// Goes on with an announced call, unless it was answered meanwhile.
    pub fn begin(&self, ticket: Ticket, request: Request) {
        match self.shared.admit(&request) {
            Ok(charge) => self.shared.post_announced(ticket, request, charge),
            Err(failure) => self.fail(ticket, failure),
        }
    }

    /// Answers an announced call with a failure, unless it was answered meanwhile.
    pub fn fail(&self, ticket: Ticket, failure: Failure) {
        if self.shared.claim(ticket) {
            self.shared.counters.settled(Some(failure.code));
            self.shared.config.host.deliver(vec![Event::Settled { ticket, outcome: Err(failure) }]);
        }
    }

    /// Ends a call at once with `ERR_ABORTED`.
    pub fn cancel(&self, ticket: Ticket) {
        let failure = Failure::new(Code::Aborted, "the call was aborted by its signal");
        self.shared.end_call(ticket, failure, Verdict::Aborted);
    }

    /// Answers a call of the guest to the host.
    pub fn answer(&self, call: OpId, outcome: OpOutcome) {
        self.shared.post(Mail::OpDone { op: call, outcome });
    }

    /// Closes the sandbox: every unanswered call gets `ERR_CLOSED`, and `closer` is settled when the engine is gone.
    pub fn close(&self, closer: Option<Ticket>) {
        self.shared.close(closer);
    }

    /// Runs a request on the calling thread, which has `stack` bytes left.
    ///
    /// # Errors
    /// `ERR_BUSY` while the sandbox works; what `submit` would say at once.
    pub fn start_sync(
        &self,
        ticket: Ticket,
        request: Request,
        timeout: Option<Duration>,
        stack: usize,
    ) -> Result<SyncProgress, Failure> {
        let shared = &self.shared;
        if !shared.is_open() {
            shared.check_open(&shared.lock())?;
        }
        let charge = shared.admit(&request)?;
        if !shared.take_for_sync() {
            shared.check_open(&shared.lock())?;
            return Err(busy());
        }
        let now = now();
        let pending = shared.pending_from(now, timeout, true);
        let deadline = pending.deadline;
        {
            let mut inbox = shared.lock();
            if let Err(failure) = shared.check_open(&inbox) {
                drop(inbox);
                shared.leave();
                return Err(failure);
            }
            inbox.calls.insert(ticket, pending);
        }
        shared.counters.submitted(1);
        shared.request_alarm(deadline);
        Ok(shared.run_sync(ticket, deadline, Some(SyncStart { request, charge, stack, now })))
    }

    /// Goes on with a synchronous call whose host functions have been answered.
    pub fn resume_sync(&self, ticket: Ticket) -> SyncProgress {
        let deadline = self.shared.lock().calls.get(&ticket).map_or(0, |call| call.deadline);
        self.shared.run_sync(ticket, deadline, None)
    }

    /// Whether a synchronous call would be taken now.
    ///
    /// # Errors
    /// What `start_sync` would say at once, the message's size apart.
    pub fn check_sync(&self) -> Result<(), Failure> {
        let shared = &self.shared;
        shared.check_open(&shared.lock())?;
        let is_idle = shared.state.load(SeqCst) == State::Idle as u8;
        if is_idle || shared.is_at_rest() { Ok(()) } else { Err(busy()) }
    }

    /// Whether a call would be taken now.
    ///
    /// # Errors
    /// What `submit` would say at once, the message's size apart.
    pub fn check_open(&self) -> Result<(), Failure> {
        self.shared.check_room(&self.shared.lock())
    }

    /// An empty reservation for the linear memories and tables of a WebAssembly module that the app runs in this sandbox.
    pub fn wasm_charge(&self) -> Charge {
        self.shared.account.wasm_charge()
    }

    /// Writes to its console from any thread: for what works for its guest.
    pub fn console_writer(&self) -> ConsoleWriter {
        self.shared.console_writer()
    }

    /// Figures of this sandbox.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// The sandbox's own limits.
    pub fn limits(&self) -> &Limits {
        &self.shared.config.limits
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.close(None);
    }
}

/// Posts messages to several sandboxes, to each in their order, at about the price of one for each sandbox.
pub fn post_all(batches: impl IntoIterator<Item = (impl Borrow<Sandbox>, Vec<Posted>)>) {
    let woken = batches.into_iter().filter_map(|(sandbox, posted)| sandbox.borrow().take_all(posted));
    threads::submit_all(woken.collect());
}
