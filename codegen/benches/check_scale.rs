//! How checking grows with the graph: 1,000 and 10,000 nodes of several shapes.
//!
//! Budget (design 9): 30 ms and 400 ms, exponent at most 1.1. `cargo bench -p flowcrate-codegen`
//! prints the table and fails where a shape is far over.

#[path = "support/fit.rs"]
mod fit;
#[path = "support/shapes.rs"]
mod shapes;

use std::time::Duration;

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check_source;
use serde_json::Value;

use fit::exponent;
use shapes::{
    Shape, chain, conditions, dangling_edges, fan, handlers, knot, loops, merged, now, random,
    tests, triggers, unknown_handles, unknown_names,
};

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Noise of a busy machine aside, a shape may cost this much at 10,000 nodes.
const BUDGET: Duration = Duration::from_millis(400);

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
        let exponent = exponent(&[(1_000, small), (10_000, large)]);
        println!("{name:<22}{small:>10.1?}{large:>10.1?}{exponent:>10.2}");
        if large > BUDGET {
            over.push(name);
        }
    }
    assert!(!timed || over.is_empty(), "over {BUDGET:?}: {over:?}");
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
