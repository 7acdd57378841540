use hostbox_buffers::Block;

use super::*;

/// Splitmix64: the same bytes on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

impl World {
    /// Decodes whatever this is, to a value, or to an error that leaves no exception behind unless it says so.
    fn survive(&self, bytes: Vec<u8>) {
        let blocks = vec![Block::zeroed(2_000).unwrap(), Block::zeroed(0).unwrap()];
        let _ = Payload { bytes: bytes.clone(), blocks: Vec::new() }.to_json();
        let result = self.decode(Payload { bytes, blocks });
        let pending = unsafe { qjs::JS_HasException(self.cx) };
        assert_eq!(pending, matches!(result, Err(DecodeError::Exception)));
        if pending {
            unsafe { drop(Owned::new(self.cx, qjs::JS_GetException(self.cx))) };
        }
    }
}

fn sample(w: &World) -> Payload {
    let value = w.eval(
        "(() => { const o = { a: 1, 'grün': 'ü', '…': '…', 5: 1.5, big: -(2n ** 70n), small: 5n }; const b = new ArrayBuffer(16); \
         const r = new ArrayBuffer(8, { maxByteLength: 16 }); o.self = o; \
         return [o, new Date(1), /x/g, [, 1, , ], Object.assign([1], { e: 1 }), new Map([[o, new Set([o, 1])]]), \
         new TypeError('t', { cause: new AggregateError([1], 'a') }), new Uint16Array(b, 2), new DataView(b), r, new Uint8Array(r), \
         new Uint8Array(2000), Object('x'), Object(1n), Array(1e6)] })()",
    );
    w.encode(&value).unwrap()
}

#[test]
fn every_truncation_of_a_payload_is_an_error() {
    world(|w| {
        let bytes = sample(w).bytes;
        for end in 0..bytes.len() {
            let blocks = vec![Block::zeroed(2_000).unwrap()];
            let result = w.decode(Payload { bytes: bytes[..end].to_vec(), blocks });
            assert!(matches!(result, Err(DecodeError::Malformed(_))), "{end}");
        }
        let mut longer = sample(w);
        longer.bytes.push(0);
        assert!(matches!(w.decode(longer), Err(DecodeError::Malformed(_))));
    });
}

#[test]
fn changed_payloads_end_in_a_value_or_an_error() {
    world(|w| {
        let bytes = sample(w).bytes;
        let mut random = Random(1);
        for _ in 0..20_000 {
            let mut bytes = bytes.clone();
            for _ in 0..1 + random.below(4) {
                let at = random.below(bytes.len());
                bytes[at] = if random.below(2) == 0 { random.below(0x1A) as u8 } else { random.next() as u8 };
            }
            w.survive(bytes);
        }
    });
}

#[test]
fn random_bytes_end_in_a_value_or_an_error() {
    world(|w| {
        let mut random = Random(2);
        for _ in 0..50_000 {
            let length = random.below(60);
            let tags = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 0xFF];
            let bytes = (0..length)
                .map(|_| match random.below(3) {
                    0 => random.next() as u8,
                    1 => random.below(6) as u8,
                    _ => tags[random.below(tags.len())],
                })
                .collect();
            w.survive(bytes);
        }
    });
}

#[test]
fn hostile_payloads_are_told_apart() {
    world(|w| {
        let malformed: [&[u8]; 20] = [
            &[],
            &[0x19],
            &[0x0F],
            &[0xFF],
            &[0x17, 0],
            &[0x0D, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
            &[0x0D, 1, 0x17, 1],
            &[0x0E, 0xFF, 0xFF, 0xFF, 0xFF, 0x10, 0xFF],
            &[0x06, 5, b'a'],
            &[0x08, 2, 0xC3, 0x28],
            &[0x04, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F],
            &[0x04, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            &[0x0C, 0x04, 1, 0x01, 0xFF],
            &[0x0C, 0x0C, 0xFF, 0x01, 0xFF],
            &[0x15, 0],
            &[0x12, 8, 0, 0, 0, 0xFF],
            &[0x16, 13, 0, 0, 0, 0x13, 0],
            &[0x16, 1, 0, 0, 9, 0x13, 1, 0],
            &[0x16, 1, 1, 0, 0, 0x13, 1, 0],
            &[0x18, 0x0C, 0xFF],
        ];
        for bytes in malformed {
            let payload = Payload { bytes: bytes.to_vec(), blocks: Vec::new() };
            assert!(matches!(w.decode(payload), Err(DecodeError::Malformed(_))), "{bytes:?}");
        }
        // One block cannot back two buffers.
        let twice = Payload { bytes: vec![0x0D, 2, 0x15, 0, 0x15, 0], blocks: vec![Block::zeroed(9).unwrap()] };
        assert!(matches!(w.decode(twice), Err(DecodeError::Malformed(_))));
        // A later key drops the object that a reference then names.
        let dropped = Payload {
            bytes: vec![0x0D, 2, 0x0C, 6, 1, b'k', 0x0C, 0xFF, 6, 1, b'k', 1, 0xFF, 0x17, 2],
            blocks: Vec::new(),
        };
        w.set_global("c", w.decode(dropped).unwrap());
        w.is_true("c[0].k === null && Object.keys(c[1]).length === 0");
        // So does a Map that sees a key twice.
        let dropped =
            Payload { bytes: vec![0x0D, 2, 0x10, 4, 2, 0x0C, 0xFF, 4, 2, 1, 0xFF, 0x17, 2], blocks: Vec::new() };
        w.set_global("c", w.decode(dropped).unwrap());
        w.is_true("c[0].get(1) === null && Object.keys(c[1]).length === 0");
        let arguments =
            unsafe { decode_args(w.cx, &w.intrinsics, Payload { bytes: vec![0x0C, 0xFF], blocks: Vec::new() }) };
        assert!(matches!(arguments, Err(DecodeError::Malformed(_))));
        // A regular expression that the engine does not know is its exception.
        let bytes = vec![0x0B, 6, 1, b'(', 6, 0];
        assert!(matches!(w.decode(Payload { bytes, blocks: Vec::new() }), Err(DecodeError::Exception)));
        assert!(w.exception().starts_with("SyntaxError"));
    });
}
