//! `require` and `import` of built-in modules, the only ones there are.
//!
//! The extension says which; each is an export of a guest module, which is loaded when the built-in is first asked for. An ES module made from
//! one exports it as `default` and its own enumerable properties by their names.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

use rquickjs::qjs;

use crate::extension::Builtin;
use crate::ops::{ErrorClass, OpError};
use crate::realm::Realm;

const SCHEME: &str = "node:";
/// No message carries more of a name.
const LONGEST_NAME: usize = 200;

impl Realm {
    fn find_builtin(&self, name: &str) -> Option<&'static Builtin> {
        let bare = name.strip_prefix(SCHEME).unwrap_or(name);
        self.extension.builtins.iter().find(|builtin| builtin.name == bare)
    }

    /// What `require(name)` gives: the caller owns the reference. An exception where there is no such module, or it cannot be loaded.
    pub(crate) fn require(&self, name: &str) -> qjs::JSValue {
        let Some(builtin) = self.find_builtin(name) else { return self.refuse_module(name) };
        // SAFETY: under the lock, as everything of a realm is; the exports are freed here.
        unsafe {
            let exports = self.modules.import(self.cx, self, builtin.module);
            if qjs::JS_IsException(exports) {
                return exports;
            }
            let value = qjs::JS_GetPropertyStr(self.cx, exports, builtin.export.as_ptr());
            qjs::JS_FreeValue(self.cx, exports);
            value
        }
    }

    fn refuse_module(&self, name: &str) -> qjs::JSValue {
        let shown: String = name.chars().take(LONGEST_NAME).collect();
        let message = format!(
            "Cannot find module '{shown}': a plugin is one bundle; build its dependencies into it (only some of Node's modules are built in)"
        );
        let code = Some("MODULE_NOT_FOUND".into());
        let error = self.new_error(&OpError { class: ErrorClass::Error, message, name: None, code });
        // SAFETY: under the lock; the error's reference moves to the pending exception.
        unsafe { qjs::JS_Throw(self.cx, error) }
    }

    /// Calls `visit` with each own enumerable name of an object, `default` left out; `false` with a pending exception.
    unsafe fn each_name(
        &self,
        object: qjs::JSValue,
        mut visit: impl FnMut(qjs::JSAtom, *const c_char) -> bool,
    ) -> bool {
        // SAFETY: the caller's: under the lock, on a live value; the table of names and each text are freed here.
        unsafe {
            if !qjs::JS_IsObject(object) {
                return true;
            }
            let (mut names, mut count) = (null_mut(), 0);
            let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as c_int;
            if qjs::JS_GetOwnPropertyNames(self.cx, &raw mut names, &raw mut count, object, flags) < 0 {
                return false;
            }
            let mut fine = true;
            for index in 0..count as usize {
                let atom = (*names.add(index)).atom;
                let text = qjs::JS_AtomToCStringLen(self.cx, null_mut(), atom);
                fine = !text.is_null() && (CStr::from_ptr(text) == c"default" || visit(atom, text));
                qjs::JS_FreeCString(self.cx, text);
                if !fine {
                    break;
                }
            }
            qjs::JS_FreePropertyEnum(self.cx, names, count);
            fine
        }
    }
}

unsafe fn text<'a>(name: *const c_char) -> std::borrow::Cow<'a, str> {
    // SAFETY: the caller's: a string of the engine's that ends with a zero byte and outlives the result.
    unsafe { CStr::from_ptr(name) }.to_string_lossy()
}

/// The `require` of CommonJS plugins.
pub(crate) unsafe extern "C" fn require(
    cx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: the engine passes `argc` live values on its live context; the text is freed after its use.
    unsafe {
        if argc < 1 || !qjs::JS_IsString(*argv) {
            return qjs::JS_ThrowTypeError(cx, c"require: the name of a module is expected".as_ptr());
        }
        let name = qjs::JS_ToCString(cx, *argv);
        if name.is_null() {
            return qjs::JS_EXCEPTION;
        }
        let exports = Realm::of(cx).require(&text(name));
        qjs::JS_FreeCString(cx, name);
        exports
    }
}

/// The full name of an imported module: `node:path` for `path`.
pub(crate) unsafe extern "C" fn name_import(
    cx: *mut qjs::JSContext,
    _base: *const c_char,
    name: *const c_char,
    _opaque: *mut c_void,
) -> *mut c_char {
    // SAFETY: the engine passes the live context and a string, and frees the copy that it gets.
    unsafe {
        let realm = Realm::of(cx);
        let name = text(name);
        let Some(builtin) = realm.find_builtin(&name) else {
            realm.free(realm.refuse_module(&name));
            return null_mut();
        };
        let full = format!("{SCHEME}{}", builtin.name);
        qjs::js_strndup(cx, full.as_ptr().cast(), full.len() as qjs::size_t)
    }
}

/// The module record of a built-in module, by its full name.
pub(crate) unsafe extern "C" fn load_import(
    cx: *mut qjs::JSContext,
    name: *const c_char,
    _opaque: *mut c_void,
) -> *mut qjs::JSModuleDef {
    // SAFETY: the engine passes the live context and a string; the value is freed here, the record belongs to the context.
    unsafe {
        let realm = Realm::of(cx);
        let value = realm.require(&text(name));
        if qjs::JS_IsException(value) {
            return null_mut();
        }
        let mut module = qjs::JS_NewCModule(cx, name, Some(fill_import));
        if !module.is_null() {
            let named = qjs::JS_AddModuleExport(cx, module, c"default".as_ptr()) >= 0
                && realm.each_name(value, |_, export| qjs::JS_AddModuleExport(cx, module, export) >= 0);
            if !named {
                module = null_mut();
            }
        }
        realm.free(value);
        module
    }
}

/// Gives the exports of a built-in module their values.
unsafe extern "C" fn fill_import(cx: *mut qjs::JSContext, module: *mut qjs::JSModuleDef) -> c_int {
    // SAFETY: the engine passes the live context and a record of `load_import`; each value's reference moves to the record.
    unsafe {
        let realm = Realm::of(cx);
        let atom = qjs::JS_GetModuleName(cx, module);
        let name = qjs::JS_AtomToCStringLen(cx, null_mut(), atom);
        qjs::JS_FreeAtom(cx, atom);
        if name.is_null() {
            return -1;
        }
        let value = realm.require(&text(name));
        qjs::JS_FreeCString(cx, name);
        if qjs::JS_IsException(value) {
            return -1;
        }
        let filled = realm.each_name(value, |atom, export| {
            let property = qjs::JS_GetProperty(cx, value, atom);
            if qjs::JS_IsException(property) {
                return false;
            }
            // A name that came after the record was made is none of its exports: refused, and nothing is thrown.
            qjs::JS_SetModuleExport(cx, module, export, property);
            true
        });
        let set = qjs::JS_SetModuleExport(cx, module, c"default".as_ptr(), value);
        if filled { set } else { -1 }
    }
}
