//! Limits, as a program meets them: slots, keys, priorities, rates (R24).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use flowcrate::store::MemoryStore;
use flowcrate::{
    Context, Engine, EngineBuilder, Error, Hold, Limit, LimitView, Result, RunFilter, RunState,
    SendEvent, StepContext, StepError, WaitEvent, Workflow, step, workflow,
};
use serde_json::json;

use super::kit::run_test;
use crate::shared::until;

/// How many bodies of each test and key run, and the most that ever did.
static AT_WORK: Mutex<BTreeMap<String, (u32, u32)>> = Mutex::new(BTreeMap::new());

fn change(name: &str, by: impl FnOnce(&mut (u32, u32))) {
    by(AT_WORK.lock().unwrap().entry(name.to_owned()).or_default());
}

fn most(name: &str) -> u32 {
    AT_WORK.lock().unwrap().get(name).map_or(0, |(_, most)| *most)
}

/// Is at work for a moment.
#[step]
async fn work(_step: StepContext, name: String) -> Result<(), StepError> {
    change(&name, |(now, most)| {
        *now += 1;
        *most = (*most).max(*now);
    });
    tokio::time::sleep(Duration::from_millis(4)).await;
    change(&name, |(now, _)| *now -= 1);
    Ok(())
}

#[workflow(limit(concurrency = 2))]
async fn two_at_a_time(ctx: Context, name: String) -> Result<()> {
    work(&ctx, name.clone()).key("1").await?;
    work(&ctx, name).key("2").await
}

fn customer(order: &(String, u32)) -> &str {
    &order.0
}

#[workflow(limit(concurrency = 1, key = customer))]
async fn one_per_customer(ctx: Context, order: (String, u32)) -> Result<()> {
    work(&ctx, order.0).await
}

#[workflow(events("go"), limit(concurrency = 1))]
async fn waits_for_go(ctx: Context, _input: u8) -> Result<u32> {
    Ok(ctx.wait_event("go", WaitEvent::new("go")).await?.unwrap_or_default())
}

#[workflow(events("go"), limit(concurrency = 1, hold = "while_active"))]
async fn waits_without_slot(ctx: Context, name: String) -> Result<u32> {
    work(&ctx, name.clone()).key("before").await?;
    let got: u32 = ctx.wait_event("go", WaitEvent::new("go")).await?.unwrap_or_default();
    work(&ctx, name).key("after").await?;
    Ok(got)
}

#[workflow(limit(name = "family", concurrency = 1))]
async fn child(ctx: Context, name: String) -> Result<()> {
    work(&ctx, name).await
}

#[workflow(calls(Child), limit(name = "family", concurrency = 1))]
async fn parent(ctx: Context, name: String) -> Result<()> {
    ctx.call("first", Child, name.clone()).await?;
    ctx.call("second", Child, name).await
}

#[workflow(limit(rate(starts = 2, period = "150ms")))]
async fn two_in_a_while(ctx: Context, name: String) -> Result<()> {
    work(&ctx, name).await
}

fn all(builder: EngineBuilder) -> EngineBuilder {
    let builder = builder.register(TwoAtATime).register(OnePerCustomer).register(WaitsForGo);
    builder.register(WaitsWithoutSlot).register(Parent).register(TwoInAWhile)
}

async fn engine() -> Engine {
    all(Engine::builder().store(MemoryStore::new())).build().await.unwrap()
}

async fn go(engine: &Engine, run: flowcrate::RunId) {
    engine.client().send_event(run, "go", json!(7), SendEvent::default()).await.unwrap();
}

async fn limit(engine: &Engine, run: flowcrate::RunId) -> LimitView {
    engine.client().run(run).await.unwrap().unwrap().limit.unwrap()
}

#[test]
fn no_more_runs_are_at_work_than_there_are_slots() {
    run_test(async {
        let engine = engine().await;
        let mut runs = Vec::new();
        for _ in 0..12 {
            runs.push(engine.start(TwoAtATime, "two".to_owned()).await.unwrap());
        }
        for run in runs {
            run.result().await.unwrap();
        }
        assert_eq!(most("two"), 2);
    });
}

#[test]
fn each_key_has_its_own_slots() {
    run_test(async {
        let engine = engine().await;
        let mut runs = Vec::new();
        for number in 0..12 {
            let customer = if number % 2 == 0 { "ann" } else { "bob" };
            runs.push(engine.start(OnePerCustomer, (customer.to_owned(), number)).await.unwrap());
        }
        assert_eq!(limit(&engine, runs[0].id()).await.key, "ann");
        for run in runs {
            run.result().await.unwrap();
        }
        assert_eq!((most("ann"), most("bob")), (1, 1));
    });
}

#[test]
fn promise_h_a_run_says_that_it_waits_for_a_slot() {
    run_test(async {
        let engine = engine().await;
        let client = engine.client();
        let first = engine.start(WaitsForGo, 1).limit_key("a").await.unwrap();
        until(&engine, first.id(), RunState::Waiting).await;
        let second = engine.start(WaitsForGo, 2).limit_key("a").priority(1).await.unwrap();
        let held = limit(&engine, first.id()).await;
        assert_eq!((held.waits, held.slot), (false, Some(first.id())));
        let waits = limit(&engine, second.id()).await;
        let told = (waits.name.as_str(), waits.key.as_str(), waits.priority, waits.waits);
        assert_eq!(told, ("waits-for-go", "a", 1, true));
        let said = client.explain(second.id()).await.unwrap().to_string();
        assert!(said.contains("a slot of the limit `waits-for-go`, key `a`"), "{said}");
        // In lists, too.
        let listed = client.runs(RunFilter::default(), None).await.unwrap();
        let waiting: Vec<_> = listed
            .items
            .iter()
            .filter(|run| run.limit.as_ref().is_some_and(|limit| limit.waits))
            .map(|run| run.id)
            .collect();
        assert_eq!(waiting, [second.id()]);
        go(&engine, second.id()).await;
        go(&engine, first.id()).await;
        assert_eq!((first.result().await.unwrap(), second.result().await.unwrap()), (7, 7));
    });
}

#[test]
fn a_slot_that_is_freed_wakes_the_next_at_once() {
    run_test(async {
        let engine = engine().await;
        let client = engine.client();
        for how in 0..3 {
            let key = how.to_string();
            let first = engine.start(WaitsForGo, 1).limit_key(&key).await.unwrap();
            let second = engine.start(WaitsForGo, 2).limit_key(&key).await.unwrap();
            go(&engine, second.id()).await;
            until(&engine, first.id(), RunState::Waiting).await;
            let freed = Instant::now();
            match how {
                0 => go(&engine, first.id()).await,
                1 => client.cancel(first.id(), None).await.unwrap(),
                _ => client.terminate(first.id(), None).await.unwrap(),
            }
            second.result().await.unwrap();
            assert!(freed.elapsed() < Duration::from_secs(5), "{:?}", freed.elapsed());
        }
    });
}

#[test]
fn a_run_that_waits_gives_its_slot_to_others() {
    run_test(async {
        let engine = engine().await;
        let mut runs = Vec::new();
        for _ in 0..5 {
            runs.push(engine.start(WaitsWithoutSlot, "active".to_owned()).await.unwrap());
        }
        // All come to their wait, though there is one slot.
        for run in &runs {
            until(&engine, run.id(), RunState::Waiting).await;
        }
        for run in &runs {
            go(&engine, run.id()).await;
        }
        for run in runs {
            assert_eq!(run.result().await.unwrap(), 7);
        }
        assert_eq!(most("active"), 1);
    });
}

#[test]
fn an_awaited_child_shares_its_callers_slot() {
    run_test(async {
        let engine = engine().await;
        let mut runs = Vec::new();
        for _ in 0..4 {
            runs.push(engine.start(Parent, "family".to_owned()).await.unwrap());
        }
        for run in runs {
            run.result().await.unwrap();
        }
        assert_eq!(most("family"), 1);
    });
}

#[test]
fn a_rate_spaces_starts() {
    run_test(async {
        let engine = engine().await;
        let began = Instant::now();
        let mut runs = Vec::new();
        for _ in 0..6 {
            runs.push(engine.start(TwoInAWhile, "rate".to_owned()).await.unwrap());
        }
        for run in runs {
            run.result().await.unwrap();
        }
        assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    });
}

#[test]
fn a_slot_outlives_its_worker() {
    run_test(async {
        let store = MemoryStore::new();
        let first = all(Engine::builder().store(store.clone())).build().await.unwrap();
        let held = first.start(WaitsForGo, 1).await.unwrap().id();
        let waits = first.start(WaitsForGo, 2).await.unwrap().id();
        until(&first, held, RunState::Waiting).await;
        first.kill();
        let second = all(Engine::builder().store(store)).build().await.unwrap();
        go(&second, waits).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(limit(&second, waits).await.waits);
        go(&second, held).await;
        assert_eq!(second.handle::<WaitsForGo>(held).result().await.unwrap(), 7);
        assert_eq!(second.handle::<WaitsForGo>(waits).result().await.unwrap(), 7);
    });
}

#[test]
fn higher_priorities_go_first() {
    run_test(async {
        let engine = engine().await;
        let first = engine.start(WaitsForGo, 0).await.unwrap();
        until(&engine, first.id(), RunState::Waiting).await;
        let mut runs = Vec::new();
        for priority in [0, 2, 1, 2] {
            runs.push(engine.start(WaitsForGo, 0).priority(priority).await.unwrap());
        }
        go(&engine, first.id()).await;
        for at in [1, 3, 2, 0] {
            until(&engine, runs[at].id(), RunState::Waiting).await;
            let behind = runs.iter().filter(|run| run.id() != runs[at].id());
            for other in behind {
                let view = engine.client().run(other.id()).await.unwrap().unwrap();
                assert!(view.state.is_final() || view.limit.unwrap().waits);
            }
            go(&engine, runs[at].id()).await;
            runs[at].result().await.unwrap();
        }
    });
}

/// A store that knows no limits.
struct Plain(MemoryStore);

impl flowcrate::store::Store for Plain {
    fn submit(&self, transaction: flowcrate::store::Transaction) {
        self.0.submit(transaction);
    }

    fn query(&self, query: flowcrate::store::Query) {
        self.0.query(query);
    }

    fn now(&self) -> flowcrate::Timestamp {
        self.0.now()
    }

    fn profile(&self) -> flowcrate::profile::Profile {
        flowcrate::profile::Profile::full().without(flowcrate::profile::Promise::Limits)
    }

    fn on_hint(&self, call: Box<dyn Fn() + Send + Sync>) {
        self.0.on_hint(call);
    }
}

#[test]
fn a_store_without_limits_refuses_a_workflow_that_has_one() {
    run_test(async {
        let store = Plain(MemoryStore::new());
        let refused = Engine::builder().store(store).register(TwoAtATime).build().await.err();
        assert!(matches!(refused, Some(Error::Unsupported { .. })), "{refused:?}");
    });
}

#[test]
fn an_attribute_says_what_the_methods_would() {
    let limit = Limit::new("family").concurrency(1);
    assert_eq!(Child.limit(), Some(limit));
    assert_eq!(WaitsWithoutSlot.limit().unwrap().hold, Hold::WhileActive);
    assert_eq!(OnePerCustomer.limit_key(&("ann".to_owned(), 1)), Some("ann".to_owned()));
    assert_eq!(TwoAtATime.limit_key(&String::new()), None);
}
