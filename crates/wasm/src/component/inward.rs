//! The adapter before a component: one function of bytes that calls the functions which the component exports and the host does not call itself.
//!
//! `call: func(f: u32, args: list<u8>) -> list<u8>`. The arguments are the first allocation of a call, hence always at [`BASE`]: a sender
//! knows the addresses of what it writes. The answer begins with a header of 16 bytes, whose first four are the absolute address of the
//! byte after it.
//!
//! [`BASE`]: super::core::BASE

use wasm_encoder::ValType;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, SizeAlign, Type, WasmImport, WorldItem, WorldKey, abi::AbiVariant};

use super::Face;
use super::core::{ALIGN, AREA, Core, at, flat, load_slot, store_slot};
use super::world::{World, bytes_type, function_of_bytes};
use crate::error::{Error, Result};

const NAMES: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
/// The bytes before an answer.
pub(super) const HEADER: i32 = 16;

/// The adapter as a component.
pub(super) fn encode(world: &World, face: &Face) -> Result<Vec<u8>> {
    let mut resolve = world.resolve.clone();
    let failed = |error| Error::Link(format!("{error:#}"));
    resolve.importize(world.id, Some("inward".into())).map_err(failed)?;
    let bytes = bytes_type(&mut resolve);
    let call = function_of_bytes("call", &["f"], bytes);
    resolve.worlds[world.id].exports.insert(WorldKey::Name("call".into()), WorldItem::Function(call));
    let mut module = core(world, face);
    embed_component_metadata(&mut module, &resolve, world.id, StringEncoding::UTF8).map_err(failed)?;
    ComponentEncoder::default().module(&module).and_then(|mut encoder| encoder.encode()).map_err(failed)
}

struct Call {
    import: u32,
    params: Vec<ValType>,
    is_indirect: bool,
    result: Answer,
}

enum Answer {
    None,
    Slot(ValType),
    Memory(u32),
}

fn core(world: &World, face: &Face) -> Vec<u8> {
    let resolve = &world.resolve;
    let sizes = world.sizes();
    let mut core = Core::new();
    let mut calls = Vec::new();
    for ((interface, function), direct) in world.export_functions().zip(&face.direct) {
        if direct.is_some() {
            calls.push(None);
            continue;
        }
        let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
        let import = WasmImport::Func { interface: interface.key.as_ref(), func: function };
        let params = flat(&signature.params);
        let import = core.import(&resolve.wasm_import_name(NAMES, import), &params, &flat(&signature.results));
        let result = answer(&signature.results, signature.retptr, function.result.as_ref(), sizes);
        let own = params.len() - usize::from(signature.retptr);
        let (params, is_indirect) = (params[..own].to_vec(), signature.indirect_params);
        calls.push(Some(Call { import, params, is_indirect, result }));
    }
    let realloc = core.allocator();
    // Whom the host calls itself nobody calls here.
    let nobody = core.function(&[ValType::I32], &[], &[], |code| {
        code.unreachable();
    });
    for call in calls {
        let stub = call.map_or(nobody, |call| stub(&mut core, realloc, &call));
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

/// Takes the address of the arguments, calls one function, and leaves its answer in the area.
fn stub(core: &mut Core, realloc: u32, call: &Call) -> u32 {
    const ARGS: u32 = 0;
    const HEAD: u32 = 1;
    core.function(&[ValType::I32], &[], &[ValType::I32], |code| {
        let size = match call.result {
            Answer::None => 0,
            Answer::Slot(_) => 8,
            Answer::Memory(size) => size as i32,
        };
        code.i32_const(0).i32_const(0).i32_const(ALIGN).i32_const(HEADER + size).call(realloc).local_set(HEAD);
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
            store_slot(code, ty, HEADER as u64);
        }
        code.local_get(HEAD).local_get(HEAD).i32_const(HEADER).i32_add().i64_extend_i32_u().i64_store(at(0, 3));
        code.local_get(HEAD).i64_const(0).i64_store(at(8, 3));
        code.i32_const(AREA).local_get(HEAD).i32_store(at(0, 2));
        code.i32_const(AREA);
        Core::bump(code);
        code.local_get(HEAD).i32_sub().i32_store(at(4, 2));
    })
}
