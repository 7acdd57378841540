//! scrypt (RFC 7914). The loop is ours, so that it can end early.

use zeroize::{Zeroize, Zeroizing};

use super::derive::{IsOver, Pbkdf2, Secret};
use crate::nodehash::hashes::Algorithm;

/// The costs, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Costs {
    n: usize,
    r: usize,
    p: usize,
    memory: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// No power of two, or beyond what the function is defined for.
    Params,
    /// More memory than was allowed.
    Memory,
    /// More work than one derivation may take.
    Work,
}

/// N·r·p that one derivation may have: about fifteen seconds.
const MOST_WORK: u64 = 1 << 25;
/// Blocks between two looks: at most a few milliseconds.
const BETWEEN_LOOKS: usize = 64;

impl Costs {
    pub(crate) fn new(n: u64, r: u64, p: u64, most_memory: u64) -> Result<Self, Wrong> {
        let is_defined = n > 1
            && n.is_power_of_two()
            && r > 0
            && p > 0
            && p.saturating_mul(r) < 1 << 30
            && (r > 3 || n < 1 << (16 * r));
        if !is_defined {
            return Err(Wrong::Params);
        }
        let memory = 128u64.saturating_mul(r).saturating_mul(n.saturating_add(p).saturating_add(2));
        if memory > most_memory {
            return Err(Wrong::Memory);
        }
        if n.saturating_mul(r).saturating_mul(p) > MOST_WORK {
            return Err(Wrong::Work);
        }
        let size = |number| usize::try_from(number).map_err(|_| Wrong::Memory);
        Ok(Self { n: size(n)?, r: size(r)?, p: size(p)?, memory })
    }

    /// Bytes that the work takes.
    pub(crate) fn memory(&self) -> u64 {
        self.memory
    }

    /// None where nobody waits any more.
    pub(crate) fn run(&self, password: &[u8], salt: &[u8], length: usize, is_over: IsOver<'_>) -> Option<Secret> {
        let stretch = |salt: &[u8], length| {
            Pbkdf2 { algorithm: Algorithm::Sha256, password, salt, iterations: 1, length, is_over }.run()
        };
        let words = 32 * self.r;
        let mut lanes = stretch(salt, 128 * self.r * self.p)?;
        let mut table = Zeroizing::new(vec![0u32; words * self.n]);
        let mut lane = Zeroizing::new(vec![0u32; 2 * words]);
        for bytes in lanes.chunks_exact_mut(128 * self.r) {
            for (word, bytes) in lane.iter_mut().zip(bytes.chunks_exact(4)) {
                *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
            self.mix(&mut lane, &mut table, is_over)?;
            for (bytes, word) in bytes.chunks_exact_mut(4).zip(lane.iter()) {
                bytes.copy_from_slice(&word.to_le_bytes());
            }
        }
        stretch(&lanes, length)
    }

    /// scryptROMix. The first half of `lane` is the state, the second room to work in.
    fn mix(&self, lane: &mut [u32], table: &mut [u32], is_over: IsOver<'_>) -> Option<()> {
        let words = 32 * self.r;
        let (state, room) = lane.split_at_mut(words);
        let every = (BETWEEN_LOOKS * 8 / self.r).clamp(1, BETWEEN_LOOKS * 8);
        for (index, entry) in table.chunks_exact_mut(words).enumerate() {
            if index % every == 0 && is_over() {
                return None;
            }
            entry.copy_from_slice(state);
            mix_block(state, room);
        }
        for index in 0..self.n {
            if index % every == 0 && is_over() {
                return None;
            }
            // N is a power of two of at most 32 bits.
            let at = state[words - 16] as usize & (self.n - 1);
            for (word, other) in state.iter_mut().zip(&table[at * words..(at + 1) * words]) {
                *word ^= other;
            }
            mix_block(state, room);
        }
        Some(())
    }
}

/// scryptBlockMix
fn mix_block(state: &mut [u32], room: &mut [u32]) {
    let mut x = [0u32; 16];
    x.copy_from_slice(&state[state.len() - 16..]);
    let half = state.len() / 32;
    for (index, block) in state.chunks_exact(16).enumerate() {
        for (word, other) in x.iter_mut().zip(block) {
            *word ^= other;
        }
        salsa8(&mut x);
        // Even ones first, then the odd ones.
        let at = 16 * (index / 2 + (index % 2) * half);
        room[at..at + 16].copy_from_slice(&x);
    }
    state.copy_from_slice(room);
    x.zeroize();
}

/// Salsa20/8
fn salsa8(block: &mut [u32; 16]) {
    let mut x = *block;
    let mut quarter = |a: usize, b: usize, c: usize, d: usize| {
        x[b] ^= x[a].wrapping_add(x[d]).rotate_left(7);
        x[c] ^= x[b].wrapping_add(x[a]).rotate_left(9);
        x[d] ^= x[c].wrapping_add(x[b]).rotate_left(13);
        x[a] ^= x[d].wrapping_add(x[c]).rotate_left(18);
    };
    for _ in 0..4 {
        quarter(0, 4, 8, 12);
        quarter(5, 9, 13, 1);
        quarter(10, 14, 2, 6);
        quarter(15, 3, 7, 11);
        quarter(0, 1, 2, 3);
        quarter(5, 6, 7, 4);
        quarter(10, 11, 8, 9);
        quarter(15, 12, 13, 14);
    }
    for (word, add) in block.iter_mut().zip(x) {
        *word = word.wrapping_add(add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_specification_hold() {
        let hex = |costs: Costs, password: &[u8], salt: &[u8]| {
            let derived = costs.run(password, salt, 64, &|| false).unwrap();
            derived[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        assert_eq!(hex(Costs::new(16, 1, 1, 1 << 20).unwrap(), b"", b""), "77d6576238657b20");
        assert_eq!(hex(Costs::new(1024, 8, 16, 1 << 22).unwrap(), b"password", b"NaCl"), "fdbabe1c9d347200");
    }

    #[test]
    fn costs_beyond_the_bounds_are_refused() {
        for (n, r, p) in [(0, 8, 1), (1, 8, 1), (3, 8, 1), (16, 0, 1), (16, 1 << 20, 1 << 20), (1 << 16, 1, 1)] {
            assert_eq!(Costs::new(n, r, p, u64::MAX), Err(Wrong::Params), "{n} {r} {p}");
        }
        assert_eq!(Costs::new(1 << 14, 8, 1, 128 * 8 * ((1 << 14) + 3) - 1), Err(Wrong::Memory));
        assert_eq!(Costs::new(1 << 40, 8, 1, u64::MAX), Err(Wrong::Work));
    }

    #[test]
    fn a_derivation_that_nobody_waits_for_ends() {
        let costs = Costs::new(1 << 14, 8, 1, 1 << 30).unwrap();
        assert!(costs.run(b"", b"", 8, &|| true).is_none());
    }
}
