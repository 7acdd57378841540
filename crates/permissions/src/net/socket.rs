//! Grants for sockets, `tcp://host:port` and `udp://host:port`: names that may be looked up, and addresses that may be talked to.

use std::net::{IpAddr, SocketAddr};

use url::Host;

use super::address::AddressClass;
use super::check::{NetPermissions, Reach, Refusal, out_of_reach};
use super::pattern::{Pattern, Scheme};

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Connections.
    Tcp,
    /// Datagrams.
    Udp,
}

impl Transport {
    /// The scheme of its grants.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    fn scheme(self) -> Scheme {
        match self {
            Self::Tcp => Scheme::Tcp,
            Self::Udp => Scheme::Udp,
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Tcp => "connection",
            Self::Udp => "datagram",
        }
    }
}

impl Pattern {
    fn reach(&self) -> Reach {
        if self.private { Reach::Any } else { Reach::Public }
    }
}

impl NetPermissions {
    /// Whether there is a grant for such sockets. `*` is none: it is about URLs.
    pub fn has_sockets(&self, transport: Transport) -> bool {
        self.patterns().iter().any(|pattern| pattern.scheme_port.is_some_and(|(own, _)| own == transport.scheme()))
    }

    /// Why there are no such sockets.
    pub fn refusal_of_sockets(&self, transport: Transport) -> Refusal {
        let scheme = transport.as_str();
        let reason = format!("permissions.net has no {scheme}://host:port");
        self.refused(format!("a socket of {}", scheme.to_uppercase()), &reason)
    }

    /// Why nobody may listen.
    pub fn refusal_of_listening(&self, transport: Transport, address: SocketAddr) -> Refusal {
        let asked = format!("listening at {}://{address}", transport.as_str());
        self.refused(asked, "grants are for where to connect to")
    }

    /// Checks the name of a host before anybody is asked for its addresses. `name` is in the URL standard's normal form.
    ///
    /// # Errors
    /// What was asked and what is granted.
    pub fn check_name(&self, name: &str) -> Result<Reach, Refusal> {
        let host = Host::Domain(name);
        let of_sockets = |pattern: &&Pattern| pattern.scheme_port.is_some_and(|(own, _)| own.is_socket());
        let found = self.patterns().iter().filter(of_sockets).filter(|pattern| pattern.host.matches(&host));
        found.map(Pattern::reach).max().ok_or_else(|| {
            self.refused(format!("look-up of {name}"), "no tcp:// or udp:// of permissions.net has this host")
        })
    }

    /// The refusal for a name that leads to such addresses only.
    pub fn refusal_of_name(&self, name: &str, class: AddressClass) -> Refusal {
        Refusal { is_of_address: true, ..self.refused(format!("look-up of {name}"), &out_of_reach(class)) }
    }

    /// Checks an address that a socket is to talk to. `names` are those that were looked up and led to it.
    ///
    /// # Errors
    /// What was asked and what is granted.
    pub fn check_address(&self, transport: Transport, address: SocketAddr, names: &[&str]) -> Result<(), Refusal> {
        let literal = match address.ip() {
            IpAddr::V4(address) => Host::Ipv4(address),
            IpAddr::V6(address) => Host::Ipv6(address),
        };
        let wanted = Some((transport.scheme(), address.port()));
        let is_meant = |pattern: &&Pattern| {
            let is_named = names.iter().any(|name| pattern.host.matches(&Host::Domain(*name)));
            pattern.scheme_port == wanted && (is_named || pattern.host.matches(&literal))
        };
        let reach = self.patterns().iter().filter(is_meant).map(Pattern::reach).max();
        let found = reach.map(|reach| reach.check(address.ip()));
        if found == Some(Ok(())) {
            return Ok(());
        }
        let mut asked = format!("{} to {}://{address}", transport.verb(), transport.as_str());
        if !names.is_empty() {
            asked += &format!(" ({})", names.join(", "));
        }
        Err(match found {
            Some(Err(class)) => Refusal { is_of_address: true, ..self.refused(asked, &out_of_reach(class)) },
            _ => self.refused(asked, "not in permissions.net"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::NetGrant;
    use super::*;

    fn permissions(origins: &[&str]) -> NetPermissions {
        NetPermissions::new(&origins.iter().map(|origin| NetGrant::from(*origin)).collect::<Vec<_>>()).unwrap()
    }

    fn tcp(origins: &[&str], address: &str, names: &[&str]) -> bool {
        permissions(origins).check_address(Transport::Tcp, address.parse().unwrap(), names).is_ok()
    }

    #[test]
    fn sockets_need_a_grant_of_their_own() {
        for grants in [&[][..], &["*"], &["http://8.8.8.8:5432", "https://*", "ws://8.8.8.8:5432"]] {
            assert!(!permissions(grants).has_sockets(Transport::Tcp), "{grants:?}");
            assert!(!tcp(grants, "8.8.8.8:5432", &[]), "{grants:?}");
            assert!(permissions(grants).check_name("db.example").is_err(), "{grants:?}");
        }
    }

    #[test]
    fn transport_host_and_port_must_match() {
        let grants = &["tcp://8.8.8.8:5432", "udp://9.9.9.9:53", "tcp://[::1]:80", "tcp://127.0.0.1:80"];
        for address in ["8.8.8.8:5432", "[::1]:80", "127.0.0.1:80"] {
            assert!(tcp(grants, address, &[]), "{address}");
        }
        for address in ["8.8.8.8:5433", "8.8.4.4:5432", "9.9.9.9:53", "[::2]:80", "127.0.0.2:80", "0.0.0.0:80"] {
            assert!(!tcp(grants, address, &[]), "{address}");
        }
        let udp = permissions(grants).check_address(Transport::Udp, "9.9.9.9:53".parse().unwrap(), &[]);
        assert_eq!(udp, Ok(()));
    }

    #[test]
    fn a_name_covers_the_addresses_that_it_led_to_within_its_reach() {
        let grants = &["tcp://db.example:5432", "tcp://*.pool.example:5432"];
        assert!(tcp(grants, "8.8.8.8:5432", &["db.example"]));
        assert!(tcp(grants, "8.8.8.8:5432", &["other.example", "a.pool.example"]));
        assert!(!tcp(grants, "8.8.8.8:5432", &[]));
        assert!(!tcp(grants, "8.8.8.8:5432", &["other.example"]));
        assert!(!tcp(grants, "8.8.8.8:5433", &["db.example"]));
        assert!(!tcp(grants, "10.0.0.1:5432", &["db.example"]));
        let private = NetGrant { private: true, ..NetGrant::from("tcp://db.example:5432") };
        let private = NetPermissions::new(&[private]).unwrap();
        assert_eq!(private.check_address(Transport::Tcp, "10.0.0.1:5432".parse().unwrap(), &["db.example"]), Ok(()));
        assert_eq!(private.check_name("db.example"), Ok(Reach::Any));
        assert_eq!(permissions(grants).check_name("db.example"), Ok(Reach::Public));
        assert!(permissions(grants).check_name("example").is_err());
    }

    #[test]
    fn a_star_for_the_host_means_public_addresses() {
        assert!(tcp(&["tcp://*:5432"], "8.8.8.8:5432", &[]));
        for address in ["127.0.0.1:5432", "10.0.0.1:5432", "[::1]:5432", "169.254.169.254:5432"] {
            assert!(!tcp(&["tcp://*:5432"], address, &[]), "{address}");
        }
    }

    #[test]
    fn a_refusal_says_what_was_asked_and_what_is_granted() {
        let granted = permissions(&["tcp://db.example:5432"]);
        let text = |address: &str, names: &[&str]| {
            granted.check_address(Transport::Tcp, address.parse().unwrap(), names).unwrap_err().to_string()
        };
        assert_eq!(
            text("8.8.8.8:1", &[]),
            "connection to tcp://8.8.8.8:1 refused: not in permissions.net (granted: tcp://db.example:5432)"
        );
        let private = text("10.0.0.1:5432", &["db.example"]);
        assert!(
            private.starts_with("connection to tcp://10.0.0.1:5432 (db.example) refused: the host leads to a private")
        );
        assert_eq!(
            granted.refusal_of_sockets(Transport::Udp).to_string(),
            "a socket of UDP refused: permissions.net has no udp://host:port (granted: tcp://db.example:5432)"
        );
    }
}
