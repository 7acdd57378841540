//! `host:nodekey`: see `ops.d.ts`.

use std::sync::Arc;

use hostbox_engine::{Call, Charge, Native, NativeModule, OpOutcome, held, hold};
use rquickjs::{Array, ArrayBuffer, Ctx, IntoJs, Value};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encrypted::{self, Closed};
use super::evp::{Family, Hiding, Padding, Pkey};
use super::{pem, signature};
use crate::crypto::RsaKey;
use crate::nodebytes::ops::to_js;
use crate::nodehash::hashes::Algorithm;
use crate::nodekdf::derive::IsOver;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:nodekey",
    functions: &[
        Native { name: c"newSecret", length: 1, run: new_secret },
        Native { name: c"secretOf", length: 1, run: secret_of },
        Native { name: c"readPrivate", length: 3, run: read_private },
        Native { name: c"readPublic", length: 2, run: read_public },
        Native { name: c"publicHalf", length: 1, run: public_half },
        Native { name: c"describe", length: 1, run: describe },
        Native { name: c"write", length: 3, run: write },
        Native { name: c"isEqual", length: 2, run: is_equal },
        Native { name: c"sign", length: 7, run: sign },
        Native { name: c"verify", length: 8, run: verify },
        Native { name: c"crypt", length: 5, run: crypt },
        Native { name: c"generate", length: 1, run: generate },
        Native { name: c"generateRsa", length: 3, run: generate_rsa },
    ],
};

type Answer<'js> = rquickjs::Result<Value<'js>>;
type Secret = Zeroizing<Vec<u8>>;

/// Bytes that an encoded key may have, PEM and all.
const MOST_BYTES: usize = 128 << 10;
/// What a key takes, that of the longest modulus with what the library computes for it.
const KEY_BYTES: usize = 16 << 10;
/// Bytes between two looks at whether anybody still waits.
const BETWEEN_LOOKS: usize = 1 << 20;

// ── keys as values ────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone)]
enum Material {
    Secret(Arc<Secret>),
    Public(Arc<Pkey>),
    Private(Arc<Pkey>),
}

impl Material {
    fn pkey(&self) -> rquickjs::Result<&Arc<Pkey>> {
        match self {
            Self::Public(key) | Self::Private(key) => Ok(key),
            Self::Secret(_) => Err(rquickjs::Error::Unknown),
        }
    }
}

/// The opaque object behind a `KeyObject`.
struct Handle {
    material: Material,
    _charge: Charge,
}

fn new_handle<'js>(ctx: &Ctx<'js>, material: Material, charge: Charge) -> Answer<'js> {
    hold(ctx, Handle { material, _charge: charge })
}

fn key(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<Material> {
    Ok(held::<Handle>(&call.arg(index))?.borrow().material.clone())
}

// ── reading and writing ───────────────────────────────────────────────────────────────────────────────────────────────

/// A copy of the bytes, which is on the account as long as they are copied: who passes them holds as much already.
fn bytes(call: &Call<'_, '_>, index: usize) -> rquickjs::Result<(Secret, Charge)> {
    let charge = call.charge(call.with_bytes(index, <[u8]>::len).unwrap_or(0))?;
    Ok((call.with_bytes(index, |bytes| Secret::new(bytes.to_vec())).unwrap_or_default(), charge))
}

fn new_secret<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (bytes, charge) = bytes(call, 0)?;
    new_handle(call.ctx(), Material::Secret(Arc::new(bytes)), charge)
}

fn secret_of<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    match key(call, 0)? {
        Material::Secret(bytes) => to_js(call, bytes.to_vec()),
        _ => Ok(call.undefined()),
    }
}

/// Data of a key, and how long it may be.
fn encoded(call: &Call<'_, '_>) -> rquickjs::Result<Option<Secret>> {
    let read = |bytes: &[u8]| (bytes.len() <= MOST_BYTES).then(|| Secret::new(bytes.to_vec()));
    Ok(call.with_bytes(1, read).flatten())
}

fn answer<'js>(call: &Call<'_, 'js>, read: Result<Pkey, Unread>, make: fn(Arc<Pkey>) -> Material) -> Answer<'js> {
    match read {
        Ok(pkey) => new_handle(call.ctx(), make(Arc::new(pkey)), call.charge(KEY_BYTES)?),
        Err(unread) => match unread {
            Unread::Unsupported => "unsupported",
            Unread::Passphrase => "passphrase",
            Unread::Wrong => "wrong",
            Unread::TooMuch => "too much",
        }
        .into_js(call.ctx()),
    }
}

enum Unread {
    Unsupported,
    Passphrase,
    Wrong,
    TooMuch,
}

fn open(der: &[u8], passphrase: Option<&[u8]>, is_over: IsOver<'_>) -> Result<Pkey, Unread> {
    let passphrase = passphrase.ok_or(Unread::Passphrase)?;
    let inner = encrypted::open(der, passphrase, is_over).map_err(|closed| match closed {
        Closed::Unsupported => Unread::Unsupported,
        Closed::Wrong => Unread::Wrong,
        Closed::TooMuch => Unread::TooMuch,
    })?;
    Pkey::from_pkcs8(&inner).ok_or(Unread::Wrong)
}

fn read_private<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let format = call.string(0)?;
    let passphrase = if call.is_undefined(2) { None } else { Some(bytes(call, 2)?.0) };
    let passphrase = passphrase.as_ref().map(|passphrase| &passphrase[..]);
    let is_over = || call.is_over();
    let pkcs8 = |der: &[u8]| match Pkey::from_pkcs8(der) {
        Some(key) => Ok(key),
        // A closed key is another structure altogether.
        None if encrypted::is_closed(der) => open(der, passphrase, &is_over),
        None => Err(Unread::Unsupported),
    };
    let read = encoded(call)?.ok_or(Unread::Unsupported).and_then(|data| match format.as_str() {
        "pem" => {
            let block = std::str::from_utf8(&data).ok().and_then(pem::read).ok_or(Unread::Unsupported)?;
            match block.label.as_str() {
                "PRIVATE KEY" => Pkey::from_pkcs8(&block.der).ok_or(Unread::Unsupported),
                "ENCRYPTED PRIVATE KEY" => open(&block.der, passphrase, &is_over),
                "RSA PRIVATE KEY" => Pkey::from_pkcs1_private(&block.der).ok_or(Unread::Unsupported),
                "EC PRIVATE KEY" => Pkey::from_sec1(&block.der).ok_or(Unread::Unsupported),
                _ => Err(Unread::Unsupported),
            }
        }
        "pkcs1" => Pkey::from_pkcs1_private(&data).ok_or(Unread::Unsupported),
        "sec1" => Pkey::from_sec1(&data).ok_or(Unread::Unsupported),
        _ => pkcs8(&data),
    });
    answer(call, read, Material::Private)
}

fn read_public<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let format = call.string(0)?;
    let read = encoded(call)?.and_then(|data| match format.as_str() {
        "pem" => {
            let block = std::str::from_utf8(&data).ok().and_then(pem::read)?;
            match block.label.as_str() {
                "PUBLIC KEY" => Pkey::from_spki(&block.der),
                "RSA PUBLIC KEY" => Pkey::from_pkcs1_public(&block.der),
                "CERTIFICATE" | "X509 CERTIFICATE" => Pkey::from_spki(pem::key_of_certificate(&block.der)?),
                _ => None,
            }
        }
        "pkcs1" => Pkey::from_pkcs1_public(&data),
        _ => Pkey::from_spki(&data),
    });
    answer(call, read.ok_or(Unread::Unsupported), Material::Public)
}

fn public_half<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let half = key(call, 0)?.pkey()?.public_half();
    answer(call, half.ok_or(Unread::Unsupported), Material::Public)
}

fn describe<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let material = key(call, 0)?;
    let answer = Array::new(call.ctx().clone())?;
    let kind = match &material {
        Material::Secret(_) => "secret",
        Material::Public(_) => "public",
        Material::Private(_) => "private",
    };
    answer.set(0, kind)?;
    match &material {
        Material::Secret(bytes) => answer.set(2, bytes.len() * 8)?,
        Material::Public(key) | Material::Private(key) => {
            answer.set(1, key.family().name())?;
            answer.set(2, key.bits())?;
            let exponent = key.exponent().map(|bytes| ArrayBuffer::new_copy(call.ctx().clone(), &bytes[..]));
            answer.set(3, exponent.transpose()?)?;
            answer.set(4, key.curve().map(|(name, _)| name))?;
        }
    }
    Ok(answer.into_value())
}

fn write<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (material, kind, is_pem) = (key(call, 0)?, call.string(1)?, call.boolean(2));
    let pkey = material.pkey()?;
    let is_private = matches!(material, Material::Private(_));
    let family = pkey.family();
    let encoded = match (kind.as_str(), is_private) {
        ("pkcs8", true) => pkey.to_pkcs8().map(|der| ("PRIVATE KEY", der)),
        ("spki", false) => pkey.to_spki().map(|der| ("PUBLIC KEY", der)),
        ("pkcs1", true) if family == Family::Rsa => pkey.to_traditional().map(|der| ("RSA PRIVATE KEY", der)),
        ("pkcs1", false) if family == Family::Rsa => pkey.to_pkcs1_public().map(|der| ("RSA PUBLIC KEY", der)),
        ("sec1", true) if family == Family::Ec => pkey.to_traditional().map(|der| ("EC PRIVATE KEY", der)),
        _ => None,
    };
    match encoded {
        None => Ok(call.undefined()),
        Some((label, der)) if is_pem => pem::write(label, &der).as_str().into_js(call.ctx()),
        Some((_, mut der)) => to_js(call, std::mem::take(&mut *der)),
    }
}

fn is_equal<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let is_equal = match (key(call, 0)?, key(call, 1)?) {
        (Material::Secret(a), Material::Secret(b)) => bool::from(a.ct_eq(&b)),
        (Material::Public(a), Material::Public(b)) => a.is_same_public(&b),
        (Material::Private(a), Material::Private(b)) => a.is_same_public(&b),
        _ => false,
    };
    Ok(Value::new_bool(call.ctx().clone(), is_equal))
}

// ── signatures ────────────────────────────────────────────────────────────────────────────────────────────────────────

/// What is signed or verified, copied before the native function returns.
struct Job {
    key: Arc<Pkey>,
    algorithm: Option<Algorithm>,
    data: Secret,
    is_digested: bool,
    padding: Padding,
    /// Bytes of a number, where a signature is both numbers beside each other.
    width: Option<usize>,
    _charge: Charge,
}

impl Job {
    /// Arguments as both functions have them; `None` for a hash function that is not known.
    fn new(call: &Call<'_, '_>) -> rquickjs::Result<Option<Self>> {
        let key = key(call, 0)?.pkey()?.clone();
        let algorithm = if call.is_undefined(1) { None } else { Some(Algorithm::from_name(&call.string(1)?)) };
        if algorithm == Some(None) {
            return Ok(None);
        }
        #[expect(clippy::cast_possible_truncation, reason = "guest code checked it; else it is clamped")]
        let padding = if call.is_undefined(4) { Padding::Pkcs1 } else { Padding::Pss(call.number(4)? as i32) };
        let width = key.curve().filter(|_| call.boolean(5)).map(|(_, width)| width);
        let (data, charge) = bytes(call, 2)?;
        let is_digested = call.boolean(3);
        Ok(Some(Self { key, algorithm: algorithm.flatten(), data, is_digested, padding, width, _charge: charge }))
    }

    /// The digest; None where nobody waits any more.
    fn digest(&self, algorithm: Algorithm, is_over: IsOver<'_>) -> Option<Vec<u8>> {
        if self.is_digested {
            return Some(self.data.to_vec());
        }
        let mut state = algorithm.start();
        for piece in self.data.chunks(BETWEEN_LOOKS) {
            state.update(piece);
            if is_over() {
                return None;
            }
        }
        let mut digest = vec![0; algorithm.length()];
        state.finish(&mut digest);
        Some(digest)
    }

    fn sign(&self, is_over: IsOver<'_>) -> Option<Vec<u8>> {
        let Some(algorithm) = self.algorithm else { return self.key.sign_message(&self.data) };
        let signature = self.key.sign_digest(algorithm, &self.digest(algorithm, is_over)?, self.padding)?;
        match self.width {
            Some(width) => signature::to_p1363(&signature, width),
            None => Some(signature),
        }
    }

    fn verify(&self, signature: &[u8], is_over: IsOver<'_>) -> Option<bool> {
        let Some(algorithm) = self.algorithm else { return self.key.verify_message(&self.data, signature) };
        let digest = self.digest(algorithm, is_over)?;
        let Some(width) = self.width else {
            return self.key.verify_digest(algorithm, &digest, self.padding, signature);
        };
        match signature::from_p1363(signature, width) {
            Some(signature) => self.key.verify_digest(algorithm, &digest, self.padding, &signature),
            None => Some(false),
        }
    }
}

/// Does the work here or on another thread.
fn run<'js, T: Send + 'static>(
    call: &Call<'_, 'js>,
    is_later: bool,
    work: impl FnOnce(IsOver<'_>) -> T + Send + 'static,
    to_value: impl for<'a> FnOnce(&Ctx<'a>, T) -> rquickjs::Result<Value<'a>> + Send + 'static,
) -> Answer<'js> {
    if !is_later {
        let made = work(&|| call.is_over());
        return to_value(call.ctx(), made);
    }
    call.offload(None, move |completer| {
        let made = work(&|| completer.is_cancelled());
        OpOutcome::Finish(Box::new(move |ctx, _| to_value(ctx, made)))
    })
}

fn sign<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let Some(job) = Job::new(call)? else { return Ok(call.undefined()) };
    run(
        call,
        call.boolean(6),
        move |is_over| job.sign(is_over),
        |ctx, signature| match signature {
            Some(signature) => Ok(ArrayBuffer::new_copy(ctx.clone(), &signature[..])?.into_value()),
            None => Ok(Value::new_undefined(ctx.clone())),
        },
    )
}

fn verify<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let Some(job) = Job::new(call)? else { return Ok(call.undefined()) };
    // No signature is longer than the longest modulus.
    let read = |bytes: &[u8]| (bytes.len() <= 1024).then(|| bytes.to_vec());
    let signature = call.with_bytes(6, read).flatten().unwrap_or_default();
    run(call, call.boolean(7), move |is_over| job.verify(&signature, is_over), |ctx, outcome| outcome.into_js(ctx))
}

/// RSA encryption of a few bytes: as long as a private operation takes.
fn crypt<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (key, is_encrypting) = (key(call, 0)?.pkey()?.clone(), call.boolean(1));
    let (label, _charge) = bytes(call, 3)?;
    let hiding = if call.is_undefined(2) {
        Hiding::Pkcs1
    } else {
        let Some(algorithm) = Algorithm::from_name(&call.string(2)?) else { return Ok(call.undefined()) };
        Hiding::Oaep { algorithm, label: &label }
    };
    let run = |data: &[u8]| if data.len() <= 1024 { key.crypt(is_encrypting, &hiding, data) } else { None };
    match call.with_bytes(4, run).unwrap_or_else(|| run(&[])) {
        Some(mut output) => to_js(call, std::mem::take(&mut *output)),
        None => Ok(call.undefined()),
    }
}

// ── new keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────

fn generate<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let curve = call.string(0)?;
    let made = match curve.as_str() {
        "ed25519" => Pkey::generate_25519(Family::Ed25519),
        "x25519" => Pkey::generate_25519(Family::X25519),
        curve => Pkey::generate_ec(curve),
    };
    match made {
        Some(pkey) => new_handle(call.ctx(), Material::Private(Arc::new(pkey)), call.charge(KEY_BYTES)?),
        None => Ok(call.undefined()),
    }
}

fn generate_rsa<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "guest code checked it; else clamped")]
    let (bits, exponent) = (call.number(0)? as u32, call.number(1)? as u32);
    let charge = call.charge(KEY_BYTES)?;
    let work = move |is_over: IsOver<'_>| {
        let key = RsaKey::generate(bits, exponent, is_over)?;
        Pkey::from_pkcs1_private(&key.to_private_der()?)
    };
    run(call, call.boolean(2), work, |ctx, made| match made {
        Some(pkey) => new_handle(ctx, Material::Private(Arc::new(pkey)), charge),
        None => Ok(Value::new_undefined(ctx.clone())),
    })
}
