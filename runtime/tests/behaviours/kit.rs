//! What these tests share.

use std::sync::Arc;
use std::time::Duration;

use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::{FaultStore, SimClock};
use flowcrate::{Engine, RunId, RunView, Timestamp, Workflow};

pub(crate) use crate::shared::{entries, journal, run_test, until};

/// An engine over a fresh memory store that drives one workflow.
pub(crate) async fn engine(workflow: impl Workflow + Send + Sync) -> Engine {
    Engine::builder().store(MemoryStore::new()).register(workflow).build().await.unwrap()
}

/// The same, on a clock that stands still until it is told to go on. A waiting run is a row.
pub(crate) async fn engine_by_the_clock(
    workflow: impl Workflow + Send + Sync,
) -> (Engine, SimClock) {
    let clock = SimClock::at(Timestamp(0));
    let store = MemoryStore::with_clock(clock.clone());
    let builder = Engine::builder().store(store).register(workflow).linger(Duration::ZERO);
    (builder.build().await.unwrap(), clock)
}

/// The same, with the number of its transactions.
pub(crate) async fn counting_engine(workflow: impl Workflow + Send + Sync) -> (Engine, FaultStore) {
    let store = FaultStore::new(Arc::new(MemoryStore::new()));
    let shared: Arc<dyn Store> = Arc::new(store.clone());
    let engine = Engine::builder().shared_store(shared).register(workflow).build().await.unwrap();
    (engine, store)
}

/// Waits until a run waits for so many things.
pub(crate) async fn until_waiting_for(engine: &Engine, run: RunId, count: usize) -> RunView {
    until_view(engine, run, |view| view.waiting_for.len() == count).await
}

/// Waits until a run waits at this path, and for nothing else.
pub(crate) async fn until_waiting_at(engine: &Engine, run: RunId, path: &str) -> RunView {
    until_view(engine, run, |view| {
        view.waiting_for.len() == 1 && view.waiting_for.iter().all(|waiting| waiting.path == path)
    })
    .await
}

async fn until_view(engine: &Engine, run: RunId, is_it: impl Fn(&RunView) -> bool) -> RunView {
    loop {
        let view = engine.client().run(run).await.unwrap().expect("the run is there");
        if is_it(&view) {
            return view;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
