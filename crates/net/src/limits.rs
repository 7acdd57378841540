//! Bounds of a sandbox's network: those that the app sets, and those that are fixed.

use std::time::Duration;

/// What the app sets.
#[derive(Clone, Copy, Debug)]
pub struct NetLimits {
    /// Bytes of one response body, before and after decompression; of one WebSocket message.
    pub fetch_bytes: u64,
    /// Requests that work at once: those beyond wait their turn.
    pub concurrent_fetches: u32,
    /// How long a request or a body may go without a byte.
    pub idle: Duration,
}

impl Default for NetLimits {
    fn default() -> Self {
        let limits = hostbox_permissions::Limits::default();
        Self::from(&limits)
    }
}

impl From<&hostbox_permissions::Limits> for NetLimits {
    fn from(limits: &hostbox_permissions::Limits) -> Self {
        Self { fetch_bytes: limits.fetch_bytes, concurrent_fetches: limits.concurrent_fetches, idle: IDLE_TIMEOUT }
    }
}

/// Name, connection and TLS together.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A minute: servers that think longer send something meanwhile.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// The fetch standard's own number.
pub(crate) const REDIRECTS: u32 = 20;
/// Responses whose body was not read to its end, and WebSockets.
pub(crate) const OPEN: u32 = 256;
/// A body whose bytes do not come for so long gives up its turn: events of a server may be minutes apart.
pub(crate) const TURN: Duration = Duration::from_millis(500);
/// Names in one head.
pub(crate) const HEADERS: usize = 256;
/// Bytes of a head over HTTP/2; over HTTP/1 it is the connection's buffer, 408 KiB.
pub(crate) const HEAD_BYTES: u32 = 256 << 10;
/// How long a connection nobody uses is kept, and how many to one host.
pub(crate) const POOL_IDLE: Duration = Duration::from_secs(30);
pub(crate) const POOL_PER_HOST: usize = 8;
/// What the other side may send over HTTP/2 before somebody reads it: one stream, one connection.
pub(crate) const STREAM_WINDOW: u32 = 256 << 10;
pub(crate) const CONNECTION_WINDOW: u32 = 1 << 20;
