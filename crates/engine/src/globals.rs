//! Lazy globals: properties of the global object that load a guest module when they are first touched.
//!
//! Each is an accessor until then. The natives that could tell an accessor from a data property (`Object.getOwnPropertyDescriptor` and
//! its kin) make the property real first when they are asked about the global object, itself or behind proxies.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, c_int};
use std::ptr::null_mut;

use rquickjs::qjs;

use crate::extension::Global;
use crate::gates::{self, new_function};
use crate::realm::Realm;

/// The globals that are not real yet, by their atoms.
#[derive(Default)]
pub(crate) struct Lazy {
    waiting: RefCell<HashMap<qjs::JSAtom, &'static Global>>,
}

/// Natives that look at properties as such, where they are found, and whether the property is their second argument.
const LOOKERS: &[(&CStr, Option<&CStr>, &CStr, Which)] = &[
    (c"Object", None, c"getOwnPropertyDescriptor", Which::Named),
    (c"Object", None, c"getOwnPropertyDescriptors", Which::All),
    (c"Object", None, c"defineProperty", Which::Named),
    (c"Object", None, c"defineProperties", Which::All),
    (c"Object", None, c"freeze", Which::All),
    (c"Object", None, c"seal", Which::All),
    (c"Object", None, c"isFrozen", Which::All),
    (c"Reflect", None, c"getOwnPropertyDescriptor", Which::Named),
    (c"Reflect", None, c"defineProperty", Which::Named),
    (c"Object", Some(c"prototype"), c"__lookupGetter__", Which::NamedOfThis),
    (c"Object", Some(c"prototype"), c"__lookupSetter__", Which::NamedOfThis),
    (c"Object", Some(c"prototype"), c"__defineGetter__", Which::NamedOfThis),
    (c"Object", Some(c"prototype"), c"__defineSetter__", Which::NamedOfThis),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Named,
    NamedOfThis,
    All,
}

/// # Safety
/// The live, locked context of `realm`, before guest code runs.
pub(crate) unsafe fn install(cx: *mut qjs::JSContext, realm: &Realm) {
    // SAFETY: the caller's contract; every value made here moves to the global object or is freed.
    unsafe {
        let global = qjs::JS_GetGlobalObject(cx);
        let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as c_int;
        // The web's name for it and Node's.
        for name in [c"self", c"global"] {
            qjs::JS_DefinePropertyValueStr(cx, global, name.as_ptr(), qjs::JS_DupValue(cx, global), flags);
        }
        let mut waiting = realm.lazy.waiting.borrow_mut();
        for (index, entry) in realm.extension.globals.iter().chain(realm.extension.accessors).enumerate() {
            let atom = define(cx, global, entry, index);
            // The atom stays with the table; it is freed with the context's own.
            waiting.insert(atom, entry);
        }
        for (object, member, name, _) in LOOKERS {
            guard(cx, realm, global, object, *member, name);
        }
        qjs::JS_FreeValue(cx, global);
    }
}

/// Takes globals away again, before guest code runs.
///
/// # Safety
/// The live, locked context of `realm`.
pub(crate) unsafe fn withhold(cx: *mut qjs::JSContext, realm: &Realm, names: &[&CStr]) {
    for name in names {
        // SAFETY: the caller's contract; what is made here is freed here.
        unsafe {
            let global = qjs::JS_GetGlobalObject(cx);
            let atom = qjs::JS_NewAtom(cx, name.as_ptr());
            qjs::JS_DeleteProperty(cx, global, atom, 0);
            realm.lazy.forget(cx, atom);
            qjs::JS_FreeAtom(cx, atom);
            qjs::JS_FreeValue(cx, global);
        }
    }
}

/// Those globals that are wanted, in a context that somebody else owns: natives that look at properties stay as they are, and tell an accessor.
///
/// # Safety
/// The live, locked context of `realm`.
pub(crate) unsafe fn install_some(cx: *mut qjs::JSContext, realm: &Realm, wants: &dyn Fn(&Global) -> bool) {
    // SAFETY: the caller's contract; every value made here moves to the global object or is freed.
    unsafe {
        let global = qjs::JS_GetGlobalObject(cx);
        for (index, entry) in realm.extension.globals.iter().chain(realm.extension.accessors).enumerate() {
            if wants(entry) {
                qjs::JS_FreeAtom(cx, define(cx, global, entry, index));
            }
        }
        qjs::JS_FreeValue(cx, global);
    }
}

/// Defines the accessor of a lazy global; its atom, which the caller frees.
unsafe fn define(cx: *mut qjs::JSContext, global: qjs::JSValue, entry: &'static Global, index: usize) -> qjs::JSAtom {
    // SAFETY: the caller's: a live, locked context and its global object, which takes both references over.
    unsafe {
        let atom = qjs::JS_NewAtom(cx, entry.name.as_ptr());
        // One function is both, and nobody ever sees it.
        let getter = new_function(cx, access, entry.name, 0, index);
        let setter = qjs::JS_DupValue(cx, getter);
        let mut flags = qjs::JS_PROP_CONFIGURABLE;
        if entry.enumerable {
            flags |= qjs::JS_PROP_ENUMERABLE;
        }
        qjs::JS_DefinePropertyGetSet(cx, global, atom, getter, setter, flags as c_int);
        atom
    }
}

impl Lazy {
    /// # Safety
    /// Under the lock of the engine that the atoms belong to.
    pub(crate) unsafe fn clear(&self, cx: *mut qjs::JSContext) {
        for atom in self.waiting.take().into_keys() {
            // SAFETY: the table owned one reference.
            unsafe { qjs::JS_FreeAtom(cx, atom) };
        }
    }
}

fn attributes(entry: &Global) -> c_int {
    let mut flags = qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE;
    if entry.enumerable {
        flags |= qjs::JS_PROP_ENUMERABLE;
    }
    flags as c_int
}

/// Loads the property's module and makes the property real; its value, or for an accessor the object with its functions.
unsafe fn materialise(cx: *mut qjs::JSContext, realm: &Realm, entry: &'static Global) -> qjs::JSValue {
    // SAFETY: the caller's: the live, locked context of `realm`.
    unsafe {
        let exports = realm.modules.import(cx, realm, entry.module);
        if qjs::JS_IsException(exports) {
            return exports;
        }
        let value = qjs::JS_GetPropertyStr(cx, exports, entry.name.as_ptr());
        qjs::JS_FreeValue(cx, exports);
        if qjs::JS_IsException(value) {
            return value;
        }
        let global = qjs::JS_GetGlobalObject(cx);
        let atom = qjs::JS_NewAtom(cx, entry.name.as_ptr());
        if realm.extension.is_accessor(entry) {
            let getter = qjs::JS_GetPropertyStr(cx, value, c"get".as_ptr());
            let setter = qjs::JS_GetPropertyStr(cx, value, c"set".as_ptr());
            let flags = attributes(entry) & !(qjs::JS_PROP_WRITABLE as c_int);
            qjs::JS_DefinePropertyGetSet(cx, global, atom, getter, setter, flags);
        } else {
            qjs::JS_DefinePropertyValue(cx, global, atom, qjs::JS_DupValue(cx, value), attributes(entry));
        }
        realm.lazy.forget(cx, atom);
        qjs::JS_FreeAtom(cx, atom);
        qjs::JS_FreeValue(cx, global);
        value
    }
}

impl Lazy {
    unsafe fn forget(&self, cx: *mut qjs::JSContext, atom: qjs::JSAtom) {
        if self.waiting.borrow_mut().remove(&atom).is_some() {
            // SAFETY: the table owned one reference.
            unsafe { qjs::JS_FreeAtom(cx, atom) };
        }
    }
}

/// The accessor: without an argument it is read, with one it is assigned to.
unsafe extern "C" fn access(
    cx: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    magic: c_int,
) -> qjs::JSValue {
    // SAFETY: the engine calls with its live context and `argc` live values; `install` gave an index as magic.
    unsafe {
        let realm = Realm::of(cx);
        let Some(entry) = usize::try_from(magic).ok().and_then(|index| realm.extension.property(index)) else {
            return qjs::JS_UNDEFINED;
        };
        if realm.extension.is_accessor(entry) {
            return pass_on(cx, realm, entry, this, argc, argv);
        }
        if argc > 0 { set(cx, realm, entry, this, *argv) } else { materialise(cx, realm, entry) }
    }
}

/// The first use of an accessor: it is made real, and its own function called.
unsafe fn pass_on(
    cx: *mut qjs::JSContext,
    realm: &Realm,
    entry: &'static Global,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: the caller's: the live, locked context of `realm` and `argc` live values.
    unsafe {
        let functions = materialise(cx, realm, entry);
        if qjs::JS_IsException(functions) {
            return functions;
        }
        let name = if argc > 0 { c"set" } else { c"get" };
        let function = qjs::JS_GetPropertyStr(cx, functions, name.as_ptr());
        let value = qjs::JS_Call(cx, function, this, argc, argv);
        qjs::JS_FreeValue(cx, function);
        qjs::JS_FreeValue(cx, functions);
        value
    }
}

unsafe fn set(
    cx: *mut qjs::JSContext,
    realm: &Realm,
    entry: &'static Global,
    this: qjs::JSValue,
    value: qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: the caller's: the live, locked context of `realm` and live values of it.
    unsafe {
        let global = qjs::JS_GetGlobalObject(cx);
        // In sloppy functions and for bare assignments the receiver is undefined or the global object itself.
        let receiver = if qjs::JS_IsObject(this) { this } else { global };
        let atom = qjs::JS_NewAtom(cx, entry.name.as_ptr());
        let status = if qjs::JS_VALUE_GET_PTR(receiver) == qjs::JS_VALUE_GET_PTR(global) {
            let status = qjs::JS_DefinePropertyValue(cx, global, atom, qjs::JS_DupValue(cx, value), attributes(entry));
            if status >= 0 {
                realm.lazy.forget(cx, atom);
            }
            status
        } else {
            assign(cx, realm, entry, receiver, atom, value)
        };
        qjs::JS_FreeAtom(cx, atom);
        qjs::JS_FreeValue(cx, global);
        if status < 0 { qjs::JS_EXCEPTION } else { qjs::JS_UNDEFINED }
    }
}

/// An assignment that met a lazy global on its way to `receiver`, a proxy or an heir of the global object. As over a data property:
/// an own property of the receiver gets the value, else there is a new one (ECMAScript, `OrdinarySetWithOwnDescriptor`).
unsafe fn assign(
    cx: *mut qjs::JSContext,
    realm: &Realm,
    entry: &'static Global,
    receiver: qjs::JSValue,
    atom: qjs::JSAtom,
    value: qjs::JSValue,
) -> c_int {
    const EACH: u32 = qjs::JS_PROP_HAS_CONFIGURABLE | qjs::JS_PROP_HAS_WRITABLE | qjs::JS_PROP_HAS_ENUMERABLE;
    // SAFETY: the caller's: the live, locked context of `realm`, an object of it and a live atom.
    unsafe {
        if is_global(cx, receiver) && is_waiting(cx, realm, entry) {
            let old = materialise(cx, realm, entry);
            if qjs::JS_IsException(old) {
                return -1;
            }
            qjs::JS_FreeValue(cx, old);
        }
        let attributes = match qjs::JS_GetOwnProperty(cx, null_mut(), receiver, atom) {
            0 => qjs::JS_PROP_C_W_E | EACH,
            found if found > 0 => 0,
            failed => return failed,
        };
        let flags = (qjs::JS_PROP_HAS_VALUE | attributes) as c_int;
        qjs::JS_DefineProperty(cx, receiver, atom, value, qjs::JS_UNDEFINED, qjs::JS_UNDEFINED, flags)
    }
}

/// Puts a native of ours in front of one that looks at properties as such.
unsafe fn guard(
    cx: *mut qjs::JSContext,
    realm: &Realm,
    global: qjs::JSValue,
    object: &CStr,
    member: Option<&CStr>,
    name: &CStr,
) {
    // SAFETY: the caller's: the live, locked context and its global object; every value is freed or moves.
    unsafe {
        let mut owner = qjs::JS_GetPropertyStr(cx, global, object.as_ptr());
        if let Some(member) = member {
            let inner = qjs::JS_GetPropertyStr(cx, owner, member.as_ptr());
            qjs::JS_FreeValue(cx, owner);
            owner = inner;
        }
        gates::replace(cx, realm, owner, name, look);
        qjs::JS_FreeValue(cx, owner);
    }
}

unsafe extern "C" fn look(
    cx: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    magic: c_int,
) -> qjs::JSValue {
    // SAFETY: the engine passes `argc` live values and the magic that `replace` gave.
    unsafe {
        let index = usize::try_from(magic).unwrap_or(0).saturating_sub(gates::COUNT);
        let which = LOOKERS.get(index).map_or(Which::All, |looker| looker.3);
        let of_this = which == Which::NamedOfThis;
        let target = if of_this {
            this
        } else if argc > 0 {
            *argv
        } else {
            qjs::JS_UNDEFINED
        };
        let realm = Realm::of(cx);
        let concerns = || if of_this { inherits_global(cx, target) } else { is_global(cx, target) };
        if !realm.lazy.waiting.borrow().is_empty() && concerns() {
            let key = usize::from(!of_this);
            let named =
                (which != Which::All && usize::try_from(argc).is_ok_and(|argc| argc > key)).then(|| *argv.add(key));
            if materialise_for(cx, realm, named).is_none() {
                return qjs::JS_EXCEPTION;
            }
        }
        gates::call_native(cx, this, argc, argv, magic)
    }
}

/// Whether a value is the global object or a proxy of it.
unsafe fn is_global(cx: *mut qjs::JSContext, value: qjs::JSValue) -> bool {
    // SAFETY: the caller's: a live, locked context and value.
    unsafe {
        let global = qjs::JS_GetGlobalObject(cx);
        let global_pointer = qjs::JS_VALUE_GET_PTR(global);
        qjs::JS_FreeValue(cx, global);
        let mut current = qjs::JS_DupValue(cx, value);
        // A chain of proxies as long as this is an attack, and what it learns is harmless.
        for _ in 0..64 {
            if !qjs::JS_IsProxy(current) {
                break;
            }
            let target = qjs::JS_GetProxyTarget(cx, current);
            qjs::JS_FreeValue(cx, current);
            current = target;
        }
        let is = qjs::JS_IsObject(current) && qjs::JS_VALUE_GET_PTR(current) == global_pointer;
        if qjs::JS_IsException(current) {
            qjs::JS_FreeValue(cx, qjs::JS_GetException(cx));
        }
        qjs::JS_FreeValue(cx, current);
        is
    }
}

/// Whether a value is the global object, a proxy of it, or an object that inherits from either.
unsafe fn inherits_global(cx: *mut qjs::JSContext, value: qjs::JSValue) -> bool {
    // SAFETY: the caller's: a live, locked context and value; every prototype met is freed here.
    unsafe {
        let mut current = qjs::JS_DupValue(cx, value);
        let mut found = false;
        // As long as a chain of proxies may be.
        for _ in 0..64 {
            found = is_global(cx, current);
            // The prototype of another proxy is for its trap to say, which the native itself will ask.
            if found || !qjs::JS_IsObject(current) || qjs::JS_IsProxy(current) {
                break;
            }
            let prototype = qjs::JS_GetPrototype(cx, current);
            qjs::JS_FreeValue(cx, current);
            current = prototype;
        }
        qjs::JS_FreeValue(cx, current);
        found
    }
}

/// Whether the property is still the accessor that waits; one that the guest deleted stays deleted.
unsafe fn is_waiting(cx: *mut qjs::JSContext, realm: &Realm, entry: &'static Global) -> bool {
    // SAFETY: the caller's: the live, locked context of `realm`; the descriptor's values are freed here.
    unsafe {
        let global = qjs::JS_GetGlobalObject(cx);
        let atom = qjs::JS_NewAtom(cx, entry.name.as_ptr());
        let mut descriptor = std::mem::MaybeUninit::<qjs::JSPropertyDescriptor>::uninit();
        let found = qjs::JS_GetOwnProperty(cx, descriptor.as_mut_ptr(), global, atom) > 0;
        let mut waits = false;
        if found {
            let descriptor = descriptor.assume_init();
            waits = descriptor.flags & qjs::JS_PROP_GETSET as c_int != 0;
            for value in [descriptor.value, descriptor.getter, descriptor.setter] {
                qjs::JS_FreeValue(cx, value);
            }
        }
        if !waits {
            realm.lazy.forget(cx, atom);
        }
        qjs::JS_FreeAtom(cx, atom);
        qjs::JS_FreeValue(cx, global);
        waits
    }
}

/// Makes the named property real, or all. `None`: an exception is pending.
unsafe fn materialise_for(cx: *mut qjs::JSContext, realm: &Realm, named: Option<qjs::JSValue>) -> Option<()> {
    // SAFETY: the caller's: the live, locked context of `realm`.
    unsafe {
        let entries: Vec<&'static Global> = match named {
            // Only strings name globals of ours; converting an object would run guest code twice.
            Some(key) if qjs::JS_IsString(key) => {
                let atom = qjs::JS_ValueToAtom(cx, key);
                let entry = realm.lazy.waiting.borrow().get(&atom).copied();
                qjs::JS_FreeAtom(cx, atom);
                entry.into_iter().collect()
            }
            Some(key) if !qjs::JS_IsObject(key) => Vec::new(),
            _ => realm.lazy.waiting.borrow().values().copied().collect(),
        };
        for entry in entries {
            if !is_waiting(cx, realm, entry) {
                continue;
            }
            let value = materialise(cx, realm, entry);
            if qjs::JS_IsException(value) {
                return None;
            }
            qjs::JS_FreeValue(cx, value);
        }
        Some(())
    }
}
