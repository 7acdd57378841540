//! Results of functions that run concurrently: several flat values cross in slots, those of more than 16 in memory.

use wasmtime::ValRaw;
use wasmtime::component::__internal::{InterfaceType, LiftContext};
use wasmtime::component::Lift;

use crate::component::direct::{Flat, Lifted, described, offset, wrong};
use crate::component::inward::HEADER;

type Result<T> = wasmtime::Result<T>;

/// The result of a call of `FLAT` flat values, or of more than cross flat (17).
pub(super) struct Answer<const FLAT: usize>(pub(super) Lifted);

described! { Answer [<const FLAT: usize>] [<FLAT>] FLAT }

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

/// The bytes before an answer.
fn header() -> Vec<u8> {
    let mut bytes = vec![0; HEADER as usize];
    bytes[..4].copy_from_slice(&(HEADER as u32).to_le_bytes());
    bytes
}

fn only(cx: &LiftContext<'_>, ty: InterfaceType) -> Result<Option<InterfaceType>> {
    match ty {
        InterfaceType::Tuple(results) => Ok(cx.types[results].types.first().copied()),
        _ => Err(wrong("the results are no tuple")),
    }
}
