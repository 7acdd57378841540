//! The compressors and decompressors: there and back, in pieces, and against hostile input. Node's own zlib is their judge in
//! `__test__/operations.spec.mjs`.

mod random;
mod streamed;

use hostbox_buffers::{Cancel, Chain, Error, Step, Store};
use random::Random;
use serde_json::{Value, json};
use streamed::{assert_streams, chain, run, step_all, stream};

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

/// A zstd frame with this window and three bytes in it.
fn zstd_frame(window_log: u8) -> Vec<u8> {
    [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, (window_log - 10) << 3][..], &[1 | 3 << 3, 0, 0], b"abc"].concat()
}

#[test]
fn a_window_is_paid_for_before_it_is_allocated() {
    for (window_log, account) in [(20, 1 << 20), (23, 8 << 20), (27, 128 << 20), (28, 1 << 40), (41, 1 << 40)] {
        let store = Store::new(account);
        for length in [1, 5, 100] {
            let error = step_all(&store, &chain("zstd_decompress", &json!({})), &zstd_frame(window_log), length, 4096);
            let error = error.unwrap_err();
            assert!(matches!(error, Error::Memory { .. }), "{window_log} in {account}: {error}");
        }
        assert_eq!(store.bytes(), 0);
    }
    for (window_log, account) in [(10, 1 << 20), (20, 4 << 20), (27, 160 << 20)] {
        let read =
            step_all(&Store::new(account), &chain("zstd_decompress", &json!({})), &zstd_frame(window_log), 1, 4096);
        assert_eq!(read.unwrap(), b"abc");
    }
    // 64 MiB of one byte behind a window of 16 MiB, in an account of 4.
    let args = json!({ "quality": 5, "window": 24 });
    let packed = run("brotli_compress", &args, &vec![7; 64 << 20]).unwrap();
    let error =
        step_all(&Store::new(4 << 20), &chain("brotli_decompress", &json!({})), &packed, 100, 4096).unwrap_err();
    assert!(matches!(error, Error::Memory { .. }), "{error}");
    // "Large window brotli", which is no part of the RFC.
    let large_window = [0x11, 0x1f, 0, 0];
    assert_eq!(run("brotli_decompress", &json!({}), &large_window).unwrap_err().code(), "ERR_OP");
}

#[test]
fn a_skippable_frame_is_skipped() {
    let packed = run("zstd_compress", &json!({}), b"hello").unwrap();
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat();
    for input in [[&skipped[..], &packed].concat(), [&packed[..], &skipped].concat()] {
        for length in [1, 7, 100] {
            let store = streamed::store();
            let read = step_all(&store, &chain("zstd_decompress", &json!({})), &input, length, 4096).unwrap();
            assert_eq!(read, b"hello");
        }
    }
}

#[test]
fn pieces_of_one_byte_are_enough() {
    let bytes = mixed(3000, 21);
    for (compress, how, decompress, args) in pairs() {
        let packed = step_all(&streamed::store(), &chain(compress, &how), &bytes, 1, 4096).unwrap();
        let read = step_all(&streamed::store(), &chain(decompress, &args), &packed, 1, 4096).unwrap();
        assert!(read == bytes, "{compress} {how}");
    }
}

#[test]
fn a_cancelled_compression_ends() {
    let bytes = mixed(4 << 20, 22);
    for (compress, how, ..) in pairs() {
        let cancel = Cancel::new();
        let store = streamed::store();
        let outcome = std::thread::scope(|scope| {
            let running = scope.spawn(|| store.run_chain_on(&bytes, &chain(compress, &how), &cancel));
            // Under way as soon as it has reserved something; fast ones may be over by then.
            while store.bytes() == 0 && !running.is_finished() {
                std::thread::yield_now();
            }
            cancel.cancel();
            running.join().unwrap()
        });
        assert!(matches!(outcome, Ok(_) | Err(Error::Cancelled)), "{compress}");
        drop(outcome);
        assert_eq!(store.bytes(), 0);
    }
}

#[test]
fn a_compressor_without_room_for_its_working_memory_is_refused() {
    for op in ["gzip_compress", "brotli_compress", "zstd_compress"] {
        let store = Store::new(30 << 10);
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

#[test]
fn large_inputs_are_compressed_in_chunks_that_any_decoder_puts_together() {
    let bytes = [mixed(2 << 20, 31), Random::new(32).bytes(700_001), vec![0; 1 << 20], mixed(300_000, 33)].concat();
    for (compress, decompress, args) in [
        ("gzip_compress", "gzip_decompress", json!({})),
        ("deflate_compress", "deflate_decompress", json!({})),
        ("deflate_compress", "deflate_decompress", json!({ "format": "raw" })),
    ] {
        for level in [1, 6, 9] {
            let mut how = args.clone();
            how["level"] = json!(level);
            for len in [2 << 20, (2 << 20) + 1, bytes.len()] {
                let packed = run(compress, &how, &bytes[..len]).unwrap();
                assert!(run(decompress, &args, &packed).unwrap() == bytes[..len], "{compress} {how} {len}");
                // An account with room for one chunk at a time gets the same bytes.
                let narrow = Store::new(packed.len() as u64 + (2 << 20));
                let (same, _) = narrow.run_chain_on(&bytes[..len], &chain(compress, &how), &Cancel::new()).unwrap();
                assert!(same[..] == packed[..], "{compress} {how} {len}");
                assert_eq!(narrow.bytes(), 0);
            }
        }
    }
}
