//! A web application with two published workflows in it: `hello`, whose result it awaits, and
//! `delivery`, which it tells when a parcel was handed over.
//!
//! Both run in this process, by one engine, on one database of the application's own. Of
//! `delivery` there are two revisions: new clients use the second, old clients the first, and what
//! either began goes on after a restart. `README.md` says what to type.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use delivery::Delivery;
use flowcrate::sqlite::SqliteStore;
use flowcrate::{Engine, Error, Result, RunId, SendEvent};
use hello::Hello;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Starts a run and awaits what it gives.
async fn greet(State(engine): State<Engine>, Json(person): Json<hello::Person>) -> Answer {
    let output = engine.start(Hello, person).await?.result().await?;
    Ok(Json(output).into_response())
}

/// Starts a run that will wait for days. The parcel's id is the key: whoever asks twice gets the
/// same run.
async fn deliver(State(engine): State<Engine>, Json(parcel): Json<delivery::Parcel>) -> Answer {
    let key = parcel.id.clone();
    let run = engine.start(Delivery, parcel).key(key).await?;
    Ok(begun(run.id()))
}

/// The same for clients that know nothing of weights: the revision before has its own types.
async fn deliver_1(State(engine): State<Engine>, Json(parcel): Json<delivery_1::Parcel>) -> Answer {
    let key = parcel.id.clone();
    let run = engine.start(delivery_1::Delivery, parcel).key(key).await?;
    Ok(begun(run.id()))
}

fn begun(run: RunId) -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "run": run }))).into_response()
}

/// Tells a run of either revision that its parcel was handed over. Once this is answered, the run
/// will hear of it, whatever becomes of this process.
async fn delivered(
    State(engine): State<Engine>,
    Path(run): Path<RunId>,
    Json(payload): Json<Value>,
) -> Answer {
    engine.client().send_event(run, "delivered", payload, SendEvent::default()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Where a run stands: its state, its revision, its output or failure, what it waits for.
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
            // Nothing was written; the same request may be made again.
            Error::Busy | Error::Closed => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let body = json!({ "code": self.0.code(), "message": self.0.to_string() });
        (status, Json(body)).into_response()
    }
}

fn routes(engine: Engine) -> Router {
    Router::new()
        .route("/greetings", post(greet))
        .route("/v1/deliveries", post(deliver_1))
        .route("/v2/deliveries", post(deliver))
        .route("/deliveries/{run}", get(look))
        .route("/deliveries/{run}/delivered", post(delivered))
        .with_state(engine)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let file = arguments.next().unwrap_or_else(|| "consumer.db".to_owned());
    // A run is driven by the revision that began it: without `delivery_1` its runs would wait.
    let engine = Engine::builder()
        .store(SqliteStore::open(&file)?)
        .register(Hello)
        .register(delivery_1::Delivery)
        .register(Delivery)
        .build()
        .await?;
    let listener = TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let told_to_stop = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, routes(engine.clone())).with_graceful_shutdown(told_to_stop).await?;
    engine.shutdown().await;
    Ok(())
}
