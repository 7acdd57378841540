//! Values that cross between the guest and the host, by structured clone, in the format of `docs/wire.md`.
//!
//! In: values of one context. Out: [`Payload`](crate::payload::Payload)s, which no engine is needed to hold, send or drop; and
//! back. Also here: ArrayBuffers over memory of ours ([`new_array_buffer`]) and descriptions of what a guest
//! threw ([`describe_error`]). Not here: promises, deadlines, which account is charged.
//!
//! # Safety
//! One contract for every `unsafe fn` of this module: the context is alive and the lock of its runtime is held by this thread
//! throughout the call; every value passed belongs to that runtime and is alive (borrowed: the caller frees it); the
//! [`Intrinsics`] were captured from that context and are not freed. Encoding runs getters, so it may do anything that guest
//! code may do, the interrupt handler included.

mod blocks;
mod decode;
mod decode_values;
mod encode;
mod encode_values;
mod errors;
mod identity;
mod intrinsics;
mod json;
mod path;
mod private;
mod raw;
mod strings;
#[cfg(test)]
mod tests;
mod walk;

pub use blocks::{Charge, bytes_of, new_array_buffer};
pub use decode::{DecodeError, decode, decode_args, decode_with};
pub use encode::{EncodeError, EncodeOptions, encode};
pub use errors::{Cause, GuestError, describe_error, describe_for_report, new_error};
pub use intrinsics::Intrinsics;
pub use json::JsonError;
pub use raw::Thrown;
