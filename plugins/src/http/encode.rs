//! Bodies and queries as bytes and text.

use std::collections::BTreeMap;

use flowcrate::StepError;
use hyper::body::Bytes;

use super::Request;

/// A body and the content type that says what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) bytes: Bytes,
    pub(super) content_type: Option<&'static str>,
}

/// The body of a request: at most one of the four forms.
pub(super) fn body(input: &Request) -> Result<Body, StepError> {
    let json = Some(&input.json).filter(|json| !json.is_null());
    let given: Vec<&str> = [
        ("json", json.is_some()),
        ("form", input.form.is_some()),
        ("text", input.text.is_some()),
        ("bytes", input.bytes.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, given)| given.then_some(name))
    .collect();
    if given.len() > 1 {
        let given = given.join(" and ");
        let message = format!("a request has one body, and this one has {given}");
        return Err(StepError::fatal("invalid_request", message));
    }
    let (bytes, content_type) = if let Some(json) = json {
        (json.to_string().into(), "application/json")
    } else if let Some(form) = &input.form {
        (form_text(form).into(), "application/x-www-form-urlencoded")
    } else if let Some(text) = &input.text {
        (text.clone().into(), "text/plain; charset=utf-8")
    } else if let Some(bytes) = &input.bytes {
        (bytes.0.clone().into(), "application/octet-stream")
    } else {
        return Ok(Body::default());
    };
    Ok(Body { bytes, content_type: Some(content_type) })
}

fn form_text(form: &BTreeMap<String, String>) -> String {
    let pair = |(name, value): (&String, &String)| {
        // In a form a space is a plus; a plus itself was encoded before.
        format!("{}={}", percent(name), percent(value)).replace("%20", "+")
    };
    form.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Everything but unreserved characters as `%XX` (RFC 3986, section 2.3).
pub(super) fn percent(text: &str) -> String {
    encoded(text, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// What can stand in no URL as `%XX`; what is encoded already stays.
pub(super) fn percent_outside_ascii(text: &str) -> String {
    encoded(text, |byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
}

fn encoded(text: &str, stays: impl Fn(u8) -> bool) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit =
        |nibble: u8| DIGITS.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit));
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if stays(byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}
