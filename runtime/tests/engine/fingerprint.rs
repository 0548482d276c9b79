//! A function that was changed under its revision is told of (R19).

use std::sync::Arc;

use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::Ledger;
use flowcrate::{Client, Engine, RunId, RunState, SendEvent, WaitEvent, Workflow as _, workflow};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, run_test, until_id};

/// Charges, waits, ships.
fn order(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, input, ledger| async move {
        ledger.step(&ctx, "charge", input).await?;
        let got: Value = ctx.wait_event("wait", WaitEvent::new("a")).received().await?;
        ledger.step(&ctx, "ship", got).await
    })
}

async fn engine(store: &Arc<dyn Store>, workflow: Flow) -> Engine {
    Engine::builder().shared_store(Arc::clone(store)).register(workflow).build().await.unwrap()
}

async fn changed(client: &Client, run: RunId) -> Option<String> {
    let view = client.run(run).await.unwrap().unwrap();
    let listed = client.runs(flowcrate::RunFilter::default(), None).await.unwrap().items;
    let listed = listed.into_iter().find(|view| view.id == run).unwrap();
    let explained = client.explain(run).await.unwrap();
    assert_eq!(listed.changed, view.changed);
    assert_eq!(explained.changed, view.changed);
    assert_eq!(explained.to_string().contains("careful: "), view.changed.is_some());
    view.changed
}

async fn start(store: &Arc<dyn Store>, workflow: Flow) -> RunId {
    let engine = engine(store, workflow.clone()).await;
    let run = engine.start(workflow, json!("order")).await.unwrap();
    until_id(&engine, run.id(), RunState::Waiting).await;
    assert_eq!(changed(&engine.client(), run.id()).await, None);
    engine.shutdown().await;
    run.id()
}

/// What an engine with this workflow says of a run; `then` it goes on.
async fn says(store: &Arc<dyn Store>, run: RunId, workflow: Flow, then: bool) -> Option<String> {
    let engine = engine(store, workflow).await;
    let client = engine.client();
    let said = changed(&client, run).await;
    if then {
        client.send_event(run, "a", json!("go"), SendEvent::default()).await.unwrap();
        until_id(&engine, run, RunState::Completed).await;
    }
    engine.shutdown().await;
    said
}

async fn a_change_is_told(store: Arc<dyn Store>) {
    let ledger = Ledger::default();
    let order = || order(&ledger);
    let run = start(&store, order().marked("one")).await;
    assert_eq!(says(&store, run, order().marked("one"), false).await, None);
    assert_eq!(says(&store, run, order(), false).await, None, "not known");
    let changed = says(&store, run, order().marked("two"), false).await.unwrap();
    assert!(changed.contains("`test` was changed since, and both are revision 1"), "{changed}");
    // Another revision is another matter: the run is adopted, with that one's fingerprint.
    let second = || order().in_revision("2").adopting(&["1"]);
    let adopting = engine(&store, second().marked("two")).await;
    adopting.client().adopt(run, "2").await.unwrap();
    adopting.shutdown().await;
    assert_eq!(says(&store, run, second().marked("two"), false).await, None);
    assert!(says(&store, run, second().marked("three"), false).await.is_some());
    // It is a warning: what fits goes on.
    assert!(says(&store, run, second().marked("three"), true).await.is_some());
    // Runs that are started from now on are of the function that is here now.
    let run = start(&store, order().marked("two")).await;
    assert_eq!(says(&store, run, order().marked("two"), true).await, None);
    // One that was started without any fingerprint says nothing.
    let run = start(&store, order()).await;
    assert_eq!(says(&store, run, order().marked("two"), true).await, None);
}

#[test]
fn a_changed_function_under_its_revision_is_told_of() {
    run_test(a_change_is_told(Arc::new(MemoryStore::new())));
}

#[cfg(feature = "sqlite")]
#[test]
fn a_changed_function_under_its_revision_is_told_of_in_a_file() {
    let (store, _directory) = super::kit::files();
    run_test(a_change_is_told(store()));
}

mod layout {
    use flowcrate::{Context, Result, workflow};

    /// The same as below, laid out otherwise.
    #[workflow(name = "nap", revision = "2")]
    pub(super) async fn nap(ctx: Context, hours: u64) -> Result<u64> {
        // A comment.
        ctx.sleep(
            "doze",
            std::time::Duration::from_hours(
                hours, // of them
            ),
        )
        .await?;
        Ok(hours)
    }
}

#[workflow]
async fn nap(ctx: flowcrate::Context, hours: u64) -> flowcrate::Result<u64> {
    ctx.sleep("doze", std::time::Duration::from_hours(hours)).await?;
    Ok(hours)
}

#[test]
fn the_macro_gives_each_function_a_fingerprint() {
    // Paths count as they are written, layout and revision do not.
    assert!(Nap.fingerprint().is_some());
    assert_ne!(Nap.fingerprint(), layout::Nap.fingerprint());
    assert_eq!(layout::Nap.fingerprint(), same::Nap.fingerprint());
}

mod same {
    use flowcrate::{Context, Result, workflow};

    #[workflow(name = "siesta")]
    pub(super) async fn nap(ctx: Context, hours: u64) -> Result<u64> {
        ctx.sleep("doze", std::time::Duration::from_hours(hours)).await?;
        Ok(hours)
    }
}
