//! Connections, made only to the addresses that were checked.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::address::is_public;

/// An address that does not answer must not use up the time for the next one.
const PATIENCE: Duration = Duration::from_secs(10);

/// Resolves a name and connects to the first of its addresses that answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connector {
    /// Whether addresses that are not public may be connected to.
    pub(super) allow_private: bool,
}

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

type Connecting = Pin<Box<dyn Future<Output = io::Result<TokioIo<TcpStream>>> + Send>>;

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        let allow_private = self.allow_private;
        Box::pin(async move { connect(&uri, allow_private).await.map(TokioIo::new) })
    }
}

async fn connect(uri: &Uri, allow_private: bool) -> io::Result<TcpStream> {
    let host = uri.host().unwrap_or_default();
    // An IPv6 address stands in brackets in a URL, and not where it is resolved.
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let secure = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let mut refused = None;
    let mut failed = None;
    for address in tokio::net::lookup_host((host, port)).await? {
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
