//! From a payload to values of the guest.
//!
//! The bytes come from encoders of ours and are read as if they did not: whatever they say, decoding ends with values or
//! with an error. No guest code runs. Like the encoder, the walk keeps its own stack.

use hostbox_buffers::Block;
use rquickjs::qjs;
use rquickjs::qjs::{JSAtom, JSValue};

use super::intrinsics::Intrinsics;
use super::raw::*;
use crate::payload::{MAX_DEPTH, Malformed, Payload, Reader, Text, tag};

/// Properties are defined like literals' are.
const OPEN: i32 = qjs::JS_PROP_C_W_E as i32;
/// Properties of errors are not enumerable.
const HIDDEN: i32 = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as i32;
/// Scratch memory of more objects than this is not kept for the next time.
const KEPT_OBJECTS: usize = 4_096;

/// Why a payload gave no value.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not of the format.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Memory ran out, the engine was interrupted, or it refused a value (a regular expression that it does not know, a string
    /// too long): the exception is pending on the context.
    #[error("the engine threw while a value was made")]
    Exception,
}

impl From<Thrown> for DecodeError {
    fn from(_: Thrown) -> Self {
        DecodeError::Exception
    }
}

type Decoded<T> = Result<T, DecodeError>;

/// A container that is being filled.
struct Frame {
    /// Borrowed from `objects`.
    value: JSValue,
    contents: Contents,
}

#[derive(Clone, Copy)]
enum Contents {
    /// Element `at` of `len` comes next.
    Elements {
        at: u32,
        len: u32,
    },
    /// Pairs of key and value, defined with these attributes.
    Properties(i32),
    Entries,
    Values,
    /// A Map's key has been read, and is ours: its value comes next.
    Entry(JSValue),
}

/// A value that was read: ours, and perhaps still to be filled.
pub(super) enum Made {
    Whole(Owned),
    Open(Owned, Filling),
}

/// How a container is to be filled, for [`Decoder::open`].
#[derive(Clone, Copy)]
pub(super) enum Filling {
    Elements(u32),
    Properties,
    HiddenProperties,
    Entries,
    Values,
}

impl Made {
    fn value(&self) -> JSValue {
        match self {
            Made::Whole(value) | Made::Open(value, _) => value.raw(),
        }
    }
}

/// Memory that one decoding leaves for the next.
#[derive(Default)]
pub(super) struct Scratch {
    frames: Vec<Frame>,
    objects: Vec<JSValue>,
    pub(super) text: Vec<u8>,
    pub(super) units: Vec<u16>,
}

pub(super) struct Decoder<'a> {
    pub(super) cx: Cx,
    pub(super) intrinsics: &'a Intrinsics,
    pub(super) reader: Reader<'a>,
    blocks: Vec<Option<Block>>,
    /// Objects of the platform that the payload refers to, borrowed.
    pub(super) platform: &'a [JSValue],
    pub(super) scratch: Box<Scratch>,
}

/// The value of a payload; it is the caller's.
///
/// # Safety
/// The contract of the module.
pub unsafe fn decode(
    cx: *mut qjs::JSContext,
    intrinsics: &Intrinsics,
    payload: Payload,
) -> Result<JSValue, DecodeError> {
    // SAFETY: the module's contract.
    unsafe { decode_with(cx, intrinsics, payload, &[]) }
}

/// As `decode`, with the objects of the platform that the payload refers to.
///
/// # Safety
/// The contract of the module; the objects are live values.
pub unsafe fn decode_with(
    cx: *mut qjs::JSContext,
    intrinsics: &Intrinsics,
    payload: Payload,
    platform: &[JSValue],
) -> Result<JSValue, DecodeError> {
    let Payload { bytes, blocks } = payload;
    // SAFETY: the module's contract.
    unsafe {
        let mut decoder = Decoder::new(cx, intrinsics, &bytes, blocks);
        decoder.platform = platform;
        let result = decoder.root().and_then(|value| decoder.finished().map(|()| value.into_raw()));
        decoder.free();
        result
    }
}

/// The elements of a payload whose root is an array, each the caller's. No array is made of them.
///
/// # Safety
/// The contract of the module.
pub unsafe fn decode_args(
    cx: *mut qjs::JSContext,
    intrinsics: &Intrinsics,
    payload: Payload,
) -> Result<Vec<JSValue>, DecodeError> {
    let Payload { bytes, blocks } = payload;
    // SAFETY: the module's contract.
    unsafe {
        let mut decoder = Decoder::new(cx, intrinsics, &bytes, blocks);
        let result = decoder.arguments();
        decoder.free();
        result.map(|values| values.into_iter().map(Owned::into_raw).collect())
    }
}

impl<'a> Decoder<'a> {
    fn new(cx: Cx, intrinsics: &'a Intrinsics, bytes: &'a [u8], blocks: Vec<Block>) -> Self {
        let scratch = intrinsics.decoder.take().unwrap_or_default();
        let blocks = blocks.into_iter().map(Some).collect();
        Decoder { cx, intrinsics, reader: Reader::new(bytes), blocks, platform: &[], scratch }
    }

    /// Gives back every reference of its own.
    unsafe fn free(mut self) {
        let cx = self.cx;
        // SAFETY: the module's contract; each is freed once, as it leaves its list.
        unsafe {
            for frame in self.scratch.frames.drain(..) {
                if let Contents::Entry(key) = frame.contents {
                    qjs::JS_FreeValue(cx, key);
                }
            }
            let keep = self.scratch.objects.len() <= KEPT_OBJECTS && self.scratch.text.capacity() <= 64 << 10;
            for object in self.scratch.objects.drain(..) {
                qjs::JS_FreeValue(cx, object);
            }
            if keep {
                self.intrinsics.decoder.set(Some(self.scratch));
            }
        }
    }

    unsafe fn arguments(&mut self) -> Decoded<Vec<Owned>> {
        // SAFETY: the module's contract.
        unsafe {
            if self.reader.byte()? != tag::ARRAY {
                return Err(self.reader.malformed("arguments that are no array").into());
            }
            let count = self.reader.count()?;
            // The array has a number, but there is nothing that could refer to it.
            self.scratch.objects.push(qjs::JS_UNDEFINED);
            let mut values = Vec::with_capacity(count);
            for _ in 0..count {
                if self.reader.peek()? == tag::HOLE {
                    self.reader.byte()?;
                    values.push(Owned::new(self.cx, qjs::JS_UNDEFINED));
                } else {
                    values.push(self.root()?);
                }
            }
            self.finished()?;
            Ok(values)
        }
    }

    fn finished(&self) -> Decoded<()> {
        if self.reader.remaining() > 0 { Err(self.reader.malformed("bytes after the value").into()) } else { Ok(()) }
    }

    unsafe fn root(&mut self) -> Decoded<Owned> {
        // SAFETY: the module's contract.
        unsafe {
            let tag = self.reader.byte()?;
            match self.value(tag)? {
                Made::Whole(value) => Ok(value),
                Made::Open(value, filling) => {
                    self.open(value.raw(), filling)?;
                    self.fill()?;
                    Ok(value)
                }
            }
        }
    }

    fn open(&mut self, value: JSValue, filling: Filling) -> Decoded<()> {
        let contents = match filling {
            // An empty one is whole.
            Filling::Elements(0) => return Ok(()),
            Filling::Elements(len) => Contents::Elements { at: 0, len },
            Filling::Properties => Contents::Properties(OPEN),
            Filling::HiddenProperties => Contents::Properties(HIDDEN),
            Filling::Entries => Contents::Entries,
            Filling::Values => Contents::Values,
        };
        if self.scratch.frames.len() >= MAX_DEPTH {
            return Err(self.reader.malformed("nesting of more than 5,000 levels").into());
        }
        self.scratch.frames.push(Frame { value, contents });
        Ok(())
    }

    unsafe fn fill(&mut self) -> Decoded<()> {
        while let Some(top) = self.scratch.frames.len().checked_sub(1) {
            let Frame { value, contents } = self.scratch.frames[top];
            // SAFETY: the module's contract.
            unsafe {
                match contents {
                    Contents::Elements { at, len } => self.elements(top, value, at, len)?,
                    Contents::Properties(attributes) => self.properties(value, attributes)?,
                    Contents::Entries => self.map_key(top)?,
                    Contents::Entry(key) => self.map_value(top, value, key)?,
                    Contents::Values => self.set_values(value)?,
                }
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        self.scratch.frames.pop();
    }

    unsafe fn elements(&mut self, top: usize, array: JSValue, mut at: u32, len: u32) -> Decoded<()> {
        while at < len {
            // SAFETY: the module's contract. The element exists, as an own data property of a fresh array: setting it can
            // meet no setter, and is what defining it would be.
            unsafe {
                let tag = self.reader.byte()?;
                let index = at;
                at += 1;
                if tag == tag::HOLE {
                    self.make_hole(array, index)?;
                    continue;
                }
                match self.value(tag)? {
                    Made::Whole(value) => self.set_element(array, index, value)?,
                    Made::Open(value, filling) => {
                        let child = value.raw();
                        self.set_element(array, index, value)?;
                        self.scratch.frames[top].contents = Contents::Elements { at, len };
                        return self.open(child, filling);
                    }
                }
            }
        }
        self.close();
        Ok(())
    }

    unsafe fn set_element(&self, array: JSValue, index: u32, value: Owned) -> Result<(), Thrown> {
        // SAFETY: the module's contract; the call takes the value over.
        let status = unsafe { qjs::JS_SetPropertyUint32(self.cx, array, index, value.into_raw()) };
        if status < 0 { Err(Thrown) } else { Ok(()) }
    }

    unsafe fn make_hole(&self, array: JSValue, index: u32) -> Result<(), Thrown> {
        // SAFETY: the module's contract; the atom is freed once.
        unsafe {
            let atom = qjs::JS_NewAtomUInt32(self.cx, index);
            let status = qjs::JS_DeleteProperty(self.cx, array, atom, 0);
            qjs::JS_FreeAtom(self.cx, atom);
            if status < 0 { Err(Thrown) } else { Ok(()) }
        }
    }

    unsafe fn properties(&mut self, object: JSValue, attributes: i32) -> Decoded<()> {
        loop {
            // SAFETY: the module's contract. Defining takes the value over; the atom is freed once.
            unsafe {
                let tag = self.reader.byte()?;
                if tag == tag::END {
                    self.close();
                    return Ok(());
                }
                let key = self.key(tag)?;
                let made = self.reader.byte().map_err(DecodeError::from).and_then(|tag| self.value(tag));
                let made = match made {
                    Ok(made) => made,
                    Err(error) => {
                        qjs::JS_FreeAtom(self.cx, key);
                        return Err(error);
                    }
                };
                let child = made.value();
                let (value, filling) = match made {
                    Made::Whole(value) => (value, None),
                    Made::Open(value, filling) => (value, Some(filling)),
                };
                let status = qjs::JS_DefinePropertyValue(self.cx, object, key, value.into_raw(), attributes);
                qjs::JS_FreeAtom(self.cx, key);
                if status < 0 {
                    return Err(DecodeError::Exception);
                }
                if let Some(filling) = filling {
                    return self.open(child, filling);
                }
            }
        }
    }

    /// The atom of a key; the caller's.
    #[inline]
    unsafe fn key(&mut self, tag: u8) -> Decoded<JSAtom> {
        // SAFETY: the module's contract.
        let atom = unsafe {
            if tag == tag::INT {
                let index = u32::try_from(self.reader.int()?).map_err(|_| self.reader.malformed("a negative index"))?;
                qjs::JS_NewAtomUInt32(self.cx, index)
            } else {
                match self.reader.text(tag)? {
                    // Only ASCII may take the short way: the engine would look other keys up by their UTF-8 bytes.
                    Some(Text::Latin1(key)) if key.is_ascii() => {
                        qjs::JS_NewAtomLen(self.cx, key.as_ptr().cast(), key.len() as qjs::size_t)
                    }
                    Some(text) => {
                        let text = self.string(text)?;
                        qjs::JS_ValueToAtom(self.cx, text.raw())
                    }
                    None => return Err(self.reader.malformed("a key that is no string").into()),
                }
            }
        };
        if atom == qjs::JS_ATOM_NULL { Err(DecodeError::Exception) } else { Ok(atom) }
    }

    unsafe fn map_key(&mut self, top: usize) -> Decoded<()> {
        let tag = self.reader.byte()?;
        if tag == tag::END {
            self.close();
            return Ok(());
        }
        // SAFETY: the module's contract. The key is the frame's until its value is there.
        unsafe {
            match self.value(tag)? {
                Made::Whole(key) => self.scratch.frames[top].contents = Contents::Entry(key.into_raw()),
                Made::Open(key, filling) => {
                    let child = key.raw();
                    self.scratch.frames[top].contents = Contents::Entry(key.into_raw());
                    self.open(child, filling)?;
                }
            }
        }
        Ok(())
    }

    unsafe fn map_value(&mut self, top: usize, map: JSValue, key: JSValue) -> Decoded<()> {
        let tag = self.reader.byte()?;
        // SAFETY: the module's contract. The key changes hands: from the frame to this call.
        unsafe {
            let made = self.value(tag)?;
            self.scratch.frames[top].contents = Contents::Entries;
            let key = Owned::new(self.cx, key);
            call(self.cx, self.intrinsics.functions.map_set, map, [key.raw(), made.value()])?;
            if let Made::Open(value, filling) = made {
                // `objects` holds the child on.
                self.open(value.raw(), filling)?;
            }
        }
        Ok(())
    }

    unsafe fn set_values(&mut self, set: JSValue) -> Decoded<()> {
        loop {
            let tag = self.reader.byte()?;
            if tag == tag::END {
                self.close();
                return Ok(());
            }
            // SAFETY: the module's contract.
            unsafe {
                let made = self.value(tag)?;
                call(self.cx, self.intrinsics.functions.set_add, set, [made.value()])?;
                if let Made::Open(value, filling) = made {
                    return self.open(value.raw(), filling);
                }
            }
        }
    }

    /// Gives an object its number. The list holds a reference to the end: a later key may drop the object from its parent, and
    /// a later reference still name it.
    #[inline]
    pub(super) unsafe fn number(&mut self, object: Owned) -> Owned {
        self.scratch.objects.push(object.raw());
        // SAFETY: the module's contract; the list took the first reference over.
        unsafe { Owned::dup(self.cx, object.into_raw()) }
    }

    /// Keeps a number for an object that is made later.
    pub(super) fn reserve_number(&mut self) -> usize {
        self.scratch.objects.push(qjs::JS_UNDEFINED);
        self.scratch.objects.len() - 1
    }

    pub(super) unsafe fn set_number(&mut self, number: usize, object: Owned) -> Owned {
        // SAFETY: the module's contract; the list takes one reference over.
        unsafe {
            let other = Owned::dup(self.cx, object.raw());
            self.scratch.objects[number] = object.into_raw();
            other
        }
    }

    /// The object that a number stands for.
    pub(super) unsafe fn numbered(&mut self) -> Decoded<Owned> {
        let number = usize::try_from(self.reader.varint()?).unwrap_or(usize::MAX);
        match self.scratch.objects.get(number) {
            // SAFETY: the module's contract.
            Some(&object) if is_object(object) => Ok(unsafe { Owned::dup(self.cx, object) }),
            _ => Err(self.reader.malformed("a reference to no object").into()),
        }
    }

    pub(super) fn take_block(&mut self) -> Decoded<Block> {
        let index = usize::try_from(self.reader.varint()?).unwrap_or(usize::MAX);
        let block = self.blocks.get_mut(index).and_then(Option::take);
        block.ok_or_else(|| self.reader.malformed("a block that is not there").into())
    }
}
