//! `wasm`: components of WebAssembly from guests, compiled and called as apps do it. They run in `hostbox-wasm`, off the guest's thread,
//! under the sandbox's grants and on its account.

mod beside;
pub(crate) mod ops;
mod running;
