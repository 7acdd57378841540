//! What a component imports and exports, as far as it crosses to code of the host, with the numbers that the functions have there.

use wit_parser::abi::{AbiVariant, FlatTypes, WasmType};
use wit_parser::decoding::DecodedWasm;
use wit_parser::{
    Docs, Function, FunctionKind, Handle, IndexMap, InterfaceId, Param, Resolve, SizeAlign, Stability, Type, TypeDef,
    TypeDefKind, TypeId, TypeOwner, WorldId, WorldItem, WorldKey,
};

use super::Direct;
use crate::error::{Error, Result};

/// Packages whose interfaces the host itself offers.
const WASI: &[&str] = &[
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    #[cfg(feature = "net")]
    "wasi:http/",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
];

/// Flat values that cross as such, at most.
const MOST_FLAT: u8 = 16;

/// Which side of a component defines something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Export,
    Import,
}

/// An interface, or the functions that stand in the world itself.
#[derive(Debug)]
pub(super) struct Interface {
    /// None for functions of the world itself.
    pub(super) key: Option<WorldKey>,
    pub(super) functions: Vec<Function>,
    pub(super) resources: Vec<TypeId>,
    /// Functions that cannot be called from here, and why.
    pub(super) omitted: Vec<(String, String)>,
}

/// The functions of all exported interfaces are numbered in their order, then the drops of all exported resources; and so are
/// those of the imports.
pub(super) struct World {
    pub(super) resolve: Resolve,
    pub(super) id: WorldId,
    /// Whether functions may be async, and have streams and futures.
    pub(super) is_concurrent: bool,
    pub(super) exports: Vec<Interface>,
    pub(super) imports: Vec<Interface>,
    sizes: SizeAlign,
}

impl World {
    pub(super) fn decode(component: &[u8], is_concurrent: bool) -> Result<World> {
        let decoded = wit_component::decode(component).map_err(|error| Error::Compile(format!("{error:#}")))?;
        let DecodedWasm::Component(resolve, id) = decoded else {
            return Err(Error::Compile("it is a WIT package, encoded as a component: it has types and no code".into()));
        };
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve);
        let mut world = World { resolve, id, is_concurrent, exports: Vec::new(), imports: Vec::new(), sizes };
        world.exports = world.interfaces(Side::Export)?;
        world.imports = world.interfaces(Side::Import)?;
        Ok(world)
    }

    pub(super) fn sizes(&self) -> &SizeAlign {
        &self.sizes
    }

    pub(super) fn name(&self, key: &WorldKey) -> String {
        self.resolve.name_world_key(key)
    }

    /// Whether the host offers an import itself.
    pub(super) fn is_wasi(resolve: &Resolve, key: &WorldKey) -> bool {
        let name = resolve.name_world_key(key);
        WASI.iter().any(|package| name.starts_with(package))
    }

    fn interfaces(&self, side: Side) -> Result<Vec<Interface>> {
        let world = &self.resolve.worlds[self.id];
        let items = if side == Side::Export { &world.exports } else { &world.imports };
        let mut own = Interface { key: None, functions: Vec::new(), resources: Vec::new(), omitted: Vec::new() };
        let mut interfaces = Vec::new();
        for (key, item) in items {
            match item {
                WorldItem::Function(function) => self.place(&mut own, function, side)?,
                WorldItem::Interface { id, .. } => {
                    if side == Side::Import && Self::is_wasi(&self.resolve, key) {
                        continue;
                    }
                    let found = &self.resolve.interfaces[*id];
                    let is_resource = |ty: &TypeId| matches!(self.resolve.types[*ty].kind, TypeDefKind::Resource);
                    let resources: Vec<_> = found.types.values().copied().filter(is_resource).collect();
                    let mut interface =
                        Interface { key: Some(key.clone()), functions: Vec::new(), resources, omitted: Vec::new() };
                    for function in found.functions.values() {
                        self.place(&mut interface, function, side)?;
                    }
                    interfaces.push(interface);
                }
                WorldItem::Type { id, .. } => {
                    if matches!(self.resolve.types[*id].kind, TypeDefKind::Resource) && side == Side::Import {
                        return Err(Error::Link(format!(
                            "it imports the resource {} outside of an interface: declare it in one",
                            key_text(key)
                        )));
                    }
                }
            }
        }
        if !own.functions.is_empty() || !own.omitted.is_empty() {
            interfaces.insert(0, own);
        }
        Ok(interfaces)
    }

    /// An export that cannot be called from here is left out; an import that cannot be answered ends the compilation.
    fn place(&self, interface: &mut Interface, function: &Function, side: Side) -> Result<()> {
        let reason = self.obstacle(function, side);
        let Some(reason) = reason else {
            interface.functions.push(function.clone());
            return Ok(());
        };
        if side == Side::Import {
            let place = interface.key.as_ref().map_or_else(String::new, |key| format!("{}#", self.name(key)));
            return Err(Error::Link(format!("its import {place}{} {reason}", function.name)));
        }
        interface.omitted.push((function.name.clone(), reason));
        Ok(())
    }

    /// Why a function cannot cross to code of the host.
    fn obstacle(&self, function: &Function, side: Side) -> Option<String> {
        let mut types = function.params.iter().map(|param| &param.ty).chain(&function.result);
        if self.is_concurrent {
            return types.find_map(|ty| self.obstacle_of_concurrent(ty, side));
        }
        if function.kind.is_async() {
            return Some("is an async function of WASI 0.3".into());
        }
        types.find_map(|ty| self.obstacle_of(ty, side))
    }

    /// Why a type cannot cross where functions are concurrent.
    fn obstacle_of_concurrent(&self, ty: &Type, side: Side) -> Option<String> {
        let kind = match self.kind(ty) {
            None if *ty == Type::ErrorContext => return Some("has the type error-context".into()),
            None => return None,
            Some(kind) => kind,
        };
        match kind {
            TypeDefKind::Handle(Handle::Own(resource) | Handle::Borrow(resource)) => self.foreign(*resource, side),
            TypeDefKind::Stream(None) => Some("has a stream without a type of its elements".into()),
            TypeDefKind::Stream(Some(ty)) | TypeDefKind::Future(Some(ty)) => self.obstacle_of_concurrent(ty, side),
            TypeDefKind::Future(None) => None,
            TypeDefKind::Map(..) | TypeDefKind::FixedLengthList(..) => {
                Some(format!("has a type of a kind that cannot cross: {}", kind.as_str()))
            }
            kind => parts(kind).into_iter().find_map(|ty| self.obstacle_of_concurrent(ty, side)),
        }
    }

    fn obstacle_of(&self, ty: &Type, side: Side) -> Option<String> {
        let id = match ty {
            Type::ErrorContext => return Some("has the type error-context".into()),
            Type::Id(id) => *id,
            _ => return None,
        };
        match &self.resolve.types[id].kind {
            TypeDefKind::Handle(Handle::Own(resource) | Handle::Borrow(resource)) => self.foreign(*resource, side),
            kind @ (TypeDefKind::Future(_)
            | TypeDefKind::Stream(_)
            | TypeDefKind::Map(..)
            | TypeDefKind::FixedLengthList(..)) => {
                Some(format!("has a type of a kind that cannot cross: {}", kind.as_str()))
            }
            kind => parts(kind).into_iter().find_map(|ty| self.obstacle_of(ty, side)),
        }
    }

    /// A resource of the host's own WASI, or of no interface.
    fn foreign(&self, resource: TypeId, side: Side) -> Option<String> {
        let resource = self.definition(resource);
        let name = self.resolve.types[resource].name.as_deref().unwrap_or_default();
        let world = &self.resolve.worlds[self.id];
        if side == Side::Export && self.key_of(resource, &world.exports).is_some() {
            return None;
        }
        match self.key_of(resource, &world.imports) {
            Some(key) if Self::is_wasi(&self.resolve, key) => {
                Some(format!("has the resource {name} of {}, which only the host has", self.name(key)))
            }
            Some(_) => None,
            None => Some(format!("has the resource {name}, which no interface of its world has")),
        }
    }

    fn key_of<'a>(&self, resource: TypeId, items: &'a IndexMap<WorldKey, WorldItem>) -> Option<&'a WorldKey> {
        let TypeOwner::Interface(owner) = self.resolve.types[resource].owner else { return None };
        items.iter().find_map(|(key, item)| is_interface(item, owner).then_some(key))
    }

    /// Whether the host defines the resource of a handle, in a function that the component exports or imports.
    pub(super) fn is_of_host(&self, resource: TypeId, side: Side) -> bool {
        let exports = &self.resolve.worlds[self.id].exports;
        side == Side::Import || self.key_of(self.definition(resource), exports).is_none()
    }

    /// The type behind all names that it has got by `use`.
    pub(super) fn definition(&self, mut id: TypeId) -> TypeId {
        while let TypeDefKind::Type(Type::Id(next)) = self.resolve.types[id].kind {
            id = next;
        }
        id
    }

    pub(super) fn kind(&self, ty: &Type) -> Option<&TypeDefKind> {
        let Type::Id(id) = ty else { return None };
        Some(&self.resolve.types[self.definition(*id)].kind)
    }

    /// The handle that a type is, where it is nothing else.
    pub(super) fn handle(&self, ty: &Type) -> Option<&Handle> {
        match self.kind(ty)? {
            TypeDefKind::Handle(handle) => Some(handle),
            _ => None,
        }
    }

    /// How an exported function is called without the adapter, where it is; all of them where there is none.
    pub(super) fn direct(&self, is_bare: bool, interface: &Interface, function: &Function) -> Option<Direct> {
        if !is_bare && (self.is_adapted(function) || !self.can_be_exported(interface, function)) {
            return None;
        }
        let signature = self.resolve.wasm_signature(AbiVariant::GuestExport, function);
        let interface = interface.key.as_ref().map(|key| self.name(key));
        let results = self.flat_results(function);
        Some(Direct { interface, name: function.name.clone(), is_memory: signature.retptr, results })
    }

    /// Whether it has no adapter: no function is better called by one, or one that must not be cannot be called beside it.
    pub(super) fn is_bare(&self) -> bool {
        let is_shut_in = |(interface, function): (&Interface, &Function)| {
            self.must_be_direct(function) && !self.can_be_exported(interface, function)
        };
        self.is_concurrent
            || !self.export_functions().any(|(_, function)| self.is_adapted(function))
            || self.export_functions().any(is_shut_in)
    }

    /// Whether the code between components goes through its lists faster than the host would.
    fn is_adapted(&self, function: &Function) -> bool {
        let is_list = |ty: &Type| matches!(self.kind(ty), Some(TypeDefKind::List(_)));
        !self.must_be_direct(function) && self.mentions(function, &is_list)
    }

    /// Whether it has lists that have to be copied whole, or handles, of which the adapter knows nothing.
    fn must_be_direct(&self, function: &Function) -> bool {
        let is_plain_list = |ty: &Type| matches!(self.kind(ty), Some(TypeDefKind::List(ty)) if self.is_plain(ty));
        self.mentions(function, &|ty| self.handle(ty).is_some() || is_plain_list(ty))
    }

    fn mentions(&self, function: &Function, wanted: &dyn Fn(&Type) -> bool) -> bool {
        let mut types = function.params.iter().map(|param| &param.ty).chain(&function.result);
        types.any(|ty| self.any(ty, wanted))
    }

    /// Flat values of a result; one more than a function gives at most where they are more.
    pub(super) fn flat_results(&self, function: &Function) -> u8 {
        let count = function.result.iter().try_fold(0, |_, ty| self.flats([ty]));
        count.unwrap_or(MOST_FLAT + 1)
    }

    /// Flat values of these types together; none where they are more than cross flat.
    pub(super) fn flats<'a>(&self, types: impl IntoIterator<Item = &'a Type>) -> Option<u8> {
        let mut storage = [WasmType::I32; MOST_FLAT as usize];
        let mut flat = FlatTypes::new(&mut storage);
        let fits = types.into_iter().all(|ty| self.resolve.push_flat(ty, &mut flat));
        fits.then(|| flat.to_vec().len() as u8)
    }

    /// Types with a name have to be exported, too, or imported: those of other interfaces that it exports are not.
    fn can_be_exported(&self, interface: &Interface, function: &Function) -> bool {
        let world = &self.resolve.worlds[self.id];
        let is_imported = |id| world.imports.values().any(|item| is_interface(item, id));
        match &interface.key {
            Some(key) => match &world.exports[key] {
                WorldItem::Interface { id, .. } => self.resolve.interface_direct_deps(*id).all(is_imported),
                _ => false,
            },
            None => {
                let is_named = |ty: &Type| matches!(ty, Type::Id(id) if self.resolve.types[*id].name.is_some());
                // `call` is the adapter's.
                function.name != "call" && !self.mentions(function, &is_named)
            }
        }
    }

    /// Numbers, and records of them.
    fn is_plain(&self, ty: &Type) -> bool {
        match (ty, self.kind(ty)) {
            (Type::Bool | Type::Char | Type::String | Type::ErrorContext, _) => false,
            (_, Some(kind @ (TypeDefKind::Record(_) | TypeDefKind::Tuple(_)))) => {
                parts(kind).into_iter().all(|ty| self.is_plain(ty))
            }
            (_, Some(_)) => false,
            (_, None) => true,
        }
    }

    /// Whether a type, or one that it consists of, is wanted.
    fn any(&self, ty: &Type, wanted: &dyn Fn(&Type) -> bool) -> bool {
        wanted(ty) || self.kind(ty).is_some_and(|kind| parts(kind).into_iter().any(|ty| self.any(ty, wanted)))
    }

    /// Bytes of the slots, or of the tuple that stands in their place.
    pub(super) fn params_bytes(&self, function: &Function) -> usize {
        let signature = self.resolve.wasm_signature(AbiVariant::GuestExport, function);
        if signature.indirect_params {
            self.sizes.params(function.params.iter().map(|param| &param.ty)).size.size_wasm32()
        } else {
            8 * signature.params.len()
        }
    }

    /// Bytes of a result without what it points to.
    pub(super) fn result_bytes(&self, function: &Function) -> usize {
        let Some(ty) = &function.result else { return 0 };
        let signature = self.resolve.wasm_signature(AbiVariant::GuestExport, function);
        if signature.retptr { self.sizes.size(ty).size_wasm32() } else { 8 * signature.results.len() }
    }

    /// In the order of their numbers.
    pub(super) fn export_functions(&self) -> impl Iterator<Item = (&Interface, &Function)> {
        functions(&self.exports)
    }

    /// In the order of their numbers.
    pub(super) fn import_functions(&self) -> impl Iterator<Item = (&Interface, &Function)> {
        functions(&self.imports)
    }

    /// Where the component imports resources of the host's code, by whichever name: the interface, or none for the world itself, the name, and
    /// the place of the resource among them.
    pub(super) fn imported_names(&self) -> Vec<(Option<String>, String, usize)> {
        let resources: Vec<_> = self.import_resources().map(|(_, resource)| resource).collect();
        let place = |ty: TypeId| resources.iter().position(|resource| *resource == self.definition(ty));
        let mut found = Vec::new();
        for (key, item) in &self.resolve.worlds[self.id].imports {
            match item {
                WorldItem::Interface { .. } if Self::is_wasi(&self.resolve, key) => {}
                WorldItem::Interface { id, .. } => {
                    for (name, ty) in &self.resolve.interfaces[*id].types {
                        found.extend(place(*ty).map(|place| (Some(self.name(key)), name.clone(), place)));
                    }
                }
                WorldItem::Type { id, .. } => {
                    found.extend(place(*id).map(|place| (None, key_text(key).to_owned(), place)));
                }
                WorldItem::Function(_) => {}
            }
        }
        found
    }

    /// In the order of the numbers of their drops.
    pub(super) fn export_resources(&self) -> impl Iterator<Item = (&WorldKey, TypeId)> {
        resources(&self.exports)
    }

    /// In the order of the numbers of their drops.
    pub(super) fn import_resources(&self) -> impl Iterator<Item = (&WorldKey, TypeId)> {
        resources(&self.imports)
    }
}

/// The types that one consists of.
fn parts(kind: &TypeDefKind) -> Vec<&Type> {
    match kind {
        TypeDefKind::Record(record) => record.fields.iter().map(|field| &field.ty).collect(),
        TypeDefKind::Tuple(tuple) => tuple.types.iter().collect(),
        TypeDefKind::Variant(variant) => variant.cases.iter().filter_map(|case| case.ty.as_ref()).collect(),
        TypeDefKind::Option(ty) | TypeDefKind::List(ty) | TypeDefKind::Type(ty) => vec![ty],
        TypeDefKind::Result(result) => result.ok.iter().chain(&result.err).collect(),
        _ => Vec::new(),
    }
}

fn functions(interfaces: &[Interface]) -> impl Iterator<Item = (&Interface, &Function)> {
    interfaces.iter().flat_map(|interface| interface.functions.iter().map(move |function| (interface, function)))
}

fn resources(interfaces: &[Interface]) -> impl Iterator<Item = (&WorldKey, TypeId)> {
    let of = |interface: &'_ Interface| interface.resources.clone();
    interfaces
        .iter()
        .filter_map(move |interface| Some((interface.key.as_ref()?, of(interface))))
        .flat_map(|(key, resources)| resources.into_iter().map(move |resource| (key, resource)))
}

fn is_interface(item: &WorldItem, wanted: InterfaceId) -> bool {
    matches!(item, WorldItem::Interface { id, .. } if *id == wanted)
}

fn key_text(key: &WorldKey) -> &str {
    match key {
        WorldKey::Name(name) => name,
        WorldKey::Interface(_) => "",
    }
}

/// `list<u8>`, made in a set of types.
pub(super) fn bytes_type(resolve: &mut Resolve) -> Type {
    Type::Id(resolve.types.alloc(TypeDef {
        name: None,
        kind: TypeDefKind::List(Type::U8),
        owner: TypeOwner::None,
        docs: Docs::default(),
        stability: Stability::Unknown,
        span: Default::default(),
        external_id: None,
    }))
}

/// A function that takes numbers of 32 bits and then bytes, and gives bytes.
pub(super) fn function_of_bytes(name: &str, numbers: &[&str], bytes: Type) -> Function {
    let param = |name: &str, ty| Param { name: name.into(), ty, span: Default::default() };
    let numbers = numbers.iter().map(|name| param(name, Type::U32));
    Function {
        name: name.into(),
        kind: FunctionKind::Freestanding,
        params: numbers.chain([param("args", bytes)]).collect(),
        result: Some(bytes),
        docs: Docs::default(),
        stability: Stability::Unknown,
        span: Default::default(),
        external_id: None,
    }
}
