//! Memory that JavaScript was lent: the same results as from any other, for as long as it takes and no longer.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is outside their functions, where the lint does not see tests"
)]

mod random;

use std::sync::{Arc, Mutex, mpsc};

use hostbox_buffers::{Block, Cancel, Chain, Error, Invocation, Operations, SharedBytes, Step, Store, Writer};
use random::Random;

fn chain(ops: &[&str]) -> Chain {
    ops.iter().map(|op| Step::parse(op, None, None).unwrap()).collect()
}

/// Bytes of any value, enough for several blocks and for more than one thread.
fn block(len: usize) -> Arc<Block> {
    Arc::new(Block::from_vec(Random::new(len as u64 + 1).bytes(len)))
}

fn part(block: &Arc<Block>, from: usize, to: usize) -> SharedBytes {
    SharedBytes::new(block.clone(), from..to).unwrap()
}

#[test]
fn every_beginning_of_a_chain_reads_it_as_it_reads_other_bytes() {
    let (store, cancel) = (Store::new(1 << 28), Cancel::new());
    let lengths = if cfg!(miri) { vec![0, 4, 40_000] } else { vec![0, 4, 32_768, 100_004, 9 << 20] };
    for len in lengths {
        let block = block(len + 8);
        for ops in
            [&[][..], &["noop"], &["invert"], &["grayscale_rgba", "invert"], &["hex_encode"], &["invert", "sha256"]]
        {
            let chain = chain(ops);
            for from in [0, 4, 7] {
                let (lent, _) = store.run_chain_shared(part(&block, from, from + len), &chain, &cancel).unwrap();
                let (other, _) = store.run_chain_on(&block[from..from + len], &chain, &cancel).unwrap();
                assert!(lent[..] == other[..], "{ops:?} of {len} bytes from {from}");
            }
        }
        assert_eq!(Arc::strong_count(&block), 1);
    }
    assert_eq!(store.bytes(), 0);
}

#[test]
fn a_part_beyond_the_block_is_none() {
    let block = block(10);
    #[expect(clippy::reversed_empty_ranges, reason = "one of the wrong ones")]
    for range in [0..11, 11..11, 5..4, 0..usize::MAX] {
        assert!(SharedBytes::new(block.clone(), range).is_none());
    }
    assert!(part(&block, 10, 10).is_empty());
    assert_eq!(part(&block, 2, 10).len(), 8);
}

#[test]
fn its_copy_is_paid_for_and_it_is_not() {
    let store = Store::new(1 << 20);
    let (fits, does_not) = (block(1 << 20), block((1 << 20) + 4));
    for ops in [&["invert"][..], &["sha256"], &[]] {
        let run = |block| store.run_chain_shared(part(block, 0, block.len()), &chain(ops), &Cancel::new());
        // A digest needs room for itself beside the copy.
        assert_eq!(run(&fits).is_ok(), ops != ["sha256"]);
        assert!(matches!(run(&does_not), Err(Error::Memory { .. })));
        assert_eq!(store.bytes(), 0);
    }
}

#[test]
fn an_operation_works_on_a_copy_and_holds_it_no_longer_than_it_takes_to_make_that() {
    let (started, wait) = mpsc::channel();
    let (go, told) = mpsc::channel::<()>();
    let told = Mutex::new(told);
    let mut operations = Operations::default();
    let patient = move |call: &Invocation<'_>, output: &mut Writer| {
        started.send(()).map_err(|error| error.to_string())?;
        told.lock().unwrap().recv().map_err(|error| error.to_string())?;
        std::io::Write::write_all(output, call.input).map_err(|error| error.to_string())
    };
    operations.register("patient", Arc::new(patient)).unwrap();
    let store = Store::with_operations(1 << 20, Arc::new(operations));
    let chain = store.compile(r#"[{"op":"patient"}]"#).unwrap();
    let mut lent = block(50_000);
    let before = lent.to_vec();
    std::thread::scope(|scope| {
        let input = part(&lent, 0, 50_000);
        let running = scope.spawn(|| store.run_chain_shared(input, &chain, &Cancel::new()));
        wait.recv().unwrap();
        // Whoever lent it is alone with it again, and may write.
        Arc::get_mut(&mut lent).unwrap().fill(0);
        go.send(()).unwrap();
        assert!(running.join().unwrap().unwrap().0[..] == before[..]);
    });
}
