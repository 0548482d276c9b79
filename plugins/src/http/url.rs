//! URLs: what is given, what is added to it, and where a redirect leads.

use std::fmt;

use flowcrate::StepError;
use hyper::header::HeaderValue;
use hyper::http::uri::{Authority, PathAndQuery};

use super::encode::{percent, percent_outside_ascii};

/// Where a request goes: http or https, with a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    secure: bool,
    authority: Authority,
    path: PathAndQuery,
}

impl Target {
    /// Reads a URL. Credentials have no place in one, since URLs are logged.
    pub(super) fn parse(url: &str) -> Result<Self, StepError> {
        let url = url.trim();
        let scheme =
            url.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
        let (secure, rest) = match scheme.as_ref().map(|(scheme, rest)| (scheme.as_str(), *rest)) {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(invalid(url, "it starts with neither `https://` nor `http://`")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            let why = "it holds credentials; send them in an `authorization` header";
            return Err(StepError::fatal(
                "invalid_request",
                format!("the URL cannot be called: {why}"),
            ));
        }
        let authority: Authority =
            authority.parse().map_err(|_| invalid(url, "it has no valid host"))?;
        let has_port = authority.as_str().len() > authority.host().len();
        if authority.host().is_empty() || (has_port && authority.port_u16().is_none()) {
            return Err(invalid(url, "it has no valid host and port"));
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let path =
            percent_outside_ascii(&path).parse().map_err(|_| invalid(url, "its path is none"))?;
        Ok(Self { secure, authority, path })
    }

    /// The same, with more in its query.
    pub(super) fn with_query<'a>(
        mut self,
        pairs: impl Iterator<Item = (&'a String, &'a String)>,
    ) -> Result<Self, StepError> {
        let mut text = self.path.to_string();
        for (name, value) in pairs {
            text.push_str(match text.find('?') {
                None => "?",
                Some(_) if text.ends_with(['?', '&']) => "",
                Some(_) => "&",
            });
            text.push_str(&percent(name));
            text.push('=');
            text.push_str(&percent(value));
        }
        self.path = text.parse().map_err(|_| invalid(&text, "its query is none"))?;
        Ok(self)
    }

    /// Where a `Location` leads from here (RFC 3986, section 5.2).
    pub(super) fn join(&self, location: &str) -> Result<Self, StepError> {
        let location = location.trim();
        let scheme = if self.secure { "https" } else { "http" };
        if location.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':')) {
            return Self::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{scheme}://{rest}"));
        }
        let path = self.path.path();
        let (reference, query) =
            location.split_at(location.find(['?', '#']).unwrap_or(location.len()));
        let merged = match reference {
            "" if query.starts_with('?') => path.to_owned(),
            "" => self.path.to_string(),
            absolute if absolute.starts_with('/') => without_dots(absolute),
            relative => {
                let folder = path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or("/");
                without_dots(&format!("{folder}{relative}"))
            }
        };
        Self::parse(&format!("{scheme}://{}{merged}{query}", self.authority))
    }

    /// Whether both are one origin: scheme, host and port.
    pub(super) fn same_origin(&self, other: &Self) -> bool {
        self.origin() == other.origin()
    }

    /// Whether it is called over TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host as it is resolved: an IPv6 address without its brackets.
    pub(super) fn host(&self) -> &str {
        let host = self.authority.host();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The port, by the scheme where none is given.
    pub(super) fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.secure { 443 } else { 80 })
    }

    /// Scheme, host and port as one text, the same for all targets of one origin.
    pub(super) fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.authority.host().to_ascii_lowercase(), self.port())
    }

    /// Path and query, as a request's first line has them.
    pub(super) fn path(&self) -> &PathAndQuery {
        &self.path
    }

    /// The `Host` header: without the scheme's own port.
    pub(super) fn host_header(&self) -> Result<HeaderValue, StepError> {
        let own = if self.secure { Some(443) } else { Some(80) };
        let text = if self.authority.port_u16() == own {
            self.authority.host()
        } else {
            self.authority.as_str()
        };
        HeaderValue::from_str(text)
            .map_err(|error| StepError::fatal("invalid_request", error.to_string()))
    }
}

/// Without its query, which may hold what nobody should read in a journal.
impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(out, "{scheme}://{}{}", self.authority, self.path.path())
    }
}

fn invalid(url: &str, why: &str) -> StepError {
    let shown: String =
        url.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect();
    StepError::fatal("invalid_request", format!("the URL {shown:?} cannot be called: {why}"))
}

/// RFC 3986, section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(target: &Target) -> String {
        let scheme = if target.is_secure() { "https" } else { "http" };
        format!("{scheme}://{}{}", target.authority, target.path())
    }

    fn parsed(url: &str) -> String {
        Target::parse(url).map_or_else(|error| error.code, |target| full(&target))
    }

    #[test]
    fn urls_are_read_and_mended_where_that_is_safe() {
        assert_eq!(parsed("https://example.com"), "https://example.com/");
        assert_eq!(
            parsed(" HTTPS://Example.com:8443/a b?q=ü#frag"),
            "https://Example.com:8443/a%20b?q=%C3%BC"
        );
        assert_eq!(parsed("http://[::1]:80?x=1"), "http://[::1]:80/?x=1");
        for wrong in [
            "example.com",
            "ftp://a",
            "https://",
            "https://:80",
            "https://a:99999/",
            "https://u:p@a/",
            "https://a b/",
            "/x",
            "",
        ] {
            assert_eq!(parsed(wrong), "invalid_request", "{wrong}");
        }
    }

    #[test]
    fn a_query_is_added_encoded() {
        let with = |url: &str| {
            let pairs = [("a b".to_owned(), "1&2".to_owned()), ("c".to_owned(), "ü+".to_owned())];
            let target = Target::parse(url).unwrap();
            full(&target.with_query(pairs.iter().map(|(k, v)| (k, v))).unwrap())
        };
        assert_eq!(with("https://x/p"), "https://x/p?a%20b=1%262&c=%C3%BC%2B");
        assert_eq!(with("https://x/p?z=1"), "https://x/p?z=1&a%20b=1%262&c=%C3%BC%2B");
        assert_eq!(with("https://x/p?"), "https://x/p?a%20b=1%262&c=%C3%BC%2B");
        assert_eq!(with("https://x/p?z&"), "https://x/p?z&a%20b=1%262&c=%C3%BC%2B");
    }

    #[test]
    fn redirects_lead_where_the_standard_says() {
        let base = Target::parse("http://a/b/c/d?q").unwrap();
        for (location, leads) in [
            ("g", "http://a/b/c/g"),
            ("./g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g:8/x", "http://g:8/x"),
            ("?y", "http://a/b/c/d?y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("", "http://a/b/c/d?q"),
            ("#s", "http://a/b/c/d?q"),
            ("..", "http://a/b/"),
            ("../../../g", "http://a/g"),
            ("https://z/", "https://z/"),
            ("g/../h", "http://a/b/c/h"),
        ] {
            let joined = full(&base.join(location).unwrap());
            assert_eq!(joined, leads, "{location}");
        }
        assert!(base.join("javascript:alert(1)").is_err());
    }

    #[test]
    fn origins_are_scheme_host_and_port() {
        let same =
            |a: &str, b: &str| Target::parse(a).unwrap().same_origin(&Target::parse(b).unwrap());
        assert!(same("https://a/x", "https://A:443/y"));
        assert!(!same("https://a/", "http://a/"));
        assert!(!same("https://a/", "https://a:444/"));
        assert!(!same("https://a/", "https://b/"));
    }

    #[test]
    fn what_is_shown_hides_the_query() {
        assert_eq!(Target::parse("https://a/b?token=x").unwrap().to_string(), "https://a/b");
    }
}
