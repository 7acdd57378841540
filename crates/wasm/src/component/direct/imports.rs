//! Functions of the host that a component calls itself.

use std::mem::MaybeUninit;

use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext};
use wasmtime::component::{ComponentNamedList, ComponentType, Lift, Linker, LinkerInstance, Lower};
use wasmtime::{StoreContextMut, ValRaw};

use super::lift::Lifting;
use super::lower::Lowering;
use super::{Result, flat_info, wrong};
use crate::component::core::BASE;
use crate::component::state::{State, answer};
use crate::component::{Imported, Way};

/// Flat parameters that a function has at most.
pub(in crate::component) const SLOTS: usize = 16;

/// The parameters of a call, so many flat values or a tuple in memory: a message from [`BASE`] on.
struct Asked<const FLAT: usize>(Vec<u8>);

/// The result, as the host's code wrote it for [`BASE`]: of one flat value (`1`), or none or in memory (`0`).
struct Reply<const FLAT: usize>(Vec<u8>);

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
        Ok(Self(lifting.message()))
    }

    fn linear_lift_from_memory(cx: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> Result<Self> {
        // They are none: they say where the parameters are.
        let mut lifting = Lifting::new(cx, BASE);
        lifting.whole(&ty, lifting.offset(bytes))?;
        Ok(Self(lifting.message()))
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
        let mut lowering = Lowering::new(types, &self.0, cx);
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
            Some(ty) => Lowering::new(types, &self.0, cx).whole(ty, to),
            None => Ok(()),
        }
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

/// Offers each function that needs no adapter, by its number.
pub(in crate::component) fn link(linker: &mut Linker<State>, imported: &[Imported]) -> Result<()> {
    for (imported, number) in imported.iter().zip(0..) {
        let Some(Way { interface, name, params, has_flat_result }) = &imported.way else { continue };
        let mut place = match interface {
            Some(interface) => linker.instance(interface)?,
            None => linker.root(),
        };
        offer(&mut place, name, number, *params, *has_flat_result)?;
    }
    Ok(())
}

fn offer(
    place: &mut LinkerInstance<'_, State>,
    name: &str,
    number: u32,
    params: usize,
    has_flat_result: bool,
) -> Result<()> {
    macro_rules! by_params {
        ($($count:literal)*) => {
            match (params, has_flat_result) {
                $(($count, false) => function::<$count, 0>(place, name, number),)*
                $(($count, true) => function::<$count, 1>(place, name, number),)*
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
        Box::new(async move { Ok(Reply::<RESULTS>(answer(store, number, args).await?)) })
    })
}
