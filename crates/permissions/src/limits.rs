use std::time::Duration;

/// What a sandbox may use. Every field has the default that `docs/security.md` states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall time until a call is answered, queueing included.
    pub timeout: Duration,
    /// CPU time of one turn: one uninterrupted stretch of guest code.
    pub cpu: Duration,
    /// Bytes of the JS heap, its ArrayBuffers and the messages under way.
    pub memory_bytes: u64,
    /// Bytes of the buffer store.
    pub buffer_bytes: u64,
    /// Bytes of native stack that guest code may use.
    pub stack_bytes: u32,
    /// Timers and host calls that may be pending at once.
    pub pending_ops: u32,
    /// Bytes of one response body, after decompression.
    pub fetch_bytes: u64,
    /// Requests that work at once.
    pub concurrent_fetches: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_millis(30_000),
            cpu: Duration::from_millis(5_000),
            memory_bytes: 128 << 20,
            buffer_bytes: 256 << 20,
            stack_bytes: 512 << 10,
            pending_ops: 10_000,
            fetch_bytes: 64 << 20,
            concurrent_fetches: 64,
        }
    }
}

/// A limit outside its range.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("Expected {name} between {min} and {max} but received {received}")]
pub struct InvalidLimit {
    /// The limit's name as the app writes it, unit included.
    pub name: &'static str,
    /// The smallest value that makes sense.
    pub min: u64,
    /// The largest value that can be kept.
    pub max: u64,
    /// What was given.
    pub received: u64,
}

const MAX_MS: u64 = i32::MAX as u64;

impl Limits {
    /// Checks every field against its range.
    ///
    /// # Errors
    /// The first field that is out of range.
    pub fn check(&self) -> Result<(), InvalidLimit> {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        in_range("timeoutMs", millis(self.timeout), 1, MAX_MS)?;
        in_range("cpuMs", millis(self.cpu), 1, MAX_MS)?;
        in_range("memoryBytes", self.memory_bytes, 1 << 20, 64 << 30)?;
        in_range("bufferBytes", self.buffer_bytes, 0, 64 << 30)?;
        in_range("stackBytes", self.stack_bytes.into(), 64 << 10, 4 << 20)?;
        in_range("pendingOps", self.pending_ops.into(), 1, 1_000_000)?;
        in_range("fetchBytes", self.fetch_bytes, 0, 64 << 30)?;
        in_range("concurrentFetches", self.concurrent_fetches.into(), 1, 1_024)
    }
}

fn in_range(name: &'static str, received: u64, min: u64, max: u64) -> Result<(), InvalidLimit> {
    if (min..=max).contains(&received) { Ok(()) } else { Err(InvalidLimit { name, min, max, received }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_within_their_ranges() {
        assert_eq!(Limits::default().check(), Ok(()));
    }

    #[test]
    fn a_stack_above_four_mebibytes_is_refused_with_its_range() {
        let limits = Limits { stack_bytes: (4 << 20) + 1, ..Limits::default() };
        let error = limits.check().unwrap_err();
        assert_eq!(error.to_string(), "Expected stackBytes between 65536 and 4194304 but received 4194305");
    }

    #[test]
    fn a_zero_timeout_is_refused() {
        let limits = Limits { timeout: Duration::ZERO, ..Limits::default() };
        assert_eq!(limits.check().unwrap_err().name, "timeoutMs");
    }
}
