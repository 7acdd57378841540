//! From a value of the guest to a payload, by the rules of structured clone.
//!
//! The walk keeps its own stack: nesting costs heap and never the native stack, of which the guest may have used most.
//! Every object seen is held until the end, so that its address stays its identity whatever getters do meanwhile.

use std::mem::ManuallyDrop;
use std::ptr::null_mut;

use hostbox_buffers::Block;
use rquickjs::qjs;
use rquickjs::qjs::{JSAtom, JSPropertyEnum, JSValue};

use super::blocks::{Memory, is_ours, take_block};
use super::identity::Identities;
use super::intrinsics::Intrinsics;
use super::raw::*;
use crate::payload::{MAX_DEPTH, Payload, put_f64, put_int, put_latin1, put_varint, tag};

/// Nodes, or 64 bytes of text, between two questions whether to go on.
const STRIDE: isize = 1_000;
/// Keys remembered while many objects of the same shape go by; a power of two.
const KEYS: usize = 32;
/// Longer keys count as text, and are not remembered.
const LONG_KEY: usize = 64;
/// Scratch memory of more objects than this is not kept for the next time.
const KEPT_OBJECTS: usize = 4_096;

/// How to encode; [`EncodeOptions::default`] copies everything and never asks.
pub struct EncodeOptions<'a> {
    /// What the value is called in the path to a culprit: `result`, `args[0]`.
    pub root: &'a str,
    /// ArrayBuffers to hand over. They are detached when everything else succeeded.
    pub transfer: &'a [JSValue],
    /// The caller owns the only reference to the value and drops it afterwards: buffers of ours that nothing else refers to
    /// may be moved out.
    pub may_move: bool,
    /// Asked about every 1,000 nodes; `true` ends the walk.
    pub poll: Option<&'a dyn Fn() -> bool>,
    /// What the payload may weigh, in bytes. A guest repeats one long string a thousand times for the price of a pointer each;
    /// the payload would not.
    pub max_bytes: usize,
}

impl Default for EncodeOptions<'_> {
    fn default() -> Self {
        EncodeOptions { root: "value", transfer: &[], may_move: false, poll: None, max_bytes: 256 << 20 }
    }
}

/// Why a value did not cross.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// Structured clone refuses something in it (`ERR_CLONE`, a `DataCloneError` in the guest).
    #[error("{path}: {what} cannot be cloned")]
    Refused {
        /// The way to the culprit, `result.list[3]`.
        path: String,
        /// What stands there, `a function`.
        what: String,
    },
    /// A getter threw, the engine was interrupted, or memory ran out: the exception is pending on the context.
    #[error("the guest threw while its value was read")]
    Exception,
    /// `poll` said so. Nothing is pending.
    #[error("interrupted")]
    Interrupted,
}

/// Why the walk stops; details of a refusal are in [`Encoder::refusal`].
pub(super) enum Stop {
    Refused,
    Thrown,
    Interrupted,
}

impl From<Thrown> for Stop {
    fn from(_: Thrown) -> Self {
        Stop::Thrown
    }
}

/// A container whose contents are being written.
pub(super) struct Frame {
    /// Borrowed from `held`.
    pub(super) value: JSValue,
    pub(super) at: u32,
    pub(super) len: u32,
    pub(super) items: Items,
}

pub(super) enum Items {
    /// Elements 0 to `len` of an array.
    Elements,
    /// The engine's table of `len` keys.
    Properties(*mut JSPropertyEnum),
    /// Keys and values of a Map by turns, ours.
    Entries(Vec<JSValue>),
    /// Values of a Set, ours.
    Values(Vec<JSValue>),
    /// What an error carries beyond its strings, ours.
    Pairs(Vec<(JSAtom, JSValue)>),
}

impl Items {
    unsafe fn free(self, cx: Cx, len: u32) {
        // SAFETY: the module's contract; each is freed once.
        unsafe {
            match self {
                Items::Elements => {}
                Items::Properties(table) => qjs::JS_FreePropertyEnum(cx, table, len),
                Items::Entries(values) | Items::Values(values) => {
                    values.into_iter().for_each(|value| qjs::JS_FreeValue(cx, value));
                }
                Items::Pairs(pairs) => pairs.into_iter().for_each(|(_, value)| qjs::JS_FreeValue(cx, value)),
            }
        }
    }
}

/// A key that was written before: it is copied from where it stands.
#[derive(Clone, Copy, Default)]
struct Key {
    /// Ours while it is not null, so that its number cannot pass to another key.
    atom: JSAtom,
    start: usize,
    length: usize,
}

/// A block of the payload before the end is certain.
pub(super) enum Staged {
    Copied(Block),
    /// A buffer to be handed over, borrowed from `held`.
    Buffer(JSValue),
}

/// Memory that one encoding leaves for the next.
#[derive(Default)]
pub(super) struct Scratch {
    frames: Vec<Frame>,
    /// Every object by number, each a reference of ours.
    held: Vec<JSValue>,
    identities: Identities,
    keys: [Key; KEYS],
}

pub(super) struct Encoder<'a> {
    pub(super) cx: Cx,
    pub(super) intrinsics: &'a Intrinsics,
    pub(super) options: &'a EncodeOptions<'a>,
    pub(super) out: &'a mut Payload,
    scratch: ManuallyDrop<Box<Scratch>>,
    pub(super) staged: Vec<Staged>,
    pub(super) staged_bytes: usize,
    /// The view whose buffer is being written.
    pub(super) view: Option<JSValue>,
    /// Which argument is being written.
    argument: Option<usize>,
    pub(super) refusal: (Option<String>, String),
    budget: isize,
}

/// Encodes `value`, which stays the caller's, into `out`, which is cleared first (and after a failure).
///
/// # Safety
/// The contract of the module. `may_move` promises what [`EncodeOptions::may_move`] says.
pub unsafe fn encode(
    cx: *mut qjs::JSContext,
    intrinsics: &Intrinsics,
    value: JSValue,
    options: &EncodeOptions<'_>,
    out: &mut Payload,
) -> Result<(), EncodeError> {
    // SAFETY: the module's contract.
    unsafe { Encoder::new(cx, intrinsics, options, out).finish_after(|encoder| encoder.root(value)) }
}

/// Encodes `arguments` as one array, objects shared between them included. Paths read `root[0].a`.
///
/// # Safety
/// As [`encode`].
pub unsafe fn encode_args(
    cx: *mut qjs::JSContext,
    intrinsics: &Intrinsics,
    arguments: &[JSValue],
    options: &EncodeOptions<'_>,
    out: &mut Payload,
) -> Result<(), EncodeError> {
    // SAFETY: the module's contract.
    unsafe {
        Encoder::new(cx, intrinsics, options, out).finish_after(|encoder| {
            encoder.put_tag(tag::ARRAY);
            put_varint(&mut encoder.out.bytes, arguments.len() as u64);
            encoder.scratch.identities.skip();
            encoder.scratch.held.push(qjs::JS_UNDEFINED);
            for (index, &argument) in arguments.iter().enumerate() {
                encoder.argument = Some(index);
                encoder.root(argument)?;
            }
            Ok(())
        })
    }
}

impl<'a> Encoder<'a> {
    unsafe fn new(
        cx: Cx,
        intrinsics: &'a Intrinsics,
        options: &'a EncodeOptions<'a>,
        out: &'a mut Payload,
    ) -> Encoder<'a> {
        out.clear();
        // A getter may encode in its turn: that one finds no scratch and makes its own.
        let scratch = ManuallyDrop::new(intrinsics.encoder.take().unwrap_or_default());
        Encoder {
            cx,
            intrinsics,
            options,
            out,
            scratch,
            staged: Vec::new(),
            staged_bytes: 0,
            view: None,
            argument: None,
            refusal: (None, String::new()),
            budget: STRIDE,
        }
    }

    unsafe fn finish_after(mut self, walk: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), EncodeError> {
        // SAFETY: the module's contract.
        let result = unsafe {
            self.check_transfer().and_then(|()| walk(&mut self)).and_then(|()| {
                if self.staged.is_empty() && self.options.transfer.is_empty() { Ok(()) } else { self.hand_over() }
            })
        };
        result.map_err(|stop| {
            self.out.clear();
            match stop {
                Stop::Thrown => EncodeError::Exception,
                Stop::Interrupted => EncodeError::Interrupted,
                Stop::Refused => {
                    let (path, what) = std::mem::take(&mut self.refusal);
                    EncodeError::Refused { path: path.unwrap_or_default(), what }
                }
            }
        })
    }

    unsafe fn root(&mut self, value: JSValue) -> Result<(), Stop> {
        // SAFETY: the module's contract.
        unsafe {
            let value = qjs::JS_DupValue(self.cx, value);
            if self.value(value)? {
                self.walk()?;
            }
        }
        Ok(())
    }

    unsafe fn walk(&mut self) -> Result<(), Stop> {
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
                qjs::JS_TAG_OBJECT => return self.object(value),
                qjs::JS_TAG_INT => put_int(&mut self.out.bytes, qjs::JS_VALUE_GET_INT(value)),
                qjs::JS_TAG_FLOAT64 => put_f64(&mut self.out.bytes, qjs::JS_VALUE_GET_FLOAT64(value)),
                qjs::JS_TAG_BOOL => self.put_tag(if qjs::JS_VALUE_GET_BOOL(value) { tag::TRUE } else { tag::FALSE }),
                qjs::JS_TAG_NULL => self.put_tag(tag::NULL),
                qjs::JS_TAG_UNDEFINED => self.put_tag(tag::UNDEFINED),
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
            } else {
                let text = Owned::checked(self.cx, qjs::JS_AtomToString(self.cx, atom))?;
                with_units(self.cx, text.raw(), |units| put_units(&mut self.out.bytes, units))?;
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
            let chars = Chars::of(self.cx, text)?;
            let bytes = chars.bytes();
            self.reserve(bytes.len())?;
            if bytes.is_ascii() {
                put_latin1(&mut self.out.bytes, bytes);
            } else {
                drop(chars);
                with_units(self.cx, text, |units| put_units(&mut self.out.bytes, units))?;
            }
        }
        Ok(())
    }

    /// Makes sure of room for `bytes` more and the few that announce them.
    pub(super) fn reserve(&mut self, bytes: usize) -> Result<(), Stop> {
        self.spend(bytes as isize / 64)?;
        self.admit(bytes)?;
        if self.out.bytes.try_reserve(bytes + 16).is_err() {
            // SAFETY: the module's contract.
            return Err(unsafe { out_of_memory(self.cx) }.into());
        }
        Ok(())
    }

    /// Refuses `bytes` more where the payload would weigh too much.
    pub(super) fn admit(&mut self, bytes: usize) -> Result<(), Stop> {
        if bytes.saturating_add(self.out.bytes.len()).saturating_add(self.staged_bytes) > self.options.max_bytes {
            let what = format!("a value of more than {} bytes", self.options.max_bytes);
            return self.refuse(&what);
        }
        Ok(())
    }

    #[inline]
    fn spend(&mut self, nodes: isize) -> Result<(), Stop> {
        self.budget -= nodes;
        if self.budget > 0 { Ok(()) } else { self.ask() }
    }

    #[cold]
    fn ask(&mut self) -> Result<(), Stop> {
        self.budget = STRIDE;
        if self.options.poll.is_some_and(|poll| poll()) {
            return Err(Stop::Interrupted);
        }
        self.admit(0)
    }

    #[inline]
    pub(super) fn put_tag(&mut self, tag: u8) {
        self.out.bytes.push(tag);
    }

    /// Ends the walk at this place.
    #[cold]
    pub(super) fn refuse<T>(&mut self, what: &str) -> Result<T, Stop> {
        // SAFETY: the module's contract; frames hold what they refer to.
        let path = unsafe { super::path::path(self.cx, self.options.root, self.argument, &self.scratch.frames) };
        self.refusal = (Some(path), what.to_owned());
        Err(Stop::Refused)
    }

    unsafe fn check_transfer(&mut self) -> Result<(), Stop> {
        for (index, &buffer) in self.options.transfer.iter().enumerate() {
            // SAFETY: the module's contract.
            let what = unsafe {
                if !is_object(buffer) || !qjs::JS_IsArrayBuffer(buffer) {
                    "something other than an ArrayBuffer"
                } else if qjs::JS_IsImmutableArrayBuffer(buffer) != 0 {
                    "an immutable ArrayBuffer"
                } else if Memory::of(self.cx, buffer).is_none() {
                    "a detached ArrayBuffer"
                } else if self.options.transfer[..index].iter().any(|&other| address(other) == address(buffer)) {
                    "an ArrayBuffer listed twice"
                } else {
                    continue;
                }
            };
            self.refusal = (Some(format!("transfer[{index}]")), what.to_owned());
            return Err(Stop::Refused);
        }
        Ok(())
    }

    /// Moves or copies what was promised; from here on only a lack of memory can stop it, and that before anything changed.
    unsafe fn hand_over(&mut self) -> Result<(), Stop> {
        let mut staged = std::mem::take(&mut self.staged);
        // SAFETY: the module's contract.
        unsafe {
            for stage in &mut staged {
                let Staged::Buffer(buffer) = *stage else { continue };
                if !is_ours(self.cx, self.intrinsics, buffer) {
                    *stage = Staged::Copied(self.copy(buffer)?);
                }
            }
            for stage in staged {
                let block = match stage {
                    Staged::Copied(block) => Some(block),
                    Staged::Buffer(buffer) => take_block(self.cx, self.intrinsics, buffer),
                };
                self.out.blocks.extend(block);
            }
            for &buffer in self.options.transfer {
                qjs::JS_DetachArrayBuffer(self.cx, buffer);
            }
        }
        Ok(())
    }

    /// A copy of a buffer's bytes.
    pub(super) unsafe fn copy(&mut self, buffer: JSValue) -> Result<Block, Stop> {
        // SAFETY: the module's contract; no engine call happens while the bytes are borrowed.
        unsafe {
            let Some(memory) = Memory::of(self.cx, buffer) else { return self.refuse("a detached ArrayBuffer") };
            Block::copy_of(memory.bytes()).map_err(|_| out_of_memory(self.cx).into())
        }
    }

    /// The containers around the place being written.
    pub(super) fn frames(&self) -> &[Frame] {
        &self.scratch.frames
    }
}

impl Drop for Encoder<'_> {
    fn drop(&mut self) {
        let cx = self.cx;
        // SAFETY: the module's contract; each is freed once, as it leaves its list, and the scratch is taken once.
        unsafe {
            let mut scratch = ManuallyDrop::take(&mut self.scratch);
            for frame in scratch.frames.drain(..) {
                frame.items.free(cx, frame.len);
            }
            let many = scratch.held.len() > 1;
            let keep = scratch.held.len() <= KEPT_OBJECTS;
            for value in scratch.held.drain(..) {
                qjs::JS_FreeValue(cx, value);
            }
            if many {
                for key in &mut scratch.keys {
                    if key.atom != qjs::JS_ATOM_NULL {
                        qjs::JS_FreeAtom(cx, std::mem::take(key).atom);
                    }
                }
            }
            scratch.identities.clear();
            if keep {
                self.intrinsics.encoder.set(Some(scratch));
            }
        }
    }
}

/// Code units in the narrower of the two forms.
pub(super) fn put_units(out: &mut Vec<u8>, units: &[u16]) {
    if units.iter().all(|&unit| unit < 256) {
        out.push(tag::LATIN1);
        put_varint(out, units.len() as u64);
        out.extend(units.iter().map(|&unit| unit as u8));
    } else {
        out.push(tag::UTF16);
        put_varint(out, units.len() as u64);
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
