//! Functions of the host that a component calls itself.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, ResourceType};

use super::{Asked, Reply, Result, wrong};
use crate::component::concurrent::HostObject;
use crate::component::state::{State, answer};
use crate::component::{Face, Imported};

/// Offers each function, and each of the host's resources, by its number.
pub(in crate::component) fn link(linker: &mut Linker<State>, face: &Face) -> Result<()> {
    for resource in &face.resources {
        let end = resource.end;
        let mut place = place(linker, resource.interface.as_deref())?;
        place.resource_async(&resource.name, ResourceType::host::<HostObject>(), move |store, number| {
            let args = u64::from(number).to_le_bytes().to_vec();
            Box::new(async move { answer(store, end, args).await.map(drop) })
        })?;
    }
    for (imported, number) in face.imported_functions() {
        let (interface, name) = imported.place();
        offer(&mut place(linker, interface)?, name, number, imported)?;
    }
    Ok(())
}

fn place<'a>(linker: &'a mut Linker<State>, interface: Option<&str>) -> Result<LinkerInstance<'a, State>> {
    match interface {
        Some(interface) => linker.instance(interface),
        None => Ok(linker.root()),
    }
}

fn offer(place: &mut LinkerInstance<'_, State>, name: &str, number: u32, imported: &Imported) -> Result<()> {
    macro_rules! by_params {
        ($($count:literal)*) => {
            match (imported.params, imported.results) {
                $(($count, 0) => function::<$count, 0>(place, name, number),)*
                $(($count, _) => function::<$count, 1>(place, name, number),)*
                _ => Err(wrong("more flat parameters than there may be")),
            }
        };
    }
    by_params!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

fn function<const PARAMS: usize, const RESULTS: usize>(
    place: &mut LinkerInstance<'_, State>,
    name: &str,
    number: u32,
) -> Result<()> {
    place.func_wrap_async(name, move |store: StoreContextMut<'_, State>, Asked(args): Asked<PARAMS>| {
        Box::new(async move {
            // Functions that a component imports do not know its own resources.
            if !args.references.is_empty() {
                return Err(wrong("a resource of the component"));
            }
            let giver = store.data().giver();
            Ok(Reply::<RESULTS> { message: answer(store, number, args.message).await?, giver })
        })
    })
}
