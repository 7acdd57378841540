//! The host's side of a running component: what its imports reach, and what they leave behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use hostbox_buffers::Cancel;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::Component;
use super::concurrent::{Ends, Giver, Handles, Turn};
use super::core::BASE;
use super::host::{HostAnswer, HostCall, HostError, HostFunctions};
use crate::error::Error;
use crate::files::Denials;
use crate::files::preview2::{self as files, Denied};
use crate::limits::Limiter;
use crate::network::{self, Connected, Network, View};

pub(super) struct State {
    pub(super) wasi: WasiCtx,
    pub(super) table: ResourceTable,
    pub(super) network: Network,
    pub(super) denials: Denials,
    pub(super) limiter: Limiter,
    pub(super) host: Arc<dyn HostFunctions>,
    pub(super) component: Component,
    /// Of the call that runs.
    pub(super) cancel: Cancel,
    /// Of the instance.
    pub(super) closed: Cancel,
    /// Bytes of its linear memories and tables.
    pub(super) memory_bytes: Arc<AtomicU64>,
    /// Whether the caller waits on its own thread.
    pub(super) is_sync: bool,
    /// Bytes of messages that the account has paid for.
    pub(super) paid: usize,
    /// Bytes of calls to the host that have no answer yet, where several are under way.
    pub(super) asked: Arc<AtomicUsize>,
    /// Whether it has asked anything of the host since it was there.
    pub(super) has_asked: bool,
    /// Streams and futures that the component gave.
    pub(super) ends: Arc<Ends>,
    /// Its resources that the host has.
    pub(super) handles: Arc<Handles>,
    pub(super) turn: Arc<Turn>,
    /// Tasks, streams, futures and resources that the account has paid for.
    pub(super) entries: usize,
}

/// Bytes that the machine takes for a task or an end of a stream, or the host for a resource, and more.
const ENTRY_BYTES: usize = 512;

impl State {
    pub(super) fn is_stopped(&self) -> bool {
        self.cancel.is_cancelled() || self.closed.is_cancelled() || (self.is_sync && self.host.is_over())
    }

    /// Has the account pay for the parameters of a call to the host.
    fn pay_for_call(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.has_asked = true;
        if self.pay(bytes) {
            return Ok(());
        }
        let message = format!("memoryBytes: a call of {bytes} bytes does not fit into this sandbox's memory");
        Err(Error::Memory(message).into())
    }

    /// The same for one of several calls, which the host holds until what is given here is dropped.
    pub(super) fn hold_call(&mut self, bytes: usize) -> wasmtime::Result<Held> {
        let held = Held { bytes, all: self.asked.clone() };
        let all = held.all.fetch_add(bytes, Relaxed).saturating_add(bytes);
        self.pay_for_call(all).map(|()| held)
    }

    /// Has the account pay for a message that the host holds: once for the largest, as for the memory of an adapter.
    pub(super) fn pay(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.paid);
        let granted = more == 0 || self.limiter.reserve(more);
        if granted {
            self.paid += more;
        }
        granted
    }

    /// Who has what stands as a number in a message to the component.
    pub(super) fn giver(&self) -> Giver {
        Giver { host: self.host.clone(), handles: self.handles.clone() }
    }

    /// Has the account pay for so many tasks and streams beside the resources, once for the most that there were.
    pub(super) fn pay_entries(&mut self, entries: usize) -> bool {
        let entries = entries.saturating_add(self.handles.count());
        let more = entries.saturating_sub(self.entries);
        let granted = more == 0 || self.limiter.reserve(more.saturating_mul(ENTRY_BYTES));
        if granted {
            self.entries += more;
        }
        granted
    }
}

/// Bytes of a call that the host holds.
pub(super) struct Held {
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Relaxed);
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.has_asked = true;
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Connected for State {
    fn network(&mut self) -> View<'_> {
        self.has_asked = true;
        View { network: &mut self.network, wasi: WasiCtxView { ctx: &mut self.wasi, table: &mut self.table } }
    }
}

impl Denied for State {
    fn files(&mut self) -> files::View<'_> {
        self.has_asked = true;
        let wasi = WasiCtxView { ctx: &mut self.wasi, table: &mut self.table };
        files::View { denials: &mut self.denials, wasi }
    }
}

/// Offers WASI.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    network::link(linker)?;
    files::link(linker)
}

/// Calls a function of the host: its parameters, and its answer, are a message from [`BASE`] on.
pub(super) async fn answer(
    mut store: StoreContextMut<'_, State>,
    function: u32,
    args: Vec<u8>,
) -> wasmtime::Result<Vec<u8>> {
    let state = store.data_mut();
    state.pay_for_call(args.len())?;
    let (host, is_sync) = (state.host.clone(), state.is_sync);
    let call = HostCall { function, at: BASE, reply: BASE, args: args.into(), is_sync };
    let answer = host.call(call);
    let component = state.component.clone();
    settled(&component, function, answer).await
}

/// The answer of a function of the host, which has the least bytes that its type asks for.
pub(super) async fn settled(component: &Component, function: u32, answer: HostAnswer) -> wasmtime::Result<Vec<u8>> {
    let answer = match answer {
        HostAnswer::Ready(answer) => answer,
        HostAnswer::Later(answer) => answer.await,
    }?;
    let imported = &component.0.face.imported[function as usize];
    if answer.len() < imported.reply {
        let message =
            format!("{} answered {} bytes, and {} are the least", imported.name, answer.len(), imported.reply);
        return Err(HostError { message, code: None, token: 0 }.into());
    }
    Ok(answer)
}
