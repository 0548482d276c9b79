//! What an application's work may do on the connection that writes the journal.
//!
//! The gate stays on the connection: an authorizer that is put on and taken off makes SQLite
//! compile every statement anew. It lets everything through while no work is done.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// The journal's own tables.
const TABLES: [&str; 20] = [
    "definition",
    "worker",
    "run",
    "taken_away",
    "start_key",
    "tag",
    "entry",
    "event",
    "schedule",
    "meta",
    "blob",
    "blob_use",
    "progress",
    "purged",
    "limit_rule",
    "limit_of",
    "limit_lane",
    "limit_start",
    "limit_line",
    "limit_call",
];

/// Pragmas that only tell, or hold until the commit.
const PRAGMAS: [&str; 10] = [
    "table_info",
    "table_xinfo",
    "table_list",
    "index_info",
    "index_xinfo",
    "index_list",
    "foreign_key_list",
    "foreign_key_check",
    "defer_foreign_keys",
    "data_version",
];

/// After so many of SQLite's operations it is looked at the clock.
const LOOK: i32 = 1000;

/// Instants are counted from here.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Whether work is done on a connection, and until when.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<State>);

#[derive(Default)]
struct State {
    is_shut: AtomicBool,
    /// In milliseconds; 0 for never.
    until: AtomicU64,
}

impl Gate {
    /// Puts a gate on a connection.
    pub(super) fn install(connection: &Connection) -> rusqlite::Result<Self> {
        let gate = Self::default();
        let (judge, watch) = (gate.clone(), gate.clone());
        connection.authorizer(Some(move |context: AuthContext<'_>| judge.judge(&context)))?;
        connection.progress_handler(LOOK, Some(move || watch.is_over()))?;
        Ok(gate)
    }

    /// Does work behind the gate, for so long at most; whether its time was over.
    pub(super) fn shut<T>(&self, limit: Duration, work: impl FnOnce() -> T) -> (T, bool) {
        let until = millis(BEGAN.elapsed().saturating_add(limit));
        self.0.until.store(until.max(1), Ordering::Relaxed);
        self.0.is_shut.store(true, Ordering::Relaxed);
        let result = work();
        self.0.is_shut.store(false, Ordering::Relaxed);
        let over = self.is_over();
        self.0.until.store(0, Ordering::Relaxed);
        (result, over)
    }

    /// Lets what the journal itself does through, amid work.
    pub(super) fn open<T>(&self, work: impl FnOnce() -> T) -> T {
        let was = self.0.is_shut.swap(false, Ordering::Relaxed);
        let result = work();
        self.0.is_shut.store(was, Ordering::Relaxed);
        result
    }

    fn is_over(&self) -> bool {
        let until = self.0.until.load(Ordering::Relaxed);
        until > 0 && millis(BEGAN.elapsed()) >= until
    }

    fn judge(&self, context: &AuthContext<'_>) -> Authorization {
        if !self.0.is_shut.load(Ordering::Relaxed) || is_allowed(&context.action) {
            Authorization::Allow
        } else {
            Authorization::Deny
        }
    }
}

/// The journal's tables are its own, the transaction and the connection are the writer's.
fn is_allowed(action: &AuthAction<'_>) -> bool {
    use AuthAction as A;
    match action {
        A::Insert { table_name }
        | A::Update { table_name, .. }
        | A::Delete { table_name }
        | A::DropTable { table_name }
        | A::AlterTable { table_name, .. }
        | A::CreateIndex { table_name, .. }
        | A::DropIndex { table_name, .. }
        | A::CreateTrigger { table_name, .. }
        | A::DropTrigger { table_name, .. } => !is_ours(table_name),
        A::Pragma { pragma_name, .. } => {
            PRAGMAS.iter().any(|known| known.eq_ignore_ascii_case(pragma_name))
        }
        // What is temporary stays on the connection, and hides what has the same name.
        A::CreateTempTable { .. }
        | A::CreateTempView { .. }
        | A::CreateTempTrigger { .. }
        | A::CreateTempIndex { .. }
        | A::Transaction { .. }
        | A::Attach { .. }
        | A::Detach { .. }
        | A::Unknown { .. } => false,
        _ => true,
    }
}

/// Whether a table is the journal's own.
fn is_ours(table: &str) -> bool {
    TABLES.iter().any(|ours| ours.eq_ignore_ascii_case(table))
}

fn millis(since: Duration) -> u64 {
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::TABLES;

    #[test]
    fn all_tables_of_the_journal_are_its_own() {
        let schema = include_str!("schema.sql").lines();
        let mut tables: Vec<&str> = schema
            .filter_map(|line| line.strip_prefix("CREATE TABLE ")?.split(' ').next())
            .collect();
        let mut ours = TABLES.to_vec();
        tables.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, tables);
    }
}
