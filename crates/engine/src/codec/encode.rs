//! From a value of the guest to a payload, by the rules of structured clone.
//!
//! The walk keeps its own stack: nesting costs heap and never the native stack, of which the guest may have used most.
//! Every object seen is held until the end, so that its address stays its identity whatever getters do meanwhile.

use std::mem::ManuallyDrop;

use hostbox_buffers::Block;
use rquickjs::qjs;
use rquickjs::qjs::{JSAtom, JSPropertyEnum, JSValue};

use super::blocks::{Memory, is_ours, take_block};
use super::identity::Identities;
use super::intrinsics::Intrinsics;
use super::raw::*;
use super::walk::put_simple;
use crate::payload::Payload;

/// Nodes, or 64 bytes of text, between two questions whether to go on.
const STRIDE: isize = 1_000;
/// Keys remembered while many objects of the same shape go by; a power of two.
pub(super) const KEYS: usize = 32;
/// Longer keys count as text, and are not remembered.
pub(super) const LONG_KEY: usize = 64;
/// Room made at the start, in which most payloads fit.
const ROOM: usize = 128;
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
    /// Asked about each object whose prototype is not `Object.prototype`: its place in the list that the decoder will be given,
    /// if it is an object of the platform. An exception is pending after `Err`.
    pub platform: Option<&'a dyn Fn(JSValue) -> Result<Option<u32>, Thrown>>,
}

impl Default for EncodeOptions<'_> {
    fn default() -> Self {
        EncodeOptions {
            root: "value",
            transfer: &[],
            may_move: false,
            poll: None,
            max_bytes: 256 << 20,
            platform: None,
        }
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
    pub(super) unsafe fn free(self, cx: Cx, len: u32) {
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
pub(super) struct Key {
    /// Ours while it is not null, so that its number cannot pass to another key.
    pub(super) atom: JSAtom,
    pub(super) start: usize,
    pub(super) length: usize,
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
    pub(super) frames: Vec<Frame>,
    /// Every object by number, each a reference of ours.
    pub(super) held: Vec<JSValue>,
    pub(super) identities: Identities,
    pub(super) keys: [Key; KEYS],
}

pub(super) struct Encoder<'a> {
    pub(super) cx: Cx,
    pub(super) intrinsics: &'a Intrinsics,
    pub(super) options: &'a EncodeOptions<'a>,
    pub(super) out: &'a mut Payload,
    pub(super) scratch: ManuallyDrop<Box<Scratch>>,
    pub(super) staged: Vec<Staged>,
    pub(super) staged_bytes: usize,
    /// The view whose buffer is being written.
    pub(super) view: Option<JSValue>,
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
    if options.transfer.is_empty() && !is_object(value) {
        out.clear();
        if put_simple(&mut out.bytes, value) {
            return Ok(());
        }
    }
    // SAFETY: the module's contract.
    unsafe { Encoder::new(cx, intrinsics, options, out).finish_after(|encoder| encoder.root(value)) }
}

impl<'a> Encoder<'a> {
    unsafe fn new(
        cx: Cx,
        intrinsics: &'a Intrinsics,
        options: &'a EncodeOptions<'a>,
        out: &'a mut Payload,
    ) -> Encoder<'a> {
        out.clear();
        out.bytes.reserve(ROOM);
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
                self.intrinsics.walked(self.cx);
                self.walk()?;
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
    pub(super) fn spend(&mut self, nodes: isize) -> Result<(), Stop> {
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
        let path = unsafe { super::path::path(self.cx, self.options.root, &self.scratch.frames) };
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
                } else if self.intrinsics.lent.has(buffer) {
                    "the ArrayBuffer of a WebAssembly.Memory"
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
