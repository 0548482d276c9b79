//! What has no type in the language.
#![allow(unused)]

use flowcrate::types::Typed;

#[derive(Typed)]
struct Tuple(i64);

#[derive(Typed)]
enum Shape {
    Circle { radius: f64 },
}

#[derive(Typed)]
#[typed(krate = flowcrate)]
struct Wrong {
    count: i64,
}

fn main() {}
