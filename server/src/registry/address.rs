//! The one address that this registry goes by.
//!
//! To cargo `localhost` and `127.0.0.1` are two registries, and a lock file keeps the address for
//! ever: so there is one, and everything that is published says it.

use std::net::IpAddr;

use axum::http::Uri;
use axum::http::uri::Authority;

use crate::error::Error;

/// The registry's public address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    base: String,
    authority: Authority,
    /// Where those of its scheme listen that name no port.
    port: u16,
}

impl Address {
    /// An address such as `http://127.0.0.1:7700`, or one below a path, `https://example.org/flows`.
    pub fn new(url: &str) -> Result<Self, Error> {
        let wrong =
            || Error::Config(format!("{url:?} is no address such as http://127.0.0.1:7700"));
        let parsed: Uri = url.parse().map_err(|_| wrong())?;
        let http = matches!(parsed.scheme_str(), Some("http" | "https"));
        let bare = parsed.query().is_none() && !url.contains(['#', '@', '{', '}']);
        let named = |of: &&Authority| http && bare && !of.host().is_empty();
        let authority = parsed.authority().filter(named).ok_or_else(wrong)?.clone();
        let port = if parsed.scheme_str() == Some("https") { 443 } else { 80 };
        Ok(Self { base: url.trim_end_matches('/').to_owned(), authority, port })
    }

    /// The name of the machine, or its address.
    pub fn host(&self) -> String {
        self.authority.host().to_owned()
    }

    /// Without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The index as manifests and configurations name it.
    pub fn index(&self) -> String {
        format!("sparse+{}/index/", self.base)
    }

    /// Whether somebody on this very machine asks by another name than the registry's own, such as
    /// `localhost:7700`: to cargo that would be another registry. Of other names nobody knows: what
    /// stands before a server may give it one of its own.
    pub fn is_mistaken(&self, asked: &Authority) -> bool {
        let own = &self.authority;
        let here = is_loopback(own.host()) && is_loopback(asked.host());
        let port = |of: &Authority| of.port_u16().unwrap_or(self.port);
        here && (port(own) != port(asked) || !own.host().eq_ignore_ascii_case(asked.host()))
    }

    /// Whether an address that a manifest names is this registry's index.
    pub fn is_own(&self, index: &str) -> bool {
        index.trim_end_matches('/') == self.index().trim_end_matches('/')
    }
}

/// Whether a host is this machine, seen from itself.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_one_name_and_others_are_nobodys_business() {
        let mistaken = |own: &str, asked: &str| {
            Address::new(own).unwrap().is_mistaken(&asked.parse().unwrap())
        };
        for asked in ["localhost:7700", "127.0.0.1:80", "[::1]:7700", "127.0.0.2:7700"] {
            assert!(mistaken("http://127.0.0.1:7700", asked), "{asked}");
        }
        assert!(mistaken("http://localhost:7700", "127.0.0.1:7700"));
        assert!(!mistaken("http://127.0.0.1:7700/", "127.0.0.1:7700"));
        assert!(!mistaken("http://LOCALHOST:7700", "localhost:7700"));
        assert!(!mistaken("http://localhost:80", "localhost"));
        assert!(mistaken("https://localhost", "localhost:80"));
        assert!(!mistaken("https://example.org/flows", "127.0.0.1:7700"));
        assert!(!mistaken("http://127.0.0.1:7700", "flows.example:7700"));
    }

    #[test]
    fn an_address_is_one_of_http_and_nothing_more() {
        let address = Address::new("http://127.0.0.1:7700/").unwrap();
        assert_eq!(address.index(), "sparse+http://127.0.0.1:7700/index/");
        assert!(address.is_own("sparse+http://127.0.0.1:7700/index"));
        assert!(!address.is_own("sparse+http://localhost:7700/index/"));
        assert!(Address::new("https://example.org/flows").is_ok());
        for url in
            ["", "127.0.0.1:7700", "ftp://a", "http://", "http://a?b", "http://u@a", "http://a/{x}"]
        {
            assert!(Address::new(url).is_err(), "{url}");
        }
    }
}
