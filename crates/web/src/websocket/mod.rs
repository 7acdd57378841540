//! `WebSocket` (WHATWG WebSockets): the class in TypeScript, the connection in `hostbox_net` under the same grants as fetch.

pub(crate) mod ops;
