//! Operations: arguments, results, chains.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is outside their functions, where the lint does not see tests"
)]

mod random;

use hostbox_buffers::{Block, Cancel, Chain, Error, Info, OPERATIONS, Step, Store};
use random::Random;
use serde_json::{Value, json};

fn run(op: &str, args: Value, input: &[u8]) -> Result<(Block, Info), Error> {
    Store::new(1 << 28).run_chain_on(input, &Step::parse(op, Some(&args), None)?.into(), &Cancel::new())
}

fn refusal(op: &str, args: Value) -> String {
    let error = Step::parse(op, Some(&args), None).unwrap_err();
    assert_eq!(error.code(), "ERR_OP");
    error.to_string()
}

/// A picture with gradients, so that lossy formats come close.
fn picture(width: usize, height: usize) -> Vec<u8> {
    let pixel = |at: usize| [(at % width * 255 / width) as u8, (at / width * 255 / height) as u8, 100, 255];
    (0..width * height).flat_map(pixel).collect()
}

#[test]
fn an_unknown_operation_is_refused_with_the_list_of_known_ones() {
    let text = refusal("sharpen", json!({}));
    assert!(OPERATIONS.iter().all(|op| text.contains(op)), "{text}");
}

#[test]
fn unknown_arguments_are_refused() {
    assert_eq!(refusal("invert", json!({ "x": 1 })), "invert: unknown argument 'x', it takes none");
    assert_eq!(
        refusal("gzip_compress", json!({ "levle": 1 })),
        "gzip_compress: unknown argument 'levle', expected one of level"
    );
}

#[test]
fn wrong_arguments_are_refused_with_what_was_expected_and_received() {
    let level = "gzip_compress: expected an integer from 0 to 9 for 'level' but received";
    assert_eq!(refusal("gzip_compress", json!({ "level": 10 })), format!("{level} 10 of type number"));
    assert_eq!(refusal("gzip_compress", json!({ "level": "6" })), format!("{level} '6' of type string"));
    assert_eq!(refusal("gzip_compress", json!({ "level": 1.5 })), format!("{level} 1.5 of type number"));
    assert!(refusal("gzip_compress", json!([1])).contains("expected an object for args but received an array"));
    assert!(refusal("jpeg_encode", json!({ "quality": 0 })).contains("from 1 to 100"));
    assert!(refusal("png_encode", json!({ "width": 3 })).contains("'height'"));
    assert!(refusal("resize_rgba", json!({ "toWidth": 32_769, "toHeight": 1 })).contains("from 1 to 32768"));
    assert!(refusal("resize_rgba", json!({ "toWidth": 32_768, "toHeight": 32_768 })).contains("pixels"));
    assert!(refusal("resize_rgba", json!({ "toWidth": 1, "toHeight": 1, "filter": "box" })).contains("'lanczos3'"));
    assert!(refusal("resize_rgba", json!({})).contains("'toWidth'"));
    Step::parse("gzip_compress", Some(&json!({ "level": 9.0 })), None).unwrap();
    Step::parse("gzip_compress", Some(&Value::Null), None).unwrap();
}

#[test]
fn xor_wants_a_second_input_of_the_same_length() {
    assert_eq!(Step::parse("xor", None, None).unwrap_err().code(), "ERR_OP");
    assert_eq!(Step::parse("invert", None, Some(1)).unwrap_err().code(), "ERR_OP");
    let store = Store::new(1000);
    let [one, two, short] = [&[1, 2, 3][..], &[3, 2, 1], &[9]].map(|bytes| store.put_copy(bytes).unwrap());
    let xor = |extra| Step::parse("xor", None, Some(extra)).unwrap();
    let output = store.exec(&xor(two), one, &Cancel::new()).unwrap();
    assert_eq!(&store.take(output).unwrap()[..], [2, 0, 2]);
    assert_eq!(store.exec(&xor(short), one, &Cancel::new()).unwrap_err().code(), "ERR_OP");
}

#[test]
fn grayscale_wants_whole_pixels_and_keeps_alpha() {
    assert_eq!(run("grayscale_rgba", json!({}), &[0; 7]).unwrap_err().code(), "ERR_OP");
    let (block, _) = run("grayscale_rgba", json!({}), &[255, 0, 0, 9, 10, 20, 30, 200]).unwrap();
    assert_eq!(block[..], [76, 76, 76, 9, 18, 18, 18, 200]);
}

#[test]
fn a_fused_chain_gives_what_single_steps_give() {
    let mut random = Random::new(5);
    let store = Store::new(1 << 28);
    for _ in 0..40 {
        let len = (random.below(200_000) + 1) * 4;
        let input = store.put_copy(&random.bytes(len)).unwrap();
        let other = store.put_copy(&random.bytes(len)).unwrap();
        let steps: Vec<Step> = (0..random.below(7) + 1)
            .map(|_| match random.below(5) {
                0 => Step::parse("xor", None, Some(other)),
                1 => Step::parse("invert", None, None),
                2 => Step::parse("noop", None, None),
                _ => Step::parse("grayscale_rgba", None, None),
            })
            .collect::<Result<_, _>>()
            .unwrap();
        let chain: Chain = steps.iter().cloned().collect();
        let fused = store.exec_chain(input, &chain, &Cancel::new()).unwrap();
        let (in_place, _) = store.run_chain(copy(&store, input), &chain, &Cancel::new()).unwrap();
        let single = steps.iter().fold(input, |id, step| store.exec(step, id, &Cancel::new()).unwrap());
        let single = store.take(single).unwrap();
        assert!(store.take(fused).unwrap()[..] == single[..] && in_place[..] == single[..]);
        store.clear();
    }
}

fn copy(store: &Store, id: u64) -> Block {
    store.read(id, |bytes| Block::copy_of(bytes).unwrap()).unwrap()
}

#[test]
fn gzip_gives_back_what_it_took_at_every_level() {
    let input = [Random::new(6).bytes(300_000), vec![7; 300_000]].concat();
    for level in 0..=9 {
        let (packed, info) = run("gzip_compress", json!({ "level": level }), &input).unwrap();
        assert_eq!((info.format, info.byte_length), (Some("gzip"), packed.len()));
        assert!(run("gzip_decompress", json!({}), &packed).unwrap().0[..] == input[..]);
        let exact = json!({ "maxBytes": input.len() });
        assert!(run("gzip_decompress", exact, &packed).unwrap().0[..] == input[..]);
    }
    let (packed, _) = run("gzip_compress", json!({}), &[]).unwrap();
    assert!(run("gzip_decompress", json!({ "maxBytes": 0 }), &packed).unwrap().0.is_empty());
}

#[test]
fn gzip_members_one_after_the_other_are_one_stream() {
    let parts = [vec![1; 100_000], vec![], vec![2; 10]];
    let packed: Vec<u8> =
        parts.iter().flat_map(|part| run("gzip_compress", json!({}), part).unwrap().0.to_vec()).collect();
    assert!(run("gzip_decompress", json!({}), &packed).unwrap().0[..] == parts.concat()[..]);
}

#[test]
fn png_gives_back_what_it_took() {
    let input = Random::new(7).bytes(31 * 17 * 4);
    let (file, info) = run("png_encode", json!({ "width": 31, "height": 17 }), &input).unwrap();
    assert_eq!(info.format, Some("png"));
    let (pixels, info) = run("png_decode", json!({}), &file).unwrap();
    assert!(pixels[..] == input[..]);
    assert_eq!((info.width, info.height, info.format), (Some(31), Some(17), Some("rgba8")));
}

#[test]
fn png_decode_takes_every_colour_type_and_depth() {
    use png::{BitDepth::*, ColorType::*};
    for (color, depth, data, right) in [
        (Grayscale, One, vec![0b0100_0000], [0, 0, 0, 255, 255, 255, 255, 255]),
        (Grayscale, Four, vec![0x1f], [17, 17, 17, 255, 255, 255, 255, 255]),
        (Grayscale, Eight, vec![3, 200], [3, 3, 3, 255, 200, 200, 200, 255]),
        (Grayscale, Sixteen, vec![3, 9, 200, 9], [3, 3, 3, 255, 200, 200, 200, 255]),
        (GrayscaleAlpha, Eight, vec![3, 4, 200, 0], [3, 3, 3, 4, 200, 200, 200, 0]),
        (Rgb, Eight, vec![1, 2, 3, 4, 5, 6], [1, 2, 3, 255, 4, 5, 6, 255]),
        (Rgb, Sixteen, vec![1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0], [1, 2, 3, 255, 4, 5, 6, 255]),
        (Rgba, Sixteen, vec![1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0], [1, 2, 3, 4, 5, 6, 7, 8]),
        (Indexed, Two, vec![0b0100_0000], [40, 50, 60, 9, 10, 20, 30, 255]),
    ] {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 2, 1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if color == Indexed {
            encoder.set_palette(vec![10, 20, 30, 40, 50, 60]);
            encoder.set_trns(vec![255, 9]);
        }
        encoder.write_header().unwrap().write_image_data(&data).unwrap();
        let (pixels, _) = run("png_decode", json!({}), &file).unwrap();
        assert_eq!(pixels[..], right, "{color:?} {depth:?}");
    }
}

#[test]
fn jpeg_gives_back_nearly_what_it_took() {
    let input = picture(64, 48);
    for quality in [60, 95] {
        let args = json!({ "width": 64, "height": 48, "quality": quality });
        let (file, _) = run("jpeg_encode", args, &input).unwrap();
        let (pixels, info) = run("jpeg_decode", json!({}), &file).unwrap();
        assert_eq!((info.width, info.height, info.format), (Some(64), Some(48), Some("rgba8")));
        let worst = pixels.iter().zip(&input).map(|(one, other)| one.abs_diff(*other)).max();
        assert!(worst.unwrap() < 24, "{worst:?} at {quality}");
    }
}

#[test]
fn jpeg_decode_takes_grey_cmyk_and_progressive_files() {
    use jpeg_encoder::{ColorType, Encoder};
    let encode = |color: ColorType, data: &[u8], progressive: bool| {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, 95);
        encoder.set_progressive(progressive);
        encoder.encode(data, 16, 16, color).unwrap();
        run("jpeg_decode", json!({}), &file).unwrap().0.to_vec()
    };
    let near = |pixels: &[u8], right: [u8; 4]| {
        pixels.chunks_exact(4).all(|pixel| pixel.iter().zip(right).all(|(one, other)| one.abs_diff(other) < 6))
    };
    for progressive in [false, true] {
        assert!(near(&encode(ColorType::Luma, &[100; 256], progressive), [100, 100, 100, 255]));
        assert!(near(&encode(ColorType::Rgb, &[200, 100, 50].repeat(256), progressive), [200, 100, 50, 255]));
        assert!(near(&encode(ColorType::Cmyk, &[0, 255, 255, 0].repeat(256), progressive), [255, 0, 0, 255]));
        assert!(near(&encode(ColorType::CmykAsYcck, &[0, 255, 255, 0].repeat(256), progressive), [255, 0, 0, 255]));
    }
}

#[test]
fn a_chain_knows_the_size_that_its_decoder_found() {
    let store = Store::new(1 << 28);
    let (file, _) = run("png_encode", json!({ "width": 40, "height": 30 }), &picture(40, 30)).unwrap();
    let id = store.put_copy(&file).unwrap();
    let resize = json!({ "toWidth": 20, "toHeight": 15 });
    let steps = [("png_decode", None), ("invert", None), ("resize_rgba", Some(&resize)), ("jpeg_encode", None)]
        .map(|(op, args)| Step::parse(op, args, None).unwrap());
    let output = store.exec_chain(id, &steps.iter().cloned().collect(), &Cancel::new()).unwrap();
    let info = store.info(output).unwrap();
    assert_eq!((info.width, info.height, info.format), (Some(20), Some(15), Some("jpeg")));
    let raw = store.put_copy(&[0; 64]).unwrap();
    assert_eq!(store.exec(&steps[3], raw, &Cancel::new()).unwrap_err().code(), "ERR_OP");
}

#[test]
fn resize_gives_the_size_asked_for_with_every_filter() {
    let input = [10, 20, 30, 255].repeat(33 * 21);
    for filter in ["nearest", "bilinear", "catmull_rom", "lanczos3"] {
        for (width, height) in [(1, 1), (7, 50), (33, 21), (100, 3)] {
            let args = json!({ "width": 33, "height": 21, "toWidth": width, "toHeight": height, "filter": filter });
            let (pixels, info) = run("resize_rgba", args, &input).unwrap();
            assert_eq!((info.width, info.height), (Some(width), Some(height)));
            assert!(pixels.chunks_exact(4).all(|pixel| pixel == [10, 20, 30, 255]), "{filter} {width}x{height}");
        }
    }
}

#[test]
fn resize_does_not_let_transparent_colours_bleed() {
    let input = [[255, 0, 0, 255], [0, 255, 0, 0]].concat();
    let args = json!({ "width": 2, "height": 1, "toWidth": 1, "toHeight": 1, "filter": "bilinear" });
    let (pixels, _) = run("resize_rgba", args, &input).unwrap();
    assert_eq!(pixels[..3], [255, 0, 0]);
    assert!(pixels[3].abs_diff(128) < 2);
}

#[test]
fn a_size_that_does_not_fit_the_bytes_is_refused() {
    for (op, args) in [
        ("png_encode", json!({ "width": 4, "height": 4 })),
        ("jpeg_encode", json!({ "width": 4, "height": 4 })),
        ("resize_rgba", json!({ "width": 4, "height": 4, "toWidth": 1, "toHeight": 1 })),
    ] {
        let text = run(op, args, &[0; 60]).unwrap_err().to_string();
        assert!(text.contains("expected 64 bytes") && text.contains("60"), "{text}");
    }
}
