//! Compiles the guest code of every feature to bytecode.

use std::fs;
use std::path::PathBuf;

/// Folders that a build without the feature leaves out.
const LEFT_OUT_WITHOUT: &[(&str, &[&str])] = &[
    ("CARGO_FEATURE_FETCH", &["eventsource", "fetch", "wasmhandler", "websocket"]),
    (
        "CARGO_FEATURE_FS",
        &["filehandle", "fs", "fscp", "fsdir", "fspromises", "fsstats", "fsstreams", "fsvalues", "fswatch"],
    ),
    ("CARGO_FEATURE_WASI", &["wasi", "wasm", "wasmhandler", "webassembly", "webassemblyobjects", "webassemblyvalues"]),
];

fn is_left_out(feature: &str) -> bool {
    LEFT_OUT_WITHOUT.iter().any(|(switch, folders)| folders.contains(&feature) && std::env::var_os(switch).is_none())
}

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut modules = Vec::new();
    for entry in fs::read_dir("src").expect("src can be read") {
        let folder = entry.expect("src can be read").path();
        let feature = folder.file_name().and_then(|name| name.to_str()).expect("features have plain names").to_owned();
        if is_left_out(&feature) {
            continue;
        }
        for (file, prefix) in [("guest.ts", "guest"), ("guest.test.ts", "test"), ("vendor.mjs", "vendor")] {
            let source = folder.join(file);
            if source.exists() {
                println!("cargo:rerun-if-changed={}", source.display());
                modules.push((format!("{prefix}:{feature}"), source));
            }
        }
    }
    println!("cargo:rerun-if-changed=src");
    modules.sort();
    // Tests are compiled for the test build alone, but beside the rest: one build script knows one set of modules.
    let (tests, guests): (Vec<_>, Vec<_>) =
        modules.into_iter().partition(|(name, _)| name.starts_with("test:") || name == "guest:testing");
    hostbox_guest_build::compile(&guests, &out);
    let tests_out = out.join("tests");
    fs::create_dir_all(&tests_out).expect("the output folder can be written");
    let tests: Vec<_> = tests
        .into_iter()
        .map(|(name, path)| (if name == "guest:testing" { "guest:test".into() } else { name }, path))
        .collect();
    hostbox_guest_build::compile(&tests, &tests_out);
}
