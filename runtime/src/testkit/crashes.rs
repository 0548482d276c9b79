//! Crash points: a flow is run, the process dies at one of its writes, another finishes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::faults::{Fault, FaultStore};
use super::ledger::Ledger;
use crate::store::{EntryStatus, Query, Reply, Store};
use crate::{Engine, EngineBuilder, Result, RunHandle};

/// A flow to be tried at its crash points.
///
/// ```
/// use std::sync::Arc;
///
/// use flowcrate::store::MemoryStore;
/// use flowcrate::testkit::{CrashTest, Ledger};
/// use flowcrate::{
///     Context, Engine, EngineBuilder, Result, StepContext, StepError, step, workflow,
/// };
/// use serde_json::json;
///
/// #[step]
/// async fn charge(_: StepContext, cents: u64) -> Result<u64, StepError> {
///     Ok(cents)
/// }
///
/// #[workflow]
/// async fn order(ctx: Context, cents: u64) -> Result<u64> {
///     charge(&ctx, cents).await
/// }
///
/// # #[tokio::main]
/// # async fn main() {
/// let test = CrashTest {
///     store: Box::new(|| Arc::new(MemoryStore::new())),
///     build: |builder: EngineBuilder, _: Ledger| builder.register(Order),
///     act: async |engine: &Engine| {
///         engine.start_value("order", "1", json!(4200), Some("order-7".to_owned())).await
///     },
/// };
/// assert!(test.run().await >= 4);
/// # }
/// ```
pub struct CrashTest<B, A> {
    /// Makes an empty store. Each is opened twice: to crash, and to finish.
    pub store: Box<dyn Fn() -> Arc<dyn Store>>,
    /// Registers the workflow; its bodies are to count themselves in the ledger.
    pub build: B,
    /// Starts the run, with a key, and sends it what it needs, with event ids. Called for both
    /// lives of the process.
    pub act: A,
}

/// Where a crash happened, for messages.
#[derive(Clone, Copy, Debug)]
struct Point {
    write: u64,
    fault: Fault,
}

impl<B, A> CrashTest<B, A>
where
    B: Fn(EngineBuilder, Ledger) -> EngineBuilder,
    A: AsyncFn(&Engine) -> Result<RunHandle<Value>>,
{
    /// Crashes right before and right after each write of the flow, each in a fresh store, and
    /// lets a second engine finish it. Panics unless the result is each time the one of an
    /// undisturbed run, no body ran again whose outcome was recorded, and none ran more than
    /// twice as often. How many points there were.
    pub async fn run(&self) -> u64 {
        let (expected, undisturbed, writes) = self.without_crash().await;
        for write in 1..=writes {
            for fault in [Fault::CrashBefore, Fault::CrashAfter] {
                self.at(Point { write, fault }, &expected, &undisturbed).await;
            }
        }
        writes * 2
    }

    async fn without_crash(&self) -> (Result<Value>, BTreeMap<String, u32>, u64) {
        let ledger = Ledger::default();
        let store = FaultStore::new((self.store)());
        let engine = self.open(Arc::new(store.clone()), &ledger).await;
        let result = self.finish(&engine).await;
        let writes = store.count();
        engine.kill();
        (result, ledger.all(), writes)
    }

    async fn at(
        &self,
        point: Point,
        expected: &Result<Value>,
        undisturbed: &BTreeMap<String, u32>,
    ) {
        let ledger = Ledger::default();
        let survives = (self.store)();
        let faulty = FaultStore::new(Arc::clone(&survives)).with(point.write, point.fault);
        self.until_crash(&faulty, &ledger).await;
        faulty.bury();
        let recorded = recorded(&survives, &ledger).await;
        let before = ledger.all();
        let engine = self.open(survives, &ledger).await;
        let result = self.finish(&engine).await;
        assert_eq!(&result, expected, "another result after {point:?}");
        for (path, count) in ledger.all() {
            // What loses a race may not even begin in a run that nothing disturbs.
            let times = times(undisturbed, &path).max(1);
            assert!(count <= times + 1, "{path} ran {count} times after {point:?}");
            if recorded.contains_key(&path) {
                let before = before.get(&path).copied();
                assert_eq!(before, Some(count), "{path} ran again after {point:?}");
            }
        }
        engine.kill();
    }

    /// The first life.
    async fn until_crash(&self, store: &FaultStore, ledger: &Ledger) {
        let life = async {
            let engine = self.open(Arc::new(store.clone()), ledger).await;
            // Where outcomes met in one write, there may be fewer writes than before, and no crash.
            drop(self.finish(&engine).await);
            engine.kill();
        };
        let life = std::pin::pin!(life);
        let crash = std::pin::pin!(store.crashed());
        futures_util::future::select(life, crash).await;
    }

    async fn open(&self, store: Arc<dyn Store>, ledger: &Ledger) -> Engine {
        let builder = Engine::builder().shared_store(store);
        (self.build)(builder, ledger.clone()).build().await.expect("the engine opens its store")
    }

    async fn finish(&self, engine: &Engine) -> Result<Value> {
        (self.act)(engine).await?.result().await
    }
}

/// The paths that have their outcome in a store.
async fn recorded(store: &Arc<dyn Store>, ledger: &Ledger) -> BTreeMap<String, EntryStatus> {
    let mut recorded = BTreeMap::new();
    let (reply, runs) = Reply::channel();
    store.query(Query::Runs(Box::default(), reply));
    for row in runs.await.expect("runs") {
        let callee = row.parent.is_some().then_some(row.id);
        let (reply, journal) = Reply::channel();
        store.query(Query::Journal(row.id, reply));
        for entry in journal.await.expect("a journal").unwrap_or_default() {
            if entry.status.is_settled() {
                recorded.insert(ledger.place(callee, &entry.path), entry.status);
            }
        }
    }
    recorded
}

/// How often a step ran where nothing crashed. Runs that were called have other ids each time:
/// theirs is how often any of them ran the step at that path.
fn times(undisturbed: &BTreeMap<String, u32>, place: &str) -> u32 {
    let path = |place: &str| place.split_once(':').map(|(_, path)| path.to_owned());
    match path(place) {
        None => undisturbed.get(place).copied().unwrap_or(0),
        called => {
            let same = undisturbed.iter().filter(|(place, _)| path(place) == called);
            same.map(|(_, times)| *times).max().unwrap_or(0)
        }
    }
}
