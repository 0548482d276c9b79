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
const MIGRATIONS: [&str; 6] = [
    include_str!("../migrations/1.sql"),
    include_str!("../migrations/2.sql"),
    include_str!("../migrations/3.sql"),
    include_str!("../migrations/4.sql"),
    include_str!("../migrations/5.sql"),
    include_str!("../migrations/6.sql"),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A database of an earlier format, with one version of a crate in it.
    async fn earlier(path: &Path, format: usize) {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let pool = SqlitePoolOptions::new().connect_with(options).await.unwrap();
        for migration in &MIGRATIONS[..format] {
            sqlx::raw_sql(*migration).execute(&pool).await.unwrap();
        }
        let rows = format!(
            "insert into crates values ('hello', 'hello', 'upload', null, 'Greets', 0);
             insert into releases (name, version, content, line, package, note, published_at, yanked)
             values ('hello', '1.0.0', 'c', '{{}}', x'0102ff', 'First', 7, 1);
             pragma user_version = {format}"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&pool).await.unwrap();
        pool.close().await;
    }

    #[tokio::test]
    async fn versions_of_an_earlier_format_keep_their_packages() {
        for format in [3, 4, 5] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("server.db");
            earlier(&path, format).await;
            let store = Store::open(&path).await.unwrap();
            let package = store.package("hello", "1.0.0").await.unwrap();
            assert_eq!(package, Some(vec![1, 2, 255]));
            let release = &store.releases("hello").await.unwrap()[0];
            assert!(release.yanked && release.history.note == "First" && release.published_at == 7);
            assert_eq!(store.package_sizes("hello").await.unwrap(), [("1.0.0".to_owned(), 3)]);
            // What the index reads holds no package.
            let columns = "select count(*) from pragma_table_info('releases') where type = 'BLOB'";
            let blobs: i64 = sqlx::query_scalar(columns).fetch_one(&store.pool).await.unwrap();
            assert_eq!(blobs, 0);
            store.close().await;
        }
    }
}
