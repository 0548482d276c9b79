//! A store beside the one in memory: the same random transactions, the same answers.

mod family;
mod limits;
mod purge;

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::probe::{Probe, claim, completed, failure, open_entry, outcome};
use super::undoing::undoable;
use crate::store::{
    Append, Ask, Entry, EventKey, Fire, Firing, MemoryStore, NewEvent, NewRun, Next, Request,
    RunCursor, RunFilter, RunState, RunWrite, Store, StretchOf,
};
use crate::{Payload, RunId, Timestamp, WorkerId};

/// Applies `steps` random transactions, drawn from `seed`, to a store and to the model, and
/// panics with the seed and the step where they first differ.
pub fn agrees_with_the_model<S: Store>(store: &Probe<S>, seed: u64, steps: u32) {
    let model = match store.store().lease() {
        None => MemoryStore::new(),
        Some(lease) => MemoryStore::new().shared(lease),
    };
    let mut pair = Pair {
        store,
        model: Probe::new(model),
        dice: Dice(seed),
        runs: Vec::new(),
        workers: Vec::new(),
        seed,
        step: 0,
    };
    pair.open();
    pair.declare();
    for step in 0..steps {
        pair.step = step;
        pair.transact();
        if step % 16 == 0 {
            pair.compare_lists();
        }
    }
    pair.compare_all();
}

/// A small generator of its own, so that a seed means the same everywhere and for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, sides: u64) -> u64 {
        self.roll() % sides.max(1)
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.below(sides) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let at = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        from.get(at).cloned()
    }
}

struct Pair<'s, S> {
    store: &'s Probe<S>,
    model: Probe<MemoryStore>,
    dice: Dice,
    runs: Vec<RunId>,
    workers: Vec<WorkerId>,
    seed: u64,
    step: u32,
}

impl<S: Store> Pair<'_, S> {
    #[allow(clippy::needless_pass_by_value, reason = "both sides are made for the call")]
    fn same<T: PartialEq + Debug>(&self, what: impl Debug, store: T, model: T) {
        let (seed, step) = (self.seed, self.step);
        assert_eq!(store, model, "store and model differ: seed {seed}, step {step}: {what:?}");
    }

    fn transact(&mut self) {
        match self.dice.below(100) {
            0..15 => self.start(),
            15..57 => self.write(),
            57..60 => self.fork(),
            60..68 => self.event(),
            68..72 => self.append(),
            72..75 => self.cancel(),
            75..78 => self.stop(),
            78..82 => self.resume(),
            82..95 => self.claim(),
            95..98 => self.fire(),
            98 if self.dice.one_in(2) => self.declare(),
            98 => self.leave(),
            _ if self.dice.one_in(3) => self.purge(),
            _ => self.open(),
        }
    }

    fn append(&mut self) {
        let Some(run) = self.dice.pick(&self.runs) else { return };
        let epoch = self.model.run(run).map_or(1, |(row, _)| row.epoch);
        let epoch = if self.dice.one_in(15) { epoch + 1 } else { epoch };
        let value = self.dice.below(1_000).to_string();
        let append = Append {
            epoch,
            stream: self.dice.pick(&["log", "rows"]).unwrap_or_default().to_owned(),
            item_id: self.dice.one_in(2).then(|| self.dice.below(4).to_string()),
            ..super::progress::append(run, &value)
        };
        let (store, model) = (self.store.append(append.clone()), self.model.append(append.clone()));
        self.same(&append, store, model);
        let of = StretchOf { run, stream: append.stream, from: self.dice.below(3), limit: 4 };
        self.same(&of, self.store.progress(of.clone()), self.model.progress(of.clone()));
    }

    fn open(&mut self) {
        let worker = WorkerId::new();
        self.workers.push(worker);
        self.store.open(worker);
        self.model.open(worker);
    }

    /// Where there are leases, a worker's is over.
    fn leave(&mut self) {
        let gone = self.dice.pick(&self.workers).filter(|_| self.store.store().lease().is_some());
        match gone {
            None => self.open(),
            Some(gone) => {
                self.store.leave(gone);
                self.model.leave(gone);
            }
        }
    }

    /// Mostly the latest worker, sometimes an older one; any where there are many.
    fn worker(&mut self) -> Option<WorkerId> {
        if self.dice.one_in(12) || self.store.store().lease().is_some() {
            return self.dice.pick(&self.workers);
        }
        self.workers.last().copied()
    }

    fn new_run(&mut self) -> NewRun {
        let input = match self.dice.below(60) {
            0 => self.value(),
            _ => Payload::from_json(self.dice.below(3).to_string()),
        };
        let workflows = ["orders", "returns"];
        let owned = self.dice.one_in(2);
        let workflow = self.dice.pick(&workflows).unwrap_or_default();
        let revision = self.dice.pick(&["r1", "r2"]).unwrap_or_default();
        // Now and then two are started in one instant.
        let (hash, at) = (input.hash(), Timestamp(i64::from(self.step / 4 * 4)));
        NewRun {
            key: self.dice.one_in(3).then(|| self.dice.below(10).to_string()),
            seed: [3; 16],
            fingerprint: self.dice.pick(&["one", "two"]).filter(|_| owned).map(Into::into),
            events: if self.dice.one_in(4) { vec![] } else { vec!["shipped".into()] },
            owner: if owned { self.worker() } else { None },
            tags: self.tags(3),
            limit_key: self.dice.one_in(3).then(|| self.dice.below(2).to_string()),
            priority: self.priority(),
            ..NewRun::new(workflow, revision, input, hash, at)
        }
    }

    /// None mostly, one or two out of a few otherwise.
    fn tags(&mut self, rarity: u64) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        while tags.len() < 3 && self.dice.one_in(rarity) {
            let name = self.dice.pick(&["customer", "region"]).unwrap_or_default();
            tags.insert(name.to_owned(), self.dice.below(3).to_string());
        }
        tags
    }

    /// A value that is there now and then.
    fn maybe_value(&mut self) -> Option<Payload> {
        self.dice.one_in(6).then(|| self.value())
    }

    /// Small mostly, and now and then so large that a store may keep it elsewhere.
    fn value(&mut self) -> Payload {
        let number = self.dice.below(1_000).to_string();
        let length = match self.dice.below(200) {
            0 => 1_200_000,
            1..12 => 70_000,
            _ => return Payload::from_json(number),
        };
        Payload::from_json(format!("\"{}\"", number.repeat(length / number.len())))
    }

    fn start(&mut self) {
        let run = self.new_run();
        self.runs.push(run.id);
        self.same(&run, self.store.start(run.clone()), self.model.start(run.clone()));
    }

    fn run(&mut self) -> RunId {
        // Mostly recent ones, so that runs get far; rarely one that is not there.
        if self.dice.one_in(40) {
            return RunId::new();
        }
        let recent = self.runs.len().saturating_sub(12);
        let from = if self.dice.one_in(5) { 0 } else { recent };
        let runs = self.runs.get(from..).unwrap_or_default().to_vec();
        self.dice.pick(&runs).unwrap_or_else(RunId::new)
    }

    fn write(&mut self) {
        let run = self.run();
        let row = self.model.run(run).map(|(row, _)| row);
        let epoch = row.as_ref().map_or(1, |row| row.epoch);
        let epoch = if self.dice.one_in(15) { epoch + 1 } else { epoch };
        let entries = (0..self.dice.below(4))
            .map(|_| {
                let scope = self.dice.below(3);
                let path = format!("each[{scope}]/{}", self.dice.below(6));
                let undoes = if self.dice.one_in(4) { crate::store::UNDO_SUFFIX } else { "" };
                let path = format!("{path}{undoes}");
                match self.dice.below(4) {
                    0 => Entry { input: self.maybe_value(), ..open_entry(&path) },
                    1 => undoable(&path, self.dice.below(50)),
                    _ => {
                        let output = Some(self.value());
                        Entry { output, ..outcome(&path, self.dice.below(50)) }
                    }
                }
            })
            .collect::<Vec<_>>();
        // The engine never writes one path twice in a write.
        let mut entries = entries;
        let children = self.call(run, &mut entries);
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        entries.dedup_by(|one, other| one.path == other.path);
        let seals = match self.dice.below(8) {
            0 => vec![format!("each[{}]/", self.dice.below(3))],
            _ => vec![],
        };
        let newest = row.as_ref().map_or(0, |row| row.inbox_seq);
        let consumed = if self.dice.one_in(4) { vec![self.dice.below(newest + 2)] } else { vec![] };
        let next = self.next(newest);
        let (published, response) = (self.maybe_value(), self.maybe_value());
        let parts = RunWrite { entries, seals, consumed, ..RunWrite::new(run, epoch, next) };
        let write = RunWrite { published, response, children, ..parts };
        self.same(&write, self.store.write(write.clone()), self.model.write(write.clone()));
        self.compare(run);
    }

    fn next(&mut self, newest: u64) -> Next {
        match self.dice.below(13) {
            0..5 => Next::Keep(RunState::Running),
            5 => Next::Keep(RunState::Waiting),
            6 | 7 => {
                let wake_at = self.dice.one_in(2).then(|| self.dice.below(1_000).cast_signed());
                let inbox_seq = if self.dice.one_in(6) { newest + 1 } else { newest };
                Next::Suspend { inbox_seq, wake_at: wake_at.map(Timestamp) }
            }
            8 => Next::Release,
            9 => Next::Pause(failure()),
            10 => Next::Park(failure()),
            11 => {
                let may_undo = self.dice.one_in(2);
                Next::End(crate::store::End { may_undo, ..completed() })
            }
            _ => {
                let state = RunState::Failed;
                Next::End(crate::store::End {
                    state,
                    output: None,
                    failure: Some(failure()),
                    ..completed()
                })
            }
        }
    }

    fn event(&mut self) {
        let run = self.run();
        let name = if self.dice.one_in(8) { "other" } else { "shipped" };
        let key = self.dice.one_in(2).then(|| self.dice.below(3).to_string());
        let event = NewEvent {
            run,
            event: EventKey { name: name.to_owned(), key },
            event_id: self.dice.one_in(2).then(|| self.dice.below(5).to_string()),
            payload: self.value(),
            at: Timestamp(i64::from(self.step)),
        };
        self.same(&event, self.store.event(event.clone()), self.model.event(event.clone()));
        self.compare(run);
    }

    fn cancel(&mut self) {
        let run = self.run();
        self.ask(run, Ask::Cancel);
    }

    fn resume(&mut self) {
        let run = self.run();
        self.ask(run, Ask::Resume);
    }

    fn stop(&mut self) {
        let run = self.run();
        let revision = self.dice.pick(&["r1", "r2", "r3"]).unwrap_or_default();
        let asks = [Ask::Pause, Ask::Pause, Ask::Terminate, Ask::Adopt(revision.into())];
        let ask = self.dice.pick(&asks).unwrap_or(Ask::Pause);
        self.ask(run, ask);
    }

    fn ask(&mut self, run: RunId, ask: Ask) {
        let reason = self.dice.one_in(2).then(|| self.step.to_string());
        let at = Timestamp(i64::from(self.step));
        let request = Request { run, ask, reason, at };
        let (store, model) = (&self.store, &self.model);
        self.same(&request, store.request(request.clone()), model.request(request.clone()));
        self.compare(run);
    }

    fn claim(&mut self) {
        let Some(worker) = self.worker() else { return };
        let mut asked = claim(worker, self.dice.below(1_200).cast_signed());
        for (workflow, revision) in [("orders", "r2"), ("returns", "r1"), ("returns", "r2")] {
            if !self.dice.one_in(4) {
                asked.definitions.push((workflow.into(), revision.into()));
            }
        }
        let (mut store, mut model) =
            (self.store.claim(asked.clone()), self.model.claim(asked.clone()));
        // In which order runs are claimed is the store's affair. So is whether a nudge comes for
        // a run of a definition that the worker does not ask for: it does not drive it.
        for claimed in [&mut store, &mut model] {
            claimed.runs.sort_unstable();
            claimed.nudged.sort_unstable();
        }
        if asked.definitions.len() == 4 {
            self.same(&asked, store, model);
        } else {
            self.same(&asked, store.runs, model.runs);
            self.same(&asked, store.next_wake, model.next_wake);
            self.drain_nudges(worker);
        }
    }

    /// Brings both to the same point after a claim that may have nudged differently.
    fn drain_nudges(&mut self, worker: WorkerId) {
        let mut all = claim(worker, i64::MIN);
        all.limit = 0;
        for (workflow, revision) in [("orders", "r2"), ("returns", "r1"), ("returns", "r2")] {
            all.definitions.push((workflow.into(), revision.into()));
        }
        while !self.store.claim(all.clone()).nudged.is_empty() {}
        while !self.model.claim(all.clone()).nudged.is_empty() {}
    }

    fn fire(&mut self) {
        let schedule = self.dice.below(3).to_string();
        let known = self.model.next_fire(&schedule);
        let run = self.new_run();
        self.runs.push(run.id);
        let fire = Fire {
            expected: if self.dice.one_in(4) { None } else { known },
            next: Firing {
                rule: self.dice.below(2).to_string(),
                at: (!self.dice.one_in(5)).then(|| Timestamp(i64::from(self.step))),
            },
            start: self.dice.one_in(2).then_some(run),
            schedule,
        };
        self.same(&fire, self.store.fire(fire.clone()), self.model.fire(fire.clone()));
        let (store, model) = (&self.store, &self.model);
        self.same(&fire, store.next_fire(&fire.schedule), model.next_fire(&fire.schedule));
    }

    fn compare(&self, run: RunId) {
        let (store, model) = (&self.store, &self.model);
        self.same(("load", run), store.load(run), model.load(run));
        self.same(("journal", run), store.journal(run), model.journal(run));
        self.same(("inbox", run), store.inbox(run, 1), model.inbox(run, 1));
        self.same(("run", run), store.run(run), model.run(run));
    }

    fn compare_lists(&mut self) {
        let filter = RunFilter {
            workflow: self.dice.one_in(2).then(|| "orders".to_owned()),
            states: if self.dice.one_in(2) { vec![RunState::Running] } else { vec![] },
            key: self.dice.one_in(3).then(|| self.dice.below(10).to_string()),
            tags: self.tags(2),
            started_from: self.dice.one_in(4).then(|| self.instant()),
            started_before: self.dice.one_in(4).then(|| self.instant()),
            cursor: if self.dice.one_in(2) { self.cursor() } else { None },
            limit: usize::try_from(self.dice.below(6)).unwrap_or(0),
        };
        self.same(&filter, self.store.runs(filter.clone()), self.model.runs(filter.clone()));
    }

    /// One that lies in the past, as seen from this step.
    fn instant(&mut self) -> Timestamp {
        Timestamp(self.dice.below(u64::from(self.step) + 1).cast_signed())
    }

    fn cursor(&mut self) -> Option<RunCursor> {
        let run = self.dice.pick(&self.runs)?;
        Some(RunCursor::of(&self.model.run(run)?.0))
    }

    fn compare_all(&self) {
        for run in &self.runs {
            self.compare(*run);
        }
        let all = RunFilter::default();
        self.same("all runs", self.store.runs(all.clone()), self.model.runs(all));
    }
}
