//! `host:webassembly`: see `ops.d.ts`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hostbox_engine::{Call, Charge, LentBuffer, Native, NativeModule, OpOutcome};
use hostbox_wasm::script::{Failure, Host, Module, Result as Outcome, Scripts, Thrown, Value as Wasm};
use rquickjs::{Array, BigInt, Ctx, IntoJs, Value};

use crate::Data;
use crate::wasi::ops::Account;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:webassembly",
    functions: &[
        Native { name: c"call", length: 4, run: call_function },
        Native { name: c"compile", length: 1, run: compile },
        Native { name: c"compileNow", length: 1, run: compile_now },
        Native { name: c"customSections", length: 2, run: custom_sections },
        Native { name: c"exports", length: 1, run: exports },
        Native { name: c"globalGet", length: 1, run: global_get },
        Native { name: c"globalSet", length: 3, run: global_set },
        Native { name: c"globalType", length: 1, run: global_type },
        Native { name: c"growMemory", length: 2, run: grow_memory },
        Native { name: c"growTable", length: 3, run: grow_table },
        Native { name: c"importFunction", length: 3, run: import_function },
        Native { name: c"imports", length: 1, run: imports },
        Native { name: c"instantiate", length: 3, run: instantiate },
        Native { name: c"memoryBuffer", length: 1, run: memory_buffer },
        Native { name: c"newGlobal", length: 3, run: new_global },
        Native { name: c"newMemory", length: 2, run: new_memory },
        Native { name: c"newTable", length: 3, run: new_table },
        Native { name: c"signature", length: 1, run: signature },
        Native { name: c"tableGet", length: 2, run: table_get },
        Native { name: c"tableLength", length: 1, run: table_length },
        Native { name: c"tableSet", length: 3, run: table_set },
        Native { name: c"validate", length: 1, run: validate },
    ],
};

/// A module's frames, and those of natives that it calls at its deepest.
const STACK_WANTED: usize = 1 << 20;

/// WebAssembly of one sandbox. Clones are the same one.
#[derive(Clone, Default)]
pub struct WebAssembly(Arc<State>);

#[derive(Default)]
struct State {
    scripts: Scripts,
    /// What guests see of memories, by their numbers.
    buffers: Mutex<HashMap<u32, LentBuffer>>,
    modules: Mutex<Vec<Module>>,
}

impl State {
    fn buffers(&self) -> MutexGuard<'_, HashMap<u32, LentBuffer>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn modules(&self) -> MutexGuard<'_, Vec<Module>> {
        self.modules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a module, which the sandbox keeps from now on; what was compiled of the same bytes has the same.
    fn keep(&self, module: Module) -> Outcome<u32> {
        let known = self.modules().iter().position(|other| *other == module);
        let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        if let Some(place) = known {
            return Ok(number(place));
        }
        self.scripts.keep(&module)?;
        let mut modules = self.modules();
        modules.push(module);
        Ok(number(modules.len() - 1))
    }

    /// Takes back the buffers of memories that are not what they show.
    fn take_back(&self, call: &Call<'_, '_>, moved: &[u32]) {
        for memory in moved {
            let buffer = self.buffers().remove(memory);
            if let Some(buffer) = buffer {
                call.take_back(&buffer);
            }
        }
    }
}

/// The guest's side of its store: reached through the native call that the guest is in.
struct Guest;

impl Host for Guest {
    fn call(&self, import: u32, params: &[Wasm], moved: &[u32]) -> Result<Vec<Wasm>, Thrown> {
        let answer = Call::lent(|call| {
            call_guest(call, import, params, moved).map_err(|error| {
                if !matches!(error, rquickjs::Error::Exception) {
                    call.throw(&mistyped());
                }
                Thrown
            })
        });
        answer.unwrap_or(Err(Thrown))
    }

    fn is_over(&self) -> bool {
        Call::lent(|call| call.is_over()).unwrap_or(true)
    }
}

/// The first argument of a native that runs code of a module is the function that calls imported ones.
fn call_guest(call: &Call<'_, '_>, import: u32, params: &[Wasm], moved: &[u32]) -> rquickjs::Result<Vec<Wasm>> {
    let state = state(call)?;
    state.take_back(call, moved);
    let args = to_array(call, params)?;
    let dispatch = call.arg(0);
    let dispatch = dispatch.as_function().ok_or(rquickjs::Error::Unknown)?;
    let answer: Array<'_> = dispatch.call((import, args))?;
    // The types of the results, and the results.
    let types: String = answer.get(0)?;
    from_array(call, &types, &answer, 1)
}

type Answer<'js> = rquickjs::Result<Value<'js>>;

/// Natives that fail answer with a text: a letter for the class of the error, and its message.
fn answer<'js, T: IntoJs<'js>>(call: &Call<'_, 'js>, outcome: Outcome<T>) -> Answer<'js> {
    match outcome {
        Ok(value) => value.into_js(call.ctx()),
        Err(Failure::Thrown) => Err(rquickjs::Error::Exception),
        Err(failure) => text_of(failure).into_js(call.ctx()),
    }
}

fn text_of(failure: Failure) -> String {
    match failure {
        Failure::Compile(text) => format!("C{text}"),
        Failure::Link(text) => format!("L{text}"),
        Failure::Trap(text) => format!("T{text}"),
        Failure::Range(text) => format!("R{text}"),
        Failure::Type(text) => format!("E{text}"),
        Failure::Thrown => "Tan imported function threw".into(),
    }
}

fn state<'a>(call: &'a Call<'_, '_>) -> rquickjs::Result<&'a State> {
    let data = call.data::<Data>().filter(|data| data.wasi.is_some() && !call.is_attached());
    let data = data.ok_or(rquickjs::Error::Unknown)?;
    Ok(&data.webassembly.0)
}

/// The state, with its store.
fn opened<'a>(call: &'a Call<'_, '_>) -> rquickjs::Result<Outcome<&'a State>> {
    let state = state(call)?;
    let host = || -> (Arc<dyn Host>, Box<dyn hostbox_wasm::MemoryAccount>) {
        (Arc::new(Guest), Box::new(Account::new(call.wasm_charge())))
    };
    Ok(state.scripts.open(host).map(|()| state))
}

/// Does something with the store, and takes buffers back afterwards: before anything of the guest's runs.
fn with<'js, T: IntoJs<'js>>(call: &Call<'_, 'js>, work: impl FnOnce(&State) -> Outcome<T>) -> Answer<'js> {
    let outcome = opened(call)?.and_then(|state| {
        let outcome = call.lend(|| work(state));
        state.take_back(call, &state.scripts.moved());
        outcome
    });
    answer(call, outcome)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of ours; what is none of them names nothing"
)]
fn number(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<u32> {
    Ok(call.number(index)? as u32)
}

/// A number, or `null`.
fn optional(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Option<u32>> {
    let is_none = call.is_undefined(index) || call.arg(index).is_null();
    if is_none { Ok(None) } else { number(call, index).map(Some) }
}

// ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn to_js<'js>(ctx: &Ctx<'js>, value: Wasm) -> Answer<'js> {
    match value {
        Wasm::I32(value) => value.into_js(ctx),
        Wasm::I64(value) => Ok(BigInt::from_i64(ctx.clone(), value)?.into_value()),
        Wasm::F32(value) => f64::from(value).into_js(ctx),
        Wasm::F64(value) => value.into_js(ctx),
        Wasm::Func(Some(function)) => function.into_js(ctx),
        Wasm::Func(None) => Ok(Value::new_null(ctx.clone())),
    }
}

fn to_array<'js>(call: &Call<'_, 'js>, values: &[Wasm]) -> Answer<'js> {
    let items = values.iter().map(|value| to_js(call.ctx(), *value)).collect::<rquickjs::Result<Vec<_>>>()?;
    call.array(&items)
}

/// A value that the guest's side has converted to the type already.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "converted to the type by the guest's side"
)]
fn from_js(value: Value<'_>, ty: char) -> Option<Wasm> {
    Some(match ty {
        'i' => Wasm::I32(value.as_number()? as i64 as i32),
        'I' => Wasm::I64(value.into_big_int()?.to_i64().ok()?),
        'f' => Wasm::F32(value.as_number()? as f32),
        'F' => Wasm::F64(value.as_number()?),
        'r' if value.is_null() => Wasm::Func(None),
        'r' => Wasm::Func(Some(value.as_number()? as u32)),
        _ => return None,
    })
}

fn from_array(call: &Call<'_, '_>, types: &str, array: &Array<'_>, from: usize) -> rquickjs::Result<Vec<Wasm>> {
    let mut values = Vec::with_capacity(types.len());
    for (index, ty) in types.chars().enumerate() {
        let value = from_js(array.get(from + index)?, ty);
        values.push(value.ok_or_else(|| call.throw(&mistyped()))?);
    }
    Ok(values)
}

fn mistyped() -> hostbox_engine::OpError {
    hostbox_engine::OpError {
        class: hostbox_engine::ErrorClass::Type,
        message: "a value is not of its WebAssembly type".into(),
        ..hostbox_engine::OpError::default()
    }
}

// ── modules ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A copy of the bytes, paid for until its charge is dropped.
fn bytes(call: &Call<'_, '_>) -> rquickjs::Result<Outcome<(Vec<u8>, Charge)>> {
    let length = call.with_bytes(0, <[u8]>::len).unwrap_or(0);
    let charge = call.charge(length)?;
    // A detached buffer has no bytes.
    let bytes = call.with_bytes(0, <[u8]>::to_vec).unwrap_or_default();
    Ok(opened(call)?.map(|_| (bytes, charge)))
}

fn validate<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (bytes, charge) = match bytes(call)? {
        Ok(bytes) => bytes,
        Err(failure) => return answer::<bool>(call, Err(failure)),
    };
    match state(call)?.scripts.validate(bytes, charge, || call.is_over()) {
        Ok(()) => answer(call, Ok(true)),
        Err(Failure::Compile(_)) => answer(call, Ok(false)),
        Err(failure) => answer::<bool>(call, Err(failure)),
    }
}

fn compile_now<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (bytes, charge) = match bytes(call)? {
        Ok(bytes) => bytes,
        Err(failure) => return answer::<u32>(call, Err(failure)),
    };
    let state = state(call)?;
    let module = state.scripts.compile_now(bytes, charge, || call.is_over());
    answer(call, module.and_then(|module| state.keep(module)))
}

fn compile<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (bytes, charge) = match bytes(call)? {
        Ok(bytes) => bytes,
        Err(failure) => return call.settled(Ok(text_of(failure).into_js(call.ctx())?)),
    };
    let WebAssembly(state) = call.data::<Data>().ok_or(rquickjs::Error::Unknown)?.webassembly.clone();
    call.spawn(None, async move {
        let module = state.scripts.compile(bytes, charge).await;
        OpOutcome::Finish(Box::new(move |ctx, _| match module.and_then(|module| state.keep(module)) {
            Ok(number) => number.into_js(ctx),
            Err(failure) => text_of(failure).into_js(ctx),
        }))
    })
}

fn module(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Module> {
    let number = number(call, index)? as usize;
    state(call)?.modules().get(number).cloned().ok_or(rquickjs::Error::Unknown)
}

fn exports<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let module = module(call, 0)?;
    let (ctx, mut list) = (call.ctx(), Vec::new());
    for (index, (name, kind)) in module.exports().enumerate() {
        list.extend([name.into_js(ctx)?, kind.name().into_js(ctx)?, module.export_index(index).into_js(ctx)?]);
    }
    call.array(&list)
}

fn imports<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let imported = module(call, 0)?;
    let (ctx, mut list) = (call.ctx(), Vec::new());
    for (index, (module, name, kind)) in imported.imports().enumerate() {
        list.extend([module.into_js(ctx)?, name.into_js(ctx)?, kind.name().into_js(ctx)?]);
        list.push(imported.import_type(index).into_js(ctx)?);
    }
    call.array(&list)
}

fn custom_sections<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (module, name) = (module(call, 0)?, call.string(1)?);
    let (ctx, mut list) = (call.ctx(), Vec::new());
    for section in module.custom_sections(&name) {
        list.push(rquickjs::ArrayBuffer::new_copy(ctx.clone(), section)?.into_value());
    }
    call.array(&list)
}

// ── instances and functions ───────────────────────────────────────────────────────────────────────────────────────────

fn import_function<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (module, index, import) = (module(call, 0)?, number(call, 1)?, number(call, 2)?);
    with(call, |state| state.scripts.import_function(&module, index as usize, import))
}

/// Code of a module needs a part of this thread's stack.
fn has_stack(call: &Call<'_, '_>) -> Outcome<()> {
    if call.has_stack(STACK_WANTED) { Ok(()) } else { Err(Failure::Range("Maximum call stack size exceeded".into())) }
}

fn instantiate<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (module, numbers): (Module, Vec<u32>) = (module(call, 1)?, call.arg(2).get()?);
    let outcome = run(call, |state| state.scripts.instantiate(&module, &numbers))?;
    match outcome {
        Ok(exports) => {
            let items = exports.into_iter().map(|number| number.into_js(call.ctx()));
            call.array(&items.collect::<rquickjs::Result<Vec<_>>>()?)
        }
        Err(failure) => answer::<u32>(call, Err(failure)),
    }
}

/// Runs code of a module, which may call the guest back.
fn run<T>(call: &Call<'_, '_>, work: impl FnOnce(&State) -> Outcome<T>) -> rquickjs::Result<Outcome<T>> {
    Ok(opened(call)?.and_then(|state| {
        let outcome = has_stack(call).and_then(|()| call.lend(|| work(state)));
        state.take_back(call, &state.scripts.moved());
        outcome
    }))
}

fn call_function<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (function, types): (u32, String) = (number(call, 1)?, call.string(2)?);
    let params = call.arg(3);
    let params = from_array(call, &types, params.as_array().ok_or(rquickjs::Error::Unknown)?, 0)?;
    let results = run(call, |state| state.scripts.call(function, &params))?;
    match results {
        Ok(results) => to_array(call, &results),
        Err(failure) => answer::<u32>(call, Err(failure)),
    }
}

fn signature<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let function = number(call, 0)?;
    match state(call)?.scripts.signature(function) {
        Ok(text) => text.into_js(call.ctx()),
        Err(_) => Err(rquickjs::Error::Unknown),
    }
}

// ── memories, tables, globals ─────────────────────────────────────────────────────────────────────────────────────────

fn new_memory<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (minimum, maximum) = (number(call, 0)?, optional(call, 1)?);
    with(call, |state| state.scripts.new_memory(minimum, maximum))
}

fn memory_buffer<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let memory = number(call, 0)?;
    let WebAssembly(state) = &call.data::<Data>().ok_or(rquickjs::Error::Unknown)?.webassembly;
    let span = match state.scripts.show_memory(memory) {
        Ok(span) => span,
        Err(failure) => return answer::<u32>(call, Err(failure)),
    };
    if let Some(before) = state.buffers().remove(&memory) {
        call.take_back(&before);
    }
    // SAFETY: the memory is there until its store is dropped, which the buffer keeps. It moves only where it grows: `with`, `call_function`,
    // `call_guest` and `grow_memory` take the buffer back before any code of the guest's, or a native for it, runs again.
    let (buffer, lent) = unsafe { call.lend_memory(span.start, span.length, state.clone())? };
    state.buffers().insert(memory, lent);
    Ok(buffer)
}

fn grow_memory<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (memory, delta) = (number(call, 0)?, number(call, 1)?);
    with(call, |state| {
        let pages = state.scripts.grow_memory(memory, delta)?;
        // Even by nothing: who has grown a memory gets another buffer.
        state.take_back(call, &[memory]);
        Ok(pages)
    })
}

fn new_table<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (minimum, maximum, first) = (number(call, 0)?, optional(call, 1)?, optional(call, 2)?);
    with(call, |state| state.scripts.new_table(minimum, maximum, first))
}

fn table_length<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let table = number(call, 0)?;
    with(call, |state| state.scripts.table_length(table))
}

fn table_get<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (table, index) = (number(call, 0)?, number(call, 1)?);
    match state(call)?.scripts.table_get(table, index) {
        Ok(function) => to_js(call.ctx(), Wasm::Func(function)),
        Err(failure) => answer::<u32>(call, Err(failure)),
    }
}

fn table_set<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (table, index, function) = (number(call, 0)?, number(call, 1)?, optional(call, 2)?);
    with(call, |state| state.scripts.table_set(table, index, function))
}

fn grow_table<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (table, delta, function) = (number(call, 0)?, number(call, 1)?, optional(call, 2)?);
    with(call, |state| state.scripts.grow_table(table, delta, function))
}

fn new_global<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (ty, is_mutable) = (call.string(0)?, call.boolean(2));
    let value = from_js(call.arg(1), ty.chars().next().unwrap_or(' ')).ok_or_else(|| call.throw(&mistyped()))?;
    with(call, |state| state.scripts.new_global(value, is_mutable))
}

fn global_type<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let global = number(call, 0)?;
    match state(call)?.scripts.global_type(global) {
        Ok((ty, is_mutable)) => (if is_mutable { ty.to_string() } else { format!("={ty}") }).into_js(call.ctx()),
        Err(_) => Err(rquickjs::Error::Unknown),
    }
}

fn global_get<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let global = number(call, 0)?;
    match state(call)?.scripts.global_get(global) {
        Ok(value) => to_js(call.ctx(), value),
        Err(failure) => answer::<u32>(call, Err(failure)),
    }
}

fn global_set<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (global, ty) = (number(call, 0)?, call.string(1)?);
    let value = from_js(call.arg(2), ty.chars().next().unwrap_or(' ')).ok_or_else(|| call.throw(&mistyped()))?;
    with(call, |state| state.scripts.global_set(global, value))
}
