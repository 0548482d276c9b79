//! `flowcrate check`: what is wrong with a graph.

use std::path::{Path, PathBuf};

use flowcrate_codegen::Mended;
use flowcrate_codegen::upgrade::{Upgrade, Verdict};
use serde_json::json;

use super::callees::CalleeArgs;
use super::output::{self, OutputArgs};
use super::watch::watch;
use super::{Outcome, read, write};
use crate::compiler::Compiler;
use crate::error::Error;

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The graph document; - is standard input
    graph: PathBuf,
    /// The graph that runs were started with: say node by node what survives of them
    #[arg(long, value_name = "OLD")]
    running: Option<PathBuf>,
    /// Apply the fixes that the findings offer, in place, and check what that gives
    #[arg(long, conflicts_with = "running")]
    fix: bool,
    /// Check again whenever the file changes
    #[arg(long, conflicts_with_all = ["running", "fix"])]
    watch: bool,
    #[command(flatten)]
    callees: CalleeArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Checks, prints what was found, and fails where a finding is an error.
pub(super) fn execute(args: &Args) -> Result<Outcome, Error> {
    if args.watch {
        return watch(&args.graph, || once(args));
    }
    once(args)
}

fn once(args: &Args) -> Result<Outcome, Error> {
    let source = read(&args.graph)?;
    if let Some(running) = &args.running {
        return upgrade(args, running, &source);
    }
    if args.fix {
        return fix(args, &source);
    }
    let (checked, diagnostics) = Compiler::new().check(&source, &args.callees.read()?);
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

/// Applies the fixes, writes the file where one applied, and says what is left.
fn fix(args: &Args, source: &[u8]) -> Result<Outcome, Error> {
    if args.graph.as_os_str() == "-" {
        return Err(Error::Config("--fix writes to the graph's file: name one".to_owned()));
    }
    // What is no UTF-8 has no fix that could be applied: the check says so.
    let text = String::from_utf8_lossy(source);
    let Mended { text, applied, left } = Compiler::new().mend(&text, &args.callees.read()?);
    if !applied.is_empty() {
        write(&args.graph, text.as_bytes())?;
    }
    let origin = args.graph.display().to_string();
    if args.output.json {
        output::say_json(&json!({ "diagnostics": left, "fixed": applied }));
    } else {
        for found in &applied {
            let (node, fix) = (found.node.as_deref().unwrap_or("the graph"), &found.fix);
            let title = fix.as_ref().map_or("", |fix| fix.title.as_str());
            output::say(&format!("{origin}: fixed {} of {node}: {title}", found.code));
        }
        output::report(&origin, text.as_bytes(), &left, args.output.color);
    }
    let errors = left.iter().any(flowcrate_codegen::Diagnostic::is_error);
    Ok(if errors { Outcome::Failed } else { Outcome::Fine })
}

/// Compares two revisions, and fails where some run could not move from one to the other.
fn upgrade(args: &Args, running: &Path, new: &[u8]) -> Result<Outcome, Error> {
    let old = read(running)?;
    // What is called is the same for both: of two revisions of it nothing would be known.
    let callees = args.callees.read()?;
    let (upgrade, [found_old, found_new]) =
        Compiler::new().upgrade((&old, &callees), (new, &callees));
    let outcome = match &upgrade {
        Some(upgrade) if upgrade.is_free() => Outcome::Fine,
        Some(_) | None => Outcome::Failed,
    };
    if args.output.json {
        output::say_json(&json!({
            "diagnostics": found_new,
            "running_diagnostics": found_old,
            "free": upgrade.as_ref().map(Upgrade::is_free),
            "upgrade": upgrade,
        }));
        return Ok(outcome);
    }
    // What is wrong with the graph that runs matters only where it cannot be compared.
    if upgrade.is_none() {
        output::report(&running.display().to_string(), &old, &found_old, args.output.color);
    }
    output::report(&args.graph.display().to_string(), new, &found_new, args.output.color);
    if let Some(upgrade) = &upgrade {
        say_upgrade(upgrade);
    }
    Ok(outcome)
}

fn say_upgrade(upgrade: &Upgrade) {
    if upgrade.from == upgrade.to {
        return output::say("the same revision: every run goes on");
    }
    for (id, fate) in &upgrade.nodes {
        let verdict = match fate.verdict {
            Verdict::Survives => "survives",
            Verdict::Prevents => "prevents",
            Verdict::Recomputed => "recomputed",
            Verdict::Added => "added",
        };
        output::say(&format!("{verdict:<10}  {id}"));
        for reason in &fate.reasons {
            output::say(&format!("            {} {}", reason.node, reason.message));
        }
    }
    if let Some(input) = &upgrade.input {
        output::say(&format!("no run may move: {input}"));
    } else if upgrade.is_free() {
        output::say("every run may move, once a trial replay confirms it");
    } else {
        output::say("runs that recorded a node that prevents it stay; the others may move");
    }
}
