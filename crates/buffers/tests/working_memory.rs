//! What codecs hold beside their input and output is paid for: counted against the allocator that they use.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is outside their functions, where the lint does not see tests"
)]

mod random;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use hostbox_buffers::{Cancel, Error, Progress, Step, Store};
use random::Random;
use serde_json::{Value, json};
use zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd_safe::{CCtx, InBuffer, OutBuffer};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator; what is done beside that is counting.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of this very function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of this very function.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A codec's state without its tables, vectors of a few items: not worth an entry of their own.
const SLACK: usize = 64 << 10;

/// Runs a codec on an account of `limit` bytes. Whether it gets through or is refused: at no time may it hold more than that.
fn run_within(limit: usize, op: &str, args: &Value, input: &[u8]) -> Option<Vec<u8>> {
    let store = Store::new(limit as u64);
    let chain = Step::parse(op, Some(args), None).unwrap().into();
    let mut all = Vec::with_capacity(2 * input.len() + (24 << 20));
    let mut output = vec![0; 64 << 10];
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let mut step_all = || -> Result<(), Error> {
        let mut pipeline = store.stream_chain(&chain, &Cancel::new())?;
        let mut rest = input;
        loop {
            let piece = &rest[..rest.len().min(64 << 10)];
            let Progress { read, written, done } = pipeline.step(piece, piece.len() == rest.len(), &mut output)?;
            rest = &rest[read..];
            all.extend_from_slice(&output[..written]);
            if done {
                return Ok(());
            }
        }
    };
    let outcome = step_all();
    let held = PEAK.load(Ordering::Relaxed) - before;
    assert!(held <= limit + SLACK, "{op} {args}: {held} bytes held of {limit}");
    assert_eq!(store.bytes(), 0);
    assert!(matches!(outcome, Ok(()) | Err(Error::Memory { .. })), "{op} {args}: {outcome:?}");
    outcome.is_ok().then_some(all)
}

fn assert_within_limits(op: &str, args: &Value, input: &[u8]) -> Vec<u8> {
    for limit in [200 << 10, 1 << 20, 5 << 20, 12 << 20, 30 << 20] {
        run_within(limit, op, args, input);
    }
    run_within(1 << 30, op, args, input).unwrap()
}

// One test, since the count is the process's.
#[test]
fn codecs_hold_no_more_than_their_account_allows() {
    let mut random = Random::new(1);
    let words: Vec<Vec<u8>> = (0..2000).map(|at| random.bytes(at % 9 + 1)).collect();
    let mut bytes = Vec::new();
    while bytes.len() < 3 << 20 {
        bytes.extend_from_slice(&words[random.below(words.len())]);
    }
    for level in [0, 1, 6, 9] {
        let packed = assert_within_limits("gzip_compress", &json!({ "level": level }), &bytes);
        assert!(assert_within_limits("gzip_decompress", &json!({}), &packed) == bytes);
    }
    for (quality, window) in [(0, 22), (2, 22), (4, 10), (5, 22), (7, 24), (9, 16), (9, 24)] {
        let args = json!({ "quality": quality, "window": window });
        let packed = assert_within_limits("brotli_compress", &args, &bytes);
        assert!(assert_within_limits("brotli_decompress", &json!({}), &packed) == bytes);
    }
    let _ = assert_within_limits("brotli_compress", &json!({ "quality": 11, "window": 16 }), &bytes[..300_000]);
    // zstd allocates by itself, and says how much.
    for level in 1..=19 {
        let store = Store::new(1 << 30);
        let chain = Step::parse("zstd_compress", Some(&json!({ "level": level })), None).unwrap().into();
        let pipeline = store.stream_chain(&chain, &Cancel::new()).unwrap();
        let mut encoder = CCtx::create();
        encoder.init(level).unwrap();
        let mut output = vec![0; 1 << 20];
        let mut target = OutBuffer::around(&mut output[..]);
        let mut source = InBuffer::around(&bytes[..1 << 20]);
        encoder.compress_stream2(&mut target, &mut source, ZSTD_EndDirective::ZSTD_e_continue).unwrap();
        assert!(encoder.sizeof() as u64 <= store.bytes(), "level {level}: {} of {}", encoder.sizeof(), store.bytes());
        drop(pipeline);
    }
}
