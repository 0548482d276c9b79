//! The server's own database: workflows, their revisions, webhooks, schedules,
//! the registry's crates and the API's tokens.
//!
//! All SQL of the server stands in this module's files, so that another database can follow.
//! Runs are not here: the engine keeps them in its own journal.

mod callees;
mod crates;
mod owners;
mod schedules;
mod shelf;
mod tokens;
mod workflows;

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::error::Error;

pub use callees::CalleeDraft;
pub use crates::{Crate, Found, History, Origin, Release, ReleaseDraft, folded};
pub use schedules::DueSchedule;
pub use shelf::{Dependant, Shelved};
pub use tokens::{Scope, Token};
pub use workflows::{Current, Draft, Hook, ScheduleDraft, Trigger, Workflow};

/// One migration a format; the position is the format that it leads from.
const MIGRATIONS: [&str; 5] = [
    include_str!("../migrations/1.sql"),
    include_str!("../migrations/2.sql"),
    include_str!("../migrations/3.sql"),
    include_str!("../migrations/4.sql"),
    include_str!("../migrations/5.sql"),
];

/// A handle on the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
}

impl Store {
    /// Opens the database file, makes it where it is missing, and brings it to the newest format.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
        let store = Self { pool };
        store.migrate(path).await?;
        Ok(store)
    }

    /// Closes all connections, after which the file is whole without its log.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn migrate(&self, path: &Path) -> Result<(), Error> {
        let mut tx = self.pool.begin_with("begin immediate").await?;
        let found: i64 = sqlx::query_scalar("pragma user_version").fetch_one(&mut *tx).await?;
        let known = MIGRATIONS.len();
        let from = usize::try_from(found).unwrap_or(usize::MAX);
        let Some(missing) = MIGRATIONS.get(from..) else {
            let known = i64::try_from(known).unwrap_or(i64::MAX);
            return Err(Error::Newer { path: path.to_owned(), found, known });
        };
        for migration in missing {
            sqlx::raw_sql(*migration).execute(&mut *tx).await?;
        }
        if !missing.is_empty() {
            // A pragma takes no parameters; the number is our own constant.
            let statement = format!("pragma user_version = {known}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// A remembered fact, such as that the examples were stored.
    pub async fn fact(&self, key: &str) -> Result<Option<String>, Error> {
        let value = sqlx::query_scalar("select value from facts where key = ?1")
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
        Ok(value)
    }

    /// Remembers a fact.
    pub async fn set_fact(&self, key: &str, value: &str) -> Result<(), Error> {
        sqlx::query("insert into facts (key, value) values (?1, ?2) on conflict (key) do update set value = ?2")
            .bind(key)
            .bind(value)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
