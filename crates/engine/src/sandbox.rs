//! A sandbox as an actor: one mailbox, a state word that says who may touch the engine, and the table of unanswered calls.
//!
//! While it has mail it runs on a guest thread; else it is memory and nothing more. Callers are answered from here, whatever the guest
//! does: by its result, by the alarm at their deadline, by their signal, by the end of the sandbox.

use std::cell::UnsafeCell;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hostbox_permissions::Limits;

use crate::account::Account;
use crate::clock::{NEVER, Nanos, nanos, now, set_alarm};
use crate::extension::Extension;
use crate::mail::{Code, Event, Failure, Host, Mail, Request, Ticket};
use crate::ops::{OpId, OpOutcome};
use crate::payload::Payload;
use crate::realm::Realm;
use crate::stats::{Counters, Stats};
use crate::threads;
use crate::turn::{Turn, Verdict};

/// Unanswered calls that one sandbox may have.
const MAX_CALLS: usize = 100_000;

/// A stack trace as the engine gives it in, as the app is to see it out.
type MapStack = Box<dyn Fn(&str) -> String + Send + Sync>;

/// What a sandbox is made of.
pub struct Config {
    /// What it may use.
    pub limits: Limits,
    /// Where its events go.
    pub host: Arc<dyn Host>,
    /// What its guests see beside ECMAScript.
    pub extension: &'static Extension,
    /// State of the extension for this sandbox, for its native functions to find.
    pub data: Box<dyn std::any::Any + Send + Sync>,
    /// Names of the host functions that guests may call.
    pub bridge: Vec<String>,
    /// Rewrites stack traces of the guest, for source maps.
    pub map_stack: Option<MapStack>,
}

/// Who may touch the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum State {
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

const ALIVE: u8 = 0;
const CLOSED: u8 = 1;
const DEAD: u8 = 2;

struct Pending {
    deadline: Nanos,
    /// What the deadline was made of, for the message.
    timeout: Duration,
    /// The caller's own thread runs the call and hears of its end by itself.
    sync: bool,
}

#[derive(Default)]
struct Inbox {
    mail: VecDeque<Mail>,
    calls: HashMap<Ticket, Pending>,
    closers: Vec<Ticket>,
    /// Why the sandbox is dead.
    doom: Option<Arc<Failure>>,
}

/// What the threads of the process share of one sandbox.
pub(crate) struct Shared {
    this: Weak<Shared>,
    pub(crate) config: Config,
    pub(crate) account: Arc<Account>,
    pub(crate) turn: Turn,
    pub(crate) counters: Counters,
    inbox: Mutex<Inbox>,
    /// Tells a synchronous caller that mail came.
    mail_came: Condvar,
    state: AtomicU8,
    life: AtomicU8,
    alarm: AtomicU64,
    timers_due: AtomicU64,
    watched: AtomicBool,
    /// The turn that the watchdog wants ended, and since when.
    watch: Mutex<(u64, Nanos)>,
    lost: AtomicBool,
    /// The engine; null before the first turn and after the last.
    realm: UnsafeCell<*mut Realm>,
}

// SAFETY: everything but `realm` is `Send + Sync`; `realm` is touched only by the thread that took the state word (`Guest`, `Sync`),
// and the engine inside is guarded by its own lock besides.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// A sandbox. Dropping it closes it without waiting.
pub struct Sandbox {
    shared: Arc<Shared>,
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
        let cpu_limit = nanos(config.limits.cpu);
        let shared = Arc::new_cyclic(|this| Shared {
            this: this.clone(),
            account: Account::new(config.limits.memory_bytes),
            turn: Turn::new(cpu_limit),
            counters: Counters::default(),
            inbox: Mutex::default(),
            mail_came: Condvar::new(),
            state: AtomicU8::new(State::Idle as u8),
            life: AtomicU8::new(ALIVE),
            alarm: AtomicU64::new(NEVER),
            timers_due: AtomicU64::new(NEVER),
            watched: AtomicBool::new(false),
            watch: Mutex::new((0, 0)),
            lost: AtomicBool::new(false),
            realm: UnsafeCell::new(std::ptr::null_mut()),
            config,
        });
        crate::stats::count_sandbox(1);
        Ok(Self { shared })
    }

    /// Asks for something; the answer comes as `Event::Settled` with the ticket.
    ///
    /// # Errors
    /// What can be said at once: closed, too many calls, too large a message.
    pub fn submit(&self, ticket: Ticket, request: Request, timeout: Option<Duration>) -> Result<(), Failure> {
        let shared = &self.shared;
        let charge = shared.admit(&request)?;
        let pending = shared.pending(timeout, false);
        let deadline = pending.deadline;
        {
            let mut inbox = shared.lock();
            shared.check_room(&inbox)?;
            inbox.calls.insert(ticket, pending);
            inbox.mail.push_back(Mail::Call { ticket, deadline, request, charge });
        }
        shared.counters.submitted();
        shared.request_alarm(deadline);
        shared.wake();
        Ok(())
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
        shared.counters.submitted();
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
        let charge = shared.admit(&request)?;
        let pending = shared.pending(timeout, true);
        let deadline = pending.deadline;
        if !shared.take_state(State::Idle, State::Sync) {
            shared.check_open(&shared.lock())?;
            return Err(busy());
        }
        {
            let mut inbox = shared.lock();
            if let Err(failure) = shared.check_open(&inbox) {
                drop(inbox);
                shared.leave();
                return Err(failure);
            }
            inbox.calls.insert(ticket, pending);
        }
        shared.counters.submitted();
        shared.request_alarm(deadline);
        let mail = Mail::Call { ticket, deadline, request, charge };
        Ok(shared.with_realm(|realm| realm.begin_sync(mail, ticket, deadline, stack)).map_or_else(
            |failure| shared.abandon_sync(ticket, failure),
            |()| shared.go_on_sync(ticket, deadline),
        ))
    }

    /// Goes on with a synchronous call whose host functions have been answered.
    pub fn resume_sync(&self, ticket: Ticket) -> SyncProgress {
        let deadline = self.shared.lock().calls.get(&ticket).map_or(0, |call| call.deadline);
        self.shared.go_on_sync(ticket, deadline)
    }

    /// Whether a synchronous call would be taken now.
    ///
    /// # Errors
    /// What `start_sync` would say at once, the message's size apart.
    pub fn check_sync(&self) -> Result<(), Failure> {
        let shared = &self.shared;
        shared.check_open(&shared.lock())?;
        if shared.state.load(SeqCst) == State::Idle as u8 { Ok(()) } else { Err(busy()) }
    }

    /// Whether a call would be taken now.
    ///
    /// # Errors
    /// What `submit` would say at once, the message's size apart.
    pub fn check_open(&self) -> Result<(), Failure> {
        self.shared.check_room(&self.shared.lock())
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

fn busy() -> Failure {
    Failure::new(Code::Busy, "the sandbox is working; use the asynchronous call or wait for it")
}

fn no_thread_left() -> Failure {
    let bound = threads::MAX_QUARANTINED;
    let message = format!("{bound} guest threads are lost in code that does not return; restart the process to free them");
    Failure::new(Code::Busy, message).with_limit(format!("quarantinedThreads: {bound}"))
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_state(&self, from: State, to: State) -> bool {
        self.state.compare_exchange(from as u8, to as u8, SeqCst, SeqCst).is_ok()
    }

    pub(crate) fn weak(&self) -> Weak<Self> {
        self.this.clone()
    }

    fn pending(&self, timeout: Option<Duration>, sync: bool) -> Pending {
        let timeout = timeout.unwrap_or(self.config.limits.timeout);
        Pending { deadline: now().saturating_add(nanos(timeout)), timeout, sync }
    }

    fn check_room(&self, inbox: &Inbox) -> Result<(), Failure> {
        self.check_open(inbox)?;
        if inbox.calls.len() < MAX_CALLS {
            return Ok(());
        }
        let message = format!("{MAX_CALLS} calls of this sandbox wait for an answer already");
        Err(Failure::new(Code::Limit, message).with_limit(format!("calls: {MAX_CALLS}")))
    }

    fn post_announced(&self, ticket: Ticket, request: Request, charge: Option<crate::account::MessageCharge>) {
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

    fn check_open(&self, inbox: &Inbox) -> Result<(), Failure> {
        if self.is_open() { Ok(()) } else { Err(closed(inbox.doom.as_ref())) }
    }

    fn admit(&self, request: &Request) -> Result<Option<crate::account::MessageCharge>, Failure> {
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
            None => Err(self.out_of_memory(format!("a message of {bytes} bytes does not fit into this sandbox's memory"))),
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

    fn wake(&self) {
        if self.take_state(State::Idle, State::Queued) {
            if let Some(this) = self.this.upgrade() {
                threads::submit(this);
            }
        } else if self.state.load(SeqCst) == State::Sync as u8 {
            self.mail_came.notify_all();
        }
    }

    pub(crate) fn take_mail(&self) -> VecDeque<Mail> {
        std::mem::take(&mut self.lock().mail)
    }

    pub(crate) fn has_mail(&self) -> bool {
        !self.lock().mail.is_empty()
    }

    /// Waits for mail until `until`, on the thread of a synchronous call.
    pub(crate) fn wait_for_mail(&self, until: Nanos) {
        let inbox = self.lock();
        let pause = Duration::from_nanos(until.saturating_sub(now()));
        if inbox.mail.is_empty() && self.is_open() && !pause.is_zero() {
            let _woken = self.mail_came.wait_timeout(inbox, pause).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes a call out of the table: whoever does, answers it.
    pub(crate) fn claim(&self, ticket: Ticket) -> bool {
        self.lock().calls.remove(&ticket).is_some()
    }

    pub(crate) fn is_waiting(&self, ticket: Ticket) -> bool {
        self.lock().calls.contains_key(&ticket)
    }

    fn end_call(&self, ticket: Ticket, failure: Failure, verdict: Verdict) {
        if !self.claim(ticket) {
            return;
        }
        self.counters.settled(Some(failure.code));
        self.config.host.deliver(vec![Event::Settled { ticket, outcome: Err(failure) }]);
        if self.turn.kill(Some(ticket), verdict)
            && let Some(this) = self.this.upgrade()
        {
            threads::watch(this);
        }
        self.post(Mail::Cancel { ticket });
    }

    // ── alarms ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

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

    pub(crate) fn set_timers_due(&self, at: Nanos) {
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
        if timers <= now { self.wake() } else { next = next.min(timers) }
        if next != NEVER {
            self.request_alarm(next);
        }
    }

    /// The failure of a call whose time is over.
    pub(crate) fn deadline_failure(&self, ticket: Ticket) -> Failure {
        let timeout = self.lock().calls.get(&ticket).map_or(self.config.limits.timeout, |call| call.timeout);
        deadline_failure(timeout)
    }

    // ── running ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Runs what there is to run. Called by a guest thread that took this sandbox from the queue.
    pub(crate) fn run(self: Arc<Self>) {
        self.state.store(State::Guest as u8, SeqCst);
        // A turn may use the whole CPU limit without one poll: the alarm looks at it then.
        self.request_alarm(now().saturating_add(nanos(self.config.limits.cpu)));
        if self.is_open()
            && let Err(failure) = self.with_realm(Realm::run)
        {
            self.die(failure);
        }
        self.leave();
    }

    /// Gives the engine back: to the queue where there is more to do, to nobody where the sandbox is over.
    fn leave(&self) {
        {
            // Under this lock, as `declare_lost`: a thread is either lost or back, and counted once.
            let _inbox = self.lock();
            let was_guest = self.state.swap(State::Leaving as u8, SeqCst) == State::Guest as u8;
            if self.lost.swap(false, SeqCst) {
                threads::release(was_guest);
            }
        }
        loop {
            if !self.is_open() {
                self.tear_down();
                return;
            }
            self.state.store(State::Idle as u8, SeqCst);
            let more = self.has_mail() || !self.is_open() || self.timers_due.load(SeqCst) <= now();
            if !more {
                return;
            }
            if self.is_open() {
                self.wake();
                return;
            }
            if !self.take_state(State::Idle, State::Leaving) {
                return;
            }
        }
    }

    /// Lends the engine to `work`; makes it first where there is none.
    fn with_realm<R>(&self, work: impl FnOnce(&Realm) -> R) -> Result<R, Failure> {
        let slot = self.realm.get();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            // SAFETY: the caller took the state word, so that no other thread is here.
            if unsafe { *slot }.is_null() {
                let realm = Realm::new(self)?;
                // SAFETY: as above.
                unsafe { *slot = realm };
            }
            // SAFETY: the pointer comes from `Realm::new` and is freed by `tear_down` alone.
            Ok(work(unsafe { &**slot }))
        }));
        outcome.unwrap_or_else(|_| {
            self.turn.detach();
            // The engine is left behind: after a panic inside, freeing it could meet an assertion.
            // SAFETY: as above.
            unsafe { *slot = std::ptr::null_mut() };
            Err(Failure::new(Code::Internal, "internal error: a panic inside the sandbox; please report it"))
        })
    }

    fn tear_down(&self) {
        self.turn.detach();
        // SAFETY: the caller owns the state word.
        let realm = unsafe { std::ptr::replace(self.realm.get(), std::ptr::null_mut()) };
        if !realm.is_null() {
            // A panic while freeing leaks the rest; there is nobody left to tell.
            // SAFETY: the pointer comes from `Realm::new`, and nobody else has it any more.
            let dispose = std::panic::AssertUnwindSafe(|| unsafe { Realm::dispose(realm) });
            let _ = std::panic::catch_unwind(dispose);
        }
        self.settle_closers();
    }

    fn settle_closers(&self) {
        let closers = {
            let mut inbox = self.lock();
            inbox.mail.clear();
            self.state.store(State::Gone as u8, SeqCst);
            std::mem::take(&mut inbox.closers)
        };
        self.answer_closers(closers);
    }

    fn answer_closers(&self, closers: Vec<Ticket>) {
        if !closers.is_empty() {
            let done = |ticket| Event::Settled { ticket, outcome: Ok(Payload::undefined()) };
            self.config.host.deliver(closers.into_iter().map(done).collect());
        }
    }

    // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    fn close(&self, closer: Option<Ticket>) {
        let was_alive = self.life.compare_exchange(ALIVE, CLOSED, SeqCst, SeqCst).is_ok();
        let gone = {
            let mut inbox = self.lock();
            let gone = self.state.load(SeqCst) == State::Gone as u8 || self.is_lost();
            if !gone {
                inbox.closers.extend(closer);
            }
            gone
        };
        if was_alive {
            self.fail_calls();
            if self.turn.kill(None, Verdict::Closed)
                && let Some(this) = self.this.upgrade()
            {
                threads::watch(this);
            }
            self.wake();
        }
        if gone {
            self.answer_closers(closer.into_iter().collect());
        }
    }

    fn fail_calls(&self) {
        let (calls, doom) = {
            let mut inbox = self.lock();
            inbox.mail.clear();
            (std::mem::take(&mut inbox.calls), inbox.doom.clone())
        };
        let mut events = Vec::with_capacity(calls.len());
        for (ticket, _) in calls.into_iter().filter(|(_, call)| !call.sync) {
            self.counters.settled(Some(Code::Closed));
            events.push(Event::Settled { ticket, outcome: Err(closed(doom.as_ref())) });
        }
        if !events.is_empty() {
            self.config.host.deliver(events);
        }
    }

    /// Marks the sandbox dead: every unanswered call is told so, and why.
    pub(crate) fn die(&self, why: Failure) {
        {
            let mut inbox = self.lock();
            if self.life.compare_exchange(ALIVE, DEAD, SeqCst, SeqCst).is_err() {
                return;
            }
            inbox.doom = Some(Arc::new(why));
        }
        self.fail_calls();
    }

    /// The thread that runs this sandbox does not come back.
    pub(crate) fn declare_lost(&self, sequence: u64) {
        {
            let _inbox = self.lock();
            let state = self.state.load(SeqCst);
            let has_thread = state == State::Guest as u8 || state == State::Sync as u8;
            let is_same = self.turn.overdue().is_some_and(|turn| turn.must_end && turn.sequence == sequence);
            if !has_thread || !is_same || self.lost.swap(true, SeqCst) {
                return;
            }
            threads::quarantine(state == State::Guest as u8);
        }
        let why = "the guest is in native code that did not return after its deadline; its thread is quarantined";
        self.die(Failure::new(Code::Timeout, why));
        let closers = std::mem::take(&mut self.lock().closers);
        self.answer_closers(closers);
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(SeqCst)
    }

    /// Since when the watchdog wants this turn ended; from now on where it is another one, or may still go on.
    pub(crate) fn watched_since(&self, sequence: u64, must_end: bool) -> Nanos {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        if watch.0 != sequence || !must_end {
            *watch = (sequence, now());
        }
        watch.1
    }

    /// Whether the watchdog has to take it on: it does not watch it yet.
    pub(crate) fn mark_watched(&self) -> bool {
        !self.watched.swap(true, SeqCst)
    }

    pub(crate) fn unmark_watched(&self) {
        self.watched.store(false, SeqCst);
    }

    // ── synchronous calls ───────────────────────────────────────────────────────────────────────────────────────────────────────

    fn go_on_sync(&self, ticket: Ticket, deadline: Nanos) -> SyncProgress {
        let progress = self.with_realm(|realm| realm.go_on_sync(ticket, deadline));
        match progress {
            Ok(Some(calls)) => SyncProgress::HostCalls(calls),
            Ok(None) => {
                let outcome = self.with_realm(|realm| realm.end_sync(ticket));
                self.leave();
                match outcome {
                    Ok(Some(outcome)) => SyncProgress::Done(outcome),
                    Ok(None) => SyncProgress::Done(Err(closed(self.lock().doom.as_ref()))),
                    Err(failure) => SyncProgress::Done(Err(failure)),
                }
            }
            Err(failure) => self.abandon_sync(ticket, failure),
        }
    }

    fn abandon_sync(&self, ticket: Ticket, failure: Failure) -> SyncProgress {
        self.claim(ticket);
        let message = failure.message.clone();
        let code = failure.code;
        self.die(failure);
        self.leave();
        SyncProgress::Done(Err(Failure::new(code, message)))
    }


    fn stats(&self) -> Stats {
        let pending = self.lock().calls.len();
        let state = match (self.life.load(SeqCst), self.state.load(SeqCst)) {
            (CLOSED, _) => "closed",
            (DEAD, _) => "dead",
            (_, state) if state == State::Idle as u8 => "idle",
            _ => "running",
        };
        self.counters.snapshot(pending, self.account.used(), state)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        crate::stats::count_sandbox(-1);
    }
}

fn deadline_failure(timeout: Duration) -> Failure {
    let ms = timeout.as_millis();
    Failure::new(Code::Timeout, format!("the call was not answered within its {ms} ms")).with_limit(format!("timeoutMs: {ms}"))
}

fn closed(doom: Option<&Arc<Failure>>) -> Failure {
    match doom {
        None => Failure::new(Code::Closed, "the sandbox is closed"),
        Some(why) => {
            let mut failure = Failure::new(Code::Closed, format!("the sandbox is dead: {}", why.message));
            failure.cause = Some(why.clone());
            failure
        }
    }
}
