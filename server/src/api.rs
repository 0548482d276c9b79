//! The HTTP API: axum, one file a resource, OpenAPI from the same annotations.

mod access;
mod body;
mod catalogue;
mod check;
mod crates;
mod diagnostics;
mod document;
mod editor;
mod etag;
mod export;
mod git;
mod guard;
mod health;
mod hooks;
mod import;
mod operations;
mod page;
pub mod problem;
mod publish;
mod registry;
mod runs;
mod schema;
mod upgrade;
mod watch;
mod workflows;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use problem::Problem;

pub use guard::Hosts;

/// What the document says besides the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Flowcrate",
        description = "Stores graphs, runs workflows, exports them as Rust crates.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(problem::Problem))
)]
struct Document;

/// All routes of the server.
pub fn router(app: App, hosts: Hosts) -> Router {
    let (api, document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(health::healthz))
        .routes(routes!(workflows::list, workflows::create))
        .routes(routes!(workflows::read, workflows::replace, workflows::delete))
        .routes(routes!(export::export))
        .routes(routes!(publish::preview, publish::publish))
        .routes(routes!(crates::list))
        .routes(routes!(crates::read))
        .routes(routes!(crates::read_version))
        .routes(routes!(crates::yank))
        .routes(routes!(crates::unyank))
        .routes(routes!(check::check))
        .routes(routes!(upgrade::check))
        .routes(routes!(catalogue::catalogue))
        .routes(routes!(runs::list_of_workflow, runs::start))
        .routes(routes!(runs::list))
        .routes(routes!(runs::read))
        .routes(routes!(watch::watch))
        .routes(routes!(runs::send_event))
        .routes(routes!(operations::cancel))
        .routes(routes!(operations::terminate))
        .routes(routes!(operations::pause))
        .routes(routes!(operations::resume))
        .routes(routes!(operations::explain))
        .routes(routes!(operations::fork))
        .routes(routes!(hooks::hook))
        .routes(routes!(import::vercel))
        .routes(routes!(diagnostics::page))
        .split_for_parts();
    let document = document::finished(serde_json::to_value(document).unwrap_or_default());
    api.route("/api/v1/openapi.json", get(move || async move { Json(document) }))
        .merge(registry::routes())
        .merge(git::routes())
        .fallback(fallback)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(body::LIMIT))
        .layer(middleware::from_fn_with_state(Arc::new(hosts), guard::guard))
        .layer(compression())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(log))
        .with_state(app)
}

/// Gzip for what shrinks, as packed files do not; what cargo's index says is sent as it is; event
/// streams must not sit in a compressor's buffer.
fn compression() -> CompressionLayer<impl tower_http::compression::Predicate> {
    let predicate = DefaultPredicate::new()
        .and(NotForContentType::new("application/zip"))
        .and(NotForContentType::new(registry::INDEX))
        .and(NotForContentType::new(registry::PACKAGE))
        .and(NotForContentType::new(git::MEDIA_TYPE));
    CompressionLayer::new().compress_when(predicate)
}

/// What no route takes: a problem below `/api`, `/git`, `/hooks` and `/index`, else the editor.
async fn fallback(uri: Uri, headers: axum::http::HeaderMap) -> Response {
    let path = uri.path();
    let ours = ["/api", "/git", "/hooks", "/index"].iter().any(|root| {
        path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if ours {
        return Problem::not_found(format!("there is no {path}")).into_response();
    }
    editor::serve(path, &headers)
}

async fn method_not_allowed(uri: Uri) -> Problem {
    let detail = format!("{} does not take this method", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "the method is not allowed", detail)
}

/// A panic is our bug; the caller gets a problem like any other and the server goes on.
#[allow(clippy::needless_pass_by_value)] // The layer's signature.
fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Problem::internal(&format!("panic: {text}")).into_response()
}

/// One line a request.
async fn log(request: axum::extract::Request, next: middleware::Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let start = std::time::Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(%method, path, status, ms, "request");
    response
}
