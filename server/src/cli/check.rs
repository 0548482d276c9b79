//! `flowcrate check`: what is wrong with a graph.

use std::path::PathBuf;

use serde_json::json;

use super::output::{self, OutputArgs};
use super::{Outcome, read};
use crate::compiler::Compiler;
use crate::error::Error;

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The graph document; - is standard input
    graph: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

/// Checks, prints what was found, and fails where a finding is an error.
pub(super) fn execute(args: &Args) -> Result<Outcome, Error> {
    let source = read(&args.graph)?;
    let (checked, diagnostics) = Compiler::new().check(&source);
    if args.output.json {
        output::say_json(&json!({ "diagnostics": diagnostics }));
    } else {
        output::report(&args.graph.display().to_string(), &source, &diagnostics, args.output.color);
        if let Some(checked) = &checked {
            let nodes = checked.nodes.len();
            output::say(&format!("{}: fine ({nodes} nodes)", checked.name));
        }
    }
    Ok(if checked.is_some() { Outcome::Fine } else { Outcome::Failed })
}
