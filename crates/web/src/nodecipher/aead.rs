//! Authenticated encryption: AES-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439), piece by piece.
//!
//! Decryption gives bytes before the tag is known to be right, as Node does: who reads them early has to wait for `final`.

use aes::Block;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use poly1305::Poly1305;
use subtle::ConstantTimeEq;

use super::cipher::Failed;

/// Bytes that are added to the data.
pub(crate) trait Keystream: Send {
    /// False where it has come to its end.
    fn apply(&mut self, data: &mut [u8]) -> bool;
}

impl<C: aes::cipher::StreamCipher + Send> Keystream for C {
    fn apply(&mut self, data: &mut [u8]) -> bool {
        self.try_apply_keystream(data).is_ok()
    }
}

/// What authenticates; both take blocks of 16 bytes.
pub(crate) enum Mac {
    /// With the block that hides the result.
    Ghash(Box<GHash>, [u8; 16]),
    Poly(Box<Poly1305>),
}

impl Mac {
    fn update(&mut self, block: &Block) {
        match self {
            Self::Ghash(hash, _) => hash.update(std::slice::from_ref(block)),
            Self::Poly(hash) => hash.update(std::slice::from_ref(block)),
        }
    }

    /// Whole blocks.
    fn update_all(&mut self, blocks: &[Block]) {
        match self {
            Self::Ghash(hash, _) => hash.update(blocks),
            Self::Poly(hash) => hash.update(blocks),
        }
    }

    fn lengths(&self, additional: u64, data: u64) -> Block {
        let mut block = Block::default();
        let (first, second) = block.split_at_mut(8);
        match self {
            Self::Ghash(..) => {
                first.copy_from_slice(&(additional * 8).to_be_bytes());
                second.copy_from_slice(&(data * 8).to_be_bytes());
            }
            Self::Poly(_) => {
                first.copy_from_slice(&additional.to_le_bytes());
                second.copy_from_slice(&data.to_le_bytes());
            }
        }
        block
    }

    fn finish(self) -> [u8; 16] {
        match self {
            Self::Ghash(hash, mask) => {
                let mut tag: [u8; 16] = hash.finalize().into();
                tag.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
                tag
            }
            Self::Poly(hash) => hash.finalize().into(),
        }
    }
}

pub(crate) struct Aead {
    keystream: Box<dyn Keystream>,
    mac: Mac,
    pending: Block,
    filled: usize,
    additional: u64,
    data: u64,
    is_encrypting: bool,
}

impl Aead {
    pub(crate) fn new(keystream: Box<dyn Keystream>, mac: Mac, is_encrypting: bool) -> Self {
        Self { keystream, mac, pending: Block::default(), filled: 0, additional: 0, data: 0, is_encrypting }
    }

    /// False once data came.
    pub(crate) fn add(&mut self, additional: &[u8]) -> bool {
        if self.data > 0 {
            return false;
        }
        self.additional += additional.len() as u64;
        self.authenticate(additional);
        true
    }

    pub(crate) fn update(&mut self, data: &[u8], output: &mut Vec<u8>) -> Result<(), Failed> {
        if data.is_empty() {
            return Ok(());
        }
        if self.data == 0 {
            self.pad();
        }
        self.data += data.len() as u64;
        let from = output.len();
        if !self.is_encrypting {
            self.authenticate(data);
        }
        output.extend_from_slice(data);
        if !self.keystream.apply(&mut output[from..]) {
            return Err(Failed::TooLong);
        }
        if self.is_encrypting {
            self.authenticate(&output[from..]);
        }
        Ok(())
    }

    /// The whole tag.
    pub(crate) fn finish(mut self) -> [u8; 16] {
        self.pad();
        let lengths = self.mac.lengths(self.additional, self.data);
        self.mac.update(&lengths);
        self.mac.finish()
    }

    fn authenticate(&mut self, mut bytes: &[u8]) {
        if self.filled > 0 {
            let count = bytes.len().min(16 - self.filled);
            self.pending[self.filled..self.filled + count].copy_from_slice(&bytes[..count]);
            self.filled += count;
            bytes = &bytes[count..];
            if self.filled < 16 {
                return;
            }
            self.mac.update(&self.pending);
            self.filled = 0;
        }
        let (blocks, rest) = Block::slice_as_chunks(bytes);
        self.mac.update_all(blocks);
        self.pending[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    /// Zeros up to the end of a block.
    fn pad(&mut self) {
        if self.filled > 0 {
            self.pending[self.filled..].fill(0);
            self.mac.update(&self.pending);
            self.filled = 0;
        }
    }
}

/// In a time that does not depend on where the two differ.
pub(crate) fn is_tag(tag: &[u8; 16], expected: &[u8]) -> bool {
    expected.len() <= tag.len() && bool::from(tag[..expected.len()].ct_eq(expected))
}
