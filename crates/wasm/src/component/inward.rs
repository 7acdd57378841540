//! The adapter before a component: one function of bytes that calls every function which the component exports.
//!
//! `call: func(f: u32, args: list<u8>) -> list<u8>`. The arguments are the first allocation of a call, hence always at [`BASE`]: a sender
//! knows the addresses of what it writes. The answer begins with a header of 16 bytes, whose first four are the absolute address of the
//! byte after it.
//!
//! [`BASE`]: super::core::BASE

use std::collections::HashMap;

use wasm_encoder::{BlockType, ValType};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{
    LiftLowerAbi, ManglingAndAbi, Resolve, ResourceIntrinsic, SizeAlign, Type, TypeId, WasmImport, WorldItem, WorldKey,
    abi::AbiVariant,
};

use super::core::{ALIGN, AREA, Core, at, flat, load_slot, store_slot};
use super::handles::{self, Given, Parameter};
use super::world::{Side, World, bytes_type, function_of_bytes};
use crate::error::{Error, Result};

pub(super) const NAMES: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
/// The bytes before an answer.
pub(super) const HEADER: i32 = 16;

/// The adapter as a component.
pub(super) fn encode(world: &World) -> Result<Vec<u8>> {
    let mut resolve = world.resolve.clone();
    let failed = |error| Error::Link(format!("{error:#}"));
    resolve.importize(world.id, Some("inward".into())).map_err(failed)?;
    let bytes = bytes_type(&mut resolve);
    let call = function_of_bytes("call", &["f"], bytes);
    resolve.worlds[world.id].exports.insert(WorldKey::Name("call".into()), WorldItem::Function(call));
    if needs_handles(world) {
        let interface = handles::interface(world, &mut resolve);
        resolve.worlds[world.id].imports.insert(handles::key(), interface);
    }
    let mut module = core(world);
    embed_component_metadata(&mut module, &resolve, world.id, StringEncoding::UTF8).map_err(failed)?;
    ComponentEncoder::default().module(&module).and_then(|mut encoder| encoder.encode()).map_err(failed)
}

struct Call {
    import: u32,
    params: Vec<ValType>,
    is_indirect: bool,
    result: Answer,
    /// Handles of the host's resources, which come as its numbers.
    handed: Vec<Parameter>,
    given: Option<Given>,
}

/// Makes and takes handles of one of the host's resources.
#[derive(Clone, Copy)]
struct Handles {
    new: u32,
    take: u32,
}

enum Answer {
    None,
    Slot(ValType),
    Memory(u32),
}

fn core(world: &World) -> Vec<u8> {
    let resolve = &world.resolve;
    let sizes = world.sizes();
    let mut core = Core::new();
    let mut calls = Vec::new();
    for (interface, function) in world.export_functions() {
        let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
        let import = WasmImport::Func { interface: interface.key.as_ref(), func: function };
        let params = flat(&signature.params);
        let import = core.import(&resolve.wasm_import_name(NAMES, import), &params, &flat(&signature.results));
        let result = answer(&signature.results, signature.retptr, function.result.as_ref(), sizes);
        let own = params.len() - usize::from(signature.retptr);
        let (params, is_indirect) = (params[..own].to_vec(), signature.indirect_params);
        let handed = handles::parameters(world, function, Side::Export);
        let given = handles::given(world, function, Side::Export);
        calls.push(Call { import, params, is_indirect, result, handed, given });
    }
    for (key, resource) in world.export_resources() {
        let import = core.import(&drop_name(resolve, key, resource), &[ValType::I32], &[]);
        let (params, handed) = (vec![ValType::I32], Vec::new());
        calls.push(Call { import, params, is_indirect: false, result: Answer::None, handed, given: None });
    }
    let mut handles = HashMap::new();
    if needs_handles(world) {
        for (index, (_, resource)) in world.import_resources().enumerate() {
            let mut import = |name| core.import(&(handles::INTERFACE.into(), name), &[ValType::I32], &[ValType::I32]);
            let (new, take) = (import(handles::new_name(index)), import(handles::take_name(index)));
            handles.insert(resource, Handles { new, take });
        }
    }
    let realloc = core.allocator();
    for call in calls {
        let stub = stub(&mut core, realloc, &handles, &call);
        core.list(stub);
    }
    let ty = core.ty(&[ValType::I32], &[]);
    let entry = core.function(&[ValType::I32; 3], &[ValType::I32], &[], |code| {
        code.local_get(1).local_get(0).call_indirect(0, ty).i32_const(AREA);
    });
    core.export("call", entry);
    let post = core.function(&[ValType::I32], &[], &[], Core::reset);
    core.export("cabi_post_call", post);
    core.finish()
}

fn answer(
    flat_results: &[wit_parser::abi::WasmType],
    is_memory: bool,
    result: Option<&Type>,
    sizes: &SizeAlign,
) -> Answer {
    match (result, flat(flat_results).first()) {
        (Some(ty), _) if is_memory => Answer::Memory(sizes.size(ty).size_wasm32() as u32),
        (Some(_), Some(ty)) => Answer::Slot(*ty),
        // A type without any value in it, such as an empty record, has no flat form.
        _ => Answer::None,
    }
}

fn drop_name(resolve: &Resolve, key: &WorldKey, resource: TypeId) -> (String, String) {
    let intrinsic = ResourceIntrinsic::ImportedDrop;
    resolve.wasm_import_name(NAMES, WasmImport::ResourceIntrinsic { interface: Some(key), resource, intrinsic })
}

/// Whether a function is called with a resource of the host, or gives one.
fn needs_handles(world: &World) -> bool {
    world.export_functions().any(|(_, function)| {
        let handed = handles::parameters(world, function, Side::Export);
        !handed.is_empty() || handles::given(world, function, Side::Export).is_some()
    })
}

/// Takes the address of the arguments, calls one function, and leaves its answer in the area.
fn stub(core: &mut Core, realloc: u32, handles: &HashMap<TypeId, Handles>, call: &Call) -> u32 {
    const ARGS: u32 = 0;
    const HEAD: u32 = 1;
    /// Handles of what is lent, one after the other.
    const LENT: u32 = 2;
    let locals = vec![ValType::I32; 1 + call.handed.len()];
    core.function(&[ValType::I32], &[], &locals, |code| {
        let size = match call.result {
            Answer::None => 0,
            Answer::Slot(_) => 8,
            Answer::Memory(size) => size as i32,
        };
        code.i32_const(0).i32_const(0).i32_const(ALIGN).i32_const(HEADER + size).call(realloc).local_set(HEAD);
        // In place of its number, the callee gets a handle of each resource of the host.
        for (parameter, local) in call.handed.iter().zip(LENT..) {
            let offset = if call.is_indirect { parameter.offset } else { 8 * parameter.index as u64 };
            code.local_get(ARGS).local_get(ARGS).i32_load(at(offset, 2)).call(handles[&parameter.resource].new);
            code.local_tee(local).i32_store(at(offset, 2));
        }
        if let Answer::Slot(_) = call.result {
            code.local_get(HEAD).i64_const(0).i64_store(at(HEADER as u64, 3)).local_get(HEAD);
        }
        if call.is_indirect {
            code.local_get(ARGS);
        } else {
            for (index, ty) in call.params.iter().enumerate() {
                code.local_get(ARGS);
                load_slot(code, *ty, 8 * index as u64);
            }
        }
        if let Answer::Memory(_) = call.result {
            code.local_get(HEAD).i32_const(HEADER).i32_add();
        }
        code.call(call.import);
        if let Answer::Slot(ty) = call.result {
            if let Some(Given::Slot(resource)) = call.given {
                code.call(handles[&resource].take);
            }
            store_slot(code, ty, HEADER as u64);
        }
        if let Some(Given::Memory { resource, case, offset }) = call.given {
            let offset = at(HEADER as u64 + offset, 2);
            code.local_get(HEAD).i32_load8_u(at(HEADER as u64, 0)).i32_const(case).i32_eq().if_(BlockType::Empty);
            code.local_get(HEAD).local_get(HEAD).i32_load(offset).call(handles[&resource].take).i32_store(offset).end();
        }
        for (parameter, local) in call.handed.iter().zip(LENT..) {
            if !parameter.is_own {
                code.local_get(local).call(handles[&parameter.resource].take).drop();
            }
        }
        code.local_get(HEAD).local_get(HEAD).i32_const(HEADER).i32_add().i64_extend_i32_u().i64_store(at(0, 3));
        code.local_get(HEAD).i64_const(0).i64_store(at(8, 3));
        code.i32_const(AREA).local_get(HEAD).i32_store(at(0, 2));
        code.i32_const(AREA);
        Core::bump(code);
        code.local_get(HEAD).i32_sub().i32_store(at(4, 2));
    })
}
