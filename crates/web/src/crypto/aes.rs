//! AES: CBC, CTR and GCM over bytes, and key wrapping (NIST SP 800-38A, 38D, 38F).

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::consts::U16;
use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser, InnerIvInit, KeyInit,
    StreamCipher,
};
use aes::{Aes128, Aes192, Aes256, Block};
use aes_kw::InnerInit;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::error::{Result, operation};
use super::key::Secret;

/// Runs code over the cipher that a key's length asks for.
macro_rules! with_cipher {
    ($key:expr, $cipher:ident => $body:expr) => {
        match $key.len() {
            16 => Aes128::new_from_slice($key).map_err(|_| bad_key()).and_then(|$cipher| $body),
            24 => Aes192::new_from_slice($key).map_err(|_| bad_key()).and_then(|$cipher| $body),
            32 => Aes256::new_from_slice($key).map_err(|_| bad_key()).and_then(|$cipher| $body),
            _ => Err(bad_key()),
        }
    };
}

fn bad_key() -> super::error::Failure {
    operation("the key has a wrong length")
}

fn block(bytes: &[u8], what: &'static str) -> Result<Block> {
    Block::try_from(bytes).map_err(|_| operation(format!("{what} must have 16 bytes")))
}

pub(crate) fn encrypt_cbc(key: &[u8], iv: &[u8], data: &[u8]) -> Result<Vec<u8>> {
    let iv = block(iv, "iv")?;
    with_cipher!(key, cipher => Ok(cbc::Encryptor::inner_iv_init(cipher, &iv).encrypt_padded_vec::<Pkcs7>(data)))
}

pub(crate) fn decrypt_cbc(key: &[u8], iv: &[u8], data: &[u8]) -> Result<Secret> {
    let iv = block(iv, "iv")?;
    if data.is_empty() || !data.len().is_multiple_of(16) {
        return Err(operation("the data is not made of blocks"));
    }
    with_cipher!(key, cipher => cbc::Decryptor::inner_iv_init(cipher, &iv)
        .decrypt_padded_vec::<Pkcs7>(data)
        .map(Zeroizing::new)
        .map_err(|_| operation("the data cannot be decrypted")))
}

/// Encrypts or decrypts. The last `bits` of the counter block count, and start anew at 0 without a carry into the rest.
pub(crate) fn apply_ctr(key: &[u8], counter: &[u8], bits: u32, data: &[u8]) -> Result<Vec<u8>> {
    let first = u128::from_be_bytes(block(counter, "counter")?.into());
    if bits == 0 || bits > 128 {
        return Err(operation("length must be 1 to 128"));
    }
    let mask = u128::MAX >> (128 - bits);
    let blocks = data.len().div_ceil(16) as u128;
    if blocks > 0 && blocks - 1 > mask {
        return Err(operation("the counter is too short for the data"));
    }
    // Blocks until the counter is at 0 again; at 128 bits it may be more than a number holds, and than data ever has.
    let until_wrap = (mask - (first & mask)).saturating_add(1);
    let split = usize::try_from(until_wrap).ok().and_then(|blocks| blocks.checked_mul(16)).unwrap_or(usize::MAX);
    let mut output = data.to_vec();
    let (head, tail) = output.split_at_mut(split.min(data.len()));
    with_cipher!(key, cipher => {
        ctr(&cipher, first, head)?;
        ctr(&cipher, first & !mask, tail)
    })?;
    Ok(output)
}

fn ctr<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + Clone>(
    cipher: &C,
    counter: u128,
    data: &mut [u8],
) -> Result<()> {
    ctr::Ctr128BE::from_core(ctr::CtrCore::inner_iv_init(cipher.clone(), &counter.to_be_bytes().into()))
        .try_apply_keystream(data)
        .map_err(|_| operation("the data is too long"))
}

/// Bytes of a tag of so many bits.
fn tag_bytes(bits: Option<u32>) -> Result<usize> {
    match bits.unwrap_or(128) {
        bits @ (32 | 64 | 96 | 104 | 112 | 120 | 128) => Ok(bits as usize / 8),
        _ => Err(operation("tagLength must be 32, 64, 96, 104, 112, 120 or 128")),
    }
}

/// What GCM takes beside the key and the data.
pub(crate) struct Gcm<'a> {
    pub(crate) iv: &'a [u8],
    pub(crate) additional_data: &'a [u8],
    pub(crate) tag_bits: Option<u32>,
}

/// The ciphertext and its tag.
pub(crate) fn encrypt_gcm(key: &[u8], gcm: &Gcm<'_>, data: &[u8]) -> Result<Vec<u8>> {
    let tag_length = tag_bytes(gcm.tag_bits)?;
    let mut output = Vec::with_capacity(data.len() + tag_length);
    output.extend_from_slice(data);
    let tag = with_cipher!(key, cipher => {
        let state = GcmState::new(&cipher, gcm.iv)?;
        state.apply(&cipher, &mut output)?;
        Ok(state.tag(&cipher, gcm.additional_data, &output))
    })?;
    output.extend_from_slice(&tag[..tag_length]);
    Ok(output)
}

pub(crate) fn decrypt_gcm(key: &[u8], gcm: &Gcm<'_>, data: &[u8]) -> Result<Secret> {
    let tag_length = tag_bytes(gcm.tag_bits)?;
    let failed = || operation("the data cannot be decrypted");
    let length = data.len().checked_sub(tag_length).ok_or_else(failed)?;
    let (data, tag) = data.split_at(length);
    with_cipher!(key, cipher => {
        let state = GcmState::new(&cipher, gcm.iv)?;
        let expected = state.tag(&cipher, gcm.additional_data, data);
        if !bool::from(expected[..tag_length].ct_eq(tag)) {
            return Err(failed());
        }
        let mut output = Zeroizing::new(data.to_vec());
        state.apply(&cipher, &mut output)?;
        Ok(output)
    })
}

/// GCM for one message: the hash key and the first counter block, by an initialization vector of any length.
pub(crate) struct GcmState {
    hash: GHash,
    first: u128,
}

impl GcmState {
    pub(crate) fn new<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>>(cipher: &C, iv: &[u8]) -> Result<Self> {
        let mut key = Zeroizing::new([0; 16]);
        cipher.encrypt_block((&mut *key).into());
        let hash = <GHash as KeyInit>::new((&*key).into());
        let first = match iv.len() {
            0 => return Err(operation("iv must not be empty")),
            12 => {
                let mut block = [0; 16];
                block[..12].copy_from_slice(iv);
                block[15] = 1;
                u128::from_be_bytes(block)
            }
            length => {
                let mut hash = hash.clone();
                hash.update_padded(iv);
                hash.update(&[(8 * length as u128).to_be_bytes().into()]);
                u128::from_be_bytes(hash.finalize().into())
            }
        };
        Ok(Self { hash, first })
    }

    /// The counter of GCM has 32 bits: it starts anew without a carry.
    pub(crate) fn counter(&self, add: u32) -> u128 {
        let low = (self.first as u32).wrapping_add(add);
        self.first & !u128::from(u32::MAX) | u128::from(low)
    }

    /// The block that hides the hash.
    pub(crate) fn mask<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>>(&self, cipher: &C) -> [u8; 16] {
        let mut mask: Block = self.first.to_be_bytes().into();
        cipher.encrypt_block(&mut mask);
        mask.into()
    }

    /// The hash, for what comes piece by piece.
    pub(crate) fn into_hash(self) -> GHash {
        self.hash
    }

    fn apply<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + Clone>(
        &self,
        cipher: &C,
        data: &mut [u8],
    ) -> Result<()> {
        let counter = self.counter(1).to_be_bytes().into();
        ctr::Ctr32BE::from_core(ctr::CtrCore::inner_iv_init(cipher.clone(), &counter))
            .try_apply_keystream(data)
            .map_err(|_| operation("the data is too long"))
    }

    fn tag<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>>(
        &self,
        cipher: &C,
        additional_data: &[u8],
        ciphertext: &[u8],
    ) -> [u8; 16] {
        let mut hash = self.hash.clone();
        hash.update_padded(additional_data);
        hash.update_padded(ciphertext);
        let lengths = (8 * additional_data.len() as u128) << 64 | (8 * ciphertext.len() as u128);
        hash.update(&[lengths.to_be_bytes().into()]);
        let mut tag: [u8; 16] = hash.finalize().into();
        for (byte, mask) in tag.iter_mut().zip(self.mask(cipher)) {
            *byte ^= mask;
        }
        tag
    }
}

pub(crate) fn wrap(key: &[u8], data: &[u8]) -> Result<Vec<u8>> {
    if data.len() < 16 || !data.len().is_multiple_of(8) {
        return Err(operation("AES-KW wraps 16 bytes or more, in multiples of 8"));
    }
    let mut output = vec![0; data.len() + 8];
    with_cipher!(key, cipher => wrap_with(cipher, data, &mut output))?;
    Ok(output)
}

fn wrap_with<C>(cipher: C, data: &[u8], output: &mut [u8]) -> Result<()>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    aes_kw::AesKw::inner_init(cipher)
        .wrap_key(data, output)
        .map(drop)
        .map_err(|_| operation("the key cannot be wrapped"))
}

pub(crate) fn unwrap(key: &[u8], data: &[u8]) -> Result<Secret> {
    if data.len() < 24 || !data.len().is_multiple_of(8) {
        return Err(operation("the key cannot be unwrapped"));
    }
    let mut output = Zeroizing::new(vec![0; data.len() - 8]);
    with_cipher!(key, cipher => unwrap_with(cipher, data, &mut output))?;
    Ok(output)
}

fn unwrap_with<C>(cipher: C, data: &[u8], output: &mut [u8]) -> Result<()>
where
    C: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>,
{
    aes_kw::AesKw::inner_init(cipher)
        .unwrap_key(data, output)
        .map(drop)
        .map_err(|_| operation("the key cannot be unwrapped"))
}
