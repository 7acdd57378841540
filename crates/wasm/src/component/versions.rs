//! Other code for the same component: by the optimising compiler, where there was quick code first, and for stacks of another size.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::{CodeCache, Compiled, Component, compile, link};
use crate::error::{Error, Result};
use crate::kept::Key;
use crate::machine::{CodeOptions, Machine, Stack};
use crate::wasi::threads;

/// What else there is of a component.
#[derive(Default)]
pub(super) struct Versions {
    /// By the optimising compiler, where this is quick code.
    better: OnceLock<Result<Component>>,
    is_asked: AtomicBool,
    stacks: Mutex<Vec<(Stack, Component)>>,
    /// Whether instances are made ready just now.
    pub(super) is_refilling: AtomicBool,
}

/// Compilations in the background at once: they take what cores are left.
static BACKGROUND: Semaphore = Semaphore::const_new(1);

/// Holds of a component that nobody wants any more: that of the memory cache, and one's own.
const UNWANTED: usize = 2;

/// Quick code, as far as the quick compiler knows the platform, the options and every instruction.
pub(super) fn quickly(bytes: &Bytes, content: Key, options: CodeOptions) -> Option<Component> {
    if options.canonicalize_nans || options.debug_info {
        return None;
    }
    let machine = Machine::for_components(options, Stack::default()).ok()?;
    catch_unwind(AssertUnwindSafe(|| compile(bytes, content, machine, options))).ok()?.ok()
}

impl Compiled {
    fn is_quick(&self) -> bool {
        self.options.baseline
    }
}

impl Component {
    /// That of the optimising compiler: this one, or made now where nobody has.
    pub(super) fn optimized(&self, cache: Option<&CodeCache>) -> Result<Component> {
        let compiled = &self.0;
        if !compiled.is_quick() {
            return Ok(self.clone());
        }
        let better = compiled.versions.better.get_or_init(|| {
            let options = CodeOptions { baseline: false, ..compiled.options };
            let machine = Machine::for_components(options, Stack::default())?;
            let made = catch_unwind(AssertUnwindSafe(|| compile(&compiled.source, compiled.content, machine, options)));
            let made =
                made.unwrap_or_else(|_| Err(Error::Compile("the compiler does not know what it says".into())))?;
            if let Some(cache) = cache {
                let (fitting, bytes) = made.sealed()?;
                cache.write(&fitting, &bytes);
            }
            Ok(made)
        });
        better.clone()
    }

    /// Has the optimising compiler make its code in the background, once. Given up where everybody has dropped the component before its turn comes.
    pub(super) fn improve(&self, cache: Option<&CodeCache>) {
        let Ok(threads) = threads() else { return };
        if !self.0.is_quick() || self.0.versions.is_asked.swap(true, SeqCst) {
            return;
        }
        let (compiled, cache) = (Arc::downgrade(&self.0), cache.cloned());
        threads.spawn(async move {
            let _turn = BACKGROUND.acquire().await;
            let Some(compiled) = compiled.upgrade() else { return };
            if Arc::strong_count(&compiled) <= UNWANTED {
                compiled.versions.is_asked.store(false, SeqCst);
                return;
            }
            let component = Component(compiled);
            let work = tokio::task::spawn_blocking(move || drop(component.optimized(cache.as_ref())));
            drop(work.await);
        });
    }

    /// Whether what is instantiated from now on is the optimising compiler's, as far as it knows the component.
    pub fn is_optimized(&self) -> bool {
        !self.0.is_quick() || self.0.versions.better.get().is_some()
    }

    fn best(&self) -> &Component {
        match self.0.versions.better.get() {
            Some(Ok(better)) => better,
            _ => self,
        }
    }

    /// As [`Component::for_instance`], where that was made before.
    #[cfg(feature = "net")]
    pub(super) fn known_for(&self, stack: Option<usize>) -> Option<Component> {
        let best = self.best();
        match stack.map(Stack::of) {
            Some(stack) if stack != best.0.stack => {
                let stacks = best.0.versions.stacks.try_lock().ok()?;
                stacks.iter().find(|(size, _)| *size == stack).map(|(_, component)| component.clone())
            }
            _ => Some(best.clone()),
        }
    }

    /// The best code that there is, for a stack of so many bytes.
    pub(super) fn for_instance(&self, stack: Option<usize>) -> Result<Component> {
        let best = self.best();
        match stack.map(Stack::of) {
            Some(stack) if stack != best.0.stack => best.with_stack(stack),
            _ => Ok(best.clone()),
        }
    }

    fn with_stack(&self, stack: Stack) -> Result<Component> {
        let compiled = &self.0;
        let mut stacks = compiled.versions.stacks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, component)) = stacks.iter().find(|(size, _)| *size == stack) {
            return Ok(component.clone());
        }
        let unavailable = |error: wasmtime::Error| Error::Unavailable(format!("{error:#}"));
        let machine = Machine::for_components(compiled.options, stack)?;
        let code = compiled.linked.component().serialize().map_err(unavailable)?;
        // SAFETY: written just now by a machine that differs in nothing but the size of its stacks, on which code does not depend.
        let code =
            unsafe { wasmtime::component::Component::deserialize(&machine.engine, code) }.map_err(unavailable)?;
        let Compiled { content, options, face, source, .. } = &**compiled;
        let component = link(*content, &code, (machine, stack), *options, face.clone(), source.clone())?;
        stacks.push((stack, component.clone()));
        Ok(component)
    }

    /// Bytes of all code that was made of it.
    pub(super) fn code_bytes(&self) -> usize {
        let Compiled { versions, code_bytes, .. } = &*self.0;
        let better = versions.better.get().and_then(|better| better.as_ref().ok()).map_or(0, Component::code_bytes);
        let stacks = versions.stacks.lock().unwrap_or_else(PoisonError::into_inner).len();
        better + code_bytes * (1 + stacks)
    }
}
