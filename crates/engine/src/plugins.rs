//! Plugins: CommonJS bundles and modules, each with a scope of its own, and the functions that they export.

use std::ffi::{CString, c_int};
use std::rc::Rc;

use rquickjs::qjs;

use crate::mail::{Code, Failure, Format, PluginSource, Ticket};
use crate::payload::Payload;
use crate::realm::Realm;
use crate::scope::Then;

/// Two lines before the bundle, counted from −1 (the engine takes 0 for unset): the bundle's first line is line 1, and its columns are its own.
const WRAPPER: &str = "(function (exports, require, module, __filename, __dirname) {\n\n";
const WRAPPER_LINE: c_int = -1;
const WRAPPER_END: &str = "\n})";

/// What no path of a function may name.
const FORBIDDEN: [&str; 3] = ["__proto__", "prototype", "constructor"];

/// What every object and function inherits: nobody exported it.
const INHERITED: [&str; 16] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "apply",
    "arguments",
    "bind",
    "call",
    "caller",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
    "constructor",
];

struct Plugin {
    name: Rc<str>,
    exports: qjs::JSValue,
}

/// Paths of functions that are kept with their atoms.
const KEPT_PATHS: usize = 256;

/// The dotted path of a function, taken apart once.
struct Path {
    text: Box<str>,
    segments: Vec<Segment>,
}

struct Segment {
    atom: qjs::JSAtom,
    /// Every object and function has it: it counts as exported only where it is an own property.
    is_inherited: bool,
}

#[derive(Default)]
pub(crate) struct Plugins {
    loaded: Vec<Plugin>,
    paths: Vec<Rc<Path>>,
    /// Plugins whose body is still running, and where what their name registered before lies.
    loading: Vec<(String, usize)>,
}

impl Plugins {
    /// A body is over, well or not; where what its name registered before lies.
    pub(crate) fn end_loading(&mut self, name: &str) -> usize {
        let position = self.loading.iter().position(|(loading, _)| loading == name);
        position.map_or(0, |position| self.loading.swap_remove(position).1)
    }

    /// A plugin's name as the realm keeps it.
    pub(crate) fn name(&self, name: &str) -> Rc<str> {
        self.get(name).map_or_else(|| Rc::from(name), |plugin| plugin.name.clone())
    }

    fn get(&self, name: &str) -> Option<&Plugin> {
        self.loaded.iter().find(|plugin| *plugin.name == *name)
    }

    /// The path of a text; `None` with a pending exception where there is no memory for it.
    ///
    /// # Safety
    /// Under the lock of the engine, which all calls of this table are made for.
    unsafe fn path(&mut self, cx: *mut qjs::JSContext, text: &str) -> Option<Rc<Path>> {
        if let Some(known) = self.paths.iter().find(|path| *path.text == *text) {
            return Some(known.clone());
        }
        if self.paths.len() >= KEPT_PATHS {
            // SAFETY: the caller's.
            unsafe { self.forget_paths(cx) };
        }
        let segment = |name: &str| Segment {
            // SAFETY: the caller's; the atom is the table's own until `forget_paths`.
            atom: unsafe { qjs::JS_NewAtomLen(cx, name.as_ptr().cast(), name.len() as qjs::size_t) },
            is_inherited: INHERITED.contains(&name),
        };
        let segments: Vec<Segment> = text.split('.').map(segment).collect();
        if segments.iter().any(|segment| segment.atom == qjs::JS_ATOM_NULL) {
            for segment in segments {
                // SAFETY: the caller's; a null atom is none.
                unsafe { qjs::JS_FreeAtom(cx, segment.atom) };
            }
            return None;
        }
        let path = Rc::new(Path { text: text.into(), segments });
        self.paths.push(path.clone());
        Some(path)
    }

    unsafe fn forget_paths(&mut self, cx: *mut qjs::JSContext) {
        for path in self.paths.drain(..) {
            for segment in &path.segments {
                // SAFETY: the caller's: under the lock; the table owned one reference.
                unsafe { qjs::JS_FreeAtom(cx, segment.atom) };
            }
        }
    }

    /// # Safety
    /// Under the lock of the engine that the exports belong to.
    pub(crate) unsafe fn clear(&mut self, cx: *mut qjs::JSContext) {
        // SAFETY: the caller's.
        unsafe { self.forget_paths(cx) };
        for plugin in self.loaded.drain(..) {
            // SAFETY: the table owned one reference.
            unsafe { qjs::JS_FreeValue(cx, plugin.exports) };
        }
    }
}

/// Text for the engine's parser, which wants a zero byte beyond the end.
fn zero_terminated(parts: &[&str]) -> Vec<u8> {
    let mut text = Vec::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>() + 1);
    for part in parts {
        text.extend_from_slice(part.as_bytes());
    }
    text.push(0);
    text
}

impl Realm {
    /// Compiles, and runs unless `flags` say otherwise. An exception where that fails.
    pub(crate) unsafe fn evaluate(
        &self,
        parts: &[&str],
        filename: &str,
        first_line: c_int,
        flags: u32,
    ) -> qjs::JSValue {
        let text = zero_terminated(parts);
        let filename = CString::new(filename.replace('\0', "\u{fffd}")).unwrap_or_default();
        let mut options = qjs::JSEvalOptions {
            version: qjs::JS_EVAL_OPTIONS_VERSION as c_int,
            eval_flags: flags as c_int,
            filename: filename.as_ptr(),
            line_num: first_line,
        };
        // SAFETY: the caller's: under the lock; the text ends with a zero byte beyond its length.
        unsafe { qjs::JS_Eval2(self.cx, text.as_ptr().cast(), (text.len() - 1) as qjs::size_t, &raw mut options) }
    }

    /// Begins to load a plugin. `Err` is final; else the scope goes on.
    pub(crate) fn load(&self, ticket: Ticket, source: Box<PluginSource>) -> Result<(), Failure> {
        let name = source.name.clone();
        {
            let plugins = self.plugins.borrow();
            let taken = plugins.get(&name).is_some() && !source.replace;
            if taken || plugins.loading.iter().any(|(loading, _)| *loading == name) {
                let message = format!(
                    "a plugin named '{name}' is loaded already; unload it first or load with {{ replace: true }}"
                );
                return Err(Failure::new(Code::PluginExists, message));
            }
            drop(plugins);
            let registered = self.registered_address(&name);
            self.plugins.borrow_mut().loading.push((name.clone(), registered));
        }
        let outcome = self.load_body(ticket, source);
        if !matches!(outcome, Ok(true)) {
            self.plugins.borrow_mut().end_loading(&name);
        }
        outcome.map(|_| ())
    }

    /// Whether the plugin is still loading: a module that awaits.
    fn load_body(&self, ticket: Ticket, source: Box<PluginSource>) -> Result<bool, Failure> {
        let compile = qjs::JS_EVAL_FLAG_COMPILE_ONLY;
        // SAFETY: under the lock, on values that are freed or handed on.
        unsafe {
            let as_bundle = |flags: u32| {
                // A first line for a shell becomes a comment of the same length.
                let (start, rest) = match source.source.strip_prefix("#!") {
                    Some(rest) => ("//", rest),
                    None => ("", source.source.as_str()),
                };
                let parts = [WRAPPER, start, rest, WRAPPER_END];
                self.evaluate(&parts, &source.filename, WRAPPER_LINE, flags | qjs::JS_EVAL_TYPE_GLOBAL)
            };
            let as_module =
                || self.evaluate(&[&source.source], &source.filename, 1, qjs::JS_EVAL_TYPE_MODULE | compile);
            let (compiled, format) = match source.format {
                Some(Format::CommonJs) => (as_bundle(compile), Format::CommonJs),
                Some(Format::Module) => (as_module(), Format::Module),
                None => {
                    let bundle = as_bundle(compile);
                    let may_be_module = source.source.contains("import") || source.source.contains("export");
                    if qjs::JS_IsException(bundle) && may_be_module && !self.is_ending() {
                        let error = qjs::JS_GetException(self.cx);
                        let module = as_module();
                        if qjs::JS_IsException(module) && !self.is_ending() {
                            // Neither: the error that lies further down is the real one, unless the module was refused an import.
                            let other = qjs::JS_GetException(self.cx);
                            let (first, second) = (self.line_of(error), self.line_of(other));
                            let is_syntax = second > 0;
                            let (kept, dropped) =
                                if is_syntax && first > second { (error, other) } else { (other, error) };
                            self.free(dropped);
                            qjs::JS_Throw(self.cx, kept);
                        } else {
                            self.free(error);
                        }
                        (module, Format::Module)
                    } else {
                        (bundle, Format::CommonJs)
                    }
                }
            };
            if qjs::JS_IsException(compiled) {
                return Err(self.pending_failure(ticket));
            }
            match format {
                Format::CommonJs => self.run_bundle(ticket, compiled, &source).map(|()| false),
                Format::Module => self.run_module(ticket, compiled, source).map(|()| true),
            }
        }
    }

    unsafe fn run_bundle(&self, ticket: Ticket, compiled: qjs::JSValue, source: &PluginSource) -> Result<(), Failure> {
        let cx = self.cx;
        // SAFETY: under the lock; every value is freed here.
        unsafe {
            let function = qjs::JS_EvalFunction(cx, compiled);
            if qjs::JS_IsException(function) {
                return Err(self.pending_failure(ticket));
            }
            let exports = qjs::JS_NewObject(cx);
            let module = qjs::JS_NewObject(cx);
            let flags = qjs::JS_PROP_C_W_E as c_int;
            qjs::JS_DefinePropertyValueStr(cx, module, c"exports".as_ptr(), qjs::JS_DupValue(cx, exports), flags);
            let require = qjs::JS_NewCFunction2(
                cx,
                Some(crate::builtins::require),
                c"require".as_ptr(),
                1,
                qjs::JSCFunctionEnum_JS_CFUNC_generic,
                0,
            );
            let directory = source.filename.rsplit_once('/').map_or(".", |(directory, _)| directory);
            let mut args = [exports, require, module, self.new_string(&source.filename), self.new_string(directory)];
            let result = qjs::JS_Call(cx, function, exports, args.len() as c_int, args.as_mut_ptr());
            self.free(function);
            let outcome = if qjs::JS_IsException(result) {
                Err(self.pending_failure(ticket))
            } else {
                let exports = qjs::JS_GetPropertyStr(cx, module, c"exports".as_ptr());
                self.register(ticket, &source.name, exports)
            };
            self.free(result);
            for arg in args {
                self.free(arg);
            }
            outcome
        }
    }

    unsafe fn run_module(
        &self,
        ticket: Ticket,
        compiled: qjs::JSValue,
        source: Box<PluginSource>,
    ) -> Result<(), Failure> {
        let cx = self.cx;
        // SAFETY: under the lock; the promise and the namespace move to the scope.
        unsafe {
            let module = qjs::JS_VALUE_GET_PTR(compiled).cast::<qjs::JSModuleDef>();
            let compiled_too = qjs::JS_DupValue(cx, compiled);
            let evaluation = qjs::JS_EvalFunction(cx, compiled);
            if qjs::JS_IsException(evaluation) {
                self.free(compiled_too);
                return Err(self.pending_failure(ticket));
            }
            let namespace = qjs::JS_GetModuleNamespace(cx, module);
            self.free(compiled_too);
            if qjs::JS_IsPromise(evaluation) {
                qjs::JS_PromiseMarkAsHandled(cx, evaluation);
            }
            let mut scopes = self.scopes.borrow_mut();
            if let Some(scope) = scopes.get_mut(&ticket) {
                scope.value = evaluation;
                scope.then = Then::Register { source, namespace };
            }
            Ok(())
        }
    }

    /// Puts a plugin in its place; takes over `exports`.
    pub(crate) fn register(&self, ticket: Ticket, name: &str, exports: qjs::JSValue) -> Result<(), Failure> {
        // SAFETY: under the lock.
        unsafe {
            if qjs::JS_IsException(exports) {
                return Err(self.pending_failure(ticket));
            }
            if !self.exports_something(exports) {
                self.free(exports);
                let message = format!(
                    "Expected plugin '{name}' to export something but received no exports: assign to module.exports or use export"
                );
                return Err(Self::argument(message));
            }
        }
        let registered = self.plugins.borrow_mut().end_loading(name);
        if registered != 0 {
            self.forget_registered(name, registered);
        }
        let old = {
            let mut plugins = self.plugins.borrow_mut();
            match plugins.loaded.iter_mut().find(|plugin| *plugin.name == *name) {
                Some(plugin) => Some(std::mem::replace(&mut plugin.exports, exports)),
                None => {
                    plugins.loaded.push(Plugin { name: Rc::from(name), exports });
                    None
                }
            }
        };
        if let Some(old) = old {
            self.free(old);
        }
        Ok(())
    }

    unsafe fn exports_something(&self, exports: qjs::JSValue) -> bool {
        // SAFETY: the caller's: under the lock; the table of names is freed here.
        unsafe {
            if !qjs::JS_IsObject(exports) || qjs::JS_IsProxy(exports) {
                return qjs::JS_IsObject(exports);
            }
            let (mut names, mut count) = (std::ptr::null_mut(), 0);
            let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_SYMBOL_MASK) as c_int;
            if qjs::JS_GetOwnPropertyNames(self.cx, &raw mut names, &raw mut count, exports, flags) < 0 {
                self.drop_exception();
                return false;
            }
            qjs::JS_FreePropertyEnum(self.cx, names, count);
            // A module's namespace always has its @@toStringTag.
            let own = if qjs::JS_IsFunction(self.cx, exports) { u32::MAX } else { count };
            own > u32::from(self.is_namespace(exports))
        }
    }

    unsafe fn is_namespace(&self, object: qjs::JSValue) -> bool {
        // SAFETY: the caller's: under the lock.
        unsafe {
            let prototype = qjs::JS_GetPrototype(self.cx, object);
            let is_null = qjs::JS_IsNull(prototype);
            self.free(prototype);
            is_null && qjs::JS_IsExtensible(self.cx, object) == 0
        }
    }

    pub(crate) fn unload(&self, name: &str) -> bool {
        let removed = {
            let mut plugins = self.plugins.borrow_mut();
            let position = plugins.loaded.iter().position(|plugin| *plugin.name == *name);
            position.map(|position| plugins.loaded.remove(position))
        };
        let found = removed.is_some();
        if found {
            self.forget_registered(name, self.registered_address(name));
        }
        if let Some(plugin) = removed {
            self.free(plugin.exports);
        }
        found
    }

    pub(crate) fn plugin_names(&self) -> Payload {
        let mut payload = Payload::default();
        let plugins = self.plugins.borrow();
        let mut writer = crate::payload::Writer::new(&mut payload.bytes);
        writer.begin_array(u32::try_from(plugins.loaded.len()).unwrap_or(0));
        for plugin in &plugins.loaded {
            writer.push_str(&plugin.name);
        }
        drop(plugins);
        payload
    }

    /// The exports of a plugin; the caller owns the reference.
    pub(crate) fn exports(&self, name: &str) -> Result<qjs::JSValue, Failure> {
        let plugins = self.plugins.borrow();
        match plugins.get(name) {
            // SAFETY: under the lock.
            Some(plugin) => Ok(unsafe { qjs::JS_DupValue(self.cx, plugin.exports) }),
            None => {
                let known: Vec<_> = plugins.loaded.iter().take(10).map(|plugin| &*plugin.name).collect();
                let known = if known.is_empty() { "none".into() } else { known.join(", ") };
                let message = format!("no plugin named '{name}' is loaded (loaded: {known})");
                Err(Failure::new(Code::PluginNotFound, message))
            }
        }
    }

    /// The function at a dotted path and the object that it is a method of; the caller owns both references.
    pub(crate) fn function(
        &self,
        ticket: Ticket,
        plugin: &str,
        path: &str,
    ) -> Result<(qjs::JSValue, qjs::JSValue), Failure> {
        let not_found = || {
            let message = format!("plugin '{plugin}' exports no function '{path}'");
            Failure::new(Code::FunctionNotFound, message)
        };
        if path.split('.').any(|segment| segment.is_empty() || FORBIDDEN.contains(&segment)) {
            return Err(not_found());
        }
        // SAFETY: under the lock.
        let known = unsafe { self.plugins.borrow_mut().path(self.cx, path) };
        let Some(path) = known else { return Err(self.pending_failure(ticket)) };
        let exports = self.exports(plugin)?;
        // SAFETY: under the lock; each value is freed or handed to the caller.
        unsafe {
            if let Some(found) = self.walk(ticket, exports, &path)? {
                return Ok(found);
            }
            // A module's default export may be the object that has the functions.
            let exports = self.exports(plugin)?;
            let default = qjs::JS_GetPropertyStr(self.cx, exports, c"default".as_ptr());
            self.free(exports);
            if qjs::JS_IsException(default) {
                return Err(self.pending_failure(ticket));
            }
            if let Some(found) = self.walk(ticket, default, &path)? {
                return Ok(found);
            }
        }
        Err(not_found())
    }

    /// Takes over `start`.
    unsafe fn walk(
        &self,
        ticket: Ticket,
        start: qjs::JSValue,
        path: &Path,
    ) -> Result<Option<(qjs::JSValue, qjs::JSValue)>, Failure> {
        let (mut owner, mut value) = (qjs::JS_UNDEFINED, start);
        // SAFETY: the caller's: under the lock; each value is freed or handed to the caller.
        unsafe {
            for Segment { atom, is_inherited } in &path.segments {
                self.free(owner);
                owner = value;
                let skip = !qjs::JS_IsObject(owner) || (*is_inherited && !self.has_own(owner, *atom));
                value = if skip { qjs::JS_UNDEFINED } else { qjs::JS_GetProperty(self.cx, owner, *atom) };
                if qjs::JS_IsException(value) {
                    self.free(owner);
                    return Err(self.pending_failure(ticket));
                }
            }
            if qjs::JS_IsFunction(self.cx, value) {
                return Ok(Some((owner, value)));
            }
        }
        self.free(owner);
        self.free(value);
        Ok(None)
    }

    unsafe fn has_own(&self, object: qjs::JSValue, atom: qjs::JSAtom) -> bool {
        // SAFETY: the caller's: under the lock; no descriptor is asked for.
        unsafe { qjs::JS_GetOwnProperty(self.cx, std::ptr::null_mut(), object, atom) > 0 }
    }
}
