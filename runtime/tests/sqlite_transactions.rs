//! R32 on SQLite: the application's tables live in the journal's file.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "shared/rows.rs"]
mod rows;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flowcrate::sqlite::{self, SqliteStore, Synchronous, Tx};
use flowcrate::store::{Store, Work};
use flowcrate::testkit::conformance::{self, Probe};
use flowcrate::testkit::{CrashTest, Ledger};
use flowcrate::{
    Caught, Context, Definition, Engine, EngineBuilder, Failure, Policy, Result, StepError, Undos,
    Workflow,
};
use futures_util::future::LocalBoxFuture;
use rows::{Act, FLOWS, Rows};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A workflow made of a closure.
#[derive(Clone)]
struct Flow {
    body: Arc<dyn Fn(Context) -> LocalBoxFuture<'static, Result<Value>> + Send + Sync>,
    rows: Rows,
}

fn flow<F, Fut>(body: F) -> Flow
where
    F: Fn(Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Value>> + 'static,
{
    let body = move |ctx| -> LocalBoxFuture<'static, Result<Value>> { Box::pin(body(ctx)) };
    Flow { body: Arc::new(body), rows: table() }
}

impl Workflow for Flow {
    type Input = Value;
    type Output = Value;

    fn definition(&self) -> Definition {
        Definition {
            name: "test".to_owned(),
            revision: "1".to_owned(),
            events: Vec::new(),
            adopts: Vec::new(),
        }
    }

    fn run(&self, ctx: Context, _: Value) -> LocalBoxFuture<'static, Result<Value>> {
        (self.body)(ctx)
    }

    fn undos(&self) -> Undos {
        self.rows.undos()
    }
}

/// Rows of the application's table.
fn table() -> Rows {
    Rows::new(|act| sqlite::work(move |tx| apply(tx, &act)))
}

fn apply(tx: &Tx<'_>, act: &Act) -> Result<Value, StepError> {
    const PUT: &str = "INSERT INTO app_row VALUES (?, 1)
                       ON CONFLICT (key) DO UPDATE SET count = count + 1";
    let (Act::Put(key) | Act::Remove(key) | Act::Fail(key) | Act::Panic(key)) = act;
    match act {
        Act::Remove(_) => tx.execute("DELETE FROM app_row WHERE key = ?", [key])?,
        _ => tx.execute(PUT, [key])?,
    };
    match act {
        Act::Fail(_) => Err(StepError::retryable("no", "not now")),
        Act::Panic(_) => panic!("oh"),
        _ => listed(tx),
    }
}

fn listed(connection: &Connection) -> Result<Value, StepError> {
    let mut all = connection.prepare("SELECT key, count FROM app_row ORDER BY key")?;
    let rows =
        all.query_map([], |row| Ok(json!([row.get::<_, String>(0)?, row.get::<_, i64>(1)?])))?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.into())
}

/// A journal that holds the application's table, too.
fn journal(path: &Path) -> SqliteStore {
    // Nobody takes the power away here.
    let store = SqliteStore::options().synchronous(Synchronous::Normal).open(path).unwrap();
    let table = "CREATE TABLE IF NOT EXISTS app_row (key TEXT PRIMARY KEY, count INTEGER NOT NULL);
                 CREATE TABLE IF NOT EXISTS app_part (
                   of TEXT NOT NULL REFERENCES app_row (key) DEFERRABLE INITIALLY DEFERRED);";
    Connection::open(path).unwrap().execute_batch(table).unwrap();
    store
}

fn place() -> (PathBuf, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (directory.path().join("journal.db"), directory)
}

fn run_test<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let limit = Duration::from_mins(1);
    runtime.block_on(async { tokio::time::timeout(limit, test).await.expect("the test hangs") })
}

/// The run's outcome, and the rows that are there afterwards.
async fn outcome(workflow: Flow) -> (Result<Value>, Value) {
    let (path, _directory) = place();
    let engine = Engine::builder().store(journal(&path)).register(workflow.clone());
    let engine = engine.build().await.unwrap();
    let run = engine.start(workflow, json!(null)).await.unwrap();
    let result = run.result().await;
    let rows = listed(&Connection::open(&path).unwrap()).unwrap();
    (result, rows)
}

/// What one transaction comes to: its value, or its failure; and the rows.
async fn one<F>(work: F) -> (std::result::Result<Value, Failure>, Value)
where
    F: Fn(&Tx<'_>) -> Result<Value, StepError> + Send + Sync + Clone + 'static,
{
    let workflow = flow(move |ctx: Context| {
        let work: Work<Value> = sqlite::work(work.clone());
        async move {
            let policy = Policy { timeout: Some(Duration::from_secs(2)), ..rows::quick() };
            let done = ctx.transaction("one", work).policy(policy).await.caught()?;
            Ok(json!(done))
        }
    });
    let (result, rows) = outcome(workflow).await;
    let done = result.unwrap();
    let failure = || serde_json::from_value(done["Err"].clone()).unwrap();
    (done.get("Ok").cloned().ok_or_else(failure), rows)
}

#[test]
fn a_crash_at_any_write_leaves_each_row_there_once() {
    let directory = tempfile::tempdir().unwrap();
    let count = Arc::new(AtomicU32::new(0));
    for name in FLOWS {
        let (path, count) = (directory.path().to_owned(), Arc::clone(&count));
        run_test(async move {
            let test = CrashTest {
                store: Box::new(move || -> Arc<dyn Store> {
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    Arc::new(journal(&path.join(format!("{number}.db"))))
                }),
                build: move |builder: EngineBuilder, _: Ledger| {
                    builder.register(flow(move |ctx| rows::run(name, ctx, table())))
                },
                act: async |engine: &Engine| {
                    engine.start_value("test", "1", json!(null), Some("k".to_owned())).await
                },
            };
            let points = test.run().await;
            assert!(points >= 10, "{name} has but {points} crash points");
        });
    }
}

#[test]
fn the_journals_tables_and_the_transaction_are_not_the_works() {
    run_test(async {
        for refused in [
            "DELETE FROM run",
            "UPDATE entry SET status = 3",
            "INSERT INTO schedule VALUES ('a', 'b', 1)",
            "DROP TABLE event",
            "ALTER TABLE run ADD COLUMN mine",
            "CREATE TRIGGER mine AFTER INSERT ON run BEGIN SELECT 1; END",
            "CREATE TEMP TABLE run (n)",
            "PRAGMA synchronous = OFF",
            "PRAGMA user_version = 7",
            "ATTACH 'other.db' AS other",
            "COMMIT",
            "ROLLBACK",
        ] {
            let (done, rows) = one(move |tx| {
                tx.execute("INSERT INTO app_row VALUES ('a', 1)", [])?;
                tx.execute_batch(refused)?;
                Ok(json!(null))
            })
            .await;
            let failure = done.expect_err(refused);
            assert_eq!(failure.code, "sqlite", "{refused}");
            assert!(failure.message.contains("not authorized"), "{refused}: {failure}");
            assert_eq!(rows, json!([]), "{refused}");
        }
    });
}

#[test]
fn what_is_the_works_is_allowed() {
    run_test(async {
        let (done, rows) = one(|tx| {
            tx.execute_batch(
                "CREATE TABLE IF NOT EXISTS mine (n INTEGER);
                 CREATE INDEX IF NOT EXISTS mine_n ON mine (n);
                 SAVEPOINT here; INSERT INTO app_row VALUES ('b', 1); ROLLBACK TO here;
                 RELEASE here;
                 INSERT INTO app_row VALUES ('a', 1);",
            )?;
            let runs: i64 = tx.query_row("SELECT count(*) FROM run", [], |row| row.get(0))?;
            Ok(json!(runs))
        })
        .await;
        assert_eq!(done.unwrap(), json!(1));
        assert_eq!(rows, json!([["a", 1]]));
    });
}

#[test]
fn a_transaction_that_a_statement_ended_is_not_kept() {
    run_test(async {
        let (done, rows) = one(|tx| {
            tx.execute("INSERT INTO app_row VALUES ('a', 1)", [])?;
            // What the statement fails with is lost here, and the transaction with it.
            drop(tx.execute("INSERT OR ROLLBACK INTO app_row VALUES ('a', 1)", []));
            Ok(json!(null))
        })
        .await;
        assert_eq!(done.unwrap_err().code, "transaction_ended");
        assert_eq!(rows, json!([]));
    });
}

#[test]
fn a_rule_that_is_broken_at_the_commit_fails_the_attempt() {
    run_test(async {
        let (done, rows) = one(|tx| {
            tx.execute("INSERT INTO app_row VALUES ('a', 1)", [])?;
            tx.execute("INSERT INTO app_part VALUES ('none')", [])?;
            Ok(json!(null))
        })
        .await;
        let failure = done.unwrap_err();
        assert!(failure.message.contains("FOREIGN KEY"), "{failure}");
        assert_eq!(rows, json!([]));
    });
}

/// The journal goes on afterwards: it holds the failure.
#[test]
fn work_that_takes_too_long_is_interrupted() {
    run_test(async {
        let (done, rows) = one(|tx| {
            tx.execute("INSERT INTO app_row VALUES ('a', 1)", [])?;
            let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                           SELECT max(i) FROM n";
            Ok(json!(tx.query_row(endless, [], |row| row.get::<_, i64>(0))?))
        })
        .await;
        let failure = done.unwrap_err();
        assert_eq!((failure.code.as_str(), failure.attempts), ("timeout", 3));
        assert_eq!(rows, json!([]));
    });
}

#[test]
fn large_outputs_are_kept() {
    run_test(async {
        let (done, _) = one(|tx| {
            tx.execute("INSERT INTO app_row VALUES ('a', 1)", [])?;
            Ok(json!("x".repeat(3 << 20)))
        })
        .await;
        assert_eq!(done.unwrap().as_str().map(str::len), Some(3 << 20));
    });
}

#[test]
fn work_is_as_every_store_does_it() {
    let (path, _directory) = place();
    let probe = Probe::new(journal(&path));
    let count = AtomicU32::new(0);
    let work = |succeeds: bool| {
        let key = count.fetch_add(1, Ordering::Relaxed).to_string();
        table().work(if succeeds { Act::Put(key) } else { Act::Fail(key) })
    };
    let rows = || listed(&Connection::open(&path).unwrap()).unwrap().as_array().map_or(0, Vec::len);
    conformance::work_is_kept_with_its_outcome(&probe, work, rows);
    let (path, _directory) = place();
    let probe = Probe::new(journal(&path));
    let work = table().put("a");
    conformance::outputs_of_work_are_recorded(&probe, work, &json!([["a", 1]]));
}

/// Other runs share commits with nobody's work, and none of them suffers for it.
#[test]
fn neighbours_do_not_suffer() {
    run_test(async {
        let (path, _directory) = place();
        let workflow = flow(|ctx: Context| async move {
            let id = ctx.run_id().to_string();
            let rows = table();
            let bad = ctx.transaction("bad", rows.work(Act::Fail(id.clone())));
            let policy = Policy { max_attempts: 1, ..Policy::default() };
            assert!(bad.policy(policy).await.caught()?.is_err());
            ctx.transaction("good", rows.put(id)).await.map(|_| json!(null))
        });
        let engine = Engine::builder().store(journal(&path)).register(workflow.clone());
        let engine = engine.build().await.unwrap();
        let mut runs = Vec::new();
        for _ in 0..100 {
            runs.push(engine.start(workflow.clone(), json!(null)).await.unwrap());
        }
        for run in runs {
            run.result().await.unwrap();
        }
        let rows = listed(&Connection::open(&path).unwrap()).unwrap();
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), 100);
        assert!(rows.iter().all(|row| row[1] == 1));
        assert!(SqliteStore::check(&path).unwrap().is_empty());
    });
}

mod outbox {
    use flowcrate::{Client, Error, RunState, SendEvent, WaitEvent, workflow};

    use super::*;

    #[workflow(events("paid" = i64))]
    async fn order(ctx: Context, item: String) -> Result<String> {
        let cents: i64 = ctx.wait_event("paid", WaitEvent::new("paid")).received().await?;
        Ok(format!("{item} for {cents}"))
    }

    /// An engine over a file, and a client and a connection of another part of the program.
    async fn shop() -> (Engine, Client, Connection, TempDir) {
        let (path, directory) = place();
        let engine = Engine::builder().store(journal(&path)).register(Order).build();
        let engine = engine.await.unwrap();
        let client = Client::new(Arc::new(SqliteStore::client(&path).unwrap())).checking(Order);
        (engine, client, Connection::open(&path).unwrap(), directory)
    }

    fn put(connection: &Connection, key: &str) {
        connection.execute("INSERT INTO app_row VALUES (?, 1)", [key]).unwrap();
    }

    #[test]
    fn what_goes_out_begins_with_the_commit() {
        run_test(async {
            let (engine, client, mut connection, _directory) = shop().await;
            let tx = connection.transaction().unwrap();
            put(&tx, "order 1");
            let run = client.start_in(&tx, Order, "tea".to_owned()).key("1").send().unwrap();
            // A run that is not there for others yet.
            client.signal_in(&tx, run, "paid", json!(250), SendEvent::default()).unwrap();
            assert!(client.run(run).await.unwrap().is_none());
            tx.commit().unwrap();
            assert_eq!(engine.handle::<Order>(run).result().await.unwrap(), "tea for 250");
        });
    }

    #[test]
    fn what_is_rolled_back_was_never_there() {
        run_test(async {
            let (engine, client, mut connection, _directory) = shop().await;
            let run = engine.start(Order, "tea".to_owned()).await.unwrap();
            let tx = connection.transaction().unwrap();
            put(&tx, "order 1");
            let other = client.start_in(&tx, Order, "jam".to_owned()).send().unwrap();
            client.signal_in(&tx, run.id(), "paid", json!(1), SendEvent::default()).unwrap();
            tx.rollback().unwrap();
            assert!(client.run(other).await.unwrap().is_none());
            let tx = connection.transaction().unwrap();
            client.signal_in(&tx, run.id(), "paid", json!(2), SendEvent::default()).unwrap();
            tx.commit().unwrap();
            assert_eq!(run.result().await.unwrap(), "tea for 2");
            assert_eq!(listed(&connection).unwrap(), json!([]));
        });
    }

    /// rusqlite's transactions begin deferred: a read before the first write would make this one
    /// fail as soon as another one has written in between.
    #[test]
    fn a_deferred_transaction_waits_for_its_turn() {
        run_test(async {
            let (engine, client, mut connection, directory) = shop().await;
            let run = engine.start(Order, "tea".to_owned()).await.unwrap();
            let mut other = Connection::open(directory.path().join("journal.db")).unwrap();
            let (held, holds) = std::sync::mpsc::channel();
            let holder = std::thread::spawn(move || {
                let tx = other.transaction().unwrap();
                put(&tx, "other");
                held.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(300));
                tx.commit().unwrap();
            });
            holds.recv().unwrap();
            let tx = connection.transaction().unwrap();
            client.signal_in(&tx, run.id(), "paid", json!(2), SendEvent::default()).unwrap();
            assert_eq!(listed(&tx).unwrap(), json!([["other", 1]]));
            tx.commit().unwrap();
            holder.join().unwrap();
            assert_eq!(run.result().await.unwrap(), "tea for 2");
        });
    }

    #[test]
    fn what_cannot_be_sent_is_refused_at_the_call() {
        run_test(async {
            let (engine, client, mut connection, _directory) = shop().await;
            let run = engine.start(Order, "tea".to_owned()).key("k").await.unwrap();
            let ended = engine.start(Order, "jam".to_owned()).await.unwrap();
            client.send_event(ended.id(), "paid", json!(1), SendEvent::default()).await.unwrap();
            ended.result().await.unwrap();
            let tx = connection.transaction().unwrap();
            put(&tx, "order 1");
            let start = |key: &str, item: &str| {
                client.start_in(&tx, Order, item.to_owned()).key(key).send()
            };
            assert_eq!(start("k", "tea").unwrap(), run.id());
            assert_eq!(start("k", "jam").unwrap_err().code(), "key_reused");
            let send = |run, name: &str, payload: Value| {
                client.signal_in(&tx, run, name, payload, SendEvent::default())
            };
            assert_eq!(send(ended.id(), "paid", json!(1)).unwrap_err().code(), "finished");
            assert_eq!(send(run.id(), "lost", json!(1)).unwrap_err().code(), "undeclared_event");
            assert_eq!(send(run.id(), "paid", json!("x")).unwrap_err().code(), "codec");
            let nobody = flowcrate::RunId::new();
            assert_eq!(send(nobody, "paid", json!(1)), Err(Error::UnknownRun(nobody)));
            // None of that has cost the transaction anything; an id counts once.
            let twice = SendEvent { event_id: Some("e".to_owned()), key: None };
            for _ in 0..2 {
                client.signal_in(&tx, run.id(), "paid", json!(7), twice.clone()).unwrap();
            }
            tx.commit().unwrap();
            assert_eq!(run.result().await.unwrap(), "tea for 7");
            assert_eq!(listed(&connection).unwrap(), json!([["order 1", 1]]));
            assert!(client.unconsumed(run.id()).await.unwrap().is_empty());
        });
    }

    #[test]
    fn another_file_is_not_the_journal() {
        run_test(async {
            let (_engine, client, _connection, directory) = shop().await;
            let mut other = Connection::open(directory.path().join("other.db")).unwrap();
            let tx = other.transaction().unwrap();
            let error = client.start_in(&tx, Order, "tea".to_owned()).send().unwrap_err();
            assert_eq!(error.code(), "wrong_transaction");
        });
    }

    /// A step that starts a run and sends to it, all in its own commit.
    #[test]
    fn a_step_sends_in_its_own_transaction() {
        run_test(async {
            let (path, _directory) = place();
            let store = journal(&path);
            let client = Client::new(Arc::new(SqliteStore::client(&path).unwrap()));
            let seller = flow(move |ctx: Context| {
                let client = client.clone();
                let work = sqlite::work(move |tx| {
                    apply(tx, &Act::Put("sold".to_owned()))?;
                    let failed = |error: Error| StepError::fatal("outbox", error.to_string());
                    let start = client.start_in(tx, Order, "tea".to_owned());
                    let run = start.key("tea").send().map_err(failed)?;
                    let event = SendEvent::default();
                    client.signal_in(tx, run, "paid", json!(3), event).map_err(failed)?;
                    // The gate is shut again.
                    assert!(tx.execute("DELETE FROM run", []).is_err());
                    Ok(json!(run))
                });
                async move { ctx.transaction("sell", work).await }
            });
            let engine = Engine::builder().store(store).register(seller.clone()).register(Order);
            let engine = engine.build().await.unwrap();
            let sold = engine.start(seller, json!(null)).await.unwrap().result().await.unwrap();
            let run = serde_json::from_value(sold).unwrap();
            assert_eq!(engine.handle::<Order>(run).result().await.unwrap(), "tea for 3");
            let view = engine.client().run(run).await.unwrap().unwrap();
            assert_eq!(view.state, RunState::Completed);
        });
    }
}
