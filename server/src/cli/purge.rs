//! `flowcrate purge`: runs that ended long ago are taken away, whether the server runs or not.

use std::path::PathBuf;
use std::sync::Arc;

use flowcrate::sqlite::SqliteStore;
use flowcrate::{Client, PurgeFilter, RunState};
use serde_json::json;

use super::{Outcome, output};
use crate::config::{Config, Flags, period};
use crate::error::Error;
use crate::runs::engine;
use crate::store::Store;

/// Flags.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Only runs that ended so long ago, such as 30d
    #[arg(long, value_name = "TIME")]
    older_than: String,
    /// Only runs that ended so; may be repeated
    #[arg(long, value_enum)]
    state: Vec<State>,
    /// Only runs of this workflow: its name or id
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// The server's folder for its databases [default: .flowcrate]
    #[arg(long, value_name = "DIR", env = "FLOWCRATE_DATA")]
    data: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum State {
    Completed,
    Failed,
    Cancelled,
}

/// Purges, and says how many runs went.
pub(super) fn execute(args: &Args) -> Result<Outcome, Error> {
    let age = period("--older-than", &args.older_than)?;
    let flags = Flags { data: args.data.clone(), ..Flags::default() };
    let folder = Config::load(flags)?.data;
    let journal = folder.join("runs.db");
    if !journal.exists() {
        let folder = folder.display();
        return Err(Error::Config(format!("{folder} is no server's data: start the server first")));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::io("cannot start a thread", source))?;
    let gone = runtime.block_on(async {
        let workflow = match &args.workflow {
            Some(name) => Some(workflow_id(&folder.join("server.db"), name).await?),
            None => None,
        };
        let states = args.state.iter().map(|state| state.named()).collect();
        let filter = PurgeFilter { workflow, states, ..PurgeFilter::older_than(age) };
        let store = SqliteStore::client(&journal).map_err(engine)?;
        Client::new(Arc::new(store)).purge(filter).await.map_err(engine)
    })?;
    if args.json {
        output::say_json(&json!({ "purged": gone }));
    } else {
        output::say(&format!("{gone} runs are gone"));
    }
    Ok(Outcome::Fine)
}

/// A workflow's id. One that is deleted is known by it alone.
async fn workflow_id(file: &std::path::Path, name: &str) -> Result<String, Error> {
    let store = Store::open(file).await?;
    let id = store.workflow_id(name).await;
    store.close().await;
    Ok(id?.unwrap_or_else(|| name.to_owned()))
}

impl State {
    fn named(self) -> RunState {
        match self {
            Self::Completed => RunState::Completed,
            Self::Failed => RunState::Failed,
            Self::Cancelled => RunState::Cancelled,
        }
    }
}
