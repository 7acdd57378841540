//! Payloads from JSON and back, for users of the Rust library and for tests.

use serde_json::{Map, Number, Value};

use crate::payload::{Malformed, Payload, Reader, Text, Writer, tag};

/// Levels of nesting that [`Payload::to_json`] follows: dropping a JSON value recurses.
const LEVELS: usize = 512;
/// Values that shared objects may multiply into.
const VALUES: usize = 10_000_000;

/// Why a payload is no JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The bytes are not of the format.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// JSON has no such value.
    #[error("{0} cannot be written as JSON")]
    Unsupported(&'static str),
}

impl Payload {
    /// A payload of plain values. Numbers become doubles, as `JSON.parse` reads them.
    pub fn from_json(value: &Value) -> Payload {
        let mut payload = Payload::default();
        put(&mut Writer::new(&mut payload.bytes), value);
        payload
    }

    /// The value as JSON.
    ///
    /// As `JSON.stringify` has it: `undefined` is left out of objects and `null` elsewhere, like NaN, infinities and holes;
    /// boxed primitives are unboxed; a Date is its ISO text. Beyond it: a Map is a list of pairs, a Set a list, an Error an
    /// object of its fields, a RegExp its text.
    ///
    /// # Errors
    /// Cycles, BigInts, bytes, and more than 512 levels of nesting have no JSON.
    pub fn to_json(&self) -> Result<Value, JsonError> {
        let mut reading = Reading { reader: Reader::new(&self.bytes), objects: Vec::new(), again: false, left: VALUES };
        let value = reading.value(LEVELS)?.unwrap_or(Value::Null);
        if reading.reader.remaining() > 0 {
            return Err(reading.reader.malformed("bytes after the value").into());
        }
        Ok(value)
    }
}

fn put(writer: &mut Writer<'_>, value: &Value) {
    match value {
        Value::Null => writer.push_null(),
        Value::Bool(value) => writer.push_bool(*value),
        Value::Number(value) => writer.push_f64(value.as_f64().unwrap_or(f64::NAN)),
        Value::String(value) => writer.push_str(value),
        Value::Array(values) => {
            writer.begin_array(values.len() as u32);
            values.iter().for_each(|value| put(writer, value));
        }
        Value::Object(fields) => {
            writer.begin_object();
            for (key, value) in fields {
                writer.key(key);
                put(writer, value);
            }
            writer.end_object();
        }
    }
}

struct Reading<'a> {
    reader: Reader<'a>,
    /// Where each object stands, and whether it is complete: an incomplete one can only be met through a cycle.
    objects: Vec<(usize, bool)>,
    /// Reading an object a second time, when nothing new is numbered.
    again: bool,
    left: usize,
}

impl Reading<'_> {
    /// The next value; `None` for `undefined` and holes.
    fn value(&mut self, levels: usize) -> Result<Option<Value>, JsonError> {
        self.left = self.left.checked_sub(1).ok_or(JsonError::Unsupported("a value that shares so much"))?;
        let levels = levels.checked_sub(1).ok_or(JsonError::Unsupported("nesting that deep"))?;
        let start = self.reader.position();
        let tag = self.reader.byte()?;
        Ok(Some(match tag {
            tag::UNDEFINED | tag::HOLE => return Ok(None),
            tag::NULL => Value::Null,
            tag::FALSE => Value::Bool(false),
            tag::TRUE => Value::Bool(true),
            tag::INT => Value::from(self.reader.int()?),
            tag::FLOAT => number(self.reader.f64()?),
            tag::LATIN1 | tag::UTF16 | tag::UTF8 => Value::String(self.text(tag)?),
            tag::BIGINT => return Err(JsonError::Unsupported("a BigInt")),
            tag::BUFFER | tag::RESIZABLE | tag::BLOCK | tag::VIEW => return Err(JsonError::Unsupported("a buffer")),
            tag::REFERENCE => return self.shared(levels),
            _ => {
                let number = self.objects.len();
                if !self.again {
                    self.objects.push((start, false));
                }
                let value = self.object(tag, levels)?;
                if !self.again {
                    self.objects[number].1 = true;
                }
                return Ok(Some(value));
            }
        }))
    }

    fn object(&mut self, tag: u8, levels: usize) -> Result<Value, JsonError> {
        Ok(match tag {
            tag::DATE => date(self.reader.f64()?),
            tag::REGEXP => {
                let source = self.string()?;
                Value::String(format!("/{source}/{}", self.string()?))
            }
            tag::OBJECT => Value::Object(self.fields(levels)?),
            tag::ARRAY => {
                let count = self.reader.count()?;
                let mut values = Vec::new();
                for _ in 0..count {
                    values.push(self.value(levels)?.unwrap_or(Value::Null));
                }
                Value::Array(values)
            }
            tag::SPARSE => return Err(JsonError::Unsupported("an array with holes or properties")),
            tag::MAP => Value::Array(self.entries(levels)?),
            tag::SET => Value::Array(self.values(levels)?),
            tag::ERROR => self.error(levels)?,
            tag::BOXED => self.value(levels)?.unwrap_or(Value::Null),
            _ => return Err(self.reader.malformed("an unknown tag").into()),
        })
    }

    fn shared(&mut self, levels: usize) -> Result<Option<Value>, JsonError> {
        let number = usize::try_from(self.reader.varint()?).unwrap_or(usize::MAX);
        let Some(&(start, complete)) = self.objects.get(number) else {
            return Err(self.reader.malformed("a reference to no object").into());
        };
        if !complete {
            return Err(JsonError::Unsupported("a cycle"));
        }
        let (next, again) = (self.reader.position(), self.again);
        self.again = true;
        self.reader.seek(start);
        let value = self.value(levels);
        self.reader.seek(next);
        self.again = again;
        value
    }

    fn ended(&mut self) -> Result<bool, JsonError> {
        let ended = self.reader.peek()? == tag::END;
        if ended {
            self.reader.byte()?;
        }
        Ok(ended)
    }

    fn fields(&mut self, levels: usize) -> Result<Map<String, Value>, JsonError> {
        let mut fields = Map::new();
        while !self.ended()? {
            let key = match self.reader.byte()? {
                tag::INT => self.reader.int()?.to_string(),
                tag => self.text(tag)?,
            };
            if let Some(value) = self.value(levels)? {
                fields.insert(key, value);
            }
        }
        Ok(fields)
    }

    fn values(&mut self, levels: usize) -> Result<Vec<Value>, JsonError> {
        let mut values = Vec::new();
        while !self.ended()? {
            values.push(self.value(levels)?.unwrap_or(Value::Null));
        }
        Ok(values)
    }

    fn entries(&mut self, levels: usize) -> Result<Vec<Value>, JsonError> {
        let mut entries = Vec::new();
        while !self.ended()? {
            let key = self.value(levels)?.unwrap_or(Value::Null);
            entries.push(Value::Array(vec![key, self.value(levels)?.unwrap_or(Value::Null)]));
        }
        Ok(entries)
    }

    fn error(&mut self, levels: usize) -> Result<Value, JsonError> {
        self.reader.byte()?;
        let mut fields = Map::new();
        for name in ["name", "message", "stack"] {
            if let Some(text) = self.value(levels)? {
                fields.insert(name.to_owned(), text);
            }
        }
        fields.extend(self.fields(levels)?);
        Ok(Value::Object(fields))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let tag = self.reader.byte()?;
        self.text(tag)
    }

    fn text(&mut self, tag: u8) -> Result<String, JsonError> {
        Ok(match self.reader.text(tag)? {
            Some(Text::Latin1(units)) => units.iter().map(|&unit| char::from(unit)).collect(),
            Some(Text::Utf16(bytes)) => {
                let units = bytes.as_chunks().0.iter().map(|&pair| u16::from_le_bytes(pair));
                char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
            Some(Text::Utf8(text)) => text.to_owned(),
            None => return Err(self.reader.malformed("something other than a string").into()),
        })
    }
}

fn number(value: f64) -> Value {
    // Integers print without a fraction, as they do from JavaScript.
    if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 {
        Value::from(value as i64)
    } else {
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }
}

/// The text of `Date.prototype.toISOString`; `null` for an invalid date.
fn date(milliseconds: f64) -> Value {
    if milliseconds.is_nan() || milliseconds.abs() > 8.64e15 {
        return Value::Null;
    }
    let milliseconds = milliseconds as i64;
    let (days, time) = (milliseconds.div_euclid(86_400_000), milliseconds.rem_euclid(86_400_000));
    // Days of eras of 400 years that begin on the first of March, so that the leap day ends its year.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let year = match year {
        0..=9_999 => format!("{year:04}"),
        _ => format!("{}{:06}", if year < 0 { '-' } else { '+' }, year.abs()),
    };
    let (hour, minute) = (time / 3_600_000, time / 60_000 % 60);
    let (second, fraction) = (time / 1_000 % 60, time % 1_000);
    Value::String(format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z"))
}
