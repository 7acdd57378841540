//! Elements of streams and values of futures: many at once, as one list in one message.

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::sync::Arc;

use wasmtime::ValRaw;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext};
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{Giver, Reference};
use crate::component::core::BASE;
use crate::component::direct::{Lifted, Lifting, Lowering, flat_info, layout, wrong};
use crate::component::inward::HEADER;
use crate::error::Error;

type Result<T> = wasmtime::Result<T>;

/// Bytes of a list in memory: its address and its length.
const LIST: usize = 8;

/// One element of a batch.
#[derive(Clone)]
pub(in crate::component) struct Element {
    batch: Arc<Batch>,
    index: u32,
}

/// A list as a message: address and length at its beginning, behind a header where it is an answer.
struct Batch {
    bytes: Vec<u8>,
    /// Where the elements begin.
    start: usize,
    /// The address of the first byte.
    base: usize,
    /// Bytes of an element; 0 where they are not known yet.
    size: usize,
    /// Who has what stands as a number in an answer.
    giver: Option<Giver>,
}

thread_local! {
    /// How many elements the read takes that is under way, and what it has made of them. The machine lifts elements one by one, without a word
    /// about where in their list they are.
    static READING: Cell<Option<Reading>> = const { Cell::new(None) };
}

struct Reading {
    count: usize,
    batch: Option<Arc<Batch>>,
    next: u32,
    references: References,
}

/// What will have numbers in a message, and where.
type References = Vec<(usize, Reference)>;

/// Reads so many elements, which come one after the other; with what will have numbers in their answer.
pub(super) fn reading<R>(count: usize, read: impl FnOnce() -> R) -> (R, References) {
    let before = READING.replace(Some(Reading { count, batch: None, next: 0, references: Vec::new() }));
    let result = read();
    let after = READING.replace(before);
    (result, after.map(|reading| reading.references).unwrap_or_default())
}

impl Element {
    /// The elements of an answer of the host's: a list at its beginning.
    pub(super) fn of_answer(bytes: Vec<u8>, giver: &Giver) -> Result<Vec<Element>> {
        let word = |at: usize| bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes);
        let (Some(address), Some(count)) = (word(0), word(4)) else { return Err(wrong("a list that is cut")) };
        let start = address.checked_sub(BASE).map(|start| start as usize).filter(|start| *start <= bytes.len());
        let start = start.ok_or_else(|| wrong("an address outside of the message"))?;
        // An element has a byte or more.
        if count as usize > bytes.len() - start {
            return Err(wrong("a list that is longer than its message"));
        }
        let batch = Arc::new(Batch { bytes, start, base: BASE as usize, size: 0, giver: Some(giver.clone()) });
        Ok((0..count).map(|index| Element { batch: batch.clone(), index }).collect())
    }

    /// The answer to a read: as many as belong together, which is all of those that a component wrote at once.
    pub(super) fn answer(elements: &[Element]) -> Result<Vec<u8>> {
        let Some(Element { batch, index }) = elements.first() else { return Err(wrong("no elements")) };
        // What the host itself made comes back in whole batches, of a size that nobody has asked for.
        if batch.size == 0 && *index > 0 || !elements.iter().all(|other| Arc::ptr_eq(&other.batch, batch)) {
            return Err(wrong("a part of a list"));
        }
        let mut bytes = batch.bytes.clone();
        let mut head = [0; HEADER as usize];
        let list = if batch.base == 0 {
            HEADER as usize
        } else {
            head[..4].copy_from_slice(&(batch.base as u32).to_le_bytes());
            bytes.splice(..0, head);
            HEADER as usize
        };
        let address = batch.base + batch.start + batch.size * *index as usize;
        let end = bytes.get_mut(list..list + LIST).ok_or_else(|| wrong("a list that is cut"))?;
        end[..4].copy_from_slice(&(address as u32).to_le_bytes());
        end[4..].copy_from_slice(&(elements.len() as u32).to_le_bytes());
        Ok(bytes)
    }
}

// SAFETY: an element has no flat form: it is only ever an element of a stream, or the value of a future, in memory.
unsafe impl ComponentType for Element {
    type Lower = [ValRaw; 1];
    const ABI: CanonicalAbiInfo = flat_info(1);
    const MAY_REQUIRE_REALLOC: bool = true;

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}

// SAFETY: memory is only written within its bounds, by the layout of the type.
unsafe impl Lower for Element {
    fn linear_lower_to_flat<T>(
        &self,
        _: &mut LowerContext<'_, T>,
        _: InterfaceType,
        _: &mut MaybeUninit<[ValRaw; 1]>,
    ) -> Result<()> {
        Err(wrong("an element outside of a stream"))
    }

    fn linear_lower_to_memory<T>(&self, cx: &mut LowerContext<'_, T>, ty: InterfaceType, to: usize) -> Result<()> {
        Self::linear_store_list_to_memory(cx, ty, to, std::slice::from_ref(self))
    }

    fn linear_store_list_to_memory<T>(
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        to: usize,
        items: &[Self],
    ) -> Result<()> {
        let (types, (size, align)) = (cx.types, layout(cx.types, &ty));
        if !to.is_multiple_of(align as usize) {
            return Err(wrong("an address that is not aligned"));
        }
        let mut to = to;
        for same in items.chunk_by(|before, after| Arc::ptr_eq(&before.batch, &after.batch)) {
            let Batch { bytes, start, giver, .. } = &*same[0].batch;
            let places = same.iter().map(|item| start.saturating_add(size.saturating_mul(item.index as usize)));
            let lowering = Lowering::new(types, bytes, cx);
            let mut lowering = match giver {
                Some(giver) => lowering.given_by(giver),
                None => lowering,
            };
            lowering.listed(&ty, places, to)?;
            to += size * same.len();
        }
        Ok(())
    }
}

// SAFETY: memory is only read within its bounds, by the layout of the type.
unsafe impl Lift for Element {
    fn linear_lift_from_flat(_: &mut LiftContext<'_>, _: InterfaceType, _: &[ValRaw; 1]) -> Result<Self> {
        Err(wrong("an element outside of a stream"))
    }

    /// The bytes are none: they say where the first element is, for each of them.
    fn linear_lift_from_memory(cx: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> Result<Self> {
        let Some(mut reading) = READING.take() else { return Err(wrong("an element outside of a stream")) };
        let batch = match &reading.batch {
            Some(batch) => batch.clone(),
            None => {
                let from = bytes.as_ptr() as usize - cx.memory().as_ptr() as usize;
                let size = layout(cx.types, &ty).0;
                let mut lifting = Lifting::behind(cx, answer_head(), 0);
                let start = lifting.list(&ty, from, reading.count)?;
                let Lifted { message: bytes, references } = lifting.lifted();
                reading.references = references;
                Arc::new(Batch { bytes, start, base: 0, size, giver: None })
            }
        };
        let index = reading.next;
        (reading.batch, reading.next) = (Some(batch.clone()), index + 1);
        READING.set(Some(reading));
        Ok(Element { batch, index })
    }
}

/// The header of an answer, and a list without elements.
pub(super) fn answer_head() -> Vec<u8> {
    let mut bytes = vec![0; HEADER as usize + LIST];
    bytes[..4].copy_from_slice(&(HEADER as u32).to_le_bytes());
    bytes
}

/// The answer to a read of bytes.
pub(super) fn answer_of_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut answer = answer_head();
    let start = answer.len() as u32;
    answer[HEADER as usize..][..4].copy_from_slice(&start.to_le_bytes());
    answer[HEADER as usize + 4..][..4].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
    answer.extend_from_slice(bytes);
    answer
}

/// The bytes of a list of them in an answer of the host's.
pub(super) fn bytes_of_answer(mut answer: Vec<u8>) -> Result<Vec<u8>> {
    let word = |at: usize| answer.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes);
    let (Some(address), Some(length)) = (word(0), word(4)) else { return Err(wrong("a list that is cut")) };
    let start = address.checked_sub(BASE).map(|start| start as usize);
    let end = start.and_then(|start| start.checked_add(length as usize)).filter(|end| *end <= answer.len());
    let (Some(start), Some(end)) = (start, end) else { return Err(wrong("a list outside of its message")) };
    answer.truncate(end);
    answer.drain(..start);
    Ok(answer)
}

/// What the host holds of a message that was refused.
pub(super) fn too_large(bytes: usize) -> wasmtime::Error {
    let message = format!("memoryBytes: {bytes} bytes of a stream do not fit into this sandbox's memory");
    wasmtime::Error::new(Error::Memory(message))
}
