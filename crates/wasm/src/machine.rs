//! The machine that all sandboxes of the process share: wasmtime's engine, and the clock that ends what runs too long.
//!
//! Made on first use. Compiled code knows the engine that it was made for; memories and instances are drawn from a pool whose address
//! space is reserved once, or from the system where there is not that much.

use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::{Error, Result};

/// How long compiled code runs between two looks at whether it is still wanted.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// Runs at once in the process; others wait for their turn. Each needs a slot of the pool and a thread.
pub(crate) const SLOTS: u32 = 64;
/// Memories and tables of all runs together: components have several.
const POOLED: u32 = 4 * SLOTS;
/// Tables of one module: languages with references to host objects have several.
const TABLES: u32 = 16;
/// The most that one table may have.
const TABLE_ELEMENTS: usize = 1 << 20;
/// What a slot keeps mapped from one run to the next.
const KEPT_BYTES: usize = 1 << 20;
/// Of one run's own stack; the host's frames come on top.
const STACK_BYTES: usize = 1 << 20;

pub(crate) struct Machine {
    pub(crate) engine: Engine,
    ticker: Arc<Ticker>,
}

impl Machine {
    pub(crate) fn get() -> Result<&'static Machine> {
        static MACHINE: OnceLock<std::result::Result<Machine, String>> = OnceLock::new();
        MACHINE.get_or_init(Machine::new).as_ref().map_err(|error| Error::Unavailable(error.clone()))
    }

    fn new() -> std::result::Result<Machine, String> {
        // Address space may be short: under `ulimit -v`, in containers, on small systems.
        let engine = Engine::new(&config(true)).or_else(|_| Engine::new(&config(false)));
        let engine = engine.or_else(|_| Engine::new(config(false).memory_reservation(0)));
        let engine = engine.map_err(|error| format!("{error:#}"))?;
        let ticker = Arc::new(Ticker::default());
        let (clock, ticked) = (ticker.clone(), engine.clone());
        let thread = std::thread::Builder::new().name("hostbox-epoch".into()).stack_size(128 << 10);
        thread.spawn(move || clock.run(&ticked)).map_err(|error| error.to_string())?;
        Ok(Machine { engine, ticker })
    }

    /// The clock ticks as long as somebody holds one of these.
    pub(crate) fn running(&self) -> Running<'_> {
        *self.ticker.lock() += 1;
        self.ticker.wake.notify_one();
        Running(self)
    }
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
            .linear_memory_keep_resident(KEPT_BYTES);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

/// Counts who runs; the clock sleeps while nobody does.
#[derive(Default)]
struct Ticker {
    running: Mutex<usize>,
    wake: Condvar,
}

impl Ticker {
    fn lock(&self) -> std::sync::MutexGuard<'_, usize> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, engine: &Engine) {
        loop {
            let mut running = self.lock();
            while *running == 0 {
                running = self.wake.wait(running).unwrap_or_else(PoisonError::into_inner);
            }
            drop(running);
            std::thread::sleep(TICK);
            engine.increment_epoch();
        }
    }
}

pub(crate) struct Running<'a>(&'a Machine);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        *self.0.ticker.lock() -= 1;
    }
}
