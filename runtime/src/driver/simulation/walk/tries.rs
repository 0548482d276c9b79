//! Bodies whose failures are caught, and that are tidied up after.

use super::super::plan::Plan;
use super::undoing::Undone;
use super::{Verdict, Walk};

impl Walk<'_> {
    /// A body; what catches its failure, perhaps once the body is undone; what is done in any case.
    pub(super) fn try_scope(
        &mut self,
        path: &str,
        body: &Plan,
        catch: Option<(&Plan, bool)>,
        finally: Option<&Plan>,
    ) -> Result<Verdict, String> {
        let mark = self.mark();
        let mut verdict = self.part(body, path)?;
        if let (Verdict::Failed { at, .. }, Some((catch, compensate))) = (&verdict, catch) {
            let at = *at;
            let done = if compensate { self.done_since(mark) } else { Vec::new() };
            verdict = match self.undone(mark, done)? {
                Undone::All(last) => self.after(at.max(last), |walk| walk.part(catch, path))?,
                Undone::Not => Verdict::Open,
            };
        }
        if let Some(finally) = finally
            && verdict != Verdict::Open
        {
            let tidied =
                self.shielded(|walk| walk.after(verdict.at(), |walk| walk.part(finally, path)))?;
            verdict = match (verdict, tidied) {
                (Verdict::Done { at, value }, Verdict::Done { at: last, .. }) => {
                    Verdict::Done { at: at.max(last), value }
                }
                (Verdict::Failed { at, code }, Verdict::Done { at: last, .. }) => {
                    Verdict::Failed { at: at.max(last), code }
                }
                (ended, Verdict::Done { .. }) => ended,
                (_, other) => other,
            };
        }
        let recorded = self.outcome(path);
        if self.cut.is_some() && recorded == Verdict::Cancelled {
            // Whatever it came to, the function around it has seen the cancellation alone.
            self.visit(path);
            return Ok(recorded);
        }
        self.sealed(path, &verdict)
    }
}
