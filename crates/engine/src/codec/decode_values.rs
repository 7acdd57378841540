//! The kinds of values, on their way into the guest.

use rquickjs::qjs;
use rquickjs::qjs::JSValue;

use super::blocks::{Memory, new_array_buffer};
use super::decode::{DecodeError, Decoder, Filling, Made};
use super::intrinsics::Intrinsics;
use super::raw::*;
use super::strings;
use crate::payload::{DATA_VIEW, ELEMENT_SHIFT, ERROR_KINDS, Text, tag};

type Decoded<T> = Result<T, DecodeError>;

/// The engine's number of the type, by view kind of the format.
const TYPES: [u8; 12] = [1, 2, 0, 3, 4, 5, 6, 9, 10, 11, 7, 8];
/// Elements that arrays of this length at most are filled with before they are set, without allocating.
const BLANK: [JSValue; 64] = [qjs::JS_UNDEFINED; 64];
/// ArrayBuffers of the engine end here.
const LONGEST_BUFFER: u64 = i32::MAX as u64;
/// A view that tracks the length of its buffer.
const TRACKS: u8 = 1;

impl Decoder<'_> {
    /// The value that begins with `tag`.
    #[inline]
    pub(super) unsafe fn value(&mut self, tag: u8) -> Decoded<Made> {
        let cx = self.cx;
        // SAFETY: the module's contract.
        unsafe {
            let value = match tag {
                tag::UNDEFINED => qjs::JS_UNDEFINED,
                tag::NULL => qjs::JS_NULL,
                tag::FALSE => qjs::JS_FALSE,
                tag::TRUE => qjs::JS_TRUE,
                tag::INT => int(self.reader.int()?),
                tag::FLOAT => qjs::JS_NewFloat64(self.reader.f64()?),
                tag::LATIN1 | tag::UTF16 | tag::UTF8 => match self.reader.text(tag)? {
                    Some(text) => return Ok(Made::Whole(self.string(text)?)),
                    None => qjs::JS_UNDEFINED,
                },
                tag::OBJECT => {
                    let object = Owned::checked(cx, qjs::JS_NewObject(cx))?;
                    return Ok(Made::Open(self.number(object), Filling::Properties));
                }
                tag::ARRAY => return self.array(),
                _ => return self.special(tag),
            };
            Ok(Made::Whole(Owned::new(cx, value)))
        }
    }

    unsafe fn special(&mut self, tag: u8) -> Decoded<Made> {
        let functions = &self.intrinsics.functions;
        // SAFETY: the module's contract.
        unsafe {
            let object = match tag {
                tag::BIGINT => return Ok(Made::Whole(self.bigint()?)),
                tag::REFERENCE => return Ok(Made::Whole(self.numbered()?)),
                tag::SPARSE => return self.sparse(),
                tag::MAP => {
                    let map = construct(self.cx, functions.map, [], 0)?;
                    return Ok(Made::Open(self.number(map), Filling::Entries));
                }
                tag::SET => {
                    let set = construct(self.cx, functions.set, [], 0)?;
                    return Ok(Made::Open(self.number(set), Filling::Values));
                }
                tag::ERROR => return self.error(),
                tag::VIEW => return Ok(Made::Whole(self.view()?)),
                tag::BUFFER | tag::RESIZABLE | tag::BLOCK => self.buffer(tag)?,
                tag::DATE => {
                    let time = self.reader.f64()?;
                    Owned::checked(self.cx, qjs::JS_NewDate(self.cx, time))?
                }
                tag::REGEXP => {
                    let source = self.required_text()?;
                    let flags = self.required_text()?;
                    construct(self.cx, functions.regexp, [source.raw(), flags.raw()], 2)?
                }
                tag::BOXED => self.boxed()?,
                tag::PLATFORM => {
                    let place = usize::try_from(self.reader.varint()?).unwrap_or(usize::MAX);
                    let Some(&object) = self.platform.get(place) else {
                        return Err(self.reader.malformed("an object of the platform that is not there").into());
                    };
                    Owned::dup(self.cx, object)
                }
                _ => return Err(self.reader.malformed("an unknown tag").into()),
            };
            Ok(Made::Whole(self.number(object)))
        }
    }

    pub(super) unsafe fn string(&mut self, text: Text<'_>) -> Decoded<Owned> {
        let cx = self.cx;
        // SAFETY: the module's contract; the engine copies what it is given.
        unsafe {
            let new = |utf8: &[u8]| qjs::JS_NewStringLen(cx, utf8.as_ptr().cast(), utf8.len() as qjs::size_t);
            let value = match text {
                Text::Latin1(units) if units.is_ascii() => new(units),
                Text::Latin1(units) => {
                    if let Some(made) = strings::new_narrow(cx, units, &mut self.scratch.text) {
                        return Ok(made?);
                    }
                    // By way of UTF-8 the string stays narrow, half of what two bytes a unit would take.
                    let buffer = &mut self.scratch.text;
                    buffer.clear();
                    buffer.resize(units.len() * 2, 0);
                    let length = widen(units, buffer);
                    new(&buffer[..length])
                }
                Text::Utf16(bytes) => {
                    let units = &mut self.scratch.units;
                    units.clear();
                    units.extend(bytes.as_chunks().0.iter().map(|&pair| u16::from_le_bytes(pair)));
                    qjs::JS_NewStringUTF16(cx, units.as_ptr(), units.len() as qjs::size_t)
                }
                Text::Utf8(text) => new(text.as_bytes()),
            };
            Ok(Owned::checked(cx, value)?)
        }
    }

    unsafe fn required_text(&mut self) -> Decoded<Owned> {
        let tag = self.reader.byte()?;
        match self.reader.text(tag)? {
            // SAFETY: the module's contract.
            Some(text) => unsafe { self.string(text) },
            None => Err(self.reader.malformed("something other than a string").into()),
        }
    }

    unsafe fn optional_text(&mut self) -> Decoded<Option<Owned>> {
        if self.reader.peek()? == tag::UNDEFINED {
            self.reader.byte()?;
            return Ok(None);
        }
        // SAFETY: the module's contract.
        unsafe { self.required_text().map(Some) }
    }

    unsafe fn array(&mut self) -> Decoded<Made> {
        let length = self.reader.count()?;
        let count = i32::try_from(length).map_err(|_| self.reader.malformed("an array that long"))?;
        // SAFETY: the module's contract; the engine copies `count` values.
        unsafe {
            let array = if length <= BLANK.len() {
                qjs::JS_NewArrayFrom(self.cx, count, BLANK.as_ptr())
            } else {
                qjs::JS_NewArrayFrom(self.cx, count, vec![qjs::JS_UNDEFINED; length].as_ptr())
            };
            let array = Owned::checked(self.cx, array)?;
            Ok(Made::Open(self.number(array), Filling::Elements(count as u32)))
        }
    }

    unsafe fn sparse(&mut self) -> Decoded<Made> {
        let length = self.reader.varint()?;
        if length > u64::from(u32::MAX) {
            return Err(self.reader.malformed("an array that long").into());
        }
        // SAFETY: the module's contract. The length of a fresh array is its own data property.
        unsafe {
            let array = Owned::checked(self.cx, qjs::JS_NewArray(self.cx))?;
            if qjs::JS_SetLength(self.cx, array.raw(), length as i64) < 0 {
                return Err(DecodeError::Exception);
            }
            Ok(Made::Open(self.number(array), Filling::Properties))
        }
    }

    unsafe fn bigint(&mut self) -> Decoded<Owned> {
        let (negative, magnitude) = self.reader.bigint()?;
        let length = magnitude.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let magnitude = &magnitude[..length];
        // SAFETY: the module's contract. The captured functions get numbers and hexadecimal text: no guest code runs.
        unsafe {
            if let Some(low) = small(magnitude) {
                let value = i128::from(low) * if negative { -1 } else { 1 };
                if let Ok(value) = i64::try_from(value) {
                    return Ok(Owned::checked(self.cx, qjs::JS_NewBigInt64(self.cx, value))?);
                }
            }
            // Text can be negative in decimal only. The two's complement can: with a bit to spare, it reads back signed.
            let bits = length * 8 + 8;
            let mut bytes = magnitude.to_vec();
            bytes.push(0);
            if negative {
                let mut carry = true;
                for byte in &mut bytes {
                    let (inverse, overflow) = (!*byte).overflowing_add(u8::from(carry));
                    *byte = inverse;
                    carry = overflow;
                }
            }
            let mut text = String::with_capacity(bytes.len() * 2 + 2);
            text.push_str("0x");
            for byte in bytes.iter().rev() {
                text.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
            }
            let functions = &self.intrinsics.functions;
            let text = self.string(Text::Latin1(text.as_bytes()))?;
            let value = call(self.cx, functions.bigint, qjs::JS_UNDEFINED, [text.raw()])?;
            if !negative {
                return Ok(value);
            }
            Ok(call(self.cx, functions.bigint_as_int, functions.bigint, [number(bits), value.raw()])?)
        }
    }

    unsafe fn boxed(&mut self) -> Decoded<Owned> {
        let tag = self.reader.byte()?;
        let plain = matches!(
            tag,
            tag::FALSE | tag::TRUE | tag::INT | tag::FLOAT | tag::LATIN1 | tag::UTF16 | tag::UTF8 | tag::BIGINT
        );
        if !plain {
            return Err(self.reader.malformed("a box around no primitive").into());
        }
        // SAFETY: the module's contract.
        unsafe {
            match self.value(tag)? {
                Made::Whole(primitive) | Made::Open(primitive, _) => {
                    Ok(Owned::checked(self.cx, qjs::JS_ToObject(self.cx, primitive.raw()))?)
                }
            }
        }
    }

    unsafe fn error(&mut self) -> Decoded<Made> {
        let kind = usize::from(self.reader.byte()?);
        let Some(&standard_name) = ERROR_KINDS.get(kind) else {
            return Err(self.reader.malformed("an unknown kind of error").into());
        };
        let (cx, intrinsics) = (self.cx, self.intrinsics);
        let names = &intrinsics.names;
        // SAFETY: the module's contract. An object of the class made this way notes no stack of its own.
        unsafe {
            let prototype = intrinsics.error_prototypes[kind];
            let error = qjs::JS_NewObjectProtoClass(cx, prototype, intrinsics.classes.error);
            let error = Owned::checked(cx, error)?;
            let error = self.number(error);
            let name = self
                .optional_text()?
                .filter(|name| Chars::of(cx, name.raw()).is_ok_and(|chars| chars.bytes() != standard_name.as_bytes()));
            let message = self.optional_text()?;
            let stack = self.optional_text()?;
            let hidden = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as i32;
            for (name, text) in [(names.message, message), (names.name, name), (names.stack, stack)] {
                if let Some(text) = text
                    && qjs::JS_DefinePropertyValue(cx, error.raw(), name, text.into_raw(), hidden) < 0
                {
                    return Err(DecodeError::Exception);
                }
            }
            Ok(Made::Open(error, Filling::HiddenProperties))
        }
    }

    unsafe fn buffer(&mut self, tag: u8) -> Decoded<Owned> {
        let cx = self.cx;
        // SAFETY: the module's contract; the engine copies inline bytes.
        unsafe {
            match tag {
                tag::BLOCK => {
                    let block = self.take_block()?;
                    Ok(Owned::checked(cx, new_array_buffer(cx, self.intrinsics, block))?)
                }
                tag::RESIZABLE => {
                    let length = self.reader.count()?;
                    let longest = self.reader.varint()?;
                    if (length as u64) > longest || longest > LONGEST_BUFFER {
                        return Err(self.reader.malformed("a buffer longer than its maximum").into());
                    }
                    let bytes = self.reader.take(length)?;
                    let buffer = new_resizable(cx, self.intrinsics, length, longest as usize)?;
                    if let Some(memory) = Memory::of(cx, buffer.raw()) {
                        memory.start.cast_mut().copy_from_nonoverlapping(bytes.as_ptr(), length.min(memory.length));
                    }
                    Ok(buffer)
                }
                _ => {
                    let length = self.reader.count()?;
                    let bytes = self.reader.take(length)?;
                    let buffer = qjs::JS_NewArrayBufferCopy(cx, bytes.as_ptr(), length as qjs::size_t);
                    Ok(Owned::checked(cx, buffer)?)
                }
            }
        }
    }

    unsafe fn view(&mut self) -> Decoded<Owned> {
        let number_of_view = self.reserve_number();
        let kind = self.reader.byte()?;
        let Some(&shift) = ELEMENT_SHIFT.get(usize::from(kind)) else {
            return Err(self.reader.malformed("an unknown kind of view").into());
        };
        let tracks = self.reader.byte()? & TRACKS != 0;
        let offset = self.reader.varint()?;
        let elements = self.reader.varint()?;
        // SAFETY: the module's contract.
        unsafe {
            let buffer = self.buffer_of_view()?;
            let Some(memory) = Memory::of(self.cx, buffer.raw()) else {
                return Err(self.reader.malformed("a view of something other than a buffer").into());
            };
            let end = elements.checked_mul(1 << shift).and_then(|bytes| bytes.checked_add(offset));
            let fits = end.is_some_and(|end| end <= memory.length as u64);
            let aligned = offset & ((1 << shift) - 1) == 0;
            if !fits || !aligned || (tracks && !self.is_resizable(&buffer)?) {
                return Err(self.reader.malformed("a view that does not fit its buffer").into());
            }
            // Without a length, a view over a resizable buffer tracks it.
            let mut arguments = [buffer.raw(), number(offset as usize), number(elements as usize)];
            let count = if tracks { 2 } else { 3 };
            let view = if kind == DATA_VIEW {
                construct(self.cx, self.intrinsics.functions.data_view, arguments, count)?
            } else {
                let kind = TYPES[usize::from(kind)];
                let start = arguments.as_mut_ptr();
                Owned::checked(self.cx, qjs::JS_NewTypedArray(self.cx, count as i32, start, kind as _))?
            };
            Ok(self.set_number(number_of_view, view))
        }
    }

    unsafe fn buffer_of_view(&mut self) -> Decoded<Owned> {
        // SAFETY: the module's contract.
        unsafe {
            match self.reader.byte()? {
                tag::REFERENCE => {
                    let object = self.numbered()?;
                    if qjs::JS_IsArrayBuffer(object.raw()) {
                        return Ok(object);
                    }
                    Err(self.reader.malformed("a view of something other than a buffer").into())
                }
                tag @ (tag::BUFFER | tag::RESIZABLE | tag::BLOCK) => {
                    let buffer = self.buffer(tag)?;
                    Ok(self.number(buffer))
                }
                _ => Err(self.reader.malformed("a view of something other than a buffer").into()),
            }
        }
    }

    unsafe fn is_resizable(&self, buffer: &Owned) -> Decoded<bool> {
        // SAFETY: the module's contract.
        unsafe {
            let resizable = call(self.cx, self.intrinsics.functions.buffer_resizable, buffer.raw(), [])?;
            Ok(qjs::JS_VALUE_GET_BOOL(resizable.raw()))
        }
    }
}

/// `new ArrayBuffer(length, { maxByteLength })`: the only way to one whose maximum is 0, too.
pub(super) unsafe fn new_resizable(
    cx: Cx,
    intrinsics: &Intrinsics,
    length: usize,
    longest: usize,
) -> Result<Owned, Thrown> {
    // SAFETY: the module's contract. The option is an own data property, so nothing of the guest's is read.
    unsafe {
        let options = Owned::checked(cx, qjs::JS_NewObject(cx))?;
        let (name, value) = (intrinsics.names.max_byte_length, number(longest));
        if qjs::JS_DefinePropertyValue(cx, options.raw(), name, value, qjs::JS_PROP_C_W_E as i32) < 0 {
            return Err(Thrown);
        }
        construct(cx, intrinsics.functions.array_buffer, [number(length), options.raw()], 2)
    }
}

/// A magnitude of at most 8 bytes.
fn small(magnitude: &[u8]) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes.get_mut(..magnitude.len())?.copy_from_slice(magnitude);
    Some(u64::from_le_bytes(bytes))
}

/// Latin-1 as UTF-8, in a buffer of twice the length; gives the bytes written.
fn widen(units: &[u8], utf8: &mut [u8]) -> usize {
    let mut at = 0;
    for &unit in units {
        let high = usize::from(unit >> 7);
        // The lead byte is overwritten by a unit that needs none.
        utf8[at] = 0xC0 | unit >> 6;
        at += high;
        utf8[at] = if high == 0 { unit } else { 0x80 | unit & 0x3F };
        at += 1;
    }
    at
}
