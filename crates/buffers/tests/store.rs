//! The store: ids, owners, consumption, the account.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is outside their functions, where the lint does not see tests"
)]

mod random;

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use hostbox_buffers::{Block, Cancel, Error, OPERATIONS, Step, Store};
use random::Random;
use serde_json::json;

fn step(op: &str) -> Step {
    Step::parse(op, None, None).unwrap()
}

/// All but those that need a second input or arguments.
fn steps_without_arguments() -> impl Iterator<Item = (&'static str, Step)> {
    OPERATIONS.into_iter().filter_map(|op| Some((op, Step::parse(op, None, None).ok()?)))
}

fn is_memory<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    matches!(result, Err(ref error @ Error::Memory { .. }) if error.code() == "ERR_MEMORY")
}

#[test]
fn ids_are_unique_across_stores_and_never_used_again() {
    let stores = [Store::new(1 << 20), Store::new(1 << 20)];
    let mut last = 0;
    for round in 0..200 {
        let store = &stores[round % 2];
        let id = store.put_copy(b"bytes").unwrap();
        assert!(id > last);
        store.free(id).unwrap();
        last = id;
    }
}

#[test]
fn an_id_of_another_owner_is_not_found() {
    let (owner, stranger) = (Store::new(1 << 20), Store::new(1 << 20));
    let id = owner.put_copy(b"mine").unwrap();
    let not_found = Error::IdNotFound(id);
    assert_eq!(stranger.info(id), Err(not_found.clone()));
    assert_eq!(stranger.free(id), Err(not_found.clone()));
    assert_eq!(stranger.exec(&step("invert"), id, &Cancel::new()), Err(not_found.clone()));
    assert_eq!(stranger.take(id).unwrap_err(), not_found);
    let theirs = stranger.put_copy(b"four").unwrap();
    let xor = Step::parse("xor", None, Some(id)).unwrap();
    assert_eq!(stranger.exec(&xor, theirs, &Cancel::new()), Err(not_found));
    assert_eq!(&owner.take(id).unwrap()[..], b"mine");
}

#[test]
fn the_input_of_an_operation_stays_valid_and_unchanged() {
    let store = Store::new(1 << 20);
    let id = store.put_copy(&[1, 2, 3, 255]).unwrap();
    let inverted = store.exec(&step("invert"), id, &Cancel::new()).unwrap();
    assert_eq!(&store.take(inverted).unwrap()[..], [254, 253, 252, 0]);
    assert_eq!(&store.take(id).unwrap()[..], [1, 2, 3, 255]);
}

#[test]
fn noop_gives_a_second_id_that_lives_by_itself() {
    let store = Store::new(100);
    let id = store.put_copy(&[7; 80]).unwrap();
    let second = store.exec(&step("noop"), id, &Cancel::new()).unwrap();
    assert_ne!(id, second);
    assert_eq!(&store.take(id).unwrap()[..], [7; 80]);
    assert_eq!(&store.take(second).unwrap()[..], [7; 80]);
    assert_eq!(store.bytes(), 0);
}

#[test]
fn take_consumes() {
    let store = Store::new(1 << 20);
    let id = store.put(Block::from_vec(vec![5; 100])).unwrap();
    assert_eq!(&store.take(id).unwrap()[..], [5; 100]);
    assert_eq!(store.take(id).unwrap_err(), Error::IdNotFound(id));
    assert_eq!((store.len(), store.bytes()), (0, 0));
}

#[test]
fn take_into_consumes_even_when_truncated() {
    let store = Store::new(1 << 20);
    let id = store.put_copy(b"abcdef").unwrap();
    let mut target = [0; 4];
    let taken = store.take_into(id, &mut target).unwrap();
    assert_eq!((taken.bytes_written, taken.source_length, taken.truncated), (4, 6, true));
    assert_eq!(&target, b"abcd");
    assert_eq!(store.take_into(id, &mut target).unwrap_err().code(), "ERR_ID_NOT_FOUND");

    let id = store.put_copy(b"xy").unwrap();
    let taken = store.take_into(id, &mut target).unwrap();
    assert_eq!((taken.bytes_written, taken.source_length, taken.truncated), (2, 2, false));
    assert_eq!(&target, b"xycd");
}

#[test]
fn put_stops_at_the_limit_and_goes_on_after_free() {
    let store = Store::new(1000);
    let id = store.put_copy(&[0; 600]).unwrap();
    assert!(is_memory(store.put_copy(&[0; 401])));
    assert!(is_memory(store.put(Block::zeroed(401).unwrap())));
    store.put_copy(&[0; 400]).unwrap();
    assert_eq!((store.bytes(), store.len()), (1000, 2));
    store.free(id).unwrap();
    store.put_copy(&[0; 600]).unwrap();
}

#[test]
fn the_output_of_an_operation_counts_before_it_exists() {
    let store = Store::new(1000);
    let id = store.put_copy(&[0; 600]).unwrap();
    let refused = store.exec(&step("invert"), id, &Cancel::new());
    let text = refused.as_ref().unwrap_err().to_string();
    assert!(text.contains("600") && text.contains("1000"), "{text}");
    assert!(is_memory(refused));
    assert_eq!((store.bytes(), store.len()), (600, 1));
}

#[test]
fn a_chain_on_a_block_needs_no_second_one() {
    let store = Store::new(1000);
    let steps = [step("invert"), step("grayscale_rgba"), step("invert")];
    let (block, info) =
        store.run_chain(Block::zeroed(800).unwrap(), &steps.iter().cloned().collect(), &Cancel::new()).unwrap();
    assert!(block.len() == 800 && info.byte_length == 800);
    assert!(is_memory(store.run_chain(Block::zeroed(1001).unwrap(), &steps.iter().cloned().collect(), &Cancel::new())));
    assert_eq!(store.bytes(), 0);
}

#[test]
fn empty_buffers_do_not_go_on_for_ever() {
    let store = Store::new(0);
    let refused = (0..100_000).map(|_| store.put_copy(&[])).find(Result::is_err);
    assert!(is_memory(refused.unwrap()));
    store.clear();
    assert!(store.is_empty());
    store.put_copy(&[]).unwrap();
}

#[test]
fn a_failing_chain_leaves_the_store_as_it_was() {
    let store = Store::new(1 << 20);
    let id = store.put_copy(&[9; 10]).unwrap();
    let steps = [step("invert"), step("gzip_compress"), step("png_decode")];
    assert_eq!(store.exec_chain(id, &steps.iter().cloned().collect(), &Cancel::new()).unwrap_err().code(), "ERR_OP");
    assert_eq!((store.len(), store.bytes()), (1, 10));
    assert_eq!(&store.take(id).unwrap()[..], [9; 10]);
}

#[test]
fn the_account_is_empty_after_everything_is_dropped() {
    let store = Store::new(1 << 26);
    let id = store.put_copy(&[3; 64 * 64 * 4]).unwrap();
    let size = json!({ "width": 64, "height": 64 });
    for (op, plain) in steps_without_arguments().filter(|(op, _)| *op != "noop") {
        let step = if op.ends_with("g_encode") { Step::parse(op, Some(&size), None).unwrap() } else { plain };
        let _ = store.exec(&step, id, &Cancel::new());
    }
    assert!(store.len() > 4 && store.bytes() > 64 * 64 * 4);
    store.clear();
    assert_eq!((store.len(), store.bytes()), (0, 0));
}

#[test]
fn an_operation_under_way_survives_take_and_free() {
    let store = Arc::new(Store::new(1 << 30));
    let bytes = Random::new(1).bytes(8 << 20);
    for round in 0..8 {
        let id = store.put_copy(&bytes).unwrap();
        let worker = {
            let store = Arc::clone(&store);
            thread::spawn(move || store.exec(&step("invert"), id, &Cancel::new()))
        };
        if round % 2 == 0 {
            assert_eq!(&store.take(id).unwrap()[..], bytes);
        } else {
            store.free(id).unwrap();
        }
        match worker.join().unwrap() {
            Ok(output) => assert!(store.take(output).unwrap().iter().zip(&bytes).all(|(one, other)| *one == !other)),
            Err(error) => assert_eq!(error, Error::IdNotFound(id)),
        }
    }
    assert_eq!(store.bytes(), 0);
}

#[test]
fn a_cancelled_flag_ends_a_long_job() {
    let store = Arc::new(Store::new(1 << 30));
    let id = store.put_copy(&Random::new(2).bytes(64 << 20)).unwrap();
    let cancel = Cancel::new();
    let worker = {
        let (store, cancel) = (Arc::clone(&store), cancel.clone());
        let slow = Step::parse("gzip_compress", Some(&json!({ "level": 9 })), None).unwrap();
        thread::spawn(move || store.exec(&slow, id, &cancel))
    };
    while store.bytes() == 64 << 20 && !worker.is_finished() {
        thread::yield_now();
    }
    cancel.cancel();
    assert_eq!(worker.join().unwrap(), Err(Error::Cancelled));
    assert_eq!((store.len(), store.bytes()), (1, 64 << 20));
}

#[test]
fn a_passed_deadline_cancels_every_operation() {
    let store = Store::new(1 << 20);
    let id = store.put_copy(&[1; 16]).unwrap();
    let late = Cancel::with_flag(Arc::default(), Some(Instant::now()));
    for (op, step) in steps_without_arguments() {
        let refused = store.exec(&step, id, &late).unwrap_err();
        assert_eq!((refused.code(), store.len()), ("ERR_ABORTED", 1), "{op}");
    }
}

#[test]
fn a_writer_pays_as_it_grows() {
    use std::io::Write;
    let store = Store::new(300_000);
    let mut writer = store.writer(&Cancel::new()).unwrap();
    let piece = Random::new(3).bytes(10_000);
    for _ in 0..30 {
        writer.write_all(&piece).unwrap();
        assert!(store.bytes() >= writer.len() as u64);
    }
    writer.write_all(&[1]).unwrap_err();
    assert!(is_memory::<()>(Err(writer.failure().unwrap())));
    let id = store.put_written(writer).unwrap();
    assert_eq!(store.bytes(), 300_000);
    assert_eq!(&store.take(id).unwrap()[..], piece.repeat(30));
    assert_eq!(store.bytes(), 0);
}
