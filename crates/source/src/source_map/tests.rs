use super::*;
use crate::typescript::{StripOptions, strip};
use base64::Engine as _;

const MAP: &str = r#"{"version":3,"sources":["a.ts"],"names":["add"],"mappings":"AACEA;;IAEA"}"#;

fn map(mappings: &str) -> Result<SourceMap, SourceMapError> {
    SourceMap::parse(&format!(r#"{{"version":3,"sources":["a.ts"],"names":["n"],"mappings":"{mappings}"}}"#))
}

fn place(map: &SourceMap, line: u32, column: u32) -> Option<(u32, u32)> {
    map.lookup(line, column).map(|position| (position.line, position.column))
}

#[test]
fn lookup_finds_the_last_segment_at_or_before_a_column_of_the_same_line() {
    let map = SourceMap::parse(MAP).unwrap();
    assert_eq!(
        map.lookup(1, 9),
        Some(Position { source: "a.ts".into(), line: 2, column: 3, name: Some("add".into()) })
    );
    assert_eq!(place(&map, 2, 1), None);
    assert_eq!(place(&map, 3, 4), None);
    assert_eq!(place(&map, 3, 5), Some((4, 3)));
    assert_eq!(place(&map, 0, 0), None);
    assert_eq!(place(&map, u32::MAX, u32::MAX), None);
}

#[test]
fn a_segment_without_a_source_maps_to_nothing() {
    let map = map("AAAA,IAAA,I").unwrap();
    assert_eq!(place(&map, 1, 5), Some((1, 1)));
    assert_eq!(place(&map, 1, 9), None);
}

#[test]
fn columns_in_any_order_are_found() {
    let map = map("IAAA,JACA").unwrap();
    assert_eq!(place(&map, 1, 1), Some((2, 1)));
    assert_eq!(place(&map, 1, 5), Some((1, 1)));
}

#[test]
fn source_root_and_nameless_sources_are_understood() {
    let json = r#"{"version":3,"sourceRoot":"src","sources":[null,"b.ts"],"mappings":"AAAA;ACAA","sourcesContent":[null,"x"]}"#;
    let map = SourceMap::parse(json).unwrap();
    assert_eq!(map.lookup(1, 1), None);
    assert_eq!(map.lookup(2, 1).unwrap().source, "src/b.ts");
}

#[test]
fn hostile_mappings_are_errors() {
    let bad = [
        "gggggggggggggggggggggA",
        "g",
        "AAAAAAAAA",
        "AA",
        "D",
        "ADAA",
        "ACAA",
        "AAAAC",
        "AAAAD",
        "AAAD",
        "AADA",
        "A!",
        "AAAA\u{e9}",
    ];
    for mappings in bad {
        assert!(map(mappings).is_err(), "{mappings}");
    }
    let _ = map("+/////DAAA");
    let _ = map("+/////DAAA,+/////DAAA,AA+/////DA,AAA+/////D");
}

#[test]
fn hostile_json_is_an_error() {
    let deep = format!(r#"{{"version":3,"x":{}}}"#, "[".repeat(200_000));
    let many = format!(r#"{{"version":3,"sources":[],"mappings":"{}"}}"#, ";".repeat(SEGMENTS_MAX));
    let root =
        format!(r#"{{"version":3,"sourceRoot":"{}","sources":[{}"a"]}}"#, "r".repeat(1 << 20), r#""a","#.repeat(99));
    for json in [
        "",
        "null",
        "[]",
        r#"{"version":2}"#,
        r#"{"version":3,"sections":[]}"#,
        r#"{"version":-3}"#,
        &deep,
        &many,
        &root,
    ] {
        assert!(SourceMap::parse(json).is_err());
    }
    assert!(matches!(SourceMap::parse(&" ".repeat(MAP_BYTES_MAX + 1)), Err(SourceMapError::TooLarge(..))));
}

#[test]
fn the_last_inline_map_wins_in_every_encoding() {
    let base64 = base64::engine::general_purpose::STANDARD.encode(MAP);
    let percent: String = MAP.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for data in [
        format!("data:application/json;base64,{base64}"),
        format!("data:application/json;charset=utf-8;base64,{}", base64.trim_end_matches('=')),
        format!("DATA:application/json,{percent}"),
    ] {
        let source =
            format!("//# sourceMappingURL=data:application/json;base64,AAAA\nx\n//# sourceMappingURL={data}\n");
        let map = SourceMap::from_inline(&source).unwrap().unwrap();
        assert_eq!(place(&map, 1, 1), Some((2, 3)));
    }
}

#[test]
fn broken_inline_maps_are_errors_and_other_urls_are_none() {
    for data in
        ["data:", "data:application/json;base64,!!!", "data:application/json,%ff", "data:text/html,x", "data:,%7B%"]
    {
        assert!(SourceMap::from_inline(&format!("//# sourceMappingURL={data}")).unwrap().is_err(), "{data}");
    }
    assert!(SourceMap::from_inline("//# sourceMappingURL=a.js.map").is_none());
    assert!(SourceMap::from_inline("//# sourceMappingURL=\u{1f980}").is_none());
    assert!(SourceMap::from_inline("let x = 'sourceMappingURL=data:'").is_none());
}

#[test]
fn known_frames_are_rewritten_and_all_else_stays() {
    let map = SourceMap::parse(MAP).unwrap();
    let resolve = |file: &str| matches!(file, "host:a (1).js" | "a.js").then_some(&map);
    let before = "    at add (a.js:1:1)\n    at a.js:3:5\n    at f (x) (host:a (1).js:1:2)\n    at native\n    at g (b.js:1:1)\n    \
                  at h (a.js:2:1)\n    at i (a.js:99999999999:1)\nat\n\n    at (a.js:+1:1)\nfoo (a.js:1:1)\u{e9}";
    let after = "    at add (a.ts:2:3)\n    at a.ts:4:3\n    at f (x) (a.ts:2:3)\n    at native\n    at g (b.js:1:1)\n    \
                 at h (a.js:2:1)\n    at i (a.js:99999999999:1)\nat\n\n    at (a.js:+1:1)\nfoo (a.js:1:1)\u{e9}";
    assert_eq!(rewrite_stack(before, resolve), after);
}

#[test]
fn a_map_cannot_forge_frames() {
    let map = SourceMap::parse(r#"{"version":3,"sources":["x\n    at root (y"],"mappings":"AAAA"}"#).unwrap();
    let line = "    at a (a.js:1:1)";
    assert_eq!(rewrite_stack(line, |_| Some(&map)), line);
}

#[test]
fn a_stripped_plugin_maps_back_to_its_typescript() {
    let source = "interface A {\n  x: number;\n}\nenum E { One }\n  throw new Error(String(E.One));\n";
    let javascript = strip(source, "plugin.ts", StripOptions::default()).unwrap();
    let at = javascript.code.lines().position(|line| line.starts_with("throw")).unwrap();
    let map = SourceMap::parse(&javascript.map.unwrap()).unwrap();
    let stack = rewrite_stack(&format!("    at <eval> (plugin.ts:{}:1)\n", at + 1), |_| Some(&map));
    assert_eq!(stack, "    at <eval> (plugin.ts:5:3)\n");
}
