//! What pages show of the registry's crates.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::crates::{self, folded};
use super::{Crate, Store};
use crate::error::Error;

/// A crate in a list.
#[derive(Clone, Debug)]
pub struct Shelved {
    /// The crate.
    pub found: Crate,
    /// The name that the workflow has now, if the crate is one's and it is still there.
    pub workflow: Option<String>,
    /// Its versions in the order of their release, each with whether it is yanked.
    pub versions: Vec<(String, bool)>,
    /// When the last of them was released, in milliseconds since the epoch.
    pub published_at: i64,
}

/// A crate that depends on another one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Dependant {
    /// Its name.
    pub name: String,
    /// Its last version that does.
    pub version: String,
    /// The versions that will do for it.
    pub req: String,
}

impl Store {
    /// Up to `limit` crates after a name, in the order of names, whose name or description has the
    /// text in it.
    pub async fn shelf(&self, text: &str, after: &str, limit: u32) -> Result<Vec<Shelved>, Error> {
        let select = "select crates.name, origin, workflow_id, crates.description,
                 workflows.name as workflow,
                 (select max(published_at) from releases where releases.name = crates.name) as published_at
             from crates left join workflows on workflows.id = workflow_id
             where crates.name > ?1 and (instr(folded, ?2) > 0 or instr(lower(crates.description), ?3) > 0)
             order by crates.name limit ?4";
        let rows = sqlx::query(select)
            .bind(after)
            .bind(folded(text))
            .bind(text.to_lowercase())
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        let mut found = Vec::new();
        for row in rows {
            found.push(self.shelved(&row).await?);
        }
        Ok(found)
    }

    /// One crate, by its very name.
    pub async fn shelved_crate(&self, name: &str) -> Result<Option<Shelved>, Error> {
        let select = "select crates.name, origin, workflow_id, crates.description,
                 workflows.name as workflow,
                 (select max(published_at) from releases where releases.name = crates.name) as published_at
             from crates left join workflows on workflows.id = workflow_id where crates.name = ?1";
        let row = sqlx::query(select).bind(name).fetch_optional(&self.pool).await?;
        match row {
            Some(row) => Ok(Some(self.shelved(&row).await?)),
            None => Ok(None),
        }
    }

    async fn shelved(&self, row: &SqliteRow) -> Result<Shelved, Error> {
        let found = crates::read_crate(row)?;
        let select = "select version, yanked from releases where name = ?1 order by id";
        let versions = sqlx::query_as(select).bind(&found.name).fetch_all(&self.pool).await?;
        let published_at: Option<i64> = row.try_get("published_at")?;
        let published_at = published_at.unwrap_or_default();
        Ok(Shelved { found, workflow: row.try_get("workflow")?, versions, published_at })
    }

    /// How many bytes the package of each version has.
    pub async fn package_sizes(&self, name: &str) -> Result<Vec<(String, i64)>, Error> {
        let select = "select version, length(bytes) from releases join packages on release = id
             where name = ?1 order by id";
        Ok(sqlx::query_as(select).bind(name).fetch_all(&self.pool).await?)
    }

    /// The crates that depend on one, by name; yanked versions count for nothing.
    pub async fn dependants(&self, name: &str) -> Result<Vec<Dependant>, Error> {
        let select = "select releases.name, version, json_extract(dep.value, '$.req'), max(releases.id)
             from releases, json_each(releases.line, '$.deps') as dep
             where not yanked and releases.name <> ?1
               and json_extract(dep.value, '$.registry') is null
               and coalesce(json_extract(dep.value, '$.package'), json_extract(dep.value, '$.name')) = ?1
             group by releases.name order by releases.name limit 200";
        let rows: Vec<(String, String, String, i64)> =
            sqlx::query_as(select).bind(name).fetch_all(&self.pool).await?;
        let dependant = |(name, version, req, _)| Dependant { name, version, req };
        Ok(rows.into_iter().map(dependant).collect())
    }
}
