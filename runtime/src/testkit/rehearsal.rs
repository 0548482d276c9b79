//! A workflow rehearsed: its steps answer from examples, time is simulated, events come at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use super::clock::SimClock;
use super::crashes::CrashTest;
use super::ledger::Ledger;
use crate::client::{RunView, SendEvent};
use crate::payload::Payload;
use crate::store::{MemoryStore, RunFilter, RunState, Store};
use crate::values::Timestamp;
use crate::{Engine, EngineBuilder, Result, RunHandle, RunId, Workflow};

/// How often a rehearsal looks whether its run waits for something.
const LOOK: Duration = Duration::from_millis(1);

/// Time stands still while a body runs: it would else see its own time run out with that of another
/// run. One that waits to be told that its time is over, and moves nothing, is told after so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// What steps answer instead of running their bodies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    /// The workflow that is rehearsed; the others are those that it calls.
    workflow: String,
    cast: Arc<Cast>,
    ledger: Ledger,
}

/// What comes from outside, by workflow.
type Cast = BTreeMap<String, Part>;

/// What comes from outside in the runs of one workflow.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    /// By the step's id.
    #[serde(default)]
    steps: BTreeMap<String, Value>,
    /// By the event's name.
    #[serde(default)]
    events: BTreeMap<String, Value>,
}

impl Answers {
    /// The answer of the step at `path` of a run, counted; none where its body is to run.
    pub(crate) fn answer(&self, workflow: &str, run: RunId, path: &str) -> Option<Payload> {
        let id = path.rsplit('/').next().unwrap_or(path);
        // A hand-written step that is called twice has `#2` behind its id.
        let id = id.split('#').next().unwrap_or(id);
        let answer = self.cast.get(workflow)?.steps.get(id)?;
        let is_callee = workflow != self.workflow;
        self.ledger.count(&self.ledger.place(is_callee.then_some(run), path));
        Some(Payload::from(answer))
    }
}

/// A rehearsal of one workflow with one input.
///
/// No step's body runs for which [`step`](Self::step) gives an answer, so nothing outside is
/// touched; waits take no time; an event that the run waits for comes at once.
///
/// ```
/// use flowcrate::{Context, Result, testkit::Rehearsal, workflow};
/// use serde_json::json;
///
/// #[workflow(name = "nap")]
/// async fn nap(ctx: Context, hours: u64) -> Result<u64> {
///     ctx.sleep("doze", std::time::Duration::from_secs(3600 * hours)).await?;
///     Ok(hours)
/// }
///
/// let rehearsal = Rehearsal::of(Nap, json!(8));
/// assert_eq!(rehearsal.play().unwrap(), json!(8));
/// rehearsal.replay_at_every_await();
/// rehearsal.crash_at_every_write();
/// ```
#[derive(Clone, Debug)]
pub struct Rehearsal<W> {
    workflow: W,
    name: String,
    input: Value,
    cast: Cast,
}

/// The parts of a rehearsal, as a file holds them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    #[serde(default)]
    input: Value,
    #[serde(default)]
    steps: BTreeMap<String, Value>,
    #[serde(default)]
    events: BTreeMap<String, Value>,
    /// The same for the workflows that it calls, by name.
    #[serde(default)]
    workflows: Cast,
}

impl<W: Workflow + Clone + Send + Sync> Rehearsal<W> {
    /// A rehearsal of a workflow with `input`.
    pub fn of(workflow: W, input: Value) -> Self {
        let name = workflow.definition().name;
        Self { workflow, name, input, cast: Cast::new() }
    }

    /// A rehearsal whose parts are JSON: `{"input": …, "steps": {"<id>": …}, "events": {"<name>": …}}`,
    /// and for the workflows that it calls `"workflows": {"<name>": {"steps": …, "events": …}}`.
    /// Panics where the text is something else.
    pub fn read(workflow: W, script: &str) -> Self {
        let Script { input, steps, events, workflows } =
            serde_json::from_str(script).expect("a rehearsal has input, steps and events");
        let mut rehearsal = Self::of(workflow, input);
        rehearsal.cast = workflows;
        rehearsal.cast.insert(rehearsal.name.clone(), Part { steps, events });
        rehearsal
    }

    /// Lets the step with this id answer so, wherever in the run it stands.
    #[must_use]
    pub fn step(self, id: &str, output: Value) -> Self {
        let name = self.name.clone();
        self.step_of(&name, id, output)
    }

    /// The same for a step of a workflow that is called.
    #[must_use]
    pub fn step_of(mut self, workflow: &str, id: &str, output: Value) -> Self {
        self.part(workflow).steps.insert(id.to_owned(), output);
        self
    }

    /// Lets this event come whenever the run waits for it.
    #[must_use]
    pub fn event(self, name: &str, payload: Value) -> Self {
        let workflow = self.name.clone();
        self.event_of(&workflow, name, payload)
    }

    /// The same for an event that a workflow waits for which is called.
    #[must_use]
    pub fn event_of(mut self, workflow: &str, name: &str, payload: Value) -> Self {
        self.part(workflow).events.insert(name.to_owned(), payload);
        self
    }

    fn part(&mut self, workflow: &str) -> &mut Part {
        self.cast.entry(workflow.to_owned()).or_default()
    }

    /// Plays the run once: its output, or why it failed.
    pub fn play(&self) -> Result<Value> {
        self.once(false)
    }

    /// Drops the run from memory at every await, so that it is replayed over its journal as often
    /// as can be. Panics unless the result is that of an undisturbed run.
    pub fn replay_at_every_await(&self) {
        assert_eq!(self.once(true), self.once(false), "a replay came to another result");
    }

    /// Lets the process die right before and right after each write of the run, and another finish
    /// it. Panics unless the result is each time the same and no step ran again whose outcome was
    /// recorded. How many crashes there were.
    pub fn crash_at_every_write(&self) -> u64 {
        block_on(async {
            // Both lives of a process see one clock, as the world has one.
            let clock = SimClock::at(Timestamp(0));
            let test = CrashTest {
                store: {
                    let clock = clock.clone();
                    Box::new(move || {
                        Arc::new(MemoryStore::with_clock(clock.clone())) as Arc<dyn Store>
                    })
                },
                build: |builder: EngineBuilder, ledger: Ledger| self.cast(builder, ledger),
                act: async |engine: &Engine| self.act(engine, &clock).await,
            };
            test.run().await
        })
    }

    fn once(&self, always_replay: bool) -> Result<Value> {
        block_on(async {
            let clock = SimClock::at(Timestamp(0));
            let store: Arc<dyn Store> = Arc::new(MemoryStore::with_clock(clock.clone()));
            let builder = self.cast(Engine::builder().shared_store(store), Ledger::default());
            let builder = if always_replay { builder.always_replay() } else { builder };
            let engine = builder.build().await?;
            let result = self.act(&engine, &clock).await?.result().await;
            engine.kill();
            result
        })
    }

    /// Registers the workflow, its steps answered.
    fn cast(&self, builder: EngineBuilder, ledger: Ledger) -> EngineBuilder {
        ledger.tell_runs();
        let (workflow, cast) = (self.name.clone(), Arc::new(self.cast.clone()));
        builder.register(self.workflow.clone()).answers(Answers { workflow, cast, ledger })
    }

    /// Starts the run, and sees to what it waits for until it has ended.
    async fn act(&self, engine: &Engine, clock: &SimClock) -> Result<RunHandle<Value>> {
        let definition = self.workflow.definition();
        let key = Some("rehearsal".to_owned());
        let start =
            engine.start_value(&definition.name, &definition.revision, self.input.clone(), key);
        let run = start.await?;
        let prompter =
            Prompter { engine: engine.clone(), clock: clock.clone(), cast: self.cast.clone() };
        tokio::spawn(prompter.attend(run.id()));
        Ok(run)
    }
}

/// For which waits an event was sent.
type Sent = BTreeSet<(RunId, String)>;

/// Sees to it that a run never waits for long, nor what it calls.
struct Prompter {
    engine: Engine,
    clock: SimClock,
    cast: Cast,
}

impl Prompter {
    async fn attend(self, run: RunId) {
        let client = self.engine.client();
        let (mut before, mut since) = (Vec::new(), Instant::now());
        let mut sent = BTreeSet::new();
        while let Ok(Some(view)) = client.run(run).await {
            match view.state {
                RunState::Completed | RunState::Failed | RunState::Cancelled | RunState::Paused => {
                    return;
                }
                RunState::Pending | RunState::Running | RunState::Waiting => {}
            }
            // Asked before the look: what is still stays so until something is done here.
            let Some(is_still) = self.engine.is_still().await else { return };
            let states = vec![RunState::Pending, RunState::Running, RunState::Waiting];
            let filter = RunFilter { states, ..RunFilter::default() };
            let Ok(page) = client.runs(filter, None).await else { return };
            // A list does not say what its runs wait for.
            let mut views = Vec::new();
            for listed in page.items {
                views.extend(client.run(listed.id).await.ok().flatten());
            }
            if views != before {
                since = Instant::now();
            }
            let (mut due, known) = (None, sent.len());
            for view in &views {
                due = due.into_iter().chain(self.prompt(view, &mut sent).await).min();
            }
            // What has just come is looked at first.
            let is_still = is_still && sent.len() == known;
            if let Some(due) = due.filter(|_| is_still || since.elapsed() > PATIENCE) {
                let left = due.0.saturating_sub(crate::clock::Clock::now(&self.clock).0);
                self.clock.advance(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
            }
            before = views;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Brings the events that a run waits for; when the rest that it waits for is due first.
    async fn prompt(&self, view: &RunView, sent: &mut Sent) -> Option<Timestamp> {
        let (client, mut first) = (self.engine.client(), None);
        let events = self.cast.get(&view.workflow).map(|part| &part.events);
        for waiting in view.waiting_for.iter().cloned() {
            let known = waiting.event.as_ref().and_then(|name| events?.get_key_value(name));
            if let Some((name, payload)) = known {
                sent.insert((view.id, waiting.path.clone()));
                let options = SendEvent { key: waiting.key, event_id: Some(waiting.path) };
                // A run that ended meanwhile needs no event.
                drop(client.send_event(view.id, name, payload.clone(), options).await);
            } else {
                first = first.into_iter().chain(waiting.due).min();
            }
        }
        first
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("the test has threads")
        .block_on(future)
}
