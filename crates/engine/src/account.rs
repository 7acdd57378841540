//! One account a sandbox: the JS heap, ArrayBuffers of ours that the guest holds, and messages under way.
//!
//! The engine's own limit is off; its allocator asks here before every allocation. A refusal sets a flag, which is where
//! `ERR_MEMORY` comes from: the value that the engine throws may be anything, `null` included, when memory is short.

use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering::Relaxed};

use rquickjs::allocator::Allocator;
use rquickjs::qjs;

/// After a refusal the engine has to build an error. This much is lent for it at a time …
const LOAN: usize = 16 << 10;
/// … and this much in all, until the guest is well below its limit again.
const LOANS: usize = 1 << 20;
/// Lent while a turn is being ended: unwinding must not meet an empty account.
const UNWINDING_SLACK: usize = 2 << 20;
/// So many refusals in one turn are no accident: the turn is ended.
const REFUSALS_PER_TURN: u32 = 256;

/// What parsing a source takes at least, and for each of its bytes.
const PARSING_LEAST: usize = 8 << 10;
const PARSING_FACTOR: usize = 4;
/// A turn that begins with a full heap gets so much to free something with …
const RECOVERY: usize = 64 << 10;
/// … as long as all that went beyond the limit stays below this.
const BEYOND: usize = 2 << 20;

/// A turn leaves this much of the limit to the next one, which may be the one that frees what fills the heap.
const RESERVE: usize = 256 << 10;

/// Memory that a sandbox uses, in bytes, against its limit.
pub struct Account {
    limit: AtomicUsize,
    /// What the running turn may fill.
    ceiling: AtomicUsize,
    /// Written by the thread that holds the engine alone, read by all.
    heap: AtomicUsize,
    external: AtomicUsize,
    /// Linear memories and tables of WebAssembly.
    wasm: AtomicUsize,
    messages: AtomicUsize,
    slack: AtomicUsize,
    loan_left: AtomicUsize,
    lent: AtomicUsize,
    refused: AtomicBool,
    refusals: AtomicU32,
    exhausted: AtomicBool,
    /// The engine's parser runs, which must not be refused anything.
    parsing: AtomicBool,
    /// It went beyond the limit, and was told that its stack is full, which it looks at.
    overdrawn: AtomicBool,
    runtime: AtomicPtr<qjs::JSRuntime>,
}

impl Account {
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX >> 1);
        Arc::new(Self {
            limit: AtomicUsize::new(limit),
            ceiling: AtomicUsize::new(limit),
            heap: AtomicUsize::new(0),
            external: AtomicUsize::new(0),
            wasm: AtomicUsize::new(0),
            messages: AtomicUsize::new(0),
            slack: AtomicUsize::new(0),
            loan_left: AtomicUsize::new(0),
            lent: AtomicUsize::new(0),
            refused: AtomicBool::new(false),
            refusals: AtomicU32::new(0),
            exhausted: AtomicBool::new(false),
            parsing: AtomicBool::new(false),
            overdrawn: AtomicBool::new(false),
            runtime: AtomicPtr::new(null_mut()),
        })
    }

    /// Bytes of the JS heap proper.
    pub fn heap(&self) -> usize {
        self.heap.load(Relaxed)
    }

    /// Everything that counts against the limit, in bytes.
    pub fn used(&self) -> usize {
        self.heap() + self.external.load(Relaxed) + self.wasm() + self.messages.load(Relaxed)
    }

    /// Bytes of linear memories and tables.
    pub(crate) fn wasm(&self) -> usize {
        self.wasm.load(Relaxed)
    }

    /// Bytes of messages under way.
    pub(crate) fn messages(&self) -> usize {
        self.messages.load(Relaxed)
    }

    /// The limit in bytes.
    pub fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    /// Reserves `bytes` of memory of ours that the guest will hold.
    pub(crate) fn charge_external(&self, bytes: usize) -> bool {
        let charged = self.charge(&self.external, bytes);
        if !charged {
            self.refused.store(true, Relaxed);
        }
        charged
    }

    pub(crate) fn release_external(&self, bytes: usize) {
        self.external.fetch_sub(bytes, Relaxed);
    }

    /// Reserves `bytes` for a message until its guard is dropped.
    pub(crate) fn charge_message(self: &Arc<Self>, bytes: usize) -> Option<MessageCharge> {
        self.charge(&self.messages, bytes).then(|| MessageCharge { account: self.clone(), bytes })
    }

    /// Reserves `bytes` of memory that natives hold for the guest, until its guard is dropped.
    pub(crate) fn charge_held(self: &Arc<Self>, bytes: usize) -> Option<Charge> {
        self.charge(&self.external, bytes).then(|| Charge { account: self.clone(), part: Part::External, bytes })
    }

    /// A reservation for linear memories and tables, which grows with them.
    pub(crate) fn wasm_charge(self: &Arc<Self>) -> Charge {
        Charge { account: self.clone(), part: Part::Wasm, bytes: 0 }
    }

    fn part(&self, part: Part) -> &AtomicUsize {
        match part {
            Part::External => &self.external,
            Part::Wasm => &self.wasm,
        }
    }

    fn charge(&self, part: &AtomicUsize, bytes: usize) -> bool {
        part.fetch_add(bytes, Relaxed);
        if self.used() <= self.limit() + self.slack.load(Relaxed) {
            return true;
        }
        part.fetch_sub(bytes, Relaxed);
        false
    }

    fn admits(&self, bytes: usize) -> bool {
        let free = (self.ceiling.load(Relaxed) + self.slack.load(Relaxed)).saturating_sub(self.used());
        bytes <= free || self.admits_overdraft() || self.admits_on_loan(bytes)
    }

    /// While the parser runs everything is admitted; beyond the limit it is made to give up at its next look at the stack.
    #[cold]
    fn admits_overdraft(&self) -> bool {
        let parsing = self.parsing.load(Relaxed);
        if parsing && !self.overdrawn.swap(true, Relaxed) {
            self.refused.store(true, Relaxed);
            let runtime = self.runtime.load(Relaxed);
            if !runtime.is_null() {
                // SAFETY: the engine of this account, which allocates just now on this thread, under its lock.
                unsafe { qjs::JS_SetMaxStackSize(runtime, 1) };
            }
        }
        parsing
    }

    /// Sets the limit of a sandbox that takes an engine over with its account.
    pub(crate) fn set_limit(&self, limit: u64) {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX >> 1);
        self.limit.store(limit, Relaxed);
        self.ceiling.store(limit, Relaxed);
    }

    /// Names the engine that allocates on this account.
    pub(crate) fn attach(&self, runtime: *mut qjs::JSRuntime) {
        self.runtime.store(runtime, Relaxed);
    }

    #[cold]
    fn admits_on_loan(&self, bytes: usize) -> bool {
        if self.used() + LOANS < self.limit() {
            self.lent.store(0, Relaxed);
        }
        let left = self.loan_left.load(Relaxed);
        if bytes <= left {
            self.loan_left.store(left - bytes, Relaxed);
            return true;
        }
        self.refused.store(true, Relaxed);
        if self.refusals.fetch_add(1, Relaxed) + 1 >= REFUSALS_PER_TURN {
            self.exhausted.store(true, Relaxed);
        }
        let lent = self.lent.load(Relaxed);
        if lent < LOANS {
            self.lent.store(lent + LOAN, Relaxed);
            self.loan_left.store(LOAN, Relaxed);
        }
        false
    }

    fn grow(&self, bytes: usize) {
        self.heap.store(self.heap.load(Relaxed) + bytes, Relaxed);
    }

    fn shrink(&self, bytes: usize) {
        self.heap.store(self.heap.load(Relaxed).saturating_sub(bytes), Relaxed);
    }

    pub(crate) fn begin_turn(&self) {
        if self.refused.load(Relaxed) {
            self.refused.store(false, Relaxed);
            self.refusals.store(0, Relaxed);
            self.exhausted.store(false, Relaxed);
            self.loan_left.store(0, Relaxed);
        }
        self.slack.store(0, Relaxed);
        let reserve = RESERVE.min(self.limit() / 16);
        let used = self.used();
        let mut ceiling = (used + reserve).clamp(self.limit() - reserve, self.limit());
        if used + RECOVERY > ceiling {
            ceiling = (used + RECOVERY).min(self.limit() + BEYOND).max(ceiling);
        }
        self.ceiling.store(ceiling, Relaxed);
    }

    /// Whether memory was refused in this turn.
    pub(crate) fn refused(&self) -> bool {
        self.refused.load(Relaxed)
    }

    /// Whether the guest ran into the limit so often in this turn that the turn has to end.
    pub(crate) fn exhausted(&self) -> bool {
        self.exhausted.load(Relaxed)
    }

    /// Whether there is room for a source of so many bytes to be parsed; then nothing is refused until `end_parsing`.
    pub(crate) fn begin_parsing(&self, length: usize) -> bool {
        let room = PARSING_LEAST.saturating_add(length.saturating_mul(PARSING_FACTOR));
        let fits = self.used().saturating_add(room) <= self.limit().saturating_add(BEYOND);
        self.parsing.store(fits, Relaxed);
        fits
    }

    /// Whether parsing went beyond the limit; then the stack's size has to be set again.
    pub(crate) fn end_parsing(&self) -> bool {
        self.parsing.store(false, Relaxed);
        self.overdrawn.swap(false, Relaxed)
    }

    /// Notes a refusal that the allocator did not make.
    pub(crate) fn refuse(&self) {
        self.refused.store(true, Relaxed);
    }

    pub(crate) fn lend_slack(&self) {
        self.slack.store(UNWINDING_SLACK, Relaxed);
    }
}

/// Bytes of a message, given back when it is dropped.
pub struct MessageCharge {
    account: Arc<Account>,
    bytes: usize,
}

impl Drop for MessageCharge {
    fn drop(&mut self) {
        self.account.messages.fetch_sub(self.bytes, Relaxed);
    }
}

/// What reserved bytes are shown as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    External,
    Wasm,
}

/// Bytes that natives hold for a guest outside the engine's heap, given back when it is dropped, on whatever thread.
pub struct Charge {
    account: Arc<Account>,
    part: Part,
    bytes: usize,
}

impl Charge {
    /// Reserves so many bytes more; says whether there was room.
    #[must_use]
    pub fn grow(&mut self, bytes: usize) -> bool {
        let grown = self.account.charge(self.account.part(self.part), bytes);
        if grown {
            self.bytes += bytes;
        }
        grown
    }

    /// A part of it, at most all.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Charge {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Charge { account: self.account.clone(), part: self.part, bytes }
    }

    /// Takes over what another charge of the same sandbox reserved.
    pub fn merge(&mut self, mut other: Charge) {
        if Arc::ptr_eq(&self.account, &other.account) && self.part == other.part {
            self.bytes += std::mem::take(&mut other.bytes);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.part(self.part).fetch_sub(self.bytes, Relaxed);
    }
}

/// The C heap behind an account.
pub(crate) struct HeapAllocator(pub(crate) Arc<Account>);

#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe fn usable(pointer: *mut u8) -> usize {
    // SAFETY: the caller passes a live allocation of `malloc`.
    unsafe { libc::malloc_usable_size(pointer.cast()) }
}

#[cfg(target_vendor = "apple")]
unsafe fn usable(pointer: *mut u8) -> usize {
    // SAFETY: the caller passes a live allocation of `malloc`.
    unsafe { libc::malloc_size(pointer.cast()) }
}

#[cfg(windows)]
unsafe fn usable(pointer: *mut u8) -> usize {
    unsafe extern "C" {
        fn _msize(pointer: *mut core::ffi::c_void) -> usize;
    }
    // SAFETY: the caller passes a live allocation of `malloc`.
    unsafe { _msize(pointer.cast()) }
}

// SAFETY: every pointer comes from the C allocator, which aligns for any type; null is returned where the account or the
// allocator refuses.
unsafe impl Allocator for HeapAllocator {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if !self.0.admits(size) {
            return null_mut();
        }
        // SAFETY: malloc may be called with any size.
        let pointer: *mut u8 = unsafe { libc::malloc(size) }.cast();
        self.admitted(pointer)
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let Some(bytes) = count.checked_mul(size) else { return null_mut() };
        if !self.0.admits(bytes) {
            return null_mut();
        }
        // SAFETY: the product does not overflow.
        let pointer: *mut u8 = unsafe { libc::calloc(count, size) }.cast();
        self.admitted(pointer)
    }

    unsafe fn dealloc(&mut self, pointer: *mut u8) {
        if pointer.is_null() {
            return;
        }
        // SAFETY: the trait's contract: a live allocation of this allocator.
        self.0.shrink(unsafe { usable(pointer) });
        // SAFETY: as above; it is not used again.
        unsafe { libc::free(pointer.cast()) };
    }

    unsafe fn realloc(&mut self, pointer: *mut u8, new_size: usize) -> *mut u8 {
        if pointer.is_null() {
            return self.alloc(new_size);
        }
        // SAFETY: the trait's contract: a live allocation of this allocator.
        let old = unsafe { usable(pointer) };
        if new_size > old && !self.0.admits(new_size - old) {
            return null_mut();
        }
        // SAFETY: as above.
        let moved: *mut u8 = unsafe { libc::realloc(pointer.cast(), new_size) }.cast();
        if !moved.is_null() {
            self.0.shrink(old);
            // SAFETY: realloc returned a live allocation.
            self.0.grow(unsafe { usable(moved) });
        }
        moved
    }

    unsafe fn usable_size(pointer: *mut u8) -> usize {
        // SAFETY: the trait's contract: a live allocation of this allocator.
        unsafe { usable(pointer) }
    }
}

impl HeapAllocator {
    fn admitted(&self, pointer: *mut u8) -> *mut u8 {
        if !pointer.is_null() {
            // SAFETY: the pointer was just returned by the C allocator.
            self.0.grow(unsafe { usable(pointer) });
        }
        pointer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_counts_until_it_is_dropped() {
        let account = Account::new(1_000);
        let charge = account.charge_message(900).unwrap();
        assert!(account.charge_message(101).is_none());
        drop(charge);
        assert_eq!(account.used(), 0);
        assert!(account.charge_message(1_000).is_some());
    }

    #[test]
    fn a_refused_allocation_sets_the_flag_and_lends_enough_for_the_error() {
        let account = Account::new(4 << 20);
        let mut heap = HeapAllocator(account.clone());
        assert!(heap.alloc(8 << 20).is_null());
        assert!(account.refused());
        let error = heap.alloc(512);
        assert!(!error.is_null());
        // SAFETY: just allocated.
        unsafe { heap.dealloc(error) };
        assert_eq!(account.used(), 0);
    }

    #[test]
    fn loans_end() {
        let account = Account::new(1 << 20);
        let mut heap = HeapAllocator(account.clone());
        let mut held = Vec::new();
        let mut refusals = 0;
        while refusals < 1_000 {
            let pointer = heap.alloc(4_000);
            if pointer.is_null() { refusals += 1 } else { held.push(pointer) }
        }
        assert!(account.used() < (2 << 20) + (64 << 10), "{}", account.used());
        assert!(account.exhausted());
        for pointer in held {
            // SAFETY: allocated above, freed once.
            unsafe { heap.dealloc(pointer) };
        }
    }
}
