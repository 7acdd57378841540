//! Pending operations of a guest: promises that something outside the engine settles.
//!
//! A plain table of resolve functions: the cheapest event loop there is. Every value here is freed under the engine's lock, by
//! `settle`, `cancel_scope` or `clear`; a late completion meets another generation and is dropped.

use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rquickjs::{Ctx, Value, qjs};
use tokio::task::AbortHandle;

use crate::actor::Shared;
use crate::mail::{Mail, Ticket};
use crate::payload::Payload;

/// Names a pending operation; unique in its sandbox, below 2⁵³.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpId(pub u64);

const INDEX_BITS: u32 = 20;

impl OpId {
    fn new(index: usize, generation: u32) -> Self {
        Self(u64::from(generation) << INDEX_BITS | index as u64)
    }

    fn index(self) -> usize {
        (self.0 & ((1 << INDEX_BITS) - 1)) as usize
    }

    fn generation(self) -> u32 {
        u32::try_from(self.0 >> INDEX_BITS).unwrap_or(u32::MAX)
    }
}

/// An exception that an operation ends with.
#[derive(Debug, Default, Clone)]
pub struct OpError {
    /// The error's class in the guest.
    pub class: ErrorClass,
    /// Its message.
    pub message: String,
    /// Its own `name`, where it differs from the class's.
    pub name: Option<String>,
    /// Its `code`.
    pub code: Option<String>,
}

/// Classes of errors that operations throw.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// `Error`
    #[default]
    Error,
    /// `TypeError`
    Type,
    /// `RangeError`
    Range,
    /// `TypeError` whose `cause` says why: a `DOMException` where the error has a name, else an `Error` with the code.
    TypeWithCause,
}

type Finish = Box<dyn for<'js> FnOnce(&Ctx<'js>, Option<Value<'js>>) -> rquickjs::Result<Value<'js>> + Send>;

/// How an operation ended.
pub enum OpOutcome {
    /// With a value.
    Value(Payload),
    /// With an exception.
    Error(OpError),
    /// With work that is left for the guest's own thread; it gets the value that the operation held.
    Finish(Finish),
}

/// Who settles an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OpKind {
    /// Threads of ours.
    Native,
    /// The app's function of this name.
    Host(String),
}

pub(crate) struct Op {
    pub(crate) scope: Ticket,
    pub(crate) kind: OpKind,
    pub(crate) resolve: qjs::JSValue,
    pub(crate) reject: qjs::JSValue,
    pub(crate) held: qjs::JSValue,
    pub(crate) cancel: Arc<AtomicBool>,
    /// What works on it, where that is a future.
    pub(crate) task: Option<AbortHandle>,
    pub(crate) plugin: Option<std::rc::Rc<str>>,
}

impl Op {
    /// Tells whoever works on it that nobody waits any more.
    pub(crate) fn stop(&self) {
        self.cancel.store(true, Relaxed);
        if let Some(task) = &self.task {
            task.abort();
        }
    }

    /// # Safety
    /// Under the lock of the engine that the values belong to.
    pub(crate) unsafe fn free(self, cx: *mut qjs::JSContext) {
        for value in [self.resolve, self.reject, self.held] {
            // SAFETY: the table owned one reference of each.
            unsafe { qjs::JS_FreeValue(cx, value) };
        }
    }
}

#[derive(Default)]
pub(crate) struct OpTable {
    slots: Vec<(u32, Option<Op>)>,
    free: Vec<usize>,
}

impl OpTable {
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn insert(&mut self, op: Op) -> OpId {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index];
            slot.0 = slot.0.wrapping_add(1);
            slot.1 = Some(op);
            return OpId::new(index, slot.0);
        }
        self.slots.push((1, Some(op)));
        OpId::new(self.slots.len() - 1, 1)
    }

    pub(crate) fn remove(&mut self, id: OpId) -> Option<Op> {
        let slot = self.slots.get_mut(id.index()).filter(|slot| slot.0 == id.generation())?;
        let op = slot.1.take()?;
        self.free.push(id.index());
        Some(op)
    }

    /// Names the future that works on an operation, so that it ends with it.
    pub(crate) fn set_task(&mut self, id: OpId, task: AbortHandle) {
        let slot = self.slots.get_mut(id.index()).filter(|slot| slot.0 == id.generation());
        if let Some((_, Some(op))) = slot {
            op.task = Some(task);
        }
    }

    pub(crate) fn get(&self, id: OpId) -> Option<&Op> {
        self.slots.get(id.index()).filter(|slot| slot.0 == id.generation())?.1.as_ref()
    }

    /// Takes out every operation that `chosen` picks.
    pub(crate) fn take(&mut self, chosen: impl Fn(&Op) -> bool) -> Vec<Op> {
        let mut taken = Vec::new();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if slot.1.as_ref().is_some_and(&chosen) {
                taken.extend(slot.1.take());
                self.free.push(index);
            }
        }
        taken
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = &OpKind> {
        self.slots.iter().filter_map(|slot| slot.1.as_ref()).map(|op| &op.kind)
    }
}

/// Settles one operation from any thread. Dropped without an outcome, it fails the operation.
pub struct Completer {
    sandbox: Weak<Shared>,
    op: OpId,
    cancel: Arc<AtomicBool>,
    done: bool,
}

impl Completer {
    pub(crate) fn new(sandbox: Weak<Shared>, op: OpId, cancel: Arc<AtomicBool>) -> Self {
        Self { sandbox, op, cancel, done: false }
    }

    /// Set when nobody waits for the outcome any more: work may stop.
    pub fn cancelled(&self) -> Arc<AtomicBool> {
        self.cancel.clone()
    }

    /// Whether nobody waits for the outcome any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Relaxed)
    }

    pub(crate) fn op(&self) -> OpId {
        self.op
    }

    /// Leaves the completion to the host: `Sandbox::answer` with this id.
    pub(crate) fn into_host_call(mut self) -> OpId {
        self.done = true;
        self.op
    }

    /// Hands over the outcome.
    pub fn complete(mut self, outcome: OpOutcome) {
        self.post(outcome);
    }

    fn post(&mut self, outcome: OpOutcome) {
        self.done = true;
        if let Some(sandbox) = self.sandbox.upgrade() {
            sandbox.post(Mail::OpDone { op: self.op, outcome });
        }
    }
}

impl Drop for Completer {
    fn drop(&mut self) {
        // A future that was ended together with its operation has nothing to say.
        if !self.done && !self.is_cancelled() {
            let message = "internal error: the operation ended without an outcome".into();
            self.post(OpOutcome::Error(OpError { message, ..OpError::default() }));
        }
    }
}
