//! Hash functions behind one interface, and HMAC (FIPS 198-1) over each of them.

use digest::{Digest, ExtendableOutput, Update, XofReader};
use zeroize::Zeroizing;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Blake2b512,
    Blake2s256,
    Md5,
    Ripemd160,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512T224,
    Sha512T256,
    Sha3T224,
    Sha3T256,
    Sha3T384,
    Sha3T512,
    Shake128,
    Shake256,
}

/// The names that `getHashes` tells.
pub(crate) const NAMES: &[&str] = &[
    "RSA-MD5",
    "RSA-RIPEMD160",
    "RSA-SHA1",
    "RSA-SHA224",
    "RSA-SHA256",
    "RSA-SHA3-224",
    "RSA-SHA3-256",
    "RSA-SHA3-384",
    "RSA-SHA3-512",
    "RSA-SHA384",
    "RSA-SHA512",
    "RSA-SHA512/224",
    "RSA-SHA512/256",
    "blake2b512",
    "blake2s256",
    "md5",
    "ripemd",
    "ripemd160",
    "rmd160",
    "sha1",
    "sha224",
    "sha256",
    "sha3-224",
    "sha3-256",
    "sha3-384",
    "sha3-512",
    "sha384",
    "sha512",
    "sha512-224",
    "sha512-256",
    "shake128",
    "shake256",
];

impl Algorithm {
    /// By any name that OpenSSL has for it, in any case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "blake2b512" | "blake2b-512" => Self::Blake2b512,
            "blake2s256" | "blake2s-256" => Self::Blake2s256,
            "md5" | "rsa-md5" | "md5withrsaencryption" | "ssl3-md5" => Self::Md5,
            "ripemd" | "ripemd160" | "ripemd-160" | "rmd160" | "rsa-ripemd160" | "ripemd160withrsa" => Self::Ripemd160,
            "sha1" | "sha-1" | "rsa-sha1" | "rsa-sha1-2" | "sha1withrsaencryption" | "ssl3-sha1" => Self::Sha1,
            "sha224" | "sha-224" | "sha2-224" | "rsa-sha224" | "sha224withrsaencryption" => Self::Sha224,
            "sha256" | "sha-256" | "sha2-256" | "rsa-sha256" | "sha256withrsaencryption" => Self::Sha256,
            "sha384" | "sha-384" | "sha2-384" | "rsa-sha384" | "sha384withrsaencryption" => Self::Sha384,
            "sha512" | "sha-512" | "sha2-512" | "rsa-sha512" | "sha512withrsaencryption" => Self::Sha512,
            "sha512-224" | "sha-512/224" | "sha2-512/224" | "rsa-sha512/224" | "sha512-224withrsaencryption" => {
                Self::Sha512T224
            }
            "sha512-256" | "sha-512/256" | "sha2-512/256" | "rsa-sha512/256" | "sha512-256withrsaencryption" => {
                Self::Sha512T256
            }
            "sha3-224" | "rsa-sha3-224" | "id-rsassa-pkcs1-v1_5-with-sha3-224" => Self::Sha3T224,
            "sha3-256" | "rsa-sha3-256" | "id-rsassa-pkcs1-v1_5-with-sha3-256" => Self::Sha3T256,
            "sha3-384" | "rsa-sha3-384" | "id-rsassa-pkcs1-v1_5-with-sha3-384" => Self::Sha3T384,
            "sha3-512" | "rsa-sha3-512" | "id-rsassa-pkcs1-v1_5-with-sha3-512" => Self::Sha3T512,
            "shake128" | "shake-128" => Self::Shake128,
            "shake256" | "shake-256" => Self::Shake256,
            _ => return None,
        })
    }

    /// Whether the caller says how long a digest is.
    pub(crate) fn is_extendable(self) -> bool {
        matches!(self, Self::Shake128 | Self::Shake256)
    }

    /// Bytes of a digest; of an extendable one where nobody says how many.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::Md5 | Self::Shake128 => 16,
            Self::Ripemd160 | Self::Sha1 => 20,
            Self::Sha224 | Self::Sha512T224 | Self::Sha3T224 => 28,
            Self::Sha256 | Self::Sha512T256 | Self::Sha3T256 | Self::Blake2s256 | Self::Shake256 => 32,
            Self::Sha384 | Self::Sha3T384 => 48,
            Self::Sha512 | Self::Sha3T512 | Self::Blake2b512 => 64,
        }
    }

    /// Bytes of a block, which HMAC fills with the key.
    fn block(self) -> usize {
        match self {
            Self::Sha3T224 => 144,
            Self::Sha3T256 | Self::Shake256 => 136,
            Self::Sha3T384 => 104,
            Self::Sha3T512 => 72,
            Self::Shake128 => 168,
            Self::Sha384 | Self::Sha512 | Self::Sha512T224 | Self::Sha512T256 | Self::Blake2b512 => 128,
            _ => 64,
        }
    }

    pub(crate) fn start(self) -> Box<dyn Running> {
        self.with(Boxed)
    }

    /// None where HMAC is not defined over the function.
    pub(crate) fn start_hmac(self, key: &[u8]) -> Option<Box<dyn Running>> {
        (!self.is_extendable()).then(|| self.with(BoxedHmac { algorithm: self, key }))
    }

    /// Hands a fresh state to what works on any.
    pub(crate) fn with<V: Visitor>(self, visitor: V) -> V::Output {
        use ring::digest as fast;
        let ring = |algorithm| Ring(fast::Context::new(algorithm));
        match self {
            Self::Blake2b512 => visitor.visit(Fixed(blake2::Blake2b512::default())),
            Self::Blake2s256 => visitor.visit(Fixed(blake2::Blake2s256::default())),
            Self::Md5 => visitor.visit(Fixed(md5::Md5::default())),
            Self::Ripemd160 => visitor.visit(Fixed(ripemd::Ripemd160::default())),
            Self::Sha1 => visitor.visit(ring(&fast::SHA1_FOR_LEGACY_USE_ONLY)),
            Self::Sha224 => visitor.visit(Fixed(sha2::Sha224::default())),
            Self::Sha256 => visitor.visit(ring(&fast::SHA256)),
            Self::Sha384 => visitor.visit(ring(&fast::SHA384)),
            Self::Sha512 => visitor.visit(ring(&fast::SHA512)),
            Self::Sha512T224 => visitor.visit(Fixed(sha2::Sha512_224::default())),
            Self::Sha512T256 => visitor.visit(ring(&fast::SHA512_256)),
            Self::Sha3T224 => visitor.visit(Fixed(sha3::Sha3_224::default())),
            Self::Sha3T256 => visitor.visit(Fixed(sha3::Sha3_256::default())),
            Self::Sha3T384 => visitor.visit(Fixed(sha3::Sha3_384::default())),
            Self::Sha3T512 => visitor.visit(Fixed(sha3::Sha3_512::default())),
            Self::Shake128 => visitor.visit(Extendable(shake::Shake128::default())),
            Self::Shake256 => visitor.visit(Extendable(shake::Shake256::default())),
        }
    }
}

/// A running digest.
pub(crate) trait State: Clone + Send + 'static {
    fn update(&mut self, data: &[u8]);
    /// Fills `digest`, which is as long as the function's digests are.
    fn finish(self, digest: &mut [u8]);
}

/// Something that works on every kind of state.
pub(crate) trait Visitor {
    type Output;
    fn visit<S: State>(self, state: S) -> Self::Output;
}

/// A [`State`] of a kind that is known at run time alone.
pub(crate) trait Running: Send {
    fn update(&mut self, data: &[u8]);
    fn finish(self: Box<Self>, digest: &mut [u8]);
    fn copy(&self) -> Box<dyn Running>;
    /// Bytes of memory that it takes.
    fn size(&self) -> usize;
}

impl<S: State> Running for S {
    fn update(&mut self, data: &[u8]) {
        State::update(self, data);
    }

    fn finish(self: Box<Self>, digest: &mut [u8]) {
        State::finish(*self, digest);
    }

    fn copy(&self) -> Box<dyn Running> {
        Box::new(self.clone())
    }

    fn size(&self) -> usize {
        size_of::<S>()
    }
}

struct Boxed;

impl Visitor for Boxed {
    type Output = Box<dyn Running>;

    fn visit<S: State>(self, state: S) -> Self::Output {
        Box::new(state)
    }
}

#[derive(Clone)]
struct Ring(ring::digest::Context);

impl State for Ring {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finish(self, digest: &mut [u8]) {
        fill(digest, self.0.finish().as_ref());
    }
}

#[derive(Clone)]
struct Fixed<D>(D);

impl<D: Digest + Clone + Send + 'static> State for Fixed<D> {
    fn update(&mut self, data: &[u8]) {
        Digest::update(&mut self.0, data);
    }

    fn finish(self, digest: &mut [u8]) {
        fill(digest, &self.0.finalize());
    }
}

#[derive(Clone)]
struct Extendable<D>(D);

impl<D: Update + ExtendableOutput + Clone + Send + 'static> State for Extendable<D> {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finish(self, digest: &mut [u8]) {
        self.0.finalize_xof().read(digest);
    }
}

/// As many bytes as both have.
fn fill(target: &mut [u8], bytes: &[u8]) {
    for (target, byte) in target.iter_mut().zip(bytes) {
        *target = *byte;
    }
}

/// HMAC over a hash function; itself a state, so that it can go on, be copied and be the round of a derivation.
#[derive(Clone)]
pub(crate) struct Hmac<S> {
    inner: S,
    outer: S,
    length: usize,
}

impl<S: State> Hmac<S> {
    pub(crate) fn new(algorithm: Algorithm, fresh: &S, key: &[u8]) -> Self {
        let mut padded = Zeroizing::new([0; 144]);
        let padded = &mut padded[..algorithm.block()];
        if key.len() > padded.len() {
            let mut state = fresh.clone();
            state.update(key);
            state.finish(&mut padded[..algorithm.length()]);
        } else {
            fill(padded, key);
        }
        let keyed = |padded: &mut [u8], mask: u8| {
            padded.iter_mut().for_each(|byte| *byte ^= mask);
            let mut state = fresh.clone();
            state.update(padded);
            state
        };
        let inner = keyed(padded, 0x36);
        let outer = keyed(padded, 0x36 ^ 0x5c);
        Self { inner, outer, length: algorithm.length() }
    }
}

impl<S: State> State for Hmac<S> {
    fn update(&mut self, data: &[u8]) {
        self.inner.update(data);
    }

    fn finish(mut self, digest: &mut [u8]) {
        let mut inner = [0; 64];
        let inner = &mut inner[..self.length];
        self.inner.finish(inner);
        self.outer.update(inner);
        self.outer.finish(digest);
    }
}

struct BoxedHmac<'a> {
    algorithm: Algorithm,
    key: &'a [u8],
}

impl Visitor for BoxedHmac<'_> {
    type Output = Box<dyn Running>;

    fn visit<S: State>(self, state: S) -> Self::Output {
        Box::new(Hmac::new(self.algorithm, &state, self.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_told_is_known() {
        for name in NAMES {
            assert!(Algorithm::from_name(name).is_some(), "{name}");
        }
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn digests_are_as_long_as_their_functions_say() {
        for name in NAMES {
            let algorithm = Algorithm::from_name(name).unwrap();
            let mut longer = vec![0; algorithm.length() + 8];
            let state = algorithm.start();
            state.finish(&mut longer);
            if !algorithm.is_extendable() {
                assert!(longer.ends_with(&[0; 8]) && !longer.ends_with(&[0; 12]), "{name}");
            }
        }
    }
}
