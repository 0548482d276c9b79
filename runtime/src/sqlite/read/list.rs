//! Lists of runs, none of which reads more of the tables than it shows.
//!
//! Each list is merged from *streams*: ranges of one index that come in the order of the list.
//! Streams give places only; the rows of those that stay are read at the end.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rusqlite::types::ToSql;
use rusqlite::{Connection, Result, Row, Statement, params_from_iter};

use super::Reader;
use crate::sqlite::codec::{self, Blob16, State};
use crate::store::{RunCursor, RunFilter, RunRow, RunState};
use crate::{RunId, Timestamp};

/// Every state: a list of all of them reads as many streams.
const STATES: [RunState; 7] = [
    RunState::Pending,
    RunState::Running,
    RunState::Waiting,
    RunState::Paused,
    RunState::Completed,
    RunState::Failed,
    RunState::Cancelled,
];

/// A run's place in the list and its number.
type Place = (RunCursor, i64);

/// A statement with its values.
struct Stream {
    sql: String,
    values: Vec<Box<dyn ToSql>>,
}

impl Reader<'_> {
    /// Rows of runs, the one that was started last first.
    pub(super) fn runs(&mut self, filter: &RunFilter) -> Result<Vec<RunRow>> {
        let mut rows = Vec::new();
        for (_, n) in self.places(filter)? {
            let read = |row: &Row<'_>| codec::run(row, &self.values);
            rows.push(self.row_by_number.query_row([n], read)?.1);
        }
        Ok(rows)
    }

    /// The places that the list consists of, in its order.
    fn places(&self, filter: &RunFilter) -> Result<Vec<Place>> {
        let mut places = BTreeSet::new();
        // The streams of a list differ in their values mostly.
        let mut prepared: BTreeMap<String, Statement<'_>> = BTreeMap::new();
        for stream in streams(self.connection, filter)? {
            let statement = match prepared.entry(stream.sql) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let statement = self.connection.prepare(new.key())?;
                    new.insert(statement)
                }
            };
            for found in statement.query_map(params_from_iter(stream.values), place)? {
                places.insert(found?);
                // Each stream brings as many as are wanted; the least of all are not.
                if filter.limit != 0 && places.len() > filter.limit {
                    places.pop_first();
                }
            }
        }
        Ok(places.into_iter().rev().collect())
    }
}

fn place(row: &Row<'_>) -> Result<Place> {
    let started_at = Timestamp(row.get(0)?);
    Ok((RunCursor { started_at, id: RunId::from_bytes(row.get::<_, Blob16>(1)?.0) }, row.get(2)?))
}

/// The streams that together hold what the filter lets through.
fn streams(connection: &Connection, filter: &RunFilter) -> Result<Vec<Stream>> {
    if let Some(key) = &filter.key {
        return by_key(connection, filter, key);
    }
    let definitions = match &filter.workflow {
        Some(workflow) => Some(numbers(connection, workflow)?),
        None => None,
    };
    if !filter.tags.is_empty() {
        return Ok(vec![by_tag(filter, definitions.as_deref())]);
    }
    if definitions.is_none() && filter.states.is_empty() {
        let mut stream = Stream::new("SELECT started_at, id, n FROM run WHERE");
        stream.end("", filter);
        return Ok(vec![stream]);
    }
    let definitions = definitions.map_or_else(|| all_numbers(connection), Ok)?;
    let states = if filter.states.is_empty() { &STATES[..] } else { &filter.states };
    let pairs = definitions.iter().flat_map(|n| states.iter().map(move |state| (*n, *state)));
    Ok(pairs.map(|(definition, state)| by_state(filter, definition, state)).collect())
}

/// One run at most per workflow.
fn by_key(connection: &Connection, filter: &RunFilter, key: &str) -> Result<Vec<Stream>> {
    let workflows: Vec<String> = if let Some(workflow) = &filter.workflow {
        vec![workflow.clone()]
    } else {
        let mut all = connection.prepare("SELECT DISTINCT workflow FROM definition")?;
        all.query_map([], |row| row.get(0))?.collect::<Result<_>>()?
    };
    let stream = |workflow: String| {
        let mut stream = Stream::new(
            "SELECT run.started_at, run.id, run.n FROM start_key JOIN run ON run.n = start_key.run
             WHERE start_key.workflow = ? AND start_key.key = ?",
        );
        stream.values.push(Box::new(workflow));
        stream.values.push(Box::new(key.to_owned()));
        stream.narrow_states(filter);
        stream.narrow_tags(filter);
        stream.range("run.", filter);
        stream
    };
    Ok(workflows.into_iter().map(stream).collect())
}

/// Runs under the first of the tags that have the others, too.
fn by_tag(filter: &RunFilter, definitions: Option<&[i64]>) -> Stream {
    let mut stream = Stream::new(
        "SELECT tag.started_at, tag.id, tag.run FROM tag CROSS JOIN run ON run.n = tag.run
         WHERE tag.name = ? AND tag.value = ?",
    );
    if let Some((name, value)) = filter.tags.first_key_value() {
        stream.values.push(Box::new(name.clone()));
        stream.values.push(Box::new(value.clone()));
    }
    if let Some(definitions) = definitions {
        // Unary plus keeps the planner from looking for them first.
        stream.narrow("+run.definition", definitions.iter().copied());
    }
    stream.narrow_states(filter);
    stream.narrow_tags(filter);
    stream.sql.push_str(" AND");
    stream.end("tag.", filter);
    stream
}

fn by_state(filter: &RunFilter, definition: i64, state: RunState) -> Stream {
    let mut stream =
        Stream::new("SELECT started_at, id, n FROM run WHERE definition = ? AND state = ? AND");
    stream.values.push(Box::new(definition));
    stream.values.push(Box::new(State(state)));
    stream.end("", filter);
    stream
}

/// The numbers of a workflow's definitions.
fn numbers(connection: &Connection, workflow: &str) -> Result<Vec<i64>> {
    let mut find = connection.prepare("SELECT n FROM definition WHERE workflow = ?")?;
    find.query_map([workflow], |row| row.get(0))?.collect()
}

fn all_numbers(connection: &Connection) -> Result<Vec<i64>> {
    let mut find = connection.prepare("SELECT n FROM definition")?;
    find.query_map([], |row| row.get(0))?.collect()
}

impl Stream {
    fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    fn narrow<T: ToSql + 'static>(&mut self, column: &str, to: impl ExactSizeIterator<Item = T>) {
        let marks = vec!["?"; to.len()].join(", ");
        // Writing to a String cannot fail.
        let _ = write!(self.sql, " AND {column} IN ({marks})");
        self.values.extend(to.map(|value| Box::new(value) as Box<dyn ToSql>));
    }

    fn narrow_states(&mut self, filter: &RunFilter) {
        if !filter.states.is_empty() {
            self.narrow("+run.state", filter.states.iter().map(|state| State(*state)));
        }
    }

    fn narrow_tags(&mut self, filter: &RunFilter) {
        for (name, value) in &filter.tags {
            self.sql.push_str(
                " AND EXISTS (SELECT 1 FROM tag AS other
                              WHERE other.name = ? AND other.value = ?
                                AND other.started_at = run.started_at AND other.id = run.id)",
            );
            self.values.push(Box::new(name.clone()));
            self.values.push(Box::new(value.clone()));
        }
    }

    /// Between the instants, and after the cursor.
    fn range(&mut self, table: &str, filter: &RunFilter) {
        self.sql.push_str(" AND");
        self.bounds(table, filter);
    }

    fn bounds(&mut self, table: &str, filter: &RunFilter) {
        let from = filter.started_from.map_or(i64::MIN, |from| from.0);
        let before = filter.started_before.map(|before| (before, None));
        let cursor = filter.cursor.map(|cursor| (cursor.started_at, Some(cursor.id)));
        // No id comes before none: all of that millisecond lies beyond.
        let end = before.into_iter().chain(cursor).min();
        let _ = write!(self.sql, " {table}started_at >= ?");
        self.values.push(Box::new(from));
        if let Some((at, id)) = end {
            let _ = write!(self.sql, " AND ({table}started_at, {table}id) < (?, ?)");
            self.values.push(Box::new(at.0));
            self.values.push(Box::new(id.map_or(Vec::new(), |id| id.as_bytes().to_vec())));
        }
    }

    /// The same in the order of the list, as many as are wanted.
    fn end(&mut self, table: &str, filter: &RunFilter) {
        self.bounds(table, filter);
        let _ = write!(self.sql, " ORDER BY {table}started_at DESC, {table}id DESC LIMIT ?");
        let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
        self.values.push(Box::new(if limit == 0 { -1 } else { limit }));
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, StatementStatus, params_from_iter};

    use super::{RunCursor, streams};
    use crate::store::{RunFilter, RunState};
    use crate::{RunId, Timestamp};

    /// Twenty workflows of three revisions with 30,000 runs, every tenth of them tagged.
    fn filled() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../schema.sql")).unwrap();
        let fill = "
            WITH RECURSIVE i(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n < 59)
            INSERT INTO definition SELECT n + 1, 'w' || (n % 20), 'r' || (n / 20), '[]', '' FROM i;
            WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 30000)
            INSERT INTO run (id, definition, state, epoch, queued, inbox_seq, stop,
                             takeovers, started_at, key, seed, input, input_hash)
              SELECT randomblob(16), n % 60 + 1, iif(n % 100 = 0, 5, 4), 1, 0, 0, 0, 0,
                     n / 3, 'k' || n, zeroblob(16), '{}', zeroblob(16) FROM i;
            INSERT INTO start_key SELECT workflow, key, run.n
              FROM run JOIN definition ON definition.n = run.definition;
            INSERT INTO tag SELECT 'customer', n % 50, started_at, id, n FROM run WHERE n % 10 = 0;
            INSERT INTO tag SELECT 'region', n % 3, started_at, id, n FROM run WHERE n % 10 = 0;
            ANALYZE;";
        connection.execute_batch(fill).unwrap();
        connection
    }

    fn filters() -> Vec<RunFilter> {
        let page = RunFilter { limit: 20, ..RunFilter::default() };
        let cursor = RunCursor { started_at: Timestamp(5_000), id: RunId::new() };
        let narrow = |filter: &RunFilter| {
            let workflow = RunFilter { workflow: Some("w3".into()), ..filter.clone() };
            let state = RunFilter { states: vec![RunState::Failed], ..filter.clone() };
            let both = RunFilter { states: vec![RunState::Failed], ..workflow.clone() };
            [filter.clone(), workflow, state, both]
        };
        let mut all = Vec::new();
        for base in [
            page.clone(),
            page.clone().tag("customer", "10"),
            page.clone().tag("customer", "10").tag("region", "1"),
            RunFilter { key: Some("k77".into()), ..page },
        ] {
            let from = RunFilter { started_from: Some(Timestamp(4_000)), ..base.clone() };
            let range = RunFilter { started_before: Some(Timestamp(6_000)), ..from };
            let next = RunFilter { cursor: Some(cursor), ..range.clone() };
            all.extend([base, range, next].iter().flat_map(narrow));
        }
        all
    }

    #[test]
    fn no_list_scans_or_sorts() {
        let connection = filled();
        for filter in filters() {
            let mut steps = 0;
            for stream in streams(&connection, &filter).unwrap() {
                let plan = format!("EXPLAIN QUERY PLAN {}", stream.sql);
                let mut plan = connection.prepare(&plan).unwrap();
                let rows = plan.query_map(params_from_iter(&stream.values), |row| row.get(3));
                let plan: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
                let bad = |step: &String| step.contains("SCAN") || step.contains("TEMP B-TREE");
                assert!(!plan.iter().any(bad), "{filter:?}: {} {plan:?}", stream.sql);
                let mut statement = connection.prepare(&stream.sql).unwrap();
                let places = statement.query_map(params_from_iter(&stream.values), super::place);
                assert!(places.unwrap().all(|place| place.is_ok()));
                assert_eq!(statement.get_status(StatementStatus::FullscanStep), 0);
                assert_eq!(statement.get_status(StatementStatus::Sort), 0);
                steps += statement.get_status(StatementStatus::VmStep);
            }
            // A full scan would take half a million.
            assert!(steps < 40_000, "{filter:?} took {steps} steps");
        }
    }
}
