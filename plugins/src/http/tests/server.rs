//! A server that records what it is asked.

use std::convert::Infallible;
use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::runtime::{Builder, Runtime};

/// Runs a future to its end.
pub(in super::super) fn block_on<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }
}

/// What to answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    chunked: bool,
    delay: Duration,
}

impl Answer {
    pub(super) fn status(status: u16) -> Self {
        Self { status: StatusCode::from_u16(status).unwrap(), ..Self::default() }
    }

    pub(super) fn body(content_type: &str, body: &'static [u8]) -> Self {
        let answer = Self { body: Bytes::from_static(body), ..Self::status(200) };
        if content_type.is_empty() { answer } else { answer.header("content-type", content_type) }
    }

    pub(super) fn text(self, text: &'static str) -> Self {
        Self { body: Bytes::from_static(text.as_bytes()), ..self }
            .header("content-type", "text/plain")
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(super) fn chunked(self) -> Self {
        Self { chunked: true, ..self }
    }

    pub(super) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// A body that does or does not announce its length.
struct Sent {
    bytes: Option<Bytes>,
    announced: Option<u64>,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A server on a loopback port, stopped when it is dropped.
pub(super) struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    runtime: Option<Runtime>,
}

impl Server {
    pub(super) fn start(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, connections) = (Arc::default(), Arc::default());
        let accepting =
            accept(listener, Arc::new(answer), Arc::clone(&seen), Arc::clone(&connections));
        runtime.spawn(accepting);
        Self { port, seen, connections, runtime: Some(runtime) }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// How many connections were made.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// All requests so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

type Answering = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;

async fn accept(
    listener: tokio::net::TcpListener,
    answer: Answering,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::SeqCst);
        let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
        tokio::spawn(async move {
            let service =
                service_fn(move |request| respond(request, Arc::clone(&answer), Arc::clone(&seen)));
            let connection = hyper::server::conn::http1::Builder::new();
            // A client that goes away early is a case under test.
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(
    request: Request<Incoming>,
    answer: Answering,
    all: Arc<Mutex<Vec<Seen>>>,
) -> Result<Response<Sent>, hyper::Error> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let body = body.collect().await?.to_bytes().to_vec();
    let seen = Seen { method: head.method, path, headers: head.headers, body };
    let answer = answer(&seen);
    all.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    tokio::time::sleep(answer.delay).await;
    let announced = (!answer.chunked).then_some(answer.body.len() as u64);
    let mut response = Response::new(Sent { bytes: Some(answer.body), announced });
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// A server that says these bytes to whoever asks once, and hangs up.
pub(super) fn raw(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1_024]);
        let _ = stream.write_all(answer);
    });
    port
}

/// A certificate that signs itself, for `localhost` and `127.0.0.1`, and its key.
pub(in super::super) const CERTIFICATE: &[u8] = include_bytes!("tls/cert.der");
const KEY: &[u8] = include_bytes!("tls/key.der");

/// A server that completes one TLS handshake with [`CERTIFICATE`], on the caller's runtime.
pub(in super::super) async fn tls_server() -> u16 {
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(KEY).into();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CERTIFICATE.into()], key)
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        // A client that does not like the certificate hangs up.
        let _ = acceptor.accept(stream).await;
    });
    port
}
