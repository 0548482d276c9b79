//! Sequential steps, what they carry, what they know of themselves.

use flowcrate::{
    Context, Error, Result, RunState, StepContext, StepError, StepSpec, step, workflow,
};
use serde_json::json;

use super::kit::{counting_engine, engine, journal, run_test, until};

#[step]
async fn add(_step: StepContext, (a, b): (i64, i64)) -> Result<i64, StepError> {
    Ok(a + b)
}

#[workflow(name = "sum", revision = "1")]
async fn sum(ctx: Context, first: i64) -> Result<i64> {
    let second = add(&ctx, (first, 10)).key("a").await?;
    let third = add(&ctx, (second, 20)).key("b").await?;
    add(&ctx, (third, 30)).key("c").await
}

#[test]
fn sequential_steps() {
    run_test(async {
        let (engine, store) = counting_engine(Sum).await;
        let run = engine.start(Sum, 1).await.unwrap();
        assert_eq!(run.result().await.unwrap(), 61);
        let expected = ["add[a]", "add[b]", "add[c]"].map(|path| (path.to_owned(), "completed"));
        assert_eq!(journal(&engine, run.id()).await, expected);
        // Opening claims once; from then on a run of three steps is four commits.
        let before = store.count();
        engine.start(Sum, 2).await.unwrap().result().await.unwrap();
        assert_eq!(store.count() - before, 4);
    });
}

#[step]
async fn echo(_step: StepContext, text: String) -> Result<String, StepError> {
    Ok(text)
}

#[workflow(name = "echoes", revision = "1")]
async fn echoes(ctx: Context, text: String) -> Result<String> {
    let text = echo(&ctx, format!("{text}\u{0}")).await?;
    ctx.sleep("nap", std::time::Duration::from_millis(1)).await?;
    Ok(text)
}

#[test]
fn nul_bytes_in_values() {
    run_test(async {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("journal.db");
        let text = "a\u{0}b\u{1}\u{7f}\u{feff}\u{10ffff}\"\\\r\n";
        // A row between the start and the end: each value goes through the file and back.
        let engine = on_file(&file).await;
        let run = engine.start(Echoes, text.to_owned()).key("k").await.unwrap();
        assert_eq!(run.result().await.unwrap(), format!("{text}\u{0}"));
        // A name is no value: not every index holds it.
        let named = engine.start(Echoes, text.to_owned()).key("k\u{0}").await;
        assert!(matches!(named, Err(flowcrate::Error::BadName(_))));
        engine.shutdown().await;
        let id = run.id();
        drop((engine, run));
        let engine = on_file(&file).await;
        let again = engine.start(Echoes, text.to_owned()).key("k").await.unwrap();
        assert_eq!((again.id(), again.result().await.unwrap()), (id, format!("{text}\u{0}")));
        let journal = engine.client().journal(id).await.unwrap();
        assert_eq!(journal[0].output, Some(json!(format!("{text}\u{0}"))));
    });
}

async fn on_file(file: &std::path::Path) -> flowcrate::Engine {
    let store = flowcrate::sqlite::SqliteStore::open(file).unwrap();
    let builder = flowcrate::Engine::builder().store(store).register(Echoes);
    builder.linger(std::time::Duration::ZERO).build().await.unwrap()
}

type Metadata = (String, String, u32, String);

#[step(retry(max_attempts = 3, initial = "1ms"))]
async fn describe(step: StepContext) -> Result<Metadata, StepError> {
    if step.attempt() < 2 {
        return Err(StepError::retryable("again", "once more"));
    }
    Ok((
        step.run_id().to_string(),
        step.path().to_owned(),
        step.attempt(),
        step.idempotency_key().to_owned(),
    ))
}

#[workflow(name = "describes", revision = "1")]
async fn describes(ctx: Context, (): ()) -> Result<(Vec<Metadata>, String)> {
    let each = async |ctx: Context, _: u8, _| describe(&ctx).await;
    let list = ctx.for_each("each", vec![1, 2], 2, each).await?;
    Ok((list, ctx.run_id().to_string()))
}

#[test]
fn metadata_in_steps() {
    run_test(async {
        let engine = engine(Describes).await;
        let run = engine.start(Describes, ()).await.unwrap();
        let (list, id) = run.result().await.unwrap();
        assert_eq!(id, run.id().to_string());
        let paths: Vec<_> = list.iter().map(|(.., path, _, _)| path.as_str()).collect();
        assert_eq!(paths, ["each[0]/describe", "each[1]/describe"]);
        assert!(list.iter().all(|(run, _, attempt, _)| (run, *attempt) == (&id, 2)));
        assert_ne!(list[0].3, list[1].3, "a key names one step");
    });
}

#[test]
fn an_unknown_workflow_is_refused_with_a_reason() {
    run_test(async {
        let engine = engine(Sum).await;
        let refused = engine.start_value("sun", "1", json!(1), None).await.err().unwrap();
        assert!(matches!(&refused, Error::NotRegistered { workflow, .. } if workflow == "sun"));
        assert!(refused.to_string().contains("`sun`"), "{refused}");
    });
}

/// A workflow of one name and revision whose step changes its name between two lives.
struct Renamed(&'static str);

impl flowcrate::Workflow for Renamed {
    type Input = ();
    type Output = u32;

    fn definition(&self) -> flowcrate::Definition {
        flowcrate::Workflow::definition(&Waits)
    }

    fn run(
        &self,
        ctx: Context,
        (): (),
    ) -> futures_util::future::LocalBoxFuture<'static, Result<u32>> {
        let id = self.0;
        Box::pin(async move {
            let body = |_, ()| async { Ok(1) };
            let one: u32 = ctx.step(StepSpec::new(id, "step"), (), body).await?;
            let wait = flowcrate::WaitEvent::new("go");
            let two: Option<u32> = ctx.wait_event("wait", wait).await?;
            Ok(one + two.unwrap_or_default())
        })
    }
}

/// Only its definition is used.
#[workflow(name = "renamed", revision = "1", events("go" = u32))]
async fn waits(_ctx: Context, (): ()) -> Result<u32> {
    Ok(0)
}

#[test]
fn a_step_that_the_code_no_longer_knows_pauses_the_run_with_a_reason() {
    run_test(async {
        let store = flowcrate::store::MemoryStore::new();
        let open = async |id| {
            let builder = flowcrate::Engine::builder().store(store.clone()).register(Renamed(id));
            builder.build().await.unwrap()
        };
        let before = open("old_name").await;
        let run = before.start(Renamed("old_name"), ()).await.unwrap();
        until(&before, run.id(), RunState::Waiting).await;
        before.shutdown().await;
        let after = open("new_name").await;
        let view = until(&after, run.id(), RunState::Paused).await;
        let failure = view.failure.unwrap();
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("unreached", "old_name"));
        // Nothing is lost: whoever brings the old code back lets the run go on.
        after.shutdown().await;
        let back = open("old_name").await;
        back.client().resume(run.id()).await.unwrap();
        let options = flowcrate::SendEvent::default();
        back.client().send_event(run.id(), "go", json!(2), options).await.unwrap();
        until(&back, run.id(), RunState::Completed).await;
    });
}
