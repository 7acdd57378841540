//! The engine of one sandbox with everything that belongs to it: values held for operations, timers, scopes, plugins.
//!
//! Touched only by the thread that holds the sandbox, inside the runtime's lock. Native functions find it through the context, so
//! all of its state has interior mutability, and no borrow is held while guest code runs.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use hostbox_buffers::Block;
use rquickjs::{Context, Runtime, qjs};

use crate::account::{Account, HeapAllocator};
use crate::actor::Shared;
use crate::clock::{NEVER, Nanos, nanos, now};
use crate::codec::{self, Charge, Intrinsics};
use crate::extension::Extension;
use crate::mail::{Code, Event, Failure, Mail, Ticket, TicketMap};
use crate::modules::Modules;
use crate::ops::{Completer, ErrorClass, Op, OpError, OpId, OpKind, OpTable};
use crate::plugins::Plugins;
use crate::rejections::Rejections;
use crate::scope::Scope;
use crate::ticks::Ticks;
use crate::timers::{Timer, Timers};
use crate::{builtins, gates, globals};

/// The scope of what finished calls leave behind.
pub(crate) const BACKGROUND: Ticket = Ticket::MAX;

/// CPU time that the background may use in a second.
const BACKGROUND_PER_SECOND: i64 = 100_000_000;
/// A longest turn of the background.
pub(crate) const BACKGROUND_TURN: Nanos = 100_000_000;
/// A paused background goes on when it has this much to spend.
const BACKGROUND_BURST: i64 = 10_000_000;

/// Stack for the making of an engine, which runs no guest code.
const PREPARING_STACK: usize = 256 << 10;

/// Timers nested deeper than this wait at least `NESTED_DELAY_MS` (HTML, timers, step 11).
pub(crate) const NESTING: u32 = 5;
pub(crate) const NESTED_DELAY_MS: f64 = 4.0;
/// About 285 years; `AbortSignal.timeout` may ask for more than that.
const LONGEST_DELAY_MS: f64 = 9e12;

/// Whose turn it is.
#[derive(Clone, Default)]
pub(crate) struct Current {
    pub(crate) scope: Ticket,
    pub(crate) plugin: Option<Rc<str>>,
    /// Nesting of timers.
    pub(crate) level: u32,
}

pub(crate) struct Realm {
    /// The sandbox; null until one has taken this engine.
    shared: Cell<*const Shared>,
    pub(crate) cx: *mut qjs::JSContext,
    pub(crate) rt: *mut qjs::JSRuntime,
    pub(crate) intrinsics: Intrinsics,
    pub(crate) modules: Modules,
    pub(crate) lazy: globals::Lazy,
    /// The natives behind the gates.
    pub(crate) natives: RefCell<Vec<qjs::JSValue>>,
    pub(crate) extension: &'static Extension,
    pub(crate) ops: RefCell<OpTable>,
    pub(crate) timers: RefCell<Timers>,
    pub(crate) scopes: RefCell<TicketMap<Scope>>,
    /// Scopes whose promise has settled.
    pub(crate) ready: RefCell<Vec<Ticket>>,
    pub(crate) plugins: RefCell<Plugins>,
    pub(crate) rejections: Rejections,
    pub(crate) ticks: Ticks,
    pub(crate) current: RefCell<Current>,
    pub(crate) out: RefCell<Vec<Event>>,
    /// Completions of the background that wait for its budget.
    pub(crate) deferred: RefCell<VecDeque<Mail>>,
    background: Cell<(i64, Nanos)>,
    /// When the next turn begins, where whoever begins it has just looked at the clock; else 0.
    pub(crate) time: Cell<Nanos>,
    /// When the last turn ended.
    pub(crate) ended: Cell<Nanos>,
    /// While a synchronous call runs: its host calls, and its outcome once it has one.
    pub(crate) sync: RefCell<Option<SyncCall>>,
    panicked: Cell<bool>,
    /// Bytes of stack that the guest may use on the thread that runs it now.
    stack: Cell<usize>,
    /// The lowest address of that thread's stack that may be used at all.
    floor: Cell<usize>,
    /// The engine; nothing where somebody else owns it. Last: dropping it frees the engine.
    owned: Option<(Context, Runtime)>,
}

pub(crate) struct SyncCall {
    pub(crate) ticket: Ticket,
    pub(crate) calls: Vec<Event>,
    pub(crate) outcome: Option<Result<crate::payload::Payload, Failure>>,
}

struct ExternalCharge(Arc<Account>);

impl Charge for ExternalCharge {
    fn try_charge(&self, bytes: usize) -> bool {
        self.0.charge_external(bytes)
    }

    fn release(&self, bytes: usize) {
        self.0.release_external(bytes);
    }
}

impl Realm {
    /// Makes an engine that no sandbox has yet; `None` where its memory cannot be had. It costs most of a cold start.
    pub(crate) fn prepare(extension: &'static Extension, account: &Arc<Account>) -> Option<*mut Self> {
        let allocator = HeapAllocator(account.clone());
        let runtime = Runtime::new_with_alloc(allocator).ok()?;
        let context = Context::full(&runtime).ok()?;
        let cx = context.as_raw().as_ptr();
        context.with(|_| {
            let owned = Some((context.clone(), runtime.clone()));
            // SAFETY: the context is alive and locked; nothing of the guest's has run.
            unsafe {
                let realm = Self::around(cx, owned, extension, account);
                (*realm).install();
                Some(realm)
            }
        })
    }

    /// Makes what belongs to an engine; nothing in it has been changed yet.
    ///
    /// # Safety
    /// A live context under its lock, whose globals are as they were made.
    unsafe fn around(
        cx: *mut qjs::JSContext,
        owned: Option<(Context, Runtime)>,
        extension: &'static Extension,
        account: &Arc<Account>,
    ) -> *mut Self {
        // SAFETY: the caller's contract.
        let (rt, intrinsics) = unsafe {
            (qjs::JS_GetRuntime(cx), Intrinsics::capture(cx, Some(Arc::new(ExternalCharge(account.clone())))))
        };
        Box::into_raw(Box::new(Self {
            shared: Cell::new(std::ptr::null()),
            cx,
            rt,
            intrinsics,
            modules: Modules::default(),
            lazy: globals::Lazy::default(),
            natives: RefCell::default(),
            extension,
            ops: RefCell::default(),
            timers: RefCell::default(),
            scopes: RefCell::default(),
            ready: RefCell::default(),
            plugins: RefCell::default(),
            rejections: Rejections::default(),
            ticks: Ticks::default(),
            current: RefCell::default(),
            out: RefCell::default(),
            deferred: RefCell::default(),
            background: Cell::new((BACKGROUND_PER_SECOND, now())),
            time: Cell::new(0),
            ended: Cell::new(0),
            sync: RefCell::default(),
            panicked: Cell::new(false),
            stack: Cell::new(PREPARING_STACK),
            floor: Cell::new(usize::MAX),
            owned,
        }))
    }

    /// Brings what the extension has into a context that somebody else owns; `wants` says which of its globals. The runtime's hooks and the
    /// limits of its memory, time and stack stay the owner's.
    ///
    /// # Safety
    /// A live context under its lock without a realm; `shared` and the context outlive the realm, which `dispose` frees under that lock.
    pub(crate) unsafe fn attach_to(
        cx: *mut qjs::JSContext,
        shared: &Shared,
        wants: &dyn Fn(&crate::extension::Global) -> bool,
    ) -> *mut Self {
        // SAFETY: the caller's contract; the context keeps the pointer as long as the realm lives.
        unsafe {
            let realm = Self::around(cx, None, shared.config.extension, &shared.account);
            (*realm).shared.set(shared);
            qjs::JS_SetContextOpaque(cx, realm.cast::<c_void>());
            (*realm).modules.capture(cx);
            let withheld = shared.config.withheld;
            globals::install_some(cx, &*realm, &|entry| !withheld.contains(&entry.name) && wants(entry));
            realm
        }
    }

    /// Whether somebody else owns the engine and says when it runs.
    pub(crate) fn is_attached(&self) -> bool {
        self.owned.is_none()
    }

    /// Runs with the engine's lock, which the owner of an attached one has already.
    pub(crate) fn locked<R>(&self, body: impl FnOnce() -> R) -> R {
        match &self.owned {
            Some((context, _)) => context.with(|_| body()),
            None => body(),
        }
    }

    unsafe fn install(&self) {
        let opaque = std::ptr::from_ref(self).cast_mut().cast::<c_void>();
        // SAFETY: called once, by `prepare`, on the live context under its lock; the realm stays where it is until `dispose`.
        unsafe {
            qjs::JS_SetContextOpaque(self.cx, opaque);
            self.restore_stack();
            qjs::JS_SetHostPromiseRejectionTracker(self.rt, Some(crate::rejections::on_rejection), opaque);
            qjs::JS_SetModuleLoaderFunc(self.rt, Some(builtins::name_import), Some(builtins::load_import), opaque);
            qjs::JS_SetCanBlock(self.rt, false);
            crate::parser::install(self.cx);
            self.modules.capture(self.cx);
            gates::install(self.cx, self);
            globals::install(self.cx, self);
        }
    }

    /// Whether a sandbox has taken this engine.
    pub(crate) fn is_taken(&self) -> bool {
        !self.shared.get().is_null()
    }

    /// Gives the engine to its sandbox, whose account it was made on. Nothing of a guest's has run before.
    ///
    /// # Safety
    /// `shared` owns this realm, and its state word is the caller's.
    pub(crate) unsafe fn give_to(&self, shared: &Shared) {
        self.shared.set(shared);
        self.background.set((BACKGROUND_PER_SECOND, now()));
        self.stack.set(shared.config.limits.stack_bytes as usize);
        shared.account.attach(self.rt);
        self.locked(|| {
            let opaque = std::ptr::from_ref(self).cast_mut().cast::<c_void>();
            self.restore_stack();
            // SAFETY: under the lock; the realm stays where it is until `dispose`, which takes the handler away.
            unsafe { qjs::JS_SetInterruptHandler(self.rt, Some(on_poll), opaque) };
            // SAFETY: as above: the context lives as long as the realm, and `tear_down` detaches the turn first.
            unsafe { shared.turn.attach(self.cx) };
            // SAFETY: under the lock, and nothing of a guest's has run.
            unsafe { globals::withhold(self.cx, self, shared.config.withheld) };
        });
    }

    /// Frees the engine, or of an attached one everything that belongs to the realm.
    ///
    /// # Safety
    /// `realm` comes from `prepare` or `attach_to`; no turn runs, and nobody uses it afterwards.
    pub(crate) unsafe fn dispose(realm: *mut Self) {
        // SAFETY: the caller's contract.
        let realm = unsafe { Box::from_raw(realm) };
        if realm.panicked.get() && realm.owned.is_some() {
            // After a panic in a native function the engine's own state is in doubt: left behind rather than freed.
            std::mem::forget(realm);
            return;
        }
        let Self {
            cx,
            rt,
            intrinsics,
            modules,
            lazy,
            natives,
            ops,
            timers,
            scopes,
            plugins,
            rejections,
            ticks,
            owned,
            ..
        } = *realm;
        let is_owned = owned.is_some();
        let free = move || {
            // SAFETY: every value that the tables own is freed once, under the lock, before the context.
            unsafe {
                if is_owned {
                    qjs::JS_SetInterruptHandler(rt, None, null_mut());
                    qjs::JS_SetHostPromiseRejectionTracker(rt, None, null_mut());
                }
                for op in ops.borrow_mut().take(|_| true) {
                    op.stop();
                    op.free(cx);
                }
                for timer in timers.borrow_mut().take(|_| true) {
                    qjs::JS_FreeValue(cx, timer.run);
                }
                for (_, scope) in scopes.take() {
                    scope.free(cx);
                }
                rejections.clear(cx);
                ticks.clear(cx);
                plugins.borrow_mut().clear(cx);
                modules.clear(cx);
                lazy.clear(cx);
                for native in natives.take() {
                    qjs::JS_FreeValue(cx, native);
                }
                intrinsics.free(cx);
            }
        };
        match owned {
            Some((context, runtime)) => {
                context.with(|_| free());
                drop(context);
                drop(runtime);
                crate::tidy::note_end();
            }
            None => free(),
        }
    }

    /// The realm of a running context.
    ///
    /// # Safety
    /// `cx` is a context with a realm.
    pub(crate) unsafe fn of<'a>(cx: *mut qjs::JSContext) -> &'a Self {
        // SAFETY: `install` or `attach_to` put it there, and it outlives its context.
        unsafe { &*qjs::JS_GetContextOpaque(cx).cast::<Self>() }
    }

    /// The realm of a running context, which in a runtime that somebody else owns may have none.
    ///
    /// # Safety
    /// Whatever the context has as its opaque value is a realm.
    pub(crate) unsafe fn find<'a>(cx: *mut qjs::JSContext) -> Option<&'a Self> {
        // SAFETY: as in `of`.
        unsafe { qjs::JS_GetContextOpaque(cx).cast::<Self>().as_ref() }
    }

    pub(crate) fn shared(&self) -> &Shared {
        // SAFETY: set by `give_to` before anything of the guest's runs; the sandbox owns its realm.
        unsafe { &*self.shared.get() }
    }

    /// A native function panicked: the sandbox is over when the turn is.
    pub(crate) fn panicked(&self) {
        self.panicked.set(true);
    }

    pub(crate) fn has_panicked(&self) -> bool {
        self.panicked.get()
    }

    /// Says how much stack the guest may use on this thread, and how much the thread has left in all.
    pub(crate) fn set_stack(&self, bytes: usize, left: usize) {
        let marker = 0_u8;
        self.floor.set((&raw const marker as usize).saturating_sub(left));
        self.stack.set(bytes);
        self.restore_stack();
    }

    /// The lowest address of the running thread's stack that may be used. Nobody knows it of an attached engine.
    pub(crate) fn floor(&self) -> usize {
        self.floor.get()
    }

    pub(crate) fn restore_stack(&self) {
        // SAFETY: under the lock.
        unsafe { qjs::JS_SetMaxStackSize(self.rt, self.stack.get() as qjs::size_t) };
    }

    /// Whether the running turn is being ended.
    pub(crate) fn is_ending(&self) -> bool {
        self.shared().turn.verdict().is_some()
    }

    pub(crate) fn current_plugin(&self) -> Option<Rc<str>> {
        self.current.borrow().plugin.clone()
    }

    /// A property key for the engine's use; the caller frees it.
    pub(crate) fn new_string(&self, text: &str) -> qjs::JSValue {
        // SAFETY: under the lock; the text is copied.
        unsafe { qjs::JS_NewStringLen(self.cx, text.as_ptr().cast(), text.len() as qjs::size_t) }
    }

    /// A new error object of the guest's realm.
    pub(crate) fn new_error(&self, error: &OpError) -> qjs::JSValue {
        // SAFETY: under the lock; each new value's reference moves to the object.
        unsafe {
            let object = codec::new_error(self.cx, &self.intrinsics, error.class.constructor(), &error.message);
            if qjs::JS_IsException(object) {
                return qjs::JS_GetException(self.cx);
            }
            let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as c_int;
            if error.class == ErrorClass::TypeWithCause {
                qjs::JS_DefinePropertyValueStr(self.cx, object, c"cause".as_ptr(), self.new_cause(error), flags);
                return object;
            }
            if let Some(name) = &error.name {
                qjs::JS_DefinePropertyValueStr(self.cx, object, c"name".as_ptr(), self.new_string(name), flags);
            }
            if let Some(code) = &error.code {
                let flags = qjs::JS_PROP_C_W_E as c_int;
                qjs::JS_DefinePropertyValueStr(self.cx, object, c"code".as_ptr(), self.new_string(code), flags);
            }
            object
        }
    }

    fn new_cause(&self, error: &OpError) -> qjs::JSValue {
        let Some(name) = &error.name else {
            return self.new_error(&OpError { class: ErrorClass::Error, ..error.clone() });
        };
        // SAFETY: under the lock; the exception that was just thrown is taken back.
        unsafe {
            crate::native::throw_dom(self.cx, name, &error.message);
            qjs::JS_GetException(self.cx)
        }
    }

    /// An ArrayBuffer over memory of ours, or an exception.
    pub(crate) unsafe fn new_array_buffer(&self, block: Block) -> qjs::JSValue {
        // SAFETY: the caller's: under the lock.
        unsafe { codec::new_array_buffer(self.cx, &self.intrinsics, block) }
    }

    /// Whether the guest may hold so many bytes more.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        let account = &self.shared().account;
        let fits = || account.used().saturating_add(bytes) <= account.limit();
        if !fits() {
            // Cycles of garbage may hold the room: look before refusing.
            // SAFETY: under the lock, in a native function, where the engine may collect.
            unsafe { qjs::JS_RunGC(self.rt) };
        }
        fits()
    }

    // ── operations ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

    fn pending_limit(&self) -> Result<(), OpError> {
        if self.is_attached() && !self.shared().is_open() {
            let message = "the host that was installed into this context is closed".into();
            return Err(OpError { class: ErrorClass::Error, message, code: Some("ERR_CLOSED".into()), name: None });
        }
        let limit = self.shared().config.limits.pending_ops as usize;
        if self.ops.borrow().len() + self.timers.borrow().len() < limit {
            return Ok(());
        }
        let message = format!("pendingOps: {limit} timers and operations are pending already");
        Err(OpError { class: ErrorClass::Range, message, code: Some("ERR_LIMIT".into()), name: None })
    }

    /// Begins an operation of the running scope; takes over `held`.
    pub(crate) fn start_op(&self, kind: OpKind, held: qjs::JSValue) -> Result<(qjs::JSValue, Completer), OpError> {
        let cx = self.cx;
        if let Err(error) = self.pending_limit() {
            // SAFETY: under the lock; the reference was handed over.
            unsafe { qjs::JS_FreeValue(cx, held) };
            return Err(error);
        }
        let mut resolving = [qjs::JS_UNDEFINED; 2];
        // SAFETY: under the lock; the engine fills both places or throws.
        let promise = unsafe { qjs::JS_NewPromiseCapability(cx, resolving.as_mut_ptr()) };
        // SAFETY: any value may be asked.
        if unsafe { qjs::JS_IsException(promise) } {
            // SAFETY: under the lock; the pending exception is replaced by ours, `held` was handed over.
            unsafe {
                qjs::JS_FreeValue(cx, qjs::JS_GetException(cx));
                qjs::JS_FreeValue(cx, held);
            }
            let message = "out of memory".into();
            return Err(OpError { class: ErrorClass::Range, message, code: Some("ERR_MEMORY".into()), name: None });
        }
        let cancel = Arc::new(AtomicBool::new(false));
        let Current { scope, plugin, .. } = self.current.borrow().clone();
        let [resolve, reject] = resolving;
        let op = Op { scope, kind, resolve, reject, held, cancel: cancel.clone(), task: None, plugin };
        let id = self.ops.borrow_mut().insert(op);
        Ok((promise, Completer::new(self.shared().weak(), id, cancel)))
    }

    // ── timers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Takes over `run`.
    pub(crate) fn start_timer(&self, delay_ms: f64, repeat: bool, run: qjs::JSValue) -> Result<u32, OpError> {
        self.pending_limit().inspect_err(|_| self.free(run))?;
        let current = self.current.borrow().clone();
        let least = if current.level >= NESTING { NESTED_DELAY_MS } else { 0.0 };
        let delay_ms = delay_ms.clamp(least, LONGEST_DELAY_MS);
        // NaN is no time.
        let delay = nanos(std::time::Duration::try_from_secs_f64(delay_ms / 1_000.0).unwrap_or_default());
        let due = now().saturating_add(delay);
        let id = self.timers.borrow_mut().start(run, due, repeat.then_some(delay), &current);
        self.count_timers();
        Ok(id)
    }

    pub(crate) fn stop_timer(&self, id: u32) {
        let timer = self.timers.borrow_mut().stop(id);
        self.free_timers(timer);
    }

    /// Takes over `run`.
    pub(crate) fn start_immediate(&self, run: qjs::JSValue) -> Result<u32, OpError> {
        self.pending_limit().inspect_err(|_| self.free(run))?;
        let current = self.current.borrow().clone();
        Ok(self.timers.borrow_mut().start_immediate(run, &current))
    }

    pub(crate) fn stop_immediate(&self, id: u32) {
        let timer = self.timers.borrow_mut().stop_immediate(id);
        self.free_timers(timer);
    }

    pub(crate) fn free_timers(&self, timers: impl IntoIterator<Item = Timer>) {
        for timer in timers {
            self.free(timer.run);
        }
        self.count_timers();
    }

    pub(crate) fn count_timers(&self) {
        let count = u32::try_from(self.timers.borrow().len()).unwrap_or(u32::MAX);
        self.shared().counters.timers.store(count, Relaxed);
    }

    pub(crate) fn free(&self, value: qjs::JSValue) {
        // SAFETY: under the lock; the caller hands its reference over.
        unsafe { qjs::JS_FreeValue(self.cx, value) };
    }

    // ── the background's budget ─────────────────────────────────────────────────────────────────────────────────────────────────

    fn refill(&self) -> i64 {
        let (left, at) = self.background.get();
        let now = now();
        let gained = i64::try_from(now - at).unwrap_or(i64::MAX / 16) / 10;
        let left = left.saturating_add(gained).min(BACKGROUND_PER_SECOND);
        self.background.set((left, now));
        left
    }

    /// Charges CPU time to the background.
    pub(crate) fn spend(&self, cpu: Nanos) {
        let left = self.refill();
        let (_, at) = self.background.get();
        self.background.set((left.saturating_sub(i64::try_from(cpu).unwrap_or(i64::MAX)), at));
    }

    /// When the background may run: now, or a time to come.
    pub(crate) fn background_from(&self) -> Option<Nanos> {
        let left = self.refill();
        if left > 0 {
            return None;
        }
        let missing = u64::try_from(BACKGROUND_BURST - left).unwrap_or(0);
        Some(now().saturating_add(missing.saturating_mul(10)))
    }

    /// The scope that work of `scope` runs in: its own while the call is open, else the background.
    pub(crate) fn live_scope(&self, scope: Ticket) -> (Ticket, Nanos) {
        match self.scopes.borrow().get(&scope) {
            Some(open) => (scope, open.deadline),
            None => (BACKGROUND, NEVER),
        }
    }

    /// A failure for an exception of the guest that is not about memory or time.
    pub(crate) fn argument(message: String) -> Failure {
        Failure::new(Code::Argument, message)
    }

    pub(crate) fn emit(&self, event: Event) {
        self.out.borrow_mut().push(event);
        if self.is_attached() {
            // Between the turns that the owner asks for, its own code runs guest code as well.
            self.flush();
        }
    }

    /// Hands collected events to the host.
    pub(crate) fn flush(&self) {
        let events = self.out.take();
        if !events.is_empty() {
            self.shared().config.host.deliver(events);
        }
    }

    /// Removes an operation by its id.
    pub(crate) fn take_op(&self, id: OpId) -> Option<Op> {
        self.ops.borrow_mut().remove(id)
    }
}

/// The engine's poll: is the turn to end?
unsafe extern "C" fn on_poll(rt: *mut qjs::JSRuntime, opaque: *mut c_void) -> c_int {
    // SAFETY: `install` put the realm here; the engine polls only while it runs.
    let realm = unsafe { &*opaque.cast::<Realm>() };
    let shared = realm.shared();
    if shared.account.end_parsing() {
        realm.restore_stack();
    }
    if shared.account.exhausted() {
        shared.turn.condemn(crate::turn::Verdict::Memory);
    }
    if shared.turn.check().is_some() {
        // Whatever unwinding needs, and the next poll at once.
        shared.account.lend_slack();
        shared.turn.poke();
        return 1;
    }
    // SAFETY: the runtime that polls.
    unsafe { clamp_gc_threshold(rt, &shared.account) };
    0
}

/// Has the engine collect before it meets the limit: by itself it lets the heap grow by half between two collections.
pub(crate) unsafe fn clamp_gc_threshold(rt: *mut qjs::JSRuntime, account: &Account) {
    let (used, limit) = (account.used(), account.limit());
    let ceiling = (limit / 5 * 4).max(used + (limit.saturating_sub(used)) / 2);
    let ceiling = ceiling.min(limit).saturating_sub(used - account.heap().min(used)) as qjs::size_t;
    // SAFETY: the caller's: a live runtime under its lock.
    unsafe {
        if qjs::JS_GetGCThreshold(rt) > ceiling {
            qjs::JS_SetGCThreshold(rt, ceiling);
        }
    }
}
