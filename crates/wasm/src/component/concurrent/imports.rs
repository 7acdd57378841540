//! The host's functions behind the imports of a component, by the same messages as everywhere.

use wasmtime::component::{Accessor, Linker, LinkerInstance, ResourceType};
use wasmtime::{AsContextMut, StoreContextMut};
use wasmtime_wasi::p3;

use super::Giver;
use super::handles::HostObject;
use crate::component::core::BASE;
use crate::component::direct::{Asked, Lifted, Reply};
use crate::component::host::{HostAnswer, HostCall};
use crate::component::state::{Held, State, settled};
use crate::component::{Component, Face, Imported};
use crate::{files, network};

type Result<T> = wasmtime::Result<T>;

/// Offers WASI 0.2, WASI 0.3 but its HTTP, and the host's functions.
pub(in crate::component) fn link(linker: &mut Linker<State>, face: &Face) -> Result<()> {
    if face.imports.is_empty() {
        return Ok(());
    }
    network::link(linker)?;
    files::preview2::link(linker)?;
    network::link_p3(linker)?;
    p3::cli::add_to_linker(linker)?;
    p3::clocks::add_to_linker(linker)?;
    p3::filesystem::add_to_linker(linker)?;
    p3::random::add_to_linker(linker)?;
    for resource in &face.resources {
        let end = resource.end;
        let mut place = place(linker, resource.interface.as_deref())?;
        place.resource_async(&resource.name, ResourceType::host::<HostObject>(), move |store, number| {
            Box::new(async move { ended(store, end, number).await })
        })?;
    }
    for (imported, number) in face.imported_functions() {
        let (interface, function) = imported.place();
        offer(&mut place(linker, interface)?, function, imported, number)?;
    }
    Ok(())
}

fn place<'a>(linker: &'a mut Linker<State>, interface: Option<&str>) -> Result<LinkerInstance<'a, State>> {
    match interface {
        Some(interface) => linker.instance(interface),
        None => Ok(linker.root()),
    }
}

/// Tells the host's code that the component has given up a resource of it. The component waits until that is done.
async fn ended(store: StoreContextMut<'_, State>, end: u32, number: u32) -> Result<()> {
    let message = u64::from(number).to_le_bytes().to_vec();
    Begun::of(store, end, Lifted { message, references: Vec::new() })?.answer().await.map(drop)
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
    giver: Giver,
    _held: Held,
}

impl Begun {
    fn of(
        mut store: StoreContextMut<'_, State>,
        number: u32,
        Lifted { mut message, references }: Lifted,
    ) -> Result<Begun> {
        let numbered = store.data().ends.clone();
        numbered.number(&mut store, &mut message, references)?;
        let state = store.data_mut();
        let held = state.hold_call(message.len())?;
        let (giver, component) = (state.giver(), state.component.clone());
        let call = HostCall { function: number, at: BASE, reply: BASE, args: message.into(), is_sync: false };
        Ok(Begun { number, answer: giver.host.call(call), component, giver, _held: held })
    }

    async fn reply<const RESULTS: usize>(self) -> Result<Reply<RESULTS>> {
        let giver = self.giver.clone();
        Ok(Reply { message: self.answer().await?, giver })
    }

    async fn answer(self) -> Result<Vec<u8>> {
        settled(&self.component, self.number, self.answer).await
    }
}
