//! `crop_rgba`: a part of a picture.

use std::sync::Arc;

use serde_json::Value;

use super::arguments::Arguments;
use super::pixels::{MAX_SIDE, Size, expected_side};
use super::{Operation, Whole};
use crate::account::PaidBlock;
use crate::buffer::Info;
use crate::chain::Job;
use crate::cores::{self, PIECE_BYTES};
use crate::error::{Error, Result};

const CROP: &str = "crop_rgba";

pub(crate) fn parse(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(CROP, args, &["x", "y", "cropWidth", "cropHeight", "width", "height"])?;
    let from = Size::parse(CROP, &arguments, ["width", "height"])?;
    let part = Size::parse(CROP, &arguments, ["cropWidth", "cropHeight"])?;
    let part = part.ok_or_else(|| arguments.missing("cropWidth", &expected_side()))?;
    let corner = |name| {
        let value = arguments.integer_u32(name, 0..=MAX_SIDE - 1)?;
        value.ok_or_else(|| arguments.missing(name, &format!("an integer from 0 to {}", MAX_SIDE - 1)))
    };
    Ok(Operation::Whole(Arc::new(Crop { from, x: corner("x")?, y: corner("y")?, part })))
}

#[derive(Debug)]
struct Crop {
    from: Option<Size>,
    x: u32,
    y: u32,
    part: Size,
}

impl Whole for Crop {
    fn apply(&self, job: &Job<'_>, input: &[u8], about: &Info, _extra: Option<&[u8]>) -> Result<(PaidBlock, Info)> {
        let from = Size::of_input(CROP, self.from, input, about)?;
        let Crop { x, y, part, .. } = *self;
        if x + part.width > from.width || y + part.height > from.height {
            let message = format!(
                "expected a part of the {}x{} pixels but received {}x{} at {x}, {y}",
                from.width, from.height, part.width, part.height
            );
            return Err(Error::op(CROP, message));
        }
        let [row, part_row, left] = [from.width, part.width, x].map(|pixels| pixels as usize * 4);
        // Every row is written below.
        let mut output = PaidBlock::for_overwrite(job.account, part.bytes())?;
        let rows_a_piece = (PIECE_BYTES / part_row).max(1);
        let pieces = output.block.chunks_mut(rows_a_piece * part_row).enumerate();
        cores::split(part.bytes(), pieces, |(index, target)| {
            job.cancel.check()?;
            let first = y as usize + index * rows_a_piece;
            let sources = input[first * row..].chunks_exact(row);
            for (source, target) in sources.zip(target.chunks_exact_mut(part_row)) {
                target.copy_from_slice(&source[left..left + part_row]);
            }
            Ok(())
        })?;
        Ok((output, Info::pixels(part.width, part.height)))
    }
}
