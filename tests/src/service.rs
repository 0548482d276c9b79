//! A real local HTTP service for tests: it answers as it is told, and its ledger outlives every
//! process that calls it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

/// One request as the service saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Header names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body; null where it is empty or not JSON.
    pub body: Value,
}

impl Call {
    /// What makes two calls the same effect: the idempotency key, else method and path.
    pub fn identity(&self) -> String {
        let key = self.headers.get("idempotency-key");
        key.cloned().unwrap_or_else(|| format!("{} {}", self.method, self.path))
    }
}

/// What the service answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON body.
    pub body: Value,
    /// How long it takes.
    pub delay: Duration,
}

impl Answer {
    /// 200 with a body, at once.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body, delay: Duration::ZERO }
    }

    /// The same answer after a while.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

type Handler = dyn Fn(&Call) -> Answer + Send + Sync;

/// The running service; it stops with the test process.
#[derive(Clone)]
pub struct Service {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Service {
    /// Listens on a free loopback port and answers with `handler`.
    pub fn start(
        handler: impl Fn(&Call) -> Answer + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let service = Self { address: listener.local_addr()?, calls: Arc::default() };
        let calls = Arc::clone(&service.calls);
        let handler: Arc<Handler> = Arc::new(handler);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (calls, handler) = (Arc::clone(&calls), Arc::clone(&handler));
                std::thread::spawn(move || {
                    // A client that was killed in mid-call is what these tests are about.
                    let _ = answer(&stream, &calls, handler.as_ref());
                });
            }
        });
        Ok(service)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every call so far, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.calls).clone()
    }

    /// How often each effect was asked for.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in lock(&self.calls).iter() {
            *counts.entry(call.identity()).or_default() += 1;
        }
        counts
    }
}

fn lock(calls: &Mutex<Vec<Call>>) -> MutexGuard<'_, Vec<Call>> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(stream: &TcpStream, calls: &Mutex<Vec<Call>>, handler: &Handler) -> std::io::Result<()> {
    let Some(call) = read(stream)? else { return Ok(()) };
    // Counted before the answer: an effect happens whether or not the caller lives to hear of it.
    lock(calls).push(call.clone());
    let Answer { status, body, delay } = handler(&call);
    std::thread::sleep(delay);
    let body = body.to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )
}

fn read(stream: &TcpStream) -> std::io::Result<Option<Call>> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut parts = line.split_whitespace();
    let (Some(method), Some(path)) = (parts.next(), parts.next()) else { return Ok(None) };
    let (method, path) = (method.to_owned(), path.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Some(Call { method, path, headers, body }))
}
