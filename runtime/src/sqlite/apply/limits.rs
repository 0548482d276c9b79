//! Limits: lanes, who stands in line, and who has a slot. What frees slots, and what calls the next
//! claim to a lane, are triggers of the tables: whatever ends a run, its slot is given back.

use std::sync::Arc;

use rusqlite::{OptionalExtension, Result, Row};

use super::Tables;
use super::claim::{Candidate, candidate};
use crate::Timestamp;
use crate::sqlite::codec::Blob16;
use crate::store::slots::place;
use crate::store::{Claim, Claimed, Declare, Hold, Limit, NewRun};

/// What is asked for at once is asked for since then.
const AT_ONCE: i64 = 0;

/// What a new run is under.
pub(super) struct Under {
    pub(super) lane: i64,
    /// Whose slot it shares.
    pub(super) slot: Option<[u8; 16]>,
    pub(super) while_active: bool,
    pub(super) place: i64,
}

/// The numbers of a lane.
struct Lane {
    n: i64,
    /// How many slots are free.
    free: i64,
    /// Starts in a period of milliseconds.
    rate: Option<(i64, i64)>,
    started: i64,
}

/// A definition's line in a lane: those that have begun before, or those that have not.
struct Line<'d> {
    definition: i64,
    adopter: &'d str,
    begun: bool,
}

/// Who comes next in a line.
struct Next {
    run: Candidate,
    place: i64,
    priority: i32,
}

impl Tables<'_> {
    /// From now on these workflows are under these limits.
    pub(in crate::sqlite) fn declare(&mut self, declare: &Declare) -> Result<()> {
        self.memory.limits.clear();
        for (workflow, limit) in &declare.workflows {
            match limit {
                None => drop(self.sql.set_free.execute([&**workflow])?),
                Some(limit) => {
                    let rule = self.rule(limit)?;
                    let while_active = limit.hold == Hold::WhileActive;
                    self.sql.put_under.execute((&**workflow, rule, while_active))?;
                }
            }
        }
        Ok(())
    }

    /// The number of a limit, which has these numbers from now on.
    fn rule(&mut self, limit: &Limit) -> Result<i64> {
        let (starts, period) = match limit.rate {
            Some(rate) => (Some(rate.starts), i64::try_from(rate.period.as_millis()).ok()),
            None => (None, None),
        };
        let values = (&*limit.name, limit.concurrency, starts, period);
        let changed = self.sql.put_rule.execute(values)?;
        let n = self.sql.find_rule.query_row([&*limit.name], |row| row.get(0))?;
        if changed > 0 {
            self.sql.call_all.execute([n])?;
        }
        Ok(n)
    }

    /// What a new run is under: the limit of its workflow, and the slot of the run that waits for
    /// it, if that one keeps its own.
    pub(super) fn under(&mut self, new: &NewRun) -> Result<Option<Under>> {
        let Some((rule, while_active)) = self.limit_of(&new.workflow)? else { return Ok(None) };
        let caller = match new.parent.as_ref().filter(|parent| parent.awaited) {
            None => None,
            Some(parent) => {
                let read = |row: &Row<'_>| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, String>(1)?,
                        row.get::<_, Option<Blob16>>(2)?,
                    ))
                };
                self.sql.caller_lane.query_row((parent.run.as_bytes(), rule), read).optional()?
            }
        };
        let of_caller = caller.as_ref().map(|(_, key, _)| key.as_str());
        let key = new.limit_key.as_deref().or(of_caller).unwrap_or_default();
        self.sql.add_lane.execute((rule, key))?;
        let lane: i64 = self.sql.find_lane.query_row((rule, key), |row| row.get(0))?;
        let shared = caller.filter(|(of, ..)| *of == lane).and_then(|(.., slot)| slot);
        let (slot, place) = (shared.map(|slot| slot.0), place(new.at, new.priority));
        Ok(Some(Under { lane, slot, while_active, place }))
    }

    fn limit_of(&mut self, workflow: &str) -> Result<Option<(i64, bool)>> {
        if let Some(known) = self.memory.limits.get(workflow) {
            return Ok(*known);
        }
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found = self.sql.limit_of.query_row([workflow], read).optional()?;
        self.memory.limits.insert(workflow.to_owned(), found);
        Ok(found)
    }

    /// Takes from the lines that these definitions are called to those who come next, as long as
    /// there are slots.
    pub(super) fn take_from_lines(
        &mut self,
        definitions: &[(i64, Arc<str>)],
        driver: i64,
        claim: &Claim,
        claimed: &mut Claimed,
    ) -> Result<()> {
        let mut lanes: Vec<i64> = Vec::new();
        for (definition, adopter) in definitions {
            self.sql.line_up.execute((definition, claim.now.0, &**adopter))?;
            let due = (definition, claim.now.0);
            for lane in self.sql.called.query_map(due, |row| row.get(0))? {
                lanes.push(lane?);
            }
            self.sql.answer_calls.execute(due)?;
        }
        lanes.sort_unstable();
        lanes.dedup();
        for lane in lanes {
            self.take_from(lane, definitions, (driver, claim), claimed)?;
        }
        for (definition, _) in definitions {
            let read = |row: &Row<'_>| row.get::<_, Option<i64>>(0);
            let next = self.sql.next_call.query_row((definition, claim.now.0), read)?;
            claimed.next_wake = claimed.next_wake.into_iter().chain(next.map(Timestamp)).min();
        }
        Ok(())
    }

    fn take_from(
        &mut self,
        lane: i64,
        definitions: &[(i64, Arc<str>)],
        (driver, claim): (i64, &Claim),
        claimed: &mut Claimed,
    ) -> Result<()> {
        let mut lane = self.lane(lane)?;
        let lines = definitions.iter().flat_map(|(definition, adopter)| {
            [true, false].map(|begun| Line { definition: *definition, adopter, begun })
        });
        let lines: Vec<Line<'_>> = lines.collect();
        while lane.free > 0 {
            let opens = self.opens(&lane)?.filter(|at| *at > claim.now.0);
            let is_full = claimed.runs.len() >= claim.limit;
            let mut first: Option<Next> = None;
            for line in lines.iter().filter(|line| opens.is_none() || line.begun) {
                let next = self.next_in_line(&lane, line)?;
                first = first.into_iter().chain(next).min_by_key(|next| (next.place, next.run.n));
            }
            let Some(next) = first.filter(|_| !is_full) else {
                let closed = (is_full, opens);
                return self.call_later(&lane, &lines, closed, claimed);
            };
            if next.run.epoch == 0 {
                self.note_start(&mut lane, claim.now)?;
            }
            let Next { run, priority, .. } = next;
            let place = place(claim.now, priority);
            self.sql.take_slot.execute((run.n, driver, place))?;
            self.memory.owned.remove(&run.id);
            claimed.runs.push((run.id, run.epoch + 1));
            lane.free -= 1;
        }
        Ok(())
    }

    /// Whoever is left in line is to be looked at again: at once where only the claim is full,
    /// else when a run may begin.
    fn call_later(
        &mut self,
        lane: &Lane,
        lines: &[Line<'_>],
        (is_full, opens): (bool, Option<i64>),
        claimed: &mut Claimed,
    ) -> Result<()> {
        for line in lines {
            if self.next_in_line(lane, line)?.is_none() {
                continue;
            }
            let at = match opens {
                Some(at) if !line.begun => at,
                _ => AT_ONCE,
            };
            claimed.more |= is_full && at == AT_ONCE;
            self.sql.call_at.execute((line.definition, at, lane.n))?;
        }
        Ok(())
    }

    fn lane(&mut self, n: i64) -> Result<Lane> {
        let read = |row: &Row<'_>| {
            let (slots, taken): (Option<i64>, i64) = (row.get(0)?, row.get(1)?);
            let (starts, period): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
            let free = slots.map_or(i64::MAX, |slots| slots - taken);
            Ok(Lane { n, free, rate: starts.zip(period), started: row.get(4)? })
        };
        self.sql.lane.query_row([n], read)
    }

    /// When the next run may begin, if there is a rate and it was made use of.
    fn opens(&mut self, lane: &Lane) -> Result<Option<i64>> {
        let Some((starts, period)) = lane.rate else { return Ok(None) };
        let first = (lane.n, lane.started + 1 - starts);
        let at: Option<i64> = self.sql.started.query_row(first, |row| row.get(0)).optional()?;
        Ok(at.map(|at| at.saturating_add(period)))
    }

    fn note_start(&mut self, lane: &mut Lane, now: Timestamp) -> Result<()> {
        let Some((starts, _)) = lane.rate else { return Ok(()) };
        lane.started += 1;
        self.sql.count_start.execute((lane.n, lane.started))?;
        self.sql.note_start.execute((lane.n, lane.started, now.0))?;
        self.sql.forget_starts.execute((lane.n, lane.started - starts))?;
        Ok(())
    }

    fn next_in_line(&mut self, of: &Lane, line: &Line<'_>) -> Result<Option<Next>> {
        let read = |row: &Row<'_>| {
            Ok(Next { run: candidate(row)?, place: row.get(3)?, priority: row.get(4)? })
        };
        let values = (of.n, line.definition, line.begun, line.adopter);
        self.sql.next_in_line.query_row(values, read).optional()
    }
}
