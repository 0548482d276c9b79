//! Starts.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::{Applied, Applier, Result, Tells, applied, read, unsent};
use crate::RunId;
use crate::postgres::codec::{get, hash, to_json, uuid, worker_uuid};
use crate::postgres::values::{Codec, Stored};
use crate::store::answer::Answer;
use crate::store::{NewRun, Started, StoreError};

/// A start that is ready to be sent.
pub(in crate::postgres) struct Ready<'n> {
    new: &'n NewRun,
    workflow: &'n str,
    revision: &'n str,
    fingerprint: &'n str,
    events: String,
    input: Stored<'n>,
    tags: Option<String>,
}

impl<'n> Ready<'n> {
    pub(in crate::postgres) fn new(
        new: &'n NewRun,
        codec: &Codec,
    ) -> std::result::Result<Self, StoreError> {
        let tags = if new.tags.is_empty() { None } else { Some(to_json(&new.tags)?) };
        Ok(Self {
            new,
            workflow: &new.workflow,
            revision: &new.revision,
            fingerprint: new.fingerprint.as_deref().unwrap_or_default(),
            events: to_json(&new.events)?,
            input: codec.payload(&new.input)?,
            tags,
        })
    }

    /// What `definition_v1` takes.
    pub(in crate::postgres) fn definition(&self) -> [&(dyn ToSql + Sync); 4] {
        [&self.workflow, &self.revision, &self.fingerprint, &self.events]
    }

    /// Calls `start_v1`, or what takes its parameters. It is sent with the first poll.
    pub(in crate::postgres) async fn call(
        &self,
        client: &Client,
        statement: &Statement,
        is_child: bool,
    ) -> std::result::Result<Row, tokio_postgres::Error> {
        let Ready { new, workflow, revision, fingerprint, events, input, tags } = self;
        let names: Vec<&str> = new.tags.keys().map(String::as_str).collect();
        let values: Vec<&str> = new.tags.values().map(String::as_str).collect();
        let parent = new.parent.as_ref();
        let parameters: [&(dyn ToSql + Sync); 20] = [
            &uuid(new.id),
            workflow,
            revision,
            fingerprint,
            events,
            &new.key,
            &new.seed.as_slice(),
            input,
            &new.input_hash.as_bytes().as_slice(),
            &new.at.0,
            &new.owner.map(worker_uuid),
            tags,
            &names,
            &values,
            &parent.map(|parent| uuid(parent.run)),
            &parent.map(|parent| &parent.path),
            &parent.is_some_and(|parent| parent.awaited),
            &is_child,
            &new.limit_key,
            &new.priority,
        ];
        client.query_one(statement, &parameters).await
    }
}

impl Applier<'_> {
    pub(super) async fn start(&self, new: &NewRun) -> Result<Applied> {
        let ready = unsent(Ready::new(new, self.codec))?;
        self.send_start(&ready, false).await
    }

    /// Starts a run; a child stays as it is if it is there.
    pub(super) async fn send_start(&self, ready: &Ready<'_>, is_child: bool) -> Result<Applied> {
        let row = ready.call(self.client, &self.sql.start, is_child).await?;
        let Some(existing) = read(get::<Option<Uuid>>(&row, 0))? else {
            let in_line: bool = read(get(&row, 2))?;
            let is_ready = ready.new.owner.is_none() || in_line;
            let tells = if is_ready { Tells::Workers } else { Tells::Nobody };
            let started = if in_line { Started::InLine } else { Started::New };
            return Ok(applied(Answer::Started(started), tells));
        };
        let id = RunId::from_bytes(existing.into_bytes());
        let existing = Started::Existing { id, input_hash: read(hash(&row, 1))? };
        Ok(applied(Answer::Started(existing), Tells::Nobody))
    }
}
