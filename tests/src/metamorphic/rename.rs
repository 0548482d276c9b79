//! A rename is a refactoring that rewrites every reference (S16).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Changed, nodes};
use crate::random::Case;

/// The names that an id may follow.
const ROOTS: [&str; 4] = ["steps", "errors", "loops", "triggers"];

/// Gives every node another id, in the opposite order, which no text of a graph holds.
pub(super) fn rename(case: &Case) -> Changed {
    let ids = nodes(&case.graph).iter().filter_map(|node| node["id"].as_str());
    let count = nodes(&case.graph).len();
    let given: BTreeMap<String, String> = ids
        .enumerate()
        .map(|(number, id)| (id.to_owned(), format!("q{:04}z", count - number)))
        .collect();
    let new = |id: &str| given.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let mut changed = case.clone();
    for node in changed.graph["nodes"].as_array_mut().into_iter().flatten() {
        for key in ["id", "parentId"] {
            if let Some(id) = node[key].as_str() {
                node[key] = new(id).into();
            }
        }
        rewrite(&mut node["data"], &given);
    }
    if let Some(limit) = changed.graph.get_mut("limit") {
        rewrite(limit, &given);
    }
    for edge in changed.graph["edges"].as_array_mut().into_iter().flatten() {
        for key in ["source", "target"] {
            if let Some(id) = edge[key].as_str() {
                edge[key] = new(id).into();
            }
        }
    }
    let script = &mut changed.script;
    script.trigger = new(&script.trigger);
    let steps = std::mem::take(&mut script.world.steps);
    // What undoes a step is called after it.
    let step = |id: String| match id.split_once('!') {
        Some((of, undo)) => format!("{}!{undo}", new(of)),
        None => new(&id),
    };
    script.world.steps = steps.into_iter().map(|(id, lives)| (step(id), lives)).collect();
    // An approval is answered by its id, unless it says otherwise (S34).
    for event in &mut script.events {
        event.name = new(&event.name);
    }
    let back = given.into_iter().map(|(old, new)| (new, old)).collect();
    Changed { case: changed, back, gone: Vec::new(), scope: None }
}

/// Rewrites the references in all texts.
fn rewrite(value: &mut Value, given: &BTreeMap<String, String>) {
    match value {
        Value::String(text) if text.contains("{{") => *text = rewritten(text, given),
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, given)),
        Value::Object(fields) => fields.values_mut().for_each(|field| rewrite(field, given)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn rewritten(text: &str, given: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(word) = next_word(rest) {
        let (before, after) = rest.split_at(word);
        out.push_str(before);
        let end = after.find(|c| !is_word(c)).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        out.push_str(name);
        rest = after;
        let begins = !out[..out.len() - name.len()].ends_with('.');
        let Some(after) = after.strip_prefix('.').filter(|_| begins && ROOTS.contains(&name))
        else {
            continue;
        };
        let end = after.find(|c| !is_word(c)).unwrap_or(after.len());
        let (id, after) = after.split_at(end);
        out.push('.');
        out.push_str(given.get(id).map_or(id, String::as_str));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn next_word(text: &str) -> Option<usize> {
    text.find(is_word)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::rewritten;

    #[test]
    fn references_are_rewritten_and_nothing_else() {
        let given = BTreeMap::from([("a", "q1"), ("value", "q2"), ("steps", "q3")]);
        let given = given.into_iter().map(|(old, new)| (old.to_owned(), new.to_owned())).collect();
        for (old, new) in [
            ("{{ steps.a.value }}", "{{ steps.q1.value }}"),
            ("{{ steps.value.a }}", "{{ steps.q2.a }}"),
            ("{{ steps.steps.steps }}", "{{ steps.q3.steps }}"),
            ("a {{ (errors.a|default(steps.ab)) }}", "a {{ (errors.q1|default(steps.ab)) }}"),
            ("{{ trigger.steps.a }}", "{{ trigger.steps.a }}"),
        ] {
            assert_eq!(rewritten(old, &given), new);
        }
    }
}
