//! Curve25519: Ed25519 (RFC 8032) and X25519 (RFC 7748), with their keys (RFC 8410, RFC 8037).

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::Decode;
use spki::SubjectPublicKeyInfoRef;
use subtle::ConstantTimeEq;
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};
use zeroize::Zeroizing;

use super::algorithm::{Params, Scheme, Usages};
use super::error::{Failure, Result, access, data, operation, syntax};
use super::jwk::Jwk;
use super::key::{Bare, Encoded, Exported, Format, Generated, Key, Kind, Material, NO_USAGES, Secret, Wanted, random};

pub(crate) type Private = Zeroizing<[u8; 32]>;
pub(crate) type Public = [u8; 32];

/// DER of 1.3.101.112 and 1.3.101.110 without the last byte.
const OID_PREFIX: [u8; 4] = [0x06, 0x03, 0x2b, 0x65];

fn oid_byte(scheme: Scheme) -> u8 {
    if scheme == Scheme::Ed25519 { 112 } else { 110 }
}

fn private_usages(scheme: Scheme) -> Usages {
    if scheme == Scheme::Ed25519 { Usages::SIGN } else { Usages::DERIVE_KEY.and(Usages::DERIVE_BITS) }
}

fn public_usages(scheme: Scheme) -> Usages {
    if scheme == Scheme::Ed25519 { Usages::VERIFY } else { Usages::NONE }
}

fn public_of(scheme: Scheme, private: &Private) -> Public {
    if scheme == Scheme::Ed25519 {
        SigningKey::from_bytes(private).verifying_key().to_bytes()
    } else {
        x25519(**private, X25519_BASEPOINT_BYTES)
    }
}

fn private(scheme: Scheme, key: Private) -> Bare {
    Bare { kind: Kind::Private, scheme, hash: None, material: Material::OkpPrivate(key) }
}

fn public(scheme: Scheme, key: Public) -> Bare {
    Bare { kind: Kind::Public, scheme, hash: None, material: Material::OkpPublic(key) }
}

pub(crate) fn generate(params: &Params, wanted: Wanted) -> Result<Generated> {
    let scheme = params.scheme()?;
    wanted.usages.check(private_usages(scheme).and(public_usages(scheme)))?;
    if wanted.usages.common(private_usages(scheme)).is_empty() {
        return Err(syntax(NO_USAGES));
    }
    let key = private_from(&random(32)?)?;
    Ok(Generated::pair(
        (public(scheme, public_of(scheme, &key)), public_usages(scheme)),
        (private(scheme, key), private_usages(scheme)),
        wanted,
    ))
}

fn bad_key() -> Failure {
    data("the key is not a valid one")
}

fn private_from(bytes: &[u8]) -> Result<Private> {
    <[u8; 32]>::try_from(bytes).map(Zeroizing::new).map_err(|_| bad_key())
}

fn public_from(bytes: &[u8]) -> Result<Public> {
    bytes.try_into().map_err(|_| bad_key())
}

pub(crate) fn import(encoded: &Encoded<'_>, params: &Params, wanted: Wanted) -> Result<Bare> {
    let scheme = params.scheme()?;
    let is_private = match encoded {
        Encoded::Pkcs8(_) => true,
        Encoded::Jwk(jwk) => jwk.get("d").is_some(),
        Encoded::Raw(_) | Encoded::Spki(_) => false,
    };
    wanted.usages.check(if is_private { private_usages(scheme) } else { public_usages(scheme) })?;
    match encoded {
        Encoded::Raw(bytes) => Ok(public(scheme, public_from(bytes)?)),
        Encoded::Spki(bytes) => {
            let info = SubjectPublicKeyInfoRef::from_der(bytes).map_err(|_| bad_key())?;
            check_oid(scheme, info.algorithm.oid.as_bytes(), info.algorithm.parameters.is_some())?;
            Ok(public(scheme, public_from(info.subject_public_key.as_bytes().ok_or_else(bad_key)?)?))
        }
        Encoded::Pkcs8(bytes) => {
            let info = PrivateKeyInfoRef::from_der(bytes).map_err(|_| bad_key())?;
            check_oid(scheme, info.algorithm.oid.as_bytes(), info.algorithm.parameters.is_some())?;
            // An OCTET STRING of 32 bytes inside the outer one.
            let Some(([4, 32], seed)) = info.private_key.as_bytes().split_first_chunk::<2>() else {
                return Err(bad_key());
            };
            Ok(private(scheme, private_from(seed)?))
        }
        Encoded::Jwk(jwk) => import_jwk(scheme, jwk, wanted),
    }
}

fn check_oid(scheme: Scheme, oid: &[u8], has_parameters: bool) -> Result<()> {
    if oid == [0x2b, 0x65, oid_byte(scheme)] && !has_parameters { Ok(()) } else { Err(bad_key()) }
}

fn import_jwk(scheme: Scheme, jwk: &Jwk, wanted: Wanted) -> Result<Bare> {
    jwk.check("OKP", if scheme == Scheme::Ed25519 { "sig" } else { "enc" }, wanted)?;
    if jwk.get("crv") != Some(scheme.name()) {
        return Err(data(format!("crv is not {}", scheme.name())));
    }
    if scheme == Scheme::Ed25519 && jwk.get("alg").is_some_and(|alg| alg != "Ed25519" && alg != "EdDSA") {
        return Err(data("alg is neither Ed25519 nor EdDSA"));
    }
    let point = public_from(&jwk.bytes("x")?)?;
    if jwk.get("d").is_none() {
        return Ok(public(scheme, point));
    }
    let key = private_from(&jwk.bytes("d")?)?;
    if public_of(scheme, &key) != point {
        return Err(data("x does not belong to d"));
    }
    Ok(private(scheme, key))
}

pub(crate) fn export_private(format: Format, key: &Key, half: &Private) -> Result<Exported> {
    match format {
        Format::Pkcs8 => {
            let mut der = Zeroizing::new(vec![0x30, 46, 0x02, 1, 0, 0x30, 5]);
            der.extend_from_slice(&OID_PREFIX);
            der.extend_from_slice(&[oid_byte(key.scheme), 0x04, 34, 0x04, 32]);
            der.extend_from_slice(&half[..]);
            Ok(Exported::Bytes(der))
        }
        Format::Jwk => {
            let mut jwk = jwk(key, &public_of(key.scheme, half));
            jwk.set_bytes("d", &half[..]);
            Ok(Exported::Jwk(jwk))
        }
        Format::Raw | Format::Spki => Err(access("a private key is exported as pkcs8 or jwk")),
    }
}

pub(crate) fn export_public(format: Format, key: &Key, half: &Public) -> Result<Exported> {
    match format {
        Format::Raw => Ok(Exported::Bytes(half.to_vec().into())),
        Format::Spki => {
            let mut der = vec![0x30, 42, 0x30, 5];
            der.extend_from_slice(&OID_PREFIX);
            der.extend_from_slice(&[oid_byte(key.scheme), 0x03, 33, 0]);
            der.extend_from_slice(half);
            Ok(Exported::Bytes(der.into()))
        }
        Format::Jwk => Ok(Exported::Jwk(jwk(key, half))),
        Format::Pkcs8 => Err(access("a public key is exported as raw, spki or jwk")),
    }
}

fn jwk(key: &Key, half: &Public) -> Jwk {
    let mut jwk = Jwk::of("OKP", key);
    jwk.set("crv", key.scheme.name());
    if key.scheme == Scheme::Ed25519 {
        jwk.set("alg", "Ed25519");
    }
    jwk.set_bytes("x", half);
    jwk
}

pub(crate) fn sign(key: &Private, data: &[u8]) -> Vec<u8> {
    SigningKey::from_bytes(key).sign(data).to_bytes().to_vec()
}

/// Points of small order, as keys and in signatures, are refused as the standard wants.
pub(crate) fn verify(key: &Public, signature: &[u8], data: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(key), Signature::from_slice(signature)) else {
        return false;
    };
    key.verify_strict(data, &signature).is_ok()
}

pub(crate) fn agree(private: &Private, public: &Public) -> Result<Secret> {
    let shared = Zeroizing::new(x25519(**private, *public));
    if bool::from(shared.ct_eq(&[0; 32])) {
        return Err(operation("the public key is a point of small order"));
    }
    Ok(Zeroizing::new(shared.to_vec()))
}
