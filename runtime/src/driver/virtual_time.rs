//! A run on one thread in virtual time: nothing but the run decides what happens when.
//!
//! The real engine, back end and shard over the memory store. The clock stands still while
//! anything can go on, and then jumps to the next instant at which something does: a timer, a
//! retry, the end of a body that passes time, an event. So the same workflow in the same world
//! takes the same course each time, and a day takes no longer than a second.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Poller, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::bodies::{Spawn, Spawned};
use super::hub::Hub;
use super::registry::Registry;
use super::shard::{Message, Settings, Shard};
use crate::client::{Client, EntryView, Known, RunView};
use crate::clock::{Clock, later};
use crate::error::{Error, Result};
use crate::ids::{RunId, WorkerId};
use crate::payload::Payload;
use crate::store::{EventKey, MemoryStore, NewEvent, NewRun, Reply, RunState, Store, Transaction};
use crate::testkit::SimClock;
use crate::values::Timestamp;
use crate::workflow::Workflow;

thread_local! {
    /// The clock of the run that is being played on this thread, and when the next body is due.
    static CLOCK: std::cell::RefCell<Option<Passing>> = const { std::cell::RefCell::new(None) };
}

#[derive(Clone)]
struct Passing {
    clock: SimClock,
    due: Arc<Mutex<Vec<Timestamp>>>,
}

/// Lets virtual time pass in the body of a step that [`VirtualTime`] plays.
pub async fn pass(length: Duration) {
    let Some(passing) = CLOCK.with_borrow(Clone::clone) else { return };
    let until = later(passing.clock.now(), length);
    passing.due.lock().unwrap_or_else(PoisonError::into_inner).push(until);
    std::future::poll_fn(
        |_| {
            if passing.clock.now() < until { Poll::Pending } else { Poll::Ready(()) }
        },
    )
    .await;
}

/// Plays runs in virtual time, each from the instant 0 on.
///
/// ```
/// use std::time::Duration;
///
/// use flowcrate::{Context, Result, Timestamp, testkit::VirtualTime, workflow};
///
/// #[workflow]
/// async fn remind(ctx: Context, days: u64) -> Result<u64> {
///     ctx.sleep("later", Duration::from_secs(86_400 * days)).await?;
///     Ok(days)
/// }
///
/// let (run, journal) = VirtualTime::new().play(Remind, &30.into()).unwrap();
/// assert_eq!(run.output, Some(30.into()));
/// assert_eq!(journal[0].ended_at, Some(Timestamp(86_400_000 * 30)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct VirtualTime {
    events: Vec<(Duration, EventKey, Value)>,
    always_replay: bool,
}

impl VirtualTime {
    /// A world in which nothing comes from outside.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends an event at an instant.
    #[must_use]
    pub fn event(mut self, at: Duration, name: &str, key: Option<&str>, payload: Value) -> Self {
        let key = EventKey { name: name.to_owned(), key: key.map(str::to_owned) };
        self.events.push((at, key, payload));
        self.events.sort_by_key(|(at, _, _)| *at);
        self
    }

    /// Replays the run over its journal after each of its writes.
    #[must_use]
    pub fn always_replay(self) -> Self {
        Self { always_replay: true, ..self }
    }

    /// Plays a run until it ends, is paused or waits for what never comes: how it then stands, and
    /// its journal.
    pub fn play<W: Workflow + Send + Sync>(
        &self,
        workflow: W,
        input: &Value,
    ) -> Result<(RunView, Vec<EntryView>)> {
        let before = CLOCK.take();
        let played = Played::begin(workflow, input, self.always_replay).play(&self.events);
        CLOCK.set(before);
        played
    }
}

/// One run, and the worker that drives it.
struct Played {
    clock: SimClock,
    due: Arc<Mutex<Vec<Timestamp>>>,
    store: MemoryStore,
    shard: Shard,
    sender: Sender<Message>,
    messages: Receiver<Message>,
    bodies: Bodies,
    client: Client,
    run: RunId,
}

impl Played {
    fn begin<W: Workflow + Send + Sync>(workflow: W, input: &Value, always_replay: bool) -> Self {
        let clock = SimClock::at(Timestamp(0));
        let due = Arc::<Mutex<Vec<Timestamp>>>::default();
        CLOCK.set(Some(Passing { clock: clock.clone(), due: Arc::clone(&due) }));
        let store = MemoryStore::with_clock(clock.clone());
        let definition = workflow.definition();
        let registry = Arc::new(Registry::default());
        registry.add(Arc::new(workflow));
        let (hub, bodies) = (Arc::new(Hub::default()), Bodies::default());
        let (sender, messages) = channel();
        let worker = WorkerId::from_bytes([1; 16]);
        store.submit(Transaction::Open(worker, Reply::new(drop)));
        let shard = Shard::new(Settings {
            lease: None,
            store: Arc::new(store.clone()),
            worker,
            registry,
            hub: Arc::clone(&hub),
            runtime: Box::new(bodies.clone()),
            linger: super::LINGER,
            memory: super::MEMORY,
            gauge: Arc::default(),
            grace: super::GRACE,
            always_replay,
            answers: crate::testkit::Answers::default(),
            sender: sender.clone(),
        });
        let input = Payload::from(input);
        let (hash, run) = (input.hash(), RunId::from_bytes([7; 16]));
        let new = NewRun {
            id: run,
            seed: [7; 16],
            events: definition.events.into_iter().map(|event| event.name).collect(),
            ..NewRun::new(definition.name, definition.revision, input, hash, Timestamp(0))
        };
        store.submit(Transaction::Start(Box::new(new), Reply::new(drop)));
        let nudge = {
            let sender = sender.clone();
            move |run| drop(sender.send(Message::Nudge(run)))
        };
        let client =
            Client::driving(Arc::new(store.clone()), hub, Arc::new(nudge), Known::nothing());
        Self { clock, due, store, shard, sender, messages, bodies, client, run }
    }

    fn play(mut self, events: &[(Duration, EventKey, Value)]) -> Result<(RunView, Vec<EntryView>)> {
        let mut events = events.iter().peekable();
        drop(self.sender.send(Message::Hint));
        loop {
            let nap = self.settle();
            let view = now(self.client.run(self.run))?.ok_or(Error::UnknownRun(self.run))?;
            if view.state.is_final() || view.state == RunState::Paused {
                return Ok((view, now(self.client.journal(self.run))?));
            }
            let at = self.clock.now();
            let sent = events.peek().map(|(at, _, _)| later(Timestamp(0), *at));
            let body = self.next_body(at);
            let soon = nap.map(|nap| later(at, nap));
            let Some(next) = [sent, body, soon].into_iter().flatten().min() else {
                return Ok((view, now(self.client.journal(self.run))?));
            };
            let by = u64::try_from(next.0 - at.0).unwrap_or(0);
            self.clock.advance(Duration::from_millis(by));
            if sent == Some(next)
                && let Some((_, event, payload)) = events.next()
            {
                self.send(event.clone(), payload);
            }
        }
    }

    /// Lets everything happen that can happen now; how long until time alone brings the shard more.
    fn settle(&mut self) -> Option<Duration> {
        loop {
            let nap = self.shard.tick();
            if let Ok(message) = self.messages.try_recv() {
                self.shard.take(message);
            } else if !self.bodies.poll() {
                return nap;
            }
        }
    }

    fn next_body(&self, now: Timestamp) -> Option<Timestamp> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        due.retain(|at| *at > now);
        due.iter().min().copied()
    }

    fn send(&self, event: EventKey, payload: &Value) {
        let (run, at, payload) = (self.run, self.store.now(), Payload::from(payload));
        let event = NewEvent { run, event_id: None, payload, event, at };
        self.store.submit(Transaction::Event(Box::new(event), Reply::new(drop)));
        drop(self.sender.send(Message::Nudge(run)));
    }
}

/// What a client asks of the memory store is answered at once.
fn now<T>(asked: impl Future<Output = Result<T>>) -> Result<T> {
    asked.now_or_never().unwrap_or(Err(Error::Closed))
}

/// The bodies of steps, polled by whoever plays the run.
#[derive(Clone, Default)]
struct Bodies(Arc<Mutex<Vec<Body>>>);

struct Body {
    future: BoxFuture<'static, ()>,
    /// Ended or aborted.
    over: Arc<AtomicBool>,
}

struct Handle(Arc<AtomicBool>);

impl Spawn for Bodies {
    fn spawn(&self, future: BoxFuture<'static, ()>) -> Box<dyn Spawned> {
        let over = Arc::new(AtomicBool::new(false));
        let body = Body { future, over: Arc::clone(&over) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(body);
        Box::new(Handle(over))
    }
}

impl Spawned for Handle {
    fn abort(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_finished(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Bodies {
    /// Polls all bodies once; whether one has ended, or only let others run.
    fn poll(&self) -> bool {
        let bodies = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let yielded = Arc::new(Yielded::default());
        let waker = Waker::from(Arc::clone(&yielded));
        let mut ended = false;
        for mut body in bodies {
            if body.over.load(Ordering::SeqCst) {
                continue;
            }
            let mut poller = Poller::from_waker(&waker);
            if Pin::new(&mut body.future).poll(&mut poller).is_ready() {
                body.over.store(true, Ordering::SeqCst);
                ended = true;
            } else {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).push(body);
            }
        }
        ended || yielded.0.load(Ordering::SeqCst)
    }
}

/// Whether a body asked to be polled again at once.
#[derive(Default)]
struct Yielded(AtomicBool);

impl Wake for Yielded {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
