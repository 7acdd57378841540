//! Sources that attack the compiler's stack, memory and time. A stack overflow here ends the test process.

use super::*;

/// Before, the repeated part, middle, the repeated closing part, after.
const FAMILIES: &[[&str; 5]] = &[
    ["", "(", "a", ")", ""],
    ["x=", "[", "a", "]", ""],
    ["", "{", "", "}", ""],
    ["x=", "!", "a", "", ""],
    ["x=", "- ", "a", "", ""],
    ["x=", "+", "a", "", ""],
    ["x=", "-~", "a", "", ""],
    ["x=", "a=>", "a", "", ""],
    ["x=", "(a)=>", "a", "", ""],
    ["x=", "(a=", "a", ")", ""],
    ["x=", "(a=>", "a", ")", ""],
    ["x=", "async a=>", "a", "", ""],
    ["x=", "a?b:", "c", "", ""],
    ["x=", "a?", "b", ":c", ""],
    ["x=", "a?(b):", "c", "", ""],
    ["x=", "a?(b):c=>", "c", "", ""],
    ["x=", "a?(", "c", "):b", ""],
    ["x=", "a+", "a", "", ""],
    ["x=", "a**", "a", "", ""],
    ["x=", "a??", "a", "", ""],
    ["x=", "a||", "a", "", ""],
    ["x=", "a,", "a", "", ""],
    ["a", ".b", "", "", ""],
    ["a", "()", "", "", ""],
    ["a", "[0]", "", "", ""],
    ["a", "?.b", "", "", ""],
    ["a", "?.()", "", "", ""],
    ["a", "?.[0]", "", "", ""],
    ["a", "!", "", "", ""],
    ["a", "``", "", "", ""],
    ["a", "<T>()", "", "", ""],
    ["", "x=", "a", "", ""],
    ["", "x+=", "a", "", ""],
    ["", "[x]=", "a", "", ""],
    ["", "({x}=", "a", ")", ""],
    ["x=", "`${", "a", "}`", ""],
    ["", "if(a)b;else ", "c", "", ""],
    ["", "if(a)", "c", "", ""],
    ["", "if(a){}else ", "c", "", ""],
    ["", "a:", "b", "", ""],
    ["x=", "new ", "a", "", ""],
    ["", "await ", "a", "", ""],
    ["x=", "typeof ", "a", "", ""],
    ["x=", "void ", "a", "", ""],
    ["x=", "delete ", "a.b", "", ""],
    ["function*f(){", "yield ", "a", "", "}"],
    ["let x:", "A<", "B", ">", ""],
    ["let x:", "[", "B", "]", ""],
    ["let x:", "A|(", "B", ")", ""],
    ["let x:", "A|", "B", "", ""],
    ["let x:", "A&", "B", "", ""],
    ["let x:", "keyof ", "B", "", ""],
    ["let x:", "readonly ", "B[]", "", ""],
    ["let x=a", " as b", "", "", ""],
    ["let x=a", " satisfies b", "", "", ""],
    ["let x:", "A extends B?C:", "D", "", ""],
    ["let x:", "A extends B?", "D", ":C", ""],
    ["let x:", "()=>", "D", "", ""],
    ["let x:", "new()=>", "D", "", ""],
    ["let x:", "(a:", "D", ")=>E", ""],
    ["let x:", "{a:", "D", "}", ""],
    ["let x:", "D", "", "", ""],
    ["let x:A", "[]", "", "", ""],
    ["let x:A", "[B]", "", "", ""],
    ["let x:", "A[", "B", "]", ""],
    ["let x:A", ".B", "", "", ""],
    ["let x:typeof a", ".b", "", "", ""],
    ["let x:typeof a", "<typeof a", "", ">", ""],
    ["let x:", "import('a').A<", "B", ">", ""],
    ["let x:", "`${", "B", "}`", ""],
    ["let x:", "A extends infer U extends ", "D", "?C:D", ""],
    ["let x:", "{[k in ", "D", "]:E}", ""],
    ["let x:", "?", "D", "", ""],
    ["let x:", "!", "D", "", ""],
    ["let x:", "...", "D", "", ""],
    ["let x:", "asserts x is ", "D", "", ""],
    ["type X=", "<T>()=>", "D", "", ""],
    ["type X=", "<T extends ", "D", ">()=>D", ""],
    ["type X<T=", "A<", "B", ">", ">=T"],
    ["", "type X=", "D", "", ""],
    ["", "class A{x=", "1", "}", ""],
    ["", "class A{m(){", "", "}}", ""],
    ["x=", "class A extends ", "B", "{}", ""],
    ["", "class A{static{", "", "}}", ""],
    ["x=", "class{[", "1", "]}", ""],
    ["x=", "@a ", "class{}", "", ""],
    ["", "@a ", "class B{}", "", ""],
    ["", "function f(){", "", "}", ""],
    ["x=", "function(){", "", "}", ""],
    ["", "for(;;)", "a", "", ""],
    ["", "while(1)", "a", "", ""],
    ["", "do ", "a", " while(1);", ""],
    ["", "for(a of b)", "a", "", ""],
    ["", "with(a)", "b", "", ""],
    ["", "try{", "", "}finally{}", ""],
    ["", "switch(a){case 1:", "", "}", ""],
    ["x=", "{a:", "1", "}", ""],
    ["x=", "{a(){", "", "}}", ""],
    ["x=", "{...", "a", "}", ""],
    ["", "let {a:", "b", "}=c", ""],
    ["", "let [", "b", "]=c", ""],
    ["", "let {a=", "b", "}=c", ""],
    ["function f(", "a=(", "1", ")", "){}"],
    ["", "namespace A{", "", "}", ""],
    ["namespace A", ".B", "{}", "", ""],
    ["", "export namespace A{", "export const b=1", "}", ""],
    ["", "declare module A{", "", "}", ""],
    ["", "enum A{b=", "1", "}", ""],
    ["enum A{b=", "(", "1", ")", "}"],
    ["enum A{b=", "-", "1", "", "}"],
    ["enum A{b=", "1+", "1", "", "}"],
    ["x=", "<T>", "a", "", ""],
    ["x=", "<T>(a)=>", "a", "", ""],
    ["x=", "import(", "a", ")", ""],
    ["x=", "a<", "a", "", ""],
    ["x=", "a<(", "a", "", ""],
    ["x=", "a<b>(", "a", ")", ""],
    ["a", "`${1}`", "", "", ""],
    ["x=", "'a'+", "1", "", ""],
    ["import a=b", ".c", "", "", ""],
    ["x=", "a in ", "a", "", ""],
    ["x=", "a instanceof ", "a", "", ""],
    ["", "#a in ", "a", "", ""],
    ["x=", "/a/+", "1", "", ""],
    ["x=/", "(", "a", ")", "/"],
    ["x=", "async()=>{await ", "a", "}", ""],
    ["x=", "a?.[", "a", "]", ""],
    ["x=", "new a(", "a", ")", ""],
    ["x=", "a(", "a", ")", ""],
    ["x=", "a[", "a", "]", ""],
    ["x=", "a`${", "a", "}`", ""],
    ["", "export default ", "a", "", ""],
    ["", "throw ", "a", "", ""],
    ["", "return ", "a", "", ""],
    ["x=", "({get a(){return ", "1", "}})", ""],
    ["", ";", "", "", ""],
    ["", "a\n", "", "", ""],
    ["", "let a;", "", "", ""],
    ["", "/a/;", "", "", ""],
    ["", "//\n", "", "", ""],
    ["", "'a';", "", "", ""],
    ["", "<!--", "", "", ""],
    ["", "{}", "", "", ""],
    ["", "()=>{};", "", "", ""],
    ["", "enum A{b}", "", "", ""],
    ["", "namespace A{export const x=1}", "", "", ""],
];

/// Before, the repeated part, middle, the repeated closing part, after.
const TSX_FAMILIES: &[[&str; 5]] = &[
    ["x=", "<a>", "", "</a>", ""],
    ["x=", "<a b=", "<a/>", "/>", ""],
    ["x=", "<a>{", "b", "}</a>", ""],
    ["x=", "<>", "", "</>", ""],
    ["x=<a", ".b", "/>", "", ""],
    ["x=", "<a b={", "c", "}/>", ""],
    ["x=", "<a{...", "c", "}/>", ""],
];
fn build([before, unit, middle, close, after]: &[&str; 5], count: usize) -> String {
    format!("{before}{}{middle}{}{after}", unit.repeat(count), close.repeat(count))
}

fn survives(family: &[&str; 5], filename: &str, count: usize) {
    for kind in [SourceKind::Module, SourceKind::CommonJs] {
        let _ = strip(&build(family, count), filename, StripOptions { kind, source_map: true });
    }
}

#[test]
fn every_family_survives_a_hundred_thousand_repetitions() {
    FAMILIES.iter().for_each(|family| survives(family, "a.ts", 100_000));
    TSX_FAMILIES.iter().for_each(|family| survives(family, "a.tsx", 100_000));
}

#[test]
fn every_family_survives_just_below_the_unscanned_length() {
    for family in FAMILIES {
        survives(family, "a.ts", ALWAYS_SAFE_BYTES / (family[1].len() + family[3].len()) - 16);
    }
    for family in TSX_FAMILIES {
        survives(family, "a.tsx", TSX_BYTES_MAX / (family[1].len() + family[3].len()) - 16);
    }
}

/// The most repetitions that the scan lets pass, within two in a hundred.
fn most_that_pass(family: &[&str; 5]) -> usize {
    let passes = |count: usize| scan::check(&build(family, count)).is_ok();
    let (mut low, mut high) = (0, 120_000);
    while high - low > 1 + low / 50 {
        let middle = usize::midpoint(low, high);
        if passes(middle) { low = middle } else { high = middle }
    }
    low
}

#[test]
fn every_family_runs_on_a_quarter_of_the_stack() {
    for family in FAMILIES {
        let source = build(family, most_that_pass(family));
        let place = Place { source: &source, filename: "a.ts" };
        let options = StripOptions::default();
        thread::scope(|scope| {
            let builder = thread::Builder::new().stack_size(cost::STACK_BYTES / 4);
            let _ = builder.spawn_scoped(scope, || compile(&place, false, options)).unwrap().join();
        });
    }
}

#[test]
fn nesting_cannot_hide_from_the_scan() {
    let nest = "(".repeat(100_000);
    for source in [
        format!("x = a ? /\"/ : {nest} + '\"'"),
        format!("if (a) /'/; {nest}'"),
        format!("{{}} /'/; {nest}'"),
        format!("type A = B\n/'/; {nest}'"),
        format!("x = a\n++/'/.x; {nest}'"),
        format!("x = a.if(b) /1+{nest}/1"),
        format!("x = 1./2 + '/' + {nest}"),
        format!("x = a\u{a0}/ '/ ' + {nest}"),
        format!("x = return\u{a0}/'/.x + {nest}'"),
        format!("x = \\u{{7b}}{nest}"),
        format!("x = `${{`}}`}}{nest}"),
        format!("<!-- '\n{nest}'"),
        format!("x\n--> '\n{nest}'"),
        format!("// \u{2028}{nest}"),
        format!("x = '\\\n' + {nest}"),
        format!("x = '\\\r\n' + {nest}"),
        format!("x = /[/'\"`]/ + {nest}"),
        format!("x = {}1{}", "(\")\",".repeat(100_000), ")".repeat(100_000)),
        format!("x = {}1", "[']',".repeat(100_000)),
        format!("x = {}1", "(/)/,".repeat(100_000)),
        format!("x = {}1", "(/*)*/".repeat(100_000)),
        format!("x = {}1", "(`)`,".repeat(100_000)),
    ] {
        assert!(strip(&source, "a.ts", StripOptions::default()).is_err(), "{}", &source[..12]);
        let _ = strip(&source, "a.ts", StripOptions { kind: SourceKind::Script, source_map: false });
    }
}

#[test]
fn attempts_that_the_parser_throws_away_are_bounded() {
    for unit in ["(a=", "a<", "a<(", "a?(b):c=>", "({x}=", "[a]=(b=", "(a,"] {
        let below = format!("x={}a;\n", unit.repeat(100));
        let refused = strip(&below.repeat(4_000), "a.ts", StripOptions::default()).unwrap_err();
        assert!(refused.line <= 4_001, "{unit}: {refused}");
    }
}

#[test]
fn text_between_tags_cannot_hide_attempts() {
    for cover in ["'", "//", "/*", "`", "\"", ")", "}"] {
        for unit in ["(a=", "a<", "a<(", "a?(b):c=>", "(a=\")\"+", "(a=//x\n"] {
            let source = format!("x=<a>{cover}</a>;x={}a", unit.repeat((TSX_BYTES_MAX - 64) / unit.len()));
            assert!(strip(&source, "a.tsx", StripOptions::default()).is_err());
        }
    }
}

#[test]
fn the_limits_leave_a_margin() {
    assert!(cost::STACK_BYTES as u64 >= 8 * cost::STACK_MAX);
    let worst_byte = 1_730;
    assert!(ALWAYS_SAFE_BYTES.max(TSX_BYTES_MAX) * worst_byte * 8 <= cost::STACK_BYTES);
}
