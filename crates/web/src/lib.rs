//! What guests of hostbox see: Web APIs and host services.
//!
//! One folder a feature: `mod.rs` says what it is, `guest.ts` is the guest's side, `ops.d.ts` and `ops.rs` the edge to native code, plain
//! Rust files what lies behind. Guest code is compiled to bytecode at build time and loaded when one of its globals is first touched.
//! Nothing here decides about rights: those are checked where the work is done.
//!
//! Features `fs` and `fetch` bring the globals and modules that need the disk and the network; without one of them its names are absent.

mod blob;
mod body;
mod bridge;
mod buffer;
mod cache;
mod clone;
mod compression;
mod console;
mod crypto;
mod encoding;
#[cfg(feature = "fetch")]
mod fetch;
mod filereader;
#[cfg(feature = "fs")]
mod fs;
mod headers;
mod inspect;
mod mime;
mod modules;
mod native;
mod navigator;
mod nodebytes;
mod nodecipher;
mod nodehash;
mod nodekdf;
mod nodekey;
mod noderandom;
mod plugin;
mod process;
mod report;
mod streams;
mod timers;
mod url;
mod uuid;
#[cfg(feature = "wasi")]
mod wasi;
#[cfg(feature = "wasi")]
mod wasm;
#[cfg(all(feature = "fetch", feature = "wasi"))]
mod wasmhandler;
#[cfg(feature = "wasi")]
mod webassembly;
#[cfg(feature = "fetch")]
mod websocket;

use std::sync::Arc;

use hostbox_buffers::Store;
use hostbox_cache::Cache;
use hostbox_engine::{Builtin, Extension, Global, GuestModule, NativeModule};
#[cfg(feature = "fs")]
use hostbox_files::{Files, Lanes};
#[cfg(feature = "fetch")]
use hostbox_net::Client;
use hostbox_permissions::Environment;
#[cfg(feature = "wasi")]
use hostbox_wasm::Runner;

#[cfg(feature = "wasi")]
pub use webassembly::ops::WebAssembly;

include!(concat!(env!("OUT_DIR"), "/guest_modules.rs"));

/// State of one sandbox that the native functions work on.
pub struct Data {
    /// The sandbox's buffers.
    pub store: Arc<Store>,
    /// The sandbox's network.
    #[cfg(feature = "fetch")]
    pub net: Client,
    /// What it shares with the sandboxes of its scope.
    pub cache: Arc<Cache>,
    /// The granted environment.
    pub env: Environment,
    /// The sandbox's files.
    #[cfg(feature = "fs")]
    pub files: Files,
    /// Where operations on them wait for each other.
    #[cfg(feature = "fs")]
    pub file_lanes: Lanes,
    /// Runs WASI commands, where the app switched them on.
    #[cfg(feature = "wasi")]
    pub wasi: Option<Runner>,
    /// What guests compile and instantiate, where WASI commands run.
    #[cfg(feature = "wasi")]
    pub webassembly: WebAssembly,
}

/// Globals that a sandbox has only where the app switched them on: what runs WebAssembly.
pub const WASI_GLOBALS: &[&std::ffi::CStr] = &[c"WebAssembly", c"wasi", c"wasm"];

/// Guest modules, native modules and lazy globals of this release.
pub static EXTENSION: Extension =
    Extension { modules: GUEST_MODULES, natives: NATIVES, globals: GLOBALS, accessors: ACCESSORS, builtins: BUILTINS };

const NATIVES: &[NativeModule] = &[
    blob::ops::MODULE,
    body::ops::MODULE,
    bridge::ops::MODULE,
    buffer::ops::MODULE,
    cache::ops::MODULE,
    clone::ops::MODULE,
    compression::ops::MODULE,
    console::ops::MODULE,
    crypto::ops::MODULE,
    encoding::ops::MODULE,
    #[cfg(feature = "fetch")]
    fetch::ops::MODULE,
    filereader::ops::MODULE,
    #[cfg(feature = "fs")]
    fs::ops::MODULE,
    headers::ops::MODULE,
    inspect::ops::MODULE,
    mime::ops::MODULE,
    modules::ops::MODULE,
    native::ops::MODULE,
    nodebytes::ops::MODULE,
    nodecipher::ops::MODULE,
    nodehash::ops::MODULE,
    nodekdf::ops::MODULE,
    nodekey::ops::MODULE,
    noderandom::ops::MODULE,
    navigator::ops::MODULE,
    plugin::ops::MODULE,
    process::ops::MODULE,
    report::ops::MODULE,
    streams::ops::MODULE,
    timers::ops::MODULE,
    url::ops::MODULE,
    uuid::ops::MODULE,
    #[cfg(feature = "wasi")]
    wasi::ops::MODULE,
    #[cfg(feature = "wasi")]
    wasm::ops::MODULE,
    #[cfg(all(feature = "fetch", feature = "wasi"))]
    wasmhandler::ops::MODULE,
    #[cfg(feature = "wasi")]
    webassembly::ops::MODULE,
    #[cfg(feature = "fetch")]
    websocket::ops::MODULE,
];

/// Interfaces and namespaces are not enumerable, the operations of the global object are (Web IDL, 3.7 and 3.8).
const GLOBALS: &[Global] = &[
    Global { name: c"AbortController", module: "guest:abort", enumerable: false },
    Global { name: c"AbortSignal", module: "guest:abort", enumerable: false },
    Global { name: c"Blob", module: "guest:blob", enumerable: false },
    Global { name: c"Buffer", module: "guest:buffer", enumerable: false },
    Global { name: c"ByteLengthQueuingStrategy", module: "guest:queuing", enumerable: false },
    #[cfg(feature = "fetch")]
    Global { name: c"CloseEvent", module: "guest:websocket", enumerable: false },
    Global { name: c"CompressionStream", module: "guest:compression", enumerable: false },
    Global { name: c"CountQueuingStrategy", module: "guest:queuing", enumerable: false },
    Global { name: c"Crypto", module: "guest:crypto", enumerable: false },
    Global { name: c"CryptoKey", module: "guest:cryptokey", enumerable: false },
    Global { name: c"CustomEvent", module: "guest:events", enumerable: false },
    Global { name: c"DecompressionStream", module: "guest:compression", enumerable: false },
    Global { name: c"ErrorEvent", module: "guest:uncaught", enumerable: false },
    Global { name: c"Event", module: "guest:events", enumerable: false },
    #[cfg(feature = "fetch")]
    Global { name: c"EventSource", module: "guest:eventsource", enumerable: false },
    Global { name: c"EventTarget", module: "guest:events", enumerable: false },
    Global { name: c"File", module: "guest:blob", enumerable: false },
    Global { name: c"FileReader", module: "guest:filereader", enumerable: false },
    Global { name: c"FormData", module: "guest:formdata", enumerable: false },
    Global { name: c"Headers", module: "guest:headers", enumerable: false },
    Global { name: c"MessageChannel", module: "guest:messaging", enumerable: false },
    Global { name: c"MessageEvent", module: "guest:messageevent", enumerable: false },
    Global { name: c"MessagePort", module: "guest:messaging", enumerable: false },
    Global { name: c"Navigator", module: "guest:navigator", enumerable: false },
    Global { name: c"Performance", module: "guest:performance", enumerable: false },
    Global { name: c"PerformanceEntry", module: "guest:performance", enumerable: false },
    Global { name: c"PerformanceMark", module: "guest:performance", enumerable: false },
    Global { name: c"PerformanceMeasure", module: "guest:performance", enumerable: false },
    Global { name: c"PerformanceObserver", module: "guest:performanceobserver", enumerable: false },
    Global { name: c"PerformanceObserverEntryList", module: "guest:performanceobserver", enumerable: false },
    Global { name: c"PromiseRejectionEvent", module: "guest:uncaught", enumerable: false },
    Global { name: c"ReadableByteStreamController", module: "guest:bytes", enumerable: false },
    Global { name: c"ReadableStream", module: "guest:readablestream", enumerable: false },
    Global { name: c"ReadableStreamBYOBReader", module: "guest:byobreader", enumerable: false },
    Global { name: c"ReadableStreamBYOBRequest", module: "guest:bytes", enumerable: false },
    Global { name: c"ReadableStreamDefaultController", module: "guest:readable", enumerable: false },
    Global { name: c"ReadableStreamDefaultReader", module: "guest:readable", enumerable: false },
    Global { name: c"Request", module: "guest:request", enumerable: false },
    Global { name: c"Response", module: "guest:response", enumerable: false },
    Global { name: c"SubtleCrypto", module: "guest:subtle", enumerable: false },
    Global { name: c"TextDecoder", module: "guest:encoding", enumerable: false },
    Global { name: c"TextDecoderStream", module: "guest:textstreams", enumerable: false },
    Global { name: c"TextEncoder", module: "guest:encoding", enumerable: false },
    Global { name: c"TextEncoderStream", module: "guest:textstreams", enumerable: false },
    Global { name: c"TransformStream", module: "guest:transform", enumerable: false },
    Global { name: c"TransformStreamDefaultController", module: "guest:transform", enumerable: false },
    Global { name: c"URL", module: "guest:url", enumerable: false },
    Global { name: c"URLPattern", module: "guest:urlpattern", enumerable: false },
    Global { name: c"URLSearchParams", module: "guest:url", enumerable: false },
    #[cfg(feature = "wasi")]
    Global { name: c"WebAssembly", module: "guest:webassembly", enumerable: false },
    #[cfg(feature = "fetch")]
    Global { name: c"WebSocket", module: "guest:websocket", enumerable: false },
    Global { name: c"WritableStream", module: "guest:writable", enumerable: false },
    Global { name: c"WritableStreamDefaultController", module: "guest:writable", enumerable: false },
    Global { name: c"WritableStreamDefaultWriter", module: "guest:writable", enumerable: false },
    Global { name: c"addEventListener", module: "guest:events", enumerable: true },
    Global { name: c"bridge", module: "guest:bridge", enumerable: false },
    Global { name: c"cache", module: "guest:cache", enumerable: false },
    Global { name: c"clearImmediate", module: "guest:timers", enumerable: true },
    Global { name: c"clearInterval", module: "guest:timers", enumerable: true },
    Global { name: c"clearTimeout", module: "guest:timers", enumerable: true },
    Global { name: c"console", module: "guest:console", enumerable: false },
    Global { name: c"crypto", module: "guest:crypto", enumerable: true },
    Global { name: c"dispatchEvent", module: "guest:events", enumerable: true },
    #[cfg(feature = "fetch")]
    Global { name: c"fetch", module: "guest:fetch", enumerable: true },
    #[cfg(feature = "fs")]
    Global { name: c"fs", module: "guest:fs", enumerable: false },
    Global { name: c"native", module: "guest:native", enumerable: false },
    Global { name: c"navigator", module: "guest:navigator", enumerable: true },
    Global { name: c"nodeCryptoCompat", module: "guest:nodecrypto", enumerable: false },
    Global { name: c"path", module: "guest:path", enumerable: false },
    Global { name: c"performance", module: "guest:performance", enumerable: true },
    Global { name: c"plugin", module: "guest:plugin", enumerable: false },
    Global { name: c"process", module: "guest:process", enumerable: false },
    Global { name: c"removeEventListener", module: "guest:events", enumerable: true },
    Global { name: c"require", module: "guest:require", enumerable: false },
    Global { name: c"reportError", module: "guest:report", enumerable: true },
    Global { name: c"setImmediate", module: "guest:timers", enumerable: true },
    Global { name: c"setInterval", module: "guest:timers", enumerable: true },
    Global { name: c"setTimeout", module: "guest:timers", enumerable: true },
    Global { name: c"structuredClone", module: "guest:clone", enumerable: true },
    Global { name: c"uuidv4", module: "guest:uuid", enumerable: false },
    #[cfg(feature = "wasi")]
    Global { name: c"wasi", module: "guest:wasi", enumerable: false },
    #[cfg(feature = "wasi")]
    Global { name: c"wasm", module: "guest:wasm", enumerable: false },
];

/// Event handlers of the global object.
const ACCESSORS: &[Global] = &[
    Global { name: c"onerror", module: "guest:uncaught", enumerable: true },
    Global { name: c"onrejectionhandled", module: "guest:uncaught", enumerable: true },
    Global { name: c"onunhandledrejection", module: "guest:uncaught", enumerable: true },
];

/// Node's modules that guests may `require` and `import`, with or without `node:`.
const BUILTINS: &[Builtin] = &[
    Builtin { name: "assert", module: "guest:assert", export: c"assert" },
    Builtin { name: "assert/strict", module: "guest:assert", export: c"strict" },
    Builtin { name: "buffer", module: "guest:buffer", export: c"bufferModule" },
    Builtin { name: "console", module: "guest:console", export: c"console" },
    Builtin { name: "constants", module: "guest:constants", export: c"constants" },
    Builtin { name: "crypto", module: "guest:nodecrypto", export: c"nodeCryptoCompat" },
    Builtin { name: "events", module: "guest:nodeevents", export: c"EventEmitter" },
    #[cfg(feature = "fs")]
    Builtin { name: "fs", module: "guest:fs", export: c"fs" },
    #[cfg(feature = "fs")]
    Builtin { name: "fs/promises", module: "guest:fspromises", export: c"promises" },
    Builtin { name: "module", module: "guest:require", export: c"nodeModule" },
    Builtin { name: "os", module: "guest:os", export: c"os" },
    Builtin { name: "path", module: "guest:path", export: c"path" },
    Builtin { name: "path/posix", module: "guest:path", export: c"posix" },
    Builtin { name: "path/win32", module: "guest:path", export: c"win32" },
    Builtin { name: "perf_hooks", module: "guest:perfhooks", export: c"perfHooks" },
    Builtin { name: "process", module: "guest:process", export: c"process" },
    Builtin { name: "punycode", module: "guest:punycode", export: c"punycode" },
    Builtin { name: "querystring", module: "guest:querystring", export: c"querystring" },
    Builtin { name: "stream", module: "guest:nodestream", export: c"stream" },
    Builtin { name: "stream/consumers", module: "guest:nodestream", export: c"consumers" },
    Builtin { name: "stream/promises", module: "guest:nodestream", export: c"promises" },
    Builtin { name: "stream/web", module: "guest:nodestream", export: c"web" },
    Builtin { name: "string_decoder", module: "guest:stringdecoder", export: c"stringDecoder" },
    Builtin { name: "timers", module: "guest:timerspromises", export: c"timers" },
    Builtin { name: "timers/promises", module: "guest:timerspromises", export: c"timersPromises" },
    Builtin { name: "tty", module: "guest:require", export: c"tty" },
    Builtin { name: "url", module: "guest:nodeurl", export: c"url" },
    Builtin { name: "util", module: "guest:util", export: c"util" },
    Builtin { name: "util/types", module: "guest:nodetypes", export: c"types" },
];
