//! Runs that share the beginning of others. What is copied is copied as it lies: sealed by a
//! codec, or away in a blob to which the copy points as well.

use rusqlite::{OptionalExtension, Result, Row};

use super::{Json, READY, State, Tables};
use crate::sqlite::codec::{Origin, Status};
use crate::sqlite::values::{ROW, place};
use crate::store::fork::{Asked, Mark, Prefix, Taken, prefix};
use crate::store::{Forked, NewFork, RunState};

/// What there is to know of the run that is forked.
struct Original {
    n: i64,
    state: RunState,
    started_at: i64,
    /// Its own step that had another input than the function's.
    edited: Option<String>,
    tags: std::collections::BTreeMap<String, String>,
}

impl Tables<'_> {
    pub(in crate::sqlite) fn fork(&mut self, fork: &NewFork) -> Result<Forked> {
        let Some(original) = self.original(fork)? else { return Ok(Forked::UnknownRun) };
        let marks = self.sql.marks.query_map([original.n], mark)?.collect::<Result<Vec<_>>>()?;
        let asked = Asked {
            path: &fork.path,
            edits: fork.input.is_some(),
            has_ended: original.state.is_final(),
            edited: original.edited.as_deref(),
        };
        let prefix = match prefix(&marks, asked) {
            Ok(prefix) => prefix,
            Err(failure) => return Ok(Forked::Refused(failure)),
        };
        let n = self.copy_row(fork, &original, &prefix)?;
        for taken in &prefix.entries {
            self.copy_entry(original.n, n, taken)?;
        }
        Ok(Forked::Done)
    }

    fn original(&mut self, fork: &NewFork) -> Result<Option<Original>> {
        let read = |row: &Row<'_>| {
            let origin = row.get::<_, Option<Json<Origin>>>(3)?;
            let started_at = row.get(2)?;
            let tags = row.get::<_, Option<Json<_>>>(4)?;
            let (edits, origin) = (row.get(5)?, origin.map(|Json(origin)| origin));
            let began = origin.as_ref().map_or(started_at, |origin| origin.started_at);
            Ok(Original {
                n: row.get(0)?,
                state: row.get::<_, State>(1)?.0,
                started_at: began,
                edited: origin.filter(|_| edits).map(|origin| origin.path),
                tags: tags.map(|Json(tags)| tags).unwrap_or_default(),
            })
        };
        self.sql.find_original.query_row([fork.run.as_bytes()], read).optional()
    }

    fn copy_row(&mut self, fork: &NewFork, original: &Original, prefix: &Prefix) -> Result<i64> {
        let (path, started_at) = (fork.path.to_string(), original.started_at);
        let origin = Origin { run: fork.run, path, started_at, seen: prefix.seen };
        let input = self.values.maybe(fork.input.as_ref())?;
        let id = fork.id.as_bytes();
        let values = (original.n, id, READY, fork.at.0, Json(&origin), &input, prefix.answered);
        let n = self.sql.copy_run.insert(values)?;
        self.sql.copy_row_blobs.execute((original.n, n, ROW))?;
        self.values.note(n, ROW, input.as_ref())?;
        for (name, value) in &original.tags {
            self.sql.add_tag.execute((name, value, fork.at.0, id, n))?;
        }
        Ok(n)
    }

    fn copy_entry(&mut self, from: i64, to: i64, taken: &Taken) -> Result<()> {
        let Taken { path, was_sealed, sealed, hashed } = taken;
        self.sql.copy_entry.execute((from, to, path, was_sealed, sealed, hashed))?;
        self.sql.copy_blobs.execute((from, to, place(path)))?;
        Ok(())
    }
}

fn mark(row: &Row<'_>) -> Result<Mark> {
    Ok(Mark {
        path: row.get(0)?,
        kind: row.get(1)?,
        status: row.get::<_, Status>(2)?.0,
        seq: row.get(3)?,
        issued: row.get(4)?,
        attempts: row.get(5)?,
        sealed: row.get(6)?,
        can_be_undone: row.get(7)?,
    })
}
