//! What an operation on buffers is asked to do, from the guest's arguments. Knows no engine.

use hostbox_buffers::{Error, Step};
use serde_json::Value;

/// The step of `exec` and `run`.
pub(super) fn step(op: &str, args: Option<&str>, extra: Option<u64>) -> Result<Step, Error> {
    Step::parse(op, parse(op, args)?.as_ref(), extra)
}

/// As `step`, with the second input's bytes.
pub(super) fn step_with_bytes(op: &str, args: Option<&str>, extra: hostbox_buffers::Block) -> Result<Step, Error> {
    Step::parse_with_bytes(op, parse(op, args)?.as_ref(), extra)
}

fn parse(op: &str, args: Option<&str>) -> Result<Option<Value>, Error> {
    let Some(args) = args else { return Ok(None) };
    serde_json::from_str(args).map(Some).map_err(|error| refuse(op, &format!("its arguments are no JSON object: {error}")))
}

fn refuse(op: &str, message: &str) -> Error {
    Error::Op { op: op.into(), message: message.into() }
}

/// The steps of `execChain` and `chain`: an array of `{ op, args?, extraInputId? }`.
pub(super) fn steps(json: &str) -> Result<Vec<Step>, Error> {
    let steps: Vec<Value> =
        serde_json::from_str(json).map_err(|error| refuse("chain", &format!("its steps are no JSON array: {error}")))?;
    steps
        .iter()
        .map(|step| {
            let op = step.get("op").and_then(Value::as_str).unwrap_or_default();
            Step::parse(op, step.get("args"), step.get("extraInputId").and_then(Value::as_u64))
        })
        .collect()
}
