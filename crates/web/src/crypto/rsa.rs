//! RSA keys in every format, and what they do: RSASSA-PKCS1-v1_5, RSA-PSS, RSA-OAEP.

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use pkcs8::der::{Decode, Encode};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::algorithm::{Hash, Params, Scheme, Usages};
use super::aws_lc::{Part, RsaKey};
use super::error::{Failure, Result, access, data, operation, syntax, unsupported};
use super::hash::{self, Cancelled};
use super::jwk::Jwk;
use super::key::{Bare, Encoded, Exported, Format, Generated, Key, Kind, Material, NO_USAGES, Secret, Wanted};

/// 1.2.840.113549.1.1.1
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A private operation with the longest modulus takes about 50 ms; making such a key takes seconds.
const BITS: std::ops::RangeInclusive<u32> = 1024..=8192;
/// Keys are made in steps of so many bits: others would come out shorter.
const STEP: u32 = 128;
/// More than a private key of the longest modulus has in DER.
const MOST_DER: usize = 16 << 10;

fn private_usages(scheme: Scheme) -> Usages {
    if scheme == Scheme::RsaOaep { Usages::DECRYPT.and(Usages::UNWRAP) } else { Usages::SIGN }
}

fn public_usages(scheme: Scheme) -> Usages {
    if scheme == Scheme::RsaOaep { Usages::ENCRYPT.and(Usages::WRAP) } else { Usages::VERIFY }
}

fn bare(kind: Kind, params: &Params, key: RsaKey) -> Result<Bare> {
    Ok(Bare { kind, scheme: params.scheme()?, hash: Some(params.hash()?), material: Material::Rsa(key) })
}

fn bad_key() -> Failure {
    data("the key is not a valid RSA key")
}

/// What is cheap to say is said first: usages, then sizes.
pub(crate) fn check_generation(params: &Params, wanted: Wanted) -> Result<u32> {
    let scheme = params.scheme()?;
    wanted.usages.check(private_usages(scheme).and(public_usages(scheme)))?;
    if !BITS.contains(&params.modulus_length) || !params.modulus_length.is_multiple_of(STEP) {
        return Err(operation(format!("modulusLength must be a multiple of {STEP} from 1024 to 8192")));
    }
    let mut digits = params.public_exponent.iter().skip_while(|byte| **byte == 0);
    let exponent = digits.try_fold(0u32, |sum, byte| sum.checked_mul(256)?.checked_add(u32::from(*byte)));
    let exponent = exponent.filter(|exponent| *exponent >= 3 && *exponent % 2 == 1);
    let exponent = exponent.ok_or_else(|| operation("publicExponent must be odd and from 3 to 4294967295"))?;
    if wanted.usages.common(private_usages(scheme)).is_empty() {
        return Err(syntax(NO_USAGES));
    }
    Ok(exponent)
}

pub(crate) fn generate(params: &Params, wanted: Wanted, is_cancelled: Cancelled<'_>) -> Result<Generated> {
    let exponent = check_generation(params, wanted)?;
    let failed = || operation("no key could be made");
    let key = RsaKey::generate(params.modulus_length, exponent, is_cancelled).ok_or_else(failed)?;
    let public_der = key.to_public_der().ok_or_else(failed)?;
    let open = RsaKey::from_public_der(&public_der).ok_or_else(failed)?;
    let scheme = params.scheme()?;
    Ok(Generated::pair(
        (bare(Kind::Public, params, open)?, public_usages(scheme)),
        (bare(Kind::Private, params, key)?, private_usages(scheme)),
        wanted,
    ))
}

pub(crate) fn import(encoded: &Encoded<'_>, params: &Params, wanted: Wanted) -> Result<Bare> {
    let scheme = params.scheme()?;
    let (is_private, length) = match encoded {
        Encoded::Pkcs8(bytes) => (true, bytes.len()),
        Encoded::Spki(bytes) => (false, bytes.len()),
        Encoded::Jwk(jwk) => (jwk.get("d").is_some(), 0),
        Encoded::Raw(_) => return Err(unsupported("RSA keys are imported as pkcs8, spki or jwk")),
    };
    wanted.usages.check(if is_private { private_usages(scheme) } else { public_usages(scheme) })?;
    if length > MOST_DER {
        return Err(bad_key());
    }
    let key = match encoded {
        Encoded::Pkcs8(bytes) => {
            let info = PrivateKeyInfoRef::from_der(bytes).map_err(|_| bad_key())?;
            check_algorithm(&info.algorithm)?;
            RsaKey::from_private_der(info.private_key.as_bytes())
        }
        Encoded::Spki(bytes) => {
            let info = SubjectPublicKeyInfoRef::from_der(bytes).map_err(|_| bad_key())?;
            check_algorithm(&info.algorithm)?;
            RsaKey::from_public_der(info.subject_public_key.as_bytes().ok_or_else(bad_key)?)
        }
        Encoded::Jwk(jwk) => {
            jwk.check("RSA", if scheme == Scheme::RsaOaep { "enc" } else { "sig" }, wanted)?;
            jwk.check_alg(&alg(scheme, params.hash()?))?;
            from_jwk(jwk)?
        }
        Encoded::Raw(_) => None,
    };
    let key = key.filter(|key| key.bits() <= *BITS.end()).ok_or_else(bad_key)?;
    bare(if is_private { Kind::Private } else { Kind::Public }, params, key)
}

fn check_algorithm(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<()> {
    let is_null = algorithm.parameters.is_none_or(|parameters| parameters == AnyRef::NULL);
    if algorithm.oid == RSA_ENCRYPTION && is_null { Ok(()) } else { Err(bad_key()) }
}

/// Members of a JSON Web Key, in the order of the library.
const MEMBERS: [(&str, Part); 8] = [
    ("n", Part::N),
    ("e", Part::E),
    ("d", Part::D),
    ("p", Part::P),
    ("q", Part::Q),
    ("dp", Part::Dp),
    ("dq", Part::Dq),
    ("qi", Part::Qi),
];

fn from_jwk(jwk: &Jwk) -> Result<Option<RsaKey>> {
    let (n, e) = (number(jwk, "n")?, number(jwk, "e")?);
    if jwk.get("d").is_none() {
        return Ok(RsaKey::from_public_parts(&n, &e));
    }
    let mut parts = Vec::with_capacity(MEMBERS.len());
    for (name, _) in MEMBERS {
        parts.push(number(jwk, name)?);
    }
    Ok(<[Secret; 8]>::try_from(parts).ok().and_then(|parts| RsaKey::from_private_parts(&parts)))
}

fn number(jwk: &Jwk, name: &'static str) -> Result<Secret> {
    jwk.bytes(name).and_then(|bytes| if bytes.len() <= MOST_DER { Ok(bytes) } else { Err(bad_key()) })
}

/// The name among JSON Web Algorithms.
fn alg(scheme: Scheme, hash: Hash) -> String {
    match (scheme, hash) {
        (Scheme::RsaOaep, Hash::Sha1) => "RSA-OAEP".into(),
        (Scheme::RsaOaep, _) => format!("RSA-OAEP-{}", hash.number()),
        (Scheme::RsaPss, _) => format!("PS{}", hash.number()),
        _ => format!("RS{}", hash.number()),
    }
}

pub(crate) fn export(format: Format, key: &Key, material: &RsaKey) -> Result<Exported> {
    let failed = || operation("the key cannot be exported");
    let algorithm = AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) };
    match (format, key.kind) {
        (Format::Jwk, kind) => {
            let mut jwk = Jwk::of("RSA", key);
            jwk.set("alg", alg(key.scheme, key.hash.ok_or_else(failed)?));
            for (name, part) in MEMBERS.into_iter().take(if kind == Kind::Public { 2 } else { 8 }) {
                jwk.set_bytes(name, &material.part(part).ok_or_else(failed)?);
            }
            Ok(Exported::Jwk(jwk))
        }
        (Format::Pkcs8, Kind::Private) => {
            let inner = material.to_private_der().ok_or_else(failed)?;
            let inner = OctetStringRef::new(&inner).map_err(|_| failed())?;
            let der = PrivateKeyInfoRef::new(algorithm, inner).to_der().map_err(|_| failed())?;
            Ok(Exported::Bytes(Zeroizing::new(der)))
        }
        (Format::Spki, Kind::Public) => {
            let inner = material.to_public_der().ok_or_else(failed)?;
            let subject_public_key = BitStringRef::from_bytes(&inner).map_err(|_| failed())?;
            let der = SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der().map_err(|_| failed())?;
            Ok(Exported::Bytes(Zeroizing::new(der)))
        }
        (Format::Raw, _) => Err(unsupported("RSA keys are exported as pkcs8, spki or jwk")),
        _ => Err(access("a public key is exported as spki or jwk, a private one as pkcs8 or jwk")),
    }
}

/// The length of a salt, no longer than any key has room for.
fn salt_bytes(params: &Params) -> Result<u16> {
    let most = BITS.end() / 8;
    u16::try_from(params.salt_length)
        .ok()
        .filter(|bytes| u32::from(*bytes) <= most)
        .ok_or_else(|| operation("saltLength is more than the key has room for"))
}

pub(crate) fn sign(params: &Params, key: &Key, data: &[u8], is_cancelled: Cancelled<'_>) -> Result<Vec<u8>> {
    let (material, hash) = parts(key, Kind::Private)?;
    let digest = hash::digest(hash, data, is_cancelled)?;
    let signature = if key.scheme == Scheme::RsaPss {
        material.sign_pss(hash, &digest, salt_bytes(params)?)
    } else {
        material.sign_pkcs1(hash, &digest)
    };
    signature.ok_or_else(|| operation("the data cannot be signed"))
}

pub(crate) fn verify(
    params: &Params,
    key: &Key,
    signature: &[u8],
    data: &[u8],
    is_cancelled: Cancelled<'_>,
) -> Result<bool> {
    let (material, hash) = parts(key, Kind::Public)?;
    let digest = hash::digest(hash, data, is_cancelled)?;
    if key.scheme == Scheme::RsaPss {
        return Ok(salt_bytes(params).is_ok_and(|salt| material.verify_pss(hash, &digest, salt, signature)));
    }
    Ok(material.verify_pkcs1(hash, &digest, signature))
}

pub(crate) fn encrypt(key: &Key, label: &[u8], data: &[u8]) -> Result<Vec<u8>> {
    let (material, hash) = parts(key, Kind::Public)?;
    material.encrypt_oaep(hash, label, data).ok_or_else(|| operation("the data cannot be encrypted"))
}

pub(crate) fn decrypt(key: &Key, label: &[u8], data: &[u8]) -> Result<Secret> {
    let (material, hash) = parts(key, Kind::Private)?;
    material.decrypt_oaep(hash, label, data).ok_or_else(|| operation("the data cannot be decrypted"))
}

fn parts(key: &Key, kind: Kind) -> Result<(&RsaKey, Hash)> {
    match (&key.material, key.hash) {
        (Material::Rsa(material), Some(hash)) if key.kind == kind => Ok((material, hash)),
        _ => Err(access(format!("the key is not a {} one", kind.name()))),
    }
}
