//! Elliptic curves of NIST: keys in every format, ECDSA (FIPS 186-5) and ECDH (NIST SP 800-56A).

use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p256::elliptic_curve::sec1::ToSec1Point;
use pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use zeroize::Zeroizing;

use super::algorithm::{Hash, Params, Scheme, Usages};
use super::error::{Failure, Result, access, data, operation, syntax, unsupported};
use super::hash::{self, Cancelled};
use super::jwk::Jwk;
use super::key::{Bare, Encoded, Exported, Format, Generated, Key, Kind, Material, NO_USAGES, Secret, Wanted, random};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "P-256" => Self::P256,
            "P-384" => Self::P384,
            "P-521" => Self::P521,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of a coordinate, and of a private key.
    fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The name of ECDSA over this curve among JSON Web Algorithms.
    fn alg(self) -> &'static str {
        match self {
            Self::P256 => "ES256",
            Self::P384 => "ES384",
            Self::P521 => "ES512",
        }
    }
}

/// The private half.
pub(crate) enum Private {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
}

/// The public half: a point of the curve, not the one at infinity.
#[derive(PartialEq, Eq)]
pub(crate) enum Public {
    P256(p256::PublicKey),
    P384(p384::PublicKey),
    P521(p521::PublicKey),
}

/// Runs the same code for each curve, where the types differ and nothing else.
macro_rules! each {
    ($value:expr, $half:ident($key:ident) => $body:expr) => {
        match $value {
            $half::P256($key) => $body,
            $half::P384($key) => $body,
            $half::P521($key) => $body,
        }
    };
}

/// The same where a value of one of the halves is made.
macro_rules! make {
    ($curve:expr, $half:ident, $type:ident :: $make:ident($($argument:expr),*)) => {
        match $curve {
            Curve::P256 => p256::$type::$make($($argument),*).map($half::P256).ok(),
            Curve::P384 => p384::$type::$make($($argument),*).map($half::P384).ok(),
            Curve::P521 => p521::$type::$make($($argument),*).map($half::P521).ok(),
        }
    };
}

fn bad_key() -> Failure {
    data("the key is not a valid one of this curve")
}

impl Private {
    /// A whole number of exactly the curve's bytes, from 1 to the order less 1.
    fn from_bytes(curve: Curve, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != curve.bytes() {
            return None;
        }
        make!(curve, Private, SecretKey::from_slice(bytes))
    }

    fn to_bytes(&self) -> Secret {
        each!(self, Private(key) => Zeroizing::new(key.to_bytes().to_vec()))
    }

    fn public(&self) -> Public {
        match self {
            Self::P256(key) => Public::P256(key.public_key()),
            Self::P384(key) => Public::P384(key.public_key()),
            Self::P521(key) => Public::P521(key.public_key()),
        }
    }

    pub(crate) fn curve(&self) -> Curve {
        match self {
            Self::P256(_) => Curve::P256,
            Self::P384(_) => Curve::P384,
            Self::P521(_) => Curve::P521,
        }
    }
}

impl Public {
    pub(crate) fn curve(&self) -> Curve {
        match self {
            Self::P256(_) => Curve::P256,
            Self::P384(_) => Curve::P384,
            Self::P521(_) => Curve::P521,
        }
    }

    /// 4, then both coordinates.
    fn to_bytes(&self) -> Vec<u8> {
        each!(self, Public(key) => key.to_sec1_point(false).as_bytes().to_vec())
    }
}

fn private_usages(scheme: Scheme) -> Usages {
    if scheme == Scheme::Ecdsa { Usages::SIGN } else { Usages::DERIVE_KEY.and(Usages::DERIVE_BITS) }
}

fn public_usages(scheme: Scheme) -> Usages {
    if scheme == Scheme::Ecdsa { Usages::VERIFY } else { Usages::NONE }
}

fn private(scheme: Scheme, key: Private) -> Bare {
    Bare { kind: Kind::Private, scheme, hash: None, material: Material::EcPrivate(key) }
}

fn public(scheme: Scheme, key: Public) -> Bare {
    Bare { kind: Kind::Public, scheme, hash: None, material: Material::EcPublic(key) }
}

pub(crate) fn generate(params: &Params, wanted: Wanted) -> Result<Generated> {
    let scheme = params.scheme()?;
    wanted.usages.check(private_usages(scheme).and(public_usages(scheme)))?;
    let curve = params.curve.ok_or_else(|| unsupported("the curve is not known here"))?;
    if wanted.usages.common(private_usages(scheme)).is_empty() {
        return Err(syntax(NO_USAGES));
    }
    let key = loop {
        let mut bytes = random(curve.bytes())?;
        if curve == Curve::P521 {
            bytes[0] &= 1;
        }
        // All but one in 2³² are in range.
        if let Some(key) = Private::from_bytes(curve, &bytes) {
            break key;
        }
    };
    Ok(Generated::pair(
        (public(scheme, key.public()), public_usages(scheme)),
        (private(scheme, key), private_usages(scheme)),
        wanted,
    ))
}

pub(crate) fn import(encoded: &Encoded<'_>, params: &Params, wanted: Wanted) -> Result<Bare> {
    let scheme = params.scheme()?;
    let is_private = match encoded {
        Encoded::Pkcs8(_) => true,
        Encoded::Jwk(jwk) => jwk.get("d").is_some(),
        Encoded::Raw(_) | Encoded::Spki(_) => false,
    };
    wanted.usages.check(if is_private { private_usages(scheme) } else { public_usages(scheme) })?;
    let curve = params.curve.ok_or_else(|| unsupported("the curve is not known here"))?;
    match encoded {
        Encoded::Pkcs8(bytes) => {
            let key = make!(curve, Private, SecretKey::from_pkcs8_der(bytes)).ok_or_else(bad_key)?;
            Ok(private(scheme, key))
        }
        Encoded::Spki(bytes) => {
            let key = make!(curve, Public, PublicKey::from_public_key_der(bytes)).ok_or_else(bad_key)?;
            Ok(public(scheme, key))
        }
        Encoded::Raw(bytes) => Ok(public(scheme, point(curve, bytes)?)),
        Encoded::Jwk(jwk) => import_jwk(scheme, curve, jwk, wanted),
    }
}

fn point(curve: Curve, bytes: &[u8]) -> Result<Public> {
    make!(curve, Public, PublicKey::from_sec1_bytes(bytes)).ok_or_else(bad_key)
}

fn import_jwk(scheme: Scheme, curve: Curve, jwk: &Jwk, wanted: Wanted) -> Result<Bare> {
    jwk.check("EC", if scheme == Scheme::Ecdsa { "sig" } else { "enc" }, wanted)?;
    if jwk.get("crv") != Some(curve.name()) {
        return Err(data(format!("crv is not {}", curve.name())));
    }
    if scheme == Scheme::Ecdsa {
        jwk.check_alg(curve.alg())?;
    }
    let (x, y) = (jwk.bytes("x")?, jwk.bytes("y")?);
    if x.len() != curve.bytes() || y.len() != curve.bytes() {
        return Err(data("x or y has a wrong length"));
    }
    let point = point(curve, &[&[4], &x[..], &y[..]].concat())?;
    if jwk.get("d").is_none() {
        return Ok(public(scheme, point));
    }
    let key = Private::from_bytes(curve, &jwk.bytes("d")?).ok_or_else(bad_key)?;
    if key.public() != point {
        return Err(data("x and y do not belong to d"));
    }
    Ok(private(scheme, key))
}

pub(crate) fn export_private(format: Format, key: &Key, half: &Private) -> Result<Exported> {
    match format {
        Format::Pkcs8 => {
            let der = each!(half, Private(key) => key.to_pkcs8_der()).map_err(|_| operation("the key has no DER"))?;
            Ok(Exported::Bytes(Zeroizing::new(der.as_bytes().to_vec())))
        }
        Format::Jwk => {
            let mut jwk = jwk(key, &half.public());
            jwk.set_bytes("d", &half.to_bytes());
            Ok(Exported::Jwk(jwk))
        }
        Format::Raw | Format::Spki => Err(access("a private key is exported as pkcs8 or jwk")),
    }
}

pub(crate) fn export_public(format: Format, key: &Key, half: &Public) -> Result<Exported> {
    match format {
        Format::Raw => Ok(Exported::Bytes(half.to_bytes().into())),
        Format::Spki => {
            let der =
                each!(half, Public(key) => key.to_public_key_der()).map_err(|_| operation("the key has no DER"))?;
            Ok(Exported::Bytes(der.as_bytes().to_vec().into()))
        }
        Format::Jwk => Ok(Exported::Jwk(jwk(key, half))),
        Format::Pkcs8 => Err(access("a public key is exported as raw, spki or jwk")),
    }
}

fn jwk(key: &Key, half: &Public) -> Jwk {
    let mut jwk = Jwk::of("EC", key);
    let curve = half.curve();
    let point = half.to_bytes();
    let (x, y) = point[1..].split_at(curve.bytes());
    jwk.set("crv", curve.name());
    jwk.set_bytes("x", x);
    jwk.set_bytes("y", y);
    jwk
}

/// A digest as the number that is signed, of no more than the order's bits: a short one gets zeros in front.
fn prehash(curve: Curve, hash: Hash, data: &[u8], is_cancelled: Cancelled<'_>) -> Result<Vec<u8>> {
    let digest = hash::digest(hash, data, is_cancelled)?;
    let mut padded = vec![0; curve.bytes().saturating_sub(digest.len())];
    padded.extend_from_slice(&digest);
    Ok(padded)
}

/// r and s, each of the curve's bytes.
pub(crate) fn sign(key: &Private, hash: Hash, data: &[u8], is_cancelled: Cancelled<'_>) -> Result<Vec<u8>> {
    let prehash = prehash(key.curve(), hash, data, is_cancelled)?;
    macro_rules! sign {
        ($curve:ident, $key:expr) => {{
            let key = $curve::ecdsa::SigningKey::from($key);
            let signed: std::result::Result<$curve::ecdsa::Signature, _> = key.sign_prehash(&prehash);
            signed.map(|signature| signature.to_bytes().to_vec())
        }};
    }
    let signature = match key {
        Private::P256(key) => sign!(p256, key),
        Private::P384(key) => sign!(p384, key),
        Private::P521(key) => sign!(p521, key),
    };
    signature.map_err(|_| operation("the data cannot be signed"))
}

pub(crate) fn verify(
    key: &Public,
    hash: Hash,
    signature: &[u8],
    data: &[u8],
    is_cancelled: Cancelled<'_>,
) -> Result<bool> {
    let prehash = prehash(key.curve(), hash, data, is_cancelled)?;
    macro_rules! verify {
        ($curve:ident, $key:expr) => {
            $curve::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| {
                $curve::ecdsa::VerifyingKey::from($key).verify_prehash(&prehash, &signature).is_ok()
            })
        };
    }
    Ok(match key {
        Public::P256(key) => verify!(p256, key),
        Public::P384(key) => verify!(p384, key),
        Public::P521(key) => verify!(p521, key),
    })
}

/// The first coordinate of the shared point.
pub(crate) fn agree(private: &Private, public: &Public) -> Result<Secret> {
    let shared = match (private, public) {
        (Private::P256(private), Public::P256(public)) => private.diffie_hellman(public).raw_secret_bytes().to_vec(),
        (Private::P384(private), Public::P384(public)) => private.diffie_hellman(public).raw_secret_bytes().to_vec(),
        (Private::P521(private), Public::P521(public)) => private.diffie_hellman(public).raw_secret_bytes().to_vec(),
        _ => return Err(access("the keys are of different curves")),
    };
    Ok(Zeroizing::new(shared))
}
