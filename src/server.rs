//! `Component.serve()`: an HTTP server in front of a component, on threads of its own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hostbox::parts::component::{Component, Error as WasmError, Server};
use hostbox::parts::{Event, Payload, next_ticket, spawn};
use napi::{Env, Error, Result};
use napi_derive::napi;
use tokio::sync::Notify;

use crate::component::NativeComponent;
use crate::frames::number;
use crate::furnished::{Furnished, NativeInstanceOptions};
use crate::instance::{Inner, NativeInstance, failure, thrown};

/// Where it listens, as `lib/server.js` checked it.
#[napi(object)]
pub struct NativeServerOptions {
    /// An IP address.
    pub host: String,
    pub port: u16,
    pub concurrency: u32,
}

/// Figures of a server.
#[napi(object)]
pub struct NativeServerStats {
    pub requests: f64,
    pub active: f64,
    pub failed: f64,
    pub connections: f64,
}

/// A server, once `listen` has been answered.
#[napi]
pub struct NativeServer {
    inner: Arc<Inner>,
    begin: Mutex<Option<(Component, Furnished)>>,
    address: SocketAddr,
    concurrency: usize,
    server: Arc<OnceLock<Server>>,
    closing: Arc<Notify>,
}

#[napi]
impl NativeServer {
    /// One that does not listen yet. The instance stands for the app's functions alone.
    #[napi(constructor)]
    pub fn new(
        instance: &NativeInstance,
        component: &NativeComponent,
        options: NativeInstanceOptions,
        server: NativeServerOptions,
    ) -> Result<Self> {
        let inner = instance.inner.clone();
        let furnished = inner.furnished(options)?;
        let host = server.host.parse().map_err(|_| Error::from_reason("ERR_ARGUMENT: Expected an IP address"))?;
        Ok(Self {
            inner,
            begin: Mutex::new(Some((component.component()?.clone(), furnished))),
            address: SocketAddr::new(host, server.port),
            concurrency: server.concurrency as usize,
            server: Arc::default(),
            closing: Arc::default(),
        })
    }

    /// Begins to listen; the ticket of the answer, after which `url` is there.
    #[napi]
    pub fn listen(&self, env: Env) -> Result<f64> {
        let begin = self.begin.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (component, furnished) = begin.ok_or_else(|| Error::from_reason("ERR_INTERNAL: it listens already"))?;
        let (address, concurrency, inner) = (self.address, self.concurrency, self.inner.clone());
        let server = self.server.clone();
        Ok(self.settle(env, async move {
            let told = inner.clone();
            let furnish = move || furnished.options(inner.stop(inner.deadline()));
            let failed = move |error: &WasmError| told.tell(format!("a request failed: {error}"));
            let started = Server::start(component, address, concurrency, Arc::new(furnish), Arc::new(failed)).await?;
            let _ = server.set(started);
            Ok(())
        }))
    }

    /// The ticket of its end.
    #[napi]
    pub fn ended(&self, env: Env) -> f64 {
        let (server, closing) = (self.server.clone(), self.closing.clone());
        self.settle(env, async move {
            closing.notified().await;
            if let Some(server) = server.get() {
                server.close().await;
            }
            Ok(())
        })
    }

    /// Listens no more; what is under way comes to its end.
    #[napi]
    pub fn close(&self) {
        self.closing.notify_one();
    }

    /// Where it listens.
    #[napi(getter)]
    pub fn url(&self) -> Result<String> {
        Ok(format!("http://{}", self.listening()?.address()))
    }

    /// Answers by another component from now on.
    #[napi]
    pub fn replace(&self, component: &NativeComponent) -> Result<()> {
        let replaced = self.listening()?.replace(component.component()?.clone());
        replaced.map_err(|error| thrown(error.into()))
    }

    /// Figures.
    #[napi]
    pub fn stats(&self) -> NativeServerStats {
        let stats = self.server.get().map(Server::stats).unwrap_or_default();
        NativeServerStats {
            requests: number(stats.requests),
            active: number(stats.active),
            failed: number(stats.failed),
            connections: number(stats.connections),
        }
    }

    fn listening(&self) -> Result<&Server> {
        self.server.get().ok_or_else(|| Error::from_reason("ERR_INTERNAL: it does not listen"))
    }

    fn settle(
        &self,
        env: Env,
        work: impl Future<Output = hostbox::parts::component::Result<()>> + Send + 'static,
    ) -> f64 {
        let ticket = next_ticket();
        let port = self.inner.desk.port.clone();
        port.hold(env, 1);
        spawn(async move {
            let outcome = work.await.map(|()| Payload::undefined()).map_err(|error| failure(error.into()));
            port.push([(0, Event::Settled { ticket, outcome })]);
        });
        number(ticket)
    }
}

impl Drop for NativeServer {
    fn drop(&mut self) {
        // Its environment is gone: whoever waits for its end keeps it otherwise.
        self.closing.notify_one();
    }
}
