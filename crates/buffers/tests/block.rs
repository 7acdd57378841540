//! Blocks: what they hold, where they come from, how they travel.

use hostbox_buffers::Block;

/// Around the border to the pool, at classes, between them, and beyond what is kept.
const ALL_LENGTHS: [usize; 10] = [0, 1, 17, 65_535, 65_536, 65_537, 81_920, 1_000_003, 33_177_600, 70 << 20];
/// Miri takes minutes for a look at a MiB.
const LENGTHS: &[usize] = if cfg!(miri) { ALL_LENGTHS.split_at(7).0 } else { &ALL_LENGTHS };

#[test]
fn zeroed_never_shows_what_a_former_tenant_left() {
    for &len in LENGTHS {
        for _ in 0..3 {
            let mut block = Block::zeroed(len).unwrap();
            assert!(block.len() == len && block.iter().all(|byte| *byte == 0), "{len}");
            block.fill(0xa5);
        }
    }
}

#[test]
fn a_copy_has_the_bytes_of_its_source_and_nothing_else() {
    for &len in LENGTHS {
        let bytes: Vec<u8> = (0..len).map(|at| ((at * 31) >> 3) as u8).collect();
        let block = Block::copy_of(&bytes).unwrap();
        assert!(block[..] == bytes[..] && block.capacity() >= len, "{len}");
    }
}

#[test]
fn a_vector_is_taken_over_without_a_copy() {
    let mut bytes = vec![1, 2, 3];
    bytes.reserve(100);
    let address = bytes.as_ptr();
    let block = Block::from_vec(bytes);
    assert_eq!((block.as_ptr(), &block[..]), (address, &[1, 2, 3][..]));
}

#[test]
fn a_block_survives_the_way_through_plain_fields() {
    for block in [Block::zeroed(3).unwrap(), Block::zeroed(100_000).unwrap(), Block::from_vec(vec![0; 50])] {
        let (address, len) = (block.as_ptr(), block.len());
        let raw = block.into_raw();
        assert_eq!((raw.ptr.cast_const(), raw.len), (address, len));
        // SAFETY: `raw` came from `into_raw` just above, unchanged.
        let block = unsafe { Block::from_raw(raw) };
        assert_eq!((block.as_ptr(), block.len()), (address, len));
    }
}

#[test]
fn even_empty_blocks_have_an_address_of_their_own() {
    let blocks = [(); 4].map(|()| Block::zeroed(0).unwrap());
    let vectors = [(); 4].map(|()| Block::from_vec(Vec::new()));
    let mut addresses: Vec<_> = blocks.iter().chain(&vectors).map(|block| block.as_ptr()).collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), 8);
}

#[test]
#[cfg_attr(miri, ignore = "Miri itself ends where memory does")]
fn a_length_that_no_system_has_is_an_error() {
    for len in [usize::MAX, usize::MAX / 2, isize::MAX as usize, 1 << 60] {
        assert_eq!(Block::zeroed(len).unwrap_err().requested, len);
    }
}
