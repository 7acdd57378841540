//! Memories, tables and globals, made by scripts or exported by instances.

use wasmtime::{
    AsContextMut, Global, GlobalType, Memory, MemoryType, Mutability, Ref, RefType, StoreContextMut, Table, TableType,
    ValType,
};

use super::calls::{number_of, to_val, to_value, type_name};
use super::store::{Shown, State, span_of};
use super::{Failure, Result, Scripts, Value};

/// 4 GiB.
const MAX_PAGES: u32 = 1 << 16;

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl State {
    pub(super) fn add_memory(&mut self, memory: Memory) -> u32 {
        self.memories.push(Shown { memory, span: None });
        number(self.memories.len() - 1)
    }

    pub(super) fn add_table(&mut self, table: Table) -> u32 {
        self.tables.push(table);
        number(self.tables.len() - 1)
    }

    pub(super) fn add_global(&mut self, global: Global) -> u32 {
        self.globals.push(global);
        number(self.globals.len() - 1)
    }

    pub(super) fn memory(&self, number: u32) -> Result<Memory> {
        let shown = self.memories.get(number as usize);
        shown.map(|shown| shown.memory).ok_or_else(|| Failure::Type("there is no such memory".into()))
    }

    pub(super) fn table(&self, number: u32) -> Result<Table> {
        self.tables.get(number as usize).copied().ok_or_else(|| Failure::Type("there is no such table".into()))
    }

    pub(super) fn global(&self, number: u32) -> Result<Global> {
        self.globals.get(number as usize).copied().ok_or_else(|| Failure::Type("there is no such global".into()))
    }

    fn reference(&self, function: Option<u32>) -> Result<Ref> {
        Ok(Ref::Func(function.map(|number| self.function(number)).transpose()?))
    }
}

/// A linear memory as it is now: it stays there until it grows or the store is dropped.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The address of its first byte.
    pub start: *mut u8,
    /// Its bytes.
    pub length: usize,
}

impl Scripts {
    /// Makes a memory of so many pages of 64 KiB.
    ///
    /// # Errors
    /// [`Failure::Range`] where it does not fit into the sandbox's memory.
    pub fn new_memory(&self, minimum: u32, maximum: Option<u32>) -> Result<u32> {
        self.with(|mut store| {
            check_limits(minimum, maximum, MAX_PAGES)?;
            store.data_mut().pay(4)?;
            store.data_mut().count_memories(1)?;
            store.data_mut().forget_refusals();
            let memory = Memory::new(store.as_context_mut(), MemoryType::new(minimum, maximum));
            let memory = memory.map_err(|error| {
                store.data_mut().uncount_memories(1);
                store.data_mut().failure(&error, Failure::Range)
            })?;
            Ok(store.data_mut().add_memory(memory))
        })
    }

    /// Where a memory is; [`moved`](Self::moved) tells when it is not there any more.
    ///
    /// # Errors
    /// [`Failure::Type`] where there is no such memory.
    pub fn show_memory(&self, memory: u32) -> Result<Span> {
        self.with(|mut store| {
            let shown = store.data().memory(memory)?;
            let span = span_of(&store, shown);
            store.data_mut().memories[memory as usize].span = Some(span);
            Ok(Span { start: shown.data_ptr(&store), length: span.1 })
        })
    }

    /// Grows a memory by so many pages; how many there were before. Its buffer is to be taken back first.
    ///
    /// # Errors
    /// [`Failure::Range`] where there is no room for them, or the memory's maximum is smaller.
    pub fn grow_memory(&self, memory: u32, delta: u32) -> Result<u32> {
        self.with(|mut store| {
            let memory = store.data().memory(memory)?;
            store.data_mut().forget_refusals();
            let grown = memory.grow(store.as_context_mut(), u64::from(delta));
            let pages = grown.map_err(|error| store.data_mut().failure(&error, Failure::Range))?;
            Ok(u32::try_from(pages).unwrap_or(u32::MAX))
        })
    }

    /// Makes a table of references to functions.
    ///
    /// # Errors
    /// [`Failure::Range`] where it does not fit into the sandbox's memory.
    pub fn new_table(&self, minimum: u32, maximum: Option<u32>, function: Option<u32>) -> Result<u32> {
        self.with(|mut store| {
            check_limits(minimum, maximum, u32::MAX)?;
            store.data_mut().pay(4)?;
            store.data_mut().forget_refusals();
            let first = store.data().reference(function)?;
            let table = Table::new(store.as_context_mut(), TableType::new(RefType::FUNCREF, minimum, maximum), first);
            let table = table.map_err(|error| store.data_mut().failure(&error, Failure::Range))?;
            Ok(store.data_mut().add_table(table))
        })
    }

    /// Elements of a table.
    ///
    /// # Errors
    /// [`Failure::Type`] where there is no such table.
    pub fn table_length(&self, table: u32) -> Result<u32> {
        self.with(|store| Ok(u32::try_from(store.data().table(table)?.size(&store)).unwrap_or(u32::MAX)))
    }

    /// The function at an index, if there is one.
    ///
    /// # Errors
    /// [`Failure::Range`] beyond the table's end, [`Failure::Type`] where its elements are no references to functions.
    pub fn table_get(&self, table: u32, index: u32) -> Result<Option<u32>> {
        self.with(|mut store| {
            let element = store.data().table(table)?.get(store.as_context_mut(), u64::from(index));
            match element {
                Some(Ref::Func(function)) => Ok(function.map(|function| number_of(&mut store, function))),
                Some(_) => Err(Failure::Type("the elements of this table are no functions".into())),
                None => Err(beyond(index)),
            }
        })
    }

    /// Puts a function, or none, at an index.
    ///
    /// # Errors
    /// As [`table_get`](Self::table_get).
    pub fn table_set(&self, table: u32, index: u32, function: Option<u32>) -> Result<()> {
        self.with(|mut store| {
            let (table, element) = (store.data().table(table)?, store.data().reference(function)?);
            if u64::from(index) >= table.size(&store) {
                return Err(beyond(index));
            }
            table
                .set(store.as_context_mut(), u64::from(index), element)
                .map_err(|error| store.data_mut().failure(&error, Failure::Type))
        })
    }

    /// Grows a table by so many elements, which are a function or nothing; how many there were before.
    ///
    /// # Errors
    /// As for memories.
    pub fn grow_table(&self, table: u32, delta: u32, function: Option<u32>) -> Result<u32> {
        self.with(|mut store| {
            let (table, element) = (store.data().table(table)?, store.data().reference(function)?);
            store.data_mut().forget_refusals();
            let grown = table.grow(store.as_context_mut(), u64::from(delta), element);
            let elements = grown.map_err(|error| store.data_mut().failure(&error, Failure::Range))?;
            Ok(u32::try_from(elements).unwrap_or(u32::MAX))
        })
    }

    /// Makes a global of the value's type.
    ///
    /// # Errors
    /// [`Failure::Range`] where memory is short.
    pub fn new_global(&self, value: Value, is_mutable: bool) -> Result<u32> {
        self.with(|mut store| {
            store.data_mut().pay(2)?;
            let global = make_global(&mut store, value, is_mutable)?;
            Ok(store.data_mut().add_global(global))
        })
    }

    /// The type of a global, in the character of [`signature`](Self::signature), and whether it is mutable.
    ///
    /// # Errors
    /// [`Failure::Type`] where there is no such global.
    pub fn global_type(&self, global: u32) -> Result<(char, bool)> {
        self.with(|store| {
            let ty = store.data().global(global)?.ty(&store);
            Ok((type_name(ty.content()), ty.mutability() == Mutability::Var))
        })
    }

    /// The value of a global.
    ///
    /// # Errors
    /// [`Failure::Type`] where scripts have no values of its type.
    pub fn global_get(&self, global: u32) -> Result<Value> {
        self.with(|mut store| {
            let value = store.data().global(global)?.get(store.as_context_mut());
            to_value(&mut store, &value)
        })
    }

    /// Sets a global.
    ///
    /// # Errors
    /// [`Failure::Type`] where it is immutable or of another type.
    pub fn global_set(&self, global: u32, value: Value) -> Result<()> {
        self.with(|mut store| {
            let (global, value) = (store.data().global(global)?, to_val(store.data(), value)?);
            global.set(store.as_context_mut(), value).map_err(|error| store.data_mut().failure(&error, Failure::Type))
        })
    }
}

fn make_global(store: &mut StoreContextMut<'_, State>, value: Value, is_mutable: bool) -> Result<Global> {
    let content = match value {
        Value::I32(_) => ValType::I32,
        Value::I64(_) => ValType::I64,
        Value::F32(_) => ValType::F32,
        Value::F64(_) => ValType::F64,
        Value::Func(_) => ValType::FUNCREF,
    };
    let value = to_val(store.data(), value)?;
    let mutability = if is_mutable { Mutability::Var } else { Mutability::Const };
    Global::new(store.as_context_mut(), GlobalType::new(content, mutability), value)
        .map_err(|error| store.data_mut().failure(&error, Failure::Range))
}

fn check_limits(minimum: u32, maximum: Option<u32>, most: u32) -> Result<()> {
    let greatest = maximum.unwrap_or(minimum);
    if minimum <= greatest && greatest <= most {
        return Ok(());
    }
    Err(Failure::Range(format!("initial and maximum are not in order, or above {most}")))
}

fn beyond(index: u32) -> Failure {
    Failure::Range(format!("index {index} is beyond the table's end"))
}
