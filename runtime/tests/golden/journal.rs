//! Journals as text: the rows of each commit that the one before did not have.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flowcrate::sqlite::{OpenError, Origin, SqliteStore};
use flowcrate::store::{Query, Store, Transaction};
use flowcrate::{Client, RunId, RunState, RunView, Timestamp};
use rusqlite::Connection;
use serde_json::Value;

/// The rows of a journal, as the statements that insert them.
type Rows = BTreeSet<String>;

/// Opens a journal that was laid out from text.
pub(super) fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::options().origin(Origin::Moved).open(path)
}

/// A journal that is kept.
pub(super) struct Golden {
    pub(super) run: RunId,
    pub(super) state: RunState,
    pub(super) output: Option<Value>,
    schema: String,
    commits: Vec<Rows>,
}

impl Golden {
    pub(super) fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap();
        let (head, body) = text.split_once("\n@ 0\n").unwrap();
        let field = |name: &str| {
            head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim()
        };
        let schema = head.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>();
        let mut commits = vec![Rows::new()];
        for line in body.lines() {
            let rows = commits.last_mut().unwrap();
            match line.split_at(2) {
                ("+ ", row) => drop(rows.insert(row.to_owned())),
                ("- ", row) => assert!(rows.remove(row), "{row}"),
                _ => {
                    let next = rows.clone();
                    commits.push(next);
                }
            }
        }
        Self {
            run: field("# run:").parse().unwrap(),
            state: RunState::from_name(field("# state:")).unwrap(),
            output: serde_json::from_str(field("# output:")).unwrap(),
            schema: schema.join("\n"),
            commits,
        }
    }

    pub(super) fn commits(&self) -> usize {
        self.commits.len()
    }

    /// Lays the journal out as it was after a commit; whether the run was there.
    pub(super) fn write(&self, path: &Path, commit: usize) -> bool {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(&self.schema).unwrap();
        // What the schema itself put there is in the rows, too.
        let tables = tables(&connection);
        connection.execute_batch("BEGIN").unwrap();
        for table in tables {
            connection.execute(&format!("DELETE FROM \"{table}\""), []).unwrap();
        }
        for row in &self.commits[commit] {
            connection.execute(row, []).unwrap();
        }
        // What was due an hour after it was recorded is due in an hour.
        let age = "coalesce((SELECT unixepoch() * 1000 - max(started_at) FROM run), 0)";
        for (table, due) in [("entry", "wait_due"), ("run", "wake_at")] {
            connection.execute(&format!("UPDATE {table} SET {due} = {due} + {age}"), []).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
        let run = "SELECT EXISTS (SELECT 1 FROM run WHERE id = ?)";
        connection.query_row(run, [self.run.as_bytes()], |row| row.get(0)).unwrap()
    }

    /// The paths that have an output, and whose bodies must not run again.
    pub(super) fn completed_steps(&self, path: &Path) -> BTreeSet<String> {
        let connection = Connection::open(path).unwrap();
        let sql = "SELECT path FROM entry JOIN run ON run.n = entry.run
                   WHERE run.id = ? AND status >= 3";
        let mut statement = connection.prepare(sql).unwrap();
        let paths = statement.query_map([self.run.as_bytes()], |row| row.get(0)).unwrap();
        paths.map(Result::unwrap).collect()
    }
}

/// A store that notes what the file holds before each transaction.
#[derive(Clone)]
pub(super) struct Recorder {
    store: SqliteStore,
    path: PathBuf,
    commits: Arc<Mutex<Vec<Rows>>>,
}

impl Recorder {
    pub(super) fn new(store: SqliteStore, path: &Path) -> Self {
        Self { store, path: path.to_owned(), commits: Arc::default() }
    }

    pub(super) fn format(&self) -> i64 {
        let connection = Connection::open(&self.path).unwrap();
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    fn note(&self) {
        let connection = Connection::open(&self.path).unwrap();
        let rows = rows(&connection);
        let mut commits = self.commits.lock().unwrap();
        if commits.last() != Some(&rows) {
            commits.push(rows);
        }
    }

    /// The text of what was recorded.
    pub(super) fn finish(self, run: RunId, view: &RunView) -> String {
        self.note();
        let connection = Connection::open(&self.path).unwrap();
        let mut text = String::new();
        writeln!(text, "# run: {run}").unwrap();
        writeln!(text, "# state: {}", view.state.as_str()).unwrap();
        writeln!(text, "# output: {}", serde_json::to_string(&view.output).unwrap()).unwrap();
        let schema = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid";
        let mut statement = connection.prepare(schema).unwrap();
        let sql = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for sql in sql {
            writeln!(text, "{};", sql.unwrap()).unwrap();
        }
        for pragma in ["application_id", "user_version"] {
            let value: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
            writeln!(text, "PRAGMA {pragma} = {value};").unwrap();
        }
        let mut before = Rows::new();
        for (number, rows) in self.commits.lock().unwrap().iter().enumerate() {
            writeln!(text, "@ {number}").unwrap();
            for row in before.difference(rows) {
                writeln!(text, "- {row}").unwrap();
            }
            for row in rows.difference(&before) {
                writeln!(text, "+ {row}").unwrap();
            }
            before.clone_from(rows);
        }
        text
    }
}

impl Store for Recorder {
    fn submit(&self, transaction: Transaction) {
        self.note();
        self.store.submit(transaction);
    }

    fn query(&self, query: Query) {
        self.store.query(query);
    }

    fn now(&self) -> Timestamp {
        self.store.now()
    }

    fn on_hint(&self, call: Box<dyn Fn() + Send + Sync>) {
        self.store.on_hint(call);
    }
}

fn tables(connection: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(sql).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}

/// Every row of every table.
fn rows(connection: &Connection) -> Rows {
    connection.execute_batch("BEGIN").unwrap();
    let mut rows = Rows::new();
    for table in tables(connection) {
        let names = format!("SELECT name FROM pragma_table_xinfo('{table}')");
        let mut statement = connection.prepare(&names).unwrap();
        let columns = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let columns: Vec<String> = columns.map(Result::unwrap).collect();
        let names = columns.join(", ");
        let values: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let values = values.join(" || ', ' || ");
        let insert = format!(
            "SELECT 'INSERT INTO {table} ({names}) VALUES (' || {values} || ')' FROM {table}"
        );
        let mut statement = connection.prepare(&insert).unwrap();
        let found = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.extend(found.map(Result::unwrap));
    }
    connection.execute_batch("COMMIT").unwrap();
    rows
}

/// How a run stands once it has ended or is paused.
pub(super) async fn end(client: &Client, run: RunId) -> RunView {
    let mut watch = client.watch(run);
    let end = async {
        while let Some(view) = watch.next().await.unwrap() {
            if view.state.is_final() || view.state == RunState::Paused {
                return view;
            }
        }
        panic!("the run is not there");
    };
    tokio::time::timeout(Duration::from_mins(1), end).await.expect("the run ends")
}
