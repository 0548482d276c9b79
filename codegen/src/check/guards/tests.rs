//! The analysis against a model that tries every way in which a run can go.

use std::collections::BTreeMap;

use flowcrate::catalogue::Catalogue;
use petgraph::visit::EdgeRef;
use serde_json::{Value, json};

use super::*;
use crate::graph::react_flow;
use crate::resolve::resolve;

/// A seeded generator; good enough to draw graphs.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

fn node(id: &str, data: impl Into<Value>) -> Value {
    json!({"id": id, "data": data.into()})
}

fn edge(source: &str, handle: &str, target: &str) -> Value {
    json!({"source": source, "sourceHandle": handle, "target": target})
}

/// A random graph of a few nodes; names sort in topological order.
fn draw(random: &mut Random) -> Value {
    let triggers = 1 + random.below(2);
    let count = triggers + 2 + random.below(6);
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    let mut handles: Vec<Vec<&str>> = Vec::new();
    for position in 0..count {
        let id = format!("n{position:02}");
        if position < triggers {
            nodes.push(node(&id, json!({"kind": "manual@1"})));
            handles.push(vec!["out"]);
            continue;
        }
        let mut data = match random.below(4) {
            0 => {
                handles.push(vec!["true", "false"]);
                json!({"kind": "condition@1"})
            }
            1 => {
                handles.push(vec!["a", "b", "default"]);
                json!({"kind": "switch@1", "config": {"cases": [{"name": "a"}, {"name": "b"}]}})
            }
            _ => {
                handles.push(if random.below(2) == 0 { vec!["out", "error"] } else { vec!["out"] });
                json!({"kind": "custom@1"})
            }
        };
        if random.below(3) == 0 {
            data["join"] = json!("all");
        }
        if data["kind"] == "custom@1" && random.below(4) == 0 {
            data["on_error"] = json!("continue");
        }
        if data["kind"] == "custom@1" && random.below(6) == 0 {
            data["disabled"] = json!(true);
        }
        nodes.push(node(&id, data));
        for _ in 0..=random.below(3) {
            let source = random.below(position);
            let ways = &handles[source];
            edges.push(edge(&format!("n{source:02}"), ways[random.below(ways.len())], &id));
        }
    }
    json!({"name": "drawn", "nodes": nodes, "edges": edges})
}

fn analysed(graph: &Graph<'_>) -> Guards {
    let mut guards = Guards::new(graph);
    let (triggers, rest): (Vec<NodeIndex>, Vec<NodeIndex>) = graph
        .top
        .iter()
        .copied()
        .partition(|index| graph.node(*index).kind.is_some_and(Kind::is_trigger));
    for index in triggers.into_iter().chain(rest) {
        guards.enter(graph, index);
        guards.leave(graph, index, false);
    }
    guards
}

/// How one node went in one run: not at all, or left in one way.
type Run = BTreeMap<NodeIndex, Option<Outcome>>;

/// Every way in which a run can go, by the rules S1 to S3 alone.
fn all_runs(graph: &Graph<'_>) -> Vec<Run> {
    let mut runs = Vec::new();
    for &trigger in &graph.top {
        if graph.node(trigger).kind.is_some_and(Kind::is_trigger) {
            go(graph, trigger, 0, &mut Run::new(), &mut runs);
        }
    }
    runs
}

fn go(graph: &Graph<'_>, trigger: NodeIndex, position: usize, run: &mut Run, runs: &mut Vec<Run>) {
    let mut order: Vec<NodeIndex> = graph.top.clone();
    order.sort_by_key(|index| graph.id(*index).clone());
    let Some(&index) = order.get(position) else {
        runs.push(run.clone());
        return;
    };
    let edges: Vec<bool> = graph
        .nodes
        .edges_directed(index, Direction::Incoming)
        .map(|edge| {
            let left = run.get(&edge.source()).and_then(Option::as_ref);
            left.is_some_and(|left| left.handle == *edge.weight())
        })
        .collect();
    let runs_here = if graph.node(index).kind.is_some_and(Kind::is_trigger) {
        index == trigger
    } else {
        match graph.node(index).raw.join {
            JoinRule::Any => edges.contains(&true),
            JoinRule::All => !edges.is_empty() && !edges.contains(&false),
        }
    };
    let ways: Vec<Option<Outcome>> = if runs_here {
        outcomes::of(graph, index).into_iter().map(Some).collect()
    } else {
        vec![None]
    };
    for way in ways {
        run.insert(index, way);
        go(graph, trigger, position + 1, run, runs);
    }
    run.remove(&index);
}

#[test]
fn s6_guards_agree_with_every_run_of_random_graphs() {
    let mut implied = 0;
    for seed in 0..400 {
        let document = draw(&mut Random(seed));
        let (raw, _) = react_flow::parse(document.to_string().as_bytes());
        let catalogue = Catalogue::default();
        let (graph, found) = resolve(raw.unwrap(), &catalogue);
        assert!(found.is_empty(), "seed {seed}: {found:?}");
        let (guards, runs) = (analysed(&graph), all_runs(&graph));
        let ran = |run: &Run, index: NodeIndex| run[&index].is_some();
        for &n in &graph.top {
            let context = || format!("seed {seed}, node {}: {document}", graph.id(n));
            let where_it_runs: Vec<&Run> = runs.iter().filter(|run| ran(run, n)).collect();
            assert_eq!(guards.may_run(n), !where_it_runs.is_empty(), "{}", context());
            let always = where_it_runs.len() == runs.len();
            assert_eq!(guards.always_runs(n, None), always, "{}", context());
            if where_it_runs.is_empty() {
                continue;
            }
            for &x in &graph.top {
                for event in [Event::Value, Event::Error, Event::Handle("true")] {
                    let happened =
                        |run: &&&Run| run[&x].as_ref().is_some_and(|left| event.is(left));
                    let times = where_it_runs.iter().filter(happened).count();
                    let sure = times == where_it_runs.len();
                    let answer = guards.implies(guards.at(n), &[(x, event)]);
                    assert_eq!(answer, sure, "{event:?} of {}, {}", graph.id(x), context());
                    assert_eq!(guards.allows(guards.at(n), x, event), times > 0, "{}", context());
                    implied += usize::from(sure);
                }
                let meets = where_it_runs.iter().any(|run| ran(run, x));
                if n != x {
                    let overlap = !guards.overlaps(&[x, n], |_| false).is_empty();
                    assert_eq!(
                        overlap,
                        meets,
                        "{} meets {}, {}",
                        graph.id(x),
                        graph.id(n),
                        context()
                    );
                }
                assert_eq!(guards.path(&graph, x, n), leads(&graph, x, n), "{}", context());
            }
        }
    }
    assert!(implied > 1_000, "the graphs hardly imply anything: {implied}");
}

fn leads(graph: &Graph<'_>, from: NodeIndex, to: NodeIndex) -> bool {
    let mut next = graph.nodes.neighbors(from);
    next.any(|next| next == to || leads(graph, next, to))
}

#[test]
fn s9_one_of_several_is_implied_where_none_is_alone() {
    let document = json!({"name": "joined", "nodes": [
        node("start", json!({"kind": "manual@1"})),
        node("choose", json!({"kind": "condition@1"})),
        node("left", json!({"kind": "custom@1"})),
        node("right", json!({"kind": "custom@1"})),
        node("after", json!({"kind": "custom@1"})),
    ], "edges": [
        edge("start", "out", "choose"),
        edge("choose", "true", "left"),
        edge("choose", "false", "right"),
        edge("left", "out", "after"),
        edge("right", "out", "after"),
    ]});
    let (raw, _) = react_flow::parse(document.to_string().as_bytes());
    let catalogue = Catalogue::default();
    let (graph, _) = resolve(raw.unwrap(), &catalogue);
    let guards = analysed(&graph);
    let at = |id: &str| *graph.ids.get(id).unwrap();
    let place = guards.at(at("after"));
    let value = |id: &str| (at(id), Event::Value);
    assert!(!guards.implies(place, &[value("left")]));
    assert!(!guards.implies(place, &[value("right")]));
    assert!(guards.implies(place, &[value("left"), value("right")]));
    assert!(guards.always_runs(at("after"), None));
}

#[test]
fn s6_of_many_ways_the_first_are_told() {
    let mut nodes = vec![node("start", json!({"kind": "manual@1"}))];
    let mut edges = Vec::new();
    for place in 0..9 {
        let id = format!("c{place}");
        nodes.push(node(&id, json!({"kind": "condition@1"})));
        edges.push(edge("start", "out", &id));
        edges.push(edge(&id, "true", "nine"));
        if place < 8 {
            edges.push(edge(&id, "true", "eight"));
        }
    }
    nodes.extend(["eight", "nine"].map(|id| node(id, json!({"kind": "custom@1"}))));
    let document = json!({"name": "ways", "nodes": nodes, "edges": edges});
    let (raw, _) = react_flow::parse(document.to_string().as_bytes());
    let catalogue = Catalogue::default();
    let (graph, _) = resolve(raw.unwrap(), &catalogue);
    let text = analysed(&graph).text(&graph);
    let line = |id: &str| text.lines().find(|line| line.starts_with(id)).unwrap();
    let ways = |id: &str| line(id).split(" | ").count();
    assert_eq!((ways("eight"), ways("nine")), (8, 9));
    assert!(line("nine").ends_with(" | …") && !line("eight").contains('…'), "{text}");
}

#[test]
fn s6_an_answer_past_the_limit_is_the_conservative_one() {
    // Each of the layers has two nodes that run under independent conditions, and the next layer
    // joins them crosswise: diagrams of such graphs grow past any limit.
    let mut nodes = vec![node("start", json!({"kind": "manual@1"}))];
    let mut edges = Vec::new();
    let width = 24;
    for layer in 0..40 {
        for place in 0..width {
            let id = format!("c{layer:02}_{place:02}");
            let join = if (layer + place) % 2 == 0 { "all" } else { "any" };
            nodes.push(node(&id, json!({"kind": "condition@1", "join": join})));
            if layer == 0 {
                edges.push(edge("start", "out", &id));
            } else {
                for step in [0, 5, 11] {
                    let source = format!("c{:02}_{:02}", layer - 1, (place * 7 + step) % width);
                    let handle = if (place + step) % 2 == 0 { "true" } else { "false" };
                    edges.push(edge(&source, handle, &id));
                }
            }
        }
    }
    let document = json!({"name": "knot", "nodes": nodes, "edges": edges});
    let (raw, _) = react_flow::parse(document.to_string().as_bytes());
    let catalogue = Catalogue::default();
    let (graph, _) = resolve(raw.unwrap(), &catalogue);
    let guards = analysed(&graph);
    let at = |id: &str| *graph.ids.get(id).unwrap();
    let (first, last) = (at("start"), at("c39_00"));
    // Still known by dominators: whatever runs comes after the start.
    assert!(guards.implies(guards.at(last), &[(first, Event::Value)]));
    // Not known, so possible.
    assert!(guards.may_run(last));
    assert!(!guards.overlaps(&[at("c38_00"), last], |_| false).is_empty());
}
