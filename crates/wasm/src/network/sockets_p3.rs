//! `wasi:sockets` of WASI 0.3: wasmtime's own sockets, which ask where those of 0.2 do; names and the making of sockets are ours.

use hostbox_net::Transport;
use wasmtime::StoreContextMut;
use wasmtime::component::{Accessor, Linker, Resource};
use wasmtime_wasi::p3::bindings::sockets::ip_name_lookup::{self, ErrorCode as LookUpError};
use wasmtime_wasi::p3::bindings::sockets::types::{
    self, ErrorCode, HostTcpSocket, HostUdpSocket, IpAddress, IpAddressFamily,
};
use wasmtime_wasi::p3::sockets::SocketResult;
use wasmtime_wasi::sockets::{TcpSocket, UdpSocket, WasiSocketsView};

use super::{Connected, HasNetwork, View};

/// An error of the interface, or a trap.
type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

pub(super) fn link<T: Connected>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasmtime_wasi::p3::sockets::add_to_linker(linker)?;
    linker.allow_shadowing(true);
    ip_name_lookup::add_to_linker::<T, HasNetwork>(linker, T::network)?;
    // Wasmtime's would refuse as well, and the app would not hear of it.
    let mut place = linker.instance("wasi:sockets/types@0.3.0")?;
    place.func_wrap(
        "[static]tcp-socket.create",
        |mut store: StoreContextMut<'_, T>, (family,): (IpAddressFamily,)| {
            store.data_mut().network().tcp_socket(family)
        },
    )?;
    place.func_wrap_async(
        "[static]udp-socket.create",
        |mut store: StoreContextMut<'_, T>, (family,): (IpAddressFamily,)| {
            Box::new(async move { store.data_mut().network().udp_socket(family).await })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

impl View<'_> {
    fn is_refused(&self, transport: Transport) -> bool {
        self.network.client.as_ref().is_none_or(|client| client.check_sockets(transport).is_err())
    }

    fn tcp_socket(&mut self, family: IpAddressFamily) -> Answer<Resource<TcpSocket>> {
        if self.is_refused(Transport::Tcp) {
            return Ok((Err(ErrorCode::AccessDenied),));
        }
        let made = HostTcpSocket::create(&mut self.sockets(), family);
        self.answer(made)
    }

    async fn udp_socket(&mut self, family: IpAddressFamily) -> Answer<Resource<UdpSocket>> {
        if self.is_refused(Transport::Udp) {
            return Ok((Err(ErrorCode::AccessDenied),));
        }
        let made = HostUdpSocket::create(&mut self.sockets(), family).await;
        self.answer(made)
    }

    fn answer<R>(&mut self, made: SocketResult<R>) -> Answer<R> {
        Ok((match made {
            Ok(made) => Ok(made),
            Err(error) => Err(types::Host::convert_error_code(&mut self.sockets(), error)?),
        },))
    }
}

impl ip_name_lookup::Host for View<'_> {}

impl<T: Connected> ip_name_lookup::HostWithStore<T> for HasNetwork {
    async fn resolve_addresses(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<Vec<IpAddress>, LookUpError>> {
        let (client, addresses) = accessor.with(|mut access| {
            let View { network, .. } = access.get();
            (network.client.clone(), network.addresses.clone())
        });
        let Some(client) = client else { return Ok(Err(LookUpError::AccessDenied)) };
        let (name, found) = match client.look_up(&name).await {
            Ok(found) => found,
            Err(error) => return Ok(Err(code(&error))),
        };
        if let Some(name) = name {
            addresses.learn(name, &found);
        }
        Ok(Ok(found.into_iter().map(Into::into).collect()))
    }
}

fn code(error: &hostbox_net::Error) -> LookUpError {
    use hostbox_net::Error;
    match error {
        Error::Refused(_) => LookUpError::AccessDenied,
        Error::Invalid { .. } => LookUpError::InvalidArgument,
        Error::Dns { .. } => LookUpError::NameUnresolvable,
        _ => LookUpError::TemporaryResolverFailure,
    }
}
