//! Branches that race.

use serde_json::{Value, json};

use super::super::plan::{Plan, branch_name};
use super::{Verdict, Walk};

impl Walk<'_> {
    /// The first branch to succeed wins; that is written with what made it win, and cancels the
    /// others. If all fail, the first failure counts.
    pub(super) fn race(
        &mut self,
        path: &str,
        branches: &[Plan],
        keep: Option<usize>,
    ) -> Result<Verdict, String> {
        let mark = self.mark();
        let tried = branches.iter().map(|branch| self.trial(|walk| walk.part(branch, path)));
        // Of two that need nothing the one with the lower name comes first.
        let winner = (0..)
            .zip(tried)
            .filter(|(_, tried)| matches!(tried, Verdict::Done { .. }))
            .min_by_key(|(_, tried)| tried.at());
        let cut = winner.as_ref().and_then(|(_, winner)| winner.at());
        let (mut verdicts, mut done) = (Vec::new(), Vec::new());
        for (number, branch) in branches.iter().enumerate() {
            let mark = self.mark();
            verdicts.push(self.cut(cut, |walk| walk.part(branch, path))?);
            if Some(number) != keep && winner.as_ref().is_some_and(|(winner, _)| number != *winner)
            {
                done.extend(self.done_since(mark));
            }
        }
        let won = format!("{path}/!won");
        let Some((number, winner)) = winner else {
            self.absent(&won)?;
            return self.nobody_won(path, &verdicts);
        };
        let name = json!(branch_name(number));
        let recorded = self.leaf(&won, &name)?;
        if recorded == self.unsettled() && self.is_forked_at(cut) {
            let decided = self.unsettled();
            return self.sealed(path, &decided);
        }
        // Without an outcome of its own nothing says that the branch was reached.
        if recorded.at() <= cut && (cut.is_some() || recorded != self.unsettled()) {
            return Err(format!("{name} has won `{path}` at {cut:?}, which is not written"));
        }
        if cut.is_none() && recorded.at().is_none() {
            return self.sealed(path, &winner);
        }
        self.undone(mark, done)?;
        self.unwound(path, mark, &winner)
    }

    /// A body against a timer. What the body comes to with the last moment counts.
    pub(super) fn timeout(&mut self, path: &str, body: &Plan) -> Result<Verdict, String> {
        let mark = self.mark();
        let tried = self.trial(|walk| walk.part(body, path));
        let due = format!("{path}/!due");
        let rang = self.trial(|walk| walk.leaf(&due, &Value::Null));
        let ended = matches!(tried, Verdict::Done { .. } | Verdict::Failed { .. });
        let in_time = ended && (rang.at().is_none() || tried.at() < rang.at());
        let cut = if in_time { tried.at() } else { rang.at() };
        let verdict = self.cut(cut.filter(|_| !in_time), |walk| walk.part(body, path))?;
        let done = self.done_since(mark);
        let timer = self.cut(cut.filter(|_| in_time), |walk| walk.leaf(&due, &Value::Null))?;
        if in_time {
            return self.sealed(path, &verdict);
        }
        if matches!(timer, Verdict::Done { .. }) {
            self.undone(mark, done)?;
            return self.unwound(path, mark, &Verdict::Done { at: rang.at(), value: Value::Null });
        }
        let decided = self.unsettled();
        self.sealed(path, &decided)
    }

    fn nobody_won(&mut self, path: &str, verdicts: &[Verdict]) -> Result<Verdict, String> {
        let failed = |verdict: &&Verdict| matches!(verdict, Verdict::Failed { .. });
        let decided = if verdicts.iter().all(|verdict| failed(&verdict)) {
            let first = verdicts.iter().min_by_key(|verdict| verdict.at());
            match first.cloned().unwrap_or(Verdict::Open) {
                // It is over with the last one, and fails as the first one did.
                Verdict::Failed { code, .. } => {
                    Verdict::Failed { at: verdicts.iter().filter_map(Verdict::at).max(), code }
                }
                other => other,
            }
        } else {
            self.unsettled()
        };
        self.sealed(path, &decided)
    }

    /// Whether this is a fork that has written nothing yet, and begins right behind an outcome:
    /// what comes with that is still to be written.
    fn is_forked_at(&self, at: Option<u64>) -> bool {
        let last = self.journal.values().filter_map(|entry| entry.seq).max();
        let is_untouched = !self.run.taken.is_empty() && self.journal.len() == self.run.taken.len();
        is_untouched && at.is_some() && last == at
    }

    fn absent(&self, path: &str) -> Result<(), String> {
        let entry = self.journal.get(path);
        entry.map_or(Ok(()), |entry| Err(format!("nothing has led to {entry:?}")))
    }
}
