//! What the global object of a fresh sandbox looks like, and that no way of looking tells a lazy global from a data property.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod app;

use std::collections::BTreeSet;
use std::time::Duration;

use app::App;
use hostbox_engine::{Code, Extension};
use hostbox_web::EXTENSION;
use serde_json::{Value, json};

/// ECMAScript 2026 and Annex B, as the engine has them.
const ECMASCRIPT: &[&str] = &[
    "AggregateError",
    "Array",
    "ArrayBuffer",
    "AsyncDisposableStack",
    "Atomics",
    "BigInt",
    "BigInt64Array",
    "BigUint64Array",
    "Boolean",
    "DataView",
    "Date",
    "DisposableStack",
    "Error",
    "EvalError",
    "FinalizationRegistry",
    "Float16Array",
    "Float32Array",
    "Float64Array",
    "Function",
    "Infinity",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Iterator",
    "JSON",
    "Map",
    "Math",
    "NaN",
    "Number",
    "Object",
    "Promise",
    "Proxy",
    "RangeError",
    "ReferenceError",
    "Reflect",
    "RegExp",
    "Set",
    "SharedArrayBuffer",
    "String",
    "SuppressedError",
    "Symbol",
    "SyntaxError",
    "TypeError",
    "URIError",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "WeakMap",
    "WeakRef",
    "WeakSet",
    "decodeURI",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "escape",
    "eval",
    "globalThis",
    "isFinite",
    "isNaN",
    "parseFloat",
    "parseInt",
    "undefined",
    "unescape",
];

/// What the engine or the sandbox itself brings beyond it.
const BUILT_IN: &[&str] =
    &["DOMException", "InternalError", "atob", "btoa", "global", "performance", "queueMicrotask", "self"];

static NO_GLOBALS: Extension = Extension { modules: &[], natives: &[], globals: &[], accessors: &[], builtins: &[] };

fn app() -> App {
    App::new(&EXTENSION)
}

fn names() -> Vec<&'static str> {
    EXTENSION.globals.iter().map(|global| global.name.to_str().unwrap()).collect()
}

/// Evaluates `source` once for each lazy global, in a fresh sandbox where `NAME` stands for it; all have to say true.
fn each(source: &str) {
    let wrong: Vec<_> = EXTENSION
        .globals
        .iter()
        .filter_map(|global| {
            let name = global.name.to_str().unwrap();
            let source = source.replace("NAME", name).replace("ENUMERABLE", &global.enumerable.to_string());
            let answer = app().eval(&source);
            (!matches!(answer, Ok(Value::Bool(true)))).then(|| format!("{name}: {answer:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{source}\n{wrong:#?}");
}

#[test]
fn the_global_object_has_the_listed_names_and_no_other() {
    let found: Vec<String> =
        serde_json::from_value(app().eval("Object.getOwnPropertyNames(globalThis)").unwrap()).unwrap();
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let accessors = EXTENSION.accessors.iter().map(|global| global.name.to_str().unwrap());
    let listed: BTreeSet<&str> = ECMASCRIPT.iter().chain(BUILT_IN).copied().chain(names()).chain(accessors).collect();
    assert_eq!(found.difference(&listed).collect::<Vec<_>>(), Vec::<&&str>::new(), "present, not listed");
    assert_eq!(listed.difference(&found).collect::<Vec<_>>(), Vec::<&&str>::new(), "listed, not present");
}

#[test]
fn the_global_object_has_no_symbols_but_its_tag() {
    let source = "Object.getOwnPropertySymbols(globalThis).map(String)";
    assert_eq!(app().eval(source).unwrap(), json!(["Symbol(Symbol.toStringTag)"]));
}

#[test]
fn each_global_is_listed_once_and_its_module_exists() {
    let mut seen = BTreeSet::new();
    for global in EXTENSION.globals {
        assert!(seen.insert(global.name), "{:?}", global.name);
        assert!(EXTENSION.modules.iter().any(|module| module.name == global.module), "{}", global.module);
    }
}

#[test]
fn each_global_is_there() {
    each("typeof NAME === 'object' || typeof NAME === 'function'");
}

#[test]
fn a_descriptor_is_a_data_descriptor_with_the_attributes_of_web_idl() {
    const SAME: &str = "d.value === NAME && d.writable === true && d.enumerable === ENUMERABLE && d.configurable === true && !('get' in d)";
    for look in [
        "Object.getOwnPropertyDescriptor(globalThis, 'NAME')",
        "Object.getOwnPropertyDescriptors(globalThis).NAME",
        "Reflect.getOwnPropertyDescriptor(globalThis, 'NAME')",
        "Object.getOwnPropertyDescriptor(self, new String('NAME'))",
        "Object.getOwnPropertyDescriptor(self, { toString: () => 'NAME' })",
        "Object.getOwnPropertyDescriptor(new Proxy(globalThis, {}), 'NAME')",
        "Object.getOwnPropertyDescriptors(new Proxy(globalThis, {})).NAME",
        "Reflect.getOwnPropertyDescriptor(new Proxy(new Proxy(globalThis, {}), {}), 'NAME')",
        "(() => { let seen; const p = new Proxy({}, { getOwnPropertyDescriptor(t, k) { return seen = Reflect.getOwnPropertyDescriptor(globalThis, k) } }); \
            Object.getOwnPropertyDescriptor(p, 'NAME'); return seen })()",
    ] {
        each(&format!("const d = {look}; {SAME}"));
    }
}

#[test]
fn no_getter_or_setter_can_be_looked_up() {
    each("self.__lookupGetter__('NAME') === undefined && self.__lookupSetter__('NAME') === undefined");
    each("Object.prototype.__lookupGetter__.call(new Proxy(globalThis, {}), 'NAME') === undefined");
    each("Object.create(globalThis).__lookupGetter__('NAME') === undefined");
    each("Object.create(globalThis).__lookupSetter__('NAME') === undefined");
}

#[test]
fn own_keys_are_what_they_would_be_for_data_properties() {
    each("Object.hasOwn(self, 'NAME') && self.hasOwnProperty('NAME') && 'NAME' in self && Reflect.has(self, 'NAME')");
    each("self.propertyIsEnumerable('NAME') === ENUMERABLE && Object.keys(self).includes('NAME') === ENUMERABLE");
    each("Reflect.ownKeys(self).includes('NAME')");
    each("(Object.entries(self).find(([name]) => name === 'NAME')?.[1] === self.NAME) === ENUMERABLE");
    each("Object.values(self).includes(self.NAME) === ENUMERABLE");
    each(
        "Object.hasOwn({ ...self }, 'NAME') === ENUMERABLE && Object.hasOwn(Object.assign({}, self), 'NAME') === ENUMERABLE",
    );
    each("let found = false; for (const name in self) found ||= name === 'NAME'; found === ENUMERABLE");
}

#[test]
fn defining_attributes_alone_keeps_the_value() {
    const KEPT: &str = "const d = Object.getOwnPropertyDescriptor(self, 'NAME'); \
        d.value !== undefined && d.value === NAME && d.writable === true && d.enumerable === true && d.configurable === true";
    each(&format!("Object.defineProperty(globalThis, 'NAME', {{ enumerable: true }}); {KEPT}"));
    each(&format!("Object.defineProperties(globalThis, {{ NAME: {{ enumerable: true }} }}); {KEPT}"));
    each(&format!("Reflect.defineProperty(globalThis, 'NAME', {{ enumerable: true }}); {KEPT}"));
    each(&format!("Reflect.defineProperty(new Proxy(globalThis, {{}}), 'NAME', {{ enumerable: true }}); {KEPT}"));
}

#[test]
fn a_redefined_global_is_what_it_was_redefined_to() {
    each("Object.defineProperty(globalThis, 'NAME', { value: 5 }); NAME === 5");
    each("Object.defineProperty(globalThis, 'NAME', { get() { return 6 } }); NAME === 6");
    each("self.__defineGetter__('NAME', () => 7); NAME === 7");
}

#[test]
fn a_frozen_global_object_is_frozen_with_its_values() {
    each(
        "Object.freeze(globalThis); const d = Object.getOwnPropertyDescriptor(self, 'NAME'); \
        Object.isFrozen(self) && d.value === NAME && !d.writable && !d.configurable",
    );
    each(
        "Object.seal(globalThis); const d = Object.getOwnPropertyDescriptor(self, 'NAME'); \
        Object.isSealed(self) && d.value === NAME && d.writable && !d.configurable",
    );
    each(
        "Object.preventExtensions(self); typeof NAME !== 'undefined' && Object.getOwnPropertyDescriptor(self, 'NAME').value === NAME",
    );
}

#[test]
fn a_deleted_global_is_gone() {
    each("delete globalThis.NAME && typeof NAME === 'undefined' && !('NAME' in self)");
    each("NAME; delete globalThis.NAME && typeof NAME === 'undefined'");
    each("Reflect.deleteProperty(new Proxy(self, {}), 'NAME') && typeof NAME === 'undefined'");
    each(
        "delete self.NAME; Object.getOwnPropertyDescriptor(self, 'NAME') === undefined && typeof NAME === 'undefined'",
    );
    each("delete self.NAME; self.NAME = 9; Object.getOwnPropertyDescriptor(self, 'NAME').value === 9 && NAME === 9");
    each("delete self.NAME; Object.freeze(self); typeof NAME === 'undefined'");
    each("delete self.NAME; Object.getOwnPropertyDescriptors(self).NAME === undefined && typeof NAME === 'undefined'");
}

#[test]
fn an_assigned_global_keeps_its_attributes() {
    const IS_FIVE: &str = "const d = Object.getOwnPropertyDescriptor(self, 'NAME'); \
        d.value === 5 && d.writable && d.enumerable === ENUMERABLE && d.configurable && NAME === 5";
    for assign in [
        "NAME = 5",
        "self.NAME = 5",
        "'use strict'; NAME = 5",
        "NAME; NAME = 5",
        "(() => { NAME = 5 })()",
        "Reflect.set(globalThis, 'NAME', 5)",
        "new Proxy(globalThis, {}).NAME = 5",
    ] {
        each(&format!("{assign}; {IS_FIVE}"));
    }
}

#[test]
fn declarations_of_a_script_take_the_name_over() {
    each("var NAME = 1; NAME === 1 && self.NAME === 1");
    each("var NAME; NAME !== undefined && NAME === self.NAME");
    each("function NAME() { return 8 } NAME() === 8 && self.NAME === NAME");
    each("let NAME = 2; NAME === 2 && self.NAME !== 2 && self.NAME !== undefined");
    each("const NAME = 3; NAME === 3");
    each("class NAME {} typeof NAME === 'function' && self.NAME !== NAME");
}

#[test]
fn a_function_declaration_of_a_script_makes_a_data_property() {
    each(
        "function NAME() {} const d = Object.getOwnPropertyDescriptor(self, 'NAME'); d.value === NAME && d.enumerable && d.writable",
    );
}

#[test]
fn an_object_that_inherits_from_the_global_object_gets_its_own_property() {
    const OWN: &str = "const d = Object.getOwnPropertyDescriptor(heir, 'NAME'); \
        d.value === 5 && d.writable && d.enumerable && d.configurable && NAME !== 5 && NAME !== undefined";
    each(&format!("const heir = Object.create(globalThis); heir.NAME = 5; {OWN}"));
    each(&format!("const heir = {{}}; Reflect.set(globalThis, 'NAME', 5, heir); {OWN}"));
    each("Object.create(globalThis).NAME === self.NAME");
    each("const heir = Object.preventExtensions(Object.create(self)); heir.NAME = 5; heir.NAME === self.NAME");
    each(
        "const heir = Object.defineProperty({}, 'NAME', { value: 1, writable: true }); Reflect.set(globalThis, 'NAME', 5, heir); \
        heir.NAME === 5 && !Object.keys(heir).length && NAME !== 5",
    );
}

#[test]
fn a_global_is_the_same_value_every_time() {
    each("NAME === NAME && self.NAME === NAME && Reflect.get(globalThis, 'NAME', {}) === NAME");
}

#[test]
fn untouched_globals_load_no_module() {
    let (with, without) = (app(), App::new(&NO_GLOBALS));
    for app in [&with, &without] {
        app.eval("Object.getOwnPropertyNames(globalThis).length; typeof nothing; 'console' in self; 0").unwrap();
    }
    let price = with.stats().heap_bytes - without.stats().heap_bytes;
    assert!(price < 512 * names().len() as u64, "{price} bytes for {} names", names().len());
}

#[test]
fn touching_a_global_loads_its_module_alone() {
    let app = app();
    app.eval("0").unwrap();
    let before = app.stats().heap_bytes;
    app.eval("uuidv4; 0").unwrap();
    let (small, before_events) = (app.stats().heap_bytes - before, app.stats().heap_bytes);
    app.eval("EventTarget; 0").unwrap();
    assert!(small < app.stats().heap_bytes - before_events, "{small}");
}

#[test]
fn a_global_whose_load_was_interrupted_works_afterwards() {
    const LOOPING: &str = "var real = Reflect.getOwnPropertyDescriptor; var hooks = []; \
        var hook = (o, k) => { hooks.push([o, k, o[k]]); o[k] = () => { for (;;); } }; \
        hook(Reflect, 'defineProperty'); hook(Object, 'defineProperty'); hook(Object, 'getOwnPropertyDescriptor'); \
        hook(String.prototype, 'split'); hook(Object, 'freeze'); hook(Array.prototype, 'join'); 0";
    for name in names() {
        let app = App::new(&EXTENSION);
        app.eval(LOOPING).unwrap();
        match app.eval_within(&format!("{name}; 0"), Duration::from_millis(60)) {
            Ok(_) => {}
            Err(failure) => assert_eq!(failure.code, Code::Timeout, "{name}"),
        }
        app.eval("for (const [o, k, f] of hooks) o[k] = f; 0").unwrap();
        let works = format!(
            "typeof {name} !== 'undefined' && Object.getOwnPropertyDescriptor(self, '{name}').value === {name}"
        );
        assert_eq!(app.eval(&works).unwrap(), true, "{name}");
    }
}

#[test]
fn a_load_that_was_interrupted_in_the_middle_leaves_nothing_behind() {
    let app = App::new(&EXTENSION);
    app.eval("var spin = true; var real = ArrayBuffer.isView; 0").unwrap();
    // The first turn ends while the getter runs, the second one at once.
    let source = "Object.defineProperty(Object.prototype, 'enumerable', { configurable: true, get() { for (;spin;); } }); EventTarget; 0";
    let _answered = app.eval_within(source, Duration::from_millis(60));
    app.eval("spin = false; delete Object.prototype.enumerable; 0").unwrap();
    let source = "let heard = 0; const t = new EventTarget(); t.addEventListener('x', () => heard++); t.dispatchEvent(new Event('x')); heard";
    assert_eq!(app.eval(source).unwrap(), 1);
}
