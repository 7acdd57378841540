use hostbox_source::typescript::*;
fn main() {
    let w = std::env::args().nth(1).unwrap();
    let fill = |u: String| u.repeat((4 << 20) / u.len());
    let s = match w.as_str() {
        "ext" => {
            fill(format!("type X={}D{};\n", "A extends B?".repeat(9000), ":C".repeat(9000))).replace("type X", "type X")
        }
        "fn" => format!("{}{}{}", "function f(){".repeat(500), "a;".repeat(2_000_000), "}".repeat(500)),
        "fnvar" => format!("{}{}{}", "function f(){".repeat(500), "var a;a;".repeat(500_000), "}".repeat(500)),
        "fns" => fill(format!("{}{}", "function f(){".repeat(500), "}".repeat(500))),
        "brace" => fill(format!("{}{}", "{".repeat(500), "}".repeat(500))),
        "classes" => fill(format!("{}{}", "(class{m(){".repeat(120), "}})".repeat(120)) + ";"),
        "ns" => fill("namespace A{export const x=1}".into()),
        "ns1" => fill(format!("namespace A{{{}}}", "export namespace B{export const x=1}".repeat(30))),
        "enum" => fill("enum A{b}".into()),
        "enum1" => format!("enum A{{{}}}", fill("b,".into())),
        "enum2" => {
            let mut t = String::from("enum A{");
            for i in 0..300000 {
                t += &format!("b{i},");
            }
            t + "}"
        }
        "await" => fill(format!("{}a;", "await ".repeat(2700))),
        "for" => fill(format!("{}a;", "for(a of b)".repeat(2700))),
        "lt" => fill(format!("{}a;", "a<".repeat(1900))),
        "lt2" => fill("x=a<b<c<d<e<f;".into()),
        "maybe" => fill("(a,b);".into()),
        "arrow" => fill(format!("x={}a;", "a=>".repeat(60000))),
        "label" => fill("x;".into()),
        "strs" => fill("'a';".into()),
        "props" => format!("x={{{}}}", fill("get a(){},".into())),
        "params" => format!("(({}a)=>1)", fill("a,".into())),
        "cls" => format!("class A{{{}}}", fill("a;".into())),
        "priv" => format!("class A{{#a;m(){{{}}}}}", fill("this.#a;".into())),
        "ctor" => {
            let mut t = String::from("class A{constructor(");
            for i in 0..200000 {
                t += &format!("public a{i},");
            }
            t + "){}}"
        }
        "imports" => {
            let mut t = String::new();
            for i in 0..150000 {
                t += &format!("import {{a{i}}} from 'b';");
            }
            t
        }
        "importeq" => {
            let mut t = String::new();
            for i in 0..120000 {
                t += &format!("import a{i}=b.c;a{i};");
            }
            t
        }
        "vars" => {
            let mut t = String::new();
            for i in 0..300000 {
                t += &format!("var a{i};");
            }
            t
        }
        "dup" => fill("var a;".into()),
        "infer" => fill(format!("type X={};", "A extends infer U?B:".repeat(2000) + "C")),
        "overload" => fill("function f():void;".into()) + "function f(){}",
        "comments" => fill("/*a*/".into()),
        "comments2" => fill("/*a*/\nb;//c\n".into()),
        "jsdoc" => fill("/** @a */x;".into()),
        "dec" => fill("@a class A{}".into()),
        "yield" => format!("function*f(){{{}}}", fill("yield 1;".into())),
        "obj" => fill("({a:1,b:[1]});".into()),
        "deflt" => fill("({a=1,b=[1]}={});".into()),
        "tpl" => fill("`${a}${b}`;".into()),
        _ => panic!(),
    };
    let s = s[..s.len().min(4 << 20)].to_string();
    let t0 = std::time::Instant::now();
    let len = s.len();
    let r = strip(&s, "a.ts", StripOptions { kind: SourceKind::CommonJs, source_map: true });
    let el = t0.elapsed();
    let rss = std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .find(|l| l.starts_with("VmHWM"))
        .unwrap()
        .to_string();
    println!(
        "{w} len={len} {}ms {} {}",
        el.as_millis(),
        rss,
        match r {
            Ok(j) => format!("ok {} {:?}", j.code.len(), j.map.map(|m| m.len())),
            Err(e) => format!("ERR {}", &e.to_string()[..e.to_string().len().min(90)]),
        }
    );
}
