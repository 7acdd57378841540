//! A core module in the making, with what both adapters have in common: one memory, one bump allocator, one area for a returned list.

use std::collections::HashMap;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, InstructionSink, MemArg, MemorySection, MemoryType,
    Module, RefType, TableSection, TableType, TypeSection, ValType,
};
use wit_parser::abi::WasmType;

/// Where messages begin in the memory of an adapter. Below it is the area for a returned list.
pub const BASE: u32 = 1024;
/// Pointer and length of a list that is returned.
pub(super) const AREA: i32 = 16;
/// The alignment of slots, of headers and of answers.
pub(super) const ALIGN: i32 = 16;

/// The global that holds the address of the next allocation.
const BUMP: u32 = 0;

pub(super) const fn at(offset: u64, align: u32) -> MemArg {
    MemArg { offset, align, memory_index: 0 }
}

/// The type that stands for a flat one in a core module of 32 bits.
pub(super) fn flat(types: &[WasmType]) -> Vec<ValType> {
    let one = |ty: &WasmType| match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    };
    types.iter().map(one).collect()
}

/// Loads a value of this type from its slot, at an address on the stack.
pub(super) fn load_slot(code: &mut InstructionSink<'_>, ty: ValType, offset: u64) {
    match ty {
        ValType::I64 => code.i64_load(at(offset, 3)),
        ValType::F32 => code.f32_load(at(offset, 2)),
        ValType::F64 => code.f64_load(at(offset, 3)),
        _ => code.i32_load(at(offset, 2)),
    };
}

/// Stores a value of this type, address and value on the stack, into its slot. Of a short one the upper half is to be zero already.
pub(super) fn store_slot(code: &mut InstructionSink<'_>, ty: ValType, offset: u64) {
    match ty {
        ValType::I64 => code.i64_store(at(offset, 3)),
        ValType::F32 => code.f32_store(at(offset, 2)),
        ValType::F64 => code.f64_store(at(offset, 3)),
        _ => code.i32_store(at(offset, 2)),
    };
}

/// Imports first, then functions: an index is final when it is given.
#[derive(Default)]
pub(super) struct Core {
    types: TypeSection,
    known: HashMap<(Vec<ValType>, Vec<ValType>), u32>,
    imports: ImportSection,
    functions: FunctionSection,
    code: CodeSection,
    exports: ExportSection,
    globals: GlobalSection,
    global_count: u32,
    function_count: u32,
    table: Vec<u32>,
}

impl Core {
    pub(super) fn new() -> Self {
        let mut core = Self::default();
        core.global(BASE as i32);
        core
    }

    pub(super) fn ty(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        let next = self.known.len() as u32;
        *self.known.entry((params.to_vec(), results.to_vec())).or_insert_with(|| {
            self.types.ty().function(params.iter().copied(), results.iter().copied());
            next
        })
    }

    /// A variable of 32 bits; gives its index.
    pub(super) fn global(&mut self, value: i32) -> u32 {
        let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        self.globals.global(ty, &ConstExpr::i32_const(value));
        self.global_count += 1;
        self.global_count - 1
    }

    /// Imports a function; gives its index.
    pub(super) fn import(&mut self, (module, name): &(String, String), params: &[ValType], results: &[ValType]) -> u32 {
        let ty = self.ty(params, results);
        self.imports.import(module, name, EntityType::Function(ty));
        self.function_count += 1;
        self.function_count - 1
    }

    /// Adds a function with more locals than its parameters; gives its index.
    pub(super) fn function(
        &mut self,
        params: &[ValType],
        results: &[ValType],
        locals: &[ValType],
        body: impl FnOnce(&mut InstructionSink<'_>),
    ) -> u32 {
        let ty = self.ty(params, results);
        self.functions.function(ty);
        let mut function = Function::new(locals.iter().map(|ty| (1, *ty)));
        body(&mut function.instructions());
        function.instructions().end();
        self.code.function(&function);
        self.function_count += 1;
        self.function_count - 1
    }

    pub(super) fn export(&mut self, name: &str, function: u32) {
        self.exports.export(name, ExportKind::Func, function);
    }

    /// Puts a function into the only table; its position is the number of functions that were put there before.
    pub(super) fn list(&mut self, function: u32) {
        self.table.push(function);
    }

    /// `cabi_realloc`: the newest allocation grows where it is, another one moves. Nothing is freed before [`Core::reset`].
    pub(super) fn allocator(&mut self) -> u32 {
        const OLD: u32 = 0;
        const OLD_SIZE: u32 = 1;
        const ALIGNMENT: u32 = 2;
        const NEW_SIZE: u32 = 3;
        const PLACE: u32 = 4;
        const END: u32 = 5;
        let realloc = self.function(&[ValType::I32; 4], &[ValType::I32], &[ValType::I32, ValType::I64], |code| {
            // Is it the newest one?
            code.local_get(OLD).local_get(OLD_SIZE).i32_add().global_get(BUMP).i32_eq();
            code.local_get(OLD_SIZE).i32_const(0).i32_ne().i32_and();
            code.if_(BlockType::Empty).local_get(OLD).local_set(PLACE).else_();
            code.global_get(BUMP).local_get(ALIGNMENT).i32_add().i32_const(1).i32_sub();
            code.i32_const(0).local_get(ALIGNMENT).i32_sub().i32_and().local_set(PLACE).end();
            code.local_get(PLACE).i64_extend_i32_u().local_get(NEW_SIZE).i64_extend_i32_u().i64_add().local_tee(END);
            // The last page stays free: no address of an allocation's end wraps around.
            code.i64_const(0xffff_0000).i64_gt_u().if_(BlockType::Empty).unreachable().end();
            code.local_get(END).memory_size(0).i64_extend_i32_u().i64_const(16).i64_shl().i64_gt_u();
            code.if_(BlockType::Empty);
            code.local_get(END).i64_const(0xffff).i64_add().i64_const(16).i64_shr_u().i32_wrap_i64();
            code.memory_size(0).i32_sub().memory_grow(0).i32_const(-1).i32_eq();
            code.if_(BlockType::Empty).unreachable().end().end();
            code.local_get(END).i32_wrap_i64().global_set(BUMP);
            code.local_get(OLD_SIZE).if_(BlockType::Empty).local_get(PLACE).local_get(OLD).i32_ne();
            code.if_(BlockType::Empty).local_get(PLACE).local_get(OLD);
            code.local_get(OLD_SIZE).local_get(NEW_SIZE).local_get(OLD_SIZE).local_get(NEW_SIZE).i32_lt_u().select();
            code.memory_copy(0, 0).end().end();
            code.local_get(PLACE);
        });
        self.export("cabi_realloc", realloc);
        realloc
    }

    /// Leaves the address of the next allocation on the stack.
    pub(super) fn bump(code: &mut InstructionSink<'_>) {
        code.global_get(BUMP);
    }

    /// Frees everything.
    pub(super) fn reset(code: &mut InstructionSink<'_>) {
        code.i32_const(BASE as i32).global_set(BUMP);
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let mut memories = MemorySection::new();
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        self.exports.export("memory", ExportKind::Memory, 0);
        let mut tables = TableSection::new();
        let size = self.table.len() as u64;
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: size,
            maximum: Some(size),
            shared: false,
        });
        let mut elements = ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(self.table.into()));
        let mut module = Module::new();
        module.section(&self.types).section(&self.imports).section(&self.functions).section(&tables).section(&memories);
        module.section(&self.globals).section(&self.exports).section(&elements).section(&self.code);
        module.finish()
    }
}
