//! Subresource integrity. In: what a request demands, and the whole body. Out: whether they agree. Specification: <https://w3c.github.io/webappsec-subresource-integrity/>

use base64_simd::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

/// Whether the bytes have one of the strongest digests that are demanded. Words that are no digests demand nothing.
pub(crate) fn matches(bytes: &[u8], demanded: &str) -> bool {
    let wanted: Vec<_> = demanded.split_ascii_whitespace().filter_map(parse).collect();
    let Some(strongest) = wanted.iter().map(|(strength, ..)| *strength).max() else { return true };
    let mut wanted = wanted.iter().filter(|(strength, ..)| *strength == strongest);
    wanted.any(|(_, algorithm, expected)| digest(algorithm, bytes).as_ref() == &expected[..])
}

fn parse(word: &str) -> Option<(u8, &'static Algorithm, Vec<u8>)> {
    let (name, rest) = word.split_once('-')?;
    let (strength, algorithm) = match name.to_ascii_lowercase().as_str() {
        "sha256" => (0, &SHA256),
        "sha384" => (1, &SHA384),
        "sha512" => (2, &SHA512),
        _ => return None,
    };
    let text = rest.split('?').next().unwrap_or_default();
    let bytes = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|base| base.decode_to_vec(text).ok())
        // What is no base64 can match nothing.
        .unwrap_or_default();
    Some((strength, algorithm, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digests of the empty body.
    const SHA256_OF_NOTHING: &str = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    const SHA512_OF_NOTHING: &str =
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";

    #[test]
    fn a_digest_is_demanded_or_nothing_is() {
        assert!(matches(b"", SHA256_OF_NOTHING) && !matches(b"x", SHA256_OF_NOTHING));
        assert!(matches(b"x", "") && matches(b"x", "md5-abc nonsense"));
        assert!(!matches(b"", "sha256-"));
        assert!(!matches(b"", "sha256-!"));
    }

    #[test]
    fn the_strongest_counts_and_one_of_them_is_enough() {
        assert!(matches(b"", &format!("sha256-AAAA {SHA512_OF_NOTHING}")));
        assert!(!matches(b"", &format!("{SHA256_OF_NOTHING} sha512-AAAA")));
        assert!(matches(b"", &format!("sha256-AAAA {SHA256_OF_NOTHING}?option")));
    }
}
