//! `WebAssembly`: modules that guests compile, instantiate and call. What runs is in `hostbox-wasm`, in the guest's own turn.

pub(crate) mod ops;
