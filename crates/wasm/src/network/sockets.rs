//! `wasi:sockets`: wasmtime's own sockets, which ask before each use; names and the making of sockets are ours.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use hostbox_net::{Client, Error as NetError, Transport};
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{self, HostResolveAddressStream, ResolveAddressStream};
use wasmtime_wasi::p2::bindings::sockets::network::{
    self, ErrorCode, HostNetwork, IpAddress, IpAddressFamily, Network as Handle,
};
use wasmtime_wasi::p2::bindings::sockets::{tcp_create_socket, udp_create_socket};
use wasmtime_wasi::p2::{DynPollable, Pollable, SocketError, SocketResult, TcpSocket, UdpSocket, subscribe};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};
use wasmtime_wasi::sockets::{SocketAddrUse, WasiSocketsView};
use wasmtime_wasi::{WasiCtxBuilder, async_trait};

use super::{Connected, HasNetwork, View};

/// Addresses of one run that are remembered with their names; the oldest are forgotten.
const REMEMBERED: usize = 1_024;

/// Which names led to which addresses, and who got datagrams already.
#[derive(Clone, Default)]
pub(super) struct Addresses(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    named: VecDeque<(IpAddr, Arc<str>)>,
    /// Those of which the app has heard.
    sent_to: VecDeque<SocketAddr>,
}

impl Addresses {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn learn(&self, name: String, addresses: &[IpAddr]) {
        let (name, mut known): (Arc<str>, _) = (name.into(), self.known());
        for address in addresses {
            let entry = (*address, name.clone());
            if !known.named.contains(&entry) {
                push(&mut known.named, entry);
            }
        }
    }

    fn names_of(&self, address: IpAddr) -> Vec<Arc<str>> {
        let known = self.known();
        known.named.iter().filter(|(own, _)| *own == address).map(|(_, name)| name.clone()).collect()
    }
}

fn push<T>(known: &mut VecDeque<T>, entry: T) {
    if known.len() == REMEMBERED {
        known.pop_front();
    }
    known.push_back(entry);
}

/// Has wasmtime's sockets ask this client.
pub(super) fn ask(wasi: &mut WasiCtxBuilder, client: &Client, addresses: &Addresses) {
    let permissions = client.permissions();
    wasi.allow_tcp(permissions.has_sockets(Transport::Tcp)).allow_udp(permissions.has_sockets(Transport::Udp));
    let (client, addresses) = (client.clone(), addresses.clone());
    wasi.socket_addr_check(move |address, using| {
        let is_granted = is_granted(&client, &addresses, address, using);
        Box::pin(std::future::ready(is_granted)) as Pin<Box<dyn Future<Output = bool> + Send + Sync>>
    });
}

fn is_granted(client: &Client, addresses: &Addresses, address: SocketAddr, using: SocketAddrUse) -> bool {
    // What the system does by itself before a connection: any address, any port.
    let is_any = address.ip().is_unspecified() && address.port() == 0;
    let names = addresses.names_of(address.ip());
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    match using {
        SocketAddrUse::TcpBind | SocketAddrUse::UdpBind if is_any => true,
        SocketAddrUse::TcpConnect => client.check_address(Transport::Tcp, address, &names).is_ok(),
        SocketAddrUse::UdpSend => {
            if addresses.known().sent_to.contains(&address) {
                return true;
            }
            let is_granted = client.check_address(Transport::Udp, address, &names).is_ok();
            if is_granted {
                push(&mut addresses.known().sent_to, address);
            }
            is_granted
        }
        // Whoever sends something uncalled for is no news for the app.
        SocketAddrUse::UdpReceive => client.permissions().check_address(Transport::Udp, address, &names).is_ok(),
        SocketAddrUse::UdpBind => {
            client.refuse_to_listen(Transport::Udp, address);
            false
        }
        SocketAddrUse::TcpBind | SocketAddrUse::TcpListen | SocketAddrUse::TcpAccept => {
            client.refuse_to_listen(Transport::Tcp, address);
            false
        }
    }
}

pub(super) fn link<T: Connected>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    ip_name_lookup::add_to_linker::<T, HasNetwork>(linker, T::network)?;
    tcp_create_socket::add_to_linker::<T, HasNetwork>(linker, T::network)?;
    udp_create_socket::add_to_linker::<T, HasNetwork>(linker, T::network)
}

impl View<'_> {
    fn check(&self, transport: Transport) -> SocketResult<()> {
        let client = self.network.client.as_ref().ok_or(ErrorCode::AccessDenied)?;
        client.check_sockets(transport).map_err(|_| ErrorCode::AccessDenied.into())
    }
}

impl network::Host for View<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        self.sockets().convert_error_code(error)
    }

    fn network_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        self.sockets().network_error_code(error)
    }
}

impl HostNetwork for View<'_> {
    fn drop(&mut self, network: Resource<Handle>) -> wasmtime::Result<()> {
        HostNetwork::drop(&mut self.sockets(), network)
    }
}

impl tcp_create_socket::Host for View<'_> {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        self.check(Transport::Tcp)?;
        tcp_create_socket::Host::create_tcp_socket(&mut self.sockets(), family)
    }
}

impl udp_create_socket::Host for View<'_> {
    async fn create_udp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        self.check(Transport::Udp)?;
        udp_create_socket::Host::create_udp_socket(&mut self.sockets(), family).await
    }
}

type Found = Result<std::vec::IntoIter<IpAddr>, ErrorCode>;

/// A look-up, under way or done.
enum LookUp {
    UnderWay(AbortOnDropJoinHandle<Found>),
    Done(Found),
}

#[async_trait]
impl Pollable for LookUp {
    async fn ready(&mut self) {
        if let Self::UnderWay(found) = self {
            *self = Self::Done(found.await);
        }
    }
}

fn code(error: &NetError) -> ErrorCode {
    match error {
        NetError::Refused(_) => ErrorCode::AccessDenied,
        NetError::Invalid { .. } => ErrorCode::InvalidArgument,
        NetError::Dns { .. } => ErrorCode::NameUnresolvable,
        _ => ErrorCode::TemporaryResolverFailure,
    }
}

/// The table knows it by our type, the interface by wasmtime's.
fn ours(stream: &Resource<ResolveAddressStream>) -> Resource<LookUp> {
    if stream.owned() { Resource::new_own(stream.rep()) } else { Resource::new_borrow(stream.rep()) }
}

impl ip_name_lookup::Host for View<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Handle>,
        name: String,
    ) -> Result<Resource<ResolveAddressStream>, SocketError> {
        self.wasi.table.get(&network)?;
        let client = self.network.client.clone().ok_or(ErrorCode::AccessDenied)?;
        let addresses = self.network.addresses.clone();
        let found = spawn(async move {
            let (name, found) = client.look_up(&name).await.map_err(|error| code(&error))?;
            if let Some(name) = name {
                addresses.learn(name, &found);
            }
            Ok(found.into_iter())
        });
        let stream = self.wasi.table.push(LookUp::UnderWay(found))?;
        Ok(Resource::new_own(stream.rep()))
    }
}

impl HostResolveAddressStream for View<'_> {
    fn resolve_next_address(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> Result<Option<IpAddress>, SocketError> {
        let look_up = self.wasi.table.get_mut(&ours(&stream))?;
        if let LookUp::UnderWay(found) = look_up
            && let Some(found) = wasmtime_wasi::runtime::poll_noop(Pin::new(found))
        {
            *look_up = LookUp::Done(found);
        }
        match look_up {
            LookUp::UnderWay(_) => Err(ErrorCode::WouldBlock.into()),
            LookUp::Done(Ok(found)) => Ok(found.next().map(Into::into)),
            LookUp::Done(Err(error)) => Err((*error).into()),
        }
    }

    fn subscribe(&mut self, stream: Resource<ResolveAddressStream>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.wasi.table, ours(&stream))
    }

    fn drop(&mut self, stream: Resource<ResolveAddressStream>) -> wasmtime::Result<()> {
        self.wasi.table.delete(ours(&stream))?;
        Ok(())
    }
}
