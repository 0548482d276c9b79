//! Takes runs for the driver: what is ready, due or abandoned.

use std::sync::Arc;

use rusqlite::{Result, Row};

use super::Tables;
use crate::sqlite::codec::Blob16;
use crate::store::{Claim, Claimed};
use crate::{RunId, Timestamp};

/// A run that a claim may take.
pub(super) struct Candidate {
    pub(super) n: i64,
    pub(super) id: RunId,
    pub(super) epoch: u64,
}

impl Tables<'_> {
    pub(in crate::sqlite) fn claim(&mut self, claim: &Claim) -> Result<Claimed> {
        let mut claimed = Claimed::default();
        let Some((_, driver)) = self.driver.filter(|(worker, _)| *worker == claim.worker) else {
            claimed.superseded = true;
            return Ok(claimed);
        };
        self.tell_of_taken(driver, &mut claimed)?;
        let definitions = self.definitions(claim)?;
        self.take_from_lines(&definitions, driver, claim, &mut claimed)?;
        for (definition, adopter) in &definitions {
            self.nudge(*definition, driver, &mut claimed)?;
            self.take_free((*definition, adopter), driver, claim, &mut claimed)?;
        }
        for (definition, adopter) in definitions {
            let read = |row: &Row<'_>| row.get::<_, Option<i64>>(0);
            let wake = self.sql.next_wake.query_row((definition, &*adopter), read)?.map(Timestamp);
            claimed.next_wake = claimed.next_wake.into_iter().chain(wake).min();
        }
        Ok(claimed)
    }

    /// The numbers of the definitions that the worker can drive, or would adopt: with the revision
    /// that would, which is none (the empty text) for its own.
    fn definitions(&mut self, claim: &Claim) -> Result<Vec<(i64, Arc<str>)>> {
        let mut numbers = Vec::with_capacity(claim.definitions.len());
        let own = claim.definitions.iter().map(|(name, revision)| (name, revision, "".into()));
        let adopts = claim.adopts.iter().map(|old| (&old.workflow, &old.from, old.to.clone()));
        for (workflow, revision, adopter) in own.chain(adopts) {
            let names = (&**workflow, &**revision);
            for n in self.sql.definitions.query_map(names, |row| row.get(0))? {
                numbers.push((n?, Arc::clone(&adopter)));
            }
        }
        Ok(numbers)
    }

    /// Runs that were terminated under a worker.
    fn tell_of_taken(&mut self, driver: i64, claimed: &mut Claimed) -> Result<()> {
        let read = |row: &Row<'_>| Ok(RunId::from_bytes(row.get::<_, Blob16>(0)?.0));
        for run in self.sql.taken_away.query_map([driver], read)? {
            claimed.nudged.push(run?);
        }
        if !claimed.nudged.is_empty() {
            self.sql.clear_taken_away.execute([])?;
        }
        Ok(())
    }

    /// Own runs with new mail.
    fn nudge(&mut self, definition: i64, driver: i64, claimed: &mut Claimed) -> Result<()> {
        let runs: Vec<Candidate> =
            self.sql.nudged.query_map((definition, driver), candidate)?.collect::<Result<_>>()?;
        for run in runs {
            self.sql.unqueue.execute([run.n])?;
            claimed.nudged.push(run.id);
        }
        Ok(())
    }

    /// Runs that are due, ready or abandoned, in this order.
    fn take_free(
        &mut self,
        (definition, adopter): (i64, &str),
        driver: i64,
        claim: &Claim,
        claimed: &mut Claimed,
    ) -> Result<()> {
        // One more than may be taken, to know that there is more.
        let left = |claimed: &Claimed| {
            let left = claim.limit.saturating_sub(claimed.runs.len()).saturating_add(1);
            i64::try_from(left).unwrap_or(i64::MAX)
        };
        let values = (definition, claim.now.0, adopter, left(claimed));
        let due = self.sql.due.query_map(values, candidate)?.collect::<Result<_>>()?;
        self.take(due, driver, false, claim.limit, claimed)?;
        let values = (definition, adopter, left(claimed));
        let ready = self.sql.free.query_map(values, candidate)?.collect::<Result<_>>()?;
        self.take(ready, driver, false, claim.limit, claimed)?;
        let values = (definition, driver, adopter, left(claimed));
        let abandoned = self.sql.abandoned.query_map(values, candidate)?.collect::<Result<_>>()?;
        self.take(abandoned, driver, true, claim.limit, claimed)
    }

    fn take(
        &mut self,
        runs: Vec<Candidate>,
        driver: i64,
        takeover: bool,
        limit: usize,
        claimed: &mut Claimed,
    ) -> Result<()> {
        for run in runs {
            if claimed.runs.len() >= limit {
                claimed.more = true;
                break;
            }
            self.sql.take.execute((run.n, driver, takeover))?;
            self.memory.owned.remove(&run.id);
            claimed.runs.push((run.id, run.epoch + 1));
        }
        Ok(())
    }
}

pub(super) fn candidate(row: &Row<'_>) -> Result<Candidate> {
    Ok(Candidate {
        n: row.get(0)?,
        id: RunId::from_bytes(row.get::<_, Blob16>(1)?.0),
        epoch: row.get(2)?,
    })
}
