//! A sandbox from Rust: a plugin in TypeScript, a function of the app, a loop that would never end, and native work on bytes.
//!
//! `cargo run --example demo`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use hostbox::{CallOptions, Error, HostRuntime, PluginOptions};
use serde_json::{Value, json};

const PLUGIN: &str = "
    interface Order { item: string; price: number; amount: number }

    export async function total(orders: Order[], currency: string): Promise<string> {
        const rate: number = await bridge.rate(currency);
        const sum = orders.reduce((sum, { price, amount }) => sum + price * amount, 0);
        console.log('summed up', orders.length, 'orders');
        return `${(sum * rate).toFixed(2)} ${currency}`;
    }

    export function spin(): never {
        for (;;);
    }

    export async function pack(length: number): Promise<number[]> {
        const packed = await native.gzipCompress(new Uint8Array(length));
        const [inverted] = await native.chain(['gzip_decompress', 'invert'], packed);
        return [packed.length, inverted];
    }
";

fn rate(args: Vec<Value>) -> Result<Value, String> {
    match args.first().and_then(Value::as_str) {
        Some("EUR") => Ok(json!(0.92)),
        other => Err(format!("no rate for {other:?}")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let host = HostRuntime::builder("demo")
        .bridge("rate", rate)
        .console(|entry| println!("  [{}] {}", entry.level, entry.text))
        .build()?;
    let typescript = PluginOptions { filename: Some("shop.ts".into()), ..PluginOptions::default() };
    host.load_plugin("shop", PLUGIN, typescript).await?;

    let orders = json!([{ "item": "tea", "price": 4.5, "amount": 2 }, { "item": "pot", "price": 30, "amount": 1 }]);
    println!("total: {}", host.call("shop", "total", &[orders.clone(), json!("EUR")]).await?);

    let refused = host.call("shop", "total", &[orders, json!("XYZ")]).await.err();
    println!("an error of the app, through the guest: {}", refused.map_or_else(String::new, |error| error.to_string()));

    let short = CallOptions { timeout: Some(Duration::from_millis(100)) };
    let stopped = host.call_with("shop", "spin", &[], short).await.err();
    println!("a loop without an end: {}", stopped.map_or_else(String::new, |error| error.to_string()));

    println!(
        "a megabyte of zeros, packed to bytes and its first one inverted: {}",
        host.call("shop", "pack", &[json!(1 << 20)]).await?
    );
    println!("the sandbox holds {} KiB", host.stats().heap_bytes / 1_024);
    host.close().await;
    Ok(())
}
