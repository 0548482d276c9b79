//! Runs that are taken away.

use super::Tables;
use crate::ids::RunId;
use crate::store::{Purge, PurgePlace, Purged, RunCursor, RunRow};

impl Tables {
    pub(in crate::store) fn purge(&mut self, purge: &Purge) -> Purged {
        let states = purge.final_states();
        let after = purge.after.unwrap_or_default();
        let after = RunCursor { started_at: after.at, id: after.id };
        let asked = |row: &RunRow| {
            purge.workflow.as_deref().is_none_or(|name| *row.workflow == *name)
                && !purge.except.iter().any(|name| *row.workflow == **name)
                && states.contains(&row.state)
        };
        let places = self.listed.iter().filter(|place| **place > after);
        let places = places.take_while(|place| place.started_at < purge.ended_before);
        let looked =
            places.filter(|place| self.runs.get(&place.id).is_some_and(|run| asked(&run.row)));
        let looked: Vec<RunCursor> = looked.take(purge.limit.max(1)).copied().collect();
        let last = looked.last().filter(|_| looked.len() >= purge.limit.max(1));
        let next = last.map(|place| PurgePlace { range: 0, at: place.started_at, id: place.id });
        let mut runs = 0;
        for place in looked {
            if self.may_go(place.id, purge) {
                self.remove(place);
                runs += 1;
            }
        }
        Purged { runs, next }
    }

    /// Whether nothing needs a run that has ended any more.
    fn may_go(&self, id: RunId, purge: &Purge) -> bool {
        let Some(row) = self.runs.get(&id).map(|run| &run.row) else { return false };
        let is_open = |id: RunId| self.runs.get(&id).is_some_and(|run| !run.row.state.is_final());
        let caller = row.parent.as_ref().filter(|parent| parent.awaited).map(|parent| parent.run);
        let calls = || {
            let mut children = self.children.get(&id).into_iter().flatten();
            children.any(|child| is_open(*child)) && !sabotage!("callers are purged before callees")
        };
        (row.ended_at.is_some_and(|at| at < purge.ended_before)
            || sabotage!("what ended later is purged"))
            && (row.key.is_none()
                || row.started_at < purge.keys_before
                || sabotage!("young keys are purged"))
            && (!caller.is_some_and(is_open) || sabotage!("callees are purged before callers"))
            && !calls()
    }

    fn remove(&mut self, place: RunCursor) {
        let Some(run) = self.runs.remove(&place.id) else { return };
        self.listed.remove(&place);
        if let Some(key) = run.row.key {
            self.keys.remove(&(run.row.workflow, key));
        }
        if let Some(parent) = run.row.parent
            && let Some(children) = self.children.get_mut(&parent.run)
        {
            children.remove(&place.id);
        }
        self.children.remove(&place.id);
        self.active.remove(&place.id);
    }
}
