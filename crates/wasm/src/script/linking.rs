//! Compilation off the script's thread, and instances.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};

use hostbox_buffers::Cancel;
use tokio::sync::Semaphore;
use wasmtime::{AsContextMut, Extern, ExternType, Instance, StoreContextMut};

use super::calls::{number_of, run, signature, type_name};
use super::code::{Export, Import, Kind, Module};
use super::store::State;
use super::{Failure, Result, Scripts};
use crate::machine::TICK;

/// Compilations at once in the process, those of WASI commands not counted: they leave cores to everybody else.
fn everybodys() -> &'static Semaphore {
    static PLACES: OnceLock<Semaphore> = OnceLock::new();
    PLACES
        .get_or_init(|| Semaphore::new(std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2))))
}

/// Stops what has not begun yet as soon as nobody waits for it any more.
struct StopOnDrop(Cancel);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Scripts {
    /// Compiles a module on a thread of its own, one at a time for each sandbox. A compilation that has begun goes on to its end, wanted or not.
    /// `held` is dropped with the bytes.
    ///
    /// # Errors
    /// [`Failure::Compile`] where the bytes are no valid module.
    pub async fn compile(&self, bytes: Vec<u8>, held: impl Send + 'static) -> Result<Module> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let _stop = self.begin(move || Module::compile(&bytes), held, move |made| drop(sender.send(made)))?;
        receiver.await.unwrap_or_else(|_| Err(ended()))
    }

    /// The same, waited for on this thread while `is_over` is false.
    ///
    /// # Errors
    /// As [`compile`](Self::compile), and [`Failure::Thrown`] where it was over first.
    pub fn compile_now(&self, bytes: Vec<u8>, held: impl Send + 'static, is_over: impl Fn() -> bool) -> Result<Module> {
        let (sender, receiver) = sync_channel(1);
        let _stop = self.begin(move || Module::compile(&bytes), held, move |made| drop(sender.send(made)))?;
        wait(&receiver, is_over)
    }

    /// Whether the bytes are a valid module, found out as [`compile_now`](Self::compile_now) does.
    ///
    /// # Errors
    /// [`Failure::Compile`] where they are not.
    pub fn validate(&self, bytes: Vec<u8>, held: impl Send + 'static, is_over: impl Fn() -> bool) -> Result<()> {
        let (sender, receiver) = sync_channel(1);
        let _stop = self.begin(move || Module::validate(&bytes), held, move |made| drop(sender.send(made)))?;
        wait(&receiver, is_over)
    }

    fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
        held: impl Send + 'static,
        done: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<StopOnDrop> {
        let unavailable = |error: crate::Error| Failure::Range(error.to_string());
        let (stop, own) = (Cancel::new(), self.0.compiling.clone());
        let cancel = stop.clone();
        crate::wasi::threads().map_err(unavailable)?.spawn(async move {
            // Neither is ever closed.
            let _own = own.acquire_owned().await;
            let _place = everybodys().acquire().await;
            if cancel.is_cancelled() {
                return;
            }
            let made = tokio::task::spawn_blocking(move || {
                let made = work();
                drop(held);
                made
            });
            done(made.await.unwrap_or_else(|_| Err(ended())));
        });
        Ok(StopOnDrop(stop))
    }

    /// Makes an instance. `imports` are numbers of functions, tables, memories and globals, as the module's imports are. Its start function runs.
    /// Numbers of what it exports, in the module's order.
    ///
    /// # Errors
    /// [`Failure::Link`] where an import is of another type, else as for calls.
    pub fn instantiate(&self, module: &Module, imports: &[u32]) -> Result<Vec<u32>> {
        self.with(|mut store| {
            let state = store.data_mut();
            state.pay(8 + module.0.parts)?;
            state.count_memories(module.0.memories)?;
            let externs = externs(state, module, imports)?;
            let outcome = run(&mut store, |store| Instance::new(store, &module.0.code, &externs));
            let instance = outcome.map_err(|error| store.data_mut().failure(&error, Failure::Link))?;
            exports(&mut store, module, imports, &instance)
        })
    }

    /// Pays for a module that a script keeps.
    ///
    /// # Errors
    /// [`Failure::Range`] where memory is short.
    pub fn keep(&self, module: &Module) -> Result<()> {
        self.with(|mut store| store.data_mut().pay_for(module))
    }
}

fn wait<T>(receiver: &Receiver<Result<T>>, is_over: impl Fn() -> bool) -> Result<T> {
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(made) => return made,
            Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            Err(RecvTimeoutError::Timeout) if is_over() => {
                return Err(Failure::Trap("the compilation was interrupted".into()));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn ended() -> Failure {
    Failure::Compile("the compilation ended without an outcome".into())
}

impl Module {
    /// The type of an import: of a function its [`signature`](Scripts::signature), of a global the character of its type, before it `=` where it is
    /// immutable; empty for others.
    pub fn import_type(&self, index: usize) -> String {
        match self.0.imports.get(index).map(|import| &import.ty) {
            Some(ExternType::Func(ty)) => signature(ty),
            Some(ExternType::Global(ty)) => {
                let immutable = ty.mutability() == wasmtime::Mutability::Const;
                immutable.then_some('=').into_iter().chain([type_name(ty.content())]).collect()
            }
            _ => String::new(),
        }
    }

    /// The index of an exported function in its module, which is its name.
    pub fn export_index(&self, export: usize) -> usize {
        self.0.exports.get(export).map_or(0, |export| export.index)
    }
}

fn externs(state: &State, module: &Module, imports: &[u32]) -> Result<Vec<Extern>> {
    if imports.len() != module.0.imports.len() {
        return Err(Failure::Link(format!("{} imports are given, {} wanted", imports.len(), module.0.imports.len())));
    }
    let one = |(import, number): (&Import, &u32)| {
        Ok(match import.kind {
            Kind::Function => state.function(*number)?.into(),
            Kind::Table => state.table(*number)?.into(),
            Kind::Memory => state.memory(*number)?.into(),
            Kind::Global => state.global(*number)?.into(),
        })
    };
    module.0.imports.iter().zip(imports).map(one).collect()
}

/// Numbers of what an instance exports. What it imported has the number that it had, and what it exports twice has one.
fn exports(
    store: &mut StoreContextMut<'_, State>,
    module: &Module,
    imports: &[u32],
    instance: &Instance,
) -> Result<Vec<u32>> {
    let mut known: HashMap<(&str, usize), u32> = HashMap::new();
    for kind in [Kind::Function, Kind::Table, Kind::Memory, Kind::Global] {
        let numbers = module.0.imports.iter().zip(imports).filter(|(import, _)| import.kind == kind);
        known.extend(numbers.enumerate().map(|(index, (_, number))| ((kind.name(), index), *number)));
    }
    let mut numbers = Vec::with_capacity(module.0.exports.len());
    for Export { name, kind, index } in &module.0.exports {
        let key = (kind.name(), *index);
        let number = match known.get(&key) {
            Some(number) => *number,
            None => {
                let export = instance.get_export(store.as_context_mut(), name);
                match export {
                    Some(Extern::Func(function)) => number_of(store, function),
                    Some(Extern::Table(table)) => store.data_mut().add_table(table),
                    Some(Extern::Memory(memory)) => store.data_mut().add_memory(memory),
                    Some(Extern::Global(global)) => store.data_mut().add_global(global),
                    _ => return Err(Failure::Link(format!("the export {name} is not there"))),
                }
            }
        };
        known.insert(key, number);
        numbers.push(number);
    }
    Ok(numbers)
}
