//! The way to end a running operation from another thread, or at a point in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::error::{Error, Result};

/// A flag, and perhaps a deadline, that long operations look at between blocks and rows. Clones share the flag.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    flag: Arc<AtomicBool>,
    parent: Option<Arc<Cancel>>,
    deadline: Option<Instant>,
}

impl Cancel {
    /// Not cancelled, and without a deadline.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Shares a flag that somebody else sets, and also ends at `deadline`.
    pub fn with_flag(flag: Arc<AtomicBool>, deadline: Option<Instant>) -> Cancel {
        Cancel { flag, parent: None, deadline }
    }

    /// A flag of its own below this one: set by either, or by one further up, it ends what runs under it alone.
    pub fn child(&self) -> Cancel {
        Cancel { flag: Arc::default(), parent: Some(Arc::new(self.clone())), deadline: None }
    }

    /// As [`Cancel::child`], and also ends at `deadline`.
    pub fn until(&self, deadline: Instant) -> Cancel {
        Cancel { deadline: Some(self.deadline.map_or(deadline, |own| own.min(deadline))), ..self.child() }
    }

    /// The same flag, which also ends at `deadline`.
    pub fn by(&self, deadline: Instant) -> Cancel {
        Cancel { deadline: Some(self.deadline.map_or(deadline, |own| own.min(deadline))), ..self.clone() }
    }

    /// Ends what runs under this flag, for good.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// Whether the flag is set or the deadline has passed.
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
            || self.parent.as_ref().is_some_and(|parent| parent.is_cancelled())
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// [`Error::Cancelled`] where [`Cancel::is_cancelled`].
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_ends_what_runs_under_it_however_deep_and_nothing_above() {
        let top = Cancel::new();
        let (middle, aside) = (top.child(), top.child());
        let deep = middle.child();
        middle.cancel();
        assert!(deep.is_cancelled() && !aside.is_cancelled() && !top.is_cancelled());
        top.cancel();
        assert!(aside.is_cancelled());
    }

    #[test]
    fn a_deadline_holds_below_it_too() {
        let ended = Cancel::with_flag(Arc::default(), Some(Instant::now()));
        assert!(ended.child().child().is_cancelled());
        let (flag, later) = (Cancel::new(), Instant::now() + std::time::Duration::from_secs(3600));
        let bounded = flag.by(later);
        assert!(!bounded.is_cancelled() && flag.by(Instant::now()).is_cancelled() && !flag.is_cancelled());
        flag.cancel();
        assert!(bounded.is_cancelled());
    }
}
