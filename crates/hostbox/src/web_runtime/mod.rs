//! Plugins on a plain `rquickjs` context that the caller owns: no sandbox, and no limits of time and memory but the caller's own.
//!
//! | you want | take |
//! |---|---|
//! | bundles in CommonJS that only compute | [`plugin_load_bundle`], [`plugin_call`] |
//! | and the Web APIs that need no host: `Event`, `EventTarget`, `path`, `plugin` … | [`polyfill_script`], as a script |
//! | and everything that guests of a sandbox see: timers, `fetch`, `fs`, `native`, `crypto`, `Buffer` … | [`install`] |
//!
//! Code that is not trusted belongs into a [`HostRuntime`](crate::HostRuntime).
//!
//! ```
//! use hostbox::rquickjs::{Context, Runtime};
//! use hostbox::web_runtime::{plugin_call, plugin_load_bundle, polyfill_script};
//! use hostbox::WebRuntimeOptions;
//!
//! let runtime = Runtime::new()?;
//! let context = Context::full(&runtime)?;
//! context.with(|ctx| {
//!     ctx.eval::<(), _>(polyfill_script(WebRuntimeOptions::default()))?;
//!     plugin_load_bundle(&ctx, "greeter".into(), "exports.greet = async (name) => `hello ${name}`".into())?;
//!     let greeting = plugin_call(&ctx, "greeter".into(), "greet".into(), Some(r#"["world"]"#.into()))?;
//!     assert_eq!(greeting, "hello world");
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod install;
mod plugins;
mod polyfill;

pub use crate::tasks::WebRuntimeOptions;
pub use hostbox_engine::Progress;
pub use install::{InstalledHost, install};
pub use plugins::{plugin_call, plugin_get_info, plugin_list, plugin_load_bundle};
pub use polyfill::{WEB_POLYFILL, polyfill_script};
