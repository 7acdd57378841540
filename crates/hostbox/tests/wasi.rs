//! `HostRuntime::wasi`: options of a run, and what the console hears of it.

#![cfg(all(feature = "fs", feature = "wasi"))]
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use std::sync::{Arc, Mutex};

use hostbox::{Error, HostRuntime, WasiOptions};

/// `command <part> [argument …]`; see its source.
fn command() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/fixtures/commands/command.wasm")).unwrap()
}

async fn run(host: &HostRuntime, args: &[&str], options: WasiOptions) -> Result<i32, Error> {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Ok(host.wasi()?.run(command(), WasiOptions { args, ..options }).await?.exit_code)
}

#[tokio::test]
async fn fuel_and_a_stack_of_its_own_bound_a_run() {
    let host = HostRuntime::builder("wasi").wasi(true).build().unwrap();
    let fuel = |fuel| WasiOptions { fuel: Some(fuel), stack_bytes: Some(100_000), ..WasiOptions::default() };
    assert_eq!(run(&host, &["args"], fuel(1_000_000)).await.unwrap(), 0);
    let error = run(&host, &["spin"], fuel(1_000_000)).await.unwrap_err();
    assert_eq!((error.code(), error.limit()), ("ERR_LIMIT", Some("fuel")));
    for bytes in [1_000, 8 << 20] {
        let options = WasiOptions { stack_bytes: Some(bytes), ..WasiOptions::default() };
        let error = run(&host, &["args"], options).await.unwrap_err();
        assert_eq!(error.code(), "ERR_ARGUMENT");
        assert!(
            error.to_string().contains(&format!("from 65536 to 4194304 for stack_bytes but received {bytes}")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_console_hears_which_file_was_denied() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Arc<Mutex<Vec<_>>> = Arc::default();
    let heard = lines.clone();
    let builder = HostRuntime::builder("wasi").wasi(true).grant_fs("/data", folder.path());
    let host = builder.console(move |entry| heard.lock().unwrap().push((entry.level, entry.text))).build().unwrap();
    assert_eq!(run(&host, &["mkdir", "/data/new"], WasiOptions::default()).await.unwrap(), 1);
    let line = "creating the directory \"/data/new\" refused: permissions.fs grants it without write (granted: /data for reading)";
    assert_eq!(*lines.lock().unwrap(), [("warn", line.to_owned())]);
}
