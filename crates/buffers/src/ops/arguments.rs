//! Reads an operation's arguments from JSON: known names alone, one sentence shape for every refusal.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::error::{Error, Result};

pub(crate) struct Arguments<'a> {
    op: &'static str,
    values: Option<&'a Map<String, Value>>,
}

impl<'a> Arguments<'a> {
    /// Arguments of `op`, which knows the names in `known`.
    pub(crate) fn new(op: &'static str, args: Option<&'a Value>, known: &[&str]) -> Result<Arguments<'a>> {
        let values = match args {
            None | Some(Value::Null) => None,
            Some(Value::Object(values)) => Some(values),
            Some(other) => {
                return Err(Error::op(op, format!("expected an object for args but received {}", received(other))));
            }
        };
        let unknown = values.and_then(|values| values.keys().find(|name| !known.contains(&name.as_str())));
        match unknown {
            None => Ok(Arguments { op, values }),
            Some(name) if known.is_empty() => {
                Err(Error::op(op, format!("unknown argument '{}', it takes none", shortened(name))))
            }
            Some(name) => {
                let known = known.join(", ");
                Err(Error::op(op, format!("unknown argument '{}', expected one of {known}", shortened(name))))
            }
        }
    }

    /// For an operation without arguments.
    pub(crate) fn none(op: &'static str, args: Option<&'a Value>) -> Result<()> {
        Arguments::new(op, args, &[]).map(|_| ())
    }

    pub(crate) fn integer(&self, name: &str, range: RangeInclusive<u64>) -> Result<Option<u64>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match integer_of(value).filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let (low, high) = (range.start(), range.end());
                Err(self.refusal(name, &format!("an integer from {low} to {high}"), value))
            }
        }
    }

    pub(crate) fn integer_u32(&self, name: &str, range: RangeInclusive<u32>) -> Result<Option<u32>> {
        let number = self.integer(name, u64::from(*range.start())..=u64::from(*range.end()))?;
        Ok(number.and_then(|number| u32::try_from(number).ok()))
    }

    /// `maxBytes`, the limit of a decompressor's output.
    pub(crate) fn max_bytes(&self) -> Result<Option<u64>> {
        self.integer("maxBytes", 0..=(1 << 53) - 1)
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.refusal(name, "true or false", value))
    }

    pub(crate) fn one_of<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let chosen = value.as_str().and_then(|text| choices.iter().find(|(choice, _)| *choice == text));
        match chosen {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let names: Vec<String> = choices.iter().map(|(choice, _)| format!("'{choice}'")).collect();
                Err(self.refusal(name, &format!("one of {}", names.join(", ")), value))
            }
        }
    }

    pub(crate) fn missing(&self, name: &str, expected: &str) -> Error {
        Error::op(self.op, format!("expected {expected} for '{name}' but received nothing"))
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.values?.get(name)
    }

    fn refusal(&self, name: &str, expected: &str, value: &Value) -> Error {
        Error::op(self.op, format!("expected {expected} for '{name}' but received {}", received(value)))
    }
}

/// JavaScript has one kind of number: 6 may arrive as 6.0.
fn integer_of(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && (0.0..=EXACT).contains(&number)).then_some(number as u64)
    })
}

fn received(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => format!("'{}' of type string", shortened(text)),
        Value::Number(number) => format!("{number} of type number"),
        Value::Bool(truth) => format!("{truth} of type boolean"),
        Value::Null => "null".to_owned(),
    }
}

/// A guest's text in a message of ours stays short.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
