//! What an instance of a component is given: options as Node states them, checked once, for as many instances as there are.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use hostbox::parts::component::{InstanceOptions, MemoryAccount};
use hostbox::parts::{Cancel, Client, Log, NetConfig, NetLimits, Rights, Store};
use napi::Result;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::asked::Asked;
use crate::instance::Inner;
use crate::output::Output;
use crate::port::Line;
use crate::sandbox::{
    NativeFsGrant, NativeNetGrant, NativeVariable, environment, fs_permissions, net_permissions, whole,
};

/// Of an instance's limit of memory, one part in so many is what lines may take that Node has not taken yet: as for a sandbox's console.
const CONSOLE_SHARE: usize = 4;

/// What an instance is to be, as `lib/component.js` checked it.
#[napi(object)]
pub struct NativeInstanceOptions {
    pub memory_bytes: f64,
    pub table_elements: Option<f64>,
    pub timeout_ms: f64,
    pub fuel: Option<f64>,
    pub stack_bytes: Option<f64>,
    pub args: Vec<String>,
    pub env: Vec<NativeVariable>,
    pub fs: Vec<NativeFsGrant>,
    pub net: Vec<NativeNetGrant>,
    pub fetch_bytes: f64,
    pub concurrent_fetches: f64,
    /// Whether the app hears of its requests.
    pub log_fetches: bool,
    /// Milliseconds since 1970 at which its clocks stand still.
    pub clock_ms: Option<f64>,
    pub seed: Option<f64>,
    pub stdin: Option<Uint8Array>,
    /// Whether anybody hears what it writes.
    pub console: bool,
}

/// Linear memories of one instance against its limit.
struct Budget(usize);

impl MemoryAccount for Budget {
    fn reserve(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// What an instance is given, as often as one is made.
pub(crate) struct Furnished {
    host: Arc<Asked>,
    memory_bytes: usize,
    table_elements: Option<usize>,
    fuel: Option<u64>,
    stack_bytes: Option<usize>,
    args: Vec<String>,
    clock: Option<Duration>,
    seed: Option<u64>,
    rights: Arc<Rights>,
    stdin: Vec<u8>,
    output: Option<Arc<Output>>,
}

impl Furnished {
    /// That of one more instance, which the flag ends.
    pub(crate) fn options(&self, cancel: Cancel) -> InstanceOptions {
        let mut given = InstanceOptions::new(Box::new(Budget(self.memory_bytes)));
        given.host = self.host.clone();
        if let Some(elements) = self.table_elements {
            given.limits.table_elements = elements;
        }
        given.fuel = self.fuel;
        given.limits.stack_bytes = self.stack_bytes;
        given.args.clone_from(&self.args);
        given.clock = self.clock;
        given.seed = self.seed;
        given.rights = self.rights.clone();
        given.stdin.clone_from(&self.stdin);
        given.stdout = self.output.as_ref().map(|output| output.sink("log"));
        given.stderr = self.output.as_ref().map(|output| output.sink("error"));
        given.cancel = cancel;
        given
    }
}

/// Bytes or elements, as Node has checked them.
pub(crate) fn size(value: f64) -> usize {
    usize::try_from(whole(value)).unwrap_or(usize::MAX)
}

impl Inner {
    /// What instances are given, as often as there are any.
    pub(crate) fn furnished(&self, options: NativeInstanceOptions) -> Result<Furnished> {
        let limits = NetLimits {
            fetch_bytes: whole(options.fetch_bytes),
            concurrent_fetches: u32::try_from(whole(options.concurrent_fetches)).unwrap_or(u32::MAX),
            ..NetLimits::default()
        };
        let net = self.client(options.net, limits, options.log_fetches)?;
        let (variables, files) = (environment(options.env)?, fs_permissions(options.fs)?);
        if options.console {
            let most = size(options.memory_bytes) / CONSOLE_SHARE;
            self.output.get_or_init(|| Output::new(self.desk.port.clone(), self.asked.number, most));
        }
        let rights = Rights::new(variables).with_files(files).with_net(net);
        if let Some(output) = self.output.get().cloned() {
            rights.hear_denials(move |line| output.write("warn", line));
        }
        Ok(Furnished {
            host: self.asked.clone(),
            memory_bytes: size(options.memory_bytes),
            table_elements: options.table_elements.map(size),
            fuel: options.fuel.map(whole),
            stack_bytes: options.stack_bytes.map(size),
            args: options.args,
            clock: options.clock_ms.map(|ms| Duration::from_secs_f64(ms / 1e3)),
            seed: options.seed.map(whole),
            rights: Arc::new(rights),
            stdin: options.stdin.map(|bytes| bytes.to_vec()).unwrap_or_default(),
            output: self.output.get().cloned(),
        })
    }

    /// Writes a line of hostbox's own to the app's console, where anybody hears it.
    pub(crate) fn tell(&self, text: String) {
        if let Some(output) = self.output.get() {
            output.write("error", text);
        }
    }

    /// The network of the instance, whose events go to the receiver of its number.
    fn client(&self, grants: Vec<NativeNetGrant>, limits: NetLimits, is_logged: bool) -> Result<Client> {
        let line = Line { port: self.desk.port.clone(), sandbox: self.asked.number, missed: AtomicU64::new(0) };
        let log = is_logged.then(|| Arc::new(move |event| line.log_fetch(event)) as Log);
        // Bodies are handed on as they come: nothing is ever put into the store.
        let store = Arc::new(Store::new(0));
        let net =
            Client::new(NetConfig { permissions: net_permissions(grants)?, limits, log, ..NetConfig::new(store) });
        Ok(self.net.get_or_init(|| net).clone())
    }
}
