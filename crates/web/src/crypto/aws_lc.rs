//! RSA (RFC 8017) over AWS-LC: one of the files here that call C, beside `context.rs` and `nodekey/evp.rs`.
//!
//! Everything is checked by the library when a key is made, so that a [`RsaKey`] is one that it can use. What it frees it wipes.
//! Its operations on private keys are blinded and take the same time for every input.

use std::ffi::{c_int, c_void};
use std::ptr::{NonNull, null_mut};

use aws_lc_sys as lc;
use zeroize::Zeroizing;

use super::algorithm::Hash;
use super::context::{Context, succeeded};
use super::hash::Cancelled;
use super::key::Secret;

/// A key, public or private.
pub(crate) struct RsaKey(NonNull<lc::RSA>);

// SAFETY: the library counts references atomically and locks what it computes late; nothing is written after a key was made.
unsafe impl Send for RsaKey {}
// SAFETY: as above.
unsafe impl Sync for RsaKey {}

impl Drop for RsaKey {
    fn drop(&mut self) {
        // SAFETY: the one reference that this value owns.
        unsafe { lc::RSA_free(self.0.as_ptr()) }
    }
}

/// A number of the library's, freed with this value.
struct Number(NonNull<lc::BIGNUM>);

impl Number {
    fn new(bytes: &[u8]) -> Option<Self> {
        // SAFETY: a live slice with its length; the library copies it.
        NonNull::new(unsafe { lc::BN_bin2bn(bytes.as_ptr(), bytes.len(), null_mut()) }).map(Self)
    }

    fn as_ptr(&self) -> *const lc::BIGNUM {
        self.0.as_ptr()
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // SAFETY: the number that this value owns.
        unsafe { lc::BN_clear_free(self.0.as_ptr()) }
    }
}

/// Numbers of a private key in the order of RFC 8017.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    N,
    E,
    D,
    P,
    Q,
    Dp,
    Dq,
    Qi,
}

/// The library's tables of the hash function.
fn digest_of(hash: Hash) -> *const lc::EVP_MD {
    // SAFETY: these give pointers to static tables.
    unsafe {
        match hash {
            Hash::Sha1 => lc::EVP_sha1(),
            Hash::Sha256 => lc::EVP_sha256(),
            Hash::Sha384 => lc::EVP_sha384(),
            Hash::Sha512 => lc::EVP_sha512(),
        }
    }
}

fn nid(hash: Hash) -> c_int {
    match hash {
        Hash::Sha1 => lc::NID_sha1,
        Hash::Sha256 => lc::NID_sha256,
        Hash::Sha384 => lc::NID_sha384,
        Hash::Sha512 => lc::NID_sha512,
    }
}

unsafe extern "C" fn look(_event: c_int, _n: c_int, callback: *mut lc::BN_GENCB) -> c_int {
    // SAFETY: `generate` put a pointer here to what lives as long as its call.
    let is_cancelled = unsafe { &*lc::BN_GENCB_get_arg(callback).cast::<Cancelled<'_>>() };
    c_int::from(!is_cancelled())
}

impl RsaKey {
    fn own(key: *mut lc::RSA) -> Option<Self> {
        let key = NonNull::new(key).map(Self);
        if key.is_none() {
            succeeded(0);
        }
        key
    }

    /// A new private key. Looks between candidates for primes whether it is still wanted.
    pub(crate) fn generate(bits: u32, exponent: u32, mut is_cancelled: Cancelled<'_>) -> Option<Self> {
        let exponent = Number::new(&exponent.to_be_bytes())?;
        // SAFETY: makes an empty key.
        let key = Self::own(unsafe { lc::RSA_new() })?;
        // SAFETY: makes an empty callback.
        let callback = NonNull::new(unsafe { lc::BN_GENCB_new() })?;
        let arg: *mut Cancelled<'_> = &raw mut is_cancelled;
        // SAFETY: the callback lives, and what its argument points to lives as long as this function runs.
        unsafe { lc::BN_GENCB_set(callback.as_ptr(), Some(look), arg.cast::<c_void>()) };
        let bits = c_int::try_from(bits).ok()?;
        // SAFETY: live pointers of the right kinds.
        let status = unsafe { lc::RSA_generate_key_ex(key.0.as_ptr(), bits, exponent.as_ptr(), callback.as_ptr()) };
        // SAFETY: made above, and nobody has it any more.
        unsafe { lc::BN_GENCB_free(callback.as_ptr()) };
        succeeded(status).map(|()| key)
    }

    /// `RSAPrivateKey` in DER. The whole of it, checked.
    pub(crate) fn from_private_der(der: &[u8]) -> Option<Self> {
        // SAFETY: a live slice with its length.
        Self::own(unsafe { lc::RSA_private_key_from_bytes(der.as_ptr(), der.len()) })
    }

    /// `RSAPublicKey` in DER.
    pub(crate) fn from_public_der(der: &[u8]) -> Option<Self> {
        // SAFETY: a live slice with its length.
        Self::own(unsafe { lc::RSA_public_key_from_bytes(der.as_ptr(), der.len()) })
    }

    pub(crate) fn from_public_parts(n: &[u8], e: &[u8]) -> Option<Self> {
        let (n, e) = (Number::new(n)?, Number::new(e)?);
        // SAFETY: live numbers, which the library copies.
        Self::own(unsafe { lc::RSA_new_public_key(n.as_ptr(), e.as_ptr()) })
    }

    /// All eight numbers, in the order of [`Part`].
    pub(crate) fn from_private_parts(parts: &[Secret; 8]) -> Option<Self> {
        let mut numbers = Vec::with_capacity(parts.len());
        for part in parts {
            numbers.push(Number::new(part)?);
        }
        let [n, e, d, p, q, dp, dq, qi] = &numbers[..] else { return None };
        // SAFETY: live numbers, which the library copies.
        let key = Self::own(unsafe {
            lc::RSA_new_private_key(
                n.as_ptr(),
                e.as_ptr(),
                d.as_ptr(),
                p.as_ptr(),
                q.as_ptr(),
                dp.as_ptr(),
                dq.as_ptr(),
                qi.as_ptr(),
            )
        })?;
        // SAFETY: a live key.
        succeeded(unsafe { lc::RSA_check_key(key.0.as_ptr()) }).map(|()| key)
    }

    pub(crate) fn bits(&self) -> u32 {
        // SAFETY: a live key.
        unsafe { lc::RSA_bits(self.0.as_ptr()) }
    }

    /// Bytes of the modulus, of a signature, of a ciphertext.
    fn size(&self) -> usize {
        // SAFETY: a live key.
        unsafe { lc::RSA_size(self.0.as_ptr()) as usize }
    }

    /// One of the key's numbers, without zeros in front.
    pub(crate) fn part(&self, part: Part) -> Option<Secret> {
        let key = self.0.as_ptr();
        // SAFETY: a live key; the number belongs to it and is null where the key has no such part.
        let number = unsafe {
            match part {
                Part::N => lc::RSA_get0_n(key),
                Part::E => lc::RSA_get0_e(key),
                Part::D => lc::RSA_get0_d(key),
                Part::P => lc::RSA_get0_p(key),
                Part::Q => lc::RSA_get0_q(key),
                Part::Dp => lc::RSA_get0_dmp1(key),
                Part::Dq => lc::RSA_get0_dmq1(key),
                Part::Qi => lc::RSA_get0_iqmp(key),
            }
        };
        if number.is_null() {
            return None;
        }
        // SAFETY: a live number.
        let mut bytes = Zeroizing::new(vec![0; unsafe { lc::BN_num_bytes(number) } as usize]);
        // SAFETY: the buffer has the bytes that the library asked for.
        unsafe { lc::BN_bn2bin(number, bytes.as_mut_ptr()) };
        Some(bytes)
    }

    /// `RSAPrivateKey` in DER.
    pub(crate) fn to_private_der(&self) -> Option<Secret> {
        self.to_der(lc::RSA_private_key_to_bytes)
    }

    /// `RSAPublicKey` in DER.
    pub(crate) fn to_public_der(&self) -> Option<Secret> {
        self.to_der(lc::RSA_public_key_to_bytes)
    }

    fn to_der(&self, write: unsafe extern "C" fn(*mut *mut u8, *mut usize, *const lc::RSA) -> c_int) -> Option<Secret> {
        let (mut bytes, mut length) = (null_mut(), 0);
        // SAFETY: a live key, and where to put the memory that the library allocates.
        succeeded(unsafe { write(&raw mut bytes, &raw mut length, self.0.as_ptr()) })?;
        // SAFETY: the library gave so many bytes.
        let copy = Zeroizing::new(unsafe { std::slice::from_raw_parts(bytes, length) }.to_vec());
        // SAFETY: the memory that the library allocated for us; it wipes what it frees.
        unsafe { lc::OPENSSL_free(bytes.cast::<c_void>()) };
        Some(copy)
    }

    /// RSASSA-PKCS1-v1_5 of a digest.
    pub(crate) fn sign_pkcs1(&self, hash: Hash, digest: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.size()];
        let mut length = 0;
        // SAFETY: live slices with their lengths; the signature has room for the size of the key.
        let status = unsafe {
            lc::RSA_sign(
                nid(hash),
                digest.as_ptr(),
                digest.len(),
                signature.as_mut_ptr(),
                &raw mut length,
                self.0.as_ptr(),
            )
        };
        succeeded(status)?;
        signature.truncate(length as usize);
        Some(signature)
    }

    pub(crate) fn verify_pkcs1(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        // SAFETY: live slices with their lengths.
        let status = unsafe {
            lc::RSA_verify(
                nid(hash),
                digest.as_ptr(),
                digest.len(),
                signature.as_ptr(),
                signature.len(),
                self.0.as_ptr(),
            )
        };
        succeeded(status).is_some()
    }

    /// RSASSA-PSS of a digest, the mask by the same hash.
    pub(crate) fn sign_pss(&self, hash: Hash, digest: &[u8], salt_bytes: u16) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.size()];
        let mut length = 0;
        // SAFETY: live slices with their lengths.
        let status = unsafe {
            lc::RSA_sign_pss_mgf1(
                self.0.as_ptr(),
                &raw mut length,
                signature.as_mut_ptr(),
                signature.len(),
                digest.as_ptr(),
                digest.len(),
                digest_of(hash),
                digest_of(hash),
                c_int::from(salt_bytes),
            )
        };
        succeeded(status)?;
        signature.truncate(length);
        Some(signature)
    }

    pub(crate) fn verify_pss(&self, hash: Hash, digest: &[u8], salt_bytes: u16, signature: &[u8]) -> bool {
        // SAFETY: live slices with their lengths.
        let status = unsafe {
            lc::RSA_verify_pss_mgf1(
                self.0.as_ptr(),
                digest.as_ptr(),
                digest.len(),
                digest_of(hash),
                digest_of(hash),
                c_int::from(salt_bytes),
                signature.as_ptr(),
                signature.len(),
            )
        };
        succeeded(status).is_some()
    }

    fn context(&self) -> Option<Context> {
        // SAFETY: makes an empty holder of a key.
        let holder = NonNull::new(unsafe { lc::EVP_PKEY_new() })?;
        // SAFETY: live pointers; the holder takes a reference of its own.
        let status = unsafe { lc::EVP_PKEY_set1_RSA(holder.as_ptr(), self.0.as_ptr()) };
        // SAFETY: a live holder.
        let context = succeeded(status).and_then(|()| unsafe { Context::of(holder) });
        // SAFETY: the reference that was made above.
        unsafe { lc::EVP_PKEY_free(holder.as_ptr()) };
        context
    }

    /// RSAES-OAEP, the mask by the same hash.
    pub(crate) fn encrypt_oaep(&self, hash: Hash, label: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        let context = self.context()?;
        // SAFETY: a live context.
        succeeded(unsafe { lc::EVP_PKEY_encrypt_init(context.as_ptr()) })?;
        // SAFETY: a table of the library's.
        unsafe { context.set_oaep(digest_of(hash), label) }?;
        let mut output = vec![0; self.size()];
        let mut length = output.len();
        // SAFETY: live slices with their lengths.
        let status = unsafe {
            lc::EVP_PKEY_encrypt(context.as_ptr(), output.as_mut_ptr(), &raw mut length, data.as_ptr(), data.len())
        };
        succeeded(status)?;
        output.truncate(length);
        Some(output)
    }

    pub(crate) fn decrypt_oaep(&self, hash: Hash, label: &[u8], data: &[u8]) -> Option<Secret> {
        let context = self.context()?;
        // SAFETY: a live context.
        succeeded(unsafe { lc::EVP_PKEY_decrypt_init(context.as_ptr()) })?;
        // SAFETY: a table of the library's.
        unsafe { context.set_oaep(digest_of(hash), label) }?;
        let mut output = Zeroizing::new(vec![0; self.size()]);
        let mut length = output.len();
        // SAFETY: live slices with their lengths.
        let status = unsafe {
            lc::EVP_PKEY_decrypt(context.as_ptr(), output.as_mut_ptr(), &raw mut length, data.as_ptr(), data.len())
        };
        succeeded(status)?;
        output.truncate(length);
        Some(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_nobody_waits_for_is_not_made() {
        assert!(RsaKey::generate(8192, 65537, &|| true).is_none());
    }

    #[test]
    fn numbers_that_are_no_key_make_none() {
        assert!(RsaKey::from_public_parts(&[], &[3]).is_none());
        assert!(RsaKey::from_public_parts(&[0xff; 256], &[2]).is_none());
        assert!(RsaKey::from_private_der(&[0x30, 0]).is_none());
    }
}
