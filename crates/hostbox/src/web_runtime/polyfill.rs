//! Guest modules that need no host, as the text of one script.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use hostbox_engine::GuestModule;
use hostbox_web::EXTENSION;

use crate::tasks::WebRuntimeOptions;

/// Native modules whose part can be played without a host: nobody hears of errors that nobody caught, no plugin of ours runs.
const STOOD_IN: &[(&str, &str)] = &[
    ("host:modules", "{ __proto__: null, load: $import }"),
    ("host:plugin", "{ __proto__: null, current() {} }"),
    ("host:report", "{ __proto__: null, report() {}, listen() {} }"),
];

/// Where the polyfill leaves the names of what it defined, as JavaScript writes it: an installed host has better ones.
const DEFINED: &str = r"'\u0000hostbox polyfill'";
pub(super) const DEFINED_NAME: &str = "\0hostbox polyfill";

/// Interfaces that only come out of others, which are not there.
const LEFT_OUT: &[&str] = &["guest:bytes", "guest:readable"];

/// The polyfill of a runtime without options, as [`polyfill_script`] gives it.
pub static WEB_POLYFILL: LazyLock<String> = LazyLock::new(make_polyfill);

/// Text of the guest modules that need no host, for a bare context: `Event`, `EventTarget`, `CustomEvent`, `MessageEvent`, the queuing strategies,
/// `path`, `plugin`. Evaluated as a script, it defines those of them that the context does not have.
///
/// `options.wasi` adds nothing: `wasi` needs a host.
pub fn polyfill_script(options: WebRuntimeOptions) -> String {
    let WebRuntimeOptions { wasi: _ } = options;
    WEB_POLYFILL.clone()
}

fn module(name: &str) -> Option<&'static GuestModule> {
    EXTENSION.modules.iter().find(|module| module.name == name)
}

/// What a module imports, directly and through others; `None` where that is more than can be had without a host.
fn needs(name: &str, found: &mut BTreeSet<&'static str>) -> Option<()> {
    let module = module(name)?;
    if !found.insert(module.name) {
        return Some(());
    }
    for import in module.source.split("$import('").skip(1).filter_map(|rest| rest.split_once('\'')) {
        let is_stood_in = STOOD_IN.iter().any(|(known, _)| *known == import.0);
        if !is_stood_in {
            needs(import.0, found)?;
        }
    }
    Some(())
}

fn make_polyfill() -> String {
    let (mut modules, mut globals) = (BTreeSet::new(), Vec::new());
    for global in EXTENSION.globals.iter().filter(|global| !LEFT_OUT.contains(&global.module)) {
        let mut found = BTreeSet::new();
        if needs(global.module, &mut found).is_some() {
            modules.extend(found);
            globals.push(global);
        }
    }
    let mut script = String::from(
        "(() => {\n'use strict';\nconst loaded = { __proto__: null };\nconst sources = { __proto__: null,\n",
    );
    let mut intrinsics: &[&std::ffi::CStr] = &[];
    for module in modules.iter().filter_map(|name| module(name)) {
        intrinsics = module.intrinsics;
        let _ = writeln!(script, "{:?}: {},", module.name, module.source.trim_end().trim_end_matches(';'));
    }
    let names = intrinsics.iter().map(|name| format!("globalThis.{}", name.to_string_lossy()));
    let _ = writeln!(script, "}};\nconst intrinsics = [{}];", names.collect::<Vec<_>>().join(", "));
    script.push_str("const $import = (name) => (loaded[name] ??= sources[name]($import, ...intrinsics));\n");
    for (name, source) in STOOD_IN {
        let _ = writeln!(script, "loaded[{name:?}] = {source};");
    }
    script.push_str(
        "const defined = [];\nconst define = (name, from, enumerable) => {\n  if (name in globalThis) return;\n  defined.push(name);\n  const settle = (value) => \
         Object.defineProperty(globalThis, name, { value, enumerable, writable: true, configurable: true });\n  \
         const get = () => { const value = $import(from)[name]; settle(value); return value; };\n  \
         Object.defineProperty(globalThis, name, { get, set: settle, enumerable, configurable: true });\n};\n",
    );
    for global in globals {
        let _ = writeln!(
            script,
            "define({:?}, {:?}, {});",
            global.name.to_string_lossy(),
            global.module,
            global.enumerable
        );
    }
    let _ = writeln!(script, "Object.defineProperty(globalThis, {DEFINED}, {{ value: defined, configurable: true }});");
    script.push_str("})();\n");
    script
}
