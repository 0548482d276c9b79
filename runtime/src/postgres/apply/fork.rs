//! Runs that share the beginning of others. What is copied is copied as it lies.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use super::{Applied, Applier, Result, Tells, applied, read, unsent};
use crate::postgres::codec::{Origin, damaged, get, json, natural, state, status, to_json, uuid};
use crate::store::answer::Answer;
use crate::store::fork::{Asked, Mark, Prefix, prefix};
use crate::store::{Forked, NewFork, StoreError};

impl Applier<'_> {
    pub(super) async fn fork(&self, fork: &NewFork) -> Result<Applied> {
        let nothing = |answer| Ok(applied(Answer::Forked(answer), Tells::Nobody));
        let original = self.client.query_opt(&self.sql.original, &[&uuid(fork.run)]).await?;
        let Some(original) = original else { return nothing(Forked::UnknownRun) };
        let n: i64 = read(get(&original, 0))?;
        let ended = read(get(&original, 1).and_then(state))?.is_final();
        let rows = self.client.query(&self.sql.marks, &[&n]).await?;
        let marks = read(rows.iter().map(mark).collect::<std::result::Result<Vec<_>, _>>())?;
        let origin: Option<Origin> = read(json(&original, 3))?;
        let edits: bool = read(get(&original, 5))?;
        let asked = Asked {
            path: &fork.path,
            edits: fork.input.is_some(),
            has_ended: ended,
            edited: origin.as_ref().filter(|_| edits).map(|origin| origin.path.as_str()),
        };
        match prefix(&marks, asked) {
            Err(failure) => nothing(Forked::Refused(failure)),
            Ok(prefix) => {
                self.copy(fork, n, (&original, origin.as_ref()), prefix).await?;
                Ok(applied(Answer::Forked(Forked::Done), Tells::Workers))
            }
        }
    }

    async fn copy(
        &self,
        fork: &NewFork,
        from: i64,
        (original, origin): (&Row, Option<&Origin>),
        taken: Prefix,
    ) -> Result<()> {
        let started_at = match origin {
            Some(origin) => origin.started_at,
            None => read(get(original, 2))?,
        };
        let (path, seen) = (fork.path.to_string(), taken.seen);
        let origin = Origin { run: fork.run, path, started_at, seen };
        let origin = unsent(to_json(&origin))?;
        let input = unsent(self.codec.maybe(fork.input.as_ref()))?;
        let (id, at) = (uuid(fork.id), fork.at.0);
        let copied = self
            .client
            .query_one(&self.sql.copy_run, &[&from, &id, &at, &origin, &input, &taken.answered])
            .await?;
        let to: i64 = read(get(&copied, 0))?;
        let tags: BTreeMap<String, String> = read(json(original, 4))?.unwrap_or_default();
        if !tags.is_empty() {
            let (names, values): (Vec<&String>, Vec<&String>) = tags.iter().unzip();
            self.client.query(&self.sql.copy_tags, &[&names, &values, &at, &id]).await?;
        }
        let (paths, sealed): (Vec<&str>, Vec<bool>) =
            taken.entries.iter().map(|taken| (taken.path.as_str(), taken.sealed)).unzip();
        let hashed: Vec<bool> = taken.entries.iter().map(|taken| taken.hashed).collect();
        let rows = self
            .client
            .execute(&self.sql.copy_entries, &[&from, &to, &paths, &sealed, &hashed])
            .await?;
        if rows != paths.len() as u64 {
            return read(Err(damaged("entries of a run that is forked are gone")));
        }
        Ok(())
    }
}

fn mark(row: &Row) -> std::result::Result<Mark, StoreError> {
    Ok(Mark {
        path: get(row, 0)?,
        kind: get(row, 1)?,
        status: status(get(row, 2)?)?,
        seq: get::<Option<i64>>(row, 3)?.map(i64::cast_unsigned),
        issued: natural(row, 4)?,
        attempts: get::<i32>(row, 5)?.cast_unsigned(),
        sealed: get(row, 6)?,
        can_be_undone: get(row, 7)?,
    })
}
