//! `fetch` (WHATWG Fetch): a guest's request goes to `hostbox_net`, where the grants are kept, and what comes back is a native source of bytes.
//!
//! What a guest says is parsed here, once, into plain data. Bodies stay outside of the guest's engine until it asks for their bytes; those that are
//! wanted in the buffer store never enter it.

mod data_url;
mod exchange;
mod integrity;
mod offload;
pub(crate) mod ops;
pub(crate) mod outgoing;
mod source;

pub(crate) use exchange::Exchange;
pub(crate) use source::op_error;
