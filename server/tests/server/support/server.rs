//! A server in this process, without a socket, on a folder that goes away.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use flowcrate_server::app::App;
use flowcrate_server::clock::Clock;
use flowcrate_server::config::Config;
use flowcrate_server::registry;
use flowcrate_server::server::Server;
use flowcrate_server::store::Scope;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// The running server.
pub(crate) struct TestServer {
    server: Server,
    router: Router,
    folder: TempDir,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body, once the status is as expected.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// A problem with this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("urn:flowcrate:problem:{code}"));
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        problem
    }
}

impl TestServer {
    /// A fresh server with its examples.
    pub(crate) async fn start() -> Self {
        Self::open(tempfile::tempdir().unwrap(), Clock::system()).await
    }

    /// A fresh server that takes the time from `clock`.
    pub(crate) async fn with_clock(clock: Clock) -> Self {
        Self::open(tempfile::tempdir().unwrap(), clock).await
    }

    /// A fresh server whose registry tells nobody anything without a token.
    pub(crate) async fn private() -> Self {
        let private = |config| Config { private_registry: true, ..config };
        Self::open_with(tempfile::tempdir().unwrap(), Clock::system(), private).await
    }

    /// A server on what another one left in a folder, at the one address that its crates name.
    pub(crate) async fn on(folder: TempDir) -> Self {
        let public = || Some("http://127.0.0.1:7700".to_owned());
        let known = |config| Config { public_url: public(), ..config };
        Self::open_with(folder, Clock::system(), known).await
    }

    async fn open(folder: TempDir, clock: Clock) -> Self {
        Self::open_with(folder, clock, |config| config).await
    }

    async fn open_with(
        folder: TempDir,
        clock: Clock,
        configured: impl FnOnce(Config) -> Config,
    ) -> Self {
        let config = configured(Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            data: folder.path().join("data"),
            allow_hosts: Vec::new(),
            public_url: None,
            private_registry: false,
            retention: None,
        });
        let server = Server::bind_with(&config, clock).await.unwrap();
        let router = server.router();
        Self { server, router, folder }
    }

    /// Stops the engine and starts another server on the same data.
    pub(crate) async fn restart(self) -> Self {
        Self::open(self.stopped().await, Clock::system()).await
    }

    /// Stops the server; its folder.
    pub(crate) async fn stopped(self) -> TempDir {
        let Self { server, router, folder } = self;
        drop(router);
        server.close().await;
        folder
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// By which name it is asked: `127.0.0.1:7700`.
    pub(crate) fn name(&self) -> &str {
        self.app().registry.address.base().trim_start_matches("http://")
    }

    pub(crate) fn app(&self) -> &App {
        self.server.app()
    }

    /// A token of the registry, in a header.
    pub(crate) async fn token(&self, name: &str, scope: Scope) -> (&'static str, String) {
        let store = &self.app().store;
        let (_, token) = registry::create_token(store, (name, scope), 0).await.unwrap();
        ("authorization", format!("Bearer {token}"))
    }

    /// The answer as it comes, for streams.
    pub(crate) async fn raw(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let method: Method = method.parse().unwrap();
        let mut request = Request::builder().method(method).uri(path);
        if headers.iter().all(|(name, _)| *name != "host") {
            request = request.header("host", self.name());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.raw(request.body(body.into()).unwrap()).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        assert_ne!(
            parts.status,
            StatusCode::INTERNAL_SERVER_ERROR,
            "{}",
            String::from_utf8_lossy(&body)
        );
        Reply { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[("content-type", "application/json")], body.to_string()).await
    }

    /// Stores a graph that must compile.
    pub(crate) async fn store(&self, graph: &Value) -> Value {
        self.post("/api/v1/workflows", graph).await.expect(201)
    }

    /// Starts a run and waits for its end.
    pub(crate) async fn run(&self, workflow: &str, input: &Value) -> Value {
        let body = serde_json::json!({ "input": input });
        self.post(&format!("/api/v1/workflows/{workflow}/runs?wait=20s"), &body).await.expect(200)
    }

    /// Polls a run until its status is `status`.
    pub(crate) async fn until(&self, run: &str, status: &str) -> Value {
        for _ in 0..400 {
            let now = self.get(&format!("/api/v1/runs/{run}")).await.expect(200);
            if now["status"] == status {
                return now;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!(
            "run {run} never became {status}: {}",
            self.get(&format!("/api/v1/runs/{run}")).await.text()
        );
    }
}
