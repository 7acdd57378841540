//! The shape of a component, for the codec on the other side: its functions with their numbers, and the types of their values.

use std::collections::HashMap;

use serde_json::{Value, json};
use wit_parser::{Function, FunctionKind, Handle, Type, TypeDefKind, TypeId, TypeOwner};

use super::world::{Interface, Side, World};

/// As JSON text; see [`super::Component::shape`].
pub(super) fn describe(world: &World) -> String {
    let mut shape =
        Shape { world, types: Vec::new(), known: HashMap::new(), resources: Vec::new(), places: HashMap::new() };
    for side in [Side::Export, Side::Import] {
        shape.resources(side);
    }
    let exports = shape.interfaces(Side::Export);
    let imports = shape.interfaces(Side::Import);
    let mut value =
        json!({ "types": shape.types, "resources": shape.resources, "exports": exports, "imports": imports });
    if world.is_concurrent {
        value["concurrent"] = json!(true);
    }
    value.to_string()
}

struct Shape<'a> {
    world: &'a World,
    types: Vec<Value>,
    /// Handles differ with the side, all other types could be shared.
    known: HashMap<(Side, TypeId), usize>,
    resources: Vec<Value>,
    places: HashMap<(Side, TypeId), usize>,
}

impl Shape<'_> {
    fn resources(&mut self, side: Side) {
        let world = self.world;
        let (count, resources): (_, Vec<_>) = match side {
            Side::Export => (world.export_functions().count(), world.export_resources().collect()),
            Side::Import => (world.import_functions().count(), world.import_resources().collect()),
        };
        for (index, (key, resource)) in resources.into_iter().enumerate() {
            self.places.insert((side, resource), self.resources.len());
            self.resources.push(json!({
                "name": world.resolve.types[resource].name,
                "interface": world.name(key),
                "side": if side == Side::Export { "export" } else { "import" },
                "drop": count + index,
            }));
        }
    }

    fn interfaces(&mut self, side: Side) -> Vec<Value> {
        let world = self.world;
        let interfaces = if side == Side::Export { &world.exports } else { &world.imports };
        let mut number = 0;
        let describe = |interface: &Interface| {
            let functions = interface.functions.iter().map(|function| {
                number += 1;
                self.function(function, number - 1, side)
            });
            let functions: Vec<_> = functions.collect();
            let omitted = interface.omitted.iter().map(|(name, reason)| json!({ "name": name, "reason": reason }));
            json!({
                "name": interface.key.as_ref().map(|key| world.name(key)),
                "functions": functions,
                "omitted": omitted.collect::<Vec<_>>(),
            })
        };
        interfaces.iter().map(describe).collect()
    }

    fn function(&mut self, function: &Function, number: usize, side: Side) -> Value {
        let (kind, resource) = match function.kind {
            FunctionKind::Constructor(resource) => ("constructor", Some(resource)),
            FunctionKind::Method(resource) | FunctionKind::AsyncMethod(resource) => ("method", Some(resource)),
            FunctionKind::Static(resource) | FunctionKind::AsyncStatic(resource) => ("static", Some(resource)),
            FunctionKind::Freestanding | FunctionKind::AsyncFreestanding => ("function", None),
        };
        // `[method]counter.increment`
        let name = function.name.rsplit(['.', ']']).next().unwrap_or_default();
        let resource = resource.and_then(|id| self.place(id, side));
        let params =
            function.params.iter().map(|param| json!({ "name": param.name, "type": self.ty(&param.ty, side) }));
        let params: Vec<_> = params.collect();
        let result = function.result.as_ref().map(|ty| self.ty(ty, side));
        let mut value = json!({
            "number": number, "name": name, "kind": kind, "resource": resource, "params": params, "result": result,
        });
        if function.kind.is_async() {
            value["async"] = json!(true);
        }
        value
    }

    /// What a stream or a future has; its values cross as lists.
    fn elements(&mut self, kind: &str, name: &Option<String>, element: Option<&Type>, side: Side) -> Value {
        let ty = element.map(|ty| self.ty(ty, side));
        let list = ty.as_ref().map(|ty| {
            self.types.push(json!({ "kind": "list", "name": null, "type": ty }));
            self.types.len() - 1
        });
        json!({ "kind": kind, "name": name, "type": ty, "list": list })
    }

    fn place(&self, resource: TypeId, side: Side) -> Option<usize> {
        let side = if self.world.is_of_host(resource, side) { Side::Import } else { Side::Export };
        self.places.get(&(side, self.world.definition(resource))).copied()
    }

    /// The name of a primitive, or the index of another type.
    fn ty(&mut self, ty: &Type, side: Side) -> Value {
        let name = match ty {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::S8 => "s8",
            Type::S16 => "s16",
            Type::S32 => "s32",
            Type::S64 => "s64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::Char => "char",
            Type::String => "string",
            Type::ErrorContext => "error-context",
            Type::Id(id) => return self.defined(self.world.definition(*id), side),
        };
        json!(name)
    }

    fn defined(&mut self, id: TypeId, side: Side) -> Value {
        if let Some(index) = self.known.get(&(side, id)) {
            return json!(index);
        }
        let world = self.world;
        let definition = &world.resolve.types[id];
        let name = &definition.name;
        let mut optional = |ty: &Option<Type>| ty.as_ref().map(|ty| self.ty(ty, side));
        let mut value = match &definition.kind {
            TypeDefKind::Type(ty) => return self.ty(ty, side),
            TypeDefKind::Record(record) => {
                let fields =
                    record.fields.iter().map(|field| json!({ "name": field.name, "type": self.ty(&field.ty, side) }));
                json!({ "kind": "record", "name": name, "fields": fields.collect::<Vec<_>>() })
            }
            TypeDefKind::Variant(variant) => {
                let cases = variant.cases.iter().map(|case| json!({ "name": case.name, "type": optional(&case.ty) }));
                json!({ "kind": "variant", "name": name, "cases": cases.collect::<Vec<_>>() })
            }
            TypeDefKind::Enum(cases) => {
                let cases: Vec<_> = cases.cases.iter().map(|case| &case.name).collect();
                json!({ "kind": "enum", "name": name, "cases": cases })
            }
            TypeDefKind::Flags(flags) => {
                let flags: Vec<_> = flags.flags.iter().map(|flag| &flag.name).collect();
                json!({ "kind": "flags", "name": name, "flags": flags })
            }
            TypeDefKind::Tuple(tuple) => {
                let types: Vec<_> = tuple.types.iter().map(|ty| self.ty(ty, side)).collect();
                json!({ "kind": "tuple", "name": name, "types": types })
            }
            TypeDefKind::Option(ty) => json!({ "kind": "option", "name": name, "type": self.ty(ty, side) }),
            TypeDefKind::Result(result) => {
                json!({ "kind": "result", "name": name, "ok": optional(&result.ok), "err": optional(&result.err) })
            }
            TypeDefKind::List(ty) => json!({ "kind": "list", "name": name, "type": self.ty(ty, side) }),
            TypeDefKind::Handle(Handle::Own(resource)) => {
                json!({ "kind": "own", "resource": self.place(*resource, side) })
            }
            TypeDefKind::Handle(Handle::Borrow(resource)) => {
                json!({ "kind": "borrow", "resource": self.place(*resource, side) })
            }
            TypeDefKind::Stream(element) => self.elements("stream", name, element.as_ref(), side),
            TypeDefKind::Future(element) => self.elements("future", name, element.as_ref(), side),
            // Functions with such types are left out.
            other => json!({ "kind": other.as_str() }),
        };
        if let TypeOwner::Interface(owner) = definition.owner
            && let Some(name) = world.resolve.id_of(owner)
        {
            value["interface"] = json!(name);
        }
        self.types.push(value);
        self.known.insert((side, id), self.types.len() - 1);
        json!(self.types.len() - 1)
    }
}
