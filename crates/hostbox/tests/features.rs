//! What a build with some features has, and what it has not: run with each feature alone by `scripts/features.mjs`.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use std::collections::BTreeSet;

use hostbox::HostRuntime;
use hostbox::parts::EXTENSION;
use serde_json::{Value, json};

const OF_FETCH: &[&str] = &["CloseEvent", "EventSource", "WebSocket", "fetch"];
const OF_FS: &[&str] = &["fs"];
const MODULES_OF_FS: &[&str] = &["fs", "fs/promises"];

async fn eval(script: impl Into<String>) -> Value {
    HostRuntime::builder("features").build().unwrap().eval(script).await.unwrap()
}

async fn are_globals(names: &[&str], there: bool) {
    for name in names {
        let script = format!(
            "['{name}' in globalThis, Object.getOwnPropertyNames(globalThis).includes('{name}'), typeof {name} !== 'undefined']"
        );
        assert_eq!(eval(script).await, json!([there, there, there]), "{name}");
    }
}

#[tokio::test]
async fn the_network_is_there_with_fetch_alone() {
    are_globals(OF_FETCH, cfg!(feature = "fetch")).await;
}

#[tokio::test]
async fn files_are_there_with_fs_alone() {
    are_globals(OF_FS, cfg!(feature = "fs")).await;
    for name in MODULES_OF_FS {
        let script = format!(
            "(async () => [
                require('module').builtinModules.includes('{name}'),
                await import('node:{name}').then(() => true, (error) => error.code),
                (() => {{ try {{ return typeof require('{name}') === 'object' }} catch (error) {{ return error.code }} }})(),
            ])()"
        );
        let expected = if cfg!(feature = "fs") {
            json!([true, true, true])
        } else {
            json!([false, "MODULE_NOT_FOUND", "MODULE_NOT_FOUND"])
        };
        assert_eq!(eval(script).await, expected, "{name}");
    }
}

#[tokio::test]
async fn wasi_is_there_with_its_feature_and_its_option_alone() {
    are_globals(&["wasi"], false).await;
    #[cfg(feature = "wasi")]
    {
        let host = HostRuntime::builder("features").wasi(true).build().unwrap();
        assert_eq!(host.eval("[typeof wasi.run, 'wasi' in globalThis]").await.unwrap(), json!(["function", true]));
    }
}

#[tokio::test]
async fn bodies_and_forms_need_no_network() {
    let script = "(async () => {
        const form = new FormData();
        form.set('text', 'value');
        form.set('file', new File([new Uint8Array([1, 2, 3])], 'a.bin'));
        const request = new Request('https://example.com/', { method: 'POST', body: form, headers: { 'x-a': 'b' } });
        const read = await request.formData();
        const response = new Response(new Blob(['{\"a\":', '1}']).stream(), { headers: new Headers({ 'content-type': 'application/json' }) });
        return [read.get('text'), [...new Uint8Array(await read.get('file').arrayBuffer())], request.headers.get('x-a'), await response.json()];
    })()";
    assert_eq!(eval(script).await, json!(["value", [1, 2, 3], "b", { "a": 1 }]));
}

#[tokio::test]
async fn typescript_is_taken_with_its_feature_alone() {
    let host = HostRuntime::builder("features").build().unwrap();
    let options = hostbox::PluginOptions { filename: Some("p.ts".into()), ..Default::default() };
    let loaded = host.load_plugin("p", "export const f = (x: number): number => x + 1", options).await;
    match loaded {
        Ok(()) => assert!(cfg!(feature = "typescript") && host.call("p", "f", &[json!(1)]).await.unwrap() == 2),
        Err(error) => assert!(!cfg!(feature = "typescript") && error.code() == "ERR_ARGUMENT", "{error}"),
    }
}

#[tokio::test]
async fn every_global_that_is_listed_can_be_touched() {
    let script = "Object.getOwnPropertyNames(globalThis).filter((name) => name !== 'undefined' && globalThis[name] === undefined)";
    assert_eq!(eval(script).await, json!([]));
    assert_eq!(eval("require('module').builtinModules.filter((name) => require(name) === undefined)").await, json!([]));
}

/// What a module imports when it is loaded, and later.
fn imports(source: &str) -> impl Iterator<Item = &str> {
    ["$import('", "('guest:"].into_iter().flat_map(move |mark| {
        let at = mark.find('\'').unwrap_or(0) + 1;
        source.match_indices(mark).filter_map(move |(found, _)| source[found + at..].split('\'').next())
    })
}

#[test]
fn every_guest_module_finds_what_it_imports() {
    let modules: BTreeSet<&str> = EXTENSION.modules.iter().map(|module| module.name).collect();
    let natives: BTreeSet<&str> = EXTENSION.natives.iter().map(|module| module.name).collect();
    let mut seen = 0;
    for module in EXTENSION.modules {
        for import in imports(module.source) {
            assert!(modules.contains(import) || natives.contains(import), "{} imports {import}", module.name);
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

/// Says that `Builder` has no function of its own with this name: a trait's is only found where there is none.
#[allow(dead_code, reason = "each build has some of these functions itself")]
trait Absent: Sized {
    fn grant_fs(self, _: &str, _: &str) -> &'static str {
        "absent"
    }
    fn grant_net(self, _: &str) -> &'static str {
        "absent"
    }
    fn wasi(self, _: bool) -> &'static str {
        "absent"
    }
}

impl Absent for hostbox::Builder {}

#[test]
#[cfg(not(feature = "fs"))]
fn there_is_nothing_to_grant_directories_with() {
    assert_eq!(HostRuntime::builder("features").grant_fs("/a", "/b"), "absent");
}

#[test]
#[cfg(not(feature = "fetch"))]
fn there_is_nothing_to_grant_addresses_with() {
    assert_eq!(HostRuntime::builder("features").grant_net("https://example.com"), "absent");
}

#[test]
#[cfg(not(feature = "wasi"))]
fn there_is_nothing_to_switch_wasi_on_with() {
    assert_eq!(HostRuntime::builder("features").wasi(true), "absent");
}
