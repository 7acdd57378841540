//! Gates in front of natives that may never poll the interrupt handler.
//!
//! An array-like of length 2⁵³−1 keeps `reverse` busy for good inside one native call, and a naive string search is quadratic. A gate
//! looks at the input: what is small and ordinary goes to the engine's native, all else to the specification's algorithm as built-in
//! bytecode, which polls by itself, or to a linear search. A gate costs about 14 ns a call (`docs/decisions/gates.md`).

mod search;
mod transfer;

use std::ffi::{CStr, c_int};
use std::ptr::null_mut;

use rquickjs::qjs;

use crate::extension::GuestModule;
use crate::realm::Realm;

include!(concat!(env!("OUT_DIR"), "/guest_modules.rs"));

/// Built-in modules of the engine.
pub(crate) const MODULES: &[GuestModule] = GUEST_MODULES;

/// Elements that a native may walk without a poll: some tens of milliseconds at the worst.
const LONGEST_WALK: i64 = 1 << 20;
/// Elements that the native sort may compare as strings without a poll.
const LONGEST_SORT: i64 = 1 << 16;

/// When the engine's native may have a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// `this` is a real array of sane length.
    ShortArray,
    /// And so are all arguments that are objects.
    ShortArrays,
    /// `this` is a real array of sane length, or there is a comparator, which polls.
    ShortSort,
    /// Never.
    Never,
    /// The first argument is a small number.
    SmallCount,
    /// The first argument is a real Set or Map.
    SetArgument,
    /// The first argument is a real array of sane length.
    ShortArgument,
}

struct Gate {
    object: &'static CStr,
    /// On `object.prototype` or on `object` itself.
    on_prototype: bool,
    name: &'static CStr,
    /// The built-in algorithm's name.
    fallback: &'static CStr,
    when: When,
}

const fn array(name: &'static CStr, when: When) -> Gate {
    Gate { object: c"Array", on_prototype: true, name, fallback: name, when }
}

const fn set(name: &'static CStr, fallback: &'static CStr) -> Gate {
    Gate { object: c"Set", on_prototype: true, name, fallback, when: When::SetArgument }
}

const GATES: &[Gate] = &[
    array(c"at", When::ShortArray),
    array(c"concat", When::ShortArrays),
    array(c"copyWithin", When::ShortArray),
    array(c"every", When::ShortArray),
    array(c"fill", When::ShortArray),
    array(c"filter", When::ShortArray),
    array(c"find", When::ShortArray),
    array(c"findIndex", When::ShortArray),
    array(c"findLast", When::ShortArray),
    array(c"findLastIndex", When::ShortArray),
    array(c"flat", When::Never),
    array(c"flatMap", When::Never),
    array(c"forEach", When::ShortArray),
    array(c"includes", When::ShortArray),
    array(c"indexOf", When::ShortArray),
    array(c"join", When::ShortArray),
    array(c"lastIndexOf", When::ShortArray),
    array(c"map", When::ShortArray),
    array(c"reduce", When::ShortArray),
    array(c"reduceRight", When::ShortArray),
    array(c"reverse", When::ShortArray),
    array(c"shift", When::ShortArray),
    array(c"slice", When::ShortArray),
    array(c"some", When::ShortArray),
    array(c"sort", When::ShortSort),
    array(c"splice", When::ShortArray),
    array(c"toLocaleString", When::ShortArray),
    array(c"toReversed", When::ShortArray),
    array(c"toSorted", When::ShortSort),
    array(c"toSpliced", When::ShortArray),
    array(c"toString", When::ShortArray),
    array(c"unshift", When::ShortArray),
    array(c"with", When::ShortArray),
    Gate { object: c"Iterator", on_prototype: true, name: c"drop", fallback: c"iteratorDrop", when: When::SmallCount },
    Gate {
        object: c"Math",
        on_prototype: false,
        name: c"sumPrecise",
        fallback: c"sumPrecise",
        when: When::ShortArgument,
    },
    Gate { object: c"String", on_prototype: false, name: c"raw", fallback: c"stringRaw", when: When::Never },
    set(c"difference", c"setDifference"),
    set(c"intersection", c"setIntersection"),
    set(c"isDisjointFrom", c"setIsDisjointFrom"),
    set(c"isSubsetOf", c"setIsSubsetOf"),
    set(c"isSupersetOf", c"setIsSupersetOf"),
    set(c"symmetricDifference", c"setSymmetricDifference"),
    set(c"union", c"setUnion"),
];

/// Gates in all: the natives of those come first in the realm's list.
pub(crate) const COUNT: usize = GATES.len() + search::COUNT + transfer::COUNT;

/// # Safety
/// The live, locked context of a realm, before guest code runs.
pub(crate) unsafe fn install(cx: *mut qjs::JSContext, realm: &Realm) {
    // SAFETY: the caller's contract; every value is freed or moves.
    unsafe {
        let global = qjs::JS_GetGlobalObject(cx);
        for gate in GATES {
            let mut owner = qjs::JS_GetPropertyStr(cx, global, gate.object.as_ptr());
            if gate.on_prototype {
                let prototype = qjs::JS_GetPropertyStr(cx, owner, c"prototype".as_ptr());
                qjs::JS_FreeValue(cx, owner);
                owner = prototype;
            }
            replace(cx, realm, owner, gate.name, pass);
            qjs::JS_FreeValue(cx, owner);
        }
        search::install(cx, realm, global);
        transfer::install(cx, realm, global);
        qjs::JS_FreeValue(cx, global);
    }
}

/// A native function that knows a small number of its own.
pub(crate) type MagicFn =
    unsafe extern "C" fn(*mut qjs::JSContext, qjs::JSValue, c_int, *mut qjs::JSValue, c_int) -> qjs::JSValue;

/// A function object for it: plain, without a record of its own, since there are many in every sandbox.
///
/// # Safety
/// The live, locked context.
pub(crate) unsafe fn new_function(
    cx: *mut qjs::JSContext,
    function: MagicFn,
    name: &CStr,
    length: c_int,
    magic: usize,
) -> qjs::JSValue {
    let kind = qjs::JSCFunctionEnum_JS_CFUNC_generic_magic;
    // SAFETY: the kind says what the function's type is, as in the engine's own `JS_NewCFunctionMagic`; the context is the caller's.
    unsafe {
        let function: unsafe extern "C" fn(_, _, _, _) -> _ = std::mem::transmute(function);
        qjs::JS_NewCFunction2(cx, Some(function), name.as_ptr(), length, kind, c_int::try_from(magic).unwrap_or(0))
    }
}

/// Puts `function` in the place of a native, which goes to the realm's list, at the index that the function's magic tells.
///
/// # Safety
/// The live, locked context of `owner`, before guest code runs.
pub(crate) unsafe fn replace(
    cx: *mut qjs::JSContext,
    realm: &Realm,
    owner: qjs::JSValue,
    name: &CStr,
    function: MagicFn,
) {
    // SAFETY: the caller's contract; the list takes the native's reference over, the owner the gate's.
    unsafe {
        let native = qjs::JS_GetPropertyStr(cx, owner, name.as_ptr());
        let mut natives = realm.natives.borrow_mut();
        let index = natives.len();
        natives.push(native);
        drop(natives);
        if qjs::JS_IsFunction(cx, native) {
            let mut length = 0;
            qjs::JS_GetLength(cx, native, &raw mut length);
            let gate = new_function(cx, function, name, c_int::try_from(length).unwrap_or(0), index);
            let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as c_int;
            qjs::JS_DefinePropertyValueStr(cx, owner, name.as_ptr(), gate, flags);
        }
    }
}

/// Calls the native behind a gate.
///
/// # Safety
/// The live, locked context, `argc` live values, and the gate's magic.
pub(crate) unsafe fn call_native(
    cx: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    magic: c_int,
) -> qjs::JSValue {
    // SAFETY: the caller's contract; the list keeps its natives until the context is freed.
    unsafe {
        let native = realm_native(cx, magic);
        qjs::JS_Call(cx, native, this, argc, argv)
    }
}

unsafe fn realm_native(cx: *mut qjs::JSContext, magic: c_int) -> qjs::JSValue {
    // SAFETY: the caller's: a context of ours.
    let natives = unsafe { Realm::of(cx) }.natives.borrow();
    usize::try_from(magic).ok().and_then(|index| natives.get(index).copied()).unwrap_or(qjs::JS_UNDEFINED)
}

/// Whether a value is an array, not a proxy of one, with at most `longest` elements. The length of a real array is a data property.
unsafe fn is_short_array(cx: *mut qjs::JSContext, value: qjs::JSValue, longest: i64) -> bool {
    let mut length = 0;
    // SAFETY: the caller's: a live, locked context and value.
    unsafe {
        qjs::JS_IsArray(value)
            && !qjs::JS_IsProxy(value)
            && qjs::JS_GetLength(cx, value, &raw mut length) >= 0
            && length <= longest
    }
}

unsafe fn admits(cx: *mut qjs::JSContext, when: When, this: qjs::JSValue, args: &[qjs::JSValue]) -> bool {
    let first = args.first().copied().unwrap_or(qjs::JS_UNDEFINED);
    // SAFETY: the caller's: a live, locked context and values.
    unsafe {
        match when {
            When::Never => false,
            When::ShortArray => is_short_array(cx, this, LONGEST_WALK),
            When::ShortArrays => {
                is_short_array(cx, this, LONGEST_WALK)
                    && args.iter().all(|arg| !qjs::JS_IsObject(*arg) || is_short_array(cx, *arg, LONGEST_WALK))
            }
            When::ShortSort => {
                let longest = if qjs::JS_IsFunction(cx, first) { LONGEST_WALK } else { LONGEST_SORT };
                is_short_array(cx, this, longest)
            }
            When::ShortArgument => is_short_array(cx, first, LONGEST_WALK),
            When::SetArgument => qjs::JS_IsSet(first) || qjs::JS_IsMap(first),
            When::SmallCount => {
                let mut count = 0.0;
                qjs::JS_IsNumber(first)
                    && qjs::JS_ToFloat64(cx, &raw mut count, first) >= 0
                    && (count.is_nan() || count <= 1_048_576.0)
            }
        }
    }
}

unsafe extern "C" fn pass(
    cx: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    magic: c_int,
) -> qjs::JSValue {
    // SAFETY: the engine passes `argc` live values and the magic that `replace` gave.
    unsafe {
        let gate = &GATES[usize::try_from(magic).unwrap_or(0)];
        let args = match usize::try_from(argc) {
            Ok(count) if count > 0 => std::slice::from_raw_parts(argv, count),
            _ => &[],
        };
        if admits(cx, gate.when, this, args) {
            return call_native(cx, this, argc, argv, magic);
        }
        fall_back(cx, gate.fallback, this, argc, argv)
    }
}

/// Calls the built-in algorithm of a name.
unsafe fn fall_back(
    cx: *mut qjs::JSContext,
    name: &CStr,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: the caller's: live, locked context and values.
    unsafe {
        let realm = Realm::of(cx);
        let exports = realm.modules.import(cx, realm, "guest:gates");
        if qjs::JS_IsException(exports) {
            return exports;
        }
        let fallbacks = qjs::JS_GetPropertyStr(cx, exports, c"fallbacks".as_ptr());
        qjs::JS_FreeValue(cx, exports);
        let function = qjs::JS_GetPropertyStr(cx, fallbacks, name.as_ptr());
        qjs::JS_FreeValue(cx, fallbacks);
        let result = qjs::JS_Call(cx, function, this, argc, if argc > 0 { argv } else { null_mut() });
        qjs::JS_FreeValue(cx, function);
        result
    }
}
