//! The one address that this registry goes by.
//!
//! To cargo `localhost` and `127.0.0.1` are two registries, and a lock file keeps the address for
//! ever: so there is one, and everything that is published says it.

use axum::http::Uri;

use crate::error::Error;

/// The registry's public address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    base: String,
    host: String,
}

impl Address {
    /// An address such as `http://127.0.0.1:7700`, or one below a path, `https://example.org/flows`.
    pub fn new(url: &str) -> Result<Self, Error> {
        let wrong =
            || Error::Config(format!("{url:?} is no address such as http://127.0.0.1:7700"));
        let parsed: Uri = url.parse().map_err(|_| wrong())?;
        let http = matches!(parsed.scheme_str(), Some("http" | "https"));
        let bare = parsed.query().is_none() && !url.contains(['#', '@', '{', '}']);
        let host = parsed.host().filter(|host| http && bare && !host.is_empty());
        let host = host.ok_or_else(wrong)?.to_owned();
        Ok(Self { base: url.trim_end_matches('/').to_owned(), host })
    }

    /// The name of the machine, or its address.
    pub fn host(&self) -> String {
        self.host.clone()
    }

    /// Without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The index as manifests and configurations name it.
    pub fn index(&self) -> String {
        format!("sparse+{}/index/", self.base)
    }

    /// Whether an address that a manifest names is this registry's index.
    pub fn is_own(&self, index: &str) -> bool {
        index.trim_end_matches('/') == self.index().trim_end_matches('/')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
