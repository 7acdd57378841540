//! Functions of the host that a component calls itself.

use std::mem::MaybeUninit;

use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext};
use wasmtime::component::{ComponentNamedList, ComponentType, Lift, Linker, LinkerInstance, Lower, ResourceType};
use wasmtime::{StoreContextMut, ValRaw};

use super::lift::Lifting;
use super::lower::Lowering;
use super::{Result, flat_info, wrong};
use crate::component::concurrent::{Giver, HostObject};
use crate::component::core::BASE;
use crate::component::state::{State, answer};
use crate::component::{Face, Imported};

/// Flat parameters that a function has at most.
pub(in crate::component) const SLOTS: usize = 16;

/// The parameters of a call, so many flat values or a tuple in memory: a message from [`BASE`] on.
struct Asked<const FLAT: usize>(Vec<u8>);

/// The result, as the host's code wrote it for [`BASE`], and whose resources are in it: of one flat value (`1`), or none or in memory (`0`).
struct Reply<const FLAT: usize>(Vec<u8>, Giver);

// SAFETY: the flat form is an array of as many raw values as the function has parameters; `link` counts them by the function's type.
unsafe impl<const FLAT: usize> ComponentType for Asked<FLAT> {
    type Lower = [ValRaw; FLAT];
    const ABI: CanonicalAbiInfo = flat_info(FLAT as u8);

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}

// SAFETY: as above; a list of parameters is what `Asked` is lifted from.
unsafe impl<const FLAT: usize> ComponentNamedList for Asked<FLAT> {}

// SAFETY: every raw value and every byte of memory is a value of the fields that are read.
unsafe impl<const FLAT: usize> Lift for Asked<FLAT> {
    fn linear_lift_from_flat(cx: &mut LiftContext<'_>, ty: InterfaceType, from: &[ValRaw; FLAT]) -> Result<Self> {
        let mut lifting = Lifting::new(cx, BASE);
        lifting.slots(lifting.members(ty)?, from)?;
        asked(lifting).map(Self)
    }

    fn linear_lift_from_memory(cx: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> Result<Self> {
        // They are none: they say where the parameters are.
        let mut lifting = Lifting::new(cx, BASE);
        lifting.whole(&ty, lifting.offset(bytes))?;
        asked(lifting).map(Self)
    }
}

// SAFETY: the flat form is one raw value, or none; `link` knows which by the function's type.
unsafe impl<const FLAT: usize> ComponentType for Reply<FLAT> {
    type Lower = [ValRaw; FLAT];
    const ABI: CanonicalAbiInfo = flat_info(FLAT as u8);

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}

// SAFETY: as above; a list of results is what `Reply` is lowered as.
unsafe impl<const FLAT: usize> ComponentNamedList for Reply<FLAT> {}

// SAFETY: all raw values of the flat form are written.
unsafe impl<const FLAT: usize> Lower for Reply<FLAT> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        to: &mut MaybeUninit<[ValRaw; FLAT]>,
    ) -> Result<()> {
        let types = cx.types;
        let mut lowering = Lowering::new(types, &self.0, cx).given_by(&self.1);
        if let (Some(ty), true) = (result(types, ty)?, FLAT > 0) {
            lowering.flat(ty)?;
        }
        let slots = lowering.slots();
        to.write(std::array::from_fn(|slot| slots[slot]));
        Ok(())
    }

    fn linear_lower_to_memory<T>(&self, cx: &mut LowerContext<'_, T>, ty: InterfaceType, to: usize) -> Result<()> {
        let types = cx.types;
        match result(types, ty)? {
            Some(ty) => Lowering::new(types, &self.0, cx).given_by(&self.1).whole(ty, to),
            None => Ok(()),
        }
    }
}

/// A message in which all resources are the host's: functions that a component imports do not know others.
fn asked(lifting: Lifting<'_, '_>) -> Result<Vec<u8>> {
    match lifting.parts() {
        (message, references) if references.is_empty() => Ok(message),
        _ => Err(wrong("a resource of the component")),
    }
}

fn result(
    types: &wasmtime::component::__internal::ComponentTypes,
    ty: InterfaceType,
) -> Result<Option<&InterfaceType>> {
    match ty {
        InterfaceType::Tuple(results) => Ok(types[results].types.first()),
        _ => Err(wrong("the results are no tuple")),
    }
}

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
            let giver = store.data().giver();
            Ok(Reply::<RESULTS>(answer(store, number, args).await?, giver))
        })
    })
}
