//! The `flowcrate` command.

fn main() {}
