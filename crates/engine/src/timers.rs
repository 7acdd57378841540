//! Timers and immediates of a guest: when they are due, and in which order.
//!
//! Values in here belong to the engine; the realm frees them under its lock.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::rc::Rc;

use rquickjs::qjs;

use crate::clock::Nanos;
use crate::mail::Ticket;
use crate::realm::Current;

pub(crate) struct Timer {
    pub(crate) run: qjs::JSValue,
    pub(crate) scope: Ticket,
    pub(crate) plugin: Option<Rc<str>>,
    /// How deep in timers that set timers this one is; the HTML standard slows deep ones down.
    pub(crate) level: u32,
    /// The pause between two runs of an interval.
    pub(crate) every: Option<Nanos>,
    due: Nanos,
    /// Creation order: what is due at the same time runs in this order.
    order: u64,
}

#[derive(Default)]
pub(crate) struct Timers {
    timers: HashMap<u32, Timer>,
    /// Due times; an entry whose timer is gone or was set anew is skipped.
    queue: BinaryHeap<Reverse<(Nanos, u64, u32)>>,
    immediates: VecDeque<(u32, Timer)>,
    last_id: u32,
    last_order: u64,
}

impl Timers {
    pub(crate) fn len(&self) -> usize {
        self.timers.len() + self.immediates.len()
    }

    fn next_id(&mut self) -> u32 {
        loop {
            self.last_id = (self.last_id & 0x7fff_ffff).wrapping_add(1);
            if !self.timers.contains_key(&self.last_id) {
                return self.last_id;
            }
        }
    }

    fn next_order(&mut self) -> u64 {
        self.last_order += 1;
        self.last_order
    }

    pub(crate) fn start(&mut self, run: qjs::JSValue, due: Nanos, every: Option<Nanos>, by: &Current) -> u32 {
        let (id, order) = (self.next_id(), self.next_order());
        let Current { scope, plugin, level } = by.clone();
        self.timers.insert(id, Timer { run, scope, plugin, level: level + 1, every, due, order });
        self.queue.push(Reverse((due, order, id)));
        id
    }

    pub(crate) fn start_immediate(&mut self, run: qjs::JSValue, by: &Current) -> u32 {
        let (id, order) = (self.next_id(), self.next_order());
        let Current { scope, plugin, level } = by.clone();
        self.immediates.push_back((id, Timer { run, scope, plugin, level, every: None, due: 0, order }));
        id
    }

    pub(crate) fn stop(&mut self, id: u32) -> Option<Timer> {
        self.timers.remove(&id)
    }

    pub(crate) fn stop_immediate(&mut self, id: u32) -> Option<Timer> {
        let position = self.immediates.iter().position(|(other, _)| *other == id)?;
        self.immediates.remove(position).map(|(_, timer)| timer)
    }

    /// Immediates set before this moment: those that they set run in the next round.
    pub(crate) fn immediates(&self) -> usize {
        self.immediates.len()
    }

    pub(crate) fn next_immediate(&mut self) -> Option<(u32, Timer)> {
        self.immediates.pop_front()
    }

    /// Puts an immediate back that cannot run yet.
    pub(crate) fn postpone_immediate(&mut self, id: u32, immediate: Timer) {
        self.immediates.push_back((id, immediate));
    }

    /// Scopes that immediates belong to.
    pub(crate) fn immediate_scopes(&self) -> impl Iterator<Item = Ticket> {
        self.immediates.iter().map(|(_, timer)| timer.scope)
    }

    /// The id of a timer that is due at `now`, with its order. Timers that a callback sets with the same due time come later.
    pub(crate) fn next_due(&mut self, now: Nanos) -> Option<u32> {
        while let Some(Reverse((due, order, id))) = self.queue.peek().copied() {
            let is_current = self.timers.get(&id).is_some_and(|timer| timer.order == order && timer.due == due);
            if is_current && due > now {
                return None;
            }
            self.queue.pop();
            if is_current {
                return Some(id);
            }
        }
        None
    }

    pub(crate) fn get(&self, id: u32) -> Option<&Timer> {
        self.timers.get(&id)
    }

    /// Sets a timer's next run, if it is still there.
    pub(crate) fn again(&mut self, id: u32, due: Nanos) {
        let order = self.next_order();
        if let Some(timer) = self.timers.get_mut(&id) {
            (timer.due, timer.order) = (due, order);
            timer.level += 1;
            self.queue.push(Reverse((due, order, id)));
        }
    }

    /// Puts a timer off that cannot run yet.
    pub(crate) fn postpone(&mut self, id: u32, due: Nanos) {
        let order = self.next_order();
        if let Some(timer) = self.timers.get_mut(&id) {
            (timer.due, timer.order) = (due, order);
            self.queue.push(Reverse((due, order, id)));
        }
    }

    /// Whether a timer or immediate of this scope is there.
    pub(crate) fn has(&self, scope: Ticket) -> bool {
        self.timers.values().chain(self.immediates.iter().map(|(_, timer)| timer)).any(|timer| timer.scope == scope)
    }

    /// When the next timer is due.
    pub(crate) fn due(&mut self) -> Option<Nanos> {
        while let Some(Reverse((due, order, id))) = self.queue.peek().copied() {
            if self.timers.get(&id).is_some_and(|timer| timer.order == order) {
                return Some(due);
            }
            self.queue.pop();
        }
        None
    }

    /// Takes out every timer and immediate that `chosen` picks.
    pub(crate) fn take(&mut self, chosen: impl Fn(&Timer) -> bool) -> Vec<Timer> {
        let mut taken: Vec<Timer> = self.timers.extract_if(|_, timer| chosen(timer)).map(|(_, timer)| timer).collect();
        let (gone, kept) = std::mem::take(&mut self.immediates).into_iter().partition(|(_, timer)| chosen(timer));
        self.immediates = kept;
        let gone: VecDeque<(u32, Timer)> = gone;
        taken.extend(gone.into_iter().map(|(_, timer)| timer));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(timers: &mut Timers, due: Nanos) -> u32 {
        timers.start(qjs::JS_UNDEFINED, due, None, &Current::default())
    }

    #[test]
    fn timers_due_together_run_in_the_order_of_their_creation() {
        let mut timers = Timers::default();
        let (first, second) = (start(&mut timers, 5), start(&mut timers, 5));
        let early = start(&mut timers, 4);
        let order: Vec<_> = std::iter::from_fn(|| timers.next_due(5).inspect(|id| drop(timers.stop(*id)))).collect();
        assert_eq!(order, [early, first, second]);
    }

    #[test]
    fn a_stopped_timer_is_not_due() {
        let mut timers = Timers::default();
        let id = start(&mut timers, 5);
        assert!(timers.stop(id).is_some());
        assert_eq!(timers.next_due(10), None);
        assert_eq!(timers.due(), None);
    }

    #[test]
    fn an_interval_is_due_again_at_its_new_time_only() {
        let mut timers = Timers::default();
        let id = timers.start(qjs::JS_UNDEFINED, 5, Some(5), &Current::default());
        assert_eq!(timers.next_due(5), Some(id));
        timers.again(id, 10);
        assert_eq!(timers.next_due(9), None);
        assert_eq!(timers.next_due(10), Some(id));
    }
}
