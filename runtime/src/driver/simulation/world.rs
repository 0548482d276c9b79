//! The machine: workers, their stores, tasks, clock; and what may happen to them.

mod script;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context as Poller, Waker};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;
use uuid::Uuid;

use super::Chance;
use super::adoptions::{Plans, SECOND, Seen, events, fingerprint};
use super::census::Census;
use super::check::{Checker, check_end, journal};
use super::execute::{Notes, Planned, callee};
use super::forks::{Before, edits};
use super::limits::Regime;
use super::plan::{Plan, Sent};
use super::streams::{Follower, stream};
use super::walk::Journal;
use crate::driver::bodies::{Spawn, Spawned};
use crate::driver::hub::Hub;
use crate::driver::registry::Registry;
use crate::driver::shard::{Message, Settings, Shard};
use crate::sqlite::Disk;
use crate::store::{
    Append, Appended, Ask, Claim, Claimed, Delivered, Entry, EventKey, MemoryStore, NewEvent,
    NewFork, NewRun, Query, Reply, Request, RunRow, RunState, Store, StoreError, Transaction,
    child_id,
};
use crate::testkit::SimClock;
use crate::{Payload, RunId, Timestamp, WorkerId};

/// So many runs are enough: nobody forks any more.
const RUNS: usize = 16;

/// All there is.
pub(super) struct World {
    chance: Chance,
    clock: SimClock,
    store: Arc<dyn Store>,
    /// The file that the store is, if it is one.
    disk: Option<Arc<Disk>>,
    /// Those who watch runs are told of them here.
    hub: Arc<Hub>,
    followers: Vec<Follower>,
    runs: Vec<SimRun>,
    workflows: BTreeMap<String, Plans>,
    /// The limits that runs are under, if there are any.
    regime: Option<Regime>,
    /// What a claim broke.
    broken: Result<(), String>,
    /// Whether second revisions take over the runs of the first ones.
    adopts: bool,
    /// Whether workflows are changed at all.
    revises: bool,
    /// Whether new workers know every revision.
    is_settled: bool,
    /// The last one drives; the ones before are zombies.
    workers: Vec<Worker>,
    next_worker: u8,
    notes: Arc<Notes>,
    checker: Checker,
    pub(super) census: Census,
    /// Runs that were written since they were looked at.
    touched: BTreeSet<RunId>,
    trace: Vec<u64>,
}

pub(super) struct SimRun {
    pub(super) id: RunId,
    pub(super) seed: [u8; 16],
    /// Who calls or starts it, where, and whether it waits for it.
    pub(super) parent: Option<(RunId, String, bool)>,
    /// The workflow that it is a run of.
    pub(super) workflow: String,
    pub(super) plan: Arc<Plan>,
    /// Events that are still to be sent, in order.
    sends: VecDeque<Sent>,
    /// How many the store has accepted.
    pub(super) accepted: usize,
    started: bool,
    pub(super) cancelled: bool,
    pub(super) terminated: bool,
    /// Inputs that steps have in place of the plan's, by path: it is a fork.
    pub(super) edits: BTreeMap<String, Value>,
    /// The steps that it took along as a fork.
    pub(super) taken: BTreeSet<String>,
    /// What its workflow is in its second revision.
    pub(super) next: Option<Arc<Plan>>,
    pub(super) seen: Option<Seen>,
}

/// A process.
struct Worker {
    shard: Shard,
    messages: Receiver<Message>,
    sender: Sender<Message>,
    store: SimStore,
    tasks: SimTasks,
}

/// A worker's way to the store: what it asks for waits here until it is that operation's turn.
#[derive(Clone)]
struct SimStore {
    inner: Arc<dyn Store>,
    transactions: Arc<Mutex<VecDeque<Transaction>>>,
    queries: Arc<Mutex<VecDeque<Query>>>,
}

impl Store for SimStore {
    fn submit(&self, transaction: Transaction) {
        self.transactions.lock().unwrap().push_back(transaction);
    }

    fn query(&self, query: Query) {
        self.queries.lock().unwrap().push_back(query);
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn on_hint(&self, _: Box<dyn Fn() + Send + Sync>) {}
}

/// The bodies of a worker.
#[derive(Clone, Default)]
struct SimTasks(Arc<Mutex<Vec<SimTask>>>);

struct SimTask {
    body: BoxFuture<'static, ()>,
    /// Ended or aborted.
    over: Arc<AtomicBool>,
}

struct SimSpawned(Arc<AtomicBool>);

impl Spawn for SimTasks {
    fn spawn(&self, body: BoxFuture<'static, ()>) -> Box<dyn Spawned> {
        let over = Arc::new(AtomicBool::new(false));
        self.0.lock().unwrap().push(SimTask { body, over: Arc::clone(&over) });
        Box::new(SimSpawned(over))
    }
}

impl Spawned for SimSpawned {
    fn abort(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_finished(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Adds a run, and those that it may call: their seeds derive from its `base`.
fn add_run(
    runs: &mut Vec<SimRun>,
    (id, seed, base): (RunId, [u8; 16], [u8; 16]),
    parent: Option<(RunId, String, bool)>,
    (workflow, plan): (String, Plan),
) {
    let plan = Arc::new(plan);
    let (sends, started) = (plan.sends("").into(), parent.is_some());
    let (accepted, cancelled, terminated) = (0, false, false);
    let callees = Arc::clone(&plan);
    let name = workflow.clone();
    runs.push(SimRun {
        id,
        seed,
        parent,
        workflow,
        plan,
        sends,
        accepted,
        started,
        cancelled,
        terminated,
        edits: BTreeMap::new(),
        taken: BTreeSet::new(),
        next: None,
        seen: None,
    });
    for (path, plan, awaited) in callees.children("") {
        let (child, workflow) = (child_id(id, &path), callee(&name, &path));
        let seed = Uuid::new_v5(&Uuid::from_bytes(base), path.as_bytes()).into_bytes();
        add_run(runs, (child, seed, seed), Some((id, path, awaited)), (workflow, plan.clone()));
    }
}

impl World {
    pub(super) fn new(mut chance: Chance, plans: Vec<Plan>, in_file: bool) -> Self {
        let clock = SimClock::at(Timestamp(1_000_000));
        let disk = in_file.then(|| Arc::new(Disk::new(clock.clone())));
        let store: Arc<dyn Store> = match &disk {
            Some(disk) => Arc::<Disk>::clone(disk),
            None => Arc::new(MemoryStore::with_clock(clock.clone())),
        };
        let mut runs = Vec::new();
        for (number, plan) in (0..).zip(plans) {
            let bytes = [number + 1; 16];
            let workflow = (format!("workflow{number}"), plan);
            add_run(&mut runs, (RunId::from_bytes(bytes), bytes, bytes), None, workflow);
        }
        let mut census = Census::default();
        for run in runs.iter().filter(|run| run.parent.is_none()) {
            census.note("program");
            census.count(&run.plan);
        }
        let regime = Regime::of(&chance, &mut census);
        if let Some(regime) = &regime {
            let declare = regime.declare(runs.iter().map(|run| run.workflow.clone()));
            store.submit(Transaction::Declare(Box::new(declare), Reply::new(drop)));
        }
        let workflows =
            runs.iter().map(|run| (run.workflow.clone(), (Arc::clone(&run.plan), None)));
        let mut world = Self {
            workflows: workflows.collect(),
            regime,
            broken: Ok(()),
            adopts: chance.once_in(2),
            revises: chance.once_in(2),
            is_settled: false,
            chance,
            store,
            disk,
            hub: Arc::default(),
            followers: Vec::new(),
            clock,
            runs,
            workers: Vec::new(),
            next_worker: 0,
            notes: Arc::default(),
            checker: Checker::default(),
            census,
            touched: BTreeSet::new(),
            trace: Vec::new(),
        };
        world.open_worker();
        world
    }

    /// Lets one thing happen, and checks what must hold.
    pub(super) fn operate(&mut self, disturbed: bool) -> Result<(), String> {
        self.go_on_with_blobs();
        let choice = self.chance.below(100);
        self.trace.push(u64::try_from(choice).unwrap());
        match choice {
            0..30 => self.take_message(),
            30..55 => self.commit(disturbed),
            55..65 => self.answer(),
            65..81 => self.poll_body(),
            81 => self.follow()?,
            82..88 => {
                let by = self.chance.below(3_000);
                self.clock.advance(Duration::from_millis(u64::try_from(by).unwrap()));
                self.tick();
            }
            88..92 => self.start_run(),
            92..95 => self.send_event(),
            95 if disturbed => self.fork()?,
            96 if disturbed && self.revises => self.revise(),
            95..97 => self.hint(),
            97 if disturbed => self.interfere(),
            98 if disturbed => self.replace_worker(false),
            99 if disturbed => self.replace_worker(true),
            _ => self.resume(),
        }
        let mut touched = std::mem::take(&mut self.touched);
        // Nothing else reaches the store. Now and then all is looked at, whatever was written.
        if choice >= 88 || self.chance.once_in(32) {
            touched.extend(self.runs.iter().map(|run| run.id));
        }
        touched.extend(self.notes.starts.lock().unwrap().iter().map(|start| start.run));
        if touched.is_empty() {
            return Ok(());
        }
        std::mem::replace(&mut self.broken, Ok(()))?;
        if let Some(regime) = &self.regime {
            regime.check(&self.rows())?;
        }
        let zombies = self.workers.len() > 1;
        let relatives = self.runs.iter().filter_map(|run| Some((run.id, run.parent.as_ref()?.0)));
        let relatives: Vec<_> = relatives.collect();
        let related =
            |(child, parent): &&(RunId, RunId)| touched.contains(child) || touched.contains(parent);
        let related: Vec<_> = relatives.iter().filter(related).collect();
        touched.extend(related.into_iter().flat_map(|(child, parent)| [*child, *parent]));
        let runs = self.runs.iter_mut().filter(|run| touched.contains(&run.id));
        self.checker.check(&*self.store, (runs, &mut self.census), &self.notes, zombies)
    }

    /// Whether every run has ended.
    pub(super) fn is_over(&self) -> bool {
        // Mostly not: this one tells.
        let not_yet = |run: &SimRun| self.state(run.id).is_some_and(|state| !state.is_final());
        if self.runs.first().is_some_and(not_yet) {
            return false;
        }
        self.runs.iter().all(|run| match self.state(run.id) {
            Some(state) => state.is_final(),
            // Whether it is ever called is its parent's affair.
            None => run.parent.is_some(),
        })
    }

    /// What must hold once every run has ended.
    pub(super) fn check_end(&mut self) -> Result<(), String> {
        self.followers.iter_mut().try_for_each(|follower| follower.finish(&*self.store))?;
        self.runs.iter().try_for_each(|run| check_end(&*self.store, run))
    }

    /// The runs as they stand, with their journals in order.
    pub(super) fn describe(&self) -> String {
        let mut text = String::new();
        for run in &self.runs {
            let row = self.load(run.id).map(|loaded| loaded.row);
            let state = row.as_ref().map(|row| (row.state, row.epoch, row.failure.as_ref()));
            writeln!(text, "{}: {state:?}\n{:?}", run.id, run.plan).unwrap();
            let mut journal: Vec<_> = journal(&*self.store, run.id).into_values().collect();
            journal.sort_by_key(|entry| (entry.seq.is_none(), entry.seq));
            for Entry { path, status, seq, output, attempts, waiting, .. } in journal {
                writeln!(text, "  {seq:?} {path} {status:?} {attempts} {output:?} {waiting:?}")
                    .unwrap();
            }
        }
        text
    }

    /// What was chosen and what came of it.
    pub(super) fn trace(&self) -> (Vec<u64>, String) {
        (self.trace.clone(), self.describe())
    }

    fn open_worker(&mut self) {
        let registry = Registry::default();
        for (name, (first, second)) in self.workflows.clone() {
            // Some know only the newest of a workflow, some have not heard of it yet.
            let knows = if self.is_settled { 0 } else { self.chance.below(4) };
            let add = |revision, adopts, plan| {
                let (name, notes) = (name.clone(), Arc::clone(&self.notes));
                registry.add(Arc::new(Planned { name, revision, adopts, plan, notes }));
            };
            if knows != 1 || second.is_none() {
                add("1", false, first);
            }
            if let Some(second) = second.filter(|_| knows != 2) {
                add(SECOND, self.adopts, second);
            }
        }
        self.add_worker(registry);
    }

    fn add_worker(&mut self, registry: Registry) {
        self.next_worker += 1;
        let worker = WorkerId::from_bytes([self.next_worker; 16]);
        self.store.submit(Transaction::Open(worker, Reply::new(drop)));
        let (sender, messages) = channel();
        let store = SimStore {
            inner: Arc::clone(&self.store),
            transactions: Arc::default(),
            queries: Arc::default(),
        };
        let tasks = SimTasks::default();
        let mut shard = Shard::new(Settings {
            lease: None,
            store: Arc::new(store.clone()),
            worker,
            registry: Arc::new(registry),
            hub: Arc::clone(&self.hub),
            runtime: Box::new(tasks.clone()),
            memory: if self.chance.once_in(2) { 0 } else { 1 << 20 },
            gauge: Arc::default(),
            linger: Duration::from_millis(u64::try_from(self.chance.below(2_000)).unwrap()),
            grace: crate::backend::GRACE,
            always_replay: self.chance.once_in(4),
            answers: crate::testkit::Answers::default(),
            sender: sender.clone(),
        });
        shard.take(Message::Hint);
        self.workers.push(Worker { shard, messages, sender, store, tasks });
        self.tick();
    }

    fn worker(&mut self) -> &mut Worker {
        let worker = self.chance.below(self.workers.len());
        &mut self.workers[worker]
    }

    fn tick(&mut self) {
        for worker in &mut self.workers {
            worker.shard.tick();
        }
    }

    fn take_message(&mut self) {
        let worker = self.worker();
        if let Ok(message) = worker.messages.try_recv() {
            worker.shard.take(message);
            worker.shard.tick();
        }
    }

    fn commit(&mut self, disturbed: bool) {
        let fault = if disturbed { self.chance.below(40) } else { 40 };
        let store = self.store.clone();
        let Some(transaction) = self.worker().store.transactions.lock().unwrap().pop_front() else {
            return;
        };
        match &transaction {
            // It takes what it finds.
            Transaction::Claim(..) => self.touched.extend(self.runs.iter().map(|run| run.id)),
            other => other.each_run(|run| self.touched.extend([run])),
        }
        match (transaction, fault) {
            (Transaction::Write(_, reply), 0) => {
                reply.send(Err(StoreError::Failed("simulated".to_owned())));
            }
            (Transaction::Append(_, reply), 0) => {
                reply.send(Err(StoreError::Failed("simulated".to_owned())));
            }
            // Dropped: unknown, and not written.
            (Transaction::Write(..) | Transaction::Claim(..) | Transaction::Append(..), 1) => {}
            (Transaction::Write(write, reply), 2) => {
                store.submit(Transaction::Write(write, Reply::new(drop)));
                drop(reply);
            }
            (Transaction::Append(item, reply), 2) => {
                self.append(item, Reply::new(drop));
                drop(reply);
            }
            (Transaction::Append(item, reply), _) => self.append(item, reply),
            (Transaction::Claim(claim, reply), _) => self.claim(&claim, reply),
            (transaction, _) => store.submit(transaction),
        }
    }

    fn claim(&mut self, claim: &Claim, reply: Reply<Claimed>) {
        // A file commits what waits for it in its own time, and a former worker is given nothing.
        let drives = claim.worker == WorkerId::from_bytes([self.next_worker; 16]);
        let before = self.rows();
        self.store.submit(Transaction::Claim(claim.clone(), reply));
        if drives && self.disk.is_none() {
            let after = self.rows();
            if let Some(regime) = &mut self.regime {
                self.broken = regime.check_claim(claim, &before, &after);
            }
        }
    }

    /// The rows of all runs, where they are under limits.
    fn rows(&self) -> Vec<RunRow> {
        let runs = self.runs.iter().filter(|_| self.regime.is_some());
        runs.filter_map(|run| Some(self.load(run.id)?.row)).collect()
    }

    fn append(&self, item: Box<Append>, reply: Reply<Appended>) {
        let epoch = self.load(item.run).map(|loaded| loaded.row.epoch);
        self.notes.told.arrives(&item, epoch.unwrap_or_default());
        self.store.submit(Transaction::Append(item, reply));
    }

    /// Somebody reads on, or begins to.
    fn follow(&mut self) -> Result<(), String> {
        let index = self.chance.below(self.runs.len() * 2);
        if let Some(run) = self.runs.get(index).map(|run| run.id)
            && self.state(run).is_some()
        {
            let from = self.chance.below(stream(&*self.store, run).len() + 2) as u64;
            self.followers.push(Follower::new(&self.store, &self.hub, run, from));
        }
        self.followers.iter_mut().try_for_each(|follower| follower.follow(&*self.store))
    }

    fn answer(&mut self) {
        let store = self.store.clone();
        let query = self.worker().store.queries.lock().unwrap().pop_front();
        if let Some(query) = query {
            store.query(query);
        }
    }

    fn poll_body(&mut self) {
        let worker = self.chance.below(self.workers.len());
        let tasks = self.workers[worker].tasks.clone();
        tasks.0.lock().unwrap().retain(|task| !task.over.load(Ordering::SeqCst));
        let count = tasks.0.lock().unwrap().len();
        if count == 0 {
            return;
        }
        let mut task = tasks.0.lock().unwrap().swap_remove(self.chance.below(count));
        if task.body.as_mut().poll(&mut Poller::from_waker(Waker::noop())).is_pending() {
            tasks.0.lock().unwrap().push(task);
        } else {
            task.over.store(true, Ordering::SeqCst);
        }
    }

    fn start_run(&mut self) {
        let Some(run) = self.runs.iter_mut().find(|run| !run.started) else { return };
        run.started = true;
        let input = Payload::null();
        let (name, hash, now) = (run.workflow.clone(), input.hash(), self.store.now());
        let new = NewRun {
            id: run.id,
            seed: run.seed,
            events: events("1"),
            fingerprint: Some(fingerprint("1").into()),
            ..NewRun::new(name, "1", input, hash, now)
        };
        let new = match &mut self.regime {
            Some(regime) => regime.place(new),
            None => new,
        };
        self.store.submit(Transaction::Start(Box::new(new), Reply::new(drop)));
        self.hint();
    }

    fn send_event(&mut self) {
        let index = self.chance.below(self.runs.len());
        if self.state(self.runs[index].id).is_none() {
            return;
        }
        let run = &mut self.runs[index];
        let Some(Sent { key, payload, .. }) = run.sends.pop_front() else { return };
        let event = NewEvent {
            run: run.id,
            event_id: Some(format!("{key}#{payload}")),
            payload: Payload::from(&payload),
            event: EventKey { name: "event".to_owned(), key: Some(key) },
            at: self.store.now(),
        };
        // Senders that are not sure send again.
        for _ in 0..2 {
            let (sender, answer) = channel();
            let reply = Reply::new(move |delivered| sender.send(delivered).unwrap());
            self.store.submit(Transaction::Event(Box::new(event.clone()), reply));
            self.finish_blobs();
            if answer.recv().unwrap() == Ok(Delivered::Accepted) {
                self.runs[index].accepted += 1;
            }
        }
        self.tell(Message::Nudge(event.run));
    }

    /// Somebody forks a run, wherever it stands.
    fn fork(&mut self) -> Result<(), String> {
        let index = self.chance.below(self.runs.len());
        self.fork_run(index).map(drop)
    }

    /// Somebody forks runs that have ended; whether there is anything new.
    pub(super) fn fork_what_has_ended(&mut self) -> Result<bool, String> {
        let mut forked = false;
        for index in 0..self.runs.len() {
            if self.chance.once_in(4) {
                forked |= self.fork_run(index)?;
            }
        }
        Ok(forked)
    }

    fn fork_run(&mut self, index: usize) -> Result<bool, String> {
        let run = self.runs[index].id;
        // Nothing is to come between.
        self.finish_blobs();
        let before = Before::of(&*self.store, run).filter(|_| self.runs.len() < RUNS);
        let Some(before) = before else { return Ok(false) };
        let mut paths = before.paths();
        let path = paths.swap_remove(self.chance.below(paths.len()));
        let input = self.chance.once_in(3).then(|| Payload::from(&Value::from("edited")));
        let id = Uuid::from_u64_pair(self.chance.next(), self.chance.next());
        let id = RunId::from_bytes(id.into_bytes());
        let fork = NewFork { id, run, path: path.into(), input, at: self.store.now() };
        let (sender, answer) = channel();
        let reply = Reply::new(move |forked| sender.send(forked).unwrap());
        self.store.submit(Transaction::Fork(Box::new(fork.clone()), reply));
        self.finish_blobs();
        let forked = answer.recv().unwrap().map_err(|error| error.to_string())?;
        let Some(taken) = before.check(&*self.store, &fork, &forked)? else {
            self.census.note("fork refused");
            return Ok(false);
        };
        let edits = fork.input.is_some();
        self.census.note(if edits { "fork with another input" } else { "fork" });
        self.add_fork(index, &fork, &taken);
        self.tell(Message::Nudge(id));
        Ok(true)
    }

    fn add_fork(&mut self, origin: usize, fork: &NewFork, taken: &Journal) {
        let (origin, place) = (&self.runs[origin], self.runs.len());
        let (seed, workflow) = (origin.seed, origin.workflow.clone());
        let (edits, plan) = (edits(origin, fork, taken), Plan::clone(&origin.plan));
        add_run(&mut self.runs, (fork.id, seed, *fork.id.as_bytes()), None, (workflow, plan));
        for run in &mut self.runs[place..] {
            run.next = self.workflows.get(&run.workflow).and_then(|(_, second)| second.clone());
        }
        let run = &mut self.runs[place];
        (run.started, run.edits) = (true, edits);
        run.taken = taken.keys().cloned().collect();
        // What it has got already is not sent again.
        let got = |send: &Sent| {
            let entry = taken.get(&send.path);
            !send.is_for_nobody && entry.is_some_and(|entry| entry.output.is_some())
        };
        let all = run.sends.len();
        run.sends.retain(|send| !got(send));
        run.accepted = all - run.sends.len();
    }

    /// Somebody outside wants a run to end, or to stand still.
    fn interfere(&mut self) {
        let number = self.chance.below(self.runs.len() * 4);
        let ask = match self.chance.below(10) {
            0..3 => Ask::Cancel,
            3 | 4 => Ask::Terminate,
            5..8 => Ask::Pause,
            _ => Ask::Adopt(SECOND.into()),
        };
        let Some(run) = self.runs.get(number) else { return };
        let id = run.id;
        if self.state(id).is_none_or(RunState::is_final) {
            return;
        }
        self.runs[number].cancelled |= ask == Ask::Cancel;
        self.runs[number].terminated |= ask == Ask::Terminate;
        if matches!(ask, Ask::Adopt(_)) && self.runs[number].next.is_none() {
            return;
        }
        let request = Request::new(id, ask, self.store.now());
        self.store.submit(Transaction::Request(request, Reply::new(drop)));
        self.tell(Message::Nudge(id));
    }

    /// Whoever crashes too often is paused, or was asked to; somebody looks and lets it go on. So
    /// does whoever was cancelled where its revision was not known, once it is.
    fn resume(&mut self) {
        for run in 0..self.runs.len() {
            let id = self.runs[run].id;
            let is_settled = self.is_settled;
            let paused = self.load(id).is_some_and(|loaded| {
                let stands = |code: &str| {
                    matches!(code, "crash_loop" | "paused")
                        || is_settled && code == "not_registered"
                };
                loaded.row.failure.is_some_and(|failure| stands(&failure.code))
            });
            if paused {
                let resume = Request::new(id, Ask::Resume, self.store.now());
                self.store.submit(Transaction::Request(resume, Reply::new(drop)));
                self.tell(Message::Nudge(id));
            }
        }
    }

    fn hint(&mut self) {
        self.tell(Message::Hint);
    }

    fn tell(&mut self, message: Message) {
        if let Some(worker) = self.workers.last() {
            worker.sender.send(message).unwrap();
        }
    }

    /// Another worker takes over; the one before dies, or does not know yet.
    fn replace_worker(&mut self, zombie: bool) {
        if zombie && self.workers.len() == 1 && self.next_worker < u8::MAX - 1 {
            self.open_worker();
            return;
        }
        // What it has submitted and the store has not taken is lost with it.
        let keep = self.workers.len() - 1;
        self.workers.drain(..keep);
        if self.chance.once_in(2) && self.next_worker < u8::MAX - 1 {
            self.workers.clear();
            if let Some(disk) = &self.disk {
                disk.crash();
            }
            self.open_worker();
        }
    }

    /// Lets the file make one commit for what waits for its large values; now and then it sweeps.
    fn go_on_with_blobs(&mut self) {
        let Some(disk) = self.disk.clone() else { return };
        if self.chance.once_in(64) {
            disk.sweep();
        }
        if self.chance.once_in(2) && disk.go_on() {
            self.touched.extend(self.runs.iter().map(|run| run.id));
        }
    }

    /// Waits until nothing waits for large values any more.
    fn finish_blobs(&self) {
        while self.disk.as_ref().is_some_and(|disk| disk.go_on()) {}
    }

    /// A workflow is changed, and a worker comes that knows.
    fn revise(&mut self) {
        let roots = |run: &&SimRun| run.parent.is_none() && run.edits.is_empty();
        let names: Vec<String> =
            self.runs.iter().filter(roots).map(|run| run.workflow.clone()).collect();
        let name = &names[self.chance.below(names.len())];
        let Some((first, None)) = self.workflows.get(name).cloned() else { return };
        let second = Arc::new(first.revised(&mut self.chance));
        self.workflows.insert(name.clone(), (first, Some(Arc::clone(&second))));
        for run in self.runs.iter_mut().filter(|run| run.workflow == *name) {
            run.next = Some(Arc::clone(&second));
        }
        self.replace_worker(true);
    }

    /// From now on a worker drives that knows every revision. Where there is but one, the worker
    /// stays: the next one would make good what it has forgotten, and nobody would notice.
    pub(super) fn settle(&mut self) {
        self.is_settled = true;
        if self.workflows.values().any(|(_, second)| second.is_some()) {
            self.open_worker();
        }
    }

    fn state(&self, run: RunId) -> Option<RunState> {
        self.load(run).map(|loaded| loaded.row.state)
    }

    fn load(&self, run: RunId) -> Option<crate::store::Loaded> {
        super::check::load(&*self.store, run)
    }
}
