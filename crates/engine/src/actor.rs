//! The actor behind a sandbox: one mailbox, a state word that says who may touch the engine, and the table of unanswered calls.
//!
//! While it has mail it runs on a guest thread; else it is memory and nothing more. Callers are answered from here, whatever the guest
//! does: by its result, by the alarm at their deadline, by their signal, by the end of the sandbox.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::account::Account;
use crate::clock::{NEVER, Nanos, nanos, now, set_alarm};
use crate::ending::{Watch, closed};
use crate::linger::Linger;
use crate::mail::{Code, Event, Failure, Mail, Request, Ticket, TicketMap};
use crate::realm::Realm;
use crate::sandbox::Config;
use crate::stats::{Counters, Stats};
use crate::threads;
use crate::turn::{Turn, Verdict};

/// An answer may be heard before the thread that gave it has let the engine go; so long a synchronous call waits for that, should the
/// thread have lost its core meanwhile …
const HAND_OVER: Nanos = 100_000_000;
/// … and after so much of it lets others have its own.
const HAND_OVER_SPIN: Nanos = 1_000_000;

/// Unanswered calls that one sandbox may have.
const MAX_CALLS: usize = 100_000;

/// Who may touch the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    Idle = 0,
    /// Waiting for a guest thread.
    Queued = 1,
    /// On a guest thread.
    Guest = 2,
    /// On the thread of a synchronous call.
    Sync = 3,
    /// Nobody any more: the engine is gone or left behind.
    Gone = 4,
    /// About to be given back by the thread that has it.
    Leaving = 5,
}

pub(crate) const ALIVE: u8 = 0;
pub(crate) const CLOSED: u8 = 1;
pub(crate) const DEAD: u8 = 2;

pub(crate) struct Pending {
    pub(crate) deadline: Nanos,
    /// What the deadline was made of, for the message.
    pub(crate) timeout: Duration,
    /// The caller's own thread runs the call and hears of its end by itself.
    pub(crate) sync: bool,
}

#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) mail: VecDeque<Mail>,
    pub(crate) calls: TicketMap<Pending>,
    pub(crate) closers: Vec<Ticket>,
    /// Why the sandbox is dead.
    pub(crate) doom: Option<Arc<Failure>>,
}

/// What the threads of the process share of one sandbox.
pub(crate) struct Shared {
    pub(crate) this: Weak<Shared>,
    pub(crate) config: Config,
    pub(crate) account: Arc<Account>,
    pub(crate) turn: Turn,
    pub(crate) counters: Counters,
    pub(crate) inbox: Mutex<Inbox>,
    /// Tells a synchronous caller that mail came.
    pub(crate) mail_came: Condvar,
    pub(crate) state: AtomicU8,
    pub(crate) life: AtomicU8,
    pub(crate) alarm: AtomicU64,
    pub(crate) timers_due: AtomicU64,
    pub(crate) watched: AtomicBool,
    /// The turn that the watchdog wants ended, and since when.
    pub(crate) watch: Mutex<Watch>,
    pub(crate) lost: AtomicBool,
    pub(crate) linger: Linger,
    /// The engine; null after the last turn, and before the first where there was none in stock.
    pub(crate) realm: UnsafeCell<*mut Realm>,
}

// SAFETY: everything but `realm` is `Send + Sync`; `realm` is touched only by the thread that took the state word (`Guest`, `Sync`),
// and the engine inside is guarded by its own lock besides.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        let turn = Turn::new(nanos(config.limits.cpu));
        let (account, realm) = match crate::stock::take(config.extension) {
            Some(engine) => {
                engine.account.set_limit(config.limits.memory_bytes);
                engine.into_parts()
            }
            None => (Account::new(config.limits.memory_bytes), std::ptr::null_mut()),
        };
        Self::with(config, account, turn, State::Idle, realm)
    }

    /// One whose engine somebody else owns and runs: no thread of ours ever takes it, and no limit of time is kept.
    pub(crate) fn attached(config: Config) -> Arc<Self> {
        let account = Account::new(config.limits.memory_bytes);
        Self::with(config, account, Turn::new(NEVER), State::Sync, std::ptr::null_mut())
    }

    fn with(config: Config, account: Arc<Account>, turn: Turn, state: State, realm: *mut Realm) -> Arc<Self> {
        crate::stats::count_sandbox(1);
        Arc::new_cyclic(|this| Self {
            this: this.clone(),
            account,
            turn,
            counters: Counters::default(),
            inbox: Mutex::default(),
            mail_came: Condvar::new(),
            state: AtomicU8::new(state as u8),
            life: AtomicU8::new(ALIVE),
            alarm: AtomicU64::new(NEVER),
            timers_due: AtomicU64::new(NEVER),
            watched: AtomicBool::new(false),
            watch: Mutex::default(),
            lost: AtomicBool::new(false),
            linger: Linger::default(),
            realm: UnsafeCell::new(realm),
            config,
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take_state(&self, from: State, to: State) -> bool {
        self.state.compare_exchange(from as u8, to as u8, SeqCst, SeqCst).is_ok()
    }

    pub(crate) fn weak(&self) -> Weak<Self> {
        self.this.clone()
    }

    pub(crate) fn pending(&self, timeout: Option<Duration>, sync: bool) -> Pending {
        self.pending_from(now(), timeout, sync)
    }

    pub(crate) fn pending_from(&self, start: Nanos, timeout: Option<Duration>, sync: bool) -> Pending {
        let timeout = timeout.unwrap_or(self.config.limits.timeout);
        Pending { deadline: start.saturating_add(nanos(timeout)), timeout, sync }
    }

    pub(crate) fn check_room(&self, inbox: &Inbox) -> Result<(), Failure> {
        self.check_open(inbox)?;
        if inbox.calls.len() < MAX_CALLS {
            return Ok(());
        }
        let message = format!("{MAX_CALLS} calls of this sandbox wait for an answer already");
        Err(Failure::new(Code::Limit, message).with_limit(format!("calls: {MAX_CALLS}")))
    }

    pub(crate) fn post_announced(
        &self,
        ticket: Ticket,
        request: Request,
        charge: Option<crate::account::MessageCharge>,
    ) {
        {
            let mut inbox = self.lock();
            let Some(deadline) = inbox.calls.get(&ticket).map(|call| call.deadline) else { return };
            inbox.mail.push_back(Mail::Call { ticket, deadline, request, charge });
        }
        self.wake();
    }

    pub(crate) fn is_open(&self) -> bool {
        self.life.load(SeqCst) == ALIVE
    }

    pub(crate) fn check_open(&self, inbox: &Inbox) -> Result<(), Failure> {
        if self.is_open() { Ok(()) } else { Err(closed(inbox.doom.as_ref())) }
    }

    pub(crate) fn admit(&self, request: &Request) -> Result<Option<crate::account::MessageCharge>, Failure> {
        if threads::is_full() {
            return Err(no_thread_left());
        }
        let bytes = match request {
            Request::Eval { source, .. } => source.len(),
            Request::Load(plugin) => plugin.source.len(),
            Request::Call { args, .. } => args.byte_size(),
            _ => 0,
        };
        // Small messages are bounded by their number; charging each would cost two atomic writes for nothing.
        if bytes < 1_024 {
            return Ok(None);
        }
        match self.account.charge_message(bytes) {
            Some(charge) => Ok(Some(charge)),
            None => {
                Err(self.out_of_memory(format!("a message of {bytes} bytes does not fit into this sandbox's memory")))
            }
        }
    }

    pub(crate) fn out_of_memory(&self, message: String) -> Failure {
        Failure::new(Code::Memory, message).with_limit(format!("memoryBytes: {}", self.account.limit()))
    }

    /// Puts mail into the box, from any thread.
    pub(crate) fn post(&self, mail: Mail) {
        if !self.is_open() {
            return;
        }
        self.lock().mail.push_back(mail);
        self.wake();
    }

    pub(crate) fn wake(&self) {
        if let Some(this) = self.call_up() {
            threads::submit(this);
        }
    }

    /// Tells whoever has the engine that there is mail; this sandbox, where nobody has it: it is to be given a thread.
    pub(crate) fn call_up(&self) -> Option<Arc<Self>> {
        self.linger.mail_came();
        if self.take_state(State::Idle, State::Queued) {
            return self.this.upgrade();
        }
        if self.state.load(SeqCst) == State::Sync as u8 {
            self.mail_came.notify_all();
            self.config.host.wake();
        }
        None
    }

    pub(crate) fn take_mail(&self) -> VecDeque<Mail> {
        std::mem::take(&mut self.lock().mail)
    }

    /// Waits for mail until `until`, on the thread of a synchronous call.
    pub(crate) fn wait_for_mail(&self, until: Nanos) {
        let inbox = self.lock();
        let pause = Duration::from_nanos(until.saturating_sub(now()));
        if inbox.mail.is_empty() && self.is_open() && !pause.is_zero() {
            let _woken = self.mail_came.wait_timeout(inbox, pause).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether there is nothing to do just now, though a thread may still be about to give the engine back.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.lock().mail.is_empty() && self.turn.scope().is_none()
    }

    /// Takes the engine for a synchronous call. Waits only for a thread that is about to give it back.
    pub(crate) fn take_for_sync(&self) -> bool {
        self.take_state(State::Idle, State::Sync) || self.await_hand_over()
    }

    #[cold]
    fn await_hand_over(&self) -> bool {
        let start = now();
        self.linger.ask_to_leave(true);
        let taken = loop {
            if self.take_state(State::Idle, State::Sync) {
                break true;
            }
            let waited = now().saturating_sub(start);
            if !self.is_open() || !self.is_at_rest() || waited > HAND_OVER {
                break false;
            }
            if waited < HAND_OVER_SPIN {
                std::thread::yield_now();
            } else {
                std::thread::sleep(Duration::from_micros(50));
            }
        };
        self.linger.ask_to_leave(false);
        taken
    }

    /// Takes a call out of the table: whoever does, answers it.
    pub(crate) fn claim(&self, ticket: Ticket) -> bool {
        self.lock().calls.remove(&ticket).is_some()
    }

    pub(crate) fn is_waiting(&self, ticket: Ticket) -> bool {
        self.lock().calls.contains_key(&ticket)
    }

    pub(crate) fn end_call(&self, ticket: Ticket, failure: Failure, verdict: Verdict) {
        if !self.claim(ticket) {
            return;
        }
        self.counters.settled(Some(failure.code));
        if self.turn.kill(Some(ticket), verdict)
            && let Some(this) = self.this.upgrade()
        {
            threads::watch(this);
        }
        // Before the caller hears: what it asks for next comes after the cancelling.
        self.post(Mail::Cancel { ticket });
        self.config.host.deliver(vec![Event::Settled { ticket, outcome: Err(failure) }]);
    }

    /// Makes sure that `on_alarm` is called at `at` or before.
    pub(crate) fn request_alarm(&self, at: Nanos) {
        let mut set = self.alarm.load(Relaxed);
        while at < set {
            match self.alarm.compare_exchange_weak(set, at, Relaxed, Relaxed) {
                Ok(_) => return set_alarm(at, self.weak()),
                Err(other) => set = other,
            }
        }
    }

    /// Called by the thread that holds the engine alone.
    pub(crate) fn set_timers_due(&self, at: Nanos) {
        if at == NEVER && self.timers_due.load(Relaxed) == NEVER {
            return;
        }
        self.timers_due.store(at, SeqCst);
        if at != NEVER {
            self.request_alarm(at);
        }
    }

    /// Answers calls whose time is over, wakes the sandbox for its timers, and sees to a turn that is past its limit.
    pub(crate) fn on_alarm(&self) {
        self.alarm.store(NEVER, Relaxed);
        let now = now();
        let mut next = NEVER;
        let mut expired = Vec::new();
        for (ticket, call) in &self.lock().calls {
            if call.deadline > now {
                next = next.min(call.deadline);
            } else if !call.sync {
                expired.push((*ticket, call.timeout));
            }
        }
        for (ticket, timeout) in expired {
            self.end_call(ticket, deadline_failure(timeout), Verdict::Deadline);
        }
        if self.turn.overdue().is_some() {
            if let Some(this) = self.this.upgrade() {
                threads::watch(this);
            }
        } else if let Some(at) = self.turn.next_look() {
            next = next.min(at);
        }
        let timers = self.timers_due.load(SeqCst);
        if timers <= now {
            self.wake()
        } else {
            next = next.min(timers)
        }
        if next != NEVER {
            self.request_alarm(next);
        }
    }

    /// The failure of a call whose time is over.
    pub(crate) fn deadline_failure(&self, ticket: Ticket) -> Failure {
        let timeout = self.lock().calls.get(&ticket).map_or(self.config.limits.timeout, |call| call.timeout);
        deadline_failure(timeout)
    }

    pub(crate) fn stats(&self) -> Stats {
        let pending = self.lock().calls.len();
        let state = match (self.life.load(SeqCst), self.state.load(SeqCst)) {
            (CLOSED, _) => "closed",
            (DEAD, _) => "dead",
            (_, state) if state == State::Idle as u8 || self.is_at_rest() => "idle",
            _ => "running",
        };
        self.counters.snapshot(pending, &self.account, state)
    }
}

pub(crate) fn busy() -> Failure {
    Failure::new(Code::Busy, "the sandbox is working; use the asynchronous call or wait for it")
}

pub(crate) fn no_thread_left() -> Failure {
    let bound = threads::MAX_QUARANTINED;
    let message =
        format!("{bound} guest threads are lost in code that does not return; restart the process to free them");
    Failure::new(Code::Busy, message).with_limit(format!("quarantinedThreads: {bound}"))
}

pub(crate) fn deadline_failure(timeout: Duration) -> Failure {
    let ms = timeout.as_millis();
    Failure::new(Code::Timeout, format!("the call was not answered within its {ms} ms"))
        .with_limit(format!("timeoutMs: {ms}"))
}
