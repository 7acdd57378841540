//! Asymmetric keys of every kind over AWS-LC. One of the files here that call C, beside `crypto/aws_lc.rs` and `crypto/context.rs`.
//!
//! What is read is checked by the library, in parsers that are fuzzed upstream; PEM and encryption are taken off before. Operations on
//! private keys are blinded and take the same time for every input. What the library frees it wipes.

use std::ffi::{c_int, c_long, c_void};
use std::ptr::{NonNull, null, null_mut};

use aws_lc_sys as lc;
use zeroize::Zeroizing;

use crate::crypto::{Context, succeeded};
use crate::nodehash::hashes::Algorithm;

type Secret = Zeroizing<Vec<u8>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Rsa,
    RsaPss,
    Ec,
    Ed25519,
    X25519,
}

impl Family {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::RsaPss => "rsa-pss",
            Self::Ec => "ec",
            Self::Ed25519 => "ed25519",
            Self::X25519 => "x25519",
        }
    }
}

/// Curves by OpenSSL's names, and the bytes of their numbers.
const CURVES: [(&str, c_int, usize); 5] = [
    ("prime256v1", lc::NID_X9_62_prime256v1, 32),
    ("secp224r1", lc::NID_secp224r1, 28),
    ("secp256k1", lc::NID_secp256k1, 32),
    ("secp384r1", lc::NID_secp384r1, 48),
    ("secp521r1", lc::NID_secp521r1, 66),
];

/// Names of curves as Node takes them.
fn curve_nid(name: &str) -> Option<c_int> {
    let name = match name {
        "P-256" => "prime256v1",
        "P-224" => "secp224r1",
        "P-384" => "secp384r1",
        "P-521" => "secp521r1",
        name => name,
    };
    CURVES.iter().find(|(known, ..)| *known == name).map(|(_, nid, _)| *nid)
}

/// How RSA signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Padding {
    Pkcs1,
    /// Bytes of salt; -1 those of the digest, -2 as many as there is room for, or whatever is found.
    Pss(i32),
}

/// How RSA encrypts.
pub(crate) enum Hiding<'a> {
    Pkcs1,
    Oaep { algorithm: Algorithm, label: &'a [u8] },
}

/// The longest modulus: a private operation takes about 50 ms.
const MOST_BITS: u32 = 8192;
/// More than any key or certificate of use has.
const MOST_DER: usize = 64 << 10;

/// A key, public or private.
pub(crate) struct Pkey(NonNull<lc::EVP_PKEY>);

// SAFETY: the library counts references atomically and locks what it computes late; nothing is written after a key was made.
unsafe impl Send for Pkey {}
// SAFETY: as above.
unsafe impl Sync for Pkey {}

impl Drop for Pkey {
    fn drop(&mut self) {
        // SAFETY: the one reference that this value owns.
        unsafe { lc::EVP_PKEY_free(self.0.as_ptr()) }
    }
}

/// The library's tables of a hash function, where it has it.
fn md(algorithm: Algorithm) -> Option<*const lc::EVP_MD> {
    // SAFETY: these give pointers to static tables.
    Some(unsafe {
        match algorithm {
            Algorithm::Md5 => lc::EVP_md5(),
            Algorithm::Sha1 => lc::EVP_sha1(),
            Algorithm::Sha224 => lc::EVP_sha224(),
            Algorithm::Sha256 => lc::EVP_sha256(),
            Algorithm::Sha384 => lc::EVP_sha384(),
            Algorithm::Sha512 => lc::EVP_sha512(),
            Algorithm::Sha512T224 => lc::EVP_sha512_224(),
            Algorithm::Sha512T256 => lc::EVP_sha512_256(),
            Algorithm::Sha3T224 => lc::EVP_sha3_224(),
            Algorithm::Sha3T256 => lc::EVP_sha3_256(),
            Algorithm::Sha3T384 => lc::EVP_sha3_384(),
            Algorithm::Sha3T512 => lc::EVP_sha3_512(),
            _ => return None,
        }
    })
}

impl Pkey {
    /// One that is of a kind, and of a size, that is known here.
    fn own(key: *mut lc::EVP_PKEY) -> Option<Self> {
        let Some(key) = NonNull::new(key).map(Self) else {
            succeeded(0);
            return None;
        };
        let family = key.try_family()?;
        let is_known = match family {
            Family::Rsa | Family::RsaPss => key.bits() <= MOST_BITS,
            Family::Ec => key.curve().is_some(),
            Family::Ed25519 | Family::X25519 => true,
        };
        is_known.then_some(key)
    }

    fn parse(der: &[u8], read: unsafe extern "C" fn(*mut lc::CBS) -> *mut lc::EVP_PKEY) -> Option<Self> {
        if der.len() > MOST_DER {
            return None;
        }
        let mut cbs = lc::CBS { data: der.as_ptr(), len: der.len() };
        // SAFETY: a live slice with its length, of which the library reads no more.
        let key = Self::own(unsafe { read(&raw mut cbs) })?;
        (cbs.len == 0).then_some(key)
    }

    pub(crate) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        Self::parse(der, lc::EVP_parse_private_key)
    }

    pub(crate) fn from_spki(der: &[u8]) -> Option<Self> {
        Self::parse(der, lc::EVP_parse_public_key)
    }

    /// `RSAPrivateKey`
    pub(crate) fn from_pkcs1_private(der: &[u8]) -> Option<Self> {
        Self::traditional(lc::EVP_PKEY_RSA, der)
    }

    /// `ECPrivateKey`
    pub(crate) fn from_sec1(der: &[u8]) -> Option<Self> {
        Self::traditional(lc::EVP_PKEY_EC, der)
    }

    fn traditional(kind: c_int, der: &[u8]) -> Option<Self> {
        let length = c_long::try_from(der.len()).ok().filter(|_| der.len() <= MOST_DER)?;
        let mut at = der.as_ptr();
        // SAFETY: a live slice with its length; the library moves the pointer to the end of what it read.
        let key = Self::own(unsafe { lc::d2i_PrivateKey(kind, null_mut(), &raw mut at, length) })?;
        (at == der.as_ptr_range().end).then_some(key)
    }

    /// `RSAPublicKey`
    pub(crate) fn from_pkcs1_public(der: &[u8]) -> Option<Self> {
        if der.len() > MOST_DER {
            return None;
        }
        // SAFETY: a live slice with its length.
        let rsa = NonNull::new(unsafe { lc::RSA_public_key_from_bytes(der.as_ptr(), der.len()) });
        let Some(rsa) = rsa else {
            succeeded(0);
            return None;
        };
        // SAFETY: makes an empty holder of a key.
        let holder = unsafe { lc::EVP_PKEY_new() };
        // SAFETY: live pointers; the holder takes a reference of its own. A null one is refused by the library.
        let status = unsafe { lc::EVP_PKEY_set1_RSA(holder, rsa.as_ptr()) };
        // SAFETY: the reference that was made above.
        unsafe { lc::RSA_free(rsa.as_ptr()) };
        if succeeded(status).is_none() {
            // SAFETY: made above; null is allowed.
            unsafe { lc::EVP_PKEY_free(holder) };
            return None;
        }
        Self::own(holder)
    }

    fn try_family(&self) -> Option<Family> {
        // SAFETY: a live key.
        match unsafe { lc::EVP_PKEY_id(self.0.as_ptr()) } {
            lc::EVP_PKEY_RSA => Some(Family::Rsa),
            lc::EVP_PKEY_RSA_PSS => Some(Family::RsaPss),
            lc::EVP_PKEY_EC => Some(Family::Ec),
            lc::EVP_PKEY_ED25519 => Some(Family::Ed25519),
            lc::EVP_PKEY_X25519 => Some(Family::X25519),
            _ => None,
        }
    }

    pub(crate) fn family(&self) -> Family {
        // `own` lets no other kind pass.
        self.try_family().unwrap_or(Family::Rsa)
    }

    /// Bits of the modulus.
    pub(crate) fn bits(&self) -> u32 {
        // SAFETY: a live key.
        u32::try_from(unsafe { lc::EVP_PKEY_bits(self.0.as_ptr()) }).unwrap_or(u32::MAX)
    }

    /// The public exponent of RSA, without zeros in front.
    pub(crate) fn exponent(&self) -> Option<Vec<u8>> {
        // SAFETY: a live key; the inner one belongs to it, and is null for another kind.
        let rsa = unsafe { lc::EVP_PKEY_get0_RSA(self.0.as_ptr()) };
        if rsa.is_null() {
            succeeded(0);
            return None;
        }
        // SAFETY: a live key, whose number belongs to it.
        let number = unsafe { lc::RSA_get0_e(rsa) };
        if number.is_null() {
            return None;
        }
        // SAFETY: a live number.
        let mut bytes = vec![0; unsafe { lc::BN_num_bytes(number) } as usize];
        // SAFETY: the buffer has the bytes that the library asked for.
        unsafe { lc::BN_bn2bin(number, bytes.as_mut_ptr()) };
        Some(bytes)
    }

    /// The curve's name, and the bytes of its numbers.
    pub(crate) fn curve(&self) -> Option<(&'static str, usize)> {
        // SAFETY: a live key; the inner one belongs to it, and is null for another kind.
        let key = unsafe { lc::EVP_PKEY_get0_EC_KEY(self.0.as_ptr()) };
        if key.is_null() {
            succeeded(0);
            return None;
        }
        // SAFETY: a live key.
        let group = unsafe { lc::EC_KEY_get0_group(key) };
        if group.is_null() {
            return None;
        }
        // SAFETY: a live group, which belongs to the key.
        let nid = unsafe { lc::EC_GROUP_get_curve_name(group) };
        CURVES.iter().find(|(_, known, _)| *known == nid).map(|(name, _, width)| (*name, *width))
    }

    // ── encodings ─────────────────────────────────────────────────────────────────────────────────────────────────────

    fn marshal(&self, write: unsafe extern "C" fn(*mut lc::CBB, *const lc::EVP_PKEY) -> c_int) -> Option<Secret> {
        let mut cbb = std::mem::MaybeUninit::<lc::CBB>::zeroed();
        // SAFETY: room for the builder, which the library fills.
        succeeded(unsafe { lc::CBB_init(cbb.as_mut_ptr(), 256) })?;
        // SAFETY: filled above.
        let mut cbb = unsafe { cbb.assume_init() };
        let (mut bytes, mut length) = (null_mut(), 0);
        // SAFETY: a live builder and a live key.
        let written = succeeded(unsafe { write(&raw mut cbb, self.0.as_ptr()) })
            // SAFETY: a live builder, and where to put what it allocated.
            .and_then(|()| succeeded(unsafe { lc::CBB_finish(&raw mut cbb, &raw mut bytes, &raw mut length) }));
        if written.is_none() {
            // SAFETY: a builder that was not finished; a finished one is empty.
            unsafe { lc::CBB_cleanup(&raw mut cbb) };
            return None;
        }
        // SAFETY: memory of the library's with so many bytes, which is ours now.
        Some(unsafe { take(bytes, length) })
    }

    pub(crate) fn to_pkcs8(&self) -> Option<Secret> {
        self.marshal(lc::EVP_marshal_private_key)
    }

    pub(crate) fn to_spki(&self) -> Option<Secret> {
        self.marshal(lc::EVP_marshal_public_key)
    }

    /// `RSAPrivateKey` or `ECPrivateKey`, as the kind has it.
    pub(crate) fn to_traditional(&self) -> Option<Secret> {
        let mut bytes = null_mut();
        // SAFETY: a live key, and where to put what the library allocates.
        let length = unsafe { lc::i2d_PrivateKey(self.0.as_ptr(), &raw mut bytes) };
        let Ok(length @ 1..) = usize::try_from(length) else {
            succeeded(0);
            return None;
        };
        // SAFETY: as above: so many bytes.
        Some(unsafe { take(bytes, length) })
    }

    /// `RSAPublicKey`
    pub(crate) fn to_pkcs1_public(&self) -> Option<Secret> {
        // SAFETY: a live key; the inner one belongs to it.
        let rsa = unsafe { lc::EVP_PKEY_get0_RSA(self.0.as_ptr()) };
        if rsa.is_null() {
            succeeded(0);
            return None;
        }
        let (mut bytes, mut length) = (null_mut(), 0);
        // SAFETY: a live key, and where to put what the library allocates.
        succeeded(unsafe { lc::RSA_public_key_to_bytes(&raw mut bytes, &raw mut length, rsa) })?;
        // SAFETY: so many bytes, which are ours.
        Some(unsafe { take(bytes, length) })
    }

    pub(crate) fn public_half(&self) -> Option<Self> {
        Self::from_spki(&self.to_spki()?)
    }

    /// Whether both have the same public half.
    pub(crate) fn is_same_public(&self, other: &Self) -> bool {
        // SAFETY: live keys.
        succeeded(unsafe { lc::EVP_PKEY_cmp(self.0.as_ptr(), other.0.as_ptr()) }).is_some()
    }

    // ── signatures ────────────────────────────────────────────────────────────────────────────────────────────────────

    fn context(&self) -> Option<Context> {
        // SAFETY: a live key.
        unsafe { Context::of(self.0) }
    }

    fn is_rsa(&self) -> bool {
        matches!(self.family(), Family::Rsa | Family::RsaPss)
    }

    /// Of a digest that `algorithm` gave. None where the key, the hash function and the padding do not go together.
    pub(crate) fn sign_digest(&self, algorithm: Algorithm, digest: &[u8], padding: Padding) -> Option<Vec<u8>> {
        let context = self.context()?;
        let raw = context.as_ptr();
        // SAFETY: a live context.
        succeeded(unsafe { lc::EVP_PKEY_sign_init(raw) })?;
        if self.is_rsa() {
            set_padding(&context, algorithm, padding)?;
        }
        // SAFETY: a live key.
        let mut length = usize::try_from(unsafe { lc::EVP_PKEY_size(self.0.as_ptr()) }).ok()?;
        let mut signature = vec![0; length];
        // SAFETY: live slices with their lengths; the signature has room for the longest.
        let status =
            unsafe { lc::EVP_PKEY_sign(raw, signature.as_mut_ptr(), &raw mut length, digest.as_ptr(), digest.len()) };
        succeeded(status)?;
        signature.truncate(length);
        Some(signature)
    }

    /// None where the key, the hash function and the padding do not go together.
    pub(crate) fn verify_digest(
        &self,
        algorithm: Algorithm,
        digest: &[u8],
        padding: Padding,
        signature: &[u8],
    ) -> Option<bool> {
        let context = self.context()?;
        let raw = context.as_ptr();
        // SAFETY: a live context.
        succeeded(unsafe { lc::EVP_PKEY_verify_init(raw) })?;
        if self.is_rsa() {
            set_padding(&context, algorithm, padding)?;
        }
        // SAFETY: live slices with their lengths.
        let status =
            unsafe { lc::EVP_PKEY_verify(raw, signature.as_ptr(), signature.len(), digest.as_ptr(), digest.len()) };
        Some(succeeded(status).is_some())
    }

    /// Ed25519 of a whole message.
    pub(crate) fn sign_message(&self, message: &[u8]) -> Option<Vec<u8>> {
        let context = Message::new()?;
        // SAFETY: live pointers; no hash function is chosen for this kind of key.
        succeeded(unsafe {
            lc::EVP_DigestSignInit(context.0.as_ptr(), null_mut(), null(), null_mut(), self.0.as_ptr())
        })?;
        let mut signature = vec![0; 64];
        let mut length = signature.len();
        // SAFETY: live slices with their lengths.
        let status = unsafe {
            let (output, input) = (signature.as_mut_ptr(), message.as_ptr());
            lc::EVP_DigestSign(context.0.as_ptr(), output, &raw mut length, input, message.len())
        };
        succeeded(status)?;
        signature.truncate(length);
        Some(signature)
    }

    pub(crate) fn verify_message(&self, message: &[u8], signature: &[u8]) -> Option<bool> {
        let context = Message::new()?;
        // SAFETY: as in `sign_message`.
        succeeded(unsafe {
            lc::EVP_DigestVerifyInit(context.0.as_ptr(), null_mut(), null(), null_mut(), self.0.as_ptr())
        })?;
        // SAFETY: live slices with their lengths.
        let status = unsafe {
            let (signature, length) = (signature.as_ptr(), signature.len());
            lc::EVP_DigestVerify(context.0.as_ptr(), signature, length, message.as_ptr(), message.len())
        };
        Some(succeeded(status).is_some())
    }

    // ── RSA encryption ────────────────────────────────────────────────────────────────────────────────────────────────

    /// None where the data is too long for the key, or nothing that the key can open.
    pub(crate) fn crypt(&self, is_encrypting: bool, hiding: &Hiding<'_>, data: &[u8]) -> Option<Secret> {
        if self.family() != Family::Rsa {
            return None;
        }
        let context = self.context()?;
        let raw = context.as_ptr();
        // SAFETY: a live context.
        succeeded(unsafe {
            if is_encrypting { lc::EVP_PKEY_encrypt_init(raw) } else { lc::EVP_PKEY_decrypt_init(raw) }
        })?;
        set_hiding(&context, hiding)?;
        // SAFETY: a live key.
        let mut length = usize::try_from(unsafe { lc::EVP_PKEY_size(self.0.as_ptr()) }).ok()?;
        let mut output = Zeroizing::new(vec![0; length]);
        let run = if is_encrypting { lc::EVP_PKEY_encrypt } else { lc::EVP_PKEY_decrypt };
        // SAFETY: live slices with their lengths; the output has room for the longest.
        let status = unsafe { run(raw, output.as_mut_ptr(), &raw mut length, data.as_ptr(), data.len()) };
        succeeded(status)?;
        output.truncate(length);
        Some(output)
    }

    // ── new keys ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// A new key on a curve, by OpenSSL's name or that of NIST.
    pub(crate) fn generate_ec(curve: &str) -> Option<Self> {
        let nid = curve_nid(curve)?;
        // SAFETY: makes a key without a value.
        let key = NonNull::new(unsafe { lc::EC_KEY_new_by_curve_name(nid) })?;
        // SAFETY: a live key, which nobody else has.
        let made = succeeded(unsafe { lc::EC_KEY_generate_key(key.as_ptr()) });
        // SAFETY: makes an empty holder of a key.
        let holder = unsafe { lc::EVP_PKEY_new() };
        let held = made
            // SAFETY: live pointers; the holder takes a reference of its own. A null one is refused by the library.
            .and_then(|()| succeeded(unsafe { lc::EVP_PKEY_set1_EC_KEY(holder, key.as_ptr()) }));
        // SAFETY: the reference that was made above.
        unsafe { lc::EC_KEY_free(key.as_ptr()) };
        if held.is_none() {
            // SAFETY: made above; null is allowed.
            unsafe { lc::EVP_PKEY_free(holder) };
            return None;
        }
        Self::own(holder)
    }

    /// A new key of Ed25519 or X25519.
    pub(crate) fn generate_25519(family: Family) -> Option<Self> {
        let id = if family == Family::Ed25519 { lc::EVP_PKEY_ED25519 } else { lc::EVP_PKEY_X25519 };
        let context = Context::of_kind(id)?;
        // SAFETY: a live context.
        succeeded(unsafe { lc::EVP_PKEY_keygen_init(context.as_ptr()) })?;
        let mut key = null_mut();
        // SAFETY: a live context, and where to put the new key.
        succeeded(unsafe { lc::EVP_PKEY_keygen(context.as_ptr(), &raw mut key) })?;
        Self::own(key)
    }
}

/// Takes over memory that the library allocated.
///
/// # Safety
/// `bytes` has `length` bytes, and nobody else frees it.
unsafe fn take(bytes: *mut u8, length: usize) -> Secret {
    // SAFETY: the caller's.
    let copy = Zeroizing::new(unsafe { std::slice::from_raw_parts(bytes, length) }.to_vec());
    // SAFETY: the caller's; the library wipes what it frees.
    unsafe { lc::OPENSSL_free(bytes.cast::<c_void>()) };
    copy
}

/// How RSA signs with a context.
fn set_padding(context: &Context, algorithm: Algorithm, padding: Padding) -> Option<()> {
    let (context, md) = (context.as_ptr(), md(algorithm)?);
    let kind = if padding == Padding::Pkcs1 { lc::RSA_PKCS1_PADDING } else { lc::RSA_PKCS1_PSS_PADDING };
    // SAFETY: a live context.
    succeeded(unsafe { lc::EVP_PKEY_CTX_set_rsa_padding(context, kind) })?;
    // SAFETY: a live context, a static table.
    succeeded(unsafe { lc::EVP_PKEY_CTX_set_signature_md(context, md) })?;
    if let Padding::Pss(salt) = padding {
        // SAFETY: a live context.
        succeeded(unsafe { lc::EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) })?;
    }
    Some(())
}

/// How RSA hides a message with a context.
fn set_hiding(context: &Context, hiding: &Hiding<'_>) -> Option<()> {
    match *hiding {
        // SAFETY: a table of the library's.
        Hiding::Oaep { algorithm, label } => unsafe { context.set_oaep(md(algorithm)?, label) },
        // SAFETY: a live context.
        _ => succeeded(unsafe { lc::EVP_PKEY_CTX_set_rsa_padding(context.as_ptr(), lc::RSA_PKCS1_PADDING) }),
    }
}

/// The library's context of one message.
struct Message(NonNull<lc::EVP_MD_CTX>);

impl Message {
    fn new() -> Option<Self> {
        // SAFETY: makes an empty context.
        NonNull::new(unsafe { lc::EVP_MD_CTX_new() }).map(Self)
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: the context that this value owns.
        unsafe { lc::EVP_MD_CTX_free(self.0.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_read_back() {
        for curve in ["P-256", "P-384", "secp521r1", "secp256k1"] {
            let key = Pkey::generate_ec(curve).unwrap();
            let again = Pkey::from_sec1(&key.to_traditional().unwrap()).unwrap();
            assert!(Pkey::from_pkcs8(&again.to_pkcs8().unwrap()).unwrap().is_same_public(&key));
            assert!(key.public_half().unwrap().is_same_public(&key));
        }
        for family in [Family::Ed25519, Family::X25519] {
            let key = Pkey::generate_25519(family).unwrap();
            assert_eq!(Pkey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap().family(), family);
        }
    }

    #[test]
    fn what_is_signed_is_verified_and_nothing_else() {
        let key = Pkey::generate_ec("P-256").unwrap();
        let signature = key.sign_digest(Algorithm::Sha256, &[1; 32], Padding::Pkcs1).unwrap();
        let verify = |digest: &[u8]| key.verify_digest(Algorithm::Sha256, digest, Padding::Pkcs1, &signature);
        assert_eq!((verify(&[1; 32]), verify(&[2; 32])), (Some(true), Some(false)));
        let key = Pkey::generate_25519(Family::Ed25519).unwrap();
        let signature = key.sign_message(b"message").unwrap();
        assert_eq!(key.verify_message(b"message", &signature), Some(true));
        assert_eq!(key.verify_message(b"another", &signature), Some(false));
        assert!(Pkey::generate_25519(Family::X25519).unwrap().sign_message(b"").is_none());
    }

    #[test]
    fn bytes_that_are_no_key_make_none() {
        for bytes in [&[][..], &[0x30, 0], &[0x30, 0x80], &[0xff; 300]] {
            assert!(Pkey::from_pkcs8(bytes).is_none() && Pkey::from_spki(bytes).is_none());
            assert!(Pkey::from_sec1(bytes).is_none() && Pkey::from_pkcs1_private(bytes).is_none());
            assert!(Pkey::from_pkcs1_public(bytes).is_none());
        }
    }
}
