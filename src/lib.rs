//! The Node layer: converts and forwards, nothing else.
//!
//! Data in: bytes in the clone format that `lib/codec.js` wrote into memory that both sides know, and buffers. Data out: frames of events
//! in one batch a wake-up, through one threadsafe function for each instance of the module.

mod asked;
mod buffers;
mod bytes;
mod caller;
mod component;
mod desk;
mod exchange;
mod frames;
mod furnished;
mod input;
mod instance;
mod output;
mod plain;
mod port;
mod queues;
mod sandbox;
mod server;
mod transform;
mod wasi;
