//! An application that takes its time with a transaction in which it has sent something: what has
//! nothing to do with that goes on.

use std::sync::Arc;
use std::time::Duration;

use flowcrate::testkit::Cluster;
use flowcrate::{
    Client, Context, Engine, Result, RunId, SendEvent, StepContext, StepError, WaitEvent, step,
    workflow,
};
use serde_json::json;
use tokio_postgres::NoTls;

use crate::kit::{block_on, options};

/// Short, so that a worker that cannot renew it in time loses its runs.
const LEASE: Duration = Duration::from_secs(3);
/// How long whatever waits for nobody may take: without end, if it waits after all.
const SOON: Duration = Duration::from_mins(2);

#[step]
async fn add(_: StepContext, number: u64) -> Result<u64, StepError> {
    Ok(number + 1)
}

/// Waits for numbers, one after the other.
#[workflow(events("number" = u64))]
async fn collects(ctx: Context, many: u64) -> Result<Vec<u64>> {
    let mut all = Vec::new();
    for number in 0..many {
        let wait = ctx.wait_event(number.to_string(), WaitEvent::new("number"));
        all.push(add(&ctx, wait.received().await?).key(number.to_string()).await?);
    }
    Ok(all)
}

/// Calls one that waits for a number, and waits for one itself afterwards.
#[workflow(calls(Collects), events("number" = u64))]
async fn calls(ctx: Context, many: u64) -> Result<u64> {
    let collected: u64 = ctx.call("collects", Collects, many).await?.into_iter().sum();
    let more: u64 = ctx.wait_event("more", WaitEvent::new("number")).received().await?;
    Ok(collected + more)
}

#[workflow]
async fn counts(ctx: Context, number: u64) -> Result<u64> {
    let one = add(&ctx, number).key("one").await?;
    add(&ctx, one).key("two").await
}

struct Shop {
    engine: Engine,
    client: Client,
    connection: tokio_postgres::Client,
    schema: String,
}

async fn shop() -> Shop {
    let schema = Cluster::schema();
    let store = options(&schema).lease(LEASE).open().await.unwrap();
    let builder = Engine::builder().store(store).register(Collects).register(Calls);
    // Who waits stays with its worker, as long as that has its lease.
    let builder = builder.register(Counts).linger(Duration::from_hours(1));
    let engine = builder.build().await.unwrap();
    let other = options(&schema).lease(LEASE).open().await.unwrap();
    let client = Client::new(Arc::new(other));
    let address = Cluster::shared().address();
    let (connection, served) = tokio_postgres::connect(&address, NoTls).await.unwrap();
    tokio::spawn(served);
    Shop { engine, client, connection, schema }
}

/// Whatever does not wait for the application.
async fn others_go_on(engine: &Engine) {
    let all = async {
        let mut runs = Vec::new();
        for number in 0..30 {
            runs.push(engine.start(Counts, number).await.unwrap());
        }
        for (number, run) in (0..30).zip(runs) {
            assert_eq!(run.result().await.unwrap(), number + 2);
        }
    };
    tokio::time::timeout(SOON, all).await.expect("runs wait for an application's transaction");
}

/// How often a run was taken up.
fn epoch(schema: &str, run: RunId) -> Option<String> {
    let rows =
        Cluster::shared().sql(&format!("SELECT epoch FROM \"{schema}\".run WHERE id = '{run}'"));
    rows[0][0].clone()
}

async fn until_it_waits(engine: &Engine, run: RunId) {
    let client = engine.client();
    while client.run(run).await.unwrap().is_none_or(|view| view.waiting_for.is_empty()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn number(number: u64) -> (serde_json::Value, SendEvent) {
    (json!(number), SendEvent::default())
}

/// The row of one run is held for longer than a lease: others go on, the worker stays what it is,
/// and what is sent to that run meanwhile comes to it afterwards, in its order.
#[test]
fn who_holds_one_run_holds_up_no_other() {
    block_on(async {
        let Shop { engine, client, mut connection, schema } = shop().await;
        let held = engine.start(Collects, 6).await.unwrap();
        let beside = engine.start(Collects, 1).await.unwrap();
        until_it_waits(&engine, held.id()).await;
        until_it_waits(&engine, beside.id()).await;
        let tx = connection.transaction().await.unwrap();
        let (payload, options) = number(10);
        client.signal_in(&tx, held.id(), "number", payload, options).await.unwrap();
        // Five more, one after the other, at the worker itself.
        let (sender, id) = (engine.client(), held.id());
        let sends = tokio::spawn(async move {
            let sends = (11..16).map(|at| {
                let (payload, options) = number(at);
                sender.send_event(id, "number", payload, options)
            });
            futures_util::future::join_all(sends).await
        });
        for _ in 0..3 {
            others_go_on(&engine).await;
            tokio::time::sleep(LEASE / 2).await;
        }
        assert!(!sends.is_finished());
        let (payload, options) = number(1);
        engine.client().send_event(beside.id(), "number", payload, options).await.unwrap();
        assert_eq!(beside.result().await.unwrap(), [2]);
        assert_eq!(epoch(&schema, beside.id()).as_deref(), Some("1"), "the lease was lost");
        tx.commit().await.unwrap();
        assert!(sends.await.unwrap().into_iter().all(|sent| sent.is_ok()));
        assert_eq!(held.result().await.unwrap(), [11, 12, 13, 14, 15, 16]);
        engine.shutdown().await;
    });
}

/// The end of a child writes to its caller, too, whose row is held.
#[test]
fn who_holds_a_caller_holds_up_its_child_alone() {
    block_on(async {
        let Shop { engine, client, mut connection, .. } = shop().await;
        let run = engine.start(Calls, 1).await.unwrap();
        let child = flowcrate::store::child_id(run.id(), "collects");
        until_it_waits(&engine, child).await;
        let tx = connection.transaction().await.unwrap();
        let (payload, options) = number(100);
        client.signal_in(&tx, run.id(), "number", payload, options).await.unwrap();
        // The child comes to its end.
        let (payload, options) = number(6);
        engine.client().send_event(child, "number", payload, options).await.unwrap();
        for _ in 0..2 {
            others_go_on(&engine).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        tx.commit().await.unwrap();
        assert_eq!(run.result().await.unwrap(), 107);
        engine.shutdown().await;
    });
}

/// A start key is held as a row is: who wants the same waits, and is told what became of it.
#[test]
fn who_holds_a_start_key_holds_up_nobody_who_wants_another() {
    block_on(async {
        let Shop { engine, client, mut connection, .. } = shop().await;
        for commits in [true, false] {
            let key = commits.to_string();
            let tx = connection.transaction().await.unwrap();
            // The first run of its workflow ever, which is none of the others' affair either.
            let first = client.start_in(&tx, Counts, 1).key(&key).send().await.unwrap();
            let (same, its_key) = (engine.clone(), key.clone());
            let second =
                tokio::spawn(async move { same.start(Counts, 1).key(its_key).await.unwrap() });
            others_go_on(&engine).await;
            assert!(!second.is_finished());
            if commits {
                tx.commit().await.unwrap();
            } else {
                tx.rollback().await.unwrap();
            }
            let second = second.await.unwrap();
            assert_eq!(second.id() == first, commits);
            assert_eq!(second.result().await.unwrap(), 3);
        }
        engine.shutdown().await;
    });
}
