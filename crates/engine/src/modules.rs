//! Guest modules: loaded on first use from bytecode of this very build, linked by `$import`.
//!
//! Bytecode is read only from what a build script embedded. Crafted bytecode is memory-unsafe; none is ever taken from outside.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, c_int, c_void};

use rquickjs::qjs;

use crate::extension::{Extension, GuestModule};
use crate::gates;
use crate::native::new_native;
use crate::realm::Realm;

#[derive(Default)]
pub(crate) struct Modules {
    /// The globals that modules take as parameters, in the order of the first module's list: all lists are one.
    intrinsics: RefCell<Vec<qjs::JSValue>>,
    /// Exports by module name.
    loaded: RefCell<HashMap<&'static str, qjs::JSValue>>,
}

fn find(extension: &'static Extension, name: &str) -> Option<&'static GuestModule> {
    extension.modules.iter().chain(gates::MODULES).find(|module| module.name == name)
}

impl Modules {
    /// Takes the globals that modules are given, before guest code runs.
    ///
    /// # Safety
    /// A live context under its lock.
    pub(crate) unsafe fn capture(&self, cx: *mut qjs::JSContext) {
        // SAFETY: the caller's contract; the list owns one reference of each.
        unsafe {
            let global = qjs::JS_GetGlobalObject(cx);
            let names = gates::MODULES.first().map_or(&[][..], |module| module.intrinsics);
            *self.intrinsics.borrow_mut() =
                names.iter().map(|name| qjs::JS_GetPropertyStr(cx, global, name.as_ptr())).collect();
            qjs::JS_FreeValue(cx, global);
        }
    }

    /// The exports of a guest module or a native one; the caller owns the reference.
    ///
    /// # Safety
    /// A live context under its lock.
    pub(crate) unsafe fn import(&self, cx: *mut qjs::JSContext, realm: &Realm, name: &str) -> qjs::JSValue {
        if let Some(exports) = self.loaded.borrow().get(name) {
            // SAFETY: a live value of this context.
            return unsafe { qjs::JS_DupValue(cx, *exports) };
        }
        let extension = realm.extension;
        let (name, exports) = if let Some(module) = find(extension, name) {
            // SAFETY: the caller's contract.
            (module.name, unsafe { self.evaluate(cx, module) })
        } else if let Some(native) = extension.natives.iter().find(|native| native.name == name) {
            // SAFETY: the caller's contract.
            (native.name, unsafe { native_module(cx, native.functions) })
        } else {
            // SAFETY: the caller's contract.
            return unsafe { qjs::JS_ThrowInternalError(cx, c"no such module".as_ptr()) };
        };
        // SAFETY: the caller's contract; the table keeps a reference of its own.
        unsafe {
            if !qjs::JS_IsException(exports) {
                let kept = qjs::JS_DupValue(cx, exports);
                if let Some(old) = self.loaded.borrow_mut().insert(name, kept) {
                    qjs::JS_FreeValue(cx, old);
                }
            }
        }
        exports
    }

    /// Runs a module's function with `$import`; a module that fails to load can be loaded again.
    unsafe fn evaluate(&self, cx: *mut qjs::JSContext, module: &'static GuestModule) -> qjs::JSValue {
        // SAFETY: the caller's: a live context under its lock; the bytecode comes from this build's build script.
        unsafe {
            let bytes = module.bytecode;
            let flags = qjs::JS_READ_OBJ_BYTECODE as c_int;
            let mut script = qjs::JS_ReadObject(cx, bytes.as_ptr(), bytes.len() as qjs::size_t, flags);
            if qjs::JS_IsException(script) && !Realm::of(cx).is_ending() {
                qjs::JS_FreeValue(cx, qjs::JS_GetException(cx));
                script = compile(cx, module);
            }
            if qjs::JS_IsException(script) {
                return script;
            }
            let function = qjs::JS_EvalFunction(cx, script);
            if qjs::JS_IsException(function) {
                return function;
            }
            let import = qjs::JS_NewCClosure(cx, Some(import), c"$import".as_ptr(), None, 1, 0, std::ptr::null_mut());
            let mut args = vec![import];
            args.extend_from_slice(&self.intrinsics.borrow());
            let exports = qjs::JS_Call(cx, function, qjs::JS_UNDEFINED, args.len() as c_int, args.as_mut_ptr());
            qjs::JS_FreeValue(cx, import);
            qjs::JS_FreeValue(cx, function);
            exports
        }
    }

    /// The exports of a module if it was ever loaded; the caller owns the reference.
    pub(crate) fn loaded(&self, cx: *mut qjs::JSContext, name: &str) -> Option<qjs::JSValue> {
        // SAFETY: called under the lock, as everything of a realm is; the table's values are alive.
        self.loaded.borrow().get(name).map(|exports| unsafe { qjs::JS_DupValue(cx, *exports) })
    }

    /// # Safety
    /// A live context under its lock.
    pub(crate) unsafe fn clear(&self, cx: *mut qjs::JSContext) {
        for intrinsic in self.intrinsics.take() {
            // SAFETY: the list owned one reference.
            unsafe { qjs::JS_FreeValue(cx, intrinsic) };
        }
        for exports in self.loaded.take().into_values() {
            // SAFETY: the table owned one reference.
            unsafe { qjs::JS_FreeValue(cx, exports) };
        }
    }
}

unsafe fn native_module(cx: *mut qjs::JSContext, functions: &'static [crate::extension::Native]) -> qjs::JSValue {
    // SAFETY: the caller's: a live context under its lock.
    unsafe {
        let exports = qjs::JS_NewObjectProto(cx, qjs::JS_NULL);
        for native in functions {
            let function = new_native(cx, native);
            qjs::JS_DefinePropertyValueStr(cx, exports, native.name.as_ptr(), function, qjs::JS_PROP_C_W_E as c_int);
        }
        exports
    }
}

/// The way for bytecode that the engine refuses: from the embedded source.
unsafe fn compile(cx: *mut qjs::JSContext, module: &'static GuestModule) -> qjs::JSValue {
    let mut source = module.source.as_bytes().to_vec();
    let length = source.len();
    source.push(0);
    let name = std::ffi::CString::new(module.name).unwrap_or_default();
    let flags = qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY | qjs::JS_EVAL_FLAG_STRICT;
    // SAFETY: the caller's: a live context under its lock; the source ends with a zero byte beyond its length.
    unsafe { qjs::JS_Eval(cx, source.as_ptr().cast(), length as qjs::size_t, name.as_ptr(), flags as c_int) }
}

unsafe extern "C" fn import(
    cx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    _magic: c_int,
    _opaque: *mut c_void,
) -> qjs::JSValue {
    // SAFETY: called by the engine with `argc` live values on the live context.
    unsafe {
        if argc < 1 {
            return qjs::JS_UNDEFINED;
        }
        let name = qjs::JS_ToCString(cx, *argv);
        if name.is_null() {
            return qjs::JS_EXCEPTION;
        }
        let owned = CStr::from_ptr(name).to_string_lossy().into_owned();
        qjs::JS_FreeCString(cx, name);
        match Realm::find(cx) {
            Some(realm) => realm.modules.import(cx, realm, &owned),
            None => qjs::JS_ThrowInternalError(cx, c"no such module".as_ptr()),
        }
    }
}
