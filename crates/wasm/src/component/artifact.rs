//! Compiled code as bytes: what [`Component::precompile`] gives and a [`CodeCache`] keeps.
//!
//! Machine code cannot be checked for what it does. The checksum finds bytes that were damaged; that nobody else wrote them is the business of
//! the directory that they lie in, so nothing here reads an artifact from anywhere else.
//!
//! [`Component::precompile`]: super::Component::precompile
//! [`CodeCache`]: super::CodeCache

use std::hash::{Hash, Hasher};

use ring::digest::{Context, SHA256, digest};
use serde_json::{Value, json};
use wasmtime::Engine;

use super::{Direct, Face, Imported};
use crate::kept::Key;

const MAGIC: &[u8; 16] = b"hostbox code 1\r\n";
const CHECKSUM: usize = 32;

/// The parts of an artifact.
pub(super) struct Artifact<'a> {
    pub(super) face: Face,
    /// The component as it was before the adapters.
    pub(super) source: &'a [u8],
    pub(super) code: &'a [u8],
}

/// The digest of the content, the options, this version of the adapters, and everything of the engine that code depends on.
pub(super) fn fitting(content: &Key, engine: &Engine) -> Key {
    struct Digest(Context);
    impl Hasher for Digest {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut digest = Digest(Context::new(&SHA256));
    digest.write(MAGIC);
    digest.write(env!("CARGO_PKG_VERSION").as_bytes());
    digest.write(content);
    engine.precompile_compatibility_hash().hash(&mut digest);
    let mut key = [0; 32];
    key.copy_from_slice(digest.0.finish().as_ref());
    key
}

/// The bytes of an artifact.
pub(super) fn encode(key: &Key, face: &Face, source: &[u8], code: &[u8]) -> Vec<u8> {
    let face = face.to_json().to_string();
    let mut bytes = Vec::with_capacity(128 + face.len() + source.len() + code.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[0; CHECKSUM]);
    bytes.extend_from_slice(key);
    for part in [face.as_bytes(), source, code] {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    let start = MAGIC.len() + CHECKSUM;
    let checksum = digest(&SHA256, &bytes[start..]);
    bytes[MAGIC.len()..start].copy_from_slice(checksum.as_ref());
    bytes
}

impl<'a> Artifact<'a> {
    /// None where they are damaged, or made for something else.
    pub(super) fn decode(bytes: &'a [u8], key: &Key) -> Option<Artifact<'a>> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (checksum, rest) = rest.split_at_checked(CHECKSUM)?;
        if digest(&SHA256, rest).as_ref() != checksum {
            return None;
        }
        let mut rest = rest.strip_prefix(key)?;
        let mut part = || {
            let (length, behind) = rest.split_first_chunk::<8>()?;
            let (part, behind) = behind.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
            rest = behind;
            Some(part)
        };
        let (face, source, code) = (part()?, part()?, part()?);
        let face = Face::from_json(&serde_json::from_slice(face).ok()?)?;
        Some(Artifact { face, source, code })
    }
}

impl Face {
    fn to_json(&self) -> Value {
        let imported: Vec<_> = self.imported.iter().map(|imported| json!([imported.name, imported.reply])).collect();
        let direct = |direct: &Direct| json!([direct.interface, direct.name, direct.is_memory]);
        let direct: Vec<_> = self.direct.iter().map(|found| found.as_ref().map(direct)).collect();
        json!({
            "direct": direct, "shape": self.shape, "wit": self.wit, "imports": self.imports, "exports": self.exports,
            "exported": self.exported, "imported": imported,
        })
    }

    fn from_json(value: &Value) -> Option<Face> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
        let list = |name: &str| value[name].as_array();
        let imported = |value: &Value| Some(Imported { name: text(&value[0])?, reply: number(&value[1])? });
        let direct = |value: &Value| match value {
            Value::Null => Some(None),
            value => Some(Some(Direct {
                interface: text(&value[0]),
                name: text(&value[1])?,
                is_memory: value[2].as_bool()?,
            })),
        };
        Some(Face {
            direct: list("direct")?.iter().map(direct).collect::<Option<_>>()?,
            shape: text(&value["shape"])?,
            wit: text(&value["wit"])?,
            imports: list("imports")?.iter().map(text).collect::<Option<_>>()?,
            exports: list("exports")?.iter().map(text).collect::<Option<_>>()?,
            exported: list("exported")?.iter().map(number).collect::<Option<_>>()?,
            imported: list("imported")?.iter().map(imported).collect::<Option<_>>()?,
        })
    }
}
