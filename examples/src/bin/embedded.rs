//! Durable runs inside a web application: axum routes that start a run, send it an event and
//! look at it, and a shutdown that leaves every run where it stands.
//!
//! `cargo run -p flowcrate-examples --bin embedded -- 127.0.0.1:8080`
//!
//! ```sh
//! curl -X POST localhost:8080/orders -H 'content-type: application/json' \
//!      -d '{"id": "A-17", "cents": 4200}'           # {"run": "…"}
//! curl -X POST localhost:8080/orders/$RUN/paid -H 'content-type: application/json' \
//!      -d '{"payment": "p-1"}'
//! curl localhost:8080/orders/$RUN
//! ```

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use flowcrate::sqlite::SqliteStore;
use flowcrate::{
    Context, Engine, Error, Result, RunId, SendEvent, StepContext, StepError, WaitEvent, step,
    workflow,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// An order that waits to be paid.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Order {
    id: String,
    cents: u64,
}

/// The payment provider's message.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Paid {
    payment: String,
}

#[step]
async fn ship(step: StepContext, order: Order) -> Result<String, StepError> {
    // The key is the same for every attempt, so that the carrier sends one parcel.
    Ok(format!("parcel for {} under {}", order.id, step.idempotency_key()))
}

/// `events` declares what may be sent, and what it must hold.
#[workflow(events("paid" = Paid))]
async fn fulfil(ctx: Context, order: Order) -> Result<String> {
    let payment = WaitEvent::new("paid").timeout(Duration::from_hours(72));
    match ctx.wait_event::<Paid>("payment", payment).await? {
        Some(_paid) => ship(&ctx, order).await,
        None => Ok("never paid".to_owned()),
    }
}

/// Starts a run. The order's id is the key: a client that asks twice gets the same run.
async fn create(State(engine): State<Engine>, Json(order): Json<Order>) -> Answer {
    let key = order.id.clone();
    let run = engine.start(Fulfil, order).key(key).await?;
    let body = Json(serde_json::json!({ "run": run.id() }));
    Ok((StatusCode::ACCEPTED, body).into_response())
}

/// Tells a run that it was paid. Once answered, the event is durable; the payment's id makes a
/// second delivery of it harmless.
async fn paid(
    State(engine): State<Engine>,
    Path(run): Path<RunId>,
    Json(payload): Json<Value>,
) -> Answer {
    let event_id = payload.get("payment").and_then(Value::as_str).map(str::to_owned);
    let options = SendEvent { event_id, ..SendEvent::default() };
    engine.client().send_event(run, "paid", payload, options).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Where a run stands: its state, its output or failure, what it waits for.
async fn look(State(engine): State<Engine>, Path(run): Path<RunId>) -> Answer {
    let view = engine.client().run(run).await?.ok_or(Error::UnknownRun(run))?;
    Ok(Json(view).into_response())
}

type Answer = Result<Response, Refused>;

/// The runtime's error as an HTTP answer.
struct Refused(Error);

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            Error::UnknownRun(_) => StatusCode::NOT_FOUND,
            Error::KeyReused { .. } | Error::Finished(_) => StatusCode::CONFLICT,
            Error::Codec { .. } | Error::UndeclaredEvent(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            // Nothing was written; the same request may be made again.
            Error::Busy | Error::Closed => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let body = serde_json::json!({ "code": self.0.code(), "message": self.0.to_string() });
        (status, Json(body)).into_response()
    }
}

fn routes(engine: Engine) -> Router {
    Router::new()
        .route("/orders", post(create))
        .route("/orders/{run}", get(look))
        .route("/orders/{run}/paid", post(paid))
        .with_state(engine)
}

/// Ctrl-C, or what a service manager sends.
async fn told_to_stop() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => terminate.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let file = arguments.next().unwrap_or_else(|| "embedded.db".to_owned());
    // Building the engine resumes what an earlier process left unfinished.
    let store = SqliteStore::open(&file)?;
    let engine = Engine::builder().store(store).register(Fulfil).build().await?;
    let listener = TcpListener::bind(&address).await?;
    println!("listening on {}", listener.local_addr()?);
    // First the requests end, so that every answer is given; then the engine lets go of its runs.
    axum::serve(listener, routes(engine.clone())).with_graceful_shutdown(told_to_stop()).await?;
    engine.shutdown().await;
    println!("stopped");
    Ok(())
}
