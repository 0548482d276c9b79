//! S22 over nested joins: the failure of a scope and the cancellation of all that is in flight in it
//! are one, however deep the joins are that the scope is made of.

use std::sync::Arc;
use std::time::Duration;

use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::{CrashTest, Ledger};
use flowcrate::{
    Caught, Client, Context, Engine, EngineBuilder, Error, Result, RunHandle, RunState, RunView,
    SendEvent, WaitEvent, join, join_within, task,
};
use serde_json::{Value, json};

use super::super::kit::{Flow, Steps, counted, engine, flow, journal, run_test};

async fn wait(ctx: &Context, id: &'static str, event: &'static str) -> Result<Value> {
    ctx.wait_event(id, WaitEvent::new(event)).received().await
}

/// Fails once `a` has come.
async fn fails(ctx: &Context) -> Result<Value> {
    wait(ctx, "go", "a").await?;
    Err(ctx.failure("charge", "declined", "no funds").into())
}

/// Waits for what never comes, and tidies up until `b` comes.
async fn tidies(ctx: &Context) -> Result<Value> {
    ctx.try_scope("try", async |ctx: Context| wait(&ctx, "never", "a").await)
        .finally(async |ctx: Context| wait(&ctx, "swept", "b").await)
        .await
}

/// Goes on once `b` has come.
async fn goes_on(ctx: &Context, ledger: &Ledger) -> Result<Value> {
    wait(ctx, "hold", "b").await?;
    ledger.step(ctx, "next", 1).await
}

/// The inner join is of the same scope as the outer one; in one form or another.
async fn nested(ctx: Context, form: Value, ledger: Ledger) -> Result<Value> {
    let inner = async {
        let pair = (fails(&ctx), tidies(&ctx));
        match form.as_str() {
            Some("alone") => match join(pair).await.caught()? {
                Ok(_) => Ok(json!("nothing failed")),
                Err(failure) => Ok(json!(failure.code)),
            },
            Some("handled") => join_within(pair).await.caught().map(|_| json!("handled")),
            _ => join_within(pair).await.map(|_| Value::Null),
        }
    };
    if form == "task" {
        let task = task(inner);
        let reads = async { task.clone().await };
        return join((goes_on(&ctx, &ledger), reads)).await.map(|both| json!(both));
    }
    if form == "deep" {
        let deep = async { join_within((inner, wait(&ctx, "deep", "b"))).await.map(|_| json!(1)) };
        return join((deep, goes_on(&ctx, &ledger))).await.map(|both| json!(both));
    }
    join((inner, goes_on(&ctx, &ledger))).await.map(|both| json!(both))
}

async fn send(client: &Client, run: &RunHandle<Value>, event: &str, id: &str) -> Result<()> {
    let options = SendEvent { key: None, event_id: Some(id.to_owned()) };
    match client.send_event(run.id(), event, json!(1), options).await {
        Ok(()) | Err(Error::Finished(_)) => Ok(()),
        Err(other) => Err(other),
    }
}

/// Waits until a run waits for `swept`: the failure has come, and the rest comes to its end.
async fn until_failing(client: &Client, run: &RunHandle<Value>) -> RunView {
    let mut watch = client.watch(run.id());
    let is_it = |view: &RunView| view.waiting_for.iter().any(|of| of.path == "try/swept");
    loop {
        let view = watch.next().await.unwrap().expect("it is not over");
        if is_it(&view) {
            return view;
        }
    }
}

fn waits_at(view: &RunView) -> Vec<&str> {
    view.waiting_for.iter().map(|of| of.path.as_str()).collect()
}

#[test]
fn the_failure_of_an_inner_join_cancels_all_of_its_scope_at_once() {
    run_test(async {
        for form in ["within", "task", "deep"] {
            let ledger = Ledger::default();
            let workflow = counted(&ledger, nested);
            let engine = engine(&workflow).await;
            let client = engine.client();
            let run = engine.start(workflow, json!(form)).await.unwrap();
            send(&client, &run, "a", "1").await.unwrap();
            let view = until_failing(&client, &run).await;
            assert_eq!(waits_at(&view), ["try/swept"], "{form}");
            send(&client, &run, "b", "2").await.unwrap();
            let failed = run.result().await.unwrap_err();
            assert_eq!(failed.code(), "declined", "{form}");
            let journal = journal(&engine, run.id()).await;
            let hold = journal.iter().find(|entry| entry.0 == "hold").unwrap();
            assert_eq!((hold.1, ledger.of("next")), ("cancelled", 0), "{form}");
        }
    });
}

#[test]
fn who_handles_an_inner_joins_failure_keeps_the_outer_one_going() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, nested);
        let engine = engine(&workflow).await;
        let client = engine.client();
        let run = engine.start(workflow.clone(), json!("alone")).await.unwrap();
        send(&client, &run, "a", "1").await.unwrap();
        let view = until_failing(&client, &run).await;
        assert_eq!(waits_at(&view), ["hold", "try/swept"]);
        send(&client, &run, "b", "2").await.unwrap();
        send(&client, &run, "b", "3").await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(["declined", 1]));
        // What was said to be the outer one's failure, too, is that, whoever handles it.
        let run = engine.start(workflow, json!("handled")).await.unwrap();
        send(&client, &run, "a", "1").await.unwrap();
        until_failing(&client, &run).await;
        send(&client, &run, "b", "2").await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        let view = client.run(run.id()).await.unwrap().unwrap();
        assert_eq!((view.state, ledger.of("next")), (RunState::Cancelled, 1));
    });
}

/// Two that tidy up stand before what fails, one of them in a join of its own, as a task where that
/// is asked for.
async fn in_turn(ctx: Context, form: Value) -> Result<Value> {
    let tidies = async |id: &'static str| {
        ctx.try_scope(id, async |ctx: Context| {
            ctx.sleep("long", Duration::from_hours(1)).await.map(|()| Value::Null)
        })
        .finally(async |ctx: Context| wait(&ctx, "swept", "b").await)
        .await
    };
    let inner = async { join_within((tidies("second"), fails(&ctx))).await.map(|_| Value::Null) };
    if form == "task" {
        let task = task(inner);
        return join((tidies("first"), task)).await.map(|_| Value::Null);
    }
    if form == "deep" {
        let deep = async { join_within((inner, wait(&ctx, "deep", "b"))).await.map(|_| json!(1)) };
        return join((tidies("first"), deep)).await.map(|_| Value::Null);
    }
    if form == "alone" {
        let task = task(inner);
        return task.await;
    }
    if form == "waited" {
        // What another one waits for ends where it stands, not where that other one does.
        let (first, failing) = (task(tidies("first")), task(inner));
        let middle = task(async { first.clone().await });
        let last = task(async { middle.clone().await });
        return join((first.clone(), failing, middle.clone(), last)).await.map(|_| Value::Null);
    }
    join((tidies("first"), inner)).await.map(|_| Value::Null)
}

#[test]
fn what_is_left_unwinds_in_one_order_however_joins_nest() {
    run_test(async {
        for form in ["within", "task", "deep", "alone", "waited"] {
            let workflow = flow(in_turn);
            let engine = engine(&workflow).await;
            let client = engine.client();
            let run = engine.start(workflow, json!(form)).await.unwrap();
            send(&client, &run, "a", "1").await.unwrap();
            let mut watch = client.watch(run.id());
            let two = |view: &RunView| {
                let swept = view.waiting_for.iter().filter(|of| of.path.ends_with("swept"));
                swept.count() == if form == "alone" { 1 } else { 2 }
            };
            while !two(&watch.next().await.unwrap().expect("it is not over")) {}
            for id in ["2", "3"] {
                send(&client, &run, "b", id).await.unwrap();
            }
            assert_eq!(run.result().await.unwrap_err().code(), "declined", "{form}");
            let journal = client.journal(run.id()).await.unwrap();
            let seq = |path: &str| journal.iter().find(|entry| entry.path == path)?.seq;
            if form != "alone" {
                assert!(seq("first/swept") < seq("second/swept"), "{form}");
            }
        }
    });
}

fn crash_test(form: &'static str, always_replay: bool) {
    run_test(async move {
        let test = CrashTest {
            store: Box::new(|| Arc::new(MemoryStore::new()) as Arc<dyn Store>),
            build: move |builder: EngineBuilder, ledger: Ledger| {
                let builder = builder.register(counted(&ledger, nested)).linger(Duration::ZERO);
                if always_replay { builder.always_replay() } else { builder }
            },
            act: async move |engine: &Engine| -> Result<RunHandle<Value>> {
                let workflow: Flow = counted(&Ledger::default(), nested);
                let run = engine.start(workflow, json!(form)).key("k").await?;
                for (event, id) in [("a", "1"), ("b", "2")] {
                    send(&engine.client(), &run, event, id).await?;
                }
                Ok(run)
            },
        };
        assert!(test.run().await >= 5);
    });
}

#[test]
fn a_scope_of_nested_joins_fails_alike_whatever_crashes() {
    for form in ["within", "task", "deep"] {
        crash_test(form, false);
        crash_test(form, true);
    }
}
