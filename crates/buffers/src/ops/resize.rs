//! `resize_rgba`: another size for RGBA pixels. Colours are weighted by alpha, so that transparent ones do not bleed.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, MulDiv, PixelType, ResizeAlg, ResizeOptions, Resizer};
use serde_json::Value;
use std::sync::Arc;

use super::arguments::Arguments;
use super::pixels::{Size, expected_side};
use super::{Operation, Whole, contained};
use crate::account::PaidBlock;
use crate::buffer::Info;
use crate::chain::Job;
use crate::cores::{self, PIECE_BYTES};
use crate::error::{Error, Result};

const RESIZE: &str = "resize_rgba";
/// Pixels read and written for one strip: between two strips there is a look at the flag.
const STRIP_BYTES: u64 = 4 << 20;
const MOST_STRIPS: u32 = 64;
/// A convolution takes as long as so many copies.
const COPIES: usize = 4;

const FILTERS: [(&str, ResizeAlg); 4] = [
    ("nearest", ResizeAlg::Nearest),
    ("bilinear", ResizeAlg::Convolution(FilterType::Bilinear)),
    ("catmull_rom", ResizeAlg::Convolution(FilterType::CatmullRom)),
    ("lanczos3", ResizeAlg::Convolution(FilterType::Lanczos3)),
];

pub(crate) fn parse(args: Option<&Value>) -> Result<Operation> {
    Ok(Operation::Whole(Arc::new(Resize::parse(args)?)))
}

#[derive(Debug)]
struct Resize {
    from: Option<Size>,
    to: Size,
    filter: ResizeAlg,
}

impl Resize {
    fn parse(args: Option<&Value>) -> Result<Resize> {
        let arguments = Arguments::new(RESIZE, args, &["width", "height", "toWidth", "toHeight", "filter"])?;
        let from = Size::parse(RESIZE, &arguments, ["width", "height"])?;
        let to = Size::parse(RESIZE, &arguments, ["toWidth", "toHeight"])?;
        let to = to.ok_or_else(|| arguments.missing("toWidth", &expected_side()))?;
        let filter = arguments.one_of("filter", &FILTERS)?.unwrap_or(FILTERS[3].1);
        Ok(Resize { from, to, filter })
    }
}

impl Whole for Resize {
    fn apply(&self, job: &Job<'_>, input: &[u8], about: &Info, _extra: Option<&[u8]>) -> Result<(PaidBlock, Info)> {
        let from = Size::of_input(RESIZE, self.from, input, about)?;
        let info = Info::pixels(self.to.width, self.to.height);
        if from == self.to {
            return Ok((PaidBlock::copy_of(job.account, input)?, info));
        }
        let mut output = PaidBlock::zeroed(job.account, self.to.bytes())?;
        if self.filter == ResizeAlg::Nearest {
            contained(RESIZE, || strip(input, from, &mut output.block, self.to, &self.options()))?;
            return Ok((output, info));
        }
        let mut weighted = PaidBlock::for_overwrite(job.account, from.bytes())?;
        let strips = self.strips(from);
        let working = job.account.reserve(self.working_bytes(from, strips))?;
        weigh_by_alpha(job, from, input, &mut weighted.block)?;
        self.convolve(job, from, &weighted.block, &mut output.block, strips)?;
        drop(working);
        Ok((output, info))
    }
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::op(RESIZE, error)
}

/// Every byte of `target` is written.
fn weigh_by_alpha(job: &Job<'_>, size: Size, source: &[u8], target: &mut [u8]) -> Result<()> {
    let row = size.width as usize * 4;
    let piece = (PIECE_BYTES / row).max(1) * row;
    cores::split(target.len(), source.chunks(piece).zip(target.chunks_mut(piece)), |(source, target)| {
        job.cancel.check()?;
        contained(RESIZE, || {
            let height = (target.len() / row) as u32;
            let source = ImageRef::new(size.width, height, source, PixelType::U8x4).map_err(refused)?;
            let mut target = Image::from_slice_u8(size.width, height, target, PixelType::U8x4).map_err(refused)?;
            MulDiv::new().multiply_alpha(&source, &mut target).map_err(refused)
        })
    })
}

fn strip(source: &[u8], from: Size, target: &mut [u8], to: Size, options: &ResizeOptions) -> Result<()> {
    let source = ImageRef::new(from.width, from.height, source, PixelType::U8x4).map_err(refused)?;
    let mut target = Image::from_slice_u8(to.width, to.height, target, PixelType::U8x4).map_err(refused)?;
    Resizer::new().resize(&source, &mut target, options).map_err(refused)?;
    if options.algorithm == ResizeAlg::Nearest {
        Ok(())
    } else {
        MulDiv::new().divide_alpha_inplace(&mut target).map_err(refused)
    }
}

impl Resize {
    fn options(&self) -> ResizeOptions {
        // Alpha is dealt with around it: once for the whole picture, and not again for each strip.
        ResizeOptions::new().resize_alg(self.filter).use_alpha(false)
    }

    /// In strips of rows, which only depend on the sizes: the result is the same on every machine. A filter sees the rows beside its strip.
    fn convolve(&self, job: &Job<'_>, from: Size, source: &[u8], target: &mut [u8], strips: u32) -> Result<()> {
        let Size { width, height } = self.to;
        let rows = height.div_ceil(strips);
        let scale = f64::from(from.height) / f64::from(height);
        let pieces = target.chunks_mut(rows as usize * width as usize * 4).enumerate();
        cores::split(source.len() * COPIES, pieces, |(index, target)| {
            job.cancel.check()?;
            let first = index as u32 * rows;
            let rows = rows.min(height - first);
            let (top, part) = (f64::from(first) * scale, f64::from(rows) * scale);
            // What rounding adds must not reach beyond the picture.
            let part = part.min(f64::from(from.height) - top);
            let options = self.options().crop(0.0, top, f64::from(from.width), part);
            contained(RESIZE, || strip(source, from, target, Size { width, height: rows }, &options))
        })
    }

    fn between_bytes(&self, from: Size) -> u64 {
        u64::from(from.width) * u64::from(self.to.height) * 4
    }

    fn strips(&self, from: Size) -> u32 {
        let work = (from.bytes() + self.to.bytes()) as u64 + self.between_bytes(from);
        ((work / STRIP_BYTES) as u32).clamp(1, MOST_STRIPS.min(self.to.height))
    }

    /// What the resizer allocates for each strip under way: the picture between the vertical and the horizontal pass, and weights (a filter
    /// reaches three pixels to each side, of source or target).
    fn working_bytes(&self, from: Size, strips: u32) -> u64 {
        let at_once = u64::from(strips).min(cores::MOST_THREADS as u64);
        let between = self.between_bytes(from).div_ceil(u64::from(strips)) + u64::from(from.width) * 4;
        let sides = [from.width, from.height, self.to.width, self.to.height];
        let weights: u64 = sides.into_iter().map(|side| u64::from(side) * 128).sum();
        (between + weights) * at_once
    }
}
