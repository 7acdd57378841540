//! What a walk over values in memory has to look at: bytes that are not valid whatever they are, and those that point elsewhere.

use std::collections::HashMap;

use wasmtime::component::__internal::ComponentTypes;
use wasmtime::component::__internal::wasmtime_environ::component::InterfaceType;

use super::{Result, wrong};

/// The types that one consists of, prepared for many values of it: each once, however often it occurs.
pub(super) struct Plan {
    nodes: Vec<Node>,
}

/// A type in memory.
pub(super) struct Node {
    pub(super) size: usize,
    pub(super) align: u32,
    pub(super) kind: Kind,
}

/// The number of a type in its plan.
pub(super) type Index = usize;

pub(super) enum Kind {
    /// All bytes are valid, and nothing points elsewhere.
    Plain,
    /// Some bytes are not.
    Scalar(InterfaceType),
    Text,
    List(Index),
    /// The parts that are not plain, at their offsets.
    Parts(Vec<(usize, Index)>),
    /// A tag of so many bytes, and what cases that are not plain hold at an offset.
    Cases {
        tag: usize,
        count: u64,
        offset: usize,
        payloads: Vec<Option<Index>>,
    },
}

impl Plan {
    /// The plan of a type, and its number there.
    pub(super) fn of(types: &ComponentTypes, ty: &InterfaceType) -> (Plan, Index) {
        let mut plan = Plan { nodes: Vec::new() };
        // A type does not occur in itself: most plans get along without looking anything up.
        let index = plan.push(types, ty, &mut HashMap::new());
        (plan, index)
    }

    pub(super) fn node(&self, index: Index) -> &Node {
        &self.nodes[index]
    }

    fn add(&mut self, types: &ComponentTypes, ty: &InterfaceType, known: &mut HashMap<InterfaceType, Index>) -> Index {
        if let Some(index) = known.get(ty) {
            return *index;
        }
        let index = self.push(types, ty, known);
        if has_parts(ty) {
            known.insert(*ty, index);
        }
        index
    }

    fn push(&mut self, types: &ComponentTypes, ty: &InterfaceType, known: &mut HashMap<InterfaceType, Index>) -> Index {
        let (size, align) = layout(types, ty);
        let kind = self.kind(types, ty, known);
        self.nodes.push(Node { size, align, kind });
        self.nodes.len() - 1
    }

    /// As [`Plan::add`], for parts that are nothing to look at where they are plain.
    fn part(
        &mut self,
        types: &ComponentTypes,
        ty: &InterfaceType,
        known: &mut HashMap<InterfaceType, Index>,
    ) -> Option<Index> {
        let index = self.add(types, ty, known);
        (!matches!(self.nodes[index].kind, Kind::Plain)).then_some(index)
    }

    fn kind(&mut self, types: &ComponentTypes, ty: &InterfaceType, known: &mut HashMap<InterfaceType, Index>) -> Kind {
        if let Some(parts) = parts(types, ty) {
            let mut offset = 0;
            let mut found = Vec::new();
            for ty in &parts {
                let at = types.canonical_abi(ty).next_field32(&mut offset) as usize;
                if let Some(index) = self.part(types, ty, known) {
                    found.push((at, index));
                }
            }
            return if found.is_empty() { Kind::Plain } else { Kind::Parts(found) };
        }
        if let Some(cases) = cases(types, ty) {
            let payloads = cases.payloads(types, ty);
            let payloads = payloads.iter().map(|ty| ty.as_ref().and_then(|ty| self.part(types, ty, known))).collect();
            return Kind::Cases { tag: cases.tag, count: cases.count as u64, offset: cases.offset, payloads };
        }
        match ty {
            number if is_number(number) => Kind::Plain,
            InterfaceType::String => Kind::Text,
            InterfaceType::List(index) => Kind::List(self.add(types, &types[*index].element, known)),
            other => Kind::Scalar(*other),
        }
    }
}

/// Whether all bytes of the type are valid.
pub(super) fn is_number(ty: &InterfaceType) -> bool {
    matches!(
        ty,
        InterfaceType::S8
            | InterfaceType::U8
            | InterfaceType::S16
            | InterfaceType::U16
            | InterfaceType::S32
            | InterfaceType::U32
            | InterfaceType::S64
            | InterfaceType::U64
            | InterfaceType::Float32
            | InterfaceType::Float64
    )
}

/// Whether a value is the number of something that somebody else has.
pub(super) fn is_reference(ty: &InterfaceType) -> bool {
    use InterfaceType::{Borrow, Future, Own, Stream};
    matches!(ty, Stream(_) | Future(_) | Own(_) | Borrow(_))
}

fn has_parts(ty: &InterfaceType) -> bool {
    matches!(
        ty,
        InterfaceType::Record(_)
            | InterfaceType::Tuple(_)
            | InterfaceType::Variant(_)
            | InterfaceType::Option(_)
            | InterfaceType::Result(_)
            | InterfaceType::List(_)
    )
}

/// What variants, enums, options and results have in common.
pub(super) struct Cases {
    count: usize,
    pub(super) tag: usize,
    pub(super) offset: usize,
}

pub(super) fn cases(types: &ComponentTypes, ty: &InterfaceType) -> Option<Cases> {
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
    pub(super) fn payload(
        &self,
        types: &ComponentTypes,
        ty: &InterfaceType,
        case: u64,
    ) -> Result<Option<InterfaceType>> {
        let case = usize::try_from(case).ok().filter(|case| *case < self.count);
        let case = case.ok_or_else(no_case)?;
        Ok(match ty {
            InterfaceType::Variant(index) => types[*index].cases.values().nth(case).copied().flatten(),
            InterfaceType::Option(index) if case == 1 => Some(types[*index].ty),
            InterfaceType::Result(index) if case == 0 => types[*index].ok,
            InterfaceType::Result(index) => types[*index].err,
            _ => None,
        })
    }

    /// The types of what cases hold, in their order; of an enum none.
    fn payloads(&self, types: &ComponentTypes, ty: &InterfaceType) -> Vec<Option<InterfaceType>> {
        match ty {
            InterfaceType::Variant(index) => types[*index].cases.values().copied().collect(),
            InterfaceType::Option(index) => vec![None, Some(types[*index].ty)],
            InterfaceType::Result(index) => vec![types[*index].ok, types[*index].err],
            _ => Vec::new(),
        }
    }
}

pub(super) fn no_case() -> wasmtime::Error {
    wrong("a case that there is not")
}

/// Size and alignment in memory.
pub(in crate::component) fn layout(types: &ComponentTypes, ty: &InterfaceType) -> (usize, u32) {
    let info = types.canonical_abi(ty);
    (info.size32 as usize, info.align32)
}

/// The parts of a record or a tuple.
pub(super) fn parts(types: &ComponentTypes, ty: &InterfaceType) -> Option<Vec<InterfaceType>> {
    match ty {
        InterfaceType::Record(index) => Some(types[*index].fields.iter().map(|field| field.ty).collect()),
        InterfaceType::Tuple(index) => Some(types[*index].types.to_vec()),
        _ => None,
    }
}

/// The one valid form of a value without parts.
pub(super) fn scalar(types: &ComponentTypes, ty: &InterfaceType, bits: u64) -> Result<u64> {
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

/// An integer of so many bytes.
#[inline]
pub(super) fn read(bytes: &[u8], at: usize, size: usize) -> Result<u64> {
    // Most are tags of cases.
    if let (1, Some(byte)) = (size, bytes.get(at)) {
        return Ok(u64::from(*byte));
    }
    read_wide(bytes, at, size)
}

fn read_wide(bytes: &[u8], at: usize, size: usize) -> Result<u64> {
    let found = at.checked_add(size).and_then(|end| bytes.get(at..end));
    let number = found.and_then(|found| {
        Some(match size {
            2 => u64::from(u16::from_le_bytes(found.try_into().ok()?)),
            4 => u64::from(u32::from_le_bytes(found.try_into().ok()?)),
            8 => u64::from_le_bytes(found.try_into().ok()?),
            _ => return None,
        })
    });
    number.ok_or_else(|| wrong("a value outside of its memory"))
}

/// Where a value points to, and how much is there.
pub(super) fn read_pair(bytes: &[u8], at: usize) -> Result<(u64, u64)> {
    Ok((read(bytes, at, 4)?, read(bytes, at + 4, 4)?))
}

pub(super) fn total(size: usize, count: usize) -> Result<usize> {
    size.checked_mul(count).ok_or_else(|| wrong("a list that is too long"))
}
