//! What workflows call: each revision keeps the revisions that it is pinned to (S35).

use std::collections::BTreeSet;

use flowcrate_codegen::called;
use flowcrate_codegen::graph::limits::MAX_CALLEES;
use sqlx::{Row, SqliteConnection};

use super::{Draft, Store, Workflow};
use crate::callees::Linked;
use crate::error::Error;

/// A workflow that another one calls, directly or through others.
#[derive(Clone, Debug)]
pub struct CalleeDraft {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its revision, together with those of what it calls in turn.
    pub revision: String,
    /// Its document.
    pub graph: String,
    /// The names of all that it calls, directly or through others.
    pub calls: BTreeSet<String>,
}

impl Store {
    /// What a graph may call as the workflows now stand: all that it reaches by calls.
    pub async fn linked(&self, source: &[u8]) -> Result<Linked, Error> {
        let mut linked = Linked::default();
        let mut open: Vec<String> = called(source).into_iter().collect();
        let mut looked_up = BTreeSet::new();
        while let Some(name) = open.pop() {
            if looked_up.len() > MAX_CALLEES || !looked_up.insert(name.clone()) {
                continue;
            }
            let select = "select id, graph from workflows where name = ?1";
            let row = sqlx::query(select).bind(&name).fetch_optional(&self.pool).await?;
            let Some(row) = row else { continue };
            let graph: String = row.try_get("graph")?;
            open.extend(called(graph.as_bytes()));
            linked.ids.insert(name.clone(), row.try_get("id")?);
            linked.documents.insert(name, graph);
        }
        Ok(linked)
    }

    /// What a revision calls, as it was when that was stored.
    pub async fn pinned(&self, id: &str, revision: &str) -> Result<Linked, Error> {
        let select = "select callees.name, callee_id, graph from callees
             join revisions on revisions.workflow_id = callee_id and revisions.revision = callee_revision
             where callees.workflow_id = ?1 and callees.revision = ?2";
        let rows = sqlx::query(select).bind(id).bind(revision).fetch_all(&self.pool).await?;
        let mut linked = Linked::default();
        for row in rows {
            let (name, graph): (String, String) = (row.try_get("name")?, row.try_get("graph")?);
            linked.ids.insert(name.clone(), row.try_get("callee_id")?);
            linked.documents.insert(name, graph);
        }
        Ok(linked)
    }
}

/// Writes what a revision calls, and each of these in the revision that it has together with what
/// it calls in turn, which nobody may have stored by itself.
pub(super) async fn put(
    tx: &mut SqliteConnection,
    workflow: &Workflow,
    draft: &Draft,
) -> Result<(), Error> {
    for callee in &draft.callees {
        let insert = "insert into revisions (workflow_id, revision, name, graph, created_at)
             values (?1, ?2, ?3, ?4, ?5) on conflict do nothing";
        sqlx::query(insert)
            .bind(&callee.id)
            .bind(&callee.revision)
            .bind(&callee.name)
            .bind(&callee.graph)
            .bind(workflow.updated_at)
            .execute(&mut *tx)
            .await?;
        pin(&mut *tx, (&workflow.id, &workflow.revision), callee).await?;
        for caller in draft.callees.iter().filter(|caller| caller.calls.contains(&callee.name)) {
            pin(&mut *tx, (&caller.id, &caller.revision), callee).await?;
        }
    }
    Ok(())
}

async fn pin(
    tx: &mut SqliteConnection,
    (id, revision): (&str, &str),
    callee: &CalleeDraft,
) -> Result<(), Error> {
    let insert = "insert into callees (workflow_id, revision, name, callee_id, callee_revision)
         values (?1, ?2, ?3, ?4, ?5) on conflict do nothing";
    sqlx::query(insert)
        .bind(id)
        .bind(revision)
        .bind(&callee.name)
        .bind(&callee.id)
        .bind(&callee.revision)
        .execute(tx)
        .await?;
    Ok(())
}
