//! `flowcrate run`: a graph, interpreted here and now.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flowcrate::sqlite::SqliteStore;
use flowcrate::store::MemoryStore;
use flowcrate::{Engine, RunState, RunView};
use serde_json::{Value, json};

use super::callees::CalleeArgs;
use super::output::{self, OutputArgs};
use super::{Outcome, read};
use crate::callees::Linked;
use crate::clock::Clock;
use crate::compiler::Compiler;
use crate::error::Error;
use crate::interpret::{Interpreted, Plan};
use crate::runs::{engine, open_journal, run_input};

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The graph document; - is standard input
    graph: PathBuf,
    /// The input, JSON; - is standard input [default: null]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Folder for the journal; without it nothing is kept
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The same key in the same folder is the same run: one that was cut short goes on
    #[arg(long, requires = "data")]
    key: Option<String>,
    /// The trigger that the input is for, where there are several
    #[arg(long, value_name = "NODE")]
    trigger: Option<String>,
    #[command(flatten)]
    callees: CalleeArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs to the end and prints the output; fails where the graph or the run does.
pub(super) fn execute(args: &Args) -> Result<Outcome, Error> {
    let source = read(&args.graph)?;
    let payload = match &args.input {
        Some(path) => parse(path, &read(path)?)?,
        None => Value::Null,
    };
    let linked = Linked::from(args.callees.read()?);
    let plan = match Compiler::new().plan(&source, &linked) {
        Ok(plan) => Arc::new(plan),
        Err(diagnostics) if args.output.json => {
            output::say_json(&json!({ "diagnostics": diagnostics }));
            return Ok(Outcome::Failed);
        }
        Err(diagnostics) => {
            let origin = args.graph.display().to_string();
            output::report(&origin, &source, &diagnostics, args.output.color);
            return Ok(Outcome::Failed);
        }
    };
    let now = Clock::system().now();
    let input = match run_input(&plan, args.trigger.as_deref(), payload, now) {
        Ok(input) => input,
        Err(misfit) => {
            output::complain(&format!("the input does not fit: {misfit}"));
            return Ok(Outcome::Failed);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(super::STACK)
        .build()
        .map_err(|source| Error::io("cannot start threads", source))?;
    let view = runtime.block_on(run(args, plan, input))?;
    Ok(tell(&view, args.output))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::Config(format!("{} is no JSON: {error}", path.display())))
}

/// Runs until the run ends or comes to a stand.
async fn run(args: &Args, plan: Arc<Plan>, input: Value) -> Result<RunView, Error> {
    let (name, revision) = (plan.ir.name.clone(), plan.ir.revision.clone());
    let builder = match &args.data {
        None => Engine::builder().store(MemoryStore::new()),
        Some(folder) => Engine::builder().store(journal(folder)?),
    };
    let workflow = Interpreted::new(name.clone(), revision.clone(), plan);
    let engine = builder.register(workflow).build().await.map_err(self::engine)?;
    let started = engine.start_value(&name, &revision, input, args.key.clone()).await;
    let run = started.map_err(self::engine)?.id();
    let mut views = engine.client().watch(run);
    let mut last = None;
    while let Some(view) = views.next().await.map_err(self::engine)? {
        let stands = view.state.is_final() || view.state == RunState::Paused;
        let waits = view.state == RunState::Waiting;
        if waits && !args.output.json {
            announce(&view);
        }
        last = Some(view);
        if stands {
            break;
        }
    }
    engine.shutdown().await;
    last.ok_or_else(|| Error::Engine(format!("run {run} is gone")))
}

fn journal(folder: &Path) -> Result<SqliteStore, Error> {
    std::fs::create_dir_all(folder)
        .map_err(|source| Error::io(format!("cannot use {}", folder.display()), source))?;
    open_journal(&folder.join("runs.db"))
}

/// Says what a run waits for, so that nobody sits before a silent terminal.
fn announce(view: &RunView) {
    for waiting in &view.waiting_for {
        let what = match (&waiting.event, &waiting.due) {
            (Some(event), _) => format!("the event {event:?}"),
            (None, Some(due)) => format!("{due}"),
            (None, None) => waiting.kind.clone(),
        };
        output::complain(&format!("{} waits for {what}", waiting.path));
    }
}

fn tell(view: &RunView, args: OutputArgs) -> Outcome {
    let done = view.state == RunState::Completed;
    if args.json {
        output::say_json(&json!({
            "id": view.id,
            "status": view.state,
            "output": view.output,
            "error": view.failure,
        }));
    } else if done {
        output::say_json(&view.output);
    } else {
        let state = match view.state {
            RunState::Paused => "paused",
            RunState::Cancelled => "was cancelled",
            _ => "failed",
        };
        let why = view.failure.as_ref().map(|failure| format!(": {failure}")).unwrap_or_default();
        output::complain(&format!("run {} {state}{why}", view.id));
    }
    if done { Outcome::Fine } else { Outcome::Failed }
}
