//! Components: compiled, described, instantiated, called.
//!
//! One flat message crosses each way, and never a value by itself: the canonical ABI's memory layout, with handles as numbers. The host lowers
//! it into a component's memory and lifts answers from there, lists whole, by the machine's own types (`direct`). Functions with lists of records, text
//! and the like, and none of numbers, are called by a small generated component before the user's one, the adapter (`inward`), which turns a message into a
//! call of any of them: the machine's own code between components goes through such lists faster.
//!
//! **A message to a component** lies at [`BASE`], addresses in it are absolute. First a slot of 8 bytes for each flat parameter, little-endian,
//! short ones in the lower half; or, where these are more than 16, the tuple of all parameters in its memory layout. Then, 16-aligned, whatever they
//! point to. **Its answer** begins with 16 bytes, the first four are the absolute address of the byte after them. Then a slot for a result of one
//! flat value, or the result's memory layout, and what it points to.
//! **A message from a component** is its memory from [`BASE`] on, the parameters at [`HostCall::at`]; **its answer** is a slot or the result's memory
//! layout, then what it points to, for the address [`HostCall::reply`].
//!
//! Does not: know values of JavaScript, or names of functions. Everything that comes from a component is hostile.
//! Specification: <https://component-model.bytecodealliance.org>, canonical ABI.

mod compose;
mod concurrent;
mod core;
mod direct;
mod face;
#[cfg(feature = "net")]
mod handler;
mod host;
mod instance;
mod inward;
mod lines;
mod plug;
#[cfg(feature = "net")]
mod request;
#[cfg(feature = "net")]
mod server;
mod shape;
mod source;
mod state;
mod stock;
mod surroundings;
#[cfg(all(test, unix))]
mod tests;
mod versions;
mod wit;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
#[cfg(feature = "net")]
pub use http_body::Frame;
use wasmtime::component::{ComponentExportIndex, InstancePre, Linker};

pub use self::concurrent::{CANCEL, GIVE_UP, PULL, READ};
pub use self::core::BASE;
#[cfg(feature = "net")]
pub use self::handler::{Request, RequestBody, ResponseBody};
pub use self::host::{HostAnswer, HostCall, HostError, HostFunctions, HostResult, NoHostFunctions};
pub use self::instance::{Instance, InstanceOptions, Stats};
pub use self::lines::lines;
#[cfg(feature = "net")]
pub use self::request::{BodyWriter, request};
#[cfg(feature = "net")]
pub use self::server::{Failed, Furnish, Server, ServerStats};
use self::state::State;
pub use self::surroundings::Sink;
use self::versions::{Versions, quickly};
use self::world::World;
use crate::artifact::{self, Artifact};
use crate::cache;
pub use crate::cache::CodeCache;
use crate::code::MODULE_BYTES;
use crate::error::{Error, Result};
use crate::kept::{Kept, Key, Weighed, key};
use crate::machine::{CodeOptions, Machine, Stack};
use crate::wasi::{StopOnDrop, threads};

/// A compiled component. Clones share it.
#[derive(Clone)]
pub struct Component(Arc<Compiled>);

struct Compiled {
    /// The digest of the bytes and options that it was compiled from.
    content: Key,
    linked: InstancePre<State>,
    /// Where it answers HTTP.
    #[cfg(feature = "net")]
    handler: Option<handler::Handler>,
    machine: &'static Machine,
    stack: Stack,
    options: CodeOptions,
    face: Arc<Face>,
    /// Whether it asks anything of the host, whose answer may come later.
    has_imports: bool,
    /// Where the functions are that are called without the adapter.
    direct: Vec<Option<ComponentExportIndex>>,
    /// What it was compiled from, for composition.
    source: Bytes,
    code_bytes: usize,
    versions: Versions,
}

/// What is known of a component without its code.
#[derive(Debug)]
struct Face {
    shape: String,
    wit: String,
    imports: Vec<String>,
    exports: Vec<String>,
    /// Bytes of the parameters of each function that it exports, and of each drop.
    exported: Vec<usize>,
    /// How many of these are functions.
    functions: usize,
    /// Which of these are called without the adapter.
    direct: Vec<Option<Direct>>,
    /// What it imports of the host's code, by number: functions, and the ends of resources.
    imported: Vec<Imported>,
    /// Where it imports these resources.
    resources: Vec<ImportedResource>,
    /// Whether it needs component-model async.
    is_concurrent: bool,
}

/// A function that the host calls without the adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Direct {
    /// None for a function of the world itself.
    interface: Option<String>,
    name: String,
    /// Whether its result is in memory.
    is_memory: bool,
    /// Flat values of its result, 17 where they are more than 16.
    results: u8,
}

/// A function of the host's code that a component calls, or the end of one of the host's resources.
#[derive(Debug)]
struct Imported {
    /// `demo:kv/store@1.0.0#get`
    name: String,
    /// Bytes that an answer has at least.
    reply: usize,
    is_async: bool,
    /// Flat values of its parameters, 0 where they are more than 16.
    params: u8,
    /// Whether its result is one flat value.
    results: u8,
}

/// A name by which a component imports a resource of the host's code.
#[derive(Debug)]
struct ImportedResource {
    /// None for a type of the world itself.
    interface: Option<String>,
    name: String,
    /// The number of its end.
    end: u32,
}

impl Imported {
    /// Its interface, none for a function of the world itself, and its name there.
    fn place(&self) -> (Option<&str>, &str) {
        match self.name.split_once('#') {
            Some((interface, name)) => (Some(interface), name),
            None => (None, &self.name),
        }
    }
}

impl std::fmt::Debug for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Component")
            .field("imports", &self.imports())
            .field("exports", &self.exports())
            .finish_non_exhaustive()
    }
}

static KEPT: Kept<Component> = Kept::new();

impl Weighed for Component {
    fn bytes(&self) -> usize {
        self.code_bytes() + self.0.source.len()
    }
}

impl Component {
    /// Compiles a component, its text, or a core module that carries component types or imports WASI preview 1; or takes what was compiled of
    /// the same bytes with the same options. Blocks, for seconds where it is large: to be called off every event loop.
    ///
    /// # Errors
    /// [`Error::Compile`] that says what the bytes are, [`Error::Link`] where an import or export cannot cross to the host's code.
    pub fn compile(bytes: &[u8], options: CodeOptions) -> Result<Component> {
        Self::compile_cached(Bytes::copy_from_slice(bytes), options, None)
    }

    /// As [`Component::compile`], with code from a directory where it was compiled before, and into it otherwise.
    ///
    /// # Errors
    /// Those of [`Component::compile`].
    pub fn compile_cached(
        bytes: impl Into<Bytes>,
        options: CodeOptions,
        cache: Option<&CodeCache>,
    ) -> Result<Component> {
        let bytes = bytes.into();
        if bytes.len() > MODULE_BYTES {
            return Err(Error::Compile(format!("it has {} bytes, and {MODULE_BYTES} are the most", bytes.len())));
        }
        let options = CodeOptions { experimental: options.experimental && concurrent::needed_by(&bytes)?, ..options };
        // The quick compiler does not know all that component-model async takes.
        let baseline = options.baseline && !options.experimental;
        let options = CodeOptions { baseline: false, ..options };
        let content = key(&[&bytes, format!("{options:?}").as_bytes()]);
        let component = KEPT.get(content, || {
            let machine = Machine::for_components(options, Stack::default())?;
            let fitting = artifact::fitting(&content, &machine.engine);
            let found = cache.and_then(|cache| load(cache.find(&fitting)?, &fitting, content, &bytes, options));
            if let Some(component) = found {
                return Ok(component);
            }
            let quick = || quickly(&bytes, content, CodeOptions { baseline, ..options });
            if let Some(component) = baseline.then(quick).flatten() {
                return Ok(component);
            }
            // The readers of types and worlds are made for the output of tools: what they assert must not end the process.
            let compiled = catch_unwind(AssertUnwindSafe(|| compile(&bytes, content, machine, options)));
            let compiled = compiled.unwrap_or_else(|_| {
                Err(Error::Compile("its types make no sense to the reader of components".into()))
            })?;
            if let Some(cache) = cache {
                cache.write(&fitting, &compiled.sealed()?.1);
            }
            Ok(compiled)
        })?;
        if baseline {
            component.improve(cache);
            Ok(component)
        } else {
            component.optimized(cache)
        }
    }

    /// Its code for this machine, for the directory of a [`CodeCache`], with the name that the file has there. Fits the version of hostbox,
    /// the processor and the options that it was made with; anything else compiles anew.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the code cannot be written down.
    pub fn precompile(&self) -> Result<(String, Vec<u8>)> {
        let (fitting, bytes) = self.optimized(None)?.sealed()?;
        Ok((cache::file_name(&fitting), bytes))
    }

    fn sealed(&self) -> Result<(Key, Vec<u8>)> {
        let Compiled { linked, content, machine, face, .. } = &*self.0;
        let code = linked.component().serialize().map_err(|error| Error::Unavailable(format!("{error:#}")))?;
        let fitting = artifact::fitting(content, &machine.engine);
        let bytes = artifact::seal(&fitting, &code, face.to_json().to_string().as_bytes());
        Ok((fitting, bytes))
    }

    /// Links components by their interfaces: what the root imports, and what those import that it takes it from, comes from the others, each of
    /// which is instantiated once. The result exports what the root exports, and imports what stays open. It is compiled as the root was.
    ///
    /// A component may be given for one import by name, with or without its version, or short (`store` for `demo:kv/store@1.0.0`); without
    /// a name it is asked for whatever it exports. An export satisfies an import of the same version or of a lower one on the same track of
    /// semver, where nothing that is asked for is missing or has another type.
    ///
    /// # Errors
    /// [`Error::Link`] that names the import and what differs; those of [`Component::compile`].
    pub fn compose(root: &Component, with: &[(Option<&str>, &Component)]) -> Result<Component> {
        let composed = catch_unwind(AssertUnwindSafe(|| {
            let sources = with.iter().map(|(name, component)| Ok((*name, source::component(&component.0.source)?)));
            let sources = sources.collect::<Result<Vec<_>>>()?;
            let with: Vec<_> = sources.iter().map(|(name, bytes)| compose::Given { name: *name, bytes }).collect();
            compose::compose(&source::component(&root.0.source)?, &with)
        }));
        let composed = composed.unwrap_or_else(|_| Err(Error::Link("their types make no sense together".into())))?;
        let experimental = std::iter::once(root).chain(with.iter().map(|(_, component)| *component));
        let experimental = experimental.into_iter().any(|component| component.0.options.experimental);
        Component::compile_cached(composed, CodeOptions { experimental, ..root.0.options }, None)
    }

    /// Its functions and types, for a codec of values, as JSON:
    ///
    /// ```json
    /// { "types": [ { "kind": "record", "name": "pair", "interface": "demo:calc/types@0.1.0", "fields": [ { "name": "left-part", "type": "u32" } ] },
    ///              { "kind": "variant", "name": "op", "cases": [ { "name": "add", "type": null } ] }, { "kind": "enum", "name": "e", "cases": ["a"] },
    ///              { "kind": "flags", "name": "f", "flags": ["a"] }, { "kind": "tuple", "types": ["u8", 0] }, { "kind": "option", "type": 0 },
    ///              { "kind": "result", "ok": 0, "err": null }, { "kind": "list", "type": "u8" }, { "kind": "own", "resource": 0 },
    ///              { "kind": "borrow", "resource": 0 } ],
    ///   "resources": [ { "name": "counter", "interface": "demo:calc/counters@0.1.0", "side": "export", "drop": 3 } ],
    ///   "exports": [ { "name": "demo:calc/calculator@0.1.0", "functions": [ { "number": 0, "name": "calculate", "kind": "function", "resource": null,
    ///                  "params": [ { "name": "op", "type": 1 } ], "result": "f64" } ], "omitted": [ { "name": "later", "reason": "…" } ] } ],
    ///   "imports": [] }
    /// ```
    ///
    /// A type is the name of a primitive or an index into `types`, and every type there comes behind those that it consists of. An interface without a
    /// name holds the functions of the world itself. The number of a drop is called with a handle (of an export) or comes with the resource's
    /// number (of an import). A function that is omitted cannot be called from here.
    pub fn shape(&self) -> &str {
        &self.0.face.shape
    }

    /// Its world and the packages that it uses, as WIT text.
    pub fn wit(&self) -> &str {
        &self.0.face.wit
    }

    /// The names of what it imports: interfaces, WASI's among them, and functions of the world itself.
    pub fn imports(&self) -> &[String] {
        &self.0.face.imports
    }

    /// The names of what it exports.
    pub fn exports(&self) -> &[String] {
        &self.0.face.exports
    }

    /// Names its content: another one for other bytes or options.
    pub fn version(&self) -> String {
        self.0.content[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Bytes of what it was compiled from.
    pub fn source_size(&self) -> usize {
        self.0.source.len()
    }

    /// Bytes of its code, for one size of stack.
    pub fn code_size(&self) -> usize {
        self.0.code_bytes
    }

    /// The size that a stack of so many bytes has, where code for it is not that for the usual one.
    pub fn other_stack(bytes: usize) -> Option<usize> {
        let stack = Stack::of(bytes);
        (stack != Stack::default()).then(|| stack.bytes())
    }

    /// How it was compiled.
    pub fn options(&self) -> CodeOptions {
        self.0.options
    }

    /// Instantiates it, on this thread: runs its start functions. Blocks until they end.
    ///
    /// # Errors
    /// [`Error::Link`] that names the first import which nobody offers; [`Error::Memory`], [`Error::Trap`], [`Error::Cancelled`].
    pub fn instantiate(&self, options: InstanceOptions) -> Result<Instance> {
        Instance::new(self, options, true)
    }

    /// As [`Component::instantiate`], on a thread of its own: answers of the host may come later. Dropped before it is ready, it ends the
    /// instantiation.
    ///
    /// # Errors
    /// Those of [`Component::instantiate`].
    pub async fn instantiate_async(&self, options: InstanceOptions) -> Result<Instance> {
        let stop = StopOnDrop(options.cancel.child());
        let options = InstanceOptions { cancel: stop.0.clone(), ..options };
        let component = self.clone();
        let work = threads()?.spawn_blocking(move || Instance::new(&component, options, false));
        work.await.unwrap_or_else(|panic| Err(Error::Unavailable(panic.to_string())))
    }

    /// As [`Component::compile_cached`], on a thread of its own.
    ///
    /// # Errors
    /// Those of [`Component::compile`].
    pub async fn compile_async(
        bytes: impl Into<Bytes> + Send + 'static,
        options: CodeOptions,
        cache: Option<CodeCache>,
    ) -> Result<Component> {
        let work = threads()?.spawn_blocking(move || Self::compile_cached(bytes, options, cache.as_ref()));
        work.await.unwrap_or_else(|panic| Err(Error::Unavailable(panic.to_string())))
    }
}

fn compile(bytes: &Bytes, content: Key, machine: &'static Machine, options: CodeOptions) -> Result<Component> {
    let component = source::component(bytes)?;
    if let Some(why) = concurrent::unoffered(&component) {
        return Err(Error::Link(why));
    }
    let need = concurrent::need(&component);
    if let (Some(need), false) = (&need, options.experimental) {
        return Err(Error::Link(format!(
            "it needs component-model async ({need}): compile it with experimental: true"
        )));
    }
    let world = World::decode(&component, need.is_some())?;
    let is_bare = world.is_bare();
    // What it exports cannot always be exported by what is around it. By itself it can always be called.
    let wrapped = (!is_bare).then(|| wrapped(&component, &world, machine)).and_then(Result::ok);
    let (code, face) = match wrapped {
        Some(wrapped) => wrapped,
        None => (translate(&component, machine)?, Face::new(&world, true)?),
    };
    link(content, &code, (machine, Stack::default()), options, Arc::new(face), bytes.clone())
}

fn wrapped(
    component: &[u8],
    world: &World,
    machine: &'static Machine,
) -> Result<(wasmtime::component::Component, Face)> {
    let face = Face::new(world, false)?;
    let code = translate(&plug::wrap(component, world, &face)?, machine)?;
    Ok((code, face))
}

fn translate(component: &[u8], machine: &'static Machine) -> Result<wasmtime::component::Component> {
    let failed = |error: wasmtime::Error| Error::Compile(format!("{error:#}"));
    wasmtime::component::Component::from_binary(&machine.engine, component).map_err(failed)
}

/// What was compiled before, from a file of a directory that nobody else can write.
fn load(file: std::fs::File, fitting: &Key, content: Key, source: &Bytes, options: CodeOptions) -> Option<Component> {
    let machine = Machine::for_components(options, Stack::default()).ok()?;
    let artifact = Artifact::open(file, fitting)?;
    let face = Face::from_json(&serde_json::from_slice(artifact.about()).ok()?)?;
    // SAFETY: `CodeCache::find` gave this file, of this user or of root and in such a directory, that nobody else can write: it is what
    // `Component::sealed` made, with an engine of the same key.
    let code = unsafe { artifact.component(&machine.engine) }?;
    link(content, &code, (machine, Stack::default()), options, Arc::new(face), source.clone()).ok()
}

/// Everything that components of this machine may import, put together once.
fn linker(machine: &'static Machine) -> wasmtime::Result<Linker<State>> {
    static LINKERS: Mutex<Vec<(&Machine, Linker<State>)>> = Mutex::new(Vec::new());
    let mut linkers = LINKERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, linker)) = linkers.iter().find(|(known, _)| std::ptr::eq(*known, machine)) {
        return Ok(linker.clone());
    }
    let mut linker = Linker::new(&machine.engine);
    state::link(&mut linker)?;
    linkers.push((machine, linker.clone()));
    Ok(linker)
}

/// Offers what it imports, and makes ready to instantiate.
fn link(
    content: Key,
    code: &wasmtime::component::Component,
    (machine, stack): (&'static Machine, Stack),
    options: CodeOptions,
    face: Arc<Face>,
    source: Bytes,
) -> Result<Component> {
    let unlinked = |error: wasmtime::Error| Error::Link(format!("{error:#}"));
    let has_imports = !face.imports.is_empty();
    let linker = if face.is_concurrent {
        let mut linker = Linker::new(&machine.engine);
        concurrent::link(&mut linker, &face).map_err(unlinked)?;
        linker
    } else {
        let mut linker = if has_imports { linker(machine).map_err(unlinked)? } else { Linker::new(&machine.engine) };
        direct::link(&mut linker, &face).map_err(unlinked)?;
        linker
    };
    let image = code.image_range();
    let code_bytes = image.end as usize - image.start as usize;
    let linked = linker.instantiate_pre(code).map_err(unlinked)?;
    let index = |direct: &Direct| {
        let interface = match &direct.interface {
            Some(interface) => Some(code.get_export_index(None, interface)?),
            None => None,
        };
        code.get_export_index(interface.as_ref(), &direct.name)
    };
    let direct = face.direct.iter().map(|direct| direct.as_ref().and_then(index)).collect();
    let versions = Versions::default();
    #[cfg(feature = "net")]
    let handler = handler::Handler::new(&linked);
    let compiled = Compiled {
        content,
        linked,
        #[cfg(feature = "net")]
        handler,
        machine,
        stack,
        options,
        face,
        has_imports,
        direct,
        source,
        code_bytes,
        versions,
    };
    Ok(Component(Arc::new(compiled)))
}

impl Face {
    /// The functions of the host's code, with their numbers.
    fn imported_functions(&self) -> impl Iterator<Item = (&Imported, u32)> {
        let is_end = |number: u32| self.resources.iter().any(|resource| resource.end == number);
        self.imported.iter().zip(0..).filter(move |(_, number)| !is_end(*number))
    }

    /// Whether the component has no adapter before it.
    fn is_bare(&self) -> bool {
        self.direct.iter().all(Option::is_some)
    }

    fn new(world: &World, is_bare: bool) -> Result<Face> {
        let own = &world.resolve.worlds[world.id];
        let slot = 8;
        let exported = world.export_functions().map(|(_, function)| world.params_bytes(function));
        let exported = exported.chain(world.export_resources().map(|_| slot)).collect();
        let direct = world.export_functions().map(|(interface, function)| world.direct(is_bare, interface, function));
        let direct: Vec<_> = direct.collect();
        let imported = world.import_functions().map(|(interface, function)| Imported {
            name: match &interface.key {
                Some(key) => format!("{}#{}", world.name(key), function.name),
                None => function.name.clone(),
            },
            reply: world.result_bytes(function),
            is_async: function.kind.is_async(),
            params: world.flats(function.params.iter().map(|param| &param.ty)).unwrap_or(0),
            results: u8::from(world.flat_results(function) == 1),
        });
        let ends = world.import_resources().map(|(key, resource)| Imported {
            name: format!("{}#{}", world.name(key), world.resolve.types[resource].name.as_deref().unwrap_or_default()),
            reply: 0,
            is_async: false,
            params: 1,
            results: 0,
        });
        let functions = world.import_functions().count();
        let named = |(interface, name, place)| ImportedResource { interface, name, end: (functions + place) as u32 };
        Ok(Face {
            resources: world.imported_names().into_iter().map(named).collect(),
            shape: shape::describe(world),
            wit: wit::text(world)?,
            imports: own.imports.keys().map(|key| world.name(key)).collect(),
            exports: own.exports.keys().map(|key| world.name(key)).collect(),
            exported,
            functions: direct.len(),
            direct,
            imported: imported.chain(ends).collect(),
            is_concurrent: world.is_concurrent,
        })
    }
}
