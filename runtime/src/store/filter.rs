//! Which runs to list, and where a list goes on.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{RunRow, RunState};
use crate::Timestamp;
use crate::ids::RunId;

/// Which runs to list. Each field narrows the list; the default lists every run.
///
/// ```
/// use flowcrate::{RunFilter, RunState};
///
/// let failed = RunFilter {
///     workflow: Some("order-intake".to_owned()),
///     states: vec![RunState::Failed],
///     limit: 50,
///     ..RunFilter::default()
/// }
/// .tag("customer", "7");
/// # assert_eq!(failed.tags["customer"], "7");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only of this workflow.
    pub workflow: Option<String>,
    /// Only in these states; all if empty.
    pub states: Vec<RunState>,
    /// Only those with this key; each workflow has one at most.
    pub key: Option<String>,
    /// Only those that are filed under each of these.
    pub tags: BTreeMap<String, String>,
    /// Only those that were started at this instant or later.
    pub started_from: Option<Timestamp>,
    /// Only those that were started before this instant.
    pub started_before: Option<Timestamp>,
    /// Only what comes after this place in the list: the last run of the page before.
    pub cursor: Option<RunCursor>,
    /// At most so many; 0 means no limit.
    pub limit: usize,
}

impl RunFilter {
    /// Only those that are also filed under this.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// Whether a run belongs in the list, whatever the limit.
    pub fn matches(&self, row: &RunRow) -> bool {
        self.workflow.as_deref().is_none_or(|name| *row.workflow == *name)
            && (self.states.is_empty() || self.states.contains(&row.state))
            && (self.key.is_none() || self.key == row.key)
            && self.tags.iter().all(|(name, value)| row.tags.get(name) == Some(value))
            && self.started_from.is_none_or(|from| row.started_at >= from)
            && self.started_before.is_none_or(|before| row.started_at < before)
            && self.cursor.is_none_or(|cursor| RunCursor::of(row) < cursor)
    }
}

/// A place in the list of runs: lists go from the run that was started last to the first one, and
/// by id where two were started in the same millisecond. A place stays what it is while runs come,
/// change and go. As text it is opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunCursor {
    /// When the run there was started.
    pub started_at: Timestamp,
    /// Its id.
    pub id: RunId,
}

impl RunCursor {
    /// The place of a run.
    pub fn of(row: &RunRow) -> Self {
        Self { started_at: row.started_at, id: row.id }
    }
}

impl fmt::Display for RunCursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}_{}", self.started_at.0, self.id)
    }
}

/// A text is no cursor that a list gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCursor;

impl fmt::Display for NoCursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the cursor is none that a list gave")
    }
}

impl std::error::Error for NoCursor {}

impl FromStr for RunCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (at, id) = text.split_once('_').ok_or(NoCursor)?;
        let started_at = Timestamp(at.parse().map_err(|_| NoCursor)?);
        Ok(Self { started_at, id: id.parse().map_err(|_| NoCursor)? })
    }
}

#[cfg(test)]
mod tests {
    use super::{NoCursor, RunCursor};
    use crate::{RunId, Timestamp};

    #[test]
    fn a_cursor_survives_as_text() {
        for at in [i64::MIN, -1, 0, 1_700_000_000_000] {
            let cursor = RunCursor { started_at: Timestamp(at), id: RunId::new() };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in ["", "_", "1_", "x_0191", "0191e4f0-0000-7000-8000-000000000000"] {
            assert_eq!(text.parse::<RunCursor>(), Err(NoCursor), "{text}");
        }
    }
}
