//! Fixes on text: the right value, and not a byte elsewhere.

use serde_json::{Value, json};

use super::super::Fix;
use super::patched;

fn after(text: &str, patch: &[Value]) -> Option<String> {
    patched(text, &Fix { title: String::new(), patch: patch.to_vec() })
}

#[test]
fn what_is_not_touched_keeps_its_bytes() {
    let text = "{\n  \"b\" : [ 1 ,2 ],\n  \"a\": {\"x\":\"}\\\"{\"}\n}\n";
    let replaced = after(text, &[json!({"op": "replace", "path": "/a/x", "value": "y"})]);
    assert_eq!(replaced.unwrap(), "{\n  \"b\" : [ 1 ,2 ],\n  \"a\": {\"x\":\"y\"}\n}\n");
    let added = after(text, &[json!({"op": "add", "path": "/c", "value": {"d": [1]}})]).unwrap();
    let tail = "}\\\"{\"},\n  \"c\": {\n    \"d\": [\n      1\n    ]\n  }\n}\n";
    assert!(added.ends_with(tail), "{added}");
    let appended = after(text, &[json!({"op": "add", "path": "/b/-", "value": 3})]).unwrap();
    assert!(appended.contains("[ 1 ,2, 3 ]") || appended.contains("[ 1 ,2,3 ]"), "{appended}");
}

#[test]
fn operations_do_what_they_do_to_values() {
    let text = r#"{"list": [1, 2, 3], "o": {"a/b": 1, "c": [], "e": {}}, "n": -1.5e3}"#;
    for (patch, path, expected) in [
        (json!({"op": "remove", "path": "/list/0"}), "/list", json!([2, 3])),
        (json!({"op": "remove", "path": "/list/2"}), "/list", json!([1, 2])),
        (json!({"op": "add", "path": "/list/1", "value": 9}), "/list", json!([1, 9, 2, 3])),
        (json!({"op": "add", "path": "/list/3", "value": 9}), "/list", json!([1, 2, 3, 9])),
        (json!({"op": "remove", "path": "/o/a~1b"}), "/o", json!({"c": [], "e": {}})),
        (json!({"op": "add", "path": "/o/c/-", "value": 1}), "/o/c", json!([1])),
        (json!({"op": "add", "path": "/o/e/k", "value": null}), "/o/e", json!({"k": null})),
        (json!({"op": "add", "path": "/n", "value": "new"}), "/n", json!("new")),
        (json!({"op": "move", "from": "/n", "path": "/o/e/n"}), "/o/e", json!({"n": -1.5e3})),
        (json!({"op": "replace", "path": "/n", "value": [1]}), "/n", json!([1])),
    ] {
        let text = after(text, std::slice::from_ref(&patch)).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(value.pointer(path), Some(&expected), "{patch}: {text}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for (text, patch) in [
        ("{}", json!({"op": "remove", "path": "/a"})),
        ("{}", json!({"op": "replace", "path": "/a", "value": 1})),
        ("[1]", json!({"op": "add", "path": "/7", "value": 1})),
        ("1", json!({"op": "add", "path": "/a", "value": 1})),
        ("{\"a\": 1}", json!({"op": "add", "path": "/a/b", "value": 1})),
        ("{", json!({"op": "add", "path": "/a", "value": 1})),
        ("", json!({"op": "add", "path": "/a", "value": 1})),
        ("{}", json!({"op": "test", "path": "/a"})),
        ("{}", json!({})),
    ] {
        assert_eq!(after(text, std::slice::from_ref(&patch)), None, "{text} {patch}");
    }
}

#[test]
fn an_empty_list_and_an_empty_object_are_filled() {
    let text = "{\n  \"edges\": []\n}";
    let edge = json!({"op": "add", "path": "/edges/-", "value": {"id": "e"}});
    assert_eq!(
        after(text, std::slice::from_ref(&edge)).unwrap(),
        "{\n  \"edges\": [{\"id\":\"e\"}]\n}"
    );
    let both = [json!({"op": "add", "path": "/edges", "value": []}), edge];
    assert_eq!(after("{}", &both).unwrap(), r#"{"edges": [{"id":"e"}]}"#);
}
