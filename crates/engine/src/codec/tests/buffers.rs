use hostbox_buffers::Block;

use super::*;

fn moving() -> EncodeOptions<'static> {
    EncodeOptions { may_move: true, ..EncodeOptions::default() }
}

impl World {
    /// A global ArrayBuffer over a block of ours; gives the address of its memory.
    fn ours(&self, name: &str, length: usize) -> usize {
        let mut block = Block::zeroed(length).unwrap();
        block[0] = 7;
        let start = block.as_ptr() as usize;
        let buffer = unsafe { Owned::new(self.cx, new_array_buffer(self.cx, &self.intrinsics, block)) };
        self.set_global(name, buffer);
        start
    }
}

#[test]
fn buffers_and_views_of_every_kind_keep_bytes_and_bounds() {
    world(|w| {
        w.round_trip("new ArrayBuffer(0)", "c instanceof ArrayBuffer && c.byteLength === 0 && !c.resizable");
        w.round_trip("new Uint8Array([1, 2, 3]).buffer", "new Uint8Array(c).join() === '1,2,3'");
        w.round_trip("new Uint8Array(1024).fill(9).buffer", "c.byteLength === 1024 && new Uint8Array(c)[1023] === 9");
        w.round_trip("new Uint8Array(1025).fill(9).buffer", "c.byteLength === 1025 && new Uint8Array(c)[1024] === 9");
        for kind in [
            "Int8",
            "Uint8",
            "Uint8Clamped",
            "Int16",
            "Uint16",
            "Int32",
            "Uint32",
            "Float16",
            "Float32",
            "Float64",
            "BigInt64",
            "BigUint64",
        ] {
            let item = if kind.starts_with("Big") { "7n" } else { "7" };
            for size in [4, 1000] {
                w.round_trip(
                    &format!("new {kind}Array(new ArrayBuffer({size} * 8 + 8), 8, {size} - 1).fill({item})"),
                    &format!("c.constructor === {kind}Array && c.byteOffset === 8 && c.length === {size} - 1 && c[{size} - 2] === {item} && c.buffer.byteLength === {size} * 8 + 8"),
                );
            }
        }
        w.round_trip(
            "new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)",
            "c instanceof DataView && c.byteOffset === 1 && c.byteLength === 2 && c.getUint16(0) === 0x0203",
        );
        w.round_trip("(() => { const b = new ArrayBuffer(2000); return { a: new Uint8Array(b, 3), b, d: new DataView(b), e: new Uint8Array(b) } })()",
            "c.a.buffer === c.b && c.d.buffer === c.b && c.e.buffer === c.b && c.a.byteOffset === 3");
        w.round_trip("new (class Mine extends Uint8Array {})(3)", "c.constructor === Uint8Array && c.length === 3");
        w.round_trip("new Uint8Array(0)", "c.length === 0 && c.buffer.byteLength === 0");
    });
}

#[test]
fn resizable_buffers_stay_resizable_and_views_keep_tracking() {
    world(|w| {
        let all = "({ b, t: new Uint8Array(b, 2), f: new Uint8Array(b, 2, 4), w: new Uint16Array(b), d: new DataView(b, 1), e: new DataView(b, 1, 3) })";
        for (length, longest) in [(8, 16), (6, 6), (3000, 4000)] {
            w.round_trip(
                &format!("(() => {{ const b = new ArrayBuffer({length}, {{ maxByteLength: {longest} }}); new Uint8Array(b).fill(5); return {all} }})()"),
                &format!("c.b.resizable && c.b.maxByteLength === {longest} && c.b.byteLength === {length} && c.t[0] === 5 && c.f.length === 4 && c.d.byteLength === {length} - 1"),
            );
            w.is_true(&format!(
                "c.b.resize({length} - 2), c.t.length === {length} - 4 && c.w.length === {length} / 2 - 1"
            ));
            w.is_true(&format!(
                "c.f.length === ({length} > 6 ? 4 : 0) && c.d.byteLength === {length} - 3 && c.e.byteLength === 3"
            ));
        }
        w.round_trip("new ArrayBuffer(0, { maxByteLength: 0 })", "c.resizable && c.maxByteLength === 0");
        // A view that ends with its buffer and has a length of its own does not track.
        w.round_trip(
            "(() => { const b = new ArrayBuffer(8, { maxByteLength: 16 }); return new Uint8Array(b, 0, 8) })()",
            "c.buffer.resize(16), c.length === 8",
        );
    });
}

#[test]
fn a_block_becomes_a_buffer_and_comes_back_without_a_copy() {
    world(|w| unsafe {
        let start = w.ours("b", 5_000);
        assert_eq!(w.used(), 5_000);
        w.is_true("b.byteLength === 5000 && new Uint8Array(b)[0] === 7");
        let buffer = w.eval("b");
        let block = take_block(w.cx, &w.intrinsics, buffer.raw()).unwrap();
        assert_eq!((block.as_ptr() as usize, block.len()), (start, 5_000));
        assert_eq!(w.used(), 0);
        w.is_true("b.detached && b.byteLength === 0");
        assert!(take_block(w.cx, &w.intrinsics, buffer.raw()).is_none());
        let foreign = w.eval("new ArrayBuffer(5000)");
        assert!(take_block(w.cx, &w.intrinsics, foreign.raw()).is_none());
        w.is_true("true");
    });
}

#[test]
fn transfer_in_the_guest_keeps_memory_and_account_straight() {
    world(|w| unsafe {
        let start = w.ours("b", 5_000);
        w.is_true("globalThis.t = b.transfer(), b.detached && t.byteLength === 5000");
        let moved = w.eval("t");
        assert_eq!(take_block(w.cx, &w.intrinsics, moved.raw()).unwrap().as_ptr() as usize, start);
        assert_eq!(w.used(), 0);

        w.ours("b", 5_000);
        w.is_true("t = b.transfer(9000), new Uint8Array(t)[0] === 7 && new Uint8Array(t)[8999] === 0");
        assert_eq!(w.used(), 9_000);
        w.is_true("t = t.transfer(2000), new Uint8Array(t)[0] === 7 && t.byteLength === 2000");
        assert_eq!(w.used(), 2_000);
        let moved = w.eval("t");
        assert_eq!(take_block(w.cx, &w.intrinsics, moved.raw()).unwrap().len(), 2_000);

        w.ours("b", 5_000);
        w.is_true("b.transfer(0).byteLength === 0");
        assert_eq!(w.used(), 0);

        w.ours("b", 5_000);
        w.is_true("(() => { try { b.transfer(1e9) } catch (e) { return b.byteLength === 5000 && /memory/.test(e.message) } })()");
        assert_eq!(w.used(), 5_000);
        w.is_true("t = b.transferToImmutable ? b.transferToImmutable() : b, true");
        let moved = w.eval("t");
        assert!(w.encode_with(&moved, &moving()).is_ok());
        w.is_true("!t.detached");
    });
}

#[test]
fn only_what_nobody_else_refers_to_is_moved() {
    world(|w| {
        let moved = |source: &str| {
            let start = w.ours("b", 5_000);
            let value = w.eval(source);
            let payload = w.encode_with(&value, &moving()).unwrap();
            let block = payload.blocks.first().unwrap();
            assert_eq!((block.len(), block[0]), (5_000, 7), "{source}");
            block.as_ptr() as usize == start
        };
        let take = "(() => { const x = b; delete globalThis.b; return x })()";
        assert!(moved(take));
        assert!(moved(&format!("new Uint8Array({take}, 10)")));
        assert!(moved(&format!("({{ a: [1, {{ deep: new DataView({take}) }}] }})")));
        assert!(moved(&format!("[new Float64Array({take}, 8)]")));
        assert_eq!(w.used(), 0);
        // Held by a global, twice in the value, through a shared container, by a closure behind a getter, in a Map, by a view.
        assert!(!moved("b"));
        assert!(!moved("new Uint8Array(b)"));
        assert!(!moved(&format!("(x => [x, x])({take})")));
        assert!(!moved(&format!("(x => [new Uint8Array(x), new Uint8Array(x)])({take})")));
        assert!(!moved(&format!("globalThis.keep = {{ a: {take} }}")));
        assert!(!moved(&format!("({{ a: globalThis.keep = [{take}] }})")));
        assert!(!moved(&format!("(x => ({{ get a() {{ return x }} }}))({take})")));
        assert!(!moved(&format!("(x => ({{ get a() {{ return x }} }}))({{ inner: {take} }})")));
        assert!(!moved(&format!("new Map([['k', {take}]])")));
        assert!(!moved(&format!("(x => ({{ x, f: 1, get g() {{ return globalThis.y = x, 1 }} }}))({take})")));
        assert!(!moved(&format!("(function (x) {{ globalThis.z = () => x; return arguments }})({take})")));
    });
}

#[test]
fn without_leave_nothing_is_moved() {
    world(|w| {
        let start = w.ours("b", 5_000);
        let value = w.eval("(() => { const x = b; delete globalThis.b; return { x } })()");
        let payload = w.encode(&value).unwrap();
        assert_ne!(payload.blocks[0].as_ptr() as usize, start);
    });
}

#[test]
fn listed_buffers_are_handed_over_when_all_went_well() {
    world(|w| {
        let start = w.ours("b", 5_000);
        let foreign = w.eval("globalThis.f = new Uint8Array(3000).fill(3).buffer");
        let small = w.eval("globalThis.s = new Uint8Array([1, 2]).buffer");
        let unused = w.eval("globalThis.u = new ArrayBuffer(10)");
        let ours = w.eval("b");
        let transfer = [ours.raw(), foreign.raw(), small.raw(), unused.raw()];
        let options = EncodeOptions { transfer: &transfer, root: "result", ..EncodeOptions::default() };
        let value = w.eval("({ b, f: new Uint8Array(f, 1), s, bad() {} })");
        assert!(w.encode_with(&value, &options).is_err());
        w.is_true("!b.detached && !f.detached && !s.detached && !u.detached");

        let value = w.eval("({ b, f: new Uint8Array(f, 1), s })");
        let payload = w.encode_with(&value, &options).unwrap();
        w.is_true("b.detached && f.detached && s.detached && u.detached");
        assert_eq!(payload.blocks[0].as_ptr() as usize, start);
        assert_eq!((payload.blocks[1].len(), payload.blocks[1][0]), (3_000, 3));
        w.set_global("c", w.decode(payload).unwrap());
        w.is_true(
            "c.b.byteLength === 5000 && c.f.length === 2999 && c.f[0] === 3 && new Uint8Array(c.s).join() === '1,2'",
        );
    });
}

#[test]
fn a_transfer_list_is_checked_first() {
    world(|w| {
        let refusal = |source: &str| {
            let list = w.eval(source);
            let transfer: Vec<Owned> =
                (0..2).map(|at| unsafe { Owned::new(w.cx, qjs::JS_GetPropertyUint32(w.cx, list.raw(), at)) }).collect();
            let transfer: Vec<JSValue> = transfer.iter().map(Owned::raw).collect();
            let options = EncodeOptions { transfer: &transfer, ..EncodeOptions::default() };
            w.encode_with(&w.eval("1"), &options).unwrap_err().to_string()
        };
        let twice = "globalThis.q = new ArrayBuffer(8), [q, q]";
        assert_eq!(refusal(twice), "transfer[1]: an ArrayBuffer listed twice cannot be cloned");
        assert_eq!(refusal("[q, 1]"), "transfer[1]: something other than an ArrayBuffer cannot be cloned");
        assert_eq!(
            refusal("[q, new SharedArrayBuffer(1)]"),
            "transfer[1]: something other than an ArrayBuffer cannot be cloned"
        );
        assert_eq!(refusal("q.transfer(), [q, 1]"), "transfer[0]: a detached ArrayBuffer cannot be cloned");
    });
}

#[test]
fn a_buffer_detached_by_a_getter_before_the_hand_over_is_refused() {
    world(|w| {
        let buffer = w.eval("globalThis.q = new ArrayBuffer(3000)");
        let transfer = [buffer.raw()];
        let options = EncodeOptions { transfer: &transfer, ..EncodeOptions::default() };
        let value = w.eval("({ q, get z() { q.transfer(); return 1 } })");
        assert!(w.encode_with(&value, &options).is_err());
    });
}

#[test]
fn a_full_account_collects_garbage_before_it_refuses() {
    world(|w| {
        w.ours("b", 40 << 20);
        w.eval("(() => { const o = { b }; o.self = o; delete globalThis.b; })()");
        assert_eq!(w.used(), 40 << 20);
        w.ours("b", 40 << 20);
        assert_eq!(w.used(), 40 << 20);
        let block = Block::zeroed(40 << 20).unwrap();
        let buffer = unsafe { new_array_buffer(w.cx, &w.intrinsics, block) };
        assert!(is_exception(buffer));
        assert_eq!(w.exception(), "InternalError: out of memory");
    });
}

#[test]
fn the_bytes_of_buffers_and_views_can_be_lent() {
    world(|w| {
        let bytes = |source: &str| unsafe {
            let value = w.eval(source);
            let lent = bytes_of(w.cx, &w.intrinsics, value.raw());
            assert!(!qjs::JS_HasException(w.cx), "{source}");
            lent.map(|(start, length)| std::slice::from_raw_parts(start, length).to_vec())
        };
        let b = "globalThis.l = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer";
        assert_eq!(bytes(b), Some(vec![1, 2, 3, 4, 5, 6, 7, 8]));
        assert_eq!(bytes("new Uint16Array(l, 2, 2)"), Some(vec![3, 4, 5, 6]));
        assert_eq!(bytes("new DataView(l, 6)"), Some(vec![7, 8]));
        assert_eq!(bytes("new ArrayBuffer(0)"), Some(vec![]));
        assert_eq!(
            bytes(
                "(() => { const b = new ArrayBuffer(4, { maxByteLength: 8 }); const v = new Uint16Array(b); b.resize(7); return v })()"
            ),
            Some(vec![0; 6])
        );
        assert_eq!(
            bytes(
                "(() => { const b = new ArrayBuffer(8, { maxByteLength: 8 }); const v = new Uint8Array(b, 4); b.resize(5); return v })()"
            ),
            Some(vec![0; 1])
        );
        for none in [
            "1",
            "'x'",
            "({})",
            "[]",
            "(() => { l.transfer(); return l })()",
            "(() => { const v = new Uint8Array(8); v.buffer.transfer(); return v })()",
            "(() => { const v = new DataView(new ArrayBuffer(8)); v.buffer.transfer(); return v })()",
            "(() => { const b = new ArrayBuffer(8, { maxByteLength: 8 }); const v = new Uint8Array(b, 4); b.resize(2); return v })()",
        ] {
            assert_eq!(bytes(none), None, "{none}");
        }
    });
}
