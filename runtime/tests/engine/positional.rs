//! The same flows over a log that knows positions only, with crashes and replays; and what a store
//! offers against what is asked of it (R27).

use std::sync::Arc;
use std::time::Duration;

use flowcrate::profile::{Profile, Promise};
use flowcrate::store::{MemoryStore, Query, Store, Transaction};
use flowcrate::testkit::{Ledger, positional};
use flowcrate::{
    Caught, Context, Engine, Error, Failure, SendEvent, StepContext, StepError, StepSpec,
    Timestamp, WaitEvent, Workflow, join,
};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::crashes::corpus;
use super::kit::{Flow, Steps, engine, flow, run_test};

/// The event of the corpus: an approval asks `ada` alone.
fn approved() -> Value {
    json!({ "approved": true, "form": 7, "by": "ada" })
}

/// What a flow comes to over a store.
fn over_a_store(workflow: &Flow) -> Result<Value, Error> {
    run_test(async {
        let engine = engine(workflow).await;
        let run = engine.start(workflow.clone(), json!(null)).await?;
        // A run that has ended takes none, and an approval none of a stranger.
        drop(run.send_event("a", json!("payload"), SendEvent::default()).await);
        drop(run.send_event("a", approved(), SendEvent::default()).await);
        run.result().await
    })
}

#[test]
fn r27_the_corpus_comes_to_the_same_over_positions_with_a_crash_after_each_completion() {
    let mut crashes = 0;
    for (name, workflow) in corpus(&Ledger::default()) {
        if Profile::core().lacks(workflow.needs()).is_some() {
            // What is undone after the end is the store's to promise.
            continue;
        }
        let run = positional(workflow.clone(), json!(null))
            .event("a", json!("payload"))
            .event("a", approved());
        assert_eq!(run.play(), over_a_store(&workflow), "{name}");
        crashes += run.crash_after_every_completion();
    }
    assert!(crashes > 60, "but {crashes} crashes");
}

#[test]
fn each_construct_of_the_core_runs_over_positions() {
    let workflow = flow(|ctx, _| async move {
        let ledger = Ledger::default();
        let first: u32 = ctx.memo("first", || 20).await?;
        let drawn = (ctx.random("dice"), ctx.uuid("id"));
        let early = ctx.wait_event::<Value>("early", WaitEvent::new("b").key("k"));
        let (early, flaky) = join((early, ledger.flaky(&ctx, "flaky", 2))).await?;
        let each: Vec<u32> = ctx
            .for_each("each", vec![1, 2, 3], 2, async |ctx: Context, item: u32, _| {
                ctx.sleep("nap", Duration::from_millis(u64::from(4 - item))).await?;
                ctx.memo("sum", || first + item).await
            })
            .await?;
        let won = ctx
            .race::<String>("race")
            .branch("slow", async |ctx: Context| {
                ctx.sleep("long", Duration::from_hours(1)).await?;
                Ok("slow".to_owned())
            })
            .branch("quick", async |ctx: Context| {
                ctx.sleep("short", Duration::from_millis(1)).await?;
                Ok("quick".to_owned())
            })
            .await?;
        let caught = ctx
            .try_scope("try", async |ctx: Context| {
                ledger.step(&ctx, "one", 1).await?;
                Err::<u32, _>(ctx.failure("check", "bad", "no").into())
            })
            .catch(async |_: Context, failure: Failure| {
                Ok(u32::try_from(failure.code.len()).unwrap())
            })
            .await?;
        let late = ctx
            .timeout("late", Duration::from_millis(5), async |ctx: Context| {
                ctx.sleep("long", Duration::from_hours(1)).await
            })
            .await?;
        // What is drawn is the same in each life; the crashes would show another step.
        ctx.step(StepSpec::new("drawn", "step"), drawn, |_, _| async { Ok(1) }).await?;
        Ok(json!([first, early, flaky, each, won, caught, late.is_none()]))
    });
    let run = positional(workflow, json!(null)).keyed_event("b", Some("k"), json!("early"));
    let expected = json!([20, "early", 3, [21, 22, 23], "quick", 3, true]);
    assert_eq!(run.play().unwrap(), expected);
    assert!(run.crash_after_every_completion() >= 8);
}

#[test]
fn a_loop_goes_round_over_positions() {
    let workflow = flow(|ctx, _| async move {
        let ledger = Ledger::default();
        let sum: u32 = ctx
            .while_loop("poll", (0_u32, 0_u32), async |ctx: Context, (round, sum): (u32, u32)| {
                use std::ops::ControlFlow::{Break, Continue};
                let value = ledger.step(&ctx, "one", round).await?;
                let sum = sum + u32::try_from(value.as_u64().unwrap()).unwrap();
                Ok(if round == 4 { Break(sum) } else { Continue((round + 1, sum)) })
            })
            .await?;
        Ok(json!(sum))
    });
    let run = positional(workflow, json!(null));
    assert_eq!(run.play().unwrap(), json!(10));
    assert_eq!(run.crash_after_every_completion(), 5);
}

#[test]
fn a_function_that_changes_its_commands_is_stopped_by_their_positions() {
    let lives = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let workflow = flow(move |ctx, _| {
        let life = lives.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            // From its second life on it begins with another step.
            let kind = if life < 2 { "kind@1" } else { "kind@2" };
            let body = |_: StepContext, ()| async { Ok::<_, StepError>(1) };
            ctx.step(StepSpec::new("one", kind), (), body).await?;
            ctx.sleep("nap", Duration::from_millis(1)).await?;
            Ok(json!(null))
        }
    });
    let run = positional(workflow, json!(null));
    let changed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        run.crash_after_every_completion()
    }));
    let said = *changed.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("kind_changed"), "{said}");
}

#[test]
fn what_the_core_cannot_do_is_named() {
    let calling = flow(|ctx, _| async move {
        let callee = flow(|_, _| async { Ok(json!(1)) }).named("callee");
        Ok(json!(ctx.call("child", callee, json!(1)).await.caught()?.is_ok()))
    });
    let Err(Error::Paused(failure)) = positional(calling, json!(null)).play() else {
        panic!("not paused")
    };
    assert_eq!(failure.code, "unsupported");
    let needy = Needy(flow(|_, _| async { Ok(json!(1)) }));
    let refused = positional(needy, json!(null)).play().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "workflow `test` needs children, which the store does not offer"
    );
}

/// A workflow that says that it calls others.
#[derive(Clone)]
struct Needy(Flow);

impl Workflow for Needy {
    type Input = Value;
    type Output = Value;

    fn definition(&self) -> flowcrate::Definition {
        self.0.definition()
    }

    fn run(&self, ctx: Context, input: Value) -> LocalBoxFuture<'static, flowcrate::Result<Value>> {
        self.0.run(ctx, input)
    }

    fn needs(&self) -> Profile {
        Profile::core().with(Promise::Children)
    }
}

/// A store that keeps fewer promises.
struct Lesser(MemoryStore, Profile);

impl Store for Lesser {
    fn submit(&self, transaction: Transaction) {
        self.0.submit(transaction);
    }

    fn query(&self, query: Query) {
        self.0.query(query);
    }

    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn profile(&self) -> Profile {
        self.1
    }

    fn on_hint(&self, call: Box<dyn Fn() + Send + Sync>) {
        self.0.on_hint(call);
    }
}

#[test]
fn r27_a_workflow_that_needs_more_than_its_store_offers_is_refused() {
    run_test(async {
        let plain = flow(|_, _| async { Ok(json!(1)) });
        let build = |profile, needy: bool| {
            let builder = Engine::builder().store(Lesser(MemoryStore::new(), profile));
            let builder = builder.register(plain.clone().named("plain"));
            if needy { builder.register(Needy(plain.clone())) } else { builder }.build()
        };
        let without = Profile::full().without(Promise::Children);
        let refused = build(without, true).await.err().unwrap();
        assert_eq!(refused.code(), "unsupported");
        assert!(matches!(refused, Error::Unsupported { promise: Promise::Children, .. }));
        let engine = build(without, false).await.unwrap();
        let later = engine.register(Needy(plain.clone())).unwrap_err();
        assert!(matches!(later, Error::Unsupported { promise: Promise::Children, .. }));
        let engine = build(Profile::core(), false).await.err().unwrap();
        assert_eq!(
            engine.to_string(),
            "the engine needs start keys, which the store does not offer"
        );
    });
}
