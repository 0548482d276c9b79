//! What of the language a random graph holds, counted so that nothing is left out by chance.

use std::collections::BTreeSet;

use flowcrate_codegen::ir::{Block, Stmt, Workflow};
use serde_json::Value;

/// What a batch of random graphs has to hold. CI fails where one never occurs.
pub const CONSTRUCTS: [&str; 103] = [
    "aggregate@1",
    "approval@1",
    "approval@1 assignees",
    "approval@1 key",
    "branch",
    "call_workflow@1",
    "compensate",
    "condition@1",
    "custom@1",
    "custom@1 compensate",
    "default result",
    "depth 2",
    "depth 3",
    "depth 4",
    "disabled",
    "edge approved",
    "edge error",
    "edge rejected",
    "edge timeout",
    "fail@1",
    "filter@1",
    "for_each@1",
    "for_each@1 collect",
    "for_each@1 fail",
    "for_each@1 skip",
    "in_doubt",
    "join",
    "join all",
    "manual@1",
    "note@1",
    "on_error continue",
    "override",
    "policy cap",
    "policy factor",
    "policy heartbeat",
    "policy initial",
    "policy on_exhausted",
    "policy retry_on",
    "policy timeout",
    "policy total",
    "race@1",
    "race@1 keep",
    "region catch",
    "region finally",
    "respond@1",
    "respond@1 in a try",
    "return@1",
    "return@1 in a try",
    "schedule@1",
    "scripted.call@1",
    "several edges of a node",
    "several returns",
    "several triggers",
    "size 17 to 30",
    "size 31 to 60",
    "sort@1",
    "sort@1 by",
    "start_workflow@1",
    "switch@1",
    "switch@1 value",
    "switch@1 when",
    "tasks",
    "tasks in a scope",
    "text ' / '",
    "text ' // '",
    "text '.kids'",
    "text '.next'",
    "text '.raw'",
    "text '.u.'",
    "text '[0]'",
    "text '[1:'",
    "text 'attribute='",
    "text 'errors.'",
    "text 'first_of('",
    "text 'float'",
    "text 'if steps.'",
    "text 'in trigger.m'",
    "text 'index'",
    "text 'is defined'",
    "text 'is not defined'",
    "text 'is sequence'",
    "text 'is startingwith'",
    "text 'is string'",
    "text 'item'",
    "text 'join('",
    "text 'loops.'",
    "text 'milliseconds'",
    "text 'selectattr('",
    "text 'triggers.'",
    "text 'unique'",
    "text 'values)'",
    "transform@1",
    "try@1",
    "try@1 compensate",
    "unreachable",
    "wait@1",
    "wait@1 until",
    "wait_event@1",
    "wait_event@1 key",
    "webhook@1",
    "when",
    "while@1",
    "wide",
];

/// Texts of expressions that count.
const TEXTS: [&str; 28] = [
    " / ",
    " // ",
    ".kids",
    ".next",
    ".raw",
    ".u.",
    "[0]",
    "[1:",
    "attribute=",
    "errors.",
    "first_of(",
    "float",
    "if steps.",
    "in trigger.m",
    "index",
    "is defined",
    "is not defined",
    "is sequence",
    "is startingwith",
    "is string",
    "item",
    "join(",
    "loops.",
    "milliseconds",
    "selectattr(",
    "triggers.",
    "unique",
    "values)",
];

/// What a program is made of, whatever was drawn.
pub fn of_program(program: &Workflow) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    let inner = program.scopes.values().map(|block| (block, true));
    for (block, in_scope) in inner.chain([(&program.body, false)]) {
        of_block(block, if in_scope { "tasks in a scope" } else { "tasks" }, &mut found);
    }
    found
}

fn of_block(block: &Block, tasks_are: &'static str, found: &mut BTreeSet<&'static str>) {
    let mut within = |word: &'static str, blocks: Vec<&Block>| {
        found.insert(word);
        for block in blocks {
            of_block(block, tasks_are, found);
        }
    };
    for stmt in &block.0 {
        match stmt {
            Stmt::Run(_) => {}
            Stmt::Branch(of) => within("branch", of.arms.iter().map(|arm| &arm.block).collect()),
            Stmt::When(when) => within("when", vec![&when.block]),
            Stmt::Join(join) => within("join", join.blocks.iter().collect()),
            Stmt::Tasks(of) => within(tasks_are, of.tasks.iter().map(|task| &task.block).collect()),
        }
    }
}

/// The constructs of a graph.
pub fn constructs(graph: &Value) -> BTreeSet<String> {
    let list = |name: &str| graph[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let (nodes, edges) = (list("nodes"), list("edges"));
    let mut found = BTreeSet::new();
    for node in nodes {
        of_node(node, nodes, &mut found);
    }
    let handles = edges.iter().filter_map(|edge| edge["sourceHandle"].as_str());
    found.extend(handles.map(|handle| format!("edge {handle}")));
    found.extend(of_edges(nodes, edges));
    let kinds = |kind: &str| nodes.iter().filter(|node| node["data"]["kind"] == kind).count();
    if kinds("return@1") > 1 {
        found.insert("several returns".to_owned());
    }
    if ["manual@1", "webhook@1", "schedule@1"].iter().map(|kind| kinds(kind)).sum::<usize>() > 1 {
        found.insert("several triggers".to_owned());
    }
    match nodes.len() {
        17..=30 => drop(found.insert("size 17 to 30".to_owned())),
        31..=60 => drop(found.insert("size 31 to 60".to_owned())),
        _ => {}
    }
    found
}

/// What edges make together.
fn of_edges(nodes: &[Value], edges: &[Value]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let ends = |edge: &Value| (edge["source"].to_string(), edge["target"].to_string());
    let pairs: BTreeSet<(String, String)> = edges.iter().map(ends).collect();
    if pairs.len() < edges.len() {
        found.insert("several edges of a node".to_owned());
    }
    for node in nodes {
        let leaves = |edge: &&Value| edge["source"] == node["id"];
        if edges.iter().filter(leaves).count() > 12 {
            found.insert("wide".to_owned());
        }
        let kind = node["data"]["kind"].as_str().unwrap_or_default();
        let is_root = matches!(kind, "manual@1" | "webhook@1" | "schedule@1" | "note@1");
        let led_to = edges.iter().any(|edge| edge["target"] == node["id"]);
        if !is_root && !led_to && node["parentId"].is_null() {
            found.insert("unreachable".to_owned());
        }
    }
    found
}

fn of_node(node: &Value, nodes: &[Value], found: &mut BTreeSet<String>) {
    let data = &node["data"];
    let kind = data["kind"].as_str().unwrap_or_default();
    found.insert(kind.to_owned());
    let has = |part: &str| data.get(part).is_some_and(|part| !part.is_null() && *part != false);
    for part in ["compensate", "disabled", "in_doubt", "override"] {
        if has(part) {
            found.insert(part.to_owned());
        }
    }
    for (part, word) in [("join", "all"), ("on_error", "continue")] {
        if data[part] == word {
            found.insert(format!("{part} {word}"));
        }
    }
    let keys = |part: &Value| -> Vec<String> {
        part.as_object().map(|part| part.keys().cloned().collect()).unwrap_or_default()
    };
    found.extend(keys(&data["policy"]).into_iter().map(|key| format!("policy {key}")));
    let inner = keys(&data["inputs"]).into_iter().chain(keys(&data["config"]));
    found.extend(inner.map(|key| format!("{kind} {key}")));
    if kind == "custom@1" && has("compensate") {
        found.insert(format!("{kind} compensate"));
    }
    if let Some(word) = data["config"]["on_item_error"].as_str() {
        found.insert(format!("{kind} {word}"));
    }
    for case in data["config"]["cases"].as_array().into_iter().flatten() {
        found.extend(keys(case).into_iter().map(|key| format!("{kind} {key}")));
    }
    if let Some(region) = data["region"].as_str() {
        found.insert(format!("region {region}"));
    }
    let scope = matches!(kind, "for_each@1" | "while@1");
    if scope && data["result"].is_null() {
        found.insert("default result".to_owned());
    }
    let around = around(node, nodes);
    found.insert(format!("depth {}", around.len()));
    if around.first().is_some_and(|kind| kind == "try@1") {
        found.insert(format!("{kind} in a try"));
    }
    let text = data.to_string();
    let texts = TEXTS.iter().filter(|part| text.contains(**part));
    found.extend(texts.map(|part| format!("text '{part}'")));
}

/// The kinds of the scopes around a node, the nearest first.
fn around(node: &Value, nodes: &[Value]) -> Vec<String> {
    let parent = |node: &Value| nodes.iter().find(|other| other["id"] == node["parentId"]);
    let scopes = std::iter::successors(parent(node), |node| parent(node));
    scopes.filter_map(|scope| scope["data"]["kind"].as_str().map(str::to_owned)).collect()
}
