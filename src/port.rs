//! The way of events to JavaScript: one raw threadsafe function an instance of the module, drained in batches.
//!
//! It is referenced while calls are pending, so that Node waits for them, and unreferenced while none is. Events wait here as plain data;
//! they become frames on Node's own thread, in slices, so that a flood leaves room for Node's other work.

use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hostbox::FetchEvent;
use hostbox::parts::{Block, Event, Host, Linger, OpId, OpOutcome, Posted, next_tickets, post_all};
use napi::bindgen_prelude::{JsValue, Uint8Array, Unknown};
use napi::{Env, Error, Result, sys};
use napi_derive::napi;

use crate::buffers::{check, lend};
use crate::caller::Caller;
use crate::frames::{Frames, number};
use crate::input::{Batched, batch};
use crate::queues::{ComponentCall, News, OutputLine, Queues};

/// Events that one delivery takes at most …
pub(crate) const SLICE: usize = 512;
/// … and bytes after which it takes no more.
const SLICE_BYTES: usize = 64 << 10;
/// Events that are taken from the queue at once.
const HANDFUL: usize = 16;

/// Events of the network that wait at most; what comes beyond is counted, and told with the next.
const MOST_FETCHES: usize = 10_000;

type RawFunction = sys::napi_threadsafe_function;

/// What other threads may touch.
pub(crate) struct Shared {
    queues: Mutex<Queues>,
    scheduled: AtomicBool,
    /// Node's thread waits a moment for what follows where app and guests talk by turns.
    linger: Linger,
    /// The environment is going away: there is nobody left to tell.
    gone: AtomicBool,
    /// Null once the environment is going away. The lock keeps it alive while it is called.
    function: Mutex<AtomicPtr<sys::napi_threadsafe_function__>>,
    /// Calls that Node waits for.
    pending: AtomicU64,
    /// Something waits that is only told: Node would end without having heard it. Changed under the lock of the queues.
    is_told: AtomicBool,
    /// Node waits until the queues are empty, which counts as a call.
    is_awaited: AtomicBool,
    /// Memory that both sides know; touched on Node's thread alone.
    input: Memory,
    output: Memory,
    /// The sandboxes of this environment by their numbers.
    members: Mutex<HashMap<u64, Weak<Caller>>>,
}

#[derive(Clone, Copy)]
struct Memory {
    start: *mut u8,
    length: usize,
}

// SAFETY: the scratch memory is touched on Node's thread alone; everything else is `Send + Sync`.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// An instance of the module in one environment of Node.
#[napi]
pub struct Port {
    pub(crate) shared: Arc<Shared>,
}

#[napi]
impl Port {
    /// `deliver(length, blocks, bytes)` is called with the number of bytes that stand in `output` (or in `bytes`, where they did not fit) and
    /// the ArrayBuffers that they refer to. Both memories stay the port's.
    #[napi(constructor)]
    pub fn new(env: Env, deliver: Unknown<'_>, input: Uint8Array, output: Uint8Array) -> Result<Self> {
        let memory = |array: &Uint8Array| Memory { start: array.as_ptr().cast_mut(), length: array.len() };
        let shared = Arc::new(Shared {
            queues: Mutex::default(),
            scheduled: AtomicBool::new(false),
            linger: Linger::default(),
            gone: AtomicBool::new(false),
            function: Mutex::new(AtomicPtr::new(null_mut())),
            pending: AtomicU64::new(0),
            is_told: AtomicBool::new(false),
            is_awaited: AtomicBool::new(false),
            input: memory(&input),
            output: memory(&output),
            members: Mutex::default(),
        });
        // The module lives as long as its environment, and so do its memories.
        std::mem::forget((input, output));
        let function = create(env, &deliver, &shared)?;
        shared.function.lock().unwrap_or_else(PoisonError::into_inner).store(function, SeqCst);
        let hook = Arc::into_raw(shared.clone()).cast_mut().cast::<c_void>();
        // SAFETY: the hook takes this reference. Registered after the function was made, it runs before the function goes.
        check(unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(on_cleanup), hook) }, "cleanup hook")?;
        Ok(Self { shared })
    }

    /// `(length, calls) => ticket`: takes the calls and answers that stand in the input memory one after the other, and gives the ticket of
    /// the first call, from which the others are counted on.
    #[napi(ts_return_type = "(length: number, calls: number) => number")]
    pub fn poster<'a>(&self, env: &'a Env) -> Result<Unknown<'a>> {
        crate::plain::function(env, c"post", self.shared.clone(), Shared::post)
    }

    /// `() => result`: what was left by the last delivery, or came after it: the number of bytes in the output memory, or a list as `deliver`
    /// gets it; 0 where there is nothing.
    #[napi(ts_return_type = "() => number | [number, ArrayBuffer[] | undefined, ArrayBuffer | undefined]")]
    pub fn taker<'a>(&self, env: &'a Env) -> Result<Unknown<'a>> {
        crate::plain::function(env, c"take", self.shared.clone(), Shared::take)
    }

    /// Whether an ArrayBuffer lies over memory of ours.
    #[napi]
    pub fn is_ours(&self, env: Env, buffer: Unknown<'_>) -> bool {
        // SAFETY: a value of the calling environment.
        unsafe { crate::buffers::memory(env.raw(), buffer.raw()) }
            .is_ok_and(|(start, _)| crate::buffers::is_lent(start))
    }

    /// Zeroed memory of ours as an ArrayBuffer: it moves into a sandbox without a copy.
    #[napi(ts_return_type = "ArrayBuffer")]
    pub fn alloc<'a>(&self, env: &'a Env, length: f64) -> Result<Unknown<'a>> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked by the caller: a whole number in range"
        )]
        let block = Block::zeroed(length as usize).map_err(|error| Error::from_reason(error.to_string()))?;
        // SAFETY: the calling environment.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), lend(env.raw(), block)?) })
    }
}

fn create(env: Env, deliver: &Unknown<'_>, shared: &Arc<Shared>) -> Result<RawFunction> {
    let mut name = null_mut();
    let mut function = null_mut();
    let context = Arc::into_raw(shared.clone()).cast_mut().cast::<c_void>();
    // SAFETY: values of the calling environment; the context keeps a reference that is never given back: events may come until the end.
    unsafe {
        check(sys::napi_create_string_utf8(env.raw(), c"hostbox".as_ptr(), 7, &raw mut name), "name")?;
        let status = sys::napi_create_threadsafe_function(
            env.raw(),
            deliver.raw(),
            null_mut(),
            name,
            0,
            1,
            null_mut(),
            None,
            context,
            Some(on_wake),
            &raw mut function,
        );
        check(status, "threadsafe function")?;
        check(sys::napi_unref_threadsafe_function(env.raw(), function), "unref")?;
    }
    Ok(function)
}

unsafe extern "C" fn on_cleanup(hook: *mut c_void) {
    // SAFETY: the reference that `new` gave.
    let shared = unsafe { Arc::from_raw(hook.cast::<Shared>()) };
    shared.gone.store(true, SeqCst);
    shared.function.lock().unwrap_or_else(PoisonError::into_inner).store(null_mut(), SeqCst);
    *shared.queues() = Queues::default();
}

unsafe extern "C" fn on_wake(env: sys::napi_env, deliver: sys::napi_value, context: *mut c_void, _data: *mut c_void) {
    if env.is_null() {
        return;
    }
    // SAFETY: the reference that `create` gave is never given back.
    let shared = unsafe { &*context.cast::<Shared>() };
    // SAFETY: Node calls on the environment's own thread.
    unsafe { shared.drain(env, deliver) };
}

impl Shared {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn members(&self) -> MutexGuard<'_, HashMap<u64, Weak<Caller>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event from any thread.
    pub(crate) fn push(&self, events: impl IntoIterator<Item = (u64, Event)>) {
        if self.gone.load(SeqCst) {
            return;
        }
        {
            let mut queues = self.queues();
            for (sandbox, event) in events {
                queues.push(sandbox, News::Event(event));
            }
            self.is_told.store(queues.has_told(), Relaxed);
        }
        self.linger.mail_came();
        self.schedule();
    }

    /// Takes the call of a component.
    pub(crate) fn push_component_call(&self, instance: u64, call: ComponentCall) {
        if self.gone.load(SeqCst) {
            return;
        }
        self.queues().push(instance, News::ComponentCall(Box::new(call)));
        self.linger.mail_came();
        self.schedule();
    }

    /// Takes a line of a component's output.
    pub(crate) fn push_line(&self, instance: u64, line: OutputLine) {
        if self.gone.load(SeqCst) {
            return;
        }
        {
            let mut queues = self.queues();
            queues.push(instance, News::Line(Box::new(line)));
            self.is_told.store(true, Relaxed);
        }
        self.schedule();
    }

    /// Takes an event of the network, unless too many wait.
    fn push_fetch(&self, sandbox: u64, event: FetchEvent, missed: u64) -> bool {
        if self.gone.load(SeqCst) {
            return true;
        }
        {
            let mut queues = self.queues();
            if queues.fetches >= MOST_FETCHES {
                return false;
            }
            queues.push(sandbox, News::Fetch(Box::new(event), missed));
            self.is_told.store(true, Relaxed);
        }
        self.schedule();
        true
    }

    fn schedule(&self) {
        if self.scheduled.swap(true, SeqCst) {
            return;
        }
        let function = self.function.lock().unwrap_or_else(PoisonError::into_inner);
        let raw = function.load(SeqCst);
        if !raw.is_null() {
            // SAFETY: alive while the lock is held: the cleanup hook takes it first.
            unsafe {
                sys::napi_call_threadsafe_function(raw, null_mut(), sys::ThreadsafeFunctionCallMode::nonblocking)
            };
        }
    }

    /// Calls `deliver` with what waits.
    ///
    /// # Safety
    /// Node's own thread, in a handle scope of Node's.
    unsafe fn drain(&self, env: sys::napi_env, deliver: sys::napi_value) {
        let (frames, settled) = self.collect();
        // SAFETY: the caller's.
        unsafe {
            if frames.has_events() {
                self.call(env, deliver, frames);
            }
            self.release(env, settled);
        }
        self.linger.end_reading();
    }

    /// `() => result`, as `Port::taker` says.
    unsafe fn take(&self, env: &Env, _: [sys::napi_value; 3]) -> Result<sys::napi_value> {
        if self.pending.load(Relaxed) > 0 {
            self.linger.wait_for_events();
        }
        let (mut frames, settled) = self.collect();
        if !frames.has_events() {
            frames.bytes.clear();
        }
        // SAFETY: the caller's: Node's own thread.
        unsafe { self.release(env.raw(), settled) };
        self.linger.end_reading();
        Ok(self.answer(env, frames)?.raw())
    }

    /// Events that wait, as one delivery, and how many of them are answers.
    fn collect(&self) -> (Frames, u64) {
        self.scheduled.store(false, SeqCst);
        let mut frames = Frames::delivery();
        let mut settled = 0;
        let mut taken = Vec::with_capacity(HANDFUL);
        let mut more = true;
        for _ in 0..SLICE / HANDFUL {
            if frames.bytes.len() > SLICE_BYTES || !more {
                break;
            }
            // A handful at a time: guest threads want this lock too.
            {
                let mut queues = self.queues();
                taken.extend(std::iter::from_fn(|| queues.pop()).take(HANDFUL));
                more = !queues.is_empty();
                self.is_told.store(queues.has_told(), Relaxed);
            }
            if !frames.has_events() && !taken.is_empty() {
                self.linger.begin_reading();
            }
            for (sandbox, event) in taken.drain(..) {
                settled += u64::from(matches!(event, News::Event(Event::Settled { .. })));
                frames.event(number(sandbox), event);
            }
        }
        if !more && self.is_awaited.swap(false, Relaxed) {
            settled += 1;
        }
        // What is left waits for JavaScript to ask, in a later round of Node's loop: Node would run a threadsafe function that is
        // called from within a thousand times before it turned to anything else. So does, in a talk, what is about to come: the guest's
        // thread is spared waking Node's, and that a sleep.
        let may_follow = more || (frames.has_events() && self.linger.is_talk());
        if may_follow && !self.scheduled.swap(true, SeqCst) {
            frames.announce_more();
        }
        (frames, settled)
    }

    unsafe fn call(&self, env: sys::napi_env, deliver: sys::napi_value, frames: Frames) {
        // SAFETY: the caller's: Node's own thread, in a handle scope of Node's.
        unsafe {
            let Ok(args) = self.arguments(env, frames) else { return };
            let (mut this, mut result) = (null_mut(), null_mut());
            sys::napi_get_undefined(env, &raw mut this);
            let status = sys::napi_call_function(env, this, deliver, args.len(), args.as_ptr(), &raw mut result);
            if status == sys::Status::napi_pending_exception {
                let mut exception = null_mut();
                sys::napi_get_and_clear_last_exception(env, &raw mut exception);
                sys::napi_fatal_exception(env, exception);
            }
        }
    }

    /// `length, blocks, bytes`: frames in the output memory, or in a buffer of their own.
    unsafe fn arguments(&self, env: sys::napi_env, frames: Frames) -> Result<[sys::napi_value; 3]> {
        let Frames { bytes, blocks } = frames;
        let mut args = [null_mut(); 3];
        // SAFETY: the caller's: Node's own thread; the output memory is the port's.
        unsafe {
            check(sys::napi_create_double(env, bytes.len() as f64, &raw mut args[0]), "length")?;
            sys::napi_get_undefined(env, &raw mut args[1]);
            sys::napi_get_undefined(env, &raw mut args[2]);
            if !blocks.is_empty() {
                check(sys::napi_create_array_with_length(env, blocks.len(), &raw mut args[1]), "blocks")?;
                for (index, block) in blocks.into_iter().enumerate() {
                    let buffer = lend(env, block)?;
                    check(sys::napi_set_element(env, args[1], u32::try_from(index).unwrap_or(0), buffer), "block")?;
                }
            }
            if bytes.len() <= self.output.length {
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.output.start, bytes.len());
            } else {
                args[2] = lend(env, Block::from_vec(bytes))?;
            }
        }
        Ok(args)
    }

    /// Puts frames where JavaScript reads them at once: the number of bytes in the output memory, or an array with all three arguments.
    pub(crate) fn answer<'a>(&self, env: &'a Env, frames: Frames) -> Result<Unknown<'a>> {
        let is_plain = frames.blocks.is_empty() && frames.bytes.len() <= self.output.length;
        // SAFETY: the calling environment; the values are its own.
        unsafe {
            let args = self.arguments(env.raw(), frames)?;
            let mut value = args[0];
            if !is_plain {
                check(sys::napi_create_array_with_length(env.raw(), 3, &raw mut value), "answer")?;
                for (index, arg) in (0..).zip(args) {
                    check(sys::napi_set_element(env.raw(), value, index, arg), "answer")?;
                }
            }
            Ok(Unknown::from_raw_unchecked(env.raw(), value))
        }
    }

    /// The scratch memory that messages come in.
    pub(crate) fn input(&self) -> &[u8] {
        // SAFETY: the port's own memory, read on Node's thread while JavaScript is not running.
        unsafe { std::slice::from_raw_parts(self.input.start, self.input.length) }
    }

    /// `(length, calls) => ticket`, as `Port::poster` says.
    unsafe fn post(&self, env: &Env, args: [sys::napi_value; 3]) -> Result<sys::napi_value> {
        let (mut length, mut calls, mut result) = (0, 0, null_mut());
        // SAFETY: the caller's: values of the calling environment.
        unsafe {
            check(sys::napi_get_value_uint32(env.raw(), args[0], &raw mut length), "length")?;
            check(sys::napi_get_value_uint32(env.raw(), args[1], &raw mut calls), "calls")?;
        }
        let source = self.input().get(..length as usize);
        let source = source.ok_or_else(|| Error::from_reason("a batch longer than its memory"))?;
        let first = next_tickets(calls);
        self.post_messages(source, first)?;
        self.hold(*env, calls.into());
        // SAFETY: as above.
        check(unsafe { sys::napi_create_double(env.raw(), number(first), &raw mut result) }, "ticket")?;
        Ok(result)
    }

    /// Distributes messages to the sandboxes that they are for.
    fn post_messages(&self, source: &[u8], first: u64) -> Result<()> {
        let mut numbers: Vec<u64> = Vec::new();
        let mut groups: Vec<(Arc<Caller>, Vec<Posted>)> = Vec::new();
        let mut ticket = first;
        for message in batch(source) {
            let (number, message) = message?;
            let group = match numbers.iter().rposition(|known| *known == number) {
                Some(index) => index,
                None => {
                    // Whoever waits for an answer keeps the sandbox: what is not found here was only an answer to it.
                    let Some(caller) = self.members().get(&number).and_then(Weak::upgrade) else {
                        ticket += u64::from(matches!(message, Batched::Call(..)));
                        continue;
                    };
                    numbers.push(number);
                    groups.push((caller, Vec::new()));
                    groups.len() - 1
                }
            };
            let (caller, posted) = &mut groups[group];
            posted.push(match message {
                Batched::Call(target, args) => {
                    ticket += 1;
                    Posted::Call(ticket - 1, caller.request(target, args)?)
                }
                Batched::Answer(call, value) => Posted::Answer(OpId(call), OpOutcome::Value(value)),
            });
        }
        post_all(groups.into_iter().map(|(caller, posted)| (caller.sandbox.clone(), posted)));
        Ok(())
    }

    /// Has Node wait for so many more answers.
    pub(crate) fn hold(&self, env: Env, answers: u64) {
        if answers > 0 && self.pending.fetch_add(answers, Relaxed) == 0 {
            let function = self.function.lock().unwrap_or_else(PoisonError::into_inner).load(SeqCst);
            if !function.is_null() {
                // SAFETY: Node's own thread, where the environment cannot go away meanwhile.
                unsafe { sys::napi_ref_threadsafe_function(env.raw(), function) };
            }
        }
    }

    /// Has Node stay until it has heard what was told, where no answer follows: after a synchronous call.
    pub(crate) fn await_told(&self, env: Env) {
        if self.is_told.load(Relaxed) && !self.is_awaited.swap(true, Relaxed) {
            self.hold(env, 1);
        }
    }

    unsafe fn release(&self, env: sys::napi_env, settled: u64) {
        if settled > 0 && self.pending.fetch_sub(settled, Relaxed) == settled {
            let function = self.function.lock().unwrap_or_else(PoisonError::into_inner).load(SeqCst);
            if !function.is_null() {
                // SAFETY: the caller's: Node's own thread.
                unsafe { sys::napi_unref_threadsafe_function(env, function) };
            }
        }
    }
}

/// The events of one sandbox on their way to a port.
pub(crate) struct Line {
    pub(crate) port: Arc<Shared>,
    pub(crate) sandbox: u64,
    /// Events of the network that found no room.
    pub(crate) missed: AtomicU64,
}

impl Line {
    pub(crate) fn log_fetch(&self, event: FetchEvent) {
        let missed = self.missed.swap(0, Relaxed);
        if !self.port.push_fetch(self.sandbox, event, missed) {
            self.missed.fetch_add(missed + 1, Relaxed);
        }
    }
}

impl Host for Line {
    fn deliver(&self, events: Vec<Event>) {
        self.port.push(events.into_iter().map(|event| (self.sandbox, event)));
    }
}
