//! The compiler's cost grows with the graph, not with its square.
//!
//! The benches measure how well; this is what every change has to pass. Nothing here depends on how
//! fast the machine is: the same machine compiles a graph and one four times as large.

#![allow(clippy::panic, reason = "a test fails by panicking")]

#[path = "../benches/support/fit.rs"]
mod fit;
#[path = "../benches/support/shapes.rs"]
mod shapes;

use std::time::Duration;

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::compile;
use flowcrate_codegen::package::Support;

use fit::exponent;
use shapes::{Shape, chain, fan, loops, merged, nested, now, random, steps};

const SMALL: usize = 120;
const LARGE: usize = 4 * SMALL;
/// The exponent of a fault: 1 where each node costs the same, 2 where each costs what the graph's
/// size is.
const MOST: f64 = 1.3;

/// This thread's time.
fn cost(shape: Shape, size: usize) -> Duration {
    let source = shape(size).to_string().into_bytes();
    let start = now();
    let compiled = compile(&source, &Catalogue::default(), &Support::Vendored);
    let spent = now().saturating_sub(start);
    assert!(compiled.files.is_some(), "{:?}", compiled.diagnostics.first());
    spent
}

#[test]
fn four_times_the_nodes_cost_about_four_times_as_much() {
    let shapes: [(&str, Shape); 7] = [
        ("chain", chain),
        ("steps in a row", steps),
        ("fan-out and join", fan),
        ("conditions merged", merged),
        ("loops in a row", loops),
        ("loops in loops", nested),
        ("random", random),
    ];
    // As in the command line: the compiler follows a graph as deep as its branches nest.
    let thread = std::thread::Builder::new().stack_size(256 * 1024 * 1024);
    let measured = thread.spawn(move || {
        let exponents = shapes.map(|(name, shape)| {
            // What else the machine does may cost one of the two: once in four tries it does not.
            let mut found = (0..4).map(|_| exponent(&[SMALL, LARGE].map(|n| (n, cost(shape, n)))));
            let within = found.try_fold(f64::INFINITY, |least, next| {
                let least = least.min(next);
                if least <= MOST { Err(least) } else { Ok(least) }
            });
            (name, within.unwrap_or_else(|least| least))
        });
        println!("{exponents:.2?}");
        let over: Vec<_> = exponents.into_iter().filter(|(_, found)| *found > MOST).collect();
        assert!(over.is_empty(), "{over:?}");
    });
    assert!(measured.is_ok_and(|thread| thread.join().is_ok()), "see above");
}
