//! A response's body as a value.
//!
//! What a body is depends on the response alone, never on the type that is wanted: so the raw
//! value is the same wherever it is read, and the type is checked against that.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flowcrate::StepError;
use flowcrate::types::{self, ProjectError};
use hyper::header::{self, HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ReadAs;
use super::exchange::Answered;

/// The body as `B`. The words of the error are those that the interpreter has for it.
pub(super) fn typed<B: DeserializeOwned>(body: &Value) -> Result<B, StepError> {
    match types::decode(body) {
        Ok(body) => Ok(body),
        Err(error) => Err(misfit(error)),
    }
}

/// Errors name the whole path in the output.
fn misfit(error: ProjectError) -> StepError {
    StepError::fatal("bad_response", error.under("body").to_string())
}

/// The body as it is.
pub(super) fn raw(answered: &Answered, read_as: ReadAs) -> Result<Value, StepError> {
    let body = &answered.body;
    let said = content_type(&answered.headers);
    let is_utf8 = || std::str::from_utf8(body).is_ok();
    let format = match read_as {
        ReadAs::Auto if is_json(&answered.headers) => ReadAs::Json,
        ReadAs::Auto if is_text(&answered.headers) => ReadAs::Text,
        ReadAs::Auto if said.is_empty() && is_utf8() => ReadAs::Text,
        ReadAs::Auto => ReadAs::Bytes,
        given => given,
    };
    let is_nothing = body.is_empty() && (format == ReadAs::Json || said.is_empty());
    Ok(match format {
        _ if is_nothing => Value::Null,
        ReadAs::Json => serde_json::from_slice(body).map_err(|error| {
            let message =
                format!("{} answered with a body that is no JSON: {error}", answered.asked);
            StepError::fatal("bad_response", message)
        })?,
        ReadAs::Text => Value::String(String::from_utf8_lossy(body).into_owned()),
        ReadAs::Bytes | ReadAs::Auto => Value::String(STANDARD.encode(body)),
    })
}

/// Headers by lower-case name; several of one name are joined, as RFC 9110 has it.
pub(super) fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut map: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        map.entry(name.as_str().to_owned())
            .and_modify(|all| {
                all.push_str(", ");
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    map
}

/// The media type without its parameters, lower case; empty where there is none.
fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = value.unwrap_or_default().split(';').next().unwrap_or_default();
    media.trim().to_ascii_lowercase()
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = content_type(headers);
    media == "application/json" || media == "text/json" || media.ends_with("+json")
}

/// Whether the content type is one of text, JSON included.
pub(super) fn is_text(headers: &HeaderMap) -> bool {
    let media = content_type(headers);
    let textual = ["xml", "javascript", "yaml", "graphql", "x-ndjson", "x-www-form-urlencoded"];
    media.starts_with("text/")
        || is_json(headers)
        || media.strip_prefix("application/").is_some_and(|sub| {
            textual.iter().any(|known| sub == *known || sub.ends_with(&format!("+{known}")))
        })
}
