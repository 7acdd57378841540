//! The host's functions behind the imports of a component, by the same messages as the outward adapter's.

use std::sync::Arc;

use wasmtime::component::{Accessor, Linker, LinkerInstance};
use wasmtime::{AsContextMut, StoreContextMut};
use wasmtime_wasi::p3;

use super::values::{Asked, Lifted, Reply};
use crate::component::core::BASE;
use crate::component::host::{HostAnswer, HostCall, HostError, HostFunctions};
use crate::component::state::State;
use crate::component::{Face, Imported};
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
    let asking = Arc::new(Asking { name: imported.name.clone(), least: imported.reply, number });
    by_counts!(imported, (place, function, imported.is_async, asking), 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

/// A function of the host.
struct Asking {
    name: String,
    /// Bytes that an answer has at least.
    least: usize,
    number: u32,
}

fn wrap<const PARAMS: usize, const RESULTS: usize>(
    place: &mut LinkerInstance<'_, State>,
    function: &str,
    is_async: bool,
    asking: Arc<Asking>,
) -> Result<()> {
    if is_async {
        return place.func_wrap_concurrent(function, move |accessor: &Accessor<State>, asked: Asked<PARAMS>| {
            let asking = asking.clone();
            Box::pin(async move {
                let (answer, host) = accessor.with(|mut access| asking.ask(access.as_context_mut(), asked.0))?;
                Ok(Reply::<RESULTS> { message: asking.answered(answer).await?, host })
            })
        });
    }
    // What is not async in its types keeps the whole instance waiting for its answer.
    place.func_wrap_async(function, move |store: StoreContextMut<'_, State>, asked: Asked<PARAMS>| {
        let asking = asking.clone();
        Box::new(async move {
            let (answer, host) = asking.ask(store, asked.0)?;
            Ok(Reply::<RESULTS> { message: asking.answered(answer).await?, host })
        })
    })
}

impl Asking {
    fn ask(
        &self,
        mut store: StoreContextMut<'_, State>,
        Lifted { mut message, ends }: Lifted,
    ) -> Result<(HostAnswer, Arc<dyn HostFunctions>)> {
        let numbered = store.data().ends.clone();
        numbered.number(&mut store, &mut message, ends)?;
        let host = store.data().host.clone();
        let call = HostCall { function: self.number, at: BASE, reply: BASE, args: message.into(), is_sync: false };
        Ok((host.call(call), host))
    }

    async fn answered(&self, answer: HostAnswer) -> Result<Vec<u8>> {
        let answer = match answer {
            HostAnswer::Ready(answer) => answer,
            HostAnswer::Later(answer) => answer.await,
        }?;
        if answer.len() < self.least {
            let message = format!("{} answered {} bytes, and {} are the least", self.name, answer.len(), self.least);
            return Err(HostError { message, code: None, token: 0 }.into());
        }
        Ok(answer)
    }
}
