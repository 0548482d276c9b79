//! A journal that was put where it is: a copy of its database, another schema, a dump read back.

use flowcrate::postgres::{Origin, PostgresStore};
use flowcrate::testkit::Cluster;
use flowcrate::{Context, Engine, Result, RunId, RunState, SendEvent, WaitEvent, workflow};
use serde_json::json;

use crate::kit::block_on;

#[workflow(events("go" = i64))]
async fn waits(ctx: Context, input: i64) -> Result<i64> {
    let more: i64 = ctx.wait_event("go", WaitEvent::new("go")).received().await?;
    Ok(input + more)
}

fn address(base: &str) -> String {
    format!("{} dbname={base}", Cluster::shared().address())
}

async fn engine(base: &str, origin: Origin) -> Engine {
    let store = PostgresStore::options(address(base)).origin(origin).open().await.unwrap();
    Engine::builder().store(store).register(Waits).build().await.unwrap()
}

/// A database with a run that waits; nobody is connected to it any more.
async fn backup() -> (String, RunId) {
    let base = Cluster::schema();
    Cluster::shared().sql(&format!("CREATE DATABASE {base}"));
    let engine = engine(&base, Origin::Unknown).await;
    let run = engine.start(Waits, 1).await.unwrap();
    let id = run.id();
    while engine.client().run(id).await.unwrap().unwrap().state != RunState::Waiting {
        tokio::task::yield_now().await;
    }
    engine.shutdown().await;
    (base, id)
}

fn copy(base: &str) -> String {
    let copy = Cluster::schema();
    // Connections that were closed may be there for a moment still.
    let gone = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = '{base}' AND pid <> pg_backend_pid()"
    );
    Cluster::shared().sql(&gone);
    Cluster::shared().sql(&format!("CREATE DATABASE {copy} TEMPLATE {base}"));
    copy
}

async fn state(engine: &Engine, run: RunId) -> (RunState, Option<String>) {
    let view = engine.client().run(run).await.unwrap().unwrap();
    (view.state, view.failure.map(|failure| failure.code))
}

#[test]
fn a_copy_of_the_database_starts_paused() {
    block_on(async {
        let (base, run) = backup().await;
        let copy = copy(&base);
        let there = engine(&copy, Origin::Unknown).await;
        assert_eq!(state(&there, run).await, (RunState::Paused, Some("restored".to_owned())));
        // Where somebody resumes it, it goes on.
        let client = there.client();
        client.resume(run).await.unwrap();
        client.send_event(run, "go", json!(2), SendEvent::default()).await.unwrap();
        assert_eq!(there.handle::<Waits>(run).result().await.unwrap(), 3);
        there.shutdown().await;
        // The next worker finds a journal that is where it was.
        let again = there_again(&copy).await;
        assert_eq!(again, (RunState::Completed, None));
        let original = engine(&base, Origin::Unknown).await;
        assert_ne!(state(&original, run).await.0, RunState::Paused);
    });
}

async fn there_again(base: &str) -> (RunState, Option<String>) {
    let engine = engine(base, Origin::Unknown).await;
    let run = engine.start(Waits, 5).await.unwrap();
    let client = engine.client();
    client.send_event(run.id(), "go", json!(1), SendEvent::default()).await.unwrap();
    run.result().await.unwrap();
    state(&engine, run.id()).await
}

#[test]
fn one_that_was_moved_goes_on() {
    block_on(async {
        let (base, run) = backup().await;
        let there = engine(&copy(&base), Origin::Moved).await;
        there.client().send_event(run, "go", json!(2), SendEvent::default()).await.unwrap();
        assert_eq!(there.handle::<Waits>(run).result().await.unwrap(), 3);
    });
}

#[test]
fn whoever_went_back_says_so() {
    block_on(async {
        let (base, run) = backup().await;
        let there = engine(&base, Origin::Restored).await;
        assert_eq!(state(&there, run).await.0, RunState::Paused);
    });
}

/// A dump that is read back makes the tables anew, in the same database, too.
#[test]
fn tables_that_were_made_anew_start_paused() {
    block_on(async {
        let (base, run) = backup().await;
        let (client, connection) =
            tokio_postgres::connect(&address(&base), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        // What a dump says of one table.
        client
            .batch_execute(
                "SET search_path TO flowcrate;
                 ALTER TABLE run RENAME TO old;
                 CREATE TABLE run (LIKE old INCLUDING DEFAULTS INCLUDING IDENTITY);
                 INSERT INTO run OVERRIDING SYSTEM VALUE SELECT * FROM old;
                 DROP TABLE old;",
            )
            .await
            .unwrap();
        let there = engine(&base, Origin::Unknown).await;
        assert_eq!(state(&there, run).await.0, RunState::Paused);
    });
}
