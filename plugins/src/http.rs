//! `http.request@1`: call any HTTP API.
//!
//! A connection is made only to public addresses: private, loopback and link-local ones are
//! refused after the name is resolved, on the very address that would be connected to, for
//! redirects too. `allow_private` in the input lifts that for one request; the environment
//! variable `FLOWCRATE_ALLOW_PRIVATE=1` lifts it for the whole process, as its operator's switch.

mod address;
mod client;
mod connect;
mod date;
mod decode;
mod encode;
mod exchange;
mod failure;
mod io;
mod pool;
mod redirect;
mod status;
mod url;

use std::collections::BTreeMap;
use std::pin::{Pin, pin};

use flowcrate::{Bytes, Duration, StepContext, StepError, action};
use futures_util::future::{Either, select};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Typed;

/// What to send.
///
/// At most one of `json`, `form`, `text` and `bytes` is the body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Typed)]
pub struct Request {
    /// The method; GET where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Where to: `https://…` or `http://…`.
    pub url: String,
    /// Headers by name. What the body needs is set by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// Added to the URL's query, encoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<BTreeMap<String, String>>,
    /// A body of JSON.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub json: Value,
    /// A body as an HTML form sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<BTreeMap<String, String>>,
    /// A body of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A body of binary data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Bytes>,
    /// How to read the response's body; by its content type where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_as: Option<ReadAs>,
    /// How long one attempt may take, besides the step's own policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How many redirects are followed; 10 where it is left out, 0 gives the redirect itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_redirects: Option<i64>,
    /// The largest body that is taken, in bytes; 10 MiB where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_body: Option<i64>,
    /// Whether private, loopback and link-local addresses may be called; no by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_private: Option<bool>,
    /// Whether a status of 400 and above fails the step; yes by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_on_status: Option<bool>,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Typed)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    #[default]
    Get,
    /// Reads the headers alone.
    Head,
    /// Creates or does.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
    /// Asks what is possible.
    Options,
}

/// How a response's body is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Typed)]
#[serde(rename_all = "lowercase")]
pub enum ReadAs {
    /// JSON where the content type says so, text where it is text, else bytes (base64 in JSON).
    #[default]
    Auto,
    /// JSON, whatever the content type says.
    Json,
    /// Text, whatever the content type says.
    Text,
    /// Bytes, base64 in JSON.
    Bytes,
}

/// What came back, with a body of type `B`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Typed)]
pub struct Response<B> {
    /// The status, 200.
    pub status: i64,
    /// Headers by lower-case name; several of one name are joined by a comma.
    pub headers: BTreeMap<String, String>,
    /// The body; null where there is none.
    pub body: B,
}

/// Calls an HTTP API.
///
/// Every method but GET and HEAD carries the step's idempotency key as `Idempotency-Key`, the
/// same for all attempts. A status of 400 and above fails the step unless `fail_on_status` is
/// off: 408, 425, 429 and all from 500 on are tried again, after the time that `Retry-After`
/// asks for; others are not.
///
/// | code of the error | what it means | tried again |
/// |---|---|---|
/// | `http_status` | the status is 400 or above | as above |
/// | `timeout` | the attempt took too long | yes |
/// | `network` | no connection, or it broke | yes |
/// | `tls` | the other side's certificate is not valid | no |
/// | `private_address` | the address is private, loopback or link-local | no |
/// | `invalid_request` | the input says something that cannot be sent | no |
/// | `too_many_redirects` | more than `max_redirects` | no |
/// | `body_too_large` | more than `max_body` | no |
/// | `bad_response` | the body does not have the declared type | no |
#[action(
    kind = "http.request@1",
    label = "HTTP request",
    category = "Network",
    feature = "http",
    generic = "body",
    effects
)]
pub async fn request<B: DeserializeOwned>(
    step: StepContext,
    input: Request,
) -> Result<Response<B>, StepError> {
    let Response { status, headers, body } = answer(step, input).await?;
    Ok(Response { status, headers, body: decode::typed(&body)? })
}

/// All of a call that does not depend on the body's type. In a box, so that the client is compiled
/// with this crate and not anew with each workflow that calls it.
fn answer(
    step: StepContext,
    input: Request,
) -> Pin<Box<dyn Future<Output = Result<Response<Value>, StepError>> + Send>> {
    Box::pin(async move {
        let answered = {
            let attempt = pin!(exchange::exchange(&input, step.idempotency_key()));
            match select(attempt, pin!(step.cancelled())).await {
                Either::Left((answered, _)) => answered?,
                Either::Right(((), _)) => {
                    // Sent or not: nobody knows what the other side made of it (S22).
                    return Err(StepError::retryable("unknown", "given up before its answer came"));
                }
            }
        };
        if input.fail_on_status.unwrap_or(true) {
            status::check(&answered)?;
        }
        Ok(Response {
            status: i64::from(answered.status.as_u16()),
            body: decode::raw(&answered, input.read_as.unwrap_or_default())?,
            headers: decode::headers(&answered.headers),
        })
    })
}

#[cfg(test)]
mod tests;
