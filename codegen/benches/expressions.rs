//! What expressions cost: 10,000 of them parsed and checked, and 10,000 evaluated.
//!
//! Budget: 100 ms to parse and check, a quarter of what checking 10,000 nodes may take (design 9).
//! `cargo bench -p flowcrate-codegen --bench expressions` prints the table and fails far over it.

#![allow(clippy::panic, reason = "a bench that cannot measure says so")]

use std::time::{Duration, Instant};

use flowcrate::types::Type;
use flowcrate_codegen::expr::{
    Binding, Env, Expr, Name, Names, Reference, Root, Unresolved, check, eval, parse,
};
use serde_json::{Value, json};

const COUNT: usize = 10_000;
const BUDGET: Duration = Duration::from_millis(100);

struct Scope {
    order: Type,
}

impl Names for Scope {
    fn resolve(&self, reference: &Reference) -> Result<Binding, Unresolved> {
        match reference {
            Reference::Trigger => Ok(Binding { name: Name::Trigger, ty: self.order.clone() }),
            Reference::Step(id) => {
                Ok(Binding { name: Name::Step(id.clone()), ty: self.order.clone().optional() })
            }
            _ => Err(Unresolved::Unknown),
        }
    }

    fn candidates(&self, _: Root) -> Vec<String> {
        Vec::new()
    }
}

impl Env for Scope {
    fn get(&self, _: &Name) -> Option<Value> {
        Some(json!({
            "id": "o-1", "total": 1250, "vip": true,
            "lines": [{"label": "tea", "price": 2.5}, {"label": "jam", "price": 1.0}],
        }))
    }
}

fn order() -> Type {
    let line =
        Type::record([("label".to_owned(), Type::String), ("price".to_owned(), Type::Number)]);
    Type::record([
        ("id".to_owned(), Type::String),
        ("total".to_owned(), Type::Int),
        ("vip".to_owned(), Type::Bool),
        ("note".to_owned(), Type::String.optional()),
        ("lines".to_owned(), Type::list(line)),
    ])
}

fn main() {
    // Tests run benches without optimisation, where times mean nothing.
    let timed = std::env::args().any(|argument| argument == "--bench");
    let scope = Scope { order: order() };
    let mut over = Vec::new();
    println!("{:<12}{:>12}{:>12}", "text", "check", "evaluate");
    for (name, text) in [
        ("field", "{{ trigger.id }}"),
        ("arithmetic", "{{ trigger.total * 2 + 1 }}"),
        (
            "mixed text",
            "Order {{ trigger.id }} of {{ trigger.total }}: {{ steps.a.note | default('-') }}",
        ),
        ("condition", "{{ trigger.vip and trigger.total > 100 or steps.a is defined }}"),
        (
            "list",
            "{{ trigger.lines | sort(attribute='price') | map(attribute='label') | join(', ') }}",
        ),
    ] {
        let (checked, expr) = time(|| {
            let template = parse(text).unwrap_or_else(|issues| panic!("{issues:?}"));
            check(&template, &scope, None).unwrap_or_else(|issues| panic!("{issues:?}"))
        });
        let (evaluated, _) = time(|| evaluate(&expr, &scope));
        println!("{name:<12}{checked:>12.1?}{evaluated:>12.1?}");
        // Far over is an error of ours; a little over is what else the machine does.
        if checked > 3 * BUDGET {
            over.push(name);
        }
    }
    assert!(!timed || over.is_empty(), "over {BUDGET:?}: {over:?}");
}

fn evaluate(expr: &Expr, scope: &Scope) -> Value {
    eval(expr, scope).unwrap_or_else(|error| panic!("{error}"))
}

/// The best of a few tries at 10,000 times, and the last result.
fn time<T>(work: impl Fn() -> T) -> (Duration, T) {
    let tries = (0..3).map(|_| {
        let start = Instant::now();
        for _ in 1..COUNT {
            std::hint::black_box(work());
        }
        start.elapsed()
    });
    (tries.min().unwrap_or_default(), work())
}
