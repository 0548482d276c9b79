//! R9, R26: values that are too large fail where they come up, and a store that cannot keep up
//! says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flowcrate::store::{MemoryStore, Query, Store, StoreError, Transaction};
use flowcrate::testkit::Ledger;
use flowcrate::{
    Caught, Context, Engine, Error, Result, RunState, SendEvent, Timestamp, WaitEvent,
};
use serde_json::{Value, json};

use super::kit::{Steps, counted, engine_on, flow, journal, run_test, until};

fn large() -> Value {
    json!("x".repeat(2_000))
}

fn small_store() -> MemoryStore {
    MemoryStore::new().max_payload(1_000)
}

fn code<T>(result: std::result::Result<T, flowcrate::Failure>) -> Option<String> {
    result.err().map(|failure| failure.code)
}

#[test]
fn what_is_too_large_fails_where_it_comes_up() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let mut codes = Vec::new();
            // An input: no body starts. An output: its body ran, and is not repeated.
            codes.push(code(ledger.step(&ctx, "input", large()).await.caught()?));
            let output = ctx.for_each("each", vec![0, 1], 1, async |ctx: Context, _, _| {
                ledger.step(&ctx, "half", "y".repeat(600)).await
            });
            codes.push(code(output.await.caught()?));
            let memo = ctx.memo("memo", large);
            codes.push(code(memo.await.caught()?));
            let round = ctx.while_loop("loop", json!(""), async |_: Context, _| {
                Ok(std::ops::ControlFlow::<Value, Value>::Continue(large()))
            });
            codes.push(code(round.await.caught()?));
            codes.push(code(ctx.respond("respond", &large()).await.caught()?));
            codes.push(code(ctx.publish(&large()).caught()?));
            ctx.publish(&json!("small"))?;
            let after = ledger.step(&ctx, "after", 1).await?;
            Ok(json!([codes, after]))
        });
        let engine = engine_on(small_store(), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let codes = run.result().await.unwrap();
        assert_eq!(codes, json!([vec!["value_too_large"; 6], 1]));
        assert_eq!((ledger.of("input"), ledger.of("after")), (0, 1));
        assert_eq!((ledger.of("each[0]/half"), ledger.of("each[1]/half")), (1, 1));
        let journal = journal(&engine, run.id()).await;
        assert!(journal.contains(&("input".to_owned(), "failed")), "{journal:?}");
    });
}

#[test]
fn a_large_output_fails_the_run_and_a_large_input_starts_none() {
    run_test(async {
        let workflow = flow(|ctx, input: Value| async move {
            let part = ctx.memo("part", || "z".repeat(700)).await?;
            Ok(json!([part, part, input]))
        });
        let engine = engine_on(small_store(), &workflow).await;
        let refused = engine.start(workflow.clone(), large()).await.map(|run| run.id());
        let too_large = Error::TooLarge { bytes: 2_002, limit: 1_000 };
        assert_eq!(refused, Err(too_large.clone()));
        assert_eq!(too_large.code(), "value_too_large");
        let run = engine.start(workflow, json!(1)).await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("it fails") };
        assert_eq!(failure.code, "value_too_large");
        assert!(failure.message.starts_with("the output has 14"), "{failure}");
    });
}

#[test]
fn a_large_event_is_refused_and_not_lost() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            Ok(ctx.wait_event::<Value>("a", WaitEvent::new("a")).await?.unwrap_or_default())
        });
        let engine = engine_on(small_store(), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        let client = engine.client();
        let refused = client.send_event(run.id(), "a", large(), SendEvent::default()).await;
        assert_eq!(refused, Err(Error::TooLarge { bytes: 2_002, limit: 1_000 }));
        client.send_event(run.id(), "a", json!(2), SendEvent::default()).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(2));
    });
}

/// A store whose queue is full while it stalls, as the SQLite store's is.
#[derive(Clone)]
struct Stalls {
    store: MemoryStore,
    stalled: Arc<AtomicBool>,
}

impl Store for Stalls {
    fn submit(&self, transaction: Transaction) {
        let outside = matches!(transaction, Transaction::Start(..) | Transaction::Event(..));
        if outside && self.stalled.load(Ordering::SeqCst) {
            return transaction.refuse(&StoreError::Busy);
        }
        self.store.submit(transaction);
    }

    fn query(&self, query: Query) {
        self.store.query(query);
    }

    fn now(&self) -> Timestamp {
        self.store.now()
    }

    fn on_hint(&self, call: Box<dyn Fn() + Send + Sync>) {
        self.store.on_hint(call);
    }
}

#[test]
fn a_start_and_an_event_answer_busy_and_can_be_tried_again() {
    run_test(async {
        let store = Stalls { store: MemoryStore::new(), stalled: Arc::default() };
        let workflow = flow(|ctx, _| async move {
            Ok(ctx.wait_event::<Value>("a", WaitEvent::new("a")).await?.unwrap_or_default())
        });
        let builder = Engine::builder().store(store.clone()).register(workflow.clone());
        let engine = builder.build().await.unwrap();
        let stall = |stalled| store.stalled.store(stalled, Ordering::SeqCst);
        stall(true);
        let start = || engine.start(workflow.clone(), json!(null)).key("k");
        let refused = start().await.map(|run| run.id());
        assert_eq!(refused, Err(Error::Busy));
        assert_eq!(Error::Busy.code(), "busy");
        stall(false);
        let run = start().await.unwrap();
        stall(true);
        let client = engine.client();
        let send = || client.send_event(run.id(), "a", json!(1), SendEvent::default());
        assert_eq!(send().await, Err(Error::Busy));
        stall(false);
        send().await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(1));
    });
}

#[cfg(feature = "sqlite")]
mod unreadable {
    use super::*;
    use flowcrate::sqlite::SqliteStore;
    use flowcrate::store::{CodecError, PayloadCodec};

    /// Loses what holds a mark, once it is told to.
    struct Loses(Arc<AtomicBool>);

    impl PayloadCodec for Loses {
        fn name(&self) -> &'static str {
            "loses"
        }

        fn encode(&self, plain: &[u8]) -> std::result::Result<Vec<u8>, CodecError> {
            Ok(plain.to_vec())
        }

        fn decode(&self, stored: &[u8]) -> std::result::Result<Vec<u8>, CodecError> {
            let marked = stored.windows(4).any(|part| part == b"lost");
            if marked && self.0.load(Ordering::SeqCst) {
                return Err("its key is gone".into());
            }
            Ok(stored.to_vec())
        }
    }

    /// A run that cannot be read stands still; the others go on, and it too once its key is back.
    #[test]
    fn a_run_that_cannot_be_read_is_paused_alone() {
        run_test(async {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("journal.db");
            let gone = Arc::new(AtomicBool::new(false));
            let workflow = flow(|ctx, input: Value| async move {
                let _: Option<Value> = ctx.wait_event("a", WaitEvent::new("a")).await?;
                Ok(input) as Result<Value>
            });
            let engine = || async {
                let store = SqliteStore::options().codec(Loses(Arc::clone(&gone)));
                let builder = Engine::builder().store(store.open(&path).unwrap());
                builder.register(workflow.clone()).build().await.unwrap()
            };
            let first = engine().await;
            let lost = first.start(workflow.clone(), json!("lost")).await.unwrap().id();
            let fine = first.start(workflow.clone(), json!("fine")).await.unwrap().id();
            first.shutdown().await;
            drop(first);
            gone.store(true, Ordering::SeqCst);
            let second = engine().await;
            let client = second.client();
            client.send_event(fine, "a", json!(1), SendEvent::default()).await.unwrap();
            super::super::kit::until_id(&second, fine, RunState::Completed).await;
            // Its row cannot be read either; that it is paused shows when it can.
            gone.store(false, Ordering::SeqCst);
            let view = super::super::kit::until_id(&second, lost, RunState::Paused).await;
            let failure = view.failure.unwrap();
            assert_eq!((failure.code.as_str(), view.output), ("unreadable", None));
            assert!(failure.message.contains("its key is gone"), "{failure}");
            client.resume(lost).await.unwrap();
            client.send_event(lost, "a", json!(1), SendEvent::default()).await.unwrap();
            let view = super::super::kit::until_id(&second, lost, RunState::Completed).await;
            assert_eq!(view.output, Some(json!("lost")));
        });
    }
}
