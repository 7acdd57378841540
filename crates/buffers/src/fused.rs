//! Elementwise steps that run together: block by block in place, or as one stage of a pipeline.

use std::sync::Arc;

use crate::account::PaidBlock;
use crate::buffer::Buffer;
use crate::chain::{Data, Job};
use crate::cores::{self, PIECE_BYTES};
use crate::error::Result;
use crate::ops::elementwise::Kernel;
use crate::ops::{Operation, Step};
use crate::pipeline::{Progress, Stream, Units};

/// Small enough for the first-level cache of most processors, and whole pixels.
const FUSED_BYTES: usize = 32 << 10;

/// The kernels of elementwise steps, bound to their second inputs.
pub(crate) fn kernels(steps: &[Step], extras: &[Option<Arc<Buffer>>]) -> Result<Vec<Kernel>> {
    let bind = |(step, extra): (&Step, &Option<Arc<Buffer>>)| match step.operation() {
        Operation::Elementwise(operation) => Some(operation.kernel(extra.clone())),
        _ => None,
    };
    steps.iter().zip(extras).filter_map(bind).collect()
}

/// Checks what the input's length has to be, before anything runs.
pub(crate) fn check(kernels: &[Kernel], len: usize) -> Result<()> {
    kernels.iter().try_for_each(|kernel| kernel.check(len))
}

/// Runs the kernels over the work, in place where it is the chain's own.
pub(crate) fn run(job: &Job<'_>, data: Data<'_>, kernels: &[Kernel]) -> Result<PaidBlock> {
    match data {
        Data::Owned(mut paid) => {
            each_block(job, &mut paid.block, |_, _| {}, kernels)?;
            Ok(paid)
        }
        Data::Shared(shared) => {
            let mut paid = PaidBlock::for_overwrite(job.account, shared.len())?;
            each_block(job, &mut paid.block, |at, target| shared.copy_to(at, target), kernels)?;
            Ok(paid)
        }
        kept => {
            let source = kept.bytes();
            // Every block is copied before it is worked on, so that nothing of a former tenant is left.
            let mut paid = PaidBlock::for_overwrite(job.account, source.len())?;
            let copy = |at: usize, block: &mut [u8]| block.copy_from_slice(&source[at..at + block.len()]);
            each_block(job, &mut paid.block, copy, kernels)?;
            Ok(paid)
        }
    }
}

fn each_block(
    job: &Job<'_>,
    bytes: &mut [u8],
    fill: impl Fn(usize, &mut [u8]) + Sync,
    kernels: &[Kernel],
) -> Result<()> {
    cores::split(bytes.len(), bytes.chunks_mut(PIECE_BYTES).enumerate(), |(index, piece)| {
        job.cancel.check()?;
        let start = index * PIECE_BYTES;
        for (index, block) in piece.chunks_mut(FUSED_BYTES).enumerate() {
            let at = start + index * FUSED_BYTES;
            fill(at, block);
            for kernel in kernels {
                kernel.apply(block, at);
            }
        }
        Ok(())
    })
}

/// Elementwise steps in a stream. Works on whole pixels, whether a kernel needs them or not.
pub(crate) struct Stage {
    kernels: Vec<Kernel>,
    units: Units<4>,
    passed: usize,
}

impl Stage {
    pub(crate) fn new(kernels: Vec<Kernel>) -> Stage {
        Stage { kernels, units: Units::default(), passed: 0 }
    }
}

impl Stream for Stage {
    fn step(&mut self, input: &[u8], end: bool, output: &mut [u8]) -> Result<Progress> {
        let Stage { kernels, units, passed } = self;
        for kernel in kernels.iter() {
            kernel.check_piece(*passed + units.rest().len() + input.len())?;
        }
        let (read, mut written) = units.map::<4>(input, output, |source, target| {
            for (block, target) in source.chunks(FUSED_BYTES).zip(target.chunks_mut(FUSED_BYTES)) {
                target.copy_from_slice(block);
                for kernel in kernels.iter() {
                    kernel.apply(target, *passed);
                }
                *passed += target.len();
            }
        });
        let mut done = false;
        let rest = units.rest();
        if end && read == input.len() && output.len() - written >= rest.len() {
            for kernel in kernels.iter() {
                kernel.check(*passed + rest.len())?;
            }
            let target = &mut output[written..written + rest.len()];
            target.copy_from_slice(rest);
            for kernel in kernels.iter() {
                kernel.apply(target, *passed);
            }
            written += rest.len();
            done = true;
        }
        Ok(Progress { read, written, done })
    }
}
