//! `resize_rgba`: another size for RGBA pixels. Colours are weighted by alpha, so that transparent ones do not bleed.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use serde_json::Value;
use std::sync::Arc;

use super::arguments::Arguments;
use super::pixels::{Size, expected_side};
use super::{Operation, Whole, contained};
use crate::account::PaidBlock;
use crate::buffer::Info;
use crate::chain::Job;
use crate::error::{Error, Result};

const RESIZE: &str = "resize_rgba";

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
        let mut output = PaidBlock::zeroed(job.account, self.to.bytes())?;
        let working = job.account.reserve(self.working_bytes(from))?;
        contained(RESIZE, || {
            let refused = |error: &dyn std::fmt::Display| Error::op(RESIZE, error);
            let source = ImageRef::new(from.width, from.height, input, PixelType::U8x4).map_err(|e| refused(&e))?;
            let target = Image::from_slice_u8(self.to.width, self.to.height, &mut output.block, PixelType::U8x4);
            let options = ResizeOptions::new().resize_alg(self.filter).use_alpha(true);
            Resizer::new().resize(&source, &mut target.map_err(|e| refused(&e))?, &options).map_err(|e| refused(&e))
        })?;
        drop(working);
        Ok((output, Info::pixels(self.to.width, self.to.height)))
    }
}

impl Resize {
    /// What the resizer allocates beside its output: the source with alpha multiplied in, the picture between the vertical
    /// and the horizontal pass, and weights (a filter reaches three pixels to each side, of source or target).
    fn working_bytes(&self, from: Size) -> u64 {
        if self.filter == ResizeAlg::Nearest {
            return 0;
        }
        let between = u64::from(from.width) * u64::from(self.to.height) * 4;
        let sides = [from.width, from.height, self.to.width, self.to.height];
        let weights: u64 = sides.into_iter().map(|side| u64::from(side) * 128).sum();
        from.bytes() as u64 + between + weights
    }
}
