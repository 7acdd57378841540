//! Inputs made to break decoders: bombs, cut files, flipped bytes.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is outside their functions, where the lint does not see tests"
)]

mod random;

use std::io::Write;

use hostbox_buffers::{Cancel, Error, Step, Store};
use random::Random;
use serde_json::{Value, json};

fn decode(op: &str, args: Value, store: &Store, input: &[u8]) -> Result<usize, Error> {
    let step = Step::parse(op, Some(&args), None).unwrap();
    store.run_chain_on(input, &step.into(), &Cancel::new()).map(|(block, _)| block.len())
}

fn is_memory(result: Result<usize, Error>) -> bool {
    matches!(result, Err(Error::Memory { .. }))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn png(interlaced: bool) -> Vec<u8> {
    // 3x3 pixels of grey with alpha; the encoder has no interlacing, so that file was written by hand.
    if interlaced {
        return interlaced_png();
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 13, 11);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&Random::new(8).bytes(13 * 11 * 3)).unwrap();
    file
}

/// A chunk with its length and checksum.
fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(name);
    crc.update(data);
    [&(data.len() as u32).to_be_bytes()[..], name, data, &crc.sum().to_be_bytes()].concat()
}

fn png_of(width: u32, height: u32, color_type: u8, interlace: u8, rows: &[u8]) -> Vec<u8> {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(rows).unwrap();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, color_type, 0, 0, interlace]].concat();
    let chunks = [chunk(b"IHDR", &header), chunk(b"IDAT", &zlib.finish().unwrap()), chunk(b"IEND", &[])];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
}

/// 3x3 pixels of grey with alpha in Adam7's passes: each row a filter byte, then its pixels.
fn interlaced_png() -> Vec<u8> {
    let passes: [&[&[u8]]; 4] = [&[&[0]], &[&[2]], &[&[6, 8]], &[&[1], &[7]]];
    let mut rows = Vec::new();
    for row in passes.into_iter().flatten() {
        rows.push(0);
        rows.extend(row.iter().flat_map(|pixel| [pixel * 10, 200 + pixel]));
    }
    rows.extend([0].into_iter().chain([3_u8, 4, 5].into_iter().flat_map(|pixel| [pixel * 10, 200 + pixel])));
    png_of(3, 3, 4, 1, &rows)
}

fn jpeg(progressive: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 80);
    encoder.set_progressive(progressive);
    encoder.encode(&Random::new(9).bytes(40 * 24 * 3), 40, 24, jpeg_encoder::ColorType::Rgb).unwrap();
    file
}

fn webp(name: &str) -> Vec<u8> {
    match name {
        "lossy" => include_bytes!("fixtures/lossy.webp").to_vec(),
        "lossy-alpha" => include_bytes!("fixtures/lossy-alpha.webp").to_vec(),
        "animation" => include_bytes!("fixtures/animation.webp").to_vec(),
        _ => include_bytes!("fixtures/lossless-palette.webp").to_vec(),
    }
}

fn valid_files() -> [(&'static str, Vec<u8>); 9] {
    [
        ("gzip_decompress", gzip(&Random::new(10).bytes(3000))),
        ("png_decode", png(false)),
        ("png_decode", png(true)),
        ("jpeg_decode", jpeg(false)),
        ("jpeg_decode", jpeg(true)),
        ("webp_decode", webp("lossy")),
        ("webp_decode", webp("lossy-alpha")),
        ("webp_decode", webp("lossless-palette")),
        ("webp_decode", webp("animation")),
    ]
}

/// The file with the size in its frame header replaced.
fn jpeg_that_claims(width: u16, height: u16, progressive: bool) -> Vec<u8> {
    let mut file = jpeg(progressive);
    let marker = if progressive { [0xff, 0xc2] } else { [0xff, 0xc0] };
    let frame = file.windows(2).position(|pair| pair == marker).unwrap();
    file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    file
}

#[test]
fn an_interlaced_picture_comes_out_in_order() {
    let store = Store::new(1 << 24);
    let step = Step::parse("png_decode", None, None).unwrap();
    let (pixels, _) = store.run_chain_on(&interlaced_png(), &step.into(), &Cancel::new()).unwrap();
    let right: Vec<u8> = (0..9_u8).flat_map(|at| [at * 10, at * 10, at * 10, 200 + at]).collect();
    assert_eq!(pixels[..], right);
}

#[test]
fn a_gzip_bomb_ends_at_the_account_and_at_max_bytes() {
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100_000);
    let store = Store::new(8 << 20);
    assert!(is_memory(decode("gzip_decompress", json!({}), &store, &bomb)));
    assert!(is_memory(decode("gzip_decompress", json!({}), &store, &gzip(&bomb.repeat(50)).repeat(2000))));
    let store = Store::new(1 << 30);
    assert!(is_memory(decode("gzip_decompress", json!({ "maxBytes": 1000 }), &store, &bomb)));
    assert_eq!(decode("gzip_decompress", json!({ "maxBytes": 64 << 20 }), &store, &bomb), Ok(64 << 20));
    assert_eq!(store.bytes(), 0);
}

#[test]
fn a_gzip_trailer_that_lies_changes_nothing() {
    let store = Store::new(8 << 20);
    let mut file = gzip(b"short");
    let trailer = file.len() - 4;
    file[trailer..].copy_from_slice(&[255; 4]);
    assert_eq!(decode("gzip_decompress", json!({}), &store, &file).unwrap_err().code(), "ERR_OP");
}

#[test]
fn a_picture_whose_header_claims_too_much_is_refused_before_it_is_decoded() {
    let store = Store::new(256 << 20);
    for (width, height) in [(30_000, 30_000), (40_000, 1), (10_000, 10_000), (u32::MAX >> 1, u32::MAX >> 1)] {
        assert!(is_memory(decode("png_decode", json!({}), &store, &png_of(width, height, 6, 0, &[0; 64]))));
    }
    for progressive in [false, true] {
        for (width, height) in [(65_535, 65_535), (40_000, 8), (16_000, 16_000)] {
            let file = jpeg_that_claims(width, height, progressive);
            assert!(is_memory(decode("jpeg_decode", json!({}), &store, &file)), "{width}x{height}");
        }
    }
    assert_eq!(store.bytes(), 0);
}

#[test]
fn what_a_progressive_decoder_holds_beside_its_output_counts() {
    // 64 MiB of pixels fit, 96 MiB of coefficients beside them do not.
    let store = Store::new(100 << 20);
    assert!(is_memory(decode("jpeg_decode", json!({}), &store, &jpeg_that_claims(4096, 4096, true))));
    assert!(!is_memory(decode("jpeg_decode", json!({}), &store, &jpeg_that_claims(4096, 4096, false))));
}

/// Bits from the lowest of each byte on.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, value: u32, count: usize) {
        self.0.extend((0..count).map(|bit| value >> bit & 1 == 1));
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.chunks(8).map(|byte| byte.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
    }
}

fn riff(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut content = b"WEBP".to_vec();
    for (name, bytes) in chunks {
        content.extend([&name[..], &(bytes.len() as u32).to_le_bytes(), bytes, &[0][..bytes.len() % 2]].concat());
    }
    [&b"RIFF"[..], &(content.len() as u32).to_le_bytes(), &content].concat()
}

fn vp8l_header(width: u32, height: u32) -> Bits {
    let mut bits = Bits::default();
    bits.put(0x2f, 8);
    bits.put((width - 1) | (height - 1) << 14, 32);
    bits
}

#[test]
fn a_webp_whose_prefix_codes_would_fill_the_memory_is_refused() {
    // One pixel, whose group of codes has the number 65,535; and then groups, each with one code of 2,048 symbols in ten bytes.
    let mut bits = vp8l_header(1, 1);
    bits.put(0, 1);
    bits.put(1 | 11 << 1, 5);
    bits.put(1, 4);
    bits.put(0, 1);
    for symbol in [255, 255, 0, 0, 0] {
        bits.put(0b101 | symbol << 3, 11);
    }
    for _ in 0..65_536 {
        bits.put(11 << 1, 5);
        (0..14).for_each(|_| bits.put(0, 3));
        bits.put(1, 3);
        bits.put(1 | 5 << 1 | 2046 << 4, 16);
        bits.put(0x1111, 16);
    }
    let file = riff(&[(b"VP8L", bits.bytes())]);
    assert!(file.len() < 1 << 20);
    for most in [4 << 20, 1 << 30] {
        let store = Store::new(most);
        assert!(is_memory(decode("webp_decode", json!({}), &store, &file)));
        assert_eq!(store.bytes(), 0);
    }
}

#[test]
fn a_webp_that_claims_too_much_is_refused_before_it_is_decoded() {
    let store = Store::new(256 << 20);
    let lossless = |width, height| (b"VP8L", [vp8l_header(width, height).bytes(), vec![0; 64]].concat());
    let lossy = |width: u16, height: u16| {
        let sides = [width.to_le_bytes(), height.to_le_bytes()].concat();
        (b"VP8 ", [&[0x10, 2, 0, 0x9d, 1, 0x2a][..], &sides, &[0; 64]].concat())
    };
    let extended = |flags: u8, width: u32, height: u32| {
        let sides = [&(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat();
        (b"VP8X", [&[flags, 0, 0, 0][..], &sides].concat())
    };
    for file in [
        riff(&[lossless(16_384, 16_384)]),
        riff(&[lossy(16_383, 16_383)]),
        riff(&[extended(0, 1 << 24, 1 << 24), lossy(16, 16)]),
        riff(&[extended(0, 16_383, 16_383), lossy(16_383, 16_383)]),
    ] {
        assert!(is_memory(decode("webp_decode", json!({}), &store, &file)));
    }
    // A frame that is larger than the header says must not be allocated by its own claim.
    let animation = (b"ANMF", [vec![0; 16], riff(&[lossy(16_383, 16_383)])[12..].to_vec()].concat());
    for file in [
        riff(&[extended(0, 16, 16), lossy(16_383, 16_383)]),
        riff(&[extended(2, 16, 16), animation]),
        riff(&[extended(2, 16, 16), (b"ANIM", vec![0; 6])]),
        riff(&[extended(0, 16, 16)]),
        riff(&[]),
    ] {
        assert_eq!(decode("webp_decode", json!({}), &store, &file).unwrap_err().code(), "ERR_OP");
    }
    assert_eq!(store.bytes(), 0);
}

#[test]
fn what_a_resize_holds_between_its_passes_counts() {
    let store = Store::new(64 << 20);
    let args = json!({ "width": 32_768, "height": 1, "toWidth": 1, "toHeight": 32_768 });
    assert!(is_memory(decode("resize_rgba", args, &store, &[0; 32_768 * 4])));
}

#[test]
fn every_file_that_was_cut_off_is_an_error_of_the_operation() {
    let store = Store::new(1 << 26);
    for (op, file) in valid_files() {
        decode(op, json!({}), &store, &file).unwrap();
        for len in 0..file.len() {
            let error = decode(op, json!({}), &store, &file[..len]).unwrap_err();
            assert_eq!(error.code(), "ERR_OP", "{op} cut to {len} of {}: {error}", file.len());
        }
    }
    assert_eq!(store.bytes(), 0);
}

#[test]
fn flipped_bytes_are_an_error_or_other_bytes_and_never_the_end() {
    let store = Store::new(1 << 26);
    let mut random = Random::new(11);
    for (op, file) in valid_files() {
        for _ in 0..3000 {
            let mut broken = file.clone();
            for _ in 0..random.below(4) + 1 {
                let at = random.below(file.len());
                broken[at] = random.below(256) as u8;
            }
            if let Err(error) = decode(op, json!({}), &store, &broken) {
                assert!(["ERR_OP", "ERR_MEMORY"].contains(&error.code()), "{op}: {error}");
            }
        }
    }
    assert_eq!(store.bytes(), 0);
}

#[test]
fn garbage_is_an_error_of_the_operation() {
    let store = Store::new(1 << 26);
    let mut random = Random::new(12);
    for (op, file) in valid_files() {
        for _ in 0..300 {
            let len = random.below(500);
            let noise = random.bytes(len);
            assert_eq!(decode(op, json!({}), &store, &noise).unwrap_err().code(), "ERR_OP");
            // Noise behind a right start gets further.
            let start = random.below(file.len());
            let _ = decode(op, json!({}), &store, &[&file[..start], &noise].concat());
        }
    }
}
