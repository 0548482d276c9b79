//! `flowcrate import`: another tool's workflow becomes a graph.

use std::path::PathBuf;

use clap::Subcommand;
use flowcrate_codegen::import::{self, Imported};
use serde_json::json;

use super::output::{self, OutputArgs};
use super::{Outcome, read, write};
use crate::error::Error;

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    /// From the Vercel workflow builder
    Vercel(VercelArgs),
}

#[derive(clap::Args, Debug)]
struct VercelArgs {
    /// The foreign document; - is standard input
    file: PathBuf,
    /// Where to write the graph [default: standard output]
    #[arg(long, value_name = "GRAPH")]
    out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
    /// The graph's name [default: the one that the document carries]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Translates, prints what was found, and fails where something could not be translated.
pub(super) fn execute(args: &Args) -> Result<Outcome, Error> {
    let From::Vercel(args) = &args.from;
    if let Some(out) = args.out.as_ref().filter(|out| !args.force && out.exists()) {
        let out = out.display();
        return Err(Error::Config(format!("{out} is there already: say --force to write over it")));
    }
    let source = read(&args.file)?;
    let Imported { graph, diagnostics } = import::vercel(&source, args.name.as_deref());
    let origin = args.file.display().to_string();
    let text = match &graph {
        Some(graph) => {
            let text = serde_json::to_string_pretty(graph)
                .map_err(|source| Error::Corrupt { what: "the imported graph", source })?;
            format!("{text}\n")
        }
        None => String::new(),
    };
    if args.output.json {
        output::say_json(&json!({ "graph": graph, "diagnostics": diagnostics }));
    } else {
        // Where there is a graph, the findings point into it, else into the original.
        let place = args.out.as_ref().map_or(origin.clone(), |out| out.display().to_string());
        match &graph {
            Some(_) => output::report(&place, text.as_bytes(), &diagnostics, args.output.color),
            None => output::report(&origin, &source, &diagnostics, args.output.color),
        }
    }
    match (&graph, &args.out) {
        (None, _) => return Ok(Outcome::Failed),
        (Some(_), Some(out)) => write(out, text.as_bytes())?,
        (Some(_), None) if args.output.json => {}
        (Some(_), None) => output::say(text.trim_end()),
    }
    Ok(Outcome::Fine)
}
