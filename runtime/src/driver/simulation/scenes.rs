//! Defects that break no invariant by chance, or hardly ever: each has a scene that shows it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::world::World;
use crate::store::{Ask, EntryStatus, RunState};
use crate::{
    Context, Definition, Error, EventDef, Result, Step, StepError, StepSpec, Undo, Undos,
    WaitEvent, Workflow, join,
};

/// What a scene shows to be there, or else what it found.
type Scene = fn(u64) -> Result<(), String>;

/// The defects, each with the scene that notices it.
pub(super) const SCENES: &[(&str, Scene)] = &[
    ("a pause lets new work begin", a_pause_lets_nothing_begin),
    ("a terminated run is kept", mail_tells_of_a_terminated_run),
    ("a terminated run keeps its epoch", mail_tells_of_a_terminated_run),
    ("catch sees all", nobody_catches_a_cancel),
    ("no grace", an_outcome_within_the_grace_time_counts),
    ("what cannot be undone is tried again", what_cannot_be_undone_is_left_alone),
    ("time overtakes mail", what_was_sent_in_time_counts),
];

/// What the bodies of a scene have done.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    fn tells(&self, what: &str) -> bool {
        self.count(what) > 0
    }

    fn count(&self, what: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|noted| *noted == what).count()
    }

    /// A step whose body moves three times before it ends.
    fn step(&self, ctx: &Context, id: &'static str) -> Step<Value> {
        let log = self.clone();
        ctx.step(StepSpec::new(id, "step"), (), move |step, ()| {
            let log = log.clone();
            async move {
                log.note(format!("{id} began"));
                for _ in 0..3 {
                    super::execute::yield_once().await;
                    if step.is_cancelled() {
                        log.note(format!("{id} was told"));
                    }
                }
                Ok(json!(id))
            }
        })
    }
}

/// The step that would undo others, and cannot.
const HOPELESS: &str = "hopeless";

type Body = fn(Context, Log) -> LocalBoxFuture<'static, Result<Value>>;

struct Scripted {
    body: Body,
    log: Log,
}

impl Workflow for Scripted {
    type Input = Value;
    type Output = Value;

    fn definition(&self) -> Definition {
        let (name, revision) = ("scene".to_owned(), "1".to_owned());
        let events = vec![EventDef { name: "news".to_owned() }];
        Definition { name, revision, events, adopts: Vec::new() }
    }

    fn undos(&self) -> Undos {
        let log = self.log.clone();
        Undos::new().step(HOPELESS, move |ctx: &Context, _: Value| {
            let log = log.clone();
            ctx.step(StepSpec::new(HOPELESS, "step"), (), move |_, ()| {
                log.note("tried to undo".to_owned());
                async { Err::<Value, _>(StepError::fatal("no", "it cannot be undone")) }
            })
        })
    }

    fn run(&self, ctx: Context, _: Value) -> LocalBoxFuture<'static, Result<Value>> {
        (self.body)(ctx, self.log.clone())
    }
}

fn scene(seed: u64, body: Body) -> (World, Log) {
    let log = Log::default();
    (World::of(Arc::new(Scripted { body, log: log.clone() }), seed), log)
}

fn shows(shown: bool, what: &str) -> Result<(), String> {
    if shown { Ok(()) } else { Err(what.to_owned()) }
}

/// I26
fn a_pause_lets_nothing_begin(seed: u64) -> Result<(), String> {
    let (mut world, log) = scene(seed, |ctx, log| {
        Box::pin(async move {
            let next = async {
                ctx.sleep("rest", Duration::from_secs(1)).await?;
                log.step(&ctx, "next").await
            };
            let (long, next) = join((log.step(&ctx, "long"), next)).await?;
            Ok(json!([long, next]))
        })
    });
    world.bodies();
    shows(log.tells("long began"), "nothing began")?;
    world.ask(Ask::Pause);
    world.later(2_000);
    world.bodies();
    shows(!log.tells("next began"), "work began in a run that was asked to stand still")?;
    (0..4).for_each(|_| world.bodies());
    shows(world.stands() == Some(RunState::Paused), "it is not paused")?;
    world.ask(Ask::Resume);
    world.later(1);
    (0..4).for_each(|_| world.bodies());
    world.later(60_000);
    shows(log.tells("next began"), "it did not go on")
}

/// I25: its owner hears of it at once, not only with its next claim.
fn mail_tells_of_a_terminated_run(seed: u64) -> Result<(), String> {
    let (mut world, log) =
        scene(seed, |ctx, log| Box::pin(async move { log.step(&ctx, "long").await }));
    world.bodies();
    world.ask(Ask::Terminate);
    world.bodies();
    shows(log.tells("long was told"), "a body of a terminated run was not told to stop")
}

/// A function may say of itself that it is cancelled. That is no failure.
fn nobody_catches_a_cancel(seed: u64) -> Result<(), String> {
    let (world, log) = scene(seed, |ctx, log| {
        Box::pin(async move {
            let body = async |_| Err::<Value, _>(Error::Cancelled);
            let scope = ctx.try_scope("try", body).catch(async move |_, _| {
                log.note("caught".to_owned());
                Ok(json!("caught"))
            });
            scope.await
        })
    });
    shows(!log.tells("caught"), "a cancellation was caught")?;
    shows(world.stands() == Some(RunState::Cancelled), "it is not cancelled")
}

/// S22
fn an_outcome_within_the_grace_time_counts(seed: u64) -> Result<(), String> {
    let (mut world, log) =
        scene(seed, |ctx, log| Box::pin(async move { log.step(&ctx, "long").await }));
    world.bodies();
    world.ask(Ask::Cancel);
    world.later(1_000);
    (0..4).for_each(|_| world.bodies());
    shows(log.tells("long was told"), "its body was not told")?;
    let status = world.entry("long").map(|entry| entry.status);
    shows(status == Some(EntryStatus::Completed), &format!("it is {status:?}"))?;
    shows(world.stands() == Some(RunState::Cancelled), "it is not cancelled")
}

/// A run that was told of its cancel, and cannot undo what it did, stands still until somebody has
/// seen to that: the same cancel does not make it try again.
fn what_cannot_be_undone_is_left_alone(seed: u64) -> Result<(), String> {
    let (mut world, log) = scene(seed, |ctx, log| {
        Box::pin(async move {
            log.step(&ctx, "charge").undo(Undo::named(HOPELESS, Value::clone)).await?;
            ctx.sleep("rest", Duration::from_hours(1)).await?;
            Ok(Value::Null)
        })
    });
    (0..4).for_each(|_| world.bodies());
    for _ in 0..8 {
        // Asked again and again, it is the same cancel; each time the worker looks for work.
        world.ask(Ask::Cancel);
        world.bodies();
        world.later(1_000);
    }
    shows(world.stands() == Some(RunState::Paused), "it does not stand still")?;
    shows(log.count("tried to undo") == 1, "it was tried again, though nobody asked for it")?;
    world.ask(Ask::Resume);
    for _ in 0..8 {
        world.bodies();
        world.later(1_000);
    }
    shows(log.count("tried to undo") == 2, "it was not tried again, though somebody asked for it")
}

/// R16: an answer that was acknowledged before the time is over counts, though its worker hears of
/// the time first; as the end of a wait, and as that of a race. A body that runs keeps the run in
/// memory: what is taken up has its mail with it.
fn what_was_sent_in_time_counts(seed: u64) -> Result<(), String> {
    const PATIENCE: Duration = Duration::from_secs(10);
    async fn told(ctx: &Context, log: &Log, news: impl Future<Output = Result<Option<Value>>>) {
        let told = async {
            log.note(news.await?.map_or("too late", |_| "in time").to_owned());
            Ok(Value::Null)
        };
        drop(join((log.step(ctx, "long"), told)).await);
    }
    let wait: Body = |ctx, log| {
        Box::pin(async move {
            let news = ctx.wait_event("news", WaitEvent::new("news").timeout(PATIENCE));
            told(&ctx, &log, news).await;
            Ok(Value::Null)
        })
    };
    let race: Body = |ctx, log| {
        Box::pin(async move {
            let news = ctx.timeout("patience", PATIENCE, async |ctx: Context| {
                ctx.wait_event::<Value>("news", WaitEvent::new("news")).received().await
            });
            told(&ctx, &log, news.into_future()).await;
            Ok(Value::Null)
        })
    };
    for body in [wait, race] {
        let (mut world, log) = scene(seed, body);
        world.later(9_999);
        world.send_unheard("news");
        world.later(5_000);
        shows(log.tells("in time"), "what was sent in time was too late")?;
        let (mut world, log) = scene(seed, body);
        world.later(9_999);
        world.later(5_000);
        shows(log.tells("too late"), "the time is never over")?;
    }
    Ok(())
}

#[test]
fn each_scene_shows_what_its_defect_would_hide() {
    for (defect, scene) in SCENES {
        for seed in 0..8 {
            assert_eq!(scene(seed), Ok(()), "`{defect}`, seed {seed}");
        }
        let noticed = super::sabotage::with(defect, || (0..8).all(|seed| scene(seed).is_err()));
        assert!(noticed, "nobody noticed `{defect}`");
    }
}
