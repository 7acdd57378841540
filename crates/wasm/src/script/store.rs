//! The store of one sandbox, and who may use it just now.
//!
//! Whoever calls into a module lends it the store; an imported function gets it back for as long as it runs, and may call into a
//! module again. So there is a stack of contexts, of which the innermost alone is used. Which one that is, is looked up at run time:
//! a second user finds nothing and is refused.

use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Semaphore;
use wasmtime::{
    AsContextMut, Caller, Func, Global, Memory, ResourceLimiter, Store, StoreContextMut, Table, Trap, UpdateDeadline,
};

use super::machine::machine;
use super::{Failure, Module, Result, Value};
use crate::MemoryAccount;

/// Instances of one store. They are there as long as it is.
const INSTANCES: usize = 10_000;
/// Linear memories of one store: each takes some gibibytes of addresses.
const MEMORIES: usize = 64;
/// Linear memories of all scripts of the process.
const EVERYBODYS_MEMORIES: usize = 4_096;
/// Tables of one store.
const TABLES: usize = 1_000;
/// Elements of all tables of one store.
const TABLE_ELEMENTS: usize = 10_000_000;
/// What an object of the store takes besides its content, about.
const OBJECT_BYTES: usize = 256;

static MEMORIES_MADE: AtomicUsize = AtomicUsize::new(0);

/// An imported function threw. What it threw waits on the script's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an imported function threw")]
pub struct Thrown;

/// The script's side of a store.
pub trait Host: Send + Sync {
    /// Calls the imported function of a number. The buffers of the memories in `moved` show nothing any more: they are to be taken
    /// back before anything of the script's runs. The results are as many as the function's type has, and of its types.
    ///
    /// # Errors
    /// [`Thrown`]: the module's call ends, and its caller gets what was thrown.
    fn call(&self, import: u32, params: &[Value], moved: &[u32]) -> std::result::Result<Vec<Value>, Thrown>;

    /// Whether the running call is to end. Asked every few milliseconds while a module runs.
    fn is_over(&self) -> bool;
}

/// WebAssembly for the scripts of one sandbox. Clones are the same one; nothing is made before it is used.
#[derive(Clone, Debug)]
pub struct Scripts(pub(super) Arc<Inner>);

pub(super) struct Inner {
    contexts: Mutex<Vec<Context>>,
    /// One compilation at a time.
    pub(super) compiling: Arc<Semaphore>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").finish_non_exhaustive()
    }
}

impl Default for Scripts {
    fn default() -> Self {
        Self(Arc::new(Inner { contexts: Mutex::default(), compiling: Arc::new(Semaphore::new(1)) }))
    }
}

/// One that the store can be used through.
enum Context {
    Store(Box<Store<State>>),
    Caller(CallerPointer),
    /// Somebody uses it.
    Busy,
}

/// A caller that waits for its imported function, further up on the stack of the thread that uses it.
struct CallerPointer(NonNull<Caller<'static, State>>);

// SAFETY: the frame that the pointer leads to takes it away before it returns, and `with` is called below that frame alone: in the
// imported function that it waits for, on its thread.
unsafe impl Send for CallerPointer {}

/// A linear memory, and where the script saw it last.
pub(super) struct Shown {
    pub(super) memory: Memory,
    pub(super) span: Option<(usize, usize)>,
}

/// What the store keeps for itself.
pub(super) struct State {
    pub(super) host: Arc<dyn Host>,
    scripts: Weak<Inner>,
    pub(super) limiter: Limiter,
    pub(super) functions: Vec<Func>,
    /// Functions by the address that the engine knows them by.
    pub(super) numbers: HashMap<usize, u32>,
    pub(super) tables: Vec<Table>,
    pub(super) memories: Vec<Shown>,
    pub(super) globals: Vec<Global>,
}

pub(super) struct Limiter {
    account: Box<dyn MemoryAccount>,
    elements: usize,
    memories: usize,
    /// What could not be had since the last look, for the message.
    refused: Option<String>,
}

impl Scripts {
    /// Makes the store, where there is none yet.
    ///
    /// # Errors
    /// [`Failure::Range`] where this machine cannot run WebAssembly.
    pub fn open(&self, host: impl FnOnce() -> (Arc<dyn Host>, Box<dyn MemoryAccount>)) -> Result<()> {
        if !self.0.lock().is_empty() {
            return Ok(());
        }
        let engine = &machine()?.engine;
        let (host, account) = host();
        let limiter = Limiter { account, elements: 0, memories: 0, refused: None };
        let mut store = Box::new(Store::new(
            engine,
            State {
                host,
                scripts: Arc::downgrade(&self.0),
                limiter,
                functions: Vec::new(),
                numbers: HashMap::new(),
                tables: Vec::new(),
                memories: Vec::new(),
                globals: Vec::new(),
            },
        ));
        store.limiter(|state| &mut state.limiter);
        store.epoch_deadline_callback(|store| {
            Ok(if store.data().host.is_over() { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
        });
        self.0.lock().push(Context::Store(store));
        Ok(())
    }

    /// Uses the store.
    pub(super) fn with<R>(&self, work: impl FnOnce(StoreContextMut<'_, State>) -> Result<R>) -> Result<R> {
        let mut lent = Lent::innermost(&self.0)?;
        match &mut lent.context {
            Context::Store(store) => work(store.as_context_mut()),
            // SAFETY: whoever pushed the pointer waits, on this thread, for the imported function in which this runs, and uses its
            // caller again only after it took the pointer away. `Busy` stands in its place meanwhile: nobody else has it.
            Context::Caller(caller) => work(unsafe { caller.0.as_mut() }.as_context_mut()),
            Context::Busy => Err(busy()),
        }
    }

    /// The memories whose buffers show something else than the memory by now.
    pub fn moved(&self) -> Vec<u32> {
        self.with(|store| Ok(moved(store))).unwrap_or_default()
    }
}

fn busy() -> Failure {
    Failure::Type("WebAssembly cannot be used here".into())
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Vec<Context>> {
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A context out of its place, which it goes back to in any case: script buffers show memory of the store.
struct Lent<'a> {
    inner: &'a Inner,
    place: usize,
    context: Context,
}

impl<'a> Lent<'a> {
    fn innermost(inner: &'a Inner) -> Result<Self> {
        let mut contexts = inner.lock();
        let place = contexts.len().checked_sub(1).ok_or_else(busy)?;
        let context = std::mem::replace(&mut contexts[place], Context::Busy);
        if matches!(context, Context::Busy) {
            return Err(busy());
        }
        Ok(Self { inner, place, context })
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let context = std::mem::replace(&mut self.context, Context::Busy);
        if let Some(place) = self.inner.lock().get_mut(self.place) {
            *place = context;
        }
    }
}

/// A caller that lends the store to the imported function it calls.
struct Pushed(Arc<Inner>);

impl Drop for Pushed {
    fn drop(&mut self) {
        self.0.lock().pop();
    }
}

/// Calls an imported function; until it returns, the store is used through `caller`.
pub(super) fn call_host(caller: &mut Caller<'_, State>, import: u32, params: &[Value]) -> wasmtime::Result<Vec<Value>> {
    let host = caller.data().host.clone();
    let scripts = caller.data().scripts.upgrade().ok_or(Thrown)?;
    let moved = moved(caller.as_context_mut());
    let pointer = NonNull::from(caller).cast::<Caller<'static, State>>();
    scripts.lock().push(Context::Caller(CallerPointer(pointer)));
    let _pushed = Pushed(scripts);
    Ok(host.call(import, params, &moved)?)
}

type Sizes = Vec<Option<(usize, usize)>>;

fn store_sizes(store: &StoreContextMut<'_, State>) -> Sizes {
    let span = |shown: &Shown| shown.span.map(|_| span_of(store, shown.memory));
    store.data().memories.iter().map(span).collect()
}

/// Where a memory is now, and how long.
pub(super) fn span_of(store: &StoreContextMut<'_, State>, memory: Memory) -> (usize, usize) {
    (memory.data_ptr(store) as usize, memory.data_size(store))
}

pub(super) fn moved(mut store: StoreContextMut<'_, State>) -> Vec<u32> {
    let sizes = store_sizes(&store);
    store.data_mut().moved_in(&sizes)
}

impl State {
    /// The memories that are not where they were shown. They are not shown any more.
    fn moved_in(&mut self, sizes: &Sizes) -> Vec<u32> {
        let mut moved = Vec::new();
        for (number, (shown, now)) in (0..).zip(self.memories.iter_mut().zip(sizes)) {
            if shown.span.is_some() && shown.span != *now {
                shown.span = None;
                moved.push(number);
            }
        }
        moved
    }

    /// Pays for an object of the store, and what hangs on it.
    pub(super) fn pay(&mut self, objects: usize) -> Result<()> {
        let bytes = objects.saturating_mul(OBJECT_BYTES);
        if self.limiter.account.reserve(bytes) {
            return Ok(());
        }
        Err(Failure::Range(format!("memoryBytes: there is no room for {bytes} bytes in this sandbox's memory")))
    }

    /// Pays for the code of a module.
    pub(super) fn pay_for(&mut self, module: &Module) -> Result<()> {
        self.pay(module.bytes().div_ceil(OBJECT_BYTES))
    }

    /// Counts linear memories that are about to be made.
    pub(super) fn count_memories(&mut self, count: usize) -> Result<()> {
        let mine = self.limiter.memories + count;
        let all = MEMORIES_MADE.fetch_add(count, Relaxed) + count;
        self.limiter.memories = mine;
        if mine > MEMORIES || all > EVERYBODYS_MEMORIES {
            self.uncount_memories(count);
            return Err(Failure::Range(format!(
                "a sandbox can have {MEMORIES} memories, or fewer where others have many"
            )));
        }
        Ok(())
    }

    /// Takes back what was counted for memories that were not made.
    pub(super) fn uncount_memories(&mut self, count: usize) {
        self.limiter.memories -= count;
        MEMORIES_MADE.fetch_sub(count, Relaxed);
    }

    /// What an error of the engine means; `otherwise` where it is none of a module's own.
    pub(super) fn failure(&mut self, error: &wasmtime::Error, otherwise: fn(String) -> Failure) -> Failure {
        let refused = self.limiter.refused.take();
        if error.is::<Thrown>() {
            return Failure::Thrown;
        }
        match (error.downcast_ref::<Trap>(), refused) {
            (Some(Trap::StackOverflow), _) => Failure::Range("Maximum call stack size exceeded".into()),
            (Some(trap), _) => {
                let text = trap.to_string();
                Failure::Trap(text.strip_prefix("wasm trap: ").unwrap_or(&text).into())
            }
            (None, Some(refused)) => Failure::Range(refused),
            (None, None) => otherwise(format!("{error:#}")),
        }
    }

    /// Forgets what was refused before: a module may go on without it.
    pub(super) fn forget_refusals(&mut self) {
        self.limiter.refused = None;
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        MEMORIES_MADE.fetch_sub(self.memories, Relaxed);
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let granted = self.account.reserve(desired.saturating_sub(current));
        if !granted {
            self.refused =
                Some(format!("memoryBytes: a memory of {desired} bytes does not fit into this sandbox's memory"));
        }
        Ok(granted)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let more = desired.saturating_sub(current);
        let fits = more <= TABLE_ELEMENTS.saturating_sub(self.elements);
        let granted = fits && self.account.reserve(more.saturating_mul(size_of::<usize>()));
        if granted {
            self.elements += more;
        } else {
            self.refused = Some(format!("a table of {desired} elements does not fit into this sandbox's memory"));
        }
        Ok(granted)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}
