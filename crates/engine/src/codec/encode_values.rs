//! The kinds of values that are no plain objects and arrays, on their way out of the guest.

use rquickjs::qjs;
use rquickjs::qjs::{JSAtom, JSClassID, JSValue};

use super::blocks::{Memory, data_view, is_ours};
use super::encode::{Encoder, Items, Staged, Stop};
use super::intrinsics::FLAGS;
use super::private::{reference_count, tracks};
use super::raw::*;
use crate::payload::{DATA_VIEW, put_latin1, put_varint, tag};

/// ArrayBuffers up to this size stand in the bytes.
pub(super) const INLINE: usize = 1_024;

/// View kinds of the format, by the engine's number of the type.
const VIEW_KINDS: [u8; 12] = [2, 0, 1, 3, 4, 5, 6, 10, 11, 7, 8, 9];

impl Encoder<'_> {
    /// Writes an object of a class of its own; `true` when it has to be walked.
    pub(super) unsafe fn special(&mut self, value: JSValue, class: JSClassID) -> Result<bool, Stop> {
        let classes = &self.intrinsics.classes;
        let functions = &self.intrinsics.functions;
        // SAFETY: the module's contract.
        unsafe {
            let kind = qjs::JS_GetTypedArrayType(value);
            if kind >= 0 {
                self.typed_array(value, VIEW_KINDS[kind as usize % VIEW_KINDS.len()])
            } else if qjs::JS_IsArrayBuffer(value) {
                self.buffer(value)
            } else if qjs::JS_IsFunction(self.cx, value) {
                self.refuse("a function")
            } else if qjs::JS_IsDate(value) {
                self.date(value)
            } else if qjs::JS_IsMap(value) {
                let entries = self.entries(value, functions.map_for_each, true)?;
                self.put_tag(tag::MAP);
                self.open(value, 0, Items::Entries(entries))
            } else if qjs::JS_IsSet(value) {
                let values = self.entries(value, functions.set_for_each, false)?;
                self.put_tag(tag::SET);
                self.open(value, 0, Items::Values(values))
            } else if class == classes.error {
                self.error(value, false)
            } else if qjs::JS_IsRegExp(value) {
                self.regexp(value)
            } else if qjs::JS_IsDataView(value) {
                self.data_view(value)
            } else if class == classes.number {
                self.boxed(value, functions.number_value)
            } else if class == classes.string {
                self.boxed(value, functions.string_value)
            } else if class == classes.boolean {
                self.boxed(value, functions.boolean_value)
            } else if class == classes.bigint {
                self.boxed(value, functions.bigint_value)
            } else if qjs::JS_IsProxy(value) {
                self.refuse("a Proxy")
            } else {
                self.rare(value, class)
            }
        }
    }

    /// What is left is told by the name of its class, which no guest can change.
    #[cold]
    unsafe fn rare(&mut self, value: JSValue, class: JSClassID) -> Result<bool, Stop> {
        // SAFETY: the module's contract; the atom is freed once.
        unsafe {
            let atom = qjs::JS_GetClassName(qjs::JS_GetRuntime(self.cx), class);
            let name = Chars::of_atom(self.cx, atom).map(|chars| String::from_utf8_lossy(chars.bytes()).into_owned());
            qjs::JS_FreeAtom(self.cx, atom);
            match name?.as_str() {
                // A module's namespace is of a second class of this name.
                "Object" | "Arguments" => self.plain(value),
                "DOMException" => self.error(value, true),
                name => {
                    let vowel = name.starts_with(['A', 'E', 'I', 'O', 'U']);
                    self.refuse(&format!("{} {name}", if vowel { "an" } else { "a" }))
                }
            }
        }
    }

    unsafe fn boxed(&mut self, value: JSValue, unbox: JSValue) -> Result<bool, Stop> {
        // SAFETY: the module's contract.
        unsafe {
            let primitive = call(self.cx, unbox, value, [])?;
            self.put_tag(tag::BOXED);
            self.value(primitive.into_raw())
        }
    }

    unsafe fn date(&mut self, value: JSValue) -> Result<bool, Stop> {
        // SAFETY: the module's contract; `getTime` gives a number.
        unsafe {
            let time = call(self.cx, self.intrinsics.functions.date_get_time, value, [])?;
            let mut milliseconds = 0.0;
            if qjs::JS_ToFloat64(self.cx, &mut milliseconds, time.raw()) < 0 {
                return Err(Stop::Thrown);
            }
            self.put_tag(tag::DATE);
            self.out.bytes.extend_from_slice(&milliseconds.to_le_bytes());
        }
        Ok(false)
    }

    unsafe fn regexp(&mut self, value: JSValue) -> Result<bool, Stop> {
        let functions = &self.intrinsics.functions;
        let mut flags = Vec::with_capacity(FLAGS.len());
        // SAFETY: the module's contract. The flags are asked one by one, since `flags` itself reads properties of the guest.
        unsafe {
            for ((letter, _), &getter) in FLAGS.iter().zip(&functions.regexp_flags) {
                if qjs::JS_VALUE_GET_BOOL(call(self.cx, getter, value, [])?.raw()) {
                    flags.push(*letter);
                }
            }
            let source = call(self.cx, functions.regexp_source, value, [])?;
            self.put_tag(tag::REGEXP);
            self.string(source.raw())?;
        }
        put_latin1(&mut self.out.bytes, &flags);
        Ok(false)
    }

    pub(super) unsafe fn bigint(&mut self, value: JSValue) -> Result<(), Stop> {
        let mut low = 0;
        // SAFETY: the module's contract. Neither conversion nor comparison runs guest code on a BigInt.
        unsafe {
            if qjs::JS_ToBigInt64(self.cx, &mut low, value) < 0 {
                return Err(Stop::Thrown);
            }
            let same = Owned::checked(self.cx, qjs::JS_NewBigInt64(self.cx, low))?;
            if qjs::JS_IsStrictEqual(self.cx, same.raw(), value) {
                self.put_magnitude(low < 0, &low.unsigned_abs().to_le_bytes());
                return Ok(());
            }
            let text = call(self.cx, self.intrinsics.functions.bigint_to_string, value, [int(16)])?;
            let chars = Chars::of(self.cx, text.raw())?;
            let (negative, digits) = match chars.bytes() {
                [b'-', digits @ ..] => (true, digits),
                digits => (false, digits),
            };
            let digit = |&byte: &u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
            let magnitude: Vec<u8> = digits
                .rchunks(2)
                .map(|pair| pair.iter().map(digit).fold(0, |value, digit| value << 4 | digit))
                .collect();
            self.reserve(magnitude.len())?;
            self.put_magnitude(negative, &magnitude);
        }
        Ok(())
    }

    fn put_magnitude(&mut self, negative: bool, bytes: &[u8]) {
        let length = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        self.put_tag(tag::BIGINT);
        self.put_tag(u8::from(negative));
        put_varint(&mut self.out.bytes, length as u64);
        self.out.bytes.extend_from_slice(&bytes[..length]);
    }

    /// What a Map or Set holds now: getters that run later may change it as they like.
    unsafe fn entries(&mut self, value: JSValue, for_each: JSValue, keyed: bool) -> Result<Vec<JSValue>, Stop> {
        let mut values: Vec<JSValue> = Vec::new();
        let start = std::ptr::from_mut(&mut values).cast();
        // SAFETY: the module's contract. `for_each` calls the callback while `values` lives, and nobody else ever sees it.
        unsafe {
            let closure =
                qjs::JS_NewCClosure(self.cx, Some(collect), std::ptr::null(), None, 3, i32::from(keyed), start);
            let closure = Owned::checked(self.cx, closure)?;
            if let Err(thrown) = call(self.cx, for_each, value, [closure.raw()]) {
                values.into_iter().for_each(|value| qjs::JS_FreeValue(self.cx, value));
                return Err(thrown.into());
            }
        }
        Ok(values)
    }

    unsafe fn error(&mut self, value: JSValue, is_dom: bool) -> Result<bool, Stop> {
        let names = &self.intrinsics.names;
        let (name, message, cause, errors) = (names.name, names.message, names.cause, names.errors);
        // SAFETY: the module's contract. What is pending is either forgotten or ends the walk.
        unsafe {
            let kind = super::errors::kind_of(self.cx, self.intrinsics, value)?;
            let name = super::errors::text_property(self.cx, value, name)?;
            let message = if is_dom {
                super::errors::text_property(self.cx, value, message)?
            } else {
                super::errors::own_text(self.cx, value, message)?
            };
            let stack = super::errors::stack_of(self.cx, self.intrinsics, value)?;
            self.put_tag(tag::ERROR);
            self.put_tag(kind);
            for text in [name, message, stack] {
                match text {
                    Some(text) => self.string(text.raw())?,
                    None => self.put_tag(tag::UNDEFINED),
                }
            }
            let mut pairs: Vec<(JSAtom, JSValue)> = Vec::new();
            for name in [cause, errors] {
                let read = has_own(self.cx, value, name).and_then(|has| {
                    if has {
                        Owned::checked(self.cx, qjs::JS_GetProperty(self.cx, value, name)).map(Some)
                    } else {
                        Ok(None)
                    }
                });
                match read {
                    Ok(found) => pairs.extend(found.map(|found| (name, found.into_raw()))),
                    Err(thrown) => {
                        pairs.into_iter().for_each(|(_, value)| qjs::JS_FreeValue(self.cx, value));
                        return Err(thrown.into());
                    }
                }
            }
            self.open(value, 0, Items::Pairs(pairs))
        }
    }

    unsafe fn typed_array(&mut self, value: JSValue, kind: u8) -> Result<bool, Stop> {
        let (mut offset, mut bytes, mut size) = (0, 0, 0);
        // SAFETY: the module's contract.
        unsafe {
            let buffer = qjs::JS_GetTypedArrayBuffer(self.cx, value, &mut offset, &mut bytes, &mut size);
            if is_exception(buffer) {
                swallow(self.cx)?;
                return self.refuse("a view beyond the end of its buffer");
            }
            let buffer = Owned::new(self.cx, buffer);
            self.view_of(value, kind, offset as usize, bytes as usize / (size as usize).max(1), buffer)
        }
    }

    unsafe fn data_view(&mut self, value: JSValue) -> Result<bool, Stop> {
        // SAFETY: the module's contract.
        unsafe {
            let Ok((buffer, offset, length)) = data_view(self.cx, self.intrinsics, value) else {
                swallow(self.cx)?;
                return self.refuse("a view beyond the end of its buffer");
            };
            self.view_of(value, DATA_VIEW, offset, length, buffer)
        }
    }

    unsafe fn view_of(
        &mut self,
        view: JSValue,
        kind: u8,
        offset: usize,
        elements: usize,
        buffer: Owned,
    ) -> Result<bool, Stop> {
        // SAFETY: the module's contract.
        unsafe {
            let tracks = self.is_resizable(buffer.raw())? && tracks(self.cx, self.intrinsics, view);
            self.put_tag(tag::VIEW);
            self.put_tag(kind);
            self.put_tag(u8::from(tracks));
            put_varint(&mut self.out.bytes, offset as u64);
            put_varint(&mut self.out.bytes, if tracks { 0 } else { elements as u64 });
            self.view = Some(view);
            let opened = self.value(buffer.into_raw());
            self.view = None;
            opened
        }
    }

    unsafe fn is_resizable(&self, buffer: JSValue) -> Result<bool, Stop> {
        // SAFETY: the module's contract.
        unsafe {
            if !qjs::JS_IsArrayBuffer(buffer) {
                return Ok(false);
            }
            let resizable = call(self.cx, self.intrinsics.functions.buffer_resizable, buffer, [])?;
            Ok(qjs::JS_VALUE_GET_BOOL(resizable.raw()))
        }
    }

    unsafe fn buffer(&mut self, value: JSValue) -> Result<bool, Stop> {
        // SAFETY: the module's contract; no engine call happens while the bytes are borrowed.
        unsafe {
            let resizable = self.is_resizable(value)?;
            let Some(memory) = Memory::of(self.cx, value) else { return self.refuse("a detached ArrayBuffer") };
            if !resizable && memory.length > INLINE {
                return self.block(value, memory.length);
            }
            let mut longest = 0;
            if resizable {
                let limit = call(self.cx, self.intrinsics.functions.buffer_max_length, value, [])?;
                qjs::JS_ToInt64(self.cx, &mut longest, limit.raw());
            }
            self.reserve(memory.length)?;
            self.put_tag(if resizable { tag::RESIZABLE } else { tag::BUFFER });
            put_varint(&mut self.out.bytes, memory.length as u64);
            if resizable {
                put_varint(&mut self.out.bytes, longest as u64);
            }
            self.out.bytes.extend_from_slice(memory.bytes());
        }
        Ok(false)
    }

    unsafe fn block(&mut self, value: JSValue, length: usize) -> Result<bool, Stop> {
        self.admit(length)?;
        // SAFETY: the module's contract.
        let stage = unsafe {
            let handed_over = self.options.transfer.iter().any(|&listed| address(listed) == address(value))
                || (self.options.may_move && is_ours(self.cx, self.intrinsics, value) && self.is_sole(value)?);
            if handed_over { Staged::Buffer(value) } else { Staged::Copied(self.copy(value)?) }
        };
        self.put_tag(tag::BLOCK);
        put_varint(&mut self.out.bytes, self.staged.len() as u64);
        self.staged.push(stage);
        self.staged_bytes += length;
        Ok(false)
    }

    /// Whether nobody but the value that is being encoded refers to this buffer.
    ///
    /// Along the way from the root, each container and the buffer must have two references: its owner's and ours (the
    /// root's owner is the caller). Counts alone do not tell *who* owns it: what an accessor returns may belong to its
    /// closure, so each link must be a data property of a plain object or array, and anything else on the way is copied.
    unsafe fn is_sole(&self, buffer: JSValue) -> Result<bool, Stop> {
        // SAFETY: the module's contract.
        unsafe {
            let classes = &self.intrinsics.classes;
            let sole = |value| reference_count(self.cx, value) == Some(2);
            let leaf = self.view.unwrap_or(buffer);
            if !sole(buffer) || !sole(leaf) {
                return Ok(false);
            }
            let frames = self.frames();
            for (depth, frame) in frames.iter().enumerate() {
                let class = qjs::JS_GetClassID(frame.value);
                if !sole(frame.value) || (class != classes.object && class != classes.array) {
                    return Ok(false);
                }
                let child = frames.get(depth + 1).map_or(leaf, |inner| inner.value);
                let at = frame.at.saturating_sub(1);
                let name = match frame.items {
                    Items::Elements => qjs::JS_NewAtomUInt32(self.cx, at),
                    Items::Properties(table) => qjs::JS_DupAtom(self.cx, (*table.add(at as usize)).atom),
                    _ => return Ok(false),
                };
                let own = own_property(self.cx, frame.value, name);
                qjs::JS_FreeAtom(self.cx, name);
                let holds = own?.is_some_and(|own| {
                    !own.is_accessor && is_object(own.value.raw()) && address(own.value.raw()) == address(child)
                });
                if !holds {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// The callback of `forEach`: value, key, collection.
unsafe extern "C" fn collect(
    cx: *mut qjs::JSContext,
    _this: JSValue,
    count: std::ffi::c_int,
    arguments: *mut JSValue,
    keyed: std::ffi::c_int,
    values: *mut std::ffi::c_void,
) -> JSValue {
    // SAFETY: `entries` passes its own vector, which lives through the call; `forEach` gives three arguments.
    unsafe {
        let values = &mut *values.cast::<Vec<JSValue>>();
        if count < 2 || values.try_reserve(2).is_err() {
            return qjs::JS_ThrowOutOfMemory(cx);
        }
        if keyed != 0 {
            values.push(qjs::JS_DupValue(cx, *arguments.add(1)));
        }
        values.push(qjs::JS_DupValue(cx, *arguments));
    }
    qjs::JS_UNDEFINED
}
