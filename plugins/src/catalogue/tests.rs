//! An action as a catalogue sees it.

use std::collections::BTreeMap;

use flowcrate::types::{RecordType, Type};
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::action;

/// What to greet.
#[derive(Deserialize, Typed)]
struct Greet {
    /// Whom.
    name: String,
    #[serde(default)]
    times: Option<i64>,
    #[serde(default)]
    extra: Value,
}

#[derive(Serialize, Typed)]
struct Greeting<T> {
    text: String,
    seen: T,
}

/// Greets someone.
///
/// More than once if asked.
#[action(kind = "test.greet@2", label = "Greet", category = "Test", generic = "seen")]
async fn greet<T: DeserializeOwned>(
    step: StepContext,
    input: Greet,
) -> Result<Greeting<T>, StepError> {
    std::future::ready(()).await;
    if input.name.is_empty() {
        return Err(StepError::retryable("nobody", format!("attempt {}", step.attempt())));
    }
    let times = input.times.and_then(|times| usize::try_from(times).ok()).unwrap_or(1);
    let text = vec![format!("Hello, {}", input.name); times];
    let seen = serde_json::from_value(input.extra)
        .map_err(|error| StepError::fatal("seen", error.to_string()))?;
    Ok(Greeting { text: text.join(" "), seen })
}

fn called(kind: &str, input: Value) -> Result<Value, StepError> {
    let actions = Actions::default().with(GreetAction);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(actions.run(kind, StepContext::detached("greet"), input))
}

#[test]
fn the_manifest_follows_from_the_types_and_the_documentation() {
    let manifest = Actions::default().with(GreetAction).catalogue().actions["test.greet@2"].clone();
    assert_eq!(manifest.label, "Greet");
    assert_eq!(manifest.description, "Greets someone.\n\nMore than once if asked.");
    assert_eq!(manifest.generic_output.as_deref(), Some("seen"));
    assert!(!manifest.effects);
    assert_eq!(
        manifest.rust,
        RustItems {
            package: "flowcrate-plugins".to_owned(),
            feature: String::new(),
            module: "flowcrate_plugins::catalogue::tests".to_owned(),
            function: "greet".to_owned(),
            input: "Greet".to_owned(),
            output: "Greeting".to_owned(),
        }
    );
    let field = |name: &str, ty: Type| (name.to_owned(), ty);
    assert_eq!(
        manifest.input,
        Type::record([
            field("name", Type::String),
            field("times", Type::Int.optional()),
            field("extra", Type::Any),
        ])
    );
    assert_eq!(
        manifest.output,
        Type::record([field("text", Type::String), field("seen", Type::Any)])
    );
}

#[test]
fn the_json_schema_follows_from_the_type() {
    assert_eq!(
        json_schema(&Greet::ty()),
        json!({
            "title": "Greet", "type": "object", "required": ["name"],
            "properties": {
                "name": { "type": "string", "description": "Whom." },
                "times": { "anyOf": [{ "type": "integer" }, { "type": "null" }] },
                "extra": {},
            },
        })
    );
    assert_eq!(
        json_schema(&<BTreeMap<String, Option<flowcrate::Bytes>>>::ty()),
        json!({ "type": "object", "additionalProperties": {
            "anyOf": [{ "type": "string", "contentEncoding": "base64" }, { "type": "null" }] } })
    );
}

#[test]
fn an_action_is_called_with_json() {
    assert_eq!(
        called("test.greet@2", json!({ "name": "you", "times": 2, "extra": { "a": 1 } })),
        Ok(json!({ "text": "Hello, you Hello, you", "seen": { "a": 1 } }))
    );
    let error = called("test.greet@2", json!({ "name": "" })).unwrap_err();
    assert!(error.is_retryable() && error.message == "attempt 1");
}

#[test]
fn what_does_not_fit_is_a_fatal_error() {
    let error = called("test.greet@2", json!({ "name": 5 })).unwrap_err();
    assert_eq!((error.code.as_str(), error.is_retryable()), ("input", false));
    let error = called("test.greet@3", json!({})).unwrap_err();
    assert_eq!((error.code.as_str(), error.is_retryable()), ("unknown_kind", false));
}

#[cfg(feature = "http")]
#[test]
fn http_request_is_in_the_catalogue() {
    let manifest = &catalogue().actions["http.request@1"];
    assert_eq!(manifest.rust.module, "flowcrate_plugins::http");
    assert_eq!(manifest.rust.feature, "http");
    assert!(manifest.effects);
    let Type::Record(input) = &manifest.input else { panic!("{:?}", manifest.input) };
    let required: Vec<_> = input
        .fields
        .iter()
        .filter(|(_, field)| !matches!(field.ty, Type::Optional { .. } | Type::Any))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(required, ["url"]);
    assert!(input.fields.values().all(|field| field.doc.is_some()));
}

#[test]
fn a_recursive_type_is_a_definition_at_the_root() {
    let named = |name: &str, fields: Vec<(&str, Type)>| {
        let fields = fields.into_iter().map(|(name, ty)| (name.to_owned(), ty));
        let Type::Record(record) = Type::record(fields) else { panic!("a record") };
        let name = (!name.is_empty()).then(|| name.to_owned());
        Type::Record(RecordType { name, ..RecordType::clone(&record) }.into())
    };
    let own = || Type::Own { def: 0 };
    let comment = Type::recursive(&[named("A comment", vec![("replies", Type::list(own()))])], 0);
    let tree = Type::recursive(&[named("", vec![("left", own().optional())])], 0);
    let record = named(
        "",
        vec![("first", comment.clone()), ("others", Type::list(comment.clone())), ("tree", tree)],
    );
    let of_comment = json!({
        "type": "object",
        "title": "A comment",
        "properties": {"replies": {"type": "array", "items": {"$ref": "#/$defs/AComment"}}},
        "required": ["replies"],
    });
    assert_eq!(
        json_schema(&comment),
        json!({"$ref": "#/$defs/AComment", "$defs": {"AComment": of_comment}})
    );
    assert_eq!(
        json_schema(&record),
        json!({
            "type": "object",
            "properties": {
                "first": {"$ref": "#/$defs/AComment"},
                "others": {"type": "array", "items": {"$ref": "#/$defs/AComment"}},
                "tree": {"$ref": "#/$defs/Nested"},
            },
            "required": ["first", "others", "tree"],
            "$defs": {
                "AComment": of_comment,
                "Nested": {
                    "type": "object",
                    "properties": {"left": {"anyOf": [{"$ref": "#/$defs/Nested"}, {"type": "null"}]}},
                    "required": [],
                },
            },
        })
    );
}
