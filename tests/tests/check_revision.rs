//! What a graph means, and what plays no part in it (S39): over all fixtures that pass.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use flowcrate_codegen::check::{Checked, check_source, check_source_types};
use flowcrate_codegen::{Callees, Known};
use flowcrate_tests::fixtures::callees;
use serde_json::{Value, json};

fn fixtures(kind: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind);
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn read(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("graph.json")).unwrap()).unwrap()
}

fn checked(document: &Value) -> Checked {
    checked_with(document, &Callees::new())
}

/// The same of a fixture's graph that may call others.
fn checked_with(document: &Value, callees: &Callees) -> Checked {
    let source = document.to_string();
    let catalogue = flowcrate_plugins::catalogue();
    let known = Known { catalogue: &catalogue, callees };
    let (checked, found) = check_source(source.as_bytes(), known);
    checked.unwrap_or_else(|| panic!("{found:#?}"))
}

fn list<'v>(document: &'v mut Value, name: &str) -> &'v mut Vec<Value> {
    document[name].as_array_mut().unwrap()
}

#[test]
fn s39_orders_mean_nothing() {
    for folder in fixtures("pass") {
        let document = read(&folder);
        let mut turned = document.clone();
        list(&mut turned, "nodes").reverse();
        list(&mut turned, "edges").reverse();
        // Not only the revision: the whole checked graph is the same.
        let callees = callees(&folder);
        let checked = |document| checked_with(document, &callees);
        assert_eq!(checked(&document), checked(&turned), "{}", folder.display());
    }
}

#[test]
fn s39_orders_change_no_finding() {
    let catalogue = flowcrate_plugins::catalogue();
    for folder in fixtures("fail") {
        let source = fs::read(folder.join("graph.json")).unwrap();
        let Ok(document) = serde_json::from_slice::<Value>(&source) else { continue };
        let mut turned = document.clone();
        for name in ["nodes", "edges"] {
            if let Some(list) = turned.get_mut(name).and_then(Value::as_array_mut) {
                list.reverse();
            }
        }
        let findings = |document: &Value| {
            let report = check_source_types(document.to_string().as_bytes(), &catalogue);
            let found = report.diagnostics.into_iter();
            // Places in the document move with it; of two nodes with one id the first one stays.
            let found = found.filter(|found| found.code != "E201" && found.node.is_some());
            found.map(|found| (found.code, found.node, found.field, found.message)).collect()
        };
        let (before, after): (Vec<_>, Vec<_>) = (findings(&document), findings(&turned));
        let twice = folder.ends_with("e201_duplicate_node_ids");
        assert!(twice || before == after, "{}\n{before:#?}\n{after:#?}", folder.display());
    }
}

#[test]
fn s39_looks_mean_nothing() {
    for folder in fixtures("pass") {
        let document = read(&folder);
        let callees = callees(&folder);
        let checked = |document| checked_with(document, &callees);
        let mut painted = document.clone();
        painted["description"] = json!("another description");
        painted["viewport"] = json!({"x": 7, "y": 7, "zoom": 2});
        painted["name"] = json!("fixture");
        for node in list(&mut painted, "nodes") {
            node["position"] = json!({"x": 1_000, "y": -1});
            node["data"]["label"] = json!("Another label");
            node["data"]["description"] = json!("another description");
            node["selected"] = json!(true);
            node["data"]["nothing_that_we_know"] = json!([1]);
        }
        let note = json!({"id": "a_new_note", "data": {"kind": "note@1"}});
        list(&mut painted, "nodes").push(note);
        let island = json!({"id": "a_new_island", "data": {"kind": "custom@1"}});
        list(&mut painted, "nodes").push(island);
        let mut document = document;
        // The name is a webhook's path where it has none of its own.
        document["name"] = json!("fixture");
        let (before, after) = (checked(&document), checked(&painted));
        assert_eq!(before.revision, after.revision, "{}", folder.display());
    }
}

#[test]
fn s39_meaning_changes_the_revision() {
    let folder = fixtures("pass").into_iter().find(|f| f.ends_with("order_intake")).unwrap();
    let document = read(&folder);
    let before = checked(&document).revision;
    assert_eq!(before.len(), 64);
    let at = |document: &Value, id: &str| {
        let nodes = document["nodes"].as_array().unwrap();
        nodes.iter().position(|node| node["id"] == id).unwrap()
    };
    let changes: [(&str, &str, Value); 8] = [
        ("customer", "/inputs/url", json!("https://example.com/other")),
        ("charge", "/policy/max_attempts", json!(4)),
        ("each_line", "/config/concurrency", json!(2)),
        ("each_line", "/config/on_item_error", json!("skip")),
        ("stock", "/join", json!("all")),
        ("shipped", "/config/event", json!("sent")),
        ("received", "/config/path", json!("orders")),
        ("charge_id", "/disabled", json!(true)),
    ];
    let mut seen = vec![before];
    for (id, pointer, value) in changes {
        let mut edited = document.clone();
        let node = at(&edited, id);
        let (above, field) = pointer.rsplit_once('/').unwrap();
        let path = format!("/nodes/{node}/data{above}");
        edited.pointer_mut(&path).unwrap()[field] = value;
        let after = checked(&edited).revision;
        assert!(!seen.contains(&after), "{pointer} of {id} plays no part");
        seen.push(after);
    }
}

#[test]
fn s39_a_default_written_out_is_the_default() {
    let folder = fixtures("pass").into_iter().find(|f| f.ends_with("order_intake")).unwrap();
    let mut document = read(&folder);
    let before = checked(&document);
    for node in list(&mut document, "nodes") {
        match node["id"].as_str().unwrap() {
            "received" => node["data"]["config"]["path"] = json!("order-intake"),
            "customer" => node["data"]["policy"] = json!({"max_attempts": 3, "timeout": "30s"}),
            "each_line" => node["data"]["config"]["on_item_error"] = json!("fail"),
            "stock" => node["data"]["join"] = json!("any"),
            _ => node["data"]["inputs"]["unset"] = Value::Null,
        }
    }
    for edge in list(&mut document, "edges") {
        if edge.get("sourceHandle").is_none_or(Value::is_null) {
            edge["sourceHandle"] = json!("out");
        }
    }
    assert_eq!(before.revision, checked(&document).revision);
}

#[test]
fn a_sample_gives_its_type_and_no_more() {
    let folder = fixtures("pass").into_iter().find(|f| f.ends_with("hello")).unwrap();
    let mut document = read(&folder);
    let before = checked(&document);
    assert_eq!(before.sample_input, Some(json!({"name": "Ada"})));
    let start = document["nodes"].as_array().unwrap().iter().position(|n| n["id"] == "start");
    let sample = format!("/nodes/{}/data/config/sample", start.unwrap());
    *document.pointer_mut(&sample).unwrap() = json!({"name": "Grace"});
    assert_eq!(before.revision, checked(&document).revision);
    *document.pointer_mut(&sample).unwrap() = json!({"name": "Grace", "age": 85});
    assert_ne!(before.revision, checked(&document).revision);
}

/// S19: a graph keeps its revision for as long as the language keeps its version; the revision of
/// a graph that nobody touched changes with it, and with nothing else.
#[test]
fn s19_the_languages_version_is_part_of_the_revision() {
    let hello = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/hello.json");
    let document: Value = serde_json::from_slice(&fs::read(hello).unwrap()).unwrap();
    let revision = checked(&document).revision;
    let pinned = "162959c9ad20d8051f879850905f28211163f8c41d7718f920083de5cd6568cb";
    assert_eq!((flowcrate_codegen::revision::LANGUAGE, revision.as_str()), (1, pinned));
}
