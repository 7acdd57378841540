//! Block ciphers in ECB and CBC, with and without padding (PKCS #7).

use aes::Block;
use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser};
use zeroize::Zeroize;

use super::cipher::Failed;

const SIZE: usize = 16;

/// A block cipher with its key.
pub(crate) trait Keyed: Send {
    fn encrypt(&self, blocks: &mut [Block]);
    fn decrypt(&self, blocks: &mut [Block]);
}

impl<C: BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + Send> Keyed for C {
    fn encrypt(&self, blocks: &mut [Block]) {
        self.encrypt_blocks(blocks);
    }

    fn decrypt(&self, blocks: &mut [Block]) {
        self.decrypt_blocks(blocks);
    }
}

/// A running cipher over whole blocks.
pub(crate) struct Blocks {
    cipher: Box<dyn Keyed>,
    /// The block before, in CBC.
    chain: Option<Block>,
    is_encrypting: bool,
    pub(crate) is_padding: bool,
    /// What is no whole block yet, or a last one that may be padding.
    pending: Vec<u8>,
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.pending.zeroize();
    }
}

impl Blocks {
    pub(crate) fn new(cipher: Box<dyn Keyed>, chain: Option<Block>, is_encrypting: bool) -> Self {
        Self { cipher, chain, is_encrypting, is_padding: true, pending: Vec::with_capacity(SIZE) }
    }

    pub(crate) fn update(&mut self, data: &[u8], output: &mut Vec<u8>) {
        let from = output.len();
        output.append(&mut self.pending);
        output.extend_from_slice(data);
        let length = output.len() - from;
        let mut rest = length % SIZE;
        if rest == 0 && length > 0 && self.is_padding && !self.is_encrypting {
            rest = SIZE;
        }
        let whole = output.len() - rest;
        self.pending.extend_from_slice(&output[whole..]);
        output.truncate(whole);
        self.run(&mut output[from..]);
    }

    pub(crate) fn finish(mut self, output: &mut Vec<u8>) -> Result<(), Failed> {
        let mut last = std::mem::take(&mut self.pending);
        if self.is_encrypting {
            if self.is_padding {
                let padding = SIZE - last.len() % SIZE;
                last.resize(last.len() + padding, u8::try_from(padding).unwrap_or(0));
            }
            if !last.len().is_multiple_of(SIZE) {
                return Err(Failed::WrongLength);
            }
            self.run(&mut last);
        } else {
            // Without padding a whole block is left where padding was switched off late.
            let is_whole = last.len() == SIZE || (last.is_empty() && !self.is_padding);
            if !is_whole {
                return Err(Failed::WrongLength);
            }
            self.run(&mut last);
            if self.is_padding {
                let length = unpadded(&last).ok_or(Failed::BadDecrypt)?;
                last.truncate(length);
            }
        }
        output.extend_from_slice(&last);
        last.zeroize();
        Ok(())
    }

    fn run(&mut self, bytes: &mut [u8]) {
        let (blocks, _) = Block::slice_as_chunks_mut(bytes);
        let Some(chain) = &mut self.chain else {
            return if self.is_encrypting { self.cipher.encrypt(blocks) } else { self.cipher.decrypt(blocks) };
        };
        if self.is_encrypting {
            for block in blocks {
                xor(block, chain);
                self.cipher.encrypt(std::slice::from_mut(block));
                *chain = *block;
            }
            return;
        }
        // Many blocks at a time: decryption does not wait for the block before.
        for blocks in blocks.chunks_mut(32) {
            let mut before = [Block::default(); 32];
            let before = &mut before[..blocks.len()];
            before.copy_from_slice(blocks);
            self.cipher.decrypt(blocks);
            for (block, encrypted) in blocks.iter_mut().zip(before.iter()) {
                xor(block, chain);
                *chain = *encrypted;
            }
        }
    }
}

fn xor(block: &mut Block, other: &Block) {
    for (byte, other) in block.iter_mut().zip(other) {
        *byte ^= other;
    }
}

/// The length without the padding, all of which is looked at whatever it is.
fn unpadded(block: &[u8]) -> Option<usize> {
    let padding = *block.last()?;
    let count = usize::from(padding);
    if count == 0 || count > block.len() {
        return None;
    }
    let start = block.len() - count;
    let difference = block[start..].iter().fold(0, |difference, byte| difference | (byte ^ padding));
    (difference == 0).then_some(start)
}
