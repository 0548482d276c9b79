//! Several workers, as far as one journal with one driver at a time has them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flowcrate::sqlite::SqliteStore;
use flowcrate::store::MemoryStore;
use flowcrate::testkit::Ledger;
use flowcrate::{Client, Context, Engine, EntryStatus, Result, RunState, StepSpec, Workflow};
use futures_util::future::LocalBoxFuture;

use super::kit::{run_test, until};

/// Five steps, each of which counts its executions by run and path.
#[derive(Clone)]
struct Counted(Ledger);

impl Workflow for Counted {
    type Input = u32;
    type Output = u32;

    fn definition(&self) -> flowcrate::Definition {
        flowcrate::Definition {
            name: "counted".to_owned(),
            revision: "1".to_owned(),
            ..flowcrate::Definition::default()
        }
    }

    fn run(&self, ctx: Context, number: u32) -> LocalBoxFuture<'static, Result<u32>> {
        let ledger = self.0.clone();
        Box::pin(async move {
            let body = async |ctx: Context, item: u32, _| {
                let ledger = ledger.clone();
                let step = ctx.step(StepSpec::new("count", "step"), item, move |step, item| {
                    ledger.count(&format!("{} {}", step.run_id(), step.path()));
                    async move {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                        Ok(item)
                    }
                });
                step.await
            };
            let done: Vec<u32> = ctx.for_each("each", (0..5).collect(), 2, body).await?;
            Ok(number + u32::try_from(done.len()).unwrap_or_default())
        })
    }
}

/// Workers take over from each other while runs are started and driven. Each body runs at least
/// once, more often only if a takeover cut it short, and each outcome is there once.
#[test]
fn many_workers_no_duplicate_execution() {
    run_test(async {
        const RUNS: u32 = 40;
        // Fewer takeovers than make a run suspect of crashing its worker.
        const WORKERS: u32 = 5;
        let (store, ledger) = (MemoryStore::new(), Ledger::default());
        let mut workers = Vec::new();
        for worker in 0..WORKERS {
            let builder = Engine::builder().store(store.clone()).register(Counted(ledger.clone()));
            let engine = builder.build().await.unwrap();
            if worker + 1 < WORKERS {
                for number in 0..RUNS {
                    let counted = Counted(ledger.clone());
                    let start = engine.start(counted, number).key(format!("{worker}/{number}"));
                    start.await.unwrap();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // The ones before live on as zombies until they notice.
            workers.push(engine);
        }
        let last = workers.last().unwrap();
        let mut outcomes = 0;
        let page = last.client().runs(flowcrate::RunFilter::default(), None).await.unwrap();
        assert_eq!(page.items.len(), usize::try_from(RUNS * (WORKERS - 1)).unwrap());
        for run in page.items {
            until(last, run.id, RunState::Completed).await;
            let journal = last.client().journal(run.id).await.unwrap();
            let steps = journal.iter().filter(|entry| entry.path.ends_with("/count"));
            let steps: Vec<_> = steps.collect();
            assert_eq!(steps.len(), 5);
            assert!(steps.iter().all(|entry| entry.status == EntryStatus::Completed));
            outcomes += steps.len();
        }
        let counts = ledger.all();
        assert_eq!(counts.len(), outcomes, "each body ran");
        let most = counts.values().max().copied().unwrap_or_default();
        assert!(most <= WORKERS, "a body ran {most} times");
        let again: u32 = counts.values().map(|count| count - 1).sum();
        println!("{outcomes} outcomes; takeovers cut {again} executions short");
    });
}

/// Many processes that are not the driver start the same keys at once.
#[test]
fn many_clients_of_one_file_start_each_key_once() {
    run_test(async {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("journal.db");
        let ledger = Ledger::default();
        let store = SqliteStore::open(&file).unwrap();
        assert_eq!(SqliteStore::open(&file).unwrap_err().code(), "driven");
        let builder = Engine::builder().store(store).register(Counted(ledger.clone()));
        let engine = builder.build().await.unwrap();
        let mut tasks = Vec::new();
        for _ in 0..4 {
            let engine = engine.clone();
            let (file, ledger) = (file.clone(), ledger.clone());
            tasks.push(tokio::spawn(async move {
                // Each has its own way into the file.
                let client = Client::new(Arc::new(SqliteStore::client(&file).unwrap()));
                let mut ids = BTreeMap::new();
                for number in 0..25 {
                    let counted = Counted(ledger.clone());
                    let run = engine.start(counted, number).key(number.to_string()).await.unwrap();
                    assert!(client.run(run.id()).await.unwrap().is_some());
                    ids.insert(number, run.id());
                }
                ids
            }));
        }
        let mut all = Vec::new();
        for task in tasks {
            all.push(task.await.unwrap());
        }
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "one key, one run");
        for run in all[0].values() {
            until(&engine, *run, RunState::Completed).await;
        }
        let counts = ledger.all();
        assert_eq!(counts.len(), 25 * 5);
        assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    });
}
