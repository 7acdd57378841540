//! Patterns of origins as the app writes them: `https://api.example.com`, `https://*.example.com`, `http://127.0.0.1:8080`, `*`.

use std::fmt;

use url::{Host, Url};

/// One grant, as the app writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetGrant {
    /// An origin: scheme, host and, where it is not the scheme's own, port; `*.` before the host means its subdomains; `*` alone any public
    /// address.
    pub origin: String,
    /// HTTP methods that are allowed; all where there is none. A grant with methods is for HTTP alone, not for WebSockets.
    pub methods: Option<Vec<String>>,
    /// Whether the name may lead to private, loopback, link-local and other addresses that are not public.
    pub private: bool,
}

impl From<&str> for NetGrant {
    fn from(origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..Self::default() }
    }
}

impl From<String> for NetGrant {
    fn from(origin: String) -> Self {
        Self { origin, ..Self::default() }
    }
}

/// A grant that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Expected {expected} for permissions.net[{index}]{field} but received '{received}'")]
pub struct Invalid {
    /// Which grant of the list.
    pub index: usize,
    field: String,
    expected: String,
    received: String,
}

const EXPECTED: &str =
    "an origin such as 'https://api.example.com', 'https://*.example.com', 'http://127.0.0.1:8080' or '*'";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
    Ws,
    Wss,
    Tcp,
    Udp,
}

impl Scheme {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "http" => Self::Http,
            "https" => Self::Https,
            "ws" => Self::Ws,
            "wss" => Self::Wss,
            "tcp" => Self::Tcp,
            "udp" => Self::Udp,
            _ => return None,
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    fn default_port(self) -> Option<u16> {
        match self {
            Self::Http | Self::Ws => Some(80),
            Self::Https | Self::Wss => Some(443),
            Self::Tcp | Self::Udp => None,
        }
    }

    /// Whether a grant for this scheme covers the other: a WebSocket begins as a request of the HTTP scheme beneath it.
    pub(crate) fn covers(self, other: Self) -> bool {
        self == other || matches!((self, other), (Self::Http, Self::Ws) | (Self::Https, Self::Wss))
    }

    pub(crate) fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// Whether it stands for sockets, and not for URLs.
    pub(crate) fn is_socket(self) -> bool {
        matches!(self, Self::Tcp | Self::Udp)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostPattern {
    /// Any host.
    Any,
    /// This one: a domain in its normal form, or an address.
    Exact(Host<String>),
    /// What stands before this domain, of any depth; not the domain itself.
    Below(String),
}

impl HostPattern {
    pub(crate) fn matches(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Exact(Host::Domain(own)), Host::Domain(domain)) => own == domain,
            (Self::Exact(Host::Ipv4(own)), Host::Ipv4(address)) => own == address,
            (Self::Exact(Host::Ipv6(own)), Host::Ipv6(address)) => own == address,
            (Self::Below(suffix), Host::Domain(domain)) => {
                domain.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            _ => false,
        }
    }

    /// An address or `localhost`, which no name server can point elsewhere.
    fn is_literal(&self) -> bool {
        match self {
            Self::Exact(Host::Domain(domain)) => domain == "localhost",
            Self::Exact(_) => true,
            Self::Any | Self::Below(_) => false,
        }
    }
}

/// A grant that was understood.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// Both none in `*`.
    pub(crate) scheme_port: Option<(Scheme, u16)>,
    pub(crate) host: HostPattern,
    pub(crate) methods: Option<Vec<String>>,
    pub(crate) private: bool,
}

impl Pattern {
    pub(crate) fn parse(index: usize, grant: &NetGrant) -> Result<Self, Invalid> {
        let invalid = |field: &str, expected: &str, received: &str| Invalid {
            index,
            field: field.to_owned(),
            expected: expected.to_owned(),
            received: received.chars().take(200).collect(),
        };
        let (scheme_port, host) = origin(&grant.origin).map_err(|expected| invalid("", expected, &grant.origin))?;
        let methods = match &grant.methods {
            None => None,
            Some(methods) => {
                if scheme_port.is_some_and(|(scheme, _)| scheme.is_websocket() || scheme.is_socket()) {
                    return Err(invalid(".origin", "http or https where methods are given", &grant.origin));
                }
                let parsed = methods.iter().enumerate().map(|(at, name)| {
                    method(name).ok_or_else(|| invalid(&format!(".methods[{at}]"), "an HTTP method", name))
                });
                let parsed = parsed.collect::<Result<Vec<_>, _>>()?;
                if parsed.is_empty() {
                    return Err(invalid(".methods", "one HTTP method or more", "[]"));
                }
                Some(parsed)
            }
        };
        let private = grant.private || host.is_literal();
        Ok(Self { scheme_port, host, methods, private })
    }
}

/// A method's name as it stands on the wire: those of the standard in capitals.
fn method(name: &str) -> Option<String> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    match upper.as_str() {
        // Never sent, so that a grant of them would be a mistake.
        "CONNECT" | "TRACE" | "TRACK" => None,
        "DELETE" | "GET" | "HEAD" | "OPTIONS" | "PATCH" | "POST" | "PUT" => Some(upper),
        _ => Some(name.to_owned()),
    }
}

type Origin = (Option<(Scheme, u16)>, HostPattern);

fn origin(text: &str) -> Result<Origin, &'static str> {
    if text == "*" {
        return Ok((None, HostPattern::Any));
    }
    let (scheme, rest) = text.split_once("://").ok_or(EXPECTED)?;
    let scheme = Scheme::parse(&scheme.to_ascii_lowercase())
        .ok_or("an origin whose scheme is http, https, ws, wss, tcp or udp")?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '\\', '?', '#']) {
        return Err("an origin without path, query and fragment");
    }
    if authority.contains('@') {
        return Err("an origin without user name and password");
    }
    if authority.bytes().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()) {
        return Err(EXPECTED);
    }
    let (any, below) = (strip_any(authority), authority.strip_prefix("*."));
    // The host is read as that of an http URL whatever the scheme: the same normal form that URLs of guests come in.
    let plain = match (any, below) {
        (Some(port), _) => format!("any.invalid{port}"),
        (None, Some(domain)) => domain.to_owned(),
        (None, None) => authority.to_owned(),
    };
    if plain.contains('*') {
        return Err("an origin in which '*.' stands for subdomains, first in the host and nowhere else");
    }
    // A default port is dropped when a URL is parsed; https has another than http, and that tells whether one was given.
    let (http, https) = (read(&plain, "http"), read(&plain, "https"));
    let (Some(http), Some(https)) = (http, https) else { return Err(EXPECTED) };
    let given = http.port().or_else(|| https.port());
    let port = given
        .or_else(|| scheme.default_port())
        .ok_or("an origin with a port: tcp and udp have no port of their own")?;
    if port == 0 {
        return Err("an origin with a port from 1 to 65535");
    }
    let host = match (any, below, http.host()) {
        (Some(_), ..) => HostPattern::Any,
        (None, Some(_), Some(Host::Domain(domain))) => HostPattern::Below(domain.to_owned()),
        (None, Some(_), _) => return Err("a domain after '*.'"),
        (None, None, Some(host)) => HostPattern::Exact(host.to_owned()),
        (None, None, None) => return Err(EXPECTED),
    };
    Ok((Some((scheme, port)), host))
}

/// What stands behind the host of `*` and `*:8080`.
fn strip_any(authority: &str) -> Option<&str> {
    authority.strip_prefix('*').filter(|port| port.is_empty() || port.starts_with(':'))
}

fn read(authority: &str, scheme: &str) -> Option<Url> {
    Url::parse(&format!("{scheme}://{authority}")).ok().filter(Url::has_host)
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(methods) = &self.methods {
            write!(f, "{} ", methods.join("|"))?;
        }
        let Some((scheme, port)) = self.scheme_port else { return f.write_str("*") };
        write!(f, "{}://", scheme.as_str())?;
        match &self.host {
            HostPattern::Any => f.write_str("*")?,
            HostPattern::Exact(host) => write!(f, "{host}")?,
            HostPattern::Below(domain) => write!(f, "*.{domain}")?,
        }
        if scheme.default_port() == Some(port) { Ok(()) } else { write!(f, ":{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(origin: &str) -> Result<String, String> {
        Pattern::parse(0, &origin.into()).map(|pattern| pattern.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn patterns_are_kept_in_the_normal_form_of_urls() {
        for (written, kept) in [
            ("https://API.Example.com", "https://api.example.com"),
            ("HTTPS://api.example.com:443/", "https://api.example.com"),
            ("https://api.example.com:80", "https://api.example.com:80"),
            ("http://api.example.com:443", "http://api.example.com:443"),
            ("https://*.example.com", "https://*.example.com"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://127.1:8080", "http://127.0.0.1:8080"),
            ("http://0x7f000001", "http://127.0.0.1"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("http://[0:0::1]", "http://[::1]"),
            ("ws://localhost:9000", "ws://localhost:9000"),
            ("tcp://db.example.com:5432", "tcp://db.example.com:5432"),
            ("tcp://db.example.com:80", "tcp://db.example.com:80"),
            ("UDP://[0::1]:53", "udp://[::1]:53"),
            ("tcp://*:5432", "tcp://*:5432"),
            ("https://*", "https://*"),
            ("http://*:8080", "http://*:8080"),
            ("*", "*"),
        ] {
            assert_eq!(parse(written).as_deref(), Ok(kept), "{written}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_with_the_grant_that_is_wrong() {
        for written in [
            "",
            "api.example.com",
            "https:api.example.com",
            "https://",
            "https:///",
            "ftp://example.com",
            "file:///etc",
            "https://example.com/path",
            "https://example.com?q",
            "https://example.com#f",
            "https://user@example.com",
            "https://a.*.com",
            "https://api*.example.com",
            "https://*.*.com",
            "https://*.1.2.3.4",
            "https://*.[::1]",
            "https://*.",
            "https://*example.com",
            "https://example.com:0",
            "https://example.com:99999",
            "https://example.com:*",
            "tcp://db.example.com",
            "udp://db.example.com",
            "https://exa mple.com",
            "https://256.1.1.1",
            "https://example.com\\@evil.com",
            " https://example.com",
            "https://[::1",
            "**",
        ] {
            let error = parse(written).unwrap_err();
            assert!(error.starts_with("Expected ") && error.contains("permissions.net[0]"), "{written}: {error}");
        }
    }

    #[test]
    fn methods_are_checked() {
        let grant = |methods: &[&str]| NetGrant {
            methods: Some(methods.iter().map(ToString::to_string).collect()),
            ..NetGrant::from("https://example.com")
        };
        let pattern = Pattern::parse(0, &grant(&["get", "Post", "purge"])).unwrap();
        assert_eq!(pattern.to_string(), "GET|POST|purge https://example.com");
        for wrong in [&["G ET"][..], &[""], &["TRACE"], &["connect"], &[]] {
            assert!(Pattern::parse(3, &grant(wrong)).unwrap_err().to_string().contains("permissions.net[3].methods"));
        }
        let socket = NetGrant { origin: "wss://example.com".into(), ..grant(&["GET"]) };
        assert!(Pattern::parse(0, &socket).is_err());
    }
}
