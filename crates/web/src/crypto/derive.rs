//! HKDF (RFC 5869) and PBKDF2 (RFC 8018).

use ring::hmac;
use zeroize::{Zeroize, Zeroizing};

use super::algorithm::Hash;
use super::error::{Result, operation};
use super::hash::{Cancelled, cancelled};
use super::key::Secret;

/// Rounds of HMAC that one derivation may take: about ten seconds.
const MOST_ROUNDS: u64 = 1 << 25;
/// Bytes that PBKDF2 gives at most: they are on nobody's account while it runs.
const MOST_BYTES: usize = 1 << 20;
/// Rounds between two looks at whether anybody still waits: about a quarter of a millisecond.
const BETWEEN_LOOKS: u32 = 1024;
/// Rounds from which on a derivation leaves the guest's thread: about half a millisecond.
pub(crate) const MANY_ROUNDS: u64 = 2048;

/// Whole bytes of a length in bits that was asked for.
pub(crate) fn whole_bytes(bits: Option<u32>) -> Result<usize> {
    match bits {
        Some(bits) if bits > 0 && bits.is_multiple_of(8) => Ok(bits as usize / 8),
        _ => Err(operation("length must be a multiple of 8, and not 0")),
    }
}

/// The first bits of a shared secret; all where no length was asked for. What is left of the last byte is 0.
pub(crate) fn first_bits(mut secret: Secret, bits: Option<u32>) -> Result<Secret> {
    let Some(bits) = bits else { return Ok(secret) };
    if bits as usize > 8 * secret.len() {
        return Err(operation("length is more than the shared secret has"));
    }
    secret.truncate(bits.div_ceil(8) as usize);
    if let (Some(last), rest @ 1..) = (secret.last_mut(), bits % 8) {
        *last &= 0xff << (8 - rest);
    }
    Ok(secret)
}

pub(crate) fn hkdf(hash: Hash, key: &[u8], salt: &[u8], info: &[u8], length: usize) -> Result<Secret> {
    if length > 255 * hash.length() {
        return Err(operation("HKDF gives at most 255 digests"));
    }
    let extracted = hmac::sign(&hmac::Key::new(hash.hmac(), salt), key);
    let expand = hmac::Key::new(hash.hmac(), extracted.as_ref());
    let mut output = Zeroizing::new(Vec::with_capacity(length.next_multiple_of(hash.length())));
    let mut last: Option<hmac::Tag> = None;
    let mut index: u8 = 0;
    while output.len() < length {
        index += 1;
        let mut context = hmac::Context::with_key(&expand);
        context.update(last.as_ref().map_or(&[][..], AsRef::as_ref));
        context.update(info);
        context.update(&[index]);
        let tag = context.sign();
        output.extend_from_slice(tag.as_ref());
        last = Some(tag);
    }
    output.truncate(length);
    Ok(output)
}

/// Rounds that a derivation would take, in a number that does not overflow.
pub(crate) fn pbkdf2_rounds(hash: Hash, iterations: u32, bits: Option<u32>) -> u64 {
    let blocks = (bits.unwrap_or(0) as usize / 8).div_ceil(hash.length()).max(1);
    u64::from(iterations).saturating_mul(blocks as u64)
}

pub(crate) fn pbkdf2(
    hash: Hash,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    length: usize,
    is_cancelled: Cancelled<'_>,
) -> Result<Secret> {
    if iterations == 0 {
        return Err(operation("iterations must not be 0"));
    }
    if length > MOST_BYTES {
        return Err(operation(format!("PBKDF2 gives at most {MOST_BYTES} bytes")));
    }
    let blocks = length.div_ceil(hash.length());
    if u64::from(iterations).saturating_mul(blocks as u64) > MOST_ROUNDS {
        return Err(operation(format!("iterations and length together ask for more than {MOST_ROUNDS} rounds")));
    }
    let key = hmac::Key::new(hash.hmac(), password);
    let mut output = Zeroizing::new(Vec::with_capacity(blocks * hash.length()));
    for index in 1..=u32::try_from(blocks).map_err(|_| operation("length is too large"))? {
        let mut context = hmac::Context::with_key(&key);
        context.update(salt);
        context.update(&index.to_be_bytes());
        let mut round = context.sign();
        let start = output.len();
        output.extend_from_slice(round.as_ref());
        for count in 1..iterations {
            if count.is_multiple_of(BETWEEN_LOOKS) && is_cancelled() {
                output.zeroize();
                return Err(cancelled());
            }
            round = hmac::sign(&key, round.as_ref());
            for (sum, byte) in output[start..].iter_mut().zip(round.as_ref()) {
                *sum ^= byte;
            }
        }
    }
    output.truncate(length);
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derivation_that_nobody_waits_for_ends() {
        let looks = std::cell::Cell::new(0);
        let is_cancelled = || {
            looks.set(looks.get() + 1);
            looks.get() == 3
        };
        let ended = pbkdf2(Hash::Sha1, b"password", b"salt", 1 << 24, 20, &is_cancelled);
        assert_eq!(ended.map(|_| ()), Err(cancelled()));
        assert_eq!(looks.get(), 3);
    }

    #[test]
    fn bits_beyond_the_length_are_zero() {
        let bits = |length| first_bits(Zeroizing::new(vec![0xff; 3]), length).map(|bits| bits.to_vec());
        assert_eq!(bits(Some(9)), Ok(vec![0xff, 0x80]));
        assert_eq!(bits(Some(24)), Ok(vec![0xff; 3]));
        assert_eq!(bits(None), Ok(vec![0xff; 3]));
        assert!(bits(Some(25)).is_err());
    }
}
