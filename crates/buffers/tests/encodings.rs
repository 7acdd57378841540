//! Base64 and hexadecimal, against slow references, and their refusals.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is outside their functions, where the lint does not see tests"
)]

mod random;
mod streamed;

use random::Random;
use serde_json::{Value, json};
use streamed::{assert_streams, chain, run, step_all, store};

/// RFC 4648, section 4, bit by bit.
fn slow_base64(input: &[u8], url: bool) -> String {
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').collect();
    let symbol = |six: usize| match six {
        62 => {
            if url {
                '-'
            } else {
                '+'
            }
        }
        63 => {
            if url {
                '_'
            } else {
                '/'
            }
        }
        six => alphabet[six],
    };
    let bits: Vec<u8> = input.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let mut text: String = bits
        .chunks(6)
        .map(|six| symbol((0..6).fold(0, |sum, at| sum << 1 | usize::from(six.get(at).copied().unwrap_or(0)))))
        .collect();
    while !url && !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

fn refusal(op: &str, args: Value, input: &[u8]) -> String {
    let error = run(op, &args, input).unwrap_err();
    assert_eq!(error.code(), "ERR_OP");
    error.to_string()
}

#[test]
fn base64_is_that_of_its_definition_at_every_length() {
    let bytes = Random::new(1).bytes(200);
    for len in 0..bytes.len() {
        for url in [false, true] {
            let args = json!({ "url": url });
            let text = run("base64_encode", &args, &bytes[..len]).unwrap();
            assert_eq!(String::from_utf8(text.clone()).unwrap(), slow_base64(&bytes[..len], url));
            assert_eq!(run("base64_decode", &args, &text).unwrap(), &bytes[..len]);
        }
    }
}

#[test]
fn base64_without_padding_or_with_white_space_is_read_as_well() {
    for text in ["aGVsbG8=", "aGVsbG8", "aG Vs\r\nbG\t8=", " aGVsbG8 = \n", "aGVsbG9="] {
        assert_eq!(run("base64_decode", &json!({}), text.as_bytes()).unwrap(), b"hello", "{text}");
    }
    assert_eq!(run("base64_decode", &json!({}), b" \n ").unwrap(), b"");
}

#[test]
fn base64_refuses_what_is_none_and_says_where() {
    for (text, at) in [("aGVs*G8=", 4), ("aGVsbG8_", 7), ("aG=sbG8=", 3), ("a*==b", 1), ("\u{e9}", 0)] {
        let message = refusal("base64_decode", json!({}), text.as_bytes());
        assert!(message.ends_with(&format!("position {at}")), "{text}: {message}");
    }
    for text in ["a", "aGVsb", "aG=", "aGVs=", "aGVsbG8==", "===="] {
        assert!(refusal("base64_decode", json!({}), text.as_bytes()).contains("ends too early or is padded wrongly"));
    }
    assert!(refusal("base64_decode", json!({ "url": true }), b"aG+/").ends_with("position 2"));
}

#[test]
fn hexadecimal_goes_there_and_back_at_every_length() {
    let bytes = Random::new(2).bytes(300);
    for len in 0..bytes.len() {
        let text = run("hex_encode", &json!({}), &bytes[..len]).unwrap();
        let slow: String = bytes[..len].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(text, slow.as_bytes());
        assert_eq!(run("hex_decode", &json!({}), slow.to_uppercase().as_bytes()).unwrap(), &bytes[..len]);
    }
}

#[test]
fn every_byte_that_is_no_digit_is_refused_wherever_it_stands() {
    for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_hexdigit()) {
        for at in [0, 1, 37, 63] {
            let mut text = vec![b'7'; 64];
            text[at] = byte;
            assert!(refusal("hex_decode", json!({}), &text).ends_with(&format!("position {at}")));
        }
    }
    assert!(refusal("hex_decode", json!({}), b"abc").contains("even number"));
}

#[test]
fn encodings_in_pieces_are_those_of_the_whole() {
    let mut random = Random::new(3);
    for (seed, len) in [0, 1, 2, 3, 4, 5, 100, 4097, 200_001].into_iter().enumerate() {
        let bytes = random.bytes(len);
        for (encode, decode) in [("base64_encode", "base64_decode"), ("hex_encode", "hex_decode")] {
            assert_streams(encode, &json!({}), &bytes, seed as u64);
            let text = run(encode, &json!({}), &bytes).unwrap();
            assert_streams(decode, &json!({}), &text, seed as u64 + 100);
        }
    }
}

#[test]
fn lines_of_base64_are_read_in_pieces() {
    let bytes = Random::new(4).bytes(100_000);
    let text = run("base64_encode", &json!({}), &bytes).unwrap();
    let lines: Vec<u8> = text.chunks(76).flat_map(|line| [line, b"\r\n"].concat()).collect();
    assert!(run("base64_decode", &json!({}), &lines).unwrap() == bytes);
    assert_streams("base64_decode", &json!({}), &lines, 5);
}

#[test]
fn a_refusal_names_the_same_position_whatever_the_pieces() {
    for (op, text, at) in [
        ("base64_decode", "aGVs*G8=", 4),
        ("base64_decode", "aGVsbG8=  x x", 10),
        ("base64_decode", "aG=sbG8=", 3),
        ("base64_decode", "aGVs\naGVs\naGV!aGVs", 13),
        ("hex_decode", "00112g33", 5),
        ("hex_decode", "0011g233", 4),
    ] {
        for length in 1..=text.len() {
            let error = step_all(&store(), &chain(op, &json!({})), text.as_bytes(), length, 4096).unwrap_err();
            assert!(error.to_string().ends_with(&format!("position {at}")), "{text} by {length}: {error}");
        }
    }
}

#[test]
fn base64_with_white_space_anywhere_is_read_in_pieces_of_any_length() {
    let bytes = Random::new(6).bytes(500);
    let text = run("base64_encode", &json!({}), &bytes).unwrap();
    let mut random = Random::new(7);
    for length in [1, 2, 3, 4, 5, 77, 1000] {
        let spread: Vec<u8> =
            text.iter().flat_map(|byte| [&[*byte][..], &b" \n\t"[random.below(4).min(3)..]].concat()).collect();
        let read = step_all(&store(), &chain("base64_decode", &json!({})), &spread, length, 4096).unwrap();
        assert!(read == bytes, "{length}");
    }
}
