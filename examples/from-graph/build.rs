//! Compiles the graph that the program includes, and again whenever it changes.

use std::process::ExitCode;

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::build::Build;

fn main() -> ExitCode {
    Build::new(Catalogue::default()).graph("flows/greet.json").run()
}
