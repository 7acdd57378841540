use hostbox_source::typescript::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    if a[1] == "file" {
        for f in &a[2..] {
            let Ok(s) = std::fs::read_to_string(f) else { continue };
            let t = std::time::Instant::now();
            let name = if f.ends_with(".tsx") {
                f.clone()
            } else if f.ends_with(".cjs") || f.ends_with(".js") {
                "x.cts".into()
            } else {
                "x.ts".to_string()
            };
            let mut o = StripOptions::for_file(&name);
            let mut r = strip(&s, &name, o);
            if let Err(e) = &r
                && name.ends_with("cts")
                && !e.message.contains("deep")
                && !e.message.contains("ambig")
            {
                o.kind = SourceKind::Module;
                r = strip(&s, "x.ts", o);
            }
            println!(
                "{:>8} {:>6}ms {} {}",
                s.len(),
                t.elapsed().as_millis(),
                match r {
                    Ok(_) => "ok".into(),
                    Err(e) => format!("ERR {e}"),
                },
                f
            );
        }
        return;
    }
    let n: usize = a[3].parse().unwrap();
    let s = format!("{}{}{}{}{}", a[4], a[5].repeat(n), a[6], a[7].repeat(n), a[8]);
    let t0 = std::time::Instant::now();
    let len = s.len();
    let mut o = StripOptions::default();
    if a[2] == "1" {
        o.kind = SourceKind::CommonJs;
    }
    let r = strip(&s, if a[1] == "1" { "a.tsx" } else { "a.ts" }, o);
    let el = t0.elapsed();
    let rss = std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .find(|l| l.starts_with("VmHWM"))
        .unwrap()
        .to_string();
    println!(
        "{:<28} len={len} {}ms {} {}",
        a[5],
        el.as_millis(),
        rss,
        match r {
            Ok(j) => format!("ok {}", j.code.len()),
            Err(e) => format!("ERR {}", &e.to_string()[..e.to_string().len().min(90)]),
        }
    );
}
