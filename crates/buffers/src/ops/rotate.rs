//! `rotate_rgba`: a picture turned by quarters, clockwise.

use std::sync::Arc;

use serde_json::Value;

use super::arguments::Arguments;
use super::pixels::Size;
use super::simd::dispatch;
use super::{Operation, Whole};
use crate::account::PaidBlock;
use crate::buffer::Info;
use crate::chain::Job;
use crate::cores::{self, PIECE_BYTES};
use crate::error::{Error, Result};

const ROTATE: &str = "rotate_rgba";
/// A tile's side in pixels: what the registers hold.
const TILE: usize = 8;
/// New rows that are written side by side: enough that of each old row, which is another page, more than one cache line is read.
const STRIP: usize = 64;

type Pixel = [u8; 4];

pub(crate) fn parse(args: Option<&Value>) -> Result<Operation> {
    let arguments = Arguments::new(ROTATE, args, &["degrees", "width", "height"])?;
    let from = Size::parse(ROTATE, &arguments, ["width", "height"])?;
    let expected = "90, 180 or 270";
    let turn = match arguments.integer("degrees", 90..=270)? {
        None => return Err(arguments.missing("degrees", expected)),
        Some(90) => Turn::Right,
        Some(180) => Turn::Around,
        Some(270) => Turn::Left,
        Some(other) => {
            return Err(Error::op(ROTATE, format!("expected {expected} for 'degrees' but received {other}")));
        }
    };
    Ok(Operation::Whole(Arc::new(Rotate { from, turn })))
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    Right,
    Around,
    Left,
}

#[derive(Debug)]
struct Rotate {
    from: Option<Size>,
    turn: Turn,
}

impl Whole for Rotate {
    fn apply(&self, job: &Job<'_>, input: &[u8], about: &Info, _extra: Option<&[u8]>) -> Result<(PaidBlock, Info)> {
        let from = Size::of_input(ROTATE, self.from, input, about)?;
        let (width, height) = match self.turn {
            Turn::Around => (from.width, from.height),
            Turn::Right | Turn::Left => (from.height, from.width),
        };
        // Every pixel is written below.
        let mut output = PaidBlock::for_overwrite(job.account, from.bytes())?;
        let (source, target) = (input.as_chunks::<4>().0, output.block.as_chunks_mut::<4>().0);
        let (row, new_row) = (from.width as usize, width as usize);
        let rows_a_piece = (PIECE_BYTES / 4 / new_row).next_multiple_of(STRIP).max(STRIP);
        let pieces = target.chunks_mut(rows_a_piece * new_row).enumerate();
        cores::split(from.bytes(), pieces, |(index, target)| {
            job.cancel.check()?;
            let first = index * rows_a_piece;
            match self.turn {
                Turn::Around => {
                    let end = source.len() - first * new_row;
                    reverse(&source[end - target.len()..end], target);
                }
                Turn::Right => turn(source, target, row, new_row, first, false),
                Turn::Left => turn(source, target, row, new_row, first, true),
            }
            Ok(())
        })?;
        Ok((output, Info::pixels(width, height)))
    }
}

#[inline(always)]
fn reverse_body(source: &[Pixel], target: &mut [Pixel]) {
    for (to, from) in target.iter_mut().zip(source.iter().rev()) {
        *to = *from;
    }
}

/// Writes the new rows from `first` on: as many as `target` has. `row` and `new_row` are pixels a row before and after.
#[inline(always)]
fn turn_body(source: &[Pixel], target: &mut [Pixel], row: usize, new_row: usize, first: usize, left: bool) {
    for (strip, target) in target.chunks_mut(STRIP * new_row).enumerate() {
        let (first, rows) = (first + strip * STRIP, target.len() / new_row);
        // Where a new pixel was before: a new row is an old column, read upwards for a turn to the right, from the other side for one to the left.
        let old_column = |y: usize| if left { row - 1 - (first + y) } else { first + y };
        let old_row = |x: usize| if left { x } else { new_row - 1 - x };
        let whole = (rows - rows % TILE, new_row - new_row % TILE);
        for x in (0..whole.1).step_by(TILE) {
            for y in (0..whole.0).step_by(TILE) {
                let start = if left { old_column(y + TILE - 1) } else { old_column(y) };
                let mut tile = [[0_u32; TILE]; TILE];
                for (column, pixels) in tile.iter_mut().enumerate() {
                    let old = source[old_row(x + column) * row + start..][..TILE].as_array::<TILE>();
                    *pixels = old.map_or([0; TILE], |old| old.map(u32::from_ne_bytes));
                }
                for line in 0..TILE {
                    let index = if left { TILE - 1 - line } else { line };
                    let pixels: [Pixel; TILE] = std::array::from_fn(|column| tile[column][index].to_ne_bytes());
                    target[(y + line) * new_row + x..][..TILE].copy_from_slice(&pixels);
                }
            }
        }
        for (y, target) in target.chunks_exact_mut(new_row).enumerate() {
            let done = if y < whole.0 { whole.1 } else { 0 };
            for (x, pixel) in target.iter_mut().enumerate().skip(done) {
                *pixel = source[old_row(x) * row + old_column(y)];
            }
        }
    }
}

dispatch!(reverse, reverse_avx2, reverse_body, (source: &[Pixel], target: &mut [Pixel]));
dispatch!(turn, turn_avx2, turn_body,
    (source: &[Pixel], target: &mut [Pixel], row: usize, new_row: usize, first: usize, left: bool));
