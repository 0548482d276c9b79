//! Runs that runs start: children that begin, are given up, and end.

use super::Tables;
use crate::Timestamp;
use crate::ids::RunId;
use crate::store::family::{GIVEN_UP, ORPHANED};
use crate::store::{
    Ask, CALL, ChildEnd, Entry, EntryStatus, InboxEvent, NewRun, Request, RunWrite, child_end_key,
    child_id,
};

/// What a write means for other runs than its own.
pub(super) struct Relations {
    starts: Vec<NewRun>,
    given_up: Vec<(RunId, Timestamp)>,
}

impl Relations {
    /// Takes out of a write what is about other runs.
    pub(super) fn take(write: &mut RunWrite) -> Self {
        let calls = write
            .entries
            .iter()
            .filter(|entry| &*entry.kind == CALL && entry.status == EntryStatus::Cancelled);
        let at = |entry: &Entry| entry.ended_at.unwrap_or(entry.started_at);
        let given_up = calls.map(|entry| (child_id(write.run, &entry.path), at(entry))).collect();
        Self { starts: std::mem::take(&mut write.children), given_up }
    }
}

impl Tables {
    /// Applies what a write means for other runs.
    pub(super) fn relate(&mut self, relations: Relations) {
        for child in relations.starts {
            if !self.runs.contains_key(&child.id) {
                self.start(child);
            }
        }
        for (child, at) in relations.given_up {
            if !sabotage!("children that are given up go on") {
                self.cancel_child(child, GIVEN_UP, at);
            }
        }
    }

    /// A run has ended: its awaited children are to end, and its caller is told.
    pub(super) fn part(&mut self, id: RunId) {
        let Some(at) = self.runs.get(&id).and_then(|run| run.row.ended_at) else { return };
        if !sabotage!("children outlive their parent") {
            for child in self.children.get(&id).cloned().unwrap_or_default() {
                self.cancel_child(child, ORPHANED, at);
            }
        }
        let Some(run) = self.runs.get(&id) else { return };
        let row = &run.row;
        let Some(parent) = row.parent.clone() else { return };
        let reason = row.stop.as_ref().and_then(|stop| stop.reason.as_deref());
        let end = ChildEnd::new(row.state, row.output.as_ref(), row.failure.as_ref(), reason);
        if parent.awaited {
            self.tell_parent(parent.run, &parent.path, &end, at);
        }
    }

    fn tell_parent(&mut self, parent: RunId, path: &str, end: &ChildEnd, at: Timestamp) {
        let Some(run) = self.runs.get_mut(&parent) else { return };
        let waits = |path| {
            let stored = run.entries.get(path);
            stored.is_some_and(|stored| !stored.sealed && !stored.entry.status.is_settled())
        };
        if run.row.state.is_final() || !waits(path) || sabotage!("a child's end is not mailed") {
            return;
        }
        run.row.inbox_seq += 1;
        let seq = run.row.inbox_seq;
        let mail = InboxEvent { seq, event: child_end_key(path), payload: end.encode(), at };
        run.inbox.insert(seq, mail);
        if sabotage!("a child's end wakes nobody") {
            return;
        }
        run.row.ready = true;
        self.awake(parent);
    }

    fn cancel_child(&mut self, child: RunId, reason: &str, at: Timestamp) {
        // Only what has ended refuses it; it is not there only if its call never was.
        let reason = Some(reason.to_owned());
        self.request(Request { reason, ..Request::new(child, Ask::Cancel, at) });
    }
}
