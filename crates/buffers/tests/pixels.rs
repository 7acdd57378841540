//! Operations on pictures: parts, turns, channels, WebP.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is outside their functions, where the lint does not see tests"
)]

mod random;

use hostbox_buffers::{Block, Cancel, Chain, Error, Info, Step, Store};
use random::Random;
use serde_json::{Value, json};

fn run(op: &str, args: Value, input: &[u8]) -> Result<(Block, Info), Error> {
    Store::new(1 << 28).run_chain_on(input, &Step::parse(op, Some(&args), None)?.into(), &Cancel::new())
}

fn pixels(bytes: &[u8]) -> Vec<[u8; 4]> {
    bytes.as_chunks::<4>().0.to_vec()
}

#[test]
fn alpha_is_dropped_and_put_back_at_every_length() {
    let mut random = Random::new(20);
    for count in (0..40).chain([1000, 65_537, 400_003, 3_000_001]) {
        let rgba = random.bytes(count.min(5000) * 4).repeat(count / 5000 + 1)[..count * 4].to_vec();
        let (rgb, _) = run("rgba_to_rgb", json!({}), &rgba).unwrap();
        assert!(rgb.len() == count * 3 && rgb.chunks(3).zip(rgba.chunks(4)).all(|(to, from)| *to == from[..3]));
        let (back, _) = run("rgb_to_rgba", json!({ "alpha": 7 }), &rgb).unwrap();
        let right = |(to, from): (&[u8], &[u8])| to[..3] == from[..3] && to[3] == 7;
        assert!(back.len() == rgba.len() && back.chunks(4).zip(rgba.chunks(4)).all(right));
    }
    assert_eq!(run("rgb_to_rgba", json!({}), &[1, 2, 3]).unwrap().0[..], [1, 2, 3, 255]);
}

#[test]
fn channels_are_only_changed_on_whole_pixels() {
    for (op, len, unit) in [("rgba_to_rgb", 7, 4), ("rgba_to_rgb", 10, 4), ("rgb_to_rgba", 7, 3), ("rgb_to_rgba", 1, 3)]
    {
        let text = run(op, json!({}), &vec![0; len]).unwrap_err().to_string();
        let right =
            format!("{op}: expected a length that is a multiple of {unit} for the input but received {len} bytes");
        assert_eq!(text, right);
        // As a stream, which learns the length at its end.
        let chain: Chain = ["invert", op].map(|op| Step::parse(op, None, None).unwrap()).into_iter().collect();
        let error = Store::new(1 << 20).run_chain_on(&vec![0; len], &chain, &Cancel::new()).unwrap_err();
        assert_eq!(error.to_string(), right);
    }
    for alpha in [json!(256), json!(-1), json!("255"), json!(0.5)] {
        assert_eq!(run("rgb_to_rgba", json!({ "alpha": alpha }), &[]).unwrap_err().code(), "ERR_OP");
    }
}

#[test]
fn a_size_survives_a_change_of_channels() {
    let (png, _) = run("png_encode", json!({ "width": 5, "height": 4 }), &Random::new(21).bytes(80)).unwrap();
    let chain = |ops: &[&str]| ops.iter().map(|op| Step::parse(op, None, None).unwrap()).collect::<Chain>();
    let store = Store::new(1 << 24);
    let (_, info) = store.run_chain_on(&png, &chain(&["png_decode", "rgba_to_rgb"]), &Cancel::new()).unwrap();
    assert_eq!((info.width, info.height, info.format, info.byte_length), (Some(5), Some(4), Some("rgb8"), 60));
    let there_and_back = chain(&["png_decode", "rgba_to_rgb", "rgb_to_rgba", "png_encode"]);
    assert_eq!(store.run_chain_on(&png, &there_and_back, &Cancel::new()).unwrap().1.format, Some("png"));
    let without_alpha = chain(&["png_decode", "rgba_to_rgb", "png_encode"]);
    assert_eq!(store.run_chain_on(&png, &without_alpha, &Cancel::new()).unwrap_err().code(), "ERR_OP");
}

#[test]
fn a_part_of_a_picture_has_the_pixels_that_lay_there() {
    let mut random = Random::new(22);
    for (width, height) in [(1, 1), (7, 5), (64, 3), (1500, 1200)] {
        let input = random
            .bytes(width * 4)
            .repeat(height)
            .iter()
            .enumerate()
            .map(|(at, byte)| byte ^ (at >> 9) as u8)
            .collect::<Vec<_>>();
        for _ in 0..20 {
            let (x, y) = (random.below(width), random.below(height));
            let (w, h) = (random.below(width - x) + 1, random.below(height - y) + 1);
            let args = json!({ "x": x, "y": y, "cropWidth": w, "cropHeight": h, "width": width, "height": height });
            let (part, info) = run("crop_rgba", args, &input).unwrap();
            assert_eq!((info.width, info.height, info.format), (Some(w as u32), Some(h as u32), Some("rgba8")));
            let rows = input.chunks(width * 4).skip(y).take(h);
            assert!(part[..] == rows.flat_map(|row| &row[x * 4..(x + w) * 4]).copied().collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_part_that_lies_outside_is_refused() {
    let args = |x: u32, y: u32, w: u32, h: u32| json!({ "x": x, "y": y, "cropWidth": w, "cropHeight": h, "width": 4, "height": 4 });
    for (x, y, w, h) in [(1, 0, 4, 4), (0, 1, 4, 4), (4, 0, 1, 1), (0, 32_767, 1, 1), (3, 3, 2, 1)] {
        let text = run("crop_rgba", args(x, y, w, h), &[0; 64]).unwrap_err().to_string();
        assert!(text.contains("expected a part of the 4x4 pixels"), "{text}");
    }
    for missing in ["x", "y", "cropWidth", "cropHeight"] {
        let mut args = args(0, 0, 1, 1);
        args.as_object_mut().unwrap().remove(missing);
        let text = run("crop_rgba", args, &[0; 64]).unwrap_err().to_string();
        assert!(text.contains(&format!("'{missing}'")), "{text}");
    }
    assert_eq!(run("crop_rgba", args(0, 0, 1, 1), &[0; 60]).unwrap_err().code(), "ERR_OP");
}

#[test]
fn a_turn_moves_every_pixel_to_its_place() {
    for (width, height) in
        [(1, 1), (3, 2), (8, 8), (9, 7), (16, 65), (65, 16), (100, 131), (1, 300), (300, 1), (1700, 1300)]
    {
        let input: Vec<u8> = (0..(width * height) as u32).flat_map(|at| (at * 7 + 1).to_le_bytes()).collect();
        let before = pixels(&input);
        for degrees in [90, 180, 270] {
            let args = json!({ "degrees": degrees, "width": width, "height": height });
            let (output, info) = run("rotate_rgba", args, &input).unwrap();
            let (w, h) = if degrees == 180 { (width, height) } else { (height, width) };
            assert_eq!((info.width, info.height, info.format), (Some(w as u32), Some(h as u32), Some("rgba8")));
            let after = pixels(&output);
            for y in 0..height {
                for x in 0..width {
                    let (to_x, to_y) = match degrees {
                        90 => (height - 1 - y, x),
                        180 => (width - 1 - x, height - 1 - y),
                        _ => (y, width - 1 - x),
                    };
                    assert!(after[to_y * w + to_x] == before[y * width + x], "{width}x{height} by {degrees}: {x}, {y}");
                }
            }
        }
    }
}

#[test]
fn only_quarter_turns_are_known() {
    for degrees in [json!(0), json!(45), json!(360), json!("90"), json!(91), json!(null)] {
        let args = json!({ "degrees": degrees, "width": 1, "height": 1 });
        assert_eq!(run("rotate_rgba", args, &[0; 4]).unwrap_err().code(), "ERR_OP");
    }
    assert!(run("rotate_rgba", json!({}), &[0; 4]).unwrap_err().to_string().contains("90, 180 or 270"));
}

#[test]
fn a_resize_in_strips_is_as_one_of_the_whole() {
    use fast_image_resize::images::{Image, ImageRef};
    use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
    let (width, height) = (1500, 1201);
    let noise = Random::new(24).bytes(30_011);
    let input: Vec<u8> = noise.iter().cycle().take(width * height * 4).copied().collect();
    for (to_width, to_height) in [(700, 333), (1500, 2000), (1501, 1201), (1500, 1201), (9, 7), (1, 1300)] {
        let args = json!({ "width": width, "height": height, "toWidth": to_width, "toHeight": to_height });
        let (output, _) = run("resize_rgba", args, &input).unwrap();
        let mut whole = Image::new(to_width, to_height, PixelType::U8x4);
        let source = ImageRef::new(width as u32, height as u32, &input, PixelType::U8x4).unwrap();
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(true);
        Resizer::new().resize(&source, &mut whole, &options).unwrap();
        // Weights are rounded for each strip by itself, which the last bit may show; where alpha is low, colours are scaled up with it.
        let near = |(one, other): (&[u8], &[u8])| {
            let most = 2 + 2 * 255 / u16::from(other[3].max(1));
            one[3].abs_diff(other[3]) <= 1
                && one.iter().zip(other).all(|(one, other)| u16::from(one.abs_diff(*other)) <= most)
        };
        assert!(output.chunks(4).zip(whole.buffer().chunks(4)).all(near), "{to_width}x{to_height}");
    }
}

const LOSSY: &[u8] = include_bytes!("fixtures/lossy.webp");
const LOSSY_ALPHA: &[u8] = include_bytes!("fixtures/lossy-alpha.webp");
const LOSSLESS_ALPHA: &[u8] = include_bytes!("fixtures/lossless-alpha.webp");
const PALETTE: &[u8] = include_bytes!("fixtures/lossless-palette.webp");
const ANIMATION: &[u8] = include_bytes!("fixtures/animation.webp");

/// The gradient of the fixtures.
fn gradient(width: usize, height: usize, alpha: bool) -> Vec<u8> {
    let pixel = |at: usize| {
        let (x, y) = (at % width, at / width);
        let opacity = if alpha && x >= width / 2 { 40 + y * 4 } else { 255 };
        [(x * 255 / (width - 1)) as u8, (y * 255 / (height - 1)) as u8, 100, opacity as u8]
    };
    (0..width * height).flat_map(pixel).collect()
}

fn worst_difference(one: &[u8], other: &[u8]) -> u8 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| one.abs_diff(*other)).max().unwrap()
}

#[test]
fn webp_gives_the_picture_lossy_or_lossless_with_or_without_alpha() {
    for (name, file, alpha, worst) in [
        ("lossy", LOSSY, false, 16),
        ("lossy with alpha", LOSSY_ALPHA, true, 16),
        ("lossless with alpha", LOSSLESS_ALPHA, true, 0),
        ("first of an animation", ANIMATION, true, 0),
    ] {
        let (output, info) = run("webp_decode", json!({}), file).unwrap();
        assert_eq!((info.width, info.height, info.format), (Some(40), Some(30), Some("rgba8")));
        let right = gradient(40, 30, alpha);
        assert!(worst_difference(&output, &right) <= worst, "{name}: {}", worst_difference(&output, &right));
        // Alpha is never lossy.
        assert!(output.chunks(4).zip(right.chunks(4)).all(|(one, other)| one[3] == other[3]), "{name}");
    }
    let (output, info) = run("webp_decode", json!({}), PALETTE).unwrap();
    assert_eq!((info.width, info.height), (Some(37), Some(23)));
    assert!(worst_difference(&output, &gradient(37, 23, false)) < 80, "thirteen colours are near");
}

#[test]
fn webp_gives_back_what_a_lossless_encoder_took() {
    use image_webp::{ColorType, WebPEncoder};
    let mut random = Random::new(23);
    for (color, channels) in [(ColorType::L8, 1), (ColorType::La8, 2), (ColorType::Rgb8, 3), (ColorType::Rgba8, 4)] {
        for (width, height) in [(1, 1), (13, 11), (200, 300)] {
            let input = random.bytes(width * height * channels);
            let mut file = Vec::new();
            WebPEncoder::new(&mut file).encode(&input, width as u32, height as u32, color).unwrap();
            let (output, _) = run("webp_decode", json!({}), &file).unwrap();
            let right = input.chunks(channels).flat_map(|pixel| match *pixel {
                [gray] => [gray, gray, gray, 255],
                [gray, alpha] => [gray, gray, gray, alpha],
                [red, green, blue] => [red, green, blue, 255],
                [red, green, blue, alpha] => [red, green, blue, alpha],
                _ => [0; 4],
            });
            assert!(output.iter().copied().eq(right), "{color:?} {width}x{height}");
        }
    }
}
