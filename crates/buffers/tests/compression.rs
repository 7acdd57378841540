//! The compressors and decompressors: there and back, in pieces, and against hostile input. Node's own zlib is their judge in
//! `__test__/operations.spec.mjs`.

mod random;
mod streamed;

use hostbox_buffers::{Cancel, Chain, Error, Step, Store};
use random::Random;
use serde_json::{Value, json};
use streamed::{assert_streams, chain, run, stream};

/// Each pair with arguments for both sides.
fn pairs() -> Vec<(&'static str, Value, &'static str, Value)> {
    let raw = json!({ "format": "raw" });
    vec![
        ("gzip_compress", json!({ "level": 1 }), "gzip_decompress", json!({})),
        ("deflate_compress", json!({}), "deflate_decompress", json!({})),
        ("deflate_compress", raw.clone(), "deflate_decompress", raw),
        ("brotli_compress", json!({ "quality": 3 }), "brotli_decompress", json!({})),
        ("brotli_compress", json!({ "quality": 11, "window": 16 }), "brotli_decompress", json!({})),
        ("zstd_compress", json!({}), "zstd_decompress", json!({})),
        ("zstd_compress", json!({ "level": 12 }), "zstd_decompress", json!({})),
    ]
}

/// Something to compress, and something that cannot be.
fn mixed(len: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        let piece = random.below(400) + 1;
        if random.below(2) == 0 {
            bytes.extend(random.bytes(piece));
        } else {
            bytes.extend(b"the quick brown fox jumps ".iter().cycle().take(piece));
        }
    }
    bytes.truncate(len);
    bytes
}

#[test]
fn what_was_compressed_comes_back_at_once_and_in_pieces() {
    for (seed, len) in [0, 1, 50, 4096, 300_000].into_iter().enumerate() {
        let bytes = mixed(len, seed as u64);
        for (compress, how, decompress, args) in pairs() {
            let packed = run(compress, &how, &bytes).unwrap();
            assert!(run(decompress, &args, &packed).unwrap() == bytes, "{compress} {how} {len}");
            assert_streams(decompress, &args, &packed, seed as u64);
            // An encoder may cut its blocks elsewhere when its input comes in pieces: what counts is what comes back.
            let pieces = stream(&streamed::store(), &chain(compress, &how), &bytes, &mut Random::new(seed as u64));
            assert!(run(decompress, &args, &pieces.unwrap()).unwrap() == bytes, "{compress} {how} {len} in pieces");
        }
    }
}

#[test]
fn a_truncated_input_is_refused_at_every_length() {
    let bytes = mixed(600, 7);
    for (compress, how, decompress, args) in pairs() {
        let packed = run(compress, &how, &bytes).unwrap();
        for len in 0..packed.len() {
            let error = run(decompress, &args, &packed[..len]).unwrap_err();
            assert_eq!(error.code(), "ERR_OP", "{decompress} at {len} of {}: {error}", packed.len());
        }
    }
}

#[test]
fn a_damaged_input_never_panics() {
    let bytes = mixed(2000, 8);
    let mut random = Random::new(9);
    for (compress, how, decompress, args) in pairs() {
        let packed = run(compress, &how, &bytes).unwrap();
        for _ in 0..300 {
            let mut damaged = packed.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(damaged.len());
                damaged[at] ^= 1 << random.below(8);
            }
            // What comes out may be wrong where the format has no checksum; an error is one of ours.
            let _ = run(decompress, &args, &damaged);
            let _ = run(decompress, &args, &random.bytes(100));
        }
    }
}

#[test]
fn bytes_behind_the_end_are_refused_where_the_format_has_one_stream() {
    for (compress, decompress) in [("deflate_compress", "deflate_decompress"), ("brotli_compress", "brotli_decompress")]
    {
        let mut packed = run(compress, &json!({}), b"hello").unwrap();
        packed.push(0);
        assert!(run(decompress, &json!({}), &packed).unwrap_err().to_string().contains("goes on behind the end"));
    }
    for (compress, decompress) in [("gzip_compress", "gzip_decompress"), ("zstd_compress", "zstd_decompress")] {
        let packed = run(compress, &json!({}), b"hello ").unwrap().repeat(3);
        assert_eq!(run(decompress, &json!({}), &packed).unwrap(), b"hello hello hello ");
    }
}

#[test]
fn a_bomb_ends_where_the_account_or_max_bytes_does() {
    let zeros = vec![0; 40 << 20];
    for (compress, how, decompress, args) in pairs() {
        let bomb = run(compress, &how, &zeros).unwrap();
        assert!(bomb.len() < zeros.len() / 100, "{compress}");
        let store = Store::new(20 << 20);
        let error = store.run_chain_on(&bomb, &chain(decompress, &args), &Cancel::new()).unwrap_err();
        assert!(matches!(error, Error::Memory { .. }), "{decompress}: {error}");
        assert_eq!(store.bytes(), 0);
        let mut limited = args.clone();
        limited["maxBytes"] = json!(zeros.len() - 1);
        let error = run(decompress, &limited, &bomb).unwrap_err();
        assert_eq!(error.to_string(), format!("the output is longer than its limit of {} bytes", zeros.len() - 1));
        limited["maxBytes"] = json!(zeros.len());
        assert_eq!(run(decompress, &limited, &bomb).unwrap().len(), zeros.len());
    }
}

#[test]
fn a_header_that_asks_for_a_huge_window_reserves_nothing_that_is_not_paid() {
    // A zstd frame with a window of 2 GiB and one of 64 MiB, and a brotli stream with a window of 16 MiB, all in small accounts.
    let frame = |exponent: u8| [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, exponent << 3][..], &[1, 0, 0]].concat();
    for (op, input) in
        [("zstd_decompress", frame(21)), ("zstd_decompress", frame(16)), ("brotli_decompress", vec![0x0f, 0, 0])]
    {
        let store = Store::new(4 << 20);
        let error = store.run_chain_on(&input, &chain(op, &json!({})), &Cancel::new()).unwrap_err();
        assert!(["ERR_OP", "ERR_MEMORY"].contains(&error.code()), "{op}: {error}");
        assert_eq!(store.bytes(), 0);
    }
    let large_window = [0x11, 0x1f, 0, 0];
    assert_eq!(run("brotli_decompress", &json!({}), &large_window).unwrap_err().code(), "ERR_OP");
}

#[test]
fn a_compressor_without_room_for_its_working_memory_is_refused() {
    for op in ["gzip_compress", "brotli_compress", "zstd_compress"] {
        let store = Store::new(100 << 10);
        let error = store.run_chain_on(b"hello", &chain(op, &json!({})), &Cancel::new()).unwrap_err();
        assert!(matches!(error, Error::Memory { .. }), "{op}: {error}");
    }
}

#[test]
fn neighbouring_streams_need_no_buffer_between_them() {
    let zeros = vec![0; 32 << 20];
    let bomb = run("gzip_compress", &json!({}), &zeros).unwrap();
    let steps = ["gzip_decompress", "invert", "sha256"].map(|op| Step::parse(op, None, None).unwrap());
    let all: Chain = steps.into_iter().collect();
    // A tenth of what the middle of it is long.
    let store = Store::new(3 << 20);
    let (digest, _) = store.run_chain_on(&bomb, &all, &Cancel::new()).unwrap();
    let inverted = vec![255; 32 << 20];
    assert_eq!(digest.to_vec(), run("sha256", &json!({}), &inverted).unwrap());
}
