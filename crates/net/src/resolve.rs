//! Names to addresses, and of those only the ones that the grant reaches: the address that was checked is the one connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, LazyLock};

use hostbox_permissions::Reach;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{Semaphore, oneshot};

use crate::error::{Error, OutOfReach};

/// Look-ups under way: the system's resolver blocks a thread, and may do so for half a minute.
const LOOKUPS_OF_A_CLIENT: usize = 8;
static LOOKUPS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(64));

/// Why there is no address.
pub(crate) enum NoAddress {
    Failed(Error),
    OutOfReach(OutOfReach),
}

/// The resolver of one sandbox for one reach.
#[derive(Clone)]
pub(crate) struct Resolver {
    reach: Reach,
    lookups: Arc<Semaphore>,
}

impl Resolver {
    pub(crate) fn new(reach: Reach) -> Self {
        Self { reach, lookups: Arc::new(Semaphore::new(LOOKUPS_OF_A_CLIENT)) }
    }

    /// Addresses of a host within reach; with port 0.
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<SocketAddr>, NoAddress> {
        let all = if host == "localhost" {
            // Never a name server's to decide.
            vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
        } else if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            vec![address]
        } else {
            self.look_up(host).await.map_err(NoAddress::Failed)?
        };
        let mut refused = None;
        let mut within = Vec::with_capacity(all.len());
        for address in all {
            match self.reach.check(address) {
                Ok(()) => within.push(SocketAddr::new(address, 0)),
                Err(class) => refused = Some(OutOfReach(class)),
            }
        }
        match refused {
            Some(refused) if within.is_empty() => Err(NoAddress::OutOfReach(refused)),
            _ if within.is_empty() => Err(NoAddress::Failed(not_found(host, "it has no address"))),
            _ => Ok(within),
        }
    }

    async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, Error> {
        let own = self.lookups.clone().acquire_owned().await.map_err(|_| Error::Closed)?;
        let shared = LOOKUPS.acquire().await.map_err(|_| Error::Closed)?;
        let (sender, receiver) = oneshot::channel();
        let name = host.to_owned();
        // A thread of its own: a slow name server must not hold up what else runs on the blocking pool. It may outlive the request, and
        // keeps its places until then.
        let thread = std::thread::Builder::new().name("hostbox-dns".into());
        let spawned = thread.spawn(move || {
            let found = (name.as_str(), 0).to_socket_addrs();
            let found = found.map(|addresses| addresses.map(|address| address.ip()).collect::<Vec<_>>());
            // Whoever asked may have gone.
            let _ = sender.send(found);
            drop((own, shared));
        });
        spawned.map_err(|error| not_found(host, &error.to_string()))?;
        match receiver.await {
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => Err(not_found(host, &error.to_string())),
            Err(_) => Err(not_found(host, "the look-up ended early")),
        }
    }
}

fn not_found(host: &str, reason: &str) -> Error {
    Error::Dns { host: host.to_owned(), reason: reason.to_owned() }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            match resolver.addresses(name.as_str()).await {
                Ok(addresses) => Ok(Box::new(addresses.into_iter()) as Addrs),
                // As they are, to be found again in the client's chain of errors.
                Err(NoAddress::Failed(error)) => Err(error.into()),
                Err(NoAddress::OutOfReach(error)) => Err(error.into()),
            }
        })
    }
}
