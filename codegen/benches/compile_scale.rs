//! What each stage of the compiler costs, from 10 to 10,000 nodes of several shapes.
//!
//! Budget (design 9): check 30 and 400 ms, all the bytes of a crate 120 ms and 1.6 s for 1,000 and
//! 10,000 nodes, exponents at most 1.1. `cargo bench -p flowcrate-codegen --bench compile_scale`
//! prints the table, names the shapes that are over, and fails where one is far over; `-- chain`
//! measures only the shapes whose name holds that.

#![allow(
    clippy::panic,
    clippy::format_collect,
    reason = "a bench fails by panicking, and prints tables"
)]

#[path = "support/shapes.rs"]
mod shapes;

use std::time::Duration;

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::emit::emit;
use flowcrate_codegen::lower::lower;
use flowcrate_codegen::package::{Support, package};
use flowcrate_codegen::{Callees, check_source};

use shapes::{Shape, chain, fan, loops, merged, nested, now, random, steps};

const STAGES: [&str; 5] = ["check", "lower", "emit", "package", "all"];
/// What all stages together may cost at 10,000 nodes.
const BUDGET: Duration = Duration::from_millis(1_600);
/// Further over the budget than this is a fault. Measured: emitting a graph of 10,000 nodes without
/// structure takes some 10 s, most of it for the names that its tasks see.
const FAR: u32 = 10;
/// A stage that took longer is not asked for more.
const ENOUGH: Duration = Duration::from_secs(20);
/// As in the command line: the compiler follows a graph as deep as its branches nest.
const STACK: usize = 256 * 1024 * 1024;

fn main() {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(table);
    assert!(thread.is_ok_and(|thread| thread.join().is_ok()), "over the budget, see above");
}

fn table() {
    let timed = std::env::args().any(|argument| argument == "--bench");
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let sizes: &[usize] = if timed { &[10, 100, 1_000, 10_000] } else { &[10, 100] };
    let shapes: [(&str, Shape); 7] = [
        ("chain", chain),
        ("steps in a row", steps),
        ("fan-out and join", fan),
        ("conditions merged", merged),
        ("loops in a row", loops),
        ("loops in loops", nested),
        ("random", random),
    ];
    let (mut over, mut far_over) = (Vec::new(), Vec::new());
    for (name, shape) in shapes {
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let mut rows: Vec<[Duration; 5]> = Vec::new();
        for &size in sizes {
            if size < 30 && name == "loops in loops" {
                continue;
            }
            if rows.last().is_some_and(|row| row[4] > ENOUGH / 20) && size == 10_000 {
                println!("{name}: {:?} at the size before, so no more", rows.last());
                break;
            }
            rows.push(measure(shape, size));
        }
        print(name, sizes.get(sizes.len() - rows.len()..).unwrap_or(sizes), &rows);
        if rows.last().is_some_and(|row| row[4] > BUDGET) {
            over.push(name);
        }
        if rows.last().is_some_and(|row| row[4] > BUDGET * FAR) {
            far_over.push(name);
        }
    }
    println!("\nover {BUDGET:?}: {}", over.join(", "));
    assert!(!timed || far_over.is_empty(), "far over {BUDGET:?}: {far_over:?}");
}

fn print(name: &str, sizes: &[usize], rows: &[[Duration; 5]]) {
    println!(
        "\n{name}\n{:<10}{}  exponent",
        "",
        sizes.iter().map(|n| format!("{n:>12}")).collect::<String>()
    );
    for (stage, title) in STAGES.iter().enumerate() {
        let times: Vec<Duration> = rows.iter().map(|row| row[stage]).collect();
        let exponent = match times.as_slice() {
            [.., before, last] => (last.as_secs_f64() / before.as_secs_f64().max(1e-9)).log10(),
            _ => f64::NAN,
        };
        let times: String = times.iter().map(|time| format!("{time:>12.1?}")).collect();
        println!("{title:<10}{times}{exponent:>10.2}");
    }
}

/// The best of a few tries of each stage.
fn measure(shape: Shape, size: usize) -> [Duration; 5] {
    let source = shape(size).to_string().into_bytes();
    let tries = if size > 3_000 { 2 } else { 3 };
    let rounds = u32::try_from(1_000 / size).unwrap_or(1).max(1);
    let mut best = [Duration::MAX; 5];
    for _ in 0..tries {
        let spent = stages(&source, rounds);
        for (best, spent) in best.iter_mut().zip(spent) {
            *best = spent.min(*best);
        }
    }
    best
}

/// What each stage takes, and all of them. A small graph is compiled many times: the clock of a
/// thread ticks every few milliseconds.
fn stages(source: &[u8], rounds: u32) -> [Duration; 5] {
    let catalogue = Catalogue::default();
    let (checked, check) = timed(rounds, || {
        let (checked, found) = check_source(source, &catalogue);
        checked.unwrap_or_else(|| panic!("{:?}", found.first()))
    });
    let (ir, lower) = timed(rounds, || lower(&checked).unwrap_or_else(|bugs| panic!("{bugs:?}")));
    let (emitted, emit) = timed(rounds, || emit(&ir, &checked, &catalogue));
    let (_, package) = timed(rounds, || {
        let files =
            package(&checked, emitted.clone(), (source, &Callees::default()), &Support::Vendored);
        files.unwrap_or_else(|error| panic!("{error}"))
    });
    [check, lower, emit, package, check + lower + emit + package]
}

fn timed<T>(rounds: u32, mut work: impl FnMut() -> T) -> (T, Duration) {
    let start = now();
    for _ in 1..rounds {
        drop(work());
    }
    let result = work();
    (result, now().saturating_sub(start) / rounds)
}
