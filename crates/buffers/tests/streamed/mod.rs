//! A chain over bytes that come in pieces of random length and leave through outputs of random room.
#![allow(dead_code, reason = "shared by tests that each use a part")]
#![expect(clippy::unwrap_used, reason = "outside of test functions, where the lint does not see tests")]

use hostbox_buffers::{Cancel, Chain, Error, Progress, Step, Store};
use serde_json::Value;

use crate::random::Random;

pub fn store() -> Store {
    Store::new(1 << 30)
}

pub fn chain(op: &str, args: &Value) -> Chain {
    Step::parse(op, Some(args), None).unwrap().into()
}

/// One operation on the whole of its input.
pub fn run(op: &str, args: &Value, input: &[u8]) -> Result<Vec<u8>, Error> {
    store().run_chain_on(input, &chain(op, args), &Cancel::new()).map(|(block, _)| block.to_vec())
}

pub fn stream(store: &Store, chain: &Chain, input: &[u8], random: &mut Random) -> Result<Vec<u8>, Error> {
    let mut pipeline = store.stream_chain(chain, &Cancel::new())?;
    let mut all = Vec::new();
    let mut rest = input;
    loop {
        let most = if random.below(3) == 0 { 10 } else { 50_000 };
        let length = rest.len().min(random.below(most) + 1);
        let mut output = vec![0xa5; 4096 + random.below(20_000)];
        let is_last = length == rest.len();
        let Progress { read, written, done } = pipeline.step(&rest[..length], is_last, &mut output)?;
        rest = &rest[read..];
        all.extend_from_slice(&output[..written]);
        if done {
            assert!(rest.is_empty());
            return Ok(all);
        }
        assert!(!is_last || read > 0 || written > 0, "the stream stands still");
    }
}

/// The stream over pieces of one length, with outputs of one room.
pub fn step_all(store: &Store, chain: &Chain, input: &[u8], length: usize, room: usize) -> Result<Vec<u8>, Error> {
    let mut pipeline = store.stream_chain(chain, &Cancel::new())?;
    let (mut all, mut rest, mut output) = (Vec::new(), input, vec![0; room]);
    loop {
        let piece = &rest[..length.min(rest.len())];
        let is_last = piece.len() == rest.len();
        let Progress { read, written, done } = pipeline.step(piece, is_last, &mut output)?;
        rest = &rest[read..];
        all.extend_from_slice(&output[..written]);
        if done {
            return Ok(all);
        }
        assert!(read > 0 || written > 0, "the stream stands still");
    }
}

/// Asserts that a stream in pieces gives what the operation gives at once.
pub fn assert_streams(op: &str, args: &Value, input: &[u8], seed: u64) {
    let whole = run(op, args, input).unwrap();
    let pieces = stream(&store(), &chain(op, args), input, &mut Random::new(seed)).unwrap();
    assert!(pieces == whole, "{op} {args}: {} bytes in pieces, {} at once", pieces.len(), whole.len());
}
