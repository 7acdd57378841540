//! Functions: calls into modules, and imported functions that modules call.

use wasmtime::{AsContextMut, ExternType, Func, FuncType, RefType, StoreContextMut, Val, ValType};

use super::machine::machine;
use super::store::{State, call_host};
use super::{Failure, Module, Result, Scripts, Value};

/// One character a type: `i` and `I` for integers of 32 and 64 bits, `f` and `F` for floats, `r` for references to functions, `x` for what scripts
/// have no values for.
pub(super) fn type_name(ty: &ValType) -> char {
    match ty {
        ValType::I32 => 'i',
        ValType::I64 => 'I',
        ValType::F32 => 'f',
        ValType::F64 => 'F',
        ValType::Ref(reference) if RefType::eq(reference, &RefType::FUNCREF) => 'r',
        _ => 'x',
    }
}

/// `parameters:results`, one character each.
pub(super) fn signature(ty: &FuncType) -> String {
    let params = ty.params().map(|ty| type_name(&ty));
    params.chain([':']).chain(ty.results().map(|ty| type_name(&ty))).collect()
}

impl State {
    pub(super) fn function(&self, number: u32) -> Result<Func> {
        self.functions.get(number as usize).copied().ok_or_else(|| Failure::Type("there is no such function".into()))
    }
}

/// The number of a function, which it has for good.
pub(super) fn number_of(store: &mut StoreContextMut<'_, State>, function: Func) -> u32 {
    let address = function.to_raw(store.as_context_mut()) as usize;
    let state = store.data_mut();
    let next = u32::try_from(state.functions.len()).unwrap_or(u32::MAX);
    let number = *state.numbers.entry(address).or_insert(next);
    if number == next {
        state.functions.push(function);
    }
    number
}

pub(super) fn to_value(store: &mut StoreContextMut<'_, State>, value: &Val) -> Result<Value> {
    Ok(match value {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(bits) => Value::F32(f32::from_bits(*bits)),
        Val::F64(bits) => Value::F64(f64::from_bits(*bits)),
        Val::FuncRef(function) => Value::Func(function.map(|function| number_of(store, function))),
        _ => return Err(Failure::Type("a value of this type has no counterpart in JavaScript".into())),
    })
}

pub(super) fn to_val(state: &State, value: Value) -> Result<Val> {
    Ok(match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(value) => Val::F32(value.to_bits()),
        Value::F64(value) => Val::F64(value.to_bits()),
        Value::Func(number) => Val::FuncRef(number.map(|number| state.function(number)).transpose()?),
    })
}

impl Scripts {
    /// The type of a function: a character for each parameter, a colon, and one for each result. `i`, `I`, `f`, `F`, `r` for a reference to a function,
    /// `x` for what scripts have no values for.
    ///
    /// # Errors
    /// [`Failure::Type`] where there is no such function.
    pub fn signature(&self, function: u32) -> Result<String> {
        self.with(|store| Ok(signature(&store.data().function(function)?.ty(&store))))
    }

    /// Calls a function. Imported functions that it calls may use these scripts again.
    ///
    /// # Errors
    /// [`Failure::Trap`], [`Failure::Range`] where the stack is used up, [`Failure::Thrown`] what an imported function threw,
    /// [`Failure::Type`] where the arguments are not of the function's types.
    pub fn call(&self, function: u32, params: &[Value]) -> Result<Vec<Value>> {
        self.with(|mut store| {
            let function = store.data().function(function)?;
            let params = params.iter().map(|value| to_val(store.data(), *value)).collect::<Result<Vec<_>>>()?;
            let mut results = vec![Val::I32(0); function.ty(&store).results().len()];
            let outcome = run(&mut store, |store| function.call(store, &params, &mut results));
            outcome.map_err(|error| store.data_mut().failure(&error, Failure::Type))?;
            results.iter().map(|value| to_value(&mut store, value)).collect()
        })
    }

    /// Makes a function of the type of a module's import; calls of it go to the host, with the number `import`.
    ///
    /// # Errors
    /// [`Failure::Link`] where the module imports no function there, [`Failure::Range`] where memory is short.
    pub fn import_function(&self, module: &Module, index: usize, import: u32) -> Result<u32> {
        self.with(|mut store| {
            let Some(ExternType::Func(ty)) = module.0.imports.get(index).map(|import| import.ty.clone()) else {
                return Err(Failure::Link("there is no such import".into()));
            };
            store.data_mut().pay(2)?;
            let function = Func::try_new(store.as_context_mut(), ty, move |mut caller, params, results| {
                let mut store = caller.as_context_mut();
                let params = params.iter().map(|value| to_value(&mut store, value));
                let params = params.collect::<Result<Vec<_>>>().map_err(unspeakable)?;
                let answer = call_host(&mut caller, import, &params)?;
                for (place, value) in results.iter_mut().zip(answer) {
                    *place = to_val(caller.data(), value).map_err(unspeakable)?;
                }
                Ok(())
            });
            let function = function.map_err(|error| store.data_mut().failure(&error, Failure::Range))?;
            Ok(number_of(&mut store, function))
        })
    }
}

/// For a value that cannot cross, in the middle of a call.
fn unspeakable(failure: Failure) -> wasmtime::Error {
    match failure {
        Failure::Type(text) => wasmtime::Error::msg(text),
        _ => wasmtime::Error::msg("a value cannot cross"),
    }
}

/// Runs code of a module under the clock.
pub(super) fn run<R>(
    store: &mut StoreContextMut<'_, State>,
    work: impl FnOnce(StoreContextMut<'_, State>) -> wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    let machine = machine().map_err(|_| wasmtime::Error::msg("WebAssembly cannot run here"))?;
    let _running = machine.running();
    store.data_mut().forget_refusals();
    store.set_epoch_deadline(1);
    work(store.as_context_mut())
}
