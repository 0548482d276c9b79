//! Small diffs: an edit of one node of fifty changes that node's code and little else.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use flowcrate_codegen::package::CrateFiles;
use flowcrate_tests::emitted;
use serde_json::{Value, json};

fn node(id: &str, kind: &str, data: Value) -> Value {
    let mut node = json!({"id": id, "data": {"kind": kind, "label": format!("Node {id}")}});
    let fields = node["data"].as_object_mut().unwrap();
    if let Value::Object(data) = data {
        fields.extend(data);
    }
    node
}

/// Fifty nodes in rows of five: a call, what is made of its answer, a question, and what follows
/// from either answer.
fn fifty() -> Value {
    let sample = json!({"config": {"sample": {"shop": "a", "count": 1}}});
    let mut nodes = vec![node("start", "manual@1", sample)];
    let mut edges = Vec::new();
    let mut edge = |source: &str, handle: Option<&str>, target: &str| {
        edges.push(json!({"source": source, "sourceHandle": handle, "target": target}));
    };
    let mut last = "start".to_owned();
    for row in 0..9 {
        let id = |name: &str| format!("{name}_{row}");
        let (call, sum, ask, yes, no) = (id("call"), id("sum"), id("ask"), id("yes"), id("no"));
        let url = format!("https://{{{{ trigger.shop }}}}.example/{row}");
        let answer = json!({"sample": {"amount": row}});
        nodes.extend([
            node(
                &call,
                "http.request@1",
                json!({"inputs": {"url": url}, "config": {"response": answer}}),
            ),
            node(
                &sum,
                "transform@1",
                json!({"inputs": {"value": format!("{{{{ steps.{call}.body.amount * 2 }}}}")}}),
            ),
            node(
                &ask,
                "condition@1",
                json!({"inputs": {"condition": format!("{{{{ steps.{sum} > {row} }}}}")}}),
            ),
            node(&yes, "wait@1", json!({"inputs": {"duration": "1m"}})),
            node(
                &no,
                "http.request@1",
                json!({"inputs": {"url": format!("https://no.example/{row}")}}),
            ),
        ]);
        edge(&last, None, &call);
        edge(&call, None, &sum);
        edge(&sum, None, &ask);
        edge(&ask, Some("true"), &yes);
        edge(&ask, Some("false"), &no);
        let join = id("join");
        nodes.push(node(&join, "wait@1", json!({"inputs": {"duration": "1s"}})));
        edge(&yes, None, &join);
        edge(&no, None, &join);
        last = join;
    }
    nodes.push(node("done", "return@1", json!({"inputs": {"value": "{{ steps.sum_8 }}"}})));
    edge(&last, None, "done");
    json!({"name": "fifty", "nodes": nodes, "edges": edges})
}

fn compile(document: &Value) -> CrateFiles {
    emitted::compile(document.to_string().as_bytes())
}

/// How many lines of one text are not in the other, in order.
fn lost(old: &str, new: &str) -> usize {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut row = vec![0; new.len() + 1];
    for line in &old {
        let mut diagonal = 0;
        for (at, other) in new.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if line == other { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    old.len() - row[new.len()]
}

/// Lines that go and lines that come, over all files but the graph itself, which is the edit.
fn changed(old: &CrateFiles, new: &CrateFiles) -> (usize, usize) {
    let text = |files: &CrateFiles, path: &str| {
        let file = files.files.get(path);
        file.map(|file| String::from_utf8(file.bytes.clone()).unwrap()).unwrap_or_default()
    };
    let paths =
        old.files.keys().chain(new.files.keys().filter(|path| !old.files.contains_key(*path)));
    let (mut gone, mut come) = (0, 0);
    for path in paths.filter(|path| *path != "graph.json") {
        let (old, new) = (text(old, path), text(new, path));
        if old != new {
            gone += lost(&old, &new);
            come += lost(&new, &old);
        }
    }
    (gone, come)
}

fn data<'v>(document: &'v mut Value, id: &str) -> &'v mut Value {
    let nodes = document["nodes"].as_array_mut().unwrap();
    &mut nodes.iter_mut().find(|node| node["id"] == id).unwrap()["data"]
}

#[test]
fn an_edit_of_one_node_of_fifty_changes_its_lines_alone() {
    type Edit = fn(&mut Value);
    // What is edited, and how many lines may go and come: the revision is one of each.
    let edits: [(&str, usize, usize, Edit); 8] = [
        ("a label", 8, 8, |graph| data(graph, "call_4")["label"] = json!("Ask the shop")),
        ("a note", 8, 8, |graph| data(graph, "call_4")["description"] = json!("It is slow.")),
        ("a url", 4, 4, |graph| data(graph, "no_4")["inputs"]["url"] = json!("https://b.example")),
        ("a policy", 4, 4, |graph| data(graph, "call_4")["policy"] = json!({"max_attempts": 9})),
        ("an expression", 4, 4, |graph| {
            data(graph, "sum_4")["inputs"]["value"] = json!("{{ steps.call_4.body.amount * 3 }}");
        }),
        ("a condition", 4, 4, |graph| {
            data(graph, "ask_4")["inputs"]["condition"] = json!("{{ steps.sum_4 > 99 }}");
        }),
        ("a duration", 4, 4, |graph| data(graph, "yes_4")["inputs"]["duration"] = json!("2m")),
        ("a new node", 8, 40, |graph| {
            let request = node(
                "audit",
                "http.request@1",
                json!({"inputs": {"url": "https://audit.example"}}),
            );
            graph["nodes"].as_array_mut().unwrap().push(request);
            let edges = graph["edges"].as_array_mut().unwrap();
            edges.push(json!({"source": "yes_4", "target": "audit"}));
            edges.push(json!({"source": "audit", "target": "join_4"}));
        }),
    ];
    let before = fifty();
    let old = compile(&before);
    for (what, most_gone, most_come, edit) in edits {
        let mut after = before.clone();
        edit(&mut after);
        let (gone, come) = changed(&old, &compile(&after));
        assert!(gone > 0 || come > 0, "{what} changes nothing");
        assert!(gone <= most_gone && come <= most_come, "{what}: {gone} lines go, {come} come");
    }
}

#[test]
fn the_order_of_nodes_and_edges_changes_no_byte() {
    let before = fifty();
    let mut after = before.clone();
    for list in ["nodes", "edges"] {
        after[list].as_array_mut().unwrap().reverse();
    }
    assert_eq!(changed(&compile(&before), &compile(&after)), (0, 0));
}
