//! A step of a chain: an operation with checked arguments, and perhaps a second input.

use std::sync::Arc;

use serde_json::Value;

use super::elementwise::Elementwise;
use super::{CustomOperation, Operation, Operations};
use crate::buffer::Info;
use crate::error::{Error, Result};

/// One operation with checked arguments, ready to run any number of times.
#[derive(Clone, Debug)]
pub struct Step {
    name: Arc<str>,
    operation: Operation,
    extra: Option<u64>,
}

impl Step {
    /// Checks an operation's name and arguments. `extra` is the id of a second input, which `xor` alone takes. Own operations of the app are
    /// not known here: see [`Operations::step`].
    ///
    /// # Errors
    /// [`Error::Op`] for an unknown name, an unknown argument, or a value out of range.
    pub fn parse(op: &str, args: Option<&Value>, extra: Option<u64>) -> Result<Step> {
        Operations::default().step(op, args, extra)
    }

    /// A step with a built-in operation.
    pub(crate) fn built_in(name: &str, operation: Operation, extra: Option<u64>) -> Result<Step> {
        let takes_extra = matches!(operation, Operation::Elementwise(Elementwise::Xor));
        match (takes_extra, extra) {
            (true, None) => Err(Error::op(name, "expected a second input of the same length but received none")),
            (false, Some(_)) => Err(Error::op(name, "expected no second input but received one")),
            _ => Ok(Step { name: name.into(), operation, extra }),
        }
    }

    /// A step with an operation of the app's.
    pub(crate) fn custom(
        name: &Arc<str>,
        operation: Arc<dyn CustomOperation>,
        args: Option<&Value>,
        extra: Option<u64>,
    ) -> Step {
        let operation = super::custom::Bound::new(name.clone(), operation, args.cloned());
        Step { name: name.clone(), operation: Operation::Whole(Arc::new(operation)), extra }
    }

    /// The operation's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        self.name.clone()
    }

    pub(crate) fn operation(&self) -> &Operation {
        &self.operation
    }

    pub(crate) fn extra(&self) -> Option<u64> {
        self.extra
    }

    /// What is known about the output of a step in a stream.
    pub(crate) fn describe(&self, about: Info) -> Info {
        match &self.operation {
            Operation::Stream(operation) => operation.describe(about),
            _ => about,
        }
    }
}
