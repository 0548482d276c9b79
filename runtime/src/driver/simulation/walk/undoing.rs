//! What is undone, and in which order.

use super::super::execute::UNDO;
use super::{Mark, Verdict, Walk};
use crate::store::Entry;

/// How far an undoing has come.
pub(super) enum Undone {
    /// All is undone; the place of the last outcome.
    All(Option<u64>),
    Not,
}

impl Walk<'_> {
    /// What has been done since `mark`, can be undone and is not: with its place in the order. What
    /// was done and not seen any more counts as the latest.
    pub(super) fn done_since(&self, mark: Mark) -> Vec<(u64, String)> {
        let visited = self.visited.get(mark.visited..).unwrap_or_default();
        let done = |path: &&String| {
            let entry = self.journal.get(*path);
            entry.is_some_and(|entry| entry.status.is_settled() && entry.undo.is_some())
        };
        let undone = |path: &String| {
            let undo = format!("{path}!undo");
            visited.contains(&undo) && !self.is_left_over(&undo)
        };
        let open = visited.iter().filter(done).filter(|path| !undone(path));
        let place = |path: &String| self.journal.get(path).and_then(|entry| entry.seq);
        open.map(|path| (place(path).unwrap_or(u64::MAX), path.clone())).collect()
    }

    /// The last thing that was done is undone first, and each before the next is begun. Nothing is
    /// before what was cancelled since `mark` has come to its end.
    pub(super) fn undone(
        &mut self,
        mark: Mark,
        mut done: Vec<(u64, String)>,
    ) -> Result<Undone, String> {
        if self.unwinds(mark) {
            return Ok(Undone::Not);
        }
        done.sort();
        let mut last =
            self.since(mark).filter_map(|entry| entry.seq).max().filter(|_| !done.is_empty());
        for (_, path) in done.into_iter().rev() {
            let undo = format!("{path}!undo");
            if self.is_left_over(&undo) {
                self.visit_given_up(&undo);
                return Ok(Undone::Not);
            }
            let verdict =
                self.shielded(|walk| walk.after(last, |walk| walk.step(&undo, (UNDO, 0), 0)))?;
            let Verdict::Done { at, .. } = verdict else { return Ok(Undone::Not) };
            last = at;
        }
        Ok(Undone::All(last))
    }

    /// Whether what is written of the function's end is that it was cancelled.
    fn unwinds_cancelled(&self) -> bool {
        let end = self.journal.get("!unwind").and_then(|entry| entry.input.as_ref());
        end.is_some_and(|end| end.to_value() == "cancelled")
    }

    /// Whether the function was over before this was undone, so that it is for the end of the run.
    fn is_left_over(&self, undo: &str) -> bool {
        let Some(since) = self.unwinds else { return false };
        let entry = self.journal.get(undo);
        entry.is_none_or(|entry| entry.seq.is_none_or(|seq| seq >= since))
    }

    /// What a scope had begun to undo when it was given up.
    fn visit_given_up(&mut self, undo: &str) {
        let begun = |entry: &Entry| Some(entry.issued) < self.unwinds;
        if self.journal.get(undo).is_some_and(begun) {
            self.visit(undo);
        }
    }

    /// A run that fails or is cancelled undoes what it has done. What it has come to, and what it
    /// has not undone.
    pub(super) fn unwind(&mut self, function: Verdict) -> Result<(Verdict, Vec<String>), String> {
        let begin = Mark { visited: 0, enabled: 0 };
        // A run that was paused may be cancelled after its last outcome: its function never sees it.
        let cancelled = self.journal.contains_key("!cancel") || self.unwinds_cancelled();
        let done = self.done_since(begin);
        let owes = |done: Vec<(_, String)>| done.into_iter().map(|(_, path)| path).collect();
        if !self.journal.contains_key("!unwind") {
            return Ok((function, owes(done)));
        }
        let verdict = match function {
            Verdict::Done { .. } if !cancelled => {
                return Err(format!("nothing is to be undone after {function:?}"));
            }
            Verdict::Done { .. } => Verdict::Cancelled,
            other => other,
        };
        // The function is not asked any more.
        self.enabled.clear();
        self.unwinds = None;
        self.visit("!unwind");
        Ok(match self.undone(self.mark(), done)? {
            Undone::All(_) => (verdict, Vec::new()),
            Undone::Not => {
                let left = self.done_since(begin);
                let mut left: Vec<String> = owes(left);
                left.extend(self.enabled.iter().cloned());
                (verdict, left)
            }
        })
    }
}
