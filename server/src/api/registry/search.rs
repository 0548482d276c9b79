//! `cargo search`.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Reader;
use super::refusal::Result;
use crate::api::body::Query;
use crate::app::App;

/// How many crates are shown where cargo does not say.
const SHOWN: u32 = 10;
/// And the most of them.
const MOST: u32 = 100;

/// What cargo asks for.
#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    per_page: Option<u32>,
}

/// The crates whose name or description has the text in it.
pub(super) async fn search(
    _: Reader,
    State(app): State<App>,
    Query(search): Query<Search>,
) -> Result<Json<Value>> {
    let limit = search.per_page.unwrap_or(SHOWN).clamp(1, MOST);
    let (found, total) = app.store.search(&search.q, limit).await?;
    let crates: Vec<Value> = found
        .into_iter()
        .map(|found| {
            let version = found.version;
            json!({ "name": found.name, "max_version": version, "description": found.description })
        })
        .collect();
    Ok(Json(json!({ "crates": crates, "meta": { "total": total } })))
}
