//! Messages as parameters and results, both ways: lifted and lowered by the walk over the machine's types.
//!
//! The traits are the machine's, `unsafe` because a wrong description of the flat form would be; it is an array of the machine's raw values here,
//! of as many as the function has, which is known from the same types, or of all that there may be. Everything else is slices, whose bounds are checked.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use wasmtime::ValRaw;
use wasmtime::component::__internal::{InterfaceType, LiftContext, LowerContext};
use wasmtime::component::{Lift, Lower};

use super::lift::Lifting;
use super::lower::Lowering;
use super::{Result, wrong};
use crate::component::concurrent::{Giver, Reference};
use crate::component::core::BASE;

/// Flat parameters that a function has at most.
pub(in crate::component) const SLOTS: usize = 16;

/// The parameters of a call: a message, and who has what stands in it as numbers.
pub(in crate::component) struct Args<'a> {
    pub(in crate::component) message: Cow<'a, [u8]>,
    pub(in crate::component) giver: Cow<'a, Giver>,
}

/// The parameters of a call of the host's, of `FLAT` flat values, or of more than cross flat (0): a message from [`BASE`] on.
pub(in crate::component) struct Asked<const FLAT: usize>(pub(in crate::component) Lifted);

/// The result of a call of the host's, as its code wrote it for [`BASE`]: of one flat value (`1`), or none or in memory (`0`).
pub(in crate::component) struct Reply<const FLAT: usize> {
    pub(in crate::component) message: Vec<u8>,
    pub(in crate::component) giver: Giver,
}

/// A message out of a component, and where in it its streams, futures and resources stand, which have no numbers yet.
pub(in crate::component) struct Lifted {
    pub(in crate::component) message: Vec<u8>,
    pub(in crate::component) references: Vec<(usize, Reference)>,
}

/// Says of a type that its flat form is so many raw values.
macro_rules! described {
    ($($name:ident [$($generics:tt)*] [$($arguments:tt)*] $slots:expr),*) => { $(
        // SAFETY: the flat form is an array of raw values, as many as the function has. Which values they are is decided by the function's own
        // type when they are lifted or lowered.
        unsafe impl $($generics)* wasmtime::component::ComponentType for $name $($arguments)* {
            type Lower = [wasmtime::ValRaw; $slots];
            const ABI: wasmtime::component::__internal::CanonicalAbiInfo =
                $crate::component::direct::flat_info($slots as u8);

            fn typecheck(
                _: &wasmtime::component::__internal::InterfaceType,
                _: &wasmtime::component::__internal::InstanceType<'_>,
            ) -> wasmtime::Result<()> {
                Ok(())
            }
        }

        // SAFETY: as above; a list of parameters or of results is what it is lifted from or lowered as.
        unsafe impl $($generics)* wasmtime::component::ComponentNamedList for $name $($arguments)* {}
    )* };
}

pub(in crate::component) use described;

described! {
    Args [] [<'_>] SLOTS,
    Asked [<const FLAT: usize>] [<FLAT>] FLAT,
    Reply [<const FLAT: usize>] [<FLAT>] FLAT
}

// SAFETY: all raw values of the flat form are written.
unsafe impl Lower for Args<'_> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        to: &mut MaybeUninit<[ValRaw; SLOTS]>,
    ) -> Result<()> {
        let types = cx.types;
        let slots = if types.canonical_abi(&ty).flat_count(SLOTS).is_some() {
            lowered(cx, ty, &self.message, &self.giver)?
        } else {
            // The machine would ask the component for memory of this type's own size, which it does not know: so what it takes for the first
            // flat value is the address of all of them.
            let mut lowering = Lowering::new(types, &self.message, cx).given_by(&self.giver);
            lowering.placed(&ty)?;
            lowering.slots()
        };
        to.write(slots);
        Ok(())
    }

    fn linear_lower_to_memory<T>(&self, _: &mut LowerContext<'_, T>, _: InterfaceType, _: usize) -> Result<()> {
        Err(wrong("the parameters stand in slots"))
    }
}

// SAFETY: all raw values of the flat form are written.
unsafe impl<const FLAT: usize> Lower for Reply<FLAT> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        to: &mut MaybeUninit<[ValRaw; FLAT]>,
    ) -> Result<()> {
        let slots = lowered(cx, ty, &self.message, &self.giver)?;
        let slots = slots.first_chunk::<FLAT>().ok_or_else(|| wrong("the results are too many"))?;
        to.write(*slots);
        Ok(())
    }

    fn linear_lower_to_memory<T>(&self, cx: &mut LowerContext<'_, T>, ty: InterfaceType, to: usize) -> Result<()> {
        let InterfaceType::Tuple(results) = ty else { return Err(wrong("the results are no tuple")) };
        let result = cx.types[results].types.first().copied();
        let types = cx.types;
        let mut lowering = Lowering::new(types, &self.message, cx).given_by(&self.giver);
        result.map_or(Ok(()), |ty| lowering.whole(&ty, to))
    }
}

// SAFETY: every raw value and every byte of memory is a value of the fields that are read.
unsafe impl<const FLAT: usize> Lift for Asked<FLAT> {
    fn linear_lift_from_flat(cx: &mut LiftContext<'_>, ty: InterfaceType, from: &[ValRaw; FLAT]) -> Result<Self> {
        Lifted::of(cx, Vec::new(), BASE as usize, Some(&ty), Flat::Values(from)).map(Self)
    }

    fn linear_lift_from_memory(cx: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> Result<Self> {
        let from = offset(cx, bytes);
        Lifted::of(cx, Vec::new(), BASE as usize, Some(&ty), Flat::Memory(from)).map(Self)
    }
}

/// The flat form of parameters or a result, whose slots stand at the beginning of the message.
fn lowered<T>(
    cx: &mut LowerContext<'_, T>,
    ty: InterfaceType,
    message: &[u8],
    giver: &Giver,
) -> Result<[ValRaw; SLOTS]> {
    let InterfaceType::Tuple(members) = ty else { return Err(wrong("the values are no tuple")) };
    let types = cx.types;
    let mut lowering = Lowering::new(types, message, cx).given_by(giver);
    for ty in &types[members].types {
        lowering.flat(ty)?;
    }
    Ok(lowering.slots())
}

/// Where the values of a message are.
pub(in crate::component) enum Flat<'a> {
    Values(&'a [ValRaw]),
    Memory(usize),
}

/// The bytes are none: they say where the values are.
pub(in crate::component) fn offset(cx: &LiftContext<'_>, bytes: &[u8]) -> usize {
    bytes.as_ptr() as usize - cx.memory().as_ptr() as usize
}

impl Lifted {
    /// A message that begins with these bytes, behind which a value stands: in slots, or, where they are more than 16, in its memory layout.
    pub(in crate::component) fn of(
        cx: &mut LiftContext<'_>,
        out: Vec<u8>,
        base: usize,
        ty: Option<&InterfaceType>,
        from: Flat<'_>,
    ) -> Result<Self> {
        let start = out.len();
        let flat = ty.and_then(|ty| cx.types.canonical_abi(ty).flat_count(SLOTS));
        let mut lifting = Lifting::behind(cx, out, base);
        match (ty, flat, from) {
            (None, ..) => {}
            (Some(ty), Some(_), Flat::Values(values)) => lifting.slots_behind(&[*ty], values, start)?,
            (Some(ty), Some(_), Flat::Memory(from)) => {
                let mut values = Vec::new();
                lifting.loaded(ty, from, &mut values)?;
                lifting.slots_behind(&[*ty], &values, start)?;
            }
            (Some(ty), None, Flat::Memory(from)) => lifting.whole(ty, from)?,
            (Some(_), None, Flat::Values(_)) => return Err(wrong("too many flat values")),
        }
        Ok(lifting.lifted())
    }
}
