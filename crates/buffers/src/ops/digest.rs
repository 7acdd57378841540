//! `sha256` and `sha512` (FIPS 180-4), `blake3` (the BLAKE3 specification, 32 bytes) and `crc32` (ISO 3309, the one of gzip and PNG).
//!
//! Digests are raw bytes; the checksum is four bytes, the highest first.

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};

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
            Algorithm::Sha256 => Box::new(Sha256::new()),
            Algorithm::Sha512 => Box::new(Sha512::new()),
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

impl Summary<32> for Sha256 {
    fn take(&mut self, input: &[u8]) {
        self.update(input);
    }

    fn sum(&mut self) -> [u8; 32] {
        self.finalize_reset().into()
    }
}

impl Summary<64> for Sha512 {
    fn take(&mut self, input: &[u8]) {
        self.update(input);
    }

    fn sum(&mut self) -> [u8; 64] {
        self.finalize_reset().into()
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

stream!(Sha256, Sha512, blake3::Hasher, crc32fast::Hasher);
