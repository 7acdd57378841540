//! Chains: steps compiled once into segments, and run over one piece of work.
//!
//! Neighbouring elementwise steps are fused: each block of the work passes through all of them while it is in the cache. Streams, and the
//! elementwise steps beside them, form a pipeline without a buffer between its stages. All other operations take and give the whole.
//! A stored or lent input is never written: the first step that changes bytes makes the chain's own copy, block by block,
//! and the steps behind it work in place on that. The account pays for every copy before it exists.

use std::ops::Range;
use std::sync::Arc;

use crate::account::{Account, PaidBlock};
use crate::buffer::{Buffer, Info};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::fused;
use crate::ops::{Operation, Step};
use crate::pipeline::{Pipeline, Stream};
use crate::shared::SharedBytes;
use crate::writer::Writer;

/// Steps, compiled: which run together, and how. Ready to run any number of times, on any thread.
#[derive(Clone, Debug)]
pub struct Chain {
    steps: Vec<Step>,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug)]
enum Segment {
    /// Elementwise steps alone: in place.
    Fused(Range<usize>),
    /// Streams, and elementwise steps among them.
    Pipeline(Range<usize>),
    /// One operation that needs its whole input.
    Whole(usize),
}

impl FromIterator<Step> for Chain {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Chain {
        let steps: Vec<Step> = steps.into_iter().filter(|step| !matches!(step.operation(), Operation::Noop)).collect();
        let mut segments: Vec<Segment> = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let is_stream = matches!(step.operation(), Operation::Stream(_));
            match (step.operation(), segments.last_mut()) {
                (Operation::Whole(_), _) => segments.push(Segment::Whole(at)),
                (_, Some(Segment::Pipeline(range))) => range.end = at + 1,
                (_, Some(Segment::Fused(range))) if !is_stream => range.end = at + 1,
                (_, Some(last @ Segment::Fused(_))) => {
                    let Segment::Fused(range) = last.clone() else { continue };
                    *last = Segment::Pipeline(range.start..at + 1);
                }
                _ if is_stream => segments.push(Segment::Pipeline(at..at + 1)),
                _ => segments.push(Segment::Fused(at..at + 1)),
            }
        }
        Chain { steps, segments }
    }
}

impl From<Step> for Chain {
    fn from(step: Step) -> Chain {
        Chain::from_iter([step])
    }
}

impl Chain {
    /// Its steps, without those that do nothing.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

/// The bytes that a chain is at.
#[derive(Debug)]
pub(crate) enum Data<'a> {
    /// The chain's own: written in place.
    Owned(PaidBlock),
    /// A stored buffer, which others may read: never written.
    Stored(Arc<Buffer>),
    /// The caller's: never written.
    Lent(&'a [u8]),
    /// Memory that JavaScript was lent and may be writing to: never written, and read by [`SharedBytes::copy_to`] alone.
    Shared(SharedBytes),
}

impl Data<'_> {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Data::Owned(paid) => &paid.block,
            Data::Stored(buffer) => &buffer.paid.block,
            Data::Lent(bytes) => bytes,
            Data::Shared(_) => unreachable!("shared bytes are copied before anyone looks at them"),
        }
    }

    fn len(&self) -> usize {
        match self {
            Data::Shared(shared) => shared.len(),
            other => other.bytes().len(),
        }
    }

    /// The same without shared memory: a copy where there was some.
    fn settled(self, job: &Job<'_>) -> Result<Self> {
        let Data::Shared(shared) = self else { return Ok(self) };
        let mut paid = PaidBlock::for_overwrite(job.account, shared.len())?;
        shared.copy_to(0, &mut paid.block);
        Ok(Data::Owned(paid))
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

    pub(crate) fn shared(bytes: SharedBytes) -> Work<'a> {
        Work { data: Data::Shared(bytes), about: Info::default() }
    }

    pub(crate) fn owned(paid: PaidBlock) -> Work<'a> {
        Work { data: Data::Owned(paid), about: Info::default() }
    }

    pub(crate) fn info(&self) -> Info {
        Info { byte_length: self.data.len(), ..self.about }
    }
}

/// What a running operation has: an account to pay from, and a flag to look at.
#[derive(Clone, Copy)]
pub(crate) struct Job<'j> {
    pub(crate) account: &'j Arc<Account>,
    pub(crate) cancel: &'j Cancel,
}

impl Job<'_> {
    /// Runs a chain; `extras` are the second inputs of its steps.
    pub(crate) fn run<'a>(&self, input: Work<'a>, chain: &Chain, extras: &[Option<Arc<Buffer>>]) -> Result<Work<'a>> {
        self.cancel.check()?;
        let mut work = input;
        if !matches!(chain.segments.first(), Some(Segment::Fused(_))) {
            // Elementwise steps copy each block before they work on it; all others are given bytes that stay as they are.
            work.data = work.data.settled(self)?;
        }
        for segment in &chain.segments {
            work = match segment {
                Segment::Fused(range) => {
                    let kernels = fused::kernels(&chain.steps[range.clone()], &extras[range.clone()])?;
                    fused::check(&kernels, work.data.len())?;
                    Work { data: Data::Owned(fused::run(self, work.data, &kernels)?), about: work.about }
                }
                Segment::Pipeline(range) => {
                    let (steps, extras) = (&chain.steps[range.clone()], &extras[range.clone()]);
                    let about = steps.iter().fold(work.about, |about, step| step.describe(about));
                    Work { data: Data::Owned(self.pipeline(work.data.bytes(), steps, extras)?), about }
                }
                Segment::Whole(at) => {
                    let Operation::Whole(operation) = chain.steps[*at].operation() else { continue };
                    let extra = extras[*at].as_ref().map(|extra| &extra.paid.block[..]);
                    let (paid, about) = operation.apply(self, work.data.bytes(), &work.about, extra)?;
                    Work { data: Data::Owned(paid), about }
                }
            };
            self.cancel.check()?;
        }
        Ok(work)
    }

    fn pipeline(&self, input: &[u8], steps: &[Step], extras: &[Option<Arc<Buffer>>]) -> Result<PaidBlock> {
        let mut output = Writer::new(self.account, self.cancel)?;
        let mut expected = 0;
        if let [step] = steps
            && let Operation::Stream(operation) = step.operation()
        {
            if let Some(outcome) = operation.at_once(self, input) {
                return outcome;
            }
            expected = operation.expected_length(input);
        }
        let mut pipeline = self.open(steps, extras)?;
        // A guess may be far too high: it leaves room for what a codec allocates on its way.
        output.expect(expected.min(usize::try_from(self.account.left() / 2).unwrap_or(usize::MAX)))?;
        pipeline.run(input, true, &mut output, usize::MAX)?;
        output.finish()
    }

    /// The streams of neighbouring steps, none of which needs its whole input.
    fn open(&self, steps: &[Step], extras: &[Option<Arc<Buffer>>]) -> Result<Pipeline> {
        let mut stages: Vec<Box<dyn Stream>> = Vec::new();
        let mut at = 0;
        while at < steps.len() {
            match steps[at].operation() {
                Operation::Stream(operation) => {
                    stages.push(operation.open(self.account)?);
                    at += 1;
                }
                Operation::Elementwise(_) => {
                    let rest = &steps[at..];
                    let is_other = |step: &Step| !matches!(step.operation(), Operation::Elementwise(_));
                    let count = rest.iter().position(is_other).unwrap_or(rest.len());
                    let kernels = fused::kernels(&rest[..count], &extras[at..at + count])?;
                    stages.push(Box::new(fused::Stage::new(kernels)));
                    at += count;
                }
                Operation::Whole(_) => {
                    let message = "it needs its whole input at once and cannot be part of a stream";
                    return Err(Error::op(steps[at].name(), message));
                }
                Operation::Noop => at += 1,
            }
        }
        if stages.is_empty() {
            stages.push(Box::new(fused::Stage::new(Vec::new())));
        }
        let name = steps.first().map_or_else(|| "noop".into(), Step::shared_name);
        Pipeline::new(self.account, self.cancel, name, stages)
    }

    /// A whole chain as a stream.
    pub(crate) fn stream(&self, chain: &Chain, extras: &[Option<Arc<Buffer>>]) -> Result<Pipeline> {
        self.open(&chain.steps, extras)
    }
}
