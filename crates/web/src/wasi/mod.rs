//! `wasi`: WASI commands from guests. Streams are buffers of the store; modules run in `hostbox-wasm`, off the guest's thread.

pub(crate) mod ops;
