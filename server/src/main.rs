//! The `flowcrate` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    flowcrate_server::cli::main()
}
