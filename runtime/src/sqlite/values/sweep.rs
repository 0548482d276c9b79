//! Taking away blobs that nothing points to.

use rusqlite::{Connection, Result, Statement};

use crate::Timestamp;

/// How old a blob has to be, in milliseconds. A younger one may be on its way into the
/// transaction that points to it; that one would write it anew, but had better not have to.
const AGE: i64 = 60 * 60 * 1000;
/// Rows to look at in one commit.
const ROWS: i64 = 64;

/// Goes through the blobs, again and again.
pub(in crate::sqlite) struct Sweeper<'c> {
    next: Statement<'c>,
    sweep: Statement<'c>,
    /// Rows up to this one have been looked at.
    at: i64,
}

impl<'c> Sweeper<'c> {
    pub(in crate::sqlite) fn new(connection: &'c Connection) -> Result<Self> {
        Ok(Self {
            next: connection.prepare(
                "SELECT max(n) FROM (SELECT n FROM blob WHERE n > ? ORDER BY n LIMIT ?)",
            )?,
            sweep: connection.prepare(
                "DELETE FROM blob
                 WHERE n > ? AND n <= ? AND at < ?
                   AND NOT EXISTS (SELECT 1 FROM blob_use WHERE blob_use.address = blob.address)",
            )?,
            at: 0,
        })
    }

    /// Looks at the next rows, in a transaction of its own; whether there are more.
    pub(in crate::sqlite) fn step(&mut self, now: Timestamp) -> Result<bool> {
        let until: Option<i64> = self.next.query_row((self.at, ROWS), |row| row.get(0))?;
        let Some(until) = until else {
            self.at = 0;
            return Ok(false);
        };
        let swept = self.sweep.execute((self.at, until, now.0.saturating_sub(AGE)))?;
        if swept > 0 {
            tracing::debug!(swept, "blobs that nothing points to are gone");
        }
        self.at = until;
        Ok(true)
    }
}
