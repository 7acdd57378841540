//! `FileReader` and `ProgressEvent` (W3C File API, XMLHttpRequest): Blobs read with events, for code that is older than promises.

pub(crate) mod ops;
