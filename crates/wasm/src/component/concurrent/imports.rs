//! The host's functions behind the imports of a component, by the same messages as the outward adapter's.

use std::sync::Arc;

use wasmtime::component::{Accessor, Linker, LinkerInstance};
use wasmtime::{AsContextMut, StoreContextMut};
use wasmtime_wasi::p3;

use super::values::{Asked, Lifted, Reply};
use crate::component::core::BASE;
use crate::component::host::{HostAnswer, HostCall, HostFunctions};
use crate::component::state::{Held, State, settled};
use crate::component::{Component, Face, Imported};
use crate::network;

type Result<T> = wasmtime::Result<T>;

/// Offers WASI 0.2, WASI 0.3 but its network, which nobody checks, and the host's functions.
pub(in crate::component) fn link(linker: &mut Linker<State>, face: &Face) -> Result<()> {
    if face.imports.is_empty() {
        return Ok(());
    }
    network::link(linker)?;
    p3::cli::add_to_linker(linker)?;
    p3::clocks::add_to_linker(linker)?;
    p3::filesystem::add_to_linker(linker)?;
    p3::random::add_to_linker(linker)?;
    let parts = |imported: &Imported| match imported.name.split_once('#') {
        Some((interface, function)) => (Some(interface.to_owned()), function.to_owned()),
        None => (None, imported.name.clone()),
    };
    let all: Vec<_> =
        face.imported.iter().zip(0..).map(|(imported, number)| (parts(imported), imported, number)).collect();
    for same in all.chunk_by(|((before, _), ..), ((after, _), ..)| before == after) {
        let mut place = match same.first() {
            Some(((Some(interface), _), ..)) => linker.instance(interface)?,
            _ => linker.root(),
        };
        for ((_, function), imported, number) in same {
            offer(&mut place, function, imported, *number)?;
        }
    }
    Ok(())
}

macro_rules! by_counts {
    ($imported:expr, $call:tt, $($count:literal)*) => {
        match ($imported.params, $imported.results) {
            $(($count, 0) => wrap::<$count, 0> $call, ($count, _) => wrap::<$count, 1> $call,)*
            _ => Err(wasmtime::Error::msg("more than 16 flat values")),
        }
    };
}

fn offer(place: &mut LinkerInstance<'_, State>, function: &str, imported: &Imported, number: u32) -> Result<()> {
    by_counts!(imported, (place, function, imported.is_async, number), 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

fn wrap<const PARAMS: usize, const RESULTS: usize>(
    place: &mut LinkerInstance<'_, State>,
    function: &str,
    is_async: bool,
    number: u32,
) -> Result<()> {
    if is_async {
        return place.func_wrap_concurrent(function, move |accessor: &Accessor<State>, asked: Asked<PARAMS>| {
            Box::pin(async move {
                let begun = accessor.with(|mut access| Begun::of(access.as_context_mut(), number, asked.0))?;
                begun.reply::<RESULTS>().await
            })
        });
    }
    // What is not async in its types keeps the whole instance waiting for its answer.
    place.func_wrap_async(function, move |store: StoreContextMut<'_, State>, asked: Asked<PARAMS>| {
        Box::new(async move { Begun::of(store, number, asked.0)?.reply::<RESULTS>().await })
    })
}

/// A call of a function of the host.
struct Begun {
    number: u32,
    answer: HostAnswer,
    component: Component,
    host: Arc<dyn HostFunctions>,
    _held: Held,
}

impl Begun {
    fn of(mut store: StoreContextMut<'_, State>, number: u32, Lifted { mut message, ends }: Lifted) -> Result<Begun> {
        let numbered = store.data().ends.clone();
        numbered.number(&mut store, &mut message, ends)?;
        let state = store.data_mut();
        let held = state.hold_call(message.len())?;
        let (host, component) = (state.host.clone(), state.component.clone());
        let call = HostCall { function: number, at: BASE, reply: BASE, args: message.into(), is_sync: false };
        Ok(Begun { number, answer: host.call(call), component, host, _held: held })
    }

    async fn reply<const RESULTS: usize>(self) -> Result<Reply<RESULTS>> {
        Ok(Reply { message: settled(&self.component, self.number, self.answer).await?, host: self.host })
    }
}
