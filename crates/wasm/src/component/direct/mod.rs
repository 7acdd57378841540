//! Calls between the host and a component without the adapters, by the same messages.
//!
//! The machine's code between components copies lists element by element, and it is made when a component is compiled: a list of bytes would
//! take ten times as long as it has to. So functions whose values hold no handle are called by the host itself, and call the host itself, with a walk over the
//! message that is guided by the machine's own types: a list is copied whole, and then what in it must be checked or points elsewhere is gone through.
//!
//! Components with component-model async are called, and call, by the same walk (`concurrent`).

mod imports;
mod lift;
mod lower;
mod plan;
mod values;

use wasmtime::ValRaw;
use wasmtime::component::__internal::{CanonicalAbiInfo, InterfaceType, LiftContext};
use wasmtime::component::Lift;

pub(super) use self::imports::link;
pub(super) use self::lift::Lifting;
pub(super) use self::lower::Lowering;
pub(super) use self::plan::layout;
pub(super) use self::values::{Args, Asked, Flat, Lifted, Reply, SLOTS, described, offset};

type Result<T> = wasmtime::Result<T>;

/// A result: of one flat value or none (`1`), or in memory (`2`).
pub(super) struct Answer<const FLAT: usize>(pub(super) Lifted);

/// Nothing of the type in memory is read by way of its size.
pub(super) const fn flat_info(count: u8) -> CanonicalAbiInfo {
    CanonicalAbiInfo { size32: 0, align32: 1, size64: 0, align64: 1, flat_count: Some(count) }
}

// The flat form of a result is one raw value, or the two that only say that it is in memory.
described! { Answer [<const FLAT: usize>] [<FLAT>] FLAT }

// SAFETY: every raw value and every byte of memory is a value of the fields that are read.
unsafe impl<const FLAT: usize> Lift for Answer<FLAT> {
    fn linear_lift_from_flat(cx: &mut LiftContext<'_>, ty: InterfaceType, from: &[ValRaw; FLAT]) -> Result<Self> {
        let mut lifting = Lifting::answer(cx);
        if let (Some(ty), Some(first)) = (lifting.members(ty)?.first(), from.first()) {
            lifting.single(ty, first)?;
        }
        Ok(Self(lifting.lifted()))
    }

    fn linear_lift_from_memory(cx: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> Result<Self> {
        // They are none: they say where the result is.
        let from = offset(cx, bytes);
        let mut lifting = Lifting::answer(cx);
        if let Some(ty) = lifting.members(ty)?.first() {
            lifting.whole(ty, from)?;
        }
        Ok(Self(lifting.lifted()))
    }
}

pub(super) fn wrong(what: &str) -> wasmtime::Error {
    wasmtime::Error::msg(what.to_owned())
}
