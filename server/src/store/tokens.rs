//! Keys of the API. The store has their digests only: a stolen database opens nothing.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Store;
use crate::error::Error;

/// What a token lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Scope {
    /// Read a private registry.
    Read,
    /// Publish, yank and name owners, and read.
    Publish,
}

impl Scope {
    /// `read` or `publish`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Publish => "publish",
        }
    }
}

/// A token, but for the token itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// `tk_…`.
    pub id: String,
    /// Who holds it.
    pub name: String,
    /// What it lets its holder do.
    pub scope: Scope,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

impl Store {
    /// Keeps a new token's digest; gives its id.
    pub async fn create_token(
        &self,
        (name, scope): (&str, Scope),
        hash: &str,
        now: i64,
    ) -> Result<String, Error> {
        let id = format!("tk_{}", uuid::Uuid::now_v7().simple());
        let insert =
            "insert into tokens (id, name, scope, hash, created_at) values (?1, ?2, ?3, ?4, ?5)";
        sqlx::query(insert)
            .bind(&id)
            .bind(name)
            .bind(scope.as_str())
            .bind(hash)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(id)
    }

    /// The tokens that are not revoked, oldest first.
    pub async fn tokens(&self) -> Result<Vec<Token>, Error> {
        let select =
            "select id, name, scope, created_at from tokens where revoked_at is null order by id";
        let rows = sqlx::query(select).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// The token with this digest, unless it is revoked.
    pub async fn token(&self, hash: &str) -> Result<Option<Token>, Error> {
        let select =
            "select id, name, scope, created_at from tokens where hash = ?1 and revoked_at is null";
        let row = sqlx::query(select).bind(hash).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// Whether anybody ever got a token to publish with, revoked or not.
    pub async fn names_publishers(&self) -> Result<bool, Error> {
        let select = "select exists (select 1 from tokens where scope = 'publish')";
        Ok(sqlx::query_scalar(select).fetch_one(&self.pool).await?)
    }

    /// Revokes a token; whether there was one.
    pub async fn revoke_token(&self, id: &str, now: i64) -> Result<bool, Error> {
        let update = "update tokens set revoked_at = ?2 where id = ?1 and revoked_at is null";
        let done = sqlx::query(update).bind(id).bind(now).execute(&self.pool).await?;
        Ok(done.rows_affected() > 0)
    }
}

fn read(row: &SqliteRow) -> Result<Token, Error> {
    let scope: String = row.try_get("scope")?;
    Ok(Token {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        scope: if scope == "publish" { Scope::Publish } else { Scope::Read },
        created_at: row.try_get("created_at")?,
    })
}
