//! What expressions read, and renaming of what they read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ast::AstKind;
use super::names::is_identifier;
use super::{Ast, Expr, ExprKind, Name, Reference, ReferenceAt, Template, parse};
use crate::diagnostic::Span;

/// The names that a field's text reads, in order of their places.
///
/// ```
/// use flowcrate_codegen::expr::{Reference, parse, references};
/// let template = parse("{{ steps.charge.id }} of {{ run.id }}").unwrap();
/// let names: Vec<Reference> = references(&template).into_iter().map(|at| at.reference).collect();
/// assert_eq!(names, [Reference::Step("charge".into()), Reference::RunId]);
/// ```
pub fn references(template: &Template) -> Vec<ReferenceAt> {
    let mut found = Vec::new();
    for ast in template.expressions() {
        collect(ast, &mut found);
    }
    found.sort_by_key(|at| at.span);
    found
}

fn collect(ast: &Ast, found: &mut Vec<ReferenceAt>) {
    if let Some(at) = reference_at(ast) {
        found.push(at);
        return;
    }
    for child in ast.children() {
        collect(child, found);
    }
}

/// The name that `ast` is, whole: `steps.x`, but not `steps.x.y`, of which it is a part.
pub(super) fn reference_at(ast: &Ast) -> Option<ReferenceAt> {
    let found = |reference, id_span| ReferenceAt { reference, span: ast.span, id_span };
    if let AstKind::Name(name) = &ast.kind {
        return match name.as_str() {
            "trigger" => Some(found(Reference::Trigger, None)),
            "item" => Some(found(Reference::Item, None)),
            "index" => Some(found(Reference::Index, None)),
            _ => None,
        };
    }
    let (base, key, span) = member(ast)?;
    if let AstKind::Name(root) = &base.kind {
        let key = key.to_owned();
        return match (root.as_str(), key.as_str()) {
            ("run", "id") => Some(found(Reference::RunId, None)),
            ("run", "started_at") => Some(found(Reference::RunStartedAt, None)),
            ("triggers", _) => Some(found(Reference::TriggerOf(key), Some(span))),
            ("steps", _) => Some(found(Reference::Step(key), Some(span))),
            ("errors", _) => Some(found(Reference::Error(key), Some(span))),
            ("vars", _) => Some(found(Reference::Var(key), Some(span))),
            _ => None,
        };
    }
    let (root, id, span) = member(base)?;
    let AstKind::Name(root) = &root.kind else { return None };
    let id = id.to_owned();
    match (root.as_str(), key) {
        ("loops", "item") => Some(found(Reference::LoopItem(id), Some(span))),
        ("loops", "index") => Some(found(Reference::LoopIndex(id), Some(span))),
        ("loops", "state") => Some(found(Reference::LoopState(id), Some(span))),
        _ => None,
    }
}

/// The base, key and key's place of `base.key` and `base['key']`.
pub(super) fn member(ast: &Ast) -> Option<(&Ast, &str, Span)> {
    match &ast.kind {
        AstKind::Attribute { base, name, name_span } => Some((base, name, *name_span)),
        AstKind::Item { base, index } => match &index.kind {
            AstKind::Text(key) => Some((base, key, index.span)),
            _ => None,
        },
        _ => None,
    }
}

/// The names that the texts in a JSON value read, each with the JSON pointer of its text.
/// Texts that do not parse read nothing: checking them says why.
pub fn json_references(value: &Value) -> Vec<(String, ReferenceAt)> {
    let mut found = Vec::new();
    json_texts(value, &mut String::new(), &mut |pointer, text| {
        if let Ok(template) = parse(text) {
            found.extend(references(&template).into_iter().map(|at| (pointer.to_owned(), at)));
        }
    });
    found
}

/// Calls `visit` with each text in `value` and its JSON pointer.
fn json_texts(value: &Value, pointer: &mut String, visit: &mut dyn FnMut(&str, &str)) {
    let length = pointer.len();
    match value {
        Value::String(text) => visit(pointer, text),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                push_segment(pointer, &at.to_string());
                json_texts(item, pointer, visit);
                pointer.truncate(length);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                push_segment(pointer, key);
                json_texts(value, pointer, visit);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Adds a segment to a JSON pointer (RFC 6901).
pub(crate) fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
}

/// The names that a typed expression reads.
pub fn names_read(expr: &Expr) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    collect_names(expr, &mut names);
    names
}

fn collect_names(expr: &Expr, names: &mut BTreeSet<Name>) {
    if let ExprKind::Name(name) = &expr.kind
        && *name != Name::Element
    {
        names.insert(name.clone());
    }
    for child in expr.children() {
        collect_names(child, names);
    }
}

/// `text` with the ids of its references replaced by what `new_id` gives; `None` keeps an id.
/// Everything else stays byte for byte; text that does not parse stays whole.
///
/// ```
/// use flowcrate_codegen::expr::{Reference, rename};
/// let renamed = rename("{{ steps['Send-1'].id }}", &|reference| match reference {
///     Reference::Step(id) if id == "Send-1" => Some("send_1".to_owned()),
///     _ => None,
/// });
/// assert_eq!(renamed, "{{ steps.send_1.id }}");
/// ```
pub fn rename(text: &str, new_id: &dyn Fn(&Reference) -> Option<String>) -> String {
    let Ok(template) = parse(text) else { return text.to_owned() };
    let mut renamed = String::with_capacity(text.len());
    let mut copied = 0;
    for at in references(&template) {
        if let (Some(id), Some(span)) = (new_id(&at.reference), at.id_span) {
            let (span, id) = replacement(text, span, &id);
            renamed.push_str(text.get(copied..span.start).unwrap_or_default());
            renamed.push_str(&id);
            copied = span.end;
        }
    }
    renamed.push_str(text.get(copied..).unwrap_or_default());
    renamed
}

/// What to write for the id at `span`, `.id` or `['id']`, and in place of what: the latter form
/// becomes the former where the new id is an identifier.
fn replacement(text: &str, span: Span, id: &str) -> (Span, String) {
    let quoted = text.get(span.start..span.end).is_some_and(|old| old.starts_with(['\'', '"']));
    if !quoted {
        return (span, id.to_owned());
    }
    let start = text.get(..span.start).and_then(|before| before.rfind('['));
    let end = text.get(span.end..).and_then(|after| after.find(']')).map(|at| span.end + at + 1);
    match (is_identifier(id), start, end) {
        (true, Some(start), Some(end)) => (Span { start, end }, format!(".{id}")),
        _ => (span, format!("'{}'", id.replace('\\', "\\\\").replace('\'', "\\'"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Vec<String> {
        let template = parse(text).expect("it parses");
        references(&template)
            .into_iter()
            .map(|at| {
                let id = at.id_span.map_or("-", |span| &text[span.start..span.end]);
                format!("{} ({}) {id}", at.reference, &text[at.span.start..at.span.end])
            })
            .collect()
    }

    #[test]
    fn s16_names_are_found_wherever_they_stand() {
        let text = "{{ trigger.a[steps.x.i] | default(errors['y'].code) }}, \
                    {{ [loops.outer.item, {'k': index ~ item.b}] if triggers.hook is defined \
                    else first_of(vars.v, run.started_at, run.id) }}";
        assert_eq!(
            read(text),
            [
                "trigger (trigger) -",
                "steps.x (steps.x) x",
                "errors.y (errors['y']) 'y'",
                "loops.outer.item (loops.outer.item) outer",
                "index (index) -",
                "item (item) -",
                "triggers.hook (triggers.hook) hook",
                "vars.v (vars.v) v",
                "run.started_at (run.started_at) -",
                "run.id (run.id) -",
            ]
        );
        assert!(read("{{ steps }} {{ foo.steps.x }} {{ loops.x }} steps.x").is_empty());
    }

    #[test]
    fn json_is_read_at_any_depth() {
        let value = json!({"a/b": ["{{ steps.x }}", {"c": "{{ item }} {{"}], "d": "{{ item }}"});
        let found: Vec<String> = json_references(&value)
            .into_iter()
            .map(|(pointer, at)| format!("{pointer} {}", at.reference))
            .collect();
        assert_eq!(found, ["/a~1b/0 steps.x", "/d item"]);
    }

    #[test]
    fn a_rename_changes_ids_and_nothing_else() {
        let to_b = |reference: &Reference| match reference {
            Reference::Step(id) | Reference::LoopItem(id) if id == "a" => Some("b".to_owned()),
            Reference::Error(_) => Some("it's".to_owned()),
            _ => None,
        };
        for (text, renamed) in [
            (
                "steps.a {{ steps.a.a ~ steps.aa ~ 'steps.a' }}",
                "steps.a {{ steps.b.a ~ steps.aa ~ 'steps.a' }}",
            ),
            ("{{ steps [ \"a\" ].x }}{{ loops.a.item }}", "{{ steps .b.x }}{{ loops.b.item }}"),
            ("{{ errors['x'] }}", "{{ errors['it\\'s'] }}"),
            ("{{ steps.a", "{{ steps.a"),
        ] {
            assert_eq!(rename(text, &to_b), renamed);
        }
    }
}
