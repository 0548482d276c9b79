//! A local service that plays the shop of `order-intake` and counts its calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

/// The service; it ends with the test's runtime.
pub(crate) struct Shop {
    pub(crate) url: String,
    state: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    calls: Mutex<BTreeMap<String, u32>>,
    available: std::sync::atomic::AtomicBool,
    /// How long `/payments` takes.
    payment_ms: std::sync::atomic::AtomicU64,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let state = Arc::new(Inner::default());
        state.available.store(true, std::sync::atomic::Ordering::SeqCst);
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, state }
    }

    pub(crate) fn calls(&self, path: &str) -> u32 {
        self.state.calls.lock().unwrap().get(path).copied().unwrap_or_default()
    }

    pub(crate) fn sold_out(&self) {
        self.state.available.store(false, std::sync::atomic::Ordering::SeqCst);
    }

    pub(crate) fn slow_payments(&self, ms: u64) {
        self.state.payment_ms.store(ms, std::sync::atomic::Ordering::SeqCst);
    }

    /// An order with so many items.
    pub(crate) fn order(&self, items: u32) -> Value {
        let items: Vec<Value> = (0..items)
            .map(|at| json!({ "sku": format!("sku-{at}"), "quantity": 2, "price_cents": 150 }))
            .collect();
        json!({ "order_id": "o-1", "email": "ada@example.org", "api": self.url, "items": items })
    }
}

async fn answer(State(state): State<Arc<Inner>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let count = {
        let mut calls = state.calls.lock().unwrap();
        let count = calls.entry(path.clone()).or_default();
        *count += 1;
        *count
    };
    match path.as_str() {
        "/customers" => {
            Json(json!({ "id": "c-7", "name": "Ada", "blocked": false, "more": 1 })).into_response()
        }
        "/stock" => {
            let available = state.available.load(std::sync::atomic::Ordering::SeqCst);
            Json(json!({ "available": available })).into_response()
        }
        "/payments" => {
            let ms = state.payment_ms.load(std::sync::atomic::Ordering::SeqCst);
            tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
            Json(json!({ "payment_id": format!("p-{}", body["sku"].as_str().unwrap()) }))
                .into_response()
        }
        "/flaky" if count < 3 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        "/flaky" => Json(json!({ "ok": true })).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
