//! Calls of a component's functions without the inward adapter, by the same messages.
//!
//! The machine's code between components copies lists element by element, and it is made when a component is compiled: a list of bytes would
//! take ten times as long as it has to. So functions whose values hold no handle are called by the host itself, with a walk over the message that is guided by
//! the machine's own types: a list is copied whole, and then what in it must be checked or points elsewhere is gone through.
//!
//! The traits are the machine's, `unsafe` because a wrong description of the flat form would be; it is an array of the machine's raw values here,
//! of all that there may be. Everything else is slices, whose bounds are checked.

use std::mem::MaybeUninit;

use wasmtime::ValRaw;
use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{
    CanonicalAbiInfo, ComponentTypes, InstanceType, InterfaceType, LiftContext, LowerContext,
};
use wasmtime::component::{ComponentNamedList, ComponentType, Lift, Lower};

use super::core::BASE;
use super::inward::HEADER;
use crate::error::Error;

type Result<T> = wasmtime::Result<T>;

/// Flat parameters that a function has at most.
const SLOTS: usize = 16;

/// The parameters of a call: a message.
pub(super) struct Args<'a>(pub(super) &'a [u8]);

/// A result, as a message: of one flat value or none (`1`), or in memory (`2`).
pub(super) struct Answer<const FLAT: usize>(pub(super) Vec<u8>);

/// Nothing of the type in memory is read by way of its size.
const fn flat_info(count: u8) -> CanonicalAbiInfo {
    CanonicalAbiInfo { size32: 0, align32: 1, size64: 0, align64: 1, flat_count: Some(count) }
}

// SAFETY: the flat form is an array of raw values, of which a function reads as many as it has parameters: 16 at most, or it is not called by
// this type. Which values they are is decided by the function's own type when they are lowered.
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
        let slots = [ValRaw::u64(0); SLOTS];
        let mut lowering = Lowering { types, message: self.0, cx, slots, next: 0 };
        for ty in &types[params].types {
            lowering.flat(ty)?;
        }
        to.write(lowering.slots);
        Ok(())
    }

    fn linear_lower_to_memory<T>(&self, _: &mut LowerContext<'_, T>, _: InterfaceType, _: usize) -> Result<()> {
        Err(wrong("the parameters are too many"))
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
        let mut lifting = Lifting::new(cx);
        if let (Some(ty), Some(first)) = (lifting.result(ty)?, from.first()) {
            let bits = lifting.flat(&ty, first)?;
            lifting.out.extend_from_slice(&bits.to_le_bytes());
        }
        Ok(Self(lifting.out))
    }

    fn linear_lift_from_memory(cx: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> Result<Self> {
        // They are none: they say where the result is.
        let from = bytes.as_ptr() as usize - cx.memory().as_ptr() as usize;
        let mut lifting = Lifting::new(cx);
        if let Some(ty) = lifting.result(ty)? {
            lifting.block(&ty, from, 1)?;
        }
        Ok(Self(lifting.out))
    }
}

fn wrong(what: &str) -> wasmtime::Error {
    wasmtime::Error::msg(what.to_owned())
}

/// What variants, enums, options and results have in common.
struct Cases {
    count: usize,
    tag: usize,
    offset: usize,
}

fn cases(types: &ComponentTypes, ty: &InterfaceType) -> Option<Cases> {
    let (info, count) = match ty {
        InterfaceType::Variant(index) => (&types[*index].info, types[*index].cases.len()),
        InterfaceType::Enum(index) => (&types[*index].info, types[*index].names.len()),
        InterfaceType::Option(index) => (&types[*index].info, 2),
        InterfaceType::Result(index) => (&types[*index].info, 2),
        _ => return None,
    };
    Some(Cases { count, tag: info.size.byte_size() as usize, offset: info.payload_offset32 as usize })
}

impl Cases {
    /// The type of what a case holds.
    fn payload(&self, types: &ComponentTypes, ty: &InterfaceType, case: u64) -> Result<Option<InterfaceType>> {
        let case = usize::try_from(case).ok().filter(|case| *case < self.count);
        let case = case.ok_or_else(|| wrong("a case that there is not"))?;
        Ok(match ty {
            InterfaceType::Variant(index) => types[*index].cases.values().nth(case).copied().flatten(),
            InterfaceType::Option(index) if case == 1 => Some(types[*index].ty),
            InterfaceType::Result(index) if case == 0 => types[*index].ok,
            InterfaceType::Result(index) => types[*index].err,
            _ => None,
        })
    }
}

/// Size and alignment in memory.
fn layout(types: &ComponentTypes, ty: &InterfaceType) -> (usize, u32) {
    let info = types.canonical_abi(ty);
    (info.size32 as usize, info.align32)
}

/// Whether all bytes are valid, and nothing points elsewhere.
fn is_plain(types: &ComponentTypes, ty: &InterfaceType) -> bool {
    match ty {
        InterfaceType::Record(index) => types[*index].fields.iter().all(|field| is_plain(types, &field.ty)),
        InterfaceType::Tuple(index) => types[*index].types.iter().all(|ty| is_plain(types, ty)),
        InterfaceType::S8 | InterfaceType::U8 | InterfaceType::S16 | InterfaceType::U16 => true,
        InterfaceType::S32 | InterfaceType::U32 | InterfaceType::S64 | InterfaceType::U64 => true,
        InterfaceType::Float32 | InterfaceType::Float64 => true,
        _ => false,
    }
}

/// The parts of a record or a tuple.
fn parts(types: &ComponentTypes, ty: &InterfaceType) -> Option<Vec<InterfaceType>> {
    match ty {
        InterfaceType::Record(index) => Some(types[*index].fields.iter().map(|field| field.ty).collect()),
        InterfaceType::Tuple(index) => Some(types[*index].types.to_vec()),
        _ => None,
    }
}

/// The one valid form of a value without parts.
fn scalar(types: &ComponentTypes, ty: &InterfaceType, bits: u64) -> Result<u64> {
    let low = bits as u32;
    Ok(match ty {
        InterfaceType::Bool => u64::from(low != 0),
        InterfaceType::S8 => u64::from(low as i8 as i32 as u32),
        InterfaceType::U8 => u64::from(low as u8),
        InterfaceType::S16 => u64::from(low as i16 as i32 as u32),
        InterfaceType::U16 => u64::from(low as u16),
        InterfaceType::S32 | InterfaceType::U32 | InterfaceType::Float32 => u64::from(low),
        InterfaceType::S64 | InterfaceType::U64 | InterfaceType::Float64 => bits,
        InterfaceType::Char => {
            u64::from(u32::from(char::from_u32(low).ok_or_else(|| wrong("a char that there is not"))?))
        }
        InterfaceType::Flags(index) => match types[*index].names.len() {
            count @ ..=31 => u64::from(low & ((1 << count) - 1)),
            32 => u64::from(low),
            _ => return Err(wrong("more than 32 flags")),
        },
        _ => return Err(wrong("a value of a type that does not cross here")),
    })
}

fn read(bytes: &[u8], at: usize, size: usize) -> Result<u64> {
    let found = at
        .checked_add(size)
        .and_then(|end| bytes.get(at..end))
        .ok_or_else(|| wrong("a value outside of its memory"))?;
    let mut bits = [0; 8];
    bits[..size].copy_from_slice(found);
    Ok(u64::from_le_bytes(bits))
}

fn total(size: usize, count: usize) -> Result<usize> {
    size.checked_mul(count).ok_or_else(|| wrong("a list that is too long"))
}

/// From a message into the memory of a component.
struct Lowering<'a, 'b, 'c, T: 'static> {
    types: &'a ComponentTypes,
    message: &'b [u8],
    cx: &'b mut LowerContext<'c, T>,
    slots: [ValRaw; SLOTS],
    next: usize,
}

impl<T: 'static> Lowering<'_, '_, '_, T> {
    fn slot(&self, ahead: usize) -> Result<u64> {
        read(self.message, 8 * (self.next + ahead), 8)
    }

    fn put(&mut self, bits: u64) -> Result<()> {
        let slot = self.slots.get_mut(self.next).ok_or_else(|| wrong("too many parameters"))?;
        *slot = ValRaw::u64(bits);
        self.next += 1;
        Ok(())
    }

    fn flat(&mut self, ty: &InterfaceType) -> Result<()> {
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
                let element = self.types[*index].element;
                self.list(&element, self.slot(0)?, self.slot(1)?)?
            }
            _ => {
                let bits = scalar(self.types, ty, self.slot(0)?)?;
                return self.put(bits);
            }
        };
        self.put(place)?;
        self.put(length)
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

    fn list(&mut self, element: &InterfaceType, address: u64, count: u64) -> Result<(u64, u64)> {
        let (size, align) = layout(self.types, element);
        let count = count as u32 as usize;
        let bytes = total(size, count)?;
        let start = self.source(address, bytes)?;
        let place = self.cx.realloc(0, 0, align, bytes)?;
        self.cx.as_slice_mut()[place..place + bytes].copy_from_slice(&self.message[start..start + bytes]);
        if !is_plain(self.types, element) {
            for index in 0..count {
                self.fix(element, start + size * index, place + size * index)?;
            }
        }
        Ok((place as u64, count as u64))
    }

    fn write(&mut self, at: usize, size: usize, bits: u64) {
        self.cx.as_slice_mut()[at..at + size].copy_from_slice(&bits.to_le_bytes()[..size]);
    }

    /// Goes through a value that was copied as it is.
    fn fix(&mut self, ty: &InterfaceType, from: usize, to: usize) -> Result<()> {
        if is_plain(self.types, ty) {
            return Ok(());
        }
        if let Some(parts) = parts(self.types, ty) {
            let mut offset = 0;
            return parts.iter().try_for_each(|ty| {
                let at = self.types.canonical_abi(ty).next_field32(&mut offset) as usize;
                self.fix(ty, from + at, to + at)
            });
        }
        if let Some(cases) = cases(self.types, ty) {
            let case = read(self.message, from, cases.tag)?;
            let payload = cases.payload(self.types, ty, case)?;
            return payload.map_or(Ok(()), |ty| self.fix(&ty, from + cases.offset, to + cases.offset));
        }
        let pair =
            |this: &Self| Ok::<_, wasmtime::Error>((read(this.message, from, 4)?, read(this.message, from + 4, 4)?));
        let (place, length) = match ty {
            InterfaceType::String => {
                let (address, length) = pair(&*self)?;
                self.text(address, length)?
            }
            InterfaceType::List(index) => {
                let (address, length) = pair(&*self)?;
                let element = self.types[*index].element;
                self.list(&element, address, length)?
            }
            _ => {
                let (size, _) = layout(self.types, ty);
                let bits = scalar(self.types, ty, read(self.message, from, size)?)?;
                self.write(to, size, bits);
                return Ok(());
            }
        };
        self.write(to, 4, place);
        self.write(to + 4, 4, length);
        Ok(())
    }
}

/// From the memory of a component into a message, whose addresses are those of its bytes.
struct Lifting<'a, 'b> {
    memory: &'b [u8],
    cx: &'a mut LiftContext<'b>,
    out: Vec<u8>,
    /// Bytes that an answer may still have: in all those of the memory that it comes from, which its account has paid for. An answer that points to the
    /// same bytes again and again would be larger.
    left: usize,
}

impl<'a, 'b> Lifting<'a, 'b> {
    fn new(cx: &'a mut LiftContext<'b>) -> Self {
        let mut out = vec![0; HEADER as usize];
        out[..4].copy_from_slice(&(HEADER as u32).to_le_bytes());
        Self { memory: cx.memory(), left: cx.memory().len(), cx, out }
    }

    fn result(&self, ty: InterfaceType) -> Result<Option<InterfaceType>> {
        match ty {
            InterfaceType::Tuple(results) => Ok(self.cx.types[results].types.first().copied()),
            _ => Err(wrong("the results are no tuple")),
        }
    }

    fn flat(&self, ty: &InterfaceType, from: &ValRaw) -> Result<u64> {
        let types = self.cx.types;
        if let Some(parts) = parts(types, ty) {
            return match parts.as_slice() {
                [only] => self.flat(only, from),
                _ => Err(wrong("a result of more than one value")),
            };
        }
        // The upper half of a short value is left over from somewhere.
        let bits = match ty {
            InterfaceType::S64 | InterfaceType::U64 | InterfaceType::Float64 => from.get_u64(),
            _ => u64::from(from.get_u32()),
        };
        match cases(types, ty) {
            Some(cases) => cases.payload(types, ty, bits).map(|_| bits),
            None => scalar(types, ty, bits),
        }
    }

    fn spend(&mut self, bytes: usize) -> Result<()> {
        let left = self.left.checked_sub(bytes).ok_or_else(|| {
            wasmtime::Error::new(Error::Memory("an answer is larger than the memory of the component".into()))
        })?;
        self.left = left;
        Ok(())
    }

    /// Copies so many values, one after the other; gives their address.
    fn block(&mut self, ty: &InterfaceType, from: usize, count: usize) -> Result<usize> {
        let types = self.cx.types;
        let (size, align) = layout(types, ty);
        let bytes = total(size, count)?;
        let found = from.checked_add(bytes).and_then(|end| self.memory.get(from..end));
        let found = found.ok_or_else(|| wrong("a list outside of the memory"))?;
        if !from.is_multiple_of(align as usize) {
            return Err(wrong("an address that is not aligned"));
        }
        self.spend(bytes)?;
        let place = self.out.len().next_multiple_of(align as usize);
        self.out.resize(place, 0);
        self.out.extend_from_slice(found);
        if !is_plain(types, ty) {
            for index in 0..count {
                self.fix(types, ty, from + size * index, place + size * index)?;
            }
        }
        Ok(place)
    }

    fn text(&mut self, from: usize) -> Result<(usize, usize)> {
        let place = self.out.len();
        if self.cx.options().string_encoding == StringEncoding::Utf8 {
            let (start, length) = (read(self.memory, from, 4)? as usize, read(self.memory, from + 4, 4)? as usize);
            let bytes = start.checked_add(length).and_then(|end| self.memory.get(start..end));
            let bytes = bytes.ok_or_else(|| wrong("text outside of the memory"))?;
            self.spend(length)?;
            std::str::from_utf8(bytes).map_err(|_| wrong("invalid utf-8 in a string"))?;
            self.out.extend_from_slice(bytes);
        } else {
            let pair = self.memory.get(from..from + 8).ok_or_else(|| wrong("text outside of the memory"))?;
            let text = String::linear_lift_from_memory(self.cx, InterfaceType::String, pair)?;
            self.spend(text.len())?;
            self.out.extend_from_slice(text.as_bytes());
        }
        Ok((place, self.out.len() - place))
    }

    fn write(&mut self, at: usize, size: usize, bits: u64) {
        self.out[at..at + size].copy_from_slice(&bits.to_le_bytes()[..size]);
    }

    /// Goes through a value that was copied as it is.
    fn fix(&mut self, types: &ComponentTypes, ty: &InterfaceType, from: usize, to: usize) -> Result<()> {
        if is_plain(types, ty) {
            return Ok(());
        }
        if let Some(parts) = parts(types, ty) {
            let mut offset = 0;
            return parts.iter().try_for_each(|ty| {
                let at = types.canonical_abi(ty).next_field32(&mut offset) as usize;
                self.fix(types, ty, from + at, to + at)
            });
        }
        if let Some(cases) = cases(types, ty) {
            let case = read(self.memory, from, cases.tag)?;
            let payload = cases.payload(types, ty, case)?;
            return payload.map_or(Ok(()), |ty| self.fix(types, &ty, from + cases.offset, to + cases.offset));
        }
        let (place, length) = match ty {
            InterfaceType::String => self.text(from)?,
            InterfaceType::List(index) => {
                let (start, count) = (read(self.memory, from, 4)? as usize, read(self.memory, from + 4, 4)? as usize);
                (self.block(&types[*index].element, start, count)?, count)
            }
            _ => {
                let (size, _) = layout(types, ty);
                let bits = scalar(types, ty, read(self.memory, from, size)?)?;
                self.write(to, size, bits);
                return Ok(());
            }
        };
        self.write(to, 4, place as u64);
        self.write(to + 4, 4, length as u64);
        Ok(())
    }
}
