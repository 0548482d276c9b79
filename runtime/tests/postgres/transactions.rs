//! R32 on PostgreSQL: the application's tables live in a schema of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flowcrate::postgres::{self, PostgresStore};
use flowcrate::store::Store;
use flowcrate::testkit::conformance::{self, Probe};
use flowcrate::testkit::{Cluster, CrashTest, Ledger};
use flowcrate::{
    Caught, Context, Definition, Engine, EngineBuilder, Failure, Policy, Result, StepError, Undos,
    Workflow,
};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio_postgres::{IsolationLevel, Transaction};

use crate::kit::{block_on, options};
use crate::rows::{self, Act, FLOWS, Rows};

/// A workflow made of a closure, and the schema with its table.
#[derive(Clone)]
struct Flow {
    body: Arc<dyn Fn(Context) -> LocalBoxFuture<'static, Result<Value>> + Send + Sync>,
    rows: Rows,
}

fn flow<F, Fut>(app: &str, body: F) -> Flow
where
    F: Fn(Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Value>> + 'static,
{
    let body = move |ctx| -> LocalBoxFuture<'static, Result<Value>> { Box::pin(body(ctx)) };
    Flow { body: Arc::new(body), rows: table(app) }
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
fn table(app: &str) -> Rows {
    let app: Arc<str> = app.into();
    Rows::new(move |act| {
        let app = Arc::clone(&app);
        postgres::work(async move |tx| apply(tx, &app, &act).await)
    })
}

async fn apply(tx: &Transaction<'_>, app: &str, act: &Act) -> Result<Value, StepError> {
    let (Act::Put(key) | Act::Remove(key) | Act::Fail(key) | Act::Panic(key)) = act;
    let statement = match act {
        Act::Remove(_) => format!("DELETE FROM {app}.row WHERE key = $1"),
        _ => format!(
            "INSERT INTO {app}.row AS old VALUES ($1, 1)
             ON CONFLICT (key) DO UPDATE SET count = old.count + 1"
        ),
    };
    tx.execute(&statement, &[key]).await?;
    match act {
        Act::Fail(_) => Err(StepError::retryable("no", "not now")),
        Act::Panic(_) => panic!("oh"),
        _ => {
            let all = format!("SELECT key, count FROM {app}.row ORDER BY key COLLATE \"C\"");
            let all = tx.query(&all, &[]).await?;
            let row =
                |row: tokio_postgres::Row| json!([row.get::<_, &str>(0), row.get::<_, i64>(1)]);
            Ok(all.into_iter().map(row).collect())
        }
    }
}

/// A schema for the application, with its tables.
fn app() -> String {
    let app = Cluster::schema();
    Cluster::shared().sql(&format!(
        "CREATE SCHEMA {app}; CREATE TABLE {app}.row (key text PRIMARY KEY, count bigint NOT NULL);
         CREATE TABLE {app}.part (of text REFERENCES {app}.row DEFERRABLE INITIALLY DEFERRED)"
    ));
    app
}

fn listed(app: &str) -> Vec<Vec<Option<String>>> {
    Cluster::shared().sql(&format!("SELECT key, count FROM {app}.row ORDER BY key COLLATE \"C\""))
}

async fn store() -> PostgresStore {
    options(&Cluster::schema()).lease(Duration::from_secs(5)).open().await.unwrap()
}

/// What one transaction comes to: its value, or its failure.
async fn one<F>(
    app: &str,
    (isolation, timeout): (IsolationLevel, Duration),
    work: F,
) -> Result<Value, Failure>
where
    F: AsyncFn(&Transaction<'_>) -> Result<Value, StepError> + Send + Sync + Clone + 'static,
{
    let workflow = flow(app, move |ctx: Context| {
        let work = postgres::work_at(isolation, work.clone());
        async move {
            let policy = Policy { timeout: Some(timeout), ..rows::quick() };
            let done = ctx.transaction("one", work).policy(policy).await.caught()?;
            Ok(json!(done))
        }
    });
    let engine = Engine::builder().store(store().await).register(workflow.clone());
    let engine = engine.build().await.unwrap();
    let done = engine.start(workflow, json!(null)).await.unwrap().result().await.unwrap();
    match done.get("Ok") {
        Some(value) => Ok(value.clone()),
        None => Err(serde_json::from_value(done["Err"].clone()).unwrap()),
    }
}

#[test]
fn a_crash_at_any_write_leaves_each_row_there_once() {
    // All of them take their time: with `FLOWCRATE_LONG`.
    let all = std::env::var_os("FLOWCRATE_LONG").is_some();
    for name in FLOWS.into_iter().filter(|name| all || ["race", "undone"].contains(name)) {
        // Each crash has a table of its own; both lives of it the same.
        let latest = Arc::new(std::sync::Mutex::new(app()));
        let (of_store, of_flow) = (Arc::clone(&latest), latest);
        block_on(async move {
            let test = CrashTest {
                store: Box::new(move || -> Arc<dyn Store> {
                    *of_store.lock().unwrap() = app();
                    let store = std::thread::spawn(|| block_on(store())).join();
                    Arc::new(store.unwrap())
                }),
                build: move |builder: EngineBuilder, _: Ledger| {
                    let app = of_flow.lock().unwrap().clone();
                    let rows = table(&app);
                    builder.register(flow(&app, move |ctx| rows::run(name, ctx, rows.clone())))
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
fn what_fails_leaves_nothing_behind() {
    let app = app();
    let put = format!("INSERT INTO {app}.row VALUES ('a', 1)");
    let cases = [
        ("SELECT 1/0", "22012", 1),
        ("INSERT INTO APP.row VALUES ('a', 1)", "23505", 1),
        ("INSERT INTO APP.part VALUES ('none')", "23503", 1),
        ("COMMIT", "ended the transaction", 1),
        ("ROLLBACK", "ended the transaction", 1),
        ("SELECT pg_sleep(60)", "", 3),
        (
            "SET LOCAL lock_timeout = 1; LOCK TABLE APP.row IN EXCLUSIVE MODE; SELECT 1/0",
            "22012",
            1,
        ),
    ];
    block_on(async {
        for (statement, says, attempts) in cases {
            let (put, statement) = (put.clone(), statement.replace("APP", &app));
            let ended = statement == "COMMIT";
            let lasts = statement.contains("pg_sleep");
            let limit = Duration::from_millis(if lasts { 700 } else { 20_000 });
            let work = async move |tx: &Transaction<'_>| {
                tx.batch_execute(&put).await?;
                tx.batch_execute(&statement).await?;
                Ok(json!(null))
            };
            let failure =
                one(&app, (IsolationLevel::ReadCommitted, limit), work).await.unwrap_err();
            assert!(failure.message.contains(says), "{failure}");
            assert_eq!(failure.attempts, attempts, "{failure}");
            // Who commits on its own account has committed: that much is its own doing.
            if !ended {
                assert_eq!(listed(&app).len(), 0, "{failure}");
            }
            Cluster::shared().sql(&format!("DELETE FROM {app}.row"));
        }
    });
}

#[test]
fn work_is_as_every_store_does_it() {
    let app = app();
    let probe = Probe::new(crate::kit::store(Duration::from_hours(1)));
    let count = AtomicU32::new(0);
    let work = |succeeds: bool| {
        let key = count.fetch_add(1, Ordering::Relaxed).to_string();
        table(&app).work(if succeeds { Act::Put(key) } else { Act::Fail(key) })
    };
    conformance::work_is_kept_with_its_outcome(&probe, work, || listed(&app).len());
}

/// Two transactions that each read what the other writes: one of them is tried again.
#[test]
fn a_serialisation_failure_is_an_attempt() {
    let app = app();
    block_on(async {
        let tried = Arc::new(AtomicU32::new(0));
        let works = ["a", "b"].map(|key| {
            let (app, tried) = (app.clone(), Arc::clone(&tried));
            let place = app.clone();
            let work = async move |tx: &Transaction<'_>| {
                tried.fetch_add(1, Ordering::Relaxed);
                // Both have begun before either of them writes.
                tx.batch_execute("SELECT 1").await?;
                while tried.load(Ordering::Relaxed) < 2 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                let count = format!("SELECT count(*) FROM {app}.row");
                let seen: i64 = tx.query_one(&count, &[]).await?.try_get(0)?;
                tokio::time::sleep(Duration::from_millis(300)).await;
                let put = format!("INSERT INTO {app}.row VALUES ($1, $2)");
                tx.execute(&put, &[&key, &seen]).await?;
                Ok(json!(seen))
            };
            async move {
                one(&place, (IsolationLevel::Serializable, Duration::from_secs(20)), work).await
            }
        });
        let [one, two] = works;
        let (one, two) = futures_util::future::join(one, two).await;
        let mut seen = [one.unwrap(), two.unwrap()];
        seen.sort_by_key(Value::as_i64);
        // As if one had come after the other.
        assert_eq!(seen, [json!(0), json!(1)]);
        assert!(tried.load(Ordering::Relaxed) >= 3);
    });
}

/// Somebody takes the run over while work is done: nothing of that work is kept.
#[test]
fn a_zombies_rows_are_rolled_back_with_its_outcome() {
    let (app, schema) = (app(), Cluster::schema());
    block_on(async {
        let place = app.clone();
        let workflow = flow(&app, move |ctx: Context| {
            let place = place.clone();
            let work = postgres::work(async move |tx| {
                let put = format!("INSERT INTO {place}.row VALUES (gen_random_uuid(), 1)");
                tx.batch_execute(&put).await?;
                tokio::time::sleep(Duration::from_millis(900)).await;
                Ok(json!(null))
            });
            async move { ctx.transaction("one", work).await }
        });
        let zombie = options(&schema).lease(Duration::from_mins(1)).open().await.unwrap();
        let zombie = Engine::builder().store(zombie).register(workflow.clone());
        let zombie = zombie.build().await.unwrap();
        let run = zombie.start(workflow.clone(), json!(null)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        // As if its lease had run out.
        Cluster::shared().sql(&format!("UPDATE {schema}.worker SET expires_at = '-infinity'"));
        let heir = options(&schema).lease(Duration::from_mins(1)).open().await.unwrap();
        let heir = Engine::builder().store(heir).register(workflow).build().await.unwrap();
        let run = heir.handle::<Flow>(run.id());
        run.result().await.unwrap();
        // The zombie has had its time, too.
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert_eq!(listed(&app).len(), 1);
    });
}

/// Others go on while work waits.
#[test]
fn work_holds_up_nobody_else() {
    let app = app();
    block_on(async {
        let place = app.clone();
        let workflow = flow(&app, move |ctx: Context| {
            let (place, id) = (place.clone(), ctx.run_id().to_string());
            let work = postgres::work(async move |tx| {
                tokio::time::sleep(Duration::from_millis(100)).await;
                apply(tx, &place, &Act::Put(id.clone())).await.map(|_| json!(null))
            });
            async move { ctx.transaction("one", work).await }
        });
        let engine = Engine::builder().store(store().await).register(workflow.clone());
        let engine = engine.build().await.unwrap();
        let mut runs = Vec::new();
        for _ in 0..40 {
            runs.push(engine.start(workflow.clone(), json!(null)).await.unwrap());
        }
        for run in runs {
            run.result().await.unwrap();
        }
        let rows = listed(&app);
        assert_eq!(rows.len(), 40);
        assert!(rows.iter().all(|row| row[1].as_deref() == Some("1")));
    });
}
