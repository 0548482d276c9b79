//! R32 on PostgreSQL: starts and events in transactions of the application's own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flowcrate::postgres::{self, PostgresStore};
use flowcrate::testkit::Cluster;
use flowcrate::{
    Client, Context, Engine, Error, Result, RunId, SendEvent, StepError, WaitEvent, workflow,
};
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::kit::{block_on, options};

#[workflow(events("paid" = i64))]
async fn order(ctx: Context, item: String) -> Result<String> {
    let cents: i64 = ctx.wait_event("paid", WaitEvent::new("paid")).received().await?;
    Ok(format!("{item} for {cents}"))
}

/// Starts a run and sends to it, in one transaction with its outcome.
#[workflow]
async fn sell(ctx: Context, schema: String) -> Result<RunId> {
    let work = postgres::work(async move |tx| {
        let store = options(&schema).open().await;
        let store = store.map_err(|error| StepError::fatal("open", error.to_string()))?;
        let client = Client::new(Arc::new(store));
        let failed = |error: Error| StepError::fatal("outbox", error.to_string());
        let start = client.start_in(tx, Order, "tea".to_owned());
        let run = start.key("tea").send().await.map_err(failed)?;
        let event = SendEvent::default();
        client.signal_in(tx, run, "paid", json!(3), event).await.map_err(failed)?;
        Ok(run)
    });
    ctx.transaction("sell", work).await
}

struct Shop {
    engine: Engine,
    client: Client,
    connection: tokio_postgres::Client,
    schema: String,
}

async fn connect() -> tokio_postgres::Client {
    let address = Cluster::shared().address();
    let (client, connection) = tokio_postgres::connect(&address, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn shop() -> Shop {
    let schema = Cluster::schema();
    let store = options(&schema).open().await.unwrap();
    let builder = Engine::builder().store(store).register(Order).register(Sell);
    let engine = builder.build().await.unwrap();
    let other: PostgresStore = options(&schema).open().await.unwrap();
    let client = Client::new(Arc::new(other)).checking(Order);
    Shop { engine, client, connection: connect().await, schema }
}

#[test]
fn what_goes_out_begins_with_the_commit() {
    block_on(async {
        let Shop { engine, client, mut connection, .. } = shop().await;
        let tx = connection.transaction().await.unwrap();
        tx.batch_execute("CREATE TEMP TABLE mine (n integer)").await.unwrap();
        let run = client.start_in(&tx, Order, "tea".to_owned()).key("1").send().await.unwrap();
        client.signal_in(&tx, run, "paid", json!(250), SendEvent::default()).await.unwrap();
        assert!(client.run(run).await.unwrap().is_none());
        let began = Instant::now();
        tx.commit().await.unwrap();
        assert_eq!(engine.handle::<Order>(run).result().await.unwrap(), "tea for 250");
        // Workers were told: none waits for its next look, ten seconds later.
        assert!(began.elapsed() < Duration::from_secs(5));
        // The application's own settings are what they were.
        let path = connection.query_one("SHOW search_path", &[]).await.unwrap();
        assert_eq!(path.get::<_, &str>(0), "\"$user\", public");
    });
}

#[test]
fn what_is_rolled_back_was_never_there() {
    block_on(async {
        let Shop { engine, client, mut connection, .. } = shop().await;
        let run = engine.start(Order, "tea".to_owned()).await.unwrap();
        let tx = connection.transaction().await.unwrap();
        let other = client.start_in(&tx, Order, "jam".to_owned()).key("k").send().await.unwrap();
        client.signal_in(&tx, run.id(), "paid", json!(1), SendEvent::default()).await.unwrap();
        tx.rollback().await.unwrap();
        assert!(client.run(other).await.unwrap().is_none());
        let tx = connection.transaction().await.unwrap();
        client.signal_in(&tx, run.id(), "paid", json!(2), SendEvent::default()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(run.result().await.unwrap(), "tea for 2");
        // The key was not taken.
        let run = engine.start(Order, "tin".to_owned()).key("k").await.unwrap();
        assert_ne!(run.id(), other);
    });
}

#[test]
fn what_cannot_be_sent_is_refused_at_the_call() {
    block_on(async {
        let Shop { engine, client, mut connection, .. } = shop().await;
        let run = engine.start(Order, "tea".to_owned()).key("k").await.unwrap();
        let ended = engine.start(Order, "jam".to_owned()).await.unwrap();
        client.send_event(ended.id(), "paid", json!(1), SendEvent::default()).await.unwrap();
        ended.result().await.unwrap();
        let tx = connection.transaction().await.unwrap();
        let start = |item: &str| client.start_in(&tx, Order, item.to_owned()).key("k").send();
        assert_eq!(start("tea").await.unwrap(), run.id());
        assert_eq!(start("jam").await.unwrap_err().code(), "key_reused");
        let send = |run, name: &str, payload: Value| {
            client.signal_in(&tx, run, name, payload, SendEvent::default())
        };
        assert_eq!(send(ended.id(), "paid", json!(1)).await.unwrap_err().code(), "finished");
        assert_eq!(send(run.id(), "lost", json!(1)).await.unwrap_err().code(), "undeclared_event");
        assert_eq!(send(run.id(), "paid", json!("x")).await.unwrap_err().code(), "codec");
        let nobody = RunId::new();
        assert_eq!(send(nobody, "paid", json!(1)).await, Err(Error::UnknownRun(nobody)));
        let twice = SendEvent { event_id: Some("e".to_owned()), key: None };
        for _ in 0..2 {
            client.signal_in(&tx, run.id(), "paid", json!(7), twice.clone()).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(run.result().await.unwrap(), "tea for 7");
        assert!(client.unconsumed(run.id()).await.unwrap().is_empty());
    });
}

/// Events of two senders stand in the inbox in the order of their commits: the row is locked.
#[test]
fn events_keep_their_order() {
    block_on(async {
        let Shop { engine, client, mut connection, .. } = shop().await;
        let run = engine.start(Order, "tea".to_owned()).await.unwrap();
        let tx = connection.transaction().await.unwrap();
        client.signal_in(&tx, run.id(), "paid", json!(1), SendEvent::default()).await.unwrap();
        let (second, id) = (client.clone(), run.id());
        let waits = tokio::spawn(async move {
            second.send_event(id, "paid", json!(2), SendEvent::default()).await
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!waits.is_finished());
        tx.commit().await.unwrap();
        // By now the run may have ended.
        drop(waits.await.unwrap());
        assert_eq!(run.result().await.unwrap(), "tea for 1");
    });
}

#[test]
fn another_database_is_not_the_journal() {
    block_on(async {
        let Shop { client, .. } = shop().await;
        let base = Cluster::schema();
        Cluster::shared().sql(&format!("CREATE DATABASE {base}"));
        let address = format!("{} dbname={base}", Cluster::shared().address());
        let (mut other, connection) = tokio_postgres::connect(&address, NoTls).await.unwrap();
        tokio::spawn(connection);
        let tx = other.transaction().await.unwrap();
        let error = client.start_in(&tx, Order, "tea".to_owned()).send().await.unwrap_err();
        assert_eq!(error.code(), "wrong_transaction");
        // Nothing has spoiled the transaction.
        tx.batch_execute("SELECT 1").await.unwrap();
    });
}

#[test]
fn a_step_sends_in_its_own_transaction() {
    block_on(async {
        let Shop { engine, schema, .. } = shop().await;
        let run = engine.start(Sell, schema).await.unwrap().result().await.unwrap();
        assert_eq!(engine.handle::<Order>(run).result().await.unwrap(), "tea for 3");
    });
}
