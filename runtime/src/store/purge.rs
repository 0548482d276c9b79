//! Taking away runs that have ended.

use super::RunState;
use crate::ids::RunId;
use crate::values::Timestamp;

/// Takes away some of the runs that ended long ago, with all that is theirs: the row, its journal,
/// events and progress streams, its tags, its start key. Blobs go where nothing else points to
/// them. What was forked from such a run, or was called by it, stays.
///
/// A run stays that a live one has to do with: one that awaits a run, or is awaited by one, that
/// has not ended. So does one whose start key is younger than it has to be.
///
/// One transaction is short, whatever there is to take away: it looks at
/// [`limit`](Self::limit) runs at most, and deletes so many rows at most as its store finds to be
/// little. [`Purged::next`] says where the next one goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// Only runs of this workflow.
    pub workflow: Option<String>,
    /// None of these workflows.
    pub except: Vec<String>,
    /// Only in these states, if any are named. One that is not final names no run.
    pub states: Vec<RunState>,
    /// Only those that both were started and ended before this instant.
    pub ended_before: Timestamp,
    /// A run that has a start key stays unless it was started before this instant.
    pub keys_before: Timestamp,
    /// Where to go on: what the transaction before gave. None begins anew.
    pub after: Option<PurgePlace>,
    /// How many runs to look at, at most.
    pub limit: usize,
}

impl Purge {
    /// Takes away every run that ended before an instant.
    pub fn before(instant: Timestamp) -> Self {
        Self {
            workflow: None,
            except: Vec::new(),
            states: Vec::new(),
            ended_before: instant,
            keys_before: instant,
            after: None,
            limit: 128,
        }
    }

    /// The final states that are asked for, in their order.
    pub fn final_states(&self) -> Vec<RunState> {
        let all = [RunState::Completed, RunState::Failed, RunState::Cancelled];
        let asked = |state: &RunState| self.states.is_empty() || self.states.contains(state);
        all.into_iter().filter(asked).collect()
    }
}

/// Where a purge goes on. What it means, and in which order runs are looked at, is the store's
/// affair; the default is where each begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PurgePlace {
    /// A part of its runs.
    pub range: i64,
    /// When the run was started that was looked at last.
    pub at: Timestamp,
    /// Its id.
    pub id: RunId,
}

impl PurgePlace {
    /// The beginning of a part.
    pub const fn of_range(range: i64) -> Self {
        Self { range, at: Timestamp(i64::MIN), id: RunId::from_bytes([0; 16]) }
    }
}

impl Default for PurgePlace {
    fn default() -> Self {
        Self::of_range(0)
    }
}

/// What became of a purge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// How many runs are gone.
    pub runs: u64,
    /// Where the next transaction is to go on; none once every run was looked at, and nothing of
    /// those that are gone is left.
    pub next: Option<PurgePlace>,
}
