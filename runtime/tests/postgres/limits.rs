//! Limits under many workers.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use flowcrate::postgres::PostgresStore;
use flowcrate::testkit::Cluster;
use flowcrate::{
    Context, Engine, Result, RunHandle, RunState, SendEvent, StepContext, StepError, WaitEvent,
    step, workflow,
};
use serde_json::json;

use crate::kit::{block_on, options};

/// How many bodies of each test and key run, and the most that ever did.
static AT_WORK: Mutex<BTreeMap<String, (u32, u32)>> = Mutex::new(BTreeMap::new());

fn change(name: &str, by: impl FnOnce(&mut (u32, u32))) {
    by(AT_WORK.lock().unwrap().entry(name.to_owned()).or_default());
}

#[step]
async fn work(_step: StepContext, name: String) -> Result<(), StepError> {
    change(&name, |(now, most)| {
        *now += 1;
        *most = (*most).max(*now);
    });
    tokio::time::sleep(Duration::from_millis(2)).await;
    change(&name, |(now, _)| *now -= 1);
    Ok(())
}

fn name_of(name: &str) -> &str {
    name
}

#[workflow(limit(concurrency = 3, key = name_of))]
async fn three_at_a_time(ctx: Context, name: String) -> Result<()> {
    work(&ctx, name.clone()).key("1").await?;
    work(&ctx, name).key("2").await
}

#[workflow(limit(concurrency = 2, hold = "while_active", key = name_of))]
async fn naps(ctx: Context, name: String) -> Result<()> {
    work(&ctx, name.clone()).key("1").await?;
    ctx.sleep("nap", Duration::from_millis(20)).await?;
    work(&ctx, name).key("2").await
}

#[workflow(events("go"), limit(name = "gate", concurrency = 1))]
async fn holds(ctx: Context, _input: u8) -> Result<u32> {
    Ok(ctx.wait_event("go", WaitEvent::new("go")).await?.unwrap_or_default())
}

#[workflow(limit(name = "gate", concurrency = 1))]
async fn follows(ctx: Context, name: String) -> Result<()> {
    work(&ctx, name).await
}

async fn store(schema: &str) -> PostgresStore {
    options(schema).open().await.unwrap()
}

async fn engine(schema: &str, lease: Duration) -> Engine {
    let store = options(schema).lease(lease).open().await.unwrap();
    let builder = Engine::builder().store(store).register(ThreeAtATime);
    builder.register(Naps).linger(Duration::ZERO).build().await.unwrap()
}

async fn ended(handles: Vec<RunHandle<()>>) {
    for handle in handles {
        handle.result().await.unwrap();
    }
}

/// The most slots that were ever seen taken in a lane, until `over`.
async fn watch(schema: &str, over: impl Future<Output = ()>) -> u64 {
    let (cluster, mut over) = (Cluster::shared(), std::pin::pin!(over));
    let asked = format!(
        "SELECT coalesce(max(taken), 0) FROM (
           SELECT count(DISTINCT slot) AS taken FROM \"{schema}\".run
           WHERE lane IS NOT NULL AND (slot IS NOT NULL) GROUP BY lane) AS lanes"
    );
    let mut most = 0;
    loop {
        let rows = tokio::task::block_in_place(|| cluster.sql(&asked));
        let taken = rows[0][0].as_deref().and_then(|text| text.parse().ok()).unwrap_or(0);
        most = most.max(taken);
        if tokio::time::timeout(Duration::from_millis(5), &mut over).await.is_ok() {
            return most;
        }
    }
}

/// What is taken of the lanes, and asked of claims, once all is over: nothing.
fn nothing_is_left(schema: &str) {
    let left = Cluster::shared().sql(&format!(
        "SELECT count(*) FROM \"{schema}\".run WHERE slot IS NOT NULL OR line IS NOT NULL"
    ));
    assert_eq!(left[0][0].as_deref(), Some("0"), "somebody has a slot still");
}

#[test]
fn four_workers_keep_to_a_limit() {
    let schema = Cluster::schema();
    block_on(async {
        let mut engines = Vec::new();
        for _ in 0..4 {
            // Nobody is taken over: the bodies of a zombie and its heir would both be at work.
            engines.push(engine(&schema, Duration::from_mins(1)).await);
        }
        let (mut runs, mut naps) = (Vec::new(), Vec::new());
        for number in 0..120 {
            let engine = &engines[number % 4];
            let key = format!("four/{}", number % 2);
            runs.push(engine.start(ThreeAtATime, key).priority(1).await.unwrap());
            let key = format!("naps/{}", number % 3);
            naps.push(engine.start(Naps, key).await.unwrap());
        }
        let over = async {
            ended(runs).await;
            ended(naps).await;
        };
        let most = watch(&schema, over).await;
        assert!(most <= 3, "{most} slots were taken");
    });
    let at_work = AT_WORK.lock().unwrap();
    let most = |key: &str| at_work.get(key).map_or(0, |(_, most)| *most);
    for key in ["four/0", "four/1"] {
        assert!((1..=3).contains(&most(key)), "{key}: {at_work:?}");
    }
    for key in ["naps/0", "naps/1", "naps/2"] {
        assert!((1..=2).contains(&most(key)), "{key}: {at_work:?}");
    }
    drop(at_work);
    nothing_is_left(&schema);
}

/// Somebody asked something of a run, unless it was over by then.
fn is_asked(answer: &Result<()>) {
    let refused = answer.as_ref().err().map(flowcrate::Error::code);
    assert!(refused.is_none_or(|code| code == "finished"), "{answer:?}");
}

#[test]
fn a_dead_workers_slots_stay_with_its_runs() {
    let schema = Cluster::schema();
    block_on(async {
        let mut engines = Vec::new();
        for _ in 0..4 {
            engines.push(engine(&schema, Duration::from_secs(1)).await);
        }
        let client = engines[3].client();
        let mut ids = Vec::new();
        for number in 0..160 {
            let at = &engines[number % 4];
            let run = match number % 3 {
                0 => at.start(Naps, "dead/naps".to_owned()).await.unwrap().id(),
                _ => at.start(ThreeAtATime, format!("dead/{}", number % 2)).await.unwrap().id(),
            };
            ids.push(run);
            if number % 50 == 49 {
                engines[number / 50].kill();
                // It starts nothing any more.
                engines[number / 50] = engine(&schema, Duration::from_secs(1)).await;
            }
            match number % 40 {
                7 => is_asked(&client.cancel(run, None).await),
                17 => is_asked(&client.terminate(run, None).await),
                _ => {}
            }
        }
        let over = async {
            for run in &ids {
                let mut watch = client.watch(*run);
                while let Some(view) = watch.next().await.unwrap() {
                    if view.state.is_final() {
                        break;
                    }
                }
            }
        };
        let most = watch(&schema, over).await;
        assert!(most <= 3, "{most} slots were taken");
    });
    nothing_is_left(&schema);
}

/// Who waits for a slot is told by the worker that frees it, and not found by a look ten seconds
/// later.
#[test]
fn a_freed_slot_wakes_another_worker() {
    let schema = Cluster::schema();
    block_on(async {
        let one = Engine::builder().store(store(&schema).await).register(Holds);
        let one = one.build().await.unwrap();
        let other = Engine::builder().store(store(&schema).await).register(Follows);
        let other = other.build().await.unwrap();
        let mut woken = Vec::new();
        for _ in 0..5 {
            let held = one.start(Holds, 0).await.unwrap();
            let mut watch = one.client().watch(held.id());
            while watch.next().await.unwrap().is_none_or(|view| view.state != RunState::Waiting) {}
            let next = other.start(Follows, "follows".to_owned()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            let view = other.client().run(next.id()).await.unwrap().unwrap();
            assert!(view.limit.unwrap().waits);
            let freed = Instant::now();
            one.client().send_event(held.id(), "go", json!(1), SendEvent::default()).await.unwrap();
            next.result().await.unwrap();
            woken.push(freed.elapsed());
        }
        // Without a bell all but the first wait for the other's next look, ten seconds each.
        woken.sort_unstable();
        println!("woken after {woken:?}");
        assert!(woken[2] < Duration::from_secs(5), "{woken:?}");
    });
}

/// Who comes late to a long line of others reads none of it.
#[test]
fn a_line_is_not_read_by_who_passes_it() {
    const BLOCKED: u64 = 20_000;
    let (cluster, schema) = (Cluster::shared(), Cluster::schema());
    block_on(async {
        let engine = Engine::builder().store(store(&schema).await).register(Holds);
        let engine = engine.build().await.unwrap();
        let held = engine.start(Holds, 0).limit_key("full").await.unwrap();
        let mut watch = engine.client().watch(held.id());
        while watch.next().await.unwrap().is_none_or(|view| view.state != RunState::Waiting) {}
        engine.shutdown().await;
    });
    cluster.sql(&format!(
        "SET search_path TO \"{schema}\";
         INSERT INTO run (id, definition, state, epoch, ready, started_at, seed, input, input_hash,
                          lane, line, place)
           SELECT gen_random_uuid(), definition, 0, 0, true, i, seed, input, input_hash, lane, lane, i
           FROM run CROSS JOIN generate_series(1, {BLOCKED}) AS i WHERE run.slot IS NOT NULL;
         DELETE FROM limit_call;
         INSERT INTO limit_call (definition, at, lane) SELECT definition, 0, lane FROM limit_line;
         ANALYZE;"
    ));
    // What was deleted above is read once more by whoever comes by, but not for ever.
    cluster.sql(&format!("VACUUM \"{schema}\".limit_call"));
    let read = || {
        // A connection that ends tells what it has counted, and takes a moment.
        std::thread::sleep(Duration::from_millis(200));
        let rows = cluster.sql(&format!(
            "SELECT sum(idx_tup_read) + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables
               WHERE schemaname = '{schema}')
             FROM pg_stat_user_indexes WHERE schemaname = '{schema}'"
        ));
        rows[0][0].as_deref().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
    };
    // On a busy machine it may take longer: until nothing new is told any more.
    let settled = || {
        let (mut last, mut same) = (read(), 0);
        while same < 4 {
            let next = read();
            same = if next == last { same + 1 } else { 0 };
            last = next;
        }
        last
    };
    let before = settled();
    block_on(async {
        let engine = Engine::builder().store(store(&schema).await).register(Holds);
        let engine = engine.build().await.unwrap();
        for number in 0..20 {
            let free = engine.start(Holds, 0).limit_key(format!("free {number}")).await.unwrap();
            let (client, go) = (engine.client(), SendEvent::default());
            client.send_event(free.id(), "go", json!(1), go).await.unwrap();
            free.result().await.unwrap();
        }
        engine.shutdown().await;
    });
    let cost = settled() - before;
    println!("{BLOCKED} runs in line; 20 beside them read {cost} rows");
    assert!(cost < BLOCKED / 2, "{cost} rows were read");
}
