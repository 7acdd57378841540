//! From the memory of a component into a message.

use wasmtime::ValRaw;
use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{ComponentTypes, InterfaceType, LiftContext};
use wasmtime::component::Lift;

use super::plan::{
    Index, Kind, Plan, cases, is_number, is_reference, layout, no_case, parts, read, read_pair, scalar, total,
};
use super::{Lifted, Result, wrong};
use crate::component::concurrent::Reference;
use crate::component::inward::HEADER;
use crate::error::Error;

/// Bytes of most answers at most.
const SMALL: usize = 64;
/// What the host holds for a stream, a future or a resource in a message.
const REFERENCE_BYTES: usize = 64;
/// So many of these are held in any case.
const FREE_REFERENCES: usize = 16;

pub(in crate::component) struct Lifting<'a, 'b> {
    types: &'b ComponentTypes,
    memory: &'b [u8],
    cx: &'a mut LiftContext<'b>,
    out: Vec<u8>,
    /// The address of the first byte.
    base: usize,
    /// Bytes that a message may still have: in all those of the memory that it comes from, which its account has paid for. One that points to the
    /// same bytes again and again would be larger.
    left: usize,
    /// Streams, futures and resources, and where in the message their numbers will stand.
    references: Vec<(usize, Reference)>,
}

impl<'a, 'b> Lifting<'a, 'b> {
    /// A message that begins with these bytes, the first of them at an address.
    pub(in crate::component) fn behind(cx: &'a mut LiftContext<'b>, out: Vec<u8>, base: usize) -> Self {
        let (types, memory) = (cx.types, cx.memory());
        Self { types, memory, left: memory.len(), cx, out, base, references: Vec::new() }
    }

    /// An answer, which begins with its header.
    pub(super) fn answer(cx: &'a mut LiftContext<'b>) -> Self {
        let mut lifting = Self::behind(cx, Vec::new(), 0);
        lifting.out.reserve(SMALL);
        lifting.out.resize(HEADER as usize, 0);
        lifting.out[..4].copy_from_slice(&(HEADER as u32).to_le_bytes());
        lifting
    }

    /// The message, with its streams, futures and resources.
    pub(in crate::component) fn lifted(self) -> Lifted {
        Lifted { message: self.out, references: self.references }
    }

    /// So many values that stand one after the other in memory; the place of the first.
    pub(in crate::component) fn list(&mut self, ty: &InterfaceType, from: usize, count: usize) -> Result<usize> {
        let (plan, index) = Plan::of(self.types, ty);
        self.block(&plan, index, from, count)
    }

    /// The flat values of a value that stands in memory.
    pub(in crate::component) fn loaded(&self, ty: &InterfaceType, from: usize, values: &mut Vec<ValRaw>) -> Result<()> {
        if let Some(parts) = parts(self.types, ty) {
            let mut offset = 0;
            return parts.iter().try_for_each(|ty| {
                let at = self.types.canonical_abi(ty).next_field32(&mut offset) as usize;
                self.loaded(ty, from + at, values)
            });
        }
        if let Some(cases) = cases(self.types, ty) {
            let end = values.len() + usize::from(self.types.canonical_abi(ty).flat_count.unwrap_or(1));
            let case = read(self.memory, from, cases.tag)?;
            values.push(ValRaw::u64(case));
            let payload = cases.payload(self.types, ty, case)?;
            payload.map_or(Ok(()), |ty| self.loaded(&ty, from + cases.offset, values))?;
            values.resize(end, ValRaw::u64(0));
            return Ok(());
        }
        if let InterfaceType::String | InterfaceType::List(_) = ty {
            let (start, length) = read_pair(self.memory, from)?;
            values.extend([ValRaw::u64(start), ValRaw::u64(length)]);
        } else {
            let size = self.types.canonical_abi(ty).size32 as usize;
            values.push(ValRaw::u64(read(self.memory, from, size)?));
        }
        Ok(())
    }

    /// The number of what stands as one in a message; none yet where it is to have one.
    fn reference(&mut self, ty: &InterfaceType, index: u32, place: usize) -> Result<u32> {
        let reference = Reference::lift(self.cx, *ty, index)?;
        if let Reference::Number(number) = reference {
            return Ok(number);
        }
        // A function without anything in memory gives one.
        if self.references.len() >= FREE_REFERENCES {
            self.spend(REFERENCE_BYTES)?;
        }
        self.references.push((place, reference));
        Ok(0)
    }

    /// The types of a list of parameters or results.
    pub(in crate::component) fn members(&self, ty: InterfaceType) -> Result<&'b [InterfaceType]> {
        match ty {
            InterfaceType::Tuple(members) => Ok(&self.types[members].types),
            _ => Err(wrong("the values are no tuple")),
        }
    }

    /// A result of one flat value.
    pub(super) fn single(&mut self, ty: &InterfaceType, from: &ValRaw) -> Result<()> {
        if let Some(parts) = parts(self.types, ty) {
            return match parts.as_slice() {
                [only] => self.single(only, from),
                _ => Err(wrong("a result of more than one value")),
            };
        }
        let bits = match cases(self.types, ty) {
            Some(cases) => {
                let case = u64::from(from.get_u32());
                cases.payload(self.types, ty, case)?;
                case
            }
            None if is_reference(ty) => u64::from(self.reference(ty, from.get_u32(), self.out.len())?),
            None => scalar(self.types, ty, bits(ty, from))?,
        };
        self.out.extend_from_slice(&bits.to_le_bytes());
        Ok(())
    }

    /// Values as slots behind so many bytes, one for each flat value.
    pub(in crate::component) fn slots_behind(
        &mut self,
        types: &[InterfaceType],
        from: &[ValRaw],
        start: usize,
    ) -> Result<()> {
        self.out.resize(start + 8 * from.len(), 0);
        let mut next = 0;
        types.iter().try_for_each(|ty| self.flat(ty, from, &mut next, start))
    }

    fn flat(&mut self, ty: &InterfaceType, from: &[ValRaw], next: &mut usize, start: usize) -> Result<()> {
        if let Some(parts) = parts(self.types, ty) {
            return parts.iter().try_for_each(|ty| self.flat(ty, from, next, start));
        }
        let at = *next;
        let raw = |ahead: usize| from.get(at + ahead).ok_or_else(|| wrong("too few flat values"));
        if let Some(cases) = cases(self.types, ty) {
            let end = at + usize::from(self.types.canonical_abi(ty).flat_count.unwrap_or(1));
            let case = u64::from(raw(0)?.get_u32());
            let payload = cases.payload(self.types, ty, case)?;
            self.write(start + 8 * at, 8, case);
            *next += 1;
            payload.map_or(Ok(()), |ty| self.flat(&ty, from, next, start))?;
            *next = end;
            return Ok(());
        }
        let pair = || Ok::<_, wasmtime::Error>((u64::from(raw(0)?.get_u32()), u64::from(raw(1)?.get_u32())));
        let (place, length) = match ty {
            InterfaceType::String => {
                let (address, length) = pair()?;
                self.text(address as usize, length as usize)?
            }
            InterfaceType::List(index) => {
                let (address, count) = pair()?;
                let (plan, element) = Plan::of(self.types, &self.types[*index].element);
                (self.block(&plan, element, address as usize, count as usize)?, count as usize)
            }
            ty if is_reference(ty) => {
                let number = self.reference(ty, raw(0)?.get_u32(), start + 8 * at)?;
                self.write(start + 8 * at, 8, u64::from(number));
                *next += 1;
                return Ok(());
            }
            _ => {
                let bits = scalar(self.types, ty, bits(ty, raw(0)?))?;
                self.write(start + 8 * at, 8, bits);
                *next += 1;
                return Ok(());
            }
        };
        self.write(start + 8 * at, 8, (self.base + place) as u64);
        self.write(start + 8 * at + 8, 8, length as u64);
        *next += 2;
        Ok(())
    }

    /// One value as it stands in memory.
    pub(in crate::component) fn whole(&mut self, ty: &InterfaceType, from: usize) -> Result<()> {
        let (size, align) = layout(self.types, ty);
        let place = self.copy(from, size, align)?;
        self.look(ty, from, place)
    }

    /// Goes through a value that was copied as it is. A result whose case holds a number, as most do, needs no plan.
    fn look(&mut self, ty: &InterfaceType, from: usize, to: usize) -> Result<()> {
        if let Some(cases) = cases(self.types, ty) {
            let case = read(self.memory, from, cases.tag)?;
            let payload = cases.payload(self.types, ty, case)?;
            return payload.map_or(Ok(()), |ty| self.look(&ty, from + cases.offset, to + cases.offset));
        }
        if is_number(ty) {
            return Ok(());
        }
        let (plan, index) = Plan::of(self.types, ty);
        self.fix(&plan, index, from, to)
    }

    fn spend(&mut self, bytes: usize) -> Result<()> {
        let left = self.left.checked_sub(bytes).ok_or_else(|| {
            wasmtime::Error::new(Error::Memory("a message is larger than the memory of the component".into()))
        })?;
        self.left = left;
        Ok(())
    }

    /// Copies so many bytes of the memory; gives their place.
    fn copy(&mut self, from: usize, bytes: usize, align: u32) -> Result<usize> {
        let found = from.checked_add(bytes).and_then(|end| self.memory.get(from..end));
        let found = found.ok_or_else(|| wrong("a list outside of the memory"))?;
        if !from.is_multiple_of(align as usize) {
            return Err(wrong("an address that is not aligned"));
        }
        self.spend(bytes)?;
        let place = self.out.len().next_multiple_of(align as usize);
        self.out.resize(place, 0);
        self.out.extend_from_slice(found);
        Ok(place)
    }

    /// Copies so many values, one after the other; gives their place.
    fn block(&mut self, plan: &Plan, index: Index, from: usize, count: usize) -> Result<usize> {
        let node = plan.node(index);
        let place = self.copy(from, total(node.size, count)?, node.align)?;
        if !matches!(node.kind, Kind::Plain) {
            for item in 0..count {
                self.fix(plan, index, from + node.size * item, place + node.size * item)?;
            }
        }
        Ok(place)
    }

    fn text(&mut self, start: usize, length: usize) -> Result<(usize, usize)> {
        let place = self.out.len();
        if self.cx.options().string_encoding == StringEncoding::Utf8 {
            let bytes = start.checked_add(length).and_then(|end| self.memory.get(start..end));
            let bytes = bytes.ok_or_else(|| wrong("text outside of the memory"))?;
            self.spend(length)?;
            std::str::from_utf8(bytes).map_err(|_| wrong("invalid utf-8 in a string"))?;
            self.out.extend_from_slice(bytes);
        } else {
            let flat = [ValRaw::u32(start as u32), ValRaw::u32(length as u32)];
            let text = String::linear_lift_from_flat(self.cx, InterfaceType::String, &flat)?;
            self.spend(text.len())?;
            self.out.extend_from_slice(text.as_bytes());
        }
        Ok((place, self.out.len() - place))
    }

    fn write(&mut self, at: usize, size: usize, bits: u64) {
        self.out[at..at + size].copy_from_slice(&bits.to_le_bytes()[..size]);
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
                let case = read(self.memory, from, *tag)?;
                if case >= *count {
                    return Err(no_case());
                }
                let payload = payloads.get(case as usize).copied().flatten();
                return payload.map_or(Ok(()), |payload| self.fix(plan, payload, from + offset, to + offset));
            }
            Kind::Scalar(ty) if is_reference(ty) => {
                let number = self.reference(ty, read(self.memory, from, 4)? as u32, to)?;
                self.write(to, 4, u64::from(number));
                return Ok(());
            }
            Kind::Scalar(ty) => {
                let bits = scalar(self.types, ty, read(self.memory, from, node.size)?)?;
                self.write(to, node.size, bits);
                return Ok(());
            }
            Kind::Text => {
                let (start, length) = read_pair(self.memory, from)?;
                self.text(start as usize, length as usize)?
            }
            Kind::List(element) => {
                let (start, count) = read_pair(self.memory, from)?;
                (self.block(plan, *element, start as usize, count as usize)?, count as usize)
            }
        };
        self.write(to, 4, (self.base + place) as u64);
        self.write(to + 4, 4, length as u64);
        Ok(())
    }
}

/// A flat value. The upper half of a short one is left over from somewhere.
fn bits(ty: &InterfaceType, from: &ValRaw) -> u64 {
    match ty {
        InterfaceType::S64 | InterfaceType::U64 | InterfaceType::Float64 => from.get_u64(),
        _ => u64::from(from.get_u32()),
    }
}
