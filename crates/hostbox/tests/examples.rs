//! The examples, each in a process of its own and to its end. `cargo test` builds them; with `--test examples` alone they have to be there.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use std::path::PathBuf;
use std::process::Command;

fn run(example: &str, args: &[&str]) -> String {
    let own = std::env::current_exe().unwrap();
    let built: PathBuf = own.ancestors().nth(2).unwrap().join("examples").join(example);
    let output = Command::new(&built).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}; cargo build --examples", built.display()));
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_demo_shows_values_errors_and_a_deadline() {
    let text = run("demo", &[]);
    for part in ["total: \"35.88 EUR\"", "ERR_GUEST: no rate for", "ERR_TIMEOUT: ", "[log] summed up 2 orders"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn the_pool_answers_every_call_of_its_client_in_the_order_of_completion() {
    let text = run("http_plugin_pool", &["6"]);
    let lines: Vec<&str> = text.lines().collect();
    // Three calls a round, and one that fails in every fifth.
    assert_eq!(lines.len(), 6 * 3 + 2 + 1, "{text}");
    assert!(lines.last().unwrap().starts_with("20 answers in "), "{text}");
    assert!(lines.last().unwrap().ends_with("2 of them failures, from 4 sandboxes"), "{text}");
    assert!(lines.contains(&"#5.3 ERR_GUEST: on purpose") && lines.contains(&"#0.1 168"), "{text}");
    // What waits for 37 ms comes after what does not wait.
    let at = |line: &str| lines.iter().position(|other| *other == line).unwrap();
    assert!(at("#1.0 round 1") > at("#1.1 303"), "{text}");
}
