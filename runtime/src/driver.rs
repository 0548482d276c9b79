//! The driver: joins engine, back end and store to threads and a clock.
//!
//! One *shard* thread drives every run of an [`Engine`]; step bodies run on the tokio runtime in
//! which the engine was built. The shard talks to the store and to the bodies by messages only.

mod bodies;
mod claims;
mod hub;
mod link;
mod registry;
mod residence;
mod resident;
mod shard;
#[cfg(all(test, feature = "testkit"))]
pub(crate) mod simulation;
mod start;
mod trial;
#[cfg(feature = "testkit")]
mod virtual_time;

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::oneshot;

pub(crate) use hub::Hub;
pub(crate) use link::Link;
use registry::Registry;
pub use residence::Occupancy;
use shard::{Lease, Message, Shard};
pub use start::Start;
#[cfg(feature = "testkit")]
pub(crate) use trial::{Tried, replay};
#[cfg(feature = "testkit")]
pub use virtual_time::{VirtualTime, pass};

use crate::backend::GRACE;
use crate::client::{Client, Known, RunHandle};
use crate::error::{Error, Result};
use crate::ids::{RunId, WorkerId};
use crate::journaled::RunValue;
use crate::payload::Payload;
use crate::profile::{Profile, Promise};
use crate::retention::{Keeper, Retention};
use crate::store::{Reply, RunRow, Store, Transaction};
use crate::workflow::{Workflow, check_constraints};

/// Stack of the shard thread: a run's futures nest as deep as its branches do. Memory that is
/// never touched is never taken.
const STACK: usize = 256 * 1024 * 1024;
/// How long a run that only waits stays in memory by default.
const LINGER: Duration = Duration::from_secs(2);
/// Bytes that the runs in memory may take by default.
const MEMORY: usize = 256 * 1024 * 1024;

/// Drives durable runs of the workflows that are registered with it.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    worker: WorkerId,
    registry: Arc<Registry>,
    hub: Arc<Hub>,
    gauge: Arc<residence::Gauge>,
    shard: Sender<Message>,
    keeper: Mutex<Option<Keeper>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Sets up an [`Engine`].
#[derive(Default)]
pub struct EngineBuilder {
    store: Option<Arc<dyn Store>>,
    registry: Registry,
    linger: Option<Duration>,
    memory: Option<usize>,
    grace: Option<Duration>,
    retention: Retention,
    always_replay: bool,
    #[cfg(feature = "testkit")]
    answers: crate::testkit::Answers,
}

impl EngineBuilder {
    /// Where the journals live.
    #[must_use]
    pub fn store(self, store: impl Store) -> Self {
        self.shared_store(Arc::new(store))
    }

    /// Where the journals live, shared with others.
    #[must_use]
    pub fn shared_store(self, store: Arc<dyn Store>) -> Self {
        Self { store: Some(store), ..self }
    }

    /// A workflow that this engine drives, and those that it says to call.
    #[must_use]
    pub fn register(self, workflow: impl Workflow + Send + Sync) -> Self {
        self.registry.add(Arc::new(workflow));
        self
    }

    /// How long a run that only waits stays in memory before it is but a row.
    #[must_use]
    pub fn linger(self, linger: Duration) -> Self {
        Self { linger: Some(linger), ..self }
    }

    /// How long the body of a step may go on once its run is cancelled; 5 s unless this is called.
    /// It is told ([`StepContext::cancelled`](crate::StepContext::cancelled)); an outcome within
    /// that time is recorded and counts, after it the body is cut short and nobody knows.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace: Some(grace), ..self }
    }

    /// About how many bytes the runs in memory may take. Where they take more, those that only
    /// wait leave before their linger is over, the ones that were used least recently first; one
    /// that works stays. 256 MiB unless it is said.
    #[must_use]
    pub fn memory(self, bytes: usize) -> Self {
        Self { memory: Some(bytes), ..self }
    }

    /// How long runs that have ended are kept; for ever unless this is called.
    #[must_use]
    pub fn retention(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

    /// Drops each run from memory after each of its writes, so that the function is replayed over
    /// its journal as often as can be. For tests: what a replay cannot repeat shows at once.
    #[cfg(feature = "testkit")]
    #[must_use]
    pub fn always_replay(self) -> Self {
        Self { always_replay: true, ..self }
    }

    /// Lets steps answer from examples instead of running their bodies.
    #[cfg(feature = "testkit")]
    #[must_use]
    pub(crate) fn answers(self, answers: crate::testkit::Answers) -> Self {
        Self { answers, ..self }
    }

    /// Opens the store for driving and resumes what is unfinished. The bodies of steps run on
    /// the tokio runtime that this is called in.
    pub async fn build(self) -> Result<Engine> {
        let store = self.store.ok_or(Error::Setup("an engine needs a store"))?;
        let runtime = tokio::runtime::Handle::try_current()
            .map_err(|_| Error::Setup("an engine is built within a tokio runtime"))?;
        check_profile(store.as_ref(), "the engine", ENGINE_NEEDS)?;
        self.registry.check(store.as_ref())?;
        let worker = WorkerId::new();
        let (reply, opened) = Reply::channel();
        let asked = Instant::now();
        store.submit(Transaction::Open(worker, reply));
        opened.await?;
        let (reply, declared) = Reply::channel();
        store.submit(Transaction::Declare(Box::new(self.registry.limits()), reply));
        declared.await?;
        let (registry, hub) = (Arc::new(self.registry), Arc::new(Hub::default()));
        let gauge = Arc::new(residence::Gauge::default());
        let (shard, messages) = std::sync::mpsc::channel();
        let hint = shard.clone();
        // The receiver is gone once the engine is: then nobody needs the hint.
        store.on_hint(Box::new(move || drop(hint.send(Message::Hint))));
        let settings = shard::Settings {
            store: Arc::clone(&store),
            worker,
            lease: store.lease().map(|lease| Lease::new(lease, asked)),
            registry: Arc::clone(&registry),
            hub: Arc::clone(&hub),
            runtime: Box::new(runtime),
            linger: self.linger.unwrap_or(LINGER),
            memory: self.memory.unwrap_or(MEMORY),
            gauge: Arc::clone(&gauge),
            grace: self.grace.unwrap_or(GRACE),
            always_replay: self.always_replay,
            #[cfg(feature = "testkit")]
            answers: self.answers,
            sender: shard.clone(),
        };
        let named = Arc::clone(&registry);
        let keeper = Keeper::start(&store, self.retention, move || named.names())
            .map_err(|_| Error::Setup("no thread could be started"))?;
        let thread = std::thread::Builder::new()
            .name("flowcrate-shard".to_owned())
            .stack_size(STACK)
            .spawn(move || Shard::new(settings).run(&messages))
            .map_err(|_| Error::Setup("no thread could be started"))?;
        let (thread, keeper) = (Mutex::new(Some(thread)), Mutex::new(keeper));
        let inner = Inner { store, worker, registry, hub, gauge, shard, keeper, thread };
        Ok(Engine { inner: Arc::new(inner) })
    }
}

impl Engine {
    /// Begins to set up an engine.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// Adds a workflow and those that it says to call; their unfinished runs are resumed.
    pub fn register(&self, workflow: impl Workflow + Send + Sync) -> Result<()> {
        let what = format!("workflow `{}`", workflow.definition().name);
        check_profile(self.inner.store.as_ref(), &what, workflow.needs())?;
        self.inner.registry.add(Arc::new(workflow));
        // In the order of asking: whatever is started from now on is under its limit.
        let declare =
            Transaction::Declare(Box::new(self.inner.registry.limits()), Reply::new(drop));
        self.inner.store.submit(declare);
        self.inner.tell(Message::Hint)
    }

    /// Starts a run of a registered workflow. Awaiting it gives a handle once the run is durable.
    #[expect(clippy::needless_pass_by_value, reason = "`start(OrderIntake, order)` reads best")]
    pub fn start<W: Workflow>(&self, workflow: W, input: W::Input) -> Start<W::Output> {
        let input = input.to_payload().map_err(|error| Error::codec("the input", &error));
        let input = input.and_then(|input| check_constraints(&workflow, &input).map(|()| input));
        let definition = workflow.definition();
        Start::new(
            self.clone(),
            definition.name,
            definition.revision,
            input,
            RunValue::from_payload,
        )
    }

    /// Starts a run of a workflow that is registered under this name and revision.
    pub async fn start_value(
        &self,
        name: &str,
        revision: &str,
        input: Value,
        key: Option<String>,
    ) -> Result<RunHandle<Value>> {
        let input = Payload::from(&input);
        let workflow = self.inner.registry.get(name, revision)?;
        workflow.check_input(&input)?;
        Start::new(self.clone(), name.to_owned(), revision.to_owned(), Ok(input), Payload::decode)
            .maybe_key(key)
            .await
    }

    /// Whether it drives runs of a workflow in a revision, or adopts them.
    #[cfg(feature = "host")]
    pub(crate) fn serves(&self, workflow: &str, revision: &str) -> bool {
        self.inner.registry.serves(workflow, revision)
    }

    /// Whether it has a workflow in a revision.
    #[cfg(feature = "host")]
    pub(crate) fn has(&self, workflow: &str, revision: &str) -> bool {
        self.inner.registry.get(workflow, revision).is_ok()
    }

    /// How many runs are in memory at this moment; every other one is but a row.
    pub fn occupancy(&self) -> Occupancy {
        self.inner.gauge.read()
    }

    /// A run of `W` by its id; see [`Client::handle`].
    pub fn handle<W: Workflow>(&self, run: RunId) -> RunHandle<W::Output> {
        self.client().handle::<W>(run)
    }

    /// The run of a workflow that was started with this key, in whatever revision; see
    /// [`Client::attach`]. Starting again with the key and the same input gives it, too.
    pub async fn attach<W: Workflow>(
        &self,
        workflow: W,
        key: &str,
    ) -> Result<Option<RunHandle<W::Output>>> {
        self.client().attach(workflow, key).await
    }

    /// A view of the runs, and a way to send to them.
    pub fn client(&self) -> Client {
        let shard = self.inner.shard.clone();
        let nudge = move |run| drop(shard.send(Message::Nudge(run)));
        let registry = Arc::clone(&self.inner.registry);
        let check = move |workflow: &str, revision: &str, event: &str, payload: &Value| {
            // A run of a workflow that this engine does not have is somebody else's to check.
            let workflow = registry.get(workflow, revision);
            workflow.map_or(Ok(()), |workflow| workflow.check_event(event, payload))
        };
        let registry = Arc::clone(&self.inner.registry);
        let serves = move |workflow: &str, revision: &str| registry.serves(workflow, revision);
        let registry = Arc::clone(&self.inner.registry);
        let changed = move |row: &RunRow| registry.changed(row);
        let (check, serves, changed) = (Arc::new(check), Arc::new(serves), Arc::new(changed));
        let (store, hub) = (Arc::clone(&self.inner.store), Arc::clone(&self.inner.hub));
        Client::driving(store, hub, Arc::new(nudge), Known { check, serves, changed })
    }

    /// Leaves the runs to whoever opens the store next. Bodies that run are cut short, and run
    /// again there.
    pub async fn shutdown(&self) {
        let (done, closed) = oneshot::channel();
        if self.inner.tell(Message::Shutdown(done)).is_ok() {
            // Without an answer the shard is gone already.
            drop(closed.await);
        }
        self.inner.join();
    }

    /// Whether nothing will happen unless time passes, or somebody does something: no body runs,
    /// nothing is being written, nothing is due. `None` once it has ended.
    #[cfg(feature = "testkit")]
    pub(crate) async fn is_still(&self) -> Option<bool> {
        let (told, answer) = oneshot::channel();
        self.inner.tell(Message::Look(told)).ok()?;
        answer.await.ok()
    }

    /// Ends the engine as a crash would: nothing more is written.
    #[cfg(feature = "testkit")]
    pub fn kill(&self) {
        drop(self.inner.tell(Message::Abandon));
        self.inner.join();
    }
}

/// What no engine can do without.
const ENGINE_NEEDS: Profile = Profile::none()
    .with(Promise::DurableFirst)
    .with(Promise::OneOutcome)
    .with(Promise::StartKeys)
    .with(Promise::Fencing);

/// Refuses what needs more than a store offers.
fn check_profile(store: &dyn Store, what: &str, needs: Profile) -> Result<()> {
    match store.profile().lacks(needs) {
        Some(promise) => Err(Error::Unsupported { what: what.to_owned(), promise }),
        None => Ok(()),
    }
}

impl Inner {
    fn tell(&self, message: Message) -> Result<()> {
        self.shard.send(message).map_err(|_| Error::Closed)
    }

    fn join(&self) {
        drop(self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            drop(thread.join());
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The shard lets go of everything; the next engine takes the runs over.
        drop(self.tell(Message::Abandon));
    }
}
