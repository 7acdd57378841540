//! Which bodies go to the buffer store without entering a guest's engine, though nobody asked for it.

use hostbox_buffers::Store;
use hostbox_net::{HeaderMap, ResponseBody};

/// Whether a body goes to the store by itself: bytes that scripts seldom look at, of a known length for which there is room.
pub(super) fn goes_by_itself(headers: &HeaderMap, body: &ResponseBody, store: &Store) -> bool {
    let essence = headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let is_binary = essence.is_some_and(|essence| {
        essence == "application/octet-stream"
            || ["image/", "audio/", "video/"].iter().any(|family| essence.starts_with(family))
    });
    let room = store.limit().saturating_sub(store.bytes());
    is_binary && body.length().is_some_and(|length| length > 0 && length <= room)
}
