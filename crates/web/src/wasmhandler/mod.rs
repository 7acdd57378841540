//! `component.handle()` of guests: a component answers a Request, in an instance made for it. It runs in `hostbox-wasm`; both bodies stream.

mod exchange;
pub(crate) mod ops;
