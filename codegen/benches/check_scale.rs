//! How checking grows with the graph: 1,000 and 10,000 nodes of several shapes.
//!
//! Budget (design 9): 30 ms and 400 ms, exponent at most 1.1. `cargo bench -p flowcrate-codegen`
//! prints the table and fails where a shape is far over.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check_source;
use serde_json::{Value, json};

/// Noise of a busy machine aside, a shape may cost this much at 10,000 nodes.
const BUDGET: Duration = Duration::from_millis(400);

/// Draws a graph of so many nodes.
type Shape = fn(usize) -> Value;

fn main() {
    // Tests run benches without optimisation, where times mean nothing.
    let timed = std::env::args().any(|argument| argument == "--bench");
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let shapes: [(&str, Shape); 13] = [
        ("chain", chain),
        ("fan-out and join", fan),
        ("random", random),
        ("conditions in a row", conditions),
        ("conditions merged", merged),
        ("error handlers", handlers),
        ("loops", loops),
        ("knot", knot),
        ("wrong: names", unknown_names),
        ("wrong: edges", dangling_edges),
        ("wrong: handles", unknown_handles),
        ("wrong: triggers", triggers),
        ("one test, many reads", tests),
    ];
    let mut over = Vec::new();
    println!("{:<22}{:>10}{:>10}{:>10}", "shape", "1,000", "10,000", "exponent");
    for (name, shape) in shapes {
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let sound = !name.starts_with("wrong");
        let (small, large) = (time(&shape(1_000), sound), time(&shape(10_000), sound));
        let exponent = (large.as_secs_f64() / small.as_secs_f64()).log10();
        println!("{name:<22}{small:>10.1?}{large:>10.1?}{exponent:>10.2}");
        if large > BUDGET {
            over.push(name);
        }
    }
    assert!(!timed || over.is_empty(), "over {BUDGET:?}: {over:?}");
}

/// The time that this thread has spent on a processor, where the system tells; else the clock's.
/// On a machine that does other things too, only the first says anything.
fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = spent.and_then(|text| text.split_whitespace().next()?.parse().ok());
    spent.map_or_else(|| START.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}

/// The best of a few tries: what the machine can do, not what else it did.
fn time(document: &Value, sound: bool) -> Duration {
    let source = document.to_string().into_bytes();
    let tries = (0..5).map(|_| {
        let start = now();
        let (checked, found) = check_source(&source, &Catalogue::default());
        let spent = now().saturating_sub(start);
        let first = found.iter().find(|found| found.is_error());
        assert_eq!(checked.is_some(), sound, "{first:?}");
        spent
    });
    tries.min().unwrap_or_default()
}

fn node(id: &str, kind: &str, inputs: impl Into<Value>) -> Value {
    json!({"id": id, "type": "node", "position": {"x": 1, "y": 2},
        "data": {"label": format!("Node {id}"), "kind": kind, "inputs": inputs.into()}})
}

fn edge(source: &str, handle: &str, target: &str) -> Value {
    json!({"id": format!("{source}-{handle}-{target}"), "source": source, "sourceHandle": handle,
        "target": target, "targetHandle": "in"})
}

fn graph(mut nodes: Vec<Value>, edges: &[Value]) -> Value {
    let mut start = node("start", "manual@1", json!({}));
    start["data"]["config"] = json!({"sample": {"flag": true, "total": 1.5, "rows": [{"id": 1}]}});
    nodes.insert(0, start);
    json!({"format": 1, "name": "scale", "nodes": nodes, "edges": edges})
}

fn id(number: usize) -> String {
    if number == 0 { "start".to_owned() } else { format!("n{number:05}") }
}

/// Each reads the one before, one far before, and the trigger.
fn chain(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 1..count {
        let far = number * 7 / 13;
        let value = if far == 0 {
            json!({"n": "{{ trigger.total }}"})
        } else {
            json!({"before": format!("{{{{ steps.{}.n }}}}", id(number - 1)), "n":
                format!("{{{{ trigger.total + steps.{}.n }}}}", id(far))})
        };
        nodes.push(node(&id(number), "transform@1", json!({"value": value})));
        edges.push(edge(&id(number - 1), "out", &id(number)));
    }
    graph(nodes, &edges)
}

/// All at once, then one that reads a hundred of them.
fn fan(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 1..count - 1 {
        nodes.push(node(&id(number), "custom@1", json!({"total": "{{ trigger.total }}"})));
        edges.push(edge("start", "out", &id(number)));
        edges.push(edge(&id(number), "out", "last"));
    }
    let read: Vec<String> =
        (1..count.min(100)).map(|number| format!("{{{{ steps.{} }}}}", id(number))).collect();
    nodes.push(node("last", "transform@1", json!({"value": read})));
    graph(nodes, &edges)
}

/// A seeded generator; good enough to draw graphs.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }
}

/// Actions, conditions and error branches with edges to any later node.
fn random(count: usize) -> Value {
    let mut random = Random(7);
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    let mut handles: Vec<&[&str]> = vec![&["out"]];
    for number in 1..count {
        let (kind, inputs, ways): (_, _, &[&str]) = match random.below(4) {
            0 => ("condition@1", json!({"condition": "{{ trigger.flag }}"}), &["true", "false"]),
            1 => ("custom@1", json!({}), &["out", "error"]),
            _ => ("transform@1", json!({"value": "{{ trigger.total }}"}), &["out"]),
        };
        nodes.push(node(&id(number), kind, inputs));
        for _ in 0..=random.below(3) {
            let source = random.below(number);
            let ways = handles.get(source).copied().unwrap_or(&["out"]);
            let way = ways.get(random.below(ways.len())).copied().unwrap_or("out");
            let mut edge = edge(&id(source), way, &id(number));
            edge["id"] = json!(format!("e{}", edges.len()));
            edges.push(edge);
        }
        handles.push(ways);
    }
    graph(nodes, &edges)
}

/// Each behind the `true` of the one before: the deepest guards.
fn conditions(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 1..count {
        nodes.push(node(&id(number), "condition@1", json!({"condition": "{{ trigger.flag }}"})));
        let handle = if number == 1 { "out" } else { "true" };
        edges.push(edge(&id(number - 1), handle, &id(number)));
    }
    graph(nodes, &edges)
}

/// Diamonds in a row; each merge reads both branches.
fn merged(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    let mut last = "start".to_owned();
    for number in 0..(count - 1) / 4 {
        let [choose, left, right, merge] = ["c", "l", "r", "m"].map(|n| format!("{n}{number:05}"));
        nodes.push(node(&choose, "condition@1", json!({"condition": "{{ trigger.flag }}"})));
        nodes.push(node(&left, "transform@1", json!({"value": "{{ 1 }}"})));
        nodes.push(node(&right, "transform@1", json!({"value": "{{ 2 }}"})));
        let value = format!("{{{{ first_of(steps.{left}, steps.{right}) + 1 }}}}");
        nodes.push(node(&merge, "transform@1", json!({"value": value})));
        edges.push(edge(&last, "out", &choose));
        edges.push(edge(&choose, "true", &left));
        edges.push(edge(&choose, "false", &right));
        edges.push(edge(&left, "out", &merge));
        edges.push(edge(&right, "out", &merge));
        last = merge;
    }
    graph(nodes, &edges)
}

/// All errors lead to one handler that reads a hundred of them.
fn handlers(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 1..count - 1 {
        nodes.push(node(&id(number), "custom@1", json!({})));
        edges.push(edge("start", "out", &id(number)));
        edges.push(edge(&id(number), "error", "handler"));
    }
    let read = (1..count.min(100)).map(|n| format!("{{{{ errors.{} is defined }}}}", id(n)));
    let read: Vec<String> = read.collect();
    nodes.push(node("handler", "transform@1", json!({"value": read})));
    graph(nodes, &edges)
}

/// Loops of nine nodes in a row.
fn loops(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    let mut last = "start".to_owned();
    for number in 0..(count - 1) / 10 {
        let each = format!("each{number:05}");
        nodes.push(node(&each, "for_each@1", json!({"items": "{{ trigger.rows }}"})));
        edges.push(edge(&last, "out", &each));
        for inner in 0..9 {
            let id = format!("i{number:05}_{inner}");
            let mut inner_node =
                node(&id, "transform@1", json!({"value": "{{ item.id + index }}"}));
            inner_node["parentId"] = json!(each);
            nodes.push(inner_node);
            if inner > 0 {
                edges.push(edge(&format!("i{number:05}_{}", inner - 1), "out", &id));
            }
        }
        last = each;
    }
    graph(nodes, &edges)
}

/// Layers of conditions that join crosswise: guards past any limit.
fn knot(count: usize) -> Value {
    let width = 20;
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 0..count - 1 {
        let (layer, place) = (number / width, number % width);
        let id = format!("k{layer:04}_{place:02}");
        nodes.push(node(&id, "condition@1", json!({"condition": "{{ trigger.flag }}"})));
        if layer == 0 {
            edges.push(edge("start", "out", &id));
        } else {
            for step in [0, 5, 11] {
                let source = format!("k{:04}_{:02}", layer - 1, (place * 7 + step) % width);
                let handle = if (place + step) % 2 == 0 { "true" } else { "false" };
                edges.push(edge(&source, handle, &id));
            }
        }
    }
    graph(nodes, &edges)
}

/// Every expression names a node that does not exist.
fn unknown_names(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 1..count {
        let value = format!("{{{{ steps.x{number:05} }}}}");
        nodes.push(node(&id(number), "transform@1", json!({"value": value})));
        edges.push(edge("start", "out", &id(number)));
    }
    graph(nodes, &edges)
}

/// Every edge leads to a node that does not exist.
fn dangling_edges(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 1..count {
        nodes.push(node(&id(number), "transform@1", json!({"value": 1})));
        edges.push(edge("start", "out", &format!("x{number:05}")));
    }
    graph(nodes, &edges)
}

/// A switch with many cases, and edges from handles that it does not have.
fn unknown_handles(count: usize) -> Value {
    let cases: Vec<Value> = (0..900)
        .map(|n| json!({"name": format!("case {n}"), "when": "{{ trigger.flag }}"}))
        .collect();
    let mut choose = node("choose", "switch@1", json!({}));
    choose["data"]["config"] = json!({"cases": cases});
    let mut nodes = vec![choose];
    let mut edges = vec![edge("start", "out", "choose")];
    for number in 1..count - 1 {
        nodes.push(node(&id(number), "transform@1", json!({"value": 1})));
        edges.push(edge("choose", &format!("cose {number}"), &id(number)));
    }
    graph(nodes, &edges)
}

/// Half of the nodes are triggers with payloads of two types, half read them.
fn triggers(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 1..count / 2 {
        let (trigger, reader) = (format!("t{number:05}"), id(number));
        let mut first = node(&trigger, "manual@1", json!({}));
        let sample = if number % 2 == 0 { json!({"a": 1}) } else { json!({"a": "x"}) };
        first["data"]["config"] = json!({ "sample": sample });
        nodes.push(first);
        nodes.push(node(&reader, "transform@1", json!({"value": "{{ trigger.a }}"})));
        edges.push(edge(&trigger, "out", &reader));
    }
    graph(nodes, &edges)
}

/// Many conditions test one optional value, and behind each a node reads it.
fn tests(count: usize) -> Value {
    let mut start = node("received", "manual@1", json!({}));
    let note = json!({"type": "object", "properties": {"note": {"type": "string"}}});
    start["data"]["config"] = json!({ "schema": note });
    let mut nodes = vec![start];
    let mut edges = Vec::new();
    for number in 1..count / 2 - 1 {
        let (test, reader) = (format!("t{number:05}"), id(number));
        let condition = "{{ triggers.received.note is defined }}";
        nodes.push(node(&test, "condition@1", json!({ "condition": condition })));
        nodes.push(node(&reader, "transform@1", json!({"value": "{{ triggers.received.note }}"})));
        edges.push(edge("received", "out", &test));
        edges.push(edge(&test, "true", &reader));
    }
    graph(nodes, &edges)
}
