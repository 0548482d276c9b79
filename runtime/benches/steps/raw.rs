//! The rows of a journal written into another one by hand: what the database itself takes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use flowcrate::sqlite::SqliteStore;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// Runs lie this far apart from start to end, as in a journal that many write at once.
const LAG: usize = 256;
/// What a run's row has while it runs, and only its end changes.
const AT_THE_END: [&str; 4] = ["state", "owner", "output", "ended_at"];

/// Copies the runs of one journal into another.
pub(crate) struct Raw {
    from: Connection,
    to: Connection,
    columns: Vec<String>,
    /// The last run that was copied.
    last: i64,
}

/// A run's row and those of its entries.
struct Run {
    row: Vec<Value>,
    entries: Vec<Vec<Value>>,
}

impl Raw {
    /// `synchronous` is `FULL` or `NORMAL`, as the store's.
    pub(crate) fn new(from: &Path, to: &Path, synchronous: &str) -> Self {
        // The same tables, indexes, settings and file layout as the store's.
        drop(SqliteStore::open(to).unwrap());
        let (from, to) = (Connection::open(from).unwrap(), Connection::open(to).unwrap());
        to.execute_batch(&format!(
            "PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = 4000;
             PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;",
        ))
        .unwrap();
        let columns = columns(&from, "run");
        Self { from, to, columns, last: 0 }
    }

    /// Passes over what is there.
    pub(crate) fn skip(&mut self) {
        let last = self.from.query_row("SELECT max(n) FROM run", [], |row| row.get(0));
        self.last = last.unwrap();
    }

    /// Copies what is new in so many commits: runs per second.
    pub(crate) fn write(&mut self, commits: usize) -> f64 {
        let runs = self.read();
        self.skip();
        let per_commit = (runs.len() * 4).div_ceil(commits.max(1));
        let begun = Instant::now();
        self.copy(&runs, per_commit);
        runs.len() as f64 / begun.elapsed().as_secs_f64()
    }

    fn read(&self) -> Vec<Run> {
        let started = "SELECT * FROM run WHERE n > ?1 ORDER BY n";
        let mut runs: BTreeMap<i64, Run> = BTreeMap::new();
        for row in rows(&self.from, started, self.last) {
            let Value::Integer(n) = row[0] else { panic!("a run without a number") };
            runs.insert(n, Run { row, entries: Vec::new() });
        }
        let entries = "SELECT * FROM entry WHERE run > ?1 ORDER BY run, seq";
        for entry in rows(&self.from, entries, self.last) {
            let Value::Integer(run) = entry[0] else { panic!("an entry without a run") };
            runs.get_mut(&run).unwrap().entries.push(entry);
        }
        runs.into_values().collect()
    }

    fn copy(&self, runs: &[Run], per_commit: usize) {
        let marks = |count: usize| vec!["?"; count].join(", ");
        let insert = |table: &str, count| format!("INSERT INTO {table} VALUES ({})", marks(count));
        let mut start = self.to.prepare(&insert("run", self.columns.len())).unwrap();
        let width = runs[0].entries[0].len();
        let mut step = self.to.prepare(&insert("entry", width)).unwrap();
        let mut end = self
            .to
            .prepare("UPDATE run SET state = ?, owner = ?, output = ?, ended_at = ? WHERE n = ?")
            .unwrap();
        let at_the_end: Vec<usize> = AT_THE_END
            .map(|name| self.columns.iter().position(|column| column == name).unwrap())
            .to_vec();
        let mut written = 0;
        self.to.execute_batch("BEGIN IMMEDIATE").unwrap();
        for at in 0..runs.len() + 3 * LAG {
            if let Some(run) = runs.get(at) {
                start.execute(params_from_iter(running(run, &at_the_end))).unwrap();
                written += 1;
            }
            for seq in 1..=3_usize {
                // A run's steps follow its start some way behind, as others start meanwhile.
                let Some(run) = at.checked_sub(seq * LAG / 3).and_then(|at| runs.get(at)) else {
                    continue;
                };
                step.execute(params_from_iter(&run.entries[seq - 1])).unwrap();
                if seq == 3 {
                    let ended = at_the_end.iter().map(|at| &run.row[*at]).chain([&run.row[0]]);
                    end.execute(params_from_iter(ended)).unwrap();
                }
                written += 1;
            }
            if written >= per_commit {
                self.to.execute_batch("COMMIT; BEGIN IMMEDIATE").unwrap();
                written = 0;
            }
        }
        self.to.execute_batch("COMMIT").unwrap();
    }
}

/// A run's row as it is when it has been started: running, owned, without an outcome.
fn running<'a>(run: &'a Run, at_the_end: &'a [usize]) -> impl Iterator<Item = &'a Value> {
    const ONE: &Value = &Value::Integer(1);
    run.row.iter().enumerate().map(move |(at, value)| {
        match at_the_end.iter().position(|end| *end == at) {
            None => value,
            Some(0 | 1) => ONE,
            Some(_) => &Value::Null,
        }
    })
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    statement.column_names().into_iter().map(str::to_owned).collect()
}

fn rows(connection: &Connection, query: &str, after: i64) -> Vec<Vec<Value>> {
    let mut statement = connection.prepare(query).unwrap();
    let width = statement.column_count();
    let rows = statement
        .query_map([after], |row| (0..width).map(|column| row.get(column)).collect())
        .unwrap();
    rows.map(Result::unwrap).collect()
}
