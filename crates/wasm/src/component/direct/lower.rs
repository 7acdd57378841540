//! From a message into the memory of a component.

use std::mem::MaybeUninit;

use wasmtime::ValRaw;
use wasmtime::component::__internal::{ComponentTypes, InterfaceType, LowerContext};
use wasmtime::component::Lower;

use super::plan::{Index, Kind, Plan, cases, is_reference, layout, no_case, parts, read, read_pair, scalar, total};
use super::{Result, SLOTS, wrong};
use crate::component::concurrent::{Giver, lower_end};
use crate::component::core::BASE;

pub(in crate::component) struct Lowering<'a, 'b, 'c, T: 'static> {
    types: &'a ComponentTypes,
    message: &'b [u8],
    cx: &'b mut LowerContext<'c, T>,
    slots: [ValRaw; SLOTS],
    next: usize,
    /// Who has streams, futures and resources; none where there are none.
    giver: Option<&'b Giver>,
}

impl<'a, 'b, 'c, T: 'static> Lowering<'a, 'b, 'c, T> {
    pub(in crate::component) fn new(
        types: &'a ComponentTypes,
        message: &'b [u8],
        cx: &'b mut LowerContext<'c, T>,
    ) -> Self {
        Self { types, message, cx, slots: [ValRaw::u64(0); SLOTS], next: 0, giver: None }
    }

    /// The same, with streams, futures and resources.
    pub(in crate::component) fn given_by(self, giver: &'b Giver) -> Self {
        Self { giver: Some(giver), ..self }
    }

    /// Makes what a number stands for the component's; its index there.
    fn reference(&mut self, ty: &InterfaceType, number: u64) -> Result<u64> {
        let giver = self.giver.ok_or_else(|| wrong("a stream or a resource where there are none"))?;
        let index = match ty {
            InterfaceType::Own(_) | InterfaceType::Borrow(_) => giver.handles.lower(self.cx, *ty, number as u32),
            _ => lower_end(self.cx, *ty, number as u32, giver),
        };
        index.map(u64::from)
    }

    /// The flat values so far; the others are zero.
    pub(in crate::component) fn slots(self) -> [ValRaw; SLOTS] {
        self.slots
    }

    fn slot(&self, ahead: usize) -> Result<u64> {
        read(self.message, 8 * (self.next + ahead), 8)
    }

    fn put(&mut self, bits: u64) -> Result<()> {
        let slot = self.slots.get_mut(self.next).ok_or_else(|| wrong("too many flat values"))?;
        *slot = ValRaw::u64(bits);
        self.next += 1;
        Ok(())
    }

    /// The next value, from the next slots.
    pub(in crate::component) fn flat(&mut self, ty: &InterfaceType) -> Result<()> {
        if let Some(parts) = parts(self.types, ty) {
            return parts.iter().try_for_each(|ty| self.flat(ty));
        }
        if let Some(cases) = cases(self.types, ty) {
            let end = self.next + usize::from(self.types.canonical_abi(ty).flat_count.unwrap_or(1));
            let case = u64::from(self.slot(0)? as u32);
            let payload = cases.payload(self.types, ty, case)?;
            self.put(case)?;
            payload.map_or(Ok(()), |ty| self.flat(&ty))?;
            self.next = end;
            return Ok(());
        }
        let (place, length) = match ty {
            InterfaceType::String => self.text(self.slot(0)?, self.slot(1)?)?,
            InterfaceType::List(index) => {
                let (plan, element) = Plan::of(self.types, &self.types[*index].element);
                self.list(&plan, element, self.slot(0)?, self.slot(1)?)?
            }
            ty if is_reference(ty) => {
                let bits = self.reference(ty, self.slot(0)?)?;
                return self.put(bits);
            }
            _ => {
                let bits = scalar(self.types, ty, self.slot(0)?)?;
                return self.put(bits);
            }
        };
        self.put(place)?;
        self.put(length)
    }

    /// The same in memory that the component gives for it; one flat value says where.
    pub(super) fn placed(&mut self, ty: &InterfaceType) -> Result<()> {
        let (size, align) = layout(self.types, ty);
        let to = self.cx.realloc(0, 0, align, size)?;
        self.whole(ty, to)?;
        self.put(to as u64)
    }

    /// A value that stands at the beginning of the message as it does in memory.
    pub(in crate::component) fn whole(&mut self, ty: &InterfaceType, to: usize) -> Result<()> {
        self.listed(ty, [0], to)
    }

    /// Values that stand at offsets of the message as they do in memory, one after the other.
    pub(in crate::component) fn listed(
        &mut self,
        ty: &InterfaceType,
        from: impl IntoIterator<Item = usize>,
        mut to: usize,
    ) -> Result<()> {
        let (plan, index) = Plan::of(self.types, ty);
        let size = plan.node(index).size;
        for from in from {
            self.copy(from, to, size)?;
            self.fix(&plan, index, from, to)?;
            to += size;
        }
        Ok(())
    }

    fn copy(&mut self, from: usize, to: usize, bytes: usize) -> Result<()> {
        let source = from.checked_add(bytes).and_then(|end| self.message.get(from..end));
        let memory = self.cx.as_slice_mut().get_mut(to..to + bytes);
        let (Some(source), Some(memory)) = (source, memory) else { return Err(wrong("a value outside of its memory")) };
        memory.copy_from_slice(source);
        Ok(())
    }

    /// Bytes of the message, by their absolute address.
    fn source(&self, address: u64, bytes: usize) -> Result<usize> {
        let start = (address as u32).checked_sub(BASE).map(|start| start as usize);
        // Nothing may lie anywhere.
        let start = if bytes == 0 { Some(0) } else { start };
        let is_inside = |start: &usize| start.checked_add(bytes).is_some_and(|end| end <= self.message.len());
        start.filter(is_inside).ok_or_else(|| wrong("an address outside of the message"))
    }

    fn text(&mut self, address: u64, length: u64) -> Result<(u64, u64)> {
        let length = length as u32 as usize;
        let start = self.source(address, length)?;
        let text =
            std::str::from_utf8(&self.message[start..start + length]).map_err(|_| wrong("text that is not UTF-8"))?;
        let mut slots = MaybeUninit::<[ValRaw; 2]>::uninit();
        text.linear_lower_to_flat(self.cx, InterfaceType::String, &mut slots)?;
        // SAFETY: lowering that went well has written them.
        let [place, length] = unsafe { slots.assume_init() };
        Ok((place.get_u64(), length.get_u64()))
    }

    fn list(&mut self, plan: &Plan, element: Index, address: u64, count: u64) -> Result<(u64, u64)> {
        let node = plan.node(element);
        let count = count as u32 as usize;
        let bytes = total(node.size, count)?;
        let start = self.source(address, bytes)?;
        let place = self.cx.realloc(0, 0, node.align, bytes)?;
        self.copy(start, place, bytes)?;
        if !matches!(node.kind, Kind::Plain) {
            for index in 0..count {
                self.fix(plan, element, start + node.size * index, place + node.size * index)?;
            }
        }
        Ok((place as u64, count as u64))
    }

    fn write(&mut self, at: usize, size: usize, bits: u64) -> Result<()> {
        let memory = self.cx.as_slice_mut().get_mut(at..at + size);
        memory.ok_or_else(|| wrong("a value outside of its memory"))?.copy_from_slice(&bits.to_le_bytes()[..size]);
        Ok(())
    }

    /// Goes through a value that was copied as it is.
    fn fix(&mut self, plan: &Plan, index: Index, from: usize, to: usize) -> Result<()> {
        let node = plan.node(index);
        let (place, length) = match &node.kind {
            Kind::Plain => return Ok(()),
            Kind::Parts(parts) => {
                return parts.iter().try_for_each(|(offset, part)| self.fix(plan, *part, from + offset, to + offset));
            }
            Kind::Cases { tag, count, offset, payloads } => {
                let case = read(self.message, from, *tag)?;
                if case >= *count {
                    return Err(no_case());
                }
                let payload = payloads.get(case as usize).copied().flatten();
                return payload.map_or(Ok(()), |payload| self.fix(plan, payload, from + offset, to + offset));
            }
            Kind::Scalar(ty) if is_reference(ty) => {
                let bits = self.reference(ty, read(self.message, from, 4)?)?;
                return self.write(to, 4, bits);
            }
            Kind::Scalar(ty) => {
                let is = read(self.message, from, node.size)?;
                let bits = scalar(self.types, ty, is)?;
                return if bits == is { Ok(()) } else { self.write(to, node.size, bits) };
            }
            Kind::Text => {
                let (address, length) = read_pair(self.message, from)?;
                self.text(address, length)?
            }
            Kind::List(element) => {
                let (address, length) = read_pair(self.message, from)?;
                self.list(plan, *element, address, length)?
            }
        };
        self.write(to, 4, place)?;
        self.write(to + 4, 4, length)
    }
}
