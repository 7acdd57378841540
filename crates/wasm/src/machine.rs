//! The machine that all sandboxes of the process share: wasmtime's engine, and the clock that ends what runs too long.
//!
//! Made on first use. Compiled code knows the engine that it was made for; memories and instances are drawn from a pool whose address
//! space is reserved once, or from the system where there is not that much.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use hostbox_buffers::Cancel;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, Memory, MemoryType, OptLevel, PoolingAllocationConfig, Store,
    Strategy,
};

use crate::error::{Error, Result};
use crate::limits::Limits;

/// How long compiled code runs between two looks at whether it is still wanted.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// Runs at once in the process; others wait for their turn. Each needs a slot of the pool and a thread.
pub(crate) const SLOTS: u32 = 64;
/// Requests that find their instance's memory in a pool; those beyond take it from the system.
#[cfg(feature = "net")]
pub(crate) const REQUESTS: usize = 32;
/// Memories and tables of all runs together: components have several.
const POOLED: u32 = 4 * SLOTS;
/// Tables of one module: languages with references to host objects have several.
const TABLES: u32 = 16;
/// The most that one table may have.
const TABLE_ELEMENTS: usize = 1 << 20;
/// What a slot keeps mapped of its memory from one run to the next …
const KEPT_BYTES: usize = 1 << 20;
/// … and of its table.
const KEPT_TABLE_BYTES: usize = 64 << 10;
/// Of one run's own stack; the host's frames come on top.
pub(crate) const STACK_BYTES: usize = 1 << 20;
/// Memories that must fit into the address space at once, or none is reserved ahead.
const PROBED_MEMORIES: usize = 8;

/// How code is compiled for components.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CodeOptions {
    /// Counts instructions, so that an instance can be given a budget. Costs up to a third of the speed.
    pub fuel: bool,
    /// Makes every NaN the same one, so that results are alike on all machines.
    pub canonicalize_nans: bool,
    /// What the compiler takes its time for.
    pub level: Level,
    /// Keeps what a debugger or a profiler needs of the module's own debug information.
    pub debug_info: bool,
    /// Begins with code that is compiled quickly and runs slower, until the other is there.
    pub baseline: bool,
    /// Takes components that need component-model async: async functions, streams, futures, WASI 0.3.
    pub experimental: bool,
}

/// The stack of an instance: one of a few sizes, since a machine has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stack(usize);

impl Default for Stack {
    fn default() -> Self {
        Self(STACK_BYTES)
    }
}

impl Stack {
    /// The least that has room for so many bytes: a power of two from 64 KiB to 4 MiB.
    pub(crate) fn of(bytes: usize) -> Self {
        Self(bytes.clamp(*Limits::STACKS.start(), *Limits::STACKS.end()).next_power_of_two())
    }

    pub(crate) fn bytes(self) -> usize {
        self.0
    }
}

/// What code of a command depends on beside its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Whether it counts instructions.
    pub(crate) has_fuel: bool,
    pub(crate) stack: Stack,
}

/// What the compiler takes its time for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    /// Nothing: code that is there sooner and runs slower.
    None,
    /// Fast code.
    #[default]
    Speed,
    /// Fast code that is small.
    SpeedAndSize,
}

pub(crate) struct Machine {
    pub(crate) engine: Engine,
    ticker: Arc<Ticker>,
}

impl Machine {
    /// The machine of commands: instances that live for one run, from a pool.
    pub(crate) fn get() -> Result<&'static Machine> {
        static MACHINE: OnceLock<std::result::Result<Machine, String>> = OnceLock::new();
        let machine = MACHINE.get_or_init(|| {
            // Address space may be short: under `ulimit -v`, in containers, on small systems.
            Machine::new(&[&config(true), &config(false), config(false).memory_reservation(0)])
        });
        machine.as_ref().map_err(|error| Error::Unavailable(error.clone()))
    }

    /// The machine of commands whose code is not as all others': with memory from the system, as that of components.
    pub(crate) fn for_commands(form: Form) -> Result<&'static Machine> {
        if form == Form::default() {
            return Machine::get();
        }
        Machine::for_components(CodeOptions { fuel: form.has_fuel, ..CodeOptions::default() }, form.stack)
    }

    /// The machine of components: instances that live as long as their owner wants, each with memory of its own and a stack of so many bytes.
    /// Components that need component-model async (`experimental`) have one apart, with what that takes in every store.
    pub(crate) fn for_components(options: CodeOptions, stack: Stack) -> Result<&'static Machine> {
        static MACHINES: OnceLock<Mutex<HashMap<(CodeOptions, Stack), &'static Machine>>> = OnceLock::new();
        let mut machines = MACHINES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(machine) = machines.get(&(options, stack)) {
            return Ok(machine);
        }
        let mut config = config(false);
        if options.baseline {
            config.strategy(Strategy::Winch);
        }
        config
            .max_wasm_stack(stack.bytes())
            .async_stack_size(stack.bytes() + STACK_BYTES)
            .concurrency_support(options.experimental)
            .consume_fuel(options.fuel)
            .cranelift_nan_canonicalization(options.canonicalize_nans)
            .debug_info(options.debug_info)
            .cranelift_opt_level(match options.level {
                Level::None => OptLevel::None,
                Level::Speed => OptLevel::Speed,
                Level::SpeedAndSize => OptLevel::SpeedAndSize,
            });
        let machine = Machine::new(&[&config, config.clone().memory_reservation(0)]).map_err(Error::Unavailable)?;
        // As many as there are different options, at most.
        let machine: &'static Machine = Box::leak(Box::new(machine));
        machines.insert((options, stack), machine);
        Ok(machine)
    }

    /// The same machine with a pool for [`REQUESTS`] instances that live as long as one request. None where there is no address space for it.
    #[cfg(feature = "net")]
    pub(crate) fn pooled(&'static self) -> Option<&'static Machine> {
        static POOLED: OnceLock<Mutex<HashMap<usize, Option<&'static Machine>>>> = OnceLock::new();
        let mut pooled = POOLED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        *pooled.entry(std::ptr::from_ref(self).addr()).or_insert_with(|| {
            let mut config = self.engine.config().clone();
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(requests()));
            let machine = Machine::new(&[&config]).ok()?;
            // One for each machine of components, at most.
            Some(&*Box::leak(Box::new(machine)))
        })
    }

    /// With the first configuration that there is address space for.
    pub(crate) fn new(configs: &[&Config]) -> std::result::Result<Machine, String> {
        let mut engine = Err("there is no configuration".to_string());
        for config in configs {
            engine = Engine::new(config).and_then(has_room).map_err(|error| format!("{error:#}"));
            if engine.is_ok() {
                break;
            }
        }
        let engine = engine?;
        let ticker = Arc::new(Ticker::default());
        let (clock, ticked) = (ticker.clone(), engine.clone());
        let thread = std::thread::Builder::new().name("hostbox-epoch".into()).stack_size(128 << 10);
        thread.spawn(move || clock.run(&ticked)).map_err(|error| error.to_string())?;
        Ok(Machine { engine, ticker })
    }

    /// The clock ticks as long as somebody holds one of these.
    pub(crate) fn running(&self) -> Running<'_> {
        self.ticker.begin();
        Running(self)
    }

    /// Has the clock call `late` where something is still watched two ticks after it was cancelled or its deadline passed, whatever it waits for.
    pub(crate) fn watch(&self, cancel: Cancel, late: impl FnOnce() + Send + 'static) -> Watch {
        let watched = Watched { cancel, is_late: false, late: Box::new(late) };
        let number = self.ticker.last.fetch_add(1, SeqCst);
        self.ticker.watched().insert(number, watched);
        self.ticker.begin();
        Watch { ticker: self.ticker.clone(), number }
    }
}

/// Whether there is address space for the memories of a component, which are reserved one by one.
fn has_room(engine: Engine) -> wasmtime::Result<Engine> {
    let mut store = Store::new(&engine, ());
    for _ in 0..PROBED_MEMORIES {
        Memory::new(&mut store, MemoryType::new(0, None))?;
    }
    Ok(engine)
}

/// One thread compiles a module, without the feature `parallel-compilation`: a hostile one must not occupy every core.
fn config(is_pooled: bool) -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true).max_wasm_stack(STACK_BYTES).async_stack_size(2 * STACK_BYTES);
    if is_pooled {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_memories(SLOTS)
            .total_stacks(SLOTS)
            .total_tables(POOLED)
            .table_elements(TABLE_ELEMENTS)
            .max_tables_per_module(TABLES)
            .max_tables_per_component(TABLES)
            .total_core_instances(POOLED)
            .total_component_instances(SLOTS)
            .linear_memory_keep_resident(KEPT_BYTES)
            .table_keep_resident(KEPT_TABLE_BYTES)
            // What was not written need not be cleared, where the system can tell.
            .pagemap_scan(Enabled::Auto);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

/// A pool for requests. What one component may have is bounded, so that there is room for as many as there are places.
#[cfg(feature = "net")]
fn requests() -> PoolingAllocationConfig {
    const MEMORIES: u32 = 4;
    const CORES: u32 = 16;
    let places = REQUESTS as u32;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(places)
        .total_stacks(places)
        .max_core_instances_per_component(CORES)
        .total_core_instances(CORES * places)
        .max_memories_per_component(MEMORIES)
        .total_memories(MEMORIES * places)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .total_tables(TABLES * places)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEPT_BYTES / MEMORIES as usize)
        .table_keep_resident(KEPT_TABLE_BYTES)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Counts who runs; the clock sleeps while nobody does.
#[derive(Default)]
struct Ticker {
    running: AtomicUsize,
    /// Set before the clock looks for the last time whether somebody runs, and cleared when it is awake again.
    is_asleep: AtomicBool,
    sleep: Mutex<()>,
    wake: Condvar,
    watched: Mutex<HashMap<u64, Watched>>,
    last: AtomicU64,
}

/// What has to end in time.
struct Watched {
    cancel: Cancel,
    /// Whether it should have ended before the last tick.
    is_late: bool,
    late: Box<dyn FnOnce() + Send>,
}

impl Ticker {
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.sleep.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<u64, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) {
        self.running.fetch_add(1, SeqCst);
        // Most calls find the clock awake and touch no lock.
        if self.is_asleep.load(SeqCst) {
            drop(self.lock());
            self.wake.notify_one();
        }
    }

    /// Ends the wait for what should have ended by itself.
    fn look(&self) {
        let mut ended = Vec::new();
        self.watched().retain(|_, watched| {
            let was_late = watched.is_late;
            watched.is_late = watched.cancel.is_cancelled();
            if was_late {
                ended.push(std::mem::replace(&mut watched.late, Box::new(|| ())));
            }
            !was_late
        });
        for late in ended {
            late();
        }
    }

    fn run(&self, engine: &Engine) {
        loop {
            if self.running.load(SeqCst) == 0 {
                let mut sleep = self.lock();
                self.is_asleep.store(true, SeqCst);
                while self.running.load(SeqCst) == 0 {
                    sleep = self.wake.wait(sleep).unwrap_or_else(PoisonError::into_inner);
                }
                self.is_asleep.store(false, SeqCst);
            }
            std::thread::sleep(TICK);
            engine.increment_epoch();
            self.look();
        }
    }
}

pub(crate) struct Running<'a>(&'a Machine);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.ticker.running.fetch_sub(1, SeqCst);
    }
}

/// As long as it is held, the clock ticks and looks at what is watched.
pub(crate) struct Watch {
    ticker: Arc<Ticker>,
    number: u64,
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Dropped outside the lock: it may hold anything.
        let watched = self.ticker.watched().remove(&self.number);
        drop(watched);
        self.ticker.running.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{TryRecvError, channel};

    use super::*;

    #[test]
    fn what_should_have_ended_and_has_not_is_given_up_and_nothing_else() {
        let machine = Machine::get().unwrap();
        let (given_up, heard) = channel();
        let watch = |name: &'static str, cancel: &Cancel| {
            let given_up = given_up.clone();
            machine.watch(cancel.clone(), move || given_up.send(name).unwrap())
        };
        let cancelled = Cancel::new();
        let ended = watch("ended", &cancelled);
        let _other = watch("other", &Cancel::new());
        let _stuck = watch("stuck", &cancelled);
        drop(ended);
        cancelled.cancel();
        assert_eq!(heard.recv(), Ok("stuck"));
        let _late = watch("late", &Cancel::new().until(std::time::Instant::now()));
        assert_eq!(heard.recv(), Ok("late"));
        assert_eq!(heard.try_recv(), Err(TryRecvError::Empty));
    }
}
