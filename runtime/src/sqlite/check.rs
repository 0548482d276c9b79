//! The full check of a journal file: SQLite's own, and what the tables promise each other.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, Result};
use uuid::Uuid;

use super::values::{Pointer, part};
use super::{OpenError, meta, open};

/// The most findings of one kind.
const MOST: usize = 20;

/// What each row must have, as a query for those that lack it.
const RULES: &[(&str, &str)] = &[
    (
        "a run is of no definition",
        "SELECT hex(id) FROM run WHERE definition NOT IN (SELECT n FROM definition)",
    ),
    (
        "a run is owned by nobody that is known",
        "SELECT hex(id) FROM run WHERE owner IS NOT NULL AND owner NOT IN (SELECT n FROM worker)",
    ),
    (
        "a run is in a state that there is not",
        "SELECT hex(id) FROM run WHERE state NOT BETWEEN 0 AND 6",
    ),
    (
        "a run that has ended has an owner, or is to be claimed",
        "SELECT hex(id) FROM run
         WHERE state > 3 AND (owner IS NOT NULL OR queued <> 0 OR wake_at IS NOT NULL)",
    ),
    (
        "a run that has ended has an open entry",
        "SELECT hex(run.id) || ' ' || path FROM run JOIN entry ON entry.run = run.n
         WHERE state > 3 AND sealed = 0 AND status < 3",
    ),
    (
        "a run has, or waits for, a slot of no use to it, or has neither of them",
        "SELECT hex(id) FROM run
         WHERE (slot IS NOT NULL) + (line IS NOT NULL) <> (lane IS NOT NULL AND state < 4)
            OR (line IS NOT NULL AND (owner IS NOT NULL OR line <> lane))",
    ),
    (
        "an entry is of no run",
        "SELECT run || ' ' || path FROM entry
         WHERE run NOT IN (SELECT n FROM run UNION ALL SELECT n FROM purged)",
    ),
    (
        "two outcomes of a run have one place in its order",
        "SELECT run || ' ' || seq FROM entry WHERE seq IS NOT NULL GROUP BY run, seq
         HAVING count(*) > 1",
    ),
    (
        "an event is of no run",
        "SELECT run || ' ' || seq FROM event
         WHERE run NOT IN (SELECT n FROM run UNION ALL SELECT n FROM purged)",
    ),
    (
        "an item of a progress stream is of no run",
        "SELECT run || ' ' || stream FROM progress
         WHERE run NOT IN (SELECT n FROM run UNION ALL SELECT n FROM purged)",
    ),
    (
        "a blob is used by no run",
        "SELECT run || ' ' || place FROM blob_use
         WHERE run NOT IN (SELECT n FROM run UNION ALL SELECT n FROM purged)",
    ),
    ("a tag is of no run", "SELECT name FROM tag WHERE run NOT IN (SELECT n FROM run)"),
    ("a purged run is there", "SELECT n FROM run WHERE n IN (SELECT n FROM purged)"),
    ("a key is of no run", "SELECT key FROM start_key WHERE run NOT IN (SELECT n FROM run)"),
    (
        "a run's key finds another run",
        "SELECT run.key FROM run JOIN definition ON definition.n = run.definition
         WHERE run.key IS NOT NULL
           AND run.n NOT IN (SELECT run FROM start_key
                             WHERE start_key.workflow = definition.workflow
                               AND start_key.key = run.key)",
    ),
];

/// Columns that may point to blobs.
const VALUES: &[(&str, &str)] = &[
    ("run", "input"),
    ("run", "output"),
    ("run", "failure"),
    ("run", "published"),
    ("run", "response"),
    ("run", "forked_input"),
    ("entry", "input"),
    ("entry", "output"),
    ("entry", "error"),
    ("entry", "undo_input"),
    ("event", "payload"),
    ("progress", "value"),
];

/// Reads the whole file; everything that is wrong with it, or nothing.
pub(super) fn check(path: &Path) -> Result<Vec<String>, OpenError> {
    let failed = |error: rusqlite::Error| OpenError::sqlite(path, &error);
    let connection = open::inspector(path)?;
    let mut found = match integrity(&connection) {
        // Damage that the check itself does not get past is what it was to find.
        Err(error) if is_damage(&error) => vec![error.to_string()],
        found => found.map_err(failed)?,
    };
    if !found.is_empty() {
        // What the rows say means nothing on damaged pages.
        return Ok(found);
    }
    for (rule, rows) in RULES {
        let mut statement = connection.prepare(rows).map_err(failed)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
        for row in rows.take(MOST) {
            found.push(format!("{rule}: {}", row.map_err(failed)?));
        }
    }
    found.extend(blobs(&connection).map_err(failed)?);
    Ok(found)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn integrity(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let found: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
    Ok(found.into_iter().filter(|verdict| verdict != "ok").collect())
}

/// Pointers whose blob is not all there, is not what it was, or is not known to be in use.
fn blobs(connection: &Connection) -> Result<Vec<String>> {
    let salt: Vec<u8> = meta::get(connection, "salt")?.unwrap_or_default();
    let salt = Uuid::new_v5(&Uuid::nil(), &salt);
    let mut used = connection
        .prepare("SELECT EXISTS (SELECT 1 FROM blob_use WHERE run = ? AND address = ?)")?;
    let mut parts =
        connection.prepare("SELECT part, bytes FROM blob WHERE address = ? ORDER BY part")?;
    let mut found = Vec::new();
    for (table, column) in VALUES {
        let run = if *table == "run" { "n" } else { "run" };
        let sql =
            format!("SELECT DISTINCT {run}, {column} FROM {table} WHERE typeof({column}) = 'blob'");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let run: i64 = row.get(0)?;
            let Some(pointer) = Pointer::read(row.get_ref(1)?.as_blob()?) else { continue };
            if !used.query_row((run, pointer.address()), |row| row.get::<_, bool>(0))? {
                found.push(format!("{table}.{column} of run {run}: its blob may be swept"));
            }
            let mut bytes = Vec::new();
            let mut blob = parts.query([pointer.address()])?;
            while let Some(part) = blob.next()? {
                bytes.extend_from_slice(part.get_ref(1)?.as_blob()?);
            }
            if bytes.len() as u64 != pointer.bytes() || bytes.len().div_ceil(part()) == 0 {
                found.push(format!("{table}.{column} of run {run}: its blob is not all there"));
            } else if Uuid::new_v5(&salt, &bytes).as_bytes().as_slice() != pointer.address() {
                found.push(format!("{table}.{column} of run {run}: its blob is not what it was"));
            }
        }
    }
    found.truncate(MOST);
    Ok(found)
}
