//! Every feature's `guest.test.ts` inside a real sandbox, on its own and after a guest spoiled the built-ins.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod app;

use std::ffi::{CStr, CString};
use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use app::App;
use hostbox_engine::{Extension, Global};
use hostbox_web::EXTENSION;
use serde_json::Value;

mod tests_of_features {
    use hostbox_engine::GuestModule;
    include!(concat!(env!("OUT_DIR"), "/tests/guest_modules.rs"));
    pub const MODULES: &[GuestModule] = GUEST_MODULES;
}

/// The product with the test modules: touching the global `test_events` loads `test:events`, and `run` runs what it collected.
fn extension() -> &'static Extension {
    static BUILT: OnceLock<&'static Extension> = OnceLock::new();
    BUILT.get_or_init(|| {
        let modules: Vec<_> = EXTENSION.modules.iter().chain(tests_of_features::MODULES).copied().collect();
        let mut globals = vec![Global { name: c"run", module: "guest:test", enumerable: false }];
        for module in tests_of_features::MODULES {
            if let Some(feature) = module.name.strip_prefix("test:") {
                let name: &'static CStr =
                    Box::leak(CString::new(format!("test_{feature}")).unwrap().into_boxed_c_str());
                globals.push(Global { name, module: module.name, enumerable: false });
            }
        }
        for Global { name, module, enumerable } in EXTENSION.globals {
            globals.push(Global { name, module, enumerable: *enumerable });
        }
        Box::leak(Box::new(Extension {
            modules: modules.leak(),
            natives: EXTENSION.natives,
            globals: globals.leak(),
            accessors: EXTENSION.accessors,
            builtins: EXTENSION.builtins,
        }))
    })
}

/// Runs a feature's tests; a failure names the sentences that are not true.
fn check(feature: &str) {
    let app = App::new(extension());
    let outcomes = app.eval(&format!("test_{feature}; run()")).unwrap_or_else(|failure| panic!("{failure:?}"));
    let outcomes = outcomes.as_array().unwrap();
    assert!(!outcomes.is_empty(), "{feature} has no tests");
    let mut failures = String::new();
    for outcome in outcomes {
        if let Some(error) = outcome.get("error").and_then(Value::as_str) {
            let _ = writeln!(failures, "✗ {}\n    {}", outcome["name"], error.trim_end().replace('\n', "\n    "));
        }
    }
    assert!(failures.is_empty(), "{feature}:\n{failures}");
}

/// What hostile guests do to the built-ins. `HOW` is what a spoiled function does.
const SPOIL: &str = r#"{
  const how = () => { HOW };
  const { defineProperty } = Object;
  const array = [], promise = Promise.prototype, reflect = Reflect;
  const spoil = (target, key) => {
    try { defineProperty(target, key, { __proto__: null, get: how, set: how, configurable: true }) } catch {}
  };
  const replace = (target, key) => {
    try { defineProperty(target, key, { __proto__: null, value: how, writable: true, configurable: true }) } catch {}
  };
  const keys = ['get', 'set', 'value', 'writable', 'enumerable', 'configurable', 'then', 'done', 'next', 'return', 'type',
    'name', 'message', 'code', 'cause', 'signal', 'once', 'passive', 'capture', 'detail', 'byteLength', 'length', 'fatal', 'stream',
    'ignoreBOM', 'transfer', 'error', 'op', 'args', 'width', 'height', 'constructor', 'toJSON', 'toString', 'valueOf', 0, 1, '__proto__',
    Symbol.iterator, Symbol.toPrimitive, Symbol.toStringTag, Symbol.species, Symbol.hasInstance];
  // The first entry of each list is the target.
  const lists = [
    [Array.prototype, Symbol.iterator, 'push', 'map', 'join', 'slice', 'indexOf', 'filter', 'forEach', 'concat', 0, 1, 2],
    [Promise.prototype, 'then', 'catch', 'finally', 'constructor'], [Promise, 'resolve', 'reject', 'all', Symbol.species],
    [Function.prototype, 'call', 'apply', 'bind', Symbol.hasInstance, 'prototype'],
    [Map.prototype, 'set', 'get', 'has', 'delete', Symbol.iterator], [WeakMap.prototype, 'set', 'get', 'has'],
    [Set.prototype, 'add', 'has', 'delete', Symbol.iterator], [String.prototype, 'split', 'slice', 'toWellFormed', Symbol.iterator],
    [RegExp.prototype, 'exec', 'test', Symbol.replace, Symbol.split], [Error.prototype, 'name', 'message', 'toString'],
    [Error, 'prepareStackTrace', 'captureStackTrace', 'stackTraceLimit'], [ArrayBuffer.prototype, 'byteLength', 'slice', 'transfer'],
    [Object.getPrototypeOf(Uint8Array.prototype), 'buffer', 'byteLength', 'byteOffset', 'length', 'set', 'subarray', Symbol.iterator],
    [Object.getPrototypeOf([][Symbol.iterator]()), 'next'], [Symbol, 'iterator', 'asyncIterator'],
    [JSON, 'stringify', 'parse'], [Math, 'trunc', 'min', 'max'], [Number, 'isInteger', 'isSafeInteger'],
    [Reflect, 'apply', 'defineProperty', 'getOwnPropertyDescriptor', 'ownKeys', 'construct'],
    [Object, 'defineProperty', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'freeze', 'keys', 'create'],
    [globalThis, 'Object', 'Array', 'Map', 'Promise', 'TypeError', 'Error', 'Symbol', 'DOMException', 'queueMicrotask'],
  ];
  for (let i = 0; i < lists.length; i++) for (let j = 1; j < lists[i].length; j++) replace(lists[i][0], lists[i][j]);
  for (let i = 0; i < keys.length; i++) spoil(Object.prototype, keys[i]);
  globalThis.isSpoiled = array.push === how && promise.then === how && reflect.apply === how;
} isSpoiled"#;

/// A sandbox answers something and goes on, whether the built-ins were spoiled before the feature was loaded or after.
fn check_spoiled(feature: &str) {
    for how in ["throw 'spoiled'", "return this", "return undefined", "for (;;);"] {
        for load_first in [false, true] {
            let app = App::with_timeout(extension(), Duration::from_millis(400));
            if load_first {
                app.eval(&format!("test_{feature}; run; 0")).unwrap();
            }
            assert_eq!(app.eval(&SPOIL.replace("HOW", how)).unwrap(), true, "{how}");
            let _answered = app.eval(&format!("test_{feature}; run()"));
            assert_eq!(app.eval("6 * 7").unwrap(), 42, "{feature}, {how}");
        }
    }
}

macro_rules! features {
    ($($feature:ident)*) => {
        $(mod $feature {
            #[test]
            fn keeps_its_promises() {
                super::check(stringify!($feature));
            }

            #[test]
            fn is_answered_among_spoiled_built_ins() {
                super::check_spoiled(stringify!($feature));
            }
        })*

        #[test]
        fn every_feature_with_tests_is_run() {
            let listed = [$(stringify!($feature)),*];
            let tested = tests_of_features::MODULES.iter().filter_map(|module| module.name.strip_prefix("test:"));
            assert_eq!(tested.collect::<Vec<_>>(), listed);
        }
    };
}

features! {
    abort assert blob bloburl body bridge buffer cache clone compression console constants crypto encoding events eventsource fetch filereader formdata fs fsstreams fswatch headers inspect lazystream messageevent messaging mime modules native navigator nodecipher nodecrypto nodeevents nodehash nodekdf nodekey noderandom nodesign nodestream nodeurl path patternstring performance performanceobserver plugin process punycode querystring readablestream report request response streams stringdecoder subtle textstreams timers timerspromises transform uncaught url urlinit urlpattern util uuid webidl websocket witcodec wittypes writable
}
