//! The walk over a value: containers, one step at a time, and what stands in them.

use std::ptr::null_mut;

use rquickjs::qjs;
use rquickjs::qjs::{JSAtom, JSPropertyEnum, JSValue};

use super::encode::{Encoder, Frame, Items, KEYS, Key, LONG_KEY, Stop};
use super::raw::*;
use super::strings::{self, Units};
use crate::payload::{MAX_DEPTH, put_f64, put_int, put_latin1, put_varint, tag};

impl Encoder<'_> {
    /// Writes the contents of what was opened.
    pub(super) unsafe fn walk(&mut self) -> Result<(), Stop> {
        while let Some(top) = self.scratch.frames.len().checked_sub(1) {
            // SAFETY: the module's contract.
            let done = unsafe {
                match self.scratch.frames[top].items {
                    Items::Elements => self.elements(top)?,
                    Items::Properties(table) => self.properties(top, table)?,
                    _ => self.collected(top)?,
                }
            };
            if done && let Some(frame) = self.scratch.frames.pop() {
                if !matches!(frame.items, Items::Elements) {
                    self.put_tag(tag::END);
                }
                // SAFETY: the module's contract; the frame is gone.
                unsafe { frame.items.free(self.cx, frame.len) };
            }
        }
        Ok(())
    }

    /// Goes on with an array; `false` when a child has to be walked first.
    unsafe fn elements(&mut self, top: usize) -> Result<bool, Stop> {
        let Frame { value, mut at, len, .. } = self.scratch.frames[top];
        while at < len {
            // SAFETY: the module's contract.
            unsafe {
                let item = qjs::JS_GetPropertyInt64(self.cx, value, i64::from(at));
                at += 1;
                self.scratch.frames[top].at = at;
                if is_undefined(item) && !self.has_element(value, at - 1)? {
                    self.put_tag(tag::HOLE);
                } else if self.value(item)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    unsafe fn has_element(&self, array: JSValue, index: u32) -> Result<bool, Thrown> {
        // SAFETY: the module's contract; the atom is freed once.
        unsafe {
            let atom = qjs::JS_NewAtomUInt32(self.cx, index);
            let has = has_own(self.cx, array, atom);
            qjs::JS_FreeAtom(self.cx, atom);
            has
        }
    }

    unsafe fn properties(&mut self, top: usize, table: *mut JSPropertyEnum) -> Result<bool, Stop> {
        let Frame { value, mut at, len, .. } = self.scratch.frames[top];
        while at < len {
            // SAFETY: the module's contract; the table has `len` entries and lives as long as the frame.
            unsafe {
                let atom = (*table.add(at as usize)).atom;
                at += 1;
                self.scratch.frames[top].at = at;
                let item = qjs::JS_GetProperty(self.cx, value, atom);
                // A getter before this one may have deleted it. Only then can it read as undefined, or as the prototype's.
                if is_undefined(item) && !has_own(self.cx, value, atom)? {
                    continue;
                }
                if is_exception(item) {
                    return Err(Stop::Thrown);
                }
                if let Err(stop) = self.key(atom) {
                    qjs::JS_FreeValue(self.cx, item);
                    return Err(stop);
                }
                if self.value(item)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Goes on with values that were collected beforehand.
    unsafe fn collected(&mut self, top: usize) -> Result<bool, Stop> {
        loop {
            let frame = &mut self.scratch.frames[top];
            let at = frame.at as usize;
            frame.at += 1;
            let (name, item) = match &frame.items {
                Items::Entries(values) | Items::Values(values) => (None, values.get(at).copied()),
                Items::Pairs(pairs) => (pairs.get(at).map(|pair| pair.0), pairs.get(at).map(|pair| pair.1)),
                Items::Elements | Items::Properties(_) => (None, None),
            };
            let Some(item) = item else { return Ok(true) };
            // SAFETY: the module's contract.
            unsafe {
                if let Some(name) = name {
                    self.key(name)?;
                }
                if self.value(qjs::JS_DupValue(self.cx, item))? {
                    return Ok(false);
                }
            }
        }
    }

    /// Writes a value of ours; `true` when it is a container that was opened and has yet to be walked.
    #[inline]
    pub(super) unsafe fn value(&mut self, value: JSValue) -> Result<bool, Stop> {
        // SAFETY: the module's contract. The value is freed on every way out, or held.
        unsafe {
            if let Err(stop) = self.spend(1) {
                qjs::JS_FreeValue(self.cx, value);
                return Err(stop);
            }
            match tag_of(value) {
                _ if put_simple(&mut self.out.bytes, value) => {}
                qjs::JS_TAG_OBJECT => return self.object(value),
                qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => {
                    let text = Owned::new(self.cx, value);
                    self.string(text.raw())?;
                }
                qjs::JS_TAG_BIG_INT | qjs::JS_TAG_SHORT_BIG_INT => {
                    let bigint = Owned::new(self.cx, value);
                    self.bigint(bigint.raw())?;
                }
                qjs::JS_TAG_EXCEPTION => return Err(Stop::Thrown),
                qjs::JS_TAG_SYMBOL => {
                    qjs::JS_FreeValue(self.cx, value);
                    return self.refuse("a symbol");
                }
                _ => return self.refuse("a value of the engine's own"),
            }
        }
        Ok(false)
    }

    #[inline]
    unsafe fn object(&mut self, value: JSValue) -> Result<bool, Stop> {
        // SAFETY: the module's contract. Once held, the value is freed with the encoder.
        unsafe {
            if let Some(number) = self.scratch.identities.find_or_add(address(value)) {
                qjs::JS_FreeValue(self.cx, value);
                self.put_tag(tag::REFERENCE);
                put_varint(&mut self.out.bytes, u64::from(number));
                return Ok(false);
            }
            self.scratch.held.push(value);
            let class = qjs::JS_GetClassID(value);
            if class == self.intrinsics.classes.object {
                self.plain(value)
            } else if class == self.intrinsics.classes.array {
                self.array(value)
            } else {
                self.special(value, class)
            }
        }
    }

    /// Opens a plain object, or whatever crosses as one.
    pub(super) unsafe fn plain(&mut self, value: JSValue) -> Result<bool, Stop> {
        // SAFETY: the module's contract.
        unsafe {
            if let Some(platform) = self.options.platform
                && let Some(place) = platform(value)?
            {
                self.put_tag(tag::PLATFORM);
                put_varint(&mut self.out.bytes, u64::from(place));
                return Ok(false);
            }
            let (table, len) = self.keys(value)?;
            self.put_tag(tag::OBJECT);
            self.open(value, len, Items::Properties(table))
        }
    }

    unsafe fn array(&mut self, value: JSValue) -> Result<bool, Stop> {
        let cx = self.cx;
        let mut length = 0;
        // SAFETY: the module's contract. `length` of an array is its own data property: no guest code runs.
        unsafe {
            if qjs::JS_GetLength(cx, value, &mut length) < 0 {
                return Err(Stop::Thrown);
            }
            let (table, keys) = self.keys(value)?;
            // Indices come first and ascend, so one look at the last key tells them all.
            let dense = if keys == 0 { length == 0 } else { self.is_dense(table, keys, length) };
            if dense {
                qjs::JS_FreePropertyEnum(cx, table, keys);
                self.put_tag(tag::ARRAY);
                put_varint(&mut self.out.bytes, length as u64);
                self.open(value, length as u32, Items::Elements)
            } else {
                self.put_tag(tag::SPARSE);
                put_varint(&mut self.out.bytes, length as u64);
                self.open(value, keys, Items::Properties(table))
            }
        }
    }

    /// Whether an array has nothing but elements, and so few holes that they are better written out.
    unsafe fn is_dense(&self, table: *mut JSPropertyEnum, keys: u32, length: i64) -> bool {
        // SAFETY: the module's contract; `keys` is not 0, and the table has that many entries.
        unsafe {
            let last = (*table.add(keys as usize - 1)).atom;
            if length == i64::from(keys) {
                let expected = qjs::JS_NewAtomUInt32(self.cx, keys - 1);
                qjs::JS_FreeAtom(self.cx, expected);
                // Indices below 2^31 are atoms without memory, which compare as numbers.
                return last == expected;
            }
            length > i64::from(keys)
                && length <= i64::from(keys) * 2 + 8
                && Chars::of_atom(self.cx, last).is_ok_and(|chars| index(chars.bytes()).is_some())
        }
    }

    /// The own enumerable string keys of an object.
    unsafe fn keys(&self, value: JSValue) -> Result<(*mut JSPropertyEnum, u32), Thrown> {
        let (mut table, mut len) = (null_mut(), 0);
        let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as i32;
        // SAFETY: the module's contract.
        let status = unsafe { qjs::JS_GetOwnPropertyNames(self.cx, &mut table, &mut len, value, flags) };
        if status < 0 { Err(Thrown) } else { Ok((table, len)) }
    }

    /// Puts a container on the stack.
    pub(super) unsafe fn open(&mut self, value: JSValue, len: u32, items: Items) -> Result<bool, Stop> {
        if self.scratch.frames.len() >= MAX_DEPTH {
            // SAFETY: the module's contract.
            unsafe { items.free(self.cx, len) };
            return self.refuse("nesting of more than 5,000 levels");
        }
        self.scratch.frames.push(Frame { value, at: 0, len, items });
        Ok(true)
    }

    /// Writes a key.
    #[inline]
    unsafe fn key(&mut self, atom: JSAtom) -> Result<(), Stop> {
        let known = self.scratch.keys[atom as usize % KEYS];
        if known.atom == atom {
            self.out.bytes.extend_from_within(known.start..known.start + known.length);
            return Ok(());
        }
        let start = self.out.bytes.len();
        // SAFETY: the module's contract. The cache owns its atoms.
        unsafe {
            let chars = Chars::of_atom(self.cx, atom)?;
            let bytes = chars.bytes();
            if bytes.len() > LONG_KEY {
                self.reserve(bytes.len())?;
            }
            if let Some(index) = index(bytes) {
                put_int(&mut self.out.bytes, index);
                return Ok(());
            }
            if bytes.is_ascii() {
                put_latin1(&mut self.out.bytes, bytes);
            } else if !put_narrow(&mut self.out.bytes, bytes) {
                let text = Owned::checked(self.cx, qjs::JS_AtomToString(self.cx, atom))?;
                with_units(self.cx, text.raw(), |units| put_wide(&mut self.out.bytes, units))?;
            }
            let length = self.out.bytes.len() - start;
            // The first object's keys are rarely asked for again; a single small object is the most frequent payload.
            if self.scratch.held.len() > 1 && length <= LONG_KEY {
                qjs::JS_FreeAtom(self.cx, known.atom);
                let atom = qjs::JS_DupAtom(self.cx, atom);
                self.scratch.keys[atom as usize % KEYS] = Key { atom, start, length };
            }
        }
        Ok(())
    }

    /// Writes a string.
    pub(super) unsafe fn string(&mut self, text: JSValue) -> Result<(), Stop> {
        // SAFETY: the module's contract.
        unsafe {
            match strings::units(text) {
                Some(Units::Narrow(units)) => {
                    self.reserve(units.len())?;
                    put_latin1(&mut self.out.bytes, units);
                    return Ok(());
                }
                Some(Units::Wide(units)) => {
                    self.reserve(2 * units.len())?;
                    put_wide(&mut self.out.bytes, units);
                    return Ok(());
                }
                None => {}
            }
            let chars = Chars::of(self.cx, text)?;
            let bytes = chars.bytes();
            self.reserve(bytes.len())?;
            if bytes.is_ascii() {
                put_latin1(&mut self.out.bytes, bytes);
            } else if !put_narrow(&mut self.out.bytes, bytes) {
                drop(chars);
                with_units(self.cx, text, |units| put_wide(&mut self.out.bytes, units))?;
            }
        }
        Ok(())
    }
}

/// Writes a value that is neither a string, a BigInt nor an object.
#[inline]
pub(super) fn put_simple(out: &mut Vec<u8>, value: JSValue) -> bool {
    // SAFETY: each reads the bits that the tag says are there.
    unsafe {
        match tag_of(value) {
            qjs::JS_TAG_INT => put_int(out, qjs::JS_VALUE_GET_INT(value)),
            qjs::JS_TAG_FLOAT64 => put_f64(out, qjs::JS_VALUE_GET_FLOAT64(value)),
            qjs::JS_TAG_BOOL => out.push(if qjs::JS_VALUE_GET_BOOL(value) { tag::TRUE } else { tag::FALSE }),
            qjs::JS_TAG_NULL => out.push(tag::NULL),
            qjs::JS_TAG_UNDEFINED => out.push(tag::UNDEFINED),
            _ => return false,
        }
    }
    true
}

/// Writes the engine's UTF-8 as Latin-1, if all of it is.
fn put_narrow(out: &mut Vec<u8>, utf8: &[u8]) -> bool {
    // Code points below 256 take the lead bytes C2 and C3 alone.
    let wide = utf8.iter().filter(|&&byte| byte >= 0xC4).count();
    if wide > 0 {
        return false;
    }
    let leads = utf8.iter().filter(|&&byte| byte >= 0xC0).count();
    let length = utf8.len() - leads;
    out.push(tag::LATIN1);
    put_varint(out, length as u64);
    let start = out.len();
    out.resize(start + length, 0);
    let mut rest = utf8.iter();
    for unit in &mut out[start..] {
        let Some(&first) = rest.next() else { break };
        // A lead byte holds the two high bits, the byte after it the others.
        *unit = if first >= 0xC0 { first << 6 | rest.next().map_or(0, |&low| low & 0x3F) } else { first };
    }
    true
}

/// Code units that are not all below 256.
fn put_wide(out: &mut Vec<u8>, units: &[u16]) {
    out.push(tag::UTF16);
    put_varint(out, units.len() as u64);
    if cfg!(target_endian = "little") {
        // SAFETY: any bytes may be read from units, of which each has two.
        out.extend_from_slice(unsafe { std::slice::from_raw_parts(units.as_ptr().cast(), 2 * units.len()) });
    } else {
        out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    }
}

/// The number that a key spells, if it spells one as arrays do and it has 31 bits.
#[inline]
pub(super) fn index(key: &[u8]) -> Option<i32> {
    let &first = key.first()?;
    if !first.is_ascii_digit() || key.len() > 10 || (first == b'0' && key.len() > 1) {
        return None;
    }
    let mut value = 0_i32;
    for &digit in key {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(i32::from(digit - b'0'))?;
    }
    Some(value)
}
