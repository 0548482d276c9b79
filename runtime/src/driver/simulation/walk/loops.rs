//! Items and iterations.

use serde_json::{Value, json};

use super::super::execute::shown;
use super::super::plan::{Mode, Plan};
use super::scopes::value;
use super::{Verdict, Walk};
use crate::store::EntryStatus;

impl Walk<'_> {
    /// Items in scopes of their own, so many at a time.
    pub(super) fn each(
        &mut self,
        path: &str,
        items: usize,
        limit: usize,
        mode: Mode,
        body: &Plan,
    ) -> Result<Verdict, String> {
        let mark = self.mark();
        // The first item to fail cancels those that are in flight.
        let mut failed: Option<Verdict> = None;
        if matches!(mode, Mode::Fail | Mode::Discard) {
            let tried = (0..items)
                .map(|item| self.trial(|walk| walk.item(&format!("{path}[{item}]"), mode, body)));
            let failures = tried.filter(|tried| matches!(tried, Verdict::Failed { .. }));
            failed = failures.min_by_key(Verdict::at);
        }
        let cut = failed.as_ref().and_then(Verdict::at);
        let mut verdicts = Vec::new();
        let mut over = 0;
        for item in 0..items {
            // The next item begins when one before has ended.
            if item >= over + limit {
                break;
            }
            let path = format!("{path}[{item}]");
            let verdict = self.cut(cut, |walk| walk.item(&path, mode, body))?;
            over += usize::from(match verdict {
                Verdict::Done { .. } => true,
                Verdict::Failed { .. } => matches!(mode, Mode::Skip | Mode::Collect),
                Verdict::Open | Verdict::Cancelled => false,
            });
            verdicts.push(verdict);
        }
        if let Some(failed) = failed {
            return self.unwound(path, mark, &failed);
        }
        let decided = if over == items {
            let at = verdicts.iter().filter_map(Verdict::at).max();
            Verdict::Done { at, value: listed(mode, verdicts) }
        } else {
            self.unsettled()
        };
        self.sealed(path, &decided)
    }

    fn item(&mut self, path: &str, mode: Mode, body: &Plan) -> Result<Verdict, String> {
        let mut verdict = self.part(body, path)?;
        if let (Mode::Discard, Verdict::Done { value, .. }) = (mode, &mut verdict) {
            *value = Value::Null;
        }
        self.sealed(path, &verdict)
    }

    /// Iterations, each from the state that the one before left. The head says in which one the
    /// loop is, and is written with the last outcome of the one before.
    pub(super) fn iterations(
        &mut self,
        path: &str,
        iterations: u64,
        most: Option<u64>,
        body: &Plan,
    ) -> Result<Verdict, String> {
        let (head, state) = self.head(path);
        let (mut values, mut last) = (Vec::new(), None);
        let mut decided = None;
        for iteration in 0..iterations {
            if most.is_some_and(|most| iteration >= most) {
                let code = "max_iterations".to_owned();
                decided = Some(Verdict::Failed { at: last, code });
                break;
            }
            let verdict =
                self.after(last, |walk| walk.part(body, &format!("{path}[{iteration}]")))?;
            let Verdict::Done { at, value } = verdict else {
                if head.is_some_and(|head| head != iteration) {
                    return Err(format!("`{path}` is at {head:?}, its bodies in {iteration}"));
                }
                decided = Some(verdict);
                break;
            };
            last = last.max(at);
            values.push(value);
            if head == Some(iteration + 1) && state != json!(values) {
                return Err(format!("`{path}` goes on with {state}, not {}", json!(values)));
            }
        }
        let decided = decided.unwrap_or(Verdict::Done { at: last, value: json!(values) });
        self.sealed(path, &decided)
    }

    /// The iteration that an open loop is in, and its state.
    fn head(&self, path: &str) -> (Option<u64>, Value) {
        let open = self.journal.get(path).filter(|entry| entry.status == EntryStatus::Running);
        let Some(open) = open else { return (None, Value::Null) };
        let head = open.output.as_ref().map(crate::Payload::to_value).unwrap_or_default();
        let iteration = head.get("iteration").and_then(Value::as_u64).unwrap_or_default();
        (Some(iteration), head.get("state").cloned().unwrap_or_default())
    }
}

/// What a loop over items returns.
fn listed(mode: Mode, verdicts: Vec<Verdict>) -> Value {
    match mode {
        Mode::Discard => Value::Null,
        Mode::Fail => verdicts.into_iter().map(value).collect(),
        Mode::Skip => {
            let done = |verdict: &Verdict| matches!(verdict, Verdict::Done { .. });
            verdicts.into_iter().filter(done).map(value).collect()
        }
        Mode::Collect => {
            let told = |(index, verdict): (i64, _)| match verdict {
                Verdict::Failed { code, .. } => json!({ "index": index, "error": code }),
                verdict => json!({ "index": index, "value": value(verdict) }),
            };
            shown((0..).zip(verdicts).map(told).collect())
        }
    }
}
