//! `GET /api/v1/catalogue`: every kind, with what an editor needs for its palette and forms.

mod built_in;
mod operations;

use axum::Json;
use axum::extract::State;
use flowcrate::catalogue::ActionManifest;
use flowcrate::types::Type;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::app::App;

/// All kinds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CatalogueView {
    /// Triggers first, then control, pure kinds and actions.
    kinds: Vec<KindView>,
    /// The filters, tests and functions of expressions.
    operations: Vec<operations::OperationView>,
}

/// One kind.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct KindView {
    /// `http.request@1`.
    kind: String,
    /// What the palette shows.
    label: String,
    /// One sentence, then more if needed. Markdown.
    description: String,
    /// The palette's section.
    category: String,
    group: Group,
    /// Output handles; a switch's cases come on top.
    handles: Vec<String>,
    /// What may hold expressions.
    inputs: Vec<FieldView>,
    /// What is static.
    config: Vec<FieldView>,
    /// Type of `steps.<id>` where the kind alone says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    output: Option<Type>,
}

/// What a kind is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Group {
    /// Starts runs.
    Trigger,
    /// Steers.
    Control,
    /// Computes, recorded nowhere.
    Pure,
    /// Has effects, journaled.
    Action,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct FieldView {
    /// Its key in `inputs` or `config`.
    name: String,
    /// What the form shows.
    label: String,
    #[serde(rename = "type")]
    #[schema(value_type = Object)]
    ty: Type,
    required: bool,
    /// Whether it may hold `{{ … }}`.
    expression: bool,
    /// Whether a text area suits it better than a line.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    multiline: bool,
    /// The values to choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
    /// One sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    doc: Option<String>,
}

/// Every kind that this server knows.
#[utoipa::path(get, path = "/api/v1/catalogue", operation_id = "read_catalogue", tag = "compiler",
    responses((status = 200, body = CatalogueView), (status = 500, body = Problem)))]
pub(super) async fn catalogue(State(app): State<App>) -> Json<CatalogueView> {
    let mut kinds = built_in::kinds();
    kinds.extend(app.compiler.catalogue.actions.values().map(action));
    Json(CatalogueView { kinds, operations: operations::operations() })
}

/// A plugin's action, from its manifest.
fn action(manifest: &ActionManifest) -> KindView {
    let fields = match &manifest.input {
        Type::Record(record) => {
            record.fields.iter().map(|(name, field)| input(name, field)).collect()
        }
        _ => Vec::new(),
    };
    KindView {
        kind: manifest.kind.clone(),
        label: manifest.label.clone(),
        description: manifest.description.clone(),
        category: manifest.category.clone(),
        group: Group::Action,
        handles: vec!["out".to_owned(), "error".to_owned()],
        inputs: fields,
        config: manifest.generic_output.iter().map(|field| response(field)).collect(),
        output: Some(manifest.output.clone()),
    }
}

fn input(name: &str, field: &flowcrate::types::Field) -> FieldView {
    let some = field.ty.some();
    let options = match some {
        Type::Enum(texts) => texts.values.iter().cloned().map(Value::from).collect(),
        _ => Vec::new(),
    };
    FieldView {
        name: name.to_owned(),
        label: title(name),
        required: !field.ty.may_be_absent(),
        expression: true,
        multiline: matches!(
            some,
            Type::Any | Type::Record(_) | Type::List { .. } | Type::Map { .. }
        ),
        options,
        default: None,
        doc: field.doc.clone(),
        ty: field.ty.clone(),
    }
}

/// `config.response` of an action whose output has a field that each node types for itself.
fn response(field: &str) -> FieldView {
    FieldView {
        name: "response".to_owned(),
        label: format!("Type of `{field}`"),
        ty: Type::Any,
        required: false,
        expression: false,
        multiline: true,
        options: Vec::new(),
        default: None,
        doc: Some(format!(
            "Types `{field}`: `{{\"schema\": …}}` with a JSON Schema, or `{{\"sample\": …}}` with any JSON."
        )),
    }
}

/// `max_redirects` becomes `Max redirects`.
fn title(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use flowcrate::catalogue::Catalogue;
    use flowcrate_codegen::check::kinds::Kind;

    use super::*;

    #[test]
    fn a_manifest_becomes_a_form() {
        let record = Type::record([
            ("url".to_owned(), Type::String),
            (
                "retry_after".to_owned(),
                Type::enumeration(["a".to_owned(), "b".to_owned()]).optional(),
            ),
        ]);
        let manifest = ActionManifest {
            kind: "x.y@1".to_owned(),
            label: "Y".to_owned(),
            description: String::new(),
            category: "X".to_owned(),
            input: record,
            output: Type::Any,
            generic_output: Some("body".to_owned()),
            effects: true,
            heartbeats: false,
            rust: flowcrate::catalogue::RustItems {
                package: String::new(),
                feature: String::new(),
                module: String::new(),
                function: String::new(),
                input: String::new(),
                output: String::new(),
            },
        };
        let view = action(&manifest);
        assert_eq!(view.handles, ["out", "error"]);
        let [retry, url] = view.inputs.as_slice() else { unreachable!() };
        assert_eq!((retry.label.as_str(), retry.required), ("Retry after", false));
        assert_eq!(retry.options, ["a", "b"]);
        assert!(url.required);
        assert_eq!(view.config[0].name, "response");
    }

    #[test]
    fn every_built_in_kind_is_named_once_and_described() {
        let mut kinds: Vec<String> = built_in::kinds().into_iter().map(|kind| kind.kind).collect();
        kinds.sort();
        let none = Catalogue::default();
        let known: Vec<&str> = Kind::names(&none).collect();
        assert_eq!(kinds, known, "the palette shows what the compiler knows");
        for kind in built_in::kinds() {
            assert!(kind.description.ends_with('.'), "{}", kind.kind);
            assert!(kind.config.iter().all(|field| !field.expression), "{}", kind.kind);
            assert!(kind.inputs.iter().all(|field| field.expression), "{}", kind.kind);
        }
    }
}
