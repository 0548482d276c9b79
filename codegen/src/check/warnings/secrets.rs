//! Secrets that stand in the graph for everyone to read.

use serde_json::{Map, Value};

use crate::check::site::Site;
use crate::diagnostic::{code, pointer_token};

/// Names of headers and inputs whose value is a secret.
const SECRET_NAMES: [&str; 14] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-token",
    "access-token",
    "auth-token",
    "client-secret",
    "secret-key",
    "private-key",
    "password",
    "secret",
];

/// How the tokens of well-known services begin, and how long they are at least.
const TOKENS: [(&str, usize); 15] = [
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("rk_live_", 16),
    ("sk-", 24),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("github_pat_", 22),
    ("glpat-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("AKIA", 20),
    ("AIza", 30),
    ("SG.", 30),
    ("eyJ", 60),
];

/// Warns of each secret, and never repeats it.
pub(super) fn check(site: &Site<'_>) {
    for (root, fields) in [("/inputs", &site.node.raw.inputs), ("/config", &site.node.raw.config)] {
        Search { site }.object(root, fields);
    }
}

struct Search<'a> {
    site: &'a Site<'a>,
}

impl Search<'_> {
    /// JSON comes with a limit on its depth, so recursion has one too.
    fn object(&self, pointer: &str, fields: &Map<String, Value>) {
        for (name, value) in fields {
            // Schemas and samples speak of secrets without holding them.
            if matches!(name.as_str(), "schema" | "sample" | "samples") {
                continue;
            }
            let pointer = format!("{pointer}/{}", pointer_token(name));
            self.value(&pointer, Some(name), value);
        }
    }

    fn value(&self, pointer: &str, name: Option<&str>, value: &Value) {
        match value {
            Value::String(text) => {
                if name.is_some_and(|name| is_secret_name(name) && has_constant(text)) {
                    self.warn(pointer, "holds a secret in plain text");
                } else if has_token(text) {
                    self.warn(pointer, "holds what looks like a token in plain text");
                }
            }
            Value::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    self.value(&format!("{pointer}/{index}"), None, value);
                }
            }
            Value::Object(fields) => self.object(pointer, fields),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn warn(&self, pointer: &str, what: &str) {
        let message = format!("`{pointer}` of {} {what}", self.site.node.quoted());
        let help = "a graph, its exports and its history are read by many: pass the secret in at \
                    the start of a run, or keep it in a connection";
        let finding = self.site.finding(code::PLAIN_SECRET, message);
        self.site.report(finding.field(pointer).help(help));
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    SECRET_NAMES.contains(&name.as_str())
}

/// Whether a text holds more than expressions and the words that introduce a credential.
fn has_constant(text: &str) -> bool {
    let mut rest = text;
    let mut constant = String::new();
    while let Some((before, after)) = rest.split_once("{{") {
        constant.push_str(before);
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    constant.push_str(rest);
    let words = constant.split_whitespace();
    let schemes = ["bearer", "basic", "token", "digest"];
    words.into_iter().any(|word| !schemes.contains(&word.to_ascii_lowercase().as_str()))
}

fn has_token(text: &str) -> bool {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')));
    words.into_iter().any(|word| {
        TOKENS.iter().any(|(start, length)| word.len() >= *length && word.starts_with(start))
    })
}
