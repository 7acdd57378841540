//! The adapter behind a component: it exports what the component imports, and calls one function of bytes of the host.
//!
//! `hostbox-call: func(f: u32, at: u32, reply: u32, args: list<u8>) -> list<u8>`. `args` is what the adapter has from [`BASE`] on: what the flat
//! parameters point to, and then these, in slots at the absolute address `at`. The answer will be at the absolute address `reply`.
//!
//! [`BASE`]: super::core::BASE

use std::collections::HashMap;

use wasm_encoder::{BlockType, InstructionSink, ValType};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::AbiVariant;
use wit_parser::{Function, ResourceIntrinsic, TypeId, WasmExport, WasmExportKind, WasmImport, WorldItem, WorldKey};

use super::core::{ALIGN, AREA, BASE, Core, at, flat, load_slot, store_slot};
use super::handles::{self, Given};
use super::inward::NAMES;
use super::world::{Side, World, bytes_type, function_of_bytes};
use crate::error::{Error, Result};

/// The one function that the adapter imports.
pub(super) const HOST: &str = "hostbox-call";

/// The adapter as a component; none where the component asks nothing of the host's code.
pub(super) fn encode(world: &World) -> Result<Option<Vec<u8>>> {
    if world.import_functions().next().is_none() && world.import_resources().next().is_none() {
        return Ok(None);
    }
    let failed = |error| Error::Link(format!("{error:#}"));
    let mut resolve = world.resolve.clone();
    let names = world.resolve.clone();
    let is_adapted = |key: &WorldKey, item: &WorldItem| match item {
        WorldItem::Type { .. } => false,
        _ => !World::is_wasi(&names, key),
    };
    resolve.exportize(world.id, Some("outward".into()), Some(&is_adapted)).map_err(failed)?;
    let bytes = bytes_type(&mut resolve);
    let host = function_of_bytes(HOST, &["f", "at", "reply"], bytes);
    resolve.worlds[world.id].imports.insert(WorldKey::Name(HOST.into()), WorldItem::Function(host));
    if world.import_resources().next().is_some() {
        let interface = handles::interface(world, &mut resolve);
        resolve.worlds[world.id].exports.insert(handles::key(), interface);
    }
    let mut module = core(world);
    embed_component_metadata(&mut module, &resolve, world.id, StringEncoding::UTF8).map_err(failed)?;
    let component = ComponentEncoder::default().module(&module).and_then(|mut encoder| encoder.encode());
    component.map(Some).map_err(failed)
}

/// What the adapter does with the handles of a resource that the host defines.
#[derive(Clone, Copy)]
struct Handles {
    new: u32,
    rep: u32,
    drop: u32,
}

struct Parts<'a> {
    world: &'a World,
    host: u32,
    realloc: u32,
    /// Not zero while a handle is given up that the host takes over: its resource lives on.
    is_moving: u32,
    handles: HashMap<TypeId, Handles>,
}

fn core(world: &World) -> Vec<u8> {
    let mut core = Core::new();
    let host = core.import(&("$root".into(), HOST.into()), &[ValType::I32; 6], &[]);
    let mut handles = HashMap::new();
    for (key, resource) in world.import_resources() {
        let mut import = |intrinsic, results: &[ValType]| {
            let name = WasmImport::ResourceIntrinsic { interface: Some(key), resource, intrinsic };
            core.import(&world.resolve.wasm_import_name(NAMES, name), &[ValType::I32], results)
        };
        let new = import(ResourceIntrinsic::ExportedNew, &[ValType::I32]);
        let rep = import(ResourceIntrinsic::ExportedRep, &[ValType::I32]);
        let drop = import(ResourceIntrinsic::ExportedDrop, &[]);
        handles.insert(resource, Handles { new, rep, drop });
    }
    let realloc = core.allocator();
    let is_moving = core.global(0);
    let parts = Parts { world, host, realloc, is_moving, handles };
    let mut number = 0;
    for (interface, function) in world.import_functions() {
        parts.function(&mut core, number, interface.key.as_ref(), function);
        number += 1;
    }
    for (key, resource) in world.import_resources() {
        parts.destructor(&mut core, number, key, resource);
        number += 1;
    }
    parts.handles(&mut core);
    core.finish()
}

/// Locals of a stub.
struct Locals {
    at: u32,
    reply: u32,
    handle: u32,
}

impl Parts<'_> {
    fn function(&self, core: &mut Core, number: i32, key: Option<&WorldKey>, function: &Function) {
        let resolve = &self.world.resolve;
        let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
        let (params, results) = (flat(&signature.params), flat(&signature.results));
        let first = params.len() as u32;
        let locals = Locals { at: first, reply: first + 1, handle: first + 2 };
        let body = core.function(&params, &results, &[ValType::I32; 3], |code| {
            let handed_over = handles::parameters(self.world, function, Side::Import);
            let handed_over = handed_over.iter().filter(|parameter| parameter.is_own);
            if signature.indirect_params {
                code.local_get(0).local_set(locals.at);
                for parameter in handed_over {
                    code.local_get(locals.at).i32_load(at(parameter.offset, 2)).local_set(locals.handle);
                    code.local_get(locals.at);
                    self.take_over(code, parameter.resource, locals.handle);
                    code.i32_store(at(parameter.offset, 2));
                }
            } else {
                self.allocate(code, 8 * params.len() as i32);
                code.local_set(locals.at);
                let handed_over: HashMap<_, _> = handed_over.map(|found| (found.index, found.resource)).collect();
                for (index, ty) in params.iter().enumerate() {
                    code.local_get(locals.at).i64_const(0).i64_store(at(8 * index as u64, 3));
                    code.local_get(locals.at);
                    match handed_over.get(&index) {
                        Some(resource) => self.take_over(code, *resource, index as u32),
                        None => {
                            code.local_get(index as u32);
                        }
                    }
                    store_slot(code, *ty, 8 * index as u64);
                }
            }
            self.call(code, number, &locals);
            let given = handles::given(self.world, function, Side::Import);
            match results.first() {
                Some(_) if signature.retptr => {
                    if let Some(Given::Memory { resource, case, offset }) = given {
                        code.i32_const(AREA).i32_load(at(0, 2)).local_tee(locals.at).i32_load8_u(at(0, 0));
                        code.i32_const(case).i32_eq().if_(BlockType::Empty);
                        code.local_get(locals.at).local_get(locals.at).i32_load(at(offset, 2));
                        code.call(self.handles[&resource].new).i32_store(at(offset, 2)).end();
                    }
                    code.i32_const(AREA).i32_load(at(0, 2));
                }
                Some(slot) => {
                    code.i32_const(AREA).i32_load(at(0, 2));
                    load_slot(code, *slot, 0);
                    if let Some(Given::Slot(resource)) = given {
                        code.call(self.handles[&resource].new);
                    }
                }
                None => {}
            }
        });
        let name = |kind| resolve.wasm_export_name(NAMES, WasmExport::Func { interface: key, func: function, kind });
        core.export(&name(WasmExportKind::Normal), body);
        let post = core.function(&results, &[], &[], Core::reset);
        core.export(&name(WasmExportKind::PostReturn), post);
    }

    fn destructor(&self, core: &mut Core, number: i32, key: &WorldKey, resource: TypeId) {
        let locals = Locals { at: 1, reply: 2, handle: 0 };
        let body = core.function(&[ValType::I32], &[], &[ValType::I32; 2], |code| {
            code.global_get(self.is_moving).i32_eqz().if_(BlockType::Empty);
            self.allocate(code, 8);
            code.local_tee(locals.at).local_get(0).i64_extend_i32_u().i64_store(at(0, 3));
            self.call(code, number, &locals);
            Core::reset(code);
            code.end();
        });
        let export = WasmExport::ResourceDtor { interface: key, resource };
        core.export(&self.world.resolve.wasm_export_name(NAMES, export), body);
    }

    /// Leaves the address of so many bytes on the stack.
    fn allocate(&self, code: &mut InstructionSink<'_>, bytes: i32) {
        code.i32_const(0).i32_const(0).i32_const(ALIGN).i32_const(bytes).call(self.realloc);
    }

    /// Calls the host with everything that there is; its answer is in the area then.
    fn call(&self, code: &mut InstructionSink<'_>, number: i32, locals: &Locals) {
        self.allocate(code, 0);
        code.local_set(locals.reply);
        code.i32_const(number).local_get(locals.at).local_get(locals.reply);
        code.i32_const(BASE as i32).local_get(locals.reply).i32_const(BASE as i32).i32_sub();
        code.i32_const(AREA).call(self.host);
    }

    /// Leaves the number of a resource on the stack, and gives up its handle without an end of the resource.
    fn take_over(&self, code: &mut InstructionSink<'_>, resource: TypeId, handle: u32) {
        let handles = self.handles[&resource];
        code.local_get(handle).call(handles.rep);
        code.i32_const(1).global_set(self.is_moving).local_get(handle).call(handles.drop);
        code.i32_const(0).global_set(self.is_moving);
    }

    /// What the inward adapter needs to hand over resources of the host.
    fn handles(&self, core: &mut Core) {
        for (index, (_, resource)) in self.world.import_resources().enumerate() {
            let new = self.handles[&resource].new;
            let make = core.function(&[ValType::I32], &[ValType::I32], &[], |code| {
                code.local_get(0).call(new);
            });
            core.export(&format!("{}#{}", handles::INTERFACE, handles::new_name(index)), make);
            let take = core.function(&[ValType::I32], &[ValType::I32], &[], |code| self.take_over(code, resource, 0));
            core.export(&format!("{}#{}", handles::INTERFACE, handles::take_name(index)), take);
        }
    }
}
