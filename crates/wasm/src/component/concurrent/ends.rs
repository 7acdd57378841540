//! Streams and futures that a component gives: the host reads them, as much as is asked for and as soon as it is.
//!
//! Nothing is read ahead: a component that writes waits until somebody wants what it writes.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;
use wasmtime::component::__internal::{InterfaceType, LiftContext};
use wasmtime::component::{FutureConsumer, FutureReader, Lift, Source, StreamConsumer, StreamReader, StreamResult};
use wasmtime::{AsContextMut, StoreContextMut, ValRaw};

use super::elements::{Element, answer_head, answer_of_bytes, reading, too_large};
use super::{Reference, too_many};
use crate::component::direct::wrong;
use crate::component::state::State;

type Result<T> = wasmtime::Result<T>;

/// Elements that are read at once, at most; of bytes as many as are asked for.
const MOST_ELEMENTS: usize = 1024;

/// The readable end of a stream or a future.
pub(in crate::component) enum Incoming {
    Bytes(StreamReader<u8>),
    Elements(StreamReader<Element>),
    Value(FutureReader<Element>),
    /// A future that only says that something has happened.
    Signal(FutureReader<()>),
}

impl Incoming {
    /// Takes over the end that a component has under an index.
    pub(in crate::component) fn lift(cx: &mut LiftContext<'_>, ty: InterfaceType, index: u32) -> Result<Incoming> {
        let (index, types) = (ValRaw::u32(index), cx.types);
        Ok(match ty {
            InterfaceType::Stream(stream) => match types[types[stream].ty].payload {
                Some(InterfaceType::U8) => Incoming::Bytes(StreamReader::linear_lift_from_flat(cx, ty, &index)?),
                Some(_) => Incoming::Elements(StreamReader::linear_lift_from_flat(cx, ty, &index)?),
                None => return Err(wrong("a stream of nothing")),
            },
            InterfaceType::Future(future) => match types[types[future].ty].payload {
                Some(_) => Incoming::Value(FutureReader::linear_lift_from_flat(cx, ty, &index)?),
                None => Incoming::Signal(FutureReader::linear_lift_from_flat(cx, ty, &index)?),
            },
            _ => return Err(wrong("no stream and no future")),
        })
    }

    fn pipe(self, store: impl AsContextMut<Data = State>, end: Arc<End>) -> Result<()> {
        match self {
            Incoming::Bytes(reader) => reader.pipe(store, Bytes(Reading(end))),
            Incoming::Elements(reader) => reader.pipe(store, Elements(Reading(end))),
            Incoming::Value(reader) => reader.pipe(store, Value(Reading(end))),
            Incoming::Signal(reader) => reader.pipe(store, Signal(Reading(end))),
        }
    }
}

/// The ends of one instance, by their numbers.
#[derive(Default)]
pub(in crate::component) struct Ends(Mutex<Numbered>);

#[derive(Default)]
struct Numbered {
    ends: HashMap<u32, Arc<End>>,
    last: u32,
}

impl Ends {
    fn lock(&self) -> MutexGuard<'_, Numbered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers what a message has, which says so then.
    pub(super) fn number(
        &self,
        mut store: impl AsContextMut<Data = State>,
        message: &mut [u8],
        references: Vec<(usize, Reference)>,
    ) -> Result<()> {
        let entries = store.as_context_mut().concurrent_state_table_size().saturating_add(references.len());
        if !references.is_empty() && !store.as_context_mut().data_mut().pay_entries(entries) {
            return Err(too_many());
        }
        for (at, reference) in references {
            let number = match reference {
                Reference::Number(number) => number,
                Reference::Resource(resource) => store.as_context_mut().data().handles.add(resource),
                Reference::End(incoming) => {
                    let (number, end) = self.add();
                    incoming.pipe(&mut store, end)?;
                    number
                }
            };
            let place = message.get_mut(at..at + 4).ok_or_else(|| wrong("a stream outside of its message"))?;
            place.copy_from_slice(&number.to_le_bytes());
        }
        Ok(())
    }

    fn add(&self) -> (u32, Arc<End>) {
        let end = Arc::new(End::default());
        let mut numbered = self.lock();
        numbered.last = numbered.last.wrapping_add(1);
        let number = numbered.last;
        numbered.ends.insert(number, end.clone());
        (number, end)
    }

    /// Waits for what an end has next, so many elements at most: the bytes of an answer; none where it has ended.
    pub(super) fn read(&self, number: u32, most: usize) -> oneshot::Receiver<Vec<u8>> {
        let (sender, receiver) = oneshot::channel();
        let end = self.lock().ends.get(&number).cloned();
        let Some(end) = end else {
            drop(sender.send(Vec::new()));
            return receiver;
        };
        if end.want(most.max(1), sender) {
            self.lock().ends.remove(&number);
        }
        receiver
    }

    /// Nobody reads an end any more: its writer is told at its next write.
    pub(super) fn cancel(&self, number: u32) {
        if let Some(end) = self.lock().ends.remove(&number) {
            end.cancel();
        }
    }

    /// The instance is gone. Whoever waits for an end hears of that.
    pub(super) fn clear(&self) {
        let ends = std::mem::take(&mut self.lock().ends);
        ends.values().for_each(|end| end.lock().wanted = None);
    }
}

/// One end, between whoever reads it and the component that writes.
#[derive(Default)]
struct End(Mutex<Between>);

#[derive(Default)]
struct Between {
    wanted: Option<(usize, oneshot::Sender<Vec<u8>>)>,
    writer: Option<Waker>,
    is_cancelled: bool,
    is_over: bool,
}

impl End {
    fn lock(&self) -> MutexGuard<'_, Between> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is nothing more.
    fn want(&self, most: usize, sender: oneshot::Sender<Vec<u8>>) -> bool {
        let mut between = self.lock();
        if between.is_over {
            drop(sender.send(Vec::new()));
            return true;
        }
        between.wanted = Some((most, sender));
        if let Some(writer) = between.writer.take() {
            writer.wake();
        }
        false
    }

    fn cancel(&self) {
        let mut between = self.lock();
        (between.is_cancelled, between.wanted) = (true, None);
        if let Some(writer) = between.writer.take() {
            writer.wake();
        }
    }
}

/// The side of an end that is in the store: dropped, the writer has ended.
struct Reading(Arc<End>);

impl Drop for Reading {
    fn drop(&mut self) {
        let mut between = self.0.lock();
        between.is_over = true;
        // The sender stays where the instance itself is gone: `Ends::clear` was there before.
        if let Some((_, sender)) = between.wanted.take() {
            drop(sender.send(Vec::new()));
        }
    }
}

/// What a reader makes of a write.
enum Turn {
    /// Nobody wants anything now.
    Wait,
    /// Nobody will want anything.
    Refuse,
    /// So many elements may come.
    Take(usize),
}

impl Reading {
    fn turn(&self, cx: &Context<'_>) -> Turn {
        let mut between = self.0.lock();
        match &between.wanted {
            _ if between.is_cancelled => Turn::Refuse,
            Some((most, _)) => Turn::Take(*most),
            None => {
                between.writer = Some(cx.waker().clone());
                Turn::Wait
            }
        }
    }

    fn give(&self, mut store: impl AsContextMut<Data = State>, answer: Vec<u8>) -> Result<()> {
        if !store.as_context_mut().data_mut().pay(answer.len()) {
            return Err(too_large(answer.len()));
        }
        if let Some((_, sender)) = self.0.lock().wanted.take() {
            // Who does not wait any more has been told that the instance is gone, or will not read again.
            drop(sender.send(answer));
        }
        Ok(())
    }

    /// One write to a stream.
    fn write<T: 'static>(
        &self,
        cx: &Context<'_>,
        mut store: StoreContextMut<'_, State>,
        source: Source<'_, T>,
        finish: bool,
        take: impl FnOnce(StoreContextMut<'_, State>, Source<'_, T>, usize) -> Result<Vec<u8>>,
    ) -> Poll<Result<StreamResult>> {
        match self.turn(cx) {
            Turn::Refuse => Poll::Ready(Ok(StreamResult::Dropped)),
            Turn::Wait if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Turn::Wait => Poll::Pending,
            // A write of nothing asks whether there is room.
            Turn::Take(_) if source.remaining(&mut store) == 0 => Poll::Ready(Ok(StreamResult::Completed)),
            Turn::Take(most) => {
                let answer = take(store.as_context_mut(), source, most)?;
                self.give(store, answer)?;
                Poll::Ready(Ok(StreamResult::Completed))
            }
        }
    }
}

struct Bytes(Reading);

impl StreamConsumer<State> for Bytes {
    type Item = u8;

    fn poll_consume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, State>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        self.0.write(cx, store, source, finish, |store, source, most| {
            let mut source = source.as_direct(store);
            let bytes = source.remaining();
            let bytes = &bytes[..bytes.len().min(most)];
            let (answer, count) = (answer_of_bytes(bytes), bytes.len());
            source.mark_read(count);
            Ok(answer)
        })
    }
}

fn elements(mut store: StoreContextMut<'_, State>, mut source: Source<'_, Element>, most: usize) -> Result<Vec<u8>> {
    let there = source.remaining(&mut store);
    let mut elements = Vec::with_capacity(most.min(MOST_ELEMENTS).min(there));
    let (read, references) = reading(elements.capacity().min(there), || source.read(&mut store, &mut elements));
    read?;
    let mut answer = Element::answer(&elements)?;
    let ends = store.data().ends.clone();
    ends.number(&mut store, &mut answer, references)?;
    Ok(answer)
}

struct Elements(Reading);

impl StreamConsumer<State> for Elements {
    type Item = Element;

    fn poll_consume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, State>,
        source: Source<'_, Element>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        self.0.write(cx, store, source, finish, elements)
    }
}

struct Value(Reading);

impl FutureConsumer<State> for Value {
    type Item = Element;

    fn poll_consume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, State>,
        source: Source<'_, Element>,
        finish: bool,
    ) -> Poll<Result<()>> {
        self.0.write(cx, store, source, finish, |store, source, _| elements(store, source, 1)).map_ok(drop)
    }
}

struct Signal(Reading);

impl FutureConsumer<State> for Signal {
    type Item = ();

    fn poll_consume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'_, State>,
        source: Source<'_, ()>,
        finish: bool,
    ) -> Poll<Result<()>> {
        let take = |mut store: StoreContextMut<'_, State>, mut source: Source<'_, ()>, _| {
            let mut signal: Option<()> = None;
            source.read(&mut store, &mut signal)?;
            Ok(answer_head())
        };
        self.0.write(cx, store, source, finish, take).map_ok(drop)
    }
}
