//! JSON Web Keys (RFC 7517, 7518, 8037).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::algorithm::Usages;
use super::error::{Failure, Result, data};
use super::key::{Key, Secret, Wanted};

/// A key as JSON: members that are texts, and the few that are not.
#[derive(Default)]
pub(crate) struct Jwk {
    members: Vec<(&'static str, String)>,
    key_ops: Option<Vec<String>>,
    ext: Option<bool>,
    has_other_primes: bool,
}

const TEXTS: [&str; 14] = ["kty", "alg", "use", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi"];

impl Drop for Jwk {
    fn drop(&mut self) {
        for (_, text) in &mut self.members {
            text.zeroize();
        }
    }
}

impl Jwk {
    /// A key that is written: its type, and its extractability and usages.
    pub(crate) fn of(kty: &'static str, key: &Key) -> Self {
        let key_ops = Some(key.usages.names().map(String::from).collect());
        let mut jwk = Self { key_ops, ext: Some(key.extractable), members: Vec::new(), has_other_primes: false };
        jwk.set("kty", kty);
        jwk
    }

    /// Reads JSON. Members of a wrong type are a `DataError`; unknown ones mean nothing.
    pub(crate) fn parse(json: &[u8]) -> Result<Self> {
        let bad = || data("the key is not a JSON Web Key");
        let Ok(Value::Object(mut object)) = serde_json::from_slice::<Value>(json) else { return Err(bad()) };
        let mut jwk = Self::default();
        for name in TEXTS.iter().copied().chain(["k"]) {
            match object.remove(name) {
                None => {}
                Some(Value::String(text)) => jwk.members.push((name, text)),
                Some(_) => return Err(bad()),
            }
        }
        match object.remove("key_ops") {
            None => {}
            Some(Value::Array(items)) => {
                let texts = items.into_iter().map(|item| match item {
                    Value::String(text) => Ok(text),
                    _ => Err(bad()),
                });
                jwk.key_ops = Some(texts.collect::<Result<_>>()?);
            }
            Some(_) => return Err(bad()),
        }
        match object.remove("ext") {
            None => {}
            Some(Value::Bool(ext)) => jwk.ext = Some(ext),
            Some(_) => return Err(bad()),
        }
        jwk.has_other_primes = object.contains_key("oth");
        Ok(jwk)
    }

    pub(crate) fn to_json(&self) -> Secret {
        let mut object = Map::new();
        for (name, text) in &self.members {
            object.insert((*name).into(), Value::String(text.clone()));
        }
        if let Some(ext) = self.ext {
            object.insert("ext".into(), Value::Bool(ext));
        }
        if let Some(operations) = &self.key_ops {
            object.insert("key_ops".into(), operations.iter().map(|name| Value::String(name.clone())).collect());
        }
        let json = Zeroizing::new(serde_json::to_vec(&object).unwrap_or_default());
        for (_, value) in &mut object {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
        json
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }

    pub(crate) fn set(&mut self, name: &'static str, text: impl Into<String>) {
        self.members.push((name, text.into()));
    }

    pub(crate) fn set_bytes(&mut self, name: &'static str, bytes: &[u8]) {
        self.members.push((name, URL_SAFE_NO_PAD.encode(bytes)));
    }

    /// A member in base64url.
    pub(crate) fn bytes(&self, name: &'static str) -> Result<Secret> {
        let missing = || data(format!("the JSON Web Key has no valid member {name}"));
        let text = self.get(name).ok_or_else(missing)?;
        URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| missing())
    }

    /// What every import checks: `kty`, `use`, `key_ops` and `ext`.
    pub(crate) fn check(&self, kty: &str, use_: &str, wanted: Wanted) -> Result<()> {
        if self.get("kty") != Some(kty) {
            return Err(data(format!("kty is not {kty}")));
        }
        if self.has_other_primes {
            return Err(data("keys of more than two primes are not known here"));
        }
        if !wanted.usages.is_empty() && self.get("use").is_some_and(|given| given != use_) {
            return Err(data(format!("use is not {use_}")));
        }
        if let Some(operations) = &self.key_ops {
            self.check_operations(operations, wanted.usages)?;
        }
        if self.ext == Some(false) && wanted.extractable {
            return Err(data("ext is false: the key cannot be made extractable"));
        }
        Ok(())
    }

    fn check_operations(&self, operations: &[String], wanted: Usages) -> Result<()> {
        let mut given = Usages::NONE;
        for name in operations {
            if let Some(usage) = Usages::from_name(name) {
                if given.has(usage) {
                    return Err(data("key_ops names an operation twice"));
                }
                given = given.and(usage);
            }
        }
        if given.has(wanted) { Ok(()) } else { Err(data("key_ops does not allow the usages")) }
    }

    /// `alg`, where it is given, has to be this one.
    pub(crate) fn check_alg(&self, alg: &str) -> Result<()> {
        let mismatch = || -> Failure { data(format!("alg is not {alg}")) };
        if self.get("alg").is_some_and(|given| given != alg) { Err(mismatch()) } else { Ok(()) }
    }
}
