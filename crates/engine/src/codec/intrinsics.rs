//! What the codec needs of a context, captured before any guest code runs.
//!
//! A guest may replace `Map.prototype.set` or define a setter on `Object.prototype`; nothing here is looked up again
//! later. Where the engine's C interface offers a thing itself, that is used instead: it cannot be replaced.

use std::cell::Cell;
use std::ffi::{CStr, c_void};
use std::ptr::null_mut;
use std::sync::Arc;

use rquickjs::qjs;
use rquickjs::qjs::{JSAtom, JSClassID, JSValue};

use super::blocks::{Charge, Live};
use super::decode::Scratch as DecodeScratch;
use super::encode::Scratch as EncodeScratch;
use super::raw::{Cx, Owned, get, is_object, own_property};
use crate::payload::ERROR_KINDS;

/// Letters of the RegExp flags, in the order in which `flags` lists them, and the getter that tells each.
pub(super) const FLAGS: [(u8, &CStr); 8] = [
    (b'd', c"hasIndices"),
    (b'g', c"global"),
    (b'i', c"ignoreCase"),
    (b'm', c"multiline"),
    (b's', c"dotAll"),
    (b'u', c"unicode"),
    (b'v', c"unicodeSets"),
    (b'y', c"sticky"),
];

/// Values captured from a context; see the module's sign.
///
/// They are given back by [`free`](Self::free), which must run before the context is freed: dropping alone leaks them,
/// and the engine asserts on leaks.
pub struct Intrinsics {
    pub(super) classes: Classes,
    pub(super) names: Names,
    pub(super) functions: Functions,
    pub(super) error_prototypes: [JSValue; ERROR_KINDS.len()],
    pub(super) account: Option<Arc<dyn Charge>>,
    pub(super) live: Arc<Live>,
    /// Buffers over memory of a room above.
    pub(crate) lent: crate::lent::Objects,
    pub(super) encoder: Cell<Option<Box<EncodeScratch>>>,
    pub(super) decoder: Cell<Option<Box<DecodeScratch>>>,
    anchors: Cell<Anchors>,
}

// SAFETY: the values are touched by the codec's functions alone, each of which demands the lock of the runtime.
unsafe impl Send for Intrinsics {}

/// Small allocations that keep an arena of the engine's allocator in being, one a size.
///
/// The engine asks for a table of keys for every object that is read and frees it at once. Its allocator sets a page up
/// for the first block of a size and gives it back with the last: for sizes that nothing else lives in, each object would
/// pay for that. It halves the time to read small objects. A sandbox that has read few objects holds none.
#[derive(Clone, Copy)]
struct Anchors {
    walks: u32,
    blocks: [*mut c_void; ANCHORS],
}

/// Tables of up to so many keys, 8 bytes each.
const ANCHORS: usize = 5;
/// Walks after which they are dropped.
const WALKS: u32 = 8;

/// Class ids that the engine has no question for.
pub(super) struct Classes {
    pub(super) object: JSClassID,
    pub(super) array: JSClassID,
    pub(super) error: JSClassID,
    pub(super) number: JSClassID,
    pub(super) string: JSClassID,
    pub(super) boolean: JSClassID,
    pub(super) bigint: JSClassID,
}

pub(super) struct Names {
    pub(super) name: JSAtom,
    pub(super) message: JSAtom,
    pub(super) stack: JSAtom,
    pub(super) cause: JSAtom,
    pub(super) errors: JSAtom,
    pub(super) code: JSAtom,
    pub(super) max_byte_length: JSAtom,
}

pub(super) struct Functions {
    pub(super) date_get_time: JSValue,
    pub(super) regexp: JSValue,
    pub(super) regexp_source: JSValue,
    pub(super) regexp_flags: [JSValue; FLAGS.len()],
    pub(super) map: JSValue,
    pub(super) map_set: JSValue,
    pub(super) map_for_each: JSValue,
    pub(super) set: JSValue,
    pub(super) set_add: JSValue,
    pub(super) set_for_each: JSValue,
    pub(super) bigint: JSValue,
    pub(super) bigint_as_int: JSValue,
    pub(super) bigint_to_string: JSValue,
    pub(super) array_buffer: JSValue,
    pub(super) buffer_resizable: JSValue,
    pub(super) buffer_max_length: JSValue,
    pub(super) data_view: JSValue,
    pub(super) data_view_buffer: JSValue,
    pub(super) data_view_offset: JSValue,
    pub(super) data_view_length: JSValue,
    pub(super) error_stack: JSValue,
    pub(super) number_value: JSValue,
    pub(super) string_value: JSValue,
    pub(super) boolean_value: JSValue,
    pub(super) bigint_value: JSValue,
}

impl Intrinsics {
    /// Captures them. Bytes of ours that the guest will hold are charged to `account`.
    ///
    /// # Safety
    /// The contract of the module, and no guest code has run in the context.
    pub unsafe fn capture(cx: *mut qjs::JSContext, account: Option<Arc<dyn Charge>>) -> Self {
        // SAFETY: the module's contract.
        unsafe {
            let globals = Globals { cx, object: Owned::new(cx, qjs::JS_GetGlobalObject(cx)) };
            Intrinsics {
                classes: Classes::capture(cx),
                names: Names::capture(cx),
                functions: Functions::capture(&globals),
                error_prototypes: [
                    globals.prototype(c"Error").into_raw(),
                    globals.prototype(c"EvalError").into_raw(),
                    globals.prototype(c"RangeError").into_raw(),
                    globals.prototype(c"ReferenceError").into_raw(),
                    globals.prototype(c"SyntaxError").into_raw(),
                    globals.prototype(c"TypeError").into_raw(),
                    globals.prototype(c"URIError").into_raw(),
                    globals.prototype(c"AggregateError").into_raw(),
                ],
                account,
                live: Arc::default(),
                lent: crate::lent::Objects::default(),
                encoder: Cell::new(None),
                decoder: Cell::new(None),
                anchors: Cell::new(Anchors { walks: 0, blocks: [null_mut(); ANCHORS] }),
            }
        }
    }

    /// Gives everything back.
    ///
    /// # Safety
    /// The contract of the module; the context is the one they were captured from.
    pub unsafe fn free(self, cx: *mut qjs::JSContext) {
        let f = &self.functions;
        let values = [
            f.date_get_time,
            f.regexp,
            f.regexp_source,
            f.map,
            f.map_set,
            f.map_for_each,
            f.set,
            f.set_add,
            f.set_for_each,
            f.bigint,
            f.bigint_as_int,
            f.bigint_to_string,
            f.array_buffer,
            f.buffer_resizable,
            f.buffer_max_length,
            f.data_view,
            f.data_view_buffer,
            f.data_view_offset,
            f.data_view_length,
            f.error_stack,
            f.number_value,
            f.string_value,
            f.boolean_value,
            f.bigint_value,
        ];
        let n = &self.names;
        // SAFETY: the module's contract; each was captured once and is freed once.
        unsafe {
            for value in values.into_iter().chain(f.regexp_flags).chain(self.error_prototypes) {
                qjs::JS_FreeValue(cx, value);
            }
            for block in self.anchors.get().blocks {
                qjs::js_free(cx, block);
            }
            for name in [n.name, n.message, n.stack, n.cause, n.errors, n.code, n.max_byte_length] {
                qjs::JS_FreeAtom(cx, name);
            }
        }
    }

    /// Counts a walk over an object; see [`Anchors`].
    #[inline]
    pub(super) unsafe fn walked(&self, cx: Cx) {
        let mut anchors = self.anchors.get();
        if anchors.walks >= WALKS {
            return;
        }
        anchors.walks += 1;
        if anchors.walks == WALKS {
            for (keys, block) in (1..).zip(&mut anchors.blocks) {
                // SAFETY: the module's contract. The plain allocation: a lack of memory shows as null, not as an exception.
                *block = unsafe { qjs::js_malloc_rt(qjs::JS_GetRuntime(cx), keys * 8) };
            }
        }
        self.anchors.set(anchors);
    }
}

impl Classes {
    unsafe fn capture(cx: Cx) -> Self {
        // SAFETY: the module's contract. The samples are primitives and fresh objects, freed at once.
        unsafe {
            let class = |value| qjs::JS_GetClassID(Owned::new(cx, value).raw());
            let text = Owned::new(cx, qjs::JS_NewStringLen(cx, c"x".as_ptr(), 1));
            Classes {
                object: class(qjs::JS_NewObject(cx)),
                array: class(qjs::JS_NewArray(cx)),
                error: class(qjs::JS_NewError(cx)),
                number: class(qjs::JS_ToObject(cx, super::raw::int(1))),
                string: class(qjs::JS_ToObject(cx, text.raw())),
                boolean: class(qjs::JS_ToObject(cx, qjs::JS_TRUE)),
                bigint: class(qjs::JS_ToObject(cx, qjs::JS_NewBigInt64(cx, 1))),
            }
        }
    }
}

impl Names {
    unsafe fn capture(cx: Cx) -> Self {
        // SAFETY: the module's contract.
        let atom = |name: &CStr| unsafe { qjs::JS_NewAtom(cx, name.as_ptr()) };
        Names {
            name: atom(c"name"),
            message: atom(c"message"),
            stack: atom(c"stack"),
            cause: atom(c"cause"),
            errors: atom(c"errors"),
            code: atom(c"code"),
            max_byte_length: atom(c"maxByteLength"),
        }
    }
}

impl Functions {
    unsafe fn capture(globals: &Globals) -> Self {
        // SAFETY: the module's contract.
        unsafe {
            let regexp = globals.prototype(c"RegExp");
            let map = globals.prototype(c"Map");
            let set = globals.prototype(c"Set");
            let buffer = globals.prototype(c"ArrayBuffer");
            let data_view = globals.prototype(c"DataView");
            let bigint = globals.value(c"BigInt");
            let bigint_prototype = globals.of(&bigint, c"prototype");
            let method = |owner: &Owned, name| globals.of(owner, name).into_raw();
            let getter = |owner: &Owned, name| globals.getter(owner, name).into_raw();
            Functions {
                date_get_time: method(&globals.prototype(c"Date"), c"getTime"),
                regexp: globals.value(c"RegExp").into_raw(),
                regexp_source: getter(&regexp, c"source"),
                regexp_flags: FLAGS.map(|(_, name)| getter(&regexp, name)),
                map: globals.value(c"Map").into_raw(),
                map_set: method(&map, c"set"),
                map_for_each: method(&map, c"forEach"),
                set: globals.value(c"Set").into_raw(),
                set_add: method(&set, c"add"),
                set_for_each: method(&set, c"forEach"),
                bigint_as_int: method(&bigint, c"asIntN"),
                bigint_to_string: method(&bigint_prototype, c"toString"),
                bigint_value: method(&bigint_prototype, c"valueOf"),
                bigint: bigint.into_raw(),
                array_buffer: globals.value(c"ArrayBuffer").into_raw(),
                buffer_resizable: getter(&buffer, c"resizable"),
                buffer_max_length: getter(&buffer, c"maxByteLength"),
                data_view: globals.value(c"DataView").into_raw(),
                data_view_buffer: getter(&data_view, c"buffer"),
                data_view_offset: getter(&data_view, c"byteOffset"),
                data_view_length: getter(&data_view, c"byteLength"),
                error_stack: getter(&globals.prototype(c"Error"), c"stack"),
                number_value: method(&globals.prototype(c"Number"), c"valueOf"),
                string_value: method(&globals.prototype(c"String"), c"valueOf"),
                boolean_value: method(&globals.prototype(c"Boolean"), c"valueOf"),
            }
        }
    }
}

/// Looks things up from the global object on; what a context lacks is `undefined`, and the codec then refuses its kind.
struct Globals {
    cx: Cx,
    object: Owned,
}

impl Globals {
    unsafe fn of(&self, owner: &Owned, name: &CStr) -> Owned {
        // SAFETY: the module's contract.
        unsafe {
            if !is_object(owner.raw()) {
                return Owned::new(self.cx, qjs::JS_UNDEFINED);
            }
            get(self.cx, owner.raw(), name).unwrap_or_else(|_| self.absent())
        }
    }

    unsafe fn value(&self, name: &CStr) -> Owned {
        // SAFETY: the module's contract.
        unsafe { self.of(&self.object, name) }
    }

    unsafe fn prototype(&self, name: &CStr) -> Owned {
        // SAFETY: the module's contract.
        unsafe { self.of(&self.value(name), c"prototype") }
    }

    unsafe fn getter(&self, owner: &Owned, name: &CStr) -> Owned {
        // SAFETY: the module's contract; the atom is freed once.
        unsafe {
            if !is_object(owner.raw()) {
                return Owned::new(self.cx, qjs::JS_UNDEFINED);
            }
            let atom = qjs::JS_NewAtom(self.cx, name.as_ptr());
            let found = own_property(self.cx, owner.raw(), atom);
            qjs::JS_FreeAtom(self.cx, atom);
            match found {
                Ok(Some(own)) => own.getter,
                Ok(None) => Owned::new(self.cx, qjs::JS_UNDEFINED),
                Err(_) => self.absent(),
            }
        }
    }

    unsafe fn absent(&self) -> Owned {
        // SAFETY: the module's contract.
        unsafe {
            drop(Owned::new(self.cx, qjs::JS_GetException(self.cx)));
            Owned::new(self.cx, qjs::JS_UNDEFINED)
        }
    }
}
