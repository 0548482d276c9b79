//! No node waits for one that it does not depend on (S5): where branches cross, a run takes as long
//! as the longest path through it, and not as long as its layers one after the other.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "support/interpreted.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod interpreted;

use flowcrate::testkit::VirtualTime;
use flowcrate_plugins::Actions;
use flowcrate_server::interpret::Interpreted;
use interpreted::Bench;
use serde_json::{Value, json};

/// Waits of so many hours, and which comes after which.
struct Shape {
    name: &'static str,
    hours: &'static [u64],
    edges: &'static [(usize, usize)],
    /// What it would take if each layer waited for the whole one before it.
    in_layers: u64,
}

const SHAPES: [Shape; 3] = [
    // The first of two branches is long at its beginning, the second at its end, and an edge crosses
    // from the second to the first.
    Shape { name: "n", hours: &[3, 1, 1, 3], edges: &[(0, 2), (1, 2), (1, 3)], in_layers: 6 },
    // Both cross: 1 -> 3 and 0 -> 5, further down.
    Shape {
        name: "crossing",
        hours: &[5, 1, 1, 5, 1, 1],
        edges: &[(0, 2), (1, 2), (1, 3), (2, 4), (2, 5), (3, 5)],
        in_layers: 11,
    },
    // A ladder, every second rung of which is long.
    Shape {
        name: "ladder",
        hours: &[4, 1, 1, 4, 4, 1, 1, 4],
        edges: &[(0, 2), (1, 2), (1, 3), (2, 4), (3, 5), (2, 5), (4, 6), (5, 7), (5, 6)],
        in_layers: 16,
    },
];

impl Shape {
    fn graph(&self) -> Value {
        let id = |number: usize| format!("wait_{number}");
        let mut nodes = vec![json!({ "id": "start", "data": { "kind": "manual@1" } })];
        let mut edges = Vec::new();
        for (number, hours) in self.hours.iter().enumerate() {
            let inputs = json!({ "duration": format!("{hours}h") });
            let data = json!({ "kind": "wait@1", "inputs": inputs });
            nodes.push(json!({ "id": id(number), "data": data }));
            if !self.edges.iter().any(|(_, to)| *to == number) {
                edges.push(json!({ "source": "start", "target": id(number) }));
            }
        }
        let crossing = self.edges.iter();
        edges.extend(crossing.map(|(a, b)| json!({ "source": id(*a), "target": id(*b) })));
        json!({ "name": self.name, "nodes": nodes, "edges": edges })
    }

    /// The longest path through it. Edges lead to higher numbers.
    fn critical(&self) -> u64 {
        let mut done: Vec<u64> = Vec::new();
        for (number, hours) in self.hours.iter().enumerate() {
            let before = self.edges.iter().filter(|(_, to)| *to == number);
            done.push(before.map(|(from, _)| done[*from]).max().unwrap_or(0) + hours);
        }
        done.into_iter().max().unwrap()
    }
}

#[test]
fn crossing_branches_take_as_long_as_the_longest_path() {
    for shape in SHAPES {
        let plan = Bench::new(Actions::default()).plan(&shape.graph()).unwrap();
        assert!(plan.ir.to_string().contains("tasks"), "{} is no graph of tasks", shape.name);
        let (name, revision) = (plan.ir.name.clone(), plan.ir.revision.clone());
        let input = plan.input("start", json!({}));
        let (run, _) =
            VirtualTime::new().play(Interpreted::new(name, revision, plan), &input).unwrap();
        let took = run.ended_at.unwrap().0 - run.started_at.0;
        assert_eq!(u64::try_from(took).unwrap(), shape.critical() * 3_600_000, "{}", shape.name);
        assert!(shape.critical() < shape.in_layers, "{} shows nothing", shape.name);
    }
}
