//! A plan as a workflow.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{LocalBoxFuture, try_join_all};
use serde_json::{Value, json};

use super::adoptions::{events, fingerprint};
use super::plan::{Mode, Plan, Tells, branch_name, output};
use super::streams::Told;
use super::walk::{ATTEMPTS, join};
use crate::{
    Approval, Caught, Context, Definition, EventDef, Policy, Result, RunId, StepError, StepSpec,
    Undo, Undos, WaitEvent, While, Workflow,
};

/// A body's start.
#[derive(Clone, Debug)]
pub(super) struct BodyStart {
    pub(super) run: RunId,
    pub(super) path: String,
    /// The key for the other side; a memo's work has none.
    pub(super) key: Option<String>,
    /// None is a memo's work.
    pub(super) attempt: Option<u32>,
    /// What the attempt before it said with its heartbeat: its number.
    pub(super) told: Option<u32>,
    /// Whether it was told to stop before it began to move.
    pub(super) stopped: bool,
}

/// A plan as a workflow; its bodies note what they do.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) revision: &'static str,
    /// Whether it takes over the runs of the first revision.
    pub(super) adopts: bool,
    pub(super) plan: Arc<Plan>,
    pub(super) notes: Arc<Notes>,
}

/// What bodies have done since somebody looked.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) starts: Mutex<Vec<BodyStart>>,
    pub(super) told: Told,
}

/// What a plan is executed with.
struct Scene {
    /// The workflow's name: those that it calls have theirs from it.
    name: String,
    notes: Arc<Notes>,
}

impl Workflow for Planned {
    type Input = Value;
    type Output = Value;

    fn definition(&self) -> Definition {
        let adopts = self.adopts.then(|| "1".to_owned()).into_iter().collect();
        Definition { adopts, ..definition(&self.name, self.revision) }
    }

    fn fingerprint(&self) -> Option<&'static str> {
        Some(fingerprint(self.revision))
    }

    fn undos(&self) -> Undos {
        let notes = Arc::clone(&self.notes);
        let undo = Body { yields: 1, ..Body::of(UNDO) };
        Undos::new().step(UNDO, move |ctx: &Context, _: Value| step(ctx, undo, &notes))
    }

    fn run(&self, ctx: Context, _: Value) -> LocalBoxFuture<'static, Result<Value>> {
        let (name, notes) = (self.name.clone(), Arc::clone(&self.notes));
        execute(ctx, Arc::clone(&self.plan), Arc::new(Scene { name, notes }))
    }
}

/// Each plan is a workflow of its own.
fn definition(name: &str, revision: &str) -> Definition {
    let events = events(revision).into_iter().map(|name| EventDef { name }).collect();
    let (name, revision) = (name.to_owned(), revision.to_owned());
    Definition { name, revision, events, adopts: Vec::new() }
}

/// The name of the workflow that one calls at a path.
pub(super) fn callee(name: &str, path: &str) -> String {
    format!("{name}/{path}")
}

/// The step that undoes others, and what it returns.
pub(super) const UNDO: &str = "undo";

fn execute(
    ctx: Context,
    plan: Arc<Plan>,
    scene: Arc<Scene>,
) -> LocalBoxFuture<'static, Result<Value>> {
    Box::pin(async move {
        let part = |plan: &Plan| execute(ctx.clone(), Arc::new(plan.clone()), Arc::clone(&scene));
        match &*plan {
            Plan::Step { id, input, failures, yields, undo, tells, bytes } => {
                let (failures, yields, tells) = (*failures, *yields, *tells);
                let body = Body { id, input, failures, yields, tells, bytes: *bytes };
                let step = step(&ctx, body, &scene.notes);
                let step = if *undo { step.undo(Undo::named(UNDO, Value::clone)) } else { step };
                let value = step.await?;
                ctx.publish(&ctx.now())?;
                Ok(value)
            }
            Plan::Fail { id } => {
                let body = Body { failures: u32::MAX, ..Body::of(id) };
                step(&ctx, body, &scene.notes).await
            }
            Plan::Memo { id } => memo(&ctx, id, &scene.notes).await,
            Plan::Respond { id } => {
                ctx.respond(id.clone(), &join(ctx.path(), id)).await?;
                Ok(Value::Null)
            }
            Plan::Timeout { id, milliseconds, body } => {
                let length = Duration::from_millis(*milliseconds);
                let (plan, scene) = (Arc::new((**body).clone()), Arc::clone(&scene));
                let body = async |ctx: Context| execute(ctx, plan, scene).await;
                Ok(ctx.timeout::<Value, _, _>(id.clone(), length, body).await?.unwrap_or_default())
            }
            Plan::Child { .. } => child(&ctx, &plan, &scene).await,
            Plan::Try { .. } => try_scope(ctx, &plan, &scene).await,
            Plan::Sleep { id, milliseconds } => {
                ctx.sleep(id.clone(), Duration::from_millis(*milliseconds)).await?;
                Ok(Value::Null)
            }
            Plan::Event { id, key, .. } => {
                let wait = WaitEvent::new("event").key(key.clone());
                Ok(ctx.wait_event::<Value>(id.clone(), wait).await?.unwrap_or_default())
            }
            Plan::Approval { .. } => approval(&ctx, &plan).await,
            Plan::Sequence(parts) => {
                let mut results = Vec::new();
                for plan in parts {
                    results.push(part(plan).await?);
                }
                Ok(json!(results))
            }
            Plan::Parallel(parts) => Ok(json!(try_join_all(parts.iter().map(part)).await?)),
            Plan::Caught(parts) => match try_join_all(parts.iter().map(part)).await.caught()? {
                Ok(_) => Ok(Value::Null),
                Err(failure) => Ok(json!(failure.code)),
            },
            Plan::Each { id, items, limit, mode, body } => {
                let items: Vec<usize> = (0..*items).collect();
                let (id, limit) = (id.clone(), *limit);
                let body = async |ctx: Context, _, _| {
                    execute(ctx, Arc::new((**body).clone()), Arc::clone(&scene)).await
                };
                match mode {
                    Mode::Fail => Ok(json!(ctx.for_each(id, items, limit, body).await?)),
                    Mode::Skip => Ok(json!(ctx.for_each_skip(id, items, limit, body).await?)),
                    Mode::Collect => {
                        Ok(shown(json!(ctx.for_each_collect(id, items, limit, body).await?)))
                    }
                    Mode::Discard => {
                        let body = async |ctx, item, index| body(ctx, item, index).await.map(drop);
                        ctx.for_each_discard(id, items, limit, body).await?;
                        Ok(Value::Null)
                    }
                }
            }
            Plan::Race { id, branches, keep } => {
                let mut race = ctx.race::<Value>(id.clone());
                if let Some(keep) = keep {
                    race = race.keep(branch_name(*keep));
                }
                // Described in another order than that of their names.
                for (number, branch) in branches.iter().enumerate().rev() {
                    let (plan, scene) = (Arc::new(branch.clone()), Arc::clone(&scene));
                    let run = async |ctx: Context| execute(ctx, plan, scene).await;
                    race = race.branch(branch_name(number), run);
                }
                race.await
            }
            Plan::While { id, iterations, most, body } => {
                let rounds = While::new(id.clone());
                let rounds = most.map_or(rounds.clone(), |most| rounds.max_iterations(most));
                let round = async |ctx: Context, mut state: Vec<Value>| {
                    state.push(execute(ctx, Arc::new((**body).clone()), Arc::clone(&scene)).await?);
                    let over = u64::try_from(state.len()).is_ok_and(|made| made == *iterations);
                    Ok(if over { ControlFlow::Break(state) } else { ControlFlow::Continue(state) })
                };
                Ok(json!(ctx.while_loop(rounds, Vec::new(), round).await?))
            }
        }
    })
}

async fn child(ctx: &Context, plan: &Plan, scene: &Scene) -> Result<Value> {
    let Plan::Child { id, plan, awaited } = plan else { return Ok(Value::Null) };
    let name = callee(&scene.name, &join(ctx.path(), id));
    let (plan, notes) = (Arc::new((**plan).clone()), Arc::clone(&scene.notes));
    let callee = Planned { name, revision: "1", adopts: false, plan, notes };
    if *awaited {
        return ctx.call(id.clone(), callee, Value::Null).await;
    }
    let started = ctx.start_workflow(id.clone(), callee, Value::Null);
    Ok(json!(started.await?.to_string()))
}

async fn approval(ctx: &Context, plan: &Plan) -> Result<Value> {
    let Plan::Approval { id, key, milliseconds, .. } = plan else { return Ok(Value::Null) };
    let asked = Approval::new("event").key(key.clone()).assignees(["ada"]);
    let asked = match milliseconds {
        Some(milliseconds) => asked.timeout(Duration::from_millis(*milliseconds)),
        None => asked,
    };
    Ok(json!(ctx.approval::<Value>(id.clone(), asked).await?))
}

/// What it draws is the same each time, whether the work is done or recorded.
async fn memo(ctx: &Context, id: &str, notes: &Notes) -> Result<Value> {
    let (run, path) = (ctx.run_id(), join(ctx.path(), id));
    let drawn = ctx.uuid(id);
    let recorded = ctx.memo(id.to_owned(), || {
        let (key, attempt, told, stopped) = (None, None, None, false);
        notes.starts.lock().unwrap().push(BodyStart { run, path, key, attempt, told, stopped });
        drawn.to_string()
    });
    let recorded = recorded.await?;
    Ok(json!([recorded, ctx.uuid(id).to_string(), ctx.random(id).to_string()]))
}

async fn try_scope(ctx: Context, plan: &Plan, scene: &Arc<Scene>) -> Result<Value> {
    let Plan::Try { id, body, catch, compensate, finally } = plan else { return Ok(Value::Null) };
    let region = |region: &Plan| {
        let (plan, scene) = (Arc::new(region.clone()), Arc::clone(scene));
        move |ctx: Context| execute(ctx, plan, scene)
    };
    let mut scope = ctx.try_scope(id.clone(), region(body));
    if let Some(catch) = catch {
        let catch = region(catch);
        scope = scope.catch(|ctx, _| catch(ctx));
        if *compensate {
            scope = scope.compensate();
        }
    }
    if let Some(finally) = finally {
        scope = scope.finally(region(finally));
    }
    scope.await
}

/// What became of items, with a failure's code in place of the failure. Absent and null are one.
pub(super) fn shown(mut outcomes: Value) -> Value {
    for outcome in outcomes.as_array_mut().into_iter().flatten() {
        let code = outcome.pointer("/error/code").cloned();
        if let (Some(error), Some(code)) = (outcome.get_mut("error"), code) {
            *error = code;
        }
        if let Some(outcome) = outcome.as_object_mut() {
            outcome.retain(|_, value| !value.is_null());
        }
    }
    outcomes
}

/// What a step does.
#[derive(Clone, Copy)]
struct Body<'p> {
    id: &'p str,
    input: &'p str,
    failures: u32,
    yields: u32,
    tells: Tells,
    bytes: usize,
}

impl<'p> Body<'p> {
    fn of(id: &'p str) -> Self {
        Self { id, input: id, failures: 0, yields: 0, tells: Tells::NOTHING, bytes: 0 }
    }
}

fn step(ctx: &Context, body: Body<'_>, notes: &Arc<Notes>) -> crate::Step<Value> {
    let Body { id, input, failures, yields, tells, bytes } = body;
    let policy = Policy { max_attempts: ATTEMPTS, total: None, ..Policy::default() };
    // Nobody is there to mend what cannot be undone.
    let policy = if id == UNDO { Policy { timeout: None, ..policy } } else { policy };
    let notes = Arc::clone(notes);
    let spec = StepSpec::new(id.to_owned(), "step").policy(policy);
    ctx.step(spec, input.to_owned(), move |step, id| {
        let notes = Arc::clone(&notes);
        async move {
            let (run, path, attempt) = (step.run_id(), step.path().to_owned(), step.attempt());
            let stopped = step.is_cancelled();
            let number = attempt;
            let attempt = Some(number);
            let told = step.last_heartbeat();
            let key = Some(step.idempotency_key().to_owned());
            notes.starts.lock().unwrap().push(BodyStart { run, path, key, attempt, told, stopped });
            step.heartbeat(&number).await?;
            for item in 0..tells.items {
                notes.told.tell(&step, item, tells.once).await?;
            }
            for _ in 0..yields {
                yield_once().await;
            }
            match failures {
                u32::MAX => Err(StepError::fatal(id, "fails for good")),
                failures if number <= failures => Err(StepError::retryable("again", "again")),
                _ => Ok(output(&id, bytes)),
            }
        }
    })
}

pub(super) async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut yielded, true) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}
