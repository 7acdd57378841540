//! Chains: the same bytes on every way through them, what they hold, how they end.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is outside their functions, where the lint does not see tests"
)]

mod random;

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use hostbox_buffers::{Cancel, Chain, Error, Invocation, OPERATIONS, Operations, Pipeline, Step, Store, Writer};
use random::Random;

fn step(op: &str) -> Step {
    Step::parse(op, None, None).unwrap()
}

fn chain(ops: &[&str]) -> Chain {
    ops.iter().map(|op| step(op)).collect()
}

/// All operations that can be part of a stream and need no second input.
fn streamable() -> Vec<&'static str> {
    let store = Store::new(1 << 28);
    let can = |op: &&str| {
        Step::parse(op, None, None).is_ok_and(|step| store.stream_chain(&step.into(), &Cancel::new()).is_ok())
    };
    OPERATIONS.into_iter().filter(can).collect()
}

/// What makes packed bytes plain again. Two ways to pack may give other bytes, so those are only compared unpacked.
fn inverse(op: &str) -> Option<String> {
    let (name, kind) = op.rsplit_once('_')?;
    match kind {
        "compress" => Some(format!("{name}_decompress")),
        "encode" => Some(format!("{name}_decode")),
        _ => None,
    }
}

/// Everything that a pipeline makes of `input`, given and taken in pieces of any length.
fn streamed(mut pipeline: Pipeline, input: &[u8], random: &mut Random) -> Result<Vec<u8>, Error> {
    let (mut rest, mut output) = (input, Vec::new());
    let mut room = vec![0; 40_000];
    loop {
        let piece = &rest[..random.below(30_000).min(rest.len())];
        let room_bytes = 4096 + random.below(room.len() - 4096);
        let progress = pipeline.step(piece, piece.len() == rest.len(), &mut room[..room_bytes])?;
        rest = &rest[progress.read..];
        output.extend_from_slice(&room[..progress.written]);
        if progress.done {
            return Ok(output);
        }
    }
}

/// Steps that can follow each other from `input` on, and what they make of it one by one.
fn random_steps(store: &Store, input: &[u8], random: &mut Random, used: &mut BTreeSet<String>) -> (Vec<Step>, Vec<u8>) {
    let ops = streamable();
    let (mut steps, mut bytes) = (Vec::new(), input.to_vec());
    for _ in 0..random.below(8) + 1 {
        let op = match random.below(ops.len() + 2) {
            at if at < ops.len() => ops[at],
            _ => "xor",
        };
        let extra = (op == "xor").then(|| store.put_copy(&random.bytes(bytes.len())).unwrap());
        let mut next = vec![Step::parse(op, None, extra).unwrap()];
        next.extend(inverse(op).map(|op| step(&op)));
        let mut output = bytes.clone();
        let works = next.iter().all(|step| {
            let outcome = store.run_chain_on(&output, &step.clone().into(), &Cancel::new());
            outcome.is_ok_and(|(block, _)| {
                output = block.to_vec();
                true
            })
        });
        if works {
            used.extend(next.iter().map(|step| step.name().to_owned()));
            bytes = output;
            steps.extend(next);
        }
    }
    (steps, bytes)
}

#[test]
fn every_way_through_a_chain_gives_the_same_bytes() {
    let mut random = Random::new(30);
    let mut used = BTreeSet::new();
    let store = Store::new(1 << 30);
    for round in 0..400 {
        // Multiples of 12 are whole pixels with and without alpha; the last ones are long enough for several cores.
        let len = if round < 390 { random.below(3) * 4000 + random.below(60) * 12 } else { 12_000_000 };
        let len = if random.below(3) == 0 { len + random.below(12) } else { len };
        let input = random.bytes(len.min(5000)).repeat(len / 5000 + 1)[..len].to_vec();
        let (steps, right) = random_steps(&store, &input, &mut random, &mut used);
        let names: Vec<&str> = steps.iter().map(Step::name).collect();
        let chain: Chain = steps.iter().cloned().collect();
        let (at_once, _) = store.run_chain_on(&input, &chain, &Cancel::new()).unwrap();
        assert!(at_once[..] == right[..], "{names:?} on {len} bytes");
        let pipeline = store.stream_chain(&chain, &Cancel::new()).unwrap();
        assert!(streamed(pipeline, &input, &mut random).unwrap() == right, "{names:?} on {len} bytes, streamed");
        store.clear();
    }
    let missed: Vec<_> = streamable().into_iter().filter(|op| *op != "noop" && !used.contains(*op)).collect();
    assert!(missed.is_empty(), "{missed:?} were in no chain");
}

#[test]
fn a_chain_of_elementwise_steps_holds_one_copy_and_nothing_else() {
    let len = 9_000_000;
    let steps = chain(&["invert", "grayscale_rgba"].repeat(5));
    assert_eq!(steps.steps().len(), 10);
    let input = vec![7; len];
    let exact = Store::new(len as u64);
    let (block, _) = exact.run_chain_on(&input, &steps, &Cancel::new()).unwrap();
    // The block is not in the store, so that it can be worked on in place: there is room for nothing else.
    let address = block.as_ptr();
    let (block, _) = exact.run_chain(block, &steps, &Cancel::new()).unwrap();
    assert_eq!(block.as_ptr(), address);
    let scarce = Store::new(len as u64 - 1);
    assert_eq!(scarce.run_chain_on(&input, &steps, &Cancel::new()).unwrap_err().code(), "ERR_MEMORY");
    let stored = Store::new(2 * len as u64);
    let id = stored.put_copy(&input).unwrap();
    stored.exec_chain(id, &steps, &Cancel::new()).unwrap();
    assert_eq!(stored.bytes(), 2 * len as u64);
}

/// A store that knows `stop`, which ends its own call, and `count`, which counts its runs.
fn store_with_stop() -> (Store, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let mut operations = Operations::default();
    let stop = |invocation: &Invocation<'_>, output: &mut Writer| {
        output.write_all(invocation.input).map_err(|error| error.to_string())?;
        invocation.cancel.cancel();
        Ok(())
    };
    let count = move |invocation: &Invocation<'_>, output: &mut Writer| {
        counted.fetch_add(1, Ordering::Relaxed);
        output.write_all(invocation.input).map_err(|error| error.to_string())
    };
    operations.register("stop", Arc::new(stop)).unwrap();
    operations.register("count", Arc::new(count)).unwrap();
    (Store::with_operations(1 << 26, Arc::new(operations)), runs)
}

#[test]
fn a_chain_that_is_cancelled_on_its_way_runs_none_of_its_later_steps() {
    let (store, runs) = store_with_stop();
    let compile = |ops: &[&str]| {
        ops.iter().map(|op| store.operations().step(op, None, None)).collect::<Result<Chain, _>>().unwrap()
    };
    for len in [16, 10_000_000] {
        let input = vec![1; len];
        for ops in
            [&["count", "stop", "count"][..], &["count", "invert", "stop", "invert", "count"], &["count", "stop"]]
        {
            runs.store(0, Ordering::Relaxed);
            let error = store.run_chain_on(&input, &compile(ops), &Cancel::new()).unwrap_err();
            assert_eq!((error, runs.load(Ordering::Relaxed)), (Error::Cancelled, 1), "{ops:?}");
        }
    }
    assert_eq!(store.bytes(), 0);
}

#[test]
fn a_call_that_is_over_before_it_begins_does_nothing() {
    let (store, runs) = store_with_stop();
    let step = store.operations().step("count", None, None).unwrap();
    let flag = Arc::new(AtomicBool::new(true));
    for cancel in [Cancel::with_flag(flag, None), Cancel::with_flag(Arc::default(), Some(Instant::now()))] {
        let chain: Chain = [step.clone(), step.clone()].into_iter().collect();
        assert_eq!(store.run_chain_on(&[1; 100], &chain, &cancel).unwrap_err(), Error::Cancelled);
    }
    assert_eq!(runs.load(Ordering::Relaxed), 0);
}
