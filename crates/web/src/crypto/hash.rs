//! Digests (FIPS 180-4) and HMAC (FIPS 198-1).

use ring::{digest, hmac};

use super::algorithm::Hash;
use super::error::{Result, operation};

/// Bytes between two looks at whether anybody still waits.
const BETWEEN_LOOKS: usize = 1 << 20;

/// Whether nobody waits for the outcome any more.
pub(crate) type Cancelled<'a> = &'a dyn Fn() -> bool;

pub(crate) fn cancelled() -> super::error::Failure {
    operation("cancelled")
}

pub(crate) fn digest(hash: Hash, data: &[u8], is_cancelled: Cancelled<'_>) -> Result<Vec<u8>> {
    let mut context = digest::Context::new(hash.digest());
    for piece in data.chunks(BETWEEN_LOOKS) {
        if is_cancelled() {
            return Err(cancelled());
        }
        context.update(piece);
    }
    Ok(context.finish().as_ref().to_vec())
}

fn hmac_of(hash: Hash, key: &[u8], data: &[u8], is_cancelled: Cancelled<'_>) -> Result<hmac::Tag> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hash.hmac(), key));
    for piece in data.chunks(BETWEEN_LOOKS) {
        if is_cancelled() {
            return Err(cancelled());
        }
        context.update(piece);
    }
    Ok(context.sign())
}

pub(crate) fn hmac_sign(hash: Hash, key: &[u8], data: &[u8], is_cancelled: Cancelled<'_>) -> Result<Vec<u8>> {
    Ok(hmac_of(hash, key, data, is_cancelled)?.as_ref().to_vec())
}

/// In a time that does not depend on where the two differ.
pub(crate) fn hmac_verify(
    hash: Hash,
    key: &[u8],
    signature: &[u8],
    data: &[u8],
    is_cancelled: Cancelled<'_>,
) -> Result<bool> {
    use subtle::ConstantTimeEq;
    Ok(hmac_of(hash, key, data, is_cancelled)?.as_ref().ct_eq(signature).into())
}
