//! Connections, made only to the addresses that were checked.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use flowcrate::StepError;
use hyper::client::conn::http1::{self, SendRequest};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::address::is_public;
use super::failure::{self, Failed};
use super::io::{Io, Payload};
use super::url::Target;

/// An address that does not answer must not use up the time for the next one.
const PATIENCE: Duration = Duration::from_secs(10);

/// The name has only addresses that are not public.
#[derive(Debug)]
pub(super) struct Refused {
    host: String,
    address: SocketAddr,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, address } = self;
        write!(
            out,
            "{host} is {}, which is a private address; set `allow_private` to call it",
            address.ip()
        )
    }
}

impl std::error::Error for Refused {}

/// Opens a connection to the target's host: TCP, TLS where the scheme asks for it, HTTP/1.1.
pub(super) async fn open(
    target: &Target,
    allow_private: bool,
) -> Result<SendRequest<Payload>, StepError> {
    let stream = connect(target, allow_private).await.map_err(|error| failure::of(&error))?;
    if !target.is_secure() {
        return handshake(stream).await.map_err(|error| failure::of(&error));
    }
    let stream = secured(target, stream, tls()?).await.map_err(|error| failure::of(&error))?;
    handshake(stream).await.map_err(|error| failure::of(&error))
}

async fn secured(
    target: &Target,
    stream: TcpStream,
    config: Arc<ClientConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(target.host().to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(config).connect(name, stream).await
}

async fn handshake<S>(stream: S) -> hyper::Result<SendRequest<Payload>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::handshake(Io(stream)).await?;
    // It ends with its sender or with the other side; what goes wrong, the request is told.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

/// Connects to the first of the host's addresses that is allowed and answers.
async fn connect(target: &Target, allow_private: bool) -> io::Result<TcpStream> {
    let host = target.host();
    let mut refused = None;
    let mut failed = None;
    for address in tokio::net::lookup_host((host, target.port())).await? {
        if !allow_private && !is_public(address.ip()) {
            refused = Some(address);
            continue;
        }
        match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => failed = Some(error),
            Err(_) => failed = Some(io::Error::new(io::ErrorKind::TimedOut, "no answer")),
        }
    }
    Err(match (failed, refused) {
        (Some(error), _) => error,
        (None, Some(address)) => io::Error::other(Refused { host: host.to_owned(), address }),
        (None, None) => io::Error::new(io::ErrorKind::NotFound, "the name has no address"),
    })
}

/// The TLS configuration of the process: rustls on ring, Mozilla's roots.
fn tls() -> Result<Arc<ClientConfig>, StepError> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, Failed>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| build_tls().map(Arc::new).map_err(|e| e.to_string()));
    config
        .clone()
        .map_err(|error| StepError::fatal("tls", format!("TLS cannot be set up: {error}")))
}

fn build_tls() -> Result<ClientConfig, rustls::Error> {
    trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    // Named, not taken from the process's default, which some other library may have set.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::super::tests::server::{CERTIFICATE, block_on, tls_server};
    use super::*;

    #[test]
    fn the_tls_configuration_builds() {
        let config = build_tls().unwrap();
        assert_eq!(config.alpn_protocols, [b"http/1.1"]);
        assert!(tls().is_ok());
    }

    #[test]
    fn a_certificate_is_checked_against_the_roots_and_the_name() {
        let connect = |host: &str, roots: RootCertStore| {
            block_on(async {
                let server = tls_server().await;
                let target = Target::parse(&format!("https://{host}:{server}/")).unwrap();
                let stream = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                let config = Arc::new(trusting(roots).unwrap());
                let stream = secured(&target, stream, config).await;
                let stream = stream.map_err(|error| failure::of(&error))?;
                handshake(stream).await.map_err(|error| failure::of(&error))
            })
        };
        let mut ours = RootCertStore::empty();
        ours.add(CERTIFICATE.into()).unwrap();
        assert!(connect("localhost", ours.clone()).is_ok());
        assert!(connect("127.0.0.1", ours.clone()).is_ok());
        let mozilla = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for (host, roots) in [("localhost", mozilla), ("example.com", ours)] {
            let error = connect(host, roots).unwrap_err();
            assert_eq!(
                (error.code.as_str(), error.is_retryable()),
                ("tls", false),
                "{host}: {error}"
            );
        }
    }
}
