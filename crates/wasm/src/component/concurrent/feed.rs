//! Streams and futures that the host gives a component: asked of the host's code as the component reads, one batch at a time.

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use wasmtime::component::__internal::{InterfaceType, LowerContext};
use wasmtime::component::{
    Destination, FutureProducer, FutureReader, Lower, StreamProducer, StreamReader, StreamResult, VecBuffer,
};
use wasmtime::{StoreContextMut, ValRaw};

use super::elements::{Element, bytes_of_answer};
use super::{GIVE_UP, Giver, PULL};
use crate::component::core::BASE;
use crate::component::direct::wrong;
use crate::component::host::{HostAnswer, HostCall, HostResult};

type Result<T> = wasmtime::Result<T>;

/// Makes an end in the component for a number of the host's; its index there.
pub(in crate::component) fn lower_end<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    ty: InterfaceType,
    number: u32,
    giver: &Giver,
) -> Result<u32> {
    let (feed, types) = (Feed { number, giver: giver.clone(), asked: None, is_over: false }, cx.types);
    let mut index = MaybeUninit::uninit();
    match ty {
        InterfaceType::Stream(stream) => match types[types[stream].ty].payload {
            Some(InterfaceType::U8) => {
                let reader = StreamReader::new(&mut cx.store, Bytes { feed, rest: Vec::new(), next: 0 })?;
                reader.linear_lower_to_flat(cx, ty, &mut index)?;
            }
            Some(_) => {
                let reader = StreamReader::new(&mut cx.store, Elements { feed, batch: Vec::new() })?;
                reader.linear_lower_to_flat(cx, ty, &mut index)?;
            }
            None => return Err(wrong("a stream of nothing")),
        },
        InterfaceType::Future(future) => match types[types[future].ty].payload {
            Some(_) => FutureReader::new(&mut cx.store, Value(feed))?.linear_lower_to_flat(cx, ty, &mut index)?,
            None => FutureReader::new(&mut cx.store, Signal(feed))?.linear_lower_to_flat(cx, ty, &mut index)?,
        },
        _ => return Err(wrong("no stream and no future")),
    }
    // SAFETY: lowering that went well has written it.
    let index: ValRaw = unsafe { index.assume_init() };
    Ok(index.get_u32())
}

/// The host's code behind one end. Dropped before its end, it says that nobody reads any more.
struct Feed {
    number: u32,
    giver: Giver,
    asked: Option<Pin<Box<dyn Future<Output = HostResult> + Send>>>,
    is_over: bool,
}

impl Feed {
    fn call(&self, function: u32) -> HostAnswer {
        let args = u64::from(self.number).to_le_bytes();
        self.giver.host.call(HostCall { function, at: BASE, reply: BASE, args: args.to_vec().into(), is_sync: false })
    }

    /// What comes next; nothing at the end.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>>> {
        if self.is_over {
            return Poll::Ready(Ok(None));
        }
        let mut asked = self.asked.take().unwrap_or_else(|| match self.call(PULL) {
            HostAnswer::Ready(answer) => Box::pin(std::future::ready(answer)),
            HostAnswer::Later(answer) => answer,
        });
        let Poll::Ready(answer) = asked.as_mut().poll(cx) else {
            self.asked = Some(asked);
            return Poll::Pending;
        };
        let answer = answer?;
        self.is_over = answer.is_empty();
        Poll::Ready(Ok((!self.is_over).then_some(answer)))
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if !self.is_over {
            drop(self.call(GIVE_UP));
        }
    }
}

/// What waits is told so, or stops waiting where the component does.
fn waiting(finish: bool) -> Poll<Result<StreamResult>> {
    if finish { Poll::Ready(Ok(StreamResult::Cancelled)) } else { Poll::Pending }
}

struct Bytes {
    feed: Feed,
    rest: Vec<u8>,
    /// The first byte of these that was not given yet.
    next: usize,
}

impl<D: 'static> StreamProducer<D> for Bytes {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        destination: Destination<'a, u8, VecBuffer<u8>>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        while self.next == self.rest.len() {
            match self.feed.poll_next(cx)? {
                Poll::Pending => return waiting(finish),
                Poll::Ready(None) => return Poll::Ready(Ok(StreamResult::Dropped)),
                Poll::Ready(Some(answer)) => (self.rest, self.next) = (bytes_of_answer(answer)?, 0),
            }
        }
        let this = &mut *self;
        let rest = &this.rest[this.next..];
        let mut destination = destination.as_direct(store, rest.len());
        let room = destination.remaining();
        let count = room.len().min(rest.len());
        room[..count].copy_from_slice(&rest[..count]);
        destination.mark_written(count);
        this.next += count;
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

struct Elements {
    feed: Feed,
    /// What a component that asked whether there is something has not taken yet.
    batch: Vec<Element>,
}

impl<D: 'static> StreamProducer<D> for Elements {
    type Item = Element;
    type Buffer = VecBuffer<Element>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Element, VecBuffer<Element>>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        while self.batch.is_empty() {
            match self.feed.poll_next(cx)? {
                Poll::Pending => return waiting(finish),
                Poll::Ready(None) => return Poll::Ready(Ok(StreamResult::Dropped)),
                Poll::Ready(Some(answer)) => self.batch = Element::of_answer(answer, &self.feed.giver)?,
            }
        }
        if destination.remaining(store) != Some(0) {
            destination.set_buffer(std::mem::take(&mut self.batch).into());
        }
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

/// The one answer behind a future.
fn poll_value(feed: &mut Feed, cx: &mut Context<'_>, finish: bool) -> Poll<Result<Option<Vec<u8>>>> {
    match feed.poll_next(cx)? {
        Poll::Pending if finish => Poll::Ready(Ok(None)),
        Poll::Pending => Poll::Pending,
        Poll::Ready(None) => Poll::Ready(Err(wrong("a future of the host has no value"))),
        Poll::Ready(answer) => {
            feed.is_over = true;
            Poll::Ready(Ok(answer))
        }
    }
}

struct Value(Feed);

impl<D: 'static> FutureProducer<D> for Value {
    type Item = Element;

    fn poll_produce(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _: StoreContextMut<'_, D>,
        finish: bool,
    ) -> Poll<Result<Option<Element>>> {
        let Some(answer) = ready!(poll_value(&mut self.0, cx, finish))? else { return Poll::Ready(Ok(None)) };
        let element = Element::of_answer(answer, &self.0.giver)?.pop();
        Poll::Ready(element.map(Some).ok_or_else(|| wrong("a future of the host has no value")))
    }
}

struct Signal(Feed);

impl<D: 'static> FutureProducer<D> for Signal {
    type Item = ();

    fn poll_produce(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _: StoreContextMut<'_, D>,
        finish: bool,
    ) -> Poll<Result<Option<()>>> {
        poll_value(&mut self.0, cx, finish).map_ok(|answer| answer.map(drop))
    }
}
