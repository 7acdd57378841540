//! Calls between the host and a component without the adapters, by the same messages.
//!
//! The machine's code between components copies lists element by element, and it is made when a component is compiled: a list of bytes would
//! take ten times as long as it has to. So functions whose values hold no handle are called by the host itself, and call the host itself, with a walk over the
//! message that is guided by the machine's own types: a list is copied whole, and then what in it must be checked or points elsewhere is gone through.
//!
//! The traits are the machine's, `unsafe` because a wrong description of the flat form would be; it is an array of the machine's raw values here,
//! of all that there may be. Everything else is slices, whose bounds are checked.

mod imports;
mod lift;
mod lower;
mod plan;

use std::mem::MaybeUninit;

use wasmtime::ValRaw;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext};
use wasmtime::component::{ComponentNamedList, ComponentType, Lift, Lower};

pub(super) use self::imports::{SLOTS, link};
pub(super) use self::lift::Lifting;
pub(super) use self::lower::Lowering;
pub(super) use self::plan::layout;

use super::concurrent::{Giver, Reference};

type Result<T> = wasmtime::Result<T>;

/// The parameters of a call: a message, and who has what stands in it as numbers.
pub(super) struct Args<'a>(pub(super) &'a [u8], pub(super) &'a Giver);

/// A result, as a message: of one flat value or none (`1`), or in memory (`2`). And the resources in it, at their places, which have no numbers yet.
pub(super) struct Answer<const FLAT: usize>(pub(super) Vec<u8>, pub(super) Vec<(usize, Reference)>);

/// Nothing of the type in memory is read by way of its size.
pub(super) const fn flat_info(count: u8) -> CanonicalAbiInfo {
    CanonicalAbiInfo { size32: 0, align32: 1, size64: 0, align64: 1, flat_count: Some(count) }
}

// SAFETY: the flat form is an array of raw values, of which a function reads as many as it has parameters: 16 at most, since more are one that says where they are.
// Which values they are is decided by the function's own type when they are lowered.
unsafe impl ComponentType for Args<'_> {
    type Lower = [ValRaw; SLOTS];
    const ABI: CanonicalAbiInfo = flat_info(SLOTS as u8);

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}

// SAFETY: as above; a list of parameters is what `Args` is lowered as.
unsafe impl ComponentNamedList for Args<'_> {}

// SAFETY: all raw values of the flat form are written.
unsafe impl Lower for Args<'_> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        to: &mut MaybeUninit<[ValRaw; SLOTS]>,
    ) -> Result<()> {
        let InterfaceType::Tuple(params) = ty else { return Err(wrong("the parameters are no tuple")) };
        let types = cx.types;
        let is_flat = types[params].abi.flat_count(SLOTS).is_some();
        let mut lowering = Lowering::new(types, self.0, cx).given_by(self.1);
        if is_flat {
            types[params].types.iter().try_for_each(|ty| lowering.flat(ty))?;
        } else {
            lowering.placed(&ty)?;
        }
        to.write(lowering.slots());
        Ok(())
    }

    fn linear_lower_to_memory<T>(&self, _: &mut LowerContext<'_, T>, _: InterfaceType, _: usize) -> Result<()> {
        Err(wrong("the parameters stand in slots"))
    }
}

// SAFETY: the flat form of a result is one raw value, or the two that only say that it is in memory.
unsafe impl<const FLAT: usize> ComponentType for Answer<FLAT> {
    type Lower = [ValRaw; FLAT];
    const ABI: CanonicalAbiInfo = flat_info(FLAT as u8);

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}

// SAFETY: as above; a list of results is what `Answer` is lifted from.
unsafe impl<const FLAT: usize> ComponentNamedList for Answer<FLAT> {}

// SAFETY: every raw value and every byte of memory is a value of the fields that are read.
unsafe impl<const FLAT: usize> Lift for Answer<FLAT> {
    fn linear_lift_from_flat(cx: &mut LiftContext<'_>, ty: InterfaceType, from: &[ValRaw; FLAT]) -> Result<Self> {
        let mut lifting = Lifting::answer(cx);
        if let (Some(ty), Some(first)) = (lifting.members(ty)?.first(), from.first()) {
            lifting.single(ty, first)?;
        }
        let (message, references) = lifting.parts();
        Ok(Self(message, references))
    }

    fn linear_lift_from_memory(cx: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> Result<Self> {
        // They are none: they say where the result is.
        let mut lifting = Lifting::answer(cx);
        let from = lifting.offset(bytes);
        if let Some(ty) = lifting.members(ty)?.first() {
            lifting.whole(ty, from)?;
        }
        let (message, references) = lifting.parts();
        Ok(Self(message, references))
    }
}

pub(super) fn wrong(what: &str) -> wasmtime::Error {
    wasmtime::Error::msg(what.to_owned())
}
