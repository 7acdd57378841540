//! The network of components: `wasi:http` by the sandbox's own client, `wasi:sockets` as far as its grants say `tcp://` or `udp://`.
//!
//! There is no second way out: a request goes through `hostbox_net`, where grants, addresses and limits are kept; a socket of wasmtime's asks there
//! before each use, and names are looked up there. What is refused is the interface's own error for the component, and an event for the app.

mod http;
mod sockets;
mod sockets_p3;

use hostbox_net::Client;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::LinkOptions;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::{WasiHttp, WasiHttpCtx, WasiHttpCtxView};

use self::http::Hooks;
pub(crate) use self::http::fields_size;
use self::sockets::Addresses;
use crate::rights::Rights;

/// Resources of the host that one run may hold: streams, files, sockets, requests, header fields. Each takes little but a body that was begun
/// (128 KiB) and header fields.
const RESOURCES: usize = 1_024;
/// Of the header fields of one message.
pub(crate) const FIELDS_BYTES: usize = 64 << 10;

/// What one run has of the network.
pub(crate) struct Network {
    http: WasiHttpCtx,
    hooks: Hooks,
    client: Option<Client>,
    addresses: Addresses,
}

impl Network {
    /// That of these rights. Says to wasmtime's sockets whom to ask.
    pub(crate) fn new(rights: &Rights, wasi: &mut WasiCtxBuilder) -> Self {
        let client = rights.client().cloned();
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELDS_BYTES);
        let addresses = Addresses::default();
        if let Some(client) = &client {
            sockets::ask(wasi, client, &addresses);
        }
        Self { http, hooks: Hooks::new(client.clone(), FIELDS_BYTES), client, addresses }
    }
}

/// A table of so many resources as one run may hold.
pub(crate) fn table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(RESOURCES);
    table
}

/// What a store's data has for the functions of this module.
pub(crate) trait Connected: WasiView + 'static {
    fn network(&mut self) -> View<'_>;
}

/// The network of one run, and what wasmtime has of it.
pub(crate) struct View<'a> {
    pub(crate) network: &'a mut Network,
    pub(crate) wasi: WasiCtxView<'a>,
}

struct HasNetwork;

impl HasData for HasNetwork {
    type Data<'a> = View<'a>;
}

impl WasiView for View<'_> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: self.wasi.ctx, table: self.wasi.table }
    }
}

pub(crate) fn http_of<T: Connected>(state: &mut T) -> WasiHttpCtxView<'_> {
    let View { network, wasi } = state.network();
    WasiHttpCtxView { hooks: &mut network.hooks, table: wasi.table, ctx: &mut network.http }
}

/// Offers WASI 0.2 and `wasi:http`.
pub(crate) fn link<T: Connected>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    outgoing_handler::add_to_linker::<T, WasiHttp>(linker, http_of)?;
    types::add_to_linker::<T, WasiHttp>(linker, &LinkOptions::default().into(), http_of)?;
    // In the place of wasmtime's own, which look up any name and say to nobody what they refuse; and which do not know why a body ended.
    linker.allow_shadowing(true);
    sockets::link(linker)?;
    http::link(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Offers `wasi:sockets` of WASI 0.3.
pub(crate) fn link_p3<T: Connected>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    sockets_p3::link(linker)
}
