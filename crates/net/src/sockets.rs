//! Sockets of programs that have their own: their names are looked up here, their addresses checked, and the app hears of both.
//!
//! Whoever opens the sockets asks before each use; nothing is connected here.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hostbox_permissions::{Refusal, Transport};
use url::Host;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::log::FetchEvent;
use crate::resolve::NoAddress;

impl Client {
    /// Addresses of a host that sockets may talk to: its name is granted with `tcp://` or `udp://`, and what it leads to is within the grant's
    /// reach. With the name in the URL standard's normal form. An address, as text, is its own, and has no name.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no name, [`Error::Refused`], of which the app hears; [`Error::Dns`].
    pub async fn look_up(&self, name: &str) -> Result<(Option<String>, Vec<IpAddr>)> {
        let domain = match Host::parse(name) {
            Ok(Host::Domain(domain)) => domain,
            Ok(Host::Ipv4(address)) => return Ok((None, vec![address.into()])),
            Ok(Host::Ipv6(address)) => return Ok((None, vec![address.into()])),
            // Without its brackets.
            Err(_) => match name.parse() {
                Ok(address) => return Ok((None, vec![address])),
                Err(_) => return Err(Error::Invalid { reason: "it is no name of a host".into() }),
            },
        };
        let started = Instant::now();
        let looked_up = self.addresses_of(&domain).await;
        if let Err(error) = &looked_up {
            self.note(format!("dns:{domain}"), "LOOKUP", Some(error), started.elapsed());
        }
        Ok((Some(domain), looked_up?))
    }

    async fn addresses_of(&self, domain: &str) -> Result<Vec<IpAddr>> {
        let permissions = self.permissions();
        let reach = permissions.check_name(domain)?;
        match self.inner().resolver(reach).addresses(domain).await {
            Ok(found) => Ok(found.into_iter().map(|address| address.ip().to_canonical()).collect()),
            Err(NoAddress::Failed(error)) => Err(error),
            Err(NoAddress::OutOfReach(found)) => Err(permissions.refusal_of_name(domain, found.0).into()),
        }
    }

    /// Whether a socket may talk to an address, to which these names led. The app hears of it.
    ///
    /// # Errors
    /// What was asked and what is granted.
    pub fn check_address(
        &self,
        transport: Transport,
        address: SocketAddr,
        names: &[&str],
    ) -> std::result::Result<(), Refusal> {
        let checked = self.permissions().check_address(transport, address, names);
        let method = if transport == Transport::Tcp { "CONNECT" } else { "SEND" };
        self.noted(format!("{}://{address}", transport.as_str()), method, checked)
    }

    /// Whether there are sockets at all. The app hears where there are none.
    ///
    /// # Errors
    /// What is granted.
    pub fn check_sockets(&self, transport: Transport) -> std::result::Result<(), Refusal> {
        if self.permissions().has_sockets(transport) {
            return Ok(());
        }
        let refusal = self.permissions().refusal_of_sockets(transport);
        self.noted(format!("{}:", transport.as_str()), "OPEN", Err(refusal))
    }

    /// Says that nobody may listen, to the app as well.
    pub fn refuse_to_listen(&self, transport: Transport, address: SocketAddr) -> Refusal {
        let refusal = self.permissions().refusal_of_listening(transport, address);
        let _ = self.noted(format!("{}://{address}", transport.as_str()), "LISTEN", Err(refusal.clone()));
        refusal
    }

    fn noted(
        &self,
        url: String,
        method: &str,
        checked: std::result::Result<(), Refusal>,
    ) -> std::result::Result<(), Refusal> {
        let error = checked.clone().err().map(Error::Refused);
        self.note(url, method, error.as_ref(), Duration::ZERO);
        checked
    }

    fn note(&self, url: String, method: &str, error: Option<&Error>, took: Duration) {
        let Some(log) = &self.inner().config.log else { return };
        let (refused, error) = match error {
            Some(Error::Refused(refusal)) => (Some(refusal.to_string()), None),
            error => (None, error.map(ToString::to_string)),
        };
        log(FetchEvent {
            url,
            method: method.to_owned(),
            status: None,
            final_url: None,
            refused,
            error,
            sent_bytes: 0,
            received_bytes: 0,
            ms: took.as_secs_f64() * 1_000.0,
        });
    }
}
