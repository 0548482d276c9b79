//! `approval` and `respond` (S32, S34).

use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::{Ledger, SimClock};
use flowcrate::{
    Answer, Approval, Caught, Client, Context, Decision, Definition, Engine, Error, EventDef,
    Result, RunState, SendEvent, Timestamp, Verdict, WaitEvent, Workflow, check_payload,
    check_payload_schema,
};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine, engine_on, flow, journal, run_test, until};

/// Asks a manager by event `a`.
fn asking(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, _, ledger| async move {
        let asked = Approval::new("a")
            .assignees(["ada", "grace"])
            .form("expenses")
            .timeout(Duration::from_hours(24));
        let decision: Decision<u32> = ctx.approval("manager", asked).await?;
        ledger.step(&ctx, "after", json!(decision)).await
    })
}

#[test]
fn an_approval_says_whom_it_asks_and_takes_their_answer() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = asking(&ledger);
        let engine = engine(&workflow).await;
        let client = engine.client();
        let cases = [(true, json!({ "approved": 7 })), (false, json!({ "rejected": 7 }))];
        for (approve, expected) in cases {
            let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
            let view = until(&engine, &run, RunState::Waiting).await;
            let waiting = &view.waiting_for[0];
            assert_eq!((waiting.path.as_str(), waiting.kind.as_str()), ("manager", "approval@1"));
            assert_eq!(waiting.event.as_deref(), Some("a"));
            assert_eq!(waiting.assignees, ["ada", "grace"]);
            assert_eq!(waiting.form.as_deref(), Some("expenses"));
            assert!(waiting.due.is_some());
            let answer = Answer::by("ada").form(json!(7)).event_id("answer");
            if approve {
                client.approve(run.id(), "a", answer).await.unwrap();
            } else {
                client.reject(run.id(), "a", answer).await.unwrap();
            }
            assert_eq!(run.result().await, Ok(expected));
            // Who it was stands in the journal.
            let entries = client.journal(run.id()).await.unwrap();
            let answer = json!({ "approved": approve, "form": 7, "by": "ada" });
            assert_eq!(entries[0].output, Some(answer));
        }
    });
}

#[test]
fn only_who_is_asked_approves() {
    run_test(async {
        for always_replay in [false, true] {
            let workflow = asking(&Ledger::default());
            let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
            let builder = if always_replay { builder.always_replay() } else { builder };
            let engine = builder.linger(Duration::ZERO).build().await.unwrap();
            let client = engine.client();
            let run = engine.start(workflow, json!(null)).await.unwrap();
            until(&engine, &run, RunState::Waiting).await;
            let stranger = client.approve(run.id(), "a", Answer::by("mallory")).await;
            let refused = Error::NotAsked {
                event: "a".to_owned(),
                asked: "ada, grace".to_owned(),
                by: "mallory".to_owned(),
            };
            assert_eq!(stranger, Err(refused));
            let nobody = client.reject(run.id(), "a", Answer::default()).await.unwrap_err();
            assert_eq!(nobody.to_string(), "`a` asks ada, grace, and not nobody in particular");
            // What comes as a plain event is accepted, and waits for a question to this person.
            for by in [json!("mallory"), json!(null), json!(["ada"])] {
                let verdict = json!({ "approved": true, "by": by });
                client.send_event(run.id(), "a", verdict, SendEvent::default()).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert_eq!(client.run(run.id()).await.unwrap().unwrap().state, RunState::Waiting);
            client.reject(run.id(), "a", Answer::by("grace").form(json!(7))).await.unwrap();
            assert_eq!(run.result().await, Ok(json!({ "rejected": 7 })));
            let left = client.unconsumed(run.id()).await.unwrap();
            assert_eq!(left.len(), 3, "{left:?}");
        }
    });
}

#[test]
fn an_early_answer_is_for_the_question_that_asks_its_sender() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            ctx.wait_event::<Value>("go", WaitEvent::new("b")).await?;
            let of = |who: &str| Approval::new("a").assignees([who]);
            let ada = ctx.approval::<Value>("ada", of("ada")).verdict();
            let grace = ctx.approval::<Value>("grace", of("grace")).verdict();
            let (ada, grace) = flowcrate::join((ada, grace)).await?;
            Ok(json!([ada, grace]))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let client = engine.client();
        client.approve(run.id(), "a", Answer::by("grace").form(json!(1))).await.unwrap();
        client.approve(run.id(), "a", Answer::by("ada").form(json!(2))).await.unwrap();
        client.send_event(run.id(), "b", json!(null), SendEvent::default()).await.unwrap();
        let answers = run.result().await.unwrap();
        assert_eq!((&answers[0]["form"], &answers[1]["form"]), (&json!(2), &json!(1)));
    });
}

#[test]
fn an_approval_that_nobody_gives_times_out() {
    run_test(async {
        let clock = SimClock::at(Timestamp(0));
        let ledger = Ledger::default();
        let workflow = asking(&ledger);
        let engine = engine_on(MemoryStore::with_clock(clock.clone()), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        clock.advance(Duration::from_hours(24));
        assert_eq!(run.result().await, Ok(json!("timed_out")));
        let late = engine.client().approve(run.id(), "a", Answer::by("ada").form(json!(1))).await;
        assert_eq!(late, Err(Error::Finished(run.id())));
    });
}

#[test]
fn an_answer_that_came_early_counts_and_keys_tell_questions_apart() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            ctx.wait_event::<Value>("go", WaitEvent::new("b")).await?;
            let two = ctx.approval::<Value>("two", Approval::new("a").key("2")).await?;
            let one = ctx.approval::<Value>("one", Approval::new("a").key("1")).await?;
            Ok(json!([one, two]))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let client = engine.client();
        client.reject(run.id(), "a", Answer::by("ada").key("1")).await.unwrap();
        client.approve(run.id(), "a", Answer::by("ada").key("2").form(json!("ok"))).await.unwrap();
        client.send_event(run.id(), "b", json!(null), SendEvent::default()).await.unwrap();
        assert_eq!(run.result().await, Ok(json!([{ "rejected": null }, { "approved": "ok" }])));
    });
}

/// Declares its approval with the form's type.
struct Typed;

impl Workflow for Typed {
    type Input = ();
    type Output = u32;

    fn definition(&self) -> Definition {
        let events = vec![EventDef { name: "a".to_owned() }];
        Definition {
            name: "typed".to_owned(),
            revision: "1".to_owned(),
            events,
            adopts: Vec::new(),
        }
    }

    fn run(&self, ctx: Context, (): ()) -> LocalBoxFuture<'static, Result<u32>> {
        Box::pin(async move {
            match ctx.approval("manager", Approval::new("a")).await? {
                Decision::Approved(amount) => Ok(amount),
                Decision::Rejected(_) | Decision::TimedOut => Ok(0),
            }
        })
    }

    fn check_event(&self, _: &str, payload: &Value) -> Result<()> {
        check_payload::<Verdict<u32>>(payload)?;
        check_payload_schema(r#"{"properties": {"form": {"maximum": 100}}}"#, payload)
    }
}

#[test]
fn a_form_that_the_run_could_not_read_is_refused() {
    run_test(async {
        let builder = Engine::builder().store(MemoryStore::new()).register(Typed);
        let engine = builder.build().await.unwrap();
        let run = engine.start(Typed, ()).await.unwrap();
        let client = engine.client();
        for form in [json!("much"), json!(null), json!(101)] {
            let refused = client.approve(run.id(), "a", Answer::by("ada").form(form)).await;
            assert_eq!(refused.unwrap_err().code(), "codec");
        }
        let answer = json!({ "approved": true, "form": 101 });
        let refused = client.send_event(run.id(), "a", answer, SendEvent::default()).await;
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("expected at most 100, found the number 101 (at `form`)"), "{said}");
        // Nothing was written.
        assert!(client.unconsumed(run.id()).await.unwrap().is_empty());
        client.approve(run.id(), "a", Answer::by("ada").form(json!(12))).await.unwrap();
        assert_eq!(run.result().await, Ok(12));
    });
}

/// Answers, goes on, and answers again.
fn responding(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, input, ledger| async move {
        if input == "silent" {
            return ledger.step(&ctx, "one", 1).await;
        }
        ledger.step(&ctx, "one", 1).await?;
        ctx.respond("reply", &json!({ "ticket": 7 })).await?;
        ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?;
        let again = ctx.respond("again", &json!("other")).await.caught()?;
        Ok(json!(again.unwrap_err().code))
    })
}

#[test]
fn a_response_is_there_while_the_run_goes_on() {
    run_test(async {
        for always_replay in [false, true] {
            let workflow = responding(&Ledger::default());
            let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
            let builder = if always_replay { builder.always_replay() } else { builder };
            let engine = builder.linger(Duration::ZERO).build().await.unwrap();
            let run = engine.start(workflow, json!(null)).await.unwrap();
            let client = engine.client();
            let response: Option<Value> = client.response(run.id()).await.unwrap();
            assert_eq!(response, Some(json!({ "ticket": 7 })));
            let view = until(&engine, &run, RunState::Waiting).await;
            assert_eq!(view.response, Some(json!({ "ticket": 7 })));
            client.send_event(run.id(), "a", json!(1), SendEvent::default()).await.unwrap();
            assert_eq!(run.result().await, Ok(json!("responded")));
            // The first one stays, for whoever asks later.
            let response: Option<Value> = client.response(run.id()).await.unwrap();
            assert_eq!(response, Some(json!({ "ticket": 7 })));
            let journal = journal(&engine, run.id()).await;
            assert_eq!(journal.last(), Some(&("again".to_owned(), "failed")));
        }
    });
}

#[test]
fn a_run_that_ends_without_a_response_leaves_nobody_waiting() {
    run_test(async {
        let store = MemoryStore::new();
        let workflow = responding(&Ledger::default());
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow, json!("silent")).await.unwrap();
        let waiting = tokio::spawn({
            let client = engine.client();
            async move { client.response::<Value>(run.id()).await }
        });
        assert_eq!(waiting.await.unwrap(), Ok(None));
        let client = Client::new(std::sync::Arc::new(store));
        let unknown = flowcrate::RunId::new();
        assert_eq!(client.response::<Value>(unknown).await, Err(Error::UnknownRun(unknown)));
    });
}
