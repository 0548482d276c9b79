//! Work of the application, in a commit with its outcome.

use rusqlite::ErrorCode;

use super::{Trouble, Writer};
use crate::failure::{ErrorClass, StepError};
use crate::sqlite::apply::WriteResult;
use crate::sqlite::work::{Body, STORE, Tx};
use crate::store::answer::Answer;
use crate::store::{Transact, Transacted, Transaction, Written, guarded};

/// What goes into one commit each, in the order of its coming: work of the application is alone,
/// since what fails in it undoes the whole commit.
pub(super) fn segments(batch: Vec<Transaction>) -> Vec<Vec<Transaction>> {
    let mut segments: Vec<Vec<Transaction>> = Vec::new();
    let mut is_open = false;
    for transaction in batch {
        let alone = matches!(transaction, Transaction::Transact(..));
        match segments.last_mut().filter(|_| is_open && !alone) {
            Some(last) => last.push(transaction),
            None => segments.push(vec![transaction]),
        }
        is_open = !alone;
    }
    segments
}

impl Writer<'_> {
    /// Does the work and writes its outcome, unless the run is not the writer's.
    pub(super) fn transact(&mut self, asked: &Transact) -> Result<Answer, Trouble> {
        let is_owned = self.tables.is_owned(asked.run, asked.epoch)?;
        if !is_owned {
            return Ok(Answer::Transacted(Transacted::Fenced));
        }
        let done = self.work(asked);
        let (now, most) = (self.shared.clock.now(), self.shared.max_payload);
        let write = match done.and_then(|output| asked.write(output, now, most)) {
            Ok(write) => write,
            Err(error) => return Err(undone(Transacted::Failed(error))),
        };
        match self.tables.write(&write)? {
            WriteResult::Clean(Written::Done(_)) => {
                let entry = write.entries.into_iter().next();
                let entry = entry.unwrap_or_else(|| asked.entry.clone());
                Ok(Answer::Transacted(Transacted::Done(Box::new(entry))))
            }
            WriteResult::Clean(Written::Conflict(path))
            | WriteResult::Undo(Written::Conflict(path)) => Err(undone(Transacted::Conflict(path))),
            WriteResult::Clean(_) | WriteResult::Undo(_) => Err(undone(Transacted::Fenced)),
        }
    }

    fn work(&self, asked: &Transact) -> Result<crate::Payload, StepError> {
        let body = asked.work.body::<Body>(STORE)?;
        let gate = &self.shared.gate;
        let tx = Tx::new(self.connection, gate);
        let (done, is_over) = gate.shut(asked.limit, || guarded(|| body(&tx)));
        if self.connection.is_autocommit() && done.is_ok() {
            let message = "a statement of the work has rolled the transaction back";
            return Err(StepError::of_engine(ErrorClass::Fatal, "transaction_ended", message));
        }
        done.map_err(|error| if is_over { timed_out() } else { error })
    }

    /// What a commit that fails means. One of work that leaves a rule of its tables broken is
    /// refused by SQLite as a statement is, and nothing has reached the disk.
    pub(super) fn commit_trouble(batch: &[Transaction], error: rusqlite::Error) -> Trouble {
        let is_refused = matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::ConstraintViolation | ErrorCode::DatabaseBusy)
        );
        match batch {
            [Transaction::Transact(..)] if is_refused => undone(Transacted::Failed(error.into())),
            _ => Trouble::Commit(error),
        }
    }
}

/// Everything is to be rolled back, and this answered.
fn undone(answer: Transacted) -> Trouble {
    Trouble::Undo(Answer::Transacted(answer))
}

fn timed_out() -> StepError {
    StepError::of_engine(ErrorClass::Timeout, "timeout", "the transaction took too long")
}
