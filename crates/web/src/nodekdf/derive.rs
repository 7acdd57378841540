//! PBKDF2 and HKDF over any hash function.

use zeroize::Zeroizing;

use crate::nodehash::hashes::{Algorithm, Hmac, State, Visitor};

pub(crate) type Secret = Zeroizing<Vec<u8>>;
/// Whether nobody waits for the outcome any more.
pub(crate) type IsOver<'a> = &'a dyn Fn() -> bool;

/// Rounds of HMAC that one derivation may take: about ten seconds.
pub(crate) const MOST_ROUNDS: u64 = 1 << 25;
/// Rounds between two looks: about a quarter of a millisecond.
const BETWEEN_LOOKS: u32 = 512;

pub(crate) struct Pbkdf2<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) password: &'a [u8],
    pub(crate) salt: &'a [u8],
    pub(crate) iterations: u32,
    pub(crate) length: usize,
    pub(crate) is_over: IsOver<'a>,
}

impl Pbkdf2<'_> {
    /// None where nobody waits any more.
    pub(crate) fn run(self) -> Option<Secret> {
        self.algorithm.with(self)
    }

    /// Rounds that it takes.
    pub(crate) fn rounds(algorithm: Algorithm, iterations: u32, length: usize) -> u64 {
        u64::from(iterations).saturating_mul(length.div_ceil(algorithm.length()) as u64)
    }
}

impl Visitor for Pbkdf2<'_> {
    type Output = Option<Secret>;

    fn visit<S: State>(self, state: S) -> Option<Secret> {
        let keyed = Hmac::new(self.algorithm, &state, self.password);
        let mut output = Zeroizing::new(vec![0; self.length]);
        let mut round = Zeroizing::new(vec![0; self.algorithm.length()]);
        for (index, block) in output.chunks_mut(self.algorithm.length()).enumerate() {
            let mut first = keyed.clone();
            first.update(self.salt);
            first.update(&u32::try_from(index + 1).unwrap_or(u32::MAX).to_be_bytes());
            first.finish(&mut round);
            block.copy_from_slice(&round[..block.len()]);
            for count in 1..self.iterations {
                if count % BETWEEN_LOOKS == 0 && (self.is_over)() {
                    return None;
                }
                let mut next = keyed.clone();
                next.update(&round);
                next.finish(&mut round);
                block.iter_mut().zip(round.iter()).for_each(|(sum, byte)| *sum ^= byte);
            }
            if (self.is_over)() {
                return None;
            }
        }
        Some(output)
    }
}

pub(crate) struct Hkdf<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: &'a [u8],
    pub(crate) salt: &'a [u8],
    pub(crate) info: &'a [u8],
    /// At most 255 digests.
    pub(crate) length: usize,
}

impl Hkdf<'_> {
    pub(crate) fn run(self) -> Secret {
        self.algorithm.with(self)
    }
}

impl Visitor for Hkdf<'_> {
    type Output = Secret;

    fn visit<S: State>(self, state: S) -> Secret {
        let mut extract = Hmac::new(self.algorithm, &state, self.salt);
        extract.update(self.key);
        let mut digest = Zeroizing::new(vec![0; self.algorithm.length()]);
        extract.finish(&mut digest);
        let expand = Hmac::new(self.algorithm, &state, &digest);
        let mut output = Zeroizing::new(vec![0; self.length]);
        for (index, block) in output.chunks_mut(self.algorithm.length()).enumerate() {
            let mut next = expand.clone();
            if index > 0 {
                next.update(&digest);
            }
            next.update(self.info);
            next.update(&[u8::try_from(index + 1).unwrap_or(u8::MAX)]);
            next.finish(&mut digest);
            block.copy_from_slice(&digest[..block.len()]);
        }
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derivation_that_nobody_waits_for_ends() {
        let looks = std::cell::Cell::new(0);
        let is_over = || {
            looks.set(looks.get() + 1);
            looks.get() == 3
        };
        let (algorithm, password, salt) = (Algorithm::Md5, &b"password"[..], &b"salt"[..]);
        let run = Pbkdf2 { algorithm, password, salt, iterations: 1 << 24, length: 20, is_over: &is_over };
        assert!(run.run().is_none());
        assert_eq!(looks.get(), 3);
    }
}
