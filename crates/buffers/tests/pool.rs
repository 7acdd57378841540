//! The pool behind large blocks. It is the process's, so these tests have a process of their own and take turns.

use std::sync::{Mutex, PoisonError};

use hostbox_buffers::{Block, Origin, kept_bytes, trim};

static TURN: Mutex<()> = Mutex::new(());

#[test]
fn a_large_block_serves_the_next_job_of_its_size() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for len in [80 << 10, 16 << 20, 33_177_600] {
        let first = Block::zeroed(len).unwrap().into_raw();
        assert_eq!(first.origin, Origin::Pool);
        let address = first.ptr;
        // SAFETY: `first` came from `into_raw` just above, unchanged.
        drop(unsafe { Block::from_raw(first) });
        let mut second = Block::copy_of(&vec![1; len - 5]).unwrap();
        assert_eq!(second.as_mut_ptr(), address);
    }
}

#[test]
fn what_is_kept_is_bounded_and_can_be_given_back() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let blocks: Vec<Block> = (0..40).map(|_| Block::zeroed(8 << 20).unwrap()).collect();
    drop(blocks);
    assert!((1..=128 << 20).contains(&kept_bytes()));
    trim();
    assert_eq!(kept_bytes(), 0);
}

#[test]
fn what_was_used_longest_ago_makes_room() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    trim();
    drop((0..2000).map(|_| Block::zeroed(64 << 10).unwrap()).collect::<Vec<_>>());
    let mut large = Block::zeroed(32 << 20).unwrap();
    let address = large.as_mut_ptr();
    drop(large);
    assert_eq!(Block::zeroed(32 << 20).unwrap().as_mut_ptr(), address);
    assert!(kept_bytes() <= 128 << 20);
}
