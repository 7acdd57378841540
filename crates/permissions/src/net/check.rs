//! The check itself: a URL against the grants, and an address against what the URL's grants reach.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

use super::address::{AddressClass, classify};
use super::pattern::{Invalid, NetGrant, Pattern, Scheme};

/// How many grants a refusal lists.
const SHOWN_GRANTS: usize = 10;

/// Where a sandbox may connect to. The default is nowhere; a clone shares the grants.
#[derive(Clone, Debug, Default)]
pub struct NetPermissions {
    grants: Option<Arc<[Pattern]>>,
}

/// What addresses a granted URL may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Public ones.
    Public,
    /// Any: the grant names an address or `localhost`, or says `private: true`.
    Any,
}

impl Reach {
    /// Checks an address that a name was resolved to.
    ///
    /// # Errors
    /// What kind of address it is, where the grant does not reach it.
    pub fn check(self, address: IpAddr) -> Result<(), AddressClass> {
        let class = classify(address);
        if self == Self::Any || class.is_public() { Ok(()) } else { Err(class) }
    }
}

/// An `http`, `https`, `ws` or `wss` URL that is granted. Only [`NetPermissions::check`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedUrl {
    url: Url,
    reach: Reach,
}

impl CheckedUrl {
    /// The URL, without user name and password.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What its host may be resolved to.
    pub fn reach(&self) -> Reach {
        self.reach
    }
}

/// Why a request was not made: what was asked and what is granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{asked} refused: {reason} (granted: {granted})")]
pub struct Refusal {
    pub(super) asked: String,
    pub(super) reason: String,
    pub(super) granted: String,
    pub(super) is_of_address: bool,
}

impl Refusal {
    /// Why, in words.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether the host is granted, and leads to addresses alone that the grant does not reach.
    pub fn is_of_address(&self) -> bool {
        self.is_of_address
    }
}

impl NetPermissions {
    /// Reads the app's grants.
    ///
    /// # Errors
    /// The first that is no pattern.
    pub fn new(grants: &[NetGrant]) -> Result<Self, Invalid> {
        if grants.is_empty() {
            return Ok(Self::default());
        }
        let patterns = grants.iter().enumerate().map(|(index, grant)| Pattern::parse(index, grant));
        Ok(Self { grants: Some(patterns.collect::<Result<_, _>>()?) })
    }

    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        self.grants.is_none()
    }

    pub(super) fn patterns(&self) -> &[Pattern] {
        self.grants.as_deref().unwrap_or(&[])
    }

    /// Checks a request. A host that is an address is checked as such, too.
    ///
    /// # Errors
    /// What was asked and what is granted.
    pub fn check(&self, url: &Url, method: &str) -> Result<CheckedUrl, Refusal> {
        let scheme = Scheme::parse(url.scheme()).filter(|scheme| !scheme.is_socket());
        let (Some(scheme), Some(host), Some(port)) = (scheme, url.host(), url.port_or_known_default()) else {
            return Err(self.refusal(url, "the scheme must be http, https, ws or wss"));
        };
        let mut other_methods = false;
        let mut reach = None;
        for pattern in self.patterns() {
            let origin = pattern.scheme_port.is_none_or(|(own, at)| own.covers(scheme) && at == port);
            if !origin || !pattern.host.matches(&host) {
                continue;
            }
            let allowed = match &pattern.methods {
                None => true,
                Some(_) if scheme.is_websocket() => false,
                Some(methods) => methods.iter().any(|own| own == method),
            };
            if allowed {
                reach = reach.max(Some(if pattern.private { Reach::Any } else { Reach::Public }));
            } else {
                other_methods = true;
            }
        }
        let Some(reach) = reach else {
            let reason = match other_methods {
                true if scheme.is_websocket() => "a grant with methods is not for WebSockets".to_owned(),
                true => format!("{method} is not among the methods of permissions.net"),
                false => "not in permissions.net".to_owned(),
            };
            return Err(self.refusal(url, &reason));
        };
        let literal = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        if let Some(class) = literal.and_then(|address| reach.check(address).err()) {
            return Err(self.refusal_of_address(url, class));
        }
        let mut url = url.clone();
        // Never fails for a URL with a host; credentials in a URL are nobody's business here.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok(CheckedUrl { url, reach })
    }

    /// The refusal for a URL whose host leads to such an address only.
    pub fn refusal_of_address(&self, url: &Url, class: AddressClass) -> Refusal {
        Refusal { is_of_address: true, ..self.refusal(url, &out_of_reach(class)) }
    }

    fn refusal(&self, url: &Url, reason: &str) -> Refusal {
        let asked = match url.host_str() {
            Some(host) => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                format!("{}://{host}{port}", url.scheme())
            }
            None => format!("{}:", url.scheme()),
        };
        let verb = if matches!(url.scheme(), "ws" | "wss") { "WebSocket" } else { "fetch" };
        self.refused(format!("{verb} to {asked}"), reason)
    }

    pub(super) fn refused(&self, asked: String, reason: &str) -> Refusal {
        Refusal { asked, reason: reason.to_owned(), granted: self.to_string(), is_of_address: false }
    }
}

pub(super) fn out_of_reach(class: AddressClass) -> String {
    format!("the host leads to a {} address, which needs a grant for that address or `private: true`", class.as_str())
}

impl fmt::Display for NetPermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.patterns();
        if patterns.is_empty() {
            return f.write_str("nothing");
        }
        for (index, pattern) in patterns.iter().take(SHOWN_GRANTS).enumerate() {
            write!(f, "{}{pattern}", if index == 0 { "" } else { ", " })?;
        }
        match patterns.len().saturating_sub(SHOWN_GRANTS) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(origins: &[&str]) -> NetPermissions {
        NetPermissions::new(&origins.iter().map(|origin| NetGrant::from(*origin)).collect::<Vec<_>>()).unwrap()
    }

    fn allows(origins: &[&str], url: &str) -> bool {
        // A URL that does not parse never gets as far as the check.
        Url::parse(url).is_ok_and(|url| permissions(origins).check(&url, "GET").is_ok())
    }

    #[test]
    fn without_grants_nothing_is_allowed() {
        for url in ["https://example.com", "http://localhost", "http://127.0.0.1", "wss://example.com"] {
            assert!(!allows(&[], url), "{url}");
        }
    }

    #[test]
    fn scheme_host_and_port_must_match() {
        let grants = &["https://api.example.com"];
        for url in [
            "https://api.example.com",
            "https://API.example.COM/path?q#f",
            "https://api.example.com:443/",
            "wss://api.example.com",
            "https://api%2Eexample.com/",
            "https://ａｐｉ.example.com/",
            "https:\\\\api.example.com\\x",
            "https://user:secret@api.example.com/",
        ] {
            assert!(allows(grants, url), "{url}");
        }
        for url in [
            "http://api.example.com",
            "ws://api.example.com",
            "https://api.example.com:8443",
            "https://example.com",
            "https://x.api.example.com",
            "https://api.example.com.evil.org",
            "https://api.example.com.",
            "https://api.example.com@evil.org",
            "https://evil.org/https://api.example.com",
            "https://evil.org#@api.example.com",
            "https://evil.org\\@api.example.com",
            "https://evil.org?@api.example.com",
            "ftp://api.example.com",
            "file://api.example.com/",
            "blob:https://api.example.com/x",
            "javascript://api.example.com",
            "data:,x",
            "https://аpi.example.com",
            "https://api-example.com",
            "https://apiXexample.com",
        ] {
            assert!(!allows(grants, url), "{url}");
        }
    }

    #[test]
    fn a_star_before_a_host_means_its_subdomains_only() {
        let grants = &["https://*.example.com"];
        for url in ["https://a.example.com", "https://a.b.example.com"] {
            assert!(allows(grants, url), "{url}");
        }
        for url in
            ["https://example.com", "https://.example.com", "https://aexample.com", "https://a.example.com.evil.org"]
        {
            assert!(!allows(grants, url), "{url}");
        }
    }

    #[test]
    fn a_star_alone_means_any_public_address() {
        for url in ["https://example.com:8443", "http://8.8.8.8", "ws://example.com", "http://[2606:4700::1111]"] {
            assert!(allows(&["*"], url), "{url}");
        }
        for url in [
            "http://127.0.0.1",
            "http://2130706433",
            "http://0x7f.1",
            "http://0177.0.0.1",
            "http://127.1",
            "http://0",
            "http://[::1]",
            "http://[::ffff:127.0.0.1]",
            "http://[::ffff:7f00:1]",
            "http://[64:ff9b::169.254.169.254]",
            "http://10.0.0.1",
            "http://169.254.169.254/latest/meta-data",
            "http://169.254.169.254.",
            "http://①②⑦.0.0.1",
            "http://[fe80::1]",
            "http://[fd00:ec2::254]",
            "http://224.0.0.1",
            "http://100.64.0.1",
        ] {
            assert!(!allows(&["*"], url), "{url}");
        }
    }

    #[test]
    fn names_reach_public_addresses_unless_the_grant_says_more() {
        let reach = |grant: NetGrant, url: &str| {
            let permissions = NetPermissions::new(&[NetGrant::from("*"), grant]).unwrap();
            permissions.check(&Url::parse(url).unwrap(), "GET").unwrap().reach()
        };
        let private = NetGrant { private: true, ..NetGrant::from("http://db.internal") };
        assert_eq!(reach(private.clone(), "http://db.internal"), Reach::Any);
        assert_eq!(reach(private, "https://db.internal"), Reach::Public);
        assert_eq!(reach("https://api.example.com".into(), "https://api.example.com"), Reach::Public);
        assert_eq!(reach("http://localhost:3000".into(), "http://localhost:3000"), Reach::Any);
        assert_eq!(reach("http://localhost:3000".into(), "http://localhost"), Reach::Public);
        assert_eq!(reach("http://127.0.0.1".into(), "http://127.0.0.1"), Reach::Any);
        assert!(Reach::Public.check([127, 0, 0, 1].into()).is_err());
        assert!(Reach::Any.check([127, 0, 0, 1].into()).is_ok());
    }

    #[test]
    fn methods_narrow_a_grant_and_close_it_to_sockets() {
        let grant =
            NetGrant { methods: Some(vec!["GET".into(), "HEAD".into()]), ..NetGrant::from("https://example.com") };
        let permissions = NetPermissions::new(&[grant]).unwrap();
        let ask = |url: &str, method: &str| permissions.check(&Url::parse(url).unwrap(), method).map(|_| ());
        assert!(ask("https://example.com", "GET").is_ok());
        assert!(ask("https://example.com", "get").is_err());
        let refusal = ask("https://example.com", "POST").unwrap_err().to_string();
        assert_eq!(
            refusal,
            "fetch to https://example.com refused: POST is not among the methods of permissions.net (granted: GET|HEAD https://example.com)"
        );
        assert!(ask("wss://example.com", "GET").is_err());
    }

    #[test]
    fn a_refusal_says_what_was_asked_and_what_is_granted() {
        let url = Url::parse("https://user:secret@a.example:8443/path?token=secret").unwrap();
        let refusal = permissions(&["https://b.example", "http://*.c.example:8080"]).check(&url, "GET").unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "fetch to https://a.example:8443 refused: not in permissions.net (granted: https://b.example, http://*.c.example:8080)"
        );
        let refusal = permissions(&[]).check(&url, "GET").unwrap_err().to_string();
        assert!(refusal.ends_with("(granted: nothing)"), "{refusal}");
        let many: Vec<String> = (0..30).map(|n| format!("https://{n}.example")).collect();
        let many = permissions(&many.iter().map(String::as_str).collect::<Vec<_>>()).check(&url, "GET").unwrap_err();
        assert!(many.to_string().ends_with(" and 20 more)"), "{many}");
    }

    #[test]
    fn a_checked_url_has_no_credentials() {
        let url = Url::parse("https://user:secret@example.com/").unwrap();
        let checked = permissions(&["https://example.com"]).check(&url, "GET").unwrap();
        assert_eq!(checked.url().as_str(), "https://example.com/");
    }

    #[test]
    fn tcp_grants_open_nothing_over_http() {
        assert!(!allows(&["tcp://example.com:80"], "http://example.com"));
        assert!(!allows(&["tcp://example.com:80"], "tcp://example.com:80"));
        assert!(!allows(&["*"], "tcp://example.com:80"));
    }
}
