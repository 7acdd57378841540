//! Messages as parameters and results of functions that run concurrently: lifted and lowered by the walk of `direct.rs`, with streams,
//! futures and resources by their numbers.
//!
//! The traits are the machine's, `unsafe` because a wrong description of the flat form would be; it is an array of the machine's raw values here,
//! of as many as the function has, which is known from the same types.

use std::mem::MaybeUninit;

use wasmtime::ValRaw;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext};
use wasmtime::component::{ComponentNamedList, ComponentType, Lift, Lower};

use super::{Giver, Reference};
use crate::component::core::BASE;
use crate::component::direct::{Lifting, Lowering, SLOTS, flat_info, layout, wrong};
use crate::component::inward::HEADER;

type Result<T> = wasmtime::Result<T>;

/// The parameters of a call: a message, and who has what stands in it as numbers.
pub(super) struct Args {
    pub(super) message: Vec<u8>,
    pub(super) giver: Giver,
}

/// The result of a call of `FLAT` flat values, or of more than cross flat (17).
pub(super) struct Answer<const FLAT: usize>(pub(super) Lifted);

/// The parameters of a call of the host's, of `FLAT` flat values, or of more than cross flat (0).
pub(super) struct Asked<const FLAT: usize>(pub(super) Lifted);

/// The result of a call of the host's: of one flat value or none, or in memory.
pub(super) struct Reply<const FLAT: usize> {
    pub(super) message: Vec<u8>,
    pub(super) giver: Giver,
}

/// A message out of a component, and where in it the numbers of its streams, futures and resources will stand.
pub(super) struct Lifted {
    pub(super) message: Vec<u8>,
    pub(super) references: Vec<(usize, Reference)>,
}

macro_rules! described {
    ($($name:ident [$($generics:tt)*] [$($arguments:tt)*] $slots:expr),*) => { $(
        // SAFETY: the flat form is an array of raw values, as many as the function has. Which values they are is decided by the function's own
        // type when they are lifted or lowered.
        unsafe impl $($generics)* ComponentType for $name $($arguments)* {
            type Lower = [ValRaw; $slots];
            const ABI: CanonicalAbiInfo = flat_info($slots as u8);

            fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
                Ok(())
            }
        }

        // SAFETY: as above; a list of parameters or of results is what it is lifted from or lowered as.
        unsafe impl $($generics)* ComponentNamedList for $name $($arguments)* {}
    )* };
}

described! {
    Args [] [] SLOTS,
    Answer [<const FLAT: usize>] [<FLAT>] FLAT,
    Asked [<const FLAT: usize>] [<FLAT>] FLAT,
    Reply [<const FLAT: usize>] [<FLAT>] FLAT
}

// SAFETY: all raw values of the flat form are written.
unsafe impl Lower for Args {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        to: &mut MaybeUninit<[ValRaw; SLOTS]>,
    ) -> Result<()> {
        let (types, message) = (cx.types, &self.message);
        let slots = if types.canonical_abi(&ty).flat_count(SLOTS).is_some() {
            lowered(cx, ty, message, &self.giver)?
        } else {
            // The machine would ask the component for memory of this type's own size, which it does not know: so what it takes for the first
            // flat value is the address of all of them.
            let (size, align) = layout(types, &ty);
            let place = cx.realloc(0, 0, align, size)?;
            Lowering::new(types, message, cx).given_by(&self.giver).whole(&ty, place)?;
            std::array::from_fn(|slot| ValRaw::u64(if slot == 0 { place as u64 } else { 0 }))
        };
        to.write(slots);
        Ok(())
    }

    fn linear_lower_to_memory<T>(&self, _: &mut LowerContext<'_, T>, _: InterfaceType, _: usize) -> Result<()> {
        Err(wrong("the parameters are in memory"))
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
unsafe impl<const FLAT: usize> Lift for Answer<FLAT> {
    fn linear_lift_from_flat(cx: &mut LiftContext<'_>, ty: InterfaceType, from: &[ValRaw; FLAT]) -> Result<Self> {
        let ty = only(cx, ty)?;
        Lifted::of(cx, header(), 0, ty.as_ref(), Flat::Values(from)).map(Self)
    }

    fn linear_lift_from_memory(cx: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> Result<Self> {
        let from = offset(cx, bytes);
        let ty = only(cx, ty)?;
        Lifted::of(cx, header(), 0, ty.as_ref(), Flat::Memory(from)).map(Self)
    }
}

// SAFETY: as above.
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
enum Flat<'a> {
    Values(&'a [ValRaw]),
    Memory(usize),
}

/// The bytes before an answer.
fn header() -> Vec<u8> {
    let mut bytes = vec![0; HEADER as usize];
    bytes[..4].copy_from_slice(&(HEADER as u32).to_le_bytes());
    bytes
}

/// The bytes are none: they say where the values are.
fn offset(cx: &LiftContext<'_>, bytes: &[u8]) -> usize {
    bytes.as_ptr() as usize - cx.memory().as_ptr() as usize
}

fn only(cx: &LiftContext<'_>, ty: InterfaceType) -> Result<Option<InterfaceType>> {
    match ty {
        InterfaceType::Tuple(results) => Ok(cx.types[results].types.first().copied()),
        _ => Err(wrong("the results are no tuple")),
    }
}

impl Lifted {
    /// A message that begins with these bytes, behind which a value stands: in slots, or, where they are more than 16, in its memory layout.
    fn of(
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
        let (message, references) = lifting.parts();
        Ok(Self { message, references })
    }
}
