//! `console`: formatted on the guest's side, handed to the app with its level, text and arguments.

pub(crate) mod ops;
