//! The command line of a workflow: run, resume, list, show, explain, progress, event, approve,
//! reject, cancel, terminate, pause, fork, adopt, purge, serve.
//!
//! A binary that hosts one workflow is one call:
//!
//! ```no_run
//! # use flowcrate::{Context, Result, Workflow};
//! # struct Greet;
//! # impl Workflow for Greet {
//! #     type Input = String;
//! #     type Output = String;
//! #     fn definition(&self) -> flowcrate::Definition { unimplemented!() }
//! #     fn run(
//! #         &self,
//! #         _: Context,
//! #         input: String,
//! #     ) -> futures_util::future::LocalBoxFuture<'static, Result<String>> {
//! #         Box::pin(async move { Ok(input) })
//! #     }
//! # }
//! use flowcrate::host::{self, Triggers};
//!
//! fn main() -> std::process::ExitCode {
//!     host::main(Greet, Triggers::new().manual("by_hand"))
//! }
//! ```
//!
//! # What it does
//! `run --input FILE` starts a run, drives it to its end and prints its output as JSON. Killed at
//! any moment, it goes on by `resume`, or by `run` again with the same `--key`. While a run waits
//! for an event, another process may send it: `event RUN NAME --data JSON`.
//! `serve` takes webhooks, fires schedules, accepts events over HTTP and drives every run, until
//! SIGTERM or Ctrl-C. `--help` says the rest.
//!
//! The journal is one SQLite file per workflow in the directory that `--data` names
//! (`.flowcrate` if it names none). One process drives it; all others are its clients.
//!
//! # Exit codes
//! 0 fine, 1 the run failed, 2 wrong use: unknown options, an input that does not fit, a run that
//! is not there.

mod args;
mod drive;
mod input;
mod inspect;
mod journal;
mod purge;
mod render;
#[cfg(feature = "serve")]
mod serve;
mod stop;
#[cfg_attr(not(feature = "serve"), allow(dead_code, reason = "`serve` sets them off"))]
mod triggers;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Client;
use crate::driver::EngineBuilder;
use crate::error::Error;
use crate::payload::Payload;
use crate::retention::PurgeFilter;
#[cfg(feature = "serve")]
use crate::retention::Retention;
use crate::workflow::{Definition, Workflow};
use args::{Command, Invocation};
use input::Refusal;
use journal::Journal;
pub use triggers::Triggers;

/// Runs the command line that the process was started with.
pub fn main<W>(workflow: W, triggers: Triggers) -> ExitCode
where
    W: Workflow<Input: DeserializeOwned> + Send + Sync,
{
    main_with(workflow, triggers, std::env::args_os().skip(1))
}

/// Runs a command line given without the program's name.
pub fn main_with<W>(
    workflow: W,
    triggers: Triggers,
    args: impl IntoIterator<Item = OsString>,
) -> ExitCode
where
    W: Workflow<Input: DeserializeOwned> + Send + Sync,
{
    let workflow = Arc::new(workflow);
    let (for_events, for_inputs) = (Arc::clone(&workflow), Arc::clone(&workflow));
    let for_keys = Arc::clone(&workflow);
    // Everything generic ends here: a crate that hosts a workflow compiles little more than this.
    let host = Host {
        definition: workflow.definition(),
        fingerprint: workflow.fingerprint(),
        triggers,
        fits: Arc::new(move |input| input::fits(&for_inputs, input)),
        limit_key: Arc::new(move |input| {
            crate::workflow::ErasedWorkflow::limit_key(&*for_keys, &Payload::from(input))
        }),
        register: Box::new(|builder| builder.register(workflow)),
        check: Box::new(move |client| client.checking(Arc::clone(&for_events))),
    };
    let arguments = args.into_iter().collect();
    match host.obey(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            if !trouble.message.is_empty() {
                eprintln!("error: {}", trouble.message);
            }
            ExitCode::from(trouble.exit)
        }
    }
}

/// Whether a value is an input of the workflow.
type Fits = Arc<dyn Fn(&Value) -> Result<(), Refusal> + Send + Sync>;

/// By what a run with an input counts under the workflow's limit.
type LimitKey = Arc<dyn Fn(&Value) -> Option<String> + Send + Sync>;

/// A workflow, its types erased.
struct Host {
    definition: Definition,
    fingerprint: Option<&'static str>,
    #[cfg_attr(not(feature = "serve"), allow(dead_code, reason = "`serve` sets them off"))]
    triggers: Triggers,
    fits: Fits,
    limit_key: LimitKey,
    register: Box<dyn FnOnce(EngineBuilder) -> EngineBuilder>,
    /// Lets a client check events against the workflow.
    check: Box<dyn Fn(Client) -> Client>,
}

/// Why a command did not go well.
#[derive(Debug)]
struct Trouble {
    exit: u8,
    message: String,
}

impl Trouble {
    /// The run failed, or the machine did.
    fn failed(message: impl Into<String>) -> Self {
        Self { exit: 1, message: message.into() }
    }

    /// The command cannot be obeyed as it stands.
    fn misuse(message: impl Into<String>) -> Self {
        Self { exit: 2, message: message.into() }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::KeyReused { .. }
            | Error::UnknownRun(_)
            | Error::Finished(_)
            | Error::UndeclaredEvent(_)
            | Error::NotAsked { .. }
            | Error::Codec { .. } => Self::misuse(error.to_string()),
            other => Self::failed(other.to_string()),
        }
    }
}

impl From<crate::sqlite::OpenError> for Trouble {
    fn from(error: crate::sqlite::OpenError) -> Self {
        Self::failed(error.to_string())
    }
}

impl Host {
    fn obey(self, arguments: Vec<OsString>) -> Result<(), Trouble> {
        let Invocation { command, data } = args::parse(arguments).map_err(Trouble::misuse)?;
        let journal = Journal::new(&data, &self.definition.name);
        match command {
            Command::Help => render::print(&args::help(&self.definition.name)),
            Command::Version => render::print(&self.version()),
            Command::Run { input, key } => {
                let input = self.input(&input)?;
                wide_runtime()?.block_on(drive::run(self, &journal, input, key))
            }
            Command::Resume => wide_runtime()?.block_on(drive::resume(self, &journal)),
            Command::List { json } => narrow_runtime()?.block_on(inspect::list(&journal, json)),
            Command::Show { run, json } => {
                narrow_runtime()?.block_on(inspect::show(&journal, &run, json))
            }
            Command::Explain { run, json } => {
                narrow_runtime()?.block_on(inspect::explain(&self, &journal, &run, json))
            }
            Command::Event { run, name, payload, key, id } => {
                let event = inspect::Event { run, name, payload, key, id };
                narrow_runtime()?.block_on(inspect::send(&self, &journal, event))
            }
            Command::Answer { run, name, approve, by, form, key, id } => {
                let answer = inspect::Answering { run, name, approve, by, form, key, id };
                narrow_runtime()?.block_on(inspect::answer(&self, &journal, answer))
            }
            Command::Adopt { run, revision } => {
                narrow_runtime()?.block_on(inspect::adopt(&self, &journal, &run, revision))
            }
            Command::Progress { run, stream, from } => {
                narrow_runtime()?.block_on(inspect::progress(&journal, &run, &stream, from))
            }
            Command::Purge { older_than, workflow, states } => {
                let filter =
                    PurgeFilter { workflow, states, ..PurgeFilter::older_than(older_than) };
                narrow_runtime()?.block_on(purge::purge(&journal, filter))
            }
            Command::CheckJournal => inspect::check(&journal),
            Command::Control { run, control, reason } => {
                narrow_runtime()?.block_on(inspect::control(&journal, &run, control, reason))
            }
            Command::Fork { run, path, input } => {
                narrow_runtime()?.block_on(inspect::fork(&journal, &run, path, input))
            }
            #[cfg(feature = "serve")]
            Command::Serve { listen, retention } => {
                let retention = retention.map(Retention::of).unwrap_or_default();
                wide_runtime()?.block_on(serve::serve(self, &journal, &listen, retention))
            }
            #[cfg(not(feature = "serve"))]
            Command::Serve { .. } => Err(Trouble::misuse(
                "this program was built without `serve`: enable the feature `serve` of flowcrate",
            )),
        }
    }

    fn version(&self) -> String {
        let Definition { name, revision, .. } = &self.definition;
        format!("{name} revision {revision} (flowcrate {})\n", env!("CARGO_PKG_VERSION"))
    }

    /// Reads an input and makes sure that the workflow can take it.
    fn input(&self, file: &std::path::Path) -> Result<Value, Trouble> {
        let text = input::read(file).map_err(Trouble::misuse)?;
        let fitting = input::json(&text).and_then(|value| (self.fits)(&value).map(|()| value));
        fitting.map_err(|refusal| {
            let workflow = &self.definition.name;
            Trouble::misuse(format!("{} is no input of {workflow}: {refusal}", file.display()))
        })
    }
}

/// A runtime for step bodies.
fn wide_runtime() -> Result<tokio::runtime::Runtime, Trouble> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(no_runtime)
}

/// A runtime for asking the journal.
fn narrow_runtime() -> Result<tokio::runtime::Runtime, Trouble> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_runtime)
}

#[allow(clippy::needless_pass_by_value, reason = "it is used as a function of map_err")]
fn no_runtime(error: std::io::Error) -> Trouble {
    Trouble::failed(format!("no threads could be started: {error}"))
}
