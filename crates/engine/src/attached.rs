//! The extension in a context that somebody else owns: no thread of ours runs it, its turns come where the owner asks for them.
//!
//! What time, stack and memory guest code takes there is the owner's affair, and so are the runtime's hooks: interrupts, module loading,
//! rejections. What natives hold for it, how many operations are pending, and what it is granted is bounded as in a sandbox.
//!
//! A realm hangs on the runtime, not on a handle: guest code can reach its functions as long as it lives. It is freed with the runtime.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rquickjs::{Ctx, JsLifetime, qjs};

use crate::actor::Shared;
use crate::clock::{NEVER, now};
use crate::extension::Global;
use crate::mail::{Code, Failure};
use crate::realm::{Current, Realm};
use crate::sandbox::{Config, Sandbox};

/// A step gives its thread back after this.
const SLICE: u64 = 10_000_000;

/// What there is to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing: no timer, no operation, no job.
    Idle,
    /// A timer or an operation. The host is woken when it is time to go on.
    Waiting,
    /// There is more to do right now.
    Busy,
}

/// What a runtime keeps of its contexts with a realm. Dropped when the runtime is, before its values.
#[derive(Default)]
struct Realms(RefCell<Vec<Entry>>);

struct Entry {
    realm: *mut Realm,
    shared: Arc<Shared>,
}

// SAFETY: no value of the engine's has its lifetime in here; realms own theirs and free them.
unsafe impl JsLifetime<'_> for Realms {
    type Changed<'to> = Realms;
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.shared.close(None);
        // SAFETY: the runtime goes, which nobody else has any more; the context lives by the reference that `new` took, and the realm
        // comes from there.
        unsafe {
            let cx = (*self.realm).cx;
            qjs::JS_SetContextOpaque(cx, std::ptr::null_mut());
            Realm::dispose(self.realm);
            qjs::JS_FreeContext(cx);
        }
    }
}

/// The host's side of a context with an extension. Dropping it closes it: timers and operations end, and new ones are refused.
pub struct Attached {
    sandbox: Arc<Sandbox>,
}

impl Attached {
    /// Brings an extension into a context; `wants` says which of its globals.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` for a context that has one already, or whose runtime is in use otherwise.
    pub fn new(ctx: &Ctx<'_>, config: Config, wants: &dyn Fn(&Global) -> bool) -> Result<Self, Failure> {
        let cx = ctx.as_raw().as_ptr();
        // SAFETY: a live context; the value is compared only.
        if !unsafe { qjs::JS_GetContextOpaque(cx) }.is_null() {
            let message =
                "Expected a context of its own for the host, but something is installed into this one already";
            return Err(Failure::new(Code::Argument, message));
        }
        if ctx.userdata::<Realms>().is_none() && ctx.store_userdata(Realms::default()).is_err() {
            return Err(Failure::new(Code::Argument, "Expected a runtime whose user data is not borrowed"));
        }
        let Some(realms) = ctx.userdata::<Realms>() else {
            return Err(Failure::new(Code::Internal, "internal error: the runtime's user data is gone"));
        };
        let shared = Shared::attached(config);
        // SAFETY: whoever has a `Ctx` has the lock; the entry keeps the context and what is shared alive, and frees the realm before both.
        let realm = unsafe { Realm::attach_to(qjs::JS_DupContext(cx), &shared, wants) };
        realms.0.borrow_mut().push(Entry { realm, shared: shared.clone() });
        Ok(Self { sandbox: Arc::new(Sandbox { shared }) })
    }

    /// Gives a context what the engine gives to the first one of a runtime alone (quickjs-ng 0.16.2, `JS_AddIntrinsicAToB`).
    pub fn complete(ctx: &Ctx<'_>) {
        let globals = ctx.globals();
        let has = |name: &str| globals.contains_key(name).unwrap_or(false);
        if has("atob") && !has("DOMException") {
            // SAFETY: a live context under its lock; where memory is short, the exception that is pending is dropped.
            unsafe {
                if qjs::JS_AddIntrinsicDOMException(ctx.as_raw().as_ptr()) < 0 {
                    ctx.catch();
                }
            }
        }
    }

    /// Takes answers to calls of the host.
    pub fn sandbox(&self) -> &Arc<Sandbox> {
        &self.sandbox
    }

    /// Whether a context has an extension.
    pub fn is_in(ctx: &Ctx<'_>) -> bool {
        with_realm(ctx, |_| ()).is_some()
    }

    /// Runs what is ready in a context: jobs, immediates, due timers, completions. Never waits.
    ///
    /// # Errors
    /// `ERR_CLOSED` where the host is gone, `ERR_ARGUMENT` for a context without one, `ERR_INTERNAL` after a panic in a native function.
    pub fn step(ctx: &Ctx<'_>) -> Result<Progress, Failure> {
        with_realm(ctx, Realm::step).unwrap_or_else(|| Err(no_host()))
    }

    /// Blocks until there is something to run, or `step` would say that there never will be.
    ///
    /// # Errors
    /// As `step`.
    pub fn wait(ctx: &Ctx<'_>) -> Result<(), Failure> {
        let wait = |realm: &Realm| {
            let due = realm.timers.borrow_mut().due();
            realm.shared().wait_for_mail(due.unwrap_or(NEVER));
        };
        with_realm(ctx, wait).ok_or_else(no_host)
    }

    /// Runs something in a plugin's name: what it writes to the console, registers and begins is that plugin's.
    pub fn in_name_of<R>(ctx: &Ctx<'_>, plugin: &str, body: impl FnOnce() -> R) -> R {
        let set =
            |realm: &Realm, name: Option<Rc<str>>| std::mem::replace(&mut realm.current.borrow_mut().plugin, name);
        let before = with_realm(ctx, |realm| set(realm, Some(plugin.into())));
        let result = body();
        if let Some(before) = before {
            with_realm(ctx, |realm| set(realm, before));
        }
        result
    }

    /// Whether this is the host of a context.
    pub fn is_of(&self, ctx: &Ctx<'_>) -> bool {
        with_realm(ctx, |realm| std::ptr::eq(realm.shared(), &raw const *self.sandbox.shared)) == Some(true)
    }

    /// Ends timers and operations, from any thread.
    pub fn close(&self) {
        self.sandbox.close(None);
    }
}

fn no_host() -> Failure {
    Failure::new(Code::Argument, "Expected a context with an installed host")
}

fn with_realm<R>(ctx: &Ctx<'_>, read: impl FnOnce(&Realm) -> R) -> Option<R> {
    let cx = ctx.as_raw().as_ptr();
    let realm = {
        let realms = ctx.userdata::<Realms>()?;
        let realms = realms.0.borrow();
        // SAFETY: an entry's realm lives as long as the runtime.
        realms.iter().map(|entry| entry.realm).find(|realm| unsafe { (**realm).cx } == cx)?
    };
    // SAFETY: as above; whoever has a `Ctx` has the lock.
    Some(read(unsafe { &*realm }))
}

impl Realm {
    fn step(&self) -> Result<Progress, Failure> {
        if self.has_panicked() {
            return Err(Failure::new(Code::Internal, "internal error: a panic in a native function; please report it"));
        }
        let until = now() + SLICE;
        self.run_jobs();
        while self.shared().is_open() && self.round() {
            if now() > until {
                return Ok(Progress::Busy);
            }
        }
        if !self.shared().is_open() {
            self.end_all();
            return Err(Failure::new(Code::Closed, "the host that was installed into this context is closed"));
        }
        self.set_alarm();
        let waits = self.ops.borrow().len() + self.timers.borrow().len() > 0;
        Ok(if waits { Progress::Waiting } else { Progress::Idle })
    }

    /// One macrotask and the jobs after it, in a context that somebody else owns.
    pub(crate) fn turn_of_owner(&self, current: Current, body: impl FnOnce(&Self)) {
        let before = self.current.replace(current);
        body(self);
        self.run_jobs();
        self.current.replace(before);
    }

    /// Ends what a closed host left behind.
    fn end_all(&self) {
        let ops = self.ops.borrow_mut().take(|_| true);
        for op in ops {
            op.stop();
            // SAFETY: under the lock.
            unsafe { op.free(self.cx) };
        }
        let timers = self.timers.borrow_mut().take(|_| true);
        self.free_timers(timers);
    }
}
