//! Compiles the graphs that the program includes, and again whenever they change.

use std::process::ExitCode;

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::build::Build;

fn main() -> ExitCode {
    // `party` calls `seat`, which is a module of it.
    let build = Build::new(Catalogue::default());
    build.graph("flows/greet.json").graph("flows/party.json").callee("flows/seat.json").run()
}
