//! Limits: how many runs of a workflow may be at work at a time, and begin in a time (R24).

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::ids::RunId;

/// How much sooner than it came a run of one priority more counts as having come: a run is passed
/// by those of the next higher priority that come within this time after it, and by no later ones.
pub const AGEING: Duration = Duration::from_mins(1);

/// A limit that workflows declare. It counts by [key](crate::Start::limit_key): each key has as many
/// slots as the limit says, and so have the runs without one.
///
/// ```
/// use std::time::Duration;
/// use flowcrate::Limit;
///
/// // Two at a time for each key, and ten starts a minute.
/// let limit = Limit::new("payments").concurrency(2).rate(10, Duration::from_secs(60));
/// assert_eq!(limit.concurrency, Some(2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name. Workflows that declare the same name are under one limit: its numbers are those
    /// that were declared last.
    pub name: Arc<str>,
    /// The most runs that have a slot at a time; none is no limit.
    pub concurrency: Option<u32>,
    /// How often runs may begin.
    pub rate: Option<Rate>,
    /// How long a run holds its slot.
    pub hold: Hold,
}

/// The most starts of runs in any period of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many.
    pub starts: u32,
    /// In so long.
    pub period: Duration,
}

/// How long a run holds its slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// From its first claim to its end, whatever it waits for meanwhile.
    #[default]
    UntilEnd,
    /// While it is at work: a run that only waits, or is paused, gives its slot back, and lines up
    /// again when it is to go on.
    WhileActive,
}

impl Limit {
    /// A limit without numbers: it only tells the runs of each key apart.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), concurrency: None, rate: None, hold: Hold::UntilEnd }
    }

    /// The same with so many slots for each key; at least one.
    #[must_use]
    pub fn concurrency(self, slots: u32) -> Self {
        Self { concurrency: Some(slots.max(1)), ..self }
    }

    /// The same with so many starts in each period, for each key; at least one, in a millisecond
    /// or more.
    #[must_use]
    pub fn rate(self, starts: u32, period: Duration) -> Self {
        let period = period.max(Duration::from_millis(1));
        Self { rate: Some(Rate { starts: starts.max(1), period }), ..self }
    }

    /// The same with slots that are held so long.
    #[must_use]
    pub fn hold(self, hold: Hold) -> Self {
        Self { hold, ..self }
    }
}

/// What a worker says of the workflows that it drives: under which limit each is from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declare {
    /// Workflows, each with its limit; one without is under none.
    pub workflows: Vec<(Arc<str>, Option<Limit>)>,
}

/// Of a run that is under a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limited {
    /// The limit's name; it does not change any more.
    pub limit: Arc<str>,
    /// The key by which it counts.
    pub key: Arc<str>,
    /// How long it holds its slot.
    pub hold: Hold,
    /// Whose slot it has: its own, or that of the run for which it works. None while it has none.
    pub slot: Option<RunId>,
}

/// The place of a run in the line, by when it came and its priority. It never changes while the run
/// stands there, and whoever has a smaller one goes first.
pub(crate) fn place(came: Timestamp, priority: i32) -> i64 {
    let ageing = i64::try_from(AGEING.as_millis()).unwrap_or(i64::MAX);
    came.0.saturating_sub(i64::from(priority).saturating_mul(ageing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_passed_by_higher_priorities_for_a_while() {
        let minute = 60_000;
        assert!(place(Timestamp(10), 0) < place(Timestamp(11), 0));
        assert!(place(Timestamp(minute - 1), 1) < place(Timestamp(0), 0));
        assert!(place(Timestamp(minute + 1), 1) > place(Timestamp(0), 0));
        assert!(place(Timestamp(0), i32::MIN) > place(Timestamp(0), i32::MAX));
    }
}
