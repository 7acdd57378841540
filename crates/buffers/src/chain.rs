//! Runs steps one after the other over one piece of work.
//!
//! Neighbouring elementwise steps are fused: each block of the work passes through all of them while it is in the cache.
//! A stored or lent input is never written: the first step that changes bytes makes the chain's own copy, block by block,
//! and the steps behind it work in place on that. The account pays for every copy before it exists.

use std::sync::Arc;

use crate::account::{Account, PaidBlock};
use crate::buffer::{Buffer, Info};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::ops::elementwise::Kernel;
use crate::ops::{Operation, Step};

/// Small enough for the first-level cache of most processors, and whole pixels.
const FUSED_BYTES: usize = 32 << 10;
/// A look at the clock costs as much as a few hundred bytes: one every quarter of a MiB is not felt.
const BLOCKS_PER_CHECK: usize = 8;

/// The bytes that a chain is at.
#[derive(Debug)]
pub(crate) enum Data<'a> {
    /// The chain's own: written in place.
    Owned(PaidBlock),
    /// A stored buffer, which others may read: never written.
    Stored(Arc<Buffer>),
    /// The caller's: never written.
    Lent(&'a [u8]),
}

impl Data<'_> {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Data::Owned(paid) => &paid.block,
            Data::Stored(buffer) => &buffer.paid.block,
            Data::Lent(bytes) => bytes,
        }
    }
}

/// Bytes, and what is known about them.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub(crate) data: Data<'a>,
    about: Info,
}

impl<'a> Work<'a> {
    pub(crate) fn stored(buffer: Arc<Buffer>) -> Work<'a> {
        let about = buffer.info;
        Work { data: Data::Stored(buffer), about }
    }

    pub(crate) fn lent(bytes: &'a [u8]) -> Work<'a> {
        Work { data: Data::Lent(bytes), about: Info::default() }
    }

    pub(crate) fn owned(paid: PaidBlock) -> Work<'a> {
        Work { data: Data::Owned(paid), about: Info::default() }
    }

    pub(crate) fn info(&self) -> Info {
        Info { byte_length: self.data.bytes().len(), ..self.about }
    }
}

/// What a running operation has: an account to pay from, and a flag to look at.
#[derive(Clone, Copy)]
pub(crate) struct Job<'j> {
    pub(crate) account: &'j Arc<Account>,
    pub(crate) cancel: &'j Cancel,
}

impl Job<'_> {
    pub(crate) fn run<'a>(&self, input: Work<'a>, steps: &[Step], extras: &[Option<&[u8]>]) -> Result<Work<'a>> {
        self.cancel.check()?;
        let mut work = input;
        let mut kernels = Vec::new();
        for (step, extra) in steps.iter().zip(extras) {
            match step.operation() {
                Operation::Elementwise(operation) => {
                    kernels.push(operation.kernel(work.data.bytes().len(), *extra)?);
                }
                Operation::Noop => {}
                Operation::Whole(operation) => {
                    work = self.fused(work, &std::mem::take(&mut kernels))?;
                    let (paid, about) = operation.apply(self, work.data.bytes(), &work.about)?;
                    work = Work { data: Data::Owned(paid), about };
                    self.cancel.check()?;
                }
            }
        }
        self.fused(work, &kernels)
    }

    fn fused<'a>(&self, work: Work<'a>, kernels: &[Kernel<'_>]) -> Result<Work<'a>> {
        if kernels.is_empty() {
            return Ok(work);
        }
        let Work { data, about } = work;
        let paid = match data {
            Data::Owned(mut paid) => {
                self.each_block(&mut paid.block, |_, _| {}, kernels)?;
                paid
            }
            shared => {
                let source = shared.bytes();
                // Every block is copied before it is worked on, so that nothing of a former tenant is left.
                let mut paid = PaidBlock::for_overwrite(self.account, source.len())?;
                let copy = |at: usize, block: &mut [u8]| block.copy_from_slice(&source[at..at + block.len()]);
                self.each_block(&mut paid.block, copy, kernels)?;
                paid
            }
        };
        Ok(Work { data: Data::Owned(paid), about })
    }

    fn each_block(&self, bytes: &mut [u8], fill: impl Fn(usize, &mut [u8]), kernels: &[Kernel<'_>]) -> Result<()> {
        for (index, block) in bytes.chunks_mut(FUSED_BYTES).enumerate() {
            if index % BLOCKS_PER_CHECK == 0 {
                self.cancel.check()?;
            }
            let at = index * FUSED_BYTES;
            fill(at, block);
            for kernel in kernels {
                kernel.apply(block, at);
            }
        }
        Ok(())
    }
}
