//! A claim whose result nobody knows may have been made: then runs are this worker's that it does
//! not know of. They are looked for, and released, so that somebody claims them.

use super::{Message, Shard};
use crate::store::{Query, Reply, RunCursor, RunFilter, RunRow, RunState, StoreError};

/// Rows that are looked at in one query.
const PAGE: usize = 1_000;

impl Shard {
    /// Looks for what the claim has taken, from a place in the list on. Nothing is claimed
    /// meanwhile.
    pub(super) fn look_for_claimed(&self, cursor: Option<RunCursor>) {
        let filter = RunFilter {
            states: RunState::OPEN.to_vec(),
            cursor,
            limit: PAGE,
            ..RunFilter::default()
        };
        let sender = self.settings.sender.clone();
        let tell = move |rows| drop(sender.send(Message::Open(rows)));
        self.settings.store.query(Query::Runs(Box::new(filter), Reply::new(tell)));
    }

    /// A page of what has not ended.
    pub(super) fn open_runs(&mut self, rows: Result<Vec<RunRow>, StoreError>) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(StoreError::Closed(_)) => {
                self.closed = true;
                return;
            }
            // The store is away: again, once it has had time.
            Err(_) => return self.claims.lost(self.now),
        };
        let ours = |row: &&RunRow| row.owner == Some(self.settings.worker);
        for row in rows.iter().filter(ours) {
            if !self.runs.contains_key(&row.id) && !self.loading.contains_key(&row.id) {
                self.claims.evicted(row.id, row.epoch, self.now);
            }
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE => {
                let place = RunCursor { started_at: last.started_at, id: last.id };
                self.look_for_claimed(Some(place));
            }
            _ => self.claims.failed(self.now),
        }
    }
}
