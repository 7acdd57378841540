//! The host's side of a running component: what its imports reach, and what they leave behind.

use std::sync::Arc;

use hostbox_buffers::Cancel;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, ResourceTable, WasmList};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::Component;
use super::host::{HostAnswer, HostCall, HostError, HostFunctions};
use super::outward::HOST;
use crate::limits::Limiter;
use crate::network::{self, Connected, Network, View};

pub(super) struct State {
    pub(super) wasi: WasiCtx,
    pub(super) table: ResourceTable,
    pub(super) network: Network,
    pub(super) limiter: Limiter,
    pub(super) host: Arc<dyn HostFunctions>,
    pub(super) component: Component,
    /// Of the call that runs.
    pub(super) cancel: Cancel,
    /// Of the instance.
    pub(super) closed: Cancel,
    /// Whether the caller waits on its own thread.
    pub(super) is_sync: bool,
}

impl State {
    pub(super) fn is_stopped(&self) -> bool {
        self.cancel.is_cancelled() || self.closed.is_cancelled()
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Connected for State {
    fn network(&mut self) -> View<'_> {
        View { network: &mut self.network, wasi: WasiCtxView { ctx: &mut self.wasi, table: &mut self.table } }
    }
}

type Message = (u32, u32, u32, WasmList<u8>);

/// Offers WASI, and the one function behind the outward adapter.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    network::link(linker)?;
    linker.root().func_wrap_async(HOST, |mut store: StoreContextMut<'_, State>, message: Message| {
        Box::new(async move {
            let (function, answer) = ask(&mut store, message);
            let answer = match answer {
                HostAnswer::Ready(answer) => answer,
                HostAnswer::Later(answer) => answer.await,
            }?;
            let imported = &store.data().component.0.face.imported[function];
            if answer.len() < imported.reply {
                let message =
                    format!("{} answered {} bytes, and {} are the least", imported.name, answer.len(), imported.reply);
                return Err(HostError { message, code: None, token: 0 }.into());
            }
            Ok((answer,))
        })
    })
}

fn ask(store: &mut StoreContextMut<'_, State>, (function, at, reply, args): Message) -> (usize, HostAnswer) {
    let state = store.data();
    let (host, is_sync) = (state.host.clone(), state.is_sync);
    let args = args.as_le_slice(&*store);
    (function as usize, host.call(HostCall { function, at, reply, args, is_sync }))
}
