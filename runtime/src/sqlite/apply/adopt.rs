//! Runs that go on in another revision, or cannot (R19).

use rusqlite::{Result, Row};

use super::owned::Owned;
use super::{Json, State, Tables};
use crate::RunId;
use crate::store::{Adoption, Refusal, RevisionChange, RunState};

impl Tables<'_> {
    /// Lets a run go on in another revision, and notes it in the run's history.
    pub(super) fn adopt(
        &mut self,
        run: RunId,
        owned: &Owned,
        adoption: &Adoption,
    ) -> Result<RunState> {
        let read = |row: &Row<'_>| {
            let history: Option<Json<Vec<RevisionChange>>> = row.get(2)?;
            let history = history.map(|Json(history)| history).unwrap_or_default();
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, history))
        };
        let (workflow, from, mut history) = self.sql.history.query_row([owned.n], read)?;
        let fingerprint = adoption.fingerprint.as_deref().unwrap_or_default();
        let names = [workflow.as_str(), &adoption.to, fingerprint];
        let definition = self.definition(names, &adoption.events)?;
        history.push(RevisionChange { from, to: adoption.to.to_string(), at: adoption.at });
        let values = (owned.n, definition, Json(&history));
        let state = self.sql.adopt.query_row(values, |row| Ok(row.get::<_, State>(0)?.0))?;
        if state == RunState::Paused {
            self.memory.owned.remove(&run);
        }
        Ok(state)
    }

    /// Keeps why another revision does not fit a run.
    pub(super) fn refuse(&mut self, owned: &Owned, refusal: &Refusal) -> Result<RunState> {
        let values = (owned.n, Json(refusal));
        self.sql.refuse.query_row(values, |row| Ok(row.get::<_, State>(0)?.0))
    }
}
