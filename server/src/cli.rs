//! The command line: one command, one file.
//!
//! Exit codes: 0 fine, 1 the graph or run failed, 2 wrong use. What a program reads goes to
//! standard output, everything else to standard error.

mod callees;
mod check;
mod client;
mod compile;
mod explain;
mod import;
mod new;
mod output;
mod publish;
mod purge;
mod run;
mod serve;
mod token;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Flags;
use crate::error::Error;

/// Draw a workflow, ship a crate.
#[derive(Debug, Parser)]
#[command(name = "flowcrate", version, args_conflicts_with_subcommands = true)]
#[command(after_help = "Without a command, `flowcrate` serves.")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server with its editor
    Serve(Flags),
    /// Check a graph and list what is wrong with it
    Check(check::Args),
    /// Compile a graph to a Rust crate
    Compile(compile::Args),
    /// Run a graph here and now, and print its output
    Run(run::Args),
    /// Publish a workflow of a running server as a crate
    Publish(publish::Args),
    /// Make, list and revoke tokens, with which cargo publishes
    Token(token::Args),
    /// Take away runs of a server that ended long ago
    Purge(purge::Args),
    /// Turn another tool's workflow into a graph
    Import(import::Args),
    /// Explain a diagnostic's code
    Explain(explain::Args),
    /// Write a small graph to start from
    New(new::Args),
}

/// How a command ended, where nothing broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Fine,
    /// The graph or the run failed; the command has said so.
    Failed,
    /// Wrong use; the command has said so.
    Misused,
}

/// Stack of threads that compile: the compiler follows a graph as deep as its branches nest.
/// Memory that is never touched is never taken.
const STACK: usize = 64 * 1024 * 1024;

/// Runs the command that the process was called with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let command = std::thread::Builder::new().stack_size(STACK).spawn(|| execute(cli));
    let Ok(command) = command else {
        output::complain("cannot start a thread");
        return ExitCode::FAILURE;
    };
    // A panic has said what it had to say.
    command.join().unwrap_or(ExitCode::FAILURE)
}

fn execute(cli: Cli) -> ExitCode {
    let done = match cli.command {
        None => serve::execute(cli.serve),
        Some(Command::Serve(flags)) => serve::execute(flags),
        Some(Command::Check(args)) => check::execute(&args),
        Some(Command::Compile(args)) => compile::execute(&args),
        Some(Command::Run(args)) => run::execute(&args),
        Some(Command::Publish(args)) => publish::execute(&args),
        Some(Command::Token(args)) => token::execute(&args),
        Some(Command::Purge(args)) => purge::execute(&args),
        Some(Command::Import(args)) => import::execute(&args),
        Some(Command::Explain(args)) => Ok(explain::execute(&args)),
        Some(Command::New(args)) => new::execute(&args),
    };
    match done {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Ok(Outcome::Misused) => ExitCode::from(2),
        Err(error) => {
            output::complain(&error.to_string());
            ExitCode::from(exit_code(&error))
        }
    }
}

/// A file that is not there or a flag that makes no sense is wrong use.
fn exit_code(error: &Error) -> u8 {
    match error {
        Error::Io { .. } | Error::Config(_) | Error::Held { .. } | Error::NoWorkflow(_) => 2,
        Error::Database(_)
        | Error::Newer { .. }
        | Error::Corrupt { .. }
        | Error::Engine(_)
        | Error::Outdated { .. }
        | Error::NameTaken(_)
        | Error::HookTaken { .. }
        | Error::CrateTaken { .. }
        | Error::Released { .. }
        | Error::CrateName { .. }
        | Error::Unfit(_)
        | Error::NoToken { .. }
        | Error::Forbidden(_)
        | Error::Stale { .. } => 1,
    }
}

/// Reads a file, or standard input for `-`.
fn read(path: &std::path::Path) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    let failed = |source| Error::io(format!("cannot read {}", path.display()), source);
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(failed)
}

/// Writes a file whole or not at all, and makes its folder.
fn write(path: &std::path::Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::io(format!("cannot write {}", path.display()), source);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    std::fs::write(&temporary, bytes).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(|source| {
        // The rename's error is the one to tell; a left-over is of no use to anyone.
        let _ = std::fs::remove_file(&temporary);
        failed(source)
    })
}
