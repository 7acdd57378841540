//! `sha256` and `sha512` (FIPS 180-4), `blake3` (the BLAKE3 specification, 32 bytes) and `crc32` (ISO 3309, the one of gzip and PNG).
//!
//! Digests are raw bytes; the checksum is four bytes, the highest first.

use std::sync::Arc;

use ring::digest::{Context, SHA256, SHA512};
use serde_json::Value;

use super::arguments::Arguments;
use super::{Operation, Streamed};
use crate::account::Account;
use crate::error::Result;
use crate::pipeline::{Progress, Stream};

pub(crate) fn sha256(args: Option<&Value>) -> Result<Operation> {
    digest("sha256", args, Algorithm::Sha256)
}

pub(crate) fn sha512(args: Option<&Value>) -> Result<Operation> {
    digest("sha512", args, Algorithm::Sha512)
}

pub(crate) fn blake3(args: Option<&Value>) -> Result<Operation> {
    digest("blake3", args, Algorithm::Blake3)
}

pub(crate) fn crc32(args: Option<&Value>) -> Result<Operation> {
    digest("crc32", args, Algorithm::Crc32)
}

fn digest(op: &'static str, args: Option<&Value>, algorithm: Algorithm) -> Result<Operation> {
    Arguments::none(op, args).map(|()| Operation::Stream(Arc::new(algorithm)))
}

#[derive(Clone, Copy, Debug)]
enum Algorithm {
    Sha256,
    Sha512,
    Blake3,
    Crc32,
}

impl Streamed for Algorithm {
    fn open(&self, _account: &Arc<Account>) -> Result<Box<dyn Stream>> {
        Ok(match self {
            Algorithm::Sha256 => Box::new(Sha::<32>(Context::new(&SHA256))),
            Algorithm::Sha512 => Box::new(Sha::<64>(Context::new(&SHA512))),
            Algorithm::Blake3 => Box::new(blake3::Hasher::new()),
            Algorithm::Crc32 => Box::new(crc32fast::Hasher::new()),
        })
    }
}

/// Takes all input and gives `LEN` bytes at its end.
trait Summary<const LEN: usize> {
    fn take(&mut self, input: &[u8]);
    fn sum(&mut self) -> [u8; LEN];

    fn step_summary(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        self.take(input);
        let mut progress = Progress { read: input.len(), ..Progress::default() };
        // Room for a digest is there, if not now then with the next output, which is given with no input left.
        if let Some(target) = output.first_chunk_mut().filter(|_| end) {
            *target = self.sum();
            (progress.written, progress.done) = (LEN, true);
        }
        Ok(progress)
    }
}

/// SHA-2 with a digest of `LEN` bytes.
struct Sha<const LEN: usize>(Context);

impl<const LEN: usize> Summary<LEN> for Sha<LEN> {
    fn take(&mut self, input: &[u8]) {
        self.0.update(input);
    }

    fn sum(&mut self) -> [u8; LEN] {
        let mut sum = [0; LEN];
        sum.copy_from_slice(self.0.clone().finish().as_ref());
        sum
    }
}

impl Summary<32> for blake3::Hasher {
    fn take(&mut self, input: &[u8]) {
        self.update(input);
    }

    fn sum(&mut self) -> [u8; 32] {
        *self.finalize().as_bytes()
    }
}

impl Summary<4> for crc32fast::Hasher {
    fn take(&mut self, input: &[u8]) {
        self.update(input);
    }

    fn sum(&mut self) -> [u8; 4] {
        self.clone().finalize().to_be_bytes()
    }
}

macro_rules! stream {
    ($($hasher:ty),*) => {$(
        impl Stream for $hasher {
            fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
                self.step_summary(input, end, output)
            }
        }
    )*};
}

stream!(Sha<32>, Sha<64>, blake3::Hasher, crc32fast::Hasher);
