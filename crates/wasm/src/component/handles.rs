//! Handles of the host's resources: where they stand in a function, and how the inward adapter gets them.
//!
//! The outward adapter defines these resources: it alone makes a handle of the host's number, and finds the number of a handle. So it
//! offers both to the inward adapter, whose functions are called with such resources.

use wit_parser::abi::{FlatTypes, WasmType};
use wit_parser::{
    Docs, Function, FunctionKind, Handle, Int, Interface, Param, Resolve, Stability, Type, TypeDef, TypeDefKind,
    TypeId, TypeOwner, WorldItem, WorldKey,
};

use super::world::{Side, World};

/// The interface between the adapters.
pub(super) const INTERFACE: &str = "hostbox-handles";

/// `new-…: func(number: u32) -> own<…>`
pub(super) fn new_name(index: usize) -> String {
    format!("new-{index}")
}

/// `take-…: func(handle: own<…>) -> u32`
pub(super) fn take_name(index: usize) -> String {
    format!("take-{index}")
}

/// The interface for all resources of the host, in a copy of the world's types.
pub(super) fn interface(world: &World, resolve: &mut Resolve) -> WorldItem {
    let id = resolve.interfaces.alloc(Interface {
        name: None,
        types: Default::default(),
        functions: Default::default(),
        docs: Docs::default(),
        stability: Stability::Unknown,
        package: resolve.worlds[world.id].package,
        span: Default::default(),
        clone_of: None,
    });
    for (index, (_, resource)) in world.import_resources().enumerate() {
        let name = format!("r{index}");
        let used = define(resolve, Some(name.clone()), TypeDefKind::Type(Type::Id(resource)), TypeOwner::Interface(id));
        let handle = Type::Id(define(resolve, None, TypeDefKind::Handle(Handle::Own(used)), TypeOwner::None));
        let interface = &mut resolve.interfaces[id];
        interface.types.insert(name, used);
        for function in [
            function(new_name(index), "number", Type::U32, handle),
            function(take_name(index), "handle", handle, Type::U32),
        ] {
            interface.functions.insert(function.name.clone(), function);
        }
    }
    let stability = Stability::Unknown;
    WorldItem::Interface { id, stability, external_id: None, docs: Docs::default(), span: Default::default() }
}

pub(super) fn key() -> WorldKey {
    WorldKey::Name(INTERFACE.into())
}

fn define(resolve: &mut Resolve, name: Option<String>, kind: TypeDefKind, owner: TypeOwner) -> TypeId {
    let (docs, stability) = (Docs::default(), Stability::Unknown);
    resolve.types.alloc(TypeDef { name, kind, owner, docs, stability, span: Default::default(), external_id: None })
}

fn function(name: String, param: &str, ty: Type, result: Type) -> Function {
    Function {
        name,
        kind: FunctionKind::Freestanding,
        params: vec![Param { name: param.into(), ty, span: Default::default() }],
        result: Some(result),
        docs: Docs::default(),
        stability: Stability::Unknown,
        span: Default::default(),
        external_id: None,
    }
}

/// A parameter that is a handle of a resource of the host.
pub(super) struct Parameter {
    /// Among the flat parameters.
    pub(super) index: usize,
    /// In the tuple that stands in their place.
    pub(super) offset: u64,
    pub(super) resource: TypeId,
    pub(super) is_own: bool,
}

/// Parameters that are handles of the host's resources.
pub(super) fn parameters(world: &World, function: &Function, side: Side) -> Vec<Parameter> {
    let types = function.params.iter().map(|param| &param.ty);
    let offsets = world.sizes().field_offsets(types);
    let mut index = 0;
    let mut found = Vec::new();
    for (offset, ty) in offsets {
        let (resource, is_own) = match world.handle(ty) {
            Some(Handle::Own(resource)) => (Some(*resource), true),
            Some(Handle::Borrow(resource)) => (Some(*resource), false),
            None => (None, false),
        };
        if let Some(resource) = resource
            && world.is_of_host(resource, side)
        {
            let (offset, resource) = (offset.size_wasm32() as u64, world.definition(resource));
            found.push(Parameter { index, offset, resource, is_own });
        }
        let mut storage = [WasmType::I32; Resolve::MAX_FLAT_PARAMS];
        let mut flat = FlatTypes::new(&mut storage);
        world.resolve.push_flat(ty, &mut flat);
        index += flat.to_vec().len();
    }
    found
}

/// Where a handle stands that a function gives.
pub(super) enum Given {
    /// It is the result.
    Slot(TypeId),
    /// Within an `option` or a `result` in memory.
    Memory { resource: TypeId, case: i32, offset: u64 },
}

/// The handle of a resource of the host that a function gives.
pub(super) fn given(world: &World, function: &Function, side: Side) -> Option<Given> {
    let own = |ty: &Type| match world.handle(ty) {
        Some(Handle::Own(resource)) if world.is_of_host(*resource, side) => Some(world.definition(*resource)),
        _ => None,
    };
    let ty = function.result.as_ref()?;
    let sizes = world.sizes();
    let (resource, case, offset) = match world.kind(ty)? {
        TypeDefKind::Handle(_) => return own(ty).map(Given::Slot),
        TypeDefKind::Option(some) => (own(some)?, 1, sizes.payload_offset(Int::U8, [None, Some(some)])),
        TypeDefKind::Result(result) => {
            let cases = [result.ok.as_ref(), result.err.as_ref()];
            (own(result.ok.as_ref()?)?, 0, sizes.payload_offset(Int::U8, cases))
        }
        _ => return None,
    };
    Some(Given::Memory { resource, case, offset: offset.size_wasm32() as u64 })
}
