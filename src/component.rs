//! Components from Node's side: compiled, described and linked on other threads.

use std::sync::{Arc, OnceLock};

use hostbox::parts::Payload;
use hostbox::parts::component::{CodeCache, CodeOptions, Component, Error as WasmError, Level};
use napi::bindgen_prelude::Uint8Array;
use napi::{Env, Error, Result};
use napi_derive::napi;

use crate::desk::{ComponentPort, Desk};

/// How a component is to be compiled, as `lib/component.js` checked it.
#[napi(object)]
pub struct NativeCompileOptions {
    pub experimental: bool,
    pub fuel: bool,
    pub canonicalize_nans: bool,
    pub opt_level: String,
    pub debug_info: bool,
    pub baseline: bool,
    /// The directory of compiled code; empty for that of the user.
    pub cache_dir: Option<String>,
}

/// The directory of compiled code. That of the user is not used where there is none, or where others may write it.
pub(crate) fn code_cache(dir: Option<String>) -> std::result::Result<Option<CodeCache>, WasmError> {
    match dir {
        None => Ok(None),
        Some(dir) if dir.is_empty() => Ok(CodeCache::of_user().ok()),
        Some(dir) => CodeCache::open(dir).map(Some),
    }
}

/// A component, once its compilation has been answered.
#[napi]
pub struct NativeComponent {
    pub(crate) desk: Arc<Desk>,
    compiled: Arc<OnceLock<Component>>,
    /// The name that its code has in a directory of compiled code.
    file_name: Arc<OnceLock<String>>,
}

#[napi]
impl NativeComponent {
    /// One that is not compiled yet.
    #[napi(constructor)]
    pub fn new(port: &ComponentPort) -> Self {
        Self { desk: port.desk.clone(), compiled: Arc::default(), file_name: Arc::default() }
    }

    /// Compiles bytes, which are copied first, on another thread; the ticket of the answer.
    #[napi]
    pub fn compile(&self, env: Env, bytes: Uint8Array, options: NativeCompileOptions) -> f64 {
        let cache_dir = options.cache_dir;
        let options = CodeOptions {
            fuel: options.fuel,
            canonicalize_nans: options.canonicalize_nans,
            level: match options.opt_level.as_str() {
                "none" => Level::None,
                "speedAndSize" => Level::SpeedAndSize,
                _ => Level::Speed,
            },
            debug_info: options.debug_info,
            baseline: options.baseline,
            experimental: options.experimental,
        };
        let (bytes, compiled) = (bytes.to_vec(), self.compiled.clone());
        self.desk.work(env, move || {
            let cache = code_cache(cache_dir)?;
            let component = Component::compile_cached(bytes, options, cache.as_ref())?;
            let _ = compiled.set(component);
            Ok(Payload::undefined())
        })
    }

    /// Its code for this machine, on another thread; the ticket of the answer, after which `fileName` is there.
    #[napi]
    pub fn precompile(&self, env: Env) -> Result<f64> {
        let (component, file_name) = (self.component()?.clone(), self.file_name.clone());
        Ok(self.desk.work(env, move || {
            let (name, code) = component.precompile()?;
            let _ = file_name.set(name);
            Ok(Payload::bytes(code))
        }))
    }

    /// The name of its code in a directory of compiled code.
    #[napi(getter)]
    pub fn file_name(&self) -> Option<String> {
        self.file_name.get().cloned()
    }

    /// Its functions and types, as JSON.
    #[napi(getter)]
    pub fn shape(&self) -> Result<String> {
        Ok(self.component()?.shape().to_owned())
    }

    /// Names its content: another one for other bytes or options.
    #[napi(getter)]
    pub fn version(&self) -> Result<String> {
        Ok(self.component()?.version())
    }

    /// Its world as WIT text.
    #[napi(getter)]
    pub fn wit(&self) -> Result<String> {
        Ok(self.component()?.wit().to_owned())
    }

    /// Names of what it imports.
    #[napi(getter)]
    pub fn imports(&self) -> Result<Vec<String>> {
        Ok(self.component()?.imports().to_vec())
    }

    /// Names of what it exports.
    #[napi(getter)]
    pub fn exports(&self) -> Result<Vec<String>> {
        Ok(self.component()?.exports().to_vec())
    }

    pub(crate) fn component(&self) -> Result<&Component> {
        self.compiled.get().ok_or_else(|| Error::from_reason("ERR_INTERNAL: a component that is not compiled"))
    }
}

/// Components on their way to be one.
#[napi]
pub struct NativeComposition {
    root: Component,
    with: Vec<(Option<String>, Component)>,
}

#[napi]
impl NativeComposition {
    /// The root alone.
    #[napi(constructor)]
    pub fn new(root: &NativeComponent) -> Result<Self> {
        Ok(Self { root: root.component()?.clone(), with: Vec::new() })
    }

    /// One more, for the import of a name or for whatever it exports.
    #[napi]
    pub fn add(&mut self, name: Option<String>, component: &NativeComponent) -> Result<()> {
        self.with.push((name, component.component()?.clone()));
        Ok(())
    }

    /// Links them, on another thread; the ticket of the answer, after which `target` is compiled.
    #[napi]
    pub fn compose(&self, env: Env, target: &NativeComponent) -> f64 {
        let (root, with, compiled) = (self.root.clone(), self.with.clone(), target.compiled.clone());
        target.desk.work(env, move || {
            let with: Vec<_> = with.iter().map(|(name, component)| (name.as_deref(), component)).collect();
            let _ = compiled.set(Component::compose(&root, &with)?);
            Ok(Payload::undefined())
        })
    }
}
