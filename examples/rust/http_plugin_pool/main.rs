//! A pool of plugins behind HTTP, and a client that is itself a guest: it fetches `/invoke` many times at once and prints the answers in the
//! order of their completion. The guests are those of the example for Node.
//!
//! `cargo run --example http_plugin_pool [rounds]`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod pool;
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hostbox::{HostRuntime, Limits, PluginOptions};
use pool::Pool;
use serde_json::json;

const PLUGIN: &str = include_str!("../../node/http-plugin-pool/plugin.cjs");
const CLIENT: &str = include_str!("../../node/http-plugin-pool/client.guest.js");
const SANDBOXES: usize = 4;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds: u32 = std::env::args().nth(1).map_or(Ok(20), |rounds| rounds.parse())?;
    let limits = Limits { timeout: Duration::from_secs(5), ..Limits::default() };
    let pool = Arc::new(Pool::new(SANDBOXES, limits, &[("work", PLUGIN)]).await?);
    let (origin, server) = server::start(pool.clone()).await?;

    // The client may connect to the server, and to nothing else.
    let client = HostRuntime::builder("http-client")
        .grant_net(origin.as_str())
        .console(|entry| println!("{}", entry.text))
        .build()?;
    client.load_plugin("client", CLIENT, PluginOptions::default()).await?;
    let started = Instant::now();
    let counted = client.call("client", "run", &[json!(origin), json!(rounds)]).await?;
    println!(
        "{} answers in {} ms, {} of them failures, from {SANDBOXES} sandboxes",
        counted["answers"],
        started.elapsed().as_millis(),
        counted["failures"]
    );

    client.close().await;
    server.abort();
    pool.close().await;
    Ok(())
}
