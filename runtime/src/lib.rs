//! Durable workflows in Rust: an async function whose steps survive `kill -9`.
//!
//! Put effects into steps and their order into a workflow; register it with an engine over a
//! store, and start runs. Each outcome is journaled before anything that
//! follows from it takes effect; after a crash the function runs again over its journal and goes
//! on where it stood.
//!
#![cfg_attr(
    feature = "engine",
    doc = r#"
```
use flowcrate::store::MemoryStore;
use flowcrate::{Context, Engine, Result, StepContext, StepError, step, workflow};

#[step]
async fn greet(_: StepContext, name: String) -> Result<String, StepError> {
    Ok(format!("hello, {name}"))
}

#[workflow]
async fn hello(ctx: Context, name: String) -> Result<String> {
    greet(&ctx, name).await
}

# fn main() -> Result<()> {
# tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
let engine = Engine::builder().store(MemoryStore::new()).register(Hello).build().await?;
let run = engine.start(Hello, "Ada".to_owned()).await?;
assert_eq!(run.result().await?, "hello, Ada");
# Ok(())
# })
# }
```

| to | begin at |
|---|---|
| learn all of this from nothing | [`guide`] |
| write a workflow | [`workflow`], [`step`], [`Context`] |
| run it | [`Engine`], [`Start`], [`RunHandle`] |
| look at runs, send to them | [`Client`] |
| decide when a step is tried again | [`Policy`], [`StepError`] |
| write a store | [`store::Store`], the conformance suite of the feature `testkit` |
"#
)]
//!
//! Without features this crate is what the compiler needs: the types of the workflow language
//! ([`types`]), its operators ([`expr`]) and the [`catalogue`] of kinds.
//! Feature `engine` adds durable execution, `sqlite` the embedded journal, `postgres` the
//! one that many workers share, `host` the command line
//! of a workflow, `serve` webhooks and events over HTTP, `schedule` cron schedules, `testkit` what
//! it takes to test workflows and stores.

// A defect that the simulation puts in to prove that it notices; never there outside of tests.
#[cfg(all(test, feature = "testkit"))]
macro_rules! sabotage {
    ($defect:literal) => {
        crate::driver::simulation::is_sabotaged($defect)
    };
}
#[cfg(all(feature = "engine", not(all(test, feature = "testkit"))))]
macro_rules! sabotage {
    ($defect:literal) => {
        false
    };
}

#[cfg(feature = "engine")]
mod backend;
#[cfg(feature = "engine")]
mod callees;
pub mod catalogue;
#[cfg(feature = "engine")]
mod client;
#[cfg(feature = "engine")]
pub mod clock;
#[cfg(feature = "engine")]
mod context;
#[cfg(feature = "engine")]
mod driver;
#[cfg(feature = "engine")]
mod engine;
#[cfg(feature = "engine")]
mod error;
pub mod expr;
pub mod failure;
#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "engine")]
mod ids;
mod include;
#[cfg(feature = "engine")]
mod join;
#[cfg(feature = "engine")]
mod journaled;
#[cfg(feature = "engine")]
mod payload;
pub mod policy;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "engine")]
pub mod profile;
#[cfg(feature = "engine")]
mod retention;
#[cfg(feature = "schedule")]
pub mod schedule;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "engine")]
pub mod store;
#[cfg(feature = "engine")]
mod sync;
#[cfg(feature = "engine")]
mod task;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod types;
pub mod values;
#[cfg(feature = "engine")]
mod workflow;

#[cfg(feature = "engine")]
pub use callees::Callees;
#[cfg(feature = "engine")]
pub use client::{
    Answer, Client, EntryView, EventView, Explanation, Fork, ForkOrigin, LimitView, Moment, Outbox,
    ProgressItem, ProgressStream, Reason, RunHandle, RunPage, RunView, SendEvent, StartIn, Wait,
    WaitingFor, Watch,
};
#[cfg(feature = "engine")]
pub use context::{Context, Progress, StepContext, StepSpec, WaitEvent};
#[cfg(feature = "engine")]
pub use driver::{Engine, EngineBuilder, Occupancy, Start};
#[cfg(feature = "engine")]
pub use engine::{
    Approval, ApprovalWait, Call, Decision, EventWait, InTransaction, ItemOutcome, Memo, Race,
    Respond, Sleep, StartWorkflow, Step, Timeout, TryScope, Undo, Undos, Verdict, While,
    split_return,
};
#[cfg(feature = "engine")]
pub use error::{Caught, Error, Result};
pub use failure::{Failure, StepError};
#[cfg(feature = "engine")]
pub use flowcrate_macros::{action, step, workflow};
#[cfg(feature = "engine")]
pub use ids::{RunId, WorkerId};
#[cfg(feature = "engine")]
pub use join::{Join, join, join_all, join_all_within, join_within};
#[cfg(feature = "engine")]
pub use journaled::{EventPayload, Journaled, RunValue, StepInput, UndoInput};
#[cfg(feature = "engine")]
pub use payload::{InputHash, Payload};
pub use policy::Policy;
#[cfg(feature = "engine")]
pub use retention::{PurgeFilter, Retention};
/// JSON, as the engine's users and its macros pass it around.
pub use serde_json::Value as Json;
#[cfg(feature = "engine")]
pub use store::{
    EntryStatus, Hold, Limit, Parent, Rate, Refusal, RevisionChange, RunCursor, RunFilter,
    RunState, Stop, StopKind,
};
#[cfg(feature = "engine")]
pub use task::{Task, task};
pub use values::{Bytes, Duration, Timestamp};
#[cfg(feature = "engine")]
pub use workflow::{Definition, EventDef, Workflow, check_payload, check_payload_schema};

// The README is a page of the documentation; its blocks run with the tests where all that they
// show is compiled in.
#[cfg(all(
    feature = "engine",
    any(all(doc, not(doctest)), all(doctest, feature = "sqlite", feature = "testkit"))
))]
#[doc = include_str!("../README.md")]
pub mod guide {}
