//! The FormData protocol `rquickjs-formdata-v1`: a form as a JSON plan, and the body that is built from it.
//!
//! In: JSON from a guest, which may be anything, and ids of its buffers. Out: the parts of a `multipart/form-data` body, or why there is none.
//! Unknown fields are ignored; an incompatible change of the protocol would be `-v2`.

use std::borrow::Cow;

use base64_simd::STANDARD;
use bytes::Bytes;
use hostbox_buffers::{Block, Store};
use serde::Deserialize;

use super::multipart::{Part, line_ends};

/// The protocol's name, which is also the plan's `kind`.
pub(crate) const KIND: &str = "rquickjs-formdata-v1";

/// The text of a plan may be so long: long parts travel as ids.
const MAX_PLAN: usize = 32 << 20;

#[derive(Deserialize)]
struct Plan<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    entries: Option<Vec<Entry<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    value: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    data_b64: Option<Cow<'a, str>>,
    #[serde(default)]
    buffer_id: Option<u64>,
    #[serde(borrow, default)]
    filename: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    content_type: Option<Cow<'a, str>>,
}

/// Why a plan cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    /// No JSON, or not of the plan's form.
    #[error("the FormData plan is malformed: {0}")]
    Malformed(String),
    /// Another protocol.
    #[error("the FormData plan has the kind {0:?}, which is unknown (known: \"{KIND}\")")]
    Kind(String),
    /// An entry that says too little.
    #[error("the FormData plan's entry {index} {what}")]
    Entry { index: usize, what: &'static str },
    /// The store's own refusal.
    #[error(transparent)]
    Store(#[from] hostbox_buffers::Error),
}

/// Follows a plan. Buffers that it names are taken out of the store, and given back to nobody where it fails half-way.
pub(crate) fn parts(json: &str, store: &Store) -> Result<Vec<Part>, PlanError> {
    if json.len() > MAX_PLAN {
        return Err(PlanError::Malformed(format!("it is longer than {MAX_PLAN} bytes")));
    }
    let plan: Plan<'_> = serde_json::from_str(json).map_err(|error| PlanError::Malformed(error.to_string()))?;
    if plan.kind != KIND {
        return Err(PlanError::Kind(plan.kind.chars().take(60).collect()));
    }
    let entries = plan.entries.ok_or_else(|| PlanError::Malformed("it has no entries".into()))?;
    let parts = entries.into_iter().enumerate().map(|(index, entry)| part(entry, index, store));
    parts.collect()
}

struct Taken(Block);

impl AsRef<[u8]> for Taken {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn part(entry: Entry<'_>, index: usize, store: &Store) -> Result<Part, PlanError> {
    let wrong = |what| PlanError::Entry { index, what };
    let name = line_ends(&entry.name).into_owned();
    let content_type = entry.content_type.map(Cow::into_owned).filter(|given| !given.is_empty());
    match entry.kind.as_ref() {
        "text" => {
            let value = entry.value.ok_or_else(|| wrong("is text and has no value"))?;
            let data = Bytes::from(line_ends(&value).into_owned());
            Ok(Part { name, data, filename: None, content_type })
        }
        "binary" => {
            let data = match (&entry.data_b64, entry.buffer_id) {
                (Some(text), _) => {
                    let bytes = STANDARD.decode_to_vec(text.as_bytes());
                    Bytes::from(bytes.map_err(|_| wrong("has a dataB64 that is no base64"))?)
                }
                (None, Some(id)) => Bytes::from_owner(Taken(store.take(id)?)),
                (None, None) => return Err(wrong("is binary and has no dataB64")),
            };
            // Without a file name it would be read as text.
            let filename = Some(entry.filename.map_or_else(|| "blob".into(), Cow::into_owned));
            let content_type = Some(content_type.unwrap_or_else(|| "application/octet-stream".into()));
            Ok(Part { name, data, filename, content_type })
        }
        _ => Err(wrong("is neither text nor binary")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::multipart::write;

    fn text(json: &str) -> Result<String, String> {
        with_store(json, &Store::new(1 << 20))
    }

    fn with_store(json: &str, store: &Store) -> Result<String, String> {
        let parts = parts(json, store).map_err(|error| error.to_string())?;
        let mut out = Vec::new();
        write(&mut out, "b", &parts).unwrap();
        Ok(String::from_utf8(out).unwrap())
    }

    fn plan(entry: &str) -> String {
        format!(r#"{{"kind":"rquickjs-formdata-v1","entries":[{entry}]}}"#)
    }

    #[test]
    fn text_and_binary_entries_become_parts() {
        let entries = r#"{"name":"a","kind":"text","value":"1\n2"},
            {"name":"f","kind":"binary","dataB64":"aGk=","filename":"h.txt","contentType":"text/plain"}"#;
        assert_eq!(
            text(&plan(entries)).unwrap(),
            "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n\
             --b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"h.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b--\r\n"
        );
    }

    #[test]
    fn filename_and_content_type_may_be_null_or_missing() {
        for entry in [
            r#"{"name":"f","kind":"binary","dataB64":"","filename":null,"contentType":null}"#,
            r#"{"name":"f","kind":"binary","dataB64":""}"#,
        ] {
            let expected = "name=\"f\"; filename=\"blob\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n";
            assert!(text(&plan(entry)).unwrap().contains(expected));
        }
    }

    #[test]
    fn an_unknown_kind_is_an_error() {
        assert!(text(r#"{"kind":"rquickjs-formdata-v2","entries":[]}"#).unwrap_err().contains("rquickjs-formdata-v2"));
        assert!(text(r#"{"entries":[]}"#).unwrap_err().contains("kind"));
        assert!(text(&plan(r#"{"name":"a","kind":"other","value":""}"#)).unwrap_err().contains("entry 0"));
    }

    #[test]
    fn value_is_required_for_text_and_data_for_binary() {
        assert!(text(&plan(r#"{"name":"a","kind":"text","dataB64":""}"#)).unwrap_err().contains("no value"));
        assert!(text(&plan(r#"{"name":"a","kind":"text","value":null}"#)).unwrap_err().contains("no value"));
        assert!(text(&plan(r#"{"name":"a","kind":"binary","value":"x"}"#)).unwrap_err().contains("no dataB64"));
        assert!(text(&plan(r#"{"name":"a","kind":"binary","dataB64":"%"}"#)).unwrap_err().contains("base64"));
        assert!(text(&plan(r#"{"kind":"text","value":"x"}"#)).unwrap_err().contains("name"));
    }

    #[test]
    fn unknown_fields_are_ignored() {
        assert!(text(&plan(r#"{"name":"a","kind":"text","value":"x","future":{"b":1}}"#)).is_ok());
        assert!(text(r#"{"kind":"rquickjs-formdata-v1","entries":[],"future":1}"#).is_ok());
    }

    #[test]
    fn a_part_may_be_a_buffer_of_the_store() {
        let store = Store::new(1 << 20);
        let id = store.put_copy(b"stored").unwrap();
        let entry = format!(r#"{{"name":"f","kind":"binary","bufferId":{id}}}"#);
        assert!(with_store(&plan(&entry), &store).unwrap().contains("\r\n\r\nstored\r\n--b--"));
        assert!(store.is_empty());
        assert!(with_store(&plan(&entry), &store).is_err());
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        for wrong in ["", "1", "[]", "null", "{", r#"{"kind":"rquickjs-formdata-v1"}"#, r#"{"kind":1,"entries":[]}"#] {
            assert!(text(wrong).is_err(), "{wrong}");
        }
        let huge = format!(r#"{{"kind":"{}""#, "x".repeat(MAX_PLAN));
        assert!(text(&huge).unwrap_err().contains("longer"));
    }
}
