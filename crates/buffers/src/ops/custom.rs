//! Operations of the app's own, beside the built-in ones: the same checks, the same account, the same way to end them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::arguments::shortened;
use super::{Step, TABLE, Whole, contained};
use crate::account::PaidBlock;
use crate::buffer::Info;
use crate::cancel::Cancel;
use crate::chain::{Chain, Job};
use crate::error::{Error, Result};
use crate::writer::Writer;

/// Names are what guests write: letters, digits and underscores.
const NAME_MOST: usize = 64;

/// What an operation of the app's is given.
pub struct Invocation<'i> {
    /// The input. It may come from a guest: every byte may be hostile.
    pub input: &'i [u8],
    /// The second input, where the caller gave one.
    pub extra: Option<&'i [u8]>,
    /// The arguments as JSON, where the caller gave some: an object.
    pub args: Option<&'i Value>,
    /// What is known about the input.
    pub info: Info,
    /// Set when the call is over: a long operation looks at it now and then.
    pub cancel: &'i Cancel,
}

/// An operation of the app's own. It writes its output piece by piece, on the sandbox's account; a panic is an error of the operation.
pub trait CustomOperation: Send + Sync {
    /// Runs the operation. An `Err` with a text becomes `ERR_OP` with that text.
    ///
    /// # Errors
    /// Whatever it cannot do with its input. A failed write says why by itself: see [`Writer::failure`].
    fn run(&self, invocation: &Invocation<'_>, output: &mut Writer) -> std::result::Result<(), String>;
}

impl<F> CustomOperation for F
where
    F: Fn(&Invocation<'_>, &mut Writer) -> std::result::Result<(), String> + Send + Sync,
{
    fn run(&self, invocation: &Invocation<'_>, output: &mut Writer) -> std::result::Result<(), String> {
        self(invocation, output)
    }
}

/// The operations that a store knows: the built-in ones, and those that the app registered.
#[derive(Clone, Default)]
pub struct Operations {
    own: HashMap<Arc<str>, Arc<dyn CustomOperation>>,
}

impl Operations {
    /// Adds an operation.
    ///
    /// # Errors
    /// [`Error::Op`] for a name that is taken, or that is not made of 1 to 64 letters, digits and underscores.
    pub fn register(&mut self, name: &str, operation: Arc<dyn CustomOperation>) -> Result<()> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || name.len() > NAME_MOST || !name.bytes().all(is_plain) {
            let message = format!("expected 1 to {NAME_MOST} letters, digits and underscores for the operation's name");
            return Err(Error::op(&shortened(name), message));
        }
        if TABLE.iter().any(|(known, _)| *known == name) || self.own.contains_key(name) {
            return Err(Error::op(name, "there is an operation of this name already"));
        }
        self.own.insert(name.into(), operation);
        Ok(())
    }

    /// Checks an operation's name and arguments. `extra` is the id of a second input.
    ///
    /// # Errors
    /// [`Error::Op`] for an unknown name, an unknown argument, or a value out of range. Arguments of the app's operations are its own to check.
    pub fn step(&self, op: &str, args: Option<&Value>, extra: Option<u64>) -> Result<Step> {
        if let Some((name, parse)) = TABLE.iter().find(|(name, _)| *name == op) {
            return Step::built_in(name, parse(args)?, extra);
        }
        if let Some((name, operation)) = self.own.get_key_value(op) {
            return match args {
                None | Some(Value::Null | Value::Object(_)) => Ok(Step::custom(name, operation.clone(), args, extra)),
                Some(_) => Err(Error::op(op, "expected an object for args")),
            };
        }
        Err(Error::op(&shortened(op), format!("unknown operation, expected one of {}", self.names().join(", "))))
    }

    /// As [`Operations::step`], with the arguments as JSON text.
    ///
    /// # Errors
    /// As [`Operations::step`], and for text that is no JSON.
    pub fn step_json(&self, op: &str, args: Option<&str>, extra: Option<u64>) -> Result<Step> {
        let parse = |text| {
            serde_json::from_str::<Value>(text)
                .map_err(|error| Error::op(&shortened(op), format!("its arguments are no JSON object: {error}")))
        };
        self.step(op, args.map(parse).transpose()?.as_ref(), extra)
    }

    /// Compiles a chain from JSON text: an array of `{ op, args?, extraInputId? }`.
    ///
    /// # Errors
    /// As [`Operations::step`], and for text that is no such array.
    pub fn chain_json(&self, json: &str) -> Result<Chain> {
        let steps: Vec<Value> = serde_json::from_str(json)
            .map_err(|error| Error::op("chain", format!("its steps are no JSON array: {error}")))?;
        let parse = |step: &Value| {
            let op = step.get("op").and_then(Value::as_str).unwrap_or_default();
            self.step(op, step.get("args"), step.get("extraInputId").and_then(Value::as_u64))
        };
        steps.iter().map(parse).collect()
    }

    /// All names, the built-in ones first.
    pub fn names(&self) -> Vec<&str> {
        let mut own: Vec<&str> = self.own.keys().map(|name| &**name).collect();
        own.sort_unstable();
        TABLE.iter().map(|(name, _)| *name).chain(own).collect()
    }
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").field("own", &self.own.keys()).finish()
    }
}

/// An operation of the app's with its arguments.
pub(crate) struct Bound {
    name: Arc<str>,
    operation: Arc<dyn CustomOperation>,
    args: Option<Value>,
}

impl Bound {
    pub(crate) fn new(name: Arc<str>, operation: Arc<dyn CustomOperation>, args: Option<Value>) -> Bound {
        Bound { name, operation, args }
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").field("name", &self.name).field("args", &self.args).finish_non_exhaustive()
    }
}

impl Whole for Bound {
    fn apply(&self, job: &Job<'_>, input: &[u8], about: &Info, extra: Option<&[u8]>) -> Result<(PaidBlock, Info)> {
        let mut output = Writer::new(job.account, job.cancel)?;
        let info = Info { byte_length: input.len(), ..*about };
        let invocation = Invocation { input, extra, args: self.args.as_ref(), info, cancel: job.cancel };
        let outcome = contained(&self.name, || Ok(self.operation.run(&invocation, &mut output)))?;
        // A limit that a write met outranks what the operation made of it, even where it went on as if nothing had been.
        if let Some(failure) = output.failure() {
            return Err(failure);
        }
        outcome.map_err(|message| Error::op(&self.name, message))?;
        let paid = output.finish()?;
        let info = Info::bytes(paid.block.len());
        Ok((paid, info))
    }
}
