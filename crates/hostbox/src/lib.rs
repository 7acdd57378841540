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
//! [`HostRuntime`] is one sandbox, [`AsyncHostRuntime`] the same as tasks with handles, [`web_runtime`] for plugins on a plain `rquickjs` context.
//!
//! **Features.** All but `wasi` are on by default; each can be had alone. What a build leaves out is not compiled, and guests do not see its names.
//!
//! | feature | brings | without it |
//! |---|---|---|
//! | `fetch` | `fetch`, `WebSocket`, `EventSource`, `Builder::grant_net` | no `reqwest`, no TLS; `Request`, `Response`, `Headers`, `Blob` and `FormData` work all the same |
//! | `fs` | `fs`, `node:fs`, `Builder::grant_fs` | no `cap-std` |
//! | `typescript` | plugins and scripts in TypeScript | they are refused with `ERR_ARGUMENT`; no `oxc` in the library |
//! | `wasi` | WASI commands: `Builder::wasi`, `HostRuntime::wasi`, the guests' global `wasi` | wasmtime is not compiled |
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

/// For the rooms above: what `HostRuntime` is made of, without its futures.
pub mod parts {
    pub use crate::error::cache_failure;
    pub use crate::source::{Plugin, Sources};
    #[cfg(feature = "wasi")]
    pub use crate::wasi::{WasiRun, bind_step, failure as wasm_failure, switched_off};
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
        pub use hostbox_wasm::component::{
            CodeCache, Component, HostAnswer, HostCall, HostError, HostFunctions, HostResult, Instance, InstanceOptions,
        };
        pub use hostbox_wasm::{CodeOptions, Error, Level, MemoryAccount};
    }
    #[cfg(feature = "wasi")]
    pub use hostbox_wasm::{Rights, Runner, Step as WasiStep};
    pub use hostbox_web::{Data, EXTENSION, WASI_GLOBALS};
}
