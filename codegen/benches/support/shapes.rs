//! Graphs of any size, by shape, and a clock that a busy machine does not disturb.

#![allow(dead_code, reason = "each bench draws some of the shapes")]

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Draws a graph of so many nodes.
pub(crate) type Shape = fn(usize) -> Value;

/// The time that this thread has spent on a processor, where the system tells; else the clock's.
/// On a machine that does other things too, only the first says anything.
pub(crate) fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    // The system brings the number up to date every few milliseconds, and whenever it chooses anew
    // what to run.
    std::thread::yield_now();
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = spent.and_then(|text| text.split_whitespace().next()?.parse().ok());
    spent.map_or_else(|| START.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
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
pub(crate) fn chain(count: usize) -> Value {
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
pub(crate) fn fan(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 1..count - 1 {
        nodes.push(node(&id(number), "custom@1", json!({"total": "{{ trigger.total }}"})));
        edges.push(edge("start", "out", &id(number)));
        edges.push(edge(&id(number), "out", "last"));
    }
    let read: Vec<String> =
        (1..(count - 1).min(100)).map(|number| format!("{{{{ steps.{} }}}}", id(number))).collect();
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
pub(crate) fn random(count: usize) -> Value {
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
pub(crate) fn conditions(count: usize) -> Value {
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
pub(crate) fn merged(count: usize) -> Value {
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
pub(crate) fn handlers(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 1..count - 1 {
        nodes.push(node(&id(number), "custom@1", json!({})));
        edges.push(edge("start", "out", &id(number)));
        edges.push(edge(&id(number), "error", "handler"));
    }
    let read = (1..(count - 1).min(100)).map(|n| format!("{{{{ errors.{} is defined }}}}", id(n)));
    let read: Vec<String> = read.collect();
    nodes.push(node("handler", "transform@1", json!({"value": read})));
    graph(nodes, &edges)
}

/// Loops of nine nodes in a row.
pub(crate) fn loops(count: usize) -> Value {
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
pub(crate) fn knot(count: usize) -> Value {
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
pub(crate) fn unknown_names(count: usize) -> Value {
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
pub(crate) fn dangling_edges(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 1..count {
        nodes.push(node(&id(number), "transform@1", json!({"value": 1})));
        edges.push(edge("start", "out", &format!("x{number:05}")));
    }
    graph(nodes, &edges)
}

/// A switch with many cases, and edges from handles that it does not have.
pub(crate) fn unknown_handles(count: usize) -> Value {
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
pub(crate) fn triggers(count: usize) -> Value {
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
pub(crate) fn tests(count: usize) -> Value {
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

/// Loops in loops, eight deep, each with a chain of two before the inner one.
pub(crate) fn nested(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    let mut last = "start".to_owned();
    for tower in 0..(count - 1) / 24 {
        let mut parent: Option<String> = None;
        for depth in 0..8 {
            let each = format!("e{tower:05}_{depth}");
            let items = if depth == 0 { "{{ trigger.rows }}" } else { "{{ [item, item] }}" };
            let mut scope = node(&each, "for_each@1", json!({ "items": items }));
            scope["data"]["config"] = json!({"concurrency": 2});
            let (one, two) = (format!("a{tower:05}_{depth}"), format!("b{tower:05}_{depth}"));
            let mut first = node(&one, "transform@1", json!({"value": "{{ item.id }}"}));
            let mut second = node(&two, "custom@1", json!({"n": format!("{{{{ steps.{one} }}}}")}));
            first["parentId"] = json!(each);
            second["parentId"] = json!(each);
            if let Some(parent) = &parent {
                scope["parentId"] = json!(parent);
                edges.push(edge(&format!("b{tower:05}_{}", depth - 1), "out", &each));
            } else {
                edges.push(edge(&last, "out", &each));
                last.clone_from(&each);
            }
            edges.push(edge(&one, "out", &two));
            nodes.extend([scope, first, second]);
            parent = Some(each);
        }
    }
    graph(nodes, &edges)
}

/// Custom steps in a row, each with inputs and an output of its own.
pub(crate) fn steps(count: usize) -> Value {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for number in 1..count {
        let value = if number == 1 {
            json!({"total": "{{ trigger.total }}"})
        } else {
            json!({"total": format!("{{{{ steps.{}.total + 1 }}}}", id(number - 1))})
        };
        let mut step = node(&id(number), "custom@1", value);
        step["data"]["config"] = json!({"output": {"sample": {"total": 1.5, "at": number % 7}}});
        nodes.push(step);
        edges.push(edge(&id(number - 1), "out", &id(number)));
    }
    graph(nodes, &edges)
}
