//! Whether a component needs component-model async.

use std::borrow::Cow;

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentDefinedType, ComponentFuncType, ComponentType,
    ComponentTypeDeclaration, InstanceTypeDeclaration, Parser, Payload,
};

use crate::component::source;
use crate::error::Result;

/// Whether [`need`] finds something in what a user has.
pub(in crate::component) fn needed_by(bytes: &[u8]) -> Result<bool> {
    Ok(need(&source::component(bytes)?).is_some())
}

/// What of a component takes an engine with component-model async, in a few words; none where nothing does. What cannot be read is the
/// compiler's to refuse.
pub(in crate::component) fn need(component: &[u8]) -> Option<Cow<'static, str>> {
    for payload in Parser::new(0).parse_all(component) {
        let found = match payload.ok()? {
            Payload::ComponentTypeSection(types) => types.into_iter().flatten().find_map(|ty| of_type(&ty)),
            Payload::ComponentCanonicalSection(functions) => {
                functions.into_iter().flatten().find_map(|function| of_function(&function))
            }
            Payload::ComponentImportSection(imports) => imports.into_iter().flatten().find_map(|import| {
                let name = import.name.name;
                let is_wasi = name.starts_with("wasi:") && name.contains("@0.3.");
                is_wasi.then(|| format!("it imports {name}").into())
            }),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The first interface that a component imports and nobody offers, with what to do.
pub(in crate::component) fn unoffered(component: &[u8]) -> Option<String> {
    let imports = Parser::new(0).parse_all(component).filter_map(|payload| match payload {
        Ok(Payload::ComponentImportSection(imports)) => Some(imports),
        _ => None,
    });
    let mut names = imports.flat_map(|imports| imports.into_iter().flatten().map(|import| import.name.name));
    let name = names.find(|name| name.starts_with("wasi:http/") && name.contains("@0.3."))?;
    Some(format!(
        "it imports {name}, and HTTP of WASI 0.3 is not offered: build it for WASI 0.2 (wasm32-wasip2), whose wasi:http is there under \
         permissions.net, or have it import an interface of the app's own for its requests"
    ))
}

fn of_function(function: &CanonicalFunction) -> Option<Cow<'static, str>> {
    match function {
        CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
            options.contains(&CanonicalOption::Async).then_some("it calls functions without waiting for them".into())
        }
        CanonicalFunction::ResourceNew { .. }
        | CanonicalFunction::ResourceDrop { .. }
        | CanonicalFunction::ResourceRep { .. } => None,
        _ => Some("it works on several calls at once".into()),
    }
}

fn of_type(ty: &ComponentType<'_>) -> Option<Cow<'static, str>> {
    match ty {
        ComponentType::Defined(ty) => of_value(ty),
        ComponentType::Func(ty) => of_func(ty),
        ComponentType::Component(parts) => parts.iter().find_map(|part| match part {
            ComponentTypeDeclaration::Type(ty) => of_type(ty),
            _ => None,
        }),
        ComponentType::Instance(parts) => parts.iter().find_map(|part| match part {
            InstanceTypeDeclaration::Type(ty) => of_type(ty),
            _ => None,
        }),
        ComponentType::Resource { .. } => None,
    }
}

fn of_value(ty: &ComponentDefinedType<'_>) -> Option<Cow<'static, str>> {
    match ty {
        ComponentDefinedType::Stream(_) => Some("it has streams".into()),
        ComponentDefinedType::Future(_) => Some("it has futures".into()),
        _ => None,
    }
}

fn of_func(ty: &ComponentFuncType<'_>) -> Option<Cow<'static, str>> {
    ty.async_.then_some("it has async functions".into())
}
