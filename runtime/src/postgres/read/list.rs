//! Lists of runs, none of which reads more of the tables than it shows: each walks ranges of an
//! index that come in the order of the list.

use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{Reader, Result, read};
use crate::postgres::codec::{self, state_number, uuid};
use crate::store::{RunFilter, RunRow, RunState};

/// Every state: a list of all of them reads as many ranges.
const STATES: [RunState; 7] = [
    RunState::Pending,
    RunState::Running,
    RunState::Waiting,
    RunState::Paused,
    RunState::Completed,
    RunState::Failed,
    RunState::Cancelled,
];

impl Reader<'_> {
    /// Rows of runs, the one that was started last first.
    pub(super) async fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>> {
        let from = filter.started_from.map_or(i64::MIN, |from| from.0);
        let (before, id) = end(filter);
        let limit = (filter.limit != 0).then(|| i64::try_from(filter.limit).unwrap_or(i64::MAX));
        let states = if filter.states.is_empty() { &STATES[..] } else { &filter.states };
        let states: Vec<i16> = states.iter().map(|state| state_number(*state)).collect();
        let (names, tags): (Vec<&String>, Vec<&String>) = filter.tags.iter().unzip();
        let all: [&(dyn ToSql + Sync); 9] =
            [&from, &before, &id, &limit, &filter.workflow, &states, &names, &tags, &filter.key];
        let (statement, values) = if filter.key.is_some() {
            (&self.sql.by_key, &all[..])
        } else if !filter.tags.is_empty() {
            (&self.sql.by_tag, &all[..8])
        } else if filter.workflow.is_some() || !filter.states.is_empty() {
            (&self.sql.by_state, &all[..6])
        } else {
            (&self.sql.listed, &all[..4])
        };
        let rows = self.client.query(statement, values).await?;
        read(rows.iter().map(|row| codec::run(row, self.codec)).collect())
    }
}

/// The place before which the list lies. No id comes before the nil one: all of its millisecond
/// lies beyond.
fn end(filter: &RunFilter) -> (i64, Uuid) {
    let before = filter.started_before.map(|before| (before.0, Uuid::nil()));
    let cursor = filter.cursor.map(|cursor| (cursor.started_at.0, uuid(cursor.id)));
    before.into_iter().chain(cursor).min().unwrap_or((i64::MAX, Uuid::max()))
}
