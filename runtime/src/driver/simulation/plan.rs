//! Random workflows, and what is known of them beforehand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{LocalBoxFuture, try_join_all};
use serde_json::{Value, json};

use super::Chance;
use crate::{
    Caught, Context, Definition, EventDef, Policy, Result, RunId, StepError, StepSpec, WaitEvent,
    Workflow,
};

/// A workflow as a tree.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// A step that fails so many times before it succeeds, and yields so often in between.
    Step {
        id: String,
        failures: u32,
        yields: u32,
    },
    /// A step that fails for good.
    Fail {
        id: String,
    },
    Sleep {
        id: String,
        milliseconds: u64,
    },
    /// A wait for the event with this key, and its number among those.
    Event {
        id: String,
        key: String,
        number: usize,
    },
    Sequence(Vec<Plan>),
    Parallel(Vec<Plan>),
    Each {
        id: String,
        items: usize,
        limit: usize,
        body: Box<Plan>,
    },
    /// Branches of which the last one fails; the failure is caught.
    Caught(Vec<Plan>),
}

/// Gives out ids.
#[derive(Default)]
struct Names(u32);

impl Names {
    fn next(&mut self, prefix: &str) -> String {
        self.0 += 1;
        format!("{prefix}{}", self.0)
    }
}

impl Plan {
    /// A random plan.
    pub(super) fn any(chance: &mut Chance) -> Self {
        let mut names = Names::default();
        let parts = 2 + chance.below(3);
        Self::Sequence((0..parts).map(|_| Self::part(chance, &mut names, 2, true)).collect())
    }

    /// A part of a plan; outside of loops (`top`) it may wait for events.
    fn part(chance: &mut Chance, names: &mut Names, depth: u32, top: bool) -> Self {
        let kinds = if depth == 0 { 5 } else { 10 };
        match chance.below(kinds) {
            0 => Self::Sleep {
                id: names.next("sleep"),
                milliseconds: u64::try_from(chance.below(5_000)).unwrap(),
            },
            1 if top => Self::events(chance, names),
            1..=4 => Self::step(chance, names),
            5 | 6 => Self::Parallel(Self::parts(chance, names, depth, top)),
            7 => Self::Sequence(Self::parts(chance, names, depth, top)),
            8 => {
                let mut parts = Self::parts(chance, names, depth, top);
                parts.push(Self::Fail { id: names.next("fail") });
                Self::Caught(parts)
            }
            _ => Self::Each {
                id: names.next("each"),
                items: chance.below(4),
                limit: 1 + chance.below(3),
                body: Box::new(Self::part(chance, names, depth - 1, false)),
            },
        }
    }

    fn parts(chance: &mut Chance, names: &mut Names, depth: u32, top: bool) -> Vec<Self> {
        let parts = 1 + chance.below(3);
        (0..parts).map(|_| Self::part(chance, names, depth - 1, top)).collect()
    }

    fn step(chance: &mut Chance, names: &mut Names) -> Self {
        let failures = if chance.once_in(4) { 2 } else { 0 };
        let yields = u32::try_from(chance.below(3)).unwrap();
        Self::Step { id: names.next("step"), failures, yields }
    }

    /// Some waits for one key, one after the other.
    fn events(chance: &mut Chance, names: &mut Names) -> Self {
        let key = names.next("key");
        let waits = 1 + chance.below(3);
        let wait = |number| Self::Event { id: names.next("event"), key: key.clone(), number };
        Self::Sequence((0..waits).map(wait).collect())
    }

    /// The keys of the events that it waits for, in the order in which they must be sent.
    pub(super) fn sends(&self) -> Vec<(String, usize)> {
        match self {
            Self::Event { key, number, .. } => vec![(key.clone(), *number)],
            Self::Sequence(parts) | Self::Parallel(parts) | Self::Caught(parts) => {
                parts.iter().flat_map(Self::sends).collect()
            }
            Self::Each { .. } | Self::Step { .. } | Self::Fail { .. } | Self::Sleep { .. } => {
                Vec::new()
            }
        }
    }

    /// What it comes to.
    pub(super) fn expected(&self) -> Value {
        match self {
            Self::Step { id, .. } => json!(id),
            Self::Fail { .. } | Self::Sleep { .. } => Value::Null,
            Self::Event { key, number, .. } => payload(key, *number),
            Self::Sequence(parts) | Self::Parallel(parts) => {
                parts.iter().map(Self::expected).collect()
            }
            Self::Each { items, body, .. } => (0..*items).map(|_| body.expected()).collect(),
            Self::Caught(parts) => match parts.last() {
                Some(Self::Fail { id }) => json!(id),
                _ => Value::Null,
            },
        }
    }

    /// For each step, the paths that have their outcome before its body may start.
    pub(super) fn order(&self) -> BTreeMap<String, Vec<String>> {
        let mut order = BTreeMap::new();
        self.add_order("", &[], &mut order);
        order
    }

    /// The paths that have an outcome in the end, whatever happens.
    pub(super) fn surely(&self) -> Vec<String> {
        self.add_order("", &[], &mut BTreeMap::new())
    }

    /// Adds the steps within; the paths that surely have an outcome after it.
    fn add_order(
        &self,
        scope: &str,
        before: &[String],
        order: &mut BTreeMap<String, Vec<String>>,
    ) -> Vec<String> {
        let path =
            |id: &str| if scope.is_empty() { id.to_owned() } else { format!("{scope}/{id}") };
        match self {
            Self::Step { id, .. } | Self::Fail { id } => {
                order.insert(path(id), before.to_vec());
                vec![path(id)]
            }
            Self::Sleep { id, .. } | Self::Event { id, .. } => vec![path(id)],
            Self::Sequence(parts) => {
                let mut so_far = before.to_vec();
                let mut within = Vec::new();
                for part in parts {
                    let after = part.add_order(scope, &so_far, order);
                    so_far.extend(after.iter().cloned());
                    within.extend(after);
                }
                within
            }
            Self::Parallel(parts) => {
                parts.iter().flat_map(|part| part.add_order(scope, before, order)).collect()
            }
            Self::Caught(parts) => {
                let after: Vec<_> =
                    parts.iter().map(|part| part.add_order(scope, before, order)).collect();
                after.into_iter().next_back().unwrap_or_default()
            }
            Self::Each { id, items, body, .. } => {
                for item in 0..*items {
                    body.add_order(&format!("{}[{item}]", path(id)), before, order);
                }
                vec![path(id)]
            }
        }
    }
}

/// What the event with this key and number carries.
pub(super) fn payload(key: &str, number: usize) -> Value {
    json!(format!("{key}#{number}"))
}

/// A body's start.
#[derive(Clone, Debug)]
pub(super) struct BodyStart {
    pub(super) run: RunId,
    pub(super) path: String,
    pub(super) attempt: u32,
}

/// A plan as a workflow; its bodies note their starts.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) plan: Arc<Plan>,
    pub(super) starts: Arc<Mutex<Vec<BodyStart>>>,
}

impl Workflow for Planned {
    type Input = Value;
    type Output = Value;

    fn definition(&self) -> Definition {
        let events = vec![EventDef { name: "event".to_owned() }];
        Definition { name: self.name.clone(), revision: "1".to_owned(), events }
    }

    fn run(&self, ctx: Context, _: Value) -> LocalBoxFuture<'static, Result<Value>> {
        execute(ctx, Arc::clone(&self.plan), Arc::clone(&self.starts))
    }
}

type Starts = Arc<Mutex<Vec<BodyStart>>>;

fn execute(
    ctx: Context,
    plan: Arc<Plan>,
    starts: Starts,
) -> LocalBoxFuture<'static, Result<Value>> {
    Box::pin(async move {
        let part = |plan: &Plan| execute(ctx.clone(), Arc::new(plan.clone()), Arc::clone(&starts));
        match &*plan {
            Plan::Step { id, failures, yields } => {
                step(&ctx, id, *failures, *yields, &starts).await
            }
            Plan::Fail { id } => step(&ctx, id, u32::MAX, 0, &starts).await,
            Plan::Sleep { id, milliseconds } => {
                ctx.sleep(id.clone(), Duration::from_millis(*milliseconds)).await?;
                Ok(Value::Null)
            }
            Plan::Event { id, key, .. } => {
                let wait = WaitEvent::new("event").key(key.clone());
                Ok(ctx.wait_event::<Value>(id.clone(), wait).await?.unwrap_or_default())
            }
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
            Plan::Each { id, items, limit, body } => {
                let items: Vec<usize> = (0..*items).collect();
                let body = async |ctx: Context, _, _| {
                    execute(ctx, Arc::new((**body).clone()), Arc::clone(&starts)).await
                };
                let results: Vec<Value> = ctx.for_each(id.clone(), items, *limit, body).await?;
                Ok(json!(results))
            }
        }
    })
}

fn step(
    ctx: &Context,
    id: &str,
    failures: u32,
    yields: u32,
    starts: &Starts,
) -> crate::Step<Value> {
    let policy = Policy { max_attempts: 5, total: None, ..Policy::default() };
    let starts = Arc::clone(starts);
    ctx.step(StepSpec::new(id.to_owned(), "step").policy(policy), id.to_owned(), move |step, id| {
        let starts = Arc::clone(&starts);
        async move {
            let (run, path, attempt) = (step.run_id(), step.path().to_owned(), step.attempt());
            starts.lock().unwrap().push(BodyStart { run, path, attempt });
            for _ in 0..yields {
                yield_once().await;
            }
            match failures {
                u32::MAX => Err(StepError::fatal(id, "fails for good")),
                failures if attempt <= failures => Err(StepError::retryable("again", "again")),
                _ => Ok(Value::from(id)),
            }
        }
    })
}

async fn yield_once() {
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
