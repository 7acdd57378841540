//! URLs of guests: parsed, taken apart, changed. In: any text. Out: a URL and where its parts lie in it, or nothing.
//!
//! The crate indexes and asserts on what it parsed. A case that it did not think of must not end a sandbox: it is no URL.

use std::panic::{AssertUnwindSafe, catch_unwind};

use url::{Position, Url, quirks};

fn attempt<T>(work: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok().flatten()
}

/// `text`, which may be relative to `base`, as a URL.
pub(super) fn parse(text: &str, base: Option<&str>) -> Option<Url> {
    attempt(|| match base {
        None => Url::parse(text).ok(),
        Some(base) => Url::parse(base).and_then(|base| base.join(text)).ok(),
    })
}

/// The URL with one part replaced, or as it was where the standard ignores the value.
pub(super) fn replace(href: &str, part: &str, value: &str) -> Option<Url> {
    attempt(|| {
        let mut url = Url::parse(href).ok()?;
        match part {
            "hash" => quirks::set_hash(&mut url, value),
            "host" => drop(quirks::set_host(&mut url, value)),
            "hostname" => drop(quirks::set_hostname(&mut url, value)),
            "password" => drop(quirks::set_password(&mut url, value)),
            "pathname" => quirks::set_pathname(&mut url, value),
            "port" => drop(quirks::set_port(&mut url, value)),
            "protocol" => drop(quirks::set_protocol(&mut url, value)),
            "search" => quirks::set_search(&mut url, value),
            "username" => drop(quirks::set_username(&mut url, value)),
            _ => return None,
        }
        Some(url)
    })
}

/// The serialization of the origin.
pub(super) fn origin(href: &str) -> String {
    attempt(|| {
        let url = Url::parse(href).ok()?;
        // A blob has the origin of what its path names, where that is a page or a file. The crate takes any scheme there.
        if url.scheme() == "blob"
            && !Url::parse(url.path()).is_ok_and(|inner| ["http", "https"].contains(&inner.scheme()))
        {
            return None;
        }
        Some(quirks::origin(&url))
    })
    .unwrap_or_else(|| "null".into())
}

/// Where the parts lie, in the order of `ops.d.ts`.
pub(super) fn places(url: &Url) -> [usize; 12] {
    let text = url.as_str().as_bytes();
    let at = |place: Position| url[..place].len();
    let scheme_end = at(Position::AfterScheme);
    let username_start = if url.has_authority() { scheme_end + "://".len() } else { scheme_end + ":".len() };
    let (username_end, host_start) = (at(Position::AfterUsername), at(Position::BeforeHost));
    // The crate's own positions of the password index past the end of `x://`.
    let has_password = username_end < host_start && text.get(username_end) == Some(&b':');
    let password = if has_password { (username_end + 1, host_start - 1) } else { (username_end, username_end) };
    let host_end = at(Position::AfterHost);
    [
        scheme_end,
        username_start,
        username_end,
        password.0,
        password.1,
        host_start,
        host_end,
        at(Position::BeforePort),
        at(Position::AfterPort),
        at(Position::BeforePath),
        at(Position::AfterPath),
        at(Position::AfterQuery),
    ]
}

#[cfg(test)]
mod tests {
    use super::{parse, places, replace};

    fn parts(text: &str) -> Vec<String> {
        let Some(url) = parse(text, None) else { return Vec::new() };
        let [scheme, user, user_end, pass, pass_end, host, host_end, port, port_end, path, path_end, query] =
            places(&url);
        let pairs =
            [(0, scheme), (user, user_end), (pass, pass_end), (host, host_end), (port, port_end), (path, path_end)];
        let rest = [(path_end, query), (query, url.as_str().len())];
        pairs.into_iter().chain(rest).map(|(start, end)| url.as_str()[start..end].to_owned()).collect()
    }

    #[test]
    fn every_part_is_found() {
        for (text, expected) in [
            ("https://u:p@h:81/a?b#c", ["https", "u", "p", "h", "81", "/a", "?b", "#c"]),
            ("https://u@h", ["https", "u", "", "h", "", "/", "", ""]),
            ("https://:p@h", ["https", "", "p", "h", "", "/", "", ""]),
            ("x://", ["x", "", "", "", "", "", "", ""]),
            ("x://h:1", ["x", "", "", "h", "1", "", "", ""]),
            ("x:/.//p", ["x", "", "", "", "", "//p", "", ""]),
            ("data:a,b?", ["data", "", "", "", "", "a,b", "?", ""]),
            ("file:///:x", ["file", "", "", "", "", "/:x", "", ""]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn a_blob_has_the_origin_of_its_page() {
        for (href, expected) in [
            ("blob:https://a:1/x", "https://a:1"),
            ("blob:ftp://a/x", "null"),
            ("blob:blob:https://a/", "null"),
            ("blob:null/x", "null"),
            ("https://a:443/", "https://a"),
            ("data:x", "null"),
        ] {
            assert_eq!(super::origin(href), expected, "{href}");
        }
    }

    #[test]
    fn what_the_standard_ignores_is_ignored() {
        for (href, part, value, expected) in [
            ("https://h/", "port", "x", "https://h/"),
            ("https://h/", "protocol", "data", "https://h/"),
            ("x://", "hostname", "h", "x://h"),
            ("mailto:a", "host", "b", "mailto:a"),
        ] {
            assert_eq!(replace(href, part, value).map(String::from).as_deref(), Some(expected));
        }
    }
}
