//! The `flowcrate` command.

use std::process::ExitCode;

/// The compiler makes and drops many small trees: with the system's allocator it takes half as long
/// again, and more the larger the graph.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    flowcrate_server::cli::main()
}
