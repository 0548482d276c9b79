//! Applies a fix to the text of a document: what it does not touch keeps its bytes.

mod scan;

use serde_json::Value;

use super::Fix;
use scan::{Container, Entry};

/// The document's text after a fix; `None` where the fix does not fit it.
///
/// ```
/// use flowcrate_codegen::diagnostic::{Fix, patched};
/// use serde_json::json;
/// let patch = vec![json!({"op": "replace", "path": "/nodes/0/id", "value": "b"})];
/// let fix = Fix { title: "rename it".to_owned(), patch };
/// let text = r#"{ "nodes": [ {"id": "a"} ] }"#;
/// assert_eq!(patched(text, &fix).unwrap(), r#"{ "nodes": [ {"id": "b"} ] }"#);
/// ```
pub fn patched(source: &str, fix: &Fix) -> Option<String> {
    fix.patch.iter().try_fold(source.to_owned(), |text, operation| apply(&text, operation))
}

fn apply(text: &str, operation: &Value) -> Option<String> {
    let pointer = |key: &str| operation.get(key).and_then(Value::as_str);
    let path = pointer("path")?;
    match operation.get("op").and_then(Value::as_str)? {
        "add" => add(text, path, &New::Value(operation.get("value")?)),
        "replace" => {
            let (container, entry) = find(text, path)?;
            let new = New::Value(operation.get("value")?).print(text, &container);
            Some(spliced(text, entry.value.clone(), &new))
        }
        "remove" => removed(text, path),
        "move" => {
            let from = pointer("from")?;
            let (_, entry) = find(text, from)?;
            let value = text.get(entry.value)?.to_owned();
            add(&removed(text, from)?, path, &New::Text(&value))
        }
        _ => None,
    }
}

/// What is put in: a value, or text that stood elsewhere in the document.
enum New<'v> {
    Value(&'v Value),
    Text(&'v str),
}

impl New<'_> {
    /// On one line where its neighbours share one, else indented as they are.
    fn print(&self, text: &str, container: &Container) -> String {
        let value = match self {
            Self::Text(text) => return (*text).to_owned(),
            Self::Value(value) => value,
        };
        let gap = container.gap(text);
        let Some(indent) = gap.rsplit_once('\n').map(|(_, indent)| indent) else {
            return value.to_string();
        };
        format!("{value:#}").replace('\n', &format!("\n{indent}"))
    }
}

fn spliced(text: &str, place: std::ops::Range<usize>, new: &str) -> String {
    let (before, after) = (text.get(..place.start), text.get(place.end..));
    format!("{}{new}{}", before.unwrap_or_default(), after.unwrap_or_default())
}

/// The object or list that holds the value at a pointer, and its place there.
fn find(text: &str, pointer: &str) -> Option<(Container, Entry)> {
    let (container, last) = holder(text, pointer)?;
    let entry = container.entry(&last)?.clone();
    Some((container, entry))
}

fn holder(text: &str, pointer: &str) -> Option<(Container, String)> {
    let mut steps = pointer.strip_prefix('/')?.split('/').map(unescaped);
    let mut container = Container::read(text, 0)?;
    let mut step = steps.next()?;
    for next in steps {
        container = Container::read(text, container.entry(&step)?.value.start)?;
        step = next;
    }
    Some((container, step))
}

fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

fn add(text: &str, pointer: &str, new: &New<'_>) -> Option<String> {
    let (container, key) = holder(text, pointer)?;
    let value = new.print(text, &container);
    let member = match (container.entry(&key), container.is_list) {
        (Some(entry), false) => return Some(spliced(text, entry.value.clone(), &value)),
        (Some(entry), true) => {
            let member = format!("{value},{}", container.gap(text));
            return Some(spliced(text, entry.start..entry.start, &member));
        }
        (None, false) => format!("{}: {value}", Value::from(key)),
        (None, true) if key == "-" || key == container.entries.len().to_string() => value,
        (None, true) => return None,
    };
    Some(match container.entries.last() {
        None => spliced(text, container.inner.clone(), &member),
        Some(last) => {
            let member = format!(",{}{member}", container.gap(text));
            spliced(text, last.value.end..last.value.end, &member)
        }
    })
}

fn removed(text: &str, pointer: &str) -> Option<String> {
    let (container, key) = holder(text, pointer)?;
    let at = container.entries.iter().rposition(|entry| entry.key == key)?;
    let entry = container.entries.get(at)?;
    let before = at.checked_sub(1).and_then(|before| container.entries.get(before));
    let place = match (before, container.entries.get(at + 1)) {
        (_, Some(after)) => entry.start..after.start,
        (Some(before), None) => before.value.end..entry.value.end,
        (None, None) => container.inner.clone(),
    };
    Some(spliced(text, place, ""))
}

#[cfg(test)]
mod tests;
