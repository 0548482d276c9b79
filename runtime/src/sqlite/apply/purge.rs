//! Taking away runs that have ended.
//!
//! A run is gone with its row. What else is its goes in the same transaction, or, where that is
//! more than a few rows, over the next ones: until then its number stands in table `purged`.

use std::collections::BTreeMap;

use rusqlite::{Connection, Result, Row, Statement};

use super::{Blob16, Json, State};
use crate::store::{Purge, PurgePlace, Purged, RunState};
use crate::{RunId, Timestamp};

/// Rows to delete in one transaction, about: a few milliseconds.
const ROWS: usize = 2000;
/// Ranges of one definition: a number for each state.
const STATES: i64 = 8;

/// Takes away runs on the connection that writes.
pub(in crate::sqlite) struct Purger<'c> {
    definitions: Statement<'c>,
    look: Statement<'c>,
    left: Statement<'c>,
    drop_run: Statement<'c>,
    drop_key: Statement<'c>,
    drop_tag: Statement<'c>,
    /// What lies in other tables, under the run's number.
    drop_rows: [Statement<'c>; 4],
    leave: Statement<'c>,
    done: Statement<'c>,
}

/// A run that was looked at.
struct Looked {
    n: i64,
    at: Timestamp,
    id: RunId,
    key: Option<String>,
    tags: BTreeMap<String, String>,
    may_go: bool,
}

/// How far a transaction has come.
struct Budget {
    looks: usize,
    rows: usize,
}

impl<'c> Purger<'c> {
    pub(in crate::sqlite) fn new(connection: &'c Connection) -> Result<Self> {
        let rows = |table: &str, place: &str| {
            connection.prepare(&format!(
                "DELETE FROM {table} WHERE run = ?1 AND ({place}) IN
                   (SELECT {place} FROM {table} WHERE run = ?1 LIMIT ?2)"
            ))
        };
        Ok(Self {
            definitions: connection
                .prepare("SELECT n, workflow FROM definition WHERE n >= ? ORDER BY n")?,
            // 4 is the first final state.
            look: connection.prepare(
                "SELECT n, started_at, id, key, tags,
                        ended_at < ?3 AND (key IS NULL OR started_at < ?4)
                        AND NOT EXISTS (SELECT 1 FROM run AS callee
                          WHERE callee.parent = run.id AND callee.awaited = 1 AND callee.state < 4)
                        AND NOT (coalesce(awaited, 0) = 1 AND EXISTS (SELECT 1 FROM run AS caller
                          WHERE caller.id = run.parent AND caller.state < 4))
                 FROM run
                 WHERE definition = ?1 AND state = ?2 AND started_at < ?3
                   AND (started_at, id) > (?5, ?6)
                 ORDER BY started_at, id LIMIT ?7",
            )?,
            left: connection.prepare("SELECT n FROM purged ORDER BY n LIMIT 1")?,
            drop_run: connection.prepare("DELETE FROM run WHERE n = ?")?,
            drop_key: connection
                .prepare("DELETE FROM start_key WHERE workflow = ? AND key = ? AND run = ?")?,
            drop_tag: connection.prepare(
                "DELETE FROM tag WHERE name = ? AND value = ? AND started_at = ? AND id = ?",
            )?,
            drop_rows: [
                rows("entry", "sealed, path")?,
                rows("event", "consumed, seq")?,
                rows("progress", "stream, idx")?,
                rows("blob_use", "place, address")?,
            ],
            leave: connection.prepare("INSERT INTO purged (n) VALUES (?)")?,
            done: connection.prepare("DELETE FROM purged WHERE n = ?")?,
        })
    }

    pub(in crate::sqlite) fn purge(&mut self, purge: &Purge) -> Result<Purged> {
        let mut budget = Budget { looks: purge.limit.max(1), rows: ROWS };
        let after = purge.after.unwrap_or_default();
        if !self.clear_left(&mut budget)? {
            return Ok(Purged { runs: 0, next: Some(after) });
        }
        let states = purge.final_states();
        let mut runs = 0;
        for (definition, workflow) in self.definitions(after.range / STATES, purge)? {
            for state in &states {
                let range = definition * STATES + number(*state);
                if range < after.range {
                    continue;
                }
                let from = if range == after.range { after } else { PurgePlace::of_range(range) };
                let (gone, stopped) =
                    self.purge_range(purge, (definition, &workflow, *state), from, &mut budget)?;
                runs += gone;
                if stopped.is_some() {
                    return Ok(Purged { runs, next: stopped });
                }
            }
        }
        Ok(Purged { runs, next: None })
    }

    /// Takes away what may go of a definition's runs in one state; how many went, and where to
    /// go on, if it is not done.
    fn purge_range(
        &mut self,
        purge: &Purge,
        (definition, workflow, state): (i64, &str, RunState),
        mut place: PurgePlace,
        budget: &mut Budget,
    ) -> Result<(u64, Option<PurgePlace>)> {
        // To look for it costs something, too, however little there is.
        if budget.looks == 0 || budget.rows == 0 {
            return Ok((0, Some(place)));
        }
        let all = i64::try_from(budget.looks).unwrap_or(i64::MAX);
        budget.looks -= 1;
        let instants = (purge.ended_before.0, purge.keys_before.0);
        let found = self.look.query_map(
            (
                definition,
                State(state),
                instants.0,
                instants.1,
                place.at.0,
                place.id.as_bytes(),
                all,
            ),
            looked,
        )?;
        let found = found.collect::<Result<Vec<_>>>()?;
        let is_end = (found.len() as u64) < all.cast_unsigned();
        let mut gone = 0;
        for run in found {
            if budget.rows == 0 {
                return Ok((gone, Some(place)));
            }
            budget.looks = budget.looks.saturating_sub(1);
            place = PurgePlace { at: run.at, id: run.id, ..place };
            if run.may_go {
                self.remove(workflow, &run, budget)?;
                gone += 1;
            }
        }
        Ok((gone, (!is_end).then_some(place)))
    }

    fn remove(&mut self, workflow: &str, run: &Looked, budget: &mut Budget) -> Result<()> {
        self.drop_run.execute([run.n])?;
        if let Some(key) = &run.key {
            self.drop_key.execute((workflow, key, run.n))?;
        }
        for (name, value) in &run.tags {
            self.drop_tag.execute((name, value, run.at.0, run.id.as_bytes()))?;
        }
        if !self.clear(run.n, budget)? {
            self.leave.execute([run.n])?;
        }
        Ok(())
    }

    /// Goes on with what was left of runs that are gone; whether nothing is left.
    fn clear_left(&mut self, budget: &mut Budget) -> Result<bool> {
        loop {
            let left: Vec<i64> =
                self.left.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
            let Some(n) = left.first() else { return Ok(true) };
            if !self.clear(*n, budget)? {
                return Ok(false);
            }
            self.done.execute([n])?;
        }
    }

    /// Deletes what other tables hold of a run that is gone; whether that was all.
    fn clear(&mut self, n: i64, budget: &mut Budget) -> Result<bool> {
        for rows in &mut self.drop_rows {
            let deleted = rows.execute((n, budget.rows))?;
            // So many as were to be deleted at most: there may be more.
            budget.rows -= deleted.min(budget.rows);
            if budget.rows == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn definitions(&mut self, from: i64, purge: &Purge) -> Result<Vec<(i64, String)>> {
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let all = self.definitions.query_map([from], read)?;
        let asked = |found: &Result<(i64, String)>| {
            found.as_ref().map_or(true, |(_, workflow)| {
                purge.workflow.as_ref().is_none_or(|name| name == workflow)
                    && !purge.except.contains(workflow)
            })
        };
        all.filter(asked).collect()
    }
}

fn looked(row: &Row<'_>) -> Result<Looked> {
    let tags = row.get::<_, Option<Json<BTreeMap<String, String>>>>(4)?;
    Ok(Looked {
        n: row.get(0)?,
        at: Timestamp(row.get(1)?),
        id: RunId::from_bytes(row.get::<_, Blob16>(2)?.0),
        key: row.get(3)?,
        tags: tags.map(|Json(tags)| tags).unwrap_or_default(),
        may_go: row.get::<_, Option<bool>>(5)?.unwrap_or(false),
    })
}

/// The number of a final state, as it stands in the tables.
fn number(state: RunState) -> i64 {
    match state {
        RunState::Failed => 5,
        RunState::Cancelled => 6,
        _ => 4,
    }
}
