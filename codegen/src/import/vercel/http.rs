//! `HTTP Request` {endpoint, httpMethod, httpHeaders, httpBody} as `http.request@1`.

use serde_json::Value;

use super::Translated;
use super::actions::report;
use super::document::Node;
use super::names::Names;
use super::text;
use crate::Diagnostic;
use crate::diagnostic::code;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The request in our words.
pub(super) fn translate(node: &Node, names: &Names<'_>, found: &mut Vec<Diagnostic>) -> Translated {
    let mut translated = Translated { kind: "http.request@1", ..Translated::default() };
    // The original calls `fetch`, whose default is GET.
    let method = node.setting("httpMethod").unwrap_or_else(|| "GET".to_owned());
    let method = method.trim().to_uppercase();
    if METHODS.contains(&method.as_str()) {
        translated.inputs.insert("method".into(), method.as_str().into());
    } else {
        let message = format!("{} calls by `{method}`, which is no method", node.quoted());
        let help = format!("accepted are {}", METHODS.join(", "));
        setting(node, "httpMethod", message, &help, found);
    }
    let endpoint = node.setting("endpoint");
    match endpoint.map(|endpoint| text::text(names, endpoint.trim())) {
        Some(Ok(url)) => {
            translated.inputs.insert("url".into(), url.into());
        }
        Some(Err(unresolved)) => report(node, "endpoint", unresolved, found),
        None => {
            let message = format!("{} calls no address", node.quoted());
            setting(node, "endpoint", message, "give it an `endpoint`", found);
        }
    }
    headers(node, names, &mut translated, found);
    body(node, &method, names, &mut translated, found);
    translated
}

fn headers(node: &Node, names: &Names<'_>, to: &mut Translated, found: &mut Vec<Diagnostic>) {
    let Some(source) = node.setting("httpHeaders") else { return };
    let headers = match text::json(names, &source) {
        Some(Ok(Value::Object(headers))) => headers,
        Some(Err(unresolved)) => return report(node, "httpHeaders", unresolved, found),
        Some(Ok(_)) | None => {
            let message = format!("the headers of {} are no JSON object: {source}", node.quoted());
            let help = "write them as `{\"name\": \"value\"}`";
            return setting(node, "httpHeaders", message, help, found);
        }
    };
    let as_text = |value: Value| match value {
        Value::String(text) => Value::String(text),
        other => Value::String(other.to_string()),
    };
    if !headers.is_empty() {
        let headers: serde_json::Map<_, _> =
            headers.into_iter().map(|(name, value)| (name, as_text(value))).collect();
        to.inputs.insert("headers".into(), headers.into());
    }
}

/// JSON where the text is JSON, else text; the original sends nothing for an empty object.
fn body(
    node: &Node,
    method: &str,
    names: &Names<'_>,
    to: &mut Translated,
    found: &mut Vec<Diagnostic>,
) {
    let Some(source) = node.setting("httpBody").filter(|body| body.trim() != "{}") else { return };
    if method == "GET" || method == "HEAD" {
        found.push(
            Diagnostic::new(
                code::LEFT_OUT,
                format!("{} has a body, which is never sent with {method}", node.quoted()),
            )
            .node(&node.id)
            .field("/config/httpBody")
            .help("nothing is lost: the original does not send it either"),
        );
        return;
    }
    let (key, body) = match text::json(names, &source) {
        Some(body) => ("json", body),
        None => ("text", text::text(names, &source).map(Value::from)),
    };
    match body {
        Ok(body) => {
            to.inputs.insert(key.into(), body);
        }
        Err(unresolved) => report(node, "httpBody", unresolved, found),
    }
}

fn setting(node: &Node, key: &str, message: String, help: &str, found: &mut Vec<Diagnostic>) {
    found.push(
        Diagnostic::new(code::FOREIGN_SETTING, message)
            .node(&node.id)
            .field(format!("/config/{key}"))
            .help(help),
    );
}
