//! What is made of parts.

use serde_json::{Value, json};

use super::super::execute::shown;
use super::super::plan::Plan;
use super::{Mark, Verdict, Walk};

impl Walk<'_> {
    /// One part after the other; the first failure ends it.
    pub(super) fn sequence(&mut self, parts: &[Plan], scope: &str) -> Result<Verdict, String> {
        let (mut values, mut last) = (Vec::new(), None);
        for part in parts {
            let verdict = self.after(last, |walk| walk.part(part, scope))?;
            let Verdict::Done { at, value } = verdict else { return Ok(verdict) };
            last = last.max(at);
            values.push(value);
        }
        Ok(Verdict::Done { at: last, value: json!(values) })
    }

    /// Walks a part that follows what was decided `last`: none of its outcomes may be earlier.
    pub(super) fn after(
        &mut self,
        last: Option<u64>,
        part: impl FnOnce(&mut Self) -> Result<Verdict, String>,
    ) -> Result<Verdict, String> {
        let mark = self.mark();
        let verdict = part(self)?;
        let early = self.since(mark).find(|entry| entry.seq.is_some() && entry.seq < last);
        early.map_or(Ok(verdict), |early| Err(format!("{early:?} came before {last:?}")))
    }

    /// All parts at once; the first failure ends them all.
    pub(super) fn parallel(&mut self, parts: &[Plan], scope: &str) -> Result<Verdict, String> {
        let mark = self.mark();
        let verdicts: Vec<_> =
            parts.iter().map(|part| self.part(part, scope)).collect::<Result<_, _>>()?;
        let failed = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Failed { .. }));
        if let Some(first) = failed.min_by_key(|verdict| verdict.at()) {
            self.close(mark, first.at())?;
            return Ok(first.clone());
        }
        if let Some(verdict) =
            verdicts.iter().find(|verdict| !matches!(verdict, Verdict::Done { .. }))
        {
            return Ok(verdict.clone());
        }
        let at = verdicts.iter().filter_map(Verdict::at).max();
        Ok(Verdict::Done { at, value: verdicts.into_iter().map(value).collect() })
    }

    pub(super) fn caught(&mut self, parts: &[Plan], scope: &str) -> Result<Verdict, String> {
        Ok(match self.parallel(parts, scope)? {
            Verdict::Done { at, .. } => Verdict::Done { at, value: Value::Null },
            Verdict::Failed { at, code } => Verdict::Done { at, value: json!(code) },
            other => other,
        })
    }

    /// The same for a scope that has cancelled parts of itself, since `mark`: they come to their
    /// ends before it has its outcome, and it may be cancelled itself meanwhile.
    pub(super) fn unwound(
        &mut self,
        path: &str,
        mark: Mark,
        decided: &Verdict,
    ) -> Result<Verdict, String> {
        let recorded = self.outcome(path);
        // What its origin had not come to the end of, or had dropped, a fork does not take along.
        let is_left_out = !self.run.taken.is_empty() && !self.journal.contains_key(path);
        let goes_on = self.unwinds(mark) || self.is_dropped(path) || is_left_out;
        if recorded == Verdict::Cancelled || (recorded == Verdict::Open && goes_on) {
            self.visit(path);
            return Ok(recorded);
        }
        let last = self.since(mark).filter_map(|entry| entry.seq).max();
        if recorded.at() < last {
            return Err(format!("`{path}` is {recorded:?}, before what it cancelled, at {last:?}"));
        }
        self.sealed(path, decided)
    }

    /// Holds what is recorded of a scope against what follows from its parts. The outcome is
    /// written with the last one that it needed, never later.
    pub(super) fn sealed(&mut self, path: &str, decided: &Verdict) -> Result<Verdict, String> {
        self.visit(path);
        let recorded = self.outcome(path);
        let fits = match (decided, &recorded) {
            (Verdict::Done { value, at }, Verdict::Done { value: recorded, at: seq }) => {
                *value == shown(recorded.clone()) && seq > at
            }
            (Verdict::Failed { code, at }, Verdict::Failed { code: recorded, at: seq }) => {
                code == recorded && seq > at
            }
            // If it needed no outcome of another, nothing says that it was reached at all.
            (Verdict::Done { .. } | Verdict::Failed { .. }, recorded) => {
                decided.at().is_none() && *recorded == self.unsettled()
            }
            (Verdict::Open | Verdict::Cancelled, recorded) => recorded == decided,
        };
        if !fits {
            return Err(format!("`{path}` is {recorded:?}, but its parts make {decided:?}"));
        }
        Ok(match (decided, recorded) {
            // As the plan sees it, from where it is recorded on.
            (Verdict::Done { value, .. }, Verdict::Done { at, .. }) => {
                Verdict::Done { at, value: value.clone() }
            }
            (_, recorded) => recorded,
        })
    }
}

pub(super) fn value(verdict: Verdict) -> Value {
    match verdict {
        Verdict::Done { value, .. } => value,
        _ => Value::Null,
    }
}
