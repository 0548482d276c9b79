//! Workflows and their revisions.

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use utoipa::ToSchema;

use super::{CalleeDraft, Store};
use crate::error::Error;

/// A stored workflow.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// `wf_…`, never reused. The underscore keeps it apart from names, which are slugs.
    pub id: String,
    /// The graph's name, unique.
    pub name: String,
    /// The graph's description.
    pub description: String,
    /// Hash of the graph's meaning (S39).
    pub revision: String,
    /// Counts the writes.
    pub version: i64,
    /// The document, byte for byte as it was sent.
    pub graph: String,
    /// What the compiler said of it, a JSON list.
    pub diagnostics: String,
    /// What starts its runs.
    pub triggers: Vec<Trigger>,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    /// Milliseconds since the epoch.
    pub updated_at: i64,
}

impl Workflow {
    /// The strong entity tag of this state, quotes included.
    pub fn etag(&self) -> String {
        format!("\"{}.{}\"", self.id, self.version)
    }
}

/// A node that starts runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trigger {
    /// The node's id.
    pub id: String,
    /// `webhook@1`.
    pub kind: String,
    /// The last part of `/hooks/{path}`, for a webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The cron expression, for a schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The schedule's time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// A checked graph, ready to be stored.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The graph's name.
    pub name: String,
    /// The graph's description.
    pub description: String,
    /// Hash of the graph's meaning.
    pub revision: String,
    /// The document.
    pub graph: String,
    /// What the compiler said of it, a JSON list without errors.
    pub diagnostics: String,
    /// What starts its runs.
    pub triggers: Vec<Trigger>,
    /// Its schedules with their next instants.
    pub schedules: Vec<ScheduleDraft>,
    /// What it calls, directly or through others.
    pub callees: Vec<CalleeDraft>,
}

/// A schedule to be stored.
#[derive(Clone, Debug)]
pub struct ScheduleDraft {
    /// The trigger's id.
    pub node: String,
    /// Five fields.
    pub cron: String,
    /// IANA name.
    pub timezone: String,
    /// When it fires next; an unchanged schedule keeps the instant that it has.
    pub next_fire: Option<i64>,
}

/// What a start needs to know of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// The workflow's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its revision now.
    pub revision: String,
}

/// Whom a webhook path starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The workflow.
    pub workflow: Current,
    /// Its trigger.
    pub node: String,
}

const COLUMNS: &str = "id, name, description, revision, version, graph, diagnostics, triggers, created_at, updated_at";

impl Store {
    /// Stores a new workflow.
    pub async fn create(&self, draft: &Draft, now: i64) -> Result<Workflow, Error> {
        let workflow = Workflow {
            id: format!("wf_{}", uuid::Uuid::now_v7().simple()),
            name: draft.name.clone(),
            description: draft.description.clone(),
            revision: draft.revision.clone(),
            version: 1,
            graph: draft.graph.clone(),
            diagnostics: draft.diagnostics.clone(),
            triggers: draft.triggers.clone(),
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.pool.begin_with("begin immediate").await?;
        free_name(&mut tx, &workflow).await?;
        let insert = "insert into workflows (id, name, description, revision, version, graph, diagnostics, triggers, created_at, updated_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        bind(sqlx::query(insert), &workflow)?.execute(&mut *tx).await?;
        put_parts(&mut tx, &workflow, draft).await?;
        tx.commit().await?;
        Ok(workflow)
    }

    /// Replaces a workflow if its entity tag is one that `accepted` takes.
    pub async fn replace(
        &self,
        key: &str,
        accepted: impl Fn(&str) -> bool,
        draft: &Draft,
        now: i64,
    ) -> Result<Workflow, Error> {
        let mut tx = self.pool.begin_with("begin immediate").await?;
        let old = find(&mut tx, key).await?.ok_or_else(|| Error::NoWorkflow(key.to_owned()))?;
        if !accepted(&old.etag()) {
            return Err(Error::Stale { current: old.etag() });
        }
        let workflow = Workflow {
            id: old.id,
            name: draft.name.clone(),
            description: draft.description.clone(),
            revision: draft.revision.clone(),
            version: old.version + 1,
            graph: draft.graph.clone(),
            diagnostics: draft.diagnostics.clone(),
            triggers: draft.triggers.clone(),
            created_at: old.created_at,
            updated_at: now,
        };
        free_name(&mut tx, &workflow).await?;
        let update = "update workflows set name = ?2, description = ?3, revision = ?4, version = ?5, graph = ?6,
             diagnostics = ?7, triggers = ?8, created_at = ?9, updated_at = ?10 where id = ?1";
        bind(sqlx::query(update), &workflow)?.execute(&mut *tx).await?;
        put_parts(&mut tx, &workflow, draft).await?;
        tx.commit().await?;
        Ok(workflow)
    }

    /// Deletes a workflow if its entity tag is one that `accepted` takes.
    /// Its revisions stay, for its unfinished runs and its history.
    pub async fn delete(&self, key: &str, accepted: impl Fn(&str) -> bool) -> Result<(), Error> {
        let mut tx = self.pool.begin_with("begin immediate").await?;
        let old = find(&mut tx, key).await?.ok_or_else(|| Error::NoWorkflow(key.to_owned()))?;
        if !accepted(&old.etag()) {
            return Err(Error::Stale { current: old.etag() });
        }
        sqlx::query("delete from workflows where id = ?1").bind(&old.id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The workflow with this id or name.
    pub async fn workflow(&self, key: &str) -> Result<Workflow, Error> {
        let mut connection = self.pool.acquire().await?;
        find(&mut connection, key).await?.ok_or_else(|| Error::NoWorkflow(key.to_owned()))
    }

    /// Up to `limit` workflows with ids after `after`, in order of creation.
    pub async fn workflows(&self, after: &str, limit: u32) -> Result<Vec<Workflow>, Error> {
        let select = "select id, name, description, revision, version, '' as graph, '[]' as diagnostics, triggers, created_at, updated_at
             from workflows where id > ?1 order by id limit ?2";
        let rows = sqlx::query(select).bind(after).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// The document of a revision, even where the workflow was deleted.
    pub async fn revision_graph(&self, id: &str, revision: &str) -> Result<Option<String>, Error> {
        let select = "select graph from revisions where workflow_id = ?1 and revision = ?2";
        Ok(sqlx::query_scalar(select).bind(id).bind(revision).fetch_optional(&self.pool).await?)
    }

    /// The name that a workflow had at a revision.
    pub async fn revision_name(&self, id: &str, revision: &str) -> Result<Option<String>, Error> {
        let select = "select name from revisions where workflow_id = ?1 and revision = ?2";
        Ok(sqlx::query_scalar(select).bind(id).bind(revision).fetch_optional(&self.pool).await?)
    }

    /// The id of a workflow by its id or name, even where it was deleted.
    pub async fn workflow_id(&self, key: &str) -> Result<Option<String>, Error> {
        let select = "select id from workflows where id = ?1 or name = ?1
             union all select workflow_id from revisions where workflow_id = ?1 limit 1";
        Ok(sqlx::query_scalar(select).bind(key).fetch_optional(&self.pool).await?)
    }

    /// What a start needs to know of the workflow with this id or name.
    pub async fn current(&self, key: &str) -> Result<Current, Error> {
        let select = "select id, name, revision from workflows where id = ?1 or name = ?1";
        let row = sqlx::query(select).bind(key).fetch_optional(&self.pool).await?;
        let row = row.ok_or_else(|| Error::NoWorkflow(key.to_owned()))?;
        current(&row)
    }

    /// Whom a webhook path starts.
    pub async fn hook(&self, path: &str) -> Result<Option<Hook>, Error> {
        let select = "select id, name, revision, node from hooks join workflows on id = workflow_id where path = ?1";
        let row = sqlx::query(select).bind(path).fetch_optional(&self.pool).await?;
        row.map(|row| Ok(Hook { workflow: current(&row)?, node: row.try_get("node")? })).transpose()
    }
}

async fn find(connection: &mut SqliteConnection, key: &str) -> Result<Option<Workflow>, Error> {
    let select = format!("select {COLUMNS} from workflows where id = ?1 or name = ?1");
    let row = sqlx::query(sqlx::AssertSqlSafe(select)).bind(key).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

fn current(row: &SqliteRow) -> Result<Current, Error> {
    Ok(Current {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        revision: row.try_get("revision")?,
    })
}

fn read(row: &SqliteRow) -> Result<Workflow, Error> {
    let triggers: String = row.try_get("triggers")?;
    let corrupt = |source| Error::Corrupt { what: "a workflow's triggers", source };
    Ok(Workflow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        revision: row.try_get("revision")?,
        version: row.try_get("version")?,
        graph: row.try_get("graph")?,
        diagnostics: row.try_get("diagnostics")?,
        triggers: serde_json::from_str(&triggers).map_err(corrupt)?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind<'q>(query: Query<'q>, workflow: &'q Workflow) -> Result<Query<'q>, Error> {
    Ok(query
        .bind(&workflow.id)
        .bind(&workflow.name)
        .bind(&workflow.description)
        .bind(&workflow.revision)
        .bind(workflow.version)
        .bind(&workflow.graph)
        .bind(&workflow.diagnostics)
        .bind(to_json(&workflow.triggers)?)
        .bind(workflow.created_at)
        .bind(workflow.updated_at))
}

fn to_json(triggers: &[Trigger]) -> Result<String, Error> {
    serde_json::to_string(triggers)
        .map_err(|source| Error::Corrupt { what: "a workflow's triggers", source })
}

/// Refuses a name that belongs to another workflow.
async fn free_name(tx: &mut SqliteConnection, workflow: &Workflow) -> Result<(), Error> {
    let taken: Option<i64> =
        sqlx::query_scalar("select 1 from workflows where name = ?1 and id <> ?2")
            .bind(&workflow.name)
            .bind(&workflow.id)
            .fetch_optional(tx)
            .await?;
    if taken.is_some() { Err(Error::NameTaken(workflow.name.clone())) } else { Ok(()) }
}

/// Writes what hangs off a workflow: its revision with what it calls, webhooks and schedules.
async fn put_parts(
    tx: &mut SqliteConnection,
    workflow: &Workflow,
    draft: &Draft,
) -> Result<(), Error> {
    let insert = "insert into revisions (workflow_id, revision, name, graph, created_at)
         values (?1, ?2, ?3, ?4, ?5) on conflict do nothing";
    sqlx::query(insert)
        .bind(&workflow.id)
        .bind(&workflow.revision)
        .bind(&workflow.name)
        .bind(&workflow.graph)
        .bind(workflow.updated_at)
        .execute(&mut *tx)
        .await?;
    super::callees::put(&mut *tx, workflow, draft).await?;
    put_hooks(&mut *tx, workflow).await?;
    super::schedules::put(tx, &workflow.id, &draft.schedules).await
}

async fn put_hooks(tx: &mut SqliteConnection, workflow: &Workflow) -> Result<(), Error> {
    sqlx::query("delete from hooks where workflow_id = ?1")
        .bind(&workflow.id)
        .execute(&mut *tx)
        .await?;
    for trigger in &workflow.triggers {
        let Some(path) = &trigger.path else { continue };
        let owner =
            "select name from workflows where id = (select workflow_id from hooks where path = ?1)";
        let owner: Option<String> =
            sqlx::query_scalar(owner).bind(path).fetch_optional(&mut *tx).await?;
        if let Some(workflow) = owner {
            return Err(Error::HookTaken { path: path.clone(), workflow });
        }
        sqlx::query("insert into hooks (path, workflow_id, node) values (?1, ?2, ?3)")
            .bind(path)
            .bind(&workflow.id)
            .bind(&trigger.id)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
