//! Where bytes stand in other bytes, in linear time whatever they are.

use memchr::memmem;

/// The first place of `needle` at or after `from`.
pub(super) fn forward(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    memmem::find(haystack.get(from..)?, needle).map(|place| place + from)
}

/// The last place of `needle` at or before `from`.
pub(super) fn backward(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let end = from.saturating_add(needle.len()).min(haystack.len());
    memmem::rfind(&haystack[..end], needle)
}

fn units(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// As `forward`, in units of two bytes: the place is even.
pub(super) fn forward_units(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let from = from / 2 * 2;
    let place = knuth_morris_pratt(&units(haystack.get(from..)?), &units(needle))?;
    Some(from + place * 2)
}

/// As `backward`, in units of two bytes.
pub(super) fn backward_units(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let end = (from / 2 * 2).saturating_add(needle.len()).min(haystack.len() / 2 * 2);
    let (mut haystack, mut needle) = (units(&haystack[..end]), units(needle));
    haystack.reverse();
    needle.reverse();
    let place = knuth_morris_pratt(&haystack, &needle)?;
    Some((haystack.len() - place - needle.len()) * 2)
}

fn knuth_morris_pratt(haystack: &[u16], needle: &[u16]) -> Option<usize> {
    if needle.is_empty() {
        return Some(0);
    }
    let mut borders = vec![0; needle.len()];
    let mut matched = 0;
    for at in 1..needle.len() {
        while matched > 0 && needle[at] != needle[matched] {
            matched = borders[matched - 1];
        }
        matched += usize::from(needle[at] == needle[matched]);
        borders[at] = matched;
    }
    matched = 0;
    for (at, unit) in haystack.iter().enumerate() {
        while matched > 0 && *unit != needle[matched] {
            matched = borders[matched - 1];
        }
        matched += usize::from(*unit == needle[matched]);
        if matched == needle.len() {
            return Some(at + 1 - matched);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_from_both_ends() {
        assert_eq!(forward(b"abcabc", b"bc", 0), Some(1));
        assert_eq!(forward(b"abcabc", b"bc", 2), Some(4));
        assert_eq!(forward(b"abc", b"bc", 9), None);
        assert_eq!(backward(b"abcabc", b"bc", 9), Some(4));
        assert_eq!(backward(b"abcabc", b"bc", 3), Some(1));
        assert_eq!(backward(b"abc", b"bc", 0), None);
    }

    #[test]
    fn units_are_found_at_even_places_alone() {
        assert_eq!(forward_units(b"\0aabab", b"ab", 0), Some(2));
        assert_eq!(forward_units(b"xababa", b"ab", 0), None);
        assert_eq!(forward_units(b"xxabab", b"ab", 3), Some(2));
        assert_eq!(backward_units(b"ababab", b"abab", 4), Some(2));
        assert_eq!(backward_units(b"ababab", b"ab", 3), Some(2));
    }
}
