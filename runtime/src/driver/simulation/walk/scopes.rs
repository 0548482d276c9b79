//! What is made of parts.

use serde_json::{Value, json};

use super::super::plan::Plan;
use super::{Verdict, Walk};

impl Walk<'_> {
    /// One part after the other; the first failure ends it.
    pub(super) fn sequence(&mut self, parts: &[Plan], scope: &str) -> Result<Verdict, String> {
        let (mut values, mut last) = (Vec::new(), None);
        for part in parts {
            let mark = self.mark();
            let verdict = self.part(part, scope)?;
            if let Some(early) =
                self.since(mark).find(|entry| entry.seq.is_some() && entry.seq < last)
            {
                return Err(format!("{early:?} came before what it follows, at {last:?}"));
            }
            let Verdict::Done { at, value } = verdict else { return Ok(verdict) };
            last = last.max(at);
            values.push(value);
        }
        Ok(Verdict::Done { at: last, value: json!(values) })
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

    /// Items in scopes of their own, so many at a time.
    pub(super) fn each(
        &mut self,
        path: &str,
        items: usize,
        limit: usize,
        body: &Plan,
    ) -> Result<Verdict, String> {
        let mark = self.mark();
        let mut verdicts = Vec::new();
        let mut over = 0;
        for item in 0..items {
            // The next item begins when one before has ended.
            if item >= over + limit {
                break;
            }
            let verdict = self.scope(&format!("{path}[{item}]"), body)?;
            over += usize::from(matches!(verdict, Verdict::Done { .. }));
            verdicts.push(verdict);
        }
        let failed = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Failed { .. }));
        let decided = if let Some(first) = failed.min_by_key(|verdict| verdict.at()) {
            self.close(mark, first.at())?;
            first.clone()
        } else if over == items {
            let at = verdicts.iter().filter_map(Verdict::at).max();
            Verdict::Done { at, value: verdicts.into_iter().map(value).collect() }
        } else {
            self.unsettled()
        };
        self.sealed(path, decided)
    }

    /// A part in a scope that has an entry of its own.
    pub(super) fn scope(&mut self, path: &str, body: &Plan) -> Result<Verdict, String> {
        let verdict = self.part(body, path)?;
        self.sealed(path, verdict)
    }

    /// Holds what is recorded of a scope against what follows from its parts. The outcome is
    /// written with the last one that it needed, never later.
    pub(super) fn sealed(&mut self, path: &str, decided: Verdict) -> Result<Verdict, String> {
        self.visit(path);
        let recorded = self.outcome(path)?;
        let fits = match (&decided, &recorded) {
            (Verdict::Done { value, at }, Verdict::Done { value: recorded, at: seq }) => {
                value == recorded && seq > at
            }
            (Verdict::Failed { code, at }, Verdict::Failed { code: recorded, at: seq }) => {
                code == recorded && seq > at
            }
            // It needed no outcome of another, so nothing says that it was reached at all.
            (Verdict::Done { at: None, .. }, recorded) => *recorded == self.unsettled(),
            (Verdict::Done { .. } | Verdict::Failed { .. }, _) => false,
            (Verdict::Open | Verdict::Cancelled, recorded) => *recorded == decided,
        };
        if !fits {
            return Err(format!("`{path}` is {recorded:?}, but its parts make {decided:?}"));
        }
        Ok(recorded)
    }
}

fn value(verdict: Verdict) -> Value {
    match verdict {
        Verdict::Done { value, .. } => value,
        _ => Value::Null,
    }
}
