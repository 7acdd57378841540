//! What a room above adds to a sandbox: guest modules, native functions for them, and lazy globals.
//!
//! Guest code reaches native functions by import (`host:timers`) and nothing else does: they are never properties of an object that a
//! plugin can see.

use std::ffi::CStr;

use rquickjs::Value;

use crate::native::Call;

/// Everything that is added.
pub struct Extension {
    /// Guest modules by name.
    pub modules: &'static [GuestModule],
    /// Native modules by name.
    pub natives: &'static [NativeModule],
    /// Properties of the global object, made when they are first touched.
    pub globals: &'static [Global],
    /// Those that are accessors for good: the module's export is an object with `get` and `set`.
    pub accessors: &'static [Global],
    /// What guests may `require` and `import`.
    pub builtins: &'static [Builtin],
}

impl Extension {
    /// The lazy property of this number: the globals, then the accessors.
    pub(crate) fn property(&self, index: usize) -> Option<&'static Global> {
        self.globals.get(index).or_else(|| self.accessors.get(index.checked_sub(self.globals.len())?))
    }

    pub(crate) fn is_accessor(&self, entry: &'static Global) -> bool {
        self.accessors.iter().any(|other| std::ptr::eq(other, entry))
    }
}

/// A module of guest code, compiled at build time to a function that takes `$import` and intrinsics and returns the exports.
#[derive(Debug, Clone, Copy)]
pub struct GuestModule {
    /// `guest:…`
    pub name: &'static str,
    /// Globals that it takes after `$import`, as they were before any guest code ran.
    pub intrinsics: &'static [&'static CStr],
    /// The function's bytecode, from the very engine build that reads it.
    pub bytecode: &'static [u8],
    /// Its source, for the case that the bytecode is refused.
    pub source: &'static str,
}

/// Native functions that guest modules import together.
pub struct NativeModule {
    /// `host:…`
    pub name: &'static str,
    /// The functions.
    pub functions: &'static [Native],
}

/// A native function of the guest's thread.
pub struct Native {
    /// The name by which it is imported.
    pub name: &'static CStr,
    /// The number of its arguments.
    pub length: i32,
    /// What it does.
    pub run: NativeFn,
}

/// A native function: the call in, a value or the pending exception out.
pub type NativeFn = for<'a, 'js> fn(&Call<'a, 'js>) -> rquickjs::Result<Value<'js>>;

/// A module that guests reach by `require` and `import`, with or without `node:` before its name.
pub struct Builtin {
    /// `path`
    pub name: &'static str,
    /// The guest module that has it.
    pub module: &'static str,
    /// The guest module's export that `require` gives.
    pub export: &'static CStr,
}

/// A lazy property of the global object. In `globals` it looks like a data property whatever is done to it.
pub struct Global {
    /// The property's name, which is also the name of the module's export.
    pub name: &'static CStr,
    /// The guest module that has it.
    pub module: &'static str,
    /// Functions and objects of WebIDL's global mixins are enumerable, interfaces and namespaces are not.
    pub enumerable: bool,
}
