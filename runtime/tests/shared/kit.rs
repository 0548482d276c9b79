//! What the tests of the engine and of its behaviours share.

use std::time::Duration;

use flowcrate::{Engine, EntryView, RunId, RunState, RunView};

/// Waits until a run is in a state.
pub(crate) async fn until(engine: &Engine, run: RunId, state: RunState) -> RunView {
    let mut watch = engine.client().watch(run);
    let mut last = None;
    while let Some(view) = watch.next().await.unwrap() {
        if view.state == state {
            return view;
        }
        last = Some(view);
    }
    panic!("the run ended otherwise: {last:?}");
}

/// `(path, status)` of each entry, in the journal's order.
pub(crate) async fn journal(engine: &Engine, run: RunId) -> Vec<(String, &'static str)> {
    let journal: Vec<EntryView> = engine.client().journal(run).await.unwrap();
    journal.into_iter().map(|entry| (entry.path, entry.status.as_str())).collect()
}

/// `journal` as the tests write it.
pub(crate) fn entries(expected: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    expected.iter().map(|(path, status)| ((*path).to_owned(), *status)).collect()
}

/// Runs a test on a small runtime, for at most a minute.
pub(crate) fn run_test<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let limit = Duration::from_mins(1);
    runtime.block_on(async { tokio::time::timeout(limit, test).await.expect("the test hangs") })
}
