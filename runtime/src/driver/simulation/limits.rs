//! Limits in the simulation: which there are, and what must hold of slots, lines and starts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::Chance;
use super::census::Census;
use super::check::holds;
use crate::clock::later;
use crate::store::{AGEING, Claim, Declare, Hold, Limit, Limited, NewRun, RunRow, RunState};
use crate::{RunId, Timestamp};

/// A limit and a key.
type Lane = (Arc<str>, Arc<str>);

/// The limits of all workflows. Runs of a family are under one, and by their caller's key: under
/// two they may well wait for each other for ever, which is no defect.
pub(super) struct Regime {
    chance: Chance,
    limit: Limit,
    /// Whether each family has a limit of its own.
    apart: bool,
    /// When runs began.
    starts: BTreeMap<Lane, Vec<Timestamp>>,
}

impl Regime {
    /// The limits of a seed, if it has some: of their own, so that a seed without is what it was.
    pub(super) fn of(chance: &Chance, census: &mut Census) -> Option<Self> {
        let mut chance = Chance::new(chance.0 ^ 0x51_0751);
        if !chance.once_in(3) {
            return None;
        }
        let limit = Limit::new("limit");
        let slots = u32::try_from(chance.below(3)).unwrap();
        let limit = if slots > 0 { limit.concurrency(slots) } else { limit };
        let rated = slots == 0 || chance.once_in(3);
        let period = Duration::from_millis(u64::try_from(chance.below(6_000)).unwrap());
        let limit = if rated { limit.rate(slots.max(1), period) } else { limit };
        let hold = if chance.once_in(2) { Hold::WhileActive } else { Hold::UntilEnd };
        let limit = limit.hold(hold);
        census.note("limit");
        census.note(if rated { "limited rate" } else { "limited slots" });
        if hold == Hold::WhileActive {
            census.note("limited while active");
        }
        Some(Self { apart: chance.once_in(3), chance, limit, starts: BTreeMap::new() })
    }

    /// What workers say of these workflows.
    pub(super) fn declare(&self, workflows: impl Iterator<Item = String>) -> Declare {
        let limit = |workflow: &str| {
            let family = workflow.split('/').next().unwrap_or_default();
            let name = if self.apart { format!("limit of {family}") } else { "limit".to_owned() };
            Limit { name: name.into(), ..self.limit.clone() }
        };
        let workflows = workflows.map(|name| (name.as_str().into(), Some(limit(&name))));
        Declare { workflows: workflows.collect() }
    }

    /// By what a run counts, and how it stands in line.
    pub(super) fn place(&mut self, new: NewRun) -> NewRun {
        let key = self.chance.once_in(2).then(|| self.chance.below(2).to_string());
        let priority = i32::try_from(self.chance.below(3)).unwrap() - 1;
        NewRun { limit_key: key, priority, ..new }
    }

    /// I42 and I43: no lane has more slots taken than there are, and each run has one exactly as
    /// long as it should.
    pub(super) fn check(&self, rows: &[RunRow]) -> Result<(), String> {
        let mut taken: BTreeMap<Lane, BTreeSet<RunId>> = BTreeMap::new();
        for row in rows {
            let Some(limited) = &row.limited else {
                return holds(false, "I42", "a run is under no limit");
            };
            if let Some(slot) = limited.slot {
                taken.entry(lane(limited)).or_default().insert(slot);
            }
            has_its_slot(row, limited)?;
        }
        let Some(slots) = self.limit.concurrency else { return Ok(()) };
        let most = taken.values().map(BTreeSet::len).max().unwrap_or_default();
        holds(most <= slots as usize, "I42", &format!("{most} have slots of {slots}"))
    }

    /// I44 to I46: what a claim has taken of the lines, and what it has left.
    pub(super) fn check_claim(
        &mut self,
        claim: &Claim,
        before: &[RunRow],
        after: &[RunRow],
    ) -> Result<(), String> {
        for row in after {
            let old = before.iter().find(|old| old.id == row.id);
            let began = row.epoch == 1 && old.is_some_and(|old| old.epoch == 0);
            let Some(limited) = row.limited.as_ref().filter(|_| began) else { continue };
            if limited.slot == Some(row.id) {
                self.starts.entry(lane(limited)).or_default().push(claim.now);
                let passed = after.iter().find(|left| {
                    left.is_in_line()
                        && left.epoch == 0
                        && left.revision == row.revision
                        && left.refusal.is_none()
                        && left.workflow == row.workflow
                        && left.limited.as_ref().map(lane) == Some(lane(limited))
                        && place(left) < place(row)
                });
                let passed = passed.map(|passed| passed.id);
                holds(passed.is_none(), "I44", &format!("{passed:?} is passed by {}", row.id))?;
            }
        }
        self.check_rates(claim.now)?;
        let asked = |row: &&RunRow| {
            let own = (row.workflow.clone(), row.revision.clone());
            claim.definitions.contains(&own) && row.is_in_line()
        };
        for row in after.iter().filter(asked) {
            let Some(limited) = &row.limited else { continue };
            let lane = lane(limited);
            let waits =
                self.is_full(&lane, after) || row.epoch == 0 && self.is_closed(&lane, claim.now);
            holds(waits, "I46", &format!("{} is left in line, and there is a slot", row.id))?;
        }
        Ok(())
    }

    /// I45: no period has more starts than there may be.
    fn check_rates(&self, now: Timestamp) -> Result<(), String> {
        let Some(rate) = self.limit.rate else { return Ok(()) };
        for starts in self.starts.values() {
            let recent = starts.iter().filter(|at| later(**at, rate.period) > now).count();
            holds(recent <= rate.starts as usize, "I45", &format!("{recent} began"))?;
        }
        Ok(())
    }

    fn is_full(&self, of: &Lane, rows: &[RunRow]) -> bool {
        let Some(slots) = self.limit.concurrency else { return false };
        let limited = rows.iter().filter_map(|row| row.limited.as_ref());
        let taken = limited.filter(|limited| lane(limited) == *of).filter_map(|one| one.slot);
        taken.collect::<BTreeSet<RunId>>().len() >= slots as usize
    }

    fn is_closed(&self, of: &Lane, now: Timestamp) -> bool {
        let (Some(rate), Some(starts)) = (self.limit.rate, self.starts.get(of)) else {
            return false;
        };
        let recent = starts.iter().filter(|at| later(**at, rate.period) > now).count();
        recent >= rate.starts as usize
    }
}

/// Whether a run has a slot as long as it should have one.
fn has_its_slot(row: &RunRow, limited: &Limited) -> Result<(), String> {
    let (has, own) = (limited.slot.is_some(), limited.slot == Some(row.id));
    let what = format!("{} ({:?}, owner {:?}): {limited:?}", row.id, row.state, row.owner);
    if row.state.is_final() {
        return holds(!has, "I43", &what);
    }
    let rests = row.owner.is_none() && matches!(row.state, RunState::Waiting | RunState::Paused);
    let begun = row.epoch > 0;
    match limited.hold {
        _ if row.owner.is_some() => holds(has, "I42", &what),
        Hold::WhileActive if rests => holds(!own, "I43", &what),
        Hold::UntilEnd if begun => holds(has, "I43", &what),
        _ if !begun => holds(!own, "I43", &what),
        _ => Ok(()),
    }
}

fn lane(limited: &Limited) -> Lane {
    (limited.limit.clone(), limited.key.clone())
}

/// What decides between two that have not begun.
fn place(row: &RunRow) -> i128 {
    i128::from(row.started_at.0)
        - i128::from(row.priority) * i128::try_from(AGEING.as_millis()).unwrap()
}
