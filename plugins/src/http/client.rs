//! The clients of the process, and what their errors mean.

use std::error::Error;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use flowcrate::StepError;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connect::{Connector, Refused};

type Client = legacy::Client<HttpsConnector<Connector>, Full<Bytes>>;

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// How many idle connections are kept to one host.
const IDLE_PER_HOST: usize = 16;

/// Sends a request and waits for the response's head.
pub(super) async fn send(
    request: Request<Full<Bytes>>,
    allow_private: bool,
) -> Result<Response<Incoming>, StepError> {
    let client = client(allow_private)?;
    client.request(request).await.map_err(|error| failure(&error))
}

/// One client for each rule about addresses: a connection that one rule allowed must not be
/// found in the other's pool.
fn client(allow_private: bool) -> Result<&'static Client, StepError> {
    static STRICT: OnceLock<Result<Client, String>> = OnceLock::new();
    static OPEN: OnceLock<Result<Client, String>> = OnceLock::new();
    let cell = if allow_private { &OPEN } else { &STRICT };
    cell.get_or_init(|| build(Connector { allow_private }).map_err(|error| error.to_string()))
        .as_ref()
        .map_err(|error| StepError::fatal("tls", format!("TLS cannot be set up: {error}")))
}

fn build(connector: Connector) -> io::Result<Client> {
    // Named, not taken from the process's default, which some other library may have set.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(provider)
        .map_err(io::Error::other)?
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_timer(TokioTimer::new())
        .build(connector))
}

/// The step's error for an error of the connection.
pub(super) fn failure(error: &(dyn Error + 'static)) -> StepError {
    if let Some(refused) = find::<Refused>(error) {
        return StepError::fatal("private_address", refused.to_string());
    }
    match find::<rustls::Error>(error) {
        Some(wrong @ rustls::Error::InvalidCertificate(_)) => {
            StepError::fatal("tls", wrong.to_string())
        }
        _ => StepError::retryable("network", chain(error)),
    }
}

/// The first error of type `E` among `error` and its causes.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An `io::Error` hides what it holds: its source is the source of that.
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        current = held.map(|held| held as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

/// All causes in one line, without those that the one before already tells.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut current = error.source();
    while let Some(cause) = current {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        current = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tls_configuration_builds() {
        assert!(build(Connector { allow_private: false }).is_ok());
    }

    #[test]
    fn causes_are_found_behind_io_errors() {
        let wrong = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = io::Error::other(io::Error::other(wrong));
        assert_eq!(failure(&error).code, "tls");
        assert_eq!(failure(&io::Error::other("reset")).code, "network");
    }
}
