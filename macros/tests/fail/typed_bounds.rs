//! A Rust type that is no type of the language: the error says which are.
#![allow(unused)]

use flowcrate::types::Typed;

#[derive(Typed)]
struct Unsigned {
    count: u32,
}

fn main() {}
