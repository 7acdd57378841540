use serde_json::json;

use super::*;

#[test]
fn json_comes_through_the_engine_unchanged() {
    world(|w| {
        let value = json!({ "a": [1, -2, 1.5, 1e300, 4_294_967_296_u64, null, true, "grün", "日本😀"], "5": {}, "": [[]], "deep": { "x": [{}] } });
        let payload = Payload::from_json(&value);
        assert_eq!(payload.to_json().unwrap(), value);
        let clone = w.decode(payload).unwrap();
        assert_eq!(w.encode(&clone).unwrap().to_json().unwrap(), value);
    });
}

#[test]
fn values_beyond_json_map_or_are_refused() {
    world(|w| {
        let json = |source: &str| w.encode(&w.eval(source)).unwrap().to_json().map_err(|error| error.to_string());
        assert_eq!(json("undefined"), Ok(json!(null)));
        assert_eq!(json("[undefined, NaN, -0, Infinity, , ]"), Ok(json!([null, null, 0, null, null])));
        assert_eq!(json("({ a: undefined, b: 1 })"), Ok(json!({ "b": 1 })));
        assert_eq!(json("new Map([[1, 'a']])"), Ok(json!([[1, "a"]])));
        assert_eq!(json("new Set([1, 2])"), Ok(json!([1, 2])));
        assert_eq!(json("new Date(1234567890123)"), Ok(json!("2009-02-13T23:31:30.123Z")));
        assert_eq!(json("/a/g"), Ok(json!("/a/g")));
        assert_eq!(json("Object(1)"), Ok(json!(1)));
        assert_eq!(json("(o => [o, o])({ x: [1] })"), Ok(json!([{ "x": [1] }, { "x": [1] }])));
        let error = json("Object.assign(new TypeError('m', { cause: 1 }), { stack: 's' })");
        assert_eq!(error, Ok(json!({ "name": "TypeError", "message": "m", "stack": "s", "cause": 1 })));
        assert_eq!(json("1n"), Err("a BigInt cannot be written as JSON".into()));
        assert_eq!(json("[new Uint8Array(1)]"), Err("a buffer cannot be written as JSON".into()));
        assert_eq!(json("(o => o.o = o)({})"), Err("a cycle cannot be written as JSON".into()));
        let deep = json("(() => { let v = []; for (let i = 0; i < 600; i++) v = [v]; return v })()");
        assert_eq!(deep, Err("nesting that deep cannot be written as JSON".into()));
        let laughs = json("(() => { let v = [1]; for (let i = 0; i < 60; i++) v = [v, v]; return v })()");
        assert_eq!(laughs, Err("a value that shares so much cannot be written as JSON".into()));
    });
}

#[test]
fn dates_read_as_javascript_writes_them() {
    world(|w| {
        for time in [
            "0",
            "-1",
            "951782400000",
            "951868799999",
            "-62167219200000",
            "-62198755200000",
            "8.64e15",
            "-8.64e15",
            "253402300800000",
            "4107542400000",
        ] {
            w.set_global("t", w.eval(time));
            let text = w.encode(&w.eval("new Date(t)")).unwrap().to_json().unwrap();
            let expected = w.encode(&w.eval("new Date(t).toISOString()")).unwrap().to_json().unwrap();
            assert_eq!(text, expected);
        }
        assert_eq!(w.encode(&w.eval("new Date(NaN)")).unwrap().to_json().unwrap(), json!(null));
    });
}
