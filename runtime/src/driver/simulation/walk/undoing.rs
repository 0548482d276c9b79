//! What is undone, and in which order.

use super::super::execute::UNDO;
use super::{Mark, Verdict, Walk};

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
        let undone = |path: &String| visited.contains(&format!("{path}!undo"));
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
            let verdict =
                self.shielded(|walk| walk.after(last, |walk| walk.step(&undo, UNDO, 0)))?;
            let Verdict::Done { at, .. } = verdict else { return Ok(Undone::Not) };
            last = at;
        }
        Ok(Undone::All(last))
    }

    /// A run that fails or is cancelled undoes what it has done. What it has come to, and what it
    /// has not undone.
    pub(super) fn unwind(&mut self, function: Verdict) -> Result<(Verdict, Vec<String>), String> {
        let begin = Mark { visited: 0, enabled: 0 };
        let cancelled = self.journal.contains_key("!cancel");
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
