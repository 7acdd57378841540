//! Resident sandboxes with the same plugins, and calls that go to the one with the least to do.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use hostbox::{CallOptions, Error, HostRuntime, Limits, PluginOptions};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// Calls that one sandbox has under way at most; more of them wait.
const AT_ONCE: usize = 64;

/// One call of a batch.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    plugin: String,
    r#fn: String,
    #[serde(default)]
    args: Vec<Value>,
    /// Calls with one key go to one sandbox.
    key: Option<String>,
    timeout_ms: Option<u64>,
}

struct Member {
    host: HostRuntime,
    places: Semaphore,
}

pub struct Pool(Vec<Member>);

impl Pool {
    /// Makes the sandboxes and loads the plugins, `(name, source)`, into each.
    pub async fn new(size: usize, limits: Limits, plugins: &[(&str, &str)]) -> Result<Self, Error> {
        let mut members = Vec::with_capacity(size);
        for _ in 0..size {
            let host = HostRuntime::builder("http-plugin-pool").limits(limits.clone()).build()?;
            for (name, source) in plugins {
                host.load_plugin(*name, *source, PluginOptions::default()).await?;
            }
            members.push(Member { host, places: Semaphore::new(AT_ONCE) });
        }
        Ok(Self(members))
    }

    /// Begins all calls; their outcomes come as JSON, each when it is there. Who drops the receiver cancels what is left.
    pub fn invoke(self: &Arc<Self>, requests: Vec<Request>) -> mpsc::Receiver<Value> {
        let (sender, receiver) = mpsc::channel(AT_ONCE);
        let mut calls = JoinSet::new();
        for (index, request) in requests.into_iter().enumerate() {
            let pool = self.clone();
            calls.spawn(async move {
                match pool.call(request).await {
                    Ok(value) => json!({ "index": index, "ok": true, "value": value }),
                    Err(error) => {
                        let error = json!({ "code": error.code(), "message": error.message() });
                        json!({ "index": index, "ok": false, "error": error })
                    }
                }
            });
        }
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    // Dropping the set drops the calls, and dropping a call cancels it.
                    () = sender.closed() => return,
                    outcome = calls.join_next() => match outcome {
                        Some(Ok(outcome)) => drop(sender.send(outcome).await),
                        Some(Err(_)) => {}
                        None => return,
                    },
                }
            }
        });
        receiver
    }

    async fn call(&self, request: Request) -> Result<Value, Error> {
        let member = self.member(request.key.as_deref());
        let _place = member.places.acquire().await;
        let options = CallOptions { timeout: request.timeout_ms.map(Duration::from_millis) };
        member.host.call_with(&request.plugin, &request.r#fn, &request.args, options).await
    }

    fn member(&self, key: Option<&str>) -> &Member {
        let index = match key {
            Some(key) => {
                let mut hasher = DefaultHasher::new();
                key.hash(&mut hasher);
                (hasher.finish() % self.0.len() as u64) as usize
            }
            None => (0..self.0.len()).max_by_key(|index| self.0[*index].places.available_permits()).unwrap_or(0),
        };
        &self.0[index]
    }

    pub async fn close(&self) {
        for member in &self.0 {
            member.host.close().await;
        }
    }
}
