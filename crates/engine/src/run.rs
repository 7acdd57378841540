//! Turns: one macrotask and all microtasks after it, under the limits of the scope that it belongs to.

use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use rquickjs::qjs;

use crate::clock::{NEVER, Nanos, now};
use crate::mail::{Code, Failure, Mail, Request, Ticket};
use crate::ops::{Op, OpOutcome};
use crate::realm::{BACKGROUND, BACKGROUND_TURN, Current, NESTING, Realm, clamp_gc_threshold};
use crate::scope::{Scope, Then};
use crate::threads;
use crate::turn::Verdict;

/// A sandbox gives its thread to others that wait after this.
const SLICE: Nanos = 10_000_000;
/// What is left of an ended turn has this long to drain.
const KILL_DRAIN: Nanos = 50_000_000;
/// Answers are handed over at the latest when so many have come together …
const FLUSH_COUNT: usize = 64;
/// … or this has passed.
const FLUSH_AFTER: Nanos = 200_000;
/// `NESTED_DELAY_MS` for intervals.
const NESTED_DELAY: Nanos = 4_000_000;

impl Realm {
    /// Runs until there is nothing to do, or others wait for the thread.
    pub(crate) fn run(&self) {
        self.locked(|| {
            self.set_stack(self.shared().config.limits.stack_bytes as usize, threads::STACK_LEFT);
            let slice = now() + SLICE;
            while self.shared().is_open() && self.round() {
                if now() > slice && threads::is_contended() {
                    break;
                }
            }
            self.flush();
            self.set_alarm();
        });
    }

    /// Says when the sandbox has to be woken.
    pub(crate) fn set_alarm(&self) {
        let mut timers = self.timers.borrow_mut();
        let mut due = timers.due().unwrap_or(NEVER);
        if timers.immediates() == 0 && self.deferred.borrow().is_empty() {
            return self.shared().set_timers_due(due);
        }
        let paused_until = self.background_from();
        if timers.immediates() > 0 {
            let all_paused = timers.immediate_scopes().all(|scope| self.live_scope(scope).0 == BACKGROUND);
            due = due.min(paused_until.filter(|_| all_paused).unwrap_or_else(now));
        }
        if !self.deferred.borrow().is_empty() {
            due = due.min(paused_until.unwrap_or_else(now));
        }
        self.shared().set_timers_due(due);
    }

    /// One round: immediates, due timers, mail. Whether there was anything.
    pub(crate) fn round(&self) -> bool {
        let mut busy = self.run_immediates();
        busy |= self.run_timers();
        let deferred = std::mem::take(&mut *self.deferred.borrow_mut());
        for mail in deferred {
            busy |= self.take_mail(mail);
            self.settle_ready();
        }
        let mail = self.shared().take_mail();
        if mail.is_empty() {
            self.flush();
            return busy;
        }
        let mut at = now();
        let mut flushed = at;
        for mail in mail {
            // A turn begins where the one before it ended: one look at the clock for both.
            self.time.set(at);
            self.take_mail(mail);
            self.settle_ready();
            at = self.ended.get().max(at);
            if self.out.borrow().len() >= FLUSH_COUNT || at > flushed + FLUSH_AFTER {
                self.flush();
                at = now();
                flushed = at;
            }
            if !self.shared().is_open() {
                break;
            }
        }
        self.time.set(0);
        self.flush();
        true
    }

    /// Ends a scope whose call was answered from outside meanwhile; whether it was.
    fn end_answered(&self, scope: Ticket) -> bool {
        let answered = self.scopes.borrow().contains_key(&scope) && !self.shared().is_waiting(scope);
        if answered {
            self.cancel_scope(scope);
            self.drop_scope(scope);
        }
        answered
    }

    /// Whether work of `scope` has to wait for the background's budget.
    fn is_paused(&self, scope: Ticket) -> bool {
        scope == BACKGROUND && self.background_from().is_some()
    }

    /// Settles calls whose promise another scope's turn settled, each in a turn of its own.
    pub(crate) fn settle_ready(&self) {
        for ticket in self.ready.take() {
            self.settle_in_own_turn(ticket);
        }
    }

    fn run_immediates(&self) -> bool {
        let count = self.timers.borrow().immediates();
        let mut busy = false;
        for _ in 0..count {
            let Some((id, immediate)) = self.timers.borrow_mut().next_immediate() else { break };
            if self.end_answered(immediate.scope) {
                self.free(immediate.run);
                continue;
            }
            let (scope, deadline) = self.live_scope(immediate.scope);
            if self.is_paused(scope) {
                self.timers.borrow_mut().postpone_immediate(id, immediate);
                continue;
            }
            busy = true;
            let current = Current { scope, plugin: immediate.plugin.clone(), level: immediate.level };
            self.turn(current, deadline, |realm| realm.call_back(immediate.run));
            self.free(immediate.run);
            self.count_timers();
            self.settle_ready();
            if !self.shared().is_open() {
                break;
            }
        }
        busy
    }

    fn run_timers(&self) -> bool {
        let now_ns = now();
        let mut busy = false;
        loop {
            let Some(id) = self.timers.borrow_mut().next_due(now_ns) else { return busy };
            let (run, every, mut current) = {
                let timers = self.timers.borrow();
                let Some(timer) = timers.get(id) else { continue };
                let current = Current { scope: timer.scope, plugin: timer.plugin.clone(), level: timer.level };
                (timer.run, timer.every, current)
            };
            if self.end_answered(current.scope) {
                continue;
            }
            let (scope, deadline) = self.live_scope(current.scope);
            current.scope = scope;
            let least = if current.level > NESTING { NESTED_DELAY } else { 0 };
            if self.is_paused(scope) {
                let from = self.background_from().unwrap_or(now_ns);
                self.timers.borrow_mut().postpone(id, from.max(now_ns + 1));
                continue;
            }
            busy = true;
            // SAFETY: under the lock; the callback stays alive while it runs, even if it clears its own timer.
            let run = unsafe { qjs::JS_DupValue(self.cx, run) };
            let verdict = self.turn(current, deadline, |realm| realm.call_back(run));
            self.free(run);
            match every {
                Some(every) if verdict.is_none() => {
                    self.timers.borrow_mut().again(id, now().saturating_add(every.max(least)));
                }
                _ => self.stop_timer(id),
            }
            self.settle_ready();
            if !self.shared().is_open() {
                return true;
            }
        }
    }

    /// Calls a callback of the guest; what it throws is reported, as for every task.
    fn call_back(&self, run: qjs::JSValue) {
        // SAFETY: under the lock, on live values.
        unsafe {
            let result = qjs::JS_Call(self.cx, run, qjs::JS_UNDEFINED, 0, null_mut());
            if qjs::JS_IsException(result) && !self.is_ending() {
                self.report_pending();
            }
            self.free(result);
        }
    }

    /// Does what a message asks for; whether it was more than putting it off.
    fn take_mail(&self, mail: Mail) -> bool {
        match mail {
            Mail::Call { ticket, deadline, request, charge } => {
                // From here on what the message holds counts as the guest's own, once.
                drop(charge);
                if self.shared().is_waiting(ticket) {
                    self.begin_call(ticket, deadline, request);
                }
            }
            Mail::OpDone { op, outcome } => {
                let scope = {
                    let ops = self.ops.borrow();
                    let Some(op) = ops.get(op) else {
                        self.shared().counters.dropped.fetch_add(1, Relaxed);
                        return true;
                    };
                    op.scope
                };
                if self.end_answered(scope) {
                    self.shared().counters.dropped.fetch_add(1, Relaxed);
                    return true;
                }
                if self.is_paused(self.live_scope(scope).0) {
                    self.deferred.borrow_mut().push_back(Mail::OpDone { op, outcome });
                    return false;
                }
                if let Some(op) = self.take_op(op) {
                    self.finish_op(op, outcome);
                }
            }
            Mail::Cancel { ticket } => {
                self.cancel_scope(ticket);
                self.drop_scope(ticket);
            }
        }
        true
    }

    pub(crate) fn begin_call(&self, ticket: Ticket, deadline: Nanos, request: Request) {
        let plugin: Option<Rc<str>> = match &request {
            Request::Call { plugin, .. } => Some(self.plugins.borrow().name(plugin)),
            Request::Load(source) => Some(Rc::from(source.name.as_str())),
            _ => None,
        };
        let scope = Scope {
            deadline,
            plugin: plugin.clone(),
            value: qjs::JS_UNDEFINED,
            then: Then::Answer,
            attached: false,
            refused: false,
        };
        self.scopes.borrow_mut().insert(ticket, scope);
        self.shared().counters.running.fetch_add(1, Relaxed);
        let current = Current { scope: ticket, plugin, level: 0 };
        self.turn(current, deadline, |realm| realm.start(ticket, request));
    }

    fn finish_op(&self, op: Op, outcome: OpOutcome) {
        let (scope, deadline) = self.live_scope(op.scope);
        let current = Current { scope, plugin: op.plugin.clone(), level: 0 };
        self.turn(current, deadline, |realm| {
            // SAFETY: under the lock, on values that the operation owned.
            unsafe {
                let settled = realm.op_value(outcome, op.held);
                let (function, mut value) = match settled {
                    Ok(value) => (op.resolve, value),
                    Err(error) => (op.reject, error),
                };
                let done = qjs::JS_Call(realm.cx, function, qjs::JS_UNDEFINED, 1, &raw mut value);
                realm.free(value);
                if qjs::JS_IsException(done) {
                    realm.drop_exception();
                }
                realm.free(done);
                op.free(realm.cx);
            }
        });
    }

    /// Runs one turn of `scope`; why it was ended, if it was.
    pub(crate) fn turn(&self, current: Current, deadline: Nanos, body: impl FnOnce(&Self)) -> Option<Verdict> {
        if self.is_attached() {
            self.turn_of_owner(current, body);
            return None;
        }
        let shared = self.shared();
        let scope = current.scope;
        let started = match self.time.take() {
            0 => now(),
            known => known,
        };
        let limit = if scope == BACKGROUND { started.saturating_add(BACKGROUND_TURN) } else { deadline };
        if scope == BACKGROUND {
            shared.request_alarm(limit);
        }
        shared.account.begin_turn();
        // SAFETY: under the lock.
        unsafe { clamp_gc_threshold(self.rt, &shared.account) };
        self.current.replace(current);
        shared.turn.begin(scope, limit, started);
        body(self);
        self.run_jobs();
        if scope != BACKGROUND && self.try_settle(scope) {
            self.run_jobs();
        }
        self.tell_of_rejections();
        let mut ended = now();
        let verdict = shared.turn.check_at(ended);
        if let Some(verdict) = verdict {
            self.end_turn(scope, verdict);
            ended = now();
        }
        let cpu = shared.turn.end(ended);
        self.ended.set(ended);
        shared.counters.cpu.fetch_add(cpu, Relaxed);
        if scope == BACKGROUND {
            self.spend(cpu);
        }
        if verdict.is_none() {
            self.report_rejections();
        }
        self.current.replace(Current::default());
        if shared.account.refused() {
            if let Some(scope) = self.scopes.borrow_mut().get_mut(&scope) {
                scope.refused = true;
            }
            // What could not be had may be garbage by now.
            // SAFETY: under the lock, between two turns.
            unsafe { qjs::JS_RunGC(self.rt) };
        }
        if self.has_panicked() {
            shared.die(panicked());
        }
        verdict
    }

    /// Runs microtasks until there are none, or the turn is to end.
    pub(crate) fn run_jobs(&self) {
        let mut context = null_mut();
        self.run_ticks();
        loop {
            // The engine swallows the exception of an interrupted job: the verdict is looked at, not the status.
            if self.is_ending() {
                return;
            }
            // SAFETY: under the lock.
            match unsafe { qjs::JS_ExecutePendingJob(self.rt, &raw mut context) } {
                0 if !self.run_ticks() => return,
                // A promise's job keeps what it throws; a callback of `queueMicrotask` does not.
                status if status < 0 => self.report_pending(),
                _ => {}
            }
        }
    }

    pub(crate) fn report_pending(&self) {
        if self.is_ending() {
            return self.drop_exception();
        }
        // SAFETY: under the lock.
        let error = unsafe { qjs::JS_GetException(self.cx) };
        self.report_uncaught(error);
        self.free(error);
    }

    /// Forgets the pending exception.
    pub(crate) fn drop_exception(&self) {
        // SAFETY: under the lock.
        unsafe { qjs::JS_FreeValue(self.cx, qjs::JS_GetException(self.cx)) };
    }

    /// Ends a turn that ran into a limit: its caller is answered, what is left of it is drained, its timers and operations go.
    fn end_turn(&self, scope: Ticket, verdict: Verdict) {
        let shared = self.shared();
        shared.account.lend_slack();
        self.drop_exception();
        if scope == BACKGROUND {
            self.note_background_end(verdict);
        } else {
            let failure = self.verdict_failure(scope, verdict);
            self.answer(scope, Err(failure));
        }
        let until = now() + KILL_DRAIN;
        let mut context = null_mut();
        loop {
            shared.turn.poke();
            // SAFETY: under the lock; the handler ends every job at its first poll.
            match unsafe { qjs::JS_ExecutePendingJob(self.rt, &raw mut context) } {
                0 => break,
                status if status < 0 => self.drop_exception(),
                _ => {}
            }
            if now() > until {
                let why = "the guest queued jobs after its deadline faster than they could be dropped";
                shared.die(Failure::new(Code::Timeout, why));
                break;
            }
        }
        self.rejections.forget(self.cx);
        // SAFETY: under the lock, between two turns.
        unsafe { self.ticks.clear(self.cx) };
        if scope != BACKGROUND {
            self.cancel_scope(scope);
            self.drop_scope(scope);
        }
    }

    fn verdict_failure(&self, scope: Ticket, verdict: Verdict) -> Failure {
        if self.has_panicked() {
            return panicked();
        }
        let limits = &self.shared().config.limits;
        match verdict {
            Verdict::Deadline => self.shared().deadline_failure(scope),
            Verdict::Cpu => {
                let cpu = limits.cpu.as_millis();
                let message = format!("one turn of the guest used more than its {cpu} ms of CPU time");
                Failure::new(Code::Timeout, message).with_limit(format!("cpuMs: {cpu}"))
            }
            Verdict::Aborted => Failure::new(Code::Aborted, "the call was aborted by its signal"),
            Verdict::Closed => Failure::new(Code::Closed, "the sandbox is closed"),
            Verdict::Memory => self.shared().out_of_memory(format!(
                "the guest reached its limit of {} bytes again and again",
                self.shared().account.limit()
            )),
        }
    }

    fn note_background_end(&self, verdict: Verdict) {
        let what = match verdict {
            Verdict::Memory => "memory",
            _ => "CPU time",
        };
        let text = format!("A timer or operation that a finished call left behind was ended: it used too much {what}.");
        self.write_text("error", text);
    }

    /// Cancels what a scope waits for. Late completions meet another generation and are dropped.
    pub(crate) fn cancel_scope(&self, ticket: Ticket) {
        let ops = self.ops.borrow_mut().take(|op| op.scope == ticket);
        for op in ops {
            op.stop();
            // SAFETY: under the lock.
            unsafe { op.free(self.cx) };
        }
        let timers = self.timers.borrow_mut().take(|timer| timer.scope == ticket);
        self.free_timers(timers);
    }

    pub(crate) fn drop_scope(&self, ticket: Ticket) {
        let scope = self.scopes.borrow_mut().remove(&ticket);
        if let Some(scope) = scope {
            self.shared().counters.running.fetch_sub(1, Relaxed);
            if let Then::Register { source, .. } = &scope.then {
                self.plugins.borrow_mut().end_loading(&source.name);
            }
            // SAFETY: under the lock.
            unsafe { scope.free(self.cx) };
        }
    }
}

fn panicked() -> Failure {
    Failure::new(Code::Internal, "internal error: a panic in a native function; please report it")
}
