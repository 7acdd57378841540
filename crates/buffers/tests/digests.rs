//! Digests and checksums, against known values and slow references.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is outside their functions, where the lint does not see tests"
)]

mod random;
mod streamed;

use random::Random;
use serde_json::json;
use streamed::{assert_streams, run};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(op: &str, input: &[u8]) -> String {
    hex(&run(op, &json!({}), input).unwrap())
}

#[test]
fn digests_are_those_of_their_standards() {
    // FIPS 180-4's examples, the BLAKE3 test vectors, and the check value of CRC-32/ISO-HDLC.
    assert_eq!(digest("sha256", b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(digest("sha256", b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert!(digest("sha512", b"abc").starts_with("ddaf35a193617abacc417349ae204131"));
    assert_eq!(digest("blake3", b""), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
    assert_eq!(digest("crc32", b"123456789"), "cbf43926");
}

/// The definition, bit by bit.
fn slow_crc32(input: &[u8]) -> u32 {
    !input.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[test]
fn the_checksum_is_that_of_its_definition_at_every_length() {
    let bytes = Random::new(1).bytes(300);
    for len in 0..bytes.len() {
        let sum = run("crc32", &json!({}), &bytes[..len]).unwrap();
        assert_eq!(sum, slow_crc32(&bytes[..len]).to_be_bytes());
    }
}

#[test]
fn digests_in_pieces_are_those_of_the_whole() {
    let mut random = Random::new(2);
    for (seed, len) in [0, 1, 63, 64, 65, 127, 128, 1023, 1024, 1025, 300_000].into_iter().enumerate() {
        let bytes = random.bytes(len);
        for op in ["sha256", "sha512", "blake3", "crc32"] {
            assert_streams(op, &json!({}), &bytes, seed as u64);
        }
    }
}
