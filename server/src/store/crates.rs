//! The registry's crates and their versions.
//!
//! A version and its package are one commit: it is there whole or not at all, whenever the process
//! dies. Nothing here changes or removes one, but for its yank.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::Store;
use crate::error::Error;

/// Where a crate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// One of ours, which published crates need.
    Support,
    /// A workflow, by its id.
    Workflow(String),
    /// Sent by `cargo publish`.
    Upload,
}

impl Origin {
    fn columns(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Support => ("support", None),
            Self::Workflow(id) => ("workflow", Some(id)),
            Self::Upload => ("upload", None),
        }
    }

    fn read(row: &SqliteRow) -> Result<Self, Error> {
        let origin: String = row.try_get("origin")?;
        let workflow: Option<String> = row.try_get("workflow_id")?;
        Ok(match (origin.as_str(), workflow) {
            ("support", _) => Self::Support,
            ("workflow", Some(id)) => Self::Workflow(id),
            _ => Self::Upload,
        })
    }
}

/// A crate, whatever its version.
#[derive(Clone, Debug)]
pub struct Crate {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What the latest version that was released says of itself.
    pub description: String,
}

/// What a version was made of, and what it changed.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The revision of the graph that it was made of.
    pub revision: Option<String>,
    /// The publisher's note.
    pub note: String,
    /// The model of its API, JSON; empty where nobody knows it.
    pub api: String,
    /// What changed since the version before, a JSON list.
    pub changes: String,
    /// Whether runs of the version before may move to it; none where nobody knows.
    pub survives: Option<bool>,
}

/// A version to be released.
#[derive(Clone, Debug)]
pub struct ReleaseDraft {
    /// The crate's name.
    pub name: String,
    /// Where the crate comes from.
    pub origin: Origin,
    /// What it is for.
    pub description: String,
    /// The version.
    pub version: String,
    /// Digest of what it was made of.
    pub content: String,
    /// The index's line, JSON.
    pub line: String,
    /// The package.
    pub package: Vec<u8>,
    /// What it was made of, and what it changed.
    pub history: History,
    /// Who owns the crate if this is its first version; none: every publisher.
    pub owner: Option<String>,
}

/// A version that was released, without its package.
#[derive(Clone, Debug)]
pub struct Release {
    /// The version.
    pub version: String,
    /// Digest of what it was made of.
    pub content: String,
    /// The index's line, JSON, as it was when released.
    pub line: String,
    /// Whether it is yanked.
    pub yanked: bool,
    /// What it was made of, and what it changed.
    pub history: History,
    /// Milliseconds since the epoch.
    pub published_at: i64,
}

/// A crate that was searched for.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// Its highest version that is not yanked.
    pub version: String,
    /// What it is for.
    pub description: String,
}

/// The name as cargo compares names.
pub fn folded(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

impl Store {
    /// Releases versions, all of them or none.
    pub async fn release(&self, drafts: &[ReleaseDraft], now: i64) -> Result<(), Error> {
        let mut tx = self.pool.begin_with("begin immediate").await?;
        for draft in drafts {
            put_crate(&mut tx, draft, now).await?;
            put_release(&mut tx, draft, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The crate with this name, or with one that cargo takes for the same.
    pub async fn crate_named(&self, name: &str) -> Result<Option<Crate>, Error> {
        let mut connection = self.pool.acquire().await?;
        find(&mut connection, name).await
    }

    /// Refuses a name that belongs to a crate from elsewhere.
    pub async fn free_crate_name(&self, name: &str, origin: &Origin) -> Result<(), Error> {
        let mut connection = self.pool.acquire().await?;
        match find(&mut connection, name).await? {
            Some(found) if found.name != name || found.origin != *origin => {
                Err(taken(&mut connection, name, found.name).await?)
            }
            _ => Ok(()),
        }
    }

    /// The versions of a crate, in the order of their release.
    pub async fn releases(&self, name: &str) -> Result<Vec<Release>, Error> {
        let select = "select version, content, line, yanked, revision, note, api, changes, survives, published_at
             from releases where name = ?1 order by id";
        let rows = sqlx::query(select).bind(name).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// Yanks a version, or takes that back; whether there is one.
    pub async fn yank(&self, name: &str, version: &str, yanked: bool) -> Result<bool, Error> {
        let update = "update releases set yanked = ?3 where name = ?1 and version = ?2";
        let done = sqlx::query(update).bind(name).bind(version).bind(yanked);
        Ok(done.execute(&self.pool).await?.rows_affected() > 0)
    }

    /// Up to `limit` crates whose name or description has the text in it, and how many there are.
    pub async fn search(&self, text: &str, limit: u32) -> Result<(Vec<Found>, i64), Error> {
        let matches =
            "from crates where (instr(folded, ?1) > 0 or instr(lower(description), ?2) > 0)
             and exists (select 1 from releases where releases.name = crates.name and not yanked)";
        let (name, description) = (folded(text), text.to_lowercase());
        let total = format!("select count(*) {matches}");
        let total: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(total))
            .bind(&name)
            .bind(&description)
            .fetch_one(&self.pool)
            .await?;
        let select = format!(
            "select name, description {matches} order by instr(folded, ?1) <> 1, name limit ?3"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(select))
            .bind(&name)
            .bind(&description)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        let mut found = Vec::new();
        for row in rows {
            let name: String = row.try_get("name")?;
            let versions = self.releases(&name).await?.into_iter();
            let versions =
                versions.filter(|release| !release.yanked).map(|release| release.version);
            let highest = versions.max_by_key(|version| semver::Version::parse(version).ok());
            let version = highest.unwrap_or_default();
            found.push(Found { name, version, description: row.try_get("description")? });
        }
        Ok((found, total))
    }

    /// The package of a version.
    pub async fn package(&self, name: &str, version: &str) -> Result<Option<Vec<u8>>, Error> {
        let select = "select bytes from releases join packages on release = id
             where name = ?1 and version = ?2";
        Ok(sqlx::query_scalar(select).bind(name).bind(version).fetch_optional(&self.pool).await?)
    }
}

async fn find(connection: &mut SqliteConnection, name: &str) -> Result<Option<Crate>, Error> {
    let select = "select name, origin, workflow_id, description from crates where folded = ?1";
    let row = sqlx::query(select).bind(folded(name)).fetch_optional(connection).await?;
    row.as_ref().map(read_crate).transpose()
}

pub(super) fn read_crate(row: &SqliteRow) -> Result<Crate, Error> {
    Ok(Crate {
        name: row.try_get("name")?,
        origin: Origin::read(row)?,
        description: row.try_get("description")?,
    })
}

fn read(row: &SqliteRow) -> Result<Release, Error> {
    Ok(Release {
        version: row.try_get("version")?,
        content: row.try_get("content")?,
        line: row.try_get("line")?,
        yanked: row.try_get("yanked")?,
        history: History {
            revision: row.try_get("revision")?,
            note: row.try_get("note")?,
            api: row.try_get("api")?,
            changes: row.try_get("changes")?,
            survives: row.try_get("survives")?,
        },
        published_at: row.try_get("published_at")?,
    })
}

/// The crate, made with its first version; a name that belongs to another is refused.
async fn put_crate(tx: &mut SqliteConnection, draft: &ReleaseDraft, now: i64) -> Result<(), Error> {
    let (origin, workflow) = draft.origin.columns();
    let Some(found) = find(&mut *tx, &draft.name).await? else {
        let insert =
            "insert into crates (name, folded, origin, workflow_id, description, created_at)
             values (?1, ?2, ?3, ?4, ?5, ?6)";
        sqlx::query(insert)
            .bind(&draft.name)
            .bind(folded(&draft.name))
            .bind(origin)
            .bind(workflow)
            .bind(&draft.description)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        if let Some(owner) = &draft.owner {
            let insert = "insert into owners (crate, owner) values (?1, ?2)";
            sqlx::query(insert).bind(&draft.name).bind(owner).execute(tx).await?;
        }
        return Ok(());
    };
    // The name as it was first written stays, and so does whom it belongs to. Of a workflow's
    // crate a person may publish what she changed by hand.
    let by_hand = draft.origin == Origin::Upload && matches!(found.origin, Origin::Workflow(_));
    if found.name != draft.name || !(found.origin == draft.origin || by_hand) {
        return Err(taken(tx, &draft.name, found.name).await?);
    }
    sqlx::query("update crates set description = ?2 where name = ?1")
        .bind(&draft.name)
        .bind(&draft.description)
        .execute(tx)
        .await?;
    Ok(())
}

/// The refusal of a name, with one that is free.
async fn taken(tx: &mut SqliteConnection, name: &str, by: String) -> Result<Error, Error> {
    let mut number = 2;
    let mut suggestion = format!("{name}-{number}");
    while find(&mut *tx, &suggestion).await?.is_some() {
        number += 1;
        suggestion = format!("{name}-{number}");
    }
    Ok(Error::CrateTaken { name: name.to_owned(), by, suggestion })
}

async fn put_release(
    tx: &mut SqliteConnection,
    draft: &ReleaseDraft,
    now: i64,
) -> Result<(), Error> {
    let there = "select 1 from releases where name = ?1 and version = ?2";
    let there: Option<i64> = sqlx::query_scalar(there)
        .bind(&draft.name)
        .bind(&draft.version)
        .fetch_optional(&mut *tx)
        .await?;
    if there.is_some() {
        let (name, version) = (draft.name.clone(), draft.version.clone());
        return Err(Error::Released { name, version });
    }
    let insert =
        "insert into releases (name, version, content, line, revision, note, published_at, api, changes, survives)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let release = sqlx::query(insert)
        .bind(&draft.name)
        .bind(&draft.version)
        .bind(&draft.content)
        .bind(&draft.line)
        .bind(&draft.history.revision)
        .bind(&draft.history.note)
        .bind(now)
        .bind(&draft.history.api)
        .bind(&draft.history.changes)
        .bind(draft.history.survives)
        .execute(&mut *tx)
        .await?
        .last_insert_rowid();
    let insert = "insert into packages (release, bytes) values (?1, ?2)";
    sqlx::query(insert).bind(release).bind(&draft.package).execute(tx).await?;
    Ok(())
}
