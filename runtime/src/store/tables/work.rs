//! Work in an application's own rows, and the outcome that comes with it.

use super::Tables;
use crate::Timestamp;
use crate::store::memory::Body;
use crate::store::{Transact, Transacted, Written, guarded};

impl Tables {
    pub(in crate::store) fn transact(
        &mut self,
        asked: &Transact,
        now: Timestamp,
        max_payload: usize,
    ) -> Transacted {
        let is_owned = self.runs.get(&asked.run).is_some_and(|run| {
            let fenced = run.row.epoch != asked.epoch && !sabotage!("no epoch check");
            !fenced && run.row.owner.is_some()
        });
        if !is_owned {
            return Transacted::Fenced;
        }
        let mut rows = self.rows.clone();
        let work = || asked.work.body::<Body>("memory")?(&mut rows);
        let done = guarded(work).and_then(|output| asked.write(output, now, max_payload));
        if done.is_err() && sabotage!("failed work is kept") {
            self.rows.clone_from(&rows);
        }
        let write = match done {
            Ok(write) => write,
            Err(error) => return Transacted::Failed(error),
        };
        let entry = write.entries.first().cloned().unwrap_or_else(|| asked.entry.clone());
        if sabotage!("work is kept without its outcome") {
            self.rows = rows;
            return Transacted::Done(Box::new(entry));
        }
        match self.write(write) {
            Written::Done(_) => {
                self.rows = rows;
                Transacted::Done(Box::new(entry))
            }
            Written::Conflict(path) => Transacted::Conflict(path),
            Written::Fenced | Written::NewMail => Transacted::Fenced,
        }
    }

    pub(in crate::store) fn rows(&self) -> crate::store::MemoryRows {
        self.rows.clone()
    }
}
