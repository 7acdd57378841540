//! A running cipher of any kind.

use aes::cipher::{InnerIvInit, KeyInit, KeyIvInit, StreamCipher};
use aes::{Aes128, Aes192, Aes256, Block};
use chacha20::ChaCha20;
use poly1305::Poly1305;
use zeroize::Zeroizing;

use super::aead::{Aead, Keystream, Mac, is_tag};
use super::blocks::Blocks;
use super::kinds::{Kind, Mode};
use crate::crypto::GcmState;

/// Why there is no output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// The data is not made of whole blocks.
    WrongLength,
    /// The padding is none: the key or the data is wrong.
    BadDecrypt,
    /// The tag is wrong, or there is none.
    Unauthentic,
    /// More data than the mode allows.
    TooLong,
    /// It is over.
    Finished,
}

/// How a cipher begins.
pub(crate) struct Start<'a> {
    pub(crate) kind: Kind,
    /// As long as the kind wants it.
    pub(crate) key: &'a [u8],
    /// Of a length that the mode allows.
    pub(crate) iv: &'a [u8],
    /// Bytes of the tag, where somebody said how many.
    pub(crate) tag_length: Option<usize>,
    pub(crate) is_encrypting: bool,
}

enum Work {
    Blocks(Blocks),
    Stream(Box<dyn Keystream>),
    Aead(Box<Aead>),
}

pub(crate) struct Cipher {
    mode: Mode,
    is_encrypting: bool,
    tag_length: Option<usize>,
    /// None when it is over.
    work: Option<Work>,
    /// What the decrypted data is to have, or what the encrypted data got.
    tag: Option<Vec<u8>>,
}

/// Runs code over AES with a key of its length.
macro_rules! with_aes {
    ($key:expr, $cipher:ident => $body:expr) => {
        match $key.len() {
            16 => Aes128::new_from_slice($key).ok().map(|$cipher| $body),
            24 => Aes192::new_from_slice($key).ok().map(|$cipher| $body),
            32 => Aes256::new_from_slice($key).ok().map(|$cipher| $body),
            _ => None,
        }
    };
}

impl Cipher {
    /// None where a length is not what the kind wants.
    pub(crate) fn new(start: &Start<'_>) -> Option<Self> {
        let Start { kind, is_encrypting, tag_length, .. } = *start;
        let work = match kind.mode {
            Mode::Ecb | Mode::Cbc => {
                let chain = if kind.mode == Mode::Cbc { Some(Block::try_from(start.iv).ok()?) } else { None };
                let keyed = with_aes!(start.key, cipher => Box::new(cipher) as Box<dyn super::blocks::Keyed>)?;
                Work::Blocks(Blocks::new(keyed, chain, is_encrypting))
            }
            Mode::Ctr => {
                let iv = Block::try_from(start.iv).ok()?;
                Work::Stream(with_aes!(start.key, cipher => {
                    let core = ctr::CtrCore::inner_iv_init(cipher, &iv);
                    Box::new(ctr::Ctr128BE::from_core(core)) as Box<dyn Keystream>
                })?)
            }
            Mode::Gcm => Work::Aead(Box::new(gcm(start)?)),
            Mode::ChaCha => Work::Aead(Box::new(chacha(start)?)),
        };
        Some(Self { mode: kind.mode, is_encrypting, tag_length, work: Some(work), tag: None })
    }

    /// False where it is over.
    pub(crate) fn set_padding(&mut self, is_padding: bool) -> bool {
        if let Some(Work::Blocks(blocks)) = &mut self.work {
            blocks.is_padding = is_padding;
        }
        self.work.is_some()
    }

    /// False where the mode has no additional data, or it is too late for it.
    pub(crate) fn add(&mut self, additional: &[u8]) -> bool {
        if let Some(Work::Aead(aead)) = &mut self.work { aead.add(additional) } else { false }
    }

    /// Whether a tag may be set now.
    pub(crate) fn takes_tag(&self) -> bool {
        self.mode.is_aead() && !self.is_encrypting && self.work.is_some() && self.tag.is_none()
    }

    /// False where it has a wrong length.
    pub(crate) fn set_tag(&mut self, tag: &[u8]) -> bool {
        let length = self.tag_length.or((self.mode == Mode::ChaCha).then_some(16));
        let is_right = length.map_or_else(|| self.mode.allows_tag(tag.len()), |length| length == tag.len());
        if is_right {
            self.tag = Some(tag.to_vec());
        }
        is_right
    }

    /// The tag of what was encrypted, when that is over.
    pub(crate) fn tag(&self) -> Option<&[u8]> {
        if self.is_encrypting && self.work.is_none() { self.tag.as_deref() } else { None }
    }

    pub(crate) fn update(&mut self, data: &[u8], output: &mut Vec<u8>) -> Result<(), Failed> {
        match self.work.as_mut().ok_or(Failed::Finished)? {
            Work::Blocks(blocks) => blocks.update(data, output),
            Work::Stream(stream) => {
                let from = output.len();
                output.extend_from_slice(data);
                if !stream.apply(&mut output[from..]) {
                    return Err(Failed::TooLong);
                }
            }
            Work::Aead(aead) => aead.update(data, output)?,
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self, output: &mut Vec<u8>) -> Result<(), Failed> {
        match self.work.take().ok_or(Failed::Finished)? {
            Work::Blocks(blocks) => blocks.finish(output),
            Work::Stream(_) => Ok(()),
            Work::Aead(aead) => {
                let tag = aead.finish();
                if self.is_encrypting {
                    self.tag = Some(tag[..self.tag_length.unwrap_or(16).min(16)].to_vec());
                    return Ok(());
                }
                let expected = self.tag.as_deref().ok_or(Failed::Unauthentic)?;
                if is_tag(&tag, expected) { Ok(()) } else { Err(Failed::Unauthentic) }
            }
        }
    }
}

fn gcm(start: &Start<'_>) -> Option<Aead> {
    let (hash, mask, keystream) = with_aes!(start.key, cipher => GcmState::new(&cipher, start.iv).ok().map(|state| {
        let mask = state.mask(&cipher);
        let core = ctr::CtrCore::inner_iv_init(cipher, &state.counter(1).to_be_bytes().into());
        (state.into_hash(), mask, Box::new(ctr::Ctr32BE::from_core(core)) as Box<dyn Keystream>)
    }))??;
    Some(Aead::new(keystream, Mac::Ghash(Box::new(hash), mask), start.is_encrypting))
}

fn chacha(start: &Start<'_>) -> Option<Aead> {
    let mut stream = ChaCha20::new_from_slices(start.key, start.iv).ok()?;
    // The first block of the stream is the key that authenticates; the data begins with the second.
    let mut block = Zeroizing::new([0; 64]);
    stream.try_apply_keystream(&mut *block).ok()?;
    let mac = Poly1305::new_from_slice(&block[..32]).ok()?;
    Some(Aead::new(Box::new(stream), Mac::Poly(Box::new(mac)), start.is_encrypting))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(name: &str, is_encrypting: bool) -> Cipher {
        let kind = Kind::from_name(name).unwrap();
        let (key, iv) = ([7; 32], [9; 16]);
        let (key, iv) = (&key[..kind.key], &iv[..kind.mode.iv()]);
        Cipher::new(&Start { kind, key, iv, tag_length: None, is_encrypting }).unwrap()
    }

    fn run(cipher: &mut Cipher, data: &[u8], pieces: usize) -> Result<Vec<u8>, Failed> {
        let mut output = Vec::new();
        for piece in data.chunks(pieces) {
            cipher.update(piece, &mut output)?;
        }
        cipher.finish(&mut output)?;
        Ok(output)
    }

    #[test]
    fn pieces_of_any_length_give_the_same() {
        let data: Vec<u8> = (0..=255).chain(0..=200).collect();
        for name in super::super::kinds::NAMES {
            let whole = run(&mut start(name, true), &data, data.len()).unwrap();
            for pieces in [1, 3, 15, 16, 17, 64, 100] {
                let mut encrypting = start(name, true);
                assert_eq!(run(&mut encrypting, &data, pieces).unwrap(), whole, "{name}, {pieces}");
                let mut decrypting = start(name, false);
                if let Some(tag) = encrypting.tag() {
                    assert!(decrypting.takes_tag() && decrypting.set_tag(tag));
                }
                assert_eq!(run(&mut decrypting, &whole, pieces).unwrap(), data, "{name}, {pieces}");
            }
        }
    }

    #[test]
    fn a_wrong_tag_and_a_missing_one_fail() {
        for name in ["aes-128-gcm", "chacha20-poly1305"] {
            let mut cipher = start(name, false);
            assert!(cipher.set_tag(&[0; 16]));
            assert_eq!(run(&mut cipher, b"data", 4), Err(Failed::Unauthentic));
            assert_eq!(run(&mut start(name, false), b"data", 4), Err(Failed::Unauthentic));
        }
    }

    #[test]
    fn nothing_goes_on_after_the_end() {
        let mut cipher = start("aes-256-ctr", true);
        assert!(cipher.finish(&mut Vec::new()).is_ok() && !cipher.set_padding(true));
        assert_eq!(cipher.update(b"a", &mut Vec::new()), Err(Failed::Finished));
        assert_eq!(cipher.finish(&mut Vec::new()), Err(Failed::Finished));
    }
}
