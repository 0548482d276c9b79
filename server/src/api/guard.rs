//! Refuses what a hostile web page could make a browser send.
//!
//! A server on loopback has no password: a page that rebinds its own name to 127.0.0.1 is known
//! by its `Host`, one that posts across origins by its `Origin`. There is no CORS at all.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::registry::is_loopback;

/// Which hosts a request may name.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// Whether any name will do: the server listens for other machines.
    pub any: bool,
    /// Names besides those of loopback.
    pub allowed: Vec<String>,
}

impl Hosts {
    fn accepts(&self, host: &str) -> bool {
        self.any
            || is_loopback(host)
            || self.allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(host))
    }
}

/// The middleware.
pub(super) async fn guard(
    State(hosts): State<Arc<Hosts>>,
    request: Request,
    next: Next,
) -> Response {
    match refusal(&hosts, &request) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn refusal(hosts: &Hosts, request: &Request) -> Option<Problem> {
    let Some(host) = authority(request) else {
        return Some(Problem::bad_request("the Host header is missing or malformed"));
    };
    if !hosts.accepts(host.host()) {
        let detail = format!(
            "this server does not go by the name {:?}; allow it with --allow-host",
            host.host()
        );
        return Some(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "wrong_host",
            "the request names another host",
            detail,
        ));
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || same_origin(request.headers(), &host) {
        return None;
    }
    Some(Problem::new(
        StatusCode::FORBIDDEN,
        "cross_origin",
        "the request comes from another origin",
        "a page of another origin may not write here",
    ))
}

fn authority(request: &Request) -> Option<Authority> {
    asked(request.headers(), request.uri())
}

/// By which name a request knows this server.
pub(super) fn asked(headers: &HeaderMap, uri: &Uri) -> Option<Authority> {
    match headers.get(header::HOST) {
        Some(host) => host.to_str().ok()?.parse().ok(),
        None => uri.authority().cloned(),
    }
}

/// Whether the browser that sent it, if one did, shows a page of this very server.
fn same_origin(headers: &HeaderMap, host: &Authority) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin = origin.to_str().unwrap_or_default();
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host.as_str()))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn refused(method: &str, host: &str, extra: &[(&str, &str)]) -> Option<u16> {
        let hosts = Hosts { any: false, allowed: vec!["flows.example".to_owned()] };
        let mut request = Request::builder().method(method).uri("/").header("host", host);
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        refusal(&hosts, &request.body(Body::empty()).unwrap()).map(|problem| problem.status)
    }

    #[test]
    fn loopback_names_and_allowed_names_pass() {
        for host in ["127.0.0.1:7700", "localhost", "[::1]:80", "LOCALHOST:1", "flows.example"] {
            assert_eq!(refused("POST", host, &[]), None, "{host}");
        }
    }

    #[test]
    fn a_rebound_name_is_refused_even_for_reads() {
        for host in ["evil.example", "evil.example:7700", "127.0.0.1.evil.example", "10.0.0.1"] {
            assert_eq!(refused("GET", host, &[]), Some(421), "{host}");
        }
        assert_eq!(refused("GET", "a b", &[]), Some(400));
    }

    #[test]
    fn a_write_of_another_origin_is_refused() {
        let host = "127.0.0.1:7700";
        assert_eq!(refused("POST", host, &[("origin", "http://127.0.0.1:7700")]), None);
        assert_eq!(refused("GET", host, &[("origin", "http://evil.example")]), None);
        for origin in ["http://evil.example", "http://127.0.0.1:9", "null", "file://127.0.0.1:7700"]
        {
            assert_eq!(refused("POST", host, &[("origin", origin)]), Some(403), "{origin}");
        }
        for site in ["cross-site", "same-site"] {
            assert_eq!(refused("DELETE", host, &[("sec-fetch-site", site)]), Some(403), "{site}");
        }
        assert_eq!(refused("PUT", host, &[("sec-fetch-site", "same-origin")]), None);
    }
}
