//! A build without a network: components find `wasi:sockets` that refuses, and no `wasi:http`.

use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtxBuilder, WasiCtxView, WasiView};

use crate::rights::Rights;

/// Nothing.
pub(crate) struct Network;

impl Network {
    pub(crate) fn new(_: &Rights, _: &mut WasiCtxBuilder) -> Self {
        Self
    }
}

/// Resources of the host that one run may hold.
const RESOURCES: usize = 1_024;

pub(crate) fn table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(RESOURCES);
    table
}

/// What a store's data has for the functions of this module.
#[allow(dead_code, reason = "stores are the same with a network and without")]
pub(crate) trait Connected: WasiView + 'static {
    fn network(&mut self) -> View<'_>;
}

#[allow(dead_code, reason = "as above")]
pub(crate) struct View<'a> {
    pub(crate) network: &'a mut Network,
    pub(crate) wasi: WasiCtxView<'a>,
}

/// Offers WASI 0.2.
pub(crate) fn link<T: Connected>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)
}

/// Offers `wasi:sockets` of WASI 0.3.
pub(crate) fn link_p3<T: Connected>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasmtime_wasi::p3::sockets::add_to_linker(linker)
}
