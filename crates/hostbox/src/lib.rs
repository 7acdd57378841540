//! Run other people's code and heavy byte work outside V8, and outside your own stack: sandboxes with QuickJS, the Web APIs that plugins
//! expect, and a native byte pipeline, behind limits that hold.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use hostbox::{HostRuntime, PluginOptions};
//! use serde_json::json;
//!
//! let host = HostRuntime::builder("docs").build()?;
//! host.load_plugin("greeter", "exports.greet = (name) => `hello ${name}`", PluginOptions::default()).await?;
//! assert_eq!(host.call("greeter", "greet", &[json!("world")]).await?, json!("hello world"));
//! # Ok::<(), hostbox::Error>(())
//! # }).unwrap();
//! ```
//!
//! | you want | take |
//! |---|---|
//! | a sandbox behind limits and grants, in async code | [`HostRuntime`], made by a [`Builder`] |
//! | scripts as tasks, with or without an async runtime of your own | [`AsyncHostRuntime`] |
//! | plugins on an `rquickjs` context that you own, of code that you trust | [`web_runtime`] |
//!
//! # A plugin, typed and tested
//!
//! A plugin is one source text, in TypeScript or JavaScript. Types are stripped when it is loaded; no build is needed until it wants packages from npm.
//! With `include_str!` it is a part of your crate, and a `#[test]` calls it like your own code:
//!
//! ```
//! use hostbox::{HostRuntime, PluginOptions};
//! use serde::{Deserialize, Serialize};
//!
//! // plugins/shop.ts: here in place of include_str!("../plugins/shop.ts")
//! const SHOP: &str = r"
//!     interface Order { item: string; price: number; amount: number }
//!     export async function total(orders: Order[], currency: string): Promise<{ sum: number; currency: string }> {
//!         const rate: number = await bridge.rate(currency);
//!         return { sum: rate * orders.reduce((sum, { price, amount }) => sum + price * amount, 0), currency };
//!     }
//! ";
//!
//! #[derive(Serialize)]
//! struct Order { item: &'static str, price: f64, amount: u32 }
//!
//! #[derive(Debug, PartialEq, Deserialize)]
//! struct Total { sum: f64, currency: String }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! // In a test of yours this body stands in an `async fn` under `#[tokio::test]`.
//! let host = HostRuntime::builder("shop")
//!     .bridge("rate", |args| match args[0].as_str() {
//!         Some("EUR") => Ok(0.5.into()),
//!         _ => Err(format!("no rate for {}", args[0])),
//!     })
//!     .build()?;
//! let options = PluginOptions { filename: Some("shop.ts".into()), ..PluginOptions::default() };
//! # #[cfg(feature = "typescript")] {
//! host.load_plugin("shop", SHOP, options).await?;
//!
//! let orders = [Order { item: "tea", price: 4.0, amount: 2 }, Order { item: "pot", price: 30.0, amount: 1 }];
//! let total: Total = host.call_as("shop", "total", &(orders, "EUR")).await?;
//! assert_eq!(total, Total { sum: 19.0, currency: "EUR".into() });
//!
//! let error = host.call_as::<Total>("shop", "total", &([(); 0], "XYZ")).await.unwrap_err();
//! assert_eq!((error.code(), error.message()), ("ERR_GUEST", "no rate for \"XYZ\""));
//! # }
//! # Ok::<(), hostbox::Error>(())
//! # }).unwrap();
//! ```
//!
//! **Types for the editor and for `tsc`.** [`GUEST_TYPES`] has the type of every global of a guest as files: write them beside your plugins, and say
//! `{ "compilerOptions": { "lib": ["es2025"], "types": [], "strict": true, "noEmit": true }, "include": ["**/*.ts"] }` in a `tsconfig.json` there. Functions of the app get theirs
//! by declaration: `declare namespace Hostbox { interface Bridge { rate(currency: string): Promise<number> } }`.
//!
//! **Packages from npm.** `esbuild shop.ts --bundle --format=cjs --platform=neutral --external:node:*` makes one file of a plugin and what it imports. Node's modules that guests
//! have (`node:path`, `node:buffer`, `node:crypto` …) stay outside.
//!
//! **What it may use.** Nothing but computing, until the builder grants it: `grant_net`, `grant_fs`, `grant_env`, functions by [`Builder::bridge`]. [`Limits`] bound time and
//! memory; what goes beyond them has a [stable code](Error::code).
//!
//! **Many at once.** `cargo run --example http_plugin_pool` puts plugins in a pool of sandboxes behind an HTTP server; `cargo run --example demo` is smaller.
//!
//! # Features
//!
//! All but `wasi` are on by default; each can be had alone. What a build leaves out is not compiled, and guests do not see its names.
//!
//! | feature | brings | without it |
//! |---|---|---|
//! | `fetch` | `fetch`, `WebSocket`, `EventSource`, `Builder::grant_net`; with `wasi` also the network of components | no `reqwest`, no TLS; `Request`, `Response`, `Headers`, `Blob` and `FormData` work all the same |
//! | `fs` | `fs`, `node:fs`, `Builder::grant_fs` | no `cap-std` |
//! | `typescript` | plugins and scripts in TypeScript | they are refused with `ERR_ARGUMENT`; no `oxc` in the library |
//! | `wasi` | WASI commands: `Builder::wasi`, `HostRuntime::wasi`, the guests' globals `wasi` and `WebAssembly` | wasmtime is not compiled |
//!
//! Data in: scripts, plugins, values. Data out: values, errors with stable codes. May know every room below, and no Node.

mod error;
mod host;
mod routes;
mod runtime;
mod source;
mod tasks;
#[cfg(feature = "wasi")]
mod wasi;
pub mod web_runtime;

pub use error::Error;
pub use host::ConsoleEntry;
pub use hostbox_buffers::{CustomOperation, Invocation as OperationCall, Writer as OperationOutput};
pub use hostbox_cache::{
    Entry as CacheEntry, Error as CacheError, Name as CacheName, Options as CacheOptions, Store as CacheBackend,
    StoreKind as CacheStore, When as CacheWhen,
};
#[cfg(feature = "fetch")]
pub use hostbox_net::FetchEvent;
#[cfg(feature = "fs")]
pub use hostbox_permissions::FsGrant;
#[cfg(feature = "fetch")]
pub use hostbox_permissions::NetGrant;
pub use hostbox_permissions::{InvalidLimit, Limits};
pub use routes::{
    register_bridge_route_async_handler, register_bridge_route_blocking_handler, register_bridge_route_sync_handler,
    unregister_bridge_route_handler,
};
pub use rquickjs;
pub use runtime::{Builder, CallOptions, HostRuntime, PluginOptions};
pub use tasks::{AsyncHostRuntime, RuntimeJsonTaskHandle, RuntimeTaskHandle, RuntimeTaskStats, WebRuntimeOptions};
#[cfg(feature = "wasi")]
pub use wasi::{Wasi, WasiOptions, WasiResult};

/// Types of every global of a guest beyond ECMAScript, for TypeScript: `(file name, text)`. The files refer to each other and stand in one folder; they
/// take the place of the library `dom` and of `@types/node`, which have names that guests do not have.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("hostbox-types-{}", std::process::id()));
/// # let types = folder.as_path();
/// // let types = Path::new("plugins/types");
/// std::fs::create_dir_all(types)?;
/// for (name, text) in hostbox::GUEST_TYPES {
///     std::fs::write(types.join(name), text)?;
/// }
/// # assert!(std::fs::read_to_string(types.join("host.d.ts"))?.contains("Hostbox"));
/// # std::fs::remove_dir_all(types)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub const GUEST_TYPES: &[(&str, &str)] = &[
    ("crypto.d.ts", include_str!("../../../guest/crypto.d.ts")),
    ("fs.d.ts", include_str!("../../../guest/fs.d.ts")),
    ("host.d.ts", include_str!("../../../guest/host.d.ts")),
    ("index.d.ts", include_str!("../../../guest/index.d.ts")),
    ("modules.d.ts", include_str!("../../../guest/modules.d.ts")),
    ("node.d.ts", include_str!("../../../guest/node.d.ts")),
    ("web.d.ts", include_str!("../../../guest/web.d.ts")),
];

/// For the rooms above: what `HostRuntime` is made of, without its futures.
pub mod parts {
    pub use crate::error::cache_failure;
    pub use crate::source::{Plugin, Sources};
    #[cfg(feature = "wasi")]
    pub use crate::wasi::{WasiRun, bind_runner, failure as wasm_failure, switched_off};
    pub use hostbox_buffers::{
        Block, Cancel, Chain, Error as BufferError, Info, Operations, OutOfMemory, Pipeline, Progress, SharedBytes,
        Step, Store, TakenInto, Writer as Written,
    };
    pub use hostbox_cache::Cache;
    pub use hostbox_engine::{
        Code, Config, ConsoleMessage, ErrorClass, Event, Failure, Format, GuestCause, GuestError, Host, Linger,
        OpError, OpId, OpOutcome, Payload, PluginSource, Posted, Request, Sandbox, Stats, SyncProgress, Ticket, Writer,
        next_ticket, next_tickets, post_all, spawn, spawn_blocking,
    };
    #[cfg(feature = "fs")]
    pub use hostbox_files::{Files, Lanes};
    #[cfg(feature = "fetch")]
    pub use hostbox_net::{Client, Config as NetConfig, Log, NetLimits};
    pub use hostbox_permissions::Environment;
    #[cfg(feature = "fs")]
    pub use hostbox_permissions::FsPermissions;
    #[cfg(feature = "fetch")]
    pub use hostbox_permissions::NetPermissions;
    /// Components of WebAssembly.
    #[cfg(feature = "wasi")]
    pub mod component {
        #[cfg(feature = "fetch")]
        pub use hostbox_wasm::component::{BodyWriter, Request, ResponseBody, Server, ServerStats, request};
        pub use hostbox_wasm::component::{
            CodeCache, Component, HostAnswer, HostCall, HostError, HostFunctions, HostResult, Instance,
            InstanceOptions, READ, Sink, lines,
        };
        pub use hostbox_wasm::{CodeOptions, Error, Level, MemoryAccount, Result, on_thread};
    }
    #[cfg(feature = "wasi")]
    pub use hostbox_wasm::{Rights, Runner, Step as WasiStep};
    pub use hostbox_web::{Data, EXTENSION, WASI_GLOBALS};
}
