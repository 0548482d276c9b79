//! The machine under a script in place of chance: one worker, one run, nothing goes wrong.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as Poller, Waker};
use std::time::Duration;

use super::World;
use crate::driver::registry::Registry;
use crate::driver::simulation::Chance;
use crate::driver::simulation::check::journal;
use crate::store::{Ask, Entry, EventKey, NewEvent, NewRun, Reply, Request, RunState, Transaction};
use crate::workflow::ErasedWorkflow;
use crate::{Payload, RunId};

/// The run of a script.
const RUN: RunId = RunId::from_bytes([1; 16]);

impl World {
    /// A machine that has taken up one run of a workflow.
    pub(in super::super) fn of(workflow: Arc<dyn ErasedWorkflow>, seed: u64) -> Self {
        let mut world = Self::new(Chance::new(seed), Vec::new(), false);
        let (input, definition) = (Payload::null(), workflow.definition());
        let (hash, now) = (input.hash(), world.store.now());
        let run = NewRun {
            id: RUN,
            seed: [1; 16],
            events: definition.events.into_iter().map(|event| event.name).collect(),
            ..NewRun::new(definition.name, definition.revision, input, hash, now)
        };
        let registry = Registry::default();
        registry.add(workflow);
        world.workers.clear();
        world.add_worker(registry);
        world.store.submit(Transaction::Start(Box::new(run), Reply::new(drop)));
        world.hint();
        world.until_quiet();
        world
    }

    /// Lets everything happen that needs neither bodies nor time.
    fn until_quiet(&mut self) {
        let mut quiet = false;
        while !std::mem::replace(&mut quiet, true) {
            for worker in &mut self.workers {
                while let Ok(message) = worker.messages.try_recv() {
                    worker.shard.take(message);
                    worker.shard.tick();
                    quiet = false;
                }
                let transactions = std::mem::take(&mut *worker.store.transactions.lock().unwrap());
                let queries = std::mem::take(&mut *worker.store.queries.lock().unwrap());
                quiet &= transactions.is_empty() && queries.is_empty();
                for transaction in transactions {
                    self.store.submit(transaction);
                }
                for query in queries {
                    self.store.query(query);
                }
            }
        }
    }

    /// Lets time pass.
    pub(in super::super) fn later(&mut self, milliseconds: u64) {
        self.clock.advance(Duration::from_millis(milliseconds));
        self.tick();
        self.until_quiet();
    }

    /// Lets each body move once, and what follows happen.
    pub(in super::super) fn bodies(&mut self) {
        for worker in &self.workers {
            let tasks = std::mem::take(&mut *worker.tasks.0.lock().unwrap());
            for mut task in tasks {
                let over = || task.over.load(Ordering::SeqCst);
                let poller = &mut Poller::from_waker(Waker::noop());
                if !over() && task.body.as_mut().poll(poller).is_pending() {
                    worker.tasks.0.lock().unwrap().push(task);
                } else {
                    task.over.store(true, Ordering::SeqCst);
                }
            }
        }
        self.until_quiet();
    }

    /// Somebody asks something of the run, and its owner has mail.
    pub(in super::super) fn ask(&mut self, ask: Ask) {
        let request = Request::new(RUN, ask, self.store.now());
        self.store.submit(Transaction::Request(request, Reply::new(drop)));
        self.tell(super::Message::Nudge(RUN));
        self.until_quiet();
    }

    /// Somebody sends an event to the run, whose owner has not heard of it yet.
    pub(in super::super) fn send_unheard(&self, name: &str) {
        let (event, at) = (EventKey { name: name.to_owned(), key: None }, self.store.now());
        let event = NewEvent { run: RUN, event_id: None, payload: Payload::null(), event, at };
        self.store.submit(Transaction::Event(Box::new(event), Reply::new(drop)));
    }

    /// How the run stands.
    pub(in super::super) fn stands(&self) -> Option<RunState> {
        self.state(RUN)
    }

    /// What the run has at a path.
    pub(in super::super) fn entry(&self, path: &str) -> Option<Entry> {
        journal(&*self.store, RUN).remove(path)
    }
}
