//! Limits: lanes, who stands in line, and who has a slot (R24).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Run, Tables, is_asked_for};
use crate::Timestamp;
use crate::clock::later;
use crate::ids::RunId;
use crate::store::slots::place;
use crate::store::{Claim, Claimed, Declare, Hold, Limited, Rate, RunRow, RunState};

/// A limit and a key: what has slots.
type Lane = (Arc<str>, Arc<str>);
type Definition = (Arc<str>, Arc<str>);

/// What is asked for at once is asked for since then.
const AT_ONCE: Timestamp = Timestamp(0);

/// Limits, and what counts by them.
#[derive(Debug, Default)]
pub(super) struct Limits {
    rules: BTreeMap<Arc<str>, Rule>,
    /// The limit that each workflow is under.
    of: BTreeMap<Arc<str>, (Arc<str>, Hold)>,
    lanes: BTreeMap<Lane, Counts>,
    /// Lanes that the next claim of a definition has to look at, from an instant on.
    calls: BTreeSet<(Definition, Timestamp, Lane)>,
    /// How many runs were started under a limit.
    arrived: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Rule {
    concurrency: Option<u32>,
    rate: Option<Rate>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Who stands in line: by place, then by arrival.
    line: BTreeSet<(Spot, RunId)>,
    /// Whose slots are taken, and by whom.
    slots: BTreeSet<(RunId, RunId)>,
    /// The definitions of the runs that ever belonged to it.
    definitions: BTreeSet<Definition>,
    /// Its latest starts, by their number.
    starts: BTreeMap<u64, Timestamp>,
    started: u64,
}

/// Where a run stands in line.
pub(super) type Spot = (i64, u64);

impl Counts {
    fn taken(&self) -> usize {
        let owners: BTreeSet<RunId> = self.slots.iter().map(|(of, _)| *of).collect();
        owners.len()
    }

    /// How many slots are free.
    fn free(&self, rule: Rule) -> usize {
        if sabotage!("slots are not counted") {
            return usize::MAX;
        }
        let slots = rule.concurrency.map_or(usize::MAX, |slots| slots as usize);
        slots.saturating_sub(self.taken())
    }

    /// When the next run may begin.
    fn opens(&self, rule: Rule) -> Option<Timestamp> {
        let Rate { starts, period } = rule.rate?;
        let first = self.starts.get(&(self.started + 1).checked_sub(u64::from(starts))?)?;
        Some(later(*first, period)).filter(|_| !sabotage!("starts are not counted"))
    }

    fn note_start(&mut self, rule: Rule, now: Timestamp) {
        let Some(Rate { starts, .. }) = rule.rate else { return };
        self.started += 1;
        self.starts.insert(self.started, now);
        let past = self.started.saturating_sub(u64::from(starts));
        self.starts.retain(|number, _| *number > past);
    }
}

impl Tables {
    /// From now on these workflows are under these limits.
    pub(in crate::store) fn declare(&mut self, declare: Declare) {
        let limits = &mut self.limits;
        for (workflow, limit) in declare.workflows {
            let Some(limit) = limit else {
                limits.of.remove(&workflow);
                continue;
            };
            let rule = Rule { concurrency: limit.concurrency, rate: limit.rate };
            limits.of.insert(workflow, (limit.name.clone(), limit.hold));
            if limits.rules.insert(limit.name.clone(), rule) == Some(rule) {
                continue;
            }
            for (lane, counts) in limits.lanes.iter().filter(|((name, _), _)| *name == limit.name) {
                let all = counts.definitions.iter();
                limits.calls.extend(all.map(|of| (of.clone(), AT_ONCE, lane.clone())));
            }
        }
    }

    /// What a new run is under: the limit of its workflow, and the slot of the run that waits for
    /// it, if that one keeps its own.
    pub(super) fn limited(&self, row: &RunRow, key: Option<String>) -> Option<Limited> {
        let (limit, hold) = self.limits.of.get(&row.workflow)?.clone();
        let caller = row.parent.as_ref().filter(|parent| parent.awaited);
        let caller = caller.and_then(|parent| self.runs.get(&parent.run));
        let caller = caller.and_then(|run| run.row.limited.as_ref());
        let caller = caller.filter(|caller| caller.limit == limit);
        let key = key.map(Arc::from).or_else(|| Some(caller?.key.clone()));
        let key = key.unwrap_or_else(|| Arc::from(""));
        let shares = |caller: &&Limited| caller.key == key && caller.hold == Hold::UntilEnd;
        let slot = caller.filter(shares).and_then(|caller| caller.slot);
        let slot = slot.filter(|_| !sabotage!("children do not share their caller's slot"));
        Some(Limited { limit, key, hold, slot })
    }

    /// A new run counts: by the slot that it shares, or in line.
    pub(super) fn arrive(&mut self, id: RunId) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        let Some(limited) = &run.row.limited else { return };
        self.limits.arrived += 1;
        run.arrival = self.limits.arrived;
        run.place = place(run.row.started_at, run.row.priority);
        let counts = self.limits.lanes.entry(lane(limited)).or_default();
        counts.definitions.insert(definition(&run.row));
        if let Some(slot) = limited.slot {
            counts.slots.insert((slot, id));
        }
        self.settle(id);
    }

    /// Lets a run that changed give its slot back, line up, or leave the line.
    pub(super) fn settle(&mut self, id: RunId) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        let gives_back = run.gives_back();
        let stands = run.spot.take();
        let row = &mut run.row;
        let Some(limited) = &mut row.limited else { return };
        let key = lane(limited);
        let counts = self.limits.lanes.entry(key.clone()).or_default();
        counts.definitions.insert((row.workflow.clone(), row.revision.clone()));
        if let Some(spot) = stands {
            counts.line.remove(&(spot, id));
        }
        if let Some(slot) = limited.slot.take_if(|_| gives_back) {
            counts.slots.remove(&(slot, id));
            let all = counts.definitions.iter().filter(|_| !sabotage!("free slots call nobody"));
            self.limits.calls.extend(all.map(|of| (of.clone(), AT_ONCE, key.clone())));
        }
        if run.row.is_in_line() {
            run.spot = Some((run.place, run.arrival));
            counts.line.extend(run.spot.map(|spot| (spot, id)));
            self.limits.calls.insert((definition(&run.row), AT_ONCE, key));
            self.active.remove(&id);
        }
    }

    /// Runs that are due and have no slot stand in line from now on.
    pub(super) fn line_up(&mut self, claim: &Claim) {
        let due = self.wakes.iter().take_while(|(at, _)| *at <= claim.now).map(|(_, run)| *run);
        for id in due.collect::<Vec<_>>() {
            let Some(run) = self.runs.get_mut(&id) else { continue };
            if run.row.needs_slot() && is_asked_for(&run.row, claim) {
                run.row.ready = true;
                if let Some(at) = run.row.wake_at.take() {
                    self.wakes.remove(&(at, id));
                }
                self.settle(id);
            }
        }
    }

    /// Takes from the lines that a claim has to look at those who come next, as long as there are
    /// slots.
    pub(super) fn take_from_lines(&mut self, claim: &Claim, claimed: &mut Claimed) {
        let asked = |(workflow, revision): &Definition| {
            let is = |name: &Arc<str>, of: &Arc<str>| (name, of) == (workflow, revision);
            claim.definitions.iter().any(|(name, of)| is(name, of))
                || claim.adopts.iter().any(|old| is(&old.workflow, &old.from))
        };
        let calls = &mut self.limits.calls;
        let mine = calls.extract_if(.., |(of, at, _)| *at <= claim.now && asked(of));
        let lanes: BTreeSet<Lane> = mine.map(|(.., lane)| lane).collect();
        for lane in lanes {
            self.take_from(&lane, claim, claimed);
        }
        let later = self.limits.calls.iter();
        let later = later.filter(|(of, at, _)| *at > claim.now && asked(of)).map(|(_, at, _)| *at);
        claimed.next_wake = claimed.next_wake.into_iter().chain(later).min();
    }

    fn take_from(&mut self, lane: &Lane, claim: &Claim, claimed: &mut Claimed) {
        let rule = self.limits.rules.get(&lane.0).copied().unwrap_or_default();
        let Some(counts) = self.limits.lanes.get_mut(lane) else { return };
        let mut free = counts.free(rule);
        let mut stand: Vec<(Spot, RunId)> = counts.line.iter().copied().collect();
        if sabotage!("the last come are the first") {
            stand.reverse();
        }
        let mut waits: BTreeSet<(Definition, Timestamp)> = BTreeSet::new();
        for (spot, id) in stand {
            let Some(run) = self.runs.get_mut(&id).filter(|run| is_asked_for(&run.row, claim))
            else {
                continue;
            };
            if free == 0 {
                break;
            }
            let begins = run.row.epoch == 0;
            if let Some(at) = counts.opens(rule).filter(|at| begins && *at > claim.now) {
                waits.insert((definition(&run.row), at));
                continue;
            }
            if claimed.runs.len() >= claim.limit {
                claimed.more = true;
                waits.insert((definition(&run.row), AT_ONCE));
                continue;
            }
            if begins {
                counts.note_start(rule, claim.now);
            }
            run.take_slot(claim);
            if let Some(at) = run.row.wake_at.take() {
                self.wakes.remove(&(at, id));
            }
            run.spot = None;
            counts.line.remove(&(spot, id));
            counts.slots.insert((id, id));
            free -= 1;
            claimed.runs.push((id, run.row.epoch));
            self.active.insert(id);
        }
        // Where none is free, whoever frees one calls.
        let calls = waits.into_iter().filter(|_| free > 0).map(|(of, at)| (of, at, lane.clone()));
        self.limits.calls.extend(calls);
    }
}

impl Run {
    /// Whether it has no use for a slot: it has ended, or only waits and holds one no longer than
    /// it is active.
    fn gives_back(&self) -> bool {
        let row = &self.row;
        if row.state.is_final() {
            return !sabotage!("ended runs keep their slots");
        }
        let Some(limited) = &row.limited else { return false };
        let rests = matches!(row.state, RunState::Waiting | RunState::Paused);
        let own = limited.slot == Some(row.id) && limited.hold == Hold::WhileActive;
        let rests = own && row.owner.is_none() && rests;
        rests && !sabotage!("waiting runs keep their slots")
    }

    fn take_slot(&mut self, claim: &Claim) {
        self.place = place(claim.now, self.row.priority);
        let row = &mut self.row;
        row.epoch += 1;
        row.owner = Some(claim.worker);
        row.ready = false;
        if let Some(limited) = &mut row.limited {
            limited.slot = Some(row.id);
        }
    }
}

fn lane(limited: &Limited) -> Lane {
    (limited.limit.clone(), limited.key.clone())
}

fn definition(row: &RunRow) -> Definition {
    (row.workflow.clone(), row.revision.clone())
}
