use super::*;

fn module(source: &str) -> String {
    strip(source, "a.ts", StripOptions::default()).unwrap().code
}

fn error(source: &str) -> SyntaxError {
    strip(source, "a.ts", StripOptions::default()).unwrap_err()
}

#[test]
fn types_are_removed_and_javascript_stays() {
    let source = "import { type A, b } from './b.ts';\nimport type C from 'c';\ninterface I { x: number }\n\
                  export const x = b as unknown as number satisfies number;\nlet y = x!;\ny ??= a?.b ** 2n;\n";
    assert_eq!(module(source), "import { b } from \"./b.ts\";\nexport const x = b;\nlet y = x;\ny ??= a?.b ** 2n;\n");
}

#[test]
fn enums_namespaces_and_parameter_properties_become_code() {
    let enums = module("enum A { B = 1, C }\nconst enum D { E = 'x' }\nlog(A.C, D.E);");
    assert!(enums.contains("A[A[\"B\"] = 1] = \"B\""), "{enums}");
    assert!(module("namespace N { export const x = 1; }").contains("N || (N = {})"));
    let class = module("class A { constructor(private x: number, public readonly y = 2) {} }");
    assert!(class.contains("this.x = x") && class.contains("this.y = y"), "{class}");
}

#[test]
fn decorators_stay() {
    assert!(module("@a class B { @c d: number = 1 }").contains("@a"));
}

#[test]
fn commonjs_forms_become_require_and_exports() {
    let options = StripOptions::for_file("a.cts");
    let code = strip("import x = require('y');\nexport = x.z;\nreturn;", "a.cts", options).unwrap().code;
    assert_eq!(code, "const x = require(\"y\");\nmodule.exports = x.z;\nreturn;\n");
}

#[test]
fn jsx_is_for_tsx_alone() {
    let code = strip("let a = <b c={1}>d's</b>;", "a.tsx", StripOptions::default()).unwrap().code;
    assert!(code.contains("jsx"), "{code}");
    assert!(strip("let a = <b c={1}>d</b>;", "a.ts", StripOptions::default()).is_err());
}

#[test]
fn errors_point_into_the_typescript() {
    let SyntaxError { line, column, filename, .. } = error("let a: number = 1;\r\nlet \u{1f980} = ;");
    assert_eq!((line, filename.as_str()), (2, "a.ts"));
    assert!(column >= 5);
    let twice = error("let a: string;\n  let a;");
    assert_eq!((twice.line, twice.column), (1, 5));
    assert!(error("let x = (").to_string().starts_with("a.ts:1:"));
}

#[test]
fn ambiguous_slashes_are_read_both_ways() {
    for source in [
        "if (a) /[(]/.test(b);",
        "{}\n/[(]/.test(b);",
        "type A = B\n/[(]/.test(b);",
        "let x = (a) / (b) / c;",
        "i++ / 2; a! / 2; b as any / 2;",
        "let a = { if: 1 }.if / 2; x.return / 2; 1. / 2;",
        "let s = `${a / b}${`${/`/.source}`}` / 2;",
        "for (const x of /a[/]b/.source) ;",
        "a = b\n/hi/g.exec(c).map(d);",
        "while (n-->0) ;",
        "let \\u{61}b = 1; \\u{61}b / 2;",
        "#!/usr/bin/env node (((\nlet a = 1;",
    ] {
        strip(source, "a.ts", StripOptions::default()).unwrap_or_else(|error| panic!("{source}: {error}"));
    }
}

#[test]
fn ordinary_large_sources_pass() {
    let concatenation = format!("let s = 'a'{};", " + 'b'".repeat(5_000));
    let unterminated =
        "const f = (a?: Map<string, number>): string => { return a ? g(a) : 'x' }\nfoo.bar(f).baz()\n".repeat(10_000);
    let minified = "function a(b,c){return b?c(d=>d/2):(e=b,f(e)[0]/=2,{g:!e})}".repeat(17_000);
    let json = format!("export default [{}];", "{\"a\":-1,\"b\":[1.5e3,null]},".repeat(40_000));
    let calls = format!("a{};", ".b(c)".repeat(5_000));
    for source in [concatenation, minified, json, calls, unterminated.replace("const", "var")] {
        let result = strip(&source, "a.cts", StripOptions::for_file("a.cts"));
        assert!(result.is_ok() || !source.starts_with("a"), "{:?}", result.err());
        assert!(result.as_ref().err().is_none_or(|error| error.message.contains("export")), "{:?}", result.err());
    }
}

#[test]
fn sources_that_are_too_long_are_refused() {
    assert!(error(&" ".repeat(SOURCE_BYTES_MAX + 1)).message.contains("too long"));
    let options = StripOptions::default();
    assert!(strip(&" ".repeat(TSX_BYTES_MAX + 1), "a.tsx", options).unwrap_err().message.contains("too long"));
}

#[test]
fn a_panic_of_the_compiler_is_an_error() {
    let result: Result<(), _> = on_large_stack(|| std::panic::resume_unwind(Box::new("bug")));
    assert_eq!(result, Err("internal error of the TypeScript compiler"));
}
