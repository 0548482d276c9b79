//! One run, interpreted in memory: for whoever wants an outcome and a journal, and no server.

use std::sync::Arc;

use flowcrate::store::MemoryStore;
use flowcrate::{Engine, EntryView, Error, Result, RunFilter, RunState, RunView, SendEvent};
use serde::Deserialize;
use serde_json::Value;

use super::{Interpreted, Plan};

/// Interprets one run until it ends or comes to a stand: how it then stands, and its journal.
///
/// ```
/// use std::sync::Arc;
/// use flowcrate_server::{callees::Linked, compiler::Compiler, examples, interpret::once};
/// use serde_json::json;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// let plan = Arc::new(Compiler::new().plan(examples::HELLO.as_bytes(), &Linked::default()).unwrap());
/// let (run, journal) = once(plan, json!({ "name": "Ada" })).await.unwrap();
/// assert_eq!(run.output, Some(json!({ "greeting": "Hello, Ada!" })));
/// assert!(journal.is_empty(), "pure nodes are recomputed, not recorded");
/// # });
/// ```
pub async fn once(plan: Arc<Plan>, input: Value) -> Result<(RunView, Vec<EntryView>)> {
    once_told(plan, input, Vec::new()).await
}

/// An event for a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Told {
    /// Its name.
    pub event: String,
    /// Its key.
    #[serde(default)]
    pub key: Option<String>,
    /// What it carries.
    pub payload: Value,
}

/// The same, of a run that is sent events as soon as it has started: those that come early are
/// kept (S33).
pub async fn once_told(
    plan: Arc<Plan>,
    input: Value,
    told: Vec<Told>,
) -> Result<(RunView, Vec<EntryView>)> {
    let mut runs = once_with_called(plan, input, told).await?;
    Ok(runs.remove(0))
}

/// The same with the runs that it calls or starts, as they then stand, behind its own.
pub async fn once_with_called(
    plan: Arc<Plan>,
    input: Value,
    told: Vec<Told>,
) -> Result<Vec<(RunView, Vec<EntryView>)>> {
    let (name, revision) = (plan.ir.name.clone(), plan.ir.revision.clone());
    let workflow = Interpreted::new(name.clone(), revision.clone(), plan);
    let engine = Engine::builder().store(MemoryStore::new()).register(workflow).build().await?;
    let run = engine.start_value(&name, &revision, input, None).await?.id();
    let client = engine.client();
    for Told { event, key, payload } in told {
        let options = SendEvent { key, ..SendEvent::default() };
        client.send_event(run, &event, payload, options).await?;
    }
    let mut views = client.watch(run);
    let stands = |view: &RunView| view.state.is_final() || view.state == RunState::Paused;
    let view = loop {
        match views.next().await? {
            Some(view) if stands(&view) => break view,
            Some(_) => {}
            None => return Err(Error::UnknownRun(run)),
        }
    };
    let mut runs = vec![(view, client.journal(run).await?)];
    for called in client.runs(RunFilter::default(), None).await?.items {
        if called.id != run {
            let journal = client.journal(called.id).await?;
            runs.push((called, journal));
        }
    }
    engine.shutdown().await;
    Ok(runs)
}
